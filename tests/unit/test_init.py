"""A new assignment: the small one, and the steps of somebody's report."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from pathlib import Path

import original
import pytest
from click.testing import CliRunner

from harness.cli import cli
from harness.errors import EnvironmentFault, UsageError
from harness.grade.rubric import load_rubric
from harness.grade.submission import load
from harness.init import folder
from harness.init.report_steps import steps
from harness.settings import resolve

REPORT = """# The pipeline

First the cluster comes up, with all its services:

```
docker-compose up -d
docker-compose ps
```

## The API

It is a Flask app that logs to Kafka.

```
docker-compose exec mids env FLASK_APP=/w205/kim/api.py flask run --host 0.0.0.0
cat api.py
docker-compose exec mids kafkacat -C -b kafka:29092 -t events -o beginning
git status
```

## Load and a stream

Now a stream, and load in another terminal while it runs.

```
docker-compose exec spark spark-submit /w205/kim/stream.py
while true; do docker-compose exec mids \\
  ab -n 10 http://localhost:5000/; sleep 10; done
docker-compose exec cloudera hadoop fs -ls /tmp/swords
```

## Queries

```
docker-compose exec presto presto --server presto:8080 --catalog hive --schema default
presto:default> select count(*) from swords;
 _col0
-------
    20
(1 row)
```

```
docker-compose down
```
"""

STREAM = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
events = spark.readStream.format("kafka").option("subscribe", "events").load()
swords = events.filter("true")
sink = swords.writeStream.format("parquet").option("checkpointLocation", "/tmp/checkpoints") \\
    .option("path", "/tmp/swords").trigger(processingTime="10 seconds").start()
sink.awaitTermination()
"""


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    made = tmp_path / "kim"
    made.mkdir()
    for name, text in {"README.md": REPORT, "stream.py": STREAM, "api.py": "app = 1\n"}.items():
        (made / name).write_text(text)
    return made


def written(files: dict[str, str]) -> str:
    return "\n".join(files.values())


# The starter


def test_the_starter_is_a_whole_project_of_its_folders_name(tmp_path: Path) -> None:
    files = folder.starter("My Visits!")
    folder.write(tmp_path / "new", files)
    project = tomllib.loads(files["pyproject.toml"].decode())["project"]
    assert project["name"] == "my-visits"
    assert project["dependencies"][0].startswith(f"pipeline-harness>={folder.release()},")
    assert {".gitignore", ".github/workflows/pipeline.yml", "README.md", "rubric.yaml"} <= files.keys()
    assert resolve(project=tmp_path / "new").app == "app/visits_api.py"
    assert (tmp_path / "new" / "app" / "visits_api.py").is_file()
    assert load_rubric(str(tmp_path / "new" / "rubric.yaml")).points == 4
    assert not any("the-project" in data.decode() for data in files.values())


def test_a_folder_that_holds_something_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not empty") as caught:
        folder.write(tmp_path, {"a": b"b"})
    assert "mine.txt" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(UsageError, match="is a file"):
        folder.write(tmp_path / "mine.txt", {})


def test_a_new_repository_is_empty_enough(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    folder.write(tmp_path, {"a/b": b"c"})
    assert (tmp_path / "a" / "b").read_bytes() == b"c"


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault):
        folder.write(tmp_path / "new", {"a": b"b", "a/b": b"c"})
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_names_the_files_and_writes_none(tmp_path: Path) -> None:
    said = CliRunner().invoke(cli, ["init", str(tmp_path / "new"), "--dry-run"], standalone_mode=False)
    assert "would write" in said.output
    assert list(tmp_path.iterdir()) == []


# From a report


def test_what_several_terminals_did_is_one_program(submission: Path) -> None:
    text = written(steps(load(submission), "kim"))
    expected = """
    run.up()
    run.ps()
    run.background("mids", "env FLASK_APP=/w205/kim/api.py flask run", serves="api")
    run.look("api")
    run("mids", "cat /w205/kim/api.py")
    run("mids", "kafkacat -e -C -b kafka:29092 -t events -o beginning")
    # line 18, left out: is about the author's own machine: git status
    stream_1 = run.background("spark", "spark-submit /w205/kim/stream.py")
    run.wait("it has begun", lambda: run.cluster.exec("cloudera", "hadoop fs -test -e /tmp/checkpoints/sources/0/0")
    for _ in range(3):
        run("mids", "ab -n 10 http://localhost:5000/")
    run.wait("what it writes", lambda: run.cluster.exec("cloudera", "hadoop fs -test -e /tmp/swords/_spark_metadata/0")
    run("cloudera", "hadoop fs -ls /tmp/swords")
    """
    at = 0
    for line in filter(None, map(str.strip, expected.splitlines())):
        assert line in text[at:], line
        at = text.index(line, at)
    assert """--execute "select count(*) from swords\"'""" in text
    assert "docker" not in text.replace("docker-compose down", "")


