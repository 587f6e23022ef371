"""What is taken over from a stranger's compose file, and that nothing of this machine is among it."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.cluster.addresses import HOST_NAMES
from harness.cluster.compose import files, strangers
from harness.cluster.compose.strangers import ASKER, Admitted, Contained
from harness.errors import UsageError

COURSE: Mapping[str, Any] = {
    "zookeeper": {"image": "confluentinc/cp-zookeeper:latest", "environment": {"ZOOKEEPER_CLIENT_PORT": "32181"}},
    "kafka": {
        "image": "confluentinc/cp-kafka:latest",
        "depends_on": {"zookeeper": {"condition": "service_started"}},
        "environment": {"KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://kafka:29092", "W205_SERVICE": "presto"},
    },
    "cloudera": {"image": "midsw205/hadoop:0.0.2", "hostname": "cloudera"},
    "spark": {
        "image": "midsw205/spark-python:0.0.6",
        "command": ["bash"],
        "volumes": [{"type": "bind", "source": "/home/science/w205", "target": "/w205"}],
    },
    "presto": {"image": "midsw205/presto:0.0.1"},
    "mids": {
        "image": "midsw205/base:0.1.9",
        "ports": [{"target": 5000, "published": "5000", "protocol": "tcp"}],
        "volumes": [{"type": "bind", "source": "/home/science/w205", "target": "/w205"}],
    },
}
OURS: Mapping[str, Any] = {
    "services": {name: {"image": f"pipeline-harness/{name}", "volumes": []} for name in HOST_NAMES}
}


@pytest.fixture(autouse=True)
def own_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The harness' own compose file, without asking Compose."""
    monkeypatch.setattr(files, "read_config", lambda *_: OURS)


def admit(tmp_path: Path, *, extra: Mapping[str, Any] | None = None, **changes: Mapping[str, Any]) -> Admitted:
    services = copy.deepcopy(dict(COURSE))
    for name, change in changes.items():
        services[name] = {**services.get(name, {}), **change}
    shared = {"/run/w205/inbox": tmp_path / "inbox", "/run/w205/notes": tmp_path / "notes"}
    contained = Contained(
        tmp_path / "work", 6 << 30, 1024, 1 << 30, shared, frozenset({"/run/w205/notes"}), {"/run/w205/relay": tmp_path}
    )
    return strangers.admit({"services": services, **(extra or {})}, contained)


def test_every_container_is_apart_and_bounded(tmp_path: Path) -> None:
    found = admit(tmp_path)
    services = found.config["services"]
    assert set(services) == {*COURSE, ASKER}
    assert found.notes == []
    for service in services.values():
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["pids_limit"] == 1024
        assert service["mem_limit"] == service["memswap_limit"] > 0
        assert service["ulimits"]["fsize"] == 1 << 30
        assert service["dns"] == ["127.0.0.1"]
        assert not {"ports", "privileged", "network_mode", "devices", "cap_add", "entrypoint", "user"} & service.keys()
        assert all(mount["source"].startswith(str(tmp_path)) for mount in service["volumes"])
    assert found.config["networks"] == {
        "default": {"internal": True, "driver_opts": {"com.docker.network.bridge.inhibit_ipv4": "true"}}
    }
    assert services["spark"]["mem_limit"] == 6 << 30
    assert {each["target"]: (each["source"], each["read_only"]) for each in services["mids"]["volumes"]} == {
        "/w205": (str(tmp_path / "work"), False),
        "/run/w205/inbox": (str(tmp_path / "inbox"), True),
        "/run/w205/notes": (str(tmp_path / "notes"), False),
    }
    assert "/w205" not in {each["target"] for each in services["presto"]["volumes"]}
    assert services["kafka"]["environment"] == {"KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://kafka:29092"}
    assert services["kafka"]["depends_on"] == ["zookeeper"]
    assert found.services["mids"].ports == [(5000, 5000)]
    assert ASKER not in found.services


@pytest.mark.parametrize(
    ("source", "target", "links", "noted"),
    [
        ("/home/science/w205", "/w205/", {}, False),
        ("/etc", "/w205", {}, False),  # never the author's own folder: /w205 is always the work folder
        ("/w205/mine", "/code", {"/code": "/w205/mine"}, False),
        ("/home/kim/w205/mine/jobs", "/jobs", {"/jobs": "/w205/mine/jobs"}, False),
        ("/w205", "/work", {"/work": "/w205"}, False),
        ("/etc", "/their-etc", {}, True),
        ("/", "/machine", {}, None),
        ("/w205/../etc", "/x", {}, True),
        ("/home/science/w205x", "/x", {}, True),
        ("/w205/mine", "/etc/kafka", {}, True),
        ("/w205/mine", "/opt/w205/lib", {}, True),
        ("/w205/mine", "/", {}, True),
        ("/w205/mine", "/x/../usr/bin", {}, True),
    ],
)
def test_no_folder_of_the_authors_machine_is_mounted(
    tmp_path: Path, source: str, target: str, links: Mapping[str, str], noted: bool | None
) -> None:
    mounts = [{"type": "bind", "source": source, "target": target}]
    if noted is None:
        with pytest.raises(UsageError, match="asks for this machine's own rights"):
            admit(tmp_path, mids={"volumes": mounts})
        return
    found = admit(tmp_path, mids={"volumes": mounts})
    for mount in found.config["services"]["mids"]["volumes"]:
        assert mount["source"].startswith(str(tmp_path))
        assert mount["target"] in ("/w205", "/run/w205/inbox", "/run/w205/notes")
    assert found.services["mids"].links == links
    assert bool(found.notes) is noted


