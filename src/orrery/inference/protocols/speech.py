"""Text spoken, as OpenAI and compatible servers serve it (``POST /audio/speech``)."""

from __future__ import annotations

from orrery.inference.endpoint import Endpoint
from orrery.inference.transport import WireRequest

DEFAULT_VOICE = "alloy"


class Speech:
    """One text a request; the answer's body is the audio."""

    def request(self, endpoint: Endpoint, model: str, text: str, voice: str) -> WireRequest:
        asked = {"model": endpoint.model or model, "input": text, "voice": voice or DEFAULT_VOICE}
        return WireRequest("/audio/speech", {**asked, "response_format": "mp3"})
