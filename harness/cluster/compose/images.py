"""Images of the six services, built from the toolchain's cache.

The build context is drafted in the cache: jars as hard links, the Python packages of the containers, and the settings
and command scripts that the local backend generates too, for a layout inside the image. The tag of the images is a
digest of all that goes into them, so an image that is there is never out of date, and is not built again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from types import MappingProxyType

import harness
from harness.cluster import commands, config_files, guest_commands, services
from harness.cluster.addresses import HOST_NAMES, ORIGINAL, Addresses
from harness.cluster.compose import engine
from harness.cluster.jobs import TIMED_OUT
from harness.cluster.layout import Layout
from harness.cluster.probes import LOOPBACK
from harness.cluster.sandbox import WORKSPACE
from harness.cluster.servers import tail
from harness.cluster.stack import AddedService, Stack
from harness.cluster.toolchain import fetch, prepare, pyspark_dir, pyspark_version
from harness.cluster.toolchain.lock import components, lock_path
from harness.cluster.toolchain.system import Program
from harness.errors import EnvironmentFault
from harness.locks import exclusive
from harness.settings import cache_dir

REPOSITORY = "pipeline-harness"
DEFAULT_BASE = "eclipse-temurin:17-jre-noble"
HOME = Path("/opt/w205")
AGENT = HOME / "lib" / "agent.py"
PYTHON_PACKAGES = HOME / "python"
BY_POSITION = "W205_PRESTO_BY_POSITION"
"""The variable that makes a Presto find Parquet columns by position, as the course's did (see `entry.py`)."""

BUILD_TIME = 1800.0

_DOCKERFILES = ("Dockerfile", "Dockerfile.added")
_OWN_JARS = ("empty-site.jar", "hdfs-webapps.jar", "presto-changed.jar")
_JARS = ("kafka", "hdfs", "spark-kafka", "presto", "presto-hive", "presto-cli", "postgresql")


class ImageLayout(Layout):
    """The layout inside an image. `root` is the build context, in which its files are drafted."""

    @cached_property
    def data(self) -> Path:
        """The one folder below which servers write, but for temporary files."""
        return HOME / "data"

    def jars(self, component: str) -> tuple[Path, ...]:
        """Give the files of a component, each component in a folder of its own."""
        found = components(self.stack.lock)[component].artifacts
        return tuple(HOME / "jars" / component / Path(item.path).name for item in found)


@dataclass(frozen=True, slots=True)
class Image:
    """An image of a service. `size` is in bytes, None when it is not built; layers shared with others count."""

    service: str
    name: str
    size: int | None


def base_image() -> str:
    """Give the image that all others are built on: `BASE_IMAGE` from the environment, else a public one."""
    return os.environ.get("BASE_IMAGE") or DEFAULT_BASE


def compose_folder() -> Path:
    """Give the folder of the Dockerfile and docker-compose.yml: in a clone at its top, in a wheel in the package."""
    package = Path(harness.__file__).parent
    inside = package / "compose"
    return inside if inside.is_dir() else package.parent / "compose"


def tag(lock: Path | None = None) -> str:
    """Give the tag that today's images have: a digest of everything that goes into them.

    `lock` is a project's own lock file: with other versions the images are others.
    """
    digest = hashlib.sha256()
    for part in (base_image(), engine.image_id(base_image()) or "", str(user_id()), pyspark_version(), prepare.FORMAT):
        digest.update(f"{part}\n".encode())
    files = [lock_path(), *([lock] if lock else []), *(compose_folder() / name for name in _DOCKERFILES)]
    files += [_requirements(), *_library(), *_generators()]
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def name_of(service: str | AddedService, now: str) -> str:
    """Give the name of an image; `now` is the tag of all. What an added service is goes into its name."""
    if isinstance(service, str):
        return f"{REPOSITORY}/{service}:{now}"
    digest = hashlib.sha256(json.dumps(asdict(service), sort_keys=True).encode()).hexdigest()
    return f"{REPOSITORY}/{service.name}:{now}-{digest[:6]}"


def images(now: str | None = None, aside: Sequence[str] = (), added: Sequence[AddedService] = ()) -> list[Image]:
    """Give the image of each service as it is now; `now` is today's tag, where it is known.

    `aside` are targets of the Dockerfile that only some compose files need, `added` the servers of a project.
    """
    now = now or tag()
    named = {each: name_of(each, now) for each in (*HOST_NAMES, *aside)} | {a.name: name_of(a, now) for a in added}
    return [Image(service, name, engine.image_size(name)) for service, name in named.items()]


