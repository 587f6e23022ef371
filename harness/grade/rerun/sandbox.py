"""The second sandbox, in which strangers' commands run: beside the servers' network it shares nothing with the harness.

It has its own process, mount, user and host name spaces, no capabilities and no way to get any; a read-only system, a
`/dev` of a few devices, and file systems of a bounded size for what is written: the work folder, the temporary folder
and the home. Below root it runs as `nobody`: root alone brings what is to be seen to a place that `nobody` reaches.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Final

import psutil

from harness.cluster.addresses import HOST_NAMES, hosts_file
from harness.cluster.sandbox import ETC, SYSTEM, links
from harness.errors import EnvironmentFault
from harness.grade.rerun.limits import ControlGroup, Limits, is_root, prlimit
from harness.grade.rerun.places import HOME, WORK

INSIDE: Final = PurePosixPath("/run/w205")
"""Where the sandbox has the files of the harness: the spawner, the commands of the host, the commands to type."""

OWN_FOLDERS: Final = ("/dev/shm", "/tmp", "/var/tmp", "/root", str(WORK), str(HOME))  # noqa: S108
"""What is written there is on a file system of the sandbox's own, but where it shares the folder with others."""

NOBODY: Final = 65534
_NEEDED: Final = ("bwrap", "nsenter", "prlimit", "setpriv")
_NEEDED_BY_ROOT: Final = ("mount", "unshare")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a sandbox sees of this machine.

    `read_only` are folders and files at their own paths, `masked` those below them that are hidden. `placed` are files
    and folders at paths of the sandbox, read-only. `hosts` are further names of loopback. `writable` are folders at
    paths of the sandbox that it shares with others.
    """

    read_only: Sequence[Path]
    masked: Sequence[Path] = ()
    placed: Mapping[PurePosixPath, Path] | None = None
    hosts: Sequence[str] = ()
    writable: Mapping[PurePosixPath, Path] = field(default_factory=dict)


def why_not() -> str | None:
    """Say why strangers' code cannot run here; None when it can."""
    if sys.platform != "linux":
        return "sandboxes for strangers' code need Linux"
    needed = (*_NEEDED, *(_NEEDED_BY_ROOT if is_root() else ()))
    if missing := [name for name in needed if shutil.which(name) is None]:
        packages = "bubblewrap" if missing == ["bwrap"] else "bubblewrap, util-linux"
        return f"{', '.join(missing)} is not installed (Debian and Ubuntu: apt-get install {packages})"
    return None


def refuse(why: str) -> EnvironmentFault:
    """Give the error of a machine on which no sandbox can be had."""
    return EnvironmentFault(
        "Strangers' code runs in a sandbox alone, and none can be had here.",
        wanted="bubblewrap with user namespaces",
        seen=why,
        remedy="`harness grade --static` needs none: nothing of a submission is executed",
    )


def network_of(folder: Path) -> int:
    """Give the process id (as this process sees it) of the keeper of a private cluster: its network is the servers'."""
    own = Path("/proc/self/ns/net").stat().st_ino
    for process in psutil.process_iter(["pid", "cmdline"]):
        words = process.info["cmdline"] or ()
        if words[1:4] == ["-m", "harness.cluster.keeper", str(folder)]:
            try:
                if Path(f"/proc/{process.pid}/ns/net").stat().st_ino != own:
                    return int(process.pid)
            except OSError:
                continue
    raise EnvironmentFault("The cluster's network is not found.", wanted="a private cluster", seen=str(folder))


