"""Wires the assignment to the harness."""

pytest_plugins = ["harness.plugin"]
