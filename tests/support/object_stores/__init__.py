"""Servers that speak the protocols of object storages: one real (S3), the others as small as their clients need."""
