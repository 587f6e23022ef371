"""Options, 2: items of several types, bought, sold and used, and filtered by type and quantity."""

from common import on_topic, query
from option_requests import SCRATCH, TOPIC, ask, count, expect, fresh, new_events

from harness import Run, StepRecord, step

BY_TYPE = """select item_type, event_type, sum(quantity) as items
from item_filter where item_type is not null group by 1, 2 order by 1, 2"""


@step("Options: items of several types, bought, sold and used, and filtered", optional=True)
def test_items(run: Run, guilds: StepRecord) -> None:
    """
    There is more to buy than a sword: swords, shields, potions and knives, each of one or more makes with prices of
    their own. `schemas/options/items.json` is the list, and `GET /items` shows it, of one type if that is asked for.
    Players begin with 1000 gold; they buy, sell for less, and use up what they own.

    Whatever cannot be is refused with the reason, and makes no event: an item that there is not, a quantity of 0, of
    a hundred or of a word, more than the gold is good for, selling what one does not own, a body that is not JSON.

    The load comes from `ab` with a body in a POST: each request without a key is a purchase of its own. The jobs keep
    the events of one type of item, or those of at least so many pieces.
    """
    name = fresh(run, "dee")
    player = f"/players/{name}"
    before = on_topic(run, TOPIC)
    shown = ask(run, "GET", "/items?item_type=sword&max_price=200")
    listed = expect(run, "swords up to 200 gold", shown, 200)["items"]
    run.expect("swords up to 200 gold: items", [item["item_id"] for item in listed], ["iron-sword"])  # type: ignore[attr-defined]

    for item, quantity, status, left in (("iron-sword", 2, 201, 800), ("healing-potion", 5, 201, 725)):
        bought = ask(run, "POST", f"{player}/purchases", {"item_id": item, "quantity": quantity})
        expect(run, f"buy {quantity} {item}", bought, status, event__event_type="purchase_item", player__balance=left)
    sold = ask(run, "POST", f"{player}/sales", {"item_id": "iron-sword", "quantity": 1})
    expect(run, "sell 1 iron-sword", sold, 201, event__event_type="sell_item", player__balance=785)
    used = ask(run, "POST", f"{player}/uses", {"item_id": "healing-potion", "quantity": 2})
    held = {"iron-sword": 1, "healing-potion": 3}
    expect(run, "use 2 healing-potion", used, 201, event__event_type="use_item", player__inventory=held)

    for what, body, status in (
        ("an item that there is not", {"item_id": "excalibur", "quantity": 1}, 404),
        ("a quantity of 0", {"item_id": "iron-sword", "quantity": 0}, 400),
        ("a quantity of 100", {"item_id": "iron-sword", "quantity": 100}, 400),
        ("a quantity of a word", {"item_id": "iron-sword", "quantity": "many"}, 400),
        ("more than 785 gold", {"item_id": "steel-sword", "quantity": 4}, 409),
    ):
        expect(run, what, ask(run, "POST", f"{player}/purchases", body), status)
    unowned = ask(run, "POST", f"{player}/sales", {"item_id": "oak-shield", "quantity": 1})
    expect(run, "sell what one does not own", unowned, 409)
    broken = run(
        "mids", f"curl -s -i -H 'Content-Type: application/json' -d '{{\"item_id\"' http://localhost:5000{player}/sales"
    )
    expect(run, "a body that is not JSON", broken, 400)

    ab = run(
        "mids",
        f"""echo '{{"item_id": "mana-potion", "quantity": 1}}' > {SCRATCH}/potion.json && """
        f"ab -n 20 -c 4 -p {SCRATCH}/potion.json -T application/json http://localhost:5000{player}/purchases",
    )
    run.expect("ab: complete requests", ab.facts["complete"], 20)
    run.expect("ab: responses other than 2xx", ab.facts["non_2xx"], 0)
    log = run.look("api")
    run.expect("requests in the server's log", log.facts["requests"], 32)
    sent = new_events(before, on_topic(run, TOPIC))
    run.expect("new events by type", sent, {"purchase_item": 22, "sell_item": 1, "use_item": 1})

    submit = "spark-submit jobs/filter_game_events.py item_events"
    run("spark", f"{submit} --item-type sword --table sword_events")
    run.expect("sword events", count(run, "sword_events", f"player_id = '{name}'"), 2)
    run("spark", f"{submit} --min-quantity 2 --table item_filter")
    run.expect("events of two pieces or more", count(run, "item_filter", f"player_id = '{name}'"), 3)
    query(run, BY_TYPE)
