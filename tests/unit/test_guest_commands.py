"""The commands of guests: what is written for them, what their sandbox must show and hide."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from layouts import layout_in

import harness
from harness.cluster import config_files, guest_commands
from harness.cluster.layout import Layout
from harness.cluster.stack import REDIS, Stack
from harness.cluster.toolchain.system import Program

ROOMS = ("zookeeper", "kafka", "cloudera", "spark", "presto", "mids")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    found = {name: Program(Path("/usr/bin") / name) for name in ("ab", "jq", "kcat")}
    made = replace(
        layout_in(tmp_path), python=Path(sys.executable), pyspark=tmp_path / "site" / "pyspark", programs=found
    )
    jars = made.prepared / "pyspark-jars"
    jars.mkdir(parents=True)
    (jars / "hadoop-client-api-1.jar").touch()
    for name in ("hdfs-webapps.jar", "empty-site.jar"):
        (made.prepared / name).touch()
    for name in ("kafka", "hdfs", "spark-kafka", "presto-cli"):
        for jar in made.jars(name):
            jar.parent.mkdir(parents=True, exist_ok=True)
            jar.touch()
    return made


@pytest.fixture
def guest(layout: Layout) -> Path:
    return guest_commands.write_guest(layout)


def test_each_service_has_the_commands_that_its_image_had(guest: Path) -> None:
    found = {folder.name: {file.name for file in folder.iterdir()} for folder in (guest / "bin").iterdir()}
    everywhere = {"python", "python3", "pip", "pip3", "apt-get", "apt"}
    assert set(found) == set(ROOMS)
    assert all(everywhere <= names for names in found.values())
    assert {"kafka-topics", "kafka-console-consumer", "kafka-console-producer"} <= found["kafka"]
    assert {"hadoop", "hdfs", "hive"} <= found["cloudera"]
    assert {"spark-submit", "pyspark"} <= found["spark"]
    assert "presto" in found["presto"]
    assert {"ab", "jq", "kafkacat", "flask"} <= found["mids"]
    assert all(os.access(file, os.X_OK) for file in (guest / "bin").glob("*/*"))


def test_a_redis_room_is_there_where_redis_is(layout: Layout) -> None:
    found = {**layout.programs, "redis-cli": Program(Path("/usr/bin/redis-cli"))}
    addresses = replace(
        layout.addresses, ports={**layout.addresses.ports, "redis": 6379}, added={"redis": ("redis", 6379)}
    )
    guest = guest_commands.write_guest(
        replace(layout, programs=found, stack=Stack(added=(REDIS,)), addresses=addresses)
    )
    assert (guest / "bin" / "redis" / "redis-cli").exists()


def test_written_twice_it_is_the_same(layout: Layout, guest: Path) -> None:
    before = {file: file.read_text() for file in guest.rglob("*") if file.is_file()}
    assert guest_commands.write_guest(layout) == guest
    assert {file: file.read_text() for file in guest.rglob("*") if file.is_file()} == before


def test_no_script_writes_a_class_data_archive_but_all_use_one(layout: Layout, guest: Path) -> None:
    java = [text for file in (guest / "bin").glob("*/*") if "@" in (text := file.read_text()) and "java" in text]
    assert len(java) >= 12
    for script in java:
        assert "ArchiveClassesAtExit" not in script
        assert "-XX:SharedArchiveFile=$archive" in script
        assert str(layout.archives) in script


def test_nothing_names_what_a_guest_has_not(layout: Layout, guest: Path) -> None:
    """Of the run folder only `guest`; nothing of the harness, the project or the logs."""
    for file in guest.rglob("*"):
        if file.is_file() and not file.is_relative_to(guest / "lib"):
            text = file.read_text().replace(str(guest), "")
            assert str(layout.run) not in text, file
            assert str(layout.project) not in text, file
            assert str(layout.logs) not in text, file
            assert str(Path(harness.__file__).parent) not in text, file


@pytest.mark.parametrize("room", ROOMS)
def test_the_environment_names_only_what_a_guest_has(layout: Layout, room: str) -> None:
    found = guest_commands.guest_environment(layout, room)
    assert found["PATH"].split(":")[0] == str(layout.run / "guest" / "bin" / room)
    assert found["HOME"] == "/root"
    assert found["TMPDIR"] == "/tmp"
    assert found["PYTHONPATH"] == str(layout.run / "guest" / "lib")
    for value in found.values():
        assert str(layout.run) not in value.replace(str(layout.run / "guest"), "")


def test_guests_have_the_settings_of_sparks_second_version_and_others_have_not(layout: Layout) -> None:
    guest = config_files.spark(guest_commands.guest_layout(layout))
    assert guest["spark.sql.ansi.enabled"] == "false"
    assert guest["spark.local.dir"] == Path("/tmp/spark")
    assert "spark.sql.ansi.enabled" not in config_files.spark(layout)
    assert guest.items() >= {"spark.sql.catalogImplementation": "hive"}.items()


def test_presto_goes_by_position_in_a_cluster_of_guests_alone(layout: Layout) -> None:
    key = "hive.parquet.use-column-names"
    assert config_files.presto_hive(layout)[key] == "true"
    assert config_files.presto_hive(replace(layout, guests=True))[key] == "false"


# What the sandbox shows and hides


def test_what_is_readable_has_all_that_the_scripts_name_and_not_the_run(layout: Layout, guest: Path) -> None:
    found = guest_commands.guest_readable(layout)
    assert guest in found
    for needed in (layout.prepared, layout.archives, Path(sys.prefix), Path(sys.executable).resolve()):
        assert any(needed.is_relative_to(folder) for folder in found), needed
    assert not any(layout.run.is_relative_to(folder) or layout.logs.is_relative_to(folder) for folder in found)
    assert not any(a != b and a.is_relative_to(b) for a in found for b in found)


def test_programs_that_were_unpacked_are_readable_with_their_libraries(layout: Layout, tmp_path: Path) -> None:
    program, libraries = tmp_path / "tools" / "bin" / "ab", tmp_path / "tools" / "lib"
    for folder in (program.parent, libraries):
        folder.mkdir(parents=True)
    found = guest_commands.guest_readable(replace(layout, programs={"ab": Program(program, libraries)}))
    assert {program.parent, libraries} <= set(found)


def test_an_installed_harness_is_hidden(layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site-packages"
    (site / "harness").mkdir(parents=True)
    monkeypatch.setattr(harness, "__file__", str(site / "harness" / "__init__.py"))
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(site))
    assert site / "harness" in guest_commands.guest_masked(layout)


def test_a_project_that_can_be_seen_is_hidden(layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout.project.mkdir(exist_ok=True)
    assert layout.project not in guest_commands.guest_masked(layout)
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    assert {layout.project, layout.logs} <= set(guest_commands.guest_masked(layout))


# The old flags of Kafka's commands


@pytest.fixture
def kafka(layout: Layout, guest: Path, tmp_path: Path) -> Mapping[str, Path]:
    """The scripts, with a Java that prints its arguments."""
    layout.java.parent.mkdir(parents=True)
    layout.java.write_text('#!/bin/sh\nshift\necho "$@"\n')
    layout.java.chmod(0o755)
    return {file.name: file for file in (guest / "bin" / "kafka").iterdir()}


@pytest.mark.parametrize("name", ["kafka-topics", "kafka-configs", "kafka-console-consumer", "kafka-consumer-groups"])
@pytest.mark.parametrize("flag", ["--zookeeper zookeeper:32181", "--zookeeper=zookeeper:32181", "-zookeeper x"])
def test_zookeeper_becomes_the_broker_and_that_is_told(
    kafka: Mapping[str, Path], tmp_path: Path, name: str, flag: str
) -> None:
    helps = tmp_path / "helps"
    words = ["--a", *flag.split(), "--topic", "two words"]
    environment = {"PATH": os.environ["PATH"], "HARNESS_HELPS": str(helps)}
    done = subprocess.run([kafka[name], *words], capture_output=True, text=True, env=environment, check=True)
    text = f"{name}: --zookeeper became --bootstrap-server kafka:29092"
    assert done.stdout == "--a --topic two words --bootstrap-server kafka:29092\n"
    assert done.stderr == f"harness: {text}\n"
    assert helps.read_text() == f"zookeeper\t{text}\n"


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["--list"], "--list"),
        (["--zookeeper", "z:1", "--bootstrap-server", "k:1"], "--bootstrap-server k:1"),
        (["--list", "--zookeeper"], "--list --bootstrap-server kafka:29092"),
        ([], ""),
    ],
)
def test_other_words_stay_as_they_are(kafka: Mapping[str, Path], words: list[str], given: str) -> None:
    environment = {"PATH": os.environ["PATH"], "HARNESS_HELPS": "/nowhere/helps"}
    done = subprocess.run([kafka["kafka-topics"], *words], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == given
    assert "nowhere" not in done.stderr


KCAT = """\
#!/bin/sh
echo "$*" >>"$0.asked"
case "$*" in
  *-L*) [ "$(grep -c -e -L "$0.asked")" -ge {tries} ] || echo 'topic "events" with 0 partitions: Broker: {words}' ;;
