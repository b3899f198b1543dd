"""Provider ``webscraper``: reads a web page through the egress guard (sandbox-and-security.md 5.4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from orrery.egress.protocol import EgressError, HttpClient, HttpResponse, Timeouts
from orrery.tools.blocked import failure_of
from orrery.tools.built_in.answer_tool import AnswerTool, BuiltInProvider
from orrery.tools.built_in.page_text import read_page
from orrery.tools.entity import ProviderIdentity, ToolDescription, ToolEntity, ToolIdentity, ToolParameter, english
from orrery.tools.errors import ToolNotSupportedError

Summarize: TypeAlias = Callable[[str], Awaitable[str]]

MAX_BYTES: Final = 10 * 1024 * 1024
_TIMEOUTS: Final = Timeouts(connect=10, read=30, write=30, total=120)
_AGENT: Final = "Mozilla/5.0 (compatible; Orrery)"
_PAGES: Final = frozenset({"text/html", "application/xhtml+xml", ""})


def web_reader_provider(http: HttpClient, summarize: Summarize | None = None) -> BuiltInProvider:
    """``summarize`` shortens a page with a model; without it pages come whole or not at all."""
    identity = ProviderIdentity(
        name="webscraper",
        label={"en_US": "Web reader", "zh_Hans": "网页读取"},
        description={"en_US": "Reads the text of web pages.", "zh_Hans": "读取网页正文。"},
        icon="globe",
        tags=("productivity",),
    )
    return BuiltInProvider(identity, [AnswerTool(_ENTITY, WebReader(http, summarize).answer)])


class WebReader:
    """Fetches one page and gives its text."""

    def __init__(self, http: HttpClient, summarize: Summarize | None) -> None:
        self._http, self._summarize = http, summarize

    async def answer(self, values: Mapping[str, object]) -> str:
        url = str(values.get("url") or "").strip()
        if not url:
            return "Please input url"
        if not url.startswith(("http://", "https://")):
            url = f"https://{url}"
        text = _readable(await self._fetch(url, str(values.get("user_agent") or _AGENT)))
        if not values.get("generate_summary"):
            return text
        if self._summarize is None:
            raise ToolNotSupportedError(
                "Pages can't be summarised here: no model is set up for it. Turn the summary off."
            )
        return await self._summarize(text)

    async def _fetch(self, url: str, user_agent: str) -> HttpResponse:
        try:
            return await self._http.request(
                "GET",
                url,
                headers={"User-Agent": user_agent},
                timeouts=_TIMEOUTS,
                follow_redirects=True,
                max_bytes=MAX_BYTES,
            )
        except EgressError as error:
            raise failure_of(error, url) from error


def _readable(answer: HttpResponse) -> str:
    if answer.status != 200:
        return f"URL returned status code {answer.status}."
    kind = (answer.header("content-type") or "").partition(";")[0].strip().lower()
    if kind not in _PAGES:
        if kind.startswith("text/") or kind in {"application/json", "application/xml"}:
            return answer.text()
        return f"Unsupported content-type [{kind}] of URL."
    page = read_page(answer.text())
    return f"TITLE: {page.title}\nAUTHOR: {page.author}\nTEXT:\n\n{page.text}"


_ENTITY: Final = ToolEntity(
    identity=ToolIdentity(name="webscraper", provider="webscraper", label=english("Web reader"), icon="globe"),
    description=ToolDescription(
        human=english("Reads the text of a web page."), llm="Reads the text of a web page. The input is a URL."
    ),
    parameters=(
        ToolParameter(
            name="url",
            label=english("URL"),
            human_description=english("Address of the page"),
            llm_description="address of the page to read",
            required=True,
        ),
        ToolParameter(
            name="user_agent",
            form="form",
            label=english("User agent"),
            human_description=english("How the reader names itself to the site"),
            default=_AGENT,
        ),
        ToolParameter(
            name="generate_summary",
            type="boolean",
            form="form",
            label=english("Summarise"),
            human_description=english("Give a summary in place of the whole text"),
            default="false",
        ),
    ),
)
