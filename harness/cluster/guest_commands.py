"""The commands of guests: what strangers wrote for the course's versions of 2018 runs with these, apart from us.

A guest's sandbox (or container) shares the servers' network with the cluster, and has of its run folder the part below
`guest` alone, read-only. There is a command set for each service, as `commands` writes it for the harness itself, with
the settings that the course's versions had, and the Python files of `guest_files`, which mend old habits where needed.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import harness
from harness.cluster import commands, config_files
from harness.cluster.layout import Layout
from harness.cluster.toolchain import fetch

PACKAGES = ("flask", "jinja2", "kafka-python", "presto-python-client", "pyspark", "redis", "requests", "werkzeug")
"""What `pip install` finds there already: what the course's images had, and its options.

What a grader allows beside them is in a folder that the variable `HARNESS_PACKAGES` of a guest's environment names.
"""

_FILES = Path(__file__).parent / "guest_files"
_DISTRIBUTION = "pipeline-harness"


def write_guest(layout: Layout) -> Path:
    """Write the command sets of guests below a cluster's run folder. Returns their folder."""
    guest = guest_layout(layout)
    config_files.write_for_commands(guest)
    commands.write(guest)
    scripts = {name: _python(guest, "pip.py") for name in ("pip", "pip3")}
    scripts |= {name: _python(guest, "apt_get.py") for name in ("apt-get", "apt")}
    for room in commands.rooms(guest):
        for name, script in scripts.items():
            guest.write(guest.bin / room / name, script, executable=True)
    for file in library():
        guest.write(guest.lib / file.name, file.read_text(encoding="utf-8"))
    guest.write(guest.lib / "pip-allowed.txt", "".join(f"{name}\n" for name in PACKAGES))
    return guest.run


def guest_layout(layout: Layout) -> Layout:
    """Give the layout of what is written for the guests of a cluster."""
    return replace(layout, run=layout.run / "guest", guests=True, for_guests=True)


def library() -> list[Path]:
    """Give the Python files that guests have."""
    return sorted(_FILES.glob("*.py"))


def guest_environment(layout: Layout, room: str) -> dict[str, str]:
    """Give the environment of a guest's commands in a service."""
    guest = guest_layout(layout)
    return {
        **commands.environment(guest, room),
        "HOME": "/root",
        "PYTHONPATH": str(guest.lib),
        "PRESTO_PAGER": "",
    }


def room_environment(layout: Layout, room: str) -> dict[str, str]:
    """Give the environment of a project's own commands: that of guests where it is written for the course's versions.

    The folders of its user stay.
    """
    own = commands.environment(layout, room)
    if not layout.stack.course:
        return own
    return {**guest_environment(layout, room), **{name: own[name] for name in ("HOME", "TMPDIR")}}


def guest_readable(layout: Layout) -> tuple[Path, ...]:
    """Give what a guest's sandbox must have read-only, beside the system's folders (/usr, /bin, /lib…, /etc).

    None of them stands below another. See `guest_masked` for what in them must be hidden.
    """
    wanted = [
        guest_layout(layout).run,
        layout.java.parent.parent,
        fetch.maven_dir(layout.cache),
        layout.prepared,
        layout.archives,
        layout.pyspark.parent,
        *(Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")),
        *(Path(prefix) for prefix in (sys.prefix, sys.base_prefix)),
        Path(sys.executable).resolve().parent.parent,
        *_unpacked(layout),
    ]
    here = sorted({path for path in wanted if path.exists()})
    return tuple(path for path in here if not any(path != other and path.is_relative_to(other) for other in here))


def guest_masked(layout: Layout) -> tuple[Path, ...]:
    """Give what an empty file or folder must hide from guests: the harness with its rubrics, records and projects."""
    secret = (layout.project, layout.logs, *(layout.cache / name for name in ("runs", "logs", "images")))
    return masked(guest_readable(layout), secret)


def masked(readable: Iterable[Path], secret: Iterable[Path] = ()) -> tuple[Path, ...]:
    """Give what must be hidden where these folders and the system's can be seen: the harness, and what else is secret.

    A source tree that is installed in editable form is out of reach already, and is named only where it can be seen.
    """
    folders = (*readable, *map(Path, ("/usr", "/opt", "/etc")))
    hidden = {Path(harness.__file__).parent, *secret, *_installed_files()}
    seen = sorted(path for path in hidden if path.exists() and any(path.is_relative_to(folder) for folder in folders))
    return tuple(path for path in seen if not any(path != other and path.is_relative_to(other) for other in seen))


def _unpacked(layout: Layout) -> Iterator[Path]:
    """Give the folders of programs that are not the system's, with their libraries."""
    for program in layout.programs.values():
        if program.libraries:
            yield from (program.path.parent, program.libraries)


def _installed_files() -> Iterator[Path]:
    """Give what an installation of the harness has beside its package: its scripts, and what says where it is."""
    try:
        found = metadata.distribution(_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return
    package = Path(harness.__file__).parent
    for file in found.files or ():
        path = Path(str(found.locate_file(file))).resolve()
        if path.parent.name.endswith(".dist-info"):
            yield path.parent
        elif not path.is_relative_to(package):
            yield path


def _python(guest: Layout, file: str) -> str:
    return commands.exec_script(guest.python, str(guest.lib / file))
