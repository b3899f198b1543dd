"""The example apps do what they promise, through the same command that a newcomer uses."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.model_server import ModelServer

from orrery.cli.offline import OfflineOptions, run_file

EXAMPLES = Path(__file__).parents[3] / "examples"


async def _run(
    capsys: pytest.CaptureFixture[str], name: str, *inputs: str, query: str | None = None, model: str = ""
) -> str:
    async with ModelServer() as server:
        options = OfflineOptions(
            file=EXAMPLES / f"{name}.yml",
            inputs=inputs,
            query=query,
            endpoint=f"{server.url}/v1",
            key="test-key",
            model=model or None,
            as_json=False,
            verbose=False,
        )
        assert await run_file(options) == 0, capsys.readouterr().err
    return capsys.readouterr().out.strip()


def test_every_example_is_tried_here() -> None:
    source = Path(__file__).read_text("utf-8")
    assert len(list(EXAMPLES.glob("*.yml"))) >= 6
    assert [p.stem for p in EXAMPLES.glob("*.yml") if f'"{p.stem}"' not in source] == []


async def test_branches(capsys: pytest.CaptureFixture[str]) -> None:
    assert await _run(capsys, "greeting", "name=Ada") == "Hi Ada, good to see you!"
    assert await _run(capsys, "greeting", "name=Ada", "formal:=true") == "Good day, Ada. It is a pleasure to meet you."


async def test_code_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    text = "I have 3 cats, 4.5 kg and 10 fish"
    assert await _run(capsys, "statistics", f"text={text}") == "3 numbers, mean 5.83, median 4.5"
    assert await _run(capsys, "statistics", "text=none") == "There are no numbers in this text."


async def test_http_takes_the_failure_branch_for_a_private_address(capsys: pytest.CaptureFixture[str]) -> None:
    answer = await _run(capsys, "web_page", "address=http://127.0.0.1:9/")
    assert answer.startswith("The page did not answer as hoped: Access to 'http://127.0.0.1:9/' was blocked")


async def test_chat_echoes_through_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert await _run(capsys, "conversation", query="hello there", model="echo") == "hello there"


async def test_a_prompt_with_variables(capsys: pytest.CaptureFixture[str]) -> None:
    answer = await _run(capsys, "rewrite", "text=The aforementioned", "reader=a customer", model="echo")
    assert "in plain words for a customer" in answer
    assert "The aforementioned" in answer


async def test_a_model_beside_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert await _run(capsys, "triage", "message=HELP ME", model="words:3") == "w0 w1 w2\n\n2 words, all in capitals."
