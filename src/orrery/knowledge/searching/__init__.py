"""Finding passages: for a request, for a run, in one knowledge base or several (knowledge.md 4).

The database decides which documents and segments count; the index only says what is near.
"""
