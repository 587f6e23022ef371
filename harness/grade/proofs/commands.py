"""Which programs a command of a report runs: typed at a shell, at a prompt, or in a script that it starts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from harness.grade.code.sources import base_name
from harness.grade.model import Submission
from harness.outputs import shell
from harness.readme.blocks import Block, Kind
from harness.readme.typed import Typed, commands

_SPARK: Final = re.compile(r"\b(?:spark|sc|sqlContext)\b")
_SHELLS: Final = frozenset({"bash", "sh", "shell", "console"})


def programs(typed: Typed) -> set[str]:
    """Give the names of the programs; what is typed at a prompt counts for the client that has it.

    A cell of a notebook is a `cell`, and `pyspark` too where it asks for Spark's session.
    """
    if typed.form == "python":
        return {"cell", *(["pyspark"] if _SPARK.search(typed.text) else [])}
    if typed.form != "shell":
        return {typed.form, *([typed.service] if typed.service else [])}
    return {program.name for program in typed.programs}


def of_block(block: Block, submission: Submission) -> set[str]:
    """Give the programs of a block, with those of the scripts that it starts; none where it shows no commands."""
    if block.kind is Kind.COMMAND:
        found = [name for typed in commands(block) for name in programs(typed)]
    elif block.kind is Kind.LISTING and (block.form in _SHELLS or block.info.split(" ")[0].lower() in _SHELLS):
        found = [program.name for program in shell.parse("\n".join(text for _, text in block.printed())).programs]
    else:
        return set()
    return {*found, *_of_scripts(block, submission.files)}


def _of_scripts(block: Block, files: Mapping[str, str]) -> Iterable[str]:
    if block.kind is not Kind.COMMAND or block.form != "shell":
        return
    scripts = {base_name(path): text for path, text in files.items() if path.endswith((".sh", ".bash"))}
    for typed in commands(block):
        for word in typed.text.split():
            text = scripts.get(base_name(word.strip("\"'")))
            if text is not None:
                yield from (program.name for program in shell.parse(text).programs)
