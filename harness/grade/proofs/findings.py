"""`finding` and `step`: what the checks say of the report."""

from __future__ import annotations

from fnmatch import fnmatchcase
from fractions import Fraction

from harness.grade.checks import steps
from harness.grade.model import Evidence, Finding, Verdict
from harness.grade.proofs.model import ALL, NOTHING, Case, Proven
from harness.grade.results.counts import values
from harness.grade.rubric import Proof
from harness.render.text import plural

_SHOWN = 20


def prove(proof: Proof, case: Case) -> Proven:
    """Count the findings of these checks that disagree: each above `at_most` takes `costs` of the share.

    At least `at_least` claims must hold: that nothing disagrees says little where nothing was claimed.
    """
    mine = [each for each in case.findings if any(fnmatchcase(each.check, pattern) for pattern in proof.words)]
    wrong = [each for each in mine if each.is_error or (proof.options.get("warnings") is True and each.is_warning)]
    right = sum(each.verdict in (Verdict.AGREES, Verdict.TOLERATED) for each in mine)
    excess = max(0, len(wrong) - int(proof.number("at_most", Fraction(0))))
    lost = min(ALL, excess * proof.number("costs", ALL))
    wanted = int(proof.number("at_least", Fraction(0)))
    held = min(ALL, Fraction(right, wanted)) if wanted else ALL
    said = f"{plural(right, 'claim')} of {', '.join(proof.words)} {'holds' if right == 1 else 'hold'}"
    if wrong:
        said = f"{plural(len(wrong), 'claim')} {'does' if len(wrong) == 1 else 'do'} not hold"
    elif right < wanted:
        said = f"{said}, {wanted} wanted"
    return Proven((ALL - lost) * held, said, tuple(map(_evidence, wrong[:_SHOWN])), _values(wrong))


def prove_step(proof: Proof, case: Case) -> Proven:
    """Look up what the check of the steps says; a step that it did not look for cannot be judged."""
    step = proof.words[0]
    mine = [each for each in case.findings if each.check == steps.CHECK and each.expected == step]
    wrong = [each for each in mine if each.verdict is Verdict.DISAGREES]
    if not mine:
        return Proven(None, f"the step {step} was not looked for")
    if wrong:
        return Proven(NOTHING, wrong[0].message, values={"expected": step})
    return Proven(ALL, mine[0].message)


def _evidence(finding: Finding) -> Evidence:
    seen = ", ".join(map(" ".join, values(finding)))
    text = f"{finding.message} ({seen})" if seen else finding.message
    return Evidence(finding.file, finding.line, f"{finding.check}: {text}")


def _values(wrong: list[Finding]) -> dict[str, str]:
    if not wrong:
        return {}
    both = {{"got": "actual"}.get(word, word): value for word, value in values(wrong[0])}
    return {"line": str(wrong[0].line), **({"file": wrong[0].file} if wrong[0].file else {}), **both}