def command(
    inner: Sequence[str],
    seen: Seen,
    limits: Limits,
    stage: Path,
    *,
    network: int | None,
    group: ControlGroup | None = None,
    user: int = NOBODY,
) -> list[str]:
    """Give the command line that runs `inner` in a sandbox.

    `stage` is an empty folder that everybody may enter; it takes the sandbox's own files, and for root the mounts.
    `network` is a process whose network it shares; without one it has none. `group` is the control group
    that it runs in. `user` is who it is when root starts it.
    """
    placed = _files(stage, seen)
    sources = {path: path for path in _visible(seen)}
    lines = ["set -e", *(group.join() if group else ())]
    enter: list[str] = []
    if is_root():
        mounts = stage / "mounts"
        mounts.mkdir()
        lines.append(f"mount -t tmpfs -o mode=755 tmpfs {shlex.quote(str(mounts))}")
        for number, path in enumerate([*sources, *placed.values(), *seen.writable.values()]):
            point = mounts / str(number)
            make = "mkdir" if path.is_dir() else "touch"
            words_to = f"{shlex.quote(str(path))} {shlex.quote(str(point))}"
            lines.append(f"{make} {shlex.quote(str(point))}; mount --bind {words_to}")
            if path in sources:
                sources[path] = point
        at = len(sources)
        writable = {inside: mounts / str(at + len(placed) + number) for number, inside in enumerate(seen.writable)}
        placed = {inside: mounts / str(at + number) for number, inside in enumerate(placed)}
        seen = replace(seen, writable=writable)
        if network is not None:
            enter = ["nsenter", f"--net=/proc/{network}/ns/net", "--"]
        enter += ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--bounding-set=-all"]
        enter += ["--inh-caps=-all", "--no-new-privs", "--"]
    else:
        if network is not None:
            enter = ["nsenter", "-t", str(network), "-U", "--preserve-credentials", "-n", "--"]
        enter += ["setpriv", "--no-new-privs", "--"]
    words = [
        *enter,
        "nice",
        "-n",
        "5",
        *prlimit(limits, group.bounds if group else set(), user if is_root() else os.geteuid()),
        "bwrap",
        "--args",
        "8",
        "--",
        *inner,
    ]
    arguments = stage / "arguments"  # not on the command line: that is to be seen inside
    arguments.write_bytes(
        b"".join(os.fsencode(word) + b"\0" for word in _bwrap(seen, limits, sources, placed, network))
    )
    lines.append(f"cd /; exec {shlex.join(words)} 8<{shlex.quote(str(arguments))}")
    shell = ["sh", "-c", "\n".join(lines)]
    return ["unshare", "--mount", "--propagation", "private", "--", *shell] if is_root() else shell


def _bwrap(
    seen: Seen,
    limits: Limits,
    sources: Mapping[Path, Path],
    placed: Mapping[PurePosixPath, Path],
    network: int | None,
) -> list[str]:
    words = ["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    words += ["--unshare-net"] if network is None else []
    words += ["--disable-userns", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    words += ["--uid", "1000", "--gid", "1000", "--hostname", "w205"]
    for name in SYSTEM:
        path = Path("/") / name
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), str(path)]
    words += ["--proc", "/proc", "--dev", "/dev"]
    for folder in OWN_FOLDERS:
        if PurePosixPath(folder) not in seen.writable:
            words += ["--size", str(limits.disk), "--perms", "0755", "--tmpfs", folder]
    words += ["--remount-ro", "/dev"]  # a file system without a bound; devices are mounted there one by one
    for path, source in sources.items():
        words += ["--ro-bind", str(source), str(path)]
    words += links(Path(sys.executable), sources)
    for path in seen.masked:
        words += (
            ["--tmpfs", str(path), "--remount-ro", str(path)]
            if path.is_dir()
            else ["--ro-bind", "/dev/null", str(path)]
        )
    for inside, source in placed.items():
        words += ["--ro-bind", str(source), str(inside)]
    for inside, source in seen.writable.items():
        words += ["--bind", str(source), str(inside)]
    words += ["--symlink", str(WORK), str(HOME / "w205"), "--remount-ro", "/", "--chdir", str(WORK)]
    return words


def _visible(seen: Seen) -> list[Path]:
    system = [Path("/") / name for name in SYSTEM]
    etc = [Path("/etc") / name for name in ETC]
    found = [path for path in (*system, *etc) if path.exists() and not (path.parent == Path("/") and path.is_symlink())]
    for path in seen.read_only:
        if path.exists() and not any(path.is_relative_to(other) for other in found):
            found.append(path)
    return found


def _files(stage: Path, seen: Seen) -> dict[PurePosixPath, Path]:
    """Write the sandbox's own files of /etc, and give all that is placed in it."""
    stage.chmod(0o711)
    own = stage / "etc"
    own.mkdir()
    names = (*HOST_NAMES, *seen.hosts, "w205")
    texts = {
        "hosts": hosts_file(names),
        "passwd": f"root:x:0:0:root:/root:/bin/bash\nscience:x:1000:1000::{HOME}:/bin/bash\n",
        "group": "root:x:0:\nscience:x:1000:\nnogroup:x:65534:\n",
        "resolv.conf": "",
        "hostname": "w205\n",
    }
    for name, text in texts.items():
        (own / name).write_text(text, encoding="utf-8")
        (own / name).chmod(0o644)
    placed = {PurePosixPath("/etc") / name: own / name for name in texts}
    return {**placed, **(seen.placed or {})}
