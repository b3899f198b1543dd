"""Documents of a dataset: how they are added, changed, paused and deleted. The work itself is `knowledge.indexing`."""
