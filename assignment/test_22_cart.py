"""Options, 3: the shopping cart."""

from common import on_topic, query
from option_requests import TOPIC, ask, count, expect, fresh, new_events

from harness import Run, StepRecord, step

LINES = "select order_id, item_id, quantity, unit_price, total from cart_orders order by item_id"


@step("Options: the shopping cart, from the first item to the paid order", optional=True)
def test_cart(run: Run, guilds: StepRecord) -> None:
    """
    A cart takes items and gives them back; nothing is owned or paid until it is checked out. The order that this makes
    is one event with a line for each item and their total; the table has a row for each line.

    An empty cart cannot be paid, no more can be taken out than lies in it, and who is not sure that the payment went
    through asks again with the same key and is told the same: the cart is paid once.
    """
    name = fresh(run, "eve")
    player = f"/players/{name}"
    before = on_topic(run, TOPIC)
    empty = ask(run, "POST", f"{player}/cart/checkout")
    expect(run, "pay an empty cart", empty, 409)
    for item, quantity in (("oak-shield", 2), ("hunting-knife", 3)):
        added = ask(run, "POST", f"{player}/cart/items", {"item_id": item, "quantity": quantity})
        expect(run, f"add {quantity} {item}", added, 200, event__event_type="cart_item_added", player__balance=1000)
    removed = ask(run, "DELETE", f"{player}/cart/items/hunting-knife?quantity=1")
    expect(run, "remove 1 hunting-knife", removed, 200, event__event_type="cart_item_removed")
    more = ask(run, "DELETE", f"{player}/cart/items/hunting-knife?quantity=3")
    expect(run, "remove more than there is", more, 409)
    seen = ask(run, "GET", f"{player}/cart")
    expect(run, "view the cart", seen, 200, cart__items={"oak-shield": 2, "hunting-knife": 2})
    for time in ("once", "again, with the same key"):
        paid = ask(run, "POST", f"{player}/cart/checkout", key=f"{name}-pays")
        expect(run, f"pay {time}", paid, 201, event__data__total=240, player__balance=760, player__cart__items={})
    run.look("api")
    sent = new_events(before, on_topic(run, TOPIC))
    wanted = {"cart_item_added": 2, "cart_item_removed": 1, "order_completed": 1}
    run.expect("new events by type", sent, wanted)

    run("spark", f"spark-submit jobs/filter_game_events.py order_lines --player {name} --table cart_orders")
    run.expect("rows: a line for each item of the order", count(run, "cart_orders"), 2)
    lines = query(run, LINES)
    order = lines.facts["values"]
    assert isinstance(order, list)
    rest = [["hunting-knife", "2", "40", "240"], ["oak-shield", "2", "80", "240"]]
    run.expect("lines of the order", [row[1:] for row in order], rest)
    run.expect("one order", len({row[0] for row in order}), 1)
