"""Tells what happened in a world as the parts of a report, with the files that belong to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import programs
import story_jobs
import student_code as code
import wording as say
from document import Submission
from telling import Story
from world import Event, World, make_world


def tell(seed: int, dress: dict[str, object]) -> Submission:
    """Make the submission of a seed: right in every number."""
    world = make_world(seed)
    story = Story(world, dress)
    _opening(story)
    _cluster(story)
    _api(story)
    _topic(story)
    events = _first_load(story)
    if dress["batch"]:
        story_jobs.batch(story, events)
    if dress["console"] and not dress["earliest"]:
        story_jobs.console(story)
    if dress["stream"] or not dress["batch"]:
        story_jobs.stream(story)
    _closing(story)
    story.facts |= {"events": len(world.events), "main": world.main.event_type, "rounds": world.rounds}
    streamed = dress["stream"] or not dress["batch"]
    story.facts["stream_table"] = world.stream_table if streamed else None
    others = [route for route in world.routes if route is not world.main and route.event_type != "default"]
    story.facts["others"] = [(route.event_type.split("_")[0], route.thing) for route in others]
    report = str(dress["report"])
    parts = [replace(part, uid=number) for number, part in enumerate(story.parts, 1)]
    return Submission(f"seed-{seed}", parts, story.files, report, dress, story.facts)


def _opening(story: Story) -> None:
    rng = story.rng
    story.heading(rng.choice(["Game events pipeline", "Project 3: player events", "Tracking players", "Report"]))
    story.prose(*rng.sample(say.INTROS, rng.randint(1, 3)))


def _cluster(story: Story) -> None:
    rng = story.rng
    story.heading(rng.choice(["Starting the cluster", "Spin up", "Docker", "Set-up of the containers"]))
    story.files["docker-compose.yml"] = compose_file(story.world)
    services = list(programs._PS)
    story.prose(rng.choice(["six containers are needed.", "I start everything in the background.", "bring it up:"]))
    story.command("docker-compose up -d", "shell", "up")
    if rng.random() < 0.5:
        story.command("docker-compose ps", "shell")
        story.output(programs.compose_ps(story.world.folder.replace("-", ""), services), "compose_ps")


def _api(story: Story) -> None:
    world, rng = story.world, story.rng
    story.heading(rng.choice(["The web server", "Flask app", "API"]))
    path = f"{story.place}{world.module}.py"
    story.listing(path, code.app(world), "app")
    story.facts["app"] = path
    names = ", ".join(f"`{route.rule}`" for route in world.routes)
    story.prose(f"the routes are {names}.", rng.choice(["", "each call becomes a JSON message in Kafka."]))
    story.run("mids", f"env FLASK_APP={story.inside(path)} flask run --host 0.0.0.0", "flask")
    if rng.random() < 0.6:
        story.output(programs.flask_banner(world.module, old=rng.random() < 0.5), "flask")


def _topic(story: Story) -> None:
    world, rng = story.world, story.rng
    how = rng.choice(["zookeeper", "zookeeper", "bootstrap", "none" if not story.dress["course"] else "zookeeper"])
    story.heading(rng.choice(["The topic", "Kafka"]))
    server = "--zookeeper zookeeper:32181" if how == "zookeeper" else "--bootstrap-server kafka:29092"
    if how == "none":
        story.prose("Kafka creates the topic by itself with the first message.", tags=["auto_topic"])
    else:
        command = f"kafka-topics --create --topic {world.topic} --partitions 1 --replication-factor 1 "
        story.prose(f"I create the topic `{world.topic}`.", tags=["topic_prose"])
        story.run("kafka", command + f"--if-not-exists {server}", "topic")
        if rng.random() < 0.5:
            story.output([f"Created topic {world.topic}."], "kafka_topics", "topic_output")
    if rng.random() < 0.5:
        story.prose("to watch what arrives, I leave this running in another terminal:")
        story.run("mids", f"kafkacat -C -b kafka:29092 -t {world.topic} -o beginning")


def _first_load(story: Story) -> list[Event]:
    world, rng = story.world, story.rng
    story.heading(rng.choice(["Generating events", "Load with Apache Bench", "Sending requests"]))
    style = str(story.dress["first"])
    events = _by_hand(story) if story.dress["curl"] else []
    quick = rng.random() < 0.3
    world.gap = (1, 2) if quick else (4, 9)
    if style == "script":
        path = f"{story.place}{rng.choice(['ab.sh', 'load.sh', 'send_events.sh'])}"
        lines = ["#!/bin/bash", "", *(f"docker-compose exec mids {code.ab_command(c)}" for c in world.first), ""]
        story.listing(path, "\n".join(lines), "load_script", form="bash")
        story.command(f"bash {path}", "shell", "script_run")
        events += world.send(world.first)
    elif style == "block":
        story.prose(rng.choice(["these are the requests:", "I send the load for all players at once."]))
        lines = [f"docker-compose exec mids {code.ab_command(c)}" for c in world.first]
        story.command(lines, "shell", "load_block")
        events += world.send(world.first)
    else:
        for number, call in enumerate(world.first):
            if number < 4:
                story.prose(say.load_sentence(rng, call.requests, call.route.thing, call.host), tags=["load_prose"])
            story.run("mids", code.ab_command(call), "load")
            events += world.send([call])
            if number < 4:
                story.output(programs.ab(call.load, rng, world.werkzeug, world.revision, quick=quick), "ab", "ab")
        if rng.random() < 0.4:
            story.prose(say.option_sentence(rng, world.first[-1].requests), tags=["option"])
    _log_and_messages(story, events)
    return events


def _by_hand(story: Story) -> list[Event]:
    """Try the server with one request, and perhaps with one that it does not know."""
    world, rng = story.world, story.rng
    call = replace(rng.choice(world.first), host="localhost:5000", requests=1)
    verb = "" if call.route.verb == "GET" else f"-X {call.route.verb} "
    story.prose("a first try by hand:")
    story.run("mids", f'curl {verb}"http://localhost:5000{call.load.path}"', "curl")
    story.output(call.route.answer(call.value).rstrip("\n").split("\n"), "curl", "curl")
    events = [world.curl(call)]
    story.facts["curl"] = 1
    if rng.random() < 0.4:
        story.prose("a path that does not exist is answered with 404, as it should be:")
        story.run("mids", "curl http://localhost:5000/no_such_thing", "curl")
        story.output(programs.not_found().split("\n"), "curl", "curl")
        story.refused = [world.pass_time(5, 20)]
    return events


def _log_and_messages(story: Story, events: Sequence[Event]) -> None:
    world, rng = story.world, story.rng
    if rng.random() < 0.8:
        story.prose(say.log_sentence(rng, len(events) + len(story.refused), fine=not story.refused), tags=["log_prose"])
        client = rng.choice(["127.0.0.1", "127.0.0.1", "172.18.0.7"])
        lines = [programs.access_log(event.when, event.request, client=client) for event in events]
        refused = [programs.access_log(when, "GET /no_such_thing HTTP/1.1", 404, client) for when in story.refused]
        lines[1:1] = refused
        story.output(_cut(story, lines), "access_log", "log", *(["whole_log"] if not story.dress["cut"] else []))
    if rng.random() < 0.85:
        story.run("mids", f"kafkacat -C -b kafka:29092 -t {world.topic} -o beginning -e", "kafkacat")
        lines = [line for event in _cut(story, list(events)) for line in _wrapped(story, event)]
        story.output(lines, "json_lines", "events", *(["whole_events"] if not story.dress["cut"] else []))
        by_type = Counter(event.route.event_type for event in events)
        story.prose(say.topic_sentence(rng, len(events), by_type), tags=["topic_claim"])


def _cut(story: Story, lines: list) -> list:
    if not story.dress["cut"] or len(lines) < 9:
        return lines
    return [*lines[:4], "...", *lines[-2:]]


def _wrapped(story: Story, event: Event | str) -> list[str]:
    if isinstance(event, str):
        return [event]
    width = 80 if story.dress["wrap"] else 10_000
    return [event.json[i : i + width] for i in range(0, len(event.json), width)]


def _closing(story: Story) -> None:
    rng = story.rng
    story.heading(rng.choice(["Taking it down", "Shutting down", "End"]))
    story.prose(rng.choice(["last, everything is stopped.", "clean up:", "I stop Flask and Spark with Ctrl-C first."]))
    story.command("docker-compose down", "shell", "down")


def compose_file(world: World) -> str:
    """Write the compose file of the six services."""
    images = {
        "zookeeper": "confluentinc/cp-zookeeper:latest",
        "kafka": "confluentinc/cp-kafka:latest",
        "cloudera": "midsw205/hadoop:0.0.2",
        "spark": "midsw205/spark-python:0.0.6",
        "presto": "midsw205/presto:0.0.1",
        "mids": "midsw205/base:0.1.9",
    }
    blocks = [f"  {name}:\n    image: {image}\n    volumes:\n      - ~/w205:/w205\n" for name, image in images.items()]
    return "version: '2'\nservices:\n" + "\n".join(blocks)
