"""Commands of the course that a submission makes anew: what they then print may be written by hand.

Functions, aliases and files of its own by such a name are looked for in what is typed and in scripts. There may be a
good reason for one, so a person looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from harness.grade.model import Evidence, Submission
from harness.readme.blocks import Kind

_NAMES: Final = (
    "ab", "beeline", "curl", "docker", "docker-compose", "flask", "hadoop", "hdfs", "hive", "kafka-console-consumer",
    "kafka-topics", "kafkacat", "kcat", "presto", "pyspark", "spark-submit",
)  # fmt: skip
_NAME: Final = rf"(?P<name>{'|'.join(sorted(_NAMES, reverse=True))})"
_MADE: Final = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        rf"(?:^|[;&|{{(]|\bthen|\bdo)[ \t]*(?:function[ \t]+)?{_NAME}[ \t]*\([ \t]*\)",
        rf"\bfunction[ \t]+{_NAME}(?=[\s{{(])",
        rf"(?<![-\w])alias[ \t]+(?:\S{{1,200}}[ \t]+){{0,20}}?[\"']?{_NAME}=",
        rf"(?<![-\w])hash[ \t]+-p[ \t]+\S+[ \t]+{_NAME}(?![\w.-])",
        rf">[ \t]*[\"']?(?:[\w.$~{{}}/-]*/)?{_NAME}[\"']?(?=\s|$|[;&|<)])",
        rf"(?<![-\w])(?:cp|install|ln|mv|tee)[ \t][^\n;&|]{{0,200}}?[ \t/]{_NAME}[ \t]*(?=$|[;&|])",
    )
)
_SCRIPTS: Final = (".bash", ".bashrc", ".profile", ".sh")


def redefined(submission: Submission) -> Iterator[Evidence]:
    """Give the places where a command is made anew, each with the command's name."""
    for block in submission.blocks:
        if block.kind is Kind.COMMAND and block.form == "shell":
            lines = block.printed()
            text = "\n".join(line for _, line in lines)
            yield from (Evidence("", lines[at][0], name) for at, name in _made(text))
    for path in sorted({*submission.files, *submission.skipped}):
        text = submission.files.get(path, "")
        if path.rpartition("/")[2] in _NAMES:
            yield Evidence(path, 1, path.rpartition("/")[2])
        elif path.endswith(_SCRIPTS) or text.startswith("#!"):
            yield from (Evidence(path, at + 1, name) for at, name in _made(text))


def _made(text: str) -> list[tuple[int, str]]:
    """Give the lines, from 0, at which a text makes commands, and their names."""
    found = {(text.count("\n", 0, each.start("name")), each["name"]) for made in _MADE for each in made.finditer(text)}
    return sorted(found)
