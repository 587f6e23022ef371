"""Typed facts from what a command printed, one module per kind of output.

`derive` reads the command, its stdout and its stderr, and nothing else, so that a checker finds the same facts
again in a stored record. What was printed is hostile text: every parser takes time linear in its length, and
text that is cut off or makes no sense gives fewer facts, never an exception.

A fact that says whether two numbers agree is None where there was nothing to compare.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from harness.extend import OUTPUTS
from harness.model import Fact
from harness.outputs import (
    ab,
    access_log,
    curl,
    file,
    hdfs_ls,
    hive,
    json_lines,
    kafka_topics,
    notebook,
    objects,
    presto,
    ps,
    shell,
    spark,
)
from harness.outputs.text import Output

__all__ = ["PROGRAMS", "derive"]

_Parser: TypeAlias = Callable[[Output], dict[str, Fact]]


def _own(output: Output) -> dict[str, Fact]:
    """Give the facts of the harness' own commands."""
    return notebook.facts(output) if output.args[:1] == ("notebook",) else ps.facts(output)


_PARSERS: Mapping[str, _Parser] = {
    "cat": file.facts,
    "curl": curl.facts,
    "docker-compose": ps.facts,
    "flask": access_log.facts,
    "hadoop": hdfs_ls.facts,
    "harness": _own,
    "hdfs": hdfs_ls.facts,
    "hive": hive.facts,
    "kafka-console-consumer": json_lines.facts,
    "kafka-topics": kafka_topics.facts,
    "kafkacat": json_lines.facts,
    "kcat": json_lines.facts,
    "presto": presto.facts,
    "pyspark": spark.facts,
    "python": objects.facts,
    "spark-submit": spark.facts,
}

_ADDITIVE: frozenset[_Parser] = frozenset(
    {access_log.facts, file.facts, hdfs_ls.facts, hive.facts, json_lines.facts, presto.facts, spark.facts}
)
"""Parsers that read the outputs of several programs, one after another, as one."""


PROGRAMS = ("ab", *_PARSERS)
"""The programs whose outputs are read here; `harness.extend.output` adds others."""


def derive(command: str, stdout: str, stderr: str) -> dict[str, Fact]:
    """Give the facts of one command's output under the key `kind`, or `{}` where the command is not known.

    The program that printed decides: the last one of a pipeline, inside `env`, `sh -c` and `docker exec`. A
    script that runs `ab` is read for all of its reports; any other loop, or a script whose programs print
    different kinds, gives `{}`.
    """
    script = shell.parse(command)
    if any(program.name == "ab" for program in script.programs):
        return ab.facts(Output((), stdout, stderr))
    audible = [program for program in script.programs if program.audible]
    parsers = {_PARSERS.get(program.name) or OUTPUTS.get(program.name) for program in audible}
    if script.looped or len(parsers) != 1:
        return {}
    parser = parsers.pop()
    if parser is None or (len(audible) > 1 and parser not in _ADDITIVE):
        return {}
    return parser(Output(audible[0].args, stdout, stderr))
