"""`rerun` and `state`: what happened when the submission's commands ran again, and what they left behind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from harness.grade.model import Evidence
from harness.grade.proofs.commands import programs
from harness.grade.proofs.model import ALL, NOT_RERUN, NOTHING, Case, Proven, of_count
from harness.grade.rerun.model import Ending, Ran, State
from harness.grade.rubric import Proof
from harness.render.text import plural

_REFUSED: Final = re.compile(r"^(?:Query \S+ failed|FAILED: |Error: |Error running query)", re.M)
"""How Presto and Hive say at their prompts, which end with 0, that a query did not go well."""

_CLIENTS: Final = frozenset({"hive", "presto", "sql"})
_NOUNS: Final = {"topics": "topic", "paths": "path", "tables": "table"}


def went_well(ran: Ran) -> bool:
    """Whether a command ended by itself without an error, or did its work until something stopped it."""
    if ran.capture is None or ran.ending not in (Ending.ENDED, Ending.STOPPED):
        return False
    if ran.ending is Ending.ENDED and ran.capture.went_wrong:
        return False
    printed = f"{ran.capture.stdout}\n{ran.capture.stderr}"
    return not (programs(ran.typed) & _CLIENTS and _REFUSED.search(printed))


def prove(proof: Proof, case: Case) -> Proven:
    """Give the share of the commands with one of these programs that went well; with `need: any` one is enough."""
    if case.rerun is None:
        return Proven(None, NOT_RERUN)
    said = " or ".join(proof.words)
    mine = [each for each in case.rerun.commands if set(proof.words) & programs(each.typed)]
    ran = [each for each in mine if each.ending is not Ending.LEFT_OUT]
    if mine and not ran:
        return Proven(None, f"{said} was left out of the rerun: {mine[0].note or 'no reason given'}")
    if not ran:
        return Proven(NOTHING, f"no command with {said} ran", values={"expected": said})
    bad = [each for each in ran if not went_well(each)]
    share = Fraction(len(ran) - len(bad), len(ran))
    if proof.options.get("need") == "any" and share:
        share = ALL
    evidence = tuple(Evidence("", each.typed.line, _ended(each)) for each in bad[:10])
    values = {"line": str(bad[0].typed.line), "actual": _ended(bad[0])} if bad else {}
    why = f"{len(ran) - len(bad)} of {plural(len(ran), 'command')} with {said} went well in the rerun"
    return Proven(share, why, evidence, values)


def prove_state(proof: Proof, case: Case) -> Proven:
    """Count the topics with messages, the paths with files, or the tables with rows that the rerun left behind.

    Only their names are said: how much is in them differs from rerun to rerun where a load has no end.
    """
    if case.rerun is None:
        return Proven(None, NOT_RERUN)
    if case.rerun.state.lacking:
        return Proven(None, f"what the rerun left could not be asked: {case.rerun.state.lacking}")
    kind = proof.words[0]
    noun = _NOUNS[kind]
    filled = sorted(name for name, count in _of(case.rerun.state, kind).items() if count)
    names = ", ".join(filled)
    found = f"{plural(len(filled), noun)} with data after the rerun: {names}"
    return of_count(len(filled), int(proof.number("at_least", ALL)), found, f"no {noun} with data after the rerun")


def _of(state: State, kind: str) -> Mapping[str, int | None]:
    return {"topics": state.topics, "paths": state.paths, "tables": state.tables}[kind]


def _ended(ran: Ran) -> str:
    code = ran.capture.exit_code if ran.capture else None
    words = f"exit code {code}" if ran.ending is Ending.ENDED and code is not None else ran.ending.value
    if ran.ending is Ending.ENDED and not code:
        words = "a query failed"
    return f"{' '.join(ran.typed.text.split())[:200]}: {words}"
