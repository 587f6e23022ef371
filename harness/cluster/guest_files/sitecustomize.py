"""Python's own start-up file for guests: it mends old libraries' habits in every Python process, as they are imported.

Drivers, their workers, shells, notebooks and web apps are all reached in this one way, and a submission's own files run
as they are, with no other program around them. The mends are beside this file, which stands alone: nothing of the
harness is there where it runs.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

HELPS = "HARNESS_HELPS"
PACKAGES = "HARNESS_PACKAGES"
"""Variables of a guest's environment: the file that helps are noted in, and the folder of packages that are allowed."""


MENDED = {
    "pyspark.sql.types": ("old_jobs.py", "mend_types"),
    "pyspark.sql.session": ("old_jobs.py", "mend_session"),
    "kafka.errors": ("old_apps.py", "mend_kafka_errors"),
    "kafka.producer.kafka": ("old_apps.py", "mend_producer"),
    "kafka.consumer.group": ("old_apps.py", "mend_consumer"),
    "flask": ("old_apps.py", "mend_flask"),
}
"""By the module that is imported: the file and the function that mends it."""


def used(name: str, text: str) -> None:
    """Say that a help was used, and add it to the file of the helps where there is one."""
    print(f"harness: {text}", file=sys.stderr, flush=True)
    if file := os.environ.get(HELPS):
        try:
            with Path(file).open("a", encoding="utf-8") as out:
                out.write(f"{name}\t{text}\n")
        except OSError:
            pass  # that it was said is enough


class Mender(MetaPathFinder):
    """Finds the modules that are to be mended, as Python would, and mends each when it has been run."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Give the spec of a module that is to be mended; None for any other."""
        if fullname not in MENDED:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec and spec.loader:
            run = spec.loader.exec_module

            def run_and_mend(module: ModuleType) -> None:
                run(module)
                _mend(*MENDED[fullname])(module, used)

            spec.loader.exec_module = run_and_mend  # type: ignore[method-assign]
        return spec


def _mend(file: str, function: str) -> Callable[[ModuleType, Callable[[str, str], None]], None]:
    """Give a function of a file beside this one, under a name that no submission's file has."""
    name = f"_harness_{file.removesuffix('.py')}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(file))
        assert spec
        assert spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    found: Callable[[ModuleType, Callable[[str, str], None]], None] = getattr(sys.modules[name], function)
    return found


if __name__ == "sitecustomize":
    if allowed := os.environ.get(PACKAGES):
        sys.path.append(allowed)
    sys.meta_path.insert(0, Mender())
