"""Measure and keep results; then, or without a name, print the targets and renew what shows them.

./run bench                  the targets, bench.json and docs/performance.md, from the results that are kept
./run bench extract api      measure these two first
./run bench all              measure everything: about two hours, with a Docker Engine
"""

import sys

from bench import measured, page, targets
from bench.page import BENCHMARKS
from harness.signals import orderly


def main(*names: str) -> None:
    """Measure what is named, and show the targets."""
    if {"-h", "--help"} & {*names}:
        print(f"{__doc__}\nBenchmarks: {', '.join(BENCHMARKS)}")
        return
    if unknown := [name for name in names if name not in (*BENCHMARKS, "all")]:
        sys.exit(f"unknown benchmark: {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}, all")
    with orderly():  # what a benchmark started ends with it
        for name in BENCHMARKS if "all" in names else names:
            measured.say(f"measuring {name}")
            BENCHMARKS[name].measure()
    rows = page.write()
    targets.write(rows)
    print("\n".join(targets.lines(rows)))


if __name__ == "__main__":
    main(*sys.argv[1:])
