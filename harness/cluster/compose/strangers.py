"""A stranger's compose file as one of ours: what it says about its services, and nothing that is this machine's.

The file is taken over key by key: what is not known here is left out, and said. Every service runs on our image with no
capability, no way to get one, limits, and networks without a way out; every folder of its author's machine gives way to
one work folder. What asks for this machine's own rights is refused before (`dangers.refuse`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from harness.cluster.addresses import HOST_NAMES
from harness.cluster.compose import dangers, files, images
from harness.cluster.stack import REDIS
from harness.errors import UsageError

ASKER: Final = "w205-asker"
"""The container from which the harness itself asks the servers: no command of a stranger ever runs in it."""

WORK: Final = PurePosixPath("/w205")
MOST_SERVICES: Final = 24

_ROLES: Final = (*HOST_NAMES, REDIS.name)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_HIS_WORK: Final = re.compile(r"(?:/home/[\w.-]+|/root)?/w205(?:/(.*))?")
"""The author's work folder, as Compose gives the sources of mounts."""

_SYSTEM: Final = ("bin", "dev", "etc", "lib", "lib64", "opt", "proc", "run", "sbin", "sys", "usr", "var")
_LONGEST: Final = 64 << 10
_QUIET: Final = frozenset(
    {"build", "container_name", "expose", "external_links", "extra_hosts", "healthcheck", "image", "init", "labels"}
    | {"links", "logging", "mem_limit", "ports", "profiles", "pull_policy", "restart", "scale", "stdin_open", "tty"}
    | {"command", "depends_on", "deploy", "environment", "hostname", "networks", "volumes", "working_dir"}
)
"""What is taken over, or is ours to say: nothing is said of it."""

_MEMORY: Final = {"zookeeper": 512, "kafka": 1024, "cloudera": 2048, "presto": 2048, "mids": 2048, REDIS.name: 256}
"""MiB of the containers; the one of Spark has what a submission may have."""

_APART: Final[Mapping[str, Any]] = {
    "internal": True,
    "driver_opts": {"com.docker.network.bridge.inhibit_ipv4": "true"},
}
"""A network without a way out, on which this machine itself has no address."""


@dataclass(frozen=True, slots=True)
class Contained:
    """What the containers of a stranger may have. Sizes are bytes; `memory` is for the one of Spark.

    `work` is the folder at /w205. `shared` are folders of the harness by their places in every container; those in
    `writable` can be written to. `asker` are such folders of the harness' own container.
    """

    work: Path
    memory: int
    processes: int
    file_size: int
    shared: Mapping[str, Path] = field(default_factory=dict)
    writable: frozenset[str] = frozenset()
    asker: Mapping[str, Path] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Service:
    """A service as its commands need it: the role of its image, its folder, other names, and the ports it publishes.

    `links` are paths in the container that lead into the work folder.
    """

    role: str
    folder: str = str(WORK)
    names: Sequence[str] = ()
    ports: Sequence[tuple[int, int]] = ()
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Admitted:
    """A compose file of ours, its services, why others are not there, and what was left out."""

    services: dict[str, Service] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """Give the file: JSON is YAML, and a dollar that is written twice is one."""
        return json.dumps(self.config, indent=2).replace("$", "$$")


def admit(config: Mapping[str, Any], contained: Contained) -> Admitted:
    """Make a file of ours from a stranger's, as Compose reads it; without one from that of the harness alone.

    Raises UsageError for what is refused.
    """
    theirs: Mapping[str, Mapping[str, Any]] = config.get("services") or {}
    if len(theirs) > MOST_SERVICES:
        raise UsageError(
            "The compose file has too many services.", wanted=f"at most {MOST_SERVICES}", seen=str(len(theirs))
        )
    dangers.refuse("The compose file", config)
    found = Admitted()
    networks = sorted({name for service in theirs.values() for name in _networks(service)} | {"default"})
    roles = {name: role for name, service in theirs.items() if (role := _role(name, service, found))}
    for name, role in list(roles.items()):
        if name in _ROLES and name != role:
            found.lacking[name] = f"its name is that of another service than its image, {theirs[name].get('image')}"
            del roles[name]
    ours = files.read_config(images.compose_folder() / "docker-compose.yml")["services"]
    missing = [role for role in HOST_NAMES if role not in roles.values() and role not in roles]
    described = [(name, roles[name], theirs[name], _networks(theirs[name])) for name in roles]
    described += [(role, role, ours[role], {name: [] for name in networks}) for role in missing]
    known = {name for name, *_ in described}
    services: dict[str, Any] = {}
    for name, role, service, joined in described:
        found.services[name] = _described(name, role, service, found.notes)
        services[name] = _service(name, role, service, contained, known, found.services[name])
        services[name]["networks"] = {network: {"aliases": aliases} for network, aliases in joined.items()}
    if theirs and missing:
        found.notes.append(f"not in the compose file, and taken from that of the harness: {', '.join(missing)}")
    services[ASKER] = _asker(contained, networks, services)
    found.config = {"services": services, "networks": {name: dict(_APART) for name in networks}}
    return found


