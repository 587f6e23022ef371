"""The metastore's own calls that a run needs: which databases there are, make one, drop it with its tables.

Thrift's binary protocol over a plain socket, as Hive 2.3 to 4 and what speaks like it take it. Source: Hive's
`hive_metastore.thrift` (the numbers of the fields) and Thrift's specification of its binary protocol.
"""

from __future__ import annotations

import socket
import struct
from typing import BinaryIO

from harness.cluster.probes import NotReady, thrift_call

TIMEOUT = 60.0
"""Seconds for an answer: dropping a database takes a while where the metastore's own database is slow."""

_REPLY = 0x80010002
_STOP, _BOOL, _BYTE, _DOUBLE, _I16, _I32, _I64 = 0, 2, 3, 4, 6, 8, 10
_STRING, _STRUCT, _MAP, _SET, _LIST = 11, 12, 13, 14, 15
_WIDTH = {_BOOL: 1, _BYTE: 1, _DOUBLE: 8, _I16: 2, _I32: 4, _I64: 8}


def databases(address: str) -> list[str]:
    """Give the names of all databases. Raises NotReady when the server at `host:port` does not answer so."""
    found = _call(address, "get_all_databases", b"")
    if not isinstance(found, list):
        raise NotReady(f"get_all_databases answered {found!r}")
    return [each.decode("utf-8", "replace") for each in found if isinstance(each, bytes)]


def create_database(address: str, name: str, location: str, about: str) -> None:
    """Make a database. Raises NotReady with the metastore's words when it does not take it."""
    database = _text(1, name) + _text(2, about) + _text(3, location) + bytes([_STOP])
    _call(address, "create_database", _field(_STRUCT, 1) + database)


def drop_database(address: str, name: str) -> None:
    """Drop a database and the description of its tables; files stay. Raises NotReady when the metastore does not."""
    _call(address, "drop_database", _text(1, name) + _field(_BOOL, 2) + b"\0" + _field(_BOOL, 3) + b"\1")


def _call(address: str, name: str, arguments: bytes) -> object:
    """Make a call and give its result, None where it has none. Raises NotReady for an exception of the server."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), TIMEOUT) as connection:
            connection.settimeout(TIMEOUT)
            connection.sendall(thrift_call(name, arguments))
            with connection.makefile("rb") as answer:
                return _result(name, answer)
    except (OSError, struct.error) as problem:
        raise NotReady(f"{name}: {type(problem).__name__}: {problem}") from problem


def _result(name: str, answer: BinaryIO) -> object:
    version, length = struct.unpack(">II", _read(answer, 8))
    _read(answer, length + 4)  # the call's name, and its number
    fields = _value(answer, _STRUCT)
    assert isinstance(fields, dict)
    if version != _REPLY:
        raise NotReady(f"{name} is not known there: {_words(fields)}")
    wrong = {number: each for number, each in fields.items() if number != 0}
    if wrong:
        raise NotReady(f"{name}: {_words(next(iter(wrong.values())))}")
    return fields.get(0)


def _words(problem: object) -> str:
    texts = [each for each in problem.values() if isinstance(each, bytes)] if isinstance(problem, dict) else []
    return texts[0].decode("utf-8", "replace")[:300] if texts else repr(problem)


def _value(answer: BinaryIO, kind: int) -> object:
    """Read a value: bytes for a text, a list, a dict of fields by number for a struct, raw bytes for a number."""
    if kind in _WIDTH:
        return _read(answer, _WIDTH[kind])
    if kind == _STRING:
        return _read(answer, _length(answer))
    if kind in (_LIST, _SET):
        of = _read(answer, 1)[0]
        return [_value(answer, of) for _ in range(_length(answer))]
    if kind == _MAP:
        key, of = _read(answer, 2)
        return [(_value(answer, key), _value(answer, of)) for _ in range(_length(answer))]
    if kind != _STRUCT:
        raise NotReady(f"answered with a value of the unknown type {kind}")
    found = {}
    while (of := _read(answer, 1)[0]) != _STOP:
        (number,) = struct.unpack(">h", _read(answer, 2))
        found[number] = _value(answer, of)
    return found


def _length(answer: BinaryIO) -> int:
    (length,) = struct.unpack(">i", _read(answer, 4))
    if not 0 <= length < 2**26:
        raise NotReady(f"answered with a length of {length}")
    return int(length)


def _read(answer: BinaryIO, length: int) -> bytes:
    found = answer.read(length)
    if len(found) < length:
        raise NotReady("the answer ended early")
    return found


def _field(kind: int, number: int) -> bytes:
    return struct.pack(">Bh", kind, number)


def _text(number: int, text: str) -> bytes:
    words = text.encode()
    return _field(_STRING, number) + struct.pack(">i", len(words)) + words
