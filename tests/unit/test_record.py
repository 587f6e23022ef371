"""record.json holds the whole record, refuses what is not one, and never loses the old file."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, replace
from pathlib import Path
from types import MappingProxyType

import pytest
from disks import files_of_at_most
from samples import capture, record_of, sample_record

from harness import model, record
from harness.errors import ExitCode
from harness.record import RecordError, from_json, load, mask, save, to_json


def test_a_record_read_back_is_equal_and_gives_the_same_bytes() -> None:
    text = to_json(sample_record())
    assert from_json(text) == sample_record()
    assert to_json(from_json(text)) == text


def test_the_text_starts_with_the_version_and_ends_with_a_line_end() -> None:
    text = to_json(sample_record())
    assert text.startswith('{\n  "schema_version": 1,\n  "assignment": ')
    assert text.endswith("}\n")


def test_equal_records_give_equal_bytes_whatever_the_order_of_their_facts() -> None:
    one = record_of(capture("a", "mids", "ls", facts_b={"y": 1, "x": (1, 2)}, facts_a=2))
    two = record_of(capture("a", "mids", "ls", facts_a=2, facts_b=MappingProxyType({"x": (1, 2), "y": 1})))
    assert to_json(one) == to_json(two)


def test_bytes_that_were_not_utf8_survive(tmp_path: Path) -> None:
    printed = b"caf\xe9 \\\xff \x00\n".decode(errors="surrogateescape")
    save(record_of(capture("a", "mids", "cat é", printed)), tmp_path / "record.json")
    seen = load(tmp_path / "record.json").steps[0].commands[0]
    assert seen.stdout.encode(errors="surrogateescape") == b"caf\xe9 \\\xff \x00\n"
    assert "cat é" in (tmp_path / "record.json").read_text(encoding="utf-8")


def test_the_folder_of_a_report_stands_for_the_record_in_it(tmp_path: Path) -> None:
    save(sample_record(), tmp_path / "record.json")
    assert load(tmp_path) == sample_record()


def test_a_fact_that_is_not_json_is_refused_when_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(record_of(capture("a", "mids", "ls", rate=float("nan"))))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("record", model.Record),
        ("service", model.ServiceRecord),
        ("step", model.StepRecord),
        ("command", model.Capture),
        ("check", model.Check),
        ("invariant", model.Invariant),
    ],
)
def test_the_schema_has_the_fields_of_the_dataclasses_and_no_others(name: str, kind: type) -> None:
    schema = json.loads(Path(record.__file__).with_name("record.schema.json").read_text())["$defs"][name]
    needed = {each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING}
    assert set(schema["properties"]) == {each.name for each in fields(kind)}
    assert set(schema["required"]) - {"schema_version"} == needed
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_cut_short_record_is_refused(tmp_path: Path, share: float) -> None:
    text = to_json(sample_record())
    path = tmp_path / "record.json"
    path.write_text(text[: int(len(text) * share)])
    with pytest.raises(RecordError, match="cut short or is not JSON") as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_a_missing_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"none\.json cannot be read") as caught:
        load(tmp_path / "none.json")
    assert "No such file" in str(caught.value)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "record.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(RecordError, match="not UTF-8"):
        load(tmp_path / "record.json")


def test_a_future_version_is_refused_with_the_versions_that_are_read() -> None:
    text = to_json(sample_record()).replace('"schema_version": 1', '"schema_version": 7')
    with pytest.raises(RecordError) as caught:
        from_json(text)
    assert "among 1, the versions read here" in str(caught.value)
    assert "seen:   7" in str(caught.value)


@pytest.mark.parametrize(("version", "remedy"), [(0, "harness report"), (7, "the newer harness that wrote it")])
def test_another_version_is_named_with_file_line_and_remedy(tmp_path: Path, version: int, remedy: str) -> None:
    file = tmp_path / "record.json"
    file.write_text(to_json(sample_record()).replace('"schema_version": 1', f'"schema_version": {version}'))
    with pytest.raises(RecordError, match=r"record\.json, line 2: another schema version\.") as caught:
        load(file)
    assert remedy in str(caught.value.remedy)


@pytest.mark.parametrize(
    ("old", "new", "where", "wanted", "seen"),
    [
        ('"outcome": "blocked"', '"outcome": "skipped"', "$.steps[5].outcome", "one of passed, failed", '"skipped"'),
        ('"exit_code": null', '"exit_code": "0"', "$.steps[1].commands[0].exit_code", "integer or null", '"0"'),
        ('"seconds": 3.5', '"seconds": -1', "$.steps[2].seconds", "minimum 0", "-1"),
        ('"backend": "local",', "", "at $.", "the fields backend", "assignment"),
        ('"backend"', '"color": 1, "backend"', "at $.", "only the fields", "color"),
        (f'"started": "{sample_record().started}"', '"started": "yesterday"', "$.started", "pattern", '"yesterday"'),
    ],
)
def test_an_invalid_field_is_named_with_what_was_wanted_and_seen(
    tmp_path: Path, old: str, new: str, where: str, wanted: str, seen: str
) -> None:
    text = to_json(sample_record())
    assert old in text
    path = tmp_path / "record.json"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(RecordError) as caught:
        load(path)
    assert caught.value.exit_code is ExitCode.USAGE
    assert str(path) in str(caught.value)
    assert where in str(caught.value)
    assert wanted in str(caught.value.wanted)
    assert seen in str(caught.value.seen)


@pytest.mark.parametrize("text", ["[]", "null", "NaN", "[" * 100_000, "1" * 10_000])
def test_what_is_no_record_at_all_is_refused(text: str) -> None:
    with pytest.raises(RecordError):
        from_json(text)


def test_a_failed_save_keeps_the_old_record_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    save(sample_record(), path)
    with files_of_at_most(1000), pytest.raises(OSError, match="File too large"):
        save(replace(sample_record(), backend="compose"), path)
    assert load(path) == sample_record()
    assert list(tmp_path.iterdir()) == [path]


def masked(text: str, user: str = "alice", hostname: str = "alice-mbp.local", home: str = "/home/alice") -> str:
    record = record_of(capture("a", "mids", text, text, text), message=text)
    step = mask(record, user=user, hostname=hostname, home=home).steps[0]
    shown = {step.commands[0].command, step.commands[0].stdout, step.commands[0].stderr, step.message}
    assert len(shown) == 1
    return str(shown.pop())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/alice/w205/a.py", "~/w205/a.py"),
        ("file:/home/alice", "file:~"),
        ("see /home/alice.", "see ~."),
        ("/home/alice2 /home/alice-old", "/home/alice2 /home/<user>-old"),
        ("drwx alice staff /w205/assignment-12-alice", "drwx <user> staff /w205/assignment-12-<user>"),
        ("alice@alice-mbp:~$ ssh alice-mbp.local", "<user>@<host>:~$ ssh <host>"),
        ("malice alices _alice alice_", "malice alices _alice alice_"),
    ],
)
def test_person_and_machine_are_masked_as_whole_words(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize("name", ["root", "user1", "localhost", "mids", "presto", "max", "1000", ""])
def test_short_and_ordinary_names_stay(name: str) -> None:
    text = f"-rw-r--r-- {name} /{name}/x user1.comcast.com min mean max 1000"
    assert masked(text, user=name, hostname=name, home=f"/{name}") == text


def test_facts_are_never_masked() -> None:
    record = record_of(capture("a", "mids", "whoami", "alice\n", user="alice"))
    seen = mask(record, user="alice", hostname="box.lan", home="/home/alice").steps[0].commands[0]
    assert (seen.stdout, seen.facts) == ("<user>\n", {"user": "alice"})


def test_further_folders_are_masked_before_the_home_that_holds_them() -> None:
    text = "at /home/alice/.cache/x/run and /home/alice/work, not /home/alice/.cache/xy"
    folders = {"/home/alice/.cache/x": "<cache>"}
    found = record_of(capture("a", "mids", "true", text))
    seen = mask(found, user="alice", hostname="den", home="/home/alice", folders=folders).steps[0].commands[0]
    assert seen.stdout == "at <cache>/run and ~/work, not ~/.cache/xy"
