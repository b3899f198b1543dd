"""Built-in providers that work with credentials, against servers that answer as the vendors do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from orrery.egress import GuardedHttpClient, untrusted_policy
from orrery.tools.built_in.perplexity import perplexity_provider
from orrery.tools.built_in.providers import built_in_providers
from orrery.tools.built_in.searxng import searxng_provider
from orrery.tools.built_in.tavily import tavily_provider
from orrery.tools.catalog import ToolCatalog
from orrery.tools.credential_form import CredentialField, checked, secret_fields
from orrery.tools.entity import ToolOption, english
from orrery.tools.errors import ToolInvokeError, ToolProviderCredentialValidationError, ToolSSRFError
from orrery.tools.keyed import KeyedProvider
from orrery.tools.messages import JsonMessage, LinkMessage, TextMessage
from orrery.tools.parameter_values import configured, typed
from orrery.tools.protocol import ToolRef

from .serving import serving


class Vendors:
    """``asked`` is what came last: path, key and body."""

    def __init__(self) -> None:
        self.asked: tuple[str, str, Any] = ("", "", None)
        self.app = Starlette(
            routes=[
                Route("/chat/completions", self.complete, methods=["POST"]),
                Route("/search", self.search, methods=["POST", "GET"]),
                Route("/extract", self.extract, methods=["POST"]),
                Route("/page/search", self.page),
            ]
        )

    async def _note(self, request: Request) -> bool:
        body = await request.json() if request.method == "POST" else dict(request.query_params)
        self.asked = (request.url.path, request.headers.get("authorization", ""), body)
        return self.asked[1] != "Bearer wrong"

    async def complete(self, request: Request) -> JSONResponse:
        if not await self._note(request):
            return JSONResponse({"error": {"message": "invalid key"}}, 401)
        return JSONResponse(
            {"choices": [{"message": {"content": "It is."}}], "citations": ["https://c.test"], "id": "x"}
        )

    async def search(self, request: Request) -> JSONResponse:
        if not await self._note(request):
            return JSONResponse({"detail": "unauthorized"}, 401)
        picture = {"title": "t", "url": "https://r.test", "content": "c", "img_src": "https://r.test/a.png"}
        return JSONResponse({"answer": "42", "results": [picture, picture]})

    async def extract(self, request: Request) -> JSONResponse:
        await self._note(request)
        return JSONResponse({"results": [{"url": "https://p.test", "raw_content": "whole"}], "failed_results": []})

    async def page(self, request: Request) -> PlainTextResponse:
        return PlainTextResponse("<html>")


async def said(keyed: KeyedProvider, credentials: Mapping[str, object], tool: str, **given: object) -> list[object]:
    """What a tool says when a node with the form's defaults asks it."""
    found = next(each for each in keyed.open(credentials).tools() if each.entity.name == tool)
    defaults = {
        p.name: value
        for p in found.entity.parameters
        if p.form == "form" and (value := configured(p, None)) is not None
    }
    return [message async for message in found.invoke(typed(found.entity, {**defaults, **given}))]


async def test_perplexity(http: GuardedHttpClient) -> None:
    vendors = Vendors()
    async with serving(vendors.app) as base:
        keyed, key = perplexity_provider(http, base), {"perplexity_api_key": "k"}
        await keyed.check(key)
        with pytest.raises(ToolProviderCredentialValidationError, match="401"):
            await keyed.check({"perplexity_api_key": "wrong"})
        answer = await said(keyed, key, "perplexity", query="is it?", search_domain_filter="a.test, b.test", top_k="3")
        assert answer == [
            TextMessage("It is."),
            JsonMessage({"content": "It is.", "citations": ["https://c.test"]}),
        ]
        path, authorization, body = vendors.asked
        assert (path, authorization) == ("/chat/completions", "Bearer k")
        assert body["messages"][1] == {"role": "user", "content": "is it?"}
        assert body["search_domain_filter"] == ["a.test", "b.test"]
        assert body["web_search_options"] == {"search_context_size": "low"}
        assert (body["model"], body["top_k"], body["return_images"]) == ("sonar", 3, False)


