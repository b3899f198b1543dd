"""Triggers of workflows: webhooks and schedules start runs of published versions (workflow.md 3.20, 6.4).

What a request or a due time asks for becomes a log row and a job in one transaction; the job starts the run. Nothing
here runs a graph or knows HTTP.
"""
