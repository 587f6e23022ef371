"""The autograder for Gradescope: a zip with the scripts, the rubric and the harness itself.

See gradescope-autograders.readthedocs.io/en/latest/specs/: Gradescope unpacks the zip at /autograder/source, runs
`setup.sh` there once, then `run_autograder` for each submission at /autograder/submission, and reads
/autograder/results/results.json.
"""

from __future__ import annotations

import io
import shlex
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Final

from harness.errors import UsageError
from harness.grade.rubric import load_rubric, rubric_text

_SCRIPTS: Final = Path(__file__).parent
_PACKAGE: Final = "pipeline-harness"
_TIME: Final = (2020, 1, 1, 0, 0, 0)
"""Equal input gives an equal zip."""


def autograder(rubric: str, wheel: Path | None = None, *, static: bool = False, report: str | None = None) -> bytes:
    """Give the zip of an autograder that makes points by a rubric.

    The harness comes from `wheel`, or in this version from a package index. `static` reruns nothing. `report` names the
    report in each submission. Raises UsageError for a rubric that cannot be used, or a wheel that is none.
    """
    load_rubric(rubric)
    settings = {
        "PACKAGE": f"source/{wheel.name}" if wheel else f"{_PACKAGE}=={metadata.version(_PACKAGE)}",
        "STATIC": "yes" if static else "",
        "REPORT": report or "",
    }
    files = {
        "setup.sh": (_SCRIPTS / "setup.sh").read_bytes(),
        "run_autograder": (_SCRIPTS / "run_autograder").read_bytes(),
        "settings.sh": "".join(f"{name}={shlex.quote(value)}\n" for name, value in settings.items()).encode(),
        "rubric.yaml": rubric_text(rubric).encode(),
    }
    if wheel:
        if not zipfile.is_zipfile(wheel) or not wheel.name.endswith(".whl"):
            raise UsageError(f"{wheel} is no wheel.", wanted="pipeline_harness-VERSION-py3-none-any.whl")
        files[wheel.name] = wheel.read_bytes()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _TIME)
            entry.external_attr = (0o755 if name in ("setup.sh", "run_autograder") else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, data)
    return made.getvalue()
