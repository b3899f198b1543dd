"""Tools that are part of the program: they need no vendor, no key and no plugin."""
