"""Writes docs/api.md from the docstrings of the public API: `./run docs`; with `--check` it only says what differs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import griffe
from griffe2md import default_config, render_object_docs

PAGE = Path(__file__).with_name("api.md")

PARTS = {
    "Steps": ("harness.steps.step", "harness.run.Run", "harness.steps.StepFailed", "harness.run.server_table"),
    "What a step is given, and what it gives": (
        *("harness.model.Capture", "harness.model.StepRecord", "harness.model.Check", "harness.model.Outcome"),
        "harness.cluster.protocol.Background",
    ),
    "Facts and invariants": ("harness.model.Fact", "harness.invariants.invariant", "harness.invariants.Evidence"),
    "The record": ("harness.model.Record", "harness.model.ServiceRecord", "harness.model.Invariant"),
    "Extensions": (
        *(f"harness.extend.{name}" for name in ("output", "rule", "renderer", "check", "command", "backend")),
        *("harness.extend.Backend", "harness.outputs.text.Output", "harness.normalise.rule.Rule"),
        *("harness.normalise.rule.Observation", "harness.normalise.rule.Masked"),
        *("harness.grade.model.Submission", "harness.grade.model.Finding", "harness.grade.model.Verdict"),
    ),
    "Servers": (
        "harness.cluster.stack.AddedService",
        "harness.cluster.stack.Stack",
        "harness.cluster.protocol.Cluster",
    ),
    "Errors": (
        *("harness.errors.ExitCode", "harness.errors.HarnessError", "harness.errors.UsageError"),
        "harness.errors.EnvironmentFault",
    ),
}

HEAD = """\
# API

Made from the docstrings by `./run docs`. What stands here keeps its meaning within a minor version (0.2.x); a change
that breaks it is named in the [changelog](../CHANGELOG.md). `harness` itself exports the names of the first three parts
that an assignment needs. [extending.md](extending.md) shows each extension at work.
"""


def page() -> str:
    """Give the text of the page."""
    package = griffe.load("harness", search_paths=[str(PAGE.parents[1])])
    config = {
        **default_config,
        "heading_level": 3,
        "show_root_full_path": False,
        "show_object_full_path": False,
        "show_submodules": False,
        "show_if_no_docstring": True,
        "summary": False,
        "filters": ["!^_"],
        "show_category_heading": False,
        "show_signature_annotations": True,
        "signature_crossrefs": False,
        "separate_signature": True,
        "line_length": 110,
    }
    parts = [HEAD]
    for title, names in PARTS.items():
        parts.append(f"## {title}\n")
        for name in names:
            text = render_object_docs(package[name.removeprefix("harness.")], config)  # type: ignore[arg-type]
            parts.append("\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n")
    ruff = [str(Path(sys.executable).with_name("ruff")), "format", "--stdin-filename", str(PAGE), "-"]
    return subprocess.run(ruff, input="\n".join(parts), capture_output=True, text=True, check=True).stdout


def main() -> int:
    """Write the page, or with `--check` say whether it is what the docstrings give."""
    text = page()
    if "--check" in sys.argv[1:]:
        if PAGE.read_text(encoding="utf-8") == text:
            return 0
        print("docs/api.md is not what the docstrings give: ./run docs", file=sys.stderr)
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
