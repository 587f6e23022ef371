"""What stands in the sandbox of a submission. These files see nothing of the harness: the standard library alone."""
