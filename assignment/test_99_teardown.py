"""The last step: the cluster goes down."""

from harness import Run, StepRecord, step


@step("Take the cluster down")
def test_teardown(run: Run, cluster: StepRecord) -> None:
    """
    The API and every server are ended, those that others need last. The harness then looks for what might be left of
    its own (a process, a listening port, a container, the run's data folder) and fails this step when it finds any.

    All commands of this report, in their order, are in `history.txt` beside it.
    """
    down = run.down()
    run.expect("nothing is left", down.stdout.splitlines()[-1:], ["nothing is left: no process, no port, no folder"])
