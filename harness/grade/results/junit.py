"""JUnit XML of a score: each criterion is a case, its points are properties. Times are left out: they differ."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from harness.grade.points import text_of
from harness.grade.results import words
from harness.grade.results.graded import Graded
from harness.grade.score import Judged, Level, Score
from harness.render.junit import document, element
from harness.render.shown import line


def render_junit(graded: Graded) -> str:
    """Give the XML text of what the student may see. Without points there is one case, with an error."""
    shown = graded.for_student()
    score = shown.score
    cases = list(map(_case, score.criteria)) if score.points is not None else [_fault(score, shown.problem)]
    counts = {
        name: str(sum(each.find(tag) is not None for each in cases))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))
    }
    suite = element("testsuite", name=line(shown.name), tests=str(len(cases)), **counts)
    named = {"rubric": score.rubric.name, "state": score.state.value, "max": text_of(score.max)}
    if score.points is not None:
        named["points"] = text_of(score.points)
    suite.append(_properties(named))
    suite.extend(cases)
    root = ET.Element("testsuites")
    root.append(suite)
    return document(root)


def _case(judged: Judged) -> ET.Element:
    criterion = judged.criterion
    case = element("testcase", classname="rubric", name=criterion.id)
    named = {"title": line(criterion.title), "max": text_of(criterion.points)}
    if judged.points is not None:
        named["points"] = text_of(judged.points)
    if criterion.bonus:
        named["bonus"] = "true"
    case.append(_properties(named))
    said = words.feedback(judged)
    if judged.level is Level.NOT_JUDGED:
        case.append(element("skipped", message=said))
    elif judged.level is not Level.FULL and not criterion.bonus:
        details = "\n".join([said, *words.evidence(judged)])
        case.append(element("failure", details, message=said, type=judged.level.value))
    return case


def _fault(score: Score, problem: str) -> ET.Element:
    case = element("testcase", classname="rubric", name="grading")
    case.append(element("error", line(problem), message=words.notice(score), type=score.state.value))
    return case


def _properties(named: dict[str, str]) -> ET.Element:
    properties = ET.Element("properties")
    for name, value in named.items():
        properties.append(element("property", name=name, value=value))
    return properties
