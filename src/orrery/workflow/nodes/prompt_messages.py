"""From a node's prompt settings and a run's variables to the messages of one model call (workflow.md 3.10).

Order: the prompt's texts, the history, the user's query, the files. History and query only with memory.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from orrery.inference.types import ContentPart, Message, ModelFeatures, TextPart
from orrery.sandbox.protocol import CodeExecutionError
from orrery.whole_text import whole
from orrery.workflow.node import NodeContext, NodeServices, Variables
from orrery.workflow.nodes.llm_data import JinjaVariable, MemoryConfig, ModelConfig, PromptText
from orrery.workflow.nodes.llm_errors import MemoryRolePrefixRequiredError, NoPromptFoundError, PromptRenderError
from orrery.workflow.nodes.prompt_history import history_text, read_history
from orrery.workflow.nodes.prompt_media import MediaLoader, supported, with_media
from orrery.workflow.nodes.prompt_template import FileValue, cut, fill, require
from orrery.workflow.segments import files_in, text_of

_HISTORIES = "#histories#"
_BARE_MARK = re.compile("#histories#|#sys\\.query#")


class PromptRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides what the model is told; ``files`` go in only as far as the model has the features."""

    model: ModelConfig
    texts: Sequence[PromptText]
    completion: bool = False
    jinja_variables: Sequence[JinjaVariable] = ()
    memory: MemoryConfig | None = None
    context_text: str | None = None
    files: Sequence[FileValue] = ()
    context_files: Sequence[FileValue] = ()


class PromptBuilder:
    """Builds the messages of one call. ``media`` and ``features`` belong to the model of the request."""

    def __init__(self, context: NodeContext, features: ModelFeatures, media: MediaLoader) -> None:
        self._variables: Variables = context.variables
        self._services: NodeServices = context.services
        self._features, self._media = features, media

    async def build(self, request: PromptRequest) -> tuple[Message, ...]:
        """Raises `NodeFailure` with the reason."""
        if request.completion:
            messages = await self._completion(request)
        else:
            messages = await self._chat(request)
        messages = with_media(messages, await self._media.parts(request.files))
        messages = with_media(messages, await self._media.parts(request.context_files))
        final = tuple([m for message in messages if (m := supported(message, self._features))])
        if not final:
            raise NoPromptFoundError
        return final

    async def _chat(self, request: PromptRequest) -> list[Message]:
        messages: list[Message] = []
        for text in request.texts:
            messages.extend(await self._messages_of(text, request))
        if request.memory is None:
            return messages
        query = self.query(request.memory)
        asked = [_message("user", query)] if query else []
        history = await read_history(request.memory, request.model, self._features, self._services, [*messages, *asked])
        return [*messages, *history, *asked]

    async def _messages_of(self, text: PromptText, request: PromptRequest) -> list[Message]:
        """A text's message, and one more of the same role for the files that it refers to."""
        if text.is_jinja:
            rendered = await self._jinja(text.template, request.jinja_variables)
            return [_message(text.role, rendered)] if rendered else []
        parts: list[str] = []
        files: list[FileValue] = []
        for piece in cut(text.template):
            if isinstance(piece, str):
                parts.append(piece)
            elif len(piece) > 1:
                value = require(self._variables, piece)
                files.extend(files_in(value))
                parts.append(text_of(value))
            elif piece == ("context",):
                parts.append(request.context_text or "")
        plain = "".join(parts)
        messages = [_message(text.role, plain)] if plain else []
        media = await self._media.parts(files)
        return [*messages, Message(role=text.role, content=media)] if media else messages

    async def _completion(self, request: PromptRequest) -> list[Message]:
        """One message: the text with the history and the query at their places."""
        text = request.texts[0] if request.texts else PromptText()
        memory = request.memory
        history, query = "", ""
        if memory is not None:
            if memory.role_prefix is None:
                raise MemoryRolePrefixRequiredError("Memory role prefix is required for completion model.")
            query = self.query(memory)
            asked = [Message(role="user", content=(text.template + query))]
            past = await read_history(memory, request.model, self._features, self._services, asked)
            history = history_text(past, memory.role_prefix)
        if text.is_jinja:
            prompt = await self._jinja(text.template, request.jinja_variables)
            prompt = _put(prompt, query, history, with_query=memory is not None)
        else:
            prompt = self._completion_text(text.template, request, query, history)
        if memory is not None and _HISTORIES not in text.template:
            prompt = f"{history}\n{prompt}" if history else prompt
        return [_message("user", prompt)] if prompt else []

    def _completion_text(self, template: str, request: PromptRequest, query: str, history: str) -> str:
        parts: list[str] = []
        for piece in cut(template):
            if isinstance(piece, str):
                parts.append(_put(piece, query, history, with_query=request.memory is not None))
            elif len(piece) > 1:
                parts.append(text_of(require(self._variables, piece)))
            else:
                special = {"context": request.context_text or "", "histories": history, "query": query}
                parts.append(special["".join(piece)])
        return "".join(parts)

    def query(self, memory: MemoryConfig) -> str:
        """What the user asks in this turn; a template's references are resolved, the user's own text is not."""
        if memory.query_prompt_template:
            return fill(memory.query_prompt_template, self._variables)
        return text_of(self._variables.get(("sys", "query")))

    async def _jinja(self, template: str, variables: Sequence[JinjaVariable]) -> str:
        inputs: dict[str, object] = {}
        for variable in variables:
            value = self._variables.get(variable.value_selector)
            inputs[variable.variable] = "" if value is None else value
        try:
            return whole(await self._services.code.render_template(template, inputs))
        except CodeExecutionError as error:
            raise PromptRenderError(str(error)) from error


def _message(role: str, text: str) -> Message:
    content: tuple[ContentPart, ...] = (TextPart(text),)
    match role:
        case "system":
            return Message(role="system", content=content)
        case "assistant":
            return Message(role="assistant", content=content)
        case _:
            return Message(role="user", content=content)


def _put(text: str, query: str, history: str, *, with_query: bool) -> str:
    """The bare marks of older prompts replaced, in one pass; they only mean something when there is memory."""
    if not with_query:
        return text
    values = {"#histories#": history, "#sys.query#": query}
    return _BARE_MARK.sub(lambda mark: values[mark[0]], text)


def saved_prompts(messages: Sequence[Message], mode: str) -> list[Mapping[str, object]]:
    """The messages as the node's record shows them: media shortened to their ends."""
    saved = [{"role": message.role, "text": message.text(), "files": _saved_files(message)} for message in messages]
    if mode != "completion":
        return list(saved)
    only: dict[str, object] = {"role": "user", "text": "".join(str(prompt["text"]) for prompt in saved)}
    files = [file for message in messages for file in _saved_files(message)]
    return [only | {"files": files}] if files else [only]


def _saved_files(message: Message) -> list[dict[str, object]]:
    if isinstance(message.content, str):
        return []
    return [
        {
            "type": part.kind,
            "data": part.url or _ends(f"data:{part.mime_type};base64,{part.data or ''}"),
            "detail": part.detail,
        }
        for part in message.content
        if not isinstance(part, TextPart)
    ]


def _ends(text: str) -> str:
    return f"{text[:10]}...[TRUNCATED]...{text[-10:]}"
