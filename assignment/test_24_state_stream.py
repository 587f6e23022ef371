"""Options, 5: the tracked state as a stream, while the API and the stream's driver are killed."""

from common import presto, query, scalar
from option_requests import SCRATCH, SERVE, SIMULATE, TOPIC
from test_23_inventory import STATES

from harness import Background, Capture, Fact, Run, StepFailed, StepRecord, step

LEDGER = f"{SCRATCH}/game-ledger.jsonl"
PLAYERS, ACTIONS = 8, 60
PLAY = f"{SIMULATE} --seed 7 --players {PLAYERS} --actions {ACTIONS} --clients {PLAYERS} --ledger {LEDGER}"
DRIVER = f"echo $$ > {SCRATCH}/driver.pid; exec spark-submit jobs/stream_players.py"
REPLAYED = 20

TABLES = {
    "cart_events": "event_id",
    "guild_events": "event_id",
    "item_events": "event_id",
    "order_lines": "event_id || item_id",
}
"""The tables of the families, and what is once in each of their rows."""

FORGET_TABLES = "; ".join(f"drop table if exists {table}" for table in (*TABLES, "quarantine", "player_states"))
BY_FAMILY = "\nunion all ".join(
    f"select '{table}' as family, count(*) as written, count(distinct {key}) as once,"
    f" count(distinct event_id) as events from {table}"
    for table, key in TABLES.items()
)

POISON = (
    "sword",
    "[1, 2]",
    '{"player_id": "p01"}',
    '{"event_type": "dragon"}',
    '{"event_type": "purchase_item", "data": {"quantity": "many"}}',
)
BY_REASON = """select reason, count(*) as messages, sum(coalesce(length(value), 0)) as bytes
from quarantine group by reason order by reason"""
EVENTS, MESSAGES = 3, 1
"""The columns of `BY_FAMILY` and `BY_REASON` that count them."""


def poison(topic: str) -> str:
    """Give the command that sends what is no event, and in the end a message with a key and no value at all."""
    lines = " ".join(f"'{line}'" for line in POISON)
    send = f"kafkacat -P -b kafka:29092 -t {topic}"
    return f"printf '%s\\n' {lines} | {send} && echo p01: | {send} -K : -Z"


def every_message(topic: str) -> str:
    """Give the command that prints each message of the topic."""
    return f"kafkacat -C -b kafka:29092 -t {topic} -o beginning -e -q"


def no_events(topic: str) -> str:
    """Give the command that counts the messages of the topic that are no event."""
    without = """jq -R 'select([fromjson? | objects | select(.event_id)] == [])'"""
    return f"{every_message(topic)} | {without} | wc -l"


def replay(topic: str) -> str:
    """Give the command that sends the first events of all once more: late, double, and without the key."""
    return (
        f"kafkacat -C -b kafka:29092 -t {topic} -o beginning -c {REPLAYED} -q"
        f" | tee {SCRATCH}/replayed.jsonl | kafkacat -P -b kafka:29092 -t {topic} && wc -l < {SCRATCH}/replayed.jsonl"
    )


def by_player(topic: str) -> str:
    """Give the command that counts each player's events, each once.

    One that was sent when the API was killed, and not noted as sent, is sent again.
    """
    ids = """jq -rR 'fromjson? | objects | select(.event_id) | "\\(.player_id) \\(.event_id)"'"""
    return f"{every_message(topic)} | {ids} | sort -u | cut -d ' ' -f 1 | uniq -c"


