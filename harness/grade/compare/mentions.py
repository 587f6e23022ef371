"""Whether a submission itself names something, so that a rerun of it must bring it about."""

from __future__ import annotations

import re

from harness.grade.model import Submission
from harness.readme.blocks import Kind

_MADE_BY = (".py", ".sh", ".sql", ".hql", ".hive", ".yml", ".yaml")


def mentions(submission: Submission, name: str) -> bool:
    """Whether its code, or a command or listing of its report, has a name as a word of its own."""
    if not name:
        return False
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
    texts = [block.text for block in submission.blocks if block.kind in (Kind.COMMAND, Kind.LISTING)]
    texts += [text for path, text in submission.files.items() if path.endswith(_MADE_BY)]
    return any(word.search(text) for text in texts)
