"""Sentences of an invented author. A number that an output proves stands between two marks, with what it is about."""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Sequence

from document import Claim, Part, Role

_MARK = re.compile("\x01([a-z_]+)=(\\d+)=([^\x02]*)\x02")
WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
WORDS += ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"]
TENS = {30: "thirty", 40: "forty", 50: "fifty", 60: "sixty", 80: "eighty", 90: "ninety"}


def spelt(number: int) -> str | None:
    """Give the word for a number, where people write one."""
    return WORDS[number] if number < len(WORDS) else TENS.get(number)


def number(rng: random.Random, value: int, about: str, *, words: float = 0.3) -> str:
    """Write a number that an output proves, in digits or (now and then) as a word."""
    word = spelt(value)
    written = word if word and rng.random() < words else str(value)
    return f"\x01{about}={value}={written}\x02"


def paragraph(rng: random.Random, sentences: Sequence[str], *tags: str, width: int | None = None) -> Part:
    """Make a part of prose, wrapped at some width or not at all, and note where its claims are."""
    text = " ".join(sentence[:1].upper() + sentence[1:] for sentence in sentences if sentence)
    capital = re.match("\x01([a-z_]+)=(\\d+)=([a-z])", text)
    if capital:
        text = f"\x01{capital[1]}={capital[2]}={capital[3].upper()}{text[capital.end() :]}"
    shown = _MARK.sub(lambda match: match[3], text)
    lines = textwrap.wrap(shown, width, break_on_hyphens=False, break_long_words=False) if width else [shown]
    claims, line, at = [], 0, 0
    for match in _MARK.finditer(text):
        while True:  # the claims come in their order, so each is looked for behind the one before
            found = re.compile(rf"(?<![\w.-]){re.escape(match[3])}(?![\w.-]*\w)").search(lines[line], at)
            if found:
                break
            line, at = line + 1, 0
        claims.append(Claim(line, match[3], int(match[2]), match[1]))
        at = found.end()
    return Part(Role.PROSE, lines, tags=tags, claims=claims)


INTROS = (
    "This write-up walks through the pipeline of our mobile game, from the API server to the SQL prompt.",
    "The goal: catch what players do in the game, and make it queryable.",
    "I built on the code of week 13 and changed it for our own events.",
    "In this report we track in-game actions with Flask, Kafka, Spark, HDFS and Presto.",
    "All of this ran on a VM with 4 cores and 16 GB; the images add up to roughly 3.5 GB.",
)
TRAPS = (
    "The API listens on port 5000, Kafka on 29092 and ZooKeeper on 32181.",
    "I used docker-compose 1.24 and Spark 2.2.0 for this.",
    "The course gives 10 points for this part.",
    "It took me about 20 minutes to get this far, 15 of them waiting.",
    "Note that the default of HDFS is a replication factor of 3; here it is 1.",
    "See step 4 in the slides, section 12.3.",
    "Keep a second terminal open for this.",
    "On the 2nd try it worked within 1,5 seconds.",
    "In production one would use 3 brokers and at least 12 partitions.",
    "This is HTTP/1.0, as ab speaks it.",
    "(Version 0.10 of the client also works with Python 3.6.)",
    "If 100 players did that at once we would need more than 1 worker.",
)
OUTPUT_LEADS = ("output:", "Output:", "This gives", "which prints:", "The result:", "I see the following:", "", "")
TYPOS = {"the following": "the follwing", "which": "wich", "receive": "recieve", "terminal": "termnial"}


def plural(value: int, one: str, many: str | None = None) -> str:
    return one if value == 1 else many or one + "s"


def load_sentence(rng: random.Random, requests: int, name: str, host: str) -> str:
    n = number(rng, requests, "requests")
    return rng.choice(
        [
            f"first I let {host} send {n} {name} {plural(requests, 'request')}.",
            f"the next command makes {n} {name} {plural(requests, 'event')} for {host}.",
            f"now {host} does this {n} {plural(requests, 'time')}.",
            f"{n} {name} {plural(requests, 'event')} by `{host}`:",
            f"we generate {n} {plural(requests, 'event')} of type {name} with Apache Bench, from {host}.",
        ]
    )


def log_sentence(rng: random.Random, lines: int, *, fine: bool) -> str:
    n = number(rng, lines, "log")
    return rng.choice(
        [
            f"Flask logged {n} {plural(lines, 'request')}{', all with status 200' if fine else ''}.",
            f"in the terminal of Flask I see {n} API {plural(lines, 'call')}:",
            f"the server window shows {n} {plural(lines, 'line')}, one for each call.",
            f"that makes {n} {plural(lines, 'request')} in the log of the web server.",
        ]
    )


def topic_sentence(rng: random.Random, total: int, by_type: dict[str, int]) -> str:
    n = number(rng, total, "topic")
    parts = [f"{number(rng, count, 'topic_type')} {name}" for name, count in by_type.items()]
    split = ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else parts[0]
    return rng.choice(
        [
            f"there are {n} {plural(total, 'event')} in the topic: {split}.",
            f"kafkacat shows {n} {plural(total, 'message')} in total.",
            f"in summary, the topic holds {n} {plural(total, 'event')}, {split}.",
            f"all {n} {plural(total, 'event')} have arrived in Kafka ({split}).",
        ]
    )


def rows_sentence(rng: random.Random, rows: int, event_type: str, about: str) -> str:
    n = number(rng, rows, about)
    return rng.choice(
        [
            f"the job kept {n} {event_type} {plural(rows, 'event')}.",
            f"as expected, the table has {n} {plural(rows, 'row')}.",
            f"we see {n} {plural(rows, 'row')}, every one of type {event_type}.",
            f"{n} {event_type} {plural(rows, 'event')} made it through the filter.",
            f"only the {n} {event_type} {plural(rows, 'event')} are left after filtering.",
        ]
    )


def count_sentence(rng: random.Random, rows: int, event_type: str, about: str) -> str:
    n = number(rng, rows, about, words=0.2)
    return rng.choice(
        [
            f"Presto counts {n} {plural(rows, 'row')}.",
            f"so there were {n} {event_type} {plural(rows, 'event')} overall.",
            f"the count is {n}.",
            f"the table now holds {n} {plural(rows, 'row')}.",
            f"we can tell that {n} {event_type} {plural(rows, 'event')} were recorded.",
        ]
    )


def columns_sentence(rng: random.Random, count: int) -> str:
    n = number(rng, count, "columns", words=0.5)
    return rng.choice(
        [
            f"the table has {n} {plural(count, 'column')}.",
            f"there are {n} {plural(count, 'column')}, as in the schema above.",
            f"it consists of {n} {plural(count, 'column')}.",
        ]
    )


def loop_sentence(rng: random.Random, rounds: int, pause: int) -> str:
    n = number(rng, rounds, "rounds", words=0.5)
    return rng.choice(
        [
            f"the loop runs {n} {plural(rounds, 'time')} and waits {pause} seconds in between.",
            f"I feed the stream with a loop of {n} {plural(rounds, 'round')}, {pause} seconds apart.",
            f"these commands are repeated {n} {plural(rounds, 'time')}.",
        ]
    )


def option_sentence(rng: random.Random, requests: int) -> str:
    n = number(rng, requests, "option", words=0)
    return rng.choice(
        [
            f"`-n {n}` makes ab send {requests} requests.",
            f"here -n {n} is how many requests are made.",
            f"the option `-n {n}` sets the number of requests.",
        ]
    )
