"""Orrery: a self-hosted platform for building and running LLM applications."""

__version__ = "0.1.0"
