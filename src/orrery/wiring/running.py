"""Everything that runs apps, built together because each part needs the others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import msgspec

from orrery.apps.conversations.default_model import offered_default
from orrery.apps.files.parts import Files
from orrery.apps.forms.attending import PauseNews
from orrery.apps.forms.run_forms import FormOpening
from orrery.apps.inspector.parts import Inspector
from orrery.apps.inspector.service import DraftVariables
from orrery.apps.moderation.choosing import Moderators
from orrery.apps.runs.aftermath import Aftermaths
from orrery.apps.runs.callbacks import ORDER as CALLBACK_ORDER
from orrery.apps.runs.callbacks import CallbackEnding, Callbacks
from orrery.apps.runs.idempotency import Idempotency
from orrery.apps.runs.limits import RunPolicy
from orrery.apps.runs.outside import Outside
from orrery.apps.runs.published import PublishedVersions
from orrery.apps.runs.records import RunRecords
from orrery.apps.runs.recovery import Recovery
from orrery.apps.runs.rerun import Reruns
from orrery.apps.runs.results import RunResults
from orrery.apps.runs.service import RunService
from orrery.apps.runs.single_step import SingleSteps
from orrery.apps.runs.spec import RunSpec
from orrery.apps.runs.statements import ORDER
from orrery.apps.runs.truncation import DisplayLimits
from orrery.apps.runs.versions import VersionCache
from orrery.apps.speech.voices import Voices
from orrery.apps.tools.app_tools import NodeIcons
from orrery.apps.tools.known import ToolKnowledgeSource
from orrery.apps.tools.toolbox import Toolbox
from orrery.apps.tools.workflow_calls import WorkflowCalls
from orrery.apps.tools.workflow_tools import WorkflowTools
from orrery.apps.triggers.ending import ORDER as TRIGGER_ORDER
from orrery.apps.triggers.ending import TriggerLogEnding
from orrery.database.group_commit import GroupCommit
from orrery.inference.gateway import InferenceGateway
from orrery.knowledge.searching.for_runs import Asker, RunSearch
from orrery.sandbox.queueing import QueuedRunner, calls_at_once
from orrery.sandbox.shortcut import ShortcutRunner
from orrery.security.encryption import Vault
from orrery.settings.load import Settings
from orrery.wiring.ground import Ground
from orrery.workflow.limits import CodeLimits, RunLimits
from orrery.workflow.registry import NodeRegistry
from orrery.workspaces.parts import Workspaces
from orrery.workspaces.tools.parts import WorkspaceTools


class Waits(msgspec.Struct, frozen=True):
    """What runs need in order to wait for people: how forms are opened, and who hears of pauses."""

    opening: FormOpening
    news: PauseNews


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """Runs of this process, and what reads and resumes them."""

    group: GroupCommit
    service: RunService
    records: RunRecords
    published: PublishedVersions
    idempotency: Idempotency
    recovery: Recovery
    steps: SingleSteps
    drafts: DraftVariables
    reruns: Reruns
    callbacks: Callbacks
    policy: RunPolicy


def build_running(
    ground: Ground,
    vault: Vault,
    files: Files,
    workspaces: Workspaces,
    on_end: Callable[[RunSpec], None],
    nodes: NodeRegistry,
    waits: Waits,
    tools: WorkspaceTools,
    knowledge: RunSearch,
) -> Running:
    """Builds the parts; opens nothing."""
    database, policy, models = ground.database, run_policy(ground.settings), workspaces.models.gateway
    group = GroupCommit(database, (*ORDER, *TRIGGER_ORDER, *CALLBACK_ORDER))
    versions = VersionCache(nodes, vault)
    calls = WorkflowCalls(database, versions, lambda: service, max_depth=ground.settings.workflow.max_call_depth)
    outside = _outside(ground, files, models, waits, Toolbox(tools, calls), knowledge)
    storage = ground.settings.storage.type
    inspector = Inspector.build(database, ground.storage, files.values, policy.display, storage_type=storage)
    service = RunService(
        database=database,
        group=group,
        outside=outside,
        files=files.values,
        policy=policy,
        cache=ground.cache,
        owner=ground.owner,
        on_end=on_end,
        on_pause=waits.news.paused,
        aftermaths=Aftermaths([TriggerLogEnding(), CallbackEnding(ground.outbox)]),
        memory=inspector.keeper,
        observers=ground.observers,
        icons=NodeIcons(
            ToolKnowledgeSource(tools, WorkflowTools(database)), console_api=ground.settings.urls.console_api
        ).of,
        moderators=Moderators(models),
        voices=Voices(models, offered_default(workspaces.offer, "tts")),
    )
    records = RunRecords(database)
    return Running(
        group=group,
        service=service,
        records=records,
        published=PublishedVersions(database, versions),
        idempotency=Idempotency(database, service),
        recovery=Recovery(database, service, versions, ground.cache, lease=policy.lease),
        steps=SingleSteps(database, versions, outside, files.values, policy, inspector.keeper),
        drafts=inspector.drafts,
        reruns=Reruns(database, versions),
        callbacks=Callbacks(database, vault, ground.clients.untrusted, RunResults(records)),
        policy=policy,
    )


def _outside(
    ground: Ground,
    files: Files,
    models: Callable[[str], InferenceGateway],
    waits: Waits,
    toolbox: Toolbox,
    knowledge: RunSearch,
) -> Outside:
    return Outside(
        database=ground.database,
        models=models,
        code=ShortcutRunner(QueuedRunner(ground.code, calls_at_once(embedded=not ground.settings.sandbox.endpoint))),
        http=ground.clients.untrusted,
        files=files.for_run,
        forms=waits.opening.of_run,
        tools=toolbox.of_run,
        knowledge=lambda spec: knowledge.of_run(_asker(spec)),
    )


def _asker(spec: RunSpec) -> Asker:
    """Whose knowledge a run searches."""
    return Asker(workspace_id=spec.workspace_id, app_id=spec.app_id, role=spec.user.role, user_id=spec.user.id)


def run_policy(settings: Settings) -> RunPolicy:
    """The bounds on runs, in the runs room's words."""
    workflow, code = settings.workflow, settings.code
    return RunPolicy(
        engine=RunLimits(
            max_steps=workflow.max_steps,
            max_seconds=min(workflow.max_seconds, workflow.max_app_seconds),
            max_workers=workflow.max_parallel,
            template_max_length=code.max_template,
            code=CodeLimits(
                min_number=code.min_number,
                max_number=code.max_number,
                max_precision=code.max_precision,
                max_string_length=code.max_string,
                max_string_array_length=code.max_string_array,
                max_object_array_length=code.max_object_array,
                max_number_array_length=code.max_number_array,
                max_depth=code.max_depth,
            ),
        ),
        display=DisplayLimits(
            max_size=workflow.truncate_bytes,
            string_length=workflow.truncate_characters,
            array_length=workflow.truncate_items,
        ),
        default_active_requests=workflow.app_active_requests,
        max_active_requests=workflow.app_max_active_requests,
        lease=timedelta(seconds=workflow.lease_seconds),
        moderated_every=workflow.moderation_buffer,
    )
