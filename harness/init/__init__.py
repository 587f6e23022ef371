"""Beginning an assignment of one's own: from a small one that runs at once, or from what a report describes."""
