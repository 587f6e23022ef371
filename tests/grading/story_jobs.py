"""The parts of a report that are about Spark: the batch job, and the streams."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import programs
import student_code as code
import wording as say
from story_tables import ask_presto, lay_table
from telling import Story, field_of, part_name
from world import Event

LOOPS = ("list", "braces", "seq", "c", "counter")


def batch(story: Story, events: Sequence[Event]) -> None:
    world, rng = story.world, story.rng
    rows = [event for event in events if event.route is world.main]
    story.heading(rng.choice(["Filtering in batch", "Spark batch job", "From Kafka to HDFS"]))
    how = str(story.dress["table"])
    path = f"{story.place}{rng.choice(['filtered_writes.py', 'batch_job.py', f'extract_{world.main.thing}.py'])}"
    story.listing(path, code.batch_job(world, table=how == "job"), "batch_job")
    story.run("spark", f"spark-submit {story.inside(path)}", "batch_run")
    columns = world.columns(world.main)
    names = [name for name, _ in columns]
    table = [[field_of(event, name) for name in names] for event in rows]
    shown = programs.print_schema(columns) if rng.random() < 0.6 else []
    story.output([*shown, *programs.spark_show(names, table)], "spark", "batch_rows")
    if len(rows) <= 20:
        story.prose(say.rows_sentence(rng, len(rows), world.main.event_type, "batch"), tags=["batch_claim"])
    when = world.pass_time(30, 90)
    if rng.random() < 0.7:
        story.run("cloudera", f"hadoop fs -ls /tmp/{world.table}")
        at = f"/tmp/{world.table}"
        files = [(f"{at}/_SUCCESS", 0, when), (f"{at}/{part_name(rng)}", rng.randint(1900, 2600), when)]
        story.output(programs.hdfs_ls(files), "hdfs_ls", "ls")
    lay_table(story, world.table, columns, how)
    rows_by = {"select": table, "columns": columns, "events": rows}
    ask_presto(story, world.table, rows_by, count_about="batch_count")


def stream(story: Story) -> None:
    world, rng = story.world, story.rng
    story.heading(rng.choice(["Streaming", "The stream to HDFS", "Spark structured streaming"]))
    if story.dress["next_day"]:
        world.clock += timedelta(days=1)
        story.prose("I went on the day after, with the containers still up.")
    how = str(story.dress["table"])
    earliest = bool(story.dress["earliest"])
    path = f"{story.place}{rng.choice(['stream.py', 'write_stream.py', f'{world.main.thing}_stream.py'])}"
    seconds = rng.choice([5, 10, 20, 30])
    text = code.stream_job(world, "parquet", table=how == "job", earliest=earliest, seconds=seconds)
    story.listing(path, text, "stream_job")
    story.prose(f"every {seconds} seconds it writes what is new to `/tmp/{world.stream_table}`.")
    story.run("spark", f"spark-submit {story.inside(path)}", "stream_run")
    world.pass_time(20, 60)
    pause = rng.choice([5, 10, 15])
    style = rng.choice(["true", "colon"]) if world.endless else rng.choice(LOOPS)
    lines = code.loop_script(world, style, pause)
    if not world.endless:
        story.prose(say.loop_sentence(rng, world.rounds, pause), tags=["loop_claim"])
    if story.dress["loop_script"]:
        script = f"{story.place}{rng.choice(['loop.sh', 'feed.sh', 'generate.sh'])}"
        story.listing(script, "\n".join(["#!/bin/bash", "", *lines, ""]), "loop", form="bash")
        story.command(f"bash {script}", "shell")
    else:
        story.command(lines, "shell", "loop")
    before = [event for event in world.events if event.route is world.main] if earliest else []
    started = len(world.events)
    batches = [world.pass_time(1, 3)]
    for _ in range(world.rounds):
        world.send(world.loop)
        batches.append(world.pass_time(pause, pause + 2))
    if world.endless and story.dress["running"]:
        story.prose("the loop goes on while I look at the results in another terminal.")
    elif world.endless:
        story.prose(rng.choice(["after a while I stop it with Ctrl-C.", "I let it run for some minutes, then ^C."]))
    rows = before + [event for event in world.events[started:] if event.route is world.main]
    story.run("cloudera", f"hadoop fs -ls /tmp/{world.stream_table}")
    at = f"/tmp/{world.stream_table}"
    files = sorted((f"{at}/{part_name(rng)}", rng.randint(1900, 2600), when) for when in batches)
    story.output(programs.hdfs_ls([(f"{at}/_spark_metadata", None, batches[-1]), *files]), "hdfs_ls", "ls")
    columns = code.stream_columns(world)
    lay_table(story, world.stream_table, columns, how)
    table = [[field_of(event, name) for name, _ in columns] for event in rows]
    what = {"select": table, "columns": columns, "events": rows}

    def more() -> None:
        """Let the loop go on between two queries."""
        sent = world.send(world.loop)
        rows.extend(event for event in sent if event.route is world.main)

    running = more if world.endless and story.dress["running"] else None
    story.facts["running"] = running is not None
    ask_presto(
        story, world.stream_table, what, count_about="stream_count", total_known=not world.endless, meanwhile=running
    )


def console(story: Story) -> None:
    """Follow the stream on the console while the main requests are sent once more."""
    world, rng = story.world, story.rng
    story.heading(rng.choice(["The stream on the console", "Filtering a stream", "Watching the stream"]))
    path = f"{story.place}{rng.choice(['filter_stream.py', 'console_stream.py'])}"
    story.listing(path, code.stream_job(world, "console", table=False, earliest=False, seconds=0), "console_job")
    story.run("spark", f"spark-submit {story.inside(path)}", "console_run")
    names = [name for name, _ in code.stream_columns(world)]
    numbered = rng.random() < 0.5
    story.prose("no event has come since the job began, so the first table is empty.")
    story.output([*(programs.batch_header(0) if numbered else []), *programs.spark_show(names, [])], "spark")
    calls = [call for call in world.first if call.route is world.main]
    for number, call in enumerate(calls, 1):
        n = say.number(rng, call.requests, "stream_rows")
        story.prose(f"{call.host} sends {n} {call.route.event_type} {say.plural(call.requests, 'event')} again:")
        story.run("mids", code.ab_command(call), "console_load")
        rows = [[field_of(event, name) for name in names] for event in world.send([call])]
        n = say.number(rng, call.requests, "stream_rows")
        story.prose(
            rng.choice(
                [
                    f"the next table shows the {n} {say.plural(call.requests, 'event')} of {call.host}:",
                    f"and Spark prints a table with {n} {say.plural(call.requests, 'row')}.",
                ]
            ),
            tags=["stream_claim"],
        )
        header = programs.batch_header(number) if numbered else []
        story.output([*header, *programs.spark_show(names, rows)], "spark", "stream_rows")
