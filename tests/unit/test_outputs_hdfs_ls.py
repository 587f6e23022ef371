from __future__ import annotations

import pytest

from harness.outputs import derive

COMMAND = "hadoop fs -ls /tmp/sword_purchases"
PART = "part-0000{}-5f1c2d7e-9b1a-4c7e-8d52-0f6d1f0e7a11-c000.snappy.parquet"


def file(path: str, size: str = "2322") -> str:
    return f"-rw-r--r--   1 root supergroup {size:>10} 2026-11-24 08:59 {path}\n"


def folder(path: str) -> str:
    return f"drwxr-xr-x   - root supergroup          0 2026-11-24 08:59 {path}\n"


def test_a_sinks_folder_is_counted_by_what_it_holds() -> None:
    base = "/tmp/sword_purchases"
    printed = (
        "Found 4 items\n"
        + folder(f"{base}/_spark_metadata")
        + file(f"{base}/_SUCCESS", "0")
        + file(f"{base}/{PART.format(0)}")
        + file(f"{base}/{PART.format(1)}")
    )
    assert derive(COMMAND, printed, "WARN util.NativeCodeLoader: Unable to load\n") == {
        "kind": "hdfs_ls",
        "found": 4,
        "entries": 4,
        "directories": 1,
        "files": 3,
        "empty_files": 1,
        "part_files": 2,
        "paths": [f"{base}/_SUCCESS", f"{base}/_spark_metadata"],
        "found_agrees": True,
    }


def test_several_listings_are_added_up() -> None:
    printed = "Found 1 items\n" + folder("/tmp/hive") + "Found 2 items\n" + folder("/tmp/a") + folder("/tmp/b")
    facts = derive("hadoop fs -ls /tmp /user", printed, "")
    assert (facts["found"], facts["entries"], facts["found_agrees"]) == (3, 3, True)


def test_a_count_that_disagrees_with_the_lines_is_told() -> None:
    assert derive(COMMAND, "Found 44 items\n" + folder("/tmp/a"), "")["found_agrees"] is False


def test_without_a_stated_count_nothing_is_compared() -> None:
    for printed in ("", file("/tmp/one"), folder("/a") + file("/a/b")):
        facts = derive("hdfs dfs -ls -R /a", printed, "")
        assert (facts["found"], facts["found_agrees"]) == (None, None)


def test_sizes_in_words_spaces_in_paths_and_access_lists_are_read() -> None:
    printed = file("/tmp/my file", "2.3 K") + "drwxrwxrwt+  - mapred hadoop          0 2026-11-24 02:28 /tmp/logs\n"
    facts = derive("hadoop fs -ls -h /tmp", printed, "")
    assert facts["paths"] == ["/tmp/logs", "/tmp/my file"]
    assert (facts["files"], facts["directories"], facts["empty_files"]) == (1, 1, 0)


@pytest.mark.parametrize(
    "line",
    ["Found many items", "Found 3 friends", "drwxr-xr-x   - root supergroup", "-rw-r--r-- 1 a b 0 24/11/2026 08:59 /x"],
)
def test_other_lines_are_no_entries(line: str) -> None:
    facts = derive(COMMAND, line + "\n", "")
    assert (facts["entries"], facts["found"]) == (0, None)


def test_other_commands_of_the_file_system_have_no_listing() -> None:
    assert derive("hadoop fs -mkdir -p /tmp/x", "", "") == {}
    assert derive("hadoop version", "Hadoop 3.5.0\n", "") == {}
