"""Whether a Docker Engine can be had for the tests that need one."""

from __future__ import annotations

import os

import pytest
from machine import harness

from harness.cluster.compose import engine, images


def needed() -> None:
    """Skip with the reason where no engine, or no base image for it, can be had."""
    if found := engine.why_not():
        pytest.skip(f"no Docker Engine: {found[0]}")
    if os.environ.get("BASE_IMAGE") and engine.image_id(images.base_image()) is None:
        pytest.skip(f"the base image {images.base_image()} is not here")


def build_images() -> None:
    """Build the images, or skip with the reason."""
    needed()
    ended = harness("images", timeout=1800)
    assert ended.code == 0, ended.output
