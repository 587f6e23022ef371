"""Step 3: the web API."""

from harness import Run, StepRecord, step


@step("Run the game's web API with Flask")
def test_api(run: Run, cluster: StepRecord) -> None:
    """
    The game's API server is a Flask application. `FLASK_APP` names its file; `flask run` serves it on port 5000 of
    the `mids` shell, on the interface that `FLASK_RUN_HOST` names, where it goes on in the background and prints a
    line for each request. Two of its routes are the original's: `/` (event type `default`) and `/purchase_a_sword`
    (event type `purchase_sword`); `/join_guild/NAME` is the second event that the task names. Each request becomes
    one JSON event in the topic `events`: the event type plus the request's Host, Accept and User-Agent headers. The
    answer is sent only after Kafka has acknowledged the event, so a request that was answered with 200 is never lost.

    `/healthz` asks whether the broker answers, and makes no event.
    """
    run.background("mids", "env FLASK_APP=app/game_api.py flask run", serves="api")
    started = run.look("api")
    run.expect("the server says where it runs", "Running on http://" in started.stdout + started.stderr, True)
    routes = run("mids", "env FLASK_APP=app/game_api.py flask routes")
    for route in ("/purchase_a_sword", "/join_guild/<guild_name>"):
        run.expect(f"there is a route {route}", route in routes.stdout, True)
    health = run("mids", "curl -s -i http://localhost:5000/healthz")
    run.expect("/healthz: status", health.facts["status"], 200)
