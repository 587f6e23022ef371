"""Where a command or a query begins among lines without prompts, and where it ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import Final

from harness.outputs.shell import HEREDOC
from harness.readme.forms import form_of

_SURE: Final = frozenset({
    "ab", "apt", "apt-get", "beeline", "chmod", "conda", "cp", "curl", "docker", "docker-compose", "dpkg",
    "flask", "gcloud", "git", "gunzip", "hadoop", "hdfs", "ipython", "jps", "jupyter", "jupyter-notebook",
    "kafka-console-consumer", "kafka-console-producer", "kafka-topics", "kafkacat", "kcat", "kubectl", "mkdir",
    "mv", "nano", "nohup", "pip", "pip3", "psql", "pyspark", "python", "python2", "python3", "redis-cli",
    "rmdir", "rsync", "scp", "spark-shell", "spark-sql", "spark-submit", "sqlite3", "ssh", "ssh-keygen", "sudo", "tar",
    "tmux", "unzip", "vi", "vim", "wget", "yum", "zip",
})  # fmt: skip
"""Programs whose name at the start of a line is hardly ever a word of a sentence."""

_MAYBE: Final = frozenset({
    ".", ":", "awk", "bash", "cat", "cd", "clear", "cut", "date", "df", "diff", "du", "echo", "emacs", "env",
    "eval", "exec", "exit", "export", "false", "file", "find", "for", "grep", "gzip", "head", "history", "hive",
    "hostname", "if", "jq", "kill", "killall", "less", "ln", "ls", "make", "man", "more", "node", "npm", "open",
    "presto", "printf", "ps", "pwd", "rm", "screen", "sed", "seq", "set", "sh", "sleep", "sort", "source",
    "stat", "tail", "tee", "test", "time", "timeout", "top", "touch", "true", "uname", "uniq", "unset", "until",
    "wait", "watch", "wc", "which", "while", "whoami", "xargs", "xdg-open",
})  # fmt: skip
"""Programs that need more than their name, for their name is a word or stands first in an output too."""

_ALONE: Final = frozenset({"cd", "clear", "exit", "history", "ls", "pwd", "wait", "whoami"})
_OPENS_LOOP: Final = frozenset({"for", "until", "while"})
_BEFORE: Final = frozenset({";", "&&", "||", "|", "do", "done", "then", "else", "{", "("})
"""What a word stands after where it is a keyword."""

_SIGNS: Final = re.compile(r"(?:^|\s)(?:--?[A-Za-z]|[~./$\"'|<>&]|\d+$)|[\w*?]\.[a-z]{1,5}(?:$|\s)|[=;/|>\\]")
_ASSIGNED: Final = re.compile(r"[A-Za-z_]\w{0,60}=\S*(?:\s|;|$)")
_PATH: Final = re.compile(r"(?:\./|~/|\.\./|/)[\w./-]+(?:\s|$)")
_UNKNOWN: Final = re.compile(r"[a-z][\w.+-]{1,40}(?: [^\s-]\S*)* --?[a-zA-Z][\w-]*(?:[ =]|$)")
_CONDITION: Final = re.compile(r"\[|\(\(|!|:|true\b|sleep\b|test\b|read\b|docker|\w+ in\b|\w+ *;|curl|\w+$")
_FOREVER: Final = re.compile(r"(?:while|until)\s+(?:true|false|:|\[+\s*(?:1|true|0)\s*\]+|\(\(\s*1\s*\)\))$")
"""The head of an endless loop whose `do` stands in the line below it."""

_SQL: Final = re.compile(
    r"(?:select(?:\s*$|\s+(?:distinct\s+)?[\w.*\"`]+\s*(?:;|$)|\s.*(?:[*(,;='\d]|\bfrom\b|\bas\b))"
    r"|show\s+(?:tables|schemas|databases|columns|partitions|create|catalogs|functions)\b"
    r"|(?:describe|desc)\s+[\w.\"`]+\s*(?:;|$)|create\s+(?:external\s+|temporary\s+|or\s+replace\s+)*(?:table|view|schema|database)\b"
    r"|drop\s+(?:table|view|schema|database)\b|insert\s+(?:into|overwrite)\b|alter\s+table\b|truncate\s+table\b"
    r"|with\s+\w+\s+as\s*\(|explain\s+select\b|use\s+[\w.]+\s*;|msck\s+repair\b|refresh\s+table\b|load\s+data\b)",
    re.IGNORECASE,
)
_LONGEST: Final = 80
"""Lines that a quotation or a statement may go on for; what is longer ends at its first line."""


class Start(Enum):
    """How sure it is that a line begins a command."""

    NO = 0
    MAYBE = 1
    SURE = 2


def starts_shell(line: str) -> Start:
    """Tell whether a line begins a shell's command, by its first word and what comes with it."""
    text = line.strip()[:400]
    word, _, rest = text.partition(" ")
    word = word.rstrip(";")
    rest = rest.strip()
    if not word or form_of(line):
        return Start.NO
    if word in _SURE:
        return Start.SURE if rest[:1] not in ("=", ":") and rest[:3] not in ("is ", "has") else Start.NO
    if _FOREVER.match(text):
        return Start.SURE
    if word in ("for", "if", "until", "while") and (text.endswith(":") or not _CONDITION.match(rest)):
        return Start.NO
    if word in _MAYBE:
        if not rest:
            return Start.SURE if word in _ALONE else Start.NO
        signs = _SIGNS.search(rest) is not None or (word in ("cat", "cd", "ls", "rm", "echo") and " " not in rest)
        return Start.SURE if signs and not rest.startswith("=") else Start.NO
    if text.startswith("./") and _PATH.match(text):
        return Start.SURE
    if _PATH.match(text):
        program = word.startswith("./") or "." in word.rpartition("/")[2]
        return Start.MAYBE if program and (not rest or _SIGNS.search(rest) or word.endswith(".sh")) else Start.NO
    assigned = _ASSIGNED.match(text)
    if assigned:
        return max(Start.MAYBE, starts_shell(text[assigned.end() :]), key=lambda start: start.value)
    return Start.MAYBE if _UNKNOWN.match(text) else Start.NO


