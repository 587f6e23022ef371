"""A project of Docker Compose: testcontainers' DockerCompose with a project name, an environment and time limits."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from testcontainers.compose import DockerCompose

from harness.cluster.captures import decode
from harness.errors import EnvironmentFault

FILE = "compose.json"
"""In a run folder: how a later harness finds the project again."""

END_GRACE = 5.0
"""Seconds that a `docker compose` whose time is up has to end by itself."""

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+^")
_SHELLS_OWN = re.compile(
    r"[.:\[{}!]|alias|bg|bind|break|builtin|caller|case|cd|command|compgen|complete|compopt|continue|coproc|declare"
    r"|dirs|disown|do|done|elif|else|enable|esac|eval|exec|exit|export|fc|fg|fi|for|function|getopts|hash|help"
    r"|history|if|in|jobs|kill|let|local|logout|mapfile|popd|printf|pushd|read|readarray|readonly|return|select|set"
    r"|shift|shopt|source|suspend|then|time|times|trap|type|typeset|ulimit|umask|unalias|unset|until|wait|while"
)
"""Words that a shell takes for its own: there may be no such program."""


@dataclass(frozen=True, slots=True)
class ProjectSpec:
    """A project's name, its compose files, the variables that they take, and the services that they name."""

    name: str
    files: tuple[str, ...]
    variables: Mapping[str, str]
    services: Mapping[str, str]
    """The service of the file for each of the original's services."""

    def save(self, folder: Path) -> None:
        """Store it in a run folder."""
        (folder / FILE).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> ProjectSpec:
        """Read it from a run folder."""
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return cls(found["name"], tuple(found["files"]), found["variables"], found["services"])


class Project(DockerCompose):
    """Runs `docker compose` for one project. Raises EnvironmentFault with Compose's own words when it fails."""

    def __init__(self, spec: ProjectSpec, timeout: float) -> None:
        super().__init__(Path(spec.files[0]).parent, compose_file_name=list(spec.files), wait=False)
        self.spec = spec
        self.timeout = timeout

    @cached_property
    def compose_command_property(self) -> list[str]:
        """The words before every subcommand; files and project name come by the environment."""
        return ["docker", "compose"]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every `docker compose` of this project: what its user would export."""
        return {
            **os.environ,
            "COMPOSE_PATH_SEPARATOR": ":",
            **self.exports,
            **self.spec.variables,
            "COMPOSE_ANSI": "never",
        }

    @property
    def exports(self) -> dict[str, str]:
        """The variables by which `docker compose` finds the project in any folder."""
        separator = next((mark for mark in (":", ";", "|") if not any(mark in file for file in self.spec.files)), ":")
        return {
            "COMPOSE_FILE": separator.join(self.spec.files),
            "COMPOSE_PROJECT_NAME": self.spec.name,
            **({} if separator == ":" else {"COMPOSE_PATH_SEPARATOR": separator}),
        }

    def up(self, services: Sequence[str], *, alone: bool = False) -> str:
        """Start services, `alone` without those that they depend on. Returns what Compose printed."""
        flags = ["--detach", "--no-build", *(["--no-deps"] if alone else [])]
        return "".join(self._ask("up", *flags, *services))

    def down(self, grace: float) -> str:
        """End and remove everything, volumes too. Returns what Compose printed."""
        flags = ["--volumes", "--remove-orphans", "--timeout", f"{grace:.0f}"]
        return "".join(self._ask("down", *flags))

    def images(self) -> list[str]:
        """Give the names of all images that the files name."""
        return self._ask("config", "--images")[1].split()

    def table(self) -> str:
        """Give what `docker compose ps` prints."""
        return self._ask("ps")[1]

    def _ask(self, *words: str) -> tuple[str, str]:
        """Run a subcommand. Gives its stderr, where Compose tells how it goes on, and its stdout."""
        done = self._run_command([*self.docker_compose_command(), *words])
        return decode(done.stderr), decode(done.stdout)

    def _run_command(self, cmd: str | list[str], context: str | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run a command of Compose, within the time limit; it does not outlive this call."""
        words = shlex.split(cmd) if isinstance(cmd, str) else cmd
        try:
            process = subprocess.Popen(
                words,
                cwd=context or str(self.context),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as problem:
            raise self._fault(words, str(problem), "") from problem
        with process:
            try:
                out, err = process.communicate(timeout=self.timeout)
            except subprocess.TimeoutExpired as problem:
                raise self._fault(words, f"not done after {self.timeout:.0f} s", "") from problem
            finally:
                if process.returncode is None:
                    _end(process)
        if process.returncode:
            raise self._fault(words, f"exit code {process.returncode}", decode(err))
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def _fault(self, words: Sequence[str], seen: str, text: str) -> EnvironmentFault:
        lines = [line for line in text.splitlines() if line.strip()]
        return EnvironmentFault(
            "Docker Compose failed.",
            wanted=shlex.join(words),
            seen=f"{seen}: {lines[-1].strip()}" if lines else seen,
            tail=lines[-15:-1],
            remedy=_remedy(text),
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command and what it started, such as the plugin that does the work of `docker compose`."""
    try:
        _signal_group(process, signal.SIGTERM)
        process.wait(END_GRACE)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _remedy(text: str) -> str:
    if "port is already allocated" in text or "address already in use" in text:
        return "end the program on that port, or choose another with --port SERVICE=N"
    if "pull access denied" in text or "no such host" in text or "manifest unknown" in text:
        return "an image cannot be pulled: `harness images` builds those that the harness knows"
    return "`docker compose logs` and `docker info` may say more"


def as_typed(service: str, command: str) -> tuple[list[str], str]:
    """Give a command of a service as the words after `docker compose exec`, and the line that a user types for it.

    A command of a single program is typed as it is; one that needs a shell goes through `bash -c`.
    """
    words = _plain_words(command)
    if words and not _SHELLS_OWN.fullmatch(words[0]) and "=" not in words[0]:
        return words, f"docker compose exec {service} {command}"
    return ["bash", "-c", command], f"docker compose exec {service} bash -c {_quoted(command)}"


def _plain_words(command: str) -> list[str] | None:
    """Give the words of a command that a shell would pass on as they are; None when it would do more."""
    words: list[str] = []
    quote, begun, at = "", False, 0
    while at < len(command):
        character = command[at]
        if not quote and character == " ":
            begun = False
        elif not quote and character in "'\"":
            quote, words, begun = character, words if begun else [*words, ""], True
        elif character == quote:
            quote = ""
        elif quote == '"' and character == "\\" and command[at + 1 : at + 2] in ('"', "\\", "$", "`"):
            at += 1
            words[-1] += command[at]
        elif (quote == '"' and character in "$`\\!") or (not quote and character not in _PLAIN):
            return None
        else:
            words = words if begun else [*words, ""]
            words[-1] += character
            begun = True
        at += 1
    return None if quote else words


def _quoted(command: str) -> str:
    """Quote a command for a shell, in the way that is the shorter to read."""
    single = shlex.quote(command)
    double = '"' + re.sub(r'([\\"$`])', r"\\\1", command) + '"'
    return double if len(double) < len(single) and "!" not in command else single
