"""Dresses a report: fences, prompts, lists, headings, folds, notebooks. Keeps track of where each line went."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import wording as say
from document import Part, Role, Submission

INFO = {
    "shell": ("bash", "sh", "shell", "console"),
    "presto": ("sql", "", "presto"),
    "hive": ("sql", "hive"),
    "python": ("python", "Python", "py"),
    "bash": ("bash", "sh"),
    "sql": ("sql",),
    "json_lines": ("json", "", "text"),
}


def choose(seed: int) -> dict[str, object]:
    """Decide how the report of a seed looks."""
    rng = random.Random(f"dress {seed}")
    batch = rng.random() < 0.7
    form = rng.choice(["markdown"] * 5 + ["notebook", "executed"])
    report = rng.choice(["README.md", "README.md", "README.md", "report.md", "Project_3.md"])
    return {
        "seed": seed,
        "form": form,
        "report": "report.ipynb" if form != "markdown" else report,
        "listings": rng.random() < 0.8,
        "cat": rng.random() < 0.5,
        "backslashes": form != "executed" and rng.random() < 0.4,
        "course": rng.random() < 0.7,
        "first": rng.choice(["each", "each", "each", "block", "script"]),
        "curl": rng.random() < 0.2,
        "running": rng.random() < 0.3,
        "next_day": rng.random() < 0.12,
        "cut": rng.random() < 0.3,
        "wrap": rng.random() < 0.2,
        "batch": batch,
        "stream": rng.random() < 0.7,
        "console": rng.random() < 0.35,
        "table": rng.choice(["job", "job", "file", "hive"]),
        "interactive": form != "executed" and rng.random() < 0.75,
        "presto_prompt": rng.random() < 0.6,
        "footer": rng.random() < 0.7,
        "earliest": rng.random() < 0.25,
        "loop_script": rng.random() < 0.35,
        "info": rng.choice(["none", "none", "none", "all", "some"]),
        "prompt": rng.choice(["", "", "", "$ ", "{me}@vm-w205:~/w205$ "]),
        "more": rng.choice(["", "> "]),
        "merged": rng.random() < 0.25,
        "lead": rng.choice(["output:", "", "mixed", "mixed"]),
        "numbered": rng.random() < 0.2,
        "details": rng.random() < 0.15,
        "tilde": rng.random() < 0.08,
        "heading": rng.choice(["##", "##", "###", "setext", "bold"]),
        "typo": rng.random() < 0.3,
        "trailing": rng.random() < 0.15,
        "crlf": rng.random() < 0.05,
    }


@dataclass
class Rendered:
    """A report as text. `where` gives the text's line (from 1) of each part's line; `spans` each part's lines."""

    lines: list[str] = field(default_factory=list)
    where: dict[tuple[int, int], int] = field(default_factory=dict)
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    blocks: list[tuple[str, list[str]]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def render(submission: Submission) -> Rendered:
    """Write the report as Markdown. Raw parts (of a report that is not ours to dress) stay as they are."""
    dress = submission.dress
    if all(part.role is Role.RAW for part in submission.parts):
        return _raw(submission.parts)
    out = Rendered()
    indent, step, before = "", 0, None
    for number, part in enumerate(submission.parts):
        rng = random.Random(f"render {dress['seed']} {part.uid}")
        if part.role is Role.HEADING:
            step += 1
            indent = ""
            _heading(out, number, part, str(dress["heading"]), numbered=bool(dress["numbered"]) and step > 1, step=step)
        elif part.role is Role.PROSE:
            if dress["numbered"] and step > 1 and before and before.role is Role.HEADING:
                indent = "   "
                _write(out, number, part.lines, indent, first=f"{step - 1}. ")
            else:
                _write(out, number, _typo(part, rng) if dress["typo"] else part.lines, indent)
            out.lines.append("")
        else:
            _fence(out, number, part, before, rng, dress, indent)
        before = part
    return out


def _raw(parts: Sequence[Part]) -> Rendered:
    out = Rendered()
    for number, part in enumerate(parts):
        _write(out, number, part.lines, "")
    return out


def _open(lines: Sequence[str]) -> int:
    """Tell how much of a command is still to come: loops that are not closed, a line that goes on."""
    words = [line.split() for line in lines]
    loops = sum(
        word[:1] in (["for"], ["while"]) or line.startswith("for ((") for word, line in zip(words, lines, strict=True)
    )
    return loops - sum(word == ["done"] for word in words) + lines[-1].endswith("\\")


def _write(
    out: Rendered, number: int, lines: Sequence[str], indent: str, first: str = "", prompt: str = "", more: str = ""
) -> None:
    begin = len(out.lines) + 1
    typed = 0
    for index, line in enumerate(lines):
        lead = first if first and index == 0 else indent
        if prompt:
            lead += prompt if not typed else more
            typed = _open(lines[: index + 1])
        out.lines.append((lead + line) if line else "")
        out.where[number, index] = len(out.lines)
    out.spans[number] = (begin, len(out.lines))


def _heading(out: Rendered, number: int, part: Part, style: str, *, numbered: bool, step: int) -> None:
    text = part.lines[0]
    if numbered or style == "bold":
        text = f"**{text}**"
    elif style != "setext":
        text = f"{style if step > 1 else '#'} {text}"
    if out.lines and out.lines[-1]:
        out.lines.append("")
    _write(out, number, [text], "")
    if style == "setext" and not numbered:
        out.lines.append(("-" if step > 1 else "=") * len(text))
    out.lines.append("")


def _typo(part: Part, rng: random.Random) -> Sequence[str]:
    right, wrong = rng.choice(sorted(say.TYPOS.items()))
    return [line.replace(right, wrong) for line in part.lines]


def _fence(
    out: Rendered,
    number: int,
    part: Part,
    before: Part | None,
    rng: random.Random,
    dress: dict[str, object],
    indent: str,
) -> None:
    answers = part.role is Role.OUTPUT and before is not None and before.role is Role.COMMAND
    prompted = part.form == "shell" and bool(dress["prompt"]) and dress["form"] != "executed"
    prompt = str(dress["prompt"]).format(me="author") if prompted and part.role is Role.COMMAND else ""
    # A reader can tell the command from its output in one fence where it is one line.
    joined = dress["merged"] and answers and len(before.lines) == 1
    if joined:
        fence = out.lines.pop()  # the blank line behind the command's fence, then the fence
        fence = out.lines.pop()
        _write(out, number, part.lines, indent)
        out.lines += [fence, ""]
        return
    if answers and dress["lead"]:
        lead = str(dress["lead"]) if dress["lead"] != "mixed" else rng.choice(say.OUTPUT_LEADS)
        if lead:
            out.lines += [indent + lead] if rng.random() < 0.5 else [indent + lead, ""]
    mark = "~~~" if dress["tilde"] else "```"
    folded = bool(dress["details"]) and len(part.lines) > 15 and not indent
    if folded:
        out.lines += [f"<details><summary>{part.form}</summary>", ""]
    out.lines.append(indent + mark + _info(part, rng, str(dress["info"])))
    lines = (
        [line + " " for line in part.lines] if dress["trailing"] and part.form in ("ab", "access_log") else part.lines
    )
    _write(out, number, lines, indent, prompt=prompt, more=str(dress["more"]) if prompt else "")
    out.lines += [indent + mark, ""]
    if folded:
        out.lines += ["</details>", ""]


def _info(part: Part, rng: random.Random, style: str) -> str:
    if style == "none" or (style == "some" and rng.random() < 0.5):
        return ""
    return rng.choice(INFO.get(part.form, ("", "text"))) if part.role is not Role.OUTPUT else rng.choice(["", "text"])


def notebook(submission: Submission) -> str:
    """Write the report as a notebook: all in Markdown cells, or the commands that end as executed cells."""
    cells: list[dict[str, object]] = []
    pending: list[Part] = []
    executed = submission.dress["form"] == "executed"
    parts = list(submission.parts)
    position = 0

    def flush() -> None:
        if pending:
            text = render(Submission(submission.name, list(pending), {}, dress=submission.dress)).text
            cells.append({"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)})
            pending.clear()

    while position < len(parts):
        part = parts[position]
        follower = parts[position + 1] if position + 1 < len(parts) else None
        answered = follower is not None and follower.role is Role.OUTPUT
        typed = executed and part.role is Role.COMMAND and "flask" not in part.tags
        if typed and (part.form == "python" or (part.form == "shell" and (answered or "cell" in part.tags))):
            flush()
            cells.append(_cell(part, follower.lines if answered else [], len(cells) + 1))
            position += 1 + answered
            continue
        if part.role is Role.HEADING:
            flush()
        pending.append(part)
        position += 1
    flush()
    book = {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 2}
    return json.dumps(book, indent=1) + "\n"


def _cell(part: Part, printed: Sequence[str], number: int) -> dict[str, object]:
    """Give a cell of code that was run: Python as it is, a shell's commands each behind its mark."""
    source = "\n".join(f"{'!' * (part.form == 'shell')}{line}" for line in part.lines)
    text = "".join(f"{line}\n" for line in printed)
    output = {"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)}
    return {
        "cell_type": "code",
        "execution_count": number,
        "metadata": {},
        "outputs": [output] if printed else [],
        "source": source.splitlines(keepends=True),
    }
