from __future__ import annotations

import pytest
from grade_code import FILES, JOB, REPORT, errors, found, submission, verdicts, warnings
from graded import fences, run

from harness.grade.checks import sinks
from harness.grade.model import Verdict


def _with_job(job: str, report: str = REPORT, **files: str) -> list[str]:
    return errors(submission(report, {**FILES, "crew.py": job, **files}))


def test_a_table_where_nothing_writes_is_an_error() -> None:
    given = submission(REPORT, {**FILES, "crew.py": JOB.replace("location '/tmp/crew'", "location '/tmp/crews'")})
    (one,) = [each for each in found(given, sinks.check) if each.is_error]
    assert (one.check, one.file) == ("table-location", "crew.py")
    assert (one.expected, one.actual) == (["/tmp/crew"], "/tmp/crews")


@pytest.mark.parametrize("location", ["/tmp/crew/", "hdfs://cloudera/tmp/crew", "hdfs://cloudera:8020/tmp/crew/"])
def test_a_location_may_be_written_in_other_ways(location: str) -> None:
    given = submission(REPORT, {**FILES, "crew.py": JOB.replace("location '/tmp/crew'", f"location '{location}'")})
    assert verdicts(given, "table-location") == {Verdict.AGREES}


def test_a_path_that_is_built_at_run_time_is_not_judged() -> None:
    job = JOB.replace('.option("path", "/tmp/crew")', '.option("path", "/tmp/{}".format(argv[1]))')
    given = submission(REPORT, {**FILES, "crew.py": "from sys import argv\n" + job})
    assert errors(given) == []
    assert verdicts(given, "table-location") == {Verdict.NOT_CHECKED}


ASIDE = JOB.replace('.option("path", "/tmp/crew")', '.option("path", "/tmp/{}".format(argv[1]))')


@pytest.mark.parametrize(
    ("said", "found_wrong"),
    [
        ("", True),
        ("\nThen `later.py` ran.\n", False),
        ("\n```\ndocker-compose exec spark spark-submit /w205/harbour/later.py\n```\n", False),
    ],
)
def test_a_job_that_has_no_part_in_the_report_hides_no_wrong_location(said: str, found_wrong: bool) -> None:
    later = "from sys import argv\n" + ASIDE.replace("location '/tmp/crew'", "location '/tmp/later'")
    job = JOB.replace("location '/tmp/crew'", "location '/tmp/crews'")
    given = submission(REPORT + said, {**FILES, "crew.py": job, "later.py": later})
    wrong = [each for each in found(given, sinks.check) if each.is_error and each.actual == "/tmp/crews"]
    assert bool(wrong) == found_wrong


def test_a_path_from_a_constant_of_the_module_is_known() -> None:
    job = 'HOME = "/tmp"\nCREW = HOME + "/crew"\n' + JOB.replace('"path", "/tmp/crew"', '"path", CREW')
    given = submission(REPORT, {**FILES, "crew.py": job})
    assert verdicts(given, "table-location") == {Verdict.AGREES}


def test_columns_that_moved_are_an_error() -> None:
    job = JOB.replace("Host string, event_type string, sailor string", "event_type string, Host string, sailor string")
    (message,) = _with_job(job)
    assert "by position" in message


def test_columns_under_other_names_are_a_warning_unless_only_marks_differ() -> None:
    other = submission(REPORT, {**FILES, "crew.py": JOB.replace("sailor string)", "name string)")})
    assert errors(other) == []
    assert len(warnings(other)) == 1
    marks = submission(REPORT, {**FILES, "crew.py": JOB.replace("event_type string", "`event-type` string")})
    assert warnings(marks) == []


def test_columns_that_nobody_can_tell_are_not_judged() -> None:
    job = JOB.replace('.select("timestamp", "json.*")', '.select("json.*", "timestamp", *more)')
    given = submission(REPORT, {**FILES, "crew.py": "more = []\n" + job})
    assert "table-columns" not in {each.check for each in found(given)}


DDL = """
create external table if not exists default.crew (
  `timestamp` string, host string,
  event_type string, sailor string -- who
) stored as parquet location '/tmp/crew' tblproperties ("parquet.compress"="SNAPPY");
"""
NO_DDL = JOB.replace(JOB[JOB.index("    spark.sql(") : JOB.index("    crew.writeStream")], "")


