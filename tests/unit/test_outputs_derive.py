"""Which parser reads a command's output, and that no output can break any of them."""

from __future__ import annotations

import json
import random

import pytest

from harness.outputs import derive

PROGRAMS = {
    "ab -n 1 http://localhost:5000/": "ab",
    "kafkacat -C -b kafka:29092 -t events": "json_lines",
    "flask run": "access_log",
    "spark-submit job.py": "spark",
    "hadoop fs -ls /tmp": "hdfs_ls",
    "presto --server presto:8080": "presto",
    "presto --execute 'show tables'": "presto",
    "presto --output-format TSV --execute 'show tables'": "presto",
    "kafka-topics --list": "kafka_topics",
    "curl -i http://localhost:5000/": "curl",
    "curl http://localhost:5000/": "curl",
    "hive -e 'show tables'": "hive",
    "docker compose ps": "ps",
    "cat game_api.py": "file",
}


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        *PROGRAMS.items(),
        ("env FLASK_APP=game_api.py flask run --host 0.0.0.0", "access_log"),
        ("FLASK_APP=game_api.py /usr/bin/flask run", "access_log"),
        ("timeout 10 kcat -C -t events", "json_lines"),
        ("/opt/kafka/bin/kafka-topics.sh --list", "kafka_topics"),
        ("hdfs dfs -ls /tmp", "hdfs_ls"),
        ("pyspark < job.py", "spark"),
        ("hadoop fs -ls /tmp 2>/dev/null", "hdfs_ls"),
        ("docker-compose exec -T mids env A=b kafkacat -C -t events", "json_lines"),
        ("docker compose -f x.yml exec -e A=b spark spark-submit job.py", "spark"),
        ("docker-compose -f x.yml ps", "ps"),
        ("cd /w205 && spark-submit job.py 2>&1 | tee job.log", "spark"),
        ("echo 'show tables;' | presto --server presto:8080", "presto"),
        ("presto --server presto:8080 <<'EOF'\nselect 'it is' as \"x;\nEOF\n", "presto"),
        ("hadoop fs -ls /tmp; hadoop fs -ls /tmp/purchases", "hdfs_ls"),
        ("bash -lc 'cd /w205 && spark-submit job.py'", "spark"),
        ("kill $(cat api.pid); curl http://localhost:5000/", "curl"),
        ("ab -n 10 \\\n  -H 'Host: a' \\\n  http://localhost:5000/", "ab"),
        ("while true; do\n  ab -n 10 http://localhost/\n  sleep 10\ndone", "ab"),
        ("for i in 1 2 3; do docker-compose exec mids ab -n 10 http://localhost/; done", "ab"),
        ("sh -c 'ab -n 10 http://localhost/; curl http://localhost/'", "ab"),
        ("while true; do ab -n 10 http://localhost/ > /dev/null; sleep 1; done", "ab"),
    ],
)
def test_the_program_that_printed_decides_the_kind(command: str, kind: str) -> None:
    assert derive(command, "", "")["kind"] == kind


@pytest.mark.parametrize(
    "command",
    [
        "",
        "   ",
        "sha256sum game_api.py",
        "wc -c game_api.py",
        "while true; do curl http://localhost:5000/; sleep 1; done",
        "for f in *.py; do cat $f; done",
        "kafkacat -C -t events | wc -l",
        "hadoop fs -ls /tmp | grep purchases",
        "curl http://localhost/ > page.html",
        "curl http://localhost/; curl http://localhost/x",
        "cat game_api.py; hadoop fs -ls /tmp",
        "echo 'unclosed",
        "docker ps",
        "docker-compose up -d",
        "harness down",
        "apt-get install ab",
        "cat " + "x" * 20_000,
        'sh -c "sh -c \'sh -c \\"sh -c ab\\"\'"',
    ],
)
def test_a_command_that_is_not_known_has_no_facts(command: str) -> None:
    assert derive(command, "text\n", "") == {}


