"""What the rest of the house knows of code execution (sandbox-and-security.md 1 and 4)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Literal, Protocol, TypeAlias

import msgspec

Language: TypeAlias = Literal["python3", "javascript", "jinja2"]


class CodeExecutionError(Exception):
    """The snippet failed, timed out, or the sandbox could not run it; the text is the user's to read."""


class RunResult(msgspec.Struct, frozen=True):
    """One raw run (`POST /v1/sandbox/run`, ``data``). ``error`` is empty when the exit code is 0."""

    stdout: str
    stderr: str
    error: str
    exit_code: int


class SandboxRefusal(Exception):
    """The sandbox did not run the snippet. ``code`` is the contract's negative code (-400, -500, -503)."""

    def __init__(self, code: int, message: str, *, status: int = 200) -> None:
        self.code, self.message, self.status = code, message, status
        super().__init__(message)


class Sandbox(Protocol):
    """Runs one raw snippet. ``language`` is the wire's ``python3`` or ``nodejs``."""

    async def run(self, language: str, code: str, *, enable_network: bool = False) -> RunResult:
        """Raises `SandboxRefusal`."""
        ...


class NetworkGate(Protocol):
    """Carries what a snippet with network sends: an HTTP proxy that holds to the egress rules."""

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection of a snippet; cancelled when the snippet ends. The caller closes ``writer``.

        May raise OSError and EOFError, which end the connection.
        """
        ...


class CodeRunner(Protocol):
    """Runs ``main`` of a snippet, or renders a template, with inputs; the view that workflow nodes have."""

    async def call_main(
        self, language: Literal["python3", "javascript"], code: str, inputs: Mapping[str, object]
    ) -> dict[str, object]:
        """The object that ``main`` returned. Raises `CodeExecutionError`, or ValueError when no result came back."""
        ...

    async def render_template(self, template: str, inputs: Mapping[str, object]) -> str:
        """The text of a Jinja2 template. Raises `CodeExecutionError`."""
        ...
