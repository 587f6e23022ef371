"""What proves a criterion: one module for each kind of proof, each a pure function from a case to a share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from harness.grade.proofs import code, files, findings, report, rerun, shown
from harness.grade.proofs.model import Case, Proven, of_best
from harness.grade.rubric import Proof

__all__ = ["Case", "Proven", "prove"]

Judge: TypeAlias = Callable[[Proof, Case], Proven]

_JUDGES: Final[Mapping[str, Judge]] = {
    "code": code.prove,
    "file": files.prove,
    "finding": findings.prove,
    "report": report.prove,
    "rerun": rerun.prove,
    "shown": shown.prove,
    "state": rerun.prove_state,
    "step": findings.prove_step,
}


def prove(proof: Proof, case: Case) -> Proven:
    """Say how far one proof holds. Of the proofs of `any` the best one counts."""
    if proof.kind == "any":
        return of_best([prove(each, case) for each in proof.inner])
    return _JUDGES[proof.kind](proof, case)
