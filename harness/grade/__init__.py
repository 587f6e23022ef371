"""Grading: what does not hold in a submission's report, and where that can be seen."""
