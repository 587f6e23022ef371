"""Programs of the system: ab, kcat, jq and bwrap, from the machine or its package manager.

Where the package manager may be used (root with apt, or Homebrew) it is. An ordinary user on Debian or Ubuntu
gets the packages unpacked into the cache, with the libraries that they need. Elsewhere the user is told the
exact command to type.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import EnvironmentFault
from harness.locks import exclusive

TIME_LIMIT = 600.0


@dataclass(frozen=True, slots=True)
class Tool:
    """A program and the packages that bring it. `needed` is false where the harness does without."""

    program: str
    debian: str
    brew: str | None
    needed: bool = True


TOOLS = (
    Tool("ab", "apache2-utils", "httpd"),
    Tool("kcat", "kcat", "kcat"),
    Tool("jq", "jq", "jq"),
    Tool("bwrap", "bubblewrap", None, needed=False),
)


@dataclass(frozen=True, slots=True)
class Program:
    """Where a program is. `libraries` is what its LD_LIBRARY_PATH must hold, when it was unpacked from packages."""

    path: Path
    libraries: Path | None = None


def find(program: str, cache_dir: Path) -> Program | None:
    """Look on PATH (with the folders that root alone has), then among the unpacked packages."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"])
    if on_path := shutil.which(program, path=path):
        return Program(Path(on_path))
    if sys.platform == "darwin" and program == "ab" and Path("/usr/sbin/ab").exists():
        return Program(Path("/usr/sbin/ab"))
    for unpacked in (_root(cache_dir) / "usr" / folder / program for folder in ("bin", "sbin")):
        if unpacked.exists():
            triplet = next((_root(cache_dir) / "usr" / "lib").glob("*-linux-gnu"), None)
            return Program(unpacked, triplet)
    return None


def ensure(cache_dir: Path, say: Callable[[str], None]) -> dict[str, Program]:
    """Give every program that can be had, installing what is missing.

    Raises EnvironmentFault with the command to type when one that is needed cannot be had.
    """
    missing = [tool for tool in TOOLS if wanted(tool) and find(tool.program, cache_dir) is None]
    why = ""
    if missing:
        why = _install(missing, cache_dir, say)
    found = {tool.program: program for tool in TOOLS if (program := find(tool.program, cache_dir))}
    lacking = [tool for tool in missing if tool.needed and tool.program not in found]
    if lacking:
        raise EnvironmentFault(
            f"Missing: {', '.join(tool.program for tool in lacking)}.",
            wanted=f"{', '.join(tool.program for tool in lacking)} on PATH",
            seen=why or "no package manager that may be used here",
            remedy=by_hand(lacking),
        )
    return found


def ensure_added(cache_dir: Path, say: Callable[[str], None], packages: Mapping[str, str]) -> dict[str, Program]:
    """Make the programs of servers present that are not the assignment's, each by its Debian package.

    They are unpacked even for root: installed, Debian's packages would start the server at once.

    Raises EnvironmentFault with the command to type when they cannot be had.
    """
    tools = [Tool(program, package, package) for program, package in packages.items()]
    missing = [tool for tool in tools if find(tool.program, cache_dir) is None]
    why = _install(missing, cache_dir, say, unpacked=True) if missing else ""
    found = {tool.program: program for tool in tools if (program := find(tool.program, cache_dir))}
    if lacking := [tool for tool in tools if tool.program not in found]:
        names = ", ".join(tool.program for tool in lacking)
        raise EnvironmentFault(
            f"Missing: {names}.",
            wanted=f"{names} on PATH, for a server that is added to the cluster",
            seen=why or "no package manager that may be used here",
            remedy=by_hand(lacking),
        )
    return found


def by_hand(tools: Sequence[Tool]) -> str:
    """Give the command that a user types to install the tools."""
    if sys.platform == "darwin":
        return "brew install " + " ".join(tool.brew for tool in tools if tool.brew)
    return "sudo apt-get install -y " + " ".join(tool.debian for tool in tools)


def wanted(tool: Tool) -> bool:
    """Say whether a tool is of any use on this system."""
    return tool.needed or sys.platform == "linux"


def _install(tools: Sequence[Tool], cache_dir: Path, say: Callable[[str], None], *, unpacked: bool = False) -> str:
    """Install the tools in the way that this machine allows. Returns why it did not work, or ''."""
    packages = [tool.debian for tool in tools]
    cache_dir.mkdir(parents=True, exist_ok=True)
    with exclusive(cache_dir / "tools.lock"):
        if sys.platform == "darwin" and shutil.which("brew"):
            names = list(dict.fromkeys(tool.brew for tool in tools if tool.brew))
            say(f"installing {', '.join(names)} with brew")
            return _run(["brew", "install", "--quiet", *names])
        if not shutil.which("apt-get"):
            return "neither apt-get nor brew"
        if os.geteuid() == 0 and not unpacked:
            say(f"installing {', '.join(packages)} with apt-get")
            return _apt_install(packages)
        say(f"unpacking {', '.join(packages)} from Debian packages into {_root(cache_dir)} (no root needed)")
        return _apt_unpack(packages, cache_dir)


def _apt_install(packages: Sequence[str]) -> str:
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    if not _run(install):
        return ""
    return _run(["apt-get", "update", "-qq"]) or _run(install)


def _apt_unpack(packages: Sequence[str], cache_dir: Path) -> str:
    """Download the packages and what they need with an apt state of our own, and unpack them."""
    state = cache_dir / "apt"
    debs = state / "debs"
    for folder in (state / "lists" / "partial", state / "archives" / "partial", debs):
        folder.mkdir(parents=True, exist_ok=True)
    options = ["-o", f"Dir::State::Lists={state}/lists", "-o", f"Dir::Cache={state}", "-o", "Debug::NoLocking=1"]
    if why := _run(["apt-get", *options, "update", "-qq"]):
        return why
    simulated = subprocess.run(
        ["apt-get", *options, "install", "--simulate", "--no-install-recommends", *packages],
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    needed = re.findall(r"^Inst (\S+)", simulated.stdout, flags=re.MULTILINE)
    if simulated.returncode or not needed:
        return (simulated.stderr.strip().splitlines() or ["apt-get found nothing to install"])[-1]
    if why := _run(["apt-get", *options, "download", "-qq", *needed], cwd=debs):
        return why
    for deb in sorted(debs.glob("*.deb")):
        if why := _run(["dpkg-deb", "-x", str(deb), str(_root(cache_dir))]):
            return why
    shutil.rmtree(state)
    return ""


def _run(command: Sequence[str], cwd: Path | None = None) -> str:
    """Run a package manager's command. Returns '' when it succeeded, else its last words."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "HOMEBREW_NO_AUTO_UPDATE": "1"}
    try:
        done = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return str(problem)
    if done.returncode == 0:
        return ""
    return (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]


def _root(cache_dir: Path) -> Path:
    return cache_dir / "tools"
