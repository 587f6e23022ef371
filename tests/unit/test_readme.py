"""A report that this project rendered is read back with certainty, and what was changed by hand shows."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from inspect import cleandoc
from pathlib import Path

import pytest
from samples import MESSAGES, STARTED, capture, event, record_of, sample_record

from harness.model import Capture, Check, Outcome, Record, StepRecord
from harness.readme import Block, Kind, Reading, read
from harness.readme.digests import check
from harness.readme.tokens import parse
from harness.record import load
from harness.render.readme import excerpt_of, fence_text, render_readme

SAMPLE = Path(__file__).parents[2] / "reports" / "sample"
OUTPUTS = (Kind.OUTPUT, Kind.LISTING)

HOSTILE = {
    "escapes": "\x1b[2J\x1b]0;title\x07 done\n",
    "controls": "a\x00b\x01c\x7f\x9b\u202e\u2028\ufeff\n",
    "html": "</script>\n<script>1</script>\n</details>\n\n</details>\n<details><summary>output: 9 lines</summary>\n",
    "backticks": "```\n" + "`" * 40 + "\n```sh\nls\n```\n",
    "tildes": "~~~~~~~\n~~~sh\n**mids**\n",
    "comments": "<!-- -->\n<!-- sha256:" + "0" * 64 + " step=load command=a stream=stdout -->\n<!-- \n",
    "report": "## Steps\n\n**mids**\n\n```sh\nls\n```\n\nNo output.\n\n**Checks**\n\n- ✓ a: `1`\n\n## Run it again\n",
    "anchor": '<a id="step-load"></a>\n\n## 1. Send the load\n',
    "lines that end in crlf": "one\r\ntwo\r\n",
    "crlf": "one\r\ntwo\r\n\r\n",
    "crlf without the last": "one\r\ntwo",
    "http": "HTTP/1.1 200 OK\r\nServer: a\r\n\r\nbody\nmore\n",
    "carriage returns": "10%\r20%\r30%\n",
    "no final newline": "end",
    "blank": "\n",
    "many blanks": "\n\n\n",
    "spaces": "   \n\t\n",
    "empty": "",
    "invalid UTF-8": b"caf\xe9 \xff\xc3\n".decode(errors="surrogateescape"),
    "list": "- a\n  - b\n\n1. c\n    code\n",
}
"""Outputs that come back as they were captured."""

LOSSY = {
    "a line of a megabyte": "7" * 1_000_000 + "\n",
    "many lines": "line 1\n" * 20_000,
    "colours": "\x1b[31mWARNING 1\x1b[0m\n",
    "mixed line ends": "1\r\n2\n3\r\n",
    "an escape and the word for it": "\x1b[2J \\x1b 1\n",
}
"""Outputs that a fence cannot give back."""

EXPLANATIONS = (
    "One line.",
    "Two lines\nof one paragraph.\n\n- a list\n- of two\n\n  continued",
    "### A heading\n\n| a | b |\n| - | - |\n| 1 | 2 |",
    "```text\nnot a message\n```\n\nAfter.",
    "```json\n{}\n```\n\n~~~\n```\n~~~\n\nAfter.",
    "1. first\n\n   ```sh\n   ls\n   ```\n2. second\n\n> quoted\n\n---\n\n**Bold**",
    "No output.\n\nstderr:\n\nOne event of each type:\n\n**Checks**\n\nnone",
    "## Versions\n\n| part | version |\n| --- | --- |\n| a | b |\n\n## Invariants\n\nText.",
    "[link]: https://example.org\n\n[link] &amp; `code`  \nbroken",
    "",
)


def without_comments(report: str) -> str:
    """Strip this project's comments, and nothing that looks like them in a fence."""
    source = parse(report)
    first = {each.first_line for each in source.elements if each.text.startswith("<!-- ") and not each.info}
    return "\n".join(line for number, line in enumerate(source.lines, 1) if number not in first)


def shown(ran: Capture) -> Iterator[tuple[str, str]]:
    """Give the streams of a command that the report shows."""
    if ran.stdout or not ran.stderr:
        yield "stdout", ran.stdout
    went_wrong = ran.exit_code not in (0, None) and not (ran.background and ran.exit_code == 143)
    if ran.stderr and (went_wrong or not ran.stdout.strip()):
        yield "stderr", ran.stderr


