"""The API of published pages: `/api` (workflow.md 6)."""
