"""Makes files and folders without end, and folders that are hard to remove."""

import contextlib
import os
import signal

from verdict import within

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
within(100)
made = 0
try:
    for number in range(50_000):
        with open(f"crowd-{number}", "w"):
            made += 1
except OSError as problem:
    print(f"after {made} files: {problem}", flush=True)
print(f"{made} files at once in one folder", flush=True)
deep = os.getcwd()
with contextlib.suppress(OSError):
    for _ in range(2_000):
        os.mkdir("d" * 50)
        os.chdir("d" * 50)
os.chdir(deep)
with contextlib.suppress(OSError):
    os.mkdir("locked")
    with open("locked/file", "w"):
        pass
    os.chmod("locked", 0)
with contextlib.suppress(OSError):
    os.mkfifo("pipe.md")
with contextlib.suppress(OSError):
    os.truncate(os.open("sparse.txt", os.O_CREAT | os.O_WRONLY), 1 << 40)
print("a deep folder, a locked one, a pipe and a sparse file are left", flush=True)