async def test_tavily(http: GuardedHttpClient) -> None:
    vendors = Vendors()
    async with serving(vendors.app) as base:
        keyed, key = tavily_provider(http, base), {"tavily_api_key": "k"}
        await keyed.check(key)
        with pytest.raises(ToolProviderCredentialValidationError, match="401"):
            await keyed.check({"tavily_api_key": "wrong"})
        text, data = await said(keyed, key, "tavily_search", query="q", include_domains="a.test")
        assert text == TextMessage("42\n\nt\nhttps://r.test\nc\n\nt\nhttps://r.test\nc")
        assert isinstance(data, JsonMessage)
        assert vendors.asked[2] == {
            "query": "q", "search_depth": "basic", "topic": "general", "max_results": 5, "include_answer": False,
            "include_images": False, "include_raw_content": False, "include_domains": ["a.test"],
        }  # fmt: skip
        text, _ = await said(keyed, key, "tavily_extract", urls="https://p.test, https://q.test")
        assert text == TextMessage("https://p.test\nwhole")
        assert vendors.asked[2]["urls"] == ["https://p.test", "https://q.test"]


async def test_searxng(http: GuardedHttpClient) -> None:
    vendors = Vendors()
    async with serving(vendors.app) as base:
        keyed, at = searxng_provider(http), {"searxng_base_url": f"{base}/"}
        await keyed.check(at)
        text, *found = await said(keyed, at, "searxng_search", query="q", max_results=1)
        assert (text, len(found)) == (TextMessage("t\nhttps://r.test\nc"), 1)
        assert vendors.asked[2] == {"q": "q", "format": "json", "categories": "general"}
        link, *_ = await said(keyed, at, "searxng_search", query="q", search_type="images")
        assert link == LinkMessage("https://r.test/a.png")
        with pytest.raises(ToolProviderCredentialValidationError, match="not JSON"):
            await keyed.check({"searxng_base_url": f"{base}/page"})


async def test_an_address_inside_is_refused() -> None:
    async with GuardedHttpClient(untrusted_policy()) as guarded:
        with pytest.raises(ToolProviderCredentialValidationError, match="SSRF"):
            await searxng_provider(guarded).check({"searxng_base_url": "http://127.0.0.1:9"})
        with pytest.raises(ToolSSRFError):
            await said(searxng_provider(guarded), {"searxng_base_url": "http://10.0.0.1"}, "searxng_search", query="q")


async def test_vendors_that_answer_nonsense(http: GuardedHttpClient) -> None:
    async def nonsense(_: Request) -> JSONResponse:
        return JSONResponse({"choices": [None], "results": "none"})

    async with serving(Starlette(routes=[Route("/{path:path}", nonsense, methods=["GET", "POST"])])) as base:
        text, _ = await said(perplexity_provider(http, base), {"perplexity_api_key": "k"}, "perplexity", query="q")
        assert text == TextMessage("")
        text, _ = await said(tavily_provider(http, base), {"tavily_api_key": "k"}, "tavily_search", query="q")
        assert text == TextMessage("Nothing was found.")

    async def listed(_: Request) -> JSONResponse:
        return JSONResponse([1])

    async with serving(Starlette(routes=[Route("/{path:path}", listed, methods=["GET", "POST"])])) as base:
        with pytest.raises(ToolInvokeError, match="no object"):
            await said(tavily_provider(http, base), {"tavily_api_key": "k"}, "tavily_search", query="q")


async def test_without_a_workspace_there_are_no_credentials(http: GuardedHttpClient) -> None:
    catalog = ToolCatalog({"builtin": [built_in_providers(lambda: http, lambda: None)]})  # type: ignore[arg-type,return-value]
    ref = ToolRef(provider_type="builtin", provider_id="langgenius/tavily/tavily", tool_name="tavily_search")
    with pytest.raises(ToolProviderCredentialValidationError, match="needs credentials"):
        await catalog.find(ref)


def test_a_form_is_checked() -> None:
    form = (
        CredentialField(name="key", label=english("Key")),
        CredentialField(name="region", type="select", label=english("Region"), default="eu",
                        options=(ToolOption("eu"), ToolOption("us"))),
        CredentialField(name="fast", type="boolean", label=english("Fast"), required=False),
    )  # fmt: skip
    assert checked("p", form, {"key": "k", "other": 1}) == {"key": "k", "region": "eu"}
    assert checked("p", form, {"key": "k", "region": "us", "fast": False}) == {
        "key": "k",
        "region": "us",
        "fast": False,
    }
    assert secret_fields(form) == {"key"}
    for given, words in (
        ({}, "credential key of provider p is required"),
        ({"key": 1}, "credential key should be string"),
        ({"key": "k" * 9_000}, "longer than"),
        ({"key": "k", "region": "asia"}, "should be one of"),
        ({"key": "k", "fast": "yes"}, "should be a boolean"),
    ):
        with pytest.raises(ToolProviderCredentialValidationError, match=words):
            checked("p", form, given)
