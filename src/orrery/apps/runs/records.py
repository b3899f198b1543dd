"""Reading runs: lists, details, node executions, logs, stored frames. Everything starts from one app."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Select, exists, func, or_, select

from orrery.apps.conversations.tables import EndUser, Message
from orrery.apps.runs import pauses
from orrery.apps.runs.event_log import Frame
from orrery.apps.runs.tables import AppLog, NodeExecution, RunEvents, WorkflowPause, WorkflowRun
from orrery.apps.workflows.tables import Workflow
from orrery.database.engine import Database
from orrery.workspaces.accounts.tables import Account


class LogFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of an app's log are wanted."""

    page: int
    limit: int
    keyword: str | None = None
    status: str | None = None
    before: datetime | None = None
    after: datetime | None = None
    end_user_session: str | None = None
    account_email: str | None = None


class LogRow(msgspec.Struct, frozen=True):
    """One line of an app's log with the run and who started it."""

    log: AppLog
    run: WorkflowRun
    end_user: EndUser | None
    account: Account | None


class RunRecords:
    """Queries on runs of one app."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, app_id: str, run_id: str) -> WorkflowRun | None:
        async with self._database.read() as session:
            return await session.scalar(
                select(WorkflowRun).where(WorkflowRun.id == run_id, WorkflowRun.app_id == app_id)
            )

    async def app_of(self, workspace_id: str, run_id: str) -> str | None:
        """The app that a run of this workspace belongs to."""
        async with self._database.read() as session:
            return await session.scalar(
                select(WorkflowRun.app_id).where(WorkflowRun.id == run_id, WorkflowRun.tenant_id == workspace_id)
            )

    async def graph_of(self, app_id: str, workflow_id: str) -> str | None:
        """The JSON text of a version's graph; None when the version is gone."""
        async with self._database.read() as session:
            return await session.scalar(
                select(Workflow.graph).where(Workflow.id == workflow_id, Workflow.app_id == app_id)
            )

    async def end_users(self, app_id: str, ids: Sequence[str]) -> dict[str, EndUser]:
        """Those of the ids that are the app's end users."""
        async with self._database.read() as session:
            rows = await session.scalars(select(EndUser).where(EndUser.app_id == app_id, EndUser.id.in_(ids)))
            return {row.id: row for row in rows}

    async def message_of(self, app_id: str, run_id: str) -> Message | None:
        """The message that a run answered."""
        async with self._database.read() as session:
            return await session.scalar(select(Message).where(Message.run_id == run_id, Message.app_id == app_id))

    async def messages_of(self, app_id: str, run_ids: Sequence[str]) -> dict[str, Message]:
        """The messages of runs, by run id."""
        async with self._database.read() as session:
            rows = await session.scalars(select(Message).where(Message.app_id == app_id, Message.run_id.in_(run_ids)))
            return {row.run_id: row for row in rows if row.run_id}

    async def page(
        self,
        app_id: str,
        *,
        last_id: str | None,
        limit: int,
        status: str | None = None,
        triggered_from: str | None = None,
    ) -> tuple[list[WorkflowRun], bool]:
        """Runs of graph apps, newest first, after ``last_id``; and whether there are more."""
        query = _graph_runs(app_id)
        if status:
            query = query.where(WorkflowRun.status == status)
        if triggered_from:
            query = query.where(WorkflowRun.triggered_from == triggered_from)
        async with self._database.read() as session:
            if last_id:
                last = await session.scalar(_graph_runs(app_id).where(WorkflowRun.id == last_id))
                if last is not None:
                    query = query.where(
                        or_(
                            WorkflowRun.created_at < last.created_at,
                            (WorkflowRun.created_at == last.created_at) & (WorkflowRun.id < last.id),
                        )
                    )
            rows = list(
                await session.scalars(
                    query.order_by(WorkflowRun.created_at.desc(), WorkflowRun.id.desc()).limit(limit + 1)
                )
            )
        return rows[:limit], len(rows) > limit

    async def counts(self, app_id: str, *, triggered_from: str | None, since: datetime | None) -> dict[str, int]:
        """How many runs there are of each status."""
        query = (
            select(WorkflowRun.status, func.count())
            .where(WorkflowRun.app_id == app_id, WorkflowRun.type != "basic")
            .group_by(WorkflowRun.status)
        )
        if triggered_from:
            query = query.where(WorkflowRun.triggered_from == triggered_from)
        if since:
            query = query.where(WorkflowRun.created_at >= since)
        async with self._database.read() as session:
            return {row[0]: row[1] for row in await session.execute(query)}

    async def nodes(self, app_id: str, run_id: str) -> list[NodeExecution]:
        """The node executions of a run, in the order in which they started."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(NodeExecution)
                .where(NodeExecution.app_id == app_id, NodeExecution.workflow_run_id == run_id)
                .order_by(NodeExecution.index, NodeExecution.created_at)
            )
            return list(rows)

    async def last_of_node(self, app_id: str, node_id: str) -> NodeExecution | None:
        """How a node last ran while somebody worked on the draft: alone, or in a debug run."""
        debugged = exists().where(
            WorkflowRun.id == NodeExecution.workflow_run_id, WorkflowRun.triggered_from == "debugging"
        )
        async with self._database.read() as session:
            return await session.scalar(
                select(NodeExecution)
                .where(NodeExecution.app_id == app_id, NodeExecution.node_id == node_id)
                .where(or_(NodeExecution.triggered_from == "single-step", debugged))
                .order_by(NodeExecution.created_at.desc(), NodeExecution.id.desc())
                .limit(1)
            )

    async def frames(self, run_id: str, after: int) -> list[Frame]:
        """Stored frames with numbers above ``after``; the run is the caller's to check."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(RunEvents.frames).where(RunEvents.run_id == run_id).order_by(RunEvents.first_seq)
            )
            found = [frame for text in rows for frame in msgspec.json.decode(text, type=list[Frame])]
        return [frame for frame in found if frame.seq > after]

    async def last_pause(self, run_id: str) -> WorkflowPause | None:
        """The run's last wait for something outside; the run is the caller's to check."""
        async with self._database.read() as session:
            return await pauses.latest(session, run_id)

    async def logs(self, app_id: str, wanted: LogFilter) -> tuple[list[LogRow], int]:
        """A page of an app's log, newest first, and how many lines match in all."""
        query = (
            select(AppLog, WorkflowRun, EndUser, Account)
            .join(WorkflowRun, WorkflowRun.id == AppLog.workflow_run_id)
            .outerjoin(EndUser, (EndUser.id == AppLog.created_by) & (AppLog.created_by_role == "end_user"))
            .outerjoin(Account, (Account.id == AppLog.created_by) & (AppLog.created_by_role == "account"))
            .where(AppLog.app_id == app_id)
        )
        if wanted.status:
            query = query.where(WorkflowRun.status == wanted.status)
        if wanted.before:
            query = query.where(AppLog.created_at <= wanted.before)
        if wanted.after:
            query = query.where(AppLog.created_at >= wanted.after)
        if wanted.end_user_session:
            query = query.where(EndUser.session_id == wanted.end_user_session)
        if wanted.account_email:
            query = query.where(Account.email == wanted.account_email)
        if wanted.keyword:
            text = wanted.keyword
            query = query.where(
                or_(
                    WorkflowRun.inputs.icontains(text, autoescape=True),
                    WorkflowRun.outputs.icontains(text, autoescape=True),
                    EndUser.session_id.icontains(text, autoescape=True),
                    WorkflowRun.id == text,
                )
            )
        async with self._database.read() as session:
            total = await session.scalar(
                select(func.count()).select_from(query.with_only_columns(AppLog.id).subquery())
            )
            rows = await session.execute(
                query.order_by(AppLog.created_at.desc(), AppLog.id.desc())
                .offset((wanted.page - 1) * wanted.limit)
                .limit(wanted.limit)
            )
            return [LogRow(row[0], row[1], row[2], row[3]) for row in rows], total or 0


def _graph_runs(app_id: str) -> Select[WorkflowRun]:
    return select(WorkflowRun).where(WorkflowRun.app_id == app_id, WorkflowRun.type != "basic")