def assert_certain(reading: Reading) -> None:
    assert reading.problems == []
    assert list(reading.findings) == []
    assert [block for block in reading.blocks if block.confidence != 1] == []
    assert reading.certain
    assert all(block.reason for block in reading.blocks)


def assert_lines(report: str, reading: Reading) -> None:
    """Blocks stand in their order and do not overlap; each is where it says."""
    lines = report.split("\n")
    last = 0
    for block in reading.blocks:
        assert last < block.first_line <= block.last_line <= len(lines)
        last = block.last_line
        text = lines[block.first_line - 1 : block.last_line]
        if text[0].startswith("```") and block.kind is not Kind.PROSE:
            assert "\n".join(text[1:-1]) == block.text
        elif block.kind is Kind.HEADING:
            assert [line.rstrip() for line in text] == [f"{'#' * (1 + (block.first_line > 1))} {block.text}".rstrip()]


def assert_reads(record: Record, report: str, annotated: bool = True) -> None:
    """The report is read with certainty, and gives the record's explanations, commands and outputs."""
    reading = read(report)
    assert_certain(reading)
    assert_lines(report, reading)
    for step in record.steps:
        blocks = [block for block in reading.blocks if block.step == step.id]
        explained = [block.text for block in blocks if "explanation" in block.reason]
        assert explained == [cleandoc(step.explanation)] * bool(step.explanation.strip())
        assert [each.text for each in blocks if each.kind is Kind.MESSAGE] == [
            fence_text(text) for text in [step.message] if text
        ]
        commands = [block for block in blocks if block.kind is Kind.COMMAND]
        assert [each.text for each in commands] == [fence_text(ran.typed or ran.command) for ran in step.commands]
        assert [each.service for each in commands] == [ran.service for ran in step.commands]
        ids = [ran.id if annotated and (ran.stdout or ran.stderr) else None for ran in step.commands]
        assert [each.command for each in commands] == ids
        outputs = [block for block in blocks if block.kind in OUTPUTS]
        captured = [(ran, stream, text) for ran in step.commands for stream, text in shown(ran)]
        for block, (ran, stream, text) in zip(outputs, captured, strict=True):
            assert (block.stream, block.text, block.service) == (stream, fence_text(text), ran.service)
            if annotated and text:
                assert block.command == ran.id
                assert block.original == text or (block.original is None and block.unproven)
        excerpts = [fence_text(events) for _, _, text in captured if (events := excerpt_of(text))]
        assert [each.text for each in blocks if each.kind is Kind.EXCERPT] == excerpts
    assert reading.digests == (report.count("\n<!-- sha256:") if annotated else 0) or "<!--" in str(record)


def both_ways(record: Record) -> None:
    report = render_readme(record)
    assert_reads(record, report)
    assert_reads(record, without_comments(report), annotated=False)


@pytest.fixture(scope="module")
def sample() -> str:
    return (SAMPLE / "README.md").read_text()


def test_the_sample_is_read_with_certainty(sample: str) -> None:
    record = load(SAMPLE / "record.json")
    reading = read(sample)
    assert_certain(reading)
    assert_lines(sample, reading)
    outputs = {(each.command, each.stream): each for each in reading.blocks if each.comment and each.comment.sha256}
    assert len(outputs) == reading.digests == 63
    captured = {ran.id: ran for step in record.steps for ran in step.commands}
    for (name, stream), block in outputs.items():
        text = getattr(captured[str(name)], str(stream))
        assert block.original == text or ("\x1b" in text and block.unproven)
    texts = [block.text for block in reading.blocks if block.kind is Kind.COMMAND]
    assert texts == [ran.command for step in record.steps for ran in step.commands]
    stripped = read(without_comments(sample))
    assert_certain(stripped)
    assert [(each.kind, each.text) for each in stripped.blocks] == [(each.kind, each.text) for each in reading.blocks]


