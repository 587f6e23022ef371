"""`report`: how the report is written, whatever its steps are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Final

from harness.grade.code.compose import compose_services
from harness.grade.model import Evidence
from harness.grade.proofs.model import ALL, NOTHING, Case, Proven, of_count
from harness.grade.proofs.prose import count_words, first_heading, is_about, sections, steps
from harness.grade.rubric import Proof
from harness.readme.blocks import Block, Kind
from harness.render.text import plural

_SUMMARY: Final = re.compile(r"summary|overview|introduction|abstract|background|about|pipeline|description", re.I)
_APPENDIX: Final = re.compile(
    r"appendix|enhance|extension|extra|addition|bonus|option|further|beyond|advanced|second event|guild", re.I
)
_EVENT: Final = re.compile(r"\\?[\"']event_type\\?[\"']\s*:", re.I)
_AGGREGATE: Final = re.compile(r"\b(?:count|sum|avg|min|max|approx_distinct)\s*\(|\bgroup\s+by\b", re.I)
_TOOLS: Final = (r"flask", r"kafka", r"spark", r"hdfs|hadoop|cloudera", r"hive", r"presto|trino")
_SERVICES: Final = ("cloudera", "kafka", "mids", "presto", "spark", "zookeeper")
_QUERIES: Final = frozenset({"hive", "presto", "sql"})
_LONG: Final = 30
"""Words of a summary, of an appendix, or of the explanation of a pipeline."""


def prove(proof: Proof, case: Case) -> Proven:
    """Look for one property of the report. `enough` is the share of it that counts as the whole."""
    found = _PROPERTIES[proof.words[0]](proof, case)
    enough = proof.number("enough", ALL)
    if found.share is None or not enough:
        return found
    return Proven(min(ALL, found.share / enough), found.why, found.evidence, found.values)


def _summary(proof: Proof, case: Case) -> Proven:
    """A section that is called so, or the words above the first command."""
    blocks = case.submission.blocks
    first = next((at for at, block in enumerate(blocks) if block.kind is Kind.COMMAND), len(blocks))
    above = [block for block in blocks[:first] if block.kind is Kind.PROSE]
    named = [
        (heading, below) for heading, below in sections(blocks) if heading is not None and _SUMMARY.search(heading.text)
    ]
    most = max((_said(below) for _, below in named), default=0)
    most = max(most, _said(above))
    line = named[0][0].first_line if named and named[0][0] else above[0].first_line if above else 1
    wanted = int(proof.number("at_least", Fraction(_LONG)))
    lacking = "no summary stands above the steps or in a section of its own"
    return of_count(
        most, wanted, f"a summary of {plural(most, 'word')}", lacking, (Evidence("", line, ""),) * (most > 0)
    )


def _headings(_: Proof, case: Case) -> Proven:
    first = first_heading(case.submission.blocks)
    return _of_steps(case, lambda at: at > first, "under a heading")


def _sentences(_: Proof, case: Case) -> Proven:
    return _of_steps(case, lambda at: is_about(case.submission.blocks, at), "with a sentence about it")


def _of_steps(case: Case, holds: Callable[[int], bool], words: str) -> Proven:
    blocks = case.submission.blocks
    found = steps(blocks)
    bad = [blocks[at].first_line for at in found if not holds(at)]
    if not found:
        return Proven(NOTHING, "the report has no commands")
    evidence = tuple(Evidence("", line, "") for line in bad[:10])
    values = {"line": str(bad[0])} if bad else {}
    good = len(found) - len(bad)
    return Proven(Fraction(good, len(found)), f"{good} of {plural(len(found), 'step')} {words}", evidence, values)


def _markdown(_: Proof, case: Case) -> Proven:
    blocks = case.submission.blocks
    marks = {
        "headings": sum(block.kind is Kind.HEADING for block in blocks) >= 2,
        "fenced code": any(block.fence is not None for block in blocks),
        "prose": any(block.kind is Kind.PROSE for block in blocks),
    }
    lacking = [mark for mark, there in marks.items() if not there]
    why = f"no {' and no '.join(lacking)}" if lacking else "headings, fenced code and prose"
    return Proven(Fraction(len(marks) - len(lacking), len(marks)), why)


def _event(_: Proof, case: Case) -> Proven:
    kinds = (Kind.OUTPUT, Kind.EXCERPT, Kind.PROSE, Kind.LISTING)
    for block in case.submission.blocks:
        if block.kind in kinds and block.form not in ("python", "pyspark"):
            for line, text in block.printed():
                if "{" in text and _EVENT.search(text[:4000]):
                    return Proven(ALL, "an event is shown as JSON", (Evidence("", line, text.strip()[:200]),))
    return Proven(NOTHING, "no event is shown as JSON")


def _services(_: Proof, case: Case) -> Proven:
    """Every service of the compose file named in the prose; of an unreadable file, those that the course gives."""
    found = compose_services(case.submission)
    names = sorted(found[1]) if found else list(_SERVICES)
    prose = " ".join(_prose(case)).lower()
    lacking = [name for name in names if name.lower() not in prose]
    why = f"described: {', '.join(name for name in names if name not in lacking) or 'none'}"
    if lacking:
        why += f"; not: {', '.join(lacking)}"
    return Proven(Fraction(len(names) - len(lacking), len(names)), why, values={"expected": ", ".join(lacking)})


def _appendix(proof: Proof, case: Case) -> Proven:
    wanted = int(proof.number("at_least", Fraction(_LONG)))
    for heading, below in sections(case.submission.blocks):
        if heading is not None and _APPENDIX.search(heading.text):
            shown = _said(below) + (wanted if any(block.kind is Kind.COMMAND for block in below) else 0)
            if shown >= wanted:
                return Proven(ALL, "a section on enhancements", (Evidence("", heading.first_line, heading.text[:200]),))
    return Proven(NOTHING, "no section on enhancements")


def _pipeline(proof: Proof, case: Case) -> Proven:
    prose = " ".join(_prose(case))
    wanted = int(proof.number("at_least", Fraction(5)))
    named = sum(bool(re.search(rf"\b(?:{tool})", prose, re.I)) for tool in _TOOLS)
    lacking = "the words of the report name no part of the pipeline"
    if count_words(prose) < _LONG:
        return Proven(NOTHING, lacking)
    return of_count(named, wanted, f"the words name {plural(named, 'part')} of the pipeline", lacking)


def _analytics(proof: Proof, case: Case) -> Proven:
    """Queries that count, sum or group, with their answers."""
    blocks = case.submission.blocks
    answered = {block.answers for block in blocks if block.kind in (Kind.OUTPUT, Kind.EXCERPT)}
    lines = [
        block.first_line
        for block in blocks
        if block.kind is Kind.COMMAND
        and block.first_line in answered
        and _is_query(block)
        and _AGGREGATE.search(block.text)
    ]
    wanted = int(proof.number("at_least", Fraction(1)))
    evidence = tuple(Evidence("", line, "") for line in lines[:10])
    found = f"{len(lines)} answered {'query' if len(lines) == 1 else 'queries'} with a count, a sum or groups"
    return of_count(len(lines), wanted, found, "no query with a count, a sum or groups has an answer", evidence)


def _is_query(block: Block) -> bool:
    return block.form in _QUERIES or "select" in block.text.lower()


def _prose(case: Case) -> Iterator[str]:
    """Give the words of the report."""
    for block in case.submission.blocks:
        if block.kind in (Kind.PROSE, Kind.HEADING, Kind.TABLE):
            yield block.text


def _said(blocks: list[Block]) -> int:
    return sum(count_words(block.text) for block in blocks if block.kind is Kind.PROSE)


_PROPERTIES: Final[Mapping[str, Callable[[Proof, Case], Proven]]] = {
    "analytics": _analytics,
    "appendix": _appendix,
    "event": _event,
    "headings": _headings,
    "markdown": _markdown,
    "pipeline": _pipeline,
    "sentences": _sentences,
    "services": _services,
    "summary": _summary,
}