@step("Options: the state as a stream, while API and driver are killed in the middle of the game", optional=True)
def test_state_stream(run: Run, inventory: StepRecord) -> None:
    """
    One streaming job, `stream_players.py`, writes each event to the table of its family and keeps, as its state, what
    every player has. Eight players now play a whole game against the API, all at once: sessions and bursts, carts and
    guilds, mistakes, and requests that are sent again though they were answered. The game is made from a seed, so it
    is the same every time; the simulator notes in a ledger what each request was told.

    In the middle of it the stream's driver is killed, and then the API, both by SIGKILL, and started again. The API
    stores a change together with its event in one transaction and sends the event afterwards, so neither can be lost
    alone; at worst it sends one twice, with the same `event_id`, by which the jobs take it once. The driver goes on
    from its checkpoint and writes a batch that was not finished once more to the same place. And the oldest events of
    the topic are sent a second time in between, late and without their key: they must change nothing. Nor must what is
    no event at all: the stream goes on, and puts each such message aside into the table `quarantine`, with its bytes,
    its place in Kafka and the reason.

    In the end four tell what each player has: the API, the stream, a batch over the whole topic, and the ledger. All
    four must agree, for every player.
    """
    topic = run.names.topic(TOPIC)
    run.clear("mids", f"rm -f {LEDGER}")
    run.clear("cloudera", f"hadoop fs -rm -r -f {run.names.path('/tmp/game/stream')}")
    run.clear("cloudera", f"hive -e '{FORGET_TABLES}'")
    driver = run.background("spark", DRIVER)
    _await_batch(run, driver)
    game = run.background("mids", PLAY)

    total = PLAYERS * ACTIONS
    run.wait("a third of the game", lambda: _played(run) >= total // 3)
    run("spark", f"kill -KILL $(cat {SCRATCH}/driver.pid)")
    run.expect("the game goes on when the driver is killed", game.look().exit_code, None)
    driver = run.background("spark", DRIVER)
    run.expect("events sent once more", run("mids", replay(topic)).stdout.strip(), str(REPLAYED))
    run("mids", poison(topic))
    run.wait("two thirds of the game", lambda: _played(run) >= 2 * total // 3)
    run("mids", f"kill -KILL $(cat {SCRATCH}/api.pid)")
    run.expect("the game goes on when the API is killed", game.look().exit_code, None)
    run.background("mids", SERVE, serves="api")
    run.wait("the end of the game", lambda: game.look().exit_code is not None, timeout=180)
    played = run.look(game)
    run.expect("the game: exit code", played.exit_code, 0)
    run.expect("the ledger: lines", _played(run), total)

    told = run("mids", f"{SIMULATE} --fold {LEDGER}")
    states = run("mids", f"{SIMULATE} --states")
    counted = run("mids", by_player(topic))
    sent = sum(int(line.split()[0]) for line in counted.stdout.splitlines())
    refused = int(run("mids", no_events(topic)).stdout)
    by_stream = STATES.format(table="player_states")
    try:
        run.wait("the stream's state", lambda: _values(run, by_stream) == states.facts["values"])
        run.wait("the stream's tables", lambda: _total(_values(run, BY_FAMILY), EVENTS) >= sent)
        run.wait("the quarantine", lambda: _total(_values(run, BY_REASON), MESSAGES) >= refused)
    except StepFailed:
        pass  # what it has come to is shown below, and found to differ
    run.stop(driver)
    streamed = query(run, by_stream)
    run("spark", "spark-submit jobs/fold_players.py")
    in_batch = query(run, STATES.format(table="player_states_batch"))

    run.expect("players in the ledger", told.facts["rows"], PLAYERS)
    for what, seen in (("the stream", streamed), ("the batch", in_batch)):
        run.expect(f"{what} = the API", seen.facts["values"], states.facts["values"])
    run.expect("the ledger = the API", _of(told, states), told.facts["values"])
    families = query(run, BY_FAMILY).facts["values"]
    run.expect("events in the tables of the families = events in the topic", _total(families, EVENTS), sent)
    set_aside = query(run, BY_REASON).facts["values"]
    run.expect("messages in quarantine = those of the topic that are no event", _total(set_aside, MESSAGES), refused)
    doubled = [row[0] for row in families if row[1] != row[2]] if isinstance(families, list) else None
    run.expect("families with an event that was written twice", doubled, [])


def _await_batch(run: Run, driver: Background) -> None:
    first = presto(run, "select count(*) from player_states")

    def written() -> bool:
        if driver.look().exit_code is not None:
            run.stop(driver)
            raise StepFailed("the stream's driver ended by itself")
        return bool(scalar(run.cluster.exec("presto", first)))

    run.wait("the stream's first batch", written, timeout=120)


def _values(run: Run, sql: str) -> object:
    return run.cluster.exec("presto", presto(run, sql)).facts.get("values")


def _total(rows: object, column: int) -> int:
    """Add up a column of what a query answered; none where a table is not there yet."""
    return sum(int(row[column]) for row in rows) if isinstance(rows, list) else 0


def _played(run: Run) -> int:
    counted = run.cluster.exec("mids", f"cat {LEDGER} | wc -l").stdout.strip()
    return int(counted) if counted.isdigit() else 0


def _of(told: Capture, states: Capture) -> Fact:
    """Give the states by the API of those players whom the ledger knows."""
    known, every = told.facts["values"], states.facts["values"]
    assert isinstance(known, list)
    assert isinstance(every, list)
    names = {row[0] for row in known}
    return [row for row in every if row[0] in names]
