"""Benchmarks: measured here, kept as JSON in `results/`, shown in docs/performance.md."""
