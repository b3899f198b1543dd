"""Journeys through the built pages in a real browser, against the real server."""
