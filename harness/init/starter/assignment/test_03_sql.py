"""Step 3: SQL."""

import shlex

from harness import Run, StepRecord, step


@step("Query the counts with Presto")
def test_sql(run: Run, counts: StepRecord) -> None:
    """
    Presto finds the table through the metastore and reads the files from HDFS; Spark is not involved any more. The sum
    of all counts is the number of visits that were made.
    """
    presto = f"presto --server presto:8080 --catalog hive --schema {run.names.database} --output-format ALIGNED"
    rows = run("presto", f"{presto} --execute {shlex.quote('select page, visits from visits order by page')}")
    run.expect("visits by page", rows.facts["values"], [["about", "10"], ["home", "10"]])
    total = run("presto", f"{presto} --execute {shlex.quote('select sum(visits) from visits')}")
    run.expect("visits in all", total.facts["values"], [["20"]])
