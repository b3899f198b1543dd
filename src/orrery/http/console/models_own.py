"""Models that a workspace adds by name, their credentials, and the switch of any model."""

from __future__ import annotations

from typing import Annotated

import msgspec

from orrery.errors import InvalidParam
from orrery.http.call import Call
from orrery.http.console.models import Name, Trial
from orrery.http.console.models_paths import provider_of, provider_route
from orrery.http.console.models_shapes import credential_names
from orrery.http.console.people_shapes import DONE, Done, acting
from orrery.http.endpoint import RouteGroup
from orrery.inference.json_shapes import JsonObject
from orrery.security.permissions import Permission
from orrery.workspaces.models.errors import CredentialsRefused
from orrery.workspaces.models.own_models import OwnModels
from orrery.workspaces.models.store import ModelKey
from orrery.workspaces.models.vendors import Vendors

ModelName = Annotated[str, msgspec.Meta(min_length=1, max_length=160)]


class ModelBody(msgspec.Struct, frozen=True, kw_only=True):
    """A model of the provider in the path."""

    model: ModelName
    model_type: str


class ModelQuery(ModelBody, frozen=True, kw_only=True):
    """A model, and which of its credentials; without an id the active one."""

    credential_id: str | None = None


class NewModelBody(ModelBody, frozen=True, kw_only=True):
    """Either values for a new credential, or the id of one that the model has."""

    credentials: dict[str, object] | None = None
    credential_id: str | None = None
    name: Name | None = None


class NewModelCredentialBody(ModelBody, frozen=True, kw_only=True):
    """A filled-in form."""

    credentials: dict[str, object]
    name: Name | None = None


class ModelCredentialBody(ModelBody, frozen=True, kw_only=True):
    """A filled-in form for a credential that exists."""

    credential_id: str
    credentials: dict[str, object]
    name: Name | None = None


class ModelCredentialIdBody(ModelBody, frozen=True, kw_only=True):
    """A credential of a model."""

    credential_id: str


class ModelTrialBody(ModelBody, frozen=True, kw_only=True):
    """A filled-in form to try; with an id, secrets marked as unchanged are that credential's."""

    credentials: dict[str, object]
    credential_id: str | None = None


class OwnModelRoutes(RouteGroup):
    """Adds, changes, switches and removes models."""

    def __init__(self, own_models: OwnModels, vendors: Vendors) -> None:
        self._own = own_models
        self._vendors = vendors

    def _key(self, call: Call, named: ModelBody) -> ModelKey:
        return self._vendors.key(provider_of(call), named.model, named.model_type)

    @provider_route("POST", "/models", Permission.MODEL_MANAGE, body=NewModelBody)
    async def add(self, call: Call, body: NewModelBody) -> Done:
        """Adds a model with a new credential, or lets one of its credentials be the active one."""
        key = self._key(call, body)
        if body.credentials is not None:
            await self._own.add(acting(call), key, body.credentials, body.name)
        elif body.credential_id:
            await self._own.choose(acting(call), key, body.credential_id)
        else:
            raise InvalidParam("Give the model's credentials, or the id of one that it has.", params="credentials")
        return DONE

    @provider_route("DELETE", "/models", Permission.MODEL_MANAGE, body=ModelBody, status=204)
    async def remove(self, call: Call, body: ModelBody) -> None:
        """Forgets a model of the workspace's own."""
        await self._own.remove(acting(call), self._key(call, body))

    @provider_route("GET", "/models/credentials", Permission.MODEL_VIEW, query=ModelQuery)
    async def show(self, call: Call, query: ModelQuery) -> JsonObject:
        """Shows a credential of a model with masked secrets."""
        shown = await self._own.show(call.account.workspace_id, self._key(call, query), query.credential_id)
        return {
            "credentials": shown.values,
            "current_credential_id": shown.current.id if shown.current else None,
            "current_credential_name": shown.current.credential_name if shown.current else None,
            "load_balancing": {"enabled": False, "configs": []},
            "available_credentials": credential_names(shown.available),
        }

    @provider_route("POST", "/models/credentials", Permission.MODEL_MANAGE, body=NewModelCredentialBody, status=201)
    async def add_credential(self, call: Call, body: NewModelCredentialBody) -> Done:
        """Saves a credential that the model answers to."""
        await self._own.add(acting(call), self._key(call, body), body.credentials, body.name)
        return DONE

    @provider_route("PUT", "/models/credentials", Permission.MODEL_MANAGE, body=ModelCredentialBody)
    async def change_credential(self, call: Call, body: ModelCredentialBody) -> Done:
        """Changes a credential of a model."""
        key = self._key(call, body)
        await self._own.change(acting(call), key, body.credential_id, body.credentials, body.name)
        return DONE

    @provider_route("DELETE", "/models/credentials", Permission.MODEL_MANAGE, body=ModelCredentialIdBody, status=204)
    async def remove_credential(self, call: Call, body: ModelCredentialIdBody) -> None:
        """Forgets a credential of a model, and with the last one the model."""
        await self._own.remove_credential(acting(call), self._key(call, body), body.credential_id)

    @provider_route("POST", "/models/credentials/switch", Permission.MODEL_MANAGE, body=ModelCredentialIdBody)
    async def choose(self, call: Call, body: ModelCredentialIdBody) -> Done:
        """Makes a credential of a model the active one."""
        await self._own.choose(acting(call), self._key(call, body), body.credential_id)
        return DONE

    @provider_route("POST", "/models/credentials/validate", Permission.MODEL_MANAGE, body=ModelTrialBody)
    async def try_out(self, call: Call, body: ModelTrialBody) -> Trial:
        """Asks the model, and saves nothing."""
        key = self._key(call, body)
        try:
            await self._own.try_out(call.account.workspace_id, key, body.credentials, body.credential_id)
        except CredentialsRefused as error:
            return Trial("error", error.message)
        return Trial("success")

    @provider_route("PATCH", "/models/enable", Permission.MODEL_MANAGE, body=ModelBody)
    async def enable(self, call: Call, body: ModelBody) -> Done:
        """Offers a model again."""
        await self._own.switch(acting(call), self._key(call, body), enabled=True)
        return DONE

    @provider_route("PATCH", "/models/disable", Permission.MODEL_MANAGE, body=ModelBody)
    async def disable(self, call: Call, body: ModelBody) -> Done:
        """Stops offering a model."""
        await self._own.switch(acting(call), self._key(call, body), enabled=False)
        return DONE
