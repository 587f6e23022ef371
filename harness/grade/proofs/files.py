"""`file`: the submission has a file of this name."""

from __future__ import annotations

from fnmatch import fnmatchcase

from harness.grade.model import Evidence
from harness.grade.proofs.model import ALL, NOTHING, Case, Proven
from harness.grade.rubric import Proof
from harness.render.text import plural


def prove(proof: Proof, case: Case) -> Proven:
    """Look for one of the names; a pattern with a slash is held against the whole path, another against the name."""
    wanted = " or ".join(proof.words)
    paths = sorted({*case.submission.files, *case.submission.skipped, str(case.submission.report)})
    found = [path for path in paths if any(_matches(path, pattern) for pattern in proof.words)]
    if not found:
        return Proven(NOTHING, f"no file {wanted}", values={"expected": wanted})
    more = f" and {plural(len(found) - 1, 'other file')}" if len(found) > 1 else ""
    return Proven(ALL, f"the file {found[0]}{more}", (Evidence(found[0], 1, ""),), {"file": found[0]})


def _matches(path: str, pattern: str) -> bool:
    subject = path if "/" in pattern else path.rpartition("/")[2]
    return fnmatchcase(subject.lower(), pattern.lower())
