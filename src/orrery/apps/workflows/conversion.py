"""Making a graph app of a chat or completion app (workflow.md 7.1); the old app stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from orrery.apps.catalog.errors import AppNotFound, AppUnavailable
from orrery.apps.catalog.service import Actor, AppDraft, add_app
from orrery.apps.catalog.store import find_app, find_config
from orrery.apps.workflows.converted import converted
from orrery.apps.workflows.service import GraphContent, put_draft
from orrery.apps.workflows.variables import Keeping
from orrery.database.engine import Database

_NEW_MODES: Mapping[str, str] = {"chat": "advanced-chat", "completion": "workflow"}


class Conversion:
    """One use case, one transaction."""

    def __init__(self, database: Database, keeping: Keeping) -> None:
        self._database = database
        self._keeping = keeping

    async def convert(
        self,
        who: Actor,
        app_id: str,
        *,
        name: str | None = None,
        icon_type: str | None = None,
        icon: str | None = None,
        icon_background: str | None = None,
    ) -> str:
        """The new app's id. Raises `AppNotFound` for other modes, `AppUnavailable`, and what `converted` raises."""
        async with self._database.write() as session:
            app = await find_app(session, who.workspace_id, app_id)
            if app is None or app.mode not in _NEW_MODES:
                raise AppNotFound
            config = await find_config(session, app.app_model_config_id)
            if config is None:
                raise AppUnavailable
            graph, features = converted(cast("Mapping[str, object]", config.configs), app.mode)
            draft = AppDraft(
                name=name or f"{app.name}(workflow)",
                mode=_NEW_MODES[app.mode],
                description=app.description or "",
                icon_type=icon_type or app.icon_type,
                icon=icon or app.icon,
                icon_background=icon_background or app.icon_background,
            )
            made = await add_app(session, who, draft)
            await put_draft(session, self._keeping, who, made, GraphContent(graph=graph, features=features))
        return made.id
