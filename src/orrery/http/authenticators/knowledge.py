"""Callers of the Service API's knowledge routes: holders of a ``dataset-`` key (knowledge.md 1.6)."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from orrery.apps.catalog.dataset_keys import DatasetKeys
from orrery.http.authenticators.service import bearer_token
from orrery.http.call import KnowledgeCaller
from orrery.http.endpoint import Endpoint


class KnowledgeAuthenticator:
    """Finds the workspace of a ``dataset-`` key; its calls are made in the name of the workspace's owner."""

    def __init__(self, keys: DatasetKeys) -> None:
        self._keys = keys

    async def __call__(self, request: Request, endpoint: Endpoint, path: Mapping[str, str]) -> KnowledgeCaller:
        """Raises `Unauthorized`, `Forbidden` with the contract's texts."""
        holder = await self._keys.holder(bearer_token(request))
        return KnowledgeCaller(workspace_id=holder.workspace_id, account_id=holder.owner_id)
