"""Passwords, signed tokens, file link signatures, encryption of stored secrets, masking, permission keys.

Pure functions and small objects built from keys that are handed in; nothing here does input or output.
"""
