"""Timestamps: each run happens at another time.

The placeholder has no number. Numbers would say which timestamps of a command are equal, and that is chance: two
requests fall into the same millisecond in one run, and not in the next. How many timestamps there are, and where,
stays compared. So does a time of 1970, for that is what a missing time becomes, and any other form of a time, for
another form is another type.
"""

from __future__ import annotations

import re
from typing import Final

from harness.normalise.rule import Masked, Observation, Pair, replace_strings

name: Final = "timestamps"
why: Final = "each run happens at another time"

_TIMESTAMP: Final = re.compile(
    r"2[0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01]) (?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}(?:\.[0-9]{1,9})?"
)
_QUERY: Final = 'presto --execute "select host, timestamp from purchases order by timestamp"'


def _example(*times: str) -> Observation:
    return Observation(_QUERY, {"kind": "presto", "values": [["user1.comcast.com", time] for time in times]})


example: Final[Pair] = (
    _example("2026-11-24 11:17:11.3", "2026-11-24 11:17:11.316"),
    _example("2026-12-01 08:00:59", "2026-12-01 08:00:59"),
)
counter_example: Final[Pair] = (_example("2026-11-24 11:17:11.3"), _example("1970-01-01 00:00:00"))


def apply(seen: Observation) -> Masked:
    """Replace each string that is a whole timestamp by `<timestamp>`."""
    return replace_strings(seen, lambda text: "<timestamp>" if _TIMESTAMP.fullmatch(text) else text)
