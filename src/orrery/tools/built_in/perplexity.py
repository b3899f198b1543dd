"""Provider ``perplexity``: answers that a model found on the web, with its sources."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final

from orrery.egress.protocol import HttpClient
from orrery.tools.built_in.answer_tool import BuiltInProvider
from orrery.tools.built_in.vendor import JsonObject, ask, choice, objects, query, setting, switch
from orrery.tools.credential_form import CredentialField
from orrery.tools.entity import ProviderIdentity, ToolDescription, ToolEntity, ToolIdentity, english
from orrery.tools.errors import ToolInvokeError, ToolProviderCredentialValidationError
from orrery.tools.keyed import Credentials, KeyedProvider
from orrery.tools.messages import JsonMessage, TextMessage, ToolMessage

ADDRESS: Final = "https://api.perplexity.ai"
_NUMBERS: Final = ("max_tokens", "temperature", "top_k", "top_p", "presence_penalty", "frequency_penalty")
_SWITCHES: Final = ("return_images", "return_related_questions")


def perplexity_provider(http: HttpClient, address: str = ADDRESS) -> KeyedProvider:
    """One tool: ``perplexity``."""
    identity = ProviderIdentity(
        name="perplexity",
        label=english("Perplexity"),
        description={"en_US": "Answers from the web with sources.", "zh_Hans": "带来源的网络搜索回答。"},
        icon="search",
        tags=("search",),
    )

    def opened(credentials: Credentials) -> BuiltInProvider:
        return BuiltInProvider(identity, [Perplexity(http, address, credentials)])

    async def check(credentials: Credentials) -> None:
        try:
            await Perplexity(http, address, credentials).ask({"query": "Hi", "max_tokens": 16})
        except ToolInvokeError as error:
            raise ToolProviderCredentialValidationError(str(error)) from error

    return KeyedProvider(identity=identity, form=_FORM, entities=(_ENTITY,), open=opened, check=check)


class Perplexity:
    """Implements `Tool`."""

    def __init__(self, http: HttpClient, address: str, credentials: Credentials) -> None:
        self.entity = _ENTITY
        self._http, self._address, self._key = http, address, str(credentials["perplexity_api_key"])

    async def invoke(self, parameters: Mapping[str, object]) -> AsyncIterator[ToolMessage]:
        answer = await self.ask(parameters)
        choices = objects(answer.get("choices"))
        said = objects([choices[0].get("message")] if choices else [])
        text = str(said[0].get("content") or "") if said else ""
        yield TextMessage(text)
        yield JsonMessage({"content": text, **{key: answer[key] for key in _SHOWN if answer.get(key)}})

    async def ask(self, values: Mapping[str, object]) -> JsonObject:
        """The vendor's answer. Raises `ToolInvokeError`."""
        body: dict[str, object] = {
            "model": values.get("model") or "sonar",
            "messages": [
                {"role": "system", "content": "Be precise and concise."},
                {"role": "user", "content": str(values.get("query") or "")},
            ],
        }
        body |= {name: values[name] for name in (*_NUMBERS, *_SWITCHES) if values.get(name) is not None}
        domains = [name.strip() for name in str(values.get("search_domain_filter") or "").split(",") if name.strip()]
        if domains:
            body["search_domain_filter"] = domains
        if values.get("search_recency_filter"):
            body["search_recency_filter"] = values["search_recency_filter"]
        if values.get("search_context_size"):
            body["web_search_options"] = {"search_context_size": values["search_context_size"]}
        headers = {"Authorization": f"Bearer {self._key}"}
        return await ask(self._http, "POST", f"{self._address}/chat/completions", headers=headers, body=body)


_SHOWN: Final = ("citations", "search_results", "images", "related_questions", "usage")
_FORM: Final = (
    CredentialField(
        name="perplexity_api_key",
        label={"en_US": "API key", "zh_Hans": "API 密钥"},
        url="https://www.perplexity.ai/settings/api",
    ),
)
_ENTITY: Final = ToolEntity(
    identity=ToolIdentity(name="perplexity", provider="perplexity", label=english("Perplexity Search"), icon="search"),
    description=ToolDescription(
        human=english("Asks a model that searches the web."),
        llm="Answers a question with what can be found on the web now, and names the sources.",
    ),
    parameters=(
        query("the question"),
        choice("model", "Model", ("sonar", "sonar-pro", "sonar-reasoning", "sonar-reasoning-pro"), "sonar"),
        setting("max_tokens", "Most tokens", 4096, number=True),
        setting("temperature", "Temperature", 0.7, number=True),
        setting("top_k", "Top K", 5, number=True),
        setting("top_p", "Top P", 1, number=True),
        setting("presence_penalty", "Presence penalty", 0, number=True),
        setting("frequency_penalty", "Frequency penalty", 1, number=True),
        switch("return_images", "Return images"),
        switch("return_related_questions", "Return related questions"),
        setting("search_domain_filter", "Domains, comma separated"),
        choice("search_recency_filter", "How recent", ("day", "week", "month", "year"), "month"),
        choice("search_context_size", "How much of the web", ("low", "medium", "high"), "low"),
    ),
)
