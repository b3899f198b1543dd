"""The answer of one run read aloud, sentence after sentence, beside its text (workflow.md 4.2, ``tts_message``)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
from collections.abc import Callable
from typing import Protocol

from orrery.apps.speech.sentences import Sentences
from orrery.inference.types import InvokeError

_log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds that watchers wait for more audio once the run has ended (workflow.md 4.3)."""


class Speaker(Protocol):
    """Makes MP3 of text."""

    async def speak(self, text: str) -> bytes:
        """Raises `InvokeError`."""
        ...


class RunSpeech:
    """``show`` takes pieces of base64 audio, in order. A voice that fails is silent from then on."""

    def __init__(self, speaker: Speaker, show: Callable[[str], None], *, patience: float = PATIENCE) -> None:
        self._speaker, self._show, self._patience = speaker, show, patience
        self._sentences = Sentences()
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def hear(self, text: str) -> None:
        """Takes the next piece of the answer."""
        self._add(self._sentences.feed(text))

    def hush(self) -> None:
        """Nothing more is said: the answer was taken back."""
        if self._task is not None:
            self._task.cancel()

    async def settle(self) -> None:
        """Says the rest, as far as it is to be had in time."""
        self._add(self._sentences.rest())
        if self._task is None:
            return
        self._waiting.put_nowait(None)
        await asyncio.wait((self._task,), timeout=self._patience)
        await self.close()

    async def close(self) -> None:
        """Ends what is under way."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _add(self, sentences: list[str]) -> None:
        for sentence in sentences:
            self._waiting.put_nowait(sentence)
        if sentences and self._task is None:
            self._task = asyncio.create_task(self._speak(), name="run-speech")

    async def _speak(self) -> None:
        try:
            while (sentence := await self._waiting.get()) is not None:
                audio = await self._speaker.speak(sentence)
                self._show(base64.b64encode(audio).decode())
        except InvokeError as error:
            _log.warning("an answer could not be read aloud: %s", error)