def is_word(line: str) -> bool:
    """Whether the program that a line begins with has a name that is a word of other languages too."""
    return line.strip().partition(" ")[0] in _MAYBE


def starts_sql(line: str) -> bool:
    """Tell whether a line begins a statement of SQL."""
    return _SQL.match(line.strip()[:400]) is not None


def end_of_shell(lines: Sequence[str], at: int) -> int:
    """Give the index after the last line of the command that begins at `at`.

    It goes on after a backslash, while a quotation is open, to the end of a here-document, and from `while` to `done`.
    """
    first = lines[at].strip().partition(" ")[0]
    if first in _OPENS_LOOP or "; do" in lines[at][:2000]:
        return _end_of_loop(lines, at)
    return _end_of_line(lines, at)


def _end_of_loop(lines: Sequence[str], at: int) -> int:
    """A loop that is never closed takes all that follows, as it would in a shell."""
    depth = 0
    last = min(len(lines), at + 10 * _LONGEST)
    for end in range(at, last):
        before = ";"
        for word in lines[end].replace(";", " ; ").split(None, 400):
            if before in _BEFORE:
                depth += (word in _OPENS_LOOP) - (word == "done")
            before = word
        if depth <= 0:
            return end + 1
    return last


def _end_of_line(lines: Sequence[str], at: int) -> int:
    end = at
    quote = ""
    last = min(len(lines), at + _LONGEST)
    while end < last:
        line = lines[end]
        quote = quote_after(line, quote)
        heredoc = HEREDOC.search(line[:2000]) if not quote and "<<" in line else None
        end += 1
        if heredoc:
            for stop in range(end, len(lines)):
                if lines[stop].strip() == heredoc[2]:
                    return stop + 1
            return len(lines)
        if not quote and not line.rstrip().endswith("\\"):
            return end
    return at + 1 if quote else end


def quote_after(line: str, quote: str) -> str:
    """Give the quotation mark that is open after a line, where `quote` was open before it."""
    if not quote and "'" not in line and '"' not in line:
        return ""
    escaped = False
    for at, character in enumerate(line):
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character == "#" and (at == 0 or line[at - 1].isspace()):
            break
        elif character in "'\"":
            quote = character
    return quote


def end_of_sql(lines: Sequence[str], at: int) -> int:
    """Give the index after the last line of the statement that begins at `at`: at its semicolon, or before a blank."""
    for end in range(at, min(len(lines), at + _LONGEST)):
        if lines[end].rstrip().endswith(";"):
            return end + 1
        if end > at and (not lines[end].strip() or form_of(lines[end])):
            return end
    return min(len(lines), at + _LONGEST)


def runs_on(line: str) -> bool:
    """Tell whether a line can only belong to the command before it: an option or an address that stands alone."""
    text = line.strip()
    return text.startswith(("-", "|", "&&", "http://", "https://")) and not form_of(line)
