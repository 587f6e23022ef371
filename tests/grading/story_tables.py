"""The part of a report that is about tables: the DDL, and what Presto says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import programs
import student_code as code
import wording as say
from telling import Story


def lay_table(story: Story, name: str, columns: Sequence[tuple[str, str]], how: str) -> None:
    """Lay the table over the files, unless the job did."""
    rng, lay = story.rng, f"lay:{name}"
    if how == "job":
        story.prose(f"the job also makes the table `{name}` in the Hive metastore.", tags=[lay])
        return
    lines = code.ddl(name, columns, f"/tmp/{name}")
    story.prose("now the metastore must hear of it.", tags=[lay])
    if how == "file":
        path = f"{story.place}{name}.{rng.choice(['sql', 'hql'])}"
        story.listing(path, "\n".join(lines) + ";\n", "ddl", lay, form="sql")
        story.run("cloudera", f"hive -f {story.inside(path)}", lay)
    else:
        story.run("cloudera", "hive", lay)
        story.command([*lines[:-1], lines[-1] + ";"], "hive", "ddl", lay)
        story.output(["OK", f"Time taken: 0.{rng.randint(100, 999)} seconds"], "hive", lay)


def ask_presto(
    story: Story,
    name: str,
    what: dict,
    *,
    count_about: str,
    total_known: bool = True,
    meanwhile: Callable[[], None] | None = None,
) -> None:
    world, rng = story.world, story.rng
    story.heading(rng.choice(["Queries", "Presto", "Asking Presto"]) + f": {name}")
    interactive = bool(story.dress["interactive"])
    if interactive:
        story.run("presto", "presto --server presto:8080 --catalog hive --schema default")
    names = [column for column, _ in what["columns"]]
    presto_names = [column.lower() for column in names]
    types = {"string": "varchar", "integer": "integer"}
    rows = what["events"]
    if rng.random() < 0.5:
        described = [[column.lower(), types[kind], ""] for column, kind in what["columns"]]
        _query(story, f"describe {name}", ["Column", "Type", "Comment"], described, "describe", scanned=len(described))
        story.prose(say.columns_sentence(rng, len(described)), tags=["columns_claim"])
    if len(rows) <= 30 and rng.random() < 0.8:
        _query(story, f"select * from {name}", presto_names, what["select"], "select", scanned=len(rows))
    elif rng.random() < 0.5:
        _query(
            story, f"select * from {name} limit 5", presto_names, what["select"][:5], "select_limit", scanned=len(rows)
        )
    _query(story, f"select count(*) from {name}", ["_col0"], [[len(rows)]], "count", count_about, scanned=len(rows))
    if total_known:
        sentence = say.count_sentence(rng, len(rows), world.main.event_type, count_about)
        story.prose(sentence, tags=["count_claim"])
    if meanwhile:
        meanwhile()
    groups = Counter(event.host for event in rows)
    if rng.random() < 0.8:
        alias = rng.choice(["_col1", "n", "purchases"])
        what_is = "count(*)" if alias == "_col1" else f"count(*) as {alias}"
        sql = f"select host, {what_is} from {name} group by host"
        _query(story, sql, ["host", alias], sorted(groups.items()), "groups", scanned=len(rows))


def _query(
    story: Story, sql: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *tags: str, scanned: int
) -> None:
    world = story.world
    when, number = world.next_query()
    table = programs.presto(columns, rows)
    if story.dress["interactive"]:
        prompt = "presto:default> " if story.dress["presto_prompt"] else ""
        story.command(f"{prompt}{sql};", "presto", "query", *tags)
        footer = programs.presto_footer(when, number, world.session, scanned) if story.dress["footer"] else []
        story.output([*table, *footer], "presto", *tags, *(["footer"] if footer else []))
        return
    options = f'--output-format ALIGNED --execute "{sql}"'
    story.command(
        f"docker-compose exec presto presto --server presto:8080 --catalog hive --schema default {options}",
        "shell",
        *tags,
    )
    story.output(table, "presto", *tags)
