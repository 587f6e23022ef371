"""The reading of real reports, against what people read in them: data of lines and kinds, without the reports' text.

`HARNESS_ACCEPTANCE` names the folder of the original, `HARNESS_SUBMISSIONS` one of checkouts named `owner+name`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import original
import pytest

from harness.readme import Block, Kind, read_any, read_file

READINGS = Path(__file__).parents[1] / "data" / "readings"
COUNTED = (Kind.COMMAND, Kind.OUTPUT, Kind.LISTING, Kind.TABLE)
SUBMISSIONS = sorted(path.stem for path in READINGS.glob("*.json") if path.stem != "original")


def seen(block: Block) -> tuple[object, ...]:
    return block.first_line, str(block.kind), block.form, block.answers


def differences(report: Path, expected: list[list[object]]) -> Iterator[str]:
    """Give what was read otherwise than expected, a line each: too much, too little, or as something else."""
    wanted = {row[0]: tuple(row) for row in expected}
    found = {block.first_line: seen(block) for block in read_any(report)[1].blocks if block.kind in COUNTED}
    for line in sorted(wanted.keys() | found.keys(), key=int):
        if wanted.get(line) != found.get(line):
            yield f"{report.name}: expected {wanted.get(line)}, read {found.get(line)}"


def test_each_block_of_the_original_is_read_right() -> None:
    folder = original.acceptance_folder()
    if folder is None:
        pytest.skip("HARNESS_ACCEPTANCE is not set")
    ((name, expected),) = json.loads((READINGS / "original.json").read_text())["reports"].items()
    assert len(expected) == 62
    assert list(differences(folder / name, expected)) == []
    fences = [block.fence for block in read_file(folder / name).blocks if block.fence is not None]
    assert fences == list(range(1, 63))


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_of_each_submission_at_least_95_percent_of_the_blocks_are_read_right(name: str) -> None:
    folder = os.environ.get("HARNESS_SUBMISSIONS")
    if not folder:
        pytest.skip("HARNESS_SUBMISSIONS is not set")
    truth = json.loads((READINGS / f"{name}.json").read_text())
    checkout = Path(folder) / truth["repository"].replace("/", "+")
    wrong: list[str] = []
    total = 0
    for report, expected in truth["reports"].items():
        wrong += differences(checkout / report, expected)
        total += len(expected)
    print(f"{truth['repository']}: {total - len(wrong)} of {total} blocks read right", *wrong, sep="\n  ")
    assert len(wrong) <= 0.05 * total
