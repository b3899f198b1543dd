"""The whole product from outside: a real process, real clients."""
