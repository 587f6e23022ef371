"""Java programs start with the words that they were given, and their class-data archives are kept once."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from layouts import layout_in

from harness.cluster import java_programs
from harness.cluster.jvm import OPENS, SHORT_RUN, JavaCommand
from harness.cluster.layout import Layout


def words_of(argument_file: str) -> list[str]:
    """Read an argument file as `java` does: a quoted word a line, in which a backslash escapes."""
    words = []
    for line in argument_file.splitlines():
        assert line[0] == line[-1] == '"'
        word, escaped = "", False
        for sign in line[1:-1]:
            if sign == "\\" and not escaped:
                escaped = True
                continue
            assert sign != '"' or escaped
            word, escaped = word + sign, False
        words.append(word)
    return words


def test_an_argument_file_holds_the_options_then_the_main_class_then_its_arguments() -> None:
    command = JavaCommand(
        "org.example.Main",
        (Path("/a.jar"), Path("/b.jar")),
        256,
        "hadoop",
        {"user.name": "root", "empty": ""},
        ("-conf", "x.xml"),
    )
    assert words_of(command.argument_file()) == [
        *SHORT_RUN,
        "-Xmx256m",
        "-Xmn40m",
        *(f"--add-opens={package}=ALL-UNNAMED" for package in OPENS["hadoop"]),
        "-Duser.name=root",
        "-Dempty=",
        "-cp",
        "/a.jar:/b.jar",
        "org.example.Main",
        "-conf",
        "x.xml",
    ]


@pytest.mark.parametrize(
    "word",
    ["a b", 'say "x"', "back\\slash", '\\"', "tab\there", "#no comment", "'single'", "@file", "$HOME *", "é", ""],
)
def test_every_argument_stays_one_word(word: str) -> None:
    text = JavaCommand("Main", (), 1, arguments=("before", word, "after")).argument_file()
    assert words_of(text)[-3:] == ["before", word, "after"]


def test_an_argument_file_escapes_as_java_reads_it() -> None:
    text = JavaCommand("Main", (), 1, arguments=('C:\\x "y"',)).argument_file()
    assert text.endswith('"Main"\n"C:\\\\x \\"y\\""\n')


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A cluster in a folder whose name has a space and a quote, with a `java` that prints its arguments."""
    made = layout_in(tmp_path / "it's a folder")
    made.java.parent.mkdir(parents=True)
    made.java.write_text('#!/bin/sh\nfor word in "$@"; do printf \'%s\\n\' "$word"; done\n')
    made.java.chmod(0o755)
    return made


@pytest.fixture
def command(layout: Layout) -> JavaCommand:
    jar = layout.cache / "one.jar"
    jar.parent.mkdir()
    jar.touch()
    return JavaCommand("org.example.Main", (jar,), 64)


