"""The game behind the options' API: players with a balance, a guild, a cart and an inventory.

A request is decided by a rule (`rules`) to one event or a refusal; the event changes the player (`state`); both are
kept in one transaction (`store`), and the event then goes to Kafka (`outbox`). `routes` is the HTTP side.
"""
