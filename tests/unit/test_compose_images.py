"""The images hold what today's files say, have all that their Dockerfile and their scripts name, and are built once."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from zipfile import ZipFile

import pytest

import harness
from harness.cluster import commands
from harness.cluster.addresses import HOST_NAMES
from harness.cluster.compose import engine, images
from harness.cluster.stack import REDIS, Stack
from harness.cluster.toolchain import fetch, prepare
from harness.cluster.toolchain.lock import components, lock_path
from harness.errors import EnvironmentFault

REPOSITORY = Path(harness.__file__).parents[1]
BASE_ID = "sha256:0123"


# The tag


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project's files that go into the images, from which tags are made."""
    package = Path(harness.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__", "*.lock")
    shutil.copytree(package / "cluster", tmp_path / "harness" / "cluster", ignore=ignored)
    shutil.copytree(images.compose_folder(), tmp_path / "compose")
    for name, file in (("_requirements", images._requirements()), ("lock_path", lock_path())):
        copied = tmp_path / file.name
        shutil.copyfile(file, copied)
        monkeypatch.setattr(images, name, lambda copied=copied: copied)
    monkeypatch.setattr(harness, "__file__", str(tmp_path / "harness" / "__init__.py"))
    monkeypatch.setattr(engine, "image_id", lambda _: BASE_ID)
    monkeypatch.delenv("BASE_IMAGE", raising=False)
    return tmp_path


GOES_IN = [
    "toolchain.lock",
    "requirements.lock",
    "compose/Dockerfile",
    *(
        f"harness/cluster/{name}.py"
        for name in (
            "addresses",
            "commands",
            "config_files",
            "guest_commands",
            "guest_files/old_apps",
            "guest_files/old_jobs",
            "guest_files/pip",
            "guest_files/sitecustomize",
            "java_programs",
            "jvm",
            "layout",
            "probes",
            "services",
            "compose/images",
            "compose/container/agent",
            "compose/container/entry",
        )
    ),
]


@pytest.mark.parametrize("name", GOES_IN)
def test_the_tag_changes_with_each_file_that_goes_into_the_images(tree: Path, name: str) -> None:
    before = images.tag()
    assert re.fullmatch("[0-9a-f]{12}", before)
    assert images.tag() == before
    with (tree / name).open("a") as file:
        file.write("\n")
    assert images.tag() != before


@pytest.mark.parametrize("name", ["compose/docker-compose.yml", "harness/cluster/keeper.py", "harness/cluster/runs.py"])
def test_the_tag_stays_with_a_file_that_does_not(tree: Path, name: str) -> None:
    before = images.tag()
    with (tree / name).open("a") as file:
        file.write("\n")
    assert images.tag() == before


@pytest.mark.parametrize("what", ["BASE_IMAGE", "its content", "the user", "pyspark", "the prepared jars"])
def test_the_tag_changes_with_the_base_image_the_user_and_the_versions(
    tree: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    before = images.tag()
    if what == "BASE_IMAGE":
        monkeypatch.setenv("BASE_IMAGE", "example.org/jre:17")
    elif what == "its content":
        monkeypatch.setattr(engine, "image_id", lambda _: "sha256:4567")
    elif what == "the user":
        monkeypatch.setattr(os, "getuid", lambda: 4321)
    elif what == "pyspark":
        monkeypatch.setattr(images, "pyspark_version", lambda: "0.0.0")
    else:
        monkeypatch.setattr(prepare, "FORMAT", "next")
    assert images.tag() != before


def test_the_base_image_is_the_environments_else_a_public_one_and_the_user_is_never_root(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BASE_IMAGE", "example.org/jre:17")
    assert images.base_image() == "example.org/jre:17"
    monkeypatch.setenv("BASE_IMAGE", "")
    assert images.base_image() == "eclipse-temurin:17-jre-noble"
    assert f"ARG BASE_IMAGE={images.DEFAULT_BASE}\n" in DOCKERFILE.read_text()
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert images.user_id() == 1000
    monkeypatch.setattr(os, "getuid", lambda: 501)
    assert images.user_id() == 501


def test_every_pin_of_the_containers_packages_is_that_of_the_harness() -> None:
    def pins(file: Path) -> dict[str, tuple[str, set[str]]]:
        found: dict[str, tuple[str, set[str]]] = {}
        for block in re.split(r"\n(?=[\w])", file.read_text()):
            match = re.match(r"([\w.\-]+)==([\w.\-]+)", block)
            assert match, block
            found[match[1]] = match[2], set(re.findall(r"--hash=(\S+)", block))
        return found

    own, ours = pins(images._requirements()), pins(REPOSITORY / "requirements.lock")
    assert {"flask", "kafka-python"} <= own.keys()
    assert own.items() <= ours.items()
    assert all(hashes for _, hashes in own.values())


# The Dockerfile


DOCKERFILE = images.compose_folder() / "Dockerfile"
ADDED = images.compose_folder() / "Dockerfile.added"


class Stage:
    """A target of the Dockerfile, with what it has of those that it is built on."""

    def __init__(self, base: Stage | None) -> None:
        self.environment: dict[str, str] = dict(base.environment) if base else {}
        self.copies: list[tuple[str, str]] = list(base.copies) if base else []
        self.user: str | None = base.user if base else None


def stages() -> Mapping[str, Stage]:
    found: dict[str, Stage] = {}
    of_a_redis = ADDED.read_text().replace("FROM ${BASE}", "FROM added AS redis").replace("${NAME}", "redis")
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text() + of_a_redis, flags=re.MULTILINE).replace("\\\n", " ")
    stage = Stage(None)
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.split()
            stage = found[name] = Stage(found.get(base))
        elif word == "ENV":
            stage.environment |= dict(setting.split("=", 1) for setting in shlex.split(rest))
        elif word == "COPY":
            *sources, target = (part for part in rest.split() if not part.startswith("--"))
            stage.copies += [(source, target) for source in sources]
        elif word == "USER":
            stage.user = rest
    return found


STAGES = stages()


def test_there_is_a_target_for_each_service_and_none_runs_as_root() -> None:
    assert set(HOST_NAMES) <= set(STAGES)
    assert {STAGES[room].user for room in HOST_NAMES} == {"${W205_UID}"}
    assert {room: STAGES[room].environment["W205_SERVICE"] for room in HOST_NAMES} == {
        room: room for room in HOST_NAMES
    }


@pytest.mark.parametrize("room", HOST_NAMES)
def test_an_images_environment_is_that_of_the_services_commands(room: str, tmp_path: Path) -> None:
    image, wanted = STAGES[room].environment, commands.environment(images.image_layout(tmp_path), room)
    both = image.keys() & wanted.keys()
    assert {name: image[name] for name in both} == {name: wanted[name] for name in both}
    # A container's terminal is its user's; Python and PYTHONPATH are the images' own; no pager waits for a key.
    assert wanted.keys() - image.keys() == {"TERM"}
    assert image.keys() - wanted.keys() - {"PYTHONPATH", "W205_SERVICE", "PRESTO_PAGER"} == set()


# What is drafted


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toolchain's cache whose jars are empty."""
    cache = tmp_path_factory.mktemp("cache")
    for name in images._JARS:
        for item in components()[name].artifacts:
            file = fetch.maven_dir(cache) / item.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    prepared = cache / "prepared" / "1"
    (prepared / "pyspark-jars").mkdir(parents=True)
    for jar in (*images._OWN_JARS, "pyspark-jars/spark-core.jar", "pyspark-jars/derby.jar"):
        (prepared / jar).touch()
    with ZipFile(prepared / "pyspark-jars" / "hive-metastore-2.jar", "w") as jar_of_hive:
        jar_of_hive.writestr("package.jdo", "<jdo/>")
    return cache


def link(cache: Path, context: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "ensure", lambda *_: cache / "prepared" / "1")
    monkeypatch.setattr(images, "pyspark_dir", lambda: cache / "pyspark")
    images._link_parts(cache, context)


@pytest.fixture(scope="module")
def context(cache: Path) -> Iterator[Path]:
    """A build context: drafted twice, as for a second build."""
    with pytest.MonkeyPatch.context() as patching:
        context = cache / "images"
        stale = context / "opt/w205/bin/kafka/kafka-of-old"
        stale.parent.mkdir(parents=True)
        stale.touch()
        for _ in range(2):
            link(cache, context, patching)
            images.draft(context, Stack(added=(REDIS,)))
        for name in ("python", "pyspark"):  # which pip and pyspark bring
            (context / "opt/w205" / name).mkdir()
        yield context


def test_what_the_dockerfile_copies_is_there(context: Path) -> None:
    copied = {source for stage in STAGES.values() for source, _ in stage.copies}
    assert len(copied) > 15
    assert {source for source in copied if not (context / source).exists()} == set()


def test_the_dockerfile_is_in_the_context_and_nothing_of_old(context: Path) -> None:
    assert (context / "Dockerfile").read_text() == DOCKERFILE.read_text()
    assert not (context / "opt/w205/bin/kafka/kafka-of-old").exists()


NAMED = re.compile(
    r"/opt/w205/(?:guest/)?(?:jars|prepared|conf|lib|start|bin|presto|spark-home)(?:/[\w.+@/\-]*\w)?(?![\w\-])"
)


@pytest.mark.parametrize("room", [*HOST_NAMES, "redis"])
def test_what_a_services_scripts_and_servers_name_is_copied_into_its_image(room: str, context: Path) -> None:
    """Scripts, start scripts of its servers, and the settings that both name."""
    described = (context / "opt/w205/conf/servers.json").read_text()
    servers = [server for server in json.loads(described)["servers"] if server["service"] == room]
    folders = [context / "opt/w205" / part / room for part in ("bin", "guest/bin")]
    texts = [file.read_text() for folder in folders if folder.is_dir() for file in folder.iterdir()]
    texts.append(json.dumps(servers))
    if room == "spark":  # the others have its variables, but not it
        texts += [*STAGES[room].environment.values(), *images.guest_variables(room).values()]
    named: set[str] = set()
    while texts:
        for path in set(NAMED.findall(texts.pop())) - named:
            named.add(path)
            drafted = context / path.lstrip("/")
            if drafted.is_file() and drafted.suffix != ".jar":
                texts.append(drafted.read_text())
    assert named or room == "mids"
    for path in named:
        drafted = context / path.lstrip("/")
        is_copied = any(path == f"/{source}" or path.startswith(f"/{source}/") for source, _ in STAGES[room].copies)
        assert is_copied, f"{path} is not copied into {room}"
        assert drafted.exists() or drafted.is_symlink() or "class-data" in path, f"{path} is not drafted"


def test_copies_keep_their_paths() -> None:
    for room in HOST_NAMES:
        for source, target in STAGES[room].copies:
            if source == "opt/w205/pyspark":  # beside the packages that pip installs
                assert target == "/opt/w205/python/pyspark"
            else:
                assert f"/{source}" in (target, f"{target}{Path(source).name}")


def test_commands_can_be_run_and_links_lead_into_the_image(context: Path) -> None:
    for room in HOST_NAMES:
        scripts = list((context / "opt/w205/bin" / room).iterdir())
        assert {"python", "python3"} <= {script.name for script in scripts}
        assert all(os.access(script, os.X_OK) for script in scripts)
    links = [path for path in (context / "opt").rglob("*") if path.is_symlink()]
    assert links
    for path in links:
        target = path.readlink()
        assert target.is_relative_to("/opt/w205")
        assert (context / target.relative_to("/")).exists()


def test_no_drafted_text_names_a_folder_of_this_machine(context: Path) -> None:
    for file in (context / "opt").rglob("*"):
        if file.is_file() and file.suffix != ".jar":
            assert not re.search(rf"{re.escape(str(context))}|{re.escape(str(Path.home()))}/", file.read_text()), file


def test_the_servers_of_all_services_but_the_api_are_described(context: Path) -> None:
    settings = json.loads((context / "opt/w205/conf/servers.json").read_text())
    assert {server["name"]: server["service"] for server in settings["servers"]} == {
        "zookeeper": "zookeeper",
        "kafka": "kafka",
        "namenode": "cloudera",
        "datanode": "cloudera",
        "metastore": "cloudera",
        "presto": "presto",
        "redis": "redis",
        "metastore-schema": "",
        "spark-master": "",  # they start where W205_SERVERS names them
        "spark-worker": "",
    }
    assert settings["broker"] == "kafka:29092"
    assert settings["ports"]["presto"] == 8080
    assert settings["added"] == {"redis": "redis-cli -p 6379 ping"}


def test_jars_are_linked_and_those_of_an_old_lock_go(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link(cache, tmp_path, monkeypatch)
    jars = tmp_path / "opt/w205/jars/kafka"
    first = next(iter(components()["kafka"].artifacts))
    linked = jars / Path(first.path).name
    assert linked.samefile(fetch.maven_dir(cache) / first.path)
    (jars / "of-old.jar").touch()
    linked.unlink()
    linked.write_text("of another version")
    link(cache, tmp_path, monkeypatch)
    assert not (jars / "of-old.jar").exists()
    assert linked.samefile(fetch.maven_dir(cache) / first.path)


def test_where_jars_cannot_be_linked_they_are_copied(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    link(cache, tmp_path, monkeypatch)
    assert (tmp_path / "opt/w205/prepared/pyspark-jars/derby.jar").exists()


# The Python packages


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Take the place of pip and of pyspark; install into tmp_path, and give what was run."""
    ran: list[list[str]] = []
    (tmp_path / "pyspark" / "sql").mkdir(parents=True)
    (tmp_path / "pyspark" / "jars").mkdir()
    (tmp_path / "pyspark" / "version.py").write_text("1")
    monkeypatch.setattr(images, "pyspark_dir", lambda: tmp_path / "pyspark")
    monkeypatch.setattr(images, "pyspark_version", lambda: (tmp_path / "pyspark" / "version.py").read_text())
    monkeypatch.setattr(engine, "python_of", lambda _: ("3.12", "aarch64"))

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        if (tmp_path / "no network").exists():
            return subprocess.CompletedProcess(command, 1, "", "WARNING: Retrying\nERROR: no network\n")
        (Path(command[command.index("--target") + 1]) / "flask").mkdir(parents=True)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)

    def installing() -> list[str]:
        ran.clear()
        images._python_packages(tmp_path / "images", "base:1", lambda _: None)
        return ran[0] if ran else []

    return installing


def test_packages_are_installed_for_the_python_and_the_machine_of_the_base_image_once(
    pip: Callable[[], list[str]], tmp_path: Path
) -> None:
    command = pip()
    assert command[command.index("--python-version") + 1] == "3.12"
    assert "manylinux_2_17_aarch64" in command
    assert {"--require-hashes", "--no-deps"} <= set(command)
    home = tmp_path / "images/opt/w205"
    assert (home / "python/flask").is_dir()
    assert (home / "pyspark/sql").is_dir()
    assert not (home / "pyspark/jars").exists()
    assert pip() == []


def test_another_pyspark_takes_the_place_of_the_one_in_the_context(
    pip: Callable[[], list[str]], tmp_path: Path
) -> None:
    pip()
    (tmp_path / "pyspark" / "version.py").write_text("2")
    pip()
    assert (tmp_path / "images/opt/w205/pyspark/version.py").read_text() == "2"


def test_a_copy_of_pyspark_that_was_interrupted_is_made_again(
    pip: Callable[[], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copytree

    def interrupted(source: Path, target: Path, **_: object) -> None:
        target.mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "copytree", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pip()
    monkeypatch.setattr(shutil, "copytree", copy)
    pip()
    assert (tmp_path / "images/opt/w205/pyspark/version.py").exists()


def test_packages_that_cannot_be_installed_are_a_fault_with_pips_last_line_and_tried_again(
    pip: Callable[[], list[str]], tmp_path: Path
) -> None:
    (tmp_path / "no network").touch()
    with pytest.raises(EnvironmentFault, match="ERROR: no network"):
        pip()
    (tmp_path / "no network").unlink()
    assert pip()


# Building


DOCKER = """#!/bin/sh
case "$*" in
  "image inspect --format {{.Size}} "*)
    [ -e "$HOME/has-${5##*/}" ] && echo 4200 && exit 0
    exit 1 ;;
  "image inspect --format {{.Id}} "*) echo sha256:1 ;;
  "version "*) echo 28.2 ;;
  "compose version "*) echo 2.26.1 ;;
  "build "*)
    while [ "$1" != --tag ]; do shift; done
    [ -e "$HOME/broken-${2##*/}" ] && seq 60 && echo "ERROR: no space" && exit 17
    echo "built $2"
    touch "$HOME/has-${2##*/}" "$HOME/was-built-${2##*/}" ;;
  "tag "*) echo "$2 $3" >>"$HOME/tags" ;;
