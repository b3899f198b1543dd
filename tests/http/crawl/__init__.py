"""Walks over the table of all routes: what each declares, and what strangers get."""
