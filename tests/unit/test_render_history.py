"""history.txt is what bash's `history` would print."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from samples import capture, record_of, sample_record

from harness.render.history import fold, render_history

COMMANDS = [
    "echo one",
    "echo a \\\n  b",
    "while false; do\n  echo a \\\n    -n 10 \\\n    b\n  sleep 10\ndone",
    'echo "one\ntwo" |\n  cat',
    "echo 'a\\\nb'\\''c'",
    "if true\nthen\n\n  echo y\nelse\n  echo n\nfi",
    "true &&\n  false",
    "{ echo q\n}",
    "f()\n{\n  echo f\n}",
    "case a in\n  b)\n    echo c\n    ;;\nesac",
    "while false; do # why\necho $i # each\ndone",
    "while false; do\n(echo a)\necho b &\necho c\ndone",
    "cat <<< hi",
]


def test_the_commands_are_numbered_in_order_from_one() -> None:
    lines = render_history(sample_record()).splitlines()
    commands = [each.command for step in sample_record().steps for each in step.commands]
    assert len(lines) == len(commands) == 11
    assert lines[0] == "    1  cat app/game_api.py"
    assert lines[10] == "   11  presto --execute 'select 1 from nowhere'"


def test_reused_steps_are_included() -> None:
    assert "    2  env FLASK_APP=app/game_api.py flask run" in render_history(sample_record())


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is the oracle")
def test_commands_are_folded_as_bash_folds_them() -> None:
    script = "\n".join(["set -o history", *COMMANDS, "history", ""])
    bash = ["bash", "--norc", "--noprofile"]
    printed = subprocess.run(bash, input=script, capture_output=True, text=True, check=True).stdout
    listed = printed[printed.index("    1  ") :]
    ours = render_history(record_of(*(capture("a", "mids", command) for command in [*COMMANDS, "history"])))
    assert ours == listed


def test_a_here_document_keeps_its_lines() -> None:
    command = "cat > q.sql <<'SQL'\nselect 1;\n# two\nSQL\npresto -f q.sql"
    assert fold(command) == command


def test_control_characters_are_shown() -> None:
    assert render_history(record_of(capture("a", "mids", "echo \x1b[2J"))) == "    1  echo \\x1b[2J\n"


def test_a_command_that_never_closes_its_quotes_is_listed() -> None:
    lines = render_history(record_of(capture("a", "mids", "echo 'a\nb" + '"' * 10_001 + "<<x " * 3_000)))
    assert re.match(r"    1  echo 'a; b", lines)
