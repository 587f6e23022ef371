"""What a run has made on a cluster of others, and that it goes afterwards, however the run ended.

A note of it is kept outside of the run's folder from before the first thing is made until the last is gone. A run that
was killed leaves its note, and the next run on a cluster at the same addresses clears away what it names. All names of
a run carry its prefix, and a prefix that anything has already is refused (see `questions`), so nothing of others' can
be meant.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from harness.cluster import runs
from harness.cluster.elsewhere import Elsewhere
from harness.cluster.probes import NotReady
from harness.cluster.running import metastore, topics
from harness.errors import EnvironmentFault
from harness.model import Capture
from harness.record import write_text
from harness.settings import cache_dir

Exec = Callable[[str, str], Capture]
"""Runs a shell command in a service of a cluster whose clients know the addresses."""


def note(run_id: str, there: Elsewhere) -> None:
    """Write down that a run is about to make something."""
    _folder().mkdir(parents=True, exist_ok=True)
    write_text(_folder() / f"{run_id}.json", json.dumps(there.as_dict()))


def forget(run_id: str) -> None:
    """Take the note away: nothing of the run is left."""
    (_folder() / f"{run_id}.json").unlink(missing_ok=True)


def abandoned(there: Elsewhere) -> Iterator[tuple[str, Elsewhere]]:
    """Give the runs that left something at the same addresses and that nobody answers for, with what they noted."""
    for file in sorted(_folder().glob("*.json")):
        with suppress(OSError, ValueError, TypeError):
            noted = Elsewhere(**json.loads(file.read_text(encoding="utf-8")))
            if not runs.is_alive(runs.run_dir(file.stem)) and (noted.listeners == there.listeners):
                yield file.stem, noted


def clear(there: Elsewhere, run: Exec) -> None:
    """Remove everything that carries the run's prefix: topics, the database with its tables, folders in HDFS.

    Raises EnvironmentFault naming what is left; the rest is gone then.
    """
    names, left = there.names, []
    try:
        topics.delete(there.kafka, names)
    except NotReady as problem:
        left.append(f"topics {names.topic('…')} ({problem})")
    try:
        if names.database in metastore.databases(there.metastore):
            metastore.drop_database(there.metastore, names.database)
    except NotReady as problem:
        left.append(f"the database {names.database} ({problem})")
    removed = run("cloudera", f"hadoop fs -rm -r -f -skipTrash {names.root} {names.database_folder}")
    if removed.exit_code:
        left.append(f"the folder {names.root} ({_last(removed)})")
    if left:
        raise EnvironmentFault(
            "Something of the run was left on the cluster.",
            wanted=f"nothing that carries {names.prefix}",
            seen="; ".join(left),
            remedy="the next run at these addresses clears it away, or remove it by hand",
        )


def _last(capture: Capture) -> str:
    lines = (capture.stderr.strip() or capture.stdout.strip()).splitlines()
    return lines[-1][:300] if lines else f"exit code {capture.exit_code}"


def _folder() -> Path:
    return cache_dir() / "elsewhere"
