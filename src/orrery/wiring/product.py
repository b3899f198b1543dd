"""The product's services, built from the ground floor's parts."""

from __future__ import annotations

import time

import msgspec

from orrery import __version__
from orrery.apps.catalog.access import AppAccess
from orrery.apps.catalog.service import AppService
from orrery.apps.catalog.tags import TagService
from orrery.apps.conversations.default_model import offered_default
from orrery.apps.conversations.end_users import EndUsers
from orrery.apps.conversations.parts import Talk, TalkNeeds
from orrery.apps.dsl.service import DslService
from orrery.apps.files.parts import FileNeeds, Files
from orrery.apps.files.pictures import AccountPictures
from orrery.apps.files.text_preview import TextPreviews
from orrery.apps.runs.idempotency import Idempotency
from orrery.apps.runs.limits import RunPolicy
from orrery.apps.runs.outside import Outside
from orrery.apps.runs.published import PublishedVersions
from orrery.apps.runs.records import RunRecords
from orrery.apps.runs.recovery import Recovery
from orrery.apps.runs.service import RunService
from orrery.apps.runs.single_step import SingleSteps
from orrery.apps.runs.statements import ORDER
from orrery.apps.runs.truncation import DisplayLimits
from orrery.apps.runs.versions import VersionCache
from orrery.apps.workflows.service import WorkflowService
from orrery.cache.protocol import Cache
from orrery.database.engine import Database
from orrery.database.group_commit import GroupCommit
from orrery.inference.registry import ProviderRegistry
from orrery.inference.transport import ModelTransport
from orrery.sandbox.protocol import CodeRunner
from orrery.sandbox.shortcut import ShortcutRunner
from orrery.security.encryption import Vault
from orrery.security.passwords import Passwords
from orrery.security.tokens import Tokens
from orrery.settings.load import Settings
from orrery.storage.protocol import ObjectStorage
from orrery.wiring.nodes import node_registry
from orrery.wiring.outside import Clients
from orrery.workflow.limits import CodeLimits, RunLimits
from orrery.workflow.nodes.document_extractor import extract_in_thread
from orrery.workspaces.members.names import AccountNames
from orrery.workspaces.parts import WorkspaceNeeds, Workspaces


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What the product stands on."""

    settings: Settings
    database: Database
    cache: Cache
    storage: ObjectStorage
    clients: Clients
    code: CodeRunner
    owner: str


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """Every service, by name."""

    database: Database
    workspaces: Workspaces
    names: AccountNames
    tokens: Tokens
    apps: AppService
    tags: TagService
    dsl: DslService
    workflows: WorkflowService
    access: AppAccess
    end_users: EndUsers
    files: Files
    previews: TextPreviews
    talk: Talk
    published: PublishedVersions
    records: RunRecords
    runs: RunService
    idempotency: Idempotency
    recovery: Recovery
    group: GroupCommit
    steps: SingleSteps


def build_product(ground: Ground) -> Product:
    """Builds every service; opens nothing."""
    settings, database = ground.settings, ground.database
    security = settings.security
    vault = Vault(master_key=security.master_key, secret_key=security.secret_key)
    tokens = Tokens(security.secret_key, issuer=settings.server.edition, clock=time.time)
    files = Files.build(
        FileNeeds(
            database=database,
            storage=ground.storage,
            http=ground.clients.untrusted,
            upload=settings.upload,
            secret_key=security.secret_key,
            base=settings.urls.file_links(),
            storage_type=settings.storage.type,
        )
    )
    workspaces = _workspaces(ground, vault, tokens, AccountPictures(database, files.links))
    group = GroupCommit(database, ORDER)
    access = AppAccess(database)
    versions = VersionCache(node_registry(settings), vault)
    outside = Outside(
        database=database,
        models=workspaces.models.gateway,
        code=ShortcutRunner(ground.code),
        http=ground.clients.untrusted,
        files=files.for_run,
    )
    talk = Talk.build(
        TalkNeeds(
            database=database,
            links=files.links,
            models=workspaces.models.gateway,
            choose_model=offered_default(workspaces.offer),
        )
    )
    runs = RunService(
        database=database,
        group=group,
        outside=outside,
        files=files.values,
        policy=run_policy(settings),
        cache=ground.cache,
        owner=ground.owner,
        on_end=talk.naming.name_later,
    )
    records = RunRecords(database)
    return Product(
        database=database,
        workspaces=workspaces,
        names=AccountNames(database),
        tokens=tokens,
        apps=AppService(database, access),
        tags=TagService(database),
        dsl=DslService(database, vault, ground.cache, ground.clients.untrusted),
        workflows=WorkflowService(database, vault, access),
        access=access,
        end_users=EndUsers(database),
        files=files,
        previews=TextPreviews(files.uploads, files.downloads, extract_in_thread),
        talk=talk,
        published=PublishedVersions(database, versions),
        records=records,
        runs=runs,
        idempotency=Idempotency(database, runs),
        recovery=Recovery(database, runs, versions, ground.cache),
        group=group,
        steps=SingleSteps(database, records, versions, outside, files.values, run_policy(settings)),
    )


def _workspaces(ground: Ground, vault: Vault, tokens: Tokens, pictures: AccountPictures) -> Workspaces:
    return Workspaces.build(
        WorkspaceNeeds(
            database=ground.database,
            cache=ground.cache,
            passwords=Passwords(),
            tokens=tokens,
            vault=vault,
            accounts=ground.settings.accounts,
            security=ground.settings.security,
            registry=ProviderRegistry(),
            transport=ModelTransport(ground.clients.operator),
            version=__version__,
            pictures=pictures,
            self_hosted=ground.settings.server.edition == "SELF_HOSTED",
        )
    )


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
    )
