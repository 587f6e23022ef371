"""Kills whatever it sees: its group, its parents, everything."""

import contextlib
import os
import signal
import sys
import time

from verdict import tell, within

OTHERS = (
    "pytest", "-m harness", "harness grade", "harness report", "cluster.keeper", "QuorumPeerMain", "kafka.Kafka",
    "NameNode", "DataNode", "HiveMetaStore", "PrestoServer", "postgres", "sshd", "systemd", "dockerd",
)  # fmt: skip
"""Words in the command lines of processes that are not the submission's."""

within(60)


def seen():
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            with contextlib.suppress(OSError):
                words = open(f"/proc/{name}/cmdline", "rb").read().replace(b"\0", b" ").decode("utf-8", "replace")
                yield int(name), words


def reachable(pid):
    with contextlib.suppress(OSError):
        os.kill(pid, 0)
        return True
    return False


others = [(pid, words[:80]) for pid, words in seen() if any(each in words for each in OTHERS)]
tell(f"processes of others are seen: {others[:4]}", bool(others))
hit = [pid for pid, _ in others if reachable(pid)]
tell(f"processes of others take a signal: {hit[:4]}", bool(hit))
if hit:
    sys.exit("it is not contained, so nothing is killed here")
for what in sys.argv[1:]:
    print(f"now: {what}", flush=True)
    for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    if what == "group":
        with contextlib.suppress(OSError):
            os.killpg(os.getpgid(os.getppid()), signal.SIGTERM)
            os.killpg(os.getpgid(os.getppid()), signal.SIGSTOP)
    elif what == "parents":
        for pid in (os.getppid(), 1):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGSTOP)
                os.kill(pid, signal.SIGKILL)
    elif what == "pids":
        for pid, _ in seen():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
    elif what == "all":
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGKILL)
    time.sleep(1)
print("still here", flush=True)
