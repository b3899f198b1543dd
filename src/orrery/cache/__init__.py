"""Short-lived shared state: values with a life, counters, locks, rate limits, publish and subscribe.

Two implementations of one protocol: in the process, and Redis. Nothing that must survive a restart belongs here.
"""
