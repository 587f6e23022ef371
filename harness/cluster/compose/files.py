"""From a compose file to a project: the file as it is, and an override that makes it ours.

The file may be the project's own or anybody's that names the course's images. It is read by Compose itself, so its
errors are named in Compose's words. The override gives each known service our image, publishes ports on this machine's
loopback alone, and adds `init`, a health check and a memory limit where there is none. Names that a file fixes for
containers, networks and volumes give way to the run's own: two runs share none, and the end of one removes no other's.
"""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.cluster.addresses import API, LOOPBACK, ORIGINAL, Reservations
from harness.cluster.compose import dangers, engine, images
from harness.cluster.compose.project import ProjectSpec
from harness.cluster.services import ROOM_OF
from harness.cluster.stack import REDIS, AddedService, Stack
from harness.errors import UsageError
from harness.settings import Settings

OVERRIDE = "override.yml"

_READING = "reading"
"""The project's name while its file is read."""

_ROLES: Mapping[str, str] = {
    r"(?:docker\.io/)?midsw205/base": "mids",
    r"(?:docker\.io/)?midsw205/(?:hadoop|cdh-minimal)": "cloudera",
    r"(?:docker\.io/)?midsw205/spark-python": "spark",
    r"(?:docker\.io/)?midsw205/presto": "presto",
    r"(?:docker\.io/)?confluentinc/cp-kafka": "kafka",
    r"(?:docker\.io/)?confluentinc/cp-zookeeper": "zookeeper",
    r"(?:docker\.io/)?(?:library/|bitnami/)?redis": REDIS.name,
    rf"{images.REPOSITORY}/(?P<own>zookeeper|kafka|cloudera|spark|presto|mids|redis)": "",
}
"""The service that stands in for each image, whatever its tag."""

_HEALTH: Mapping[str, tuple[str, ...]] = {
    "zookeeper": ("zookeeper",),
    "kafka": ("kafka",),
    "cloudera": ("datanode", "metastore"),
    "presto": ("presto",),
}
_MEMORY = {
    "zookeeper": "384m",
    "kafka": "1g",
    "cloudera": "2g",
    "spark": "3g",
    "presto": "2g",
    "mids": "1g",
}


_SERVERS_OF = Counter(room for name, room in ROOM_OF.items() if name != API)
"""How many servers each container has."""


def project_of(settings: Settings, folder: Path, tag: str, ports: Reservations) -> tuple[ProjectSpec, list[str]]:
    """Write the override into a run folder. Gives the project, and a sentence for each port that was replaced.

    Raises UsageError when the file cannot be used: Compose does not take it, it has no service for commands (`mids`), a
    folder or volume that it names does not exist, or it asks for the host's own network or rights.
    """
    file = settings.compose_file or default_file(settings.project)
    config = read_config(file)
    services: Mapping[str, Mapping[str, Any]] = config.get("services") or {}
    roles = {name: role for name, service in services.items() if (role := role_of(str(service.get("image", ""))))}
    if "mids" not in roles.values():
        raise UsageError(
            f"{file} has no service to type commands in.",
            wanted="a service with the image midsw205/base, which the assignment calls mids",
            seen="the images " + (", ".join(str(s.get("image", "-")) for s in services.values()) or "of no service"),
            remedy="add that service to the file",
        )
    dangers.refuse(str(file), config)
    for name, service in services.items():
        _refuse_missing_folders(file, name, service)
    _refuse_missing_external(file, config)
    named = _by_role(roles)
    if settings.guests:  # who come with services of their own names, and several of one kind
        named = {**{name: name for name in roles}, **named}
    stack = stack_of(settings)
    named |= {each.name: each.name for each in stack.added if each.name not in named}
    spread, notes = _ports(file, services, named, settings, ports)
    override = folder / OVERRIDE
    project = ProjectSpec(f"{engine.PROJECT_PREFIX}{folder.name}", (str(file), str(override)), {}, named)
    lines = ["# Added by the harness: its images, and ports on this machine's loopback alone.", "services:"]
    left_out = {name for name, role in roles.items() if _is_left_out(role, stack)}
    old_ways = settings.guests or stack.course
    for name, service in services.items():
        role = roles.get(name)
        alias = role if role != name and named.get(role or "") == name else None
        lines += [f"  {_quoted(name)}:", *_service(service, role, alias, tag, stack, old_ways=old_ways)]
        lines += _without(name, service, left_out)
        lines += _port_lines(spread[name])
        if settings.compose_file is None and not file.is_relative_to(settings.project) and "volumes" in service:
            lines += _workspace(settings.project)
    for added in stack.added:
        if added.name not in services and added.name not in roles.values():
            lines += [f"  {_quoted(added.name)}:", *_service({}, added.name, None, tag, stack, old_ways=old_ways)]
            lines += [*_workspace(settings.project), *_port_lines(spread[added.name])]
    lines += _own_names(config, project.name)
    override.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogateescape")
    read_config(file, override)  # what only both together have against them is refused here
    return project, notes


