"""What is made of a default model's words: titles and questions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.apps.conversations.default_model import DefaultModel
from orrery.apps.conversations.suggestions import questions_in
from orrery.apps.conversations.titles import Titles, first_words
from orrery.inference.types import (
    InvokeConnectionError,
    LLMCall,
    LLMDelta,
    Message,
    ModelRef,
    ProviderNotConfigured,
)
from orrery.workflow.testing import ScriptedModels


async def some(_: str) -> ModelRef | None:
    return ModelRef("p", "m")


async def none(_: str) -> ModelRef | None:
    return None


def titles(text: str) -> tuple[Titles, ScriptedModels]:
    models = ScriptedModels(text)
    return Titles(DefaultModel(lambda _: models, some)), models


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ('"Zebras"', "Zebras"),
        ("# Zebras\nmore", "Zebras"),
        ("<think>hm</think>\nZebras", "Zebras"),
        ("<think>never ends", "What is it?"),
        ("", "What is it?"),
        ("z" * 80, "z" * 75 + "..."),
    ],
)
async def test_titles_are_tidied(written: str, title: str) -> None:
    assert await titles(written)[0].of("w", "What is it?") == title


async def test_long_messages_are_shortened_before_they_are_sent() -> None:
    made, models = titles("T")
    await made.of("w", "a" * 1500 + "b" * 1500)
    sent = models.calls[0].messages[1].text()
    assert "a" * 300 in sent and "b" * 300 in sent and len(sent) < 700


async def test_without_a_model_the_message_is_the_title() -> None:
    lonely = Titles(DefaultModel(lambda _: ScriptedModels("T"), none))
    assert await lonely.of("w", "x" * 60) == "x" * 47 + "..."
    assert await lonely.of("w", " Short \n one ") == "Short one"
    assert first_words("  ") == "New conversation"


class SilentModels(ScriptedModels):
    async def stream(self, call: LLMCall) -> AsyncIterator[LLMDelta]:
        await asyncio.Event().wait()
        yield LLMDelta()


async def test_a_silent_model_is_given_up() -> None:
    model = DefaultModel(lambda _: SilentModels(), some, seconds=0.01)
    with pytest.raises(InvokeConnectionError, match="did not answer"):
        await model.write("w", [Message("user", "x")], parameters={})
    with pytest.raises(ProviderNotConfigured):
        await DefaultModel(lambda _: SilentModels(), none).write("w", [Message("user", "x")], parameters={})


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ('["A?", "B?"]', ["A?", "B?"]),
        ('Sure: ["A?", 7, " B\\n? "] done', ["A?", "B ?"]),
        ("1. A?\n2) B?\n- C?\n* D?", ["A?", "B?", "C?"]),
        ('["A?", ', []),
        ("", []),
        (f'["{"x" * 201}?", "B?"]', ["B?"]),
    ],
)
def test_questions_are_found(text: str, questions: list[str]) -> None:
    assert questions_in(text) == questions


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=400))
def test_any_answer_gives_at_most_three_plain_lines(text: str) -> None:
    found = questions_in(text)
    assert len(found) <= 3
    assert all(0 < len(item) <= 200 and "\n" not in item for item in found)
