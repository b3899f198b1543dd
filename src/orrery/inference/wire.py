"""One loop for all protocols: send, frame, decode, and say honestly when an answer was not whole."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

from orrery.inference.endpoint import Endpoint
from orrery.inference.failures import cut_short, malformed
from orrery.inference.framing import Framing, FramingError
from orrery.inference.transport import ModelTransport, WireRequest
from orrery.inference.types import LLMCall, LLMDelta


class MalformedEvent(ValueError):
    """A payload that is not what the protocol promises."""


class AnswerDecoder(Protocol):
    """Turns one answer's payloads into deltas; one per call, it keeps what has to be put together."""

    finished: bool
    """Whether the vendor said that the answer is whole."""

    def feed(self, payload: bytes) -> LLMDelta | None:
        """What the payload adds; None for keep-alives. Raises `MalformedEvent`, `InvokeError`."""
        ...

    def last(self) -> LLMDelta:
        """The closing delta: tool calls, finish reason, usage (None when the vendor gave none)."""
        ...


class LLMProtocol(Protocol):
    """One vendor's wire for text: pure translation both ways."""

    def request(self, endpoint: Endpoint, call: LLMCall) -> WireRequest:
        """Raises `InvokeBadRequestError` for what the protocol can't express."""
        ...

    def framing(self) -> Framing: ...

    def decoder(self, endpoint: Endpoint) -> AnswerDecoder: ...


async def stream_answer(
    transport: ModelTransport, protocol: LLMProtocol, endpoint: Endpoint, call: LLMCall
) -> AsyncGenerator[LLMDelta]:
    """Deltas of one call, the closing one last. Raises `InvokeError`; close the generator to hang up."""
    request = protocol.request(endpoint, call)
    framing, decoder = protocol.framing(), protocol.decoder(endpoint)
    events = 0
    try:
        async with aclosing(transport.stream(endpoint, request)) as pieces:
            async for piece in pieces:
                for payload in framing.feed(piece):
                    events += 1
                    delta = decoder.feed(payload)
                    if delta is not None:
                        yield delta
        for payload in framing.close():
            delta = decoder.feed(payload)
            if delta is not None:
                yield delta
    except MalformedEvent as exc:
        raise malformed(endpoint, str(exc).encode()) from exc
    except FramingError as exc:
        raise malformed(endpoint, str(exc).encode()) from exc
    if not decoder.finished:
        raise cut_short(events)
    yield decoder.last()
