"""The cache is filled in parallel, verified and resumed, from a repository that may misbehave."""

from __future__ import annotations

import os
import random
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from disks import files_of_at_most
from maven import Repository

from harness.cluster.toolchain import download, fetch
from harness.cluster.toolchain.lock import Artifact
from harness.errors import EnvironmentFault
from harness.locks import exclusive

CONTENT = random.Random(1).randbytes(1_000_000)


class Told:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.started: list[tuple[int, int]] = []
        self.bytes = 0
        self.said: list[str] = []
        self.stopped = 0
        self.begun = threading.Event()
        self.spoken = threading.Event()
        self._lock = threading.Lock()

    def start(self, files: int, total_bytes: int) -> None:
        self.started.append((files, total_bytes))
        self.begun.set()

    def advance(self, nbytes: int) -> None:
        with self._lock:
            self.bytes += nbytes

    def say(self, text: str) -> None:
        self.said.append(text)
        self.spoken.set()

    def stop(self) -> None:
        self.stopped += 1


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    served = Repository(tmp_path / "served")
    monkeypatch.setenv("HARNESS_MAVEN_REPOSITORY", f"{served.url}/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    download.session.cache_clear()
    yield served
    served.close()
    download.session().close()
    download.session.cache_clear()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def fill(cache: Path, *artifacts: Artifact) -> Told:
    told = Told()
    fetch.ensure(cache, told, artifacts)
    return told


def place(cache: Path, artifact: Artifact) -> Path:
    """Give the path of a file in the cache, in a folder that is there."""
    file = cache / "maven" / artifact.path
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def part(cache: Path, artifact: Artifact) -> Path:
    file = place(cache, artifact)
    return file.with_name(f"{file.name}.part")


def present(cache: Path) -> set[Path]:
    return {path for path in (cache / "maven").rglob("*") if path.is_file()}


def test_files_are_fetched_side_by_side(repository: Repository, cache: Path) -> None:
    artifacts = [repository.add(f"part{number}", CONTENT[: number * 1000]) for number in range(1, 5)]
    together = threading.Barrier(4, timeout=10)
    repository.before = lambda _: together.wait()  # no request is answered before four are asked
    told = Told()
    assert fetch.ensure(cache, told, artifacts) == 10_000
    for number, artifact in enumerate(artifacts, 1):
        assert place(cache, artifact).read_bytes() == CONTENT[: number * 1000]
    assert (told.started, told.bytes, told.stopped) == ([(4, 10_000)], 10_000, 1)
    assert present(cache) == {place(cache, artifact) for artifact in artifacts}


def test_a_full_cache_needs_no_network_and_reads_no_file_again(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifacts = [repository.add("one", CONTENT), repository.add("two", b"2")]
    fill(cache, *artifacts)
    repository.close()
    monkeypatch.setattr(fetch, "sha256", lambda file: pytest.fail(f"{file} was read"))
    told = Told()
    assert fetch.ensure(cache, told, artifacts) == 0
    assert told.started == told.said == []


def test_a_full_cache_waits_for_nobody(repository: Repository, cache: Path) -> None:
    artifact = repository.add("one", CONTENT)
    fill(cache, artifact)
    told = Told()
    told.say = pytest.fail
    with exclusive(cache / "fill.lock"):
        fetch.ensure(cache, told, [artifact])


def test_files_that_came_from_elsewhere_are_verified_and_not_fetched(repository: Repository, cache: Path) -> None:
    artifact = repository.add("one", CONTENT)
    place(cache, artifact).write_bytes(CONTENT)
    fill(cache, artifact)
    assert repository.asked == []


def test_only_what_is_missing_is_fetched(repository: Repository, cache: Path) -> None:
    one, two = repository.add("one", CONTENT), repository.add("two", b"22")
    fill(cache, one)
    assert fill(cache, one, two).started == [(1, 2)]
    assert [path for path, _ in repository.asked] == [f"/{one.path}", f"/{two.path}"]


def test_a_part_is_continued_where_it_stopped(repository: Repository, cache: Path) -> None:
    artifact = repository.add("one", CONTENT)
    part(cache, artifact).write_bytes(CONTENT[:1000])
    told = fill(cache, artifact)
    assert repository.asked_for(artifact) == ["bytes=1000-"]
    assert place(cache, artifact).read_bytes() == CONTENT
    assert not part(cache, artifact).exists()
    assert told.bytes == artifact.size


def test_a_whole_part_only_takes_its_name(repository: Repository, cache: Path) -> None:
    artifact = repository.add("one", CONTENT)
    part(cache, artifact).write_bytes(CONTENT)
    told = fill(cache, artifact)
    assert repository.asked == []
    assert present(cache) == {place(cache, artifact)}
    assert told.bytes == artifact.size


@pytest.mark.parametrize("left", [b"x" * 1000, b"x" * len(CONTENT)])
def test_a_part_of_other_content_is_fetched_from_its_beginning(
    repository: Repository, cache: Path, left: bytes
) -> None:
    artifact = repository.add("one", CONTENT)
    part(cache, artifact).write_bytes(left)
    told = fill(cache, artifact)
    assert repository.asked_for(artifact)[-1] is None
    assert place(cache, artifact).read_bytes() == CONTENT
    assert told.bytes == artifact.size


def test_a_part_longer_than_the_file_is_fetched_from_its_beginning(repository: Repository, cache: Path) -> None:
    artifact = repository.add("one", CONTENT)
    part(cache, artifact).write_bytes(CONTENT + b"more")
    fill(cache, artifact)
    assert repository.asked_for(artifact) == [None]
    assert place(cache, artifact).read_bytes() == CONTENT


def test_a_repository_without_ranges_sends_the_whole_file(repository: Repository, cache: Path) -> None:
    artifact = repository.add("one", CONTENT)
    repository.ranges = False
    part(cache, artifact).write_bytes(CONTENT[:1000])
    told = fill(cache, artifact)
    assert repository.asked_for(artifact) == ["bytes=1000-"]
    assert place(cache, artifact).read_bytes() == CONTENT
    assert told.bytes == artifact.size


def test_an_answer_that_is_cut_short_is_continued(repository: Repository, cache: Path) -> None:
    artifact = repository.add("one", CONTENT)
    repository.cuts[artifact.path] = 600_000
    told = fill(cache, artifact)
    first, second = repository.asked_for(artifact)
    assert first is None
    assert 0 < int(str(second).removeprefix("bytes=").removesuffix("-")) <= 600_000
    assert place(cache, artifact).read_bytes() == CONTENT
    assert told.bytes == artifact.size


@pytest.mark.parametrize("damage", [CONTENT[:-1] + b"!", CONTENT[:100], b""])
def test_a_damaged_file_is_said_and_fetched_again(repository: Repository, cache: Path, damage: bytes) -> None:
    artifact = repository.add("one", CONTENT)
    fill(cache, artifact)
    place(cache, artifact).write_bytes(damage)
    told = fill(cache, artifact)
    assert told.said == [f"{place(cache, artifact)} is damaged (its sha256 is not the lock's): fetching it again"]
    assert place(cache, artifact).read_bytes() == CONTENT


def test_a_new_sha256_in_the_lock_fetches_the_file_again(repository: Repository, cache: Path) -> None:
    fill(cache, repository.add("one", b"old"))
    fill(cache, new := repository.add("one", b"new"))
    assert place(cache, new).read_bytes() == b"new"


@pytest.mark.parametrize("memory", ["{", "\x00", "", "[]", "null"])
def test_a_damaged_memory_of_what_was_verified_costs_only_time(
    repository: Repository, cache: Path, memory: str
) -> None:
    artifact = repository.add("one", CONTENT)
    fill(cache, artifact)
    (cache / "verified.json").write_text(memory)
    fill(cache, artifact)
    assert len(repository.asked) == 1


def test_other_content_than_the_locks_is_refused_with_both_sha256(repository: Repository, cache: Path) -> None:
    artifact = repository.add("one", CONTENT)
    other = repository.add("other", b"hello")
    repository.put(artifact, b"hello")
    told = Told()
    with pytest.raises(EnvironmentFault) as caught:
        fetch.ensure(cache, told, [artifact])
    assert caught.value.headline == "org.example:one:1.0 could not be fetched."
    assert caught.value.wanted == f"{len(CONTENT)} bytes with sha256 {artifact.sha256}"
    assert str(caught.value.seen).startswith(f"5 bytes with sha256 {other.sha256}")
    assert present(cache) == set()
    assert (told.bytes, told.stopped) == (0, 1)


def test_without_a_repository_the_error_says_what_to_do(repository: Repository, cache: Path) -> None:
    artifact = repository.add("one", CONTENT)
    repository.close()
    with pytest.raises(EnvironmentFault) as caught:
        fill(cache, artifact)
    assert "Connection refused" in str(caught.value.seen)
    assert "check the network" in str(caught.value.remedy)
    assert "HARNESS_MAVEN_REPOSITORY" in str(caught.value.remedy)
    assert present(cache) == set()


def test_a_file_that_the_repository_has_not_is_named(repository: Repository, cache: Path) -> None:
    artifact = repository.add("one", CONTENT)
    (repository.folder / artifact.path).unlink()
    with pytest.raises(EnvironmentFault, match=r"org\.example:one:1\.0 could not be fetched") as caught:
        fill(cache, artifact)
    assert "404" in str(caught.value.seen)


def test_what_came_before_another_file_failed_is_not_fetched_again(repository: Repository, cache: Path) -> None:
    good, bad = repository.add("good", CONTENT), repository.add("bad", b"bad")
    repository.put(bad, b"worse")
    with pytest.raises(EnvironmentFault, match=r"org\.example:bad"):
        fill(cache, good, bad)
    repository.put(bad, b"bad")
    fill(cache, good, bad)
    assert place(cache, good).read_bytes() == CONTENT
    assert repository.asked_for(good).count(None) == 1


def test_too_little_disk_space_is_said_before_anything_is_fetched(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = repository.add("one", CONTENT)
    free = len(CONTENT) + fetch.SPARE_BYTES - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(EnvironmentFault) as caught:
        fill(cache, artifact)
    assert caught.value.headline == "Not enough disk space for the servers' parts."
    assert caught.value.wanted == f"301 MB free in {cache}/maven"
    assert "HARNESS_CACHE" in str(caught.value.remedy)
    assert repository.asked == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_disk_that_fills_up_is_named_as_full(repository: Repository, cache: Path) -> None:
    artifact = repository.add("one", CONTENT)
    part(cache, artifact).symlink_to("/dev/full")
    with pytest.raises(EnvironmentFault) as caught:
        fill(cache, artifact)
    assert caught.value.headline == "The disk of the cache is full."
    assert "No space left on device" in str(caught.value.seen)
    assert not place(cache, artifact).exists()


def test_a_disk_that_takes_no_more_leaves_the_part_for_the_next_time(repository: Repository, cache: Path) -> None:
    artifact = repository.add("one", CONTENT)
    refused = pytest.raises(EnvironmentFault, match="The cache folder cannot be used")
    with files_of_at_most(300_000), refused as caught:
        fill(cache, artifact)
    assert "File too large" in str(caught.value.seen)
    assert part(cache, artifact).read_bytes() == CONTENT[:300_000]


def test_a_cache_that_is_no_folder_is_refused(repository: Repository, tmp_path: Path) -> None:
    artifact = repository.add("one", CONTENT)
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentFault) as caught:
        fill(tmp_path / "file", artifact)
    assert caught.value.headline == "The cache folder cannot be used."
    assert str(tmp_path / "file") in str(caught.value.wanted)


def test_two_that_fill_one_cache_fetch_each_file_once_and_the_second_says_that_it_waits(
    repository: Repository, cache: Path
) -> None:
    artifacts = [repository.add("one", CONTENT), repository.add("two", b"2")]
    first, second = Told(), Told()
    repository.before = lambda _: second.spoken.wait(10)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(fetch.ensure, cache, first, artifacts)
        first.begun.wait(10)
        two = pool.submit(fetch.ensure, cache, second, artifacts)
        assert (one.result(), two.result()) == (len(CONTENT) + 1, 0)
    assert second.said == [f"another run is filling {cache}; waiting for it"]
    assert len(repository.asked) == 2


def test_who_waits_for_another_changes_nothing_in_the_cache(repository: Repository, cache: Path) -> None:
    artifact = repository.add("one", CONTENT)
    place(cache, artifact).write_bytes(b"damaged")
    told = Told()
    with ThreadPoolExecutor(1) as pool:
        with exclusive(cache / "fill.lock"):
            job = pool.submit(fetch.ensure, cache, told, [artifact])
            told.spoken.wait(10)
            before = (list(told.said), place(cache, artifact).read_bytes(), (cache / "verified.json").exists())
        assert job.result() == len(CONTENT)
    assert before == ([f"another run is filling {cache}; waiting for it"], b"damaged", False)


def test_an_interruption_leaves_the_part_and_the_next_time_continues_there(repository: Repository, cache: Path) -> None:
    artifact = repository.add("one", CONTENT)

    class Interrupting(Told):
        def advance(self, nbytes: int) -> None:
            super().advance(nbytes)
            if self.bytes > 500_000:
                raise KeyboardInterrupt

    told = Interrupting()
    with pytest.raises(KeyboardInterrupt):
        fetch.ensure(cache, told, [artifact])
    assert told.stopped == 1
    left = part(cache, artifact).read_bytes()
    assert left == CONTENT[: len(left)]
    assert 500_000 < len(left) < len(CONTENT)
    assert present(cache) == {part(cache, artifact)}

    fill(cache, artifact)
    assert repository.asked_for(artifact) == [None, f"bytes={len(left)}-"]
    assert place(cache, artifact).read_bytes() == CONTENT


def test_a_failure_stops_the_files_that_are_under_way_and_leaves_their_parts(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long, bad = repository.add("long", CONTENT), repository.add("bad", b"bad")
    repository.put(bad, b"worse")
    stopping = threading.Event()

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            stopping.set()
            super().shutdown(wait, cancel_futures=cancel_futures)

    class Slow(Told):
        def advance(self, nbytes: int) -> None:
            if nbytes > len(b"worse"):  # a block of the long file
                stopping.wait(10)

    monkeypatch.setattr(fetch, "ThreadPoolExecutor", Pool)
    with pytest.raises(EnvironmentFault, match=r"org\.example:bad"):
        fetch.ensure(cache, Slow(), [long, bad])
    left = part(cache, long).read_bytes()
    assert left == CONTENT[: len(left)]
    assert 0 < len(left) < len(CONTENT)


def test_after_a_failure_no_other_file_is_asked_for_again(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long, bad = repository.add("long", CONTENT), repository.add("bad", b"bad")
    (repository.folder / long.path).unlink()
    repository.put(bad, b"worse")
    stopping = threading.Event()

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            stopping.set()
            super().shutdown(wait, cancel_futures=cancel_futures)

    monkeypatch.setattr(fetch, "ThreadPoolExecutor", Pool)
    repository.before = lambda path: path == f"/{long.path}" and stopping.wait(10)
    with pytest.raises(EnvironmentFault, match=r"org\.example:bad"):
        fill(cache, long, bad)
    assert len(repository.asked_for(long)) == 1


def test_the_repository_is_an_https_address_or_the_mirror_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HARNESS_MAVEN_REPOSITORY", raising=False)
    assert download.repository_url().startswith("https://")
    monkeypatch.setenv("HARNESS_MAVEN_REPOSITORY", "http://mirror/maven/")
    assert download.repository_url() == "http://mirror/maven"


def test_every_file_of_the_lock_is_wanted_once() -> None:
    paths = [artifact.path for artifact in fetch.all_artifacts()]
    assert len(paths) == len(set(paths)) > 100
    assert os.pardir not in "".join(paths)
