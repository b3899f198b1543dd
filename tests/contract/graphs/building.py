"""What a case is, and how graphs are written down in the tables."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
from tests.unit.workflow.nodes_tools.workshop import Scripted, Shelf

from orrery.egress.protocol import EgressConnectionFailed, HttpResponse, HttpStream
from orrery.inference.types import InvokeError, LLMCall, LLMDelta, ToolCall
from orrery.sandbox.protocol import CodeExecutionError
from orrery.tools.entity import ToolParameter
from orrery.tools.errors import PluginUnreachableError, ToolInvokeError
from orrery.tools.messages import FileMessage, JsonMessage, LinkMessage, TextMessage, ToolMessage, VariableMessage
from orrery.workflow.node import NodeFailure
from orrery.workflow.nodes.human_input_memory import MemoryForms
from orrery.workflow.nodes.knowledge_services import RetrievalRequest, RetrievalResult
from orrery.workflow.pool import Pool
from orrery.workflow.segments import files_in, is_file
from orrery.workflow.testing import MOCK_USAGE, ScriptedCode, ScriptedModels, Services

MODEL = {"provider": "openai", "name": "m", "mode": "chat"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A graph, what it is given, and what it must give. None: not looked at.

    ``answers`` is what models say, call by call; ``CALL tool {...}`` asks for a tool. Without any, ``texts`` holds it.
    ``loose``: the graph has faults that a run happens to survive, so an examination may find errors.
    """

    name: str
    graph: Mapping[str, Any]
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    system: Mapping[str, Any] = field(default_factory=dict[str, Any])
    conversation: Mapping[str, tuple[str, Any]] = field(default_factory=dict[str, tuple[str, Any]])
    environment: Mapping[str, tuple[str, Any]] = field(default_factory=dict[str, tuple[str, Any]])
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    answers: Sequence[str] = ()
    fails: int = 0
    status: str = "succeeded"
    outputs: Mapping[str, Any] | None = None
    error: str | None = None
    chunks: Sequence[str] | None = None
    events: Sequence[str] | None = None
    nodes: Mapping[str, str] | None = None
    remembered: Mapping[str, Any] | None = None
    steps: int | None = None
    exceptions: int | None = None
    loose: bool = False

    @property
    def mode(self) -> str:
        kinds = {item["data"]["type"] for item in self.graph["nodes"]}
        return "advanced-chat" if "answer" in kinds or self.conversation else "workflow"

    def pool(self) -> Pool:
        pool = Pool(inputs=self.inputs, system={"files": [], **self.system})
        for scope, variables in (("env", self.environment), ("conversation", self.conversation)):
            for name, (kind, value) in variables.items():
                pool.declare(scope, name, kind, value)
        return pool

    def services(self) -> World:
        return World(
            models=UnsteadyModels(self.fails, self.texts, self.answers),
            code=Snippets(self.fails),
            http_client=Echo(self.fails),
            file_access=Files(),
            tools=shelf(self.fails),
        )


class Library:
    """Finds the question itself."""

    async def retrieve(self, request: RetrievalRequest) -> RetrievalResult:
        return RetrievalResult(
            [{"content": request.query, "title": request.dataset_ids[0], "metadata": {"score": 1.0}}]
        )


class World(Services):
    """The outside of one run; ``fails`` is how often each part of it fails before it works."""

    human_forms: MemoryForms = msgspec.field(default_factory=MemoryForms)
    retrieval: Library = msgspec.field(default_factory=Library)
    tools: Shelf = msgspec.field(default_factory=Shelf)


class Unsteady(Scripted):
    """A tool that fails some times before it works."""

    def __init__(self, fails: int) -> None:
        super().__init__("unsteady")
        self._fails = fails

    async def invoke(self, parameters: Mapping[str, object]) -> AsyncIterator[ToolMessage]:
        if self._fails > 0:
            self._fails -= 1
            raise ToolInvokeError("tool down")
        yield TextMessage(f"found {parameters.get('q')}")


def shelf(fails: int) -> Shelf:
    """Tools of every way to answer."""
    every = [
        TextMessage("a"), LinkMessage("https://x.test"), JsonMessage({"n": 1}), VariableMessage("score", 3),
        VariableMessage("story", "once ", stream=True), VariableMessage("story", "upon", stream=True),
    ]  # fmt: skip
    return Shelf(
        Scripted(), Unsteady(fails), Scripted("every", every), Scripted("silent", []), Scripted("file", [FileMessage(b"png", "image/png")]),
        Scripted("broken", [ToolInvokeError("no luck")]), Scripted("away", [PluginUnreachableError("gone")]), Scripted("odd", [RuntimeError("odd")]),
        Scripted("fair", parameters=FAIR),
    )  # fmt: skip


