"""Agents: a model that works in rounds, with tools, until it has an answer.

Two ways of asking for a tool: the model's own calls (`function_calling`), and a text protocol for models that have
none (`react`). Both are generators of `events`. This room must not know graphs, conversations or databases.
"""
