"""The kinds with a few lines of output each: topics, responses, Hive rows, services, files."""

from __future__ import annotations

import hashlib

import pytest

from harness.outputs import derive

TOPICS = "kafka-topics --zookeeper zookeeper:32181"


@pytest.mark.parametrize("printed", ["Created topic events.\n", 'Created topic "events".\n'])
def test_a_created_topic_is_named(printed: str) -> None:
    warned = "WARNING: Due to limitations in metric names, topics with a period could collide.\n" + printed
    assert derive(f"{TOPICS} --create --topic events --partitions 1", warned, "") == {
        "kind": "kafka_topics",
        "created": "events",
        "partitions": None,
        "replication_factor": None,
        "topics": None,
    }


@pytest.mark.parametrize(
    "printed",
    [
        "Topic: events\tTopicId: Z\tPartitionCount: 3\tReplicationFactor: 1\tConfigs: \n\tTopic: events\t…\n",
        "Topic:events PartitionCount:3 ReplicationFactor:1 Configs:\n",
    ],
)
def test_a_described_topic_gives_partitions_and_replicas(printed: str) -> None:
    facts = derive(f"{TOPICS} --describe --topic events", printed, "")
    assert (facts["created"], facts["partitions"], facts["replication_factor"]) == (None, 3, 1)


def test_listed_topics_are_names_only() -> None:
    printed = "__consumer_offsets\nevents\nguild.events-2\nsome warning: text\n\n"
    assert derive(f"{TOPICS} --list", printed, "")["topics"] == ["__consumer_offsets", "events", "guild.events-2"]


HEAD = "HTTP/1.1 201 CREATED\nServer: Werkzeug/3.1.9\ncontent-type: application/json\nContent-Length: 12\n\n"


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("before", ["", "HTTP/1.1 100 Continue\n\n", "HTTP/1.1 302 FOUND\nContent-Type: text/html\n\n"])
def test_a_response_with_headers_gives_status_type_and_body(before: str, ends: str) -> None:
    printed = (before + HEAD).replace("\n", ends) + '{"é": "x"}\n'
    assert derive("curl -s -i -X POST http://localhost:5000/guild", printed, "") == {
        "kind": "curl",
        "status": 201,
        "content_type": "application/json",
        "body": '{"é": "x"}\n',
        "body_bytes": 12,
    }


def test_a_response_without_headers_is_all_body() -> None:
    facts = derive("curl http://localhost:5000/", "Sword!\n", "  % Total    % Received\n")
    assert facts == {"kind": "curl", "body": "Sword!\n", "body_bytes": 7}


@pytest.mark.parametrize("options", ["-i", "-si", "--include", "-sSiL", "-X POST -i", "-I", "-d x=1 -i"])
def test_headers_are_found_in_every_spelling(options: str) -> None:
    assert derive(f"curl {options} http://localhost", HEAD, "")["status"] == 201


@pytest.mark.parametrize("options", ["-d i", "-di", "-H 'X: i'", "-sXPOSTi", "-d -i", "--data-binary @i", "-o i"])
def test_a_value_is_not_taken_for_the_header_option(options: str) -> None:
    assert "status" not in derive(f"curl {options} http://localhost", HEAD, "")


def test_a_long_body_is_kept_in_part_and_measured_whole() -> None:
    facts = derive("curl http://localhost/", "x" * 5000, "")
    assert (len(str(facts["body"])), facts["body_bytes"]) == (2000, 5000)


@pytest.mark.parametrize("printed", ["", "HTTP/1.1", "HTTP/1.1 200", "curl: (7) refused\n", "HTTP/1.1 ok\n\nx"])
def test_a_response_that_is_cut_off_or_odd_gives_what_there_is(printed: str) -> None:
    facts = derive("curl -i http://localhost/", printed, "")
    assert facts["status"] == (200 if "200" in printed else None)
    assert facts["content_type"] is None


