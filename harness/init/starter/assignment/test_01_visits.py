"""Step 1: the servers, the web API, and visits."""

from harness import Run, step

PAGES = ("home", "about")
VISITS = 10


@step("Bring up the cluster, and visit two pages ten times each")
def test_visits(run: Run) -> None:
    """
    The servers are real ones: ZooKeeper, Kafka, HDFS, the Hive metastore and Presto. The web API is a Flask
    application that writes one event to the topic `visits` for each visit of a page.

    `ab` visits two pages ten times each, so 20 events must be in the topic.
    """
    run.up()
    topic = run.names.topic("visits")
    run.clear("kafka", f"kafka-topics --delete --topic {topic} --if-exists --bootstrap-server kafka:29092")
    run(
        "kafka",
        f"kafka-topics --create --topic {topic} --partitions 1 --replication-factor {run.names.replicas}"
        " --if-not-exists --bootstrap-server kafka:29092",
    )
    run.background("mids", f"env FLASK_APP=app/visits_api.py VISITS_TOPIC={topic} flask run", serves="api")
    run.look("api")
    for page in PAGES:
        load = run("mids", f"ab -n {VISITS} http://localhost:5000/pages/{page}")
        run.expect(f"{page}: complete requests", load.facts["complete"], VISITS)
        run.expect(f"{page}: failed requests", load.facts["failed"], 0)
    log = run.look("api")
    run.expect("lines in the server's log", log.facts["requests"], VISITS * len(PAGES))
    stored = run("mids", f"kafkacat -C -b kafka:29092 -t {topic} -o beginning -e")
    run.expect("messages in the topic", stored.facts["messages"], VISITS * len(PAGES))
