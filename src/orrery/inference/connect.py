"""Stored credentials become an endpoint: address, headers, and how the model departs from its protocol."""

from __future__ import annotations

import re

from orrery.inference.cards.schema import ModelCard, ProviderCard
from orrery.inference.endpoint import ChatTraits, Endpoint
from orrery.inference.types import Credentials, InvokeAuthorizationError, InvokeBadRequestError

_OPENAI_THINKERS = re.compile(r"^(o[1-9]|gpt-5)(?!-chat)")
_SAMPLING = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "logit_bias")


def connect(card: ProviderCard, credentials: Credentials, model: str, known: ModelCard | None = None) -> Endpoint:
    """``model`` is the name the app uses, ``known`` its card where there is one.

    Raises `InvokeBadRequestError` for a missing address, `InvokeAuthorizationError` for a missing key.
    """
    address = _address(card, credentials)
    key = _key(card, credentials)
    headers = _auth(card, key)
    organization = text(credentials, "openai_organization")
    if organization:
        headers["OpenAI-Organization"] = organization
    query: tuple[tuple[str, str], ...] = ()
    if card.connection.protocol == "azure":
        address = f"{address}/openai/deployments/{model}"
        query = (("api-version", text(credentials, "openai_api_version") or "2024-10-21"),)
    secrets = tuple(value for name in card.secret_fields() if (value := text(credentials, name)))
    extras: dict[str, object] = {"rerank_path": card.connection.rerank_path}
    size = whole_number(credentials, "context_size")
    if card.connection.protocol == "ollama" and size:
        extras["num_ctx"] = size
    if credentials.get("dimensions"):
        extras["dimensions"] = whole_number(credentials, "dimensions")
    return Endpoint(
        base_url=address,
        label=card.label.en,
        headers=headers,
        query=query,
        secrets=(*secrets, key) if key else secrets,
        traits=traits_of(card, credentials, known.name if known else model),
        model=text(credentials, "endpoint_model_name") or None,
        extras=extras,
    )


def traits_of(card: ProviderCard, credentials: Credentials, model: str) -> ChatTraits:
    """``model`` is the base model's name: for azure that of the form, not the deployment's."""
    protocol = card.connection.protocol
    base = text(credentials, "base_model_name") or model
    if (protocol == "azure" or card.id.endswith("/openai")) and _OPENAI_THINKERS.match(base):
        return ChatTraits(
            system_role="developer", max_tokens_field="max_completion_tokens", dropped_parameters=_SAMPLING
        )
    calling = text(credentials, "function_calling_type")
    field = text(credentials, "token_param_name")
    return ChatTraits(
        max_tokens_field=field if field in {"max_tokens", "max_completion_tokens"} else "max_tokens",
        stream_usage=card.connection.stream_usage,
        echo_reasoning=card.connection.echo_reasoning,
        tool_style="functions" if calling == "function_call" else "none" if calling == "no_call" else "tools",
        structured_output=text(credentials, "structured_output_support") != "not_supported",
    )


def text(credentials: Credentials, name: str) -> str:
    value = credentials.get(name)
    return "" if value is None else str(value).strip()


def whole_number(credentials: Credentials, name: str) -> int | None:
    """Forms store numbers as text; anything else counts as not given."""
    value = text(credentials, name)
    return int(value) if value.isdigit() else None


def _address(card: ProviderCard, credentials: Credentials) -> str:
    link = card.connection
    given = next((v for f in link.url_fields if (v := text(credentials, f))), "")
    if not given and link.international and text(credentials, link.international[0]).lower() in {"true", "1", "yes"}:
        return link.international[1]
    address = (given or link.url).rstrip("/")
    if not address:
        field = link.url_fields[0] if link.url_fields else "address"
        raise InvokeBadRequestError(f"The credential of {card.label.en} lacks its address ({field}).")
    if given and link.url_suffix and not address.endswith(link.url_suffix):
        address += link.url_suffix
    if link.protocol in {"anthropic", "gemini", "ollama"}:
        address = re.sub(r"/(v1|v1beta|api)$", "", address)
    return address


def _key(card: ProviderCard, credentials: Credentials) -> str:
    link = card.connection
    key = next((v for f in link.key_fields if (v := text(credentials, f))), "")
    needed = any(f.variable in link.key_fields and f.required for f in (*card.provider_form, *card.model_form))
    if not key and needed:
        raise InvokeAuthorizationError(
            f"The credential of {card.label.en} has no key. Enter one in Integrations → {card.label.en}."
        )
    return key


def _auth(card: ProviderCard, key: str) -> dict[str, str]:
    if not key:
        return {}
    if card.connection.auth == "bearer":
        return {"Authorization": f"Bearer {key}"}
    return {card.connection.auth: key}
