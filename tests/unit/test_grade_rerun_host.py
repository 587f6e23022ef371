"""What the sandbox has of the harness."""

from __future__ import annotations

import subprocess
from pathlib import Path

from harness.grade.rerun import host


def test_functions_of_a_terminal_reach_docker_compose(tmp_path: Path) -> None:
    inside = host.furnish(tmp_path, "/usr/bin/env", {})
    shim = inside / "bin" / "docker-compose"
    first, _ = shim.read_text().splitlines()
    shim.write_text(f"{first}\nexec env\n")
    words = ["bash", "-c", f"true() {{ echo counted; }}; export -f true; {shim}"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "BASH_FUNC_true%%" in done.stdout
