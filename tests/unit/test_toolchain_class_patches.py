"""The changes to published classes: each does what it says to the class that it was made for, and refuses others."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from harness.cluster.toolchain.class_patches import (
    metastore_on_loopback,
    netty_on_loopback,
    presto_plugins_from_the_class_path,
    presto_without_jmx_agent,
)
from harness.cluster.toolchain.lock import components

PATCHES = (
    metastore_on_loopback,
    netty_on_loopback,
    presto_plugins_from_the_class_path,
    presto_without_jmx_agent,
)
UTF8, LONG, CLASS, STRING, METHOD, NAME_AND_TYPE = 1, 5, 7, 8, 10, 12
LDC_W = 0x13


@dataclass(frozen=True)
class ClassFile:
    """What a test looks at in a class: its constants by index, and each method's code by name."""

    constants: dict[int, tuple[int, bytes]]
    methods: dict[str, bytes]
    count: int

    def text(self, index: int) -> str:
        """Give a Utf8 constant, or the one that a String or Class constant points to."""
        tag, data = self.constants[index]
        return data.decode() if tag == UTF8 else self.text(struct.unpack(">H", data)[0])


def read(data: bytes) -> ClassFile:
    """Read a class file to its last byte (The Java Virtual Machine Specification, chapter 4)."""
    at = 0

    def take(form: str) -> tuple[int, ...]:
        nonlocal at
        values = struct.unpack_from(f">{form}", data, at)
        at += struct.calcsize(f">{form}")
        return values

    def raw(size: int) -> bytes:
        nonlocal at
        at += size
        return data[at - size : at]

    magic, _, _, count = take("IHHH")
    assert magic == 0xCAFEBABE
    sizes = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}
    constants: dict[int, tuple[int, bytes]] = {}
    index = 1
    while index < count:
        (tag,) = take("B")
        constants[index] = (tag, raw(take("H")[0] if tag == UTF8 else sizes[tag]))
        index += 2 if tag in (5, 6) else 1
    assert index == count
    take("HHH")
    take(f"{take('H')[0]}H")

    def attributes() -> Iterator[tuple[str, bytes]]:
        for _ in range(take("H")[0]):
            name, size = take("HI")
            yield constants[name][1].decode(), raw(size)

    def members() -> Iterator[tuple[str, dict[str, bytes]]]:
        for _ in range(take("H")[0]):
            _, name, _ = take("HHH")
            yield constants[name][1].decode(), dict(attributes())

    list(members())
    methods = {
        name: found["Code"][8 : 8 + struct.unpack_from(">I", found["Code"], 4)[0]]
        for name, found in members()
        if "Code" in found
    }
    list(attributes())
    assert at == len(data), "bytes are left behind the class"
    return ClassFile(constants, methods, count)


def entry(jar: str, name: str) -> bytes:
    """Give a class out of pyspark's jars."""
    spec = find_spec("pyspark")
    assert spec
    assert spec.origin
    with zipfile.ZipFile(next((Path(spec.origin).parent / "jars").glob(jar))) as opened:
        return opened.read(name)


def hive_auth_utils() -> bytes:
    return entry("hive-common-*.jar", "org/apache/hadoop/hive/common/auth/HiveAuthUtils.class")


def test_the_patched_metastore_class_is_a_whole_class_with_two_constants_more() -> None:
    before, after = read(hive_auth_utils()), read(metastore_on_loopback(hive_auth_utils()))
    assert after.count == before.count + 2
    assert {index: after.constants[index] for index in before.constants} == before.constants
    assert after.text(before.count + 1) == "127.0.0.1"


def test_the_patched_method_begins_with_host_is_loopback_and_changes_nothing_else() -> None:
    before, after = read(hive_auth_utils()), read(metastore_on_loopback(hive_auth_utils()))
    old, new = before.methods["getServerSocket"], after.methods["getServerSocket"]
    operation, index, store = struct.unpack_from(">BHB", new)
    assert (operation, store) == (LDC_W, 0x4B)  # ldc_w, astore_0: host = …
    assert after.constants[index][0] == STRING
    assert after.text(index) == "127.0.0.1"
    assert new[4:] == old[4:]
    assert {**after.methods, "getServerSocket": old} == before.methods


def test_a_class_is_patched_once() -> None:
    with pytest.raises(ValueError, match="HiveAuthUtils is not the known class"):
        metastore_on_loopback(metastore_on_loopback(hive_auth_utils()))


