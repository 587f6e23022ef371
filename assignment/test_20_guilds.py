"""Options, 1: guilds with their metadata, through an API that takes parameters."""

from common import on_topic, query
from option_requests import FORGET, SCRATCH, SERVE, TOPIC, ask, count, expect

from harness import Run, StepRecord, step

PATHS = r'.paths | to_entries[] | "\(.key): \(.value | keys | join(", "))"'
DESCRIBED = f"curl -s http://localhost:5000/openapi.json | jq -r '{PATHS}'"
MEMBERS = {"ada": "knights", "bo": "knights", "cy": "wizards"}


@step("Options: guilds, joined and left, and filtered by name", optional=True)
def test_guilds(run: Run, api: StepRecord, topic: StepRecord) -> None:
    """
    The task names more than one event: guilds, items of several types, a shopping cart, an inventory. From here on the
    API is `options_api.py`: the routes of before, unchanged, and beside them `/players/NAME/…` with the verbs of HTTP,
    parameters in the path, the query and a JSON body, and answers in JSON; `/openapi.json` describes them all.

    Their events go to a topic of their own, `game-events`, with the player as the key, so all events of one player are
    in one partition. A change is answered once Kafka has its event; a request that is refused (leaving a
    guild that was never joined, joining a second one) leaves no event behind. A client that gets no answer asks again
    with the same `Idempotency-Key`, and nothing happens twice: of ten such requests by `ab` comes one event.

    `filter_game_events.py` then keeps the events of one guild, and Presto counts them.
    """
    own_topic = run.names.topic(TOPIC)
    run.clear("kafka", f"kafka-topics --delete --topic {own_topic} --if-exists --bootstrap-server kafka:29092")
    run.clear("mids", FORGET)
    created = run("kafka", f"kafka-topics --create --topic {own_topic} --partitions 2 --bootstrap-server kafka:29092")
    run.expect("topic created", created.facts["created"], own_topic)
    run.background("mids", SERVE, serves="api")
    described = run("mids", DESCRIBED)
    run.expect("the API describes itself", "/players/{player_id}/guild: delete, get, put\n" in described.stdout, True)

    for player, guild in MEMBERS.items():
        joined = ask(run, "PUT", f"/players/{player}/guild", {"guild_name": guild})
        expect(run, f"{player} joins", joined, 200, event__event_type="join_guild", player__guild__guild_name=guild)
    second = ask(run, "PUT", "/players/ada/guild", {"guild_name": "wizards"})
    expect(run, "ada joins a second guild", second, 409, title="In a guild already")
    expect(run, "ada leaves", ask(run, "DELETE", "/players/ada/guild"), 200, player__guild=None)
    again = ask(run, "DELETE", "/players/ada/guild")
    expect(run, "ada leaves a guild that she is not in", again, 409, title="In no guild")
    malformed = ask(run, "PUT", "/players/ada/guild", {"guild_name": "x\ny"})
    expect(run, "a name with a line feed", malformed, 400, field="guild_name")

    body = '{"guild_name": "wizards"}'
    ab = run(
        "mids",
        f"echo '{body}' > {SCRATCH}/wizards.json && ab -n 10 -c 2 -u {SCRATCH}/wizards.json -T application/json"
        " -H 'Idempotency-Key: ada-1' http://localhost:5000/players/ada/guild",
    )
    run.expect("ten requests with one key: complete", ab.facts["complete"], 10)
    run.expect("ten requests with one key: failed", ab.facts["failed"], 0)
    run.look("api")
    run.expect("events by type", on_topic(run, TOPIC), {"join_guild": len(MEMBERS) + 1, "leave_guild": 1})

    job = run("spark", "spark-submit jobs/filter_game_events.py guild_events --guild wizards --table wizards_events")
    run.expect("rows shown", job.facts["rows"], 2)
    run.expect("rows through Presto", count(run, "wizards_events"), 2)
    members = query(run, "select player_id, event_type, role from wizards_events order by player_id")
    wanted = [["ada", "join_guild", "member"], ["cy", "join_guild", "member"]]
    run.expect("who joined the wizards", members.facts["values"], wanted)