@pytest.mark.parametrize(
    ("report", "files"),
    [
        ("```\ndocker-compose exec spark hive -f /w205/harbour/tables.hql\n```\n", {"tables.hql": DDL}),
        (f"```\nhive> {' '.join(DDL.replace('-- who', '').split())}\n```\n", {}),
        (f"```sql\n{DDL}```\n", {}),
    ],
)
def test_tables_may_be_made_by_files_and_at_prompts(report: str, files: dict[str, str]) -> None:
    given = submission(f"{REPORT}\n{report}", {**FILES, "crew.py": NO_DDL, **files})
    assert errors(given) == []
    assert [message for message in warnings(given) if "table" in message] == []
    assert Verdict.AGREES in verdicts(given, "table-columns")


def test_a_table_made_by_a_job_of_its_own_is_found() -> None:
    maker = (
        'from pyspark.sql import SparkSession\n\nsqls = {}\nsqls["crew"] = """' + DDL + '"""\nspark.sql(sqls["crew"])\n'
    )
    given = submission(REPORT, {**FILES, "crew.py": NO_DDL, "tables.py": maker})
    assert errors(given) == []
    assert verdicts(given, "table-location") == {Verdict.AGREES}


def test_code_of_tests_says_nothing_about_the_pipeline() -> None:
    maker = f'SQL = """{DDL.replace("/tmp/crew", "/tmp/elsewhere").replace("default.crew", "other")}"""\n'
    assert errors(submission(REPORT, {**FILES, "tables.py": maker})) != []
    assert errors(submission(REPORT, {**FILES, "tests/unit/tables.py": maker})) == []


def test_create_table_as_select_fills_its_own_location() -> None:
    columns = JOB[JOB.index("crew (") + 4 : JOB.index("        stored as")]
    job = JOB.replace(columns, "\n")
    job = job.replace("location '/tmp/crew'", "location '/tmp/elsewhere' as select * from seen")
    given = submission(REPORT, {**FILES, "crew.py": job})
    assert verdicts(given, "table-location") == {Verdict.AGREES}


def test_a_stream_that_never_gets_a_table_is_a_warning_for_the_whole_report() -> None:
    given = submission(REPORT.replace("select count(*) from crew;", "show tables;"), {**FILES, "crew.py": NO_DDL})
    (one,) = [each for each in found(given, sinks.check) if each.is_warning]
    assert (one.check, one.line, one.block) == ("stream-without-table", 1, None)
    assert one.actual == "/tmp/crew"


def test_a_stream_that_pyspark_reads_again_is_no_warning() -> None:
    report = REPORT.replace("select count(*) from crew;", "show tables;")
    report += '\n```\n>>> spark.read.parquet("/tmp/crew").show()\n```\n'
    assert [
        message for message in warnings(submission(report, {**FILES, "crew.py": NO_DDL})) if "/tmp/crew" in message
    ] == []


def test_a_query_of_a_table_that_nothing_makes_is_a_warning() -> None:
    given = submission(REPORT.replace("from crew;", "from crews;"))
    assert errors(given) == []
    assert any("crews" in message for message in warnings(given))


@pytest.mark.parametrize(
    "query",
    [
        "with few as (select * from crew limit 2) select * from few;",
        "select * from (select sailor from crew) as t join hive.default.crew c on c.sailor = t.sailor;",
        "select extract(year from cast(timestamp as timestamp)) from crew;",
        "describe crew;",
        'select "host" from "crew";',
        "select * from information_schema.tables;",
    ],
)
def test_queries_name_their_tables_in_many_ways(query: str) -> None:
    given = submission(REPORT.replace("select count(*) from crew;", query))
    assert [message for message in warnings(given) if "nothing in the submission" in message] == []


def test_a_batch_that_is_written_as_a_stream_is_an_error_and_the_other_way_round() -> None:
    assert any("AnalysisException" in each for each in _with_job(JOB.replace("readStream", "read")))
    batch = JOB.replace("crew.writeStream.format", "crew.write.format").replace(
        ".start().awaitTermination()", ".save()"
    )
    assert any(
        "AnalysisException" in each for each in _with_job(batch.replace('.trigger(processingTime="15 seconds")', ""))
    )


def test_one_job_with_several_sinks_has_each_frame_of_its_own() -> None:
    more = JOB.replace(
        'if __name__ == "__main__":',
        'def other(spark):\n    raw = spark.read.format("kafka").load()\n'
        '    raw.write.mode("overwrite").parquet("/tmp/raw")\n\n\n'
        'if __name__ == "__main__":',
    )
    assert _with_job(more) == []