FAIR = (
    ToolParameter(name="q", required=True),
    ToolParameter(name="n", type="number"),
    ToolParameter(name="b", type="boolean"),
)


class UnsteadyModels(ScriptedModels):
    def __init__(self, fails: int, texts: Mapping[str, str], answers: Sequence[str]) -> None:
        super().__init__("hello there", texts=texts)
        self._fails, self._answers = fails, list(answers)

    async def stream(self, call: LLMCall) -> AsyncIterator[LLMDelta]:
        if self._fails > 0:
            self._fails -= 1
            raise InvokeError("model down")
        if self._answers:
            word, _, rest = self._answers.pop(0).partition(" ")
            if word == "CALL":
                name, _, arguments = rest.partition(" ")
                yield LLMDelta(
                    tool_calls=(ToolCall("c-1", name, arguments),), finish_reason="tool_calls", usage=MOCK_USAGE
                )
            else:
                yield LLMDelta(text=f"{word} {rest}".strip())
                yield LLMDelta(finish_reason="stop", usage=MOCK_USAGE)
            return
        async for delta in super().stream(call):
            yield delta


class Snippets(ScriptedCode):
    """The first line of a snippet is a word for what to do with the inputs."""

    def __init__(self, fails: int) -> None:
        super().__init__(self._run)
        self._fails = fails

    def _run(self, source: str, inputs: Mapping[str, object]) -> dict[str, object]:
        if self._fails > 0:
            self._fails -= 1
            raise CodeExecutionError("sandbox down")
        return SNIPPETS[source.partition("\n")[0].removeprefix("# ")](inputs)


def _stumble(inputs: Mapping[str, Any]) -> dict[str, object]:
    if inputs["x"] in {"bad", 3}:
        raise CodeExecutionError(f"stumbled over {inputs['x']}")
    return {"result": inputs["x"]}


SNIPPETS: dict[str, Callable[[Mapping[str, Any]], dict[str, object]]] = {
    "echo": lambda inputs: {"result": inputs["x"]},
    "twice": lambda inputs: {"result": inputs["x"] * 2},
    "pair": lambda inputs: {"result": [inputs["x"], inputs["x"]]},
    "none": lambda _: {"result": None},
    "nothing": lambda _: {},
    "more": lambda _: {"result": 1, "other": 2},
    "tiny": lambda _: {"result": "1e-5"},
    "stumble": _stumble,
}


class Echo:
    """An `HttpClient` that answers with the request: the body, or the path of requests without one."""

    def __init__(self, fails: int) -> None:
        self._fails = fails

    async def request(self, method: str, url: str, **given: Any) -> HttpResponse:
        if self._fails > 0:
            self._fails -= 1
            raise EgressConnectionFailed("no route")
        path = url.partition("//")[2].partition("/")[2]
        status = int(path) if path.isdigit() else 200
        content: bytes = given.get("content") or f"{method} /{path}".encode()
        sent: Mapping[str, str] = given.get("headers") or {}
        headers = [(name, value) for name, value in sent.items() if name.startswith("X-")]
        return HttpResponse(status, [("Content-Type", "text/plain"), *headers], content, url)

    def stream(self, method: str, url: str, **given: Any) -> AbstractAsyncContextManager[HttpStream]:
        raise NotImplementedError


class Files:
    """Every file holds its own name."""

    async def read(self, file: Mapping[str, object], *, max_bytes: int) -> bytes:
        if file.get("related_id") == "gone":
            raise NodeFailure("gone")
        return str(file["filename"]).encode()

    async def save_tool_file(self, content: bytes, *, filename: str, mime_type: str) -> dict[str, object]:
        return file_value(filename, size=len(content))

    def url(self, file: Mapping[str, object]) -> str:
        return str(file["url"])


def file_value(name: str, *, size: int = 1, kind: str = "document", **more: Any) -> dict[str, Any]:
    return {
        "dify_model_identity": "__dify__file__", "id": name, "type": kind, "transfer_method": "local_file", "related_id": name,
        "filename": name, "extension": "." + name.rpartition(".")[2], "mime_type": "text/plain", "size": size,
        "url": f"http://files/{name}", "remote_url": None, **more,
    }  # fmt: skip


