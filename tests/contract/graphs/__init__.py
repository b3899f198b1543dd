"""A corpus of graphs with what each must give: every node kind, comparison, operation and way to fail."""
