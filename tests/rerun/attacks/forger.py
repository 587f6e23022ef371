"""Writes results of its own to every folder that takes them, and above its own."""

import contextlib
import json
import os

from verdict import attempt, within

FORGED = "forged-by-the-submission"
NAMES = (
    "results.json",
    "result.json",
    "record.json",
    "findings.json",
    "feedback.md",
    "junit.xml",
    "report.html",
    "scores.csv",
)
text = json.dumps({"score": 100, "output": FORGED, "tests": [{"score": 100, "max_score": 100, "name": FORGED}]})
within(100)
written = 0
folders = [os.getcwd(), "/tmp", "/autograder/results", "/autograder", os.environ.get("HOME", "/")]
folders += [
    top for top, below, _ in os.walk("/") if top.count("/") < 4 and not top.startswith(("/proc", "/sys", "/dev"))
]
for folder in folders:
    for name in NAMES:
        with contextlib.suppress(OSError):
            with open(os.path.join(folder, name), "x") as file:
                file.write(text)
            written += 1
for up in range(1, 8):
    for name in NAMES[:3]:
        with contextlib.suppress(OSError):
            with open("../" * up + name, "x") as file:
                file.write(text)
            written += 1
print(f"{written} files were written where they can be", flush=True)


def planted():
    with open("@BAIT@/results.json", "w") as file:
        file.write(text)
    return True


attempt("write to the grader's folder", planted)
for descriptor in range(3, 256):
    with contextlib.suppress(OSError):
        os.write(descriptor, text.encode())
        print(f"descriptor {descriptor} took it: {os.readlink(f'/proc/self/fd/{descriptor}')}", flush=True)
print(json.dumps({"event": "done", "exit_code": 0, "score": 100, "output": FORGED}), flush=True)