esac
"""


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A docker that builds nothing; give the folder in which it notes what it was asked for."""
    folder = tmp_path / "docker"
    folder.mkdir()
    (folder / "docker").write_text(DOCKER)
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BASE_IMAGE", "local/jre:17")
    monkeypatch.setattr(fetch, "ensure", lambda *_: None)
    for name in ("_link_parts", "_python_packages", "draft"):
        monkeypatch.setattr(images, name, lambda *_: None)
    return folder


def has(docker: Path, *services: str) -> None:
    for service in services:
        (docker / f"has-{service}:{images.tag()}").touch()


def built(docker: Path) -> set[str]:
    return {file.name.removeprefix("was-built-") for file in docker.glob("was-built-*")}


def ensure(docker: Path) -> tuple[str, list[str], str]:
    said: list[str] = []
    log = docker / "logs" / "images.log"
    tag = images.ensure(lambda *_: None, said.append, log)  # type: ignore[arg-type]
    return tag, said, log.read_text() if log.exists() else ""


def test_images_that_are_there_are_not_built(docker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(docker, *HOST_NAMES)
    monkeypatch.setattr(fetch, "ensure", lambda *_: pytest.fail("fetched"))
    assert ensure(docker) == (images.tag(), [], "")
    assert built(docker) == set()


def test_those_that_are_missing_are_built_on_one_base_and_also_named_latest(docker: Path) -> None:
    has(docker, "zookeeper", "kafka", "presto", "mids")
    tag, said, log = ensure(docker)
    assert built(docker) == {f"{name}:{tag}" for name in ("base", "cloudera", "spark")}
    assert said[0].startswith("building 2 images on local/jre:17")
    assert said[1:] == ["built pipeline-harness/cloudera (1 of 2)", "built pipeline-harness/spark (2 of 2)"]
    assert log.splitlines() == [f"built pipeline-harness/{name}:{tag}" for name in ("base", "cloudera", "spark")]
    assert (docker / "tags").read_text().splitlines() == [
        f"pipeline-harness/{name}:{tag} pipeline-harness/{name}:latest" for name in ("cloudera", "spark")
    ]
    assert {image.service: image.size for image in images.images()} == dict.fromkeys(HOST_NAMES, 4200)


def test_an_image_that_cannot_be_built_is_a_fault_with_the_end_of_its_log(docker: Path) -> None:
    (docker / f"broken-kafka:{images.tag()}").touch()
    with pytest.raises(EnvironmentFault) as caught:
        ensure(docker)
    assert caught.value.headline == "The image of kafka could not be built."
    assert caught.value.seen == "docker build ended with exit code 17"
    assert caught.value.tail[-1] == "ERROR: no space"
    assert caught.value.log == docker / "logs" / "images.log"
    assert "BASE_IMAGE" in str(caught.value.remedy)
