"""The code that the report shows against the file that was handed in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from harness.grade.code.compare import Difference, Likeness, Prepared, compare, definitions, normal
from harness.grade.code.sources import base_name
from harness.grade.model import Evidence, Finding, Submission, Verdict, Weight
from harness.readme.blocks import Block, Kind

CHECK: Final = "code-shown"
_SHOWERS: Final = frozenset({"cat", "less", "more", "nano", "vi", "vim", "head", "tail", "bat"})
_SUFFIXES: Final = (".py", ".sh", ".yml", ".yaml", ".sql", ".hql")
_PYTHON: Final = frozenset({"python", "pyspark", "py", "python3"})
_COMPOSE: Final = frozenset({"yaml", "yml"})
_TEXTS: Final = (Kind.PROSE, Kind.HEADING)
_CHANGED: Final = (
    "adapt",
    "add ",
    "alternativ",
    "at first",
    "based on",
    "chang",
    "copy of",
    "could",
    "earlier",
    "instead",
    "modif",
    "original",
    "previous",
    "similar",
    "version",
)
"""Words before a listing by which it may be of a file that is not handed in, or of an older state of it."""

_TRIM: Final = "`*_()[]{}<>,;:!?\"'"
_SEARCH_LIMIT: Final = 200
_SAME_NAME_LIMIT: Final = 8
_WORK_LIMIT: Final = 50_000_000
"""Characters that are compared in all: beyond them listings are left out."""

_LEAST_SHARE: Final = 0.5
_LEAST_LINES: Final = 3
_LEAST_ALIKE: Final = 6
"""Characters that two lines begin with for one to stand for the other."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """A listing with the file it is held against. `weight` is None where it may well be of another file."""

    block: Block
    path: str
    weight: Weight | None
    outcome: Difference
    defines: frozenset[str]


@dataclass(slots=True)
class _Named:
    """The files that the text has named so far: the last of each kind, and those since the last fence."""

    last: dict[str, str] = field(default_factory=dict)
    near: list[str] = field(default_factory=list)
    prose: str = ""
    before: str = ""
    fence: int | None = None

    def read(self, block: Block) -> None:
        """Take up the names of a heading, a paragraph or a command; a heading or a command ends what goes on."""
        if block.kind is Kind.HEADING or (block.kind is Kind.COMMAND and block.fence is not None):
            self.before = ""
        if block.kind in _TEXTS:
            if self.fence is not None:
                self.near, self.prose, self.fence = [], "", None
            self.prose += block.text.lower()[:2000]
        for name in _names(block.text):
            self.last[_kind(name)] = name
            if block.kind in _TEXTS:
                self.near.append(name)


def check(submission: Submission) -> Iterator[Finding]:
    """Hold each listing against the file that a command, or the prose before it, names.

    Several listings of one function are versions of it: one that is the file's excuses the others.
    """
    files = submission.files
    by_name: dict[str, list[str]] = {}
    for path in files:
        if path != str(submission.report):
            by_name.setdefault(base_name(path), []).append(path)
    shown = list(_shown(submission, files, by_name))
    good: dict[str, list[_Shown]] = {}
    for each in shown:
        if each.outcome.likeness is not Likeness.OTHER:
            good.setdefault(each.path, []).append(each)
    for each in shown:
        yield _finding(each, good, files)


def _shown(submission: Submission, files: Mapping[str, str], by_name: Mapping[str, list[str]]) -> Iterator[_Shown]:
    commands = {block.first_line: block for block in submission.blocks if block.kind is Kind.COMMAND}
    named = _Named()
    prepared: dict[str, Prepared] = {}
    work = 0
    for block in submission.blocks:
        if block.kind in (*_TEXTS, Kind.COMMAND):
            named.read(block)
        elif block.kind is Kind.LISTING:
            typed = _typed(commands.get(block.answers) if block.answers is not None else None)
            language = block.form or block.info.partition(" ")[0].lower()
            kind = ".py" if language in _PYTHON else ".yml" if language in _COMPOSE else ""
            name = typed or named.last.get(kind, "")
            if name in by_name:
                paths = by_name[name][:_SAME_NAME_LIMIT]
                work += sum(len(files[path]) for path in paths) + len(block.text)
                if work > _WORK_LIMIT:
                    return
                for path in paths:
                    if path not in prepared:
                        prepared[path] = Prepared.of(files[path], python=path.endswith(".py"))
                one = _held(block, bool(typed), named, [(path, prepared[path]) for path in paths])
                good = one.outcome.likeness is not Likeness.OTHER
                named.before = one.path if good or named.before == one.path else ""
                yield one
            named.fence = block.fence


def _held(block: Block, typed: bool, named: _Named, candidates: Sequence[tuple[str, Prepared]]) -> _Shown:
    """Hold a listing against the files of one name, and say how sure it is that it shows the best of them."""
    python = candidates[0][0].endswith(".py")
    order = list(Likeness)
    lines = normal("\n".join(row for _, row in block.printed()), python=python)
    outcomes = [(compare(lines, file), path, file) for path, file in candidates]
    outcome, path, file = min(outcomes, key=lambda each: (order.index(each[0].likeness), -each[0].shared))
    ours = definitions(lines) if python else set()
    alike = outcome.shared >= _LEAST_SHARE or bool((ours & file.defines) - {"defmain"})
    kinds = {name for name in named.near if _kind(name) == _kind(path)} if named.fence is None else set()
    weight: Weight | None = None
    if typed:
        weight = Weight.ERROR
    elif outcome.count >= _LEAST_LINES and (kinds == {base_name(path)} or named.before == path):
        doubtful = any(word in named.prose for word in _CHANGED) and named.before != path
        weight = None if python and not alike else Weight.WARNING if doubtful or not alike else Weight.ERROR
    return _Shown(block, path, weight, outcome, frozenset(ours))


def _finding(each: _Shown, good: Mapping[str, list[_Shown]], files: Mapping[str, str]) -> Finding:
    block, outcome = each.block, each.outcome
    rows = block.printed()
    if outcome.likeness is not Likeness.OTHER or outcome.first is None:
        if outcome.count == 0:
            return Finding(CHECK, Verdict.NOT_CHECKED, rows[0][0], "The listing is empty.", block=block.fence)
        whole = outcome.likeness is Likeness.WHOLE
        message = f"The listing is {each.path}." if whole else f"The listing is a part of {each.path}."
        verdict = Verdict.TOLERATED if outcome.likeness is Likeness.EXCERPT else Verdict.AGREES
        return Finding(CHECK, verdict, rows[0][0], message, each.path, each.path, block.fence)
    line, text = rows[outcome.first]
    if each.weight is None:
        message = f"The listing may be of another file than {each.path}, which the text names last."
        return Finding(CHECK, Verdict.NOT_CHECKED, rows[0][0], message, None, text.strip()[:160], block.fence)
    for other in good.get(each.path, ())[:_SEARCH_LIMIT]:
        if other.defines & each.defines or other.outcome.likeness is Likeness.WHOLE:
            message = f"Another version of {each.path}; line {other.block.first_line} shows the one handed in."
            return Finding(CHECK, Verdict.TOLERATED, line, message, each.path, text.strip()[:160], block.fence)
    number, theirs = _counterpart(text, files[each.path])
    message = f"The report shows a line of {each.path} that the file handed in does not have."
    evidence = (Evidence(each.path, number, theirs[:160]),) if number else ()
    return Finding(
        CHECK,
        Verdict.DISAGREES,
        line,
        message,
        theirs[:160] or None,
        text.strip()[:160],
        block.fence,
        each.weight,
        evidence,
    )


def _counterpart(text: str, file: str) -> tuple[int, str]:
    """Give the file's line that begins most like a shown one."""
    wanted = text.strip()
    best, number, found = 0, 0, ""
    for at, line in enumerate(file.split("\n"), 1):
        bare = line.strip()
        same = 0
        for ours, theirs in zip(wanted[:80], bare[:80], strict=False):
            if ours != theirs:
                break
            same += 1
        if same > best:
            best, number, found = same, at, bare
    return (number, found) if best >= max(_LEAST_ALIKE, len(wanted[:80]) // 2) else (0, "")


def _typed(block: Block | None) -> str:
    """Give the name of the one file that a command such as `cat FILE` shows."""
    if block is None:
        return ""
    words = block.text.split()
    shows = [at for at, word in enumerate(words) if word in _SHOWERS]
    if len(shows) != 1:
        return ""
    names = [word for word in words[shows[0] + 1 :] if not word.startswith("-")]
    if len(names) != 1 or "course-content" in names[0]:
        return ""
    return base_name(names[0])


def _names(text: str) -> Iterator[str]:
    """Give the files of code that a text names, in its order, whether they were handed in or not."""
    if any(suffix in text for suffix in _SUFFIXES):
        for word in text.replace("](", " ").split():
            name = base_name(word.strip(_TRIM).rstrip("."))
            if name.endswith(_SUFFIXES):
                yield name


def _kind(name: str) -> str:
    return ".yml" if name.endswith((".yml", ".yaml")) else f".{name.rpartition('.')[2]}"
