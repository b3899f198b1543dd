"""Trying triggers out: the editor waits for an event of a draft's trigger, then runs the draft with it.

What waits and what came lie in the cache for a moment, so that the request may reach another process than the editor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from orrery.apps.triggers.errors import TriggerRefused
from orrery.apps.triggers.nodes import PLUGIN, SCHEDULE, TriggerNode
from orrery.apps.triggers.sync import next_time
from orrery.cache.protocol import Cache

LISTENING_SECONDS = 60.0
"""How long after its last look an editor counts as waiting; it looks every two seconds."""
KEPT_SECONDS = 60.0


class Event(msgspec.Struct, frozen=True):
    """Something that set a trigger off: the node, and what the run gets as inputs."""

    node_id: str
    inputs: Mapping[str, object]


class TriggerDebugging:
    """Brings events to editors. An editor is an account that looks at an app's draft; ``now`` is aware UTC."""

    def __init__(self, cache: Cache, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._cache = cache
        self._now = now

    async def deliver(self, app_id: str, node_id: str, inputs: Mapping[str, object]) -> bool:
        """Gives an event to the editor that waits for this node; whether there was one."""
        listener = await self._cache.get(_listening(app_id, node_id))
        if listener is None:
            return False
        inbox = _inbox(app_id, node_id, listener.decode())
        await self._cache.set(inbox, msgspec.json.encode(inputs, enc_hook=str), ttl=KEPT_SECONDS)
        return True

    async def look(self, app_id: str, account_id: str, nodes: Sequence[TriggerNode]) -> Event | None:
        """The first event of these nodes since the editor's last look; from now on it waits for more.

        Raises `TriggerRefused` for a schedule that can't be read, and for triggers of plugins.
        """
        for node in nodes:
            if node.kind == PLUGIN:
                raise TriggerRefused(
                    f"The node {node.title or node.id} listens to a plugin, and this version runs no trigger plugins."
                )
            event = await self._due(app_id, account_id, node) if node.kind == SCHEDULE else None
            event = event or await self._received(app_id, account_id, node)
            if event is not None:
                await self._cache.delete(_listening(app_id, node.id))
                return event
        return None

    async def _received(self, app_id: str, account_id: str, node: TriggerNode) -> Event | None:
        came = await self._cache.take(_inbox(app_id, node.id, account_id))
        if came is not None:
            return Event(node.id, msgspec.json.decode(came, type=dict[str, object]))
        await self._cache.set(_listening(app_id, node.id), account_id.encode(), ttl=LISTENING_SECONDS)
        return None

    async def _due(self, app_id: str, account_id: str, node: TriggerNode) -> Event | None:
        """The schedule's next due time counts from the editor's first look."""
        key, now = f"trigger_debug_due:{app_id}:{node.id}:{account_id}", self._now()
        kept = await self._cache.get(key)
        due = datetime.fromisoformat(kept.decode()) if kept is not None else next_time(*node.schedule(), now)
        if due is None:
            return None
        if due <= now:
            await self._cache.delete(key)
            return Event(node.id, {})
        await self._cache.set(key, due.isoformat().encode(), ttl=LISTENING_SECONDS)
        return None


def _listening(app_id: str, node_id: str) -> str:
    return f"trigger_debug_listener:{app_id}:{node_id}"


def _inbox(app_id: str, node_id: str, account_id: str) -> str:
    return f"trigger_debug_inbox:{app_id}:{node_id}:{account_id}"
