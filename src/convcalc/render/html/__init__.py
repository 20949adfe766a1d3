"""A table as a page of its own, which sorts by a click and folds by block."""
