"""A submission that makes a command of the course anew is seen by a person."""

from __future__ import annotations

import time

import pytest
from graded import fences, submission

from harness.grade import human
from harness.grade.redefined import redefined
from harness.grade.rerun.ways import Ways
from harness.outputs.shell import Program

CANNED = "docker-compose() { cat canned.txt; }"


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (CANNED, ["docker-compose"]),
        ("cd /w205; function presto { cat canned.txt; }", ["presto"]),
        ("alias spark-submit='cat canned.txt'", ["spark-submit"]),
        ("alias a=b docker=cat", ["docker"]),
        ("cp fake bin/kafkacat && chmod +x bin/kafkacat", ["kafkacat"]),
        ("echo 'cat canned.txt' > ~/bin/ab", ["ab"]),
        ("ln -s /bin/cat ./hive", ["hive"]),
        ("hash -p /tmp/x curl", ["curl"]),
        ("docker-compose exec mids ab -n 10 http://localhost:5000/", []),
        ("alias dc=docker-compose", []),
        ("docker-compose exec cloudera hadoop fs -cp /tmp/a /tmp/hive", []),
        ("mv docker-compose.yml old && cp a/docker-compose.yml .", []),
        ("docker-compose exec mids curl http://localhost:5000/ > curl.txt", []),
        ("docker-compose ps | tee ps.txt", []),
        ("which ab curl; cat ab", []),
    ],
)
def test_what_is_typed(command: str, names: list[str]) -> None:
    given = submission(fences(f"$ {command}"))
    assert [each.text for each in redefined(given)] == names


def test_files_and_scripts_with_their_lines() -> None:
    files = {"bin/presto": "#!/bin/sh\ncat canned.txt\n", "load.sh": f"# load\n{CANNED}\n", "notes.md": CANNED}
    given = submission(fences("docker-compose up -d"), **files)
    assert [(each.file, each.line, each.text) for each in redefined(given)] == [
        ("bin/presto", 1, "presto"),
        ("load.sh", 2, "docker-compose"),
    ]


def test_a_person_looks() -> None:
    said = list(human.reasons(submission(fences("$ ls", f"$ {CANNED}")), [], None))
    assert "the submission makes a command docker-compose of its own (line 6): what it prints may be made up" in said


@pytest.mark.parametrize("many", ["cp ", "alias a ", "docker -a ", "\n", "> ", "function "])
def test_long_texts_take_no_long_time(many: str) -> None:
    files = {"a.sh": many * 20_000, "b.sh": many.strip() * 20_000}
    given = submission(fences("$ ls"), **files)
    began = time.process_time()
    assert list(redefined(given)) == []
    assert not any(map(Ways(files).asks, files.values(), [[Program("sh", (), True)]] * 2))
    assert time.process_time() - began < 2
