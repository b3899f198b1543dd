"""A real HTTP server that speaks model vendors' protocols, with behaviours chosen by the model's name.

In process: ``async with ModelServer() as server: server.url``; as a command: ``python -m tests.support.model_server``.
`behaviours` lists the names. Nothing here imports the product.
"""

from tests.support.model_server.server import ModelServer

__all__ = ["ModelServer"]
