"""The rules: what a player asks for becomes one event, or is refused. Nothing is changed here."""

from __future__ import annotations

from dataclasses import dataclass

from players.refused import Refused
from players.schemas import LIMITS, Item, Json, catalogue
from players.state import Player


@dataclass(frozen=True, slots=True)
class Decision:
    """An event that is to happen."""

    event_type: str
    data: Json


def purchase(player: Player, item_id: str, quantity: int) -> Decision:
    """Buy some of an item at once."""
    item = _item(item_id)
    _affordable(player, quantity * item.unit_price)
    _bearable(player, item_id, quantity)
    order = {"order_id": f"{player.player_id}.order.{player.sequence + 1}"}
    return Decision("purchase_item", order | _some(item, quantity) | _price(item.unit_price))


def sell(player: Player, item_id: str, quantity: int) -> Decision:
    """Sell some of an item that the player owns."""
    item = _item(item_id)
    _owned(player, item_id, quantity)
    if player.balance + quantity * item.resale_price > LIMITS.most_balance:
        raise Refused(409, "Too rich", f"a balance is at most {LIMITS.most_balance} {LIMITS.currency}", "quantity")
    return Decision("sell_item", _some(item, quantity) | _price(item.resale_price))


def use(player: Player, item_id: str, quantity: int) -> Decision:
    """Use some of an item up."""
    item = _item(item_id)
    _owned(player, item_id, quantity)
    return Decision("use_item", _some(item, quantity))


def join(player: Player, guild_name: str, role: str) -> Decision | None:
    """Join a guild. Gives None where the player is in that guild already, in that role."""
    wanted = {"guild_name": guild_name, "role": role}
    if player.guild == wanted:
        return None
    if player.guild:
        detail = f"{player.player_id} is {player.guild['role']} of {player.guild['guild_name']}; leave that first"
        raise Refused(409, "In a guild already", detail, "guild_name")
    return Decision("join_guild", wanted)


def leave(player: Player) -> Decision:
    """Leave the guild."""
    if not player.guild:
        raise Refused(409, "In no guild", f"{player.player_id} is in no guild")
    return Decision("leave_guild", dict(player.guild))


def add_to_cart(player: Player, item_id: str, quantity: int) -> Decision:
    """Put some of an item into the cart."""
    item = _item(item_id)
    there = player.cart.get(item_id, 0)
    if there + quantity > LIMITS.most_in_cart:
        detail = f"a cart holds at most {LIMITS.most_in_cart} of an item, and this one holds {there}"
        raise Refused(409, "Cart full", detail, "quantity")
    return Decision("cart_item_added", _in_cart(player, item, quantity))


def remove_from_cart(player: Player, item_id: str, quantity: int) -> Decision:
    """Take some of an item out of the cart."""
    item = _item(item_id)
    there = player.cart.get(item_id, 0)
    if there < quantity:
        raise Refused(409, "Not in the cart", f"the cart holds {there} of {item_id}, not {quantity}", "quantity")
    return Decision("cart_item_removed", _in_cart(player, item, quantity))


def check_out(player: Player) -> Decision:
    """Pay for all that is in the cart."""
    if not player.cart:
        raise Refused(409, "Cart empty", "nothing is in the cart")
    lines = []
    for item_id, quantity in sorted(player.cart.items()):
        item = _item(item_id)
        _bearable(player, item_id, quantity)
        lines.append(_some(item, quantity) | {"unit_price": item.unit_price})
    total = sum(line["quantity"] * line["unit_price"] for line in lines)
    _affordable(player, total)
    data = {
        "cart_id": player.cart_id,
        "order_id": f"{player.player_id}.order.{player.sequence + 1}",
        "lines": lines,
        "total": total,
        "currency": LIMITS.currency,
    }
    return Decision("order_completed", data)


def _item(item_id: str) -> Item:
    try:
        return catalogue()[item_id]
    except KeyError:
        raise Refused(404, "Unknown item", f"{item_id} is not for sale", "item_id") from None


def _affordable(player: Player, cost: int) -> None:
    if cost > player.balance:
        detail = f"this costs {cost} {LIMITS.currency}, and {player.player_id} has {player.balance}"
        raise Refused(409, "Too expensive", detail, "quantity")


def _bearable(player: Player, item_id: str, quantity: int) -> None:
    if player.inventory.get(item_id, 0) + quantity > LIMITS.most_held:
        raise Refused(409, "Too many", f"a player holds at most {LIMITS.most_held} of an item", "quantity")


def _owned(player: Player, item_id: str, quantity: int) -> None:
    held = player.inventory.get(item_id, 0)
    if held < quantity:
        detail = f"{player.player_id} has {held} of {item_id}, not {quantity}"
        raise Refused(409, "Not owned", detail, "quantity")


def _some(item: Item, quantity: int) -> Json:
    return {"item_type": item.item_type, "item_id": item.item_id, "quantity": quantity}


def _price(unit_price: int) -> Json:
    return {"unit_price": unit_price, "currency": LIMITS.currency}


def _in_cart(player: Player, item: Item, quantity: int) -> Json:
    return {"cart_id": player.cart_id} | _some(item, quantity) | {"unit_price": item.unit_price}
