"""Important steps that the whole report does not have: each a warning at its first line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from harness.grade.code.facts import Code, code, whole_text
from harness.grade.model import Finding, Submission, Verdict, Weight

CHECK: Final = "step-missing"
_TOPICS: Final = ("kafka-topics", "create_topics", "newtopic", "auto_create", "auto.create", "auto-create", "--topic")
_LOADS: Final = (
    "ab -",
    "ab \\",
    "curl ",
    "requests.",
    "wget ",
    "httpie",
    "apache bench",
    "apachebench",
    "locust",
    "siege ",
)
_DOWNS: Final = ("down", "stop", "rm", "kill")
_TASK: Final = ("join guild", "join a guild", "`join_guild`")


def check(submission: Submission) -> Iterator[Finding]:
    """Look for the steps of the assignment in the report and in what was handed in with it."""
    facts = code(submission)
    text = whole_text(submission).lower()
    if not facts.typed:
        return
    sources = "\n".join(source.text for source in facts.sources).lower()
    everything = f"{text}\n{sources}"
    up = "docker-compose" in text or "docker compose" in text
    tools = ("docker-compose", "docker compose", "harness")
    down = any(f"{tool} {word}" in text for tool in tools for word in _DOWNS)
    created = any(word in everything for word in _TOPICS[1:-1]) or (_TOPICS[0] in text and "--create" in text)
    if "kafka" in text:
        why = "No command creates a topic: the broker makes it with the first event, with its own settings"
        yield _said("topic", created, "A command creates the topic", why)
    yield _said(
        "load",
        any(word in everything for word in _LOADS),
        "Requests are sent to the API",
        "No request is sent to the API",
    )
    if up:
        yield _said("teardown", down, "The cluster is taken down", "The cluster is never taken down")
    yield from _streams(facts, text)
    yield from _task(facts, text)


def _streams(facts: Code, text: str) -> Iterator[Finding]:
    """A table over what a stream writes that no query asks."""
    paths = {sink.path.rstrip("/") for job in facts.jobs for sink in job.sinks if sink.stream and sink.path}
    words = text.replace("`", "").replace('"', " ").replace(";", " ").split()
    asked = {
        words[at + 1].rpartition(".")[2].strip("(),") for at, word in enumerate(words[:-1]) if word in ("from", "join")
    }
    names = {table.name for table in facts.tables if (table.location or "").rstrip("/") in paths}
    for name in sorted(names):
        yield _said(
            "query", _is_asked(name, asked), f"A query asks {name}", f"No query asks {name}, which a stream fills"
        )


def _is_asked(name: str, asked: set[str]) -> bool:
    return name in asked or any(word.startswith(f"{name}\\n") or word.startswith(f"{name},") for word in asked)


def _task(facts: Code, text: str) -> Iterator[Finding]:
    """The second event of the task, where the report states the task."""
    if not facts.api.routes or not any(word in text for word in _TASK):
        return
    built = any("guild" in source.text.lower() for source in facts.apps)
    yield _said(
        "task",
        built,
        "The API has the event join guild",
        "The report states the event join guild, but the API has no such route",
    )


def _said(step: str, done: bool, good: str, bad: str) -> Finding:
    if done:
        return Finding(CHECK, Verdict.AGREES, 1, f"{good}.", step, step)
    message = f"In the whole report: {bad[0].lower()}{bad[1:]}."
    return Finding(CHECK, Verdict.DISAGREES, 1, message, step, None, None, Weight.WARNING)
