"""Lets Spark jobs that were written for the course's Spark of 2018 run, unchanged, on today's.

What such jobs do has changed, and each help is told when it is used:

- A `@udf('boolean')` at the top of a file needs a session today, since its type is parsed by the JVM. The type is
  given without one where it is a simple one; else a session is made before.
- `CREATE EXTERNAL TABLE … LOCATION … AS SELECT` is refused since Spark 3.2 where the location holds files. What is
  there is removed first, as Spark did then, when the table does not exist and the query does not read the location.
- `Row(**fields)` kept the fields in the order of their names before Spark 3, and so did the files and tables that were
  made of such rows: Presto, which reads them by position, finds other values in a table's columns without that. With
  a schema the fields of such a row were found by name.

`sitecustomize.py` calls the functions `mend_…` in the driver and in its workers: `Row(**event)` stands in lambdas of
RDDs, which run in the workers, and a lambda finds the class there, not the driver's. Only pyspark is used, and nothing
of the harness: this file is copied to where guests are.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import ModuleType
from typing import Any

Used = Callable[[str, str], None]

_NAMED = "__from_dict__"
"""What marks a row that was made of named fields."""

_CREATE = re.compile(
    r"^\s*create\s+external\s+table\s+(?:if\s+not\s+exists\s+)?(?P<table>[\w.`]+)"
    r".*?\blocation\s+(?P<quote>['\"])(?P<location>[^'\"]+)(?P=quote)\s+as\s+(?P<query>\(?\s*select\b.*)$",
    re.IGNORECASE | re.DOTALL,
)

_SIMPLE = {
    "BooleanType": ("boolean",),
    "ByteType": ("byte", "tinyint"),
    "ShortType": ("short", "smallint"),
    "IntegerType": ("int", "integer"),
    "LongType": ("long", "bigint"),
    "FloatType": ("float", "real"),
    "DoubleType": ("double",),
    "StringType": ("string",),
    "BinaryType": ("binary",),
    "DateType": ("date",),
    "TimestampType": ("timestamp",),
}
_CLASSES = {text: name for name, texts in _SIMPLE.items() for text in texts}


def mend_types(types: ModuleType, used: Used) -> None:
    """Mend `pyspark.sql.types`: rows of named fields, and types that are given as text."""
    # Of old names that still work; the course's Spark said nothing of them.
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"pyspark\.")
    _sort_rows(types, _once(used))
    _parse_without_session(types, _once(used))


def mend_session(module: ModuleType, used: Used) -> None:
    """Mend `SparkSession.sql`."""
    module.SparkSession.sql = emptying(module.SparkSession.sql, used)


def _once(used: Used) -> Used:
    """Give a way to tell of a help that tells once for a process and all that are forked from it."""
    taking, giving = os.pipe()
    os.set_blocking(taking, False)
    os.write(giving, b"1")
    os.close(giving)

    def tell(name: str, text: str) -> None:
        with suppress(OSError):
            if os.read(taking, 1):
                used(name, text)

    return tell


# Rows


def _sort_rows(types: ModuleType, used: Used) -> None:
    row_class, struct = types.Row, types.StructType
    make, to_internal = row_class.__new__, struct.toInternal
    verifier_of, converter_of = types._make_type_verifier, types._create_converter

    def new(cls: Any, *values: Any, **fields: Any) -> Any:
        names = sorted(fields)
        if values or list(fields) == names:
            row = make(cls, *values, **fields)
        else:
            row = make(cls, **{name: fields[name] for name in names})
            used("row", "Row(**fields) sorted its fields by name, as Spark did before version 3")
        if fields:
            row.__dict__[_NAMED] = True  # it takes no attribute, and loses it when it is pickled, as then
        return row

    def by_name(row: Any, names: Sequence[str]) -> Any:
        """Give a row's values in the order of a schema, where it was made of named fields."""
        if isinstance(row, row_class) and _NAMED in row.__dict__:
            return tuple(row[name] for name in names)
        return row

    def internal(self: Any, value: Any) -> Any:
        return to_internal(self, by_name(value, self.names))

    def verifier(data_type: Any, *arguments: Any, **more: Any) -> Any:
        verify = verifier_of(data_type, *arguments, **more)
        if not isinstance(data_type, struct):
            return verify
        return lambda value: verify(by_name(value, data_type.names))

    def converter(data_type: Any) -> Any:
        convert = converter_of(data_type)
        if not isinstance(data_type, struct):
            return convert
        return lambda value: convert(by_name(value, data_type.names))

    row_class.__new__, struct.toInternal = new, internal
    types._make_type_verifier, types._create_converter = verifier, converter  # type: ignore[attr-defined]


# Types as text


def _parse_without_session(types: ModuleType, used: Used) -> None:
    parse = types._parse_datatype_string

    def parsed(text: str) -> Any:
        from pyspark import SparkContext

        if SparkContext._active_spark_context is not None:
            return parse(text)
        if name := _CLASSES.get(text.strip().lower()):
            used("udf", "gave a type written as text, such as @udf('boolean'), before there was a session")
            return getattr(types, name)()
        from pyspark.sql import SparkSession

        SparkSession.builder.getOrCreate()
        used("session", "made the session before the job does, for a type that is written as text")
        return parse(text)

    types._parse_datatype_string = parsed  # type: ignore[attr-defined]


# Tables over filled locations


def location_to_empty(statement: str) -> tuple[str, str, str] | None:
    """Give table, location and query of a statement that creates a table over a location from a query."""
    found = _CREATE.match(statement)
    return (found["table"].replace("`", ""), found["location"], found["query"]) if found else None


def emptying(sql: Callable[..., Any], used: Used) -> Callable[..., Any]:
    """Give `SparkSession.sql` with the location emptied before such a statement."""

    def wrapped(session: Any, statement: str, *arguments: Any, **more: Any) -> Any:
        found = location_to_empty(statement)
        if found and not session.catalog.tableExists(found[0]) and _empty(session, found[1], found[2]):
            used("location", f"emptied {found[1]} before the table over it is created from a query")
        return sql(session, statement, *arguments, **more)

    return wrapped


def _empty(session: Any, location: str, query: str) -> bool:
    """Remove a location, unless the query reads it. Says whether there was one to remove."""
    jvm = session.sparkContext._jvm
    path = jvm.org.apache.hadoop.fs.Path(location)
    files = path.getFileSystem(session.sparkContext._jsc.hadoopConfiguration())
    if not files.exists(path):
        return False
    plan = session.sql(query.rstrip().rstrip(";"))
    read = {str(name) for name in plan.inputFiles()}
    if any(path.toUri().getPath() in name for name in read):
        return False
    filled = bool(files.listStatus(path))
    files.delete(path, True)
    return filled
