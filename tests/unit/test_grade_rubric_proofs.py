"""Each kind of proof gives a share with a reason, and says where it could not be judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from graded import COMPOSE, SWORD, ab_report, fences
from scored import APP, ran, rerun, rubric, submission

from harness.grade.model import Finding, Verdict, Weight
from harness.grade.proofs import Case, Proven, prove
from harness.grade.rerun.model import Ending, Rerun, State
from harness.model import Capture

JOB = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
raw = spark.readStream.format("kafka").option("subscribe", "events").load()
raw.writeStream.format("parquet").option("path", "/tmp/x").option("checkpointLocation", "/tmp/c").start()
"""
EVENT = '{"event_type": "purchase_sword", "Host": "a"}'
PRESTO = f"{COMPOSE.replace('mids', 'presto')} presto --server presto:8080 --catalog hive --schema default"


def proven(
    proof: str, text: str = "", findings: Sequence[Finding] = (), again: Rerun | None = None, **files: str
) -> Proven:
    criterion = f"""
  - {{id: a, title: A, points: 1, proof: [{{{proof}}}], feedback: {{full: F., partial: P., none: N.}}}}
"""
    return prove(rubric(criterion, "1").criteria[0].proofs[0], Case(submission(text, **files), findings, again))


def wrong(check: str = "ab-length", weight: Weight = Weight.ERROR, line: int = 7) -> Finding:
    return Finding(check, Verdict.DISAGREES, line, "It is wrong.", 3, 4, weight=weight)


def right(check: str = "ab-length") -> Finding:
    return Finding(check, Verdict.AGREES, 7, "It is right.", 3, 3)


@pytest.mark.parametrize(
    ("proof", "findings", "share"),
    [
        ("finding: ab-*", [right()], "1"),
        ("finding: ab-*", [], "1"),
        ("finding: ab-*, at_least: 2", [right()], "1/2"),
        ("finding: ab-*", [wrong()], "0"),
        ("finding: ab-*", [wrong("log-order")], "1"),
        ("finding: [ab-*, log-*], costs: 1/4", [wrong("log-order"), wrong(), right()], "1/2"),
        ("finding: '*', at_most: 1", [wrong(), right()], "1"),
        ("finding: '*', at_most: 1, costs: 0.5", [wrong(), wrong(), right()], "1/2"),
        ("finding: '*'", [wrong(weight=Weight.WARNING)], "1"),
        ("finding: '*', warnings: true", [wrong(weight=Weight.WARNING)], "0"),
    ],
)
def test_findings_that_disagree_cost(proof: str, findings: list[Finding], share: str) -> None:
    assert proven(proof, findings=findings).share == Fraction(share)


def test_a_finding_names_its_place_and_both_values() -> None:
    found = proven("finding: '*'", findings=[wrong()])
    assert found.values == {"line": "7", "expected": "3", "actual": "4"}
    assert [(each.line, each.text) for each in found.evidence] == [(7, "ab-length: It is wrong. (expected 3, got 4)")]


def test_a_step_is_what_the_check_of_the_steps_says() -> None:
    there = Finding("step-missing", Verdict.AGREES, 1, "Requests are sent.", "load", "load")
    lacking = Finding("step-missing", Verdict.DISAGREES, 1, "No topic.", "topic", weight=Weight.WARNING)
    assert proven("step: load", findings=[there]).share == 1
    assert proven("step: topic", findings=[there, lacking]).share == 0
    assert proven("step: teardown", findings=[there]).share is None


@pytest.mark.parametrize(
    ("names", "share"), [("docker-compose.yml", 0), ("'*.PY'", 1), ("[nothing, app.py]", 1), ("'jobs/*.py'", 0)]
)
def test_a_file_is_there_or_not(names: str, share: int) -> None:
    assert proven(f"file: {names}").share == share


FULL = fences("#Intro of it all here.", "## Load it", "#We call the sword ten times.", SWORD, ab_report())


@pytest.mark.parametrize(
    ("text", "share", "lacking"),
    [
        (FULL, "1", ""),
        (fences("#We call the sword ten times.", SWORD, ab_report()), "3/4", "no heading"),
        (fences(SWORD), "1/4", "no output below it, no sentence about it, no heading"),
        (fences("#Output:", SWORD, ab_report()), "1/2", "no sentence about it"),
        ("", "0", "the report has no command with ab"),
    ],
)
def test_a_step_shown_has_command_output_words_and_heading(text: str, share: str, lacking: str) -> None:
    found = proven("shown: ab", f"# Title\n\n{text}" if text and text is not FULL else text)
    assert (found.share, lacking in found.why) == (Fraction(share), True)


