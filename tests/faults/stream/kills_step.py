"""A step of its own for the faults: the stream's driver is killed while events and poison come."""

import os

from common import query
from option_requests import SCRATCH, TOPIC
from test_24_state_stream import BY_FAMILY, BY_REASON, FORGET_TABLES

from harness import Run, StepRecord, step

KILLS, EVENTS, POISON, SECONDS, SEED = (
    int(os.environ[f"FAULTS_{name}"]) for name in ("KILLS", "EVENTS", "POISON", "SECONDS", "SEED")
)
GROUP = int(os.environ["FAULTS_GROUP"])

QUARANTINED = """select count(*), count(distinct cast(partition as varchar) || '/' || cast(offset as varchar))
from quarantine"""
LEDGER = f"{SCRATCH}/kills-ledger.txt"
KAFKA = "--bootstrap-server kafka:29092"


@step("Faults: the driver of the stream is killed in every phase of a batch", optional=True)
def test_kills(run: Run, cluster: StepRecord) -> None:
    """
    Events and poison come at an even pace. The driver is killed by SIGKILL in one phase of a batch after another, and
    started again. In the end the tables hold each acknowledged event once, and the quarantine all the poison.
    """
    topic = run.names.topic(TOPIC)
    run("kafka", f"kafka-topics --create --topic {topic} --partitions 3 --replication-factor 1 {KAFKA}")
    run("cloudera", f"hadoop fs -rm -r -f {run.names.path('/tmp/game/stream')}")
    run.clear("cloudera", f"hive -e '{FORGET_TABLES}'")
    sent = f"--topic {topic} --events {EVENTS} --poison {POISON} --seconds {SECONDS} --seed {SEED} --ledger {LEDGER}"
    sender = run.background("mids", f"python stream/send_events.py {sent}")
    folder = run.names.path("/tmp/game/stream")
    kills = f"--topic {topic} --folder {folder} --group {GROUP} --kills {KILLS} --seed {SEED}"
    run("spark", f"python stream/kill_driver.py {kills}", timeout=60.0 * (KILLS + 10))
    run.wait("the last message", lambda: sender.look().exit_code is not None, timeout=SECONDS)
    run.expect("the sender: exit code", run.look(sender).exit_code, 0)
    counted = run("mids", f"sort -u {LEDGER} | grep -vc poison; grep -c poison {LEDGER}; wc -l < {LEDGER}")
    events, poison, _ = map(int, counted.stdout.split())
    total, once = _row(run, f"select sum(written), sum(once) from ({BY_FAMILY})")
    run.expect("rows in the tables = events in the ledger", total, events)
    run.expect("rows in the tables, each once", once, events)
    query(run, BY_REASON)
    total, once = _row(run, QUARANTINED)
    run.expect("messages in quarantine = poison in the ledger", total, poison)
    run.expect("messages in quarantine, each once", once, poison)
    files, groups = _row(run, r"select count(distinct \"\$path\"), count(distinct batches) from guild_events")
    run.expect("full groups of batches are one file each", files <= groups + GROUP, True)


def _row(run: Run, sql: str) -> list[int]:
    values = query(run, sql).facts["values"]
    assert isinstance(values, list)
    return [int(value) for value in values[0]]
