from harness import Run, StepRecord, step


@step("The servers, a Redis among them")
def test_cluster(run: Run) -> None:
    """Without Presto, and with a Redis: `[tool.harness]` says so."""
    run.up()


@step("Three visits")
def test_visits(run: Run, cluster: StepRecord) -> None:
    """The app counts in Redis, and Kafka has each visit."""
    run.background("mids", "env FLASK_APP=app/visits.py flask run", serves="api")
    for _ in range(3):
        count = run("mids", "curl -s http://localhost:5000/home")
    run.expect("visits that the app answers", count.stdout, "3\n")
    run.expect("visits in Redis", run("redis", "redis-cli -h redis get home").stdout, "3\n")
    kept = run("mids", "kafkacat -C -b kafka:29092 -t visits -o beginning -e -q")
    run.expect("visits in Kafka", kept.stdout, "home\n" * 3)
