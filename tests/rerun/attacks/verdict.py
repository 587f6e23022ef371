"""Says of each try whether it reached what it must not; and ends the program, whatever it does, after some time."""

import os
import signal
import sys

SECRET = "secret-of" + "-the-grader"
"""What the files hold that nobody may read; in two parts, so that nobody finds it here."""


def tell(what, reached):
    """Print the outcome of one try."""
    print(("ESCAPED: " if reached else "CONTAINED: ") + what, flush=True)


def attempt(what, action):
    """Try something that must fail, or give nothing. Gives what it gave."""
    try:
        got = action()
    except BaseException as problem:  # whatever stops it contains it
        if isinstance(problem, KeyboardInterrupt):
            raise
        tell(f"{what} ({type(problem).__name__}: {str(problem)[:100]})", False)
        return None
    tell(what if got is None or got is True else f"{what}: {str(got)[:200]!r}", bool(got))
    return got


def mounts():
    """Give the mounts: device, place and kind of each."""
    for line in open("/proc/self/mountinfo").read().splitlines():
        words = line.split()
        major, minor = words[2].split(":")
        yield os.makedev(int(major), int(minor)), words[4], words[words.index("-") + 1]


def within(seconds):
    """End this program after some seconds; and at once, before it does anything, where no rerun has put it.

    A rerun puts it below /w205, and into a process namespace of its own. No other machine has such a folder.
    """
    if not os.path.realpath(__file__).startswith("/w205/") or sys.platform != "linux":
        sys.exit("this does harm, and runs in a rerun only: below /w205")
    if os.readlink("/proc/self/ns/pid") == "pid:[4026531836]":
        tell("the machine's own process namespace, so nothing more is tried", True)
        sys.exit(1)
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("the program's own time is over"))
    signal.alarm(seconds)
