"""Claims in prose: a number with what it counts, as in `20 purchase events`, and what the report shows of that."""
