"""Mistakes in the code, in what is shown of it, and in the steps."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import replace

from document import Role, Submission
from mutate_outputs import records
from mutation import Mutated, edit_code, listings, mutation


def _files(submission: Submission, pattern: str) -> list[tuple[str, re.Match[str]]]:
    """Give the files whose text matches, and what a report that comes without its files lists."""
    texts = dict(submission.files)
    texts |= {p.file: "\n".join(p.lines) for p in submission.parts if p.file and p.file not in submission.files}
    found = []
    for path, text in sorted(texts.items()):
        if path != submission.report:
            found += [(path, match) for match in re.finditer(pattern, text)]
    return found


@mutation("table_location")
def table_location(rng: random.Random, submission: Submission) -> Mutated | None:
    return _ddl(
        rng,
        submission,
        r"(?i)location\s+'(/tmp/\w+)'(?!\s+as\b)",
        lambda match: match[0].replace(match[1], match[1] + "_x"),
    )


@mutation("column_order")
def column_order(rng: random.Random, submission: Submission) -> Mutated | None:
    pattern = r"(?i)(Accept \w+,)\s+(Host \w+,)"

    def swap(match: re.Match[str]) -> str:
        return match[0].replace(match[1], "\0").replace(match[2], match[1]).replace("\0", match[2])

    return _ddl(rng, submission, pattern, swap)


def _ddl(rng: random.Random, submission: Submission, pattern: str, change) -> Mutated | None:
    """Change the DDL, whether it stands in a file or is typed at Hive's prompt."""
    found = _files(submission, pattern)
    if found:
        path, match = rng.choice(found)
        return edit_code(submission, path, match[0], change(match))
    for number, part in enumerate(submission.parts):
        text = "\n".join(part.lines)
        if part.role is Role.COMMAND and (match := re.search(pattern, text)):
            lines = text.replace(match[0], change(match), 1).split("\n")
            return Mutated(submission.with_part(number, part.with_lines(lines)), parts={number})
    return None


@mutation("code_differs")
def code_differs(rng: random.Random, submission: Submission) -> Mutated | None:
    """Hand in a file that is not the one shown."""
    shown = [number for number, part in enumerate(submission.parts) if part.file.endswith(".py")]
    shown = [number for number in shown if submission.parts[number].file in submission.files]
    if not shown:
        return None
    number = rng.choice(shown)
    part = submission.parts[number]
    lines = [i for i, line in enumerate(part.lines) if re.search(r"(return|\.option\(|event_type|parquet)", line)]
    if not lines:
        return None
    at = rng.choice(lines)
    text = submission.files[part.file].split("\n")
    line = part.lines[at]
    if line not in text:
        return None
    new = re.sub(r"([a-z]{4,})(?=\W*$)", r"\1_v2", line)
    text[text.index(line)] = new if new != line else line + "  # v2"
    if new == line:
        text[text.index(line + "  # v2") : text.index(line + "  # v2") + 1] = []
    changed = submission.with_file(part.file, "\n".join(text))
    return Mutated(changed, parts={number}, files={part.file})


@mutation("metadata_missing")
def metadata_missing(rng: random.Random, submission: Submission) -> Mutated | None:
    """Let the code add a field that no event of the report shows."""
    found = _files(submission, r"""(\w*event\w*\s*=\s*\{[^{}\n]*['"]event_type['"]: ['"]([^'"]+)['"])""")
    shown: dict[str, set[int]] = defaultdict(set)
    for site in records(submission, r'"event_type": "(\w+)"'):
        shown[site.match[1]].add(site.part)
    found = [(path, match) for path, match in found if match[2] in shown and path.endswith(".py")]
    if not found:
        return None
    path, match = rng.choice(found)
    field = rng.choice(["'bonus': 'none'", "'level': 3", "'zone': 'north'"])
    mutated = edit_code(submission, path, match[1], f"{match[1]}, {field}")
    if not mutated:
        return None
    return Mutated(mutated.submission, parts=mutated.parts | shown[match[2]], files=mutated.files)


@mutation("undefined_name")
def undefined_name(rng: random.Random, submission: Submission) -> Mutated | None:
    found = _files(submission, r"(?:log_to_kafka|send)\([^()\n]*?(\w+_event)(?:\)|,)|json\.dumps\((\w+_event)\)")
    if not found:
        return None
    path, match = rng.choice(found)
    name = match[1] or match[2]
    return edit_code(submission, path, match[0], match[0].replace(name, name.replace("_event", "_evnt")))


@mutation("row_number")
def row_number(rng: random.Random, submission: Submission) -> Mutated | None:
    """Pick rows by a number that follows no order."""
    tables = [number for number in submission.tagged("groups") if submission.parts[number].role is Role.COMMAND]
    if not tables:
        return None
    number = rng.choice(tables)
    part = submission.parts[number]
    text = "\n".join(part.lines)
    name = re.search(r"from (\w+)", text)
    if not name:
        return None
    window = rng.choice(["ROW_NUMBER() OVER ()", "row_number() over()", "ROW_NUMBER() OVER (PARTITION BY host)"])
    sql = f"select host from (select host, {window} as n from {name[1]}) where n = 1"
    lines = re.sub(r"select [^;\"]*", sql, text, count=1).split("\n")
    new = [part.with_lines(lines)]
    parts = [*submission.parts[: number + 2], *new, *submission.parts[number + 2 :]]
    changed = replace(submission, parts=parts)
    return Mutated(changed, parts={number + 2})


def _without(submission: Submission, *tags: str) -> Mutated | None:
    gone = {number for tag in tags for number in submission.tagged(tag)}
    return Mutated(submission.without_part(*gone)) if gone else None


@mutation("missing_teardown")
def missing_teardown(rng: random.Random, submission: Submission) -> Mutated | None:
    return _without(submission, "down")


@mutation("missing_topic")
def missing_topic(rng: random.Random, submission: Submission) -> Mutated | None:
    return _without(submission, "topic", "topic_prose", "topic_output")


@mutation("missing_table")
def missing_table(rng: random.Random, submission: Submission) -> Mutated | None:
    """Write a stream to HDFS and never lay a table over it."""
    table = submission.facts.get("stream_table")
    if not table:
        return None
    changed = submission
    for path, text in submission.files.items():
        if path.endswith((".sql", ".hql")) and str(table) in text:
            files = {name: content for name, content in changed.files.items() if name != path}
            changed = replace(changed, files=files)
        elif f"external table if not exists {table} " in text:
            new = re.sub(
                rf'    spark\.sql\("drop table if exists {table}"\)\n    spark\.sql\("""(?s:.*?)"""\)\n+', "", text
            )
            changed = changed.with_file(path, new)
            for number, part in listings(changed, path):
                changed = changed.with_part(number, part.with_lines(new.rstrip("\n").split("\n")))
    last = len(changed.parts)
    heads = [
        n for n, part in enumerate(changed.parts) if part.role is Role.HEADING and part.lines[0].endswith(f": {table}")
    ]
    if heads:
        last = next((n for n in range(heads[0] + 1, last) if changed.parts[n].role is Role.HEADING), last)
        changed = changed.without_part(*range(heads[0], last))
    return Mutated(changed.without_part(*changed.tagged(f"lay:{table}")))
