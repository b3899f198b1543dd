"""Answers read aloud while they come (workflow.md 1.7, ``text_to_speech``)."""
