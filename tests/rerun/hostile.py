"""Hostile submissions: what each does is contained and reported, and the next one is not harmed."""

from __future__ import annotations

from collections.abc import Callable

from rerun.hostile_limits import crowd, disk, endless, forks, memory, noise
from rerun.hostile_model import Hostile
from rerun.hostile_reach import compose, kills, links, network, peek, privileges, tables, tamper
from rerun.hostile_traces import finder, forger, leaver, names, ports, server, settings, vandal

HOSTILE: dict[str, Callable[[], Hostile]] = {
    make.__name__: make
    for make in (
        endless, forks, memory, disk, noise, peek, network, kills, ports, vandal, forger, settings, leaver, finder,
        links, crowd, tables, tamper, privileges, names, compose, server,
    )
}  # fmt: skip
"""In the order in which a class of them is rerun: `finder` comes after `settings` and `leaver`."""
