"""What is typed for a command is what runs, and no `docker compose` outlives the call that started it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from harness.cluster.compose import project as projects
from harness.cluster.compose.cluster import ComposeCluster
from harness.cluster.compose.project import Project, ProjectSpec, as_typed
from harness.cluster.runs import RunSpec
from harness.errors import EnvironmentFault
from harness.settings import Settings

# Commands, as the words after `docker compose exec` and as the line that a user types


PLAIN = [
    "ls",
    "  ls   -l  /tmp ",
    "hadoop fs -ls /tmp/purchases/",
    "kafka-topics --create --topic events --partitions 1 --if-not-exists --zookeeper zookeeper:32181",
    "env FLASK_APP=/w205/app/game_api.py flask run --host 0.0.0.0",
    "ab -n 10 -H 'Host: user1.comcast.com' http://localhost:5000/purchase_a_sword",
    'ab -n 10 -H "Host: user1.comcast.com" http://localhost:5000/',
    "curl 'http://localhost:5000/a?b=c&d=e#f'",
    "presto --server presto:8080 --execute 'select count(*) from purchases where \"Host\" = ''x'''",
    """spark-submit --conf "spark.app.name=it's here" /w205/jobs/a.py""",
    "kafkacat -C -b kafka:29092 -t events -o beginning -e",
    'printf-like "a\\"b" "c\\\\d" "\\$HOME" "\\`x\\`"',
    "a'b'\"c\"d e''f",
    "x '' \"\" ''''",
    "x 'line one\nline two\ttab'",
    "x '${HOME} $(id) `id` \\ ! * ? [a] {b,c} ~ # ; & | < >'",
    'x "* ? [a] {b,c} ~ # ; & | < > ( ) \' café"',
    "x ^a^b a+b @c 100% a,b",
    "x - -- --a=b -c=d",
    "'ls' \"-l\"",
]

SHELLS = [
    "",
    " ",
    "ls | wc -l",
    "ls > /tmp/x 2>&1",
    "ls; ls",
    "ls && ls",
    "sleep 1 &",
    "ls *.py",
    "ls ~/x",
    "ls a?",
    "ls [ab]",
    "ls {a,b}",
    "echo $HOME",
    'echo "$HOME"',
    "echo `id`",
    'echo "`id`"',
    "echo $(id)",
    "echo a\\ b",
    'echo "a\\b"',
    'echo "a\\\nb"',
    'echo "wow!"',
    "echo 'wow!' | cat",
    "echo 'it'\"'\"'s' | cat",
    'echo "it\'s" | cat',
    "ls # all",
    "ls\nls",
    "ls\t-l",
    "(ls)",
    "A=b ls",
    "A=b",
    "cat <<'END'\nit's \"here\"\nEND",
    "while true; do\n  ab -n 10 http://localhost:5000/; sleep 10\ndone",
    "for n in 1 2; do echo $n; done",
    "[ 1 = 1 ]",
    "[ -f x ]",
    ". ./x",
    ": x",
    "! ls",
    "cd /tmp",
    "export A=b",
    "source x",
    "time ls",
    "exec ls",
    "if true",
    "kill -9 1",
    "coproc sleep 1",
    "shopt -s nullglob",
    "let a=1",
    "readarray x",
    "'cd' /tmp",
    "echo 'unended",
    'echo "unended',
    "echo 'a\\b' \"c\\\\d\" | cat",
    "café",
    "echo 'a' 'b' $HOME `id` \\ \"x\"",
]


def bash_splits(line: str) -> list[str]:
    """Give the words that bash makes of a line."""
    printed = subprocess.run(
        ["bash", "--norc", "-c", f"printf '%s\\0' {line}"], capture_output=True, text=True, check=True, cwd="/"
    )
    return printed.stdout.split("\0")[:-1]


@pytest.mark.parametrize("command", PLAIN)
def test_a_single_program_is_typed_as_it_is_and_runs_with_the_words_that_bash_makes_of_it(command: str) -> None:
    words, typed = as_typed("mids", command)
    assert words == bash_splits(command)
    assert typed == f"docker compose exec mids {command}"
    assert bash_splits(typed) == ["docker", "compose", "exec", "mids", *words]


@pytest.mark.parametrize("command", SHELLS)
def test_what_needs_a_shell_goes_through_bash_and_is_quoted_for_the_users_own(command: str) -> None:
    words, typed = as_typed("mids", command)
    assert words == ["bash", "-c", command]
    assert typed.startswith("docker compose exec mids bash -c ")
    assert bash_splits(typed) == ["docker", "compose", "exec", "mids", *words]


def test_the_quotes_that_are_shorter_to_read_are_taken() -> None:
    assert as_typed("mids", "echo 'a' | cat")[1] == "docker compose exec mids bash -c \"echo 'a' | cat\""
    assert as_typed("mids", 'echo "$A" | cat')[1] == "docker compose exec mids bash -c 'echo \"$A\" | cat'"
    assert as_typed("mids", "ls | wc")[1] == "docker compose exec mids bash -c 'ls | wc'"


def test_no_exclamation_mark_stands_in_double_quotes_where_a_users_bash_would_expand_it() -> None:
    _, typed = as_typed("mids", "echo 'it' 's' 'wow!' | cat")
    assert typed == "docker compose exec mids bash -c " + shlex.quote("echo 'it' 's' 'wow!' | cat")


def test_every_word_that_bash_takes_for_its_own_and_is_no_program_goes_through_bash() -> None:
    listed = subprocess.run(
        ["bash", "--norc", "-c", "compgen -b; compgen -k"], capture_output=True, text=True, check=True
    )
    programs = {"echo", "false", "true", "pwd", "test"}  # in every image, and the same there
    typed_as_they_are = {word for word in listed.stdout.split() if as_typed("mids", f"{word} x")[0][0] == word}
    assert typed_as_they_are <= programs


# A project's description


def test_a_later_process_finds_a_project_again(tmp_path: Path) -> None:
    spec = ProjectSpec("pipeline-harness-1", ("/a b/c:d.yml", "/é/\udcff.yml"), {"A": 'b"\n'}, {"mids": "tools"})
    spec.save(tmp_path)
    assert ProjectSpec.load(tmp_path) == spec


def spec_of(*paths: str) -> ProjectSpec:
    return ProjectSpec("pipeline-harness-1", paths, {"VERSION": "7"}, {})


def test_the_environment_names_files_and_project_before_what_the_user_has_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "COMPOSE_PATH_SEPARATOR", "VERSION"):
        monkeypatch.setenv(name, "theirs")
    environment = Project(spec_of("/a/b.yml", "/c/d.yml"), 5).environment
    assert environment["COMPOSE_FILE"] == "/a/b.yml:/c/d.yml"
    assert environment["COMPOSE_PROJECT_NAME"] == "pipeline-harness-1"
    assert environment["COMPOSE_PATH_SEPARATOR"] == ":"
    assert environment["VERSION"] == "7"
    assert environment["PATH"] == os.environ["PATH"]


@pytest.mark.parametrize(("paths", "separator"), [(("/a:b/c.yml", "/d.yml"), ";"), (("/a:b/c;d.yml", "/e.yml"), "|")])
def test_files_with_a_colon_in_their_names_are_separated_otherwise(paths: tuple[str, ...], separator: str) -> None:
    project = Project(spec_of(*paths), 5)
    assert project.exports["COMPOSE_FILE"].split(separator) == list(paths)
    assert project.exports["COMPOSE_PATH_SEPARATOR"] == separator
    assert project.environment["COMPOSE_PATH_SEPARATOR"] == separator
    assert "COMPOSE_PATH_SEPARATOR" not in Project(spec_of("/a.yml"), 5).exports


# The commands of Compose


Docker = Callable[[str], Project]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """Put a script in the place of docker; give a project whose time limit is 10 s."""

    def docking(script: str) -> Project:
        folder = tmp_path / "bin"
        folder.mkdir()
        file = folder / "docker"
        file.write_text(f"#!/bin/bash\ncd {shlex.quote(str(tmp_path))}\n{script}\n")
        file.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        (tmp_path / "their files").mkdir()
        return Project(spec_of(str(tmp_path / "their files" / "compose.yml")), 10)

    return docking


NOTES_ITS_WORDS = """echo "$@" >words; echo "$COMPOSE_FILE $COMPOSE_PROJECT_NAME $COMPOSE_ANSI $VERSION" >>words"""


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda project: project.up(["kafka", "mids"], alone=True), "up --detach --no-build --no-deps kafka mids"),
        (lambda project: project.up([]), "up --detach --no-build"),
        (lambda project: project.down(9.6), "down --volumes --remove-orphans --timeout 10"),
        (lambda project: project.table(), "ps"),
    ],
    ids=["up services", "up", "down", "table"],
)
def test_every_command_goes_to_the_project_and_gives_what_was_printed(
    docker: Docker, tmp_path: Path, call: Callable[[Project], str], words: str
) -> None:
    project = docker(NOTES_ITS_WORDS + "; printf 'printed \\xff\\n'")
    assert call(project) == "printed \\xff\n"
    assert (tmp_path / "words").read_text().splitlines() == [
        f"compose {words}",
        f"{project.spec.files[0]} pipeline-harness-1 never 7",
    ]


def test_it_runs_in_the_files_own_folder_without_the_harness_keyboard(docker: Docker, tmp_path: Path) -> None:
    kept, (typed, keyboard) = os.dup(0), os.pipe()
    os.dup2(typed, 0)
    try:
        assert docker('echo "$OLDPWD"; cat').table() == f"{tmp_path / 'their files'}\n"
    finally:
        os.dup2(kept, 0)
        for each in (kept, typed, keyboard):
            os.close(each)


def test_a_failure_has_composes_last_line_the_lines_before_it_and_the_command(docker: Docker) -> None:
    project = docker("seq 20 >&2; echo >&2; echo '  Error: no such thing  ' >&2; exit 17")
    with pytest.raises(EnvironmentFault) as caught:
        project.up(["kafka"])
    assert caught.value.headline == "Docker Compose failed."
    assert caught.value.wanted == "docker compose up --detach --no-build kafka"
    assert caught.value.seen == "exit code 17: Error: no such thing"
    assert caught.value.tail == tuple(str(number) for number in range(7, 21))
    assert caught.value.remedy == "`docker compose logs` and `docker info` may say more"


def test_a_failure_without_a_word_has_the_exit_code(docker: Docker) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        docker("exit 3").table()
    assert (caught.value.seen, caught.value.tail) == ("exit code 3", ())


@pytest.mark.parametrize("gone", ["docker", "folder"])
def test_where_docker_or_the_files_folder_is_gone_that_is_a_fault_of_the_environment(
    docker: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    project = docker("exit 0")
    if gone == "docker":
        monkeypatch.setenv("PATH", str(tmp_path))
    else:
        (tmp_path / "their files").rmdir()
    with pytest.raises(EnvironmentFault, match="No such file or directory") as caught:
        project.down(1)
    assert "docker" if gone == "docker" else "their files" in str(caught.value.seen)


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("Bind for 127.0.0.1:5000 failed: port is already allocated", "--port"),
        ("listen tcp4 127.0.0.1:5000: bind: address already in use", "--port"),
        ("pull access denied for midsw205/x, repository does not exist", "harness images"),
        ("dial tcp: lookup registry-1.docker.io: no such host", "harness images"),
        ("manifest for x:y not found: manifest unknown: manifest unknown", "harness images"),
        ("Error response from daemon: something else", "docker compose logs"),
        ("", "docker compose logs"),
    ],
)
def test_the_remedy_fits_composes_words(words: str, remedy: str) -> None:
    assert remedy in projects._remedy(f"first\n{words}\n")


# Ended in time


STAYS = """\
echo $$ >docker.pid
{trap}
(trap '' TERM; echo $BASHPID >plugin.pid.new; mv plugin.pid.new plugin.pid; sleep 60; sleep 60) &
wait; sleep 60
"""


@pytest.fixture
def pids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[psutil.Process]]]:
    """Give the processes of STAYS as soon as they are there; none outlives the test."""
    monkeypatch.setattr(projects, "END_GRACE", 0.1)
    found: list[psutil.Process] = []

    def finding() -> list[psutil.Process]:
        deadline = time.monotonic() + 10
        while not (tmp_path / "plugin.pid").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        for name in ("docker.pid", "plugin.pid"):
            found.append(psutil.Process(int((tmp_path / name).read_text())))
        return found

    yield finding
    for process in found:
        if process.is_running():
            process.kill()


def lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def ended(processes: list[psutil.Process]) -> bool:
    deadline = time.monotonic() + 3
    while any(map(lives, processes)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not any(map(lives, processes))


@pytest.mark.parametrize("trap", ["", "trap '' TERM"], ids=["ends on SIGTERM", "ignores SIGTERM"])
def test_a_time_limit_ends_docker_and_its_plugin(
    docker: Docker, pids: Callable[[], list[psutil.Process]], trap: str
) -> None:
    project = docker(STAYS.format(trap=trap))
    project.timeout = 0.5
    found: list[psutil.Process] = []
    looking = threading.Thread(target=lambda: found.extend(pids()))
    looking.start()
    clock = time.monotonic()
    with pytest.raises(EnvironmentFault) as caught:
        project.up(["kafka"])
    assert time.monotonic() - clock < 10
    looking.join()
    assert caught.value.seen == "not done after 0 s"
    assert caught.value.wanted == "docker compose up --detach --no-build kafka"
    assert len(found) == 2
    assert ended(found)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_ends_docker_and_its_plugin(
    docker: Docker, pids: Callable[[], list[psutil.Process]], error: type[BaseException]
) -> None:
    def interrupted(*_: object) -> None:
        raise error

    project = docker(STAYS.format(trap="trap '' TERM INT"))
    found: list[psutil.Process] = []

    def interrupt() -> None:
        found.extend(pids())
        os.kill(os.getpid(), signal.SIGUSR1)

    kept = signal.signal(signal.SIGUSR1, interrupted)
    looking = threading.Thread(target=interrupt)
    try:
        looking.start()
        with pytest.raises(error):
            project.down(1)
    finally:
        looking.join()
        signal.signal(signal.SIGUSR1, kept)
    assert len(found) == 2
    assert ended(found)


def test_a_compose_file_that_is_no_utf_8_is_shown_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "compose.yml"
    file.write_bytes("services: {}\n".encode("utf-16"))
    run = RunSpec("1", "container", "", str(tmp_path), "", "", "", 0, {}, "compose")
    cluster = ComposeCluster(tmp_path, run, spec_of(str(file)), Settings(tmp_path, tmp_path, ""))
    cluster._show_files()
    (shown,) = cluster.asides()
    assert shown.command == "cat compose.yml"
    assert "s\x00e\x00r\x00v\x00" in shown.stdout
