"""The sandbox and its commands, as far as they need no cluster: real processes in a real sandbox."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import psutil
import pytest

from harness.errors import EnvironmentFault
from harness.grade.model import Submission
from harness.grade.rerun import guest, host, sandbox
from harness.grade.rerun.confined import Confined, Gone, Job
from harness.grade.rerun.host import Desk, Room, Work
from harness.grade.rerun.leftovers import GROUPS, PREFIX, abandoned, new_name
from harness.grade.rerun.limits import MIB, ControlGroup, Limits, is_root
from harness.grade.rerun.model import Ending, Limit, Rerun
from harness.grade.rerun.places import WORK, Places
from harness.grade.rerun.sandbox import INSIDE, NOBODY, OWN_FOLDERS, Seen
from harness.grade.rerun.script import script
from harness.readme import read

OWN = Path(guest.__file__).parent
PYTHON = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
LIMITS = Limits(memory=256 * MIB, processes=64, disk=16 * MIB, output=1 * MIB, total=60.0)
NOTHING_THERE: dict[str, dict[str, int]] = {"topics": {}, "paths": {}, "tables": {}, "errors": {}}

pytestmark = pytest.mark.skipif(sandbox.why_not() is not None, reason=str(sandbox.why_not()))


AT = Places(PurePosixPath("/w205/kim"), [(PurePosixPath("/w205/full-stack"), PurePosixPath("/w205/kim"))], WORK)


@dataclass(frozen=True)
class Prepared:
    """What a sandbox is made of. `submission` is copied into it."""

    stage: Path
    log: Path

    @property
    def submission(self) -> Path:
        return self.stage / "submission"

    @contextmanager
    def confined(
        self, limits: Limits = LIMITS, grows: Callable[[], int] = lambda: 0, user: int = NOBODY
    ) -> Iterator[Confined]:
        """A sandbox without a network, with the spawner in it."""
        inside = self.stage / "inside"
        seen = Seen([], [], {INSIDE: inside, INSIDE / "submission": self.submission})
        with host.confine(PYTHON, seen, limits, self.stage, AT, self.log, grows, network=None, user=user) as confined:
            yield confined

    def performed(self, confined: Confined) -> Rerun:
        """Type two commands in it."""
        report = Submission(PurePosixPath("README.md"), read("# a\n\n```\necho 1\n```\n\n```\necho 2\n```\n"), {})
        work = Work(None, report, script(report), AT)
        folder = self.stage / "rerun"
        (folder / "inbox").mkdir(parents=True)
        desk = Desk(confined, host.terminal(), Room([PYTHON], {}))
        return host.perform("local", work, desk, lambda *_: NOTHING_THERE, folder, LIMITS, lambda _: None, lambda: None)


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    stage = Path(os.path.realpath(tmp_path)) / "stage"
    (stage / "inside" / "submission").mkdir(parents=True)
    (stage / "submission").mkdir()
    for folder in (stage, *stage.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    shutil.copy(OWN / "spawner.py", stage / "inside" / "spawner.py")
    (stage / "submission" / "a.txt").write_text("a\n")
    return Prepared(stage, tmp_path / "sandbox.log")


@pytest.fixture
def confined(prepared: Prepared) -> Iterator[Confined]:
    with prepared.confined() as found:
        yield found


def printed(confined: Confined, tmp_path: Path, command: str, within: float = 20) -> tuple[int | None, str]:
    """Run a shell command in the sandbox."""
    job = start(confined, tmp_path, command)
    job.done.wait(within)
    return job.exit_code, job.out.read_text() + job.err.read_text()


def start(confined: Confined, tmp_path: Path, command: str) -> Job:
    """Start a shell command in the sandbox."""
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    out, err = tmp_path / "out", tmp_path / "err"
    return confined.start(["bash", "-c", command], out, err, folder="/w205", environment=environment)


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("cat /w205/full-stack/a.txt", "a"),
        ("echo x > /dev/null; head -c 1 /dev/zero | wc -c; (exec 3<>/dev/ptmx && echo pty)", "1\npty"),
        ("id -u; id -un", "1000\nscience"),
        ("ls /", "bin|dev|etc|home|lib|lib64|proc|root|run|sbin|tmp|usr|var|w205"),
        ("ls -A /root /home/science /tmp", "/home/science:\nw205\n\n/root:\n\n/tmp:"),
        ("grep -c . /proc/net/dev", "3"),
        ("tr '\\0' ' ' < /proc/1/cmdline | cut -c1-19", "bwrap --args 8 -- /"),
        ("getent hosts kafka | cut -d' ' -f1", "127.0.0.1"),
        ("grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status | cut -f2 | sort -u", "0000000000000000\n1"),
    ],
)
def test_what_is_seen_inside(confined: Confined, tmp_path: Path, command: str, wanted: str) -> None:
    code, text = printed(confined, tmp_path, command)
    if "|" in wanted:
        assert set(text.split()) <= set(wanted.split("|")), text
    else:
        assert (code, text.strip()) == (0, wanted)


@pytest.mark.parametrize(
    "command",
    [
        "echo x > /usr/x",
        "echo x > /etc/passwd",
        "echo x > /run/w205/spawner.py",
        "echo x > /proc/sys/kernel/core_pattern",
        "mount -t tmpfs x /tmp",
        "unshare --user --map-root-user true",
        "mknod /tmp/m b 8 0",
        "dd if=/dev/zero of=/tmp/full bs=1M count=64",
        "for i in $(seq 40); do dd if=/dev/zero of=/w205/$i bs=512k count=1 || exit 1; done",
        "cat /dev/mem",
        "echo x > /dev/x",
        "ls /sys/fs",
        "python3 -c 'import harness'",
        "exec 3<>/dev/tcp/1.1.1.1/53",
    ],
)
def test_what_cannot_be_done_inside(confined: Confined, tmp_path: Path, command: str) -> None:
    code, text = printed(confined, tmp_path, command)
    assert code not in (0, None), text
    assert confined.alive


def test_a_submission_without_room_breaks_a_limit_and_nothing_of_it_is_run(prepared: Prepared) -> None:
    for number in range(20):
        (prepared.submission / f"{number}.bin").write_bytes(bytes(1 * MIB))
    with prepared.confined() as confined:
        found = prepared.performed(confined)
    assert [breach.text for breach in found.breaches] == ["more than 16 MiB in /w205"]
    assert found.fault is None
    assert [each.ending for each in found.commands] == [Ending.LEFT_OUT] * 2
    assert "more than 16 MiB in /w205" in found.commands[0].note


def test_a_submission_that_does_not_get_in_for_another_reason_is_a_fault(prepared: Prepared) -> None:
    (prepared.submission / "a.txt").chmod(0)
    before = below()
    with pytest.raises(EnvironmentFault, match=r"did not get into its sandbox(.|\n)*a\.txt"), prepared.confined():
        pass
    assert below() == before


def below() -> set[int]:
    """The processes that this one started."""
    return {each.pid for each in psutil.Process().children(recursive=True)}


def test_a_port_that_is_none_is_not_listened_at(confined: Confined) -> None:
    assert not confined.answers(123_456)
    assert confined.alive


@pytest.mark.parametrize("command", ["yes", "yes >&2", "yes | tee /dev/stderr", "head -c 3000000 /dev/zero"])
def test_what_a_command_prints_is_bounded(confined: Confined, tmp_path: Path, command: str) -> None:
    printed(confined, tmp_path, command)
    assert sum((tmp_path / name).stat().st_size for name in ("out", "err")) == LIMITS.output
    assert [job.cut is not None for job in confined._jobs.values()] == [True]
    assert confined.alive
    assert not confined.breaches


def test_what_prints_on_when_its_command_was_ended_ends_all(
    confined: Confined, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.grade.rerun.confined._CUT_TIME", 1.0)
    code = "import os, time\nos.setsid()\nwhile os.write(1, bytes(2**19)): time.sleep(0.1), os.lseek(1, 0, os.SEEK_END)"
    printed(confined, tmp_path, f"{shlex.quote(PYTHON)} -c {shlex.quote(code)} & disown; exit")
    assert confined._ended.wait(20)
    assert [breach.limit for breach in confined.breaches] == [Limit.OUTPUT]


def test_a_file_may_be_larger_than_what_a_command_may_print(confined: Confined, tmp_path: Path) -> None:
    assert printed(confined, tmp_path, "head -c 3000000 /dev/zero > data; stat -c %s data") == (0, "3000000\n")


@pytest.mark.parametrize("folder", OWN_FOLDERS)
def test_a_full_file_system_is_reported(confined: Confined, tmp_path: Path, folder: str) -> None:
    for number in range(2):
        printed(confined, tmp_path, f"cat /dev/zero > {folder}/{number}")
    confined.close()
    assert [breach.text for breach in confined.breaches] == [f"more than 16 MiB in {folder}"]


def test_one_that_was_full_for_a_while_is_reported(confined: Confined, tmp_path: Path) -> None:
    printed(confined, tmp_path, "cat /dev/zero > /tmp/0; sleep 3; rm /tmp/0")
    assert confined.alive
    assert [breach.limit for breach in confined.breaches] == [Limit.DISK]


def test_processes_without_end_are_bounded(confined: Confined, tmp_path: Path) -> None:
    code, _ = printed(confined, tmp_path, "for i in $(seq 100); do sleep 20 & done; wait")
    confined.close()
    assert code != 0 or any(breach.limit is Limit.PROCESSES for breach in confined.breaches)


@pytest.mark.skipif(not is_root(), reason="control groups need root")
def test_a_command_waits_for_room_where_processes_without_end_are_ending(confined: Confined, tmp_path: Path) -> None:
    code = "import subprocess, time\nwhile True: subprocess.Popen(['sleep', '3'])"
    start(confined, tmp_path, f"{shlex.quote(PYTHON)} -c {shlex.quote(code)}").done.wait(20)
    assert printed(confined, tmp_path, "echo one | cat | cat | cat | cat | cat | cat") == (0, "one\n")


WAITING = (
    "import threading, time; threading.stack_size(1 << 17); "
    "[threading.Thread(target=time.sleep, args=(60,)).start() for _ in range({})]"
)


@pytest.fixture
def without_groups(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which there are no control groups to be had."""
    monkeypatch.setattr(host, "ControlGroup", lambda limits: ControlGroup(limits, tmp_path / "none"))