def default_file(project: Path) -> Path:
    """Give the compose file of a project, else the one that comes with the harness."""
    own = project / "compose" / "docker-compose.yml"
    return own if own.exists() else images.compose_folder() / "docker-compose.yml"


def read_config(file: Path, *overrides: Path) -> Mapping[str, Any]:
    """Read a compose file as Compose understands it. Raises UsageError with Compose's words when it does not."""
    if not file.is_file():
        raise UsageError(f"No compose file at {file}.", wanted="a docker-compose.yml", remedy="--compose-file PATH")
    files = [word for each in (file, *overrides) for word in ("--file", str(each))]
    read = engine.ask(["compose", *files, "--project-name", _READING, "config", "--format", "json"])
    if read.returncode:
        words = [line for line in read.stderr.strip().splitlines() if "obsolete" not in line]
        raise UsageError(
            f"Compose cannot read {file}.",
            wanted="a compose file that `docker compose config` takes",
            seen=words[-1] if words else f"exit code {read.returncode}",
            remedy="mend what it names",
        )
    found: Mapping[str, Any] = json.loads(read.stdout.replace("$$", "$"))
    return found


def stack_of(settings: Settings) -> Stack:
    """Give what a run's cluster is made of: its own stack, and a Redis where its compose file has one."""
    stack = settings.stack
    if settings.compose_file is None or stack.find(REDIS.name):
        return stack
    services = read_config(settings.compose_file).get("services") or {}
    roles = {role_of(str(service.get("image", ""))) for service in services.values()}
    return replace(stack, added=(*stack.added, REDIS)) if REDIS.name in roles else stack


def role_of(image: str) -> str | None:
    """Give the service that stands in for an image, or None for one that is not the course's."""
    for pattern, role in _ROLES.items():
        if match := re.fullmatch(rf"{pattern}(?::[\w.\-]+)?(?:@sha256:[0-9a-f]+)?", image):
            return role or match["own"]
    return None


def is_own(image: str) -> bool:
    """Say whether an image is the harness' own, and not one of the course that it stands in for."""
    return image.startswith(f"{images.REPOSITORY}/")


def _by_role(roles: Mapping[str, str]) -> dict[str, str]:
    """Give the service that commands of each role run in: the one of that name, else the first."""
    found: dict[str, str] = {}
    for name, role in sorted(roles.items(), key=lambda item: item[0] != item[1]):
        found.setdefault(role, name)
    return found


def _quoted(text: str) -> str:
    """Write a text so that YAML and Compose read it as it is."""
    return json.dumps(text.replace("$", "$$"), ensure_ascii=False)


def _service(
    service: Mapping[str, Any], role: str | None, alias: str | None, tag: str, stack: Stack, *, old_ways: bool
) -> Iterator[str]:
    if role:
        added = stack.find(role)
        yield f"    image: {images.name_of(added or role, tag)}"
        yield "    pull_policy: never"
        here = [name for name, room in ROOM_OF.items() if room == role and name not in (*stack.without, API)]
        variables = _variables(service, role, added, stack, here, old_ways=old_ways)
        if variables:
            yield "    environment:"
            for name, value in variables.items():
                yield f"      {name}: {_quoted(value)}"
        asked = [name for name in _HEALTH.get(role, ()) if name in here] or ([role] if added else [])
        if asked and ("healthcheck" not in service or len(here) < _SERVERS_OF[role]):
            words = ["CMD", "python3", "-I", str(images.AGENT), "ready", *asked]
            yield "    healthcheck:"
            yield f"      test: {json.dumps(words)}"
            yield "      interval: 10s"
            yield "      timeout: 20s"
            yield "      retries: 6"
        if not _limits_memory(service):
            yield f"    deploy: {{resources: {{limits: {{memory: {added.memory if added else _MEMORY[role]}}}}}}}"
    if "init" not in service:
        yield "    init: true"
    aliases = [alias] if alias else []
    if container := service.get("container_name"):
        yield "    container_name: !reset null"
        aliases.append(container)
    if aliases and "network_mode" not in service:
        yield "    networks:"
        for network in service.get("networks") or {"default": None}:
            yield f"      {_quoted(network)}:"
            yield f"        aliases: [{', '.join(map(_quoted, aliases))}]"


def _variables(
    service: Mapping[str, Any],
    role: str,
    added: AddedService | None,
    stack: Stack,
    here: list[str],
    *,
    old_ways: bool,
) -> dict[str, str]:
    """Give the variables of a container; `here` are the servers that it has of the assignment's."""
    found: dict[str, str] = {}
    if old_ways or not (is_own(str(service.get("image", ""))) or (added and not service)):
        found |= images.guest_variables(role)
    if here and len(here) < _SERVERS_OF[role]:
        found["W205_SERVERS"] = " ".join(here)
    return found | {each.variable: f"{each.name}:{each.port}" for each in stack.added}


