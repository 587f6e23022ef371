"""From a compose file to a project: the file as it is, and an override that makes it ours.

The file may be the project's own or anybody's that names the course's images. It is read by Compose itself, so its
errors are named in Compose's words. The override gives each known service our image, publishes ports on this machine's
loopback alone, and adds `init`, a health check and a memory limit where there is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.cluster.addresses import LOOPBACK, Reservations
from harness.cluster.compose import engine, images
from harness.cluster.compose.project import ProjectSpec
from harness.errors import UsageError
from harness.settings import Settings

OVERRIDE = "override.yml"

_ROLES: Mapping[str, str] = {
    r"(?:docker\.io/)?midsw205/base": "mids",
    r"(?:docker\.io/)?midsw205/(?:hadoop|cdh-minimal)": "cloudera",
    r"(?:docker\.io/)?midsw205/spark-python": "spark",
    r"(?:docker\.io/)?midsw205/presto": "presto",
    r"(?:docker\.io/)?confluentinc/cp-kafka": "kafka",
    r"(?:docker\.io/)?confluentinc/cp-zookeeper": "zookeeper",
    rf"{images.REPOSITORY}/(?P<own>zookeeper|kafka|cloudera|spark|presto|mids)": "",
}
"""The service that stands in for each image, whatever its tag."""

_HEALTH: Mapping[str, tuple[str, ...]] = {
    "zookeeper": ("zookeeper",),
    "kafka": ("kafka",),
    "cloudera": ("datanode", "metastore"),
    "presto": ("presto",),
}
_MEMORY = {"zookeeper": "384m", "kafka": "1g", "cloudera": "2g", "spark": "3g", "presto": "2g", "mids": "1g"}


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
    for name, service in services.items():
        _refuse_dangers(file, name, service)
        _refuse_missing_folders(file, name, service)
    _refuse_missing_external(file, config)
    spread, notes = _ports(services, settings.ports, ports)
    lines = ["# Added by the harness: its images, and ports on this machine's loopback alone.", "services:"]
    for name, service in services.items():
        lines += [f"  {json.dumps(name)}:", *_service(name, service, roles.get(name), tag, spread[name])]
        if settings.compose_file is None and not file.is_relative_to(settings.project) and "volumes" in service:
            lines += ["    volumes:", f"      - {json.dumps(f'{settings.project}:/w205')}"]
    override = folder / OVERRIDE
    override.write_text("\n".join(lines) + "\n", encoding="utf-8")
    project = ProjectSpec(
        f"{engine.PROJECT_PREFIX}{folder.name}",
        (str(file), str(override)),
        {},
        {role: name for name, role in roles.items()},
    )
    return project, notes


def default_file(project: Path) -> Path:
    """Give the compose file of a project, else the one that comes with the harness."""
    own = project / "compose" / "docker-compose.yml"
    return own if own.exists() else images.compose_folder() / "docker-compose.yml"


def read_config(file: Path) -> Mapping[str, Any]:
    """Read a compose file as Compose understands it. Raises UsageError with Compose's words when it does not."""
    if not file.is_file():
        raise UsageError(f"No compose file at {file}.", wanted="a docker-compose.yml", remedy="--compose-file PATH")
    read = engine.ask(["compose", "--file", str(file), "--project-name", "reading", "config", "--format", "json"])
    if read.returncode:
        words = [line for line in read.stderr.strip().splitlines() if "obsolete" not in line]
        raise UsageError(
            f"Compose cannot read {file}.",
            wanted="a compose file that `docker compose config` takes",
            seen=words[-1] if words else f"exit code {read.returncode}",
            remedy="mend what it names",
        )
    found: Mapping[str, Any] = json.loads(read.stdout)
    return found


def role_of(image: str) -> str | None:
    """Give the service that stands in for an image, or None for one that is not the course's."""
    for pattern, role in _ROLES.items():
        if match := re.fullmatch(rf"{pattern}(?::[\w.\-]+)?(?:@sha256:[0-9a-f]+)?", image):
            return role or match["own"]
    return None


def is_own(image: str) -> bool:
    """Say whether an image is the harness' own, and not one of the course that it stands in for."""
    return image.startswith(f"{images.REPOSITORY}/")


def _service(name: str, service: Mapping[str, Any], role: str | None, tag: str, ports: list[str]) -> Iterator[str]:
    if role:
        yield f"    image: {images.REPOSITORY}/{role}:{tag}"
        yield "    pull_policy: never"
        if name != role:
            yield "    networks:"
            for network in service.get("networks") or {"default": None}:
                yield f"      {json.dumps(network)}:"
                yield f"        aliases: [{role}]"
        if role == "spark" and not is_own(str(service.get("image", ""))):
            yield "    environment:"
            yield f"      PYSPARK_DRIVER_PYTHON: {images.OLD_PYTHON}"
        if role in _HEALTH and "healthcheck" not in service:
            words = ["CMD", "python3", "/opt/w205/lib/agent.py", "ready", *_HEALTH[role]]
            yield "    healthcheck:"
            yield f"      test: {json.dumps(words)}"
            yield "      interval: 10s"
            yield "      timeout: 20s"
            yield "      retries: 6"
        if "mem_limit" not in service:
            yield f"    mem_limit: {_MEMORY[role]}"
    yield "    init: true"
    if ports:
        yield "    ports: !override"
        yield from (f"      - {json.dumps(port)}" for port in ports)


def _ports(
    services: Mapping[str, Mapping[str, Any]], wanted: Mapping[str, int], reservations: Reservations
) -> tuple[dict[str, list[str]], list[str]]:
    """Give each service's ports on loopback; one that is taken on this machine is replaced by a free one, and said."""
    spread: dict[str, list[str]] = {}
    notes: list[str] = []
    for name, service in services.items():
        spread[name] = []
        for port in service.get("ports") or ():
            published, target = str(port.get("published") or ""), int(port["target"])
            first, _, last = published.partition("-")
            number = int(first) if first.isdigit() and not last else None
            host = reservations.one(target, number, wanted)
            if number and host != number:
                notes.append(f"port {number} of {name} is taken: using {host}")
            spread[name].append(f"{LOOPBACK}:{host}:{target}/{port.get('protocol', 'tcp')}")
    return spread, notes


def _refuse_dangers(file: Path, name: str, service: Mapping[str, Any]) -> None:
    found = [
        f"{key}: {service[key]}"
        for key, forbidden in (
            ("privileged", (True,)),
            ("network_mode", ("host",)),
            ("pid", ("host",)),
            ("ipc", ("host",)),
        )
        if service.get(key) in forbidden
    ]
    found += [
        f"volume {mount.get('source')}"
        for mount in service.get("volumes") or ()
        if str(mount.get("source", "")).endswith("docker.sock")
    ]
    if found:
        raise UsageError(
            f"{file}: the service {name} asks for this machine's own rights.",
            wanted="containers that are apart from this machine",
            seen=", ".join(found),
            remedy="take that out of the file",
        )


def _refuse_missing_folders(file: Path, name: str, service: Mapping[str, Any]) -> None:
    for mount in service.get("volumes") or ():
        source = Path(str(mount.get("source", "")))
        if mount.get("type") == "bind" and not source.exists():
            raise UsageError(
                f"{file}: the service {name} mounts a folder that does not exist.",
                wanted=f"{source}, to be {mount.get('target')} in the container",
                remedy=f"mkdir -p {source}",
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
