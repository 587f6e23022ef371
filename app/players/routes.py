"""The HTTP side: the operations as Flask routes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Flask, Response, current_app
from kafka.errors import KafkaError  # type: ignore[import-untyped]
from werkzeug.exceptions import HTTPException

from players import messages, rules
from players.envelope import enveloped
from players.operations import OPERATIONS, Operation, openapi
from players.outbox import Outbox
from players.refused import Refused
from players.rules import Decision
from players.schemas import Json, catalogue
from players.state import Player, evolve
from players.store import Store

PAGE = 100
"""Players that are listed at once, unless fewer are asked for."""

Decide = Callable[[Player], Decision | None]

_RULES: dict[str, Callable[..., Decision | None]] = {
    "buy": rules.purchase,
    "sell": rules.sell,
    "use": rules.use,
    "add_to_cart": rules.add_to_cart,
    "remove_from_cart": rules.remove_from_cart,
    "check_out": rules.check_out,
    "leave_guild": rules.leave,
    "join_guild": lambda player, guild_name, role="member": rules.join(player, guild_name, role),
}
"""The rule of each operation that changes a player; its arguments are named as the request's parts are."""


class Game:
    """Answers the operations; `store` keeps the players, `outbox` sends their events, and what was left of them."""

    def __init__(self, store: Store, outbox: Outbox) -> None:
        self._store = store
        self._outbox = outbox
        outbox.begin()

    def blueprint(self) -> Blueprint:
        """Give the routes of all operations, and that of their description."""
        blueprint = Blueprint("game", __name__)
        description = json.dumps(openapi()) + "\n"
        blueprint.add_url_rule("/openapi.json", "openapi", lambda: _json(description), methods=["GET"])
        for operation in OPERATIONS:
            blueprint.add_url_rule(
                operation.rule, operation.id, self._view(operation), methods=[operation.method], strict_slashes=True
            )
        blueprint.register_error_handler(Refused, messages.refusal)
        blueprint.register_error_handler(KafkaError, _unacknowledged)
        for outage in self._store.outages:
            blueprint.register_error_handler(outage, _store_away)
        return blueprint

    def _view(self, operation: Operation) -> Callable[..., Response]:
        act = self._change if operation.changes else self._show

        def view(**path: str) -> Response:
            for name, text in path.items():
                messages.parameter(name, name, text)
            parts = {**path, **messages.query(operation.query)}
            for name in operation.required:
                if name not in parts:
                    raise Refused(400, "Invalid", f"{name} is missing", name)
            if operation.body:
                parts |= messages.body(operation.body)
            else:
                messages.no_body()
            return _json(json.dumps(act(operation, parts)) + "\n", operation.status)

        return view

    def _show(self, operation: Operation, parts: dict[str, Any]) -> Json:
        if operation.id == "list_items":
            return {
                "items": [
                    asdict(item)
                    for item in catalogue().values()
                    if parts.get("item_type") in (None, item.item_type)
                    and item.unit_price <= parts.get("max_price", item.unit_price)
                ]
            }
        if operation.id == "list_players":
            players = self._store.players(parts.get("after", ""), parts.get("limit", PAGE))
            return {"players": [player.shown() for player in players]}
        shown = self._store.player(parts["player_id"]).shown()
        wanted = operation.answer
        return shown if wanted == "player" else {"player_id": shown["player_id"], wanted: shown[wanted]}

    def _change(self, operation: Operation, parts: dict[str, Any]) -> Json:
        asked = messages.asked()
        player_id = parts.pop("player_id")
        retry = messages.retry(player_id, asked.idempotency_key, parts)

        def act(player: Player) -> tuple[Json, Json | None]:
            decision = _RULES[operation.id](player, **parts)
            if decision is None:
                return {"event": None, "player": player.shown()}, None
            event = enveloped(decision, player_id, player.sequence + 1, asked)
            evolve(player, decision.event_type, decision.data)
            shown = {name: event[name] for name in ("event_id", "event_type", "sequence", "data")}
            return {"event": shown, "player": player.shown()}, event

        kept = self._store.transact(player_id, retry, act)
        if retry and kept.digest != retry.digest:
            detail = f"{messages.IDEMPOTENCY_KEY} {retry.key} was another request's"
            raise Refused(409, "Key used", detail, messages.IDEMPOTENCY_KEY)
        if event := kept.answer["event"]:
            self._outbox.send(event["event_id"])
        return kept.answer


def register(app: Flask, game: Game) -> None:
    """Add the game to an application. What Flask itself refuses is answered in the game's form everywhere."""
    app.url_map.merge_slashes = False
    app.register_blueprint(game.blueprint())
    app.register_error_handler(HTTPException, messages.http_refusal)


def _unacknowledged(problem: KafkaError) -> Response:
    current_app.logger.warning("%s", problem)
    detail = "the change is kept, and its event will be sent; the same Idempotency-Key gives the same answer"
    return messages.refusal(Refused(503, "No acknowledgement from Kafka", detail))


def _store_away(problem: Exception) -> Response:
    current_app.logger.error("%s: %s", type(problem).__name__, problem)
    detail = "whether a change is kept is not known; the same Idempotency-Key makes it happen once"
    return messages.refusal(Refused(503, "The store does not answer", detail))


def _json(text: str, status: int = 200) -> Response:
    return Response(text, status, content_type="application/json")
