"""The commands as scripts see them: help, exit codes, and words that never hold a secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from orrery import __version__
from orrery.cli.main import _ALL, main
from orrery.cli.offline import read_inputs
from orrery.errors import InvalidParam

START = {"id": "s", "data": {"type": "start", "title": "s", "variables": [{"variable": "word", "type": "text-input", "required": True, "label": "w", "max_length": 9}]}}  # fmt: skip
END = {"id": "e", "data": {"type": "end", "title": "e", "outputs": [{"variable": "said", "value_selector": ["s", "word"]}]}}  # fmt: skip
EDGE = {"id": "x", "source": "s", "target": "e", "sourceHandle": "source", "targetHandle": "target"}
APP: dict[str, Any] = {
    "version": "0.5.0",
    "kind": "app",
    "app": {"name": "Echo", "mode": "workflow"},
    "workflow": {"graph": {"nodes": [START, END], "edges": [EDGE]}, "features": {}},
}


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder and an environment that say nothing."""
    for name in ("ORRERY_SHAPE", "DB_TYPE", "SECRET_KEY", "ORRERY_MODEL_ENDPOINT", "COMMIT_SHA", "MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return iter(())


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def app_file(folder: Path, **changes: Any) -> str:
    path = folder / "app.yml"
    path.write_text(json.dumps({**APP, **changes}))
    return str(path)


@pytest.mark.parametrize("name", sorted(_ALL))
def test_every_command_explains_itself(name: str) -> None:
    for flag in ("--help", "-h"):
        result = call(name, flag)
        assert result.exit_code == 0
        assert f"Usage: main {name}" in result.output
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, parameter.name


def test_the_command_lists_its_commands() -> None:
    result = call("--help")
    assert result.exit_code == 0
    for name, (_, summary) in _ALL.items():
        assert name in result.output
        assert summary.split(" ")[0] in result.output


def test_unknown_commands_are_wrong_arguments() -> None:
    assert call("fly").exit_code == 2
    assert call("up", "--port", "99999").exit_code == 2


def test_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("version").output.startswith(f"orrery {__version__}, Python 3.")
    monkeypatch.setenv("COMMIT_SHA", "0123456789abcdef")
    assert f"orrery {__version__} (0123456789ab), " in call("version").output


def test_migrating_and_asking(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path / "home"))
    missing = call("migrate", "--check", *home)
    assert missing.exit_code == 1
    assert "needs" in missing.output
    made = call("migrate", *home)
    assert (made.exit_code, made.exception) == (0, None)
    current = call("migrate", "--check", *home)
    assert (current.exit_code, current.output.strip()) == (0, "The schema is current.")
    assert call("migrate", *home).output.strip() == "The schema was current."
    assert call("migrate", "--to", "base", *home).exit_code == 0
    assert call("migrate", "--check", *home).exit_code == 1


@pytest.mark.parametrize("command", [("migrate",), ("migrate", "--check"), ("up",), ("doctor",)])
def test_a_wrong_setting_is_named_and_no_secret_is_told(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DIFY_PORT", "eighty")
    monkeypatch.setenv("SECRET_KEY", "sk-never-to-be-seen")
    monkeypatch.setenv("DB_PASSWORD", "pw-never-to-be-seen")
    result = call(*command, "--home", str(tmp_path / "home"))
    assert result.exit_code == 78
    assert "DIFY_PORT" in result.output
    assert "never-to-be-seen" not in result.output
    assert "Traceback" not in result.output


def test_a_database_that_is_away_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ORRERY_SHAPE": "fleet", "DB_TYPE": "postgresql", "DB_HOST": "127.0.0.1", "DB_PORT": "1", "DB_DATABASE": "x",
        "DB_USERNAME": "u", "DB_PASSWORD": "pw-never-to-be-seen", "SECRET_KEY": "x" * 50,
        "CODE_EXECUTION_API_KEY": "y" * 50,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    result = call("migrate", "--check")
    assert result.exit_code == 69
    assert result.output.startswith("orrery: ")
    assert "never-to-be-seen" not in result.output


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], {}),
        (["a=b"], {"a": "b"}),
        (["a="], {"a": ""}),
        (["a=b=c", "d=:=e"], {"a": "b=c", "d": ":=e"}),
        (["n:=5", "l:=[1, null]", 'o:={"a": true}'], {"n": 5, "l": [1, None], "o": {"a": True}}),
        (["a=1", "a=2"], {"a": "2"}),
    ],
)
def test_inputs(items: list[str], expected: dict[str, object]) -> None:
    assert read_inputs(items) == expected


@pytest.mark.parametrize("item", ["a", "", "=b", ":=5", "a:=", "a:=[1", "a:=word"])
def test_inputs_that_are_none(item: str) -> None:
    with pytest.raises(InvalidParam, match="--input"):
        read_inputs([item])


def test_a_run_prints_its_outputs(tmp_path: Path) -> None:
    result = call("run", app_file(tmp_path), "-i", "word=hé", "--json")
    assert (result.exit_code, json.loads(result.output)) == (0, {"said": "hé"})


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("-i", "word"), "write NAME=VALUE"),
        (("-i", "word:=["), "the value is not JSON"),
        ((), "word is required in input form"),
        (("-i", "word=" + "x" * 10), "must be less than 9 characters"),
        (("--unknown",), "No such option"),
    ],
)
def test_wrong_arguments_exit_with_two(tmp_path: Path, arguments: tuple[str, ...], text: str) -> None:
    result = call("run", app_file(tmp_path), *arguments)
    assert result.exit_code == 2
    assert text in result.output
    assert "Traceback" not in result.output


def test_a_chat_needs_a_message(tmp_path: Path) -> None:
    app = {"name": "Chat", "mode": "advanced-chat"}
    result = call("run", app_file(tmp_path, app=app))
    assert result.exit_code == 2
    assert "--query" in result.output


def test_a_failed_run_exits_with_one(tmp_path: Path) -> None:
    nodes = [START, {"id": "c", "data": {"type": "http-request", "title": "c", "method": "get", "url": "http://127.0.0.1:1/", "authorization": {"type": "no-auth"}, "headers": "", "params": "", "body": {"type": "none"}}}]  # fmt: skip
    graph = {"nodes": nodes, "edges": [{**EDGE, "target": "c"}]}
    result = call("run", app_file(tmp_path, workflow={"graph": graph}), "-i", "word=x")
    assert result.exit_code == 1
    assert result.output.strip()
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"app": None}, "Missing app data in YAML content"),
        ({"workflow": {}}, "graph not found in workflow"),
        ({"workflow": {"graph": {"nodes": 5, "edges": []}}}, "must be a list"),
        ({"workflow": {"graph": {"nodes": [], "edges": []}}}, "at least one node"),
    ],
)
def test_files_that_are_no_apps_are_said_to_be_none(tmp_path: Path, changes: dict[str, Any], text: str) -> None:
    result = call("run", app_file(tmp_path, **changes))
    assert result.exit_code in {1, 2}
    assert text in result.output
    assert "Traceback" not in result.output


def test_missing_files_and_other_encodings(tmp_path: Path) -> None:
    assert call("run", str(tmp_path / "none.yml")).exit_code == 2
    (tmp_path / "utf16.yml").write_text("app: {}", "utf-16")
    result = call("run", str(tmp_path / "utf16.yml"))
    assert result.exit_code == 2
    assert "is not UTF-8 text" in result.output
