"""Answers `pip install` for guests, who have no network: what is allowed and there is satisfied, all else is refused.

`pip`, `pip3` and `python -m pip` all lead here. Packages that are allowed stand one a line in `pip-allowed.txt` beside
this file, or are in the folder that `HARNESS_PACKAGES` names. Nothing of the harness is used: this file is copied to
where guests are.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path

_TAKES_VALUE = frozenset({"-i", "--index-url", "--extra-index-url", "-t", "--target", "-c", "--constraint", "--proxy"})
_TAKES_VALUE |= {"--trusted-host", "--timeout", "--retries", "--cache-dir", "-f", "--find-links"}
_NAME = re.compile(r"^\s*([A-Za-z0-9][\w.\-]*)\s*(\[[^\]]*\])?\s*(?:===?\s*([\w.]+)\s*)?")


def main(arguments: Sequence[str] = ()) -> int:
    """Answer one call. Gives its exit code."""
    words = list(arguments or sys.argv[1:])
    if words[:1] in (["--version"], ["-V"]):
        print("pip (packages of the harness, nothing is installed)")
        return 0
    command = next((word for word in words if not word.startswith("-")), "")
    rest = words[words.index(command) + 1 :] if command else []
    if command in ("list", "freeze"):
        for name in sorted(allowed()):
            if found := installed(name):
                print(f"{name}=={found}" if command == "freeze" else f"{name} {found}")
        return 0
    if command != "install":
        print(f"harness: pip: only install, list and freeze are here, not {command!r}", file=sys.stderr)
        return 1
    codes = [require(wanted) for wanted in requirements(rest)]
    return max(codes, default=0)


def requirements(words: Sequence[str]) -> Iterator[str]:
    """Give what is to be installed, from the command line and from the files that it names."""
    left = iter(words)
    for word in left:
        if word in ("-r", "--requirement"):
            yield from _lines(next(left, ""))
        elif word.startswith("--requirement="):
            yield from _lines(word.partition("=")[2])
        elif word.startswith("-r") and not word.startswith("--"):
            yield from _lines(word[2:])
        elif word in _TAKES_VALUE:
            next(left, "")
        elif not word.startswith("-"):
            yield word


def _lines(file: str) -> Iterator[str]:
    try:
        text = Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        yield file  # refused as what it is: no name of a package
        return
    for line in text.splitlines():
        line = line.partition("#")[0].strip()
        if line and not line.startswith("-"):
            yield line


def require(wanted: str) -> int:
    """Answer for one package. Gives 0 when it is there."""
    found = _NAME.match(wanted)
    name = _plain(found[1]) if found and "/" not in wanted else ""
    if name not in allowed():
        return _refuse(wanted, "it is not among the packages that are allowed")
    assert found
    here = installed(name)
    if here is None:
        return _refuse(wanted, "it is allowed, but not installed beside the harness")
    print(f"Requirement already satisfied: {wanted} ({here})")
    if found[3] and found[3] != here:
        _used("pip", f"pip: {name} {here} is there, not the {found[3]} that was asked for")
    return 0


def allowed() -> set[str]:
    """Give the names of the packages that are allowed."""
    more = os.environ.get("HARNESS_PACKAGES")
    found = {_plain(each.name) for each in distributions(path=[more])} if more else set()
    try:
        text = Path(__file__).with_name("pip-allowed.txt").read_text(encoding="utf-8")
    except OSError:
        return found
    return found | {_plain(line) for line in text.split()}


def installed(name: str) -> str | None:
    """Give the version of a package that can be imported; None when there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _refuse(wanted: str, why: str) -> int:
    print(f"ERROR: No matching distribution found for {wanted!r}", file=sys.stderr)
    print(f"harness: pip installs nothing here, and {wanted!r} is not there: {why}", file=sys.stderr)
    return 1


def _used(name: str, text: str) -> None:
    importlib.import_module("sitecustomize").used(name, text)


if __name__ == "__main__":
    sys.exit(main())
