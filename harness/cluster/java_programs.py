"""Starting Java programs: a shell script each, which uses a class-data archive where there is one.

An archive (AppCDS) holds a program's classes parsed and linked; with it a JVM starts in about half the time. It is
made by the program's first run on this machine: that JVM writes one when it ends, under a name of its run. It gets its
real name by the next program that looks for it, or from the keeper when the cluster goes down. An archive fits one JVM
and one class path, so it is named after both.
"""

from __future__ import annotations

import hashlib
import shlex
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from harness.cluster.jvm import JavaCommand
from harness.cluster.layout import Layout
from harness.cluster.probes import HDFS_USER

_SCRIPT = """\
#!/bin/sh
{before}archive={archive}
{naming}if [ -e "$archive" ]; then
  exec {java} "-XX:SharedArchiveFile=$archive" -Xlog:cds=off -Xlog:cds+dynamic=off @{arguments} {words}
{training}fi
exec {java} @{arguments} {words}
"""


_NAMING = """\
if [ ! -e "$archive" ] && [ -e "$archive.{run}" ] && [ -n "$(head -c 4 "$archive.{run}" | tr -d '\\0')" ]; then
  mv "$archive.{run}" "$archive" 2>/dev/null
fi
"""
"""A JVM writes an archive's header last: one that begins with zeros is not whole."""

_TRAINING = """\
elif mkdir {mark} 2>/dev/null; then
  exec {java} "-XX:ArchiveClassesAtExit=$archive.{run}" -Xlog:disable @{arguments} {words}
"""


def script(
    layout: Layout,
    name: str,
    command: JavaCommand,
    *,
    before: str = "",
    words: str = '"$@"',
    archive_of: str | None = None,
) -> str:
    """Write a program's argument file. Returns the shell script that starts it.

    `before` are shell lines that come first, `words` the arguments that it passes on. `archive_of` is another program
    of the same class path, whose archive this one uses and never writes. A cluster
    with guests uses an archive where there is one, and never writes one: it would be loaded into later runs' programs.
    """
    own = {"java.io.tmpdir": str(layout.tmp), "user.name": HDFS_USER, **command.properties}
    arguments = layout.conf / f"{name}.java"
    layout.write(arguments, replace(command, properties=own).argument_file())
    program = archive_of or name
    parts = {
        "java": _q(layout.java),
        "arguments": _q(arguments),
        "words": words,
        "mark": _q(layout.training / program),
        "run": layout.run.name,
    }
    return _SCRIPT.format(
        before=before,
        archive=_q(_archive(layout, program, command)),
        naming="" if layout.guests else _NAMING.format(**parts),
        training="" if layout.guests or archive_of else _TRAINING.format(**parts),
        **parts,
    )


def is_training(layout: Layout, name: str) -> bool:
    """Say whether a program of this cluster will write its archive when it ends, which takes some seconds."""
    return (layout.training / name).exists()


def keep_archives(layout: Layout) -> None:
    """Give the archives that this cluster's programs wrote their real names, where they are whole and the first."""
    for made in layout.archives.glob(f"*.jsa.{layout.run.name}"):
        real = made.with_suffix("")
        with suppress(OSError):
            if real.exists() or not _is_whole(made):
                made.unlink()
            else:
                made.replace(real)


def _is_whole(archive: Path) -> bool:
    with archive.open("rb") as file:
        return any(file.read(4))


def sweep(archives: Path, living: set[str]) -> None:
    """Remove what runs that were killed left unfinished."""
    for made in archives.glob("*.jsa.*"):
        if made.suffix.removeprefix(".") not in living:
            with suppress(OSError):
                made.unlink()


def _archive(layout: Layout, name: str, command: JavaCommand) -> Path:
    """Give the path of a program's archive: the JVM refuses one whose class path or times differ, so they name it."""
    digest = hashlib.sha256(str(layout.java).encode())
    for jar in command.classpath:
        digest.update(f"{jar} {layout.on_disk(jar).stat().st_mtime_ns}\n".encode())
    return layout.archives / f"{name}-{digest.hexdigest()[:10]}.jsa"


def _q(path: Path) -> str:
    return shlex.quote(str(path))
