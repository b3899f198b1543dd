"""A workspace's model providers: encrypted credentials, models of its own, switches and defaults."""
