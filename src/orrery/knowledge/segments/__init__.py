"""Segments and child chunks by hand, and the states of documents (knowledge.md 1.3, 1.4, 8.5)."""