def test_every_outcome_is_read_back() -> None:
    both_ways(sample_record())
    kinds = {block.kind for block in read(render_readme(sample_record())).blocks}
    assert kinds == set(Kind)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_output_comes_back_as_it_was_captured(name: str) -> None:
    text = HOSTILE[name]
    record = record_of(
        capture("a", "mids", "cat file", text),
        capture("b", "mids", text or "true", text, text, 1),
        outcome=Outcome.FAILED,
        message=text or None,
    )
    both_ways(record)
    outputs = [block for block in read(render_readme(record)).blocks if block.kind in OUTPUTS]
    assert {block.original for block in outputs} == {text}


@pytest.mark.parametrize("name", LOSSY)
def test_what_a_fence_cannot_give_back_is_checked_as_it_is_shown(name: str) -> None:
    record = record_of(capture("a", "mids", "run", LOSSY[name]))
    both_ways(record)
    report = render_readme(record)
    (output,) = [block for block in read(report).blocks if block.kind is Kind.OUTPUT]
    assert output.original is None
    assert "agrees with its own digest" in output.unproven
    fence = report.index("```text\n")
    edited = report[:fence] + re.sub("[0-9]", "5", report[fence:], count=1)
    assert len(read(edited).findings) == 1


@pytest.mark.parametrize("explanation", EXPLANATIONS)
def test_an_explanation_may_be_any_markdown(explanation: str) -> None:
    ran = capture("a", "mids", "true")
    check = Check("a", 1, 1, True)
    for commands, checks in (((ran,), (check,)), ((), (check,)), ((ran,), ()), ((), ())):
        both_ways(record_of(*commands, explanation=explanation, checks=checks))


@pytest.mark.parametrize(
    ("service", "background", "exit_code", "seen"),
    [
        ("mids", False, 0, None),
        ("a*b_c|d`e\\f [x](y)", False, 7, 7),
        ("mids", True, 143, 143),
        ("mids", True, None, None),
        ("Checks", False, -9, -9),
    ],
)
def test_the_line_before_a_command_names_service_and_end(
    service: str, background: bool, exit_code: int | None, seen: int | None
) -> None:
    record = record_of(capture("a", service, "run", "x\n", "", exit_code, background))
    both_ways(record)
    (command,) = [block for block in read(render_readme(record)).blocks if block.kind is Kind.COMMAND]
    assert (command.service, command.background, command.exit_code) == (service, background, seen)


def test_what_a_user_types_for_a_command_is_read_and_its_file_is_a_listing() -> None:
    ran = replace(capture("a", "mids", "cat a.py", "x = 1\n"), typed="docker compose exec mids cat a.py")
    both_ways(record_of(ran))
    assert Kind.LISTING in {block.kind for block in read(render_readme(record_of(ran))).blocks}


def random_text(chance: random.Random) -> str:
    parts = [*HOSTILE.values(), MESSAGES, event("h", "default") + "\n", "\x1b[1mx\x1b[0m\n", "9\n" * 450, "\\x1b"]
    return "".join(chance.choices(parts, k=chance.choice((0, 1, 1, 1, 2, 3))))


def random_step(chance: random.Random, name: str) -> StepRecord:
    commands = tuple(
        Capture(
            f"{name}-{number}",
            chance.choice(("mids", "spark", "pre_sto")),
            random_text(chance) or chance.choice(("cat jobs/a.py", "ls", "")),
            random_text(chance),
            random_text(chance),
            chance.choice((0, 0, 1, 143, None)),
            STARTED,
            0.5,
            chance.random() < 0.3,
        )
        for number in range(chance.choice((0, 1, 2, 4)))
    )
    checks = tuple(Check(random_text(chance), 1, random_text(chance), chance.random() < 0.5) for _ in range(2))
    explanation = "\n\n".join(["Begin.", *chance.sample(EXPLANATIONS, 2)]) if chance.random() < 0.8 else ""
    outcome = chance.choice(list(Outcome))
    cause = chance.choice(("other", "s0")) if outcome is Outcome.BLOCKED else None
    message = random_text(chance) if outcome in (Outcome.FAILED, Outcome.INFRASTRUCTURE) else None
    checks = checks[: chance.randrange(3)]
    title = chance.choice(("A title", random_text(chance)))
    return StepRecord(name, title, explanation, outcome, cause, 1.5, commands, checks, message, chance.random() < 0.2)