def test_the_programs_of_a_script_that_is_started_are_shown() -> None:
    assert proven("shown: ab, with: [command]", fences("bash load.sh"), load__sh=f"{SWORD}\n").share == 1
    assert proven("shown: ab, with: [command]", fences("bash load.sh")).share == 0


def test_a_query_at_the_prompt_of_presto_counts_for_presto() -> None:
    text = fences("presto:default> select * from purchases;", " host \n------\n a    \n(1 row)")
    assert proven("shown: presto, with: [command, output]", text).share == 1


@pytest.mark.parametrize(
    ("proof", "text", "share"),
    [
        ("report: summary", "# A\n\n## Summary\n\n" + "word " * 40, "1"),
        ("report: summary", "# A\n\n" + "word " * 15 + f"\n\n```\n{SWORD}\n```\n", "1/2"),
        ("report: summary", fences(SWORD), "0"),
        ("report: headings", f"# A\n\n```\n{SWORD}\n```\n\n## B\n\n```\n{SWORD}\n```\n", "1/2"),
        ("report: headings, enough: 1/2", f"# A\n\n```\n{SWORD}\n```\n\n## B\n\n```\n{SWORD}\n```\n", "1"),
        ("report: sentences", f"We call it ten times.\n\n```\n{SWORD}\n```\n", "1"),
        ("report: sentences", fences(SWORD), "0"),
        ("report: sentences", "No commands at all here.", "0"),
        ("report: markdown", f"# A\n\n## B\n\nwords\n\n```\n{SWORD}\n```\n", "1"),
        ("report: markdown", "only words\n", "1/3"),
        ("report: event", fences(f"{COMPOSE} kafkacat -C -b kafka:29092 -t events -o beginning -e", EVENT), "1"),
        (
            "report: event",
            fences("kafkacat -C -b kafka:29092 -t e", '{"a": {"b": 1}, "event_type": "x"}'),
            "1",
        ),
        ("report: event", fences(SWORD), "0"),
        ("report: services", "zookeeper, kafka and mids", "1/2"),
        ("report: appendix", "# A\n\n## Appendix: enhancements\n\n" + "word " * 40, "1"),
        ("report: appendix", "# A\n\n## Appendix\n\nshort\n", "0"),
        ("report: pipeline", "A Flask app, Kafka, Spark, HDFS and Presto. " + "word " * 40, "1"),
        ("report: pipeline", "A Flask app and Kafka. " + "word " * 40, "2/5"),
        ("report: pipeline", "Flask Kafka Spark HDFS Presto", "0"),
        ("report: analytics", fences("presto:default> select count(*) from t;", " _col0 \n-------\n 3 \n(1 row)"), "1"),
        ("report: analytics", fences("presto:default> select count(*) from t;"), "0"),
        ("report: analytics", fences("presto:default> select * from t;", " a \n---\n 3 \n(1 row)"), "0"),
    ],
)
def test_how_the_report_is_written(proof: str, text: str, share: str) -> None:
    assert proven(proof, text).share == Fraction(share)


def test_the_services_are_those_of_the_compose_file() -> None:
    found = proven("report: services", "kafka is here", docker_compose__yml="services:\n  kafka:\n    image: x\n")
    assert found.share == Fraction(1, 6)
    files = {"docker-compose__yml": "services:\n  kafka:\n    image: x\n  redis:\n    image: y\n"}
    found = proven("report: services", "kafka is here", **files)
    assert (found.share, found.values["expected"]) == (Fraction(1, 2), "redis")


@pytest.mark.parametrize(
    ("name", "app", "share"),
    [
        ("routes", APP, 1),
        ("routes, at_least: 2", APP, Fraction(1, 2)),
        ("verbs", APP, 0),
        ("verbs", APP.replace("'/')", "'/', methods=['POST'])"), 1),
        ("parameters", APP, 0),
        ("parameters", APP.replace("'/'", "'/<kind>'"), 1),
        ("parameters", APP.replace("'x'", "request.args.get('a')"), 1),
        ("state", APP, 0),
        ("state", f"import redis\n{APP}", 1),
        ("producer", APP, 0),
        ("producer", f"{APP}\nproducer = KafkaProducer(bootstrap_servers='kafka:29092')\n", 1),
        ("stream", APP, 0),
        ("stream-to-files", APP, 0),
        ("batch", JOB, 0),
        ("stream", JOB, 1),
        ("stream-to-files", JOB, 1),
        ("stream-to-files", JOB.replace('"parquet"', '"console"'), 0),
        ("table", JOB, 0),
        ("table", f"{JOB}\nspark.sql(\"create external table t (a string) stored as parquet location '/tmp/x'\")", 1),
    ],
)
def test_what_the_code_does(name: str, app: str, share: Fraction) -> None:
    assert proven(f"code: {name}", app__py=app).share == share


