"""A backup's file: a ZIP that any tool opens, with a checksum of every part; sealed as a whole when asked for."""
