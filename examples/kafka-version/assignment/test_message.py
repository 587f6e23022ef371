from harness import Run, StepRecord, step


@step("ZooKeeper and Kafka alone")
def test_cluster(run: Run) -> None:
    """The broker is of the version that toolchain.lock names."""
    run.up()
    said = run("kafka", "kafka-topics --version")
    run.expect("version", said.stdout.split()[0], "3.8.1")


@step("A message there and back")
def test_message(run: Run, cluster: StepRecord) -> None:
    """What is sent is read again."""
    run("mids", "echo hello | kcat -P -b kafka:29092 -t words")
    read = run("mids", "kcat -C -b kafka:29092 -t words -o beginning -e -q")
    run.expect("the message", read.stdout, "hello\n")