esac
"""


@pytest.mark.parametrize("words", ["Leader not available (try again)", "Unknown topic or partition (try again)"])
@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        (["-C", "-b", "kafka:29092", "-t", "events", "-o", "beginning"], 3),
        (["-C", "-b", "kafka:29092", "-tevents", "-e"], 3),
        (["-b", "kafka:29092", "-t", "events; touch x"], 3),
        (["-P", "-b", "kafka:29092", "-t", "events"], 0),
        (["-L", "-b", "kafka:29092"], 0),
        (["-C", "-b", "kafka:29092"], 0),
    ],
)
def test_a_reader_makes_its_topic_and_waits_for_its_leader(
    layout: Layout, tmp_path: Path, typed: list[str], asked: int, words: str
) -> None:
    program = tmp_path / "programs" / "kcat"
    program.parent.mkdir()
    program.write_text(KCAT.format(tries=3, words=words))
    program.chmod(0o755)
    guest = guest_commands.write_guest(replace(layout, programs={**layout.programs, "kcat": Program(program)}))
    script = guest / "bin" / "mids" / "kafkacat"
    subprocess.run([str(script), *typed], cwd=tmp_path, check=True)
    lines = Path(f"{program}.asked").read_text().splitlines()
    assert len(lines) == asked + 1
    makes = "-X allow.auto.create.topics=true"
    assert lines[-1] == " ".join(["-u", makes, *typed])
    assert all(makes in line and "-L -t events" in line for line in lines[:-1])
    assert not (tmp_path / "x").exists()
