"""What printed a line, as far as the line alone tells; and what a whole text is, by its lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from harness.outputs import access_log, hdfs_ls

_AB: Final = (
    "This is ApacheBench,", "Benchmarking ", "Server Software:", "Server Hostname:", "Server Port:", "Document Path:",
    "Document Length:", "Concurrency Level:", "Time taken for tests:", "Complete requests:", "Failed requests:",
    "Total transferred:", "HTML transferred:", "Requests per second:", "Time per request:", "Transfer rate:",
    "Non-2xx responses:", "Connection Times (ms)", "Percentage of the requests served", "Licensed to The Apache",
    "Copyright 1996 Adam Twiss", "Keep-Alive requests:", "Total body sent:",
)  # fmt: skip
_FLASK: Final = (
    "* Serving Flask app", "* Running on ", "* Environment: ", "* Debug mode: ", "* Debugger ", "* Restarting with ",
    "* Tip: There are .env", "WARNING: This is a development server", "Press CTRL+C to quit",
)  # fmt: skip
_STARTS: Final = {
    **dict.fromkeys(_AB, "ab"),
    **dict.fromkeys(_FLASK, "flask"),
    "Created topic ": "kafka_topics",
    "WARNING: Due to limitations in metric names": "kafka_topics",
    "HTTP/1.": "curl",
    "HTTP/2": "curl",
    "<!DOCTYPE HTML": "curl",
    "<!doctype html": "curl",
    "% Reached end of topic": "json_lines",
    "% Auto-selecting": "json_lines",
    "Query 20": "presto",
    "Splits: ": "presto",
    "Traceback (most recent call last)": "python",
    "Batch: ": "spark",
    "Time taken: ": "hive",
    "Logging initialized using configuration": "hive",
    "Creating network ": "compose",
    "Removing network ": "compose",
    "[+] ": "compose",
    "⠿ ": "compose",
    "✔ ": "compose",
    '[{"': "json_lines",
    "Pulling ": "compose",
    "WARNING: The ": "compose",
}
_BY_FIRST: Final[dict[str, list[tuple[str, str]]]] = {}
for _start, _form in _STARTS.items():
    _BY_FIRST.setdefault(_start[0], []).append((_start, _form))

_SPARK_LOG: Final = re.compile(r"\d\d/\d\d/\d\d \d\d:\d\d:\d\d (?:INFO|WARN|ERROR|DEBUG) ")
_COMPOSE: Final = re.compile(r"(?:Creating|Starting|Stopping|Removing|Recreating|Pulling) [\w.-]{1,200} *\.\.\.")
_TOPIC: Final = re.compile(r"Topic: ?\S{1,249}\s.{0,80}?(?:PartitionCount:|Partition:)")
_ROWS: Final = re.compile(r"\(\d{1,12} rows?\)$")
_PS_HEADER: Final = re.compile(
    r"(?:NAME|Name|CONTAINER ID) {2,}.{0,200}(?:COMMAND|Command|IMAGE)\b.{0,200}(?:STATE|State|STATUS)"
)
_PS_V2: Final = re.compile(r"(?:NAME|SERVICE) {2,}.{0,100}(?:STATUS|STATE)\b")
_RULE: Final = re.compile(r"-{2,}(?:\+-+)*$")
_PROGRESS: Final = re.compile(r"\d{1,2}:\d\d(?::\d\d)? \[[\d.,]{1,12}[KMGT]? rows")
_HISTORY: Final = re.compile(r" {0,6}\d{1,6}\*? {1,4}\S")
_GAP_WORDS: Final = ("min  mean[+/-sd]", "Connect: ", "Processing: ", "Waiting: ", "Total: ")


def form_of(line: str) -> str:
    """Give the form of the program that printed a line, or "" where the line alone does not tell."""
    text = line.strip()
    if not text:
        return ""
    first = text[0]
    for start, form in _BY_FIRST.get(first, ()):
        if text.startswith(start):
            return form
    if first == "{":
        return "json_lines" if text.startswith(('{"', "{'")) or text == "{" else ""
    if first == "+":
        return "spark" if len(text) > 2 and not text.strip("+-") else ""
    if first == "|":
        return "spark" if text.startswith(("|-- ", "|    |-- ")) or (text[-1] == "|" and len(text) > 2) else ""
    if first == "-" and not text.strip("-+") and (_RULE.match(text) or len(text) > 2):
        return "presto" if "+" in text else "rule"
    if first in "-dl" and hdfs_ls.entry(text):
        return "hdfs_ls"
    if first == "(" and _ROWS.match(text):
        return "presto"
    if first == "F" and text.startswith("Found ") and text.endswith((" items", " item")):
        return "hdfs_ls"
    if '] "' in text and access_log.request(text):
        return "access_log"
    if first.isdigit():
        if _SPARK_LOG.match(text):
            return "spark"
        if _PROGRESS.match(text):
            return "presto"
        return ""
    if first in "CSRP" and _COMPOSE.match(text):
        return "compose"
    if first == "T" and _TOPIC.match(text):
        return "kafka_topics"
    if first in "NCS" and (_PS_HEADER.match(text) or _PS_V2.match(text)):
        return "compose_ps"
    if "  min  mean[+/-sd]" in line or (text.startswith(_GAP_WORDS) and text[-1].isdigit()):
        return "ab"
    return ""


FORMS: Final = frozenset(
    {"ab", "access_log", "compose", "compose_ps", "curl", "dockerfile", "file", "flask", "hdfs_ls", "history", "hive",
     "json", "json_lines", "kafka_topics", "presto", "pyspark", "python", "redis", "shell", "spark", "sql", "yaml"}
)  # fmt: skip
"""The forms that a block may have; a listing may have the name of any other language as well."""

_DECIDING: Final = (
    "ab", "compose_ps", "hdfs_ls", "access_log", "flask", "kafka_topics", "presto", "spark", "hive", "curl",
    "json_lines", "json", "compose", "python",
)  # fmt: skip


def printed_form(lines: Sequence[str]) -> tuple[str, float]:
    """Give the form of an output by its lines, and the share of its lines that show it ("" and 0 where none does).

    Where two programs' lines are mixed, as a banner before a log, the more frequent one counts.
    """
    found: Counter[str] = Counter()
    filled = 0
    for line in lines:
        if line.strip():
            filled += 1
            form = form_of(line)
            if form:
                found[form] += 1
    rules = found.pop("rule", 0)
    if rules and filled >= 3 and set(found) <= {"json_lines"}:
        found.clear()
    if not found:
        if rules and filled >= 3:
            return "presto", rules / filled
        return "", 0.0
    if "compose_ps" in found:
        return "compose_ps", 1.0
    if found["access_log"]:
        found["access_log"] += found.pop("flask", 0)
    if found["presto"] and found["json_lines"] and (rules or any(" | " in line for line in lines)):
        return "presto", 1.0
    if found["presto"] and found["spark"]:
        stated = any(_ROWS.match(line.strip()) or line.startswith("Query 20") for line in lines)
        found["presto" if stated else "spark"] += found.pop("spark" if stated else "presto")
    if found["json_lines"] and any(line.strip() == "{" for line in lines):
        found["json"] = found.pop("json_lines")
    best = max(_DECIDING, key=lambda form: found[form])
    return best, found[best] / filled


_PYTHON: Final = re.compile(
    r"from [\w.]+ import |import [\w.]+(?: as \w+)?(?:,|\s*(?:#|$))|def \w+\(|class \w+.*:|@[\w.]+|if __name__"
    r"|elif .*:$|else:$|try:$|except\b.*:|return\b|(?:for|while|if|with) .*:(?:\s*#.*)?$|[\w.\[\]'\"]+ ?[-+]?= ?\S"
    r"|[\w.]+\(|\.\w+\(|#|\"\"\"|'''|[)\]}]+,?$|global |raise |print |pass$|break$|continue$|\w+\.\w+$"
)
_SURELY: Final = re.compile(
    r"#!.{0,40}python|from [\w.]+ import |import [\w.]+(?: as \w+)?$|def \w+\(|class \w+.*:$|@[\w.]+(?:\(|$)"
    r"|if __name__|\w+ = \w+\(|\w+ = \w+\.\w+|\w+ = \w+ \\$|\.\w+\(.*\) ?\\?|\w+\.\w+\(.*\)$"
)
_YAML: Final = re.compile(r"\s*(?:- .*|#.*|---|[\w.-]{1,80}:(?: .*)?)$")
_COMPOSE_KEYS: Final = frozenset(
    {"version", "services", "image", "environment", "ports", "expose", "volumes", "depends_on", "extra_hosts",
     "command", "hostname", "stdin_open", "container_name"}
)  # fmt: skip


def is_python(lines: Sequence[str]) -> bool:
    """Whether a text is Python source, whole or in part, right or wrong."""
    filled = [line.strip() for line in _outside_of_texts(lines) if line.strip()]
    if not filled:
        return False
    if filled[0].startswith("#!") and "python" in filled[0]:
        return True
    sure = sum(_SURELY.match(line[:300]) is not None for line in filled)
    like = sum(_PYTHON.match(line[:300]) is not None for line in filled)
    return sure >= 1 and like / len(filled) >= 0.5 and sure / len(filled) >= 0.1


def _outside_of_texts(lines: Sequence[str]) -> Iterator[str]:
    """Give the lines of Python source that are not inside of a text of several lines."""
    mark = ""
    for line in lines:
        if mark:
            mark = "" if mark in line else mark
            continue
        yield line
        for each in ('"""', "'''"):
            if line.count(each) % 2:
                mark = each
                break


def is_compose(lines: Sequence[str]) -> bool:
    """Whether a text is a compose file, whole or in part."""
    filled = [line for line in lines if line.strip()]
    keys = {line.strip().lstrip("- ").partition(":")[0] for line in filled}
    like = sum(_YAML.match(line[:300]) is not None for line in filled)
    return len(filled) > 1 and len(keys & _COMPOSE_KEYS) >= 1 and like / len(filled) >= 0.8


def is_history(lines: Sequence[str]) -> bool:
    """Whether a text is what `history` prints: numbers that count up, each before a command."""
    filled = [line for line in lines if line.strip()]
    numbered = [int(line.split()[0].rstrip("*")) for line in filled if _HISTORY.match(line)]
    rising = sum(after == before + 1 for before, after in pairwise(numbered))
    return len(numbered) >= 2 and len(numbered) >= 0.6 * len(filled) and rising >= 0.8 * (len(numbered) - 1)
