"""What the dresses of submissions need of the reading of reports."""

from __future__ import annotations

import pytest

from harness.readme import read
from harness.readme.blocks import Kind
from harness.readme.typed import Typed, commands


def typed(report: str) -> list[Typed]:
    return [each for block in read(report).blocks if block.kind is Kind.COMMAND for each in commands(block)]


def fence(text: str) -> str:
    return f"I run:\n\n```\n{text}\n```\n"


@pytest.mark.parametrize(
    ("lines", "service", "inner"),
    [
        ("docker-compose exec -T cloudera hive <<EOF\nshow tables;\nselect 1;\nEOF", "cloudera",
         "hive <<EOF\nshow tables;\nselect 1;\nEOF"),
        ("docker-compose exec -T mids bash <<'END'\nls && df\nEND", "mids", "bash <<'END'\nls && df\nEND"),
        ("cat > a <<EOF\ndocker-compose exec mids ls\nEOF", None, "cat > a <<EOF\ndocker-compose exec mids ls\nEOF"),
        ("cat <<EOF | docker-compose exec -T mids sh\nls /\nEOF", "mids", "sh\nls /\nEOF"),
    ],
)  # fmt: skip
def test_a_here_document_belongs_to_its_command(lines: str, service: str | None, inner: str) -> None:
    found = typed(fence(f"{lines}\ndocker-compose ps"))
    assert [(each.service, each.inner) for each in found] == [(service, inner), (None, "docker-compose ps")]
    assert [each.text for each in found] == [lines, "docker-compose ps"]
    assert [each.line for each in found] == [4, 5 + lines.count("\n")]


@pytest.mark.parametrize(("end", "background"), [(" &", True), (" && true", False), ("", False)])
def test_a_here_document_may_be_read_in_the_background(end: str, background: bool) -> None:
    (found,) = typed(fence(f"cat <<EOF{end}\na & b\nEOF"))
    assert found.background is background


def test_a_here_string_has_no_lines_of_its_own() -> None:
    assert [each.text for each in typed(fence("cat <<<EOF\nls -l\nEOF=1 ls -a"))] == [
        "cat <<<EOF",
        "ls -l",
        "EOF=1 ls -a",
    ]


DDL = "create external table a (b string)\nstored as parquet\nlocation '/tmp/a';"


@pytest.mark.parametrize("words", ["This is `code/tables.hql`:", "The contents of tables.sql:", "**`tables.hql`**"])
@pytest.mark.parametrize("info", ["", "sql"])
def test_statements_below_the_name_of_their_file_are_not_typed(words: str, info: str) -> None:
    assert typed(f"{words}\n\n```{info}\n{DDL}\n```\n") == []


@pytest.mark.parametrize(
    "words", ["I run these queries of `tables.hql`:", "Next I create the table:", "At the prompt:"]
)
def test_statements_that_are_run_are_typed(words: str) -> None:
    assert len(typed(f"{words}\n\n```sql\n{DDL}\n```\n")) == 1


def test_what_is_typed_at_the_prompt_of_pyspark_runs_there() -> None:
    report = fence("docker-compose exec spark pyspark") + "\n```\n>>> df = spark.range(3)\n>>> df.count()\n3\n```\n"
    assert [(each.service, each.form) for each in typed(report)] == [("spark", "shell"), ("spark", "pyspark")]


def test_a_prompt_of_python_alone_names_no_service() -> None:
    assert [(each.service, each.form) for each in typed("```\n>>> 1 + 2\n3\n```\n")] == [(None, "python")]
