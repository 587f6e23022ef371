"""Leaves a process behind that has no parent, no terminal, no group of the submission's, and marks what it reaches."""

import os
import signal
import time

from verdict import within

within(20)

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        signal.alarm(110)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        until = time.monotonic() + 100
        while time.monotonic() < until:
            for folder in ("/tmp", "/w205"):
                try:
                    with open(f"{folder}/left-by-a-daemon", "a") as file:
                        file.write(f"{os.getpid()}\n")
                except OSError:
                    pass
            time.sleep(0.5)
    os._exit(0)
os.wait()
print("a daemon is left behind", flush=True)