@pytest.mark.parametrize("patch", PATCHES)
def test_another_class_is_refused(patch: type) -> None:
    other = entry("hive-common-*.jar", "org/apache/hadoop/hive/common/LogUtils.class")
    with pytest.raises(ValueError, match="0 places fit"):
        patch(other)


@pytest.mark.parametrize("patch", PATCHES)
@pytest.mark.parametrize("data", [b"", b"no class at all", b"\xca\xfe\xba\xbe\x00\x00\x00\x34\x00\x05"])
def test_what_is_no_whole_class_is_refused(patch: type, data: bytes) -> None:
    with pytest.raises(ValueError):
        patch(data)


def test_every_class_is_of_those_that_plugins_share_with_presto() -> None:
    packages = [b"com.facebook.presto.spi.", b"io.airlift.slice."]
    pool = [struct.pack(">BH", UTF8, len(text)) + text for text in packages]
    assert presto_plugins_from_the_class_path(b"".join(pool)) == struct.pack(">BH", UTF8, 0) + pool[1]


def test_the_plugin_and_presto_need_no_two_versions_of_a_jar() -> None:
    def versions(component: str) -> set[tuple[str, str]]:
        found = (item.coordinate.split()[0].rsplit(":", 1) for item in components()[component].artifacts)
        return {(name, version) for name, version in found}

    both = versions("presto") | versions("presto-hive")
    assert len({name for name, _ in both}) == len(both)
    assert len(both) > 150


START_AGENT = b"\x1c\x15\x05\xb8\x00\x10\xb2\x00\x11\x12"  # iload_2, iload 5, invokestatic, getstatic, ldc


def test_the_call_that_starts_the_jmx_agent_drops_its_arguments_instead() -> None:
    patched = presto_without_jmx_agent(b"before" + START_AGENT + b"after")
    assert patched == b"before" + b"\x1c\x15\x05\x58\x00\x00\xb2\x00\x11\x12" + b"after"  # pop2, nop, nop


def test_a_class_with_two_such_places_is_refused() -> None:
    with pytest.raises(ValueError, match=r"JmxAgent9 .* \(2 places fit\)"):
        presto_without_jmx_agent(START_AGENT * 2)


def netty_class(code: bytes) -> bytes:
    """Give a small class of one method: constant 2 is the class, 4 the method's name; a long takes 5 and 6."""
    name = b"io/netty/bootstrap/AbstractBootstrap"
    pool = struct.pack(">BH", UTF8, len(name)) + name + struct.pack(">BH", CLASS, 1)
    pool += struct.pack(">BH", UTF8, 4) + b"Code" + struct.pack(">BH", UTF8, 4) + b"bind"
    pool += struct.pack(">Bq", LONG, 1)
    attribute = struct.pack(">HHI", 3, 2, len(code)) + code + struct.pack(">HH", 0, 0)
    attribute = struct.pack(">HI", 3, len(attribute)) + attribute
    method = struct.pack(">HHHH", 1, 4, 4, 1) + attribute
    rest = struct.pack(">HHHHHH", 1, 2, 0, 0, 0, 1) + method + struct.pack(">H", 0)
    return struct.pack(">IHHH", 0xCAFEBABE, 0, 52, 7) + pool + rest


# aload_0, new, dup, iload_1, invokespecial, invokevirtual 43, areturn
BIND_ALL = b"\x2a\xbb\x00\x01\x59\x1b\xb7\x00\x01\xb6\x00\x2b\xb0"


def test_netty_binds_a_port_on_loopback() -> None:
    before, after = read(netty_class(BIND_ALL)), read(netty_on_loopback(netty_class(BIND_ALL)))
    assert after.count == before.count + 6
    code = after.methods["bind"]
    assert len(code) == len(BIND_ALL)
    nops, load_this, ldc_w, host, load_port, invoke, method, give_back = struct.unpack(">IBBHBBHB", code)
    assert (nops, load_this, ldc_w, load_port, invoke, give_back) == (0, 0x2A, LDC_W, 0x1B, 0xB6, 0xB0)
    assert after.constants[host][0] == STRING
    assert after.text(host) == "127.0.0.1"
    assert after.constants[method][0] == METHOD
    owner, signature = struct.unpack(">HH", after.constants[method][1])
    assert after.text(owner) == "io/netty/bootstrap/AbstractBootstrap"
    assert after.constants[signature][0] == NAME_AND_TYPE
    name, descriptor = struct.unpack(">HH", after.constants[signature][1])
    assert after.text(name) == "bind"
    assert after.text(descriptor) == "(Ljava/lang/String;I)Lio/netty/channel/ChannelFuture;"
