"""What the written pages name exists: tests, modules, other pages; and each pain has a row with its proof."""

from __future__ import annotations

import ast
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

from orrery.cli.main import main

ROOT = Path(__file__).parents[2]
DOCS = sorted(ROOT.glob("docs/*.md"))
PAGES = [*sorted(ROOT.glob("*.md")), *DOCS]
PROVEN = [ROOT / "docs" / "guarantees.md", ROOT / "docs" / "pains.md"]
LAUNCHER = {"test", "<command>"}
"""What the launcher knows beside the program's commands; a place for any of them."""
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def name_of(path: Path) -> str:
    return path.name


def functions(path: Path) -> set[str]:
    if not path.is_file():
        return set()
    nodes = ast.parse(path.read_text("utf-8")).body
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_named_tests_exist(page: Path) -> None:
    named = sorted(set(TEST.findall(page.read_text("utf-8"))))
    assert named or page not in PROVEN
    assert [f"{path}::{name}" for path, name in named if name not in functions(ROOT / path)] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_named_modules_and_scripts_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    assert [name for name in re.findall(r"python -m ([\w.]*\w)", text) if find_spec(name) is None] == []
    assert [name for name in re.findall(r"python (\w[\w/]*\.py)", text) if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_leads_to_each_page() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert [page.name for page in DOCS if f"(docs/{page.name})" not in text] == []


def test_each_pain_has_a_proof_or_says_that_there_is_none() -> None:
    rows = [line.split(" | ") for line in PROVEN[1].read_text("utf-8").splitlines() if re.match(r"\| \d", line)]
    assert [row[0] for row in rows] == [f"| {number}" for number in range(1, 21)]
    for row in rows:
        assert len(row) == 4, row
        assert TEST.search(row[3]) or "Not yet" in row[2], row[0]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_named_commands_and_options_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    said = re.findall(r"^(?: {4})?(?:\./)?orrery (.+)$|`(?:\./)?orrery ([^`]+)`", text, re.MULTILINE)
    assert [words for line in said if (words := "".join(line)) and not is_command(words)] == []


def is_command(line: str) -> bool:
    """Whether the command line, without its comment, begins with a command and has only options of it."""
    words = shlex.split(line, comments=True)
    context, command = click.Context(main), main
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        name = words.pop(0)
        if name in LAUNCHER and command is main:
            return True
        found = command.get_command(context, name)
        if found is None:
            return False
        command = found
    known = {option for parameter in command.get_params(context) for option in parameter.opts}
    return {word for word in words if word.startswith("--")} <= known
