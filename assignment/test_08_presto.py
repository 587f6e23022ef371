"""Step 7b: queries through Presto."""

from common import REQUESTS, USERS, query, scalar

from harness import Run, StepRecord, step

COLUMNS = ["accept", "host", "user-agent", "event_type", "timestamp"]


@step("Query the table with Presto")
def test_presto(run: Run, hive: StepRecord) -> None:
    """
    Presto finds the table through the metastore (catalog `hive`, schema `default`) and reads the Parquet files from
    HDFS by itself; Spark is not involved any more. `show tables` lists what the metastore knows, `describe` shows the
    five columns, all `varchar`, which is Presto's name for a string, and `select *` gives the rows: the purchases of
    both players. Presto writes column names in lower case.

    The last two queries count: all rows, and the rows of each player.
    """
    tables = query(run, "show tables")
    run.expect("the table is listed", ["purchases"] in _rows(tables.facts["values"]), True)
    described = query(run, "describe purchases")
    run.expect("columns and types", described.facts["describe"], dict.fromkeys(COLUMNS, "varchar"))
    rows = query(run, "select * from purchases")
    run.expect("columns", rows.facts["columns"], COLUMNS)
    run.expect("(N rows) = the rows above it", rows.facts["row_counts_agree"], True)
    counted = query(run, "select count(*) from purchases")
    run.expect("rows = count(*)", rows.facts["rows"], scalar(counted))
    by_player = query(run, "select host, count(*) from purchases group by host order by host")
    if not run.again:
        run.expect("count(*)", scalar(counted), len(USERS) * REQUESTS)
        run.expect("rows by player", by_player.facts["values"], [[user, str(REQUESTS)] for user in USERS])


def _rows(value: object) -> list[object]:
    assert isinstance(value, list)
    return value
