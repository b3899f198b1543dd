"""``python -m tests.support.model_server --port 8099``: the same server as a process of its own."""

import argparse
import asyncio
import contextlib
import sys

from tests.support.model_server.server import ModelServer


async def serve(host: str, port: int) -> None:
    async with ModelServer(host=host, port=port) as server:
        sys.stdout.write(f"model server on {server.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="model_server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8099, help="0 takes a free one")
    chosen = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(chosen.host, chosen.port))


if __name__ == "__main__":
    main()