def node(node_id: str, kind: str, /, **data: Any) -> dict[str, Any]:
    parent = {"parentId": data.pop("parent")} if "parent" in data else {}
    return {"id": node_id, "type": "custom", "data": {"type": kind, "title": node_id, **data}, **parent}


def graph(*nodes: dict[str, Any], edges: str) -> dict[str, Any]:
    """``edges``: chains like ``a > b > c`` separated by commas; ``a:handle`` leaves a branch."""
    made: list[dict[str, Any]] = []
    for chain in filter(str.strip, edges.split(",")):
        names = [name.strip() for name in chain.split(">")]
        for source, target in itertools.pairwise(names):
            name, _, handle = source.partition(":")
            made.append({"source": name, "sourceHandle": handle or "source", "target": target.partition(":")[0]})
    return {"nodes": list(nodes), "edges": made}


UNKNOWN = "external"
"""The form type of inputs that no form can give, like lists: they stand for what other nodes make."""
FORM_TYPES: dict[type, str] = {str: "paragraph", bool: "checkbox", int: "number", float: "number"}


def start(**examples: Any) -> dict[str, Any]:
    """A start node whose form has a field for each example."""
    fields = [{"variable": name, "label": name, "type": _field_type(value)} for name, value in examples.items()]
    return node("start", "start", variables=fields)


def _field_type(value: object) -> str:
    if isinstance(value, list):
        return "file-list" if files_in(cast("object", value)) else UNKNOWN
    if isinstance(value, dict):
        return "file" if is_file(cast("object", value)) else "json_object"
    return FORM_TYPES.get(value.__class__, UNKNOWN)


def end(node_id: str = "end", /, **outputs: str) -> dict[str, Any]:
    """``end(x="a.out")``"""
    made = [{"variable": name, "value_selector": path.split(".")} for name, path in outputs.items()]
    return node(node_id, "end", outputs=made)


def answer(node_id: str, text: str, **data: Any) -> dict[str, Any]:
    return node(node_id, "answer", answer=text, **data)


def condition(path: str, operator: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"variable_selector": path.split("."), "comparison_operator": operator, "value": value, **more}


def case_of(case_id: str, *conditions: dict[str, Any], logic: str = "and") -> dict[str, Any]:
    return {"case_id": case_id, "logical_operator": logic, "conditions": list(conditions)}


def if_else(node_id: str, *cases: dict[str, Any], **data: Any) -> dict[str, Any]:
    return node(node_id, "if-else", cases=list(cases), **data)


def code(node_id: str, snippet: str, source: str, kind: str = "string", **data: Any) -> dict[str, Any]:
    text = f"# {snippet}\ndef main(x):\n    return made_of(x)"
    variables = [{"variable": "x", "value_selector": source.split(".")}]
    return node(node_id, "code", code_language="python3", code=text, variables=variables,
                outputs={"result": {"type": kind, "children": None}}, **data)  # fmt: skip


def template(node_id: str, text: str, **data: Any) -> dict[str, Any]:
    """Variables of the template are given as ``a="node.out"``, other data in ``more``."""
    more = data.pop("more", {})
    variables = [{"variable": name, "value_selector": path.split(".")} for name, path in data.items()]
    return node(node_id, "template-transform", template=text, variables=variables, **more)


def llm(node_id: str, text: str, **data: Any) -> dict[str, Any]:
    prompt = [{"role": "user", "text": text, "edition_type": "basic"}]
    return node(node_id, "llm", **{"model": MODEL, "prompt_template": prompt, **data})


def http(node_id: str, url: str = "https://echo/", body: str | None = None, **data: Any) -> dict[str, Any]:
    payload = {"type": "none"} if body is None else {"type": "raw-text", "data": [{"type": "text", "value": body}]}
    return node(node_id, "http-request", method="post", url=url, body=payload, **data)


def assigner(node_id: str, *items: tuple[str, str, Any], **data: Any) -> dict[str, Any]:
    """Items are (target, operation, value): a tuple as value is a selector, anything else a constant."""
    made: list[dict[str, Any]] = [
        {
            "variable_selector": target.split("."),
            "operation": operation,
            "input_type": "variable" if isinstance(value, tuple) or value is None else "constant",
            "value": list(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else value,
        }
        for target, operation, value in items
    ]
    return node(node_id, "assigner", version="2", items=made, **data)
