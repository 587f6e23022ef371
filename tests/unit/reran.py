"""Reruns for the tests of their comparison: what each command of a report printed, given by hand or by the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from graded import COMPOSE

from harness.grade.model import Submission
from harness.grade.rerun.model import Ending, Ran, Rerun, State
from harness.model import Capture
from harness.outputs import derive
from harness.readme.blocks import Block, Kind
from harness.readme.typed import Typed, commands

API = f"{COMPOSE} env FLASK_APP=/w205/api.py flask run --host 0.0.0.0"
READ = f"{COMPOSE} kafkacat -C -b kafka:29092 -t events -o beginning -e"
JOB = "docker-compose exec spark spark-submit /w205/job.py"
LS = "docker-compose exec cloudera hadoop fs -ls /tmp/"
TOPIC = "docker-compose exec kafka kafka-topics --create --topic events --partitions 1 --zookeeper zookeeper:32181"
LIST = "docker-compose exec kafka kafka-topics --list --zookeeper zookeeper:32181"
CURL = f"{COMPOSE} curl http://localhost:5000/buy_sword"
BATCH = """
import json
spark.read.format("kafka").option("subscribe", "events").option("startingOffsets", "earliest").load()
frame.write.parquet("/tmp/swords")
"""

STDERR = frozenset({"access_log", "flask"})
"""Forms of outputs that a command prints on its stderr."""


def log(*paths: str, status: int = 200, day: int = 17) -> str:
    return "\n".join(f'127.0.0.1 - - [{day}/Dec/2018 10:32:42] "GET {path} HTTP/1.0" {status} -' for path in paths)


def event(kind: str = "buy_sword", host: str = "ann.example.org", **more: str) -> str:
    extra = "".join(f', "{key}": "{value}"' for key, value in more.items())
    return f'{{"Host": "{host}", "event_type": "{kind}", "Accept": "*/*"{extra}}}'


def events(count: int, kind: str = "buy_sword", host: str = "ann.example.org", **more: str) -> str:
    return "\n".join([event(kind, host, **more)] * count)


def shown(count: int, *, column: str = "price", cell: str = "7", day: str = "2018-12-17") -> str:
    """Print a table as Spark does."""
    border, row = "+----------+----+", f"|{day:10}|{cell:>4}|"
    head = f"|{'timestamp':10}|{column[:4]:>4}|"
    return "\n".join([border, head, border, *[row] * count, border])


def table(*rows: str, columns: str = "host | price", stated: int | None = None) -> str:
    """Print a result as Presto does."""
    names = [name.strip() for name in columns.split("|")]
    cells = [[cell.strip() for cell in row.split("|")] for row in rows]
    widths = [max(len(row[at]) for row in [names, *cells]) for at in range(len(names))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [names, *cells]]
    number = len(rows) if stated is None else stated
    rule = "-" + "-+-".join("-" * width for width in widths) + "-"
    told = f"({number} row{'s' * (number != 1)})"
    return "\n".join([f" {lines[0]} ", rule, *[f" {line} " for line in lines[1:]], told])


def listing(*paths: str) -> str:
    lines = [f"drwxr-xr-x   - root supergroup          0 2018-12-17 11:04 {path}" for path in paths]
    return "\n".join([f"Found {len(paths)} items", *lines])


def asked(query: str) -> str:
    return f"presto:default> {query};"


def capture(typed: Typed, stdout: str = "", stderr: str = "", exit_code: int | None = 0) -> Capture:
    """Give a capture as a run gives it: its facts are derived from what was printed."""
    facts = derive(typed.text, stdout, stderr)
    return Capture("c", typed.service or "host", typed.text, stdout, stderr, exit_code, "", 0.0, facts=facts)


def ran(block: Block, typed: Typed, *looks: str, stderr: str = "", exit_code: int = 0) -> Ran:
    """Give a command that ended; further looks are what it had printed later."""
    first, *later = looks or ("",)
    views = [capture(typed, each) for each in later]
    return Ran(typed, block.first_line, Ending.ENDED, capture(typed, first, stderr, exit_code), looks=views)


def rerun(
    submission: Submission, printed: Mapping[str, str | Callable[[Ran], Ran]], state: State | None = None
) -> Rerun:
    """Give the rerun in which the command whose text has a key's words prints the key's value, others nothing.

    A value may also be a function that changes the command's `Ran`.
    """
    found: list[Ran] = []
    for block in submission.blocks:
        for typed in commands(block) if block.kind is Kind.COMMAND else ():
            one = ran(block, typed)
            for words, given in printed.items():
                if words in typed.text:
                    one = ran(block, typed, given) if isinstance(given, str) else given(one)
            found.append(one)
    return Rerun("local", found, state=state or State())


def itself(submission: Submission) -> Rerun:
    """Give the rerun that printed just what the report shows: outputs in their order, later ones as later looks."""
    found: list[Ran] = []
    for block in submission.blocks:
        typed = commands(block) if block.kind is Kind.COMMAND else []
        answers = [
            each for each in submission.blocks if each.answers == block.first_line and each.kind is not Kind.COMMAND
        ]
        shares: dict[int, list[Block]] = {at: [] for at in range(len(typed))}
        for at, answer in enumerate(answers):
            shares[min(at, len(typed) - 1)].append(answer)
        for at, one in enumerate(typed):
            looks = [_printed(one, shares[at][: last + 1]) for last in range(len(shares[at]))] or [capture(one)]
            found.append(Ran(one, block.first_line, Ending.ENDED, looks[0], looks=looks[1:]))
    return Rerun("local", found)


def _printed(typed: Typed, blocks: Sequence[Block]) -> Capture:
    """Give what had been printed when the last block was shown: batches add up, a log is shown with all before it."""
    texts = ["\n".join(line for _, line in block.printed()) + "\n" for block in blocks]
    text = "".join(texts) if blocks[-1].form == "spark" else texts[-1]
    return capture(typed, stderr=text) if blocks[-1].form in STDERR else capture(typed, text)
