"""The right submissions that a rerun is tested with: read as their authors meant them, and without an error in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from rerun.books import Dress
from rerun.dresses import DRESSES
from rerun.expected import Growth, Typing

from harness.grade import grade
from harness.grade.submission import load
from harness.readme.blocks import Block, Kind
from harness.readme.plan import plan
from harness.readme.typed import Typed, commands


@pytest.fixture(params=DRESSES)
def dress(request: pytest.FixtureRequest) -> Dress:
    return DRESSES[request.param]()


def flat(text: str) -> str:
    return " ".join(text.replace("\\\n", " ").split())


def read(typed: Typed) -> Typing:
    return Typing(typed.service, flat(typed.inner), typed.form, typed.background, typed.loop)


def meant(typing: Typing) -> Typing:
    return Typing(typing.where, flat(typing.inner), typing.form, typing.background, typing.loop)


def typed_in(folder: Path) -> list[tuple[Block, Typed]]:
    blocks = load(folder).blocks
    return [(block, typed) for block in blocks if block.kind is Kind.COMMAND for typed in commands(block)]


def test_there_are_twelve() -> None:
    assert len({make().submission.name for make in DRESSES.values()}) >= 12


def test_every_command_is_read_as_it_was_meant(dress: Dress, tmp_path: Path) -> None:
    found = typed_in(dress.write(tmp_path))
    assert [read(typed) for _, typed in found] == list(map(meant, dress.expected.commands))


def test_every_output_belongs_to_the_command_that_printed_it(dress: Dress, tmp_path: Path) -> None:
    folder = dress.write(tmp_path)
    block_of = [block.first_line for block, _ in typed_in(folder)]
    outputs = [block for block in load(folder).blocks if block.kind is Kind.OUTPUT]
    found = [(block.form, block.printed()[0][1].strip(), block.answers) for block in outputs]
    wanted = [(each.form, each.line.strip(), block_of[each.command]) for each in dress.expected.answers]
    assert found == wanted


def test_the_plan_leaves_nothing_out_that_can_be_typed(dress: Dress, tmp_path: Path) -> None:
    shown = plan(load(dress.write(tmp_path)).reading)
    left = shown.partition("Left out:\n")[2].split("\n\n")[0].splitlines()
    assert [line.split(": ")[1] for line in left] == sorted(dress.expected.left_out)


def test_the_static_checks_find_no_error_and_doubt_nothing_that_holds(dress: Dress, tmp_path: Path) -> None:
    """One report says itself that no command makes its topic, which is a step of the assignment."""
    grading = grade(dress.write(tmp_path))
    assert [(each.line, each.check, each.message) for each in grading.errors] == []
    missing = [("step-missing", "topic")] if dress.name == "verbs" else []
    assert [(each.check, each.expected) for each in grading.warnings] == missing
    assert len(grading.findings) >= 10


def test_the_numbers_add_up(dress: Dress) -> None:
    """What the tables hold came through the topics."""

    def total(counts: Mapping[str, int | Growth]) -> int:
        return sum(count for count in counts.values() if isinstance(count, int))

    expected = dress.expected
    assert expected.topics
    assert expected.tables
    endless = any(isinstance(count, Growth) for count in expected.topics.values())
    assert endless or total(expected.tables) <= total(expected.topics)
    assert endless == any(each.loop == "endless" or "feed.sh" in each.inner for each in expected.commands)


@pytest.mark.parametrize("make", DRESSES.values(), ids=DRESSES)
def test_the_same_bytes_come_again(make: Callable[[], Dress], tmp_path: Path) -> None:
    one, other = (make().write(tmp_path / name) for name in ("one", "other"))
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert [(one / path).read_bytes() for path in files] == [(other / path).read_bytes() for path in files]


def test_a_growing_number_is_held_against_whole_turns() -> None:
    grown = Growth(before=3, each=4)
    assert [seen for seen in range(16) if grown.holds(seen)] == [7, 11, 15]
