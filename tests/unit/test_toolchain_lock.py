"""The lock file is read whole or refused, names no host, and pins every file."""

from __future__ import annotations

import re

import pytest

from harness.cluster.toolchain import resolve
from harness.cluster.toolchain.lock import Artifact, Component, components, dump, lock_path, parse, version_of

SHA256 = "0123456789abcdef" * 4


def test_the_packaged_lock_is_what_harness_lock_would_write() -> None:
    assert dump(components(), resolve.HEADER) == lock_path().read_text(encoding="utf-8")


def test_what_is_written_reads_the_same() -> None:
    parts = {
        "kafka": Component(
            "kafka",
            roots=("g:a:1", "g:b:2"),
            alone=("g:c:3",),
            exclude=("g:d", "h:*"),
            replace={"g:e": "5", "g.h:f": "6"},
            artifacts=(Artifact("g:a:1", 10, SHA256), Artifact("g:a:1:linux-x86_64", 20, SHA256)),
        ),
        "bare": Component("bare"),
    }
    assert parse(dump(parts, "Two lines\nof a header")) == parts


def test_every_packaged_artifact_has_a_size_and_a_sha256() -> None:
    artifacts = [artifact for part in components().values() for artifact in part.artifacts]
    assert len(artifacts) > 100
    for artifact in artifacts:
        assert artifact.size > 0
        assert re.fullmatch("[0-9a-f]{64}", artifact.sha256)


def test_no_component_of_the_packaged_lock_has_a_file_twice() -> None:
    for part in components().values():
        assert len({artifact.path for artifact in part.artifacts}) == len(part.artifacts)


def test_one_path_has_one_content_in_all_components() -> None:
    artifacts = {artifact for part in components().values() for artifact in part.artifacts}
    assert len({artifact.path for artifact in artifacts}) == len(artifacts)


def test_the_packaged_lock_names_no_host() -> None:
    text = lock_path().read_text(encoding="utf-8")
    assert "//" not in text
    assert not re.search(r"\b(repo1?|maven)\.[a-z.]+/", text)


@pytest.mark.parametrize(
    "line",
    [
        f"g:a {SHA256} 10",
        f"g:a:1 ten {SHA256}",
        f"g:a:1 -10 {SHA256}",
        f"g:a:1 1.5 {SHA256}",
        f"g:a 10 {SHA256}",
        f"g:a:1:b:c 10 {SHA256}",
        f"g/x:a:1 10 {SHA256}",
        f"https://host/g:a:1 10 {SHA256}",
        f"g:a:1 10 {SHA256[:-1]}",
        f"g:a:1 10 {SHA256}0",
        f"g:a:1 10 {SHA256.upper()}",
        f"g:a:1 0 {SHA256}",
        f"g:a:1 10 {SHA256} more",
        "g:a:1 10",
        "g:a:1",
        "",
    ],
)
def test_a_line_that_is_no_artifact_is_refused_and_named(line: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(line))):
        parse(f'[kafka]\nartifacts = ["g:good:1 10 {SHA256}", "{line}"]\n')


def test_a_file_that_is_no_toml_is_refused_with_the_line() -> None:
    with pytest.raises(ValueError, match="line 2"):
        parse("[kafka]\nartifacts = }\n")


def test_an_artifact_lies_where_a_maven_repository_has_it() -> None:
    plain = Artifact("org.apache.kafka:kafka_2.13:3.9.1", 1, SHA256)
    native = Artifact("io.netty:netty-epoll:4.1.0:linux-x86_64", 1, SHA256)
    assert plain.path == "org/apache/kafka/kafka_2.13/3.9.1/kafka_2.13-3.9.1.jar"
    assert native.path == "io/netty/netty-epoll/4.1.0/netty-epoll-4.1.0-linux-x86_64.jar"
    assert (plain.name, native.name) == ("kafka_2.13", "netty-epoll")


def test_the_version_of_a_part_is_the_one_that_is_locked() -> None:
    root = next(root for root in components()["kafka"].roots if ":kafka_2.13:" in root)
    assert version_of("kafka", "kafka_2.13") == root.split(":")[2]
