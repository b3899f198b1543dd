"""Provider ``searxng``: a search engine that the workspace's people run themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final

from orrery.egress.protocol import HttpClient
from orrery.tools.built_in.answer_tool import BuiltInProvider
from orrery.tools.built_in.vendor import JsonObject, ask, choice, objects, query, setting
from orrery.tools.credential_form import CredentialField
from orrery.tools.entity import ProviderIdentity, ToolDescription, ToolEntity, ToolIdentity, english
from orrery.tools.errors import ToolInvokeError, ToolProviderCredentialValidationError
from orrery.tools.keyed import Credentials, KeyedProvider
from orrery.tools.messages import JsonMessage, LinkMessage, TextMessage, ToolMessage

_KINDS: Final = ("general", "images", "videos", "news", "map", "music", "it", "science", "files", "social_media")
_MOST: Final = 20


def searxng_provider(http: HttpClient) -> KeyedProvider:
    """One tool: ``searxng_search``."""
    identity = ProviderIdentity(
        name="searxng",
        label=english("SearXNG"),
        description={"en_US": "A metasearch engine of your own.", "zh_Hans": "自托管的元搜索引擎。"},
        icon="search",
        tags=("search", "productivity"),
    )

    def opened(credentials: Credentials) -> BuiltInProvider:
        return BuiltInProvider(identity, [SearxngSearch(http, credentials)])

    async def check(credentials: Credentials) -> None:
        try:
            await SearxngSearch(http, credentials).ask({"query": "SearXNG"})
        except ToolInvokeError as error:
            raise ToolProviderCredentialValidationError(str(error)) from error

    return KeyedProvider(identity=identity, form=_FORM, entities=(_ENTITY,), open=opened, check=check)


class SearxngSearch:
    """Implements `Tool`."""

    def __init__(self, http: HttpClient, credentials: Credentials) -> None:
        self.entity = _ENTITY
        self._http = http
        self._address = str(credentials["searxng_base_url"]).rstrip("/")
        self._headers: Mapping[str, str] = {}
        if credentials.get("searxng_api_key"):
            self._headers = {"Authorization": f"Bearer {credentials['searxng_api_key']}"}

    async def invoke(self, parameters: Mapping[str, object]) -> AsyncIterator[ToolMessage]:
        answer = await self.ask(parameters)
        found = objects(answer.get("results"))[: _count(parameters.get("max_results"))]
        if parameters.get("search_type") == "images":
            for item in found:
                if item.get("img_src"):
                    yield LinkMessage(str(item["img_src"]))
        else:
            parts = [
                f"{item.get('title') or ''}\n{item.get('url') or ''}\n{item.get('content') or ''}" for item in found
            ]
            yield TextMessage("\n\n".join(parts) or "Nothing was found.")
        for item in found:
            yield JsonMessage(item)

    async def ask(self, values: Mapping[str, object]) -> JsonObject:
        """The engine's answer. Raises `ToolInvokeError`."""
        params = [
            ("q", str(values.get("query") or "")),
            ("format", "json"),
            ("categories", str(values.get("search_type") or "general").replace("_", " ")),
        ]
        if values.get("time_range"):
            params.append(("time_range", str(values["time_range"])))
        return await ask(self._http, "GET", f"{self._address}/search", headers=self._headers, params=params)


def _count(value: object) -> int:
    return max(1, min(int(value), _MOST)) if isinstance(value, int | float) else _MOST


_FORM: Final = (
    CredentialField(
        name="searxng_base_url",
        type="text-input",
        label={"en_US": "Address", "zh_Hans": "地址"},
        help=english("The engine must give results as JSON (search.formats in its settings)."),
        placeholder=english("https://search.example.com"),
    ),
    CredentialField(
        name="searxng_api_key",
        label={"en_US": "Bearer token", "zh_Hans": "Bearer 令牌"},
        required=False,
        help=english("For engines behind a gate of their own."),
    ),
)
_ENTITY: Final = ToolEntity(
    identity=ToolIdentity(name="searxng_search", provider="searxng", label=english("SearXNG Search"), icon="search"),
    description=ToolDescription(human=english("Searches with SearXNG."), llm="Searches the web. The input is a query."),
    parameters=(
        query("what to search for"),
        choice("search_type", "Search type", _KINDS, "general"),
        choice("time_range", "How recent", ("day", "month", "year")),
        setting("max_results", "Most results", 10, number=True),
    ),
)
