"""Addresses that other programs call to start runs (product.md 7.5)."""
