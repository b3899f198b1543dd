"""Console routes of the keys that open a workspace's knowledge (product.md 6.8)."""

from __future__ import annotations

from orrery.apps.catalog.dataset_keys import DatasetKeys
from orrery.http.call import Call
from orrery.http.console.app_shapes import JsonObject, key_object
from orrery.http.console.apps import actor
from orrery.http.endpoint import RouteGroup, route
from orrery.security.permissions import Permission

MANAGE = Permission.KNOWLEDGE_API_MANAGE


class DatasetKeyRoutes(RouteGroup):
    """Keys open every knowledge base as the owner sees it, so only owners and admins see them."""

    def __init__(self, keys: DatasetKeys) -> None:
        self._keys = keys

    @route("GET", "/datasets/api-keys", auth="console", scope="workspace", permission=MANAGE)
    async def all(self, call: Call) -> JsonObject:
        """Lists the workspace's knowledge keys."""
        return {"data": [key_object(key) for key in await self._keys.all(actor(call))]}

    @route("POST", "/datasets/api-keys", auth="console", scope="workspace", permission=MANAGE, status=201)
    async def add(self, call: Call) -> JsonObject:
        """Makes a knowledge key; a workspace has at most ten."""
        return key_object(await self._keys.add(actor(call)))

    @route("DELETE", "/datasets/api-keys/{dataset_key_id}", auth="console", scope="workspace", permission=MANAGE,
           status=204)  # fmt: skip
    async def delete(self, call: Call) -> None:
        """Deletes a knowledge key; it stops working at once."""
        await self._keys.delete(actor(call), call.id("dataset_key_id"))
