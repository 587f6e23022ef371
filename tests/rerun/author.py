"""An author of a submission that is to be rerun: types commands, sends requests, and keeps the books of all numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import programs
import story
from document import Part, Role, Submission
from telling import Story, part_name
from world import make_world

from rerun.books import Sent, ab, row
from rerun.expected import Aid, Answer, Expected, Growth, Typing

PRESTO = "presto --server presto:8080 --catalog hive --schema default"
SERVICES = ("zookeeper", "kafka", "cloudera", "spark", "presto", "mids")
LOOKS: dict[str, object] = {
    "form": "markdown",
    "listings": False,
    "cat": False,
    "backslashes": False,
    "info": "none",
    "prompt": "",
    "more": "",
    "merged": False,
    "lead": "",
    "numbered": False,
    "details": False,
    "tilde": False,
    "heading": "##",
    "typo": False,
    "trailing": False,
}


class Author(Story):
    """Writes one submission. `mount` is the folder inside the containers at which the commands name it."""

    def __init__(self, seed: int, folder: str, report: str = "README.md", mount: str = "", **looks: object) -> None:
        world = replace(make_world(seed), folder=folder, events=[])
        super().__init__(world, {**LOOKS, "seed": seed, **looks})
        self.mount = mount or f"/w205/{folder}"
        self.report = report
        self.place = ""
        self.width = None
        self.sent: list[Sent] = []
        self.extra: dict[str, int] = {}
        self.typed: list[Typing] = []
        self.answers: list[Answer] = []
        self.terminals: dict[str, int] = {}

    # files

    def hand_in(self, path: str, text: str, *, shown: bool = False, form: str = "python") -> None:
        """Hand a file in, and show it where it is said."""
        self.files[path] = text
        if shown:
            self.prose(f"This is `{path}`:")
            self.parts.append(Part(Role.LISTING, text.rstrip("\n").split("\n"), form, file=path))

    def compose(self, more: str = "") -> None:
        """Hand in the compose file of the six services and what else there is."""
        self.files["docker-compose.yml"] = story.compose_file(self.world) + more

    def inside(self, path: str) -> str:
        return f"{self.mount}/{path}"

    # commands

    def type(self, lines: str | Sequence[str], *meant: Typing, form: str = "shell") -> int:
        """Type lines that hold some commands. Gives the number of the last one."""
        self.command(lines, form)
        self.typed += meant
        return len(self.typed) - 1

    def host(self, line: str, *, stops: bool = False, background: bool = False) -> int:
        """Type a command on the host."""
        return self.type(line + " &" * background, Typing(None, line, background=background, stops=stops))

    def do(
        self, service: str, command: str, options: str = "", *, stops: bool = False, background: bool = False
    ) -> int:
        """Type a command for a service."""
        line = f"docker-compose exec {options}{service} {command}{' &' * background}"
        detached = "-d " in options
        return self.type(line, Typing(service, command, background=background or detached, stops=stops))

    def printed(self, lines: Sequence[str], form: str, by: int | None = None) -> None:
        """Paste what the last command (or another) printed."""
        self.output(lines, form)
        line = next(line for line in lines if line.strip())
        self.answers.append(Answer(form, line, len(self.typed) - 1 if by is None else by))

    # the usual steps

    def up(self, *, ps: bool = False, services: Sequence[str] = SERVICES) -> None:
        self.heading("Starting the cluster")
        self.host("docker-compose up -d")
        if ps:
            self.host("docker-compose ps")
            self.printed(programs.compose_ps(self.world.folder.replace("-", ""), services), "compose_ps")

    def down(self) -> None:
        self.heading("The end")
        self.prose("I stop what still runs with Ctrl-C, and take the cluster down.")
        self.host("docker-compose down")

    def topic(self, name: str, how: str = "--zookeeper zookeeper:32181") -> None:
        command = f"kafka-topics --create --topic {name} --partitions 1 --replication-factor 1 --if-not-exists {how}"
        self.do("kafka", command)
        self.printed([f"Created topic {name}."], "kafka_topics")

    def flask(self, path: str, more: str = "") -> None:
        """Start the web API in a terminal of its own."""
        self.prose("In a second terminal I start the web server, and leave it there:")
        command = f"env FLASK_APP={self.inside(path)} flask run --host 0.0.0.0{more}"
        self.terminals["flask"] = self.do("mids", command, stops=True)
        self.printed(programs.flask_banner(path.rpartition("/")[2].removesuffix(".py"), old=True), "flask")

    def spark(self, path: str, *, stops: bool = False) -> int:
        return self.do("spark", f"spark-submit {self.inside(path)}", stops=stops)

    # requests

    def send(self, request: str, topic: str, events: Sequence[Mapping[str, object]], status: int = 200) -> list[Sent]:
        """Note requests that were sent one after another, each with its event."""
        self.world.pass_time(2, 8)
        sent = []
        for event in events:
            when = self.world.pass_time(0, 0)
            sent.append(Sent(when, request, topic, event, status))
        self.sent += sent
        return sent

    def ab(
        self,
        options: str,
        path: str,
        reply: str,
        topic: str,
        event: Mapping[str, object],
        *,
        verb: str = "GET",
        posted: int = 0,
        shown: bool = True,
        type_it: bool = True,
    ) -> list[Sent]:
        """Send a load with ab: `options` as they are typed, with -n among them."""
        found = re.search(r"-n ?(\d+)", options)
        host = re.search(r'"Host: ([^"]*)"', options)
        count = int(found[1]) if found else 1
        if type_it:
            self.do("mids", ab(options, path))
        sent = self.send(f"{verb} {path} HTTP/1.0", topic, [event] * count)
        if shown and type_it:
            load = programs.Load(path, host[1] if host else "localhost", count, len(reply.encode()), verb, posted)
            lines = programs.ab(load, self.rng, self.world.werkzeug, self.world.revision, quick=True)
            self.printed(lines, "ab")
        return sent

    def curl(
        self, words: str, path: str, reply: str, topic: str, event: Mapping[str, object], verb: str = "GET"
    ) -> list[Sent]:
        """Send one request by hand."""
        self.do("mids", f"curl {words}{' ' * bool(words)}http://localhost:5000{path}")
        self.printed(reply.rstrip("\n").split("\n"), "curl")
        return self.send(f"{verb} {path} HTTP/1.1", topic, [event])

    def log(self, sent: Sequence[Sent]) -> None:
        """Paste what the web server logged."""
        lines = [programs.access_log(each.when, each.request, each.status) for each in sent]
        self.prose("The terminal of the web server shows a line for each request:")
        self.printed(lines, "access_log", self.terminals["flask"])

    def kafkacat(self, topic: str) -> None:
        """Read a topic to its end."""
        self.do("mids", f"kafkacat -C -b kafka:29092 -t {topic} -o beginning -e")
        self.printed([each.json for each in self.sent if each.topic == topic], "json_lines")

    # results

    def shown(self, columns: Sequence[str], sent: Sequence[Sent], *, by: int | None = None) -> None:
        """Paste what Spark's show() prints of some events."""
        self.printed(programs.spark_show(columns, [row(each, columns) for each in sent]), "spark", by)

    def ls(self, path: str, files: int, *, streamed: bool = False) -> None:
        self.do("cloudera", f"hadoop fs -ls {path}")
        when = self.world.pass_time(10, 30)
        entries = [(f"{path}/{part_name(self.rng)}", self.rng.randint(1900, 2600), when) for _ in range(files)]
        first = (f"{path}/_spark_metadata", None, when) if streamed else (f"{path}/_SUCCESS", 0, when)
        self.printed(programs.hdfs_ls([first, *sorted(entries)]), "hdfs_ls")

    def at_presto(self) -> None:
        """Open Presto's prompt."""
        self.do("presto", PRESTO)

    def ask(self, sql: str, columns: Sequence[str], rows: Sequence[Sequence[object]], prompt: str = "") -> None:
        """Ask at Presto's prompt."""
        when, number = self.world.next_query()
        self.type(f"{prompt}{sql};", Typing("presto", sql, "presto"), form="presto")
        footer = programs.presto_footer(when, number, self.world.session, len(rows))
        self.printed([*programs.presto(columns, rows), *footer], "presto")

    def execute(self, sql: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Ask Presto without its prompt."""
        self.world.pass_time(12, 50)
        self.do("presto", f'{PRESTO} --output-format ALIGNED --execute "{sql}"')
        self.printed(programs.presto(columns, rows), "presto")

    # the whole

    def finished(self) -> Submission:
        parts = [replace(part, uid=number) for number, part in enumerate(self.parts, 1)]
        return Submission(self.world.folder, parts, self.files, self.report, self.dress)

    def expected(
        self,
        tables: Mapping[str, int | Growth],
        *helps: Aid,
        topics: Mapping[str, int | Growth] | None = None,
        **more: object,
    ) -> Expected:
        """Say what a rerun gives: the topics as the books have them, the tables as told."""
        counted = dict(self.extra)
        for each in self.sent:
            counted[each.topic] = counted.get(each.topic, 0) + 1
        return Expected(
            self.typed, self.answers, {**counted, **(topics or {})}, tables, helps=frozenset(helps),
            folder=self.mount, **more,
        )  # fmt: skip
