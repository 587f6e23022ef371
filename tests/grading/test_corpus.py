"""Grades made-up submissions: every kind of mistake is found, and nothing is found in the right ones."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import corpus
import elsewhere
import pytest
from corpus import Mistake
from document import Submission
from grading_run import Graded, found, grade_made
from kinds import KINDS
from mutation import MUTATIONS

RECALL = 0.95
"""The least share of mistakes, over all kinds, that must be found."""

Say = Callable[[str], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print past pytest's capture, so that the numbers are seen when all is well, too."""

    def show(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}")

    return show


@pytest.fixture(scope="module")
def mistakes(request: pytest.FixtureRequest) -> list[Mistake]:
    return corpus.mistakes(request.config.getoption("--seed"), request.config.getoption("--each"))


class Folders:
    """Grades a made submission once, each in a folder of its own."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._right: dict[str, Graded] = {}

    def right(self, made: Submission) -> Graded:
        if made.name not in self._right:
            self._right[made.name] = self.new(made)
        return self._right[made.name]

    def new(self, made: Submission) -> Graded:
        folder = self._root / str(len(list(self._root.iterdir())))
        folder.mkdir()
        return grade_made(made, folder)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    return Folders(tmp_path_factory.mktemp("made"))


def test_every_kind_of_mistake_has_its_checks() -> None:
    assert set(MUTATIONS) == set(KINDS)


def test_right_submissions_have_no_error(mistakes: list[Mistake], folders: Folders, say: Say) -> None:
    graded = {mistake.base.name: folders.right(mistake.base) for mistake in mistakes}
    assert len(graded) >= 80
    errors = [(name, finding) for name, one in graded.items() for finding in one.grading.errors]
    warnings = Counter(finding.check for one in graded.values() for finding in one.grading.warnings)
    say(f"right submissions: {len(graded)}, false errors: {len(errors)}, warnings: {dict(warnings)}")
    shown = [f"{name}:{f.line} [{f.check}] {f.message} | {graded[name].text(f)}" for name, f in errors]
    assert not shown, "\n".join(shown)


def test_mistakes_are_found_where_they_are(mistakes: list[Mistake], folders: Folders, say: Say) -> None:
    assert len(mistakes) >= 80
    missed = _missed(mistakes, folders, say)
    assert 1 - len(missed) / len(mistakes) >= RECALL, "\n".join(mistake.name for mistake in missed)


def test_the_project_s_own_report_has_no_error(folders: Folders) -> None:
    errors = folders.right(elsewhere.own()).grading.errors
    assert not errors, "\n".join(f"{f.file}:{f.line} [{f.check}] {f.message}" for f in errors)


def test_mistakes_in_the_project_s_own_report_are_found(folders: Folders, say: Say) -> None:
    made = list(_made(elsewhere.own()))
    missed = _missed(made, folders, say)
    assert 1 - len(missed) / len(made) >= RECALL, "\n".join(mistake.name for mistake in missed)


def test_more_mistakes_in_the_original_are_found(folders: Folders, say: Say) -> None:
    given = os.environ.get("HARNESS_ACCEPTANCE")
    if not given:
        pytest.skip("HARNESS_ACCEPTANCE is not set")
    made = list(_made(elsewhere.original(Path(given))))
    missed = _missed(made, folders, say)
    assert 1 - len(missed) / len(made) >= RECALL, "\n".join(mistake.name for mistake in missed)


def _made(base: Submission) -> Iterator[Mistake]:
    """Make each kind of mistake that a report of others can have."""
    for kind in sorted(MUTATIONS):
        one = corpus.mistake(kind, base, 1)
        if one:
            yield one


def _missed(mistakes: Sequence[Mistake], folders: Folders, say: Say) -> list[Mistake]:
    """Grade each mistake, print the recall by kind, and give those that were not found."""
    outcomes: dict[str, list[bool]] = defaultdict(list)
    missed = []
    for mistake in mistakes:
        right = folders.right(mistake.base)
        was_found = found(mistake, right, folders.new(mistake.mutated.submission))
        outcomes[mistake.kind].append(was_found)
        if not was_found:
            missed.append(mistake)
    lines = [f"  {kind:20} {sum(each)} of {len(each)}" for kind, each in sorted(outcomes.items())]
    recall = 1 - len(missed) / len(mistakes)
    say("\n".join([f"found {len(mistakes) - len(missed)} of {len(mistakes)} mistakes ({recall:.0%})", *lines]))
    return missed
