"""Which checks may find which kind of mistake: the one place to adapt when a check gets another name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of mistake: the names of checks (or their beginnings) that count, and whether a warning is enough."""

    checks: tuple[str, ...]
    warning: bool = False
    anywhere: bool = False
    """Whether the finding may stand at any line: a step that is missing has none."""


KINDS: dict[str, Kind] = {
    # a: the arithmetic of ab, and ab against its command and the API
    "ab_length": Kind(("ab-",)),
    "ab_html": Kind(("ab-",)),
    "ab_rate": Kind(("ab-",)),
    "ab_per_request": Kind(("ab-",)),
    "ab_percentiles_cut": Kind(("ab-",)),
    "ab_complete": Kind(("ab-",)),
    "ab_path": Kind(("ab-", "route-"), warning=True),
    "ab_body": Kind(("ab-", "route-"), warning=True),
    # b: routes, verbs, status
    "route_missing": Kind(("route-",)),
    "route_verb": Kind(("route-",)),
    "log_status": Kind(("log-",)),
    "log_line_missing": Kind(("log-", "prose-"), warning=True),
    "log_backwards": Kind(("log-",), warning=True),
    # e and h: events
    "event_brace": Kind(("event-", "events-")),
    "event_host": Kind(("event-", "events-"), warning=True),
    "metadata_missing": Kind(("event-", "events-", "metadata-"), warning=True),
    # g and d: counts
    "found_items": Kind(("found-", "listing-")),
    "presto_rows": Kind(("rows-", "listing-")),
    "count_value": Kind(("query-", "prose-"), warning=True),
    "group_sum": Kind(("query-", "prose-"), warning=True),
    "stream_rows": Kind(("rows-", "prose-"), warning=True),
    "two_moments": Kind(("query-", "prose-"), warning=True),
    # i: prose
    "prose_digits": Kind(("prose-",), warning=True),
    "prose_word": Kind(("prose-",), warning=True),
    "prose_option": Kind(("prose-",), warning=True),
    "loop_times": Kind(("prose-", "loop-"), warning=True),
    "prose_ambiguous": Kind(("prose-",), warning=True),
    # c and f: code
    "table_location": Kind(("table-", "location", "ddl-", "hive-", "sink-")),
    "column_order": Kind(("table-", "column", "ddl-", "hive-", "schema-")),
    "code_differs": Kind(("code-", "listing-", "file-"), warning=True),
    "undefined_name": Kind(("code-", "undefined-", "name-", "route-")),
    # e: sessions
    "query_day": Kind(("query-",), warning=True),
    "query_session": Kind(("query-",), warning=True),
    "other_session": Kind(("time-", "times-", "rows-", "session-", "events-"), warning=True),
    # queries and steps
    "row_number": Kind(("query-", "sql-", "row-"), warning=True),
    "wrong_question": Kind(("query-", "prose-", "sql-", "question-"), warning=True),
    "missing_table": Kind(("step-", "table-", "stream-"), warning=True, anywhere=True),
    "missing_topic": Kind(("step-",), warning=True, anywhere=True),
    "missing_teardown": Kind(("step-",), warning=True, anywhere=True),
}
