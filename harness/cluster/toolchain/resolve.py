"""Renewing the lock file: resolve the roots with jgo, fetch every file once, and write what came out.

Run by `harness lock`; nothing else needs a resolver.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from jgo.maven import MavenContext

from harness.cluster.toolchain.download import repository_url, session
from harness.cluster.toolchain.lock import Artifact, Component

HEADER = """\
The servers' parts, and the only place where their versions stand. Edit roots, alone, exclude and replace,
then renew the artifacts with `harness lock`. Each artifact: group:artifact:version[:classifier] bytes sha256.\
"""


def renew(parts: Mapping[str, Component], say: Callable[[str], None]) -> dict[str, Component]:
    """Resolve each component again and give it with its artifacts, sorted by coordinate."""
    known = {item.coordinate: item for part in parts.values() for item in part.artifacts}
    renewed = {}
    for part in parts.values():
        wanted = sorted({*part.alone, *_closure(part)})
        say(f"{part.name}: {len(wanted)} files")
        with ThreadPoolExecutor(6) as pool:
            items = pool.map(lambda coordinate: known.get(coordinate) or _measure(coordinate), wanted)
            renewed[part.name] = dataclasses.replace(part, artifacts=tuple(items))
    return renewed


def _closure(part: Component) -> set[str]:
    """Resolve the runtime dependencies of the roots, without what is excluded, with what is replaced."""
    if not part.roots:
        return set()
    context = MavenContext()
    inputs, transitive = context.resolver.resolve([context.create_dependency(root) for root in part.roots])
    result = set()
    for item in (*inputs, *transitive):
        key = f"{item.groupId}:{item.artifactId}"
        if key in part.exclude or item.scope in ("test", "provided"):
            continue
        version = part.replace.get(key, item.version)
        result.add(":".join(filter(None, (item.groupId, item.artifactId, version, item.classifier))))
    return result


def _measure(coordinate: str) -> Artifact:
    """Download a file once to learn its size and sha256."""
    draft = Artifact(coordinate, 0, "0" * 64)
    digest, size = hashlib.sha256(), 0
    with session().get(f"{repository_url()}/{draft.path}", stream=True, timeout=60) as answer:
        answer.raise_for_status()
        for block in answer.iter_content(1 << 20):
            digest.update(block)
            size += len(block)
    return Artifact(coordinate, size, digest.hexdigest())
