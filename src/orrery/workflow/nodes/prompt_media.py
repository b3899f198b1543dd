"""Files as parts of a message, limited to what the model can take in (workflow.md 3.10, Vision)."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Literal

import msgspec

from orrery.inference.types import ContentPart, MediaPart, Message, ModelFeatures, TextPart
from orrery.workflow.node import NodeServices
from orrery.workflow.nodes.llm_data import ModelNodeOptions
from orrery.workflow.nodes.prompt_template import FileValue


class MediaLoader:
    """Turns file values into message parts, for one model.

    A file that the model has no feature for is left out without a word, before anything is read.
    """

    def __init__(
        self, services: NodeServices, features: ModelFeatures, options: ModelNodeOptions, detail: Literal["high", "low"]
    ) -> None:
        self._services, self._features, self._options, self._detail = services, features, options, detail

    async def parts(self, files: Iterable[FileValue]) -> tuple[MediaPart, ...]:
        """Parts in the order of the files. Raises `NodeFailure` when a file can't be read."""
        return tuple([part for file in files if (part := await self._part(file))])

    async def _part(self, file: FileValue) -> MediaPart | None:
        kind = _kind_of(file)
        if kind is None or not supports(self._features, kind):
            return None
        part = MediaPart(
            kind=kind,
            mime_type=str(file.get("mime_type") or "application/octet-stream"),
            filename=str(file.get("filename") or "") or None,
            detail="low" if self._detail == "low" else "high",
        )
        if self._options.media_format == "url":
            return msgspec.structs.replace(
                part, url=str(file.get("remote_url") or "") or self._services.files.url(file)
            )
        content = await self._services.files.read(file, max_bytes=self._options.max_media_bytes)
        return msgspec.structs.replace(part, data=base64.b64encode(content).decode())


def _kind_of(file: FileValue) -> Literal["image", "document", "audio", "video"] | None:
    match file.get("type"):
        case "image":
            return "image"
        case "document":
            return "document"
        case "audio":
            return "audio"
        case "video":
            return "video"
        case _:
            return None


def supports(features: ModelFeatures, kind: Literal["image", "document", "audio", "video"]) -> bool:
    """Whether the model takes this kind of content in."""
    return {
        "image": features.vision,
        "document": features.document,
        "audio": features.audio,
        "video": features.video,
    }[kind]


def supported(message: Message, features: ModelFeatures) -> Message | None:
    """The message without contents that the model can't take in; None when nothing is left of it.

    A message left with a single text carries it as a plain string, which every vendor accepts.
    """
    if isinstance(message.content, str):
        return message if message.content or message.tool_calls else None
    parts: tuple[ContentPart, ...] = tuple(
        part for part in message.content if isinstance(part, TextPart) or supports(features, part.kind)
    )
    if not parts:
        return None
    if len(parts) == 1 and isinstance(parts[0], TextPart):
        return msgspec.structs.replace(message, content=parts[0].text) if parts[0].text else None
    return msgspec.structs.replace(message, content=parts)


def with_media(messages: list[Message], media: tuple[MediaPart, ...]) -> list[Message]:
    """Files first in the last message when it is a user's message of parts, else in a message of their own."""
    if not media:
        return messages
    if messages and messages[-1].role == "user" and not isinstance(messages[-1].content, str):
        last = messages[-1]
        return [*messages[:-1], msgspec.structs.replace(last, content=(*media, *last.content))]
    return [*messages, Message(role="user", content=media)]
