"""Step 2: the cluster."""

from harness import Run, step

SERVERS = ("zookeeper", "kafka", "namenode", "datanode", "metastore", "presto")


@step("Spin up the cluster: ZooKeeper, Kafka, HDFS, the Hive metastore and Presto")
def test_cluster(run: Run) -> None:
    """
    The pipeline needs six servers, and these are the real ones, each a process of its own: on this machine's loopback
    interface, or in the course's six containers where the run is on Docker Compose.

    - **ZooKeeper** keeps the broker's metadata; **Kafka** is the queue that the events go through.
    - The **NameNode** and the **DataNode** are HDFS, where Spark writes Parquet files. The **Hive metastore** knows
      which files are which table. In the course's `docker-compose.yml` these three share the container `cloudera`.
    - **Presto** answers SQL over those tables.

    They start side by side, each as soon as what it needs is ready. Ready means useful, by the server's own protocol:
    Kafka lists its topics, HDFS took a file, the metastore names its databases, Presto answered a query. The
    course's other containers, `spark` and `mids`, are no servers: they are the shells that the later commands
    run in. HiveServer2 and Hue, which the course's image also has, are used by no step and do not run.
    """
    run.up(SERVERS)
    states = run.ps().facts["services"]
    assert isinstance(states, dict)
    for name in SERVERS:
        run.expect(f"{name} is up", states.get(name), "ready")
