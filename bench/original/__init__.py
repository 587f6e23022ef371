"""The ways of the original assignment, written anew for comparison: what a benchmark holds ours against."""