def test_code_that_is_no_python_gives_nothing_and_does_not_fail() -> None:
    assert proven("code: routes", app__py="@app.route('/')\ndef (:\n" * 50).share == 0


AB = ran("docker-compose exec mids ab -n 10 http://localhost:5000/")
BAD = ran("docker-compose exec mids ab -n 10 http://localhost:5000/x", 1, line=9)


@pytest.mark.parametrize(
    ("proof", "commands", "share"),
    [
        ("rerun: ab", [AB], "1"),
        ("rerun: ab, ended: ok", [AB, BAD], "1/2"),
        ("rerun: ab, need: any", [AB, BAD], "1"),
        ("rerun: [ab, curl]", [BAD], "0"),
        ("rerun: ab", [], "0"),
        ("rerun: flask", [ran("env FLASK_APP=x flask run", -15, Ending.STOPPED)], "1"),
        ("rerun: ab", [ran("ab -n 1 x", 0, Ending.TIMED_OUT)], "0"),
        ("rerun: ab", [ran("ab -n 1 x", None, Ending.LOST)], "0"),
        ("rerun: ab", [AB, ran("ab -n 1 x", 0, Ending.LEFT_OUT)], "1"),
        ("rerun: presto", [ran("select 1;", form="presto")], "1"),
    ],
)
def test_a_command_of_the_rerun_went_well_or_not(proof: str, commands: list[object], share: str) -> None:
    assert proven(proof, again=rerun(*commands)).share == Fraction(share)  # type: ignore[arg-type]


@pytest.mark.parametrize(("exit_code", "share"), [(137, 1), (143, 1), (130, 1), (1, 0)])
def test_a_server_that_something_stopped_went_well(exit_code: int, share: int) -> None:
    each = ran("docker-compose exec mids flask run", exit_code)
    assert each.capture is not None
    stopped = replace(each, capture=replace(each.capture, background=True))
    assert proven("rerun: flask", again=rerun(stopped)).share == share
    assert proven("rerun: flask", again=rerun(each)).share == 0


def test_a_query_that_presto_refuses_did_not_go_well_although_its_client_ended_with_0() -> None:
    each = ran("select * from t;", form="presto")
    refused = Capture("1", "presto", "x", "Query 2026_1 failed: line 1:15: Table t does not exist", "", 0, "", 1.0)
    failed = type(each)(each.typed, 5, Ending.ENDED, refused)
    found = proven("rerun: presto", again=rerun(failed))
    assert (found.share, found.values["actual"]) == (0, "select * from t;: a query failed")


def test_a_command_that_was_left_out_cannot_be_judged() -> None:
    found = proven("rerun: vim", again=rerun(ran("vim x", 0, Ending.LEFT_OUT)))
    assert (found.share, found.why) == (None, "vim was left out of the rerun: needs a person")


@pytest.mark.parametrize("proof", ["rerun: ab", "state: topics"])
def test_without_a_rerun_its_proofs_say_so(proof: str) -> None:
    assert (proven(proof).share, proven(proof).why) == (None, "rerun not made")


@pytest.mark.parametrize(
    ("proof", "share"),
    [("state: topics", 1), ("state: tables", 1), ("state: tables, at_least: 2", Fraction(1, 2)), ("state: paths", 0)],
)
def test_what_the_rerun_left_behind(proof: str, share: Fraction) -> None:
    left = State(topics={"events": 40}, paths={"/tmp/x": 0}, tables={"a": 3, "b": 0, "c": None})
    assert proven(proof, again=rerun(AB, state=left)).share == share


@pytest.mark.parametrize(
    ("proof", "cell", "share"),
    [
        ("rerun: [flask, python], need: any", "a = 1", 0),
        ("rerun: [spark-submit, pyspark, python]", "a = 1", 0),
        ("rerun: [spark-submit, pyspark, python]", "spark.read.parquet('/tmp/a').show()", 1),
        ("rerun: cell", "a = 1", 1),
    ],
)
def test_a_cell_of_a_notebook_is_no_program_of_python(proof: str, cell: str, share: int) -> None:
    assert proven(proof, again=rerun(ran(cell, form="python"))).share == share


def test_what_could_not_be_asked_is_not_judged() -> None:
    found = proven("state: topics", again=rerun(AB, state=State(lacking="The cluster does not answer.")))
    assert found.share is None
    assert "The cluster does not answer" in found.why


def test_of_any_the_best_counts_and_the_reason_is_its_own() -> None:
    found = proven("any: [{file: none.txt}, {rerun: ab}, {file: app.py}]")
    assert (found.share, found.why) == (1, "the file app.py")
    assert proven("any: [{rerun: ab}, {state: topics}]").share is None
