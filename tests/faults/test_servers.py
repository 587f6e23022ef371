"""A server is killed or stopped in the middle of a run: the run says precisely which, and what it does not say holds.

Every server of the local backend, by SIGKILL and by SIGSTOP, while a batch job reads from Kafka and writes to HDFS. The
printed time is from the signal until the run says what broke, or has passed; the step that misses the server may begin
later.
"""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from pathlib import Path

from machine import HARNESS, nothing_left, server, started

SHORT = 0
"""The short form has none: `tests/integration/test_04_broken.py` kills one server."""


@dataclass(frozen=True)
class ServerFault:
    """A server, and the signal that it gets."""

    service: str
    number: signal.Signals

    @property
    def name(self) -> str:
        """What a test is called by."""
        return f"{self.service}-{self.number.name}"


SERVERS = ("kafka", "datanode", "metastore", "presto", "namenode", "zookeeper")
FAULTS = tuple(ServerFault(service, number) for number in (signal.SIGKILL, signal.SIGSTOP) for service in SERVERS)


def test_a_lost_server_is_named_and_all_that_passed_holds(tmp_path: Path, fault: ServerFault) -> None:
    words = ["step", "presto", "--out", tmp_path / "out", "--step-timeout", "90"]
    with started(tmp_path / "output", HARNESS, *words) as going:
        going.says("step     load           passed")
        going.until(lambda: server("spark-submit"))
        process = server(fault.service)
        assert process
        process.send_signal(fault.number)
        clock = time.monotonic()
        while going.process.poll() is None and " infrastructure " not in going.output:
            time.sleep(0.1)
        seconds = time.monotonic() - clock
        ended = going.end(timeout=400)
    nothing_left(within=10)
    record = ended.record(tmp_path / "out")
    wrong = [step for step in record["steps"] if step["outcome"] not in ("passed", "blocked")]
    told = " ".join(wrong[0]["message"].split())[:160] if wrong else "every step passed"
    missed = f", {wrong[0]['seconds']:.0f} s of them in step {wrong[0]['id']}" if wrong else ""
    print(f"{fault.name}: exit code {ended.code} after {seconds:.0f} s{missed}: {told}")
    for step in record["steps"]:
        assert step["outcome"] != "passed" or all(check["holds"] for check in step["checks"])
    if ended.code:  # whoever was not needed any more is not missed
        assert ended.code == 3, ended.output
        assert fault.service in wrong[0]["message"]