@pytest.mark.parametrize("seed", range(40))
def test_any_record_is_read_back(seed: int) -> None:
    chance = random.Random(seed)
    steps = tuple(random_step(chance, f"s{number}") for number in range(chance.randrange(4)))
    invariants = sample_record().invariants if chance.random() < 0.5 else ()
    services = sample_record().services if chance.random() < 0.5 else ()
    both_ways(replace(sample_record(), steps=steps, invariants=invariants, services=services))


def test_each_digit_of_the_samples_outputs_that_is_changed_is_found(sample: str) -> None:
    chance = random.Random(12)
    blocks = [each for each in read(sample).blocks if each.comment and each.comment.sha256]
    tried = 0
    for block in blocks:
        digits = [found.start() for found in re.finditer("[0-9]", block.text)]
        for at in chance.sample(digits, min(20, len(digits))):
            digit = str((int(block.text[at]) + chance.randrange(1, 10)) % 10)
            _, findings, _ = check([replace(block, text=block.text[:at] + digit + block.text[at + 1 :])])
            assert [each.line for each in findings] == [block.comment and block.comment.line]
            tried += 1
    assert tried > 700


def test_a_changed_digit_is_named_by_line_origin_and_digests() -> None:
    report = render_readme(
        record_of(capture("a", "mids", "run", "0 1\n2\r\n", "34\n", 1), capture("b", "mids", "x", "5"))
    )
    fences = [each for each in read(report).blocks if each.kind is Kind.OUTPUT]
    lines = report.split("\n")
    tried = []
    for block in fences:
        for number in range(block.first_line, block.last_line - 1):
            for found in re.finditer("[0-9]", lines[number]):
                edited = lines.copy()
                edited[number] = lines[number][: found.start()] + "8" + lines[number][found.end() :]
                reading = read("\n".join(edited))
                (finding,) = reading.findings
                assert (finding.step, finding.command, finding.stream) == ("load", block.command, block.stream)
                assert finding.expected != finding.actual
                assert lines[finding.line - 1].startswith("<!-- sha256:")
                assert not reading.certain
                tried.append(found[0])
    assert tried == list("012345")


def test_a_changed_event_of_an_excerpt_is_found() -> None:
    report = render_readme(record_of(capture("a", "mids", "run", MESSAGES)))
    start = report.index("One event of each type:")
    edited = report[:start] + report[start:].replace("user1", "user3", 1)
    assert [each.command for each in read(edited).findings] == ["a"]


def report_of_two() -> str:
    step = replace(
        record_of().steps[0],
        id="more",
        title="More",
        explanation="Why.",
        commands=(capture("c", "spark", "ls", "1\n"),),
    )
    first = record_of(
        capture("a", "mids", "seq 40", "9\n" * 40),
        capture("b", "mids", "run", "1\n", "2\n", 1),
        checks=(Check("a", 1, 1, True),),
    )
    return render_readme(replace(first, steps=(*first.steps, step)))


def test_a_report_that_is_cut_short_anywhere_is_not_certain() -> None:
    lines = report_of_two().removesuffix("\n").split("\n")
    assert_certain(read("\n".join(lines)))
    assert [end for end in range(len(lines)) if read("\n".join(lines[:end])).certain] == []


