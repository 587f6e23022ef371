"""What the API offers, said once: from this the routes are made, the requests checked and OpenAPI written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from players.envelope import SCHEMA_VERSION
from players.messages import IDEMPOTENCY_KEY, PROBLEM, SESSION
from players.schemas import DEFINITIONS, Json, load


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path. `body` is a schema of requests, `query` maps parameters to definitions.

    `answer` is the name of the answer's schema, `status` its code, `refusals` those that its rules may give beside
    400. An operation that `changes` a player makes an event, and takes the headers of those that do.
    """

    id: str
    method: str
    path: str
    summary: str
    answer: str
    status: int = 200
    body: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    refusals: tuple[int, ...] = ()
    changes: bool = False

    @property
    def rule(self) -> str:
        """The path as Flask writes it."""
        return self.path.replace("{", "<").replace("}", ">")


def _change(operation_id: str, method: str, path: str, summary: str, **more: object) -> Operation:
    refusals = (404, 409) if more.get("body") == "item_quantity" or more.get("query") else (409,)
    return Operation(operation_id, method, path, summary, "change", refusals=refusals, changes=True, **more)  # type: ignore[arg-type]


PLAYER: Final = "/players/{player_id}"

OPERATIONS: Final = (
    Operation(
        "list_items",
        "GET",
        "/items",
        "The items that are for sale, of one type or all, up to a price",
        "items",
        query={"item_type": "item_type", "max_price": "amount"},
    ),
    Operation(
        "list_players",
        "GET",
        "/players",
        "Players with their states, in the order of their ids",
        "players",
        query={"after": "player_id", "limit": "limit"},
    ),
    Operation("show_player", "GET", PLAYER, "A player's balance, guild, inventory and cart", "player"),
    Operation("show_balance", "GET", f"{PLAYER}/balance", "A player's gold", "balance"),
    Operation("show_guild", "GET", f"{PLAYER}/guild", "A player's guild", "guild"),
    Operation("show_inventory", "GET", f"{PLAYER}/inventory", "What a player owns", "inventory"),
    Operation("show_cart", "GET", f"{PLAYER}/cart", "What lies in a player's cart", "cart"),
    _change("join_guild", "PUT", f"{PLAYER}/guild", "Join a guild", body="guild"),
    _change("leave_guild", "DELETE", f"{PLAYER}/guild", "Leave the guild"),
    _change("buy", "POST", f"{PLAYER}/purchases", "Buy some of an item at once", body="item_quantity", status=201),
    _change("sell", "POST", f"{PLAYER}/sales", "Sell some of an item", body="item_quantity", status=201),
    _change("use", "POST", f"{PLAYER}/uses", "Use some of an item up", body="item_quantity", status=201),
    _change("add_to_cart", "POST", f"{PLAYER}/cart/items", "Put some of an item into the cart", body="item_quantity"),
    _change(
        "remove_from_cart",
        "DELETE",
        f"{PLAYER}/cart/items/{{item_id}}",
        "Take some of an item out of the cart",
        query={"quantity": "quantity"},
        required=("quantity",),
    ),
    _change("check_out", "POST", f"{PLAYER}/cart/checkout", "Pay for what lies in the cart", status=201),
)


def openapi() -> Json:
    """Give the API's description: OpenAPI 3.1, whose schemas are JSON Schema as they stand."""
    paths: dict[str, Json] = {}
    for each in OPERATIONS:
        paths.setdefault(each.path, {})[each.method.lower()] = _described(each)
    definitions = load(DEFINITIONS)["$defs"]
    bodies = {each.body for each in OPERATIONS if each.body}
    requests = {f"{name}_request": _local(load(f"requests/{name}.json")) for name in sorted(bodies)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "The game", "version": str(SCHEMA_VERSION)},
        "paths": paths,
        "components": {"schemas": {**definitions, **requests, **_answers()}},
    }


def _described(operation: Operation) -> Json:
    names = [part.strip("{}") for part in operation.path.split("/") if part.startswith("{")]
    parameters = [_parameter(name, "path", name, required=True) for name in names]
    for name, definition in operation.query.items():
        parameters.append(_parameter(name, "query", definition, required=name in operation.required))
    if operation.changes:
        parameters += [_parameter(name, "header", "token", required=False) for name in (IDEMPOTENCY_KEY, SESSION)]
    # Any operation may meet a malformed part, a body too large, or a store or a broker that does not answer.
    refusals = {400, 413, 503, *operation.refusals}
    if operation.body:
        refusals.add(415)
    content = {"application/json": {"schema": _ref(operation.answer)}}
    described: Json = {
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": {
            str(operation.status): {"description": HTTPStatus(operation.status).phrase, "content": content},
            **{
                str(status): {
                    "description": HTTPStatus(status).phrase,
                    "content": {PROBLEM: {"schema": _ref("problem")}},
                }
                for status in sorted(refusals)
            },
        },
    }
    if operation.body:
        schema = _ref(f"{operation.body}_request")
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


def _parameter(name: str, place: str, definition: str, *, required: bool) -> Json:
    return {"name": name, "in": place, "required": required, "schema": _ref(definition)}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _local(schema: Json) -> Json:
    """Write a schema's references as the description has them."""
    properties = {
        name: _ref(each["$ref"].rpartition("/")[2]) if "$ref" in each else each
        for name, each in schema["properties"].items()
    }
    return {name: each for name, each in {**schema, "properties": properties}.items() if name != "$schema"}


def _answers() -> dict[str, Json]:
    """Give the schemas of the answers."""
    held = {"type": "object", "additionalProperties": _ref("held")}
    guild = _object({"guild_name": _ref("guild_name"), "role": _ref("role")})
    inventory = {"player_id": _ref("player_id"), "inventory": held}
    cart = _object({"cart_id": _ref("name"), "items": held})
    maybe_guild = {"oneOf": [guild, {"type": "null"}]}
    sequence = {"type": "integer", "minimum": 0}
    player = {
        "balance": _ref("amount"),
        "guild": maybe_guild,
        **inventory,
        "cart": cart,
        "sequence": sequence,
    }
    event = _object(
        {
            "event_id": {"type": "string"},
            "event_type": {"type": "string"},
            "sequence": sequence,
            "data": {"type": "object"},
        }
    )
    item = _object(
        {
            "item_id": _ref("item_id"),
            "item_type": _ref("item_type"),
            "unit_price": _ref("price"),
            "resale_price": _ref("price"),
        }
    )
    problem = _object(
        {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "field": {"type": "string"},
        }
    )
    problem["required"].remove("field")
    return {
        "items": _object({"items": {"type": "array", "items": item}}),
        "player": _object(player),
        "players": _object({"players": {"type": "array", "items": _ref("player")}}),
        "balance": _object({"player_id": _ref("player_id"), "balance": _ref("amount")}),
        "guild": _object({"player_id": _ref("player_id"), "guild": maybe_guild}),
        "inventory": _object(inventory),
        "cart": _object({"player_id": _ref("player_id"), "cart": cart}),
        "change": _object({"event": {"oneOf": [event, {"type": "null"}]}, "player": _ref("player")}),
        "problem": problem,
    }


def _object(properties: Mapping[str, Json]) -> Json:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
