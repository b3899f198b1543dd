"""Providers that work with somebody's credentials: what they look like without them, and how they are opened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import msgspec

from orrery.tools.credential_form import CredentialField
from orrery.tools.entity import ProviderIdentity, ToolEntity
from orrery.tools.protocol import ToolProvider

Credentials: TypeAlias = Mapping[str, object]


class KeyedProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A provider before anybody's credentials.

    ``open`` takes checked values of the ``form``; ``check`` asks the vendor whether it takes them and raises
    `ToolProviderCredentialValidationError` if not.
    """

    identity: ProviderIdentity
    form: tuple[CredentialField, ...]
    entities: tuple[ToolEntity, ...]
    open: Callable[[Credentials], ToolProvider]
    check: Callable[[Credentials], Awaitable[None]]

    @property
    def id(self) -> str:
        return self.identity.name
