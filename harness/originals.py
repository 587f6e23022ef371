"""A record of a cluster that others use too, read in the original's names.

There, topics, folders and tables carry the run's prefix, and addresses are those of the cluster. The record keeps
what was typed and printed, and in `names` what each stands for. Nothing is hidden by reading it so: each name stands
for one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from harness.model import Capture, StepRecord
from harness.outputs import derive


def in_originals(text: str, names: Mapping[str, str]) -> str:
    """Write the original's names in place of a run's; of those that contain others the longest first."""
    if not names:
        return text
    longest_first = sorted(names, key=len, reverse=True)
    return re.sub("|".join(map(_whole, longest_first)), lambda found: names[found[0]], text)


def _whole(name: str) -> str:
    """Give the pattern of a name that is no part of a longer word or number: a prefix may be a short word."""
    before = r"(?<!\w)" if re.match(r"\w", name) else ""
    return before + re.escape(name) + (r"(?!\w)" if re.search(r"\w$", name) else "")


def read_capture(capture: Capture, names: Mapping[str, str]) -> Capture:
    """Give a command and what it printed in the original's names, with the facts of that."""
    if not names:
        return capture
    command, stdout, stderr = (in_originals(each, names) for each in (capture.command, capture.stdout, capture.stderr))
    return replace(capture, command=command, stdout=stdout, stderr=stderr, facts=derive(command, stdout, stderr))


def read_step(step: StepRecord, names: Mapping[str, str]) -> StepRecord:
    """Give a step with its commands in the original's names."""
    return replace(step, commands=tuple(read_capture(each, names) for each in step.commands)) if names else step
