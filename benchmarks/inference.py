"""CPU time of one streamed chunk through the whole inference path, beside a bare aiohttp read of the same stream.

    python benchmarks/inference.py [--chunks 1000] [--pause 300] [--rounds 5]

A server in a process of its own streams OpenAI chat chunks, each a write of its own and apart in time, so that each
is a read of its own: the dear case. With ``--pause 0`` the kernel joins them. Compared in the same run:
reading the bytes with aiohttp alone; transport, framing, decoding and pricing through `InferenceGateway`; the same from
memory, so that only our own work is left; and framing with decoding alone. Times are process CPU, the best of the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from multiprocessing.synchronize import Event

import aiohttp
import msgspec
from aiohttp import web

from orrery.egress import GuardedHttpClient, operator_policy
from orrery.egress.protocol import HttpResponse
from orrery.inference.endpoint import Endpoint
from orrery.inference.gateway import InferenceGateway
from orrery.inference.protocols.openai_chat import OpenAIChat
from orrery.inference.registry import ProviderRegistry
from orrery.inference.transport import ModelTransport
from orrery.inference.types import Credentials, LLMCall, Message, ModelKind, ModelRef

PORT = 8197
URL = f"http://127.0.0.1:{PORT}/v1"


def chunk(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": finish}
    body = {
        "id": "chatcmpl-9xYzAbCdEfGhIjKlMnOpQrStUv", "object": "chat.completion.chunk", "created": 1_700_000_000,
        "model": "gpt-4o-2024-08-06", "system_fingerprint": "fp_0123456789", "choices": [choice],
    }  # fmt: skip
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


def serve(chunks: int, pause: float, ready: Event) -> None:
    frames = [chunk(f" token{i}") for i in range(chunks)]
    tail = (
        chunk("", "stop")
        + b'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":9,"total_tokens":18}}\n\n'
    )

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for frame in frames:
            await response.write(frame)
            await asyncio.sleep(pause)
        await response.write(tail + b"data: [DONE]\n\n")
        return response

    async def main() -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", PORT).start()
        ready.set()
        await asyncio.Event().wait()

    asyncio.run(main())


class Fixed:
    async def find(self, provider_id: str, model: str, kind: ModelKind) -> Credentials | None:
        return {"openai_api_key": "k", "openai_api_base": URL}


class Remembered:
    """An `HttpClient` whose answer is already in memory: what is left is our own work."""

    def __init__(self, frames: list[bytes]) -> None:
        self.status, self.headers, self._frames = 200, (), frames

    @asynccontextmanager
    async def stream(self, *_: object, **__: object) -> AsyncGenerator[Remembered]:
        yield self

    async def chunks(self) -> AsyncGenerator[bytes]:
        for frame in self._frames:
            yield frame

    async def read(self, limit: int) -> bytes:
        return b"".join(self._frames)[:limit]

    async def request(self, *_: object, **__: object) -> HttpResponse:
        raise NotImplementedError


async def measured(rounds: int, *works: Callable[[], Awaitable[int]]) -> tuple[list[float], int]:
    """The lowest CPU time of each work in seconds, taken in turns; and the pieces that the first one saw."""
    pieces = [await work() for work in works]
    found: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for times, work in zip(found, works, strict=True):
            start = time.process_time()
            await work()
            times.append(time.process_time() - start)
    return [min(times) for times in found], pieces[0]


async def measure(chunks: int, rounds: int) -> None:
    call = LLMCall(model=ModelRef("openai", "gpt-4o"), messages=(Message("user", "go"),))
    async with (
        aiohttp.ClientSession() as session,
        GuardedHttpClient(operator_policy(allow_private=True)) as http,
    ):
        gateway = InferenceGateway(ProviderRegistry(), Fixed(), ModelTransport(http))

        async def bare() -> int:
            reads = 0
            async with session.post(f"{URL}/chat/completions", json={}) as response:
                async for _ in response.content.iter_any():
                    reads += 1
            return reads

        async def whole() -> int:
            deltas = 0
            async for _ in gateway.stream(call):
                deltas += 1
            assert deltas == chunks + 1, deltas
            return deltas

        protocol, endpoint = OpenAIChat(), Endpoint(base_url=URL, label="x")
        frames = [chunk(f" token{i}") for i in range(chunks)]

        async def decode() -> int:
            framing, decoder = protocol.framing(), protocol.decoder(endpoint)
            return sum(decoder.feed(p) is not None for f in frames for p in framing.feed(f))

        local = InferenceGateway(
            ProviderRegistry(), Fixed(), ModelTransport(Remembered([*frames, chunk("", "stop"), b"data: [DONE]\n\n"]))
        )

        async def own() -> int:
            return sum([1 async for _ in local.stream(call)])

        best, reads = await measured(rounds, bare, whole, own, decode)
    bare_us, whole_us, own_us, decode_us = (1e6 * seconds / chunks for seconds in best)
    print(f"{chunks} chunks, {reads} reads in the bare run, best of {rounds} rounds, CPU per chunk")
    print(f"bare aiohttp read     {bare_us:7.2f} us")
    print(f"gateway, end to end   {whole_us:7.2f} us   ratio {whole_us / bare_us:.2f}")
    print(f"gateway, from memory  {own_us:7.2f} us   (all of ours, no network; target 10)")
    print(f"framing and decoding  {decode_us:7.2f} us   (no network)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=1000)
    parser.add_argument("--pause", type=float, default=300, help="microseconds between chunks; 0 floods")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    server = context.Process(target=serve, args=(chosen.chunks, chosen.pause / 1e6, ready), daemon=True)
    server.start()
    ready.wait(20)
    try:
        asyncio.run(measure(chosen.chunks, chosen.rounds))
    finally:
        server.terminate()
        server.join()


if __name__ == "__main__":
    main()