def test_hive_rows_are_cells_between_tabs_without_the_shells_own_lines() -> None:
    printed = (
        "SLF4J: Class path contains multiple bindings\n"
        "26/11/24 08:26:32 WARN ObjectStore: Failed to get database\n"
        "Spark master: local[1], Application Id: local-1\n"
        "hive> select host, count(*) from purchases group by host;\n"
        "OK\n"
        "user1.comcast.com  \t10\n"
        "user2.att.com\t10\n"
        "\n"
        "Time taken: 0.5 seconds, Fetched 2 row(s)\n"
    )
    assert derive("hive -e 'select …'", printed, "") == {
        "kind": "hive",
        "values": [["user1.comcast.com", "10"], ["user2.att.com", "10"]],
        "rows": 2,
    }


def test_the_harness_own_services_have_their_states() -> None:
    printed = (
        "SERVICE    STATE        READY  MEMORY   ADDRESS\n"
        "kafka      running      2.1 s  264 MB   kafka:29092\n"
        "presto     not ready    -      393 MB   presto:8080\n"
    )
    assert derive("harness ps", printed, "") == {
        "kind": "ps",
        "services": {"kafka": "running", "presto": "not ready"},
    }


def test_compose_services_have_the_first_word_of_their_status() -> None:
    printed = (
        "NAME        IMAGE       COMMAND        SERVICE   CREATED         STATUS                   PORTS\n"
        'p-kafka-1   kafka:1     "/run.sh"      kafka     2 minutes ago   Up 2 minutes (healthy)   9092/tcp\n'
        'p-mids-1    mids:1      "/bin/bash"    mids      2 minutes ago   Exited (0)\n'
    )
    assert derive("docker compose ps", printed, "")["services"] == {"kafka": "Up", "mids": "Exited"}


def test_names_that_the_old_compose_wrapped_are_joined() -> None:
    printed = (
        "        Name                 Command         State        Ports     \n"
        "--------------------------------------------------------------------\n"
        "pipeline_cloud   /docker-entrypoint ...     Up       10000/tcp,     \n"
        "era_1                                                8020/tcp       \n"
        "pipeline_mids_   /bin/bash                  Exit 1                  \n"
        "1                                                                   \n"
    )
    services = derive("docker-compose ps", printed, "")["services"]
    assert services == {"pipeline_cloudera_1": "Up", "pipeline_mids_1": "Exit"}


def test_a_file_is_measured_and_digested_as_it_is() -> None:
    text = "version: '2'\n\x1b[31mé"
    assert derive("cat docker-compose.yml", text, "") == {
        "kind": "file",
        "bytes": len(text.encode()),
        "lines": 2,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    assert derive("cat empty", "", "")["lines"] == 0


STATES = """\
{"player_id": "p01", "balance": 940, "cart": ""}
{"player_id": "p02", "balance": 12345678901234567890, "cart": "é"}
"""


def test_rows_of_json_are_given_as_those_of_a_query() -> None:
    assert derive("python app/simulate_game.py --states", STATES, "warning: x\n") == {
        "kind": "objects",
        "columns": ["player_id", "balance", "cart"],
        "rows": 2,
        "values": [["p01", "940", ""], ["p02", "12345678901234567890", "é"]],
    }


@pytest.mark.parametrize(
    ("row", "values"),
    [('{"a": null, "b": true}', [["", "true"]]), ('{"a": [1]}', None), ('{"a": {"b": 1}}', None), ("{}", [[]])],
)
def test_what_a_row_of_json_can_hold(row: str, values: list[list[str]] | None) -> None:
    facts = derive("python a.py", f"{row}\n", "")
    assert (facts["rows"], facts["values"]) == (1, values)


@pytest.mark.parametrize("printed", ["", "hello\n", STATES + "done\n", STATES + '{"player_id": "p03"}\n', "[1]\n"])
def test_other_words_of_a_program_are_no_rows(printed: str) -> None:
    assert derive("python a.py", printed, "") == {}


def test_many_rows_of_json_are_counted_and_not_kept() -> None:
    facts = derive("python a.py", '{"a": 1}\n' * 51, "")
    assert (facts["rows"], facts["values"]) == (51, None)
