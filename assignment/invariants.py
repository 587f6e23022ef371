"""What must hold across the steps."""

from harness import Evidence, Fact, invariant

Pair = tuple[Fact, Fact]


@invariant("load: 40 requests")
def requests(e: Evidence) -> Pair:
    """Two players, two actions, ten requests each."""
    return 40, e.total("load", "ab", "complete")


@invariant("load: requests = lines in the server's log")
def requests_logged(e: Evidence) -> Pair:
    """Each request was served."""
    return e.total("load", "ab", "complete"), e.total("load", "access_log", "requests")


@invariant("load: requests = messages in the topic")
def requests_stored(e: Evidence) -> Pair:
    """Each request is in Kafka, once."""
    return e.total("load", "ab", "complete"), e.last("load", "json_lines", "messages")


@invariant("load: 20 default events")
def defaults(e: Evidence) -> Pair:
    """Half of the load."""
    return 20, e.entry("load", "json_lines", "by_event_type", "default")


@invariant("load: 20 purchases")
def purchases(e: Evidence) -> Pair:
    """The other half."""
    return 20, e.entry("load", "json_lines", "by_event_type", "purchase_sword")


@invariant("batch: purchases in the topic = rows in Parquet")
def parquet_rows(e: Evidence) -> Pair:
    """What the batch job filtered is what it wrote."""
    found = e.entry("batch", "json_lines", "by_event_type", "purchase_sword")
    sent = e.entry("load", "json_lines", "by_event_type", "purchase_sword")
    return sent if found is None else found, e.entry("batch", "spark", "printed", "rows in /tmp/purchases")


@invariant("hive: rows in the table, by Spark = by hive")
def hive_rows(e: Evidence) -> Pair:
    """Two readers of one table agree."""
    counted = e.last("hive", "hive", "values")
    rows = int(str(counted[0][0])) if isinstance(counted, list) and counted else None
    return e.entry("hive", "spark", "printed", "rows in table purchases"), rows


@invariant("presto: rows in the table, by Spark = by Presto")
def presto_rows(e: Evidence) -> Pair:
    """The third reader agrees too."""
    return e.entry("hive", "spark", "printed", "rows in table purchases"), count(e, "presto")


@invariant("filter-batch: purchases in the topic = rows")
def filtered_rows(e: Evidence) -> Pair:
    """The explicit schema loses nothing."""
    found = e.entry("filter-batch", "json_lines", "by_event_type", "purchase_sword")
    sent = e.entry("load", "json_lines", "by_event_type", "purchase_sword")
    return sent if found is None else found, e.last("filter-batch", "spark", "rows")


@invariant("filter-stream: purchases sent = rows of all micro-batches")
def streamed_rows(e: Evidence) -> Pair:
    """However they split over the batches."""
    paths = e.all("filter-stream", "ab", "document_path")
    complete = e.all("filter-stream", "ab", "complete")
    sent = sum(int(str(n)) for path, n in zip(paths, complete, strict=True) if path == "/purchase_a_sword")
    return sent, e.total("filter-stream", "spark", "streamed_rows")


@invariant("write-stream: 10 × rounds of the loop = rows through Presto")
def stream_in_parquet(e: Evidence) -> Pair:
    """Each streamed purchase is in Parquet, once."""
    return 10 * e.total("write-stream", "ab", "runs"), count(e, "write-stream")


@invariant("guild: requests = lines in the server's log")
def guild_logged(e: Evidence) -> Pair:
    """Each request was served."""
    return e.total("guild", "ab", "complete"), e.total("guild", "access_log", "requests")


@invariant("guild: messages in the topic = rows through Presto")
def guild_rows(e: Evidence) -> Pair:
    """The second event takes the same way."""
    return e.entry("guild", "json_lines", "by_event_type", "join_guild"), count(e, "guild")


@invariant("state-agrees")
def states_agree(e: Evidence) -> Pair:
    """The API's state = the streaming fold = the batch fold = the ledger, for every player."""
    printed, queried = (e.all("state-stream", kind, "values") for kind in ("objects", "presto"))
    by_ledger, by_api = printed[-2:] if len(printed) > 1 else (None, None)
    by_stream, by_batch = (each for each in queried if _are_states(each))
    if not isinstance(by_ledger, list) or not isinstance(by_api, list):
        return None, None
    told = {row[0]: row for row in by_ledger}
    wanted: Fact = [told.get(row[0], row) for row in by_api]
    ways: Fact = {"API": by_api, "stream": by_stream, "batch": by_batch}
    return {"API": wanted, "stream": wanted, "batch": wanted}, ways


def _are_states(values: Fact) -> bool:
    return isinstance(values, list) and bool(values) and isinstance(values[0], list) and len(values[0]) == 5


def count(e: Evidence, step: str) -> Fact:
    """Give the answer of a step's first `select count(*)`: the first Presto output of one row with one whole number."""
    for values in e.all(step, "presto", "values"):
        if isinstance(values, list) and len(values) == 1 and len(values[0]) == 1 and str(values[0][0]).isdigit():
            return int(str(values[0][0]))
    return None
