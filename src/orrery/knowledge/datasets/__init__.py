"""Datasets: what holds documents; their rules, permissions, labels and metadata fields."""
