"""Runs Python that a report shows, cell by cell, as a notebook or the pyspark prompt does: all in one place.

Each line on stdin is JSON: the file of a cell, and the mark to print on both streams when it is done. `spark` and `sc`
are there for a cell that names them. Lines that begin with `!` go to a shell, those with `%` are left out.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

_SPARK = re.compile(r"\b(?:spark|sc|sqlContext)\b")
_SHELL = re.compile(r"^(\s*)!(.*)$")
_MAGIC = re.compile(r"^\s*%")


def python(text: str) -> str:
    """Give a cell as Python: shell lines become calls, magics nothing."""
    if text.lstrip().startswith(("%%bash", "%%sh")):
        return f"__shell__({text.lstrip().split(chr(10), 1)[-1]!r})"
    lines = []
    for line in text.replace("\\\n", "\\\0").split("\n"):
        if found := _SHELL.match(line):
            command = found[2].replace("\\\0", "\\\n")
            lines.append(f"{found[1]}__shell__({command!r})")
        else:
            lines.append("" if _MAGIC.match(line) else line.replace("\\\0", "\\\n"))
    return "\n".join(lines)


def shell(command: str) -> None:
    """Run a shell command; what it prints goes where the cell prints."""
    sys.stdout.flush()
    subprocess.run(["bash", "-c", command], check=False)


def session(namespace: dict[str, Any]) -> None:
    """Make the Spark session that the prompt and the course's notebooks have."""
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.appName("PySparkShell").enableHiveSupport().getOrCreate()
    namespace |= {"spark": spark, "sc": spark.sparkContext, "sqlContext": spark}


def run(text: str, namespace: dict[str, Any]) -> None:
    """Run one cell and show the value of its last expression."""
    tree = ast.parse(python(text), "<cell>")
    if "spark" not in namespace and _SPARK.search(text):
        session(namespace)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), namespace)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)
        if value is not None:
            print(repr(value))


def main() -> None:
    """Run cells until stdin ends."""
    namespace: dict[str, Any] = {"__name__": "__main__", "__shell__": shell}
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            run(Path(asked["file"]).read_text(encoding="utf-8", errors="replace"), namespace)
        except SystemExit:
            pass
        except BaseException:
            traceback.print_exc()
        for stream in (sys.stdout, sys.stderr):
            print(asked["mark"], file=stream, flush=True)


if __name__ == "__main__":
    main()
