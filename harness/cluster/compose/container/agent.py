"""What the harness asks of a container, over one `docker exec` that lives as long as the harness.

Each line on stdin is a question in JSON, each line on stdout an answer with the question's `id`. The end of this
process is how the harness learns that the container ended. As `agent.py ready SERVER…` it asks the servers once, for
the health checks of the compose file.

Only the standard library and the probes beside this file are used, and nothing else of the harness: both are copied
into the images.
"""

from __future__ import annotations

import json
import os
import platform
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path += [str(Path(__file__).parent), "/opt/w205/python"]  # all that there is: it runs isolated from variables

import probes  # type: ignore[import-not-found,unused-ignore]

SETTINGS = Path("/opt/w205/conf/servers.json")
JAVA = Path("/opt/w205/java")
JOB = "HARNESS_JOB"
PROBE_INTERVAL = 0.1

Question = Mapping[str, Any]
Answer = dict[str, object]


def probe_of(server: str) -> Any:
    """Give the probe of a server, on the ports that this container's environment sets."""
    settings = json.loads(SETTINGS.read_text(encoding="utf-8"))
    ports, added = settings["ports"], settings["added"]
    if server in added:
        return probes.of_added(ports[server], added[server], os.environ)
    if (port := os.environ.get("ZOOKEEPER_CLIENT_PORT", "")).isdigit():
        ports["zookeeper"] = int(port)
    broker = settings["broker"]
    if listeners := os.environ.get("KAFKA_ADVERTISED_LISTENERS"):
        broker = listeners.split(",")[0].partition("://")[2]
    return probes.for_server(server, ports, broker)


def ready(question: Question) -> Answer:
    """Wait until a server's probe is answered, or time is up."""
    probe, started = probe_of(question["server"]), time.monotonic()
    while True:
        well, answer = _ask(probe)
        if well or time.monotonic() - started > question["timeout"]:
            return {"well": well, "answer": answer, "question": probe.question}
        time.sleep(PROBE_INTERVAL)


def jobs(_question: Question) -> Answer:
    """Give the root process of each job and its peak resident memory, and the PSS of all together, in bytes."""
    found: dict[str, dict[str, int]] = {}
    total = 0
    for pid, job, is_root in _processes():
        total += _kilobytes(pid, "smaps_rollup", "Pss:")
        if is_root:
            found[job] = {"pid": pid, "peak_rss": _kilobytes(pid, "status", "VmHWM:")}
    return {"jobs": found, "pss": total}


def send_signal(question: Question) -> Answer:
    """Send a signal to the root process of a job, or to all its processes. Gives how many got it."""
    sent = 0
    for pid, job, is_root in _processes():
        if job == question["job"] and (is_root or question["all"]):
            try:
                os.kill(pid, question["signal"])
                sent += 1
            except ProcessLookupError:
                continue
    return {"sent": sent}


def listens(question: Question) -> Answer:
    """Say whether somebody listens at a port of this container."""
    with socket.socket() as asked:
        asked.settimeout(1)
        return {"well": asked.connect_ex(("127.0.0.1", int(question["port"]))) == 0}


def versions(_question: Question) -> Answer:
    """Give the versions of Python and Java in this container."""
    release = (JAVA / "release").read_text(encoding="utf-8") if (JAVA / "release").exists() else ""
    found = re.search(r'^JAVA_VERSION="([^"]+)"', release, re.MULTILINE)
    return {"python": platform.python_version(), "java": found[1] if found else "unknown"}


OPERATIONS: Mapping[str, Callable[[Question], Answer]] = {
    "ready": ready,
    "jobs": jobs,
    "signal": send_signal,
    "listens": listens,
    "versions": versions,
}


def _ask(probe: Any) -> tuple[bool, str]:
    try:
        return True, str(probe.ask())
    except probes.NotReady as problem:
        return False, str(problem)
    except Exception as problem:
        return False, f"{type(problem).__name__}: {problem}"


def _processes() -> list[tuple[int, str, bool]]:
    """Give each process of a job: its id, the job, and whether its parent is of no job or of another."""
    found, parents = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
            stat = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        job = next((v.partition(b"=")[2].decode() for v in variables if v.startswith(f"{JOB}=".encode())), None)
        if job and stat[0] != "Z":
            found[int(entry.name)], parents[int(entry.name)] = job, int(stat[1])
    return [(pid, job, found.get(parents[pid]) != job) for pid, job in found.items()]


def _kilobytes(pid: int, file: str, name: str) -> int:
    try:
        for line in Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8").splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def serve() -> None:
    """Answer questions until stdin ends, each on a thread of its own. A line that is none is answered with no id."""
    lock = threading.Lock()

    def answer(line: bytes) -> None:
        number = None
        try:
            question = json.loads(line)
            number = question["id"]
            found = OPERATIONS[question["op"]](question)
        except Exception as problem:
            found = {"error": f"{type(problem).__name__}: {problem}"}
        with lock:
            print(json.dumps({"id": number, **found}), flush=True)

    for line in sys.stdin.buffer:
        threading.Thread(target=answer, args=(line,), daemon=True).start()


def main() -> int:
    """Serve, or answer one health check."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.argv[1:2] == ["ready"]:
        for server in sys.argv[2:]:
            well, answer = _ask(probe_of(server))
            print(f"{server}: {answer}")
            if not well:
                return 1
        return 0
    serve()
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # not waiting for questions that are still open
