"""A report that nobody of this project wrote: what was typed, what it printed, and which belongs to which."""

from __future__ import annotations

import json
import random
import re
from inspect import cleandoc
from pathlib import Path

import pytest
from work import calls

from harness.errors import UsageError
from harness.readme import SIZE_LIMIT, Block, Kind, ReportError, decoded, read, read_any, read_file
from harness.readme.notebook import flatten
from harness.readme.plan import plan
from harness.readme.sidecar import corrected
from harness.readme.typed import Loop, commands


def blocks_of(text: str, name: str = "README.md") -> list[Block]:
    """Give the blocks that are neither headings nor prose."""
    found = read(cleandoc(text), name).blocks
    return [block for block in found if block.kind not in (Kind.HEADING, Kind.PROSE)]


def seen(blocks: list[Block]) -> list[tuple[str, str, int | None]]:
    return [(str(block.kind), block.form, block.answers) for block in blocks]


LOG = '10.0.0.7 - - [02/Mar/2020 09:00:01] "GET /sell HTTP/1.0" 200 -'
EVENT = '{"Host": "shop.example", "event_type": "sell", "Accept": "*/*", "User-Agent": "ApacheBench/2.3"}'
PRESTO = " n \n---\n 7 \n(1 row)"
SPARK = "+----+\n|name|\n+----+\n|cart|\n+----+"