SHA = re.compile(r"<!-- sha256:\w+ step=load command=b stream=stdout -->\n")
ANY_COMMENT = r"<!-- sha256:\w+ step=load command=b"
OUTPUT_OF_B = r"```text\n1\n"
EDITS = {
    "a paragraph before an output": (f"(?={ANY_COMMENT})", "It printed this:\n\n"),
    "a paragraph after an output": (r"(?=stderr:\n)", "And now:\n\n"),
    "an output of a second fence": (r"(?=stderr:\n)", "```text\n3\n```\n\n"),
    "no output at all": (r"(?s)(<!-- sha256:\w+ step=load command=a [^\n]*\n)?<details>.*?</details>\n\n", ""),
    "no comment": (SHA.pattern, ""),
    "another stream's comment": (r"(?<=command=b stream=std)out", "err"),
    "another step's comment": (r"step=load(?= command=b)", "step=more"),
    "a comment that is none": (r"sha256:\w(?=\w+ step=load command=b)", "sha256:"),
    "no end of the folding": ("</details>\n\n", ""),
    "no word for stderr": ("stderr:\n\n", ""),
    "no outcome": (r"\*\*✓ passed\*\* in [\d.]+ seconds\n\n", ""),
    "no second step": ('(?s)<a id="step-more"></a>.*?(?=## Servers)', ""),
    "another name of a step": ('<a id="step-more">', '<a id="step-other">'),
    "a heading before the steps": ("## Steps\n", "## My steps\n"),
    "no last words": ("(?s)## Run it again.*", ""),
    "a section at the end": (r"\Z", "\n## Remarks\n\nAll was well.\n"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_report_that_was_edited_by_hand_is_not_certain(edit: str) -> None:
    pattern, put = EDITS[edit]
    edited, count = re.subn(pattern, put, report_of_two(), count=1)
    assert count == 1
    reading = read(edited)
    assert reading.problems or [block for block in reading.blocks if block.confidence <= 0.5]
    assert not reading.certain
    assert all(block.reason for block in reading.blocks)


@pytest.mark.parametrize("edit", [name for name in EDITS if "comment" not in name])
def test_such_an_edit_shows_without_comments_too(edit: str) -> None:
    pattern, put = EDITS[edit]
    report = without_comments(report_of_two())
    edited, count = re.subn(pattern.replace(ANY_COMMENT, OUTPUT_OF_B), put, report, count=1)
    assert count == 1
    assert not read(edited).certain


def test_an_output_after_foreign_text_is_not_certain() -> None:
    reading = read(report_of_two().replace("run\n```\n", "run\n```\n\nThis:\n"))
    outputs = [block.confidence for block in reading.blocks if block.command == "b" and block.kind is Kind.OUTPUT]
    assert outputs == [0.5, 0.5]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_line_ends_and_a_byte_order_mark_change_nothing(end: str) -> None:
    report = report_of_two()
    moved = read("\ufeff" + report.replace("\n", end))
    assert moved == read(report)
    assert moved.certain


@pytest.mark.parametrize("text", ["", "\n", "  \n\n"])
def test_an_empty_file_is_a_problem(text: str) -> None:
    assert read(text) == Reading([], [], ["The report is empty."], 0)


def test_a_report_written_by_hand_is_guessed_and_says_why() -> None:
    text = cleandoc("""
        # My project

        I ran it:

        ```bash
        docker-compose up -d
        ```

        ```text
        Creating kafka
        ```

        which printed

        - this:

          ```
          Creating network
          ```

        ```python
        x = 1
        ```

        | a | b |
        | - | - |

        ```mermaid
        graph TD
        ```

        ```
        $ ls
        README.md
        """)
    reading = read(text)
    kinds = [(block.kind, block.first_line, block.last_line) for block in reading.blocks]
    assert kinds == [
        (Kind.HEADING, 1, 1),
        (Kind.PROSE, 3, 3),
        (Kind.COMMAND, 5, 7),
        (Kind.OUTPUT, 9, 11),
        (Kind.PROSE, 13, 13),
        (Kind.PROSE, 15, 15),
        (Kind.OUTPUT, 17, 19),
        (Kind.LISTING, 21, 23),
        (Kind.TABLE, 25, 26),
        (Kind.GRAPH, 28, 30),
        (Kind.COMMAND, 32, 33),
        (Kind.OUTPUT, 34, 34),
    ]
    assert reading.blocks[3].confidence > reading.blocks[6].confidence
    assert all(0 < block.confidence < 1 and block.reason for block in reading.blocks)
    assert reading.blocks[6].text == "Creating network"
    assert "never closed" in reading.blocks[-1].reason


def test_a_block_is_frozen() -> None:
    with pytest.raises(AttributeError):
        Block(Kind.PROSE, "a", 1, 1).text = "b"  # type: ignore[misc]
