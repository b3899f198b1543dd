"""Who calls: one file for each way of proving it."""
