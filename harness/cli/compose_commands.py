"""`harness images`: the images of the compose backend."""

from __future__ import annotations

import click
from rich.console import Console

from harness import settings
from harness.cluster.compose import engine, images
from harness.errors import ExitCode
from harness.progress import DownloadProgress


@click.command("images")
@click.option("--list", "only_list", is_flag=True, help="Show the images, and build none.")
def build_images(only_list: bool) -> ExitCode:
    """Build the images of the compose backend where they are missing, and list them: six, and those of a project.

    Nothing is downloaded in a build but system packages that the base image lacks: the servers come from the cache. The
    environment's BASE_IMAGE names another base image than the public one; it must have Java 17, and Python 3.11 or
    newer (or apt-get, to install it).

    \b
    Examples:
      harness images
      harness images --list
      BASE_IMAGE=registry.example.org/jre:17 harness images
    """
    console, stack = Console(highlight=False), settings.stack_here()
    if only_list:
        engine.check()
    else:
        log = settings.cache_dir() / "logs" / "images.log"
        images.ensure(DownloadProgress(console), console.print, log, stack=stack)
    found = images.images(images.tag(stack.lock), added=stack.added)
    width = max(len(image.name) for image in found)
    for image in found:
        size = "not built" if image.size is None else f"{image.size / 1e6:,.0f} MB"
        click.echo(f"{image.name:<{width}}  {size}")
    click.echo(f"base image: {images.base_image()}")
    return ExitCode.OK
