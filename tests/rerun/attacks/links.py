"""Goes through the links that lead out of the folder, and makes more."""

import contextlib
import os

from verdict import SECRET, attempt, within

BAIT = "@BAIT@"
within(60)
os.chdir(os.path.dirname(os.path.abspath(__file__)))
attempt("read the secret through a link", lambda: SECRET in open("answers.txt").read())
attempt("read the password hashes through a link", lambda: "$" in open("shadow").read())
attempt("list the grader's folder through a link", lambda: os.listdir("outside"))


def written():
    with open("outside/written-through-a-link", "w") as file:
        file.write("x")
    return True


attempt("write through a link", written)
attempt("a hard link to the secret", lambda: os.link(f"{BAIT}/rubric.yaml", "hard.yaml") or True)
for name in ("results.json", "record.json", "late", "jobs"):
    with contextlib.suppress(OSError):
        os.symlink(BAIT, name)
print("links are left for whoever copies, reads or removes the folder", flush=True)
