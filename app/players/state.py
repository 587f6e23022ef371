"""A player's state, and how each event changes it: the state is the fold of the player's events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from players.schemas import LIMITS, Json


@dataclass(slots=True)
class Player:
    """A player. `sequence` is the number of events so far, `carts` the number of carts that were paid."""

    player_id: str
    balance: int = LIMITS.start_balance
    guild: dict[str, str] | None = None
    inventory: dict[str, int] = field(default_factory=dict)
    cart: dict[str, int] = field(default_factory=dict)
    carts: int = 0
    sequence: int = 0

    @property
    def cart_id(self) -> str:
        """The id of the cart that is being filled; the next one has another."""
        return f"{self.player_id}.cart.{self.carts + 1}"

    def to_json(self) -> Json:
        """Give the state as the store keeps it."""
        return asdict(self)

    def shown(self) -> Json:
        """Give the state as the API answers it, with items in alphabetical order."""
        return {
            "player_id": self.player_id,
            "balance": self.balance,
            "guild": self.guild,
            "inventory": dict(sorted(self.inventory.items())),
            "cart": {"cart_id": self.cart_id, "items": dict(sorted(self.cart.items()))},
            "sequence": self.sequence,
        }


def evolve(player: Player, event_type: str, data: Mapping[str, Any]) -> None:
    """Change a player by an event that a rule allowed."""
    player.sequence += 1
    match event_type:
        case "purchase_item":
            player.balance -= data["quantity"] * data["unit_price"]
            _add(player.inventory, data["item_id"], data["quantity"])
        case "sell_item":
            player.balance += data["quantity"] * data["unit_price"]
            _add(player.inventory, data["item_id"], -data["quantity"])
        case "use_item":
            _add(player.inventory, data["item_id"], -data["quantity"])
        case "join_guild":
            player.guild = {"guild_name": data["guild_name"], "role": data["role"]}
        case "leave_guild":
            player.guild = None
        case "cart_item_added":
            _add(player.cart, data["item_id"], data["quantity"])
        case "cart_item_removed":
            _add(player.cart, data["item_id"], -data["quantity"])
        case "order_completed":
            player.balance -= data["total"]
            player.carts += 1
            for line in data["lines"]:
                _add(player.inventory, line["item_id"], line["quantity"])
                _add(player.cart, line["item_id"], -line["quantity"])
        case _:
            raise ValueError(f"no event of the game: {event_type}")


def _add(held: dict[str, int], item_id: str, quantity: int) -> None:
    held[item_id] = held.get(item_id, 0) + quantity
    if not held[item_id]:
        del held[item_id]
