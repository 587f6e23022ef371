"""A class: it goes on after a kill, a fault of the cluster is ours and no zero, and the same input gives the same."""

from __future__ import annotations

import json
import os
import re
import signal
import tempfile
from pathlib import Path

import pytest
from machine import HARNESS, harness, nothing_left, server, started

from harness.grade.grade_class import Order, grade_class
from harness.grade.rerun.leftovers import PREFIX
from harness.grade.rerun.limits import Limits
from harness.grade.rubric import load_rubric

REPORT = """\
# Events of student {number}

I bring the cluster up and make a topic:

```
docker-compose up -d
docker-compose exec kafka kafka-topics --create --topic events{number} --zookeeper zookeeper:32181
```

Then I send {number} events and read them again:

```
seq {number} | docker-compose exec -T mids kafkacat -P -b kafka:29092 -t events{number}
docker-compose exec mids bash -c "kafkacat -C -b kafka:29092 -t events{number} -o beginning -e | wc -l"
```

```
{number}
```

```
docker-compose down
```
"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A class has `--students`; in the short form of the tests there is none that needs a cluster."""
    if "count" in metafunc.fixturenames:
        count = metafunc.config.getoption("students")
        metafunc.parametrize("count", [count] if count else [])


def write_class(folder: Path, count: int) -> Path:
    """Write a class of small submissions."""
    for number in range(1, count + 1):
        (folder / f"student-{number:02}").mkdir(parents=True)
        (folder / f"student-{number:02}" / "README.md").write_text(REPORT.format(number=number))
    return folder


def results(out: Path) -> dict[str, dict[str, object]]:
    """Give what is there of each submission."""
    return {file.parent.name: json.loads(file.read_text()) for file in sorted(out.glob("student-*/result.json"))}


def test_a_class_goes_on_after_a_kill_and_after_a_fault_of_the_cluster(
    count: int, toolchain: None, tmp_path: Path
) -> None:
    students = write_class(tmp_path / "class", count)
    out = tmp_path / "out"
    words = ["grade", students, "--rubric", "2018", "--out", out]
    with started(tmp_path / "first.log", HARNESS, *words) as first:
        first.until(lambda: len(results(out)) >= 4)
        first.process.send_signal(signal.SIGKILL)
        first.process.wait(10)
    nothing_left(within=15)
    before = {name: (out / name / "rerun.json").stat().st_mtime_ns for name in results(out)}
    with started(tmp_path / "second.log", HARNESS, *words) as second:
        second.until(lambda: len(results(out)) >= 9)
        presto = server("presto")
        assert presto is not None
        os.kill(presto.pid, signal.SIGKILL)
        ended = second.end()
    found = results(out)
    assert len(found) == count, ended.output
    assert ended.code in (0, 1), ended.output
    assert {name: (out / name / "rerun.json").stat().st_mtime_ns for name in before} == before
    assert re.search("the cluster (failed, not the submission|is not used again)", ended.output)
    for number in range(1, count + 1):
        rerun = json.loads((out / f"student-{number:02}" / "rerun.json").read_text())
        assert rerun["fault"] is None
        assert rerun["state"]["topics"] == {f"events{number}": number}
    assert {result["state"] for result in found.values()} != {"infrastructure"}
    assert (out / "class.html").exists()
    assert len((out / "class.csv").read_text().splitlines()) == count + 1
    assert not list(Path(tempfile.gettempdir()).glob(f"{PREFIX}-{first.process.pid}-*"))
    assert not list(Path(tempfile.gettempdir()).glob(f"{PREFIX}-{second.process.pid}-*"))
    nothing_left(within=10)
    again = harness(*words, timeout=300)
    assert again.code == ended.code
    assert results(out) == found
    anew = [students / f"student-{number:02}" for number in (1, 2)]
    harness("grade", *anew, "--rubric", "2018", "--out", tmp_path / "anew", timeout=600)
    for folder in anew:
        for name in ("result.json", "student/results.json", "student/classroom.json", "student/junit.xml"):
            assert (tmp_path / "anew" / folder.name / name).read_bytes() == (out / folder.name / name).read_bytes()


def test_the_same_input_gives_the_same_files(tmp_path: Path) -> None:
    paths = sorted(write_class(tmp_path / "class", 2).iterdir())
    files = []
    for number in (1, 2):
        out = tmp_path / f"out-{number}"
        grade_class(Order(paths, load_rubric("2018"), out, Limits(), None))
        files.append({file.relative_to(out): file.read_bytes() for file in out.rglob("*") if file.is_file()})
    assert files[0] == files[1]
