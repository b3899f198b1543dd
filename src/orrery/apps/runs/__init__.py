"""Runs: accepted, journalled, leased, watched, resumed (design.md 5).

One path serves every app mode, blocking, streaming and asynchronous callers, the debugger and recovery after a crash.
"""
