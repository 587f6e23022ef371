"""Command lines of Java programs, written as argument files so that a one-line shell script can start them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_NO_CGROUPS = ("-XX:+IgnoreUnrecognizedVMOptions", "-XX:-UseContainerSupport")
"""Heaps are given; and Java 17 fails to read version 1 cgroups inside a sandbox that has its own."""

_UNVERIFIED = ("-XX:+UnlockDiagnosticVMOptions", "-XX:-BytecodeVerificationRemote")
"""The jars' checksums are the lock's; that their classes are well-formed need not be shown anew at each start. That
would take a tenth of a Spark driver's time, and of Presto's start."""

SHORT_RUN = (
    "-XX:TieredStopAtLevel=1",
    "-XX:ReservedCodeCacheSize=160m",
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",
    *_UNVERIFIED,
    *_NO_CGROUPS,
)
"""C1 and the serial collector: servers that live for a minute never earn the optimising compiler back. With C1 alone a
JVM has room for 48 MB of compiled code, which a Spark stream fills in a minute: it would throw code away and compile it
again, and each batch would take twice as long meanwhile.
Without UsePerfData nothing is left in /tmp/hsperfdata_*."""

YOUNG = 40
"""Megabytes of the young generation in a heap below `LARGE`. Else it has a third of a first heap that follows the
machine's memory, and a server that is hardly used fills it before it collects anything: with 24 GB, five servers take
120 MB more, and are not faster."""

LARGE = 512

_HADOOP_OPENS = (
    "java.base/java.lang",
    "java.base/java.net",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.io",
    "java.base/java.nio",
    "java.base/sun.nio.ch",
)

OPENS: Mapping[str, Sequence[str]] = {
    "hadoop": _HADOOP_OPENS,
    "presto": (
        *_HADOOP_OPENS,
        "java.base/java.lang.reflect",
        "java.base/java.lang.invoke",
        "java.base/java.security",
        "java.base/javax.security.auth",
        "java.base/javax.security.auth.login",
        "java.base/java.text",
        "java.base/java.util.regex",
        "java.base/jdk.internal.loader",
        "java.base/sun.security.action",
    ),
    "spark": (
        "java.base/java.lang",
        "java.base/java.lang.invoke",
        "java.base/java.lang.reflect",
        "java.base/java.io",
        "java.base/java.net",
        "java.base/java.nio",
        "java.base/java.util",
        "java.base/java.util.concurrent",
        "java.base/java.util.concurrent.atomic",
        "java.base/sun.nio.ch",
        "java.base/sun.nio.cs",
        "java.base/sun.security.action",
        "java.base/sun.util.calendar",
        "java.base/jdk.internal.ref",
        "java.security.jgss/sun.security.krb5",
    ),
}
"""Packages that each family reaches into by reflection (Spark's list is its own JavaModuleOptions)."""


@dataclass(frozen=True, slots=True)
class JavaCommand:
    """A Java program: its main class, class path of single jars, heap in MB, settings and arguments."""

    main: str
    classpath: tuple[Path, ...]
    heap: int
    opens: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()

    def argument_file(self) -> str:
        """Give the text of a java @argument file: one quoted word a line, up to the main class and its arguments."""
        words = [
            *SHORT_RUN,
            f"-Xmx{self.heap}m",
            *([f"-Xmn{YOUNG}m"] if self.heap < LARGE else []),
            *(f"--add-opens={package}=ALL-UNNAMED" for package in OPENS.get(self.opens or "", ())),
            *(f"-D{name}={value}" for name, value in self.properties.items()),
            "-cp",
            ":".join(str(jar) for jar in self.classpath),
            self.main,
            *self.arguments,
        ]
        return "".join(f"{_quote(word)}\n" for word in words)


def _quote(word: str) -> str:
    """Quote a word for an argument file, where a backslash escapes inside quotes."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
