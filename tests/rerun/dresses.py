"""Right submissions in the dresses that students gave theirs. A rerun must give what each one's `expected` says."""

from __future__ import annotations

from collections.abc import Callable

from rerun.books import Dress
from rerun.dress_events import nested
from rerun.dress_hands import gets, notebook, scripts, shells
from rerun.dress_jobs import drivers, pulse, sinks
from rerun.dress_state import forms, restart, store
from rerun.dress_verbs import bodies, verbs

DRESSES: dict[str, Callable[[], Dress]] = {
    make.__name__: make
    for make in (bodies, verbs, forms, store, nested, sinks, drivers, pulse, scripts, shells, gets, notebook, restart)
}
"""Each makes the same submission whenever it is called."""
