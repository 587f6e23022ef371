"""Fills the memory: with one process, with several at once, and by files that live in it."""

import multiprocessing
import os
import sys
import time

from verdict import tell, within

MIB = 1 << 20
MOST = 6144


def fill(megabytes):
    """Hold so much memory, each page of it touched."""
    held = []
    for _ in range(megabytes // 64):
        held.append(bytearray(os.urandom(4096)) * (64 * MIB // 4096))
    return held


def hold(megabytes):
    held = fill(megabytes)
    time.sleep(8)
    sys.exit(0 if held else 1)


def files(folder):
    """Fill a folder that may live in memory, and clear it."""
    names = []
    try:
        for number in range(MOST // 64 // 4):
            name = f"{folder}/fill-{number}"
            names.append(name)
            with open(name, "wb") as file:
                file.write(b"x" * (64 * MIB))
        return False
    except OSError:
        return True
    finally:
        for name in names:
            if os.path.exists(name):
                os.remove(name)


if __name__ == "__main__":
    within(110)
    what = sys.argv[1] if len(sys.argv) > 1 else "one"
    if what == "one":
        try:
            held = fill(MOST)
            tell(f"one process holds {MOST} MiB", True)
        except MemoryError:
            tell("one process is refused more memory", False)
    elif what == "many":
        parts = [multiprocessing.Process(target=hold, args=(MOST // 6,)) for _ in range(6)]
        for part in parts:
            part.start()
        for part in parts:
            part.join()
        codes = [part.exitcode for part in parts]
        tell(f"six processes hold {MOST} MiB together, exit codes {codes}", codes == [0] * 6)
    else:
        full = files("/dev/shm")
        tell("files in /dev/shm" + (" end at a limit" if full else f" take {MOST // 4} MiB"), not full)
