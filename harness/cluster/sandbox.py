"""The private mode's one wrapper: a bubblewrap sandbox with its own network, names and process tree.

Inside, the original's names and ports are there verbatim and two runs cannot meet. The system is read-only; the
project (also as /w205), the run folder and the report's folder are writable. It is made for our own code: what
strangers wrote never runs in it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import harness
from harness.cluster.addresses import HOST_NAMES, hosts_file

WORKSPACE = Path("/w205")
_OWN = {"proc", "dev", "sys", "tmp", "run", "w205", "lost+found"}


def why_not(bwrap: Path | None) -> str | None:
    """Say why no sandbox can be had here; None when it can."""
    if sys.platform != "linux":
        return "sandboxes need Linux"
    if bwrap is None:
        return "bwrap is not installed (Debian and Ubuntu: apt-get install bubblewrap)"
    return _try(bwrap)


@cache
def _try(bwrap: Path) -> str | None:
    """Make a small sandbox once: some systems forbid user namespaces, so this is asked and not assumed."""
    command = [str(bwrap), *_root(), "--unshare-all", "--proc", "/proc", "--dev-bind", "/dev", "/dev", "true"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return str(problem)
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"bwrap ended with {done.returncode}"])[-1]
    return None


def wrap(
    command: Sequence[str],
    *,
    bwrap: Path,
    project: Path,
    hosts: Path,
    readable: Sequence[Path],
    writable: Sequence[Path],
) -> list[str]:
    """Give the command line that runs a command inside the sandbox. Writes `hosts`, its /etc/hosts."""
    hosts.write_text(hosts_file(("mids", *(name for name in HOST_NAMES if name != "mids"))), encoding="utf-8")
    words = [str(bwrap), "--unshare-all", "--hostname", "mids", *_root()]
    words += ["--proc", "/proc", "--dev-bind", "/dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/run"]  # noqa: S108
    for folder in (Path(sys.base_prefix), Path(sys.prefix), Path(harness.__file__).parent.parent, *readable):
        words += ["--ro-bind", str(folder), str(folder)]  # those in /tmp, which is a fresh one inside
    words += ["--bind", str(project), str(project), "--bind", str(project), str(WORKSPACE)]
    for folder in writable:
        words += ["--bind", str(folder), str(folder)]
    words += ["--ro-bind", str(hosts.resolve()), "/etc/hosts"]
    return [*words, "--chdir", str(project), "--", *command]


def _root() -> list[str]:
    """Bind what stands in / read-only, one by one, so that new folders can be made beside it."""
    words = []
    for entry in sorted(Path("/").iterdir()):
        if entry.name in _OWN:
            continue
        if entry.is_symlink():
            words += ["--symlink", str(entry.readlink()), str(entry)]
        elif entry.is_dir():
            words += ["--ro-bind-try", str(entry), str(entry)]
    return words
