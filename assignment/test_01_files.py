"""Step 1: the files that run."""

import hashlib
from pathlib import Path

from harness import Run, step

PROJECT = Path(__file__).parents[1]
SOURCES = (
    "app/game_api.py",
    "jobs/game_events.py",
    "jobs/filtered_writes.py",
    "jobs/write_hive_table.py",
    "jobs/filter_swords_batch.py",
    "jobs/filter_swords_stream.py",
    "jobs/write_swords_stream.py",
    "jobs/sword_purchases.sql",
    "jobs/write_guilds_table.py",
    "schemas/default.json",
    "schemas/purchase_sword.json",
    "schemas/join_guild.json",
)


@step("The files: one web API, six Spark jobs, three event schemas")
def test_files(run: Run) -> None:
    """
    Before anything runs, these are the files that will. The API (`app/game_api.py`) turns each request of the game
    into one event in Kafka. The jobs (`jobs/`) read the events with Spark: three in batch, two as streams, and one
    for the guilds; `jobs/game_events.py` is what they share. The schemas (`schemas/`) are the one place where the
    fields of an event are written down: the API checks its events against them, and the jobs take their columns
    from them.

    Each listing is compared with the file in the project, byte for byte, so that what you read here is what ran.
    """
    for source in SOURCES:
        shown = run("mids", f"cat {source}")
        file = (PROJECT / source).read_bytes()
        run.expect(f"{source}: sha256", shown.facts["sha256"], hashlib.sha256(file).hexdigest())
