"""One step of a report of this project: its outcome, explanation, commands with their outputs, and checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.readme import marks
from harness.readme.blocks import Block, Comment, Kind
from harness.readme.guess import guess
from harness.readme.tokens import Element, Shape, Source
from harness.render.readme import CLUSTERS_FAULT, EXCERPT, NO_OUTPUT, STDERR


def doubtful(element: Element, why: str) -> Block:
    """Classify by its looks what stands where the renderer puts nothing like it."""
    block = next(guess([element]))
    return replace(block, confidence=min(block.confidence, 0.5), reason=f"{block.reason}; {why}")


class Step:
    """Reads the elements of one step, from its anchor on. `annotated`: outputs of this report have comments."""

    def __init__(self, source: Source, start: int, stop: int, annotated: bool) -> None:
        self._source = source
        self._elements = source.elements
        self._at = start + 1
        self._stop = stop
        self._annotated = annotated
        found = marks.ANCHOR.fullmatch(source.elements[start].text)
        self._id = found[1] if found else ""

    def read(self) -> Iterator[Block]:
        """Give the blocks of the step in their order."""
        for block in self._blocks():
            yield replace(block, step=self._id)

    def _blocks(self) -> Iterator[Block]:
        yield self._take(Kind.HEADING, "the heading of a step, after its anchor")
        checks = self._stop - 2
        if checks < self._at or not marks.is_checks(*self._elements[checks : checks + 2]):
            checks = self._stop
        yield from self._outcome(checks)
        commands = next((at for at in range(self._at, checks) if self._command_at(at, checks)), checks)
        if self._at < commands:
            yield self._explanation(commands)
        while self._at < checks:
            yield from self._command(checks)
        if checks < self._stop:
            yield self._take(Kind.PROSE, "the word before the checks of a step")
            yield self._take(Kind.PROSE, "the checks of a step")

    def _outcome(self, end: int) -> Iterator[Block]:
        status = marks.STATUS.fullmatch(self._here().text) if self._at < end else None
        if status is None:
            yield replace(self._absent(), reason="a step whose outcome is not said")
            return
        yield self._take(Kind.PROSE, "the outcome of a step, after its heading")
        if self._at < end and "infra" in status["outcome"] and self._here().text == CLUSTERS_FAULT:
            yield self._take(Kind.PROSE, "whose fault it is, after the outcome")
        if self._at < end and "blocked" in status["outcome"] and marks.NOT_RUN.fullmatch(self._here().text):
            yield self._take(Kind.PROSE, "what blocks the step, after the outcome")
        found = marks.fenced(self._elements, self._at, end) if self._at < end else None
        if found and self._is_message(found, "passed" in status["outcome"]):
            self._at = found.next
            where = "the message of a step, after its outcome"
            block = self._shown(Kind.MESSAGE, found, where)
            stranger = found.comment is not None and found.comment.step != self._id
            yield replace(block, confidence=0.5, reason=f"{where}; its comment says otherwise") if stranger else block

    def _is_message(self, found: marks.Fenced, passed: bool) -> bool:
        """Tell a message from a fence that the explanation begins with: a step that passed has none."""
        if found.comment or self._annotated:
            return found.comment is not None and found.comment.kind == "message"
        return not passed and (found.label == "message" or (found.label is None and found.fence.info == "text"))

    def _explanation(self, end: int) -> Block:
        first, last = self._here().first_line, self._elements[end - 1].last_line
        whole = all(element.closed for element in self._elements[self._at : end])
        self._at = end
        reason = "the explanation of a step, between its outcome and its first command"
        block = Block(Kind.PROSE, self._source.between(first, last), first, last, "", 1.0, reason)
        return block if whole else replace(block, confidence=0.5, reason=f"{reason}; a fence is not closed")

    def _command(self, end: int) -> Iterator[Block]:
        """Read a command and what it printed, up to the next command."""
        outputs = list(self._outputs(end)) if (command := self._typed(end)) else []
        if command is None:
            yield doubtful(self._here(), "no part of a step stands here")
            self._at += 1
            return
        comment = next((block.comment for block in outputs if block.comment), None)
        if not outputs:
            command = replace(command, confidence=0.5, reason=f"{command.reason}; what it printed is missing")
        yield replace(command, command=comment.command if comment else None)
        for block in outputs:
            kind = block.kind
            if kind is Kind.OUTPUT and block.stream == "stdout" and block.text and marks.shows_file(command.text):
                kind = Kind.LISTING
            name = block.comment.command if block.comment else comment.command if comment else None
            yield replace(block, kind=kind, service=command.service, command=name)

    def _typed(self, end: int) -> Block | None:
        if not self._command_at(self._at, end):
            return None
        service = marks.service_of(self._here())
        assert service is not None
        self._at += 1
        block = self._take(Kind.COMMAND, "a fence for a shell after the line that names its service")
        return replace(block, service=service.name, background=service.background, exit_code=service.exit_code)

    def _outputs(self, end: int) -> Iterator[Block]:
        seen: list[str] = []
        in_place = True
        while self._at < end and not self._command_at(self._at, end):
            label = self._here()
            if label.text == NO_OUTPUT and not seen:
                seen += ["stdout", "stderr"]
                yield replace(self._take(Kind.OUTPUT, "the words for no output"), text="", original="", stream="stdout")
                continue
            named = {STDERR: "stderr", EXCERPT: "excerpt"}.get(label.text)
            found = marks.fenced(self._elements, self._at + bool(named), end) if self._at + bool(named) < end else None
            if found is None:
                in_place = False
                yield doubtful(label, "no part of a command's output stands here")
                self._at += 1
                continue
            self._at = found.next
            what = named or "stdout"
            block = self._captured(found, what, seen)
            if not in_place:
                block = replace(block, confidence=0.5, reason=f"{block.reason}; other text stands before it")
            yield block
            seen.append(what)

    def _captured(self, found: marks.Fenced, what: str, seen: list[str]) -> Block:
        where = {
            "stdout": "the fence after a command",
            "stderr": "the fence after the word stderr",
            "excerpt": "the events repeated from the output before them",
        }[what]
        if what == "excerpt":
            block = self._shown(Kind.EXCERPT, found, where)
            stream = next((each for each in reversed(seen) if each != "excerpt"), None)
            in_order = stream is not None and seen[-1] != "excerpt"
        else:
            block, stream = self._shown(Kind.OUTPUT, found, where), what
            in_order = what not in seen and (what == "stderr" or not seen)
        if not in_order:
            block = replace(block, confidence=0.5, reason=f"{where}, out of its order")
        if self._annotated and not _fits(found.comment, "excerpt" if what == "excerpt" else "output", stream, self._id):
            why = "its comment says otherwise" if found.comment else "other outputs have a digest, this one has none"
            block = replace(block, confidence=0.5, reason=f"{where}; {why}")
        return replace(block, stream=stream)

    def _shown(self, kind: Kind, found: marks.Fenced, where: str) -> Block:
        fence = found.fence
        known = "its comment says the same" if found.comment else "known by its place alone"
        block = Block(
            kind, fence.text, fence.first_line, fence.last_line, fence.info, 1.0, f"{where}; {known}",
            comment=found.comment,
        )  # fmt: skip
        return block if found.whole else replace(block, confidence=0.5, reason=f"{where}, cut short")

    def _command_at(self, at: int, end: int) -> bool:
        if at + 1 >= end or marks.service_of(self._elements[at]) is None:
            return False
        fence = self._elements[at + 1]
        return fence.shape is Shape.FENCE and fence.info == "sh"

    def _here(self) -> Element:
        return self._elements[self._at]

    def _take(self, kind: Kind, reason: str) -> Block:
        element = self._here()
        self._at += 1
        block = Block(kind, element.text, element.first_line, element.last_line, element.info, 1.0, reason)
        return block if element.closed else replace(block, confidence=0.5, reason=f"{reason}, cut short")

    def _absent(self) -> Block:
        heading = self._elements[self._at - 1]
        return Block(Kind.PROSE, "", heading.last_line, heading.last_line, "", 0.0)


def _fits(comment: Comment | None, kind: str, stream: str | None, step: str) -> bool:
    return comment is not None and (comment.kind, comment.stream, comment.step) == (kind, stream, step)
