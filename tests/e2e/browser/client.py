"""The published ``dify-client`` package, unmodified, calls an app with the key that a page gave."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from tests.support.server import OrreryServer
from tests.support.sse import read_frames

dify_client: ModuleType = pytest.importorskip("dify_client", reason="the client package is not installed")


def call_by_client(server: OrreryServer, key: str) -> None:
    """Once blocking, once streaming, in one conversation."""
    client: Any = dify_client.ChatClient(key)
    client.base_url = f"{server.url}/v1"
    whole = client.create_chat_message({}, "to be said at once", "program", response_mode="blocking")
    assert whole.status_code == 200, whole.text
    body = whole.json()
    assert body["answer"] == "to be said at once"
    streamed = client.create_chat_message(
        {}, "to be said piece by piece, in pieces of four words", "program", "streaming", body["conversation_id"]
    )
    assert streamed.status_code == 200, streamed.text
    frames = list(read_frames(streamed.iter_content(chunk_size=None)))
    pieces = [frame.data["answer"] for frame in frames if frame.event == "message"]
    assert len(pieces) > 1
    assert "".join(pieces) == "to be said piece by piece, in pieces of four words"
    assert frames[-1].event == "message_end"
    assert frames[-1].data["conversation_id"] == body["conversation_id"]
