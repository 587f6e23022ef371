from __future__ import annotations

import pytest

from harness.outputs import derive

ALIGNED = "presto --server presto:8080 --catalog hive --schema default"
BATCH = f"{ALIGNED} --execute 'select * from purchases'"

DESCRIBE = """   Column   |  Type   | Comment
------------+---------+---------
 accept     | varchar |
 user-agent | varchar |
(2 rows)

Query 20261124_122206_00003_b6xpp, FINISHED, 1 node
"""
SELECT = """ item  | n
-------+----
 a|b   |  7
 sword | 12
(2 rows)
"""


def test_aligned_results_give_tables_values_and_a_description() -> None:
    printed = "presto:default> describe purchases;\n" + DESCRIBE + "presto:default> select …;\n" + SELECT
    assert derive(ALIGNED, printed, "") == {
        "kind": "presto",
        "tables": [{"columns": ["Column", "Type", "Comment"], "rows": 2}, {"columns": ["item", "n"], "rows": 2}],
        "rows": 2,
        "columns": ["item", "n"],
        "row_counts_agree": True,
        "values": [["a|b", "7"], ["sword", "12"]],
        "describe": {"accept": "varchar", "user-agent": "varchar"},
    }


def test_the_option_decides_the_format() -> None:
    assert derive(f"{BATCH} --output-format ALIGNED", SELECT, "")["columns"] == ["item", "n"]
    assert derive(f"{BATCH} --output-format=ALIGNED", SELECT, "")["columns"] == ["item", "n"]
    assert derive(f"{ALIGNED} --output-format JSON", '{"item":"sword"}\n', "")["tables"] == []


def test_a_batch_prints_quoted_values() -> None:
    facts = derive(BATCH, '"sword","2 ""big"", sharp"\n"two\nlines",""\n', "")
    assert facts["tables"] == [{"columns": None, "rows": 2}]
    assert facts["values"] == [["sword", '2 "big", sharp'], ["two\nlines", ""]]
    assert (facts["rows"], facts["columns"], facts["row_counts_agree"]) == (2, None, None)


@pytest.mark.parametrize(
    ("form", "printed"),
    [
        ("CSV_HEADER", '"Column","Type"\n"host","varchar"\n'),
        ("CSV_HEADER_UNQUOTED", "Column,Type\nhost,varchar\n"),
        ("TSV_HEADER", "Column\tType\nhost\tvarchar\n"),
    ],
)
def test_separated_values_with_a_header_have_columns(form: str, printed: str) -> None:
    facts = derive(f"{BATCH} --output-format {form}", printed, "")
    assert facts["tables"] == [{"columns": ["Column", "Type"], "rows": 1}]
    assert facts["describe"] == {"host": "varchar"}


def test_an_empty_result_has_columns_and_no_rows() -> None:
    facts = derive(ALIGNED, " item | n\n------+---\n(0 rows)\n", "")
    assert (facts["rows"], facts["columns"], facts["values"]) == (0, ["item", "n"], [])


def test_a_count_that_disagrees_with_the_rows_is_told() -> None:
    assert derive(ALIGNED, SELECT + SELECT.replace("(2 rows)", "(3 rows)"), "")["row_counts_agree"] is False
    assert derive(ALIGNED, SELECT.replace("(2 rows)", "(1 row)"), "")["row_counts_agree"] is False


def test_a_cell_over_several_lines_is_one_row() -> None:
    marked = " id | note \n----+------\n  1 | ab  +\n    | cd   \n  2 | e+   \n(2 rows)\n"
    facts = derive(ALIGNED, marked, "")
    assert facts["values"] == [["1", "ab\ncd"], ["2", "e+"]]
    assert facts["row_counts_agree"] is True


def test_a_single_row_over_several_lines_has_no_marks() -> None:
    single = "  Create Table  \n----------------\n CREATE TABLE x (\n    host varchar\n )\n(1 row)\n"
    facts = derive(ALIGNED, single, "")
    assert facts["values"] == [["CREATE TABLE x (\nhost varchar\n)"]]
    assert facts["row_counts_agree"] is True


def test_a_table_that_is_cut_off_states_no_count() -> None:
    facts = derive(ALIGNED, SELECT.replace("(2 rows)\n", "") + "\nQuery 20261124_1, FAILED\n", "")
    assert (facts["rows"], facts["row_counts_agree"]) == (2, None)


def test_a_prompt_before_the_header_is_not_part_of_it() -> None:
    printed = "presto:default>              ->   Table   \n-----------\n purchases \n(1 row)\n"
    assert derive(ALIGNED, printed, "")["columns"] == ["Table"]


def test_wide_letters_do_not_move_columns() -> None:
    assert derive(ALIGNED, " item   | n \n--------+---\n 日本語 | 4 \n(1 row)\n", "")["values"] == [["日本語", "4"]]


def test_large_results_keep_no_values() -> None:
    rows = "".join(f" {n:4} | x\n" for n in range(51))
    facts = derive(ALIGNED, f"  id  | c\n------+---\n{rows}(51 rows)\n", "")
    assert (facts["rows"], facts["values"], facts["row_counts_agree"]) == (51, None, True)
    assert derive(BATCH, ",".join('"x"' for _ in range(9)) + "\n", "")["values"] is None


def test_a_value_too_long_for_csv_counts_as_a_row_without_values() -> None:
    facts = derive(BATCH, '"sword"\n"' + "x" * 200_000 + '"\n', "")
    assert (facts["rows"], facts["values"]) == (2, None)


def test_no_result_gives_no_rows() -> None:
    facts = derive(BATCH, "", "Query 20261124_1 failed: line 1:15: Table hive.default.purchases does not exist\n")
    assert (facts["tables"], facts["rows"], facts["values"], facts["row_counts_agree"]) == ([], None, None, None)
