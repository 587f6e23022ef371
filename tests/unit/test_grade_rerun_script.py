"""What a rerun types, and how long each of it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from confinement import submission

from harness.grade.rerun.own_steps import started_first
from harness.grade.rerun.script import script, typed_first
from harness.grade.rerun.units import Unit, Way
from harness.grade.submission import load
from harness.readme.plan import plan
from harness.readme.typed import Loop, Typed

MIDS = "docker-compose exec mids "
STREAM = "query = events.writeStream.format('parquet').option('path', '/tmp/a').start()\n"
LOAD = "#!/bin/bash\nwhile true; do\n  docker-compose exec mids ab -n 2 http://localhost:5000/\n  sleep 5\ndone\n"
ROUNDS = "for i in 1 2 3\ndo\n  docker-compose exec mids ab -n 2 http://localhost:5000/\ndone\n"


def units(folder: Path, *commands: str, **files: str) -> list[Unit]:
    """Give the script of a report with these commands, each in a fence of its own."""
    return script(submission(folder, *commands, **files))


@pytest.mark.parametrize(
    ("command", "way", "loop"),
    [
        ("docker-compose up -d", Way.RUN, Loop.NONE),
        (f"{MIDS}env FLASK_APP=/w205/a/app.py flask run --host 0.0.0.0", Way.SERVE, Loop.NONE),
        (f"{MIDS}env FLASK_APP=/w205/a/app.py python3 -m flask run", Way.SERVE, Loop.NONE),
        (f"{MIDS}python -u -m uvicorn app:app", Way.SERVE, Loop.NONE),
        (f"{MIDS}uvicorn app:app", Way.SERVE, Loop.NONE),
        (f"{MIDS}gunicorn -b 0.0.0.0:5000 app:app", Way.SERVE, Loop.NONE),
        (f"{MIDS}python -m pip install flask", Way.RUN, Loop.NONE),
        (f"{MIDS}kafkacat -C -b kafka:29092 -t events -o beginning", Way.FOLLOW, Loop.NONE),
        (f"{MIDS}kafkacat -C -b kafka:29092 -t events -o beginning -e", Way.RUN, Loop.NONE),
        (f"{MIDS}bash -c 'kafkacat -C -b kafka:29092 -t events -e | wc -l'", Way.RUN, Loop.NONE),
        ("docker-compose logs -f kafka", Way.FOLLOW, Loop.NONE),
        ("docker-compose logs kafka | grep -i started", Way.RUN, Loop.NONE),
        ("docker-compose exec spark spark-submit /w205/a/stream.py", Way.STREAM, Loop.NONE),
        ("docker-compose exec spark spark-submit /w205/a/batch.py", Way.RUN, Loop.NONE),
        (f"while true; do {MIDS}ab -n 10 http://localhost:5000/; sleep 10; done", Way.LOOP, Loop.ENDLESS),
        (f"for i in 1 2; do {MIDS}ab -n 10 http://localhost:5000/; sleep 1; done", Way.LOOP, Loop.FINITE),
        (f"for i in 1 2; do {MIDS}ab -n 10 http://localhost:5000/; done", Way.RUN, Loop.FINITE),
        ("bash load.sh", Way.LOOP, Loop.ENDLESS),
        ("./load.sh", Way.LOOP, Loop.ENDLESS),
        ("bash rounds.sh", Way.LOOP, Loop.FINITE),
        ("chmod +x load.sh", Way.RUN, Loop.NONE),
        ("cat load.sh", Way.RUN, Loop.NONE),
        ("git clone https://example.org/x.git", Way.LEAVE, Loop.NONE),
    ],
)
def test_how_long_a_command_goes_on(tmp_path: Path, command: str, way: Way, loop: Loop) -> None:
    files = {"stream__py": STREAM, "batch__py": "print(1)\n", "load__sh": LOAD, "rounds__sh": ROUNDS}
    (unit,) = units(tmp_path, command, **files)
    assert (unit.way, unit.typed.loop) == (way, loop)
    assert unit.text == command


@pytest.mark.parametrize(
    ("command", "asks"),
    [
        ("docker-compose up -d", ("up",)),
        ("docker-compose -f down.yml --verbose up -d", ("up",)),
        ("sudo docker compose -p kim down", ("down",)),
        ("docker-compose stop && docker-compose rm -f", ("stop", "rm")),
        ("docker stop $(docker ps -q)", ("stop",)),
        ("sh teardown.sh", ("down",)),
        ("cat teardown.sh", ()),
        ("docker-compose exec mids rm -r down", ()),
        ("docker-compose ps", ()),
    ],
)
def test_what_a_command_asks_of_the_cluster(tmp_path: Path, command: str, asks: tuple[str, ...]) -> None:
    (unit,) = units(tmp_path, command, teardown__sh="# docker-compose up\ndocker-compose -f a.yml down\n")
    assert tuple(unit.asks) == asks


@pytest.mark.parametrize(
    ("command", "port"),
    [
        (f"{MIDS}flask run", 5000),
        (f"{MIDS}flask run -p 5001", 5001),
        (f"{MIDS}gunicorn app:app", 8000),
        (f"{MIDS}gunicorn --bind 0.0.0.0:5002 app:app", 5002),
        (f"{MIDS}python -m http.server 5003", 5003),
    ],
)
def test_where_a_server_answers(tmp_path: Path, command: str, port: int) -> None:
    (unit,) = units(tmp_path, command)
    assert unit.port == port


def test_queries_are_typed_at_the_client_that_was_opened(tmp_path: Path) -> None:
    opened = "docker-compose exec presto presto --server presto:8080 --catalog hive --schema other"
    found = units(tmp_path, opened, "show tables;", "select count(*) from purchases;")
    assert [unit.way for unit in found] == [Way.OPEN, Way.FEED, Way.FEED]
    assert {unit.opener for unit in found[1:]} == {opened}
    assert all(unit.reads for unit in found[1:])


def test_what_is_typed_at_a_shell_of_a_service_goes_there_with_what_was_set_before(tmp_path: Path) -> None:
    found = units(tmp_path, f"{MIDS}bash", "cd /w205/a", "ls -l | wc -l", "docker-compose ps")
    assert [unit.way for unit in found] == [Way.OPEN, Way.FEED, Way.FEED, Way.RUN]
    assert found[2].text == "cd /w205/a\nls -l | wc -l"


def test_what_the_readme_starts_before_a_notebook_of_queries_is_in_the_plan(tmp_path: Path) -> None:
    submission(tmp_path, "docker-compose up -d", f"{MIDS}flask run", "docker-compose exec presto presto")
    cell = (
        '{"cell_type": "code", "source": ["!docker-compose exec mids ab -n 1 http://localhost:5000/"], "outputs": []}'
    )
    (tmp_path / "report.ipynb").write_text(f'{{"cells": [{cell}], "metadata": {{}}, "nbformat": 4}}')
    given = load(tmp_path, "report.ipynb")
    rows = [line.split() for line in plan(given.reading, typed_first(given)).splitlines()]
    assert rows[1:3] == [["1", "host", "docker-compose", "up", "-d"], ["2", "mids", "flask", "run"]]


def test_a_whole_loop_is_typed_at_once(tmp_path: Path) -> None:
    loop = f"while true; do\n  {MIDS}ab -n 1 http://localhost:5000/\n  {MIDS}ab -n 2 http://localhost:5000/b\ndone"
    (unit,) = units(tmp_path, loop)
    assert unit.text == loop
    assert unit.is_endless
    assert unit.typed.service == "mids"


def test_our_own_report_is_typed_in_its_services_with_streams_first() -> None:
    found = script(load(Path(__file__).parents[2] / "reports" / "sample" / "README.md"))
    texts = [unit.text for unit in found]
    stream = texts.index("spark-submit jobs/filter_swords_stream.py")
    batch = texts.index("spark-submit jobs/filter_swords_batch.py")
    assert found[batch + 1 :].index(found[stream]) == 0
    assert found[stream].typed_as.startswith('docker-compose exec -T -w "$PWD" spark bash -c ')
    flask = [unit.way for unit in found if unit.text == "env FLASK_APP=app/game_api.py flask run"]
    assert flask == [Way.SERVE, *[Way.LOOK] * (len(flask) - 1)]
    assert {unit.way for unit in found if unit.typed.service == "harness"} == {Way.LEAVE}


def test_what_one_step_of_ours_starts_and_shows_again_is_typed_once() -> None:
    served = Typed("flask run", 1, "shell", "mids", "flask run")
    step = [Unit("flask run", served, 1, Way.SERVE), Unit("ab -n 1 x/", served, 2, Way.RUN)]
    found = started_first([*step, Unit("flask run", served, 3, Way.SERVE)], [])
    assert [unit.way for unit in found] == [Way.SERVE, Way.RUN, Way.LOOK]
    assert [unit.way for unit in started_first(step, found)] == [Way.LOOK, Way.RUN]
