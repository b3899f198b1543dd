"""Signed downloads and uploads: `/files` (workflow.md 5.6)."""
