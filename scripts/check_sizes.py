"""Fails when a file, class or function has outgrown its limit: files 400 lines, classes 300, functions 60.

A thing that hits the limit hides a noun; find it. Folders that hold nothing but tables (routes, enumerations, data
as code) may be listed in TABLES; they are exempt from the limit of files only. GENERATED folders are written by a
program and not looked at.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

FILE_LINES = 400
CLASS_LINES = 300
FUNCTION_LINES = 60
FOLDERS = ("src/orrery", "scripts")
TABLES: tuple[str, ...] = ()
GENERATED = ("src/orrery/database/migrations/versions/",)


def oversized(source: str, *, is_table: bool = False) -> Iterator[str]:
    """What is too long in ``source``, as ``line: text``."""
    lines = source.count("\n") + (not source.endswith("\n"))
    if lines > FILE_LINES and not is_table:
        yield f"1: file of {lines} lines (limit {FILE_LINES})"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            kind, limit = "class", CLASS_LINES
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            kind, limit = "function", FUNCTION_LINES
        else:
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > limit:
            yield f"{node.lineno}: {kind} {node.name} of {length} lines (limit {limit})"


def check(root: Path) -> list[str]:
    """Everything too long under ``root``, as ``path:line: text``."""
    found: list[str] = []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if name.startswith(GENERATED):
                continue
            texts = oversized(path.read_text("utf-8"), is_table=name.startswith(TABLES) if TABLES else False)
            found.extend(f"{name}:{text}" for text in texts)
    return found


def main() -> int:
    """Prints what is too long; 1 if anything is."""
    found = check(Path(__file__).resolve().parent.parent)
    for text in found:
        print(text)
    print(f"sizes: {len(found)} too long" if found else "sizes: all within limits")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
