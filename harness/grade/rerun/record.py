"""rerun.json: a rerun as it was recorded, from which everything else is made again without a cluster.

Outputs are the truth: facts are not stored, they are derived again from what the commands printed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from harness.errors import UsageError
from harness.grade.rerun.model import Breach, Ending, Help, Limit, Ran, Rerun, State
from harness.model import Capture
from harness.outputs import derive
from harness.readme.typed import Loop, Typed
from harness.record import write_text

VERSION: Final = 1


def save(rerun: Rerun, file: Path, digest: str, attempts: int = 1) -> None:
    """Write a rerun. `digest` says what was run, `attempts` how often it was tried."""
    found = {
        "schema_version": VERSION,
        "digest": digest,
        "attempts": attempts,
        "backend": rerun.backend,
        "fault": rerun.fault,
        "seconds": round(rerun.seconds, 3),
        "own_seconds": round(rerun.own_seconds, 3),
        "versions": dict(rerun.versions),
        "cut": rerun.cut,
        "helps": [asdict(each) for each in rerun.helps],
        "breaches": [asdict(each) for each in rerun.breaches],
        "state": asdict(rerun.state),
        "commands": [_ran(each) for each in rerun.commands],
    }
    write_text(file, json.dumps(found, indent=1, ensure_ascii=True) + "\n")


def load(file: Path) -> tuple[Rerun, str, int]:
    """Read a rerun again, with its digest and its attempts. Raises UsageError when it cannot be read."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if found["schema_version"] != VERSION:
            raise ValueError(f"schema_version {found['schema_version']}")
        rerun = Rerun(
            found["backend"],
            tuple(_ran_again(each) for each in found["commands"]),
            tuple(Help(**each) for each in found["helps"]),
            tuple(Breach(Limit(each["limit"]), each["text"], each["line"]) for each in found["breaches"]),
            State(**found["state"]),
            found["fault"],
            found["seconds"],
            found["own_seconds"],
            found["versions"],
            found.get("cut", ""),
        )
        return rerun, str(found["digest"]), int(found["attempts"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise UsageError(
            f"{file} cannot be read.",
            wanted=f"a rerun of version {VERSION}",
            seen=f"{type(problem).__name__}: {problem}",
            remedy="remove it, and the submission is run again",
        ) from problem


def _ran(ran: Ran) -> Mapping[str, Any]:
    return {
        "typed": {name: getattr(ran.typed, name) for name in _TYPED},
        "block": ran.block,
        "ending": str(ran.ending),
        "note": ran.note,
        "capture": _capture(ran.capture),
        "looks": [_capture(look) for look in ran.looks],
        "expired": ran.expired,
    }


_TYPED: Final = ("text", "line", "form", "service", "inner", "background", "loop")
_CAPTURE: Final = (
    "id",
    "service",
    "command",
    "stdout",
    "stderr",
    "exit_code",
    "started",
    "seconds",
    "background",
    "typed",
)


def _capture(capture: Capture | None) -> Mapping[str, Any] | None:
    return None if capture is None else {name: getattr(capture, name) for name in _CAPTURE}


def _ran_again(found: Mapping[str, Any]) -> Ran:
    typed = Typed(**{**found["typed"], "loop": Loop(found["typed"]["loop"])})
    looks = tuple(look for each in found["looks"] if (look := _capture_again(each)))
    capture, expired = _capture_again(found["capture"]), found.get("expired", False)
    return Ran(typed, found["block"], Ending(found["ending"]), capture, found["note"], looks, expired)


def _capture_again(found: Mapping[str, Any] | None) -> Capture | None:
    if found is None:
        return None
    return Capture(**found, facts=derive(found["command"], found["stdout"], found["stderr"]))
