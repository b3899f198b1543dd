"""Service API route of the models that a knowledge base can name (knowledge.md 8.6)."""

from __future__ import annotations

from orrery.http.call import Call
from orrery.http.console.models_shapes import model_object, provider_summary
from orrery.http.endpoint import RouteGroup, route
from orrery.http.service.knowledge.shapes import JsonObject
from orrery.workspaces.models.offer import Offer


class ServiceModelRoutes(RouteGroup):
    """The models of the key's workspace."""

    def __init__(self, offer: Offer) -> None:
        self._offer = offer

    @route("GET", "/workspaces/current/models/model-types/{model_type}", auth="knowledge", scope="workspace")
    async def usable(self, call: Call) -> JsonObject:
        """Lists the models of one kind that are ready to be called."""
        workspace_id = call.knowledge.workspace_id
        ready = await self._offer.usable(workspace_id, call.path["model_type"])
        return {
            "data": [
                {
                    **provider_summary(workspace_id, provider.card),
                    "icon_small_dark": None,
                    "status": "active",
                    "models": [model_object(provider.card, model) for model in provider.models],
                }
                for provider in ready
            ]
        }
