"""What a grading looks like: text for a terminal, JSON, pages, and the formats of Gradescope, Classroom and CI."""