def _is_left_out(role: str, stack: Stack) -> bool:
    """Say whether all servers of a container are left out."""
    servers = [name for name, room in ROOM_OF.items() if room == role and name != API]
    return bool(servers) and set(servers) <= set(stack.without)


def _without(name: str, service: Mapping[str, Any], left_out: set[str]) -> Iterator[str]:
    """Take a container away whose servers are all left out: it gets a profile that nobody asks for."""
    if name in left_out:
        yield "    profiles: [left-out]"
    needs = service.get("depends_on") or {}
    if left_out & set(needs):
        kept = {each: needs[each] for each in needs if each not in left_out}
        yield f"    depends_on: !override {json.dumps(kept)}"


def _workspace(project: Path) -> list[str]:
    source = f"        source: {_quoted(str(project))}"
    return ["    volumes:", "      - type: bind", source, "        target: /w205"]


def _limits_memory(service: Mapping[str, Any]) -> bool:
    resources = (service.get("deploy") or {}).get("resources") or {}
    return "mem_limit" in service or "memory" in (resources.get("limits") or {})


def _port_lines(ports: list[str]) -> Iterator[str]:
    if ports:
        yield "    ports: !override"
        yield from (f"      - {_quoted(port)}" for port in ports)


def _own_names(config: Mapping[str, Any], project: str) -> Iterator[str]:
    """Give networks and volumes whose names the file fixes names of the project, but not those of others."""
    for kind in ("networks", "volumes"):
        fixed = [
            key
            for key, item in (config.get(kind) or {}).items()
            if item and not item.get("external") and item.get("name") != f"{_READING}_{key}"
        ]
        if fixed:
            yield f"{kind}:"
        for key in fixed:
            yield f"  {_quoted(key)}:"
            yield f"    name: {_quoted(f'{project}_{key}')}"


def _ports(
    file: Path,
    services: Mapping[str, Mapping[str, Any]],
    named: Mapping[str, str],
    settings: Settings,
    reservations: Reservations,
) -> tuple[dict[str, list[str]], list[str]]:
    """Give each service's ports on loopback; one that is taken on this machine is replaced by a free one, and said.

    Raises UsageError when a port is asked for that the file does not publish, EnvironmentFault when it is taken.
    """
    wanted, added = settings.ports, settings.stack.listeners
    listeners = {**ORIGINAL, **added}
    open_wishes = {}
    for listener in wanted:
        room, number = listeners[listener]
        open_wishes[named.get("mids" if room == "localhost" else room), number, "tcp"] = listener
    published = []
    for name, service in services.items():
        for port in service.get("ports") or ():
            target, protocol = int(port["target"]), str(port.get("protocol") or "tcp")
            wish = open_wishes.pop((name, target, protocol), None)
            published.append((name, target, protocol, str(port.get("published") or ""), wish))
    published += [
        (name, port, "tcp", str(port), open_wishes.pop((name, port, "tcp"), None))
        for name, port in added.values()
        if name not in services
    ]
    for (_, number, _), listener in open_wishes.items():
        raise UsageError(
            f"--port {listener}: {file} does not publish its port.",
            wanted=f"a service that stands in for {listeners[listener][0]} and publishes {number}",
            remedy=f"add the port to the file, or leave out --port {listener}=…",
        )
    spread: dict[str, list[str]] = {name: [] for name in (*services, *added)}
    notes: list[str] = []
    # What was asked for comes first, and TCP before UDP: each is held by a socket of the other kind.
    for name, target, protocol, text, wish in sorted(published, key=lambda port: (not port[4], port[2] == "udp")):
        original = int(text) if text.isdecimal() else None
        host = reservations.take(wish, wanted[wish]) if wish else reservations.one(original, protocol)
        if original and host != original and not wish:
            notes.append(f"port {original} of {name} is taken: using {host}")
        spread[name].append(f"{LOOPBACK}:{host}:{target}/{protocol}")
    return spread, notes


def _refuse_missing_folders(file: Path, name: str, service: Mapping[str, Any]) -> None:
    for mount in service.get("volumes") or ():
        source = Path(str(mount.get("source", "")))
        if mount.get("type") == "bind" and not source.exists():
            raise UsageError(
                f"{file}: the service {name} mounts a folder that does not exist.",
                wanted=f"{source}, to be {mount.get('target')} in the container",
                remedy=f"mkdir -p {shlex.quote(str(source))}",
            )


def _refuse_missing_external(file: Path, config: Mapping[str, Any]) -> None:
    for kind, key in (("volume", "volumes"), ("network", "networks")):
        for name, item in (config.get(key) or {}).items():
            if item and item.get("external") and engine.ask([kind, "inspect", item.get("name", name)]).returncode:
                raise UsageError(
                    f"{file}: the external {kind} {name} does not exist.",
                    wanted=f"a {kind} {item.get('name', name)} in this engine",
                    remedy=f"docker {kind} create {item.get('name', name)}",
                )