def test_a_job_by_another_that_was_not_handed_in_leaves_the_locations_open() -> None:
    job = JOB.replace("location '/tmp/crew'", "location '/tmp/crews'")
    report = REPORT + "\n```\ndocker-compose exec spark spark-submit /somewhere/else.py\n```\n"
    assert [each for each in _with_job(job, report) if "nothing writes" in each] == []


BATCH = """\
import json
from pyspark.sql import Row, SparkSession

spark = SparkSession.builder.enableHiveSupport().getOrCreate()
raw = spark.read.format("kafka").option("subscribe", "harbour").load()
crew = raw.rdd.map(lambda r: Row(timestamp=r.timestamp, **json.loads(r.value))).toDF()
crew.show()
crew.write.mode("overwrite").parquet("/tmp/crew")
spark.sql("create external table crew (@) stored as parquet location '/tmp/crew'")
"""
RULE = "+----+----------+------+"
TABLE = f"\n```\n{RULE}\n|Host|event_type|sailor|\n{RULE}\n{RULE}\n```\n"


@pytest.mark.parametrize(
    ("columns", "verdict"),
    [
        ("Host string, event_type string, sailor string", Verdict.AGREES),
        ("event_type string, Host string, sailor string", Verdict.DISAGREES),
    ],
)
def test_the_columns_of_a_batch_are_those_of_the_table_that_it_prints(columns: str, verdict: Verdict) -> None:
    job = BATCH.replace("@", columns)
    report = REPORT.replace("/w205/harbour/crew.py\n", f"/w205/harbour/crew.py\n```\n{TABLE}\n```\n")
    assert verdicts(submission(report, {**FILES, "crew.py": job}), "table-columns") == {verdict}
    silent = job.replace("crew.show()\n", "")
    assert verdicts(submission(report, {**FILES, "crew.py": silent}), "table-columns") == set()


def test_jobs_that_import_a_sibling_write_where_nobody_can_tell() -> None:
    shared = """\
from pyspark.sql import SparkSession


def run(name, keep):
    raw = SparkSession.builder.getOrCreate().readStream.format("kafka").option("subscribe", "harbour").load()
    sink = raw.filter(keep(raw.value)).writeStream.format("parquet") \\
        .option("path", "/tmp/{}".format(name)).option("checkpointLocation", "/tmp/checks_{}".format(name)).start()
    sink.awaitTermination()
"""
    head = "from pyspark.sql.functions import udf\n\nfrom shared import run\n\n"
    job = f'{head}run("crew", udf(lambda value: True, "boolean"))\n'
    files = {**FILES, "crew.py": job, "shared.py": shared, "tables.hql": DDL}
    given = submission(f"{REPORT}\n```\ndocker-compose exec spark hive -f /w205/harbour/tables.hql\n```\n", files)
    assert errors(given) == []
    assert warnings(given) == []
    assert verdicts(given, "table-location") == {Verdict.NOT_CHECKED}


def test_one_job_may_fill_several_tables_by_constants() -> None:
    job = """\
from pyspark.sql import SparkSession

HOME = "/tmp"
CREW, CARGO = "crew", "cargo"
CREW_HOME = f"{HOME}/crew"
CARGO_HOME = f"{HOME}/cargo"
spark = SparkSession.builder.enableHiveSupport().getOrCreate()
raw = spark.readStream.format("kafka").option("subscribe", "harbour").load()
for name, home in (("crew", CREW_HOME), ("cargo", CARGO_HOME)):
    spark.sql(f"create external table {name} (value string) stored as parquet location '{home}'")
first = raw.select("value").writeStream.format("parquet").option("checkpointLocation", "/tmp/c1").start(CREW_HOME)
second = raw.select("value").writeStream.format("parquet").option("checkpointLocation", "/tmp/c2").start(CARGO_HOME)
spark.streams.awaitAnyTermination()
"""
    assert _with_job(job) == []


def test_a_stream_that_cannot_start_wants_no_table() -> None:
    job = """from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
raw = spark.READ.format("kafka").option("subscribe", "events").load()
sink = WRITTEN.writeStream.format("parquet").option("path", "/tmp/lamps").start()
"""
    report = fences("docker-compose exec spark spark-submit /w205/lamps.py")
    for read, written, wanted in (("readStream", "raw", 1), ("read", "raw", 0), ("readStream", "lamps", 0)):
        found = run(sinks.check, report, lamps__py=job.replace("READ", read).replace("WRITTEN", written))
        assert sum(each.check == "stream-without-table" for each in found) == wanted, (read, written)
