"""The private mode's one wrapper: a bubblewrap sandbox with its own network, names and process tree.

Inside, the original's names and ports are there verbatim and two runs cannot meet. The system is read-only; the
project (also as /w205), the run folder and the report's folder are writable. It is made for our own code: what
strangers wrote never runs in it. But strangers talk to its servers, and Presto and the metastore open any file that a
table's location names: a cluster with guests sees no more of this machine than its servers need.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import harness
from harness.cluster.addresses import HOST_NAMES, hosts_file

WORKSPACE = Path("/w205")
SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")
ETC = (
    "alternatives", "bash.bashrc", "ca-certificates.conf", "java-17-openjdk", "ld.so.cache", "ld.so.conf",
    "ld.so.conf.d", "localtime", "magic", "mime.types", "nsswitch.conf", "profile", "protocols", "services", "ssl",
    "terminfo", "timezone",
)  # fmt: skip
"""What programs read of /etc; nothing of it is this machine's own."""

_OWN = {"proc", "dev", "sys", "tmp", "run", "w205", "lost+found"}
_AND_AFTERWARDS = '"$@"; code=$?; rm -rf -- "$0"; exit $code'
"""The shell around a sandbox in which the run folder is a mount, and so cannot be removed."""


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
    folder: Path,
    readable: Sequence[Path],
    writable: Sequence[Path],
    names: Sequence[str] = (),
    guests: bool = False,
) -> list[str]:
    """Give the command line that runs a command inside the sandbox. Writes /etc/hosts into `folder`, of the run.

    `names` are those of servers beside the original's.

    With `guests` the system's own part of the machine is there, and what is `readable` or `writable`; the run folder
    goes when the command has ended.
    """
    hosts = folder / "hosts"
    others = (name for name in HOST_NAMES if name != "mids")
    hosts.write_text(hosts_file(("mids", *others, *names)), encoding="utf-8")
    words = [str(bwrap), "--unshare-all", "--hostname", "mids", *(_system(folder) if guests else _root())]
    words += ["--proc", "/proc", "--dev-bind", "/dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/run"]  # noqa: S108
    package = Path(harness.__file__).parent
    shown = [Path(sys.base_prefix), Path(sys.prefix), package if guests else package.parent, *readable]
    for path in shown:
        words += ["--ro-bind", str(path), str(path)]  # those in /tmp, which is a fresh one inside
    if guests:
        words += [*links(Path(sys.executable), shown), "--tmpfs", str(package / "grade" / "rubrics")]
    words += ["--bind", str(project), str(project), "--bind", str(project), str(WORKSPACE)]
    for path in writable:
        words += ["--bind", str(path), str(path)]
    words += ["--ro-bind", str(hosts.resolve()), "/etc/hosts", "--chdir", str(project), "--", *command]
    return ["sh", "-c", _AND_AFTERWARDS, str(folder), *words] if guests else words


def links(program: Path, shown: Iterable[Path]) -> list[str]:
    """Make the links from a program that is shown to another that is shown, where they are elsewhere.

    The Python of a virtual environment may be a link to a link in somebody's home.
    """
    folders = [*shown, *(Path("/") / name for name in SYSTEM)]

    def is_shown() -> bool:
        return any(program.is_relative_to(folder) for folder in folders)

    words: list[str] = []
    if is_shown():
        while program.is_symlink():
            target = program.readlink()
            words += [] if is_shown() else ["--symlink", str(target), str(program)]
            program = Path(os.path.normpath(program.parent / target))
    return words


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


def _system(folder: Path) -> list[str]:
    """Bind the system's programs and their settings alone, with a user of no name."""
    words = []
    for path in (Path("/") / name for name in SYSTEM):
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), str(path)]
        elif path.exists():
            words += ["--ro-bind", str(path), str(path)]
    for path in (Path("/etc") / name for name in ETC):
        words += ["--ro-bind-try", str(path), str(path)]
    for name, line in (
        ("passwd", f"w205:x:{os.getuid()}:{os.getgid()}::/:/bin/sh"),
        ("group", f"w205:x:{os.getgid()}:"),
    ):
        (folder / name).write_text(f"{line}\n", encoding="utf-8")
        words += ["--ro-bind", str((folder / name).resolve()), f"/etc/{name}"]
    return words