def run(text: str, *words: str) -> list[str]:
    """Run a script. Gives the arguments that its java got."""
    done = subprocess.run(["/bin/sh", "-c", text, "name", *words], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def arguments(layout: Layout, name: str) -> str:
    return f"@{layout.conf / name}.java"


def archive(layout: Layout, name: str, command: JavaCommand) -> Path:
    """Give the archive that a first run says it will write, without the run's name behind it."""
    words = run(java_programs.script(layout, name, command))
    path = Path(next(word for word in words if "ArchiveClassesAtExit" in word).partition("=")[2])
    assert path.suffix == f".{layout.run.name}"
    (layout.training / name).rmdir()
    return path.with_suffix("")


def test_the_first_run_writes_an_archive_under_the_name_of_its_run(layout: Layout, command: JavaCommand) -> None:
    words = run(java_programs.script(layout, "tool", command), "a b", "c'd\"e", "")
    assert words[0].startswith(f"-XX:ArchiveClassesAtExit={layout.archives}/tool-")
    assert words[0].endswith(f".jsa.{layout.run.name}")
    assert words[-4:] == [arguments(layout, "tool"), "a b", "c'd\"e", ""]
    assert java_programs.is_training(layout, "tool")


def test_a_second_run_beside_it_writes_none(layout: Layout, command: JavaCommand) -> None:
    text = java_programs.script(layout, "tool", command)
    run(text)
    assert run(text, "x") == [arguments(layout, "tool"), "x"]


def test_a_run_uses_the_archive_that_is_there(layout: Layout, command: JavaCommand) -> None:
    made = archive(layout, "tool", command)
    made.touch()
    words = run(java_programs.script(layout, "tool", command), "x")
    assert words[0] == f"-XX:SharedArchiveFile={made}"
    assert words[-2:] == [arguments(layout, "tool"), "x"]
    assert not java_programs.is_training(layout, "tool")


def test_an_archive_that_is_whole_serves_the_same_runs_next_programs(layout: Layout, command: JavaCommand) -> None:
    text = java_programs.script(layout, "tool", command)
    written = Path(run(text)[0].partition("=")[2])
    written.write_bytes(bytes(8))  # as long as the JVM writes it
    assert run(text, "x") == [arguments(layout, "tool"), "x"]
    written.write_bytes(b"\xf0\x0b" + bytes(6))
    assert run(text)[0] == f"-XX:SharedArchiveFile={written.with_suffix('')}"
    assert not written.exists()


def test_a_program_takes_nothing_from_the_run_that_was_first(layout: Layout, command: JavaCommand) -> None:
    text = java_programs.script(layout, "tool", command)
    written = Path(run(text)[0].partition("=")[2])
    first = written.with_suffix("")
    for file, content in ((first, b"first"), (written, b"second")):
        file.write_bytes(content)
    assert run(text)[0] == f"-XX:SharedArchiveFile={first}"
    assert first.read_bytes() == b"first"


def test_what_a_killed_program_left_of_an_archive_gets_no_real_name(layout: Layout, command: JavaCommand) -> None:
    whole, torn = (Path(run(java_programs.script(layout, n, command))[0].partition("=")[2]) for n in ("whole", "torn"))
    whole.write_bytes(b"\xf0\x0b" + bytes(6))
    torn.write_bytes(bytes(8))
    java_programs.keep_archives(layout)
    assert sorted(layout.archives.iterdir()) == [whole.with_suffix("")]


def test_a_program_may_use_the_archive_of_another_and_writes_none(layout: Layout, command: JavaCommand) -> None:
    text = java_programs.script(layout, "other", command, archive_of="tool")
    assert run(text, "x") == [arguments(layout, "other"), "x"]
    made = archive(layout, "tool", command)
    made.touch()
    assert run(text, "x")[0] == f"-XX:SharedArchiveFile={made}"


def test_lines_before_and_other_words_are_taken_as_they_are(layout: Layout, command: JavaCommand) -> None:
    text = java_programs.script(layout, "tool", command, before='shift\necho "first: $1"\n', words='--flag "$@"')
    words = run(text, "gone", "a b")
    assert words[0] == "first: a b"
    assert words[-3:] == [arguments(layout, "tool"), "--flag", "a b"]


def test_every_program_has_the_clusters_folder_for_temporary_files_and_its_user(
    layout: Layout, command: JavaCommand
) -> None:
    java_programs.script(layout, "tool", command)
    words = words_of((layout.conf / "tool.java").read_text())
    assert f"-Djava.io.tmpdir={layout.tmp}" in words
    assert "-Duser.name=root" in words


def test_another_class_path_or_java_has_another_archive(layout: Layout, command: JavaCommand) -> None:
    first = archive(layout, "tool", command)
    assert archive(layout, "tool", command) == first
    other = layout.cache / "two.jar"
    other.touch()
    assert archive(layout, "tool", JavaCommand("org.example.Main", (*command.classpath, other), 64)) != first
    (layout.cache / "one.jar").write_text("changed")
    assert archive(layout, "tool", command) != first


def test_an_archive_is_kept_under_its_real_name(layout: Layout) -> None:
    (layout.archives / "tool-1.jsa.run1").write_text("mine")
    java_programs.keep_archives(layout)
    assert [(path.name, path.read_text()) for path in layout.archives.iterdir()] == [("tool-1.jsa", "mine")]


def test_the_archive_of_the_run_that_was_first_stays(layout: Layout) -> None:
    (layout.archives / "tool-1.jsa").write_text("first")
    (layout.archives / "tool-1.jsa.run1").write_text("mine")
    java_programs.keep_archives(layout)
    assert [(path.name, path.read_text()) for path in layout.archives.iterdir()] == [("tool-1.jsa", "first")]


def test_what_another_run_writes_is_left_alone(layout: Layout) -> None:
    (layout.archives / "tool-1.jsa.run2").touch()
    java_programs.keep_archives(layout)
    assert [path.name for path in layout.archives.iterdir()] == ["tool-1.jsa.run2"]


def test_sweep_removes_what_killed_runs_left_unfinished_and_nothing_else(layout: Layout) -> None:
    for name in ("tool-1.jsa", "tool-1.jsa.living", "tool-1.jsa.killed", "tool-2.jsa.killed"):
        (layout.archives / name).touch()
    java_programs.sweep(layout.archives, {"living"})
    assert {path.name for path in layout.archives.iterdir()} == {"tool-1.jsa", "tool-1.jsa.living"}


def test_sweep_of_a_folder_that_is_not_there_does_nothing(tmp_path: Path) -> None:
    java_programs.sweep(tmp_path / "none", set())
