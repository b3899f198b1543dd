"""Model calls on behalf of a workspace: its credentials behind inference's gateway."""

from __future__ import annotations

import time
from collections.abc import Callable

from orrery.database.patience import patiently
from orrery.inference.gateway import InferenceGateway
from orrery.inference.registry import ProviderRegistry
from orrery.inference.transport import ModelTransport
from orrery.inference.types import Credentials, ModelKind, ModelNotFound, ProviderNotConfigured
from orrery.workspaces.models.errors import CredentialUnreadable
from orrery.workspaces.models.sealing import Seal
from orrery.workspaces.models.snapshot import Snapshot, Snapshots
from orrery.workspaces.models.store import ModelKey

_ONE_CALL_SECONDS = 1.0
"""A call looks twice, for the model and for its credentials: it asks the cache, which may be slow, once."""


class WorkspaceCredentials:
    """The `CredentialSource` of one workspace. Rows come from memory until they change; secrets are opened per call.

    ``clock``: monotonic seconds.
    """

    def __init__(
        self, workspace_id: str, snapshots: Snapshots, seal: Seal, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._workspace_id = workspace_id
        self._snapshots = snapshots
        self._seal = seal
        self._clock = clock
        self._latest: Snapshot | None = None
        self._good_until = 0.0

    async def find(self, provider_id: str, model: str, kind: ModelKind) -> Credentials | None:
        """The model's own credential, else the provider's, else None.

        Raises `ModelNotFound` for a model that is switched off, `ProviderNotConfigured` for one that can't be read.
        """
        snapshot = await self._snapshot()
        key = ModelKey(provider_id, model, kind)
        if not snapshot.is_enabled(key):
            raise ModelNotFound(f"Model {model} is switched off in this workspace. Switch it on in Integrations.")
        row = snapshot.model_credential(key) or snapshot.provider_credential(provider_id)
        if row is None:
            return None
        try:
            return self._seal.open(self._workspace_id, row.encrypted_config)
        except CredentialUnreadable as error:
            raise ProviderNotConfigured(error.message) from error

    async def _snapshot(self) -> Snapshot:
        if self._latest is None or self._clock() >= self._good_until:
            # A run's, which goes on when the database comes back.
            self._latest = await patiently(lambda: self._snapshots.of(self._workspace_id))
            self._good_until = self._clock() + _ONE_CALL_SECONDS
        return self._latest


class KnownModels:
    """What a workspace knows about models without asking anybody, as it is now."""

    def __init__(self, registry: ProviderRegistry, snapshot: Snapshot) -> None:
        self._registry = registry
        self._snapshot = snapshot

    def knows(self, provider: str) -> bool:
        """Whether the provider is there, in any of the spellings that apps use."""
        return self._registry.knows(provider)

    def is_ready(self, provider: str, name: str) -> bool:
        """Whether a call of the model would find credentials."""
        provider_id = self._registry.find(provider).id
        key = ModelKey(provider_id, name, "llm")
        row = self._snapshot.model_credential(key) or self._snapshot.provider_credential(provider_id)
        return row is not None and self._snapshot.is_enabled(key)


class WorkspaceModels:
    """Makes the gateway of any workspace; cheap enough to be asked for each run."""

    def __init__(self, registry: ProviderRegistry, transport: ModelTransport, snapshots: Snapshots, seal: Seal) -> None:
        self._registry = registry
        self._transport = transport
        self._snapshots = snapshots
        self._seal = seal

    def gateway(self, workspace_id: str) -> InferenceGateway:
        """A `ModelGateway` that calls with this workspace's credentials only."""
        return InferenceGateway(self._registry, self.credentials(workspace_id), self._transport)

    def credentials(self, workspace_id: str) -> WorkspaceCredentials:
        """The workspace's credentials alone."""
        return WorkspaceCredentials(workspace_id, self._snapshots, self._seal)

    async def known(self, workspace_id: str) -> KnownModels:
        """What can be told about the workspace's models without a call."""
        return KnownModels(self._registry, await self._snapshots.of(workspace_id))