def ensure(
    download: fetch.Progress,
    say: Callable[[str], None],
    log: Path,
    aside: Sequence[str] = (),
    stack: Stack | None = None,
) -> str:
    """Build the images that are missing, of `aside` and of the servers that a stack adds too. Returns their tag.

    Raises EnvironmentFault with the end of the build's log when one cannot be built.
    """
    engine.check()
    stack = stack or Stack()
    now = tag(stack.lock)
    if all(image.size is not None for image in images(now, aside, stack.added)):
        return now
    cache = cache_dir()
    cache.mkdir(parents=True, exist_ok=True)
    fetch.ensure(cache, download, fetch.all_artifacts(stack.lock) if stack.lock else None)
    with exclusive(cache / "images.lock", lambda: say("another run builds the images: waiting for it")):
        missing = [image for image in images(now, aside, stack.added) if image.size is None]
        if missing:
            _build(cache, missing, now, say, log, stack)
    return now


def _build(
    cache: Path, missing: Sequence[Image], now: str, say: Callable[[str], None], log: Path, stack: Stack
) -> None:
    context = cache / "images"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    say(f"building {len(missing)} images on {base_image()} (log: {log})")
    _link_parts(cache, context, stack.lock)
    draft(context, Stack(lock=stack.lock))
    base = f"{REPOSITORY}/base:{now}"
    _docker_build(context, "base", base, log)
    _python_packages(context, base, say)
    for number, image in enumerate(missing, 1):
        if added := stack.find(image.service):
            _build_added(context, Stack(added=(added,), lock=stack.lock), image, now, log)
        else:
            _docker_build(context, image.service, image.name, log)
        engine.tag_image(image.name, f"{REPOSITORY}/{image.service}", "latest")
        say(f"built {REPOSITORY}/{image.service} ({number} of {len(missing)})")


def _build_added(context: Path, stack: Stack, image: Image, now: str, log: Path) -> None:
    """Build the image of the one server that a stack adds: what all have, its programs, and its own settings."""
    (added,) = stack.added
    parent = name_of("added", now)
    _docker_build(context, "added", parent, log)
    draft(context, stack)
    arguments = {
        "BASE": parent,
        "NAME": added.name,
        "PROGRAMS": " ".join(added.programs),
        "PACKAGES": " ".join(dict.fromkeys(added.programs.values())),
    }
    _docker_build(context, added.name, image.name, log, file="Dockerfile.added", arguments=arguments)


def draft(context: Path, stack: Stack | None = None) -> None:
    """Write the settings, command scripts and start scripts of all services into the build context."""
    home = context / HOME.relative_to("/")
    for name in ("conf", "bin", "start", "presto", "spark-home", "lib", "guest"):
        shutil.rmtree(home / name, ignore_errors=True)
    layout = image_layout(context, stack)
    config_files.write(layout)
    commands.write(layout)
    guest_commands.write_guest(layout)
    servers = [
        {
            "name": service.name,
            "service": service.room,
            "command": list(service.command),
            "once": list(service.once) if service.once else None,
            "cwd": str(service.cwd or HOME / "data"),
        }
        for service in services.services(layout).values()
        if service.name != services.API
    ]
    servers += [
        {"name": name, "service": "", "command": list(command), "once": None, "cwd": str(HOME / "data")}
        for name, command in services.of_several_machines(layout).items()
    ]
    jars = layout.on_disk(HOME / "spark-home" / "jars")
    jars.symlink_to(HOME / "prepared" / "pyspark-jars")
    ready = {
        each.name: each.filled(each.ready, bind=LOOPBACK, port=each.port, data=layout.data)
        for each in layout.stack.added
    }
    settings = {
        "servers": servers,
        "ports": dict(layout.addresses.ports),
        "broker": layout.addresses.at("kafka"),
        "added": ready,
    }
    layout.write(layout.conf / "servers.json", json.dumps(settings, indent=2, sort_keys=True))
    for file in _library():
        layout.write(layout.lib / file.name, file.read_text(encoding="utf-8"))
    for name in _DOCKERFILES:
        shutil.copyfile(compose_folder() / name, context / name)


def image_layout(context: Path, stack: Stack | None = None) -> ImageLayout:
    """Give the layout inside the images, drafted in a build context."""
    stack = stack or Stack()
    return ImageLayout(
        run=HOME,
        project=WORKSPACE,
        workspace=WORKSPACE,
        logs=HOME / "data",
        cache=HOME,
        prepared=HOME / "prepared",
        archives=HOME / "class-data",
        java=HOME / "java" / "bin" / "java",
        python=Path("/usr/bin/python3"),
        pyspark=PYTHON_PACKAGES / "pyspark",
        programs={name: Program(Path("/usr/bin") / name) for name in ("ab", "jq", "kcat")},
        addresses=Addresses(
            "container",
            {name: port for name, (_, port) in {**ORIGINAL, **stack.listeners}.items()},
            added=stack.listeners,
        ),
        app="app/game_api.py",
        root=context,
        stack=stack,
    )


def guest_variables(service: str) -> dict[str, str]:
    """Give the variables by which a container's commands are those of guests, where they differ from its own.

    The folders of its user stay: they alone are that user's to write to.
    """
    layout = image_layout(Path("/"))
    own, guest = commands.environment(layout, service), guest_commands.guest_environment(layout, service)
    guest["PYTHONPATH"] += f":{PYTHON_PACKAGES}"
    found = {name: value for name, value in guest.items() if own.get(name) != value and name not in ("HOME", "TMPDIR")}
    return found | ({BY_POSITION: "true"} if service == "presto" else {})


