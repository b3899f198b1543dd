"""Model providers, their credentials, and the models that a workspace can use (product reference, 6.10)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from orrery.errors import BadRequest
from orrery.http.call import Call
from orrery.http.console.models_paths import provider_of, provider_route
from orrery.http.console.models_shapes import (
    model_object,
    parameter_rules,
    provider_object,
    provider_summary,
)
from orrery.http.console.people_shapes import DONE, Done, acting
from orrery.http.endpoint import RouteGroup, route
from orrery.inference.json_shapes import JsonObject
from orrery.security.permissions import Permission
from orrery.workspaces.models.credentials import ProviderCredentials
from orrery.workspaces.models.errors import CredentialsRefused, ModelUnknown
from orrery.workspaces.models.offer import Offer
from orrery.workspaces.models.vendors import Vendors

Name = Annotated[str, msgspec.Meta(max_length=30)]


class KindQuery(msgspec.Struct, frozen=True):
    """Only models of this kind."""

    model_type: str = ""


class OneKindQuery(msgspec.Struct, frozen=True):
    """The kind of model."""

    model_type: str


class CredentialQuery(msgspec.Struct, frozen=True):
    """Which credential; without an id the active one."""

    credential_id: str | None = None


class NewCredentialBody(msgspec.Struct, frozen=True):
    """A filled-in form."""

    credentials: dict[str, object]
    name: Name | None = None


class CredentialBody(msgspec.Struct, frozen=True):
    """A filled-in form for a credential that exists."""

    credential_id: str
    credentials: dict[str, object]
    name: Name | None = None


class CredentialIdBody(msgspec.Struct, frozen=True):
    """A credential."""

    credential_id: str


class TrialBody(msgspec.Struct, frozen=True):
    """A filled-in form to try; with an id, secrets marked as unchanged are that credential's."""

    credentials: dict[str, object]
    credential_id: str | None = None


class TypeBody(msgspec.Struct, frozen=True):
    """Hosted models or the workspace's own credentials."""

    preferred_provider_type: str


class ModelQuery(msgspec.Struct, frozen=True):
    """A model by name."""

    model: str


class DefaultChoice(msgspec.Struct, frozen=True):
    """The default of one kind; without provider and model it stays as it is."""

    model_type: str
    provider: str | None = None
    model: str | None = None


class DefaultsBody(msgspec.Struct, frozen=True):
    """The defaults to change."""

    model_settings: list[DefaultChoice]


