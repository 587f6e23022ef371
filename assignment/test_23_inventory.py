"""Options, 4: the tracked state of each player, folded in batch from the events."""

import json

from common import query
from option_requests import API, SCRATCH, SIMULATE, ask, expect, fresh

from harness import Capture, Run, StepRecord, step

STATES = "select player_id, balance, guild, inventory, cart from {table} order by player_id"


@step("Options: each player's inventory, cart, guild and gold, folded from the events", optional=True)
def test_inventory(run: Run, items: StepRecord, cart: StepRecord) -> None:
    """
    What a player has is nowhere in the events; it is their sum. The API keeps it for itself, so that it can answer at
    once. `fold_players.py` sums it up a second time, from the topic alone: purchases and orders add to the inventory,
    sales and uses take from it, the gold follows, and the guild is the one of the last event about guilds. Both must
    come to the same.

    It must hold, too, where many want the same thing at once: sixteen clients sell the one sword that a player has,
    again and again. One of them gets its price, all others a refusal, and there is one event of it.
    """
    seller, sword = fresh(run, "flo"), {"item_id": "iron-sword", "quantity": 1}
    bought = ask(run, "POST", f"/players/{seller}/purchases", sword)
    expect(run, "buy a sword", bought, 201, player__inventory={"iron-sword": 1})
    ab = run(
        "mids",
        f"echo '{json.dumps(sword)}' > {SCRATCH}/sword.json && "
        f"ab -l -n 64 -c 16 -p {SCRATCH}/sword.json -T application/json {API}/players/{seller}/sales",
    )
    run.expect("sixteen clients: complete requests", ab.facts["complete"], 64)
    run.expect("sixteen clients: refused", ab.facts["non_2xx"], 63)
    left = ask(run, "GET", f"/players/{seller}")
    expect(run, "what is left", left, 200, balance=960, inventory={}, sequence=2)

    run("spark", "spark-submit jobs/fold_players.py")
    folded = query(run, STATES.format(table="player_states_batch"))
    states = run("mids", f"{SIMULATE} --states")
    run.expect("the fold = the API's state, for every player", folded.facts["values"], states.facts["values"])
    run.expect("players", {"ada", "dee", "eve", seller} <= {row[0] for row in _rows(states)}, True)
    run.look("api")


def _rows(states: Capture) -> list[list[str]]:
    values = states.facts["values"]
    assert isinstance(values, list)
    return values
