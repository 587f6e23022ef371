"""Changes to published classes: three for listeners whose address no setting reaches, one for a faster start.

Each keeps every offset of its method, so that the verifier's stack maps stay true, and refuses a class that is not
the one that it was made for. The format is that of The Java Virtual Machine Specification, chapter 4.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence

_UTF8, _STRING, _METHOD, _NAME_AND_TYPE = 1, 8, 10, 12


def metastore_on_loopback(class_file: bytes) -> bytes:
    """Change Hive's `HiveAuthUtils.getServerSocket(host, port)` so that a missing host means 127.0.0.1.

    The method begins `if (host == null || host.isEmpty())` and then binds all interfaces; the metastore of Hive 2.3
    always gives null. The first two instructions (load the host, jump when it is null: four bytes) become
    `host = "127.0.0.1"`, which takes as many. Raises ValueError when the class is not the known one.
    """
    null_host = re.compile(
        rb"\x2a\xc6\x00\x0a"  # aload_0, ifnull +10
        rb"(\x2a\xb6..\x99\x00\x0f"  # aload_0, invokevirtual isEmpty, ifeq +15
        rb"\xbb..\x59\x1b\xb7..\x4d)",  # new InetSocketAddress, dup, iload_1, invokespecial <init>(int), astore_2
        re.DOTALL,
    )
    head, first, code = _add_constants(class_file, lambda index: [_utf8("127.0.0.1"), _reference(_STRING, index)])
    ldc_w_and_store = struct.pack(">BHB", 0x13, first + 1, 0x4B)
    return head + _replace_once(null_host, lambda match: ldc_w_and_store + match[1], code, "HiveAuthUtils")


def presto_without_jmx_agent(class_file: bytes) -> bytes:
    """Change Airlift's `JmxAgent9` so that Presto starts no JMX agent, whose sockets bind all interfaces.

    The call of `startJmxAgent(int, int)` becomes `pop2, nop, nop`. Raises ValueError when the class is not the known
    one.
    """
    starts = re.compile(rb"(\x1c\x15\x05)\xb8..(?=\xb2..\x12)", re.DOTALL)  # iload_2, iload 5, invokestatic; then a log
    return _replace_once(starts, lambda match: match[1] + b"\x58\x00\x00", class_file, "JmxAgent9")


def presto_plugins_from_the_class_path(class_file: bytes) -> bytes:
    """Change Presto's `PluginManager` so that plugins take all their classes from Presto's own class path.

    A plugin has a class loader, which asks that of Presto for classes of some packages, by the beginnings of their
    names. The first of these becomes the empty text, with which every name begins. Raises ValueError when the class is
    not the known one.
    """
    first = re.compile(re.escape(_utf8("com.facebook.presto.spi.")))
    return _replace_once(first, lambda _: _utf8(""), class_file, "PluginManager")


def netty_on_loopback(class_file: bytes) -> bytes:
    """Change Netty's `AbstractBootstrap.bind(int)` from all interfaces to 127.0.0.1.

    Presto's Thrift server (Drift) has no other way to be given an address. `bind(new InetSocketAddress(port))` becomes
    `bind("127.0.0.1", port)`. Raises ValueError when the class is not the known one.
    """
    # aload_0, new InetSocketAddress, dup, iload_1, invokespecial <init>(int), invokevirtual bind (constant 43), areturn
    wildcard = re.compile(rb"\x2a\xbb..\x59\x1b\xb7..\xb6\x00\x2b\xb0", re.DOTALL)
    end = _end_of_constant_pool(class_file)
    this_class = struct.unpack_from(">H", class_file, end + 2)[0]

    def constants(index: int) -> list[bytes]:
        return [
            _utf8("127.0.0.1"),
            _reference(_STRING, index),
            _utf8("bind"),
            _utf8("(Ljava/lang/String;I)Lio/netty/channel/ChannelFuture;"),
            _reference(_NAME_AND_TYPE, index + 2, index + 3),
            _reference(_METHOD, this_class, index + 4),
        ]

    head, first, code = _add_constants(class_file, constants)
    # nop × 4, aload_0, ldc_w "127.0.0.1", iload_1, invokevirtual bind(String, int), areturn
    bind = b"\x00\x00\x00\x00\x2a" + struct.pack(">BHBBH", 0x13, first + 1, 0x1B, 0xB6, first + 5) + b"\xb0"
    return head + _replace_once(wildcard, lambda _: bind, code, "AbstractBootstrap")


def _add_constants(class_file: bytes, made: Callable[[int], Sequence[bytes]]) -> tuple[bytes, int, bytes]:
    """Append to the constant pool what `made` gives for its first index. Returns the head, that index, and the rest."""
    end = _end_of_constant_pool(class_file)
    first = struct.unpack_from(">H", class_file, 8)[0]
    added = made(first)
    head = class_file[:8] + struct.pack(">H", first + len(added)) + class_file[10:end] + b"".join(added)
    return head, first, class_file[end:]


def _utf8(text: str) -> bytes:
    return struct.pack(">BH", _UTF8, len(text)) + text.encode()


def _reference(tag: int, *indices: int) -> bytes:
    return struct.pack(f">B{len(indices)}H", tag, *indices)


def _replace_once(
    pattern: re.Pattern[bytes], made: Callable[[re.Match[bytes]], bytes], data: bytes, name: str
) -> bytes:
    changed, count = pattern.subn(made, data)
    if count != 1:
        raise ValueError(f"{name} is not the known class ({count} places fit): it cannot be changed")
    return changed


def _end_of_constant_pool(class_file: bytes) -> int:
    """Give the offset behind the constant pool."""
    try:
        return _walk_constant_pool(class_file)
    except (IndexError, KeyError, struct.error) as problem:
        raise ValueError(f"not a class file: {class_file[:8]!r}") from problem


def _walk_constant_pool(class_file: bytes) -> int:
    sizes = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}
    count = struct.unpack_from(">H", class_file, 8)[0]
    offset, index = 10, 1
    while index < count:
        tag = class_file[offset]
        if tag == _UTF8:
            offset += 3 + struct.unpack_from(">H", class_file, offset + 1)[0]
        else:
            offset += 1 + sizes[tag]
        index += 2 if tag in (5, 6) else 1
    return offset
