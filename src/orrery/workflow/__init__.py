"""The workflow engine: a graph parsed once, runs of it driven on the event loop, events for whoever watches.

A library of its own: no database, no HTTP, no settings. Clock, ids, services and the journal are handed in.
"""
