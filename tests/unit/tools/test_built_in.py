from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from orrery.egress import GuardedHttpClient, untrusted_policy
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits
from orrery.sandbox.protocol import SandboxRefusal
from orrery.tools.built_in.code_tool import code_provider
from orrery.tools.built_in.page_text import read_page
from orrery.tools.built_in.providers import built_in_providers
from orrery.tools.built_in.time_tools import time_provider
from orrery.tools.built_in.web_reader import web_reader_provider
from orrery.tools.catalog import ToolCatalog, short_id, tool_of
from orrery.tools.errors import (
    ToolInvokeError,
    ToolNotFoundError,
    ToolParameterValidationError,
    ToolProviderNotFoundError,
    ToolSSRFError,
)
from orrery.tools.messages import TextMessage
from orrery.tools.parameter_values import typed
from orrery.tools.protocol import Tool, ToolProvider, ToolRef

from .serving import serving


async def said(provider: ToolProvider, name: str, **values: object) -> str:
    tool = tool_of(provider, name)
    messages = [message async for message in tool.invoke(typed(tool.entity, values))]
    assert all(isinstance(message, TextMessage) for message in messages)
    return "".join(message.text for message in messages if isinstance(message, TextMessage))


NOON = time_provider(lambda: datetime(2024, 7, 1, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("tool", "values", "text"),
    [
        ("current_time", {}, "2024-07-01 12:00:00 UTC"),
        ("current_time", {"timezone": "Asia/Tokyo", "format": "%H:%M %Z"}, "21:00 JST"),
        ("current_time", {"timezone": "Mars/Base"}, "Invalid timezone: Mars/Base"),
        ("current_time", {"timezone": "../../etc/passwd"}, "Invalid timezone: ../../etc/passwd"),
        (
            "timezone_conversion",
            {"current_time": "2024-1-1 0:0:0", "current_timezone": "UTC", "target_timezone": "Asia/Tokyo"},
            "2024-01-01 09:00:00",
        ),
        ("timestamp_to_localtime", {"timestamp": "0"}, "1970-01-01 08:00:00"),
        ("timestamp_to_localtime", {"timestamp": 1719835200, "timezone": "Europe/Berlin"}, "2024-07-01 14:00:00"),
        ("localtime_to_timestamp", {"localtime": "2024-01-01 08:00:00"}, "1704067200"),
        # 02:30 came twice that night; the second time it was winter.
        ("localtime_to_timestamp", {"localtime": "2024-10-27 02:30:00", "timezone": "Europe/Berlin"}, "1729992600"),
        ("weekday", {"year": 2024, "month": "2", "day": 29}, "February 29, 2024 is Thursday."),
        ("weekday", {"year": 2023, "month": 2, "day": 29}, "Invalid date: Year 2023, Month 2, Day 29."),
    ],
)
async def test_time(tool: str, values: dict[str, object], text: str):
    assert await said(NOON, tool, **values) == text


async def test_time_that_can_t_be_read():
    with pytest.raises(ToolInvokeError, match="does not match format"):
        await said(NOON, "localtime_to_timestamp", localtime="tomorrow")
    with pytest.raises(ToolInvokeError, match="Invalid timezone: 'Nowhere'"):
        await said(NOON, "timezone_conversion", current_time="2024-01-01 00:00:00", current_timezone="Nowhere")


PAGE = """<!doctype html><html><head><title> A  page </title><meta name="author" content="Ann"><style>p{}</style></head>
<body><nav>Home | About</nav><h1>Title</h1><p>One &amp; two<br>three<script>alert(1)</script></p><ul><li>x<li>y</ul>
</body></html>"""


async def test_pages_are_read_through_the_guard(http: GuardedHttpClient):
    routes = {
        "/page": Response(PAGE, media_type="text/html; charset=utf-8"),
        "/text": PlainTextResponse("just text"),
        "/picture": Response(b"\x89PNG", media_type="image/png"),
        "/gone": Response("", 410),
    }

    def answering(response: Response) -> object:
        async def endpoint(request: object) -> Response:
            return response

        return endpoint

    app = Starlette(routes=[Route(path, answering(response)) for path, response in routes.items()])  # type: ignore[arg-type]
    reader = web_reader_provider(http)
    async with serving(app) as base:
        page = await said(reader, "webscraper", url=f"{base}/page")
        assert page == "TITLE: A page\nAUTHOR: Ann\nTEXT:\n\nTitle\n\nOne & two\nthree\n\nx\ny"
        assert await said(reader, "webscraper", url=f"{base}/text") == "just text"
        assert await said(reader, "webscraper", url=f"{base}/picture") == "Unsupported content-type [image/png] of URL."
        assert await said(reader, "webscraper", url=f"{base}/gone") == "URL returned status code 410."
        assert await said(reader, "webscraper", url="") == "Please input url"
        async with GuardedHttpClient(untrusted_policy()) as guarded:
            with pytest.raises(ToolSSRFError, match=f"Access to '{base}/page' was blocked by SSRF protection"):
                await said(web_reader_provider(guarded), "webscraper", url=f"{base}/page")


def test_broken_pages_still_have_a_text():
    assert read_page("<head><title>T</title><body><p>a<b>b").text == "ab"
    assert read_page("<p>plain < text").text.startswith("plain")


@pytest.fixture
async def sandbox() -> AsyncIterator[EmbeddedSandbox]:
    made = EmbeddedSandbox(Limits(timeout=60.0, workers=1))
    try:
        await made.ready()
    except SandboxRefusal as refusal:
        await made.close()
        pytest.skip(f"no sandbox here: {refusal.message}")
    yield made
    await made.close()


async def test_scripts_give_what_they_print(sandbox: EmbeddedSandbox):
    provider = code_provider(sandbox)
    script = "import json\ndef f(n):\n    return n * 2\nprint(f(21), json.dumps([1]))"
    assert await said(provider, "simple_code", language="python3", code=script) == "42 [1]\n"
    script = "const f = (n) => n * 2;\nconsole.log(f(21), {a: 1}, 'x')"
    assert await said(provider, "simple_code", language="javascript", code=script) == '42 {"a":1} x\n'
    with pytest.raises(ToolInvokeError, match="ZeroDivisionError"):
        await said(provider, "simple_code", language="python3", code="1/0")
    with pytest.raises(ToolParameterValidationError, match="not basic"):
        await said(provider, "simple_code", language="basic", code="10 print")


async def test_tools_are_found_in_every_form_of_id(http: GuardedHttpClient):
    class NoCode:
        async def call_main(self, *_: object) -> dict[str, object]:
            raise AssertionError

        async def render_template(self, *_: object) -> str:
            raise AssertionError

    catalog = ToolCatalog({"builtin": [built_in_providers(lambda: http, NoCode)]})

    async def find(provider_type: str, provider_id: str, name: str) -> Tool:
        return await catalog.find(ToolRef(provider_type=provider_type, provider_id=provider_id, tool_name=name))

    for kind in ("builtin", "plugin"):
        for provider_id in ("time", "langgenius/time/time"):
            assert (await find(kind, provider_id, "weekday")).entity.name == "weekday"
    assert (await find("builtin", "code", "simple_code")).entity.identity.provider == "code"
    with pytest.raises(ToolNotFoundError, match="tool fly not found"):
        await find("builtin", "time", "fly")
    with pytest.raises(ToolProviderNotFoundError, match="builtin provider acme/time/time not found"):
        await find("builtin", "acme/time/time", "weekday")
    with pytest.raises(ToolProviderNotFoundError, match="provider type dataset-retrieval not found"):
        await find("dataset-retrieval", "x", "y")


def test_short_ids():
    assert short_id("langgenius/time/time") == "time"
    assert short_id("langgenius/jina_tool/jina") == "langgenius/jina_tool/jina"
    assert short_id("time") == "time"
