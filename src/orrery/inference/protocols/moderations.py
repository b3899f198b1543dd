"""Texts judged by a moderation model, as OpenAI and compatible servers serve it (``POST /moderations``)."""

from __future__ import annotations

import msgspec

from orrery.inference.endpoint import Endpoint
from orrery.inference.transport import WireRequest, decoded


class _Result(msgspec.Struct):
    flagged: bool


class _Body(msgspec.Struct):
    results: list[_Result]


class Moderations:
    """One text a request."""

    def request(self, endpoint: Endpoint, model: str, text: str) -> WireRequest:
        return WireRequest("/moderations", {"model": endpoint.model or model, "input": text})

    def flagged(self, endpoint: Endpoint, body: bytes) -> bool:
        """Raises `InvokeError` for an answer of another shape."""
        return any(result.flagged for result in decoded(endpoint, body, _Body).results)
