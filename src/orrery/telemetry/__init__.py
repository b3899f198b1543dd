"""What the process tells about itself: log lines with trace ids and without secrets.

Set up once at the start by `configure.configure_logging`; code logs through the standard library's loggers.
"""