def test_each_part_of_the_report_is_a_step_that_needs_the_one_before(submission: Path) -> None:
    files = steps(load(submission), "kim")
    assert list(files) == [
        "test_01_the_pipeline.py",
        "test_02_the_api.py",
        "test_03_load_and_a_stream.py",
        "test_04_queries.py",
    ]
    assert "def test_the_api(run: Run, the_pipeline: StepRecord)" in files["test_02_the_api.py"]
    assert "It is a Flask app that logs to Kafka." in str(
        ast.get_docstring(ast.parse(files["test_02_the_api.py"]).body[1])
    )  # type: ignore[arg-type]


def test_the_files_stand_where_the_commands_look_for_them(submission: Path, tmp_path: Path) -> None:
    files, _ = folder.from_submission(submission)
    assert {"kim/stream.py", "kim/api.py", "kim/README.md", "pyproject.toml", ".gitignore"} <= files.keys()
    table = tomllib.loads(files["pyproject.toml"].decode())["tool"]["harness"]
    assert (table["title"], table["course"], table["assignment"]) == ("The pipeline", 2018, "assignment")


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    evil = 'x"""\n__import__("os").system("touch /tmp/evil")\n"""\\'
    report = (
        f"# {evil}\n\nSome words that {evil} tell \x1b[31m of it, and more.\n\n```\n$ docker-compose exec mids "
        "echo '\"\"\"'; echo \"$(id)\" '\\''x'\n```\n"
    )
    (tmp_path / "README.md").write_text(report)
    files = steps(load(tmp_path), "evil")
    assert files
    for text in files.values():
        calls = {
            node.func.attr
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
        assert calls <= {"up"}
        assert "__import__" not in names
        assert "\x1b" not in text


def test_a_report_without_commands_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Only words\n\nNothing was run.\n")
    said = CliRunner().invoke(cli, ["init", str(tmp_path / "new"), "--from", str(tmp_path)], standalone_mode=False)
    assert said.exception
    assert "no command" in str(said.exception)
    assert not (tmp_path / "new").exists()


def test_the_originals_report_becomes_steps(tmp_path: Path) -> None:
    files, _ = folder.from_submission(original.submission(tmp_path))
    texts = [data.decode() for name, data in files.items() if name.startswith("assignment/")]
    assert len(texts) > 15
    for text in texts:
        ast.parse(text)
    assert sum("serves=" in text for text in texts) == 1


def test_of_two_streams_to_one_folder_the_first_is_ended_in_its_step(submission: Path) -> None:
    again = "\n## Another way\n\n```\ndocker-compose exec spark spark-submit /w205/kim/other.py\n```\n"
    (submission / "other.py").write_text(STREAM)
    (submission / "README.md").write_text(REPORT.replace("\n## Queries", f"{again}\n## Queries"))
    files = steps(load(submission), "kim")
    assert "run.stop(stream_1)" in files["test_03_load_and_a_stream.py"]
    other = files["test_04_another_way.py"]
    assert other.index("-rm -r -f -skipTrash /tmp/checkpoints /tmp/swords") < other.index("stream_2 = run.background")
    assert other.count("for _ in range(3):") == 1  # the load goes on


def test_a_script_of_load_runs_in_its_service_for_a_while(submission: Path) -> None:
    (submission / "load.sh").write_text(
        "while true; do\n  sudo docker-compose exec -T mids ab -n 1 http://localhost:5000/\ndone\n"
    )
    (submission / "README.md").write_text(REPORT.replace("git status", "./load.sh"))
    text = written(steps(load(submission), "kim"))
    line = next(line for line in text.splitlines() if "load.sh" in line)
    typed = ast.literal_eval(line.strip().removeprefix("run"))
    assert typed[0] == "mids"
    script = typed[1].replace("/w205/kim", str(submission)).replace("timeout 10 bash || test $? = 124", "cat")
    said = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["while true; do", "  ab -n 1 http://localhost:5000/", "done"]


def test_a_title_of_any_character_is_one_in_toml(submission: Path) -> None:
    (submission / "README.md").write_text(REPORT.replace("# The pipeline", '# The "pipeline" \\ \U0001f680', 1))
    files, _ = folder.from_submission(submission)
    assert tomllib.loads(files["pyproject.toml"].decode())["tool"]["harness"]["title"] == 'The "pipeline" \\ \U0001f680'
