"""A user of this machine without any right, who has the harness as others have it."""

from __future__ import annotations

import os
import pwd
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from machine import PROJECT, run

from harness.settings import cache_dir


class User:
    """An ordinary user with a clone, an environment and a cache of its own."""

    def __init__(self, name: str, home: Path) -> None:
        self.home = home
        self.project = home / "clone"
        self.cache = home / "cache"
        entry = pwd.getpwnam(name)
        self.prefix = [
            *("setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups", "env"),
            *(f"HOME={home}", f"HARNESS_CACHE={self.cache}", f"PATH={home}/bin:/usr/local/bin:/usr/bin:/bin"),
        ]


@contextmanager
def ordinary_user() -> Iterator[User | None]:
    """Make what `nobody` needs to run the harness: a clone, and a copy of the caches so that little is fetched.

    None where this process is an ordinary user itself, or cannot become one.
    """
    python = shutil.which("python3", path="/usr/bin")
    if os.geteuid() != 0 or not python or not shutil.which("setpriv"):
        yield None
        return
    home = Path("/var/tmp") / f"harness-user-{os.getpid()}"
    home.mkdir(mode=0o755)
    try:
        yield _furnish(User("nobody", home), python)
    finally:
        shutil.rmtree(home)


def _furnish(user: User, python: str) -> User:
    home = user.home
    (home / "bin").mkdir()
    (home / "bin" / "python3.11").symlink_to(python)
    run("git", "clone", "--quiet", PROJECT, user.project)
    user.cache.mkdir()
    for name in ("maven", "verified.json"):
        run("cp", "-a", "--reflink=auto", cache_dir() / name, user.cache / name)
    packages = Path(run(sys.executable, "-m", "pip", "cache", "dir").output.strip())
    if packages.is_dir():
        (home / ".cache").mkdir()
        run("cp", "-a", "--reflink=auto", packages, home / ".cache" / "pip")
    run("chown", "-R", "nobody", home)
    ended = run(user.project / "run", "harness", "doctor", prefix=user.prefix, cwd=user.project, timeout=900)
    assert ended.code == 0, ended.output
    return user