class Trial(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the vendor took the credentials, and what it said if not."""

    result: str
    error: str | None = None


class ModelProviderRoutes(RouteGroup):
    """Lists, and the credentials of whole providers."""

    def __init__(self, offer: Offer, credentials: ProviderCredentials, vendors: Vendors) -> None:
        self._offer = offer
        self._credentials = credentials
        self._vendors = vendors

    @route(
        "GET",
        "/workspaces/current/model-providers",
        auth="console",
        scope="workspace",
        permission=Permission.MODEL_VIEW,
        query=KindQuery,
    )
    async def list(self, call: Call, query: KindQuery) -> JsonObject:
        """Lists the providers, those that are set up first."""
        workspace = call.account.workspace_id
        providers = await self._offer.providers(workspace, query.model_type or None)
        return {"data": [provider_object(workspace, provider) for provider in providers]}

    @provider_route("GET", "/credentials", Permission.MODEL_VIEW, query=CredentialQuery)
    async def show(self, call: Call, query: CredentialQuery) -> JsonObject:
        """Shows a credential with masked secrets."""
        shown = await self._credentials.show(call.account.workspace_id, provider_of(call), query.credential_id)
        return {"credentials": shown}

    @provider_route("POST", "/credentials", Permission.MODEL_MANAGE, body=NewCredentialBody, status=201)
    async def add(self, call: Call, body: NewCredentialBody) -> Done:
        """Saves a credential that the vendor takes."""
        await self._credentials.add(acting(call), provider_of(call), body.credentials, body.name)
        return DONE

    @provider_route("PUT", "/credentials", Permission.MODEL_MANAGE, body=CredentialBody)
    async def change(self, call: Call, body: CredentialBody) -> Done:
        """Changes a credential; the new values must be taken by the vendor as well."""
        provider = provider_of(call)
        await self._credentials.change(acting(call), provider, body.credential_id, body.credentials, body.name)
        return DONE

    @provider_route("DELETE", "/credentials", Permission.MODEL_MANAGE, body=CredentialIdBody, status=204)
    async def remove(self, call: Call, body: CredentialIdBody) -> None:
        """Forgets a credential."""
        await self._credentials.remove(acting(call), provider_of(call), body.credential_id)

    @provider_route("POST", "/credentials/switch", Permission.MODEL_MANAGE, body=CredentialIdBody)
    async def choose(self, call: Call, body: CredentialIdBody) -> Done:
        """Makes a credential the active one."""
        await self._credentials.choose(acting(call), provider_of(call), body.credential_id)
        return DONE

    @provider_route("POST", "/credentials/validate", Permission.MODEL_MANAGE, body=TrialBody)
    async def try_out(self, call: Call, body: TrialBody) -> Trial:
        """Asks the vendor, and saves nothing."""
        workspace = call.account.workspace_id
        try:
            await self._credentials.try_out(workspace, provider_of(call), body.credentials, body.credential_id)
        except CredentialsRefused as error:
            return Trial("error", error.message)
        return Trial("success")

    @provider_route("POST", "/preferred-provider-type", Permission.MODEL_MANAGE, body=TypeBody)
    async def prefer(self, call: Call, body: TypeBody) -> Done:
        """Takes ``custom``, the only type there is."""
        self._vendors.card(provider_of(call))
        if body.preferred_provider_type != "custom":
            raise BadRequest("There are no hosted models here: models are called with your own credentials.")
        return DONE

    @provider_route("GET", "/models", Permission.MODEL_VIEW)
    async def models(self, call: Call) -> JsonObject:
        """Lists the provider's models and the workspace's own ones."""
        workspace = call.account.workspace_id
        provider = await self._offer.provider(workspace, provider_of(call))
        summary = provider_summary(workspace, provider.card)
        return {"data": [{**model_object(provider.card, model), "provider": summary} for model in provider.models]}

    @provider_route("GET", "/models/parameter-rules", Permission.MODEL_VIEW, query=ModelQuery)
    async def rules(self, call: Call, query: ModelQuery) -> JsonObject:
        """Shows the parameters of a language model; none for a model that is gone."""
        key = self._vendors.key(provider_of(call), query.model, "llm")
        try:
            model = await self._offer.model(call.account.workspace_id, key)
        except ModelUnknown:
            return {"data": []}
        return {"data": parameter_rules(self._vendors.card(key.provider), model)}

    @route(
        "GET",
        "/workspaces/current/models/model-types/{model_type}",
        auth="console",
        scope="workspace",
        permission=Permission.MODEL_VIEW,
    )
    async def usable(self, call: Call) -> JsonObject:
        """Lists the models of one kind that are ready to be called."""
        workspace = call.account.workspace_id
        ready = await self._offer.usable(workspace, call.path["model_type"])
        return {
            "data": [
                {
                    **provider_summary(workspace, provider.card),
                    "status": "active",
                    "models": [model_object(provider.card, model) for model in provider.models],
                }
                for provider in ready
            ]
        }

    @route(
        "GET",
        "/workspaces/current/default-model",
        auth="console",
        scope="workspace",
        permission=Permission.MODEL_VIEW,
        query=OneKindQuery,
    )
    async def default(self, call: Call, query: OneKindQuery) -> JsonObject:
        """Shows the model that is used where none is named."""
        workspace = call.account.workspace_id
        found = await self._offer.default(workspace, query.model_type)
        if found is None:
            return {"data": None}
        provider, model = found
        named = {"model": model.key.name, "model_type": model.key.kind}
        return {"data": {**named, "provider": provider_summary(workspace, provider.card)}}

    @route(
        "POST",
        "/workspaces/current/default-model",
        auth="console",
        scope="workspace",
        permission=Permission.MODEL_MANAGE,
        body=DefaultsBody,
    )
    async def choose_defaults(self, call: Call, body: DefaultsBody) -> Done:
        """Chooses default models."""
        keys = [
            self._vendors.key(choice.provider, choice.model, choice.model_type)
            for choice in body.model_settings
            if choice.provider and choice.model
        ]
        await self._offer.choose_defaults(acting(call), keys)
        return DONE