def _role(name: str, service: Mapping[str, Any], found: Admitted) -> str | None:
    """Give the role of a service by its image, else by its name. Notes why it has none."""
    if not _NAME.fullmatch(name) or name == ASKER:
        found.lacking[name[:80]] = "a service cannot have this name here"
        return None
    image = str(service.get("image") or "")
    role = files.role_of(image)
    if role is None and name in _ROLES:
        role = name
        found.notes.append(f"{name}: our {role} stands in for {image[:80] or 'an image that is built'}")
    if role is None:
        found.lacking[name] = f"its image {image[:80] or 'that is built'} is not one of the course's"
        found.notes.append(f"{name} is left out: {found.lacking[name]}")
    return role


def _networks(service: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give the networks that a service joins, with its names there."""
    joined: Mapping[str, Any] = service.get("networks") or {"default": None}
    found = {
        name: [alias for alias in (options or {}).get("aliases") or () if _NAME.fullmatch(str(alias))]
        for name, options in list(joined.items())[:8]
        if _NAME.fullmatch(name)
    }
    return found or {"default": []}


def _described(name: str, role: str, service: Mapping[str, Any], notes: list[str]) -> Service:
    if unknown := sorted(key for key, value in service.items() if value and key not in _QUIET):
        notes.append(f"{name}: left out of the compose file: {', '.join(unknown)[:200]}")
    container = str(service.get("container_name") or "")
    ports = [
        (int(port["published"]), int(port["target"]))
        for port in service.get("ports") or ()
        if str(port.get("published") or "").isdecimal() and port.get("protocol", "tcp") == "tcp"
    ]
    links = dict(_links(name, service.get("volumes") or (), notes))
    folder = str(service.get("working_dir") or WORK)
    return Service(role, folder, (container,) if _NAME.fullmatch(container) else (), ports, links)


def _links(name: str, mounts: Sequence[Mapping[str, Any]], notes: list[str]) -> Iterator[tuple[str, str]]:
    """Give each place of a mount but /w205 that its author's work folder stands at, and what of it stands there."""
    for mount in mounts:
        source, target = str(mount.get("source") or ""), PurePosixPath("/", str(mount.get("target") or ""))
        if target == WORK:
            continue
        his = _HIS_WORK.fullmatch(source.rstrip("/")) if mount.get("type") == "bind" else None
        below = PurePosixPath(his[1] or "") if his else PurePosixPath()
        if his is None or ".." in (*target.parts, *below.parts) or len(target.parts) < 2 or target.parts[1] in _SYSTEM:
            notes.append(f"{name}: {source[:80] or 'a new volume'} is not mounted at {str(target)[:80]}")
        elif not target.is_relative_to(WORK):
            yield str(target), str(WORK / below)


def _service(
    name: str,
    role: str,
    service: Mapping[str, Any],
    contained: Contained,
    known: set[str],
    described: Service,
) -> dict[str, Any]:
    targets = {PurePosixPath("/", str(mount.get("target") or "")) for mount in service.get("volumes") or ()}
    mounts = [(str(WORK), contained.work, True)] if WORK in targets or described.links else []
    mounts += [(place, path, place in contained.writable) for place, path in contained.shared.items()]
    found = {
        **_container(role, contained, contained.memory if role == "spark" else _MEMORY[role] << 20, mounts),
        "environment": {**_environment(service.get("environment") or {}), **contained.environment},
        "depends_on": sorted(each for each in service.get("depends_on") or () if each in known and each != name),
    }
    hostname = str(service.get("hostname") or "")
    if _NAME.fullmatch(hostname):
        found["hostname"] = hostname
    if role in ("mids", "spark"):
        found |= {"stdin_open": True, "tty": True}
        if service.get("command"):
            found["command"] = service["command"]
    return found


def _container(
    role: str, contained: Contained, memory: int, mounts: Sequence[tuple[str, Path, bool]]
) -> dict[str, Any]:
    """Give what every container of a stranger's has: our image, and its bounds."""
    return {
        "image": f"{images.REPOSITORY}/{role}",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "pids_limit": contained.processes,
        "mem_limit": memory,
        "memswap_limit": memory,
        "ulimits": {"fsize": contained.file_size, "core": 0},
        "logging": {"driver": "json-file", "options": {"max-size": "16m", "max-file": "2"}},
        "restart": "no",
        "dns": ["127.0.0.1"],  # where nobody answers: names of this project are the engine's own
        "volumes": [
            {"type": "bind", "source": str(path), "target": place, "read_only": not writable}
            for place, path, writable in mounts
        ],
    }


def _asker(contained: Contained, networks: Sequence[str], services: Mapping[str, Any]) -> dict[str, Any]:
    listeners = [str(each["environment"].get("KAFKA_ADVERTISED_LISTENERS") or "") for each in services.values()]
    broker = next((each.split(",")[0].partition("://")[2] for each in listeners if each), "kafka:29092")
    mounts = [(place, path, True) for place, path in contained.asker.items()]
    return {
        **_container("mids", contained, 512 << 20, mounts),
        "environment": {"W205_BROKER": broker},
        "networks": dict.fromkeys(networks),
    }


def _environment(given: Mapping[str, Any]) -> dict[str, str]:
    """Give the variables of a service, but for those by which our images are told what they are."""
    found: dict[str, str] = {}
    size = 0
    for name, value in given.items():
        text = "" if value is None else str(value)
        size += len(name) + len(text)
        if _VARIABLE.fullmatch(name) and not name.startswith(("W205_", "HARNESS_")) and size < _LONGEST:
            found[name] = text
    return found
