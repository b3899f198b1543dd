"""Accounts: the first run, signing in and out, who is calling, and each person's own profile."""