def _link_parts(cache: Path, context: Path, lock: Path | None = None) -> None:
    """Put the jars of all components into the build context, as hard links where the disk is the same."""
    home = context / HOME.relative_to("/")
    prepared = prepare.ensure(cache, pyspark_dir() / "jars", pyspark_version(), lock)
    wanted = {home / "prepared" / name: prepared / name for name in _OWN_JARS}
    wanted |= {home / "prepared" / "pyspark-jars" / jar.name: jar for jar in (prepared / "pyspark-jars").glob("*.jar")}
    for component in _JARS:
        for item in components(lock)[component].artifacts:
            wanted[home / "jars" / component / Path(item.path).name] = fetch.maven_dir(cache) / item.path
    for old in [*(home / "jars").glob("*/*"), *(home / "prepared").rglob("*.jar")]:
        if old not in wanted or not old.samefile(wanted[old]):
            old.unlink()
    for target, source in wanted.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        prepare.link(source, target)


def _python_packages(context: Path, base: str, say: Callable[[str], None]) -> None:
    """Install the containers' Python packages into the build context, for the Python of the base image."""
    home = context / HOME.relative_to("/")
    version, machine = engine.python_of(base)
    parts = f"{version} {machine} {pyspark_version()} {_requirements().read_text()}"
    key = hashlib.sha256(parts.encode()).hexdigest()
    target, spark, done = home / "python", home / "pyspark", home / "python.done"
    if not (done.exists() and done.read_text() == key):
        say(f"installing the containers' Python packages for Python {version}")
        for old in (target, spark):
            shutil.rmtree(old, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--target", str(target), "--only-binary", ":all:", *_python_of(version, machine)]
        command += ["--no-compile", "--require-hashes", "--requirement", str(_requirements())]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode:
            raise EnvironmentFault(
                "The containers' Python packages could not be installed.",
                wanted=f"the packages of {_requirements()} for Python {version} on {machine}",
                seen=(made.stderr.strip().splitlines() or ["no message"])[-1],
                remedy="run the same command again when the network is there",
            )
        unwanted = ("jars", "__pycache__", "examples", "data", "licenses")
        shutil.copytree(pyspark_dir(), spark, ignore=shutil.ignore_patterns(*unwanted))
        done.write_text(key)


def pip_target() -> list[str]:
    """Give the words by which pip installs for the Python of the containers."""
    return _python_of(*engine.python_of(base_image()))


def _python_of(version: str, machine: str) -> list[str]:
    platforms = [f"manylinux_2_28_{machine}", f"manylinux_2_17_{machine}", f"manylinux2014_{machine}"]
    words = ["--implementation", "cp", "--python-version", version]
    return words + [word for name in platforms for word in ("--platform", name)]


def _docker_build(
    context: Path,
    service: str,
    name: str,
    log: Path,
    *,
    file: str = "Dockerfile",
    arguments: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Build the image of a service: its target in the Dockerfile, or the whole of another file.

    Raises EnvironmentFault with the end of its log.
    """
    command = ["docker", "build", "--progress", "plain", "--file", str(context / file), "--tag", name]
    command += ["--target", service] if file == "Dockerfile" else []
    for argument, value in {"BASE_IMAGE": base_image(), "W205_UID": str(user_id()), **arguments}.items():
        command += ["--build-arg", f"{argument}={value}"]
    command.append(str(context))
    with log.open("ab") as out:
        try:
            code = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                check=False,
                timeout=BUILD_TIME,
                env={**os.environ, "DOCKER_BUILDKIT": "1"},
            ).returncode
        except subprocess.TimeoutExpired:
            code = TIMED_OUT
    if code:
        raise EnvironmentFault(
            f"The image of {service} could not be built.",
            wanted=f"{name} on {base_image()}",
            seen=f"docker build ended with exit code {code}",
            log=log,
            tail=tail(log),
            remedy="mend what its last lines name; BASE_IMAGE=… names another base image with Java 17",
        )


def user_id() -> int:
    """Give the user that the containers run as: the one who builds them, so that /w205 can be read; never root."""
    return os.getuid() or 1000


def _requirements() -> Path:
    return Path(str(resources.files("harness.cluster.compose") / "requirements.lock"))


def _library() -> Iterator[Path]:
    """Give the files of the harness that the images hold."""
    package = Path(harness.__file__).parent / "cluster"
    yield from (package / "compose" / "container" / name for name in ("agent.py", "entry.py"))
    yield package / "probes.py"


def _generators() -> Iterator[Path]:
    """Give the modules whose output the images hold."""
    package = Path(harness.__file__).parent / "cluster"
    names = ("addresses", "commands", "config_files", "elsewhere", "guest_commands", "java_programs", "jvm", "layout")
    yield from (package / f"{name}.py" for name in (*names, "names", "services", "stack", "compose/images"))
    yield from sorted((package / "guest_files").glob("*.py"))
