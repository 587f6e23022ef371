from __future__ import annotations

from harness.outputs import derive

COMMAND = "spark-submit /w205/jobs/filtered_writes.py"


def table(columns: list[str], *rows: list[str]) -> str:
    widths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
    border = "+" + "+".join("-" * width for width in widths) + "+\n"

    def line(cells: list[str]) -> str:
        return "|" + "|".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True)) + "|\n"

    return border + line(columns) + border + "".join(map(line, rows)) + border + "\n"


def batch(number: int, printed: str) -> str:
    rule = "-" * 43 + "\n"
    return f"{rule}Batch: {number}\n{rule}{printed}"


COLUMNS = ["Host", "event_type"]
SWORD = ["user1.comcast.com", "purchase_sword"]
SHIELD = ["user2.att.com", "purchase_shield"]
SCHEMA = """root
 |-- Accept: string (nullable = true)
 |-- price: decimal(10,2) (nullable = true)
 |-- client: struct (nullable = true)
 |    |-- host: string (nullable = true)
 |    |-- tags: array (nullable = true)
 |    |    |-- element: string (containsNull = true)
 |-- prices: map (nullable = true)
 |    |-- key: string
 |    |-- value: integer (valueContainsNull = true)
 |-- timestamp: string (nullable = false)

"""


def test_a_batch_job_gives_its_schema_table_and_counts() -> None:
    printed = SCHEMA + table(COLUMNS, SWORD, SHIELD, SWORD) + "rows written to /tmp/purchases: 3\n"
    assert derive(COMMAND, printed, "26/11/24 08:26:32 WARN Utils: 5\n") == {
        "kind": "spark",
        "tables": [{"columns": COLUMNS, "rows": 3}],
        "rows": 3,
        "columns": COLUMNS,
        "schemas": [
            [
                ["Accept", "string"],
                ["price", "decimal(10,2)"],
                ["client", "struct"],
                ["client.host", "string"],
                ["client.tags", "array"],
                ["client.tags.element", "string"],
                ["prices", "map"],
                ["prices.key", "string"],
                ["prices.value", "integer"],
                ["timestamp", "string"],
            ]
        ],
        "batches": [],
        "streamed_rows": 0,
        "by_host": {"user1.comcast.com": 2, "user2.att.com": 1},
        "by_event_type": {"purchase_shield": 1, "purchase_sword": 2},
        "printed": {"rows written to /tmp/purchases": 3},
    }


def test_micro_batches_add_up_whatever_their_split() -> None:
    printed = batch(0, table(COLUMNS)) + batch(1, table(COLUMNS, SWORD, SWORD)) + batch(2, table(COLUMNS, SHIELD))
    facts = derive(COMMAND, printed, "")
    assert facts["batches"] == [{"batch": 0, "rows": 0}, {"batch": 1, "rows": 2}, {"batch": 2, "rows": 1}]
    assert facts["streamed_rows"] == 3
    assert facts["by_host"] == {"user1.comcast.com": 2, "user2.att.com": 1}
    assert facts["printed"] == {}


def test_a_batch_whose_table_was_not_printed_has_no_rows() -> None:
    assert derive(COMMAND, batch(4, ""), "")["batches"] == [{"batch": 4, "rows": 0}]


def test_a_table_that_is_cut_off_keeps_its_whole_rows() -> None:
    whole = table(COLUMNS, SWORD, SHIELD, SWORD)
    cut = whole[: whole.index("purchase_shield") + 4]
    assert derive(COMMAND, cut, "")["tables"] == [{"columns": COLUMNS, "rows": 1}]


def test_the_next_table_is_found_though_the_first_lost_its_last_border() -> None:
    open_ended = table(COLUMNS, SWORD).rstrip().rpartition("\n")[0] + "\n"
    facts = derive(COMMAND, open_ended + table(COLUMNS, SHIELD, SHIELD), "")
    assert facts["tables"] == [{"columns": COLUMNS, "rows": 1}, {"columns": COLUMNS, "rows": 2}]


def test_what_follows_a_table_without_its_last_border_is_still_read() -> None:
    open_ended = table(COLUMNS, SWORD).rstrip().rpartition("\n")[0] + "\n"
    assert derive(COMMAND, open_ended + "rows kept: 1\n", "")["printed"] == {"rows kept": 1}


def test_a_note_that_more_rows_exist_is_passed_over() -> None:
    printed = table(COLUMNS, SWORD).rstrip("\n") + "\nonly showing top 1 row\n" + table(COLUMNS, SHIELD)
    facts = derive(COMMAND, printed, "")
    assert facts["tables"] == [{"columns": COLUMNS, "rows": 1}, {"columns": COLUMNS, "rows": 1}]


def test_bars_line_ends_and_wide_letters_inside_cells_do_not_move_columns() -> None:
    columns = ["raw_event", "Host"]
    barred = table(columns, ['{"a": "x|y"}', "a.example"], ["first\nsecond", "b.example"], ["plain", "c.example"])
    wide = "+------+----+\n|   raw|Host|\n+------+----+\n|日本語|   d|\n+------+----+\n"
    facts = derive(COMMAND, barred + wide, "")
    assert facts["by_host"] == {"a.example": 1, "b.example": 1, "c.example": 1, "d": 1}
    assert facts["tables"] == [{"columns": columns, "rows": 3}, {"columns": ["raw", "Host"], "rows": 1}]


def test_a_table_without_columns_has_rows() -> None:
    facts = derive(COMMAND, "++\n||\n++\n||\n||\n++\n", "")
    assert facts["tables"] == [{"columns": [""], "rows": 2}]


def test_a_progress_bar_before_a_table_does_not_hide_it() -> None:
    printed = "\x1b[2K[Stage 0:>    (0 + 1) / 1]\r                          \r" + table(COLUMNS, SWORD)
    assert derive(COMMAND, printed, "")["rows"] == 1


def test_only_lines_that_are_wholly_a_name_and_a_number_are_printed_counts() -> None:
    printed = "a: b: -2\nratio: 1.5\n: 3\ntotal: 4 rows\nfive:5\nsix: ⅵ\n"
    assert derive(COMMAND, printed, "")["printed"] == {"a: b": -2}


def test_a_border_without_a_header_is_no_table() -> None:
    facts = derive(COMMAND, "+---+\n+---+\n|a|\n+-+\n|b|\n+---+\n", "")
    assert (facts["tables"], facts["rows"], facts["columns"]) == ([], None, None)
