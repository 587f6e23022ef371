"""All that the static checks of code need of one submission, read once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.grade.code import commands, jobs, sql
from harness.grade.code.routes import Api, is_app, read_api
from harness.grade.code.sources import Source, base_name, python_sources
from harness.grade.model import Submission


@dataclass(frozen=True, slots=True)
class Code:
    """The code of a submission. `api` is that of the app that the report starts, where the folder has it.

    `app_file` is its path, or None where the routes are those of all apps there are. `runs` has the base name of each
    file that a command starts.
    """

    sources: Sequence[Source]
    typed: Sequence[commands.Command]
    scripted: Sequence[commands.Command]
    jobs: Sequence[jobs.Job]
    tables: Sequence[sql.Table]
    api: Api
    apps: Sequence[Source]
    app_file: str | None
    runs: Mapping[str, commands.Command]

    @property
    def missing(self) -> set[str]:
        """The names of the Python files that a command starts and whose code is neither in a file nor shown by one."""
        known = {base_name(source.path) for source in self.files}
        shown = {
            base_name(word)
            for command in self.typed
            if any(program.name in ("cat", "less", "more", "nano", "vi", "vim") for program in command.programs)
            for word in command.text.split()
        }
        return {name for name in self.runs if name.endswith(".py")} - known - shown

    @property
    def files(self) -> list[Source]:
        """The sources that are files of the folder."""
        return [source for source in self.sources if not source.is_listing]


_STARTERS = frozenset({"bash", "hive", "presto", "python", "python2", "python3", "sh", "source", "spark-submit"})
_LAST: list[tuple[Submission, Code]] = []


def code(submission: Submission) -> Code:
    """Read the code of a submission; the last one is kept, for every check asks."""
    if _LAST and _LAST[0][0] is submission:
        return _LAST[0][1]
    found = _read(submission)
    _LAST[:] = [(submission, found)]
    return found


def started_files(given: Iterable[commands.Command]) -> Iterator[tuple[str, commands.Command]]:
    """Give the path of each Python, SQL or shell file that a command starts, as it is written, with the command."""
    for command in given:
        for program in command.programs:
            for word in program.args if program.name in _STARTERS else ():
                if word.endswith((".py", ".hql", ".sql", ".sh")) and commands.is_literal(word):
                    yield word, command
                    break
    yield from started(given)


def is_history(submission: Submission) -> bool:
    """Whether the report is a shell's history: its commands were typed over weeks, against other states of the code."""
    return submission.report.suffix not in (".md", ".markdown", ".ipynb", ".rmd")


def whole_text(submission: Submission) -> str:
    """Give the report and all other texts of the folder but code, in one text."""
    texts = [text for path, text in submission.files.items() if not path.endswith((".py", ".yml", ".yaml"))]
    if str(submission.report) not in submission.files:
        texts += [block.text for block in submission.blocks]
    return "\n".join(texts)


def started(code_commands: Iterable[commands.Command]) -> list[tuple[str, commands.Command]]:
    """Give what `FLASK_APP` names in the commands, with the command."""
    found: list[tuple[str, commands.Command]] = []
    for command in code_commands:
        for word in command.text.split():
            name, equals, value = word.strip("\"'").partition("FLASK_APP=")
            if equals and not name and commands.is_literal(value):
                found.append((value.strip("\"'"), command))
    return found


def _read(submission: Submission) -> Code:
    sources = python_sources(submission)
    typed = list(commands.typed(submission))
    scripted = list(commands.scripted(submission))
    read = [jobs.read_job(source) for source in sources if jobs.is_job(source)]
    tables = [table for job in read for table in job.tables]
    tables += [*sql.report_tables(submission), *sql.file_tables(submission)]
    apps, app_file = _apps(sources, [*typed, *scripted])
    return Code(
        sources,
        typed,
        scripted,
        read,
        tables,
        read_api(apps),
        apps,
        app_file,
        {base_name(path): command for path, command in started_files([*typed, *scripted])},
    )


def _apps(sources: Sequence[Source], given: Sequence[commands.Command]) -> tuple[list[Source], str | None]:
    """Give the modules whose routes the server has: the started app with what it imports, or all there are."""
    possible = [source for source in sources if is_app(source)]
    names = {base_name(value.partition(":")[0]) for value, _ in started(given)}
    files = [source for source in sources if not source.is_listing]
    named = [source for source in files if base_name(source.path) in names]
    paths = {source.path for source in named}
    if not named or len(paths) != len(names):
        return possible, None
    siblings = [source for source in possible if not source.is_listing and source.path not in paths]
    imported = [source for source in siblings if any(_imports(app, source) for app in named)]
    return [*named, *imported], named[0].path


def _imports(app: Source, other: Source) -> bool:
    return base_name(other.path).removesuffix(".py") in app.text or "__init__" in other.path
