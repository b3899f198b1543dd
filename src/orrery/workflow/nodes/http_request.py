"""The ``http-request`` node: one request made of variables, its answer as text or file (workflow.md 3.15)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self, cast
from urllib.parse import urlencode, urlsplit

import msgspec

from orrery.egress.protocol import EgressError, EgressTooLarge, HttpResponse
from orrery.workflow.node import NodeContext, NodeFailure, NodeKindName, NodeOutcome, Selector
from orrery.workflow.nodes.http_answer import beyond_every_limit, check_size, file_name, header_object, is_file
from orrery.workflow.nodes.http_body import BodyBuilder, Payload
from orrery.workflow.nodes.http_data import (
    REPEATABLE_METHODS,
    SENDABLE_METHODS,
    ApiKeyConfig,
    HttpData,
    HttpNodeOptions,
    parse_data,
)
from orrery.workflow.nodes.http_errors import (
    AuthorizationConfigError,
    HttpRequestNodeError,
    HTTPResponseCodeError,
    InvalidHttpMethodError,
    InvalidURLError,
)
from orrery.workflow.nodes.http_lines import Fill, RequestHeaders, pairs
from orrery.workflow.nodes.prompt_template import references

_NOT_IN_URLS = re.compile(r"[\x00-\x20\x7f]")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request that is ready to be sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    payload: Payload
    secret_header: str | None


class HttpRequestNode:
    """Sends one request and gives its answer to the graph.

    GET and HEAD may be done again after a crash; other methods only when the app allows retries.
    """

    type: ClassVar[str] = "http-request"
    kind: ClassVar[NodeKindName] = "executable"
    options: ClassVar[HttpNodeOptions] = HttpNodeOptions()

    def __init__(self, node_id: str, data: HttpData, options: HttpNodeOptions) -> None:
        self.node_id = node_id
        self._data, self._options = data, options
        self._safe = data.method.lower() in REPEATABLE_METHODS
        self.repeatable = self._safe or data.retries

    @classmethod
    def configured(cls, options: HttpNodeOptions) -> type[Self]:
        """The same kind of node under an installation's settings, for the registry's table."""
        return cast("type[Self]", type(cls.__name__, (cls,), {"options": options}))

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Self:
        return cls(node_id, parse_data(data), cls.options)

    def references(self) -> Sequence[Selector]:
        data = self._data
        texts = [data.url, data.headers, data.params, data.api_key.api_key if data.api_key else ""]
        selectors: list[Selector] = []
        for item in data.body.items if data.body else ():
            texts += [item.key, item.value]
            if item.type == "file" and item.file:
                selectors.append(item.file)
        return [*(reference for text in texts for reference in references(text or "")), *selectors]

    async def run(self, context: NodeContext) -> NodeOutcome:
        request = await self._request(context)
        record = {"request": _shown(request)}
        try:
            if not self._safe:
                await context.before_effect()
            answer = await self._send(context, request)
            as_file = is_file(answer)
            check_size(answer, as_file=as_file, options=self._options)
            outputs = await self._outputs(context, answer, as_file=as_file)
            if self._data.refuses_bad_status and not 200 <= answer.status < 300:
                raise HTTPResponseCodeError(f"Request failed with status code {answer.status}", outputs=outputs)
        except NodeFailure as failure:
            failure.process_data = record
            raise
        return NodeOutcome(outputs=outputs, process_data=record)

    async def _request(self, context: NodeContext) -> Request:
        """Everything filled in and checked; nothing sent yet."""
        data = self._data
        fill = context.variables.render
        if data.method.lower() not in SENDABLE_METHODS:
            raise InvalidHttpMethodError(f"Invalid http method {data.method.lower()}")
        headers = RequestHeaders()
        for name, value in pairs(data.headers or "", fill):
            headers.set(name, value)
        url = _address(fill(data.url or ""), pairs(data.params or "", fill))
        body = BodyBuilder(context.variables, context.services, fill, max_file_bytes=self._options.max_upload_bytes)
        payload = await body.build(data.body)
        if payload.content_type and (payload.boundary or "content-type" not in headers):
            headers.set("Content-Type", payload.content_type)
        secret_header = None
        if data.api_key is not None:
            secret_header = _authorize(headers, data.api_key, fill)
        return Request(
            method=data.method.upper(),
            url=url,
            headers=headers.as_dict(),
            payload=payload,
            secret_header=secret_header,
        )

    async def _send(self, context: NodeContext, request: Request) -> HttpResponse:
        options = self._options
        verify = self._data.ssl_verify
        try:
            return await context.services.http.request(
                request.method,
                request.url,
                headers=request.headers,
                content=request.payload.content,
                timeouts=options.timeouts(self._data.timeout),
                follow_redirects=True,
                verify_tls=options.ssl_verify if verify is None else verify,
                max_bytes=max(options.max_text_bytes, options.max_binary_bytes),
            )
        except EgressTooLarge as error:
            raise beyond_every_limit(options) from error
        except EgressError as error:
            raise HttpRequestNodeError(str(error)) from error

    async def _outputs(self, context: NodeContext, answer: HttpResponse, *, as_file: bool) -> dict[str, object]:
        files: list[Mapping[str, object]] = []
        if as_file:
            name, kind = file_name(answer)
            files.append(await context.services.files.save_tool_file(answer.content, filename=name, mime_type=kind))
        return {
            "status_code": answer.status,
            "body": "" if as_file else answer.text(),
            "headers": header_object(answer),
            "files": files,
        }


def _address(url: str, params: Sequence[tuple[str, str]]) -> str:
    """The full address; parameters follow those that the address has already."""
    url = _NOT_IN_URLS.sub(lambda letter: f"%{ord(letter[0]):02X}", url.strip())
    if not url:
        raise InvalidURLError("url is required")
    if not url.startswith(("http://", "https://")):
        raise InvalidURLError("url should start with http:// or https://")
    if not params:
        return url
    address, mark, fragment = url.partition("#")
    glue = "" if address.endswith(("?", "&")) else "&" if "?" in address else "?"
    return f"{address}{glue}{urlencode(params)}{mark}{fragment}"


def _authorize(headers: RequestHeaders, config: ApiKeyConfig, fill: Fill) -> str:
    """Sets the header that carries the key and tells its name."""
    key = fill(config.api_key or "").strip()
    if not key:
        raise AuthorizationConfigError(
            "API key is required for authorization but was empty. Please provide a valid API key."
        )
    name = (config.header or "").strip() or "Authorization"
    match config.type:
        case "bearer":
            headers.set(name, f"Bearer {key}")
        case "basic":
            headers.set(name, f"Basic {base64.b64encode(key.encode()).decode() if ':' in key else key}")
        case "custom":
            headers.set(name, key)
    return name


def _shown(request: Request) -> str:
    """The request as raw text for the node record; the key's header is masked, files are named and not shown."""
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    lines = [f"{request.method} {target} HTTP/1.1"]
    if not any(name.lower() == "host" for name in request.headers):
        lines.append(f"Host: {host}")
    for name, value in request.headers.items():
        secret = request.secret_header is not None and name.lower() == request.secret_header.lower()
        lines.append(f"{name}: {'*' * len(value) if secret else value}")
    if request.payload.content:
        lines.append(f"Content-Length: {len(request.payload.content)}")
    return "\r\n".join([*lines, "", request.payload.shown])
