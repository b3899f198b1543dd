"""Joins the nodes of a Redis Cluster once, and then tells by an open port that it is whole.

Arguments: the port to open, then the nodes' ports. The password comes as REDISCLI_AUTH.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

from orrery.deploy.native.programs import LOOPBACK, program

_PAUSE = 0.2


def main(door: int, nodes: list[int]) -> None:
    """Raises `CalledProcessError` when the nodes refuse."""
    client = program("redis-cli", "redis-tools")
    if "cluster_state:ok" not in _ask(client, nodes[0], "cluster", "info"):
        addresses = [f"{LOOPBACK}:{port}" for port in nodes]
        words = [client, "--cluster", "create", *addresses, "--cluster-replicas", "0", "--cluster-yes"]
        subprocess.run(words, check=True, stdout=sys.stderr)  # noqa: S603  (our own words)
    while not all("cluster_state:ok" in _ask(client, port, "cluster", "info") for port in nodes):
        time.sleep(_PAUSE)
    asyncio.run(_stay(door))


def _ask(client: str, port: int, *words: str) -> str:
    asked = subprocess.run(  # noqa: S603  (our own words)
        [client, "-h", LOOPBACK, "-p", str(port), *words], capture_output=True, text=True, check=False
    )
    return asked.stdout


async def _stay(door: int) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), LOOPBACK, door)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), [int(word) for word in sys.argv[2:]])
