"""The machine fails in the middle of a run: the disk is full, the network is cut, the API is killed.

The run passes, or says precisely what broke; all that passed holds; nothing is left. The printed time is from the fault
until the run says what broke, or has passed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from machine import HARNESS, Started, nothing_left, server, started

from harness.settings import cache_dir

SHORT = 0
"""The short form has none: `tests/integration/test_04_broken.py` kills a server and takes ports."""

CUT = 5
"""Seconds for which the network is cut."""

SMALL_DISK = f'mount -t tmpfs -o size=2g tmpfs {cache_dir()}/runs && exec "$@"'
JOB, TOPIC = "step     load           passed", "step     api            passed"


def fill_the_disk(going: Started) -> None:
    """Write until there is no space, on the disk that this run's folder is on."""
    with Path(f"/proc/{going.process.pid}/root{cache_dir()}/runs/filled").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(2**20))
        except OSError as problem:
            print(problem.strerror)


def cut_the_network(_going: Started) -> None:
    """Take the run's only network interface down."""
    broker = server("kafka")
    assert broker
    subprocess.run([*_in_the_network_of(broker), "ip", "link", "set", "lo", "down"], check=True)


def cut_the_network_and_mend_it(going: Started) -> None:
    """Take the run's only network interface down, and up again."""
    broker = server("kafka")
    assert broker
    cut_the_network(going)
    time.sleep(CUT)
    subprocess.run([*_in_the_network_of(broker), "ip", "link", "set", "lo", "up"], check=True)


def kill_the_api(_going: Started) -> None:
    """Kill the web API."""
    (api,) = (p for p in psutil.process_iter(["cmdline"]) if (p.info["cmdline"] or ())[-2:] == ["flask", "run"])
    api.send_signal(signal.SIGKILL)


def _in_the_network_of(process: psutil.Process) -> list[str]:
    return ["nsenter", f"--net=/proc/{process.pid}/ns/net"]


@dataclass(frozen=True)
class MachineFault:
    """What breaks after which line of the progress, and what the run says then, unless it passes."""

    name: str
    after: str
    breaks: Callable[[Started], None]
    says: str
    passes: bool = False


FAULTS = (
    MachineFault("full-disk", JOB, fill_the_disk, "The disk is full."),
    MachineFault("cut-network", JOB, cut_the_network, "is not there"),
    MachineFault(f"network-cut-for-{CUT}-s", JOB, cut_the_network_and_mend_it, "", passes=True),
    MachineFault("killed-api", TOPIC, kill_the_api, "killed by SIGKILL"),
)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts and network namespaces of others need root")
def test_a_broken_machine_is_named_and_all_that_passed_holds(tmp_path: Path, fault: MachineFault) -> None:
    words = ["step", "presto", "--out", tmp_path / "out", "--step-timeout", "90"]
    small = ("unshare", "--mount", "sh", "-c", SMALL_DISK, "sh") if fault.breaks is fill_the_disk else ()
    with started(tmp_path / "output", HARNESS, *words, prefix=small) as going:
        going.says(fault.after)
        if fault.after == JOB:
            going.until(lambda: server("spark-submit"))
        fault.breaks(going)
        clock = time.monotonic()
        while going.process.poll() is None and " infrastructure " not in going.output:
            time.sleep(0.1)
        seconds = time.monotonic() - clock
        ended = going.end(timeout=400)
    nothing_left(within=10)
    record = ended.record(tmp_path / "out")
    wrong = [step for step in record["steps"] if step["outcome"] not in ("passed", "blocked")]
    told = " ".join(wrong[0]["message"].split())[:240] if wrong else "every step passed"
    print(f"{fault.name}: exit code {ended.code} after {seconds:.0f} s: {told}")
    for step in record["steps"]:
        assert step["outcome"] != "passed" or all(check["holds"] for check in step["checks"])
    assert (ended.code == 0) == fault.passes, ended.output
    assert fault.says in (wrong[0]["message"] if wrong else "")
