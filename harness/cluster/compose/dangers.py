"""What in a compose file asks for this machine itself: its rights, its engine's socket, or what is somebody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import UsageError

_HOSTS_OWN: Mapping[str, object] = {
    "privileged": True,
    **dict.fromkeys(("network_mode", "pid", "ipc", "uts", "userns_mode", "cgroup"), "host"),
}
_RIGHTS = (
    "cap_add", "cgroup_parent", "credential_spec", "device_cgroup_rules", "devices", "provider", "runtime",
    "security_opt", "sysctls", "use_api_socket",
)  # fmt: skip
"""What gives a container more of this machine than others have, or runs a program on it."""

_OTHERS = ("cgroup", "ipc", "network_mode", "pid")
"""What may be taken from a container of somebody else, as `container:NAME`."""

_SOCKETS = (Path("/var/run/docker.sock"), Path("/run/docker.sock"))


def refuse(file: str, config: Mapping[str, Any]) -> None:
    """Raise UsageError when a file asks for rights of this machine, its engine's socket or what is somebody else's."""
    networks = config.get("networks") or {}
    held = [
        f"{kind} {name}: {path}"
        for kind, key in (("secret", "secrets"), ("config", "configs"), ("volume", "volumes"))
        for name, item in (config.get(key) or {}).items()
        if (path := _file_of(item or {})) and _holds_socket(Path(path))
    ]
    _refuse(f"{file} asks for the engine's own socket.", held)
    for name, service in (config.get("services") or {}).items():
        _refuse(f"{file}: the service {name} asks for this machine's own rights.", list(_dangers(service, networks)))


def _dangers(service: Mapping[str, Any], networks: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{key}: {service[key]}" for key, own in _HOSTS_OWN.items() if service.get(key) == own)
    for key in _OTHERS:
        if str(service.get(key) or "").startswith("container:"):
            yield f"{key}: {service[key]}"
    for key in _RIGHTS:
        asked = service.get(key)
        if key == "security_opt":
            asked = [each for each in asked or () if not str(each).startswith("no-new-privileges")]
        if asked:
            yield f"{key}: {json.dumps(asked, ensure_ascii=False)[:200]}"
    yield from (f"volumes_from: {each}" for each in service.get("volumes_from") or () if "container:" in str(each))
    for key in ("post_start", "pre_stop"):
        yield from (f"{key}: privileged" for hook in service.get(key) or () if hook.get("privileged"))
    yield from (f"the network {each}" for each in service.get("networks") or () if _is_hosts(networks.get(each)))
    for mount in service.get("volumes") or ():
        source = str(mount.get("source"))
        if mount.get("type") == "bind" and _holds_socket(Path(source)):
            yield f"volume {source}"


def _refuse(headline: str, found: list[str]) -> None:
    if found:
        raise UsageError(
            headline,
            wanted="containers that are apart from this machine",
            seen=", ".join(found),
            remedy="take that out of the file",
        )


def _file_of(item: Mapping[str, Any]) -> str:
    """Give the path of this machine that a secret, a config or a volume stands for; nothing where it is none."""
    return str(item.get("file") or (item.get("driver_opts") or {}).get("device") or "")


def _is_hosts(network: Mapping[str, Any] | None) -> bool:
    return network is not None and network.get("name") == "host"


def _holds_socket(source: Path) -> bool:
    """Say whether a folder or file is the engine's socket, a link to it, or a folder above it."""
    sources = (source, source.resolve())
    return any(each.name == "docker.sock" or socket.is_relative_to(each) for each in sources for socket in _SOCKETS)
