"""What the stage of reruns reads from a compose file."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from harness.grade.model import Submission
from harness.grade.rerun.stage import redis_names
from harness.readme import read

PLAIN = "version: '2'\nservices:\n  mids:\n    image: midsw205/base:latest\n    stdin_open: true\n"


@pytest.mark.parametrize(
    ("more", "names"),
    [
        ("", []),
        ("  redis:\n    image: redis:latest\n    expose:\n      - '6379'\n", ["redis"]),
        ("  cache:\n    expose:\n      - '6379'\n    image: 'redis'\n", ["cache"]),
        ("  store:\n    image: docker.io/library/redis:5\n  mongo:\n    image: mongo\n", ["store"]),
        ("  redis-commander:\n    image: rediscommander/redis-commander\n", []),
        ("  # redis: image: redis\n", []),
    ],
)
def test_a_redis_is_known_by_its_image(more: str, names: list[str]) -> None:
    files = {"docker-compose.yml": PLAIN + more, "notes.yml": "  x:\n    image: redis\n"}
    submission = Submission(PurePosixPath("README.md"), read("# a\n", "README.md"), files)
    assert redis_names(submission) == names