@pytest.mark.parametrize(
    "change",
    [
        {"privileged": True},
        {"network_mode": "host"},
        {"pid": "host"},
        {"ipc": "container:x"},
        {"userns_mode": "host"},
        {"cap_add": ["NET_ADMIN"]},
        {"devices": [{"source": "/dev/sda", "target": "/dev/sda"}]},
        {"security_opt": ["apparmor:unconfined"]},
        {"sysctls": {"net.core.somaxconn": "1"}},
        {"volumes": [{"type": "bind", "source": "/var/run/docker.sock", "target": "/s"}]},
    ],
    ids=str,
)
def test_rights_of_this_machine_are_refused(tmp_path: Path, change: Mapping[str, Any]) -> None:
    with pytest.raises(UsageError, match="the service mids asks for this machine's own rights"):
        admit(tmp_path, mids=change)


def test_what_is_not_known_is_left_out_and_said(tmp_path: Path) -> None:
    change = {"user": "0", "entrypoint": ["sh"], "tmpfs": ["/x"], "secrets": [{"source": "s"}], "shm_size": "9"}
    change |= {"deploy": {"replicas": 1000}, "scale": 1000, "env_file": None, "restart": "always"}
    more = {"networks": {"out": {"driver": "macvlan", "driver_opts": {"parent": "eth0"}, "external": True}}}
    more |= {"secrets": {"s": {"file": "/etc/shadow"}}, "volumes": {"v": {"driver_opts": {"device": "/home"}}}}
    found = admit(tmp_path, extra=more, mids={**change, "networks": {"out": None}})
    text = found.text()
    for word in (
        "macvlan",
        "eth0",
        "shadow",
        "replicas",
        "1000",
        "entrypoint",
        "always",
        "external",
        "tmpfs",
        "device",
    ):
        assert word not in text
    assert found.notes == ["mids: left out of the compose file: entrypoint, secrets, shm_size, tmpfs, user"]
    assert all(network["internal"] for network in found.config["networks"].values())
    assert set(found.config["services"]["mids"]["networks"]) == {"out"}
    assert set(found.config["services"][ASKER]["networks"]) == {"default", "out"}


def test_services_that_lack_come_from_the_harness_and_others_are_named(tmp_path: Path) -> None:
    services = {
        "tools": COURSE["mids"],
        "redis": {"image": "redis:latest"},
        "kafka": {"image": "somebody/kafka:1"},
        "db": {"image": "postgres:16"},
        "spark": {"image": "midsw205/base"},
        "made": {"build": {"context": "https://example.org/x.git"}},
        "a b": {"image": "redis"},
        ASKER: {"image": "redis"},
    }
    found = strangers.admit({"services": services}, Contained(tmp_path, 1, 1, 1))
    assert {name: service.role for name, service in found.services.items()} == {
        "tools": "mids", "redis": "redis", "kafka": "kafka",
        "zookeeper": "zookeeper", "cloudera": "cloudera", "spark": "spark", "presto": "presto",
    }  # fmt: skip
    assert set(found.lacking) == {"db", "made", "a b", ASKER, "spark"}
    assert found.lacking["db"] == "its image postgres:16 is not one of the course's"
    assert "build" not in found.text()
    assert "taken from that of the harness" in found.notes[-1]
    alone = strangers.admit({}, Contained(tmp_path, 1, 1, 1))
    assert set(alone.services) == set(HOST_NAMES)
    assert alone.notes == []


def test_texts_stay_what_they_are(tmp_path: Path) -> None:
    hostile = {"A": '${HOME} $$ "\n  privileged: true', "B=C": "x", "-e": "x", "HARNESS_JOB": "x", "N": None}
    found = admit(tmp_path, mids={"environment": hostile, "hostname": "a b", "command": ["sh", "-c", "echo $HOME"]})
    mids = json.loads(found.text().replace("$$", "$"))["services"]["mids"]
    assert mids["environment"] == {"A": hostile["A"], "N": ""}
    assert mids["command"] == ["sh", "-c", "echo $HOME"]
    assert "hostname" not in mids


def test_too_many_services_are_refused(tmp_path: Path) -> None:
    many = {f"s{number}": {"image": "redis"} for number in range(strangers.MOST_SERVICES + 1)}
    with pytest.raises(UsageError, match="too many services"):
        strangers.admit({"services": many}, Contained(tmp_path, 1, 1, 1))
