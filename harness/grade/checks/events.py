"""Events as JSON lines: whether each record is whole, and whether they are the events that were sent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from harness.grade.checks.context import command, is_gap, is_sample, outputs
from harness.grade.checks.saying import agrees, differs, doubts, other, quote
from harness.grade.checks.topic_reads import TopicReads
from harness.grade.checks.topics import Topics, topic_of
from harness.grade.model import Evidence, Finding, Submission, Verdict
from harness.grade.traffic import Load
from harness.grade.windows import Windows
from harness.outputs.json_lines import is_status, read_event
from harness.readme.blocks import Block, Kind

_FORMS: Final = frozenset({"", "json", "json_lines", "kafkacat", "shell"})
_OWN_HOSTS: Final = ("localhost", "127.0.0.1", "0.0.0.0", "mids")  # noqa: S104
_FEW: Final = 3
"""So few events are an example of many."""

_Event = Mapping[str, object]


def check(submission: Submission) -> Iterable[Finding]:
    """Check every block of events."""
    topics = Topics(submission)
    watched: dict[str | None, tuple[Windows, TopicReads]] = {}
    for place, block in outputs(submission):
        if block.form not in _FORMS or '": ' not in block.text:
            continue
        records = [(line, text.strip()) for line, text in block.printed()]
        read = [(line, text, read_event(text)) for line, text in records if not is_status(text)]
        events = [(line, event) for line, _, event in read if event is not None]
        if sum(_is_event(event) for _, event in events) * 2 < len(events) or not events:
            continue
        repaired = list(_broken(read, len(events)))
        yield from _records(block, repaired, len(events))
        yield from _keys(block, events)
        topic = topic_of(command(submission, place))
        if topic not in watched:
            sent = topics.to(topic)
            watched[topic] = Windows(sent), TopicReads(submission, sent)
        windows, reads = watched[topic]
        whole = [event for _, event in events] + [event for _, _, event in repaired if event is not None]
        gap = len(read) != len(whole) or any(is_gap(text) for _, text in records) or block.kind is Kind.EXCERPT
        texts = [text for _, text, event in read if event is not None]
        again = None if gap and block.kind is not Kind.EXCERPT else _again(reads, place, block, texts)
        counted = list(_counts(submission, place, block, whole, windows, gap))
        if again is not None and counted[0].verdict is Verdict.NOT_CHECKED:
            counted = [again]
        yield from counted
        if not gap and not repaired:
            reads.remember(place, block, texts)
        yield from _hosts(submission, block, events, topics.to(None))


def _again(reads: TopicReads, place: int, block: Block, texts: Sequence[str]) -> Finding | None:
    """Explain records by the last reading of the whole topic: they are of it, or it and what was sent since."""
    total = len(texts)
    since = reads.since(place, texts)
    if since is not None:
        line, came, sent = since
        events = [event for event in map(read_event, came) if event is not None]
        if _fits(sent, events):
            message = f"{total} events are those of line {line} and the {len(came)} that were sent since, host by host."
            return agrees("events-sent", block, block.first_line, message, total)
        return None
    line_of_all = reads.repeats(texts)
    if line_of_all is None:
        return None
    message = f"The {total} records are among those of the whole topic in line {line_of_all}."
    return agrees("events-sent", block, block.first_line, message, total)


def _broken(read: Sequence[tuple[int, str, _Event | None]], whole: int) -> Iterator[tuple[int, str, _Event | None]]:
    """Give the records that lost a brace, with what they were, and those that are not JSON among many that are."""
    for line, text, event in read:
        if event is not None or is_gap(text) or "..." in text or "…" in text:
            continue
        if text.startswith('"') and text.endswith("}") and _is_event(event := read_event("{" + text)):
            yield line, "{", event
        elif text.startswith("{") and _is_event(event := read_event(text + "}")):
            yield line, "}", event
        elif text.startswith("{") and text.endswith("}") and "'" not in text and whole > 2:
            yield line, "", None


def _is_event(event: _Event | None) -> bool:
    """Whether an object is an event by its looks: pretty-printed JSON has lines that are objects, too."""
    return event is not None and ("event_type" in event or "Host" in event)


def _records(block: Block, broken: Sequence[tuple[int, str, _Event | None]], whole: int) -> Iterator[Finding]:
    for line, brace, _ in broken:
        if brace:
            message = f"This record has lost its {brace}: it is no JSON object."
            yield differs("events-json", block, line, message, ("a JSON object", f"no {brace}"))
        else:
            message = "This record is no JSON object, while the others are."
            yield doubts("events-json", block, line, message, ("a JSON object", "malformed"))
    if not broken:
        yield agrees("events-json", block, block.first_line, f"Each of the {whole} records is a JSON object.", whole)


def _keys(block: Block, events: Sequence[tuple[int, _Event]]) -> Iterator[Finding]:
    """Events of one type and one client have the same keys; how many a random generator sends nobody can say."""
    first: dict[tuple[str, str], tuple[int, frozenset[str]]] = {}
    differing: dict[str, tuple[int, int, frozenset[str], frozenset[str]]] = {}
    for line, event in events:
        kind = str(event.get("event_type", ""))
        keys = frozenset(event)
        before, wanted = first.setdefault((kind, str(event.get("User-Agent", ""))), (line, keys))
        if keys != wanted and kind not in differing:
            differing[kind] = line, before, wanted, keys
    for kind, (line, before, wanted, keys) in differing.items():
        message = f"Events of type {quote(kind)} have other keys here than in line {before}."
        values = (sorted(wanted - keys), sorted(keys - wanted))
        yield doubts("events-keys", block, line, message, values)
    if not differing and len(events) > 1:
        message = "Events of one type have the same keys."
        yield agrees("events-keys", block, block.first_line, message, sorted(kind for kind, _ in first)[:20])


def _counts(
    submission: Submission, place: int, block: Block, events: Sequence[_Event], windows: Windows, gap: bool
) -> Iterator[Finding]:
    total = len(events)
    name = "events-sent"
    window = windows.ending(place, total)
    if window is not None and not gap and _fits(window, events):
        message = f"{total} events are the {total} requests that the commands before sent, host by host."
        evidence = tuple(Evidence(str(submission.report), one.line, f"{one.tool} {one.target}") for one in window[:8])
        yield Finding(name, Verdict.AGREES, block.first_line, message, total, total, block.fence, evidence=evidence)
    elif gap or not windows.certain(place) or total <= _FEW or is_sample(submission, place):
        message = "Nobody can say from the report how many events should be here."
        yield other(Verdict.NOT_CHECKED, name, block, block.first_line, message, (None, total))
    else:
        sent: Counter[str] = Counter()
        for load in windows.before(place):
            sent[load.host or ""] += load.count or 0
        shown = Counter(str(event.get("Host", "")) for event in events)
        message = f"{total} events are shown, but the commands before sent {sent.total()}, or differ by host or type."
        values = (dict(sorted(sent.items())), dict(sorted(shown.items())))
        evidence = tuple(Evidence(str(submission.report), one.line, "") for one in windows.before(place)[-1:])
        yield doubts(name, block, block.first_line, message, values, evidence)


def _hosts(
    submission: Submission, block: Block, events: Sequence[tuple[int, _Event]], sent: Sequence[Load]
) -> Iterator[Finding]:
    """Find events of a host for whom no command of the report sends, among events of hosts that have one."""
    known = {load.host for load in sent}
    if not known or None in known or any(load.count is None for load in sent):
        return
    strange: dict[str, int] = {}
    for line, event in events:
        host = event.get("Host")
        if isinstance(host, str) and host not in known and not host.startswith(_OWN_HOSTS):
            strange.setdefault(host, line)
    others = sum(event.get("Host") in known for _, event in events)
    for host, line in strange.items():
        message = f"No command of the report sends a request for {quote(host)}."
        evidence = [Evidence(str(submission.report), load.line, f"{load.tool} for {load.host}") for load in sent[:2]]
        values = (sorted(str(one) for one in known)[:10], host)
        say = differs if others > len(events) / 2 else doubts
        yield say("events-host", block, line, message, values, evidence)


def _fits(window: Sequence[Load], events: Sequence[_Event]) -> bool:
    """Whether the events are those of the loads: host by host, and type by type where each path has its own type."""
    paths: defaultdict[str, Counter[str]] = defaultdict(Counter)
    hosts: Counter[str] = Counter()
    for load in window:
        paths[load.path or ""][load.host or ""] += load.count or 0
        hosts[load.host or ""] += load.count or 0
    types: defaultdict[str, Counter[str]] = defaultdict(Counter)
    shown: Counter[str] = Counter()
    for event in events:
        host = str(event.get("Host", ""))
        types[str(event.get("event_type", ""))][host] += 1
        shown[host] += 1
    if hosts != shown and not (len(shown) == 1 and "" in shown):
        return False
    if len(paths) != len(types):
        return True
    return sorted(sorted(one.items()) for one in paths.values()) == sorted(
        sorted(one.items()) for one in types.values()
    )
