"""Reports that were not made up here: the project's own, and the original. Their fences become raw parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from document import Part, Role, Submission

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_CAT = re.compile(r"\s*cat (\S+\.(?:py|yml|sql))\s*$")
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)


def own() -> Submission:
    """Give the committed report as somebody else's: without its comments, with the code of the project."""
    text = _COMMENT.sub("", (ROOT / "reports" / "sample" / "README.md").read_text())
    folders = (("app", "*.py"), ("jobs", "*.py"), ("jobs", "*.sql"), ("schemas", "*.json"), ("compose", "*.yml"))
    files = {
        str(path.relative_to(ROOT)): path.read_text()
        for folder, pattern in folders
        for path in sorted((ROOT / folder).glob(pattern))
    }
    return Submission("the project's own report", split(text, files), files)


def original(folder: Path) -> Submission:
    """Give the original report, which comes without its files."""
    text = (folder / "seed" / "assignment-12.md").read_text()
    return Submission("the original", split(text, {}), {}, report="assignment-12.md")


def split(text: str, files: dict[str, str]) -> list[Part]:
    """Give a report as raw parts: each fence one, and what stands between them. A listing notes its file."""
    parts: list[Part] = []
    lines: list[str] = []
    mark, named = "", ""

    def flush(file: str = "") -> None:
        if lines:
            form = "python" if file.endswith(".py") else ""
            parts.append(Part(Role.RAW, list(lines), form, file=file, uid=len(parts) + 1))
            lines.clear()

    for line in text.removesuffix("\n").split("\n"):
        found = _FENCE.match(line)
        if found and not mark:
            flush()
            mark = found[1]
            lines.append(line)
        elif found and line.strip() == mark:
            lines.append(line)
            command = next((match[1] for inside in lines if (match := _CAT.match(inside))), "")
            flush("" if command else named)
            named, mark = command or "", ""
        else:
            lines.append(line)
    flush()
    return parts


def text_of(parts: Sequence[Part]) -> str:
    """Give the report back."""
    return "\n".join(line for part in parts for line in part.lines) + "\n"
