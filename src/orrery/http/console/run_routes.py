"""The route groups of debug runs, run history, logs and statistics."""

from __future__ import annotations

import msgspec

from orrery.apps.catalog.service import AppService
from orrery.apps.conversations.suggestions import Suggestions
from orrery.apps.files.links import FileLinks
from orrery.apps.inspector.service import DraftVariables
from orrery.apps.runs.published import PublishedVersions
from orrery.apps.runs.records import RunRecords
from orrery.apps.runs.rerun import Reruns
from orrery.apps.runs.service import RunService
from orrery.apps.runs.single_step import SingleSteps
from orrery.apps.runs.truncation import DisplayLimits
from orrery.apps.statistics.conversation_log import ConversationLog
from orrery.apps.statistics.message_log import MessageLog
from orrery.apps.statistics.numbers import AppNumbers
from orrery.apps.statistics.zones import AccountZones
from orrery.apps.workflows.service import WorkflowService
from orrery.database.engine import Database
from orrery.http.console.agent_logs import AgentLogRoutes
from orrery.http.console.chat_debug import ChatDebugRoutes
from orrery.http.console.debug_runs import DebugRunRoutes
from orrery.http.console.draft_nodes import DraftNodeParts, DraftNodeRoutes
from orrery.http.console.draft_variables import DraftVariableRoutes
from orrery.http.console.logs import LogParts, LogRoutes
from orrery.http.console.reruns import RerunRoutes
from orrery.http.console.run_history import RunHistoryRoutes
from orrery.http.console.single_runs import SingleRunRoutes
from orrery.http.console.statistics import StatisticsRoutes
from orrery.http.endpoint import RouteGroup
from orrery.http.watching import RunWatching
from orrery.workspaces.members.names import AccountNames


class RunParts(msgspec.Struct, frozen=True, kw_only=True):
    """What the routes call. ``display`` is that of `RunPolicy`."""

    database: Database
    apps: AppService
    published: PublishedVersions
    runs: RunService
    records: RunRecords
    watching: RunWatching
    names: AccountNames
    links: FileLinks
    steps: SingleSteps
    drafts: DraftVariables
    reruns: Reruns
    workflows: WorkflowService
    suggestions: Suggestions
    display: DisplayLimits = DisplayLimits()


def run_routes(parts: RunParts) -> list[RouteGroup]:
    """The route groups, to be mounted below ``/console/api``."""
    zones = AccountZones(parts.database)
    logs = LogParts(
        apps=parts.apps,
        records=parts.records,
        conversations=ConversationLog(parts.database),
        messages=MessageLog(parts.database),
        names=parts.names,
        zones=zones,
        links=parts.links,
    )
    nodes = DraftNodeParts(
        apps=parts.apps,
        published=parts.published,
        records=parts.records,
        steps=parts.steps,
        names=parts.names,
        links=parts.links,
        display=parts.display,
    )
    return [
        DebugRunRoutes(parts.apps, parts.published, parts.runs, parts.records, parts.watching),
        RunHistoryRoutes(parts.apps, parts.records, parts.names, parts.links, parts.display),
        ChatDebugRoutes(parts.apps, parts.published, parts.runs, parts.suggestions),
        LogRoutes(logs),
        AgentLogRoutes(logs),
        DraftNodeRoutes(nodes),
        RerunRoutes(parts.apps, parts.reruns, parts.runs),
        SingleRunRoutes(parts.apps, parts.published, parts.steps, parts.runs),
        DraftVariableRoutes(parts.apps, parts.workflows, parts.drafts, parts.links),
        StatisticsRoutes(parts.apps, AppNumbers(parts.database), zones),
    ]
