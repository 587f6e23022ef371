"""What a grading looks like: text for a terminal, JSON, Markdown, a page, annotations. Pure functions."""
