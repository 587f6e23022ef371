"""`./run bench NAME`: run a benchmark and renew docs/performance.md; without a name only renew the page."""

import sys

from bench import api, cluster, compose, extract, first_run, grade, page, static, visible

BENCHMARKS = {
    "first-run": first_run.measure,
    "compose": compose.measure,
    "cluster": cluster.measure,
    "extract": extract.measure,
    "api": api.measure,
    "visible": visible.measure,
    "static": static.measure,
    "grade": grade.measure,
}

if __name__ == "__main__":
    names = sys.argv[1:]
    if unknown := [name for name in names if name not in BENCHMARKS]:
        sys.exit(f"unknown benchmark: {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    for name in names:
        BENCHMARKS[name]()
    page.write()
