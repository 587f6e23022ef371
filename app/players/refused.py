"""Why a request is refused: no event, and no change of state."""

from __future__ import annotations


class Refused(Exception):
    """A refusal with its HTTP status; `field` is the part of the request that it is about, if it is about one."""

    def __init__(self, status: int, title: str, detail: str, field: str | None = None) -> None:
        self.status = status
        self.title = title
        self.detail = detail
        self.field = field
        super().__init__(f"{status} {title}: {detail}")
