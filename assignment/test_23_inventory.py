"""Options, 4: the tracked state of each player, folded in batch from the events."""

from common import query
from option_requests import ask, expect

from harness import Run, StepRecord, step

STATES = "select player_id, balance, guild, inventory, cart from {table} order by player_id"


@step("Options: each player's inventory, cart, guild and gold, folded from the events", optional=True)
def test_inventory(run: Run, items: StepRecord, cart: StepRecord) -> None:
    """
    What a player has is nowhere in the events; it is their sum. The API keeps it for itself, so that it can answer at
    once. `fold_players.py` sums it up a second time, from the topic alone: purchases and orders add to the inventory,
    sales and uses take from it, the gold follows, and the guild is the one of the last event about guilds. Both must
    come to the same.
    """
    run("spark", "spark-submit jobs/fold_players.py")
    folded = query(run, STATES.format(table="player_states_batch"))
    values = folded.facts["values"]
    assert isinstance(values, list)
    rows = {row[0]: row[1:] for row in values}
    for player in ("ada", "dee", "eve"):
        shown = expect(run, player, ask(run, "GET", f"/players/{player}"), 200)
        run.expect(f"{player}: the fold = the API's state", rows.get(player), state(shown))
    run.look("api")


def state(shown: dict[str, object]) -> list[str]:
    """Give a player's state, as the API shows it, in the form of the tables: balance, guild, inventory, cart."""
    guild, cart = shown["guild"], shown["cart"]
    assert isinstance(cart, dict)
    name = guild["guild_name"] if isinstance(guild, dict) else ""
    return [str(shown["balance"]), name, listed(shown["inventory"]), listed(cart["items"])]


def listed(held: object) -> str:
    """Give what is held as the tables write it."""
    assert isinstance(held, dict)
    return " ".join(f"{item}:{held[item]}" for item in sorted(held))
