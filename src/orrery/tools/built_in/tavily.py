"""Provider ``tavily``: a search engine for models."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final

from orrery.egress.protocol import HttpClient
from orrery.tools.built_in.answer_tool import BuiltInProvider
from orrery.tools.built_in.vendor import JsonObject, ask, choice, objects, query, setting, switch
from orrery.tools.credential_form import CredentialField
from orrery.tools.entity import ProviderIdentity, ToolDescription, ToolEntity, ToolIdentity, english
from orrery.tools.errors import ToolInvokeError, ToolParameterValidationError, ToolProviderCredentialValidationError
from orrery.tools.keyed import Credentials, KeyedProvider
from orrery.tools.messages import JsonMessage, TextMessage, ToolMessage

ADDRESS: Final = "https://api.tavily.com"


def tavily_provider(http: HttpClient, address: str = ADDRESS) -> KeyedProvider:
    """Two tools: ``tavily_search`` and ``tavily_extract``."""
    identity = ProviderIdentity(
        name="tavily",
        label=english("Tavily"),
        description={"en_US": "Searches and reads the web.", "zh_Hans": "搜索并读取网页。"},
        icon="search",
        tags=("search",),
    )

    def opened(credentials: Credentials) -> BuiltInProvider:
        key = str(credentials["tavily_api_key"])
        return BuiltInProvider(identity, [TavilySearch(http, address, key), TavilyExtract(http, address, key)])

    async def check(credentials: Credentials) -> None:
        search = TavilySearch(http, address, str(credentials["tavily_api_key"]))
        try:
            await search.ask({"query": "weather", "max_results": 1})
        except ToolInvokeError as error:
            raise ToolProviderCredentialValidationError(str(error)) from error

    return KeyedProvider(identity=identity, form=_FORM, entities=(_SEARCH, _EXTRACT), open=opened, check=check)


class TavilySearch:
    """Implements `Tool`."""

    def __init__(self, http: HttpClient, address: str, key: str) -> None:
        self.entity = _SEARCH
        self._http, self._address, self._key = http, address, key

    async def invoke(self, parameters: Mapping[str, object]) -> AsyncIterator[ToolMessage]:
        answer = await self.ask(parameters)
        parts = [str(answer["answer"])] if answer.get("answer") else []
        parts += [
            f"{found.get('title') or ''}\n{found.get('url') or ''}\n{found.get('content') or ''}"
            for found in objects(answer.get("results"))
        ]
        yield TextMessage("\n\n".join(parts) or "Nothing was found.")
        yield JsonMessage(answer)

    async def ask(self, values: Mapping[str, object]) -> JsonObject:
        """The vendor's answer. Raises `ToolInvokeError`."""
        body = {name: value for name, value in values.items() if name in _SENT and value is not None and value != ""}
        for name in ("include_domains", "exclude_domains"):
            domains = [part.strip() for part in str(values.get(name) or "").split(",") if part.strip()]
            if domains:
                body[name] = domains
        return await ask(self._http, "POST", f"{self._address}/search", headers=_bearer(self._key), body=body)


class TavilyExtract:
    """Implements `Tool`."""

    def __init__(self, http: HttpClient, address: str, key: str) -> None:
        self.entity = _EXTRACT
        self._http, self._address, self._key = http, address, key

    async def invoke(self, parameters: Mapping[str, object]) -> AsyncIterator[ToolMessage]:
        urls = [part.strip() for part in str(parameters.get("urls") or "").split(",") if part.strip()]
        if not urls:
            raise ToolParameterValidationError("urls must hold an address")
        body = {"urls": urls, "extract_depth": parameters.get("extract_depth") or "basic"}
        answer = await ask(self._http, "POST", f"{self._address}/extract", headers=_bearer(self._key), body=body)
        pages = [
            f"{found.get('url') or ''}\n{found.get('raw_content') or ''}" for found in objects(answer.get("results"))
        ]
        yield TextMessage("\n\n".join(pages) or "Nothing could be read.")
        yield JsonMessage(answer)


def _bearer(key: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {key}"}


_SENT: Final = (
    "query", "search_depth", "topic", "max_results", "days", "time_range", "include_answer", "include_images",
    "include_raw_content",
)  # fmt: skip
_FORM: Final = (
    CredentialField(
        name="tavily_api_key",
        label={"en_US": "API key", "zh_Hans": "API 密钥"},
        url="https://app.tavily.com/home",
    ),
)
_SEARCH: Final = ToolEntity(
    identity=ToolIdentity(name="tavily_search", provider="tavily", label=english("Tavily Search"), icon="search"),
    description=ToolDescription(human=english("Searches the web."), llm="Searches the web and gives text of pages."),
    parameters=(
        query("what to search for"),
        choice("search_depth", "Depth", ("basic", "advanced"), "basic"),
        choice("topic", "Topic", ("general", "news", "finance"), "general"),
        setting("max_results", "Most results", 5, number=True),
        choice("time_range", "How recent", ("day", "week", "month", "year")),
        switch("include_answer", "With an answer"),
        switch("include_images", "With images"),
        switch("include_raw_content", "With whole pages"),
        setting("include_domains", "Only these domains, comma separated"),
        setting("exclude_domains", "None of these domains, comma separated"),
    ),
)
_EXTRACT: Final = ToolEntity(
    identity=ToolIdentity(name="tavily_extract", provider="tavily", label=english("Tavily Extract"), icon="search"),
    description=ToolDescription(human=english("Reads web pages."), llm="Reads the text of web pages."),
    parameters=(
        query("addresses of the pages, comma separated", "urls"),
        choice("extract_depth", "Depth", ("basic", "advanced"), "basic"),
    ),
)
