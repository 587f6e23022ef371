"""A question in the text against the query below it: does the query look at the events that the question is about?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from harness.grade.checks.context import command
from harness.grade.checks.saying import quote
from harness.grade.code.events import event_types
from harness.grade.code.facts import code
from harness.grade.model import Evidence, Finding, Submission, Verdict, Weight
from harness.grade.queries import answers
from harness.readme.blocks import Block, Kind

NAME: Final = "query-question"

_WORD: Final = re.compile(r"[a-z]{3,40}")
_LOOKED_AT: Final = 2_000
"""Characters of a paragraph, from its end, in which a question is looked for."""


def check(submission: Submission) -> Iterator[Finding]:
    """Compare what a question asks about with the table of the query; a warning, for words can mean anything."""
    names = _distinctive(submission)
    if len(names) < 2:
        return
    blocks = submission.blocks
    places = {block.first_line: at for at, block in enumerate(blocks)}
    for answer in answers(submission):
        typed = command(submission, answer.place)
        before = blocks[places[typed.first_line] - 1] if typed and places[typed.first_line] else None
        if answer.select is None or before is None or before.kind not in (Kind.PROSE, Kind.HEADING):
            continue
        line, question = _question(before)
        asked = {kind for kind, words in names.items() if words & _words(question)}
        looked_at = {kind for kind, words in names.items() if words & _words(answer.select.table)}
        if len(asked) != 1 or len(looked_at) != 1:
            continue
        about, seen = next(iter(asked)), next(iter(looked_at))
        if asked == looked_at:
            message = f"The query looks at {seen}, which the question is about."
            yield Finding(NAME, Verdict.AGREES, line, message, seen, about)
        elif not names[about] & _words(answer.statement):
            message = f"The question is about {about}, but the query below it looks at {seen}."
            evidence = (Evidence("", answer.line, quote(answer.statement)),)
            yield Finding(NAME, Verdict.DISAGREES, line, message, seen, about, None, Weight.WARNING, evidence)


def _question(block: Block) -> tuple[int, str]:
    """Give the last question of a paragraph, with its line; an empty text where there is none."""
    tail = block.text[-_LOOKED_AT:]
    end = tail.rfind("?")
    if end < 0:
        return block.first_line, ""
    begin = max(tail.rfind(mark, 0, end) for mark in (".", "?", "!", ":", "\n\n"))
    question = tail[begin + 1 : end]
    skipped = len(block.text) - len(tail) + begin + 1 + len(question) - len(question.lstrip())
    return block.first_line + block.text.count("\n", 0, skipped), question


def _distinctive(submission: Submission) -> Mapping[str, frozenset[str]]:
    """Give the words of each event type that no other type has."""
    kinds = {kind.name for source in code(submission).sources for kind in event_types(source)}
    counts = Counter(word for kind in kinds for word in _words(kind))
    own = {kind: frozenset(word for word in _words(kind) if counts[word] == 1) for kind in kinds}
    return {kind: words for kind, words in own.items() if words}


def _words(text: str) -> frozenset[str]:
    """Give the words of a text or of a name, in small letters and without an s at their end."""
    return frozenset(word.removesuffix("s") for word in _WORD.findall(text[:_LOOKED_AT].lower().replace("_", " ")))
