"""The files that guests have: they mend old habits in any Python process, and answer pip and apt-get."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.cluster import guest_commands


@dataclass(frozen=True)
class Guest:
    """A guest's Python, in a folder of its own, with no PATH but the system's."""

    home: Path

    @property
    def helps(self) -> list[tuple[str, str]]:
        file = self.home / "helps"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(line.partition("\t")[0], line.partition("\t")[2]) for line in lines]

    def run(self, *words: str, path: str = "/usr/bin:/bin", packages: str = "") -> subprocess.CompletedProcess[str]:
        environment = {"PATH": path, "PYTHONPATH": str(self.home / "lib"), "HARNESS_HELPS": str(self.home / "helps")}
        environment["HARNESS_PACKAGES"] = packages
        return subprocess.run(
            [sys.executable, *words], cwd=self.home, env=environment, capture_output=True, text=True, check=False
        )

    def python(self, text: str) -> str:
        done = self.run("-c", text)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture
def guest(tmp_path: Path) -> Guest:
    (tmp_path / "lib").mkdir()
    for file in guest_commands.library():
        (tmp_path / "lib" / file.name).write_text(file.read_text())
    (tmp_path / "lib" / "pip-allowed.txt").write_text("flask\nKafka_Python\nnot-there\n")
    return Guest(tmp_path)


# Rows


ROWS = "from pyspark.sql import Row, types; "


def test_fields_of_a_row_are_sorted_as_before_spark_3_and_it_is_told_once(guest: Guest) -> None:
    printed = guest.python(ROWS + "print(Row(b=1, a=2), Row(d=1, c=2).__fields__, Row(b=1, a=2).asDict()['b'])")
    assert printed == "Row(a=2, b=1) ['c', 'd'] 1"
    assert [name for name, _ in guest.helps] == ["row"]


@pytest.mark.parametrize("row", ["Row(a=1, b=2)", "Row('b', 'a')(1, 2)", "Row(1, 'x')"])
def test_a_row_that_needs_no_help_stays_and_nothing_is_told(guest: Guest, row: str) -> None:
    plain = subprocess.run([sys.executable, "-c", f"{ROWS}print({row})"], capture_output=True, text=True, check=True)
    assert guest.python(f"{ROWS}print({row})") == plain.stdout.strip()
    assert guest.helps == []


def test_with_a_schema_named_fields_are_found_by_name(guest: Guest) -> None:
    schema = (
        "s = types.StructType([types.StructField('b', types.LongType()), types.StructField('a', types.StringType())]);"
        "r = Row(b=1, a='x');"
    )
    assert guest.python(f"{ROWS}{schema} types._make_type_verifier(s)(r); print(s.toInternal(r))") == "(1, 'x')"
    assert guest.python(f"{ROWS}{schema} print(types._create_converter(s)(r))") == "(1, 'x')"


def test_a_pickled_row_is_the_same(guest: Guest) -> None:
    printed = guest.python(ROWS + "import pickle; print(pickle.loads(pickle.dumps(Row(b=1, a=2))))")
    assert printed == "Row(a=2, b=1)"


# Types as text


def test_a_simple_type_as_text_needs_no_session(guest: Guest) -> None:
    text = (
        "from pyspark.sql.functions import udf\n"
        "@udf('boolean')\n"
        "def f(x): return True\n"
        "@udf(' STRING ')\n"
        "def g(x): return x\n"
        "print(f.returnType, g.returnType)"
    )
    assert guest.python(text) == "BooleanType() StringType()"
    assert [name for name, _ in guest.helps] == ["udf"]


# Files that have names of a guest's own


@pytest.mark.parametrize("name", ["old_jobs", "old_apps", "helps", "apt_get"])
def test_a_submissions_file_of_the_same_name_is_the_one_that_is_imported(guest: Guest, name: str) -> None:
    (guest.home / f"{name}.py").write_text("mine = True\n")
    (guest.home / "job.py").write_text(f"{ROWS}import {name}; print({name}.mine, Row(b=1, a=2))")
    assert guest.run("job.py").stdout == "True Row(a=2, b=1)\n"


def test_a_help_that_cannot_be_written_down_harms_nothing(guest: Guest) -> None:
    (guest.home / "helps").mkdir()
    assert guest.run("-c", ROWS + "print(Row(b=1, a=2))").stdout == "Row(a=2, b=1)\n"


# Web apps and clients of Kafka


def test_old_settings_of_kafka_clients_are_left_out_and_told(guest: Guest) -> None:
    text = (
        "import kafka\n"
        "from kafka.errors import NoBrokersAvailable, KafkaTimeoutError\n"
        "kafka.KafkaConsumer(sock_chunk_bytes=1, client_id='me', bootstrap_servers=[])\n"
    )
    done = guest.run("-c", text)
    assert "Unrecognized" not in done.stderr
    assert "ImportError" not in done.stderr
    assert guest.helps == [("kafka-python", "KafkaConsumer has no sock_chunk_bytes any more: left out")]


def test_what_was_never_a_setting_is_refused_as_it_is(guest: Guest) -> None:
    done = guest.run("-c", "import kafka; kafka.KafkaProducer(bootstrap_server='kafka:29092')")
    assert "Unrecognized configs: {'bootstrap_server'" in done.stderr
    assert guest.helps == []


def test_old_names_of_flask_are_there(guest: Guest) -> None:
    text = (
        "from flask import Flask, Markup, escape\n"
        "app = Flask('x')\n"
        "seen = []\n"
        "@app.before_first_request\n"
        "def begin(): seen.append(1)\n"
        "@app.route('/')\n"
        "def root(): return str(escape('<b>'))\n"
        "client = app.test_client()\n"
        "print(client.get('/').text, client.get('/').text, seen)\n"
    )
    assert guest.python(text) == "&lt;b&gt; &lt;b&gt; [1]"
    assert [name for name, _ in guest.helps] == ["flask"]


# pip and apt-get


@pytest.mark.parametrize(
    ("words", "code", "out", "err"),
    [
        (["install", "flask"], 0, "Requirement already satisfied: flask (", ""),
        (["install", "--user", "-q", "Flask", "kafka.python"], 0, "already satisfied: kafka.python", ""),
        (["install", "-i", "https://x", "flask>=0.1"], 0, "already satisfied: flask>=0.1", ""),
        (["install", "flask==0.12"], 0, "already satisfied", "harness: pip: flask "),
        (["install", "pytest"], 1, "", "'pytest' is not there: it is not among the packages that are allowed"),
        (["install", "not-there"], 1, "", "it is allowed, but not installed"),
        (["install", "flask", "pytest"], 1, "already satisfied: flask", "'pytest'"),
        (["install", "../x", "git+https://github.com/a/b"], 1, "", "'git+https://github.com/a/b'"),
        (["install", "-r", "wanted.txt"], 1, "already satisfied: flask", "'pytest'"),
        (["install", "-r", "no\x1b[31m.txt"], 1, "", r"'no\x1b[31m.txt'"),
        (["install"], 0, "", ""),
        (["uninstall", "flask"], 1, "", "not 'uninstall'"),
        (["freeze"], 0, "flask==", ""),
    ],
)
def test_pip_says_what_is_there_and_refuses_the_rest(
    guest: Guest, words: Sequence[str], code: int, out: str, err: str
) -> None:
    (guest.home / "wanted.txt").write_text("# of mine\nflask\n\npytest  # for tests\n--no-binary x\n")
    done = guest.run("-m", "pip", *words)
    assert (done.returncode, out in done.stdout, err in done.stderr) == (code, True, True), done
    assert "\x1b" not in done.stdout + done.stderr
    assert bool(done.stderr) == bool(err)
    script = guest.run(str(guest.home / "lib" / "pip.py"), *words)
    assert (script.returncode, script.stdout, script.stderr) == (done.returncode, done.stdout, done.stderr)


def test_packages_of_the_grader_are_there_after_all_others_and_pip_says_so(guest: Guest, tmp_path: Path) -> None:
    more = tmp_path / "more"
    (more / "Their_Own-2.5.dist-info").mkdir(parents=True)
    (more / "Their_Own-2.5.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: Their_Own\nVersion: 2.5\n")
    for name in ("their_own.py", "json.py"):
        (more / name).write_text("shadows = True\n")
    assert guest.run("-m", "pip", "install", "their-own").returncode == 1
    done = guest.run("-m", "pip", "install", "their-own", packages=str(more))
    assert done.stdout == "Requirement already satisfied: their-own (2.5)\n", done.stderr
    text = "import json, their_own; print(their_own.shadows, hasattr(json, 'shadows'))"
    assert guest.run("-c", text, packages=str(more)).stdout == "True False\n"
    assert guest.run("-c", text).returncode == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["update"], 0),
        (["install", "-y", "editor"], 0),
        (["install", "-y", "apache2-utils"], 0),
        (["install", "editor", "nothing-like-it"], 100),
        (["install", "../../bin/sh"], 100),
        (["install", "*"], 100),
        (["purge", "editor"], 100),
        ([], 100),
    ],
)
def test_apt_get_says_what_is_there_and_refuses_the_rest(
    guest: Guest, tmp_path: Path, words: Sequence[str], code: int
) -> None:
    for name in ("editor", "ab"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    done = guest.run(str(guest.home / "lib" / "apt_get.py"), *words, path=str(tmp_path))
    assert done.returncode == code
    assert ("harness: " in done.stderr) == bool(code)


def test_the_guests_python_is_this_one_and_has_no_harness_on_its_path(guest: Guest) -> None:
    assert os.path.realpath(guest.python("import sys; print(sys.prefix)")) == os.path.realpath(sys.prefix)