CONTENTS = {
    "a compose command": ("docker-compose up -d", "command", "shell"),
    "a command of the newer Docker": ("docker compose ps --all", "command", "shell"),
    "a pipeline": ("cat events.json | jq -c . | kafkacat -P -b kafka:29092 -t shop", "command", "shell"),
    "a script": ("./fill.sh", "command", "shell"),
    "two assignments before a command": ("A=1 B=2 python3 run.py", "command", "shell"),
    "an endless loop whose do is a line of its own": ("while :\ndo\n  curl localhost:5000/\ndone", "command", "shell"),
    "a loop until never": ("until false\ndo\n  curl localhost:5000/\ndone", "command", "shell"),
    "an endless loop": ("while true; do\n  curl localhost:5000/\ndone", "command", "shell"),
    "a query at a prompt": ("presto:shop> select 1;", "command", "presto"),
    "a statement without a prompt": ("SELECT host,\n  count(*)\nFROM sales;", "command", "sql"),
    "DDL of Hive": ("hive> create external table a (b string)\n    > location '/a';", "command", "hive"),
    "Python at its prompt": (">>> raw.show()", "command", "python"),
    "Python source": ("import json\n\ndef sell(a):\n    return json.dumps(a)", "listing", "python"),
    "Python with SQL in it": ('spark.sql("drop table a")\nq = """\n  create table a (b int)\n"""', "listing", "python"),
    "a compose file": ("services:\n  kafka:\n    image: a/kafka\n    ports:\n      - '1:1'", "listing", "yaml"),
    "a part of a compose file": ("  redis:\n    image: redis\n    expose:\n      - '6379'", "listing", "yaml"),
    "a script with its first line": ("#!/bin/bash\ndocker-compose down", "listing", "shell"),
    "ab": ("This is ApacheBench, Version 2.3\n\nDocument Path:   /\nComplete requests:  5", "output", "ab"),
    "an access log": (f"{LOG}\n{LOG}", "output", "access_log"),
    "a banner": (' * Serving Flask app "shop"\n * Running on http://0.0.0.0:5000/', "output", "flask"),
    "a banner before a log": (f' * Serving Flask app "shop"\n{LOG}\n{LOG}', "output", "access_log"),
    "events": (f"{EVENT}\n{EVENT}", "output", "json_lines"),
    "a listing of HDFS": ("Found 1 items\ndrwxr-xr-x   - a b  0 2020-03-02 09:00 /tmp/a", "output", "hdfs_ls"),
    "a table of Spark": (SPARK, "output", "spark"),
    "a schema": ("root\n |-- a: string (nullable = true)", "output", "spark"),
    "a result of Presto": (PRESTO, "output", "presto"),
    "a result of Presto with JSON": (f" raw_event | b\n-----------+---\n {EVENT} | 1\n(1 row)", "output", "presto"),
    "services": ("   Name     Command   State   Ports\n-----\nkafka_1   run   Up   9092/tcp", "output", "compose_ps"),
    "containers": ("Creating network a_default\nCreating a_kafka_1 ... done", "output", "compose"),
    "a topic": ("Created topic shop.", "output", "kafka_topics"),
    "a described topic": ("Topic: shop\tPartitionCount: 1\nTopic: shop\tPartition: 0", "output", "kafka_topics"),
    "a response": ("HTTP/1.0 200 OK\nServer: a\n\nSold.", "output", "curl"),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_the_contents_of_a_fence_tell_what_it_is(name: str) -> None:
    text, kind, form = CONTENTS[name]
    for info in ("", "bash", "text"):
        (block,) = read(f"```{info}\n{text}\n```\n").blocks
        assert (str(block.kind), block.form, block.fence) == (kind, form, 1), block.reason
        assert 0.5 < block.confidence < 1
        assert block.reason


ENGLISH = (
    "show the tables to a friend",
    "time to make a cart",
    "find out what happened",
    "Select the best of all",
    "for every user there is a cart",
    "if all goes well, we are done",
    "while the stream runs we wait",
    "This is a cat. It has a head and a tail.",
)


@pytest.mark.parametrize("text", ENGLISH)
def test_a_sentence_is_no_command(text: str) -> None:
    assert [block.kind for block in read(f"{text}\n").blocks] == [Kind.PROSE]
    assert [block.kind for block in read(f"# {text}\n").blocks] == [Kind.HEADING]
    assert Kind.COMMAND not in [block.kind for block in read(f"The output:\n\n```\n{text}\n```\n").blocks]


def test_the_words_before_a_fence_decide_where_its_lines_do_not() -> None:
    for words, kind in (
        ("The output is:", Kind.OUTPUT),
        ("I use the following command:", Kind.COMMAND),
        ("The file contains:", Kind.LISTING),
    ):
        block = read(f"{words}\n\n```\nalpha beta\n```\n").blocks[1]
        assert block.kind is kind
        assert "words before" in block.reason


def test_an_output_answers_the_command_before_it_and_a_monitors_one_the_monitor() -> None:
    found = blocks_of(f"""
        ```
        docker-compose exec mids env FLASK_APP=shop.py flask run
        ```
        ```
        docker-compose exec mids kafkacat -C -b kafka:29092 -t shop
        ```
        ```
        docker-compose exec mids ab -n 1 http://localhost:5000/sell
        ```
        ```
        This is ApacheBench, Version 2.3
        Complete requests:      1
        ```
        ```
        {LOG}
        ```
        ```
        {EVENT}
        ```
        ```
        cat shop.py
        ```
        ```
        import json
        app = json.loads("1")
        ```
        """)
    assert [block.answers for block in found] == [None, None, None, 7, 1, 4, None, 20]
    assert [block.service for block in found] == ["mids"] * 6 + [None, None]
    assert found[-1].kind is Kind.LISTING


def test_as_many_outputs_as_commands_pair_up_in_their_order() -> None:
    report = "This is ApacheBench, Version 2.3\n        Complete requests:      1"
    found = blocks_of(f"""
        ```
        ab -n 1 http://localhost/a
        ```
        ```
        ab -n 1 http://localhost/b
        ```
        first:
        ```
        {report}
        ```
        second:
        ```
        {report}
        ```
        """)
    assert [block.answers for block in found] == [None, None, 1, 4]


def test_a_fence_with_prompts_is_taken_apart() -> None:
    found = blocks_of("""
        ```
        me@box:~/shop$ docker-compose exec mids \\
        > curl localhost:5000/
        Hello.
        (base) me@box:~/shop$ ls
        shop.py
        presto:default> select count(*)
                     -> from sales;
         _col0
        -------
             7
        (1 row)
        ```
        """)
    assert seen(found) == [
        ("command", "shell", None),
        ("output", "curl", 1),
        ("command", "shell", None),
        ("output", "", 5),
        ("command", "presto", None),
        ("output", "presto", 7),
    ]
    assert {block.fence for block in found} == {1}
    assert found[0].content == "docker-compose exec mids \\\ncurl localhost:5000/"
    assert found[0].printed() == [(2, "docker-compose exec mids \\"), (3, "curl localhost:5000/")]
    assert found[4].content == "select count(*)\nfrom sales;"
    assert [(block.first_line, block.last_line) for block in found] == [(1, 3), (4, 4), (5, 5), (6, 6), (7, 8), (9, 13)]


def test_a_command_and_its_output_in_one_fence_without_a_prompt_are_two_blocks() -> None:
    found = blocks_of(f"""
        ```
        docker-compose exec mids kafkacat -C -b kafka:29092 -t shop -e
        {EVENT}
        {EVENT}
        ```
        """)
    assert seen(found) == [("command", "shell", None), ("output", "json_lines", 1)]
    assert found[1].printed() == [(3, EVENT), (4, EVENT)]


def test_outputs_of_several_programs_in_one_fence_are_told_apart() -> None:
    found = blocks_of(f"""
        ```
        Topic:
        {EVENT}

        Server:
        {LOG}
        ```
        """)
    assert [(block.form, block.first_line) for block in found] == [("json_lines", 1), ("access_log", 5)]


def test_commands_outside_of_fences_are_found() -> None:
    found = blocks_of("""
        `docker-compose up -d`

        ### `docker-compose ps`

        docker-compose exec kafka \\
          kafka-topics --list

        - Then:

            `docker-compose exec mids curl "http://localhost:5000/sell?id=1"`

        presto:default> show tables;

        | Table |
        |-------|
        | sales |
        (1 row)

        > A remark of mine.
        """)
    assert [block.kind for block in found] == [Kind.COMMAND] * 5 + [Kind.OUTPUT]
    assert [block.first_line for block in found] == [1, 3, 5, 10, 12, 14]
    assert found[5].content.split("\n") == [" Table ", "-------", " sales ", "(1 row)"]
    assert found[5].answers == 12


def test_a_heading_that_names_the_command_below_it_is_a_heading() -> None:
    found = blocks_of("""
        ### `show tables;`

        ```
        presto:default> show tables;
        ```
        """)
    assert [(block.kind, block.first_line) for block in found] == [(Kind.COMMAND, 3)]


def test_hidden_fences_are_seen() -> None:
    found = blocks_of("""
        A paragraph goes on
            ```
            docker-compose down
            ```

        <pre><code>docker-compose exec mids ab -n 1 &quot;http://localhost/&quot;

        This is ApacheBench, Version 2.3
        Complete requests: 1
        </code></pre>

            docker-compose ps
        """)
    assert [(block.form, block.fence, block.first_line) for block in found] == [
        ("shell", 1, 2), ("shell", 2, 6), ("ab", 2, 8), ("shell", 3, 12),
    ]  # fmt: skip
    assert found[1].content == 'docker-compose exec mids ab -n 1 "http://localhost/"'
    assert found[3].printed() == [(12, "docker-compose ps")]


def test_wrapped_events_are_joined_and_a_lost_brace_stays_lost() -> None:
    head, tail = EVENT[:80], EVENT[80:]
    text = "\n".join(["```", head[1:], tail, head, tail, "...", EVENT, "```"])
    (block,) = read(text).blocks
    assert block.printed() == [(2, EVENT[1:]), (4, EVENT), (6, "..."), (7, EVENT)]


def test_wrapped_tables_are_joined() -> None:
    rows = ["+" + "-" * 50 + "+" + "-" * 40 + "+", "|" + "a" * 50 + "|" + "b" * 40 + "|"]
    table = [rows[0], rows[1], rows[0], rows[1], rows[1], rows[0]]
    text = "\n".join(["```", *(part for row in table for part in (row[:60], row[60:])), "```"])
    (block,) = read(text).blocks
    assert block.content.split("\n") == table
    assert block.lines == (2, 4, 6, 8, 10, 12)
    result = [" a" * 40 + " | b", "-" * 81 + "+---", " 1" * 40 + " | 2", "(1 row)"]
    text = "\n".join(["```", *(part for row in result[:3] for part in (row[:70], row[70:])), result[3], "```"])
    (block,) = read(text).blocks
    assert block.content.split("\n") == result


def test_the_single_commands_of_a_block_say_where_and_how_they_run() -> None:
    (block,) = blocks_of("""
        ```
        # start
        docker-compose exec -T mids env FLASK_APP=a.py flask run &
        docker exec -d spark-1 spark-submit a.py; cd /tmp && ls -l || echo "a; b"
        while true; do
          docker-compose exec mids \\
            ab -n 10 http://localhost:5000/
          sleep 10
        done
        for ((i=0; i<10; i++)); do curl localhost:5000/ 2>&1 | tee log; done
        ```
        """)
    found = commands(block)
    assert [(typed.line, typed.service, typed.loop) for typed in found] == [
        (3, "mids", Loop.NONE),
        (4, "spark-1", Loop.NONE),
        (4, None, Loop.NONE),
        (4, None, Loop.NONE),
        (4, None, Loop.NONE),
        (6, "mids", Loop.ENDLESS),
        (8, None, Loop.ENDLESS),
        (10, None, Loop.FINITE),
    ]
    assert [typed.background for typed in found] == [True, True, *[False] * 6]
    assert found[0].inner == "env FLASK_APP=a.py flask run"
    assert found[4].text == 'echo "a; b"'
    assert found[5].inner == "ab -n 10 http://localhost:5000/"
    assert found[7].text == "curl localhost:5000/ 2>&1 | tee log"
    assert [program.name for program in found[5].programs] == ["ab"]


def test_queries_are_single_commands_too() -> None:
    found = blocks_of("""
        ```
        docker-compose exec presto presto --server presto:8080
        ```
        ```sql
        show tables;
        select ';' as a
        from b; -- all; of them
        ```
        """)
    assert [(typed.text, typed.line, typed.form, typed.service) for typed in commands(found[1])] == [
        ("show tables", 5, "presto", "presto"),
        ("select ';' as a\nfrom b", 6, "presto", "presto"),
    ]


NOTEBOOK = {
    "nbformat": 4,
    "cells": [
        {"cell_type": "markdown", "source": ["# Shop\n", "\n", "```\n", "docker-compose up -d\n", "```"]},
        {
            "cell_type": "code",
            "source": "!docker-compose exec mids curl localhost:5000/",
            "outputs": [{"output_type": "stream", "name": "stdout", "text": ["Sold.\n", "Twice.\n"]}],
        },
        {
            "cell_type": "code",
            "source": ["%%sql\n", "select count(*) from sales"],
            "outputs": [{"output_type": "execute_result", "data": {"text/plain": "7", "text/html": "<b>7</b>"}}],
        },
        {
            "cell_type": "code",
            "source": ["x = 1\n", "plot(x)"],
            "outputs": [
                {"output_type": "display_data", "data": {"image/png": "A" * 5000, "text/plain": "<Figure>"}},
                {"output_type": "error", "traceback": ["\x1b[31mNameError\x1b[0m: plot"]},
            ],
        },
        {"cell_type": "code", "source": "%%bash\nhadoop fs -ls /tmp", "outputs": []},
        {"cell_type": "code", "source": "%%writefile a.py\nimport os", "outputs": []},
    ],
}


def test_a_notebooks_cells_are_blocks_of_one_flattened_text() -> None:
    text = json.dumps(NOTEBOOK)
    found = [block for block in read(text, "a.ipynb").blocks if block.kind is not Kind.HEADING]
    assert [(str(block.kind), block.form, block.cell, block.fence, block.answers) for block in found] == [
        ("command", "shell", 1, 1, None),
        ("command", "shell", 2, 2, None),
        ("output", "curl", 2, 2, 7),
        ("command", "sql", 3, 3, None),
        ("output", "sql", 3, 3, 12),
        ("command", "python", 4, 4, None),
        ("output", "python", 4, 4, 15),
        ("command", "shell", 5, 5, None),
        ("listing", "file", 6, 6, None),
    ]
    lines = flatten(text).split("\n")
    for block in found:
        for number, line in block.printed():
            assert line in lines[number - 1]
    assert found[1].service == "mids"
    assert "AAA" not in str(found)
    assert "\x1b" not in str(found)


def test_a_notebook_of_format_3_is_read() -> None:
    cell = {"cell_type": "code", "input": ["!ls\n"], "outputs": [{"output_type": "pyout", "text": ["a\n"]}]}
    book = {"nbformat": 3, "worksheets": [{"cells": [cell, {"cell_type": "heading", "source": ["Shop"]}]}]}
    kinds = [block.kind for block in read(json.dumps(book), "a.ipynb").blocks]
    assert kinds == [Kind.COMMAND, Kind.OUTPUT, Kind.HEADING]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 1, "a": [', "[" * 100_000, '"a"'])
def test_what_is_no_notebook_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="notebook"):
        read(text, "a.ipynb")


@pytest.mark.parametrize("cells", ["1", "[1, null]", '[{"cell_type": 1, "source": 2, "outputs": [[], {"data": 3}]}]'])
def test_a_notebook_with_strange_cells_is_read_without_them(cells: str) -> None:
    read(f'{{"cells": {cells}, "worksheets": 1}}', "a.ipynb") if cells != "1" else None


def test_a_history_is_one_command_a_line() -> None:
    for text in (
        "  998  docker-compose up -d\n  999  2020-03-02 09:00:00 docker-compose ps\n 1000* docker-compose down",
        "#1583139600\ndocker-compose up -d\n#1583139601\ndocker-compose ps\n\ndocker-compose down\n",
        ": 1583139600:0;docker-compose up -d\n: 1583139601:0;docker-compose ps\n: 1583139602:0;docker-compose down\n",
    ):
        found = read(text, "me-history.txt").blocks
        assert [block.content for block in found] == [
            "docker-compose up -d",
            "docker-compose ps",
            "docker-compose down",
        ]
        assert {block.kind for block in found} == {Kind.COMMAND}


SHOWN = """
    ```
    docker-compose exec mids ab -n 1 http://localhost/
    ```
    ```
    something else
    ```
    ```
    vi a.py
    ```
    ```
    alpha
    ```
    """


def test_a_sidecar_corrects_the_reading() -> None:
    reading = read(cleandoc(SHOWN))
    block = corrected(reading, '[[block]]\nline = 5\nkind = "output"\nform = "ab"\nanswers = 2').blocks[1]
    assert (block.kind, block.form, block.answers, block.confidence) == (Kind.OUTPUT, "ab", 1, 1.0)
    assert "reading.toml, entry 1" in block.reason
    assert corrected(reading, "").blocks == reading.blocks


WRONG = {
    "no TOML": ("[[block", "cannot be read"),
    "another table": ("[other]\na = 1", "other"),
    "a block that is no list": ("block = 1", "no list"),
    "no line": ('[[block]]\nkind = "output"', "entry 1: line is no line"),
    "a line without a block": ("[[block]]\nline = 99", "nearest block begins in line 10"),
    "a line that is no number": ("[[block]]\nline = true", "line is no line"),
    "an unknown kind": ('[[block]]\nline = 1\nkind = "picture"', "one of heading"),
    "an unknown form": ('[[block]]\nline = 1\nform = "abc"', "access_log"),
    "an unknown key": ("[[block]]\nline = 1\nname = 2", "there is no 'name'"),
    "an answer to no command": ("[[block]]\nline = 5\nanswers = 11", "answers names no command"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_sidecar_names_the_place_and_the_remedy(name: str) -> None:
    text, said = WRONG[name]
    with pytest.raises(UsageError, match=r"reading\.toml") as raised:
        corrected(read(cleandoc(SHOWN)), text)
    assert said in str(raised.value)


def test_the_plan_says_what_would_run_where_and_what_is_left_out() -> None:
    text = plan(read(cleandoc(SHOWN)))
    assert "1     2  mids   0.90  ab -n 1 http://localhost/" in text
    assert "compared with line 4" in text
    assert "line 8: vi a.py: needs a person at the keyboard" in text
    assert text.endswith("1 command, 1 output to compare, 1 left out.\n") or "left out." in text
    assert "\x1b" not in plan(read("```\nls -l \x1b[31m\n```\n"))
    assert plan(read("")).strip()


HOSTILE = {
    "words": "word word\n",
    "commands": "docker-compose exec mids ls -l\n",
    "open quotations": "echo \"a b' c\n",
    "open loops": "while true; do\n",
    "here-documents": "cat <<EOF > x\n",
    "backslashes": "ab -n 1 \\\n",
    "queries without an end": "select a from b\n",
    "prompts": "presto:default> select a\n",
    "prompts of loops": "$ while true; do\n",
    "open events": '{"a": "' + "b" * 70 + "\n",
    "borders": "+" + "-" * 60 + "\n",
    "rules": "-" * 60 + "+\n",
    "triple quotes": 'import a\n"""\n',
}
MARKDOWN = {
    "fences": "```\nls -l\n```\n\n",
    "unclosed fences": "````\n```\n",
    "preformatted": "<pre>\n\n</code>\n\n",
    "references": "[a]: http://b\n",
    "inline commands": "- `ls -l`\n",
    "hidden fences": "a\n    ```\n    ls -l\n",
    "quotations": "> " * 20 + "a\n\n",
    "commands and outputs": "```\nhadoop fs -ls /a\n```\n\n```\nFound 1 items\n```\n\n",
}


@pytest.mark.parametrize("name", [*HOSTILE, *MARKDOWN])
def test_hostile_reports_are_work_linear_in_their_length(name: str) -> None:
    def work(times: int) -> int:
        text = f"```\n{HOSTILE[name] * times}```\n" if name in HOSTILE else MARKDOWN[name] * times
        return calls(lambda: plan(read(text)))

    assert work(3000) < 20 * work(300)


@pytest.mark.parametrize(
    "text", ["`" * 100_000, "> " * 50_000 + "a", "x" * 1_000_000, "".join(" " * n + "- a\n" for n in range(500))]
)
def test_a_bomb_is_read(text: str) -> None:
    assert read(text).blocks


def test_a_lenient_reading_takes_any_bytes_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_bytes(b"caf\xe9\n\n```\nls -l\0\n```\n")
    with pytest.raises(ReportError):
        read_file(path)
    reading = read_any(path)[1]
    assert [block.kind for block in reading.blocks] == [Kind.PROSE, Kind.COMMAND]
    assert ["0xe9 in line 1" in reading.problems[0], "1 NUL" in reading.problems[1]] == [True, True]
    assert decoded("ls\n".encode("utf-16")) == ("ls\n", [])


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    with path.open("wb") as file:
        file.truncate(SIZE_LIMIT + 1)
    with pytest.raises(ReportError, match="clearing the notebook's outputs"):
        read_any(path)[1]


PROMPTS = (
    "$ ls -l",
    "root@3f2a:/shop# ls -l",
    "me@box:~$ ls -l",
    "(venv) me@box:~/a/b$ ls -l",
    "[me@box shop]$ ls -l",
    "me@Box shop % ls -l",
    "~/shop$ ls -l",
    "bash-4.2# ls -l",
    r"PS C:\Users\me> ls -l",
    "➜  shop git:(main) ✗ ls -l",
)


@pytest.mark.parametrize("line", PROMPTS)
def test_a_shells_prompt_is_taken_off(line: str) -> None:
    command, output = read(f"```\n{line}\ntotal 0\n```\n").blocks
    assert (command.kind, command.form, command.content) == (Kind.COMMAND, "shell", "ls -l")
    assert (output.kind, output.content) == (Kind.OUTPUT, "total 0")


def test_python_after_its_interpreter_was_started_is_typed() -> None:
    found = blocks_of(f"""
        ```
        docker-compose exec spark pyspark
        ```
        ```
        raw = spark.read.format("kafka").load()
        raw.show()
        ```
        ```
        {SPARK.replace(chr(10), chr(10) + "        ")}
        ```
        ```
        docker-compose exec spark spark-submit a.py
        ```
        ```python
        raw = spark.read.format("kafka").load()
        ```
        """)
    assert [(str(block.kind), block.form, block.service) for block in found] == [
        ("command", "shell", "spark"),
        ("command", "pyspark", "spark"),
        ("output", "spark", "spark"),
        ("command", "shell", "spark"),
        ("listing", "python", None),
    ]
    assert found[2].answers == found[1].first_line


def test_a_notebook_saved_as_markdown_has_its_code_typed() -> None:
    found = blocks_of("""
        ```python
        len(spark.sql("show tables").collect())
        ```

            7
        """)
    assert seen(found) == [("command", "python", None), ("output", "", 1)]


def test_a_path_alone_is_no_command() -> None:
    assert [block.kind for block in read("`~/shop/sell.py`\n\n`/tmp/a/b.py`\n").blocks] == [Kind.PROSE] * 2


def test_our_own_report_has_forms_and_answers_too() -> None:
    report = Path(__file__).parents[2] / "reports" / "sample" / "README.md"
    reading = read_file(report)
    assert reading.certain
    commands_of = {block.first_line: block for block in reading.blocks if block.kind is Kind.COMMAND}
    outputs = [block for block in reading.blocks if block.kind in (Kind.OUTPUT, Kind.LISTING, Kind.EXCERPT)]
    assert all(block.answers in commands_of for block in outputs)
    assert all(commands_of[block.answers or 0].service == block.service for block in outputs if block.service)
    assert {"ab", "access_log", "hdfs_ls", "json_lines", "presto", "spark"} <= {block.form for block in outputs}
    assert {typed.service for block in commands_of.values() for typed in commands(block)} > {"mids", "spark"}
    numbers = [block.fence for block in reading.blocks if block.fence is not None]
    assert numbers == sorted(set(numbers))


def test_terminal_escapes_and_hard_blanks_hide_nothing() -> None:
    found = read("```\n\x1b[32mCreated topic shop.\x1b[0m\n```\n\n```\ndocker-compose\xa0exec\xa0mids ls\n```\n").blocks
    assert [(block.form, block.content) for block in found] == [
        ("kafka_topics", "Created topic shop."),
        ("shell", "docker-compose exec mids ls"),
    ]


def test_a_script_that_was_shown_is_not_typed() -> None:
    found = blocks_of("""
        ```
        cat load.sh
        ```
        It says:
        ```
        docker-compose exec mids ab -n 1 http://localhost:5000/
        ```
        ```
        docker-compose down
        ```
        """)
    assert [(str(block.kind), block.answers) for block in found] == [
        ("command", None),
        ("listing", 1),
        ("command", None),
    ]


def test_a_remark_in_a_quotation_is_prose() -> None:
    text = "`docker-compose exec mids curl http://localhost:5000/`\n\n> Sold!\n"
    assert [block.kind for block in read(text).blocks] == [Kind.COMMAND, Kind.OUTPUT]
    remark = "> This asks the shop. It takes a moment, since the shop is slow in the morning.\n"
    assert [block.kind for block in read(text.replace("> Sold!\n", remark)).blocks] == [Kind.COMMAND, Kind.PROSE]


SCRAPS = (
    *(text for text, _, _ in CONTENTS.values()),
    *PROMPTS,
    *("```", "````bash", "~~~", "    ```", "<pre>", "</pre>", "> ", "- ", "# ", "| a | b |\n|---|---|", "`ls -l`", ""),
    *("\x1b[2J", "\x00", "\ud800", "\r", "{", "}", '"', "'", "\\", "<<EOF", "EOF", "while true; do", "done", "..."),
    *("-> ", "    > ", ">>> ", "presto> ", "+--+", "---+---", "\u2028", "In [3]: ", "#1583139600", "  7  ls", "&", ";"),
)


@pytest.mark.parametrize("seed", range(60))
def test_any_text_is_read_and_each_line_is_where_it_says(seed: int) -> None:
    chance = random.Random(seed)
    glue = chance.choice(("\n", "\n\n", "", " "))
    text = glue.join(chance.choices(SCRAPS, k=60))
    for name in ("README.md", "history.txt"):
        reading = read(text, name)
        lines = re.sub("\r\n?", "\n", text).split("\n")
        last = 0
        for block in reading.blocks:
            assert last < block.first_line <= block.last_line <= len(lines)
            last = block.last_line
            printed = block.printed()
            assert all(block.first_line <= number <= block.last_line for number, _ in printed if block.content)
            assert (block.answers or 0) in {
                0,
                *(each.first_line for each in reading.blocks if each.kind is Kind.COMMAND),
            }
            if block.kind is Kind.COMMAND:
                assert all(block.first_line <= typed.line <= block.last_line for typed in commands(block))
            assert block.reason
            assert 0 < block.confidence < 1
        assert plan(reading)


def test_a_client_that_is_started_in_a_fence_has_its_prompts_there() -> None:
    found = blocks_of("""
        ```
        docker-compose exec cloudera hive
        hive> create external table a (
            >   b string)
            > location '/tmp/a';
        OK
        Time taken: 1.2 seconds
        hive> select count(*) from a;
        ```
        """)
    assert [(str(block.kind), block.form, block.service, block.answers) for block in found] == [
        ("command", "shell", "cloudera", None),
        ("command", "hive", "cloudera", None),
        ("output", "hive", "cloudera", 3),
        ("command", "hive", "cloudera", None),
    ]
    assert found[1].content == "create external table a (\n  b string)\nlocation '/tmp/a';"


def test_what_is_typed_in_a_container_runs_in_its_service() -> None:
    found = blocks_of("""
        ```
        docker exec -it shop_mids_1 bash
        root@3f2a:/shop# ab -n 1 http://localhost:5000/
        ```
        """)
    assert [typed.service for block in found for typed in commands(block)] == ["mids", "mids"]


def test_several_commands_with_their_outputs_in_one_fence_are_told_apart() -> None:
    found = blocks_of("""
        ```
        docker-compose up -d
        Creating network "shop_default" with the default driver
        Creating shop_kafka_1 ... done
        docker-compose exec mids curl http://localhost:5000/
        {"sold": true}
        cat load.sh
        #!/bin/bash
        docker-compose down
        ```
        """)
    assert seen(found) == [
        ("command", "shell", None),
        ("output", "compose", 1),
        ("command", "shell", None),
        ("output", "curl", 5),
        ("command", "shell", None),
        ("listing", "shell", 7),
    ]
