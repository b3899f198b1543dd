"""The console's API: `/console/api` (product.md 6)."""
