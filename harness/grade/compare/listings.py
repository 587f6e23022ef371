"""Listings of HDFS: the names must come again; how many part files a stream leaves differs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from harness.grade.checks.context import is_cut
from harness.grade.compare.mentions import mentions
from harness.grade.compare.model import Group, Shown, View
from harness.grade.compare.said import excused, listed, same, unchecked, unlike, volatile
from harness.grade.model import Finding, Weight
from harness.outputs.hdfs_ls import Entry, entry
from harness.outputs.text import lines

CHECK: Final = "rerun-listing"
_OF_THE_CLUSTER: Final = frozenset({"hadoop-yarn", "hive", "logs", "spark", "temporary", "hsperfdata_root"})
_MADE_UP: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}|^\.|^_(?:temporary|metadata|common_metadata)$")


def compare(group: Group) -> Iterator[Finding]:
    """Compare the names and the part files of each listing with those of the rerun."""
    views = group.views()
    again = [each for view in views for printed in lines(view.capture.stdout) if (each := entry(printed)) is not None]
    for one in group.shown:
        read = ((line, entry(printed.strip())) for line, printed in one.block.printed())
        shown = [(line, each) for line, each in read if each is not None]
        if not shown:
            message = "No entry of the listing can be read."
            yield unchecked(CHECK, one.block, one.block.first_line, message)
        elif not again:
            message = "The rerun's listing has no entry that can be compared."
            yield unchecked(CHECK, one.block, shown[0][0], message)
        else:
            yield from _names(group, one, shown, again, views)
            yield from _parts(one, shown, again, views)
            message = "Sizes, dates and the names of part files differ from run to run."
            yield volatile(CHECK, one.block, shown[0][0], message)


def _is_own(one: Entry) -> bool:
    name = one.path.rpartition("/")[2]
    return not one.is_part and name not in _OF_THE_CLUSTER and not _MADE_UP.search(name)


def _path(one: Entry) -> str:
    return one.path.replace("//", "/").rstrip("/")


def _names(
    group: Group, one: Shown, shown: list[tuple[int, Entry]], again: list[Entry], views: list[View]
) -> Iterator[Finding]:
    ours = {_path(each): line for line, each in reversed(shown) if _is_own(each)}
    theirs = {_path(each) for each in again if _is_own(each)}
    values = sorted(theirs), sorted(ours)
    for path in sorted(set(ours) - theirs):
        if not _belongs(path, again):
            continue
        name = path.rpartition("/")[2]
        sure = mentions(group.submission, name) and not name.startswith("_")
        message = f"The report lists {path}, which the rerun does not have."
        weight = Weight.ERROR if sure else Weight.WARNING
        yield unlike(CHECK, one.block, ours[path], message, values, views[-1].ran, listed(values[0]), weight)
    missing = set(ours) - theirs
    folders = {path.rpartition("/")[0] for path in ours}
    more = sorted(path for path in theirs - set(ours) if path.rpartition("/")[0] in folders)
    line = shown[0][0]
    if more and not missing:
        message = f"The rerun has {listed(more)} besides what the report lists."
        if is_cut(group.submission, one.place) or len(group.shown) > 1:
            yield excused(CHECK, one.block, line, message, values, views[-1].ran, listed(more))
        else:
            yield unlike(CHECK, one.block, line, message, values, views[-1].ran, listed(more), Weight.WARNING)
    elif ours and not missing:
        yield same(CHECK, one.block, line, f"The rerun lists the same names: {listed(values[1])}.", values[1])


def _belongs(path: str, again: list[Entry]) -> bool:
    """Whether the rerun lists the folder that a path is in, so that its absence says something."""
    folder = path.rpartition("/")[0]
    return any(_path(each).rpartition("/")[0] == folder for each in again)


def _parts(one: Shown, shown: list[tuple[int, Entry]], again: list[Entry], views: list[View]) -> Iterator[Finding]:
    ours = [(line, each) for line, each in shown if each.is_part]
    folders = {each.path.rpartition("/")[0] for _, each in ours}
    theirs = [each for each in again if each.is_part and each.path.rpartition("/")[0] in folders]
    if not ours:
        return
    values, line = (len(theirs), len(ours)), ours[0][0]
    if not theirs:
        message = f"The report lists {len(ours)} part files, the rerun has none there."
        yield unlike(CHECK, one.block, line, message, values, views[-1].ran, weight=Weight.WARNING)
    elif len(ours) == len(theirs):
        yield same(CHECK, one.block, line, f"The rerun wrote {len(theirs)} part files too.", len(ours))
    else:
        message = f"{len(ours)} part files are listed, and the rerun wrote another number: batches differ in time."
        yield excused(CHECK, one.block, line, message, (None, len(ours)), views[-1].ran, "part files")
