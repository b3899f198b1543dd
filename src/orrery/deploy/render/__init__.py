"""Renderers: each turns the topology into the files of one kind of place, and does nothing else."""
