"""Runs an app file with the engine as a library."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import click
import msgspec

from orrery.apps.dsl.document import parse
from orrery.apps.dsl.offline import OfflineApp, offline_app
from orrery.database.ids import new_id
from orrery.egress import GuardedHttpClient, operator_policy, untrusted_policy
from orrery.errors import InvalidParam
from orrery.inference.gateway import InferenceGateway
from orrery.inference.registry import ProviderRegistry
from orrery.inference.transport import ModelTransport
from orrery.inference.types import Credentials, LLMCall, LLMDelta, Message, ModelFeatures, ModelKind, ModelRef, Usage
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.queueing import QueuedRunner, calls_at_once
from orrery.sandbox.shortcut import ShortcutRunner
from orrery.settings.load import Settings
from orrery.wiring.nodes import node_registry
from orrery.workflow.engine import WorkflowRun
from orrery.workflow.events import Event, NodeFinished, NodeStarted, TextChunk
from orrery.workflow.node import NodeFailure

_COMPATIBLE = "langgenius/openai_api_compatible/openai_api_compatible"


class OfflineOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line said."""

    file: Path
    inputs: Sequence[str]
    query: str | None
    endpoint: str | None
    key: str
    model: str | None
    as_json: bool
    verbose: bool


class EnvironmentCredentials:
    """Implements inference's `CredentialSource` from environment variables named like the credential fields."""

    def __init__(self, registry: ProviderRegistry, environ: Mapping[str, str], endpoint: Credentials | None) -> None:
        self._registry = registry
        self._environ = environ
        self._endpoint = endpoint

    async def find(self, provider_id: str, model: str, kind: ModelKind) -> Credentials | None:
        """The endpoint's credentials for everything, else those of the environment; None when there are none."""
        if self._endpoint is not None:
            return self._endpoint
        card = self._registry.find(provider_id)
        names = [field.variable for field in (*card.provider_form, *card.model_form)]
        found = {name: self._environ[name.upper()] for name in names if self._environ.get(name.upper())}
        return found or None


class OneEndpoint:
    """Implements `ModelGateway`: sends every model of the app to one endpoint, under one name if one is given."""

    def __init__(self, gateway: InferenceGateway, *, provider: str | None, model: str | None) -> None:
        self._gateway = gateway
        self._provider = provider
        self._model = model

    def _own(self, model: ModelRef) -> ModelRef:
        return msgspec.structs.replace(model, provider=self._provider or model.provider, name=self._model or model.name)

    def stream(self, call: LLMCall) -> AsyncIterator[LLMDelta]:
        return self._gateway.stream(msgspec.structs.replace(call, model=self._own(call.model)))

    async def features(self, model: ModelRef) -> ModelFeatures:
        return await self._gateway.features(self._own(model))

    async def embed(self, model: ModelRef, texts: Sequence[str]) -> tuple[list[list[float]], Usage]:
        return await self._gateway.embed(self._own(model), texts)

    def count_tokens(self, model: ModelRef, messages: Sequence[Message]) -> int:
        return self._gateway.count_tokens(self._own(model), messages)


class LocalFiles:
    """Implements `FileAccess` where there is no storage: nodes that make or read files say so."""

    async def read(self, file: Mapping[str, object], *, max_bytes: int) -> bytes:
        raise NodeFailure("Files can't be read by `orrery run`. Run the app on a server for that.")

    async def save_tool_file(self, content: bytes, *, filename: str, mime_type: str) -> dict[str, object]:
        raise NodeFailure("Files can't be kept by `orrery run`. Run the app on a server for that.")

    def url(self, file: Mapping[str, object]) -> str:
        return str(file.get("remote_url") or "")


class Services(msgspec.Struct, frozen=True):
    """Implements `NodeServices`."""

    models: OneEndpoint
    code: ShortcutRunner
    http: GuardedHttpClient
    files: LocalFiles
    memory: None = None


async def run_file(options: OfflineOptions) -> int:
    """The exit code. Raises `OrreryError` for files and inputs that can't be run."""
    try:
        text = options.file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidParam(f"{options.file} is not UTF-8 text") from error
    app = offline_app(parse(text), node_registry(Settings()))
    if app.is_chat and not options.query:
        raise InvalidParam("This is a chat app: give it a message with --query.")
    operator, untrusted = GuardedHttpClient(operator_policy(allow_private=True)), GuardedHttpClient(untrusted_policy())
    sandbox = EmbeddedSandbox()
    try:
        services = Services(
            _models(options, operator),
            ShortcutRunner(QueuedRunner(sandbox, calls_at_once(embedded=True))),
            untrusted,
            LocalFiles(),
        )
        return await _drive(app, options, services)
    finally:
        await sandbox.close()
        await operator.close()
        await untrusted.close()


def _models(options: OfflineOptions, http: GuardedHttpClient) -> OneEndpoint:
    registry = ProviderRegistry()
    endpoint: Credentials | None = None
    if options.endpoint:
        endpoint = {"endpoint_url": options.endpoint, "api_key": options.key, "mode": "chat"}
    credentials = EnvironmentCredentials(registry, os.environ, endpoint)
    gateway = InferenceGateway(registry, credentials, ModelTransport(http))
    return OneEndpoint(gateway, provider=_COMPATIBLE if endpoint else None, model=options.model)


async def _drive(app: OfflineApp, options: OfflineOptions, services: Services) -> int:
    run_id = new_id()
    system: dict[str, object] = {"files": [], "user_id": "cli", "app_id": "cli", "workflow_id": "cli"}
    system["workflow_run_id"] = run_id
    if app.is_chat or app.mode == "completion":
        system |= {"query": options.query or "", "dialogue_count": 1, "conversation_id": run_id}
    else:
        system["timestamp"] = int(time.time())
    printer = _Printer(options)
    run = WorkflowRun(app.graph, app.pool(read_inputs(options.inputs), system), services, new_id=new_id, emit=printer)
    result = await run.execute()
    if result.error is not None:
        click.echo(f"\n{result.error}" if printer.wrote else result.error, err=True)
        return 1
    if options.as_json or not printer.wrote:
        click.echo(msgspec.json.format(msgspec.json.encode(result.outputs, enc_hook=str), indent=2).decode())
    else:
        click.echo()
    return 0


def read_inputs(items: Sequence[str]) -> dict[str, object]:
    """``name=text`` and ``name:=json`` as inputs. Raises `InvalidParam`."""
    inputs: dict[str, object] = {}
    for item in items:
        name, mark, value = item.partition("=")
        if not mark or not name.strip(":"):
            raise InvalidParam(f"--input {item}: write NAME=VALUE, or NAME:=JSON")
        if not name.endswith(":"):
            inputs[name] = value
            continue
        try:
            inputs[name[:-1]] = msgspec.json.decode(value)
        except msgspec.DecodeError as error:
            raise InvalidParam(f"--input {item}: the value is not JSON: {error}") from error
    return inputs


class _Printer:
    """Streams text to standard output, and nodes to standard error when asked."""

    def __init__(self, options: OfflineOptions) -> None:
        self._options = options
        self.wrote = False

    def __call__(self, event: Event) -> None:
        if isinstance(event, TextChunk):
            if event.text and not self._options.as_json:
                self.wrote = True
                sys.stdout.write(event.text)
                sys.stdout.flush()
        elif self._options.verbose and isinstance(event, NodeStarted):
            click.echo(f"> {event.title} ({event.node_type})", err=True)
        elif self._options.verbose and isinstance(event, NodeFinished):
            click.echo(f"< {event.title}: {event.status}, {event.elapsed * 1000:.0f} ms", err=True)
