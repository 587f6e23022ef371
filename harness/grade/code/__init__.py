"""What the code of a submission says, read from the text and the syntax tree only: nothing is imported or run."""
