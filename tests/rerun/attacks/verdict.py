"""Says of each try whether it reached what it must not; and ends the program, whatever it does, after some time."""

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


def within(seconds):
    """End this program after some seconds."""
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("the program's own time is over"))
    signal.alarm(seconds)
