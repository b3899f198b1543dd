"""Indexing: one durable job for each document, stage by stage, each of which can be done again."""