@pytest.fixture
def user() -> Iterator[int]:
    """A user with more threads on this machine than a sandbox may have."""
    number = 54_321 if is_root() else os.geteuid()
    words = ["setpriv", f"--reuid={number}", "--clear-groups", "--"] if is_root() else []
    code = WAITING.format(3 * LIMITS.processes) + "; print()"
    with subprocess.Popen([*words, PYTHON, "-c", code], cwd="/", stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield number
        process.kill()


@pytest.mark.usefixtures("without_groups")
def test_what_else_a_user_runs_takes_no_process_from_the_sandbox(prepared: Prepared, tmp_path: Path, user: int) -> None:
    code = WAITING.format(LIMITS.processes // 2)
    with prepared.confined(user=user) as confined:
        job = start(confined, tmp_path, f"exec {shlex.quote(PYTHON)} -c {shlex.quote(code)}")
        assert not job.done.wait(3), job.err.read_text()
        assert not job.err.read_text()
        assert not confined.breaches


@pytest.mark.usefixtures("without_groups")
def test_threads_without_end_are_bounded_where_there_is_no_control_group(prepared: Prepared, tmp_path: Path) -> None:
    code = WAITING.format(LIMITS.processes)
    with prepared.confined() as confined:
        start(confined, tmp_path, f"{shlex.quote(PYTHON)} -c {shlex.quote(code)}")
        assert confined._ended.wait(10)
        assert [breach.limit for breach in confined.breaches] == [Limit.PROCESSES]


def test_memory_without_end_is_bounded_and_reported(confined: Confined, tmp_path: Path) -> None:
    code, _ = printed(confined, tmp_path, f"{shlex.quote(PYTHON)} -c 'x = bytearray(400 * 2**20); print(len(x))'")
    confined.close()
    assert code != 0
    if is_root():
        assert [breach.limit for breach in confined.breaches] == [Limit.MEMORY]


@pytest.mark.parametrize("command", ["kill -9 -1", "kill -9 $PPID; sleep 5", "kill -9 2; sleep 5"])
def test_one_that_ends_its_parents_ends_itself_alone(confined: Confined, tmp_path: Path, command: str) -> None:
    _, _ = printed(confined, tmp_path, command)
    assert confined._ended.wait(20)
    with pytest.raises(Gone):
        confined.ask("probe", port=1)


def test_a_watcher_that_breaks_ends_the_sandbox_and_is_a_fault(
    prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with prepared.confined() as confined:
        job = confined.start(["sleep", "60"], tmp_path / "out", tmp_path / "err", folder="/", environment={})
        assert printed(confined, tmp_path, "true") == (0, "")
        monkeypatch.setattr("harness.grade.rerun.confined._full", lambda *_: [][0])
        assert job.done.wait(20)
        assert not confined.alive
        monkeypatch.undo()
        found = prepared.performed(confined)
    assert found.fault == "The watcher of the sandbox failed: IndexError: list index out of range"
    assert not found.breaches


@pytest.mark.parametrize(
    "said",
    [
        *('{"id": Infinity}', '{"id": NaN}', '{"id": "x"}', '{"id": []}', "{}", "[]", "5", "no json", "[" * 50_000),
        *('{"id": 1, "event": "ended", "code": Infinity}', '{"id": 1, "event": "ended"}', '{"id": 1}', "\xff"),
    ],
)
def test_what_makes_no_sense_ends_the_sandbox(tmp_path: Path, said: str) -> None:
    confined = speaking(tmp_path, said)
    job = confined.start(["true"], tmp_path / "out", tmp_path / "err", folder="/", environment={})
    assert job.done.wait(20)
    assert not confined.alive
    with pytest.raises(Gone):
        confined.ask("probe", port=1)
    confined.close()


def test_what_nobody_asked_is_not_kept(tmp_path: Path) -> None:
    confined = speaking(tmp_path, *(f'{{"id": {number}}}' for number in range(2, 1000)), '{"id": 1, "well": true}')
    assert confined.answers(1)
    assert not confined._answers
    confined.close()


def speaking(tmp_path: Path, *said: str) -> Confined:
    """A sandbox whose spawner, when it is asked, says something else. It is none: nothing runs in it."""
    (tmp_path / "said").write_text("".join(f"{line}\n" for line in said))
    words = ["sh", "-c", f"read line; cat {shlex.quote(str(tmp_path / 'said'))} >&0; sleep 60"]
    return Confined(words, LIMITS, None, tmp_path / "log", lambda: 0)


def test_a_relay_passes_over_a_port_that_it_cannot_have(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as there:
        pairs = [f"tcp:127.0.0.1:{taken.getsockname()[1]}=unix:/none"]
        pairs += [f"unix:{tmp_path}/socket=tcp:127.0.0.1:{there.getsockname()[1]}"]
        words = [PYTHON, "-I", "-S", str(OWN / "relay.py"), *pairs]
        with (
            subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as relay,
            socket.socket(socket.AF_UNIX) as asked,
        ):
            assert relay.stderr
            assert "cannot be listened at" in relay.stderr.readline()
            while asked.connect_ex(f"{tmp_path}/socket"):
                assert relay.poll() is None
                time.sleep(0.05)
            asked.sendall(b"x")
            with there.accept()[0] as reached:
                assert reached.recv(1) == b"x"
            relay.kill()


def test_daemons_end_with_the_sandbox(confined: Confined, tmp_path: Path) -> None:
    mark = "54321.25"
    printed(confined, tmp_path, f"setsid nohup sleep {mark} >/dev/null 2>&1 & exit")

    def there() -> bool:
        return mark in subprocess.run(["ps", "ax"], capture_output=True, text=True, check=True).stdout

    until = time.monotonic() + 10
    while not there():
        assert time.monotonic() < until
    confined.close()
    assert not there()


@pytest.mark.parametrize(
    ("there", "left"),
    [
        ({"cgroup.controllers": "", "cgroup.subtree_control": "memory pids"}, set()),
        ({"memory/tasks": "", "pids/tasks": ""}, set()),
        ({"pids/tasks": ""}, {"--data"}),
        ({}, {"--data", "--nproc"}),
    ],
)
def test_what_no_control_group_bounds_is_left_to_the_limits_of_processes(
    tmp_path: Path, there: dict[str, str], left: set[str]
) -> None:
    root = tmp_path / "memory" / "cgroup"  # a name that says nothing
    for name, text in there.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    stage = tmp_path / "stage"
    stage.mkdir()
    words = sandbox.command(["true"], Seen([]), LIMITS, stage, network=None, group=ControlGroup(LIMITS, root))
    assert {word for word in ("--data", "--nproc") if f"{word}=" in " ".join(words)} == left


@pytest.mark.skipif(not is_root(), reason="control groups need root")
def test_no_control_group_is_left_while_processes_take_their_time_to_end(prepared: Prepared, tmp_path: Path) -> None:
    with prepared.confined() as confined:
        code = "x = bytearray(150 * 2**20); import time; print(1, flush=True); time.sleep(60)"
        job = start(confined, tmp_path, f"{shlex.quote(PYTHON)} -c {shlex.quote(code)}")
        while not job.out.read_text():
            assert not job.done.wait(0.05)
        assert own_groups()
    assert not own_groups()


def own_groups() -> list[Path]:
    """The control groups of this process."""
    return [path for kind in ("memory", "pids", ".") for path in GROUPS.glob(f"{kind}/{PREFIX}-{os.getpid()}-*")]


def test_what_a_process_left_is_known_when_another_has_its_number(tmp_path: Path) -> None:
    mine = tmp_path / new_name()
    prefix, start, end = mine.name.rsplit("-", 2)
    before = tmp_path / f"{prefix}-{int(start) - 60}-{end}"
    for folder in (mine, before, tmp_path / f"{PREFIX}-999999999-1-abc", tmp_path / "other"):
        folder.mkdir()
    assert {path.name for path in abandoned(tmp_path)} == {before.name, f"{PREFIX}-999999999-1-abc"}


def test_no_sandbox_is_said_where_it_does_not_start(tmp_path: Path) -> None:
    found = Confined(["sh", "-c", "echo no user namespaces >&2; exit 1"], LIMITS, None, tmp_path / "log", lambda: 0)
    with pytest.raises(EnvironmentFault, match="no user namespaces"):
        found.ready()