MEGABYTE = 1_000_000
MANY = 30_000
HOSTILE = {
    "one long line": "x" * MEGABYTE,
    "long json": '{"event_type": "' + "x" * MEGABYTE + '"}',
    "braces": '{"a":' * MANY,
    "line ends": "\n" * MANY,
    "carriage returns": "\r" * MANY,
    "spaces": " " * MEGABYTE,
    "open escapes": "\x1b[" * MEGABYTE,
    "escape without end": "\x1b[" + "1;" * MEGABYTE,
    "titles without end": "\x1b]0;" * MEGABYTE,
    "control bytes": "".join(map(chr, range(0xA0))) * 100,
    "lone surrogates": "\ud800\udfff" * 1000,
    "surrogates in json": '{"event_type": "\\ud800", "\\udfff": 1}',
    "a rule of a megabyte": "-+" * MEGABYTE + "-",
    "wide rule, many rows": "a\n" + "-+" * MANY + "-\n" + "x\n" * MANY,
    "wide rule, one row": "a\n" + "-+" * MANY + "-\n" + "x\n" * MANY + "(1 row)\n",
    "wide rule, wide header": "|" * MANY + "\n" + "-+" * MANY + "-\n" + "|" * MANY,
    "rules after rules": "---\n" * MANY,
    "borders after borders": "+-+\n" * MANY,
    "border, open rows": "+-+-+\n|a|b|\n+-+-+\n" + "|x\n" * MANY,
    "wide border": "\n".join(["+" + "-+" * MANY, "|" * (MANY + 1), "+" + "-+" * MANY]) + "\n|" * MANY,
    "deep schema": "root\n" + "".join(f"{'|' * n}|-- {'n' * 300}: string (x)\n" for n in range(500)),
    "odd schema": "root\n|-- \n|--\n ||||-- a\n|-- : (\n",
    "heads after heads": "HTTP/1.1 100 Continue\n\n" * MANY,
    "headers without end": "HTTP/1.1 200 OK\n" + "a: b\n" * MANY,
    "open quotes": '"' * (MEGABYTE + 1),
    "quoted lines": '"a\n' * MANY,
    "log lines cut": '1 - - [x] "' * MANY,
    "log quotes": '1 - - [x] "' + '" ' * MEGABYTE,
    "fields": "Complete requests: 1\n" * MANY,
    "huge numbers": f"Found {'9' * MEGABYTE} items\nBatch: {'9' * MEGABYTE}\n({'9' * MEGABYTE} rows)\n",
    "services": "SERVICE  STATE\n" + "a\n" * MANY,
    "wrapped names": "Name  State\na  Up\n" + "b\n" * MANY,
    "mixed ends": "a\r\n\x85b\u2028c\x0bd\x0ce\x00",
}


@pytest.mark.parametrize("command", PROGRAMS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_output_gives_facts_that_any_record_can_hold(command: str, name: str) -> None:
    text = HOSTILE[name]
    facts = derive(command, text, text[:1000])
    stored = json.dumps(facts, ensure_ascii=False, allow_nan=False).encode()
    assert json.loads(stored) == facts
    assert len(stored) < 5 * MEGABYTE


def test_any_mixture_of_fragments_gives_the_same_facts_twice() -> None:
    dice = random.Random(12)
    fragments = [
        *("\n", "\r", " ", "|", "+", "-", "---", '"', ",", "\t", "{", "}", "\x1b[1m", "\x9b", "é", "日", "\ud800"),
        *("+--+--+\n", "|a |b |\n", "---+---\n", " a | b\n", "(2 rows)\n", "(1 row)\n", "presto> ", "Query 2"),
        *("root\n", " |-- a: b (c)\n", " |    |-- d: e (f)\n", "Batch: 1\n", "-----\n", "n: 1\n"),
        *('{"event_type": "x"}\n', "% x\n", "HTTP/1.1 200 OK\n", "Content-Type: x\n", "SERVICE  STATE\n"),
        *("Found 2 items\n", "drwxr-xr-x - a b 0 2026-11-24 08:59 /x\n", "PartitionCount: 1"),
        *('1 - - [x] "GET / HTTP/1.0" 200 -\n', "Complete requests: 1\n", "Document Length: 1 bytes\n"),
    ]
    for _ in range(500):
        text = "".join(dice.choices(fragments, k=dice.randrange(1, 25)))
        for command in PROGRAMS:
            facts = derive(command, text, text)
            assert json.loads(json.dumps(facts, allow_nan=False)) == facts == derive(command, text, text)


def test_any_mixture_of_shell_words_is_read_without_harm() -> None:
    dice = random.Random(13)
    words = [
        *("ab", "curl", "env", "a=b", "sh", "-c", "docker", "exec", "tee", "while", "do", "done", "-", "1", "$x", "#"),
        *(";", "|", "&&", "(", ")", "$(", ">", "2>&1", "<<", "<<EOF", "EOF", "\n", "'", '"', "\\"),
    ]
    for _ in range(2000):
        derive(" ".join(dice.choices(words, k=dice.randrange(1, 12))), "Complete requests: 1\n", "")
