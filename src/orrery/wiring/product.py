"""The product's services, built from the ground floor's parts."""

from __future__ import annotations

import time

import msgspec

from orrery import __version__
from orrery.agents.strategies import PROVIDERS as AGENT_PROVIDERS
from orrery.apps.catalog.access import AppAccess
from orrery.apps.catalog.service import AppService
from orrery.apps.catalog.tags import TagService
from orrery.apps.conversations.default_model import offered_default
from orrery.apps.conversations.end_users import EndUsers
from orrery.apps.conversations.parts import Talk, TalkNeeds
from orrery.apps.dsl.examination import Examination
from orrery.apps.dsl.service import DslService
from orrery.apps.files.parts import FileNeeds, Files
from orrery.apps.files.pictures import AccountPictures
from orrery.apps.files.text_preview import TextPreviews
from orrery.apps.forms.parts import Forms
from orrery.apps.tools.app_tools import AppTools
from orrery.apps.tools.known import ToolKnowledgeSource
from orrery.apps.tools.workflow_tools import WorkflowTools
from orrery.apps.triggers.parts import TriggerNeeds, Triggers
from orrery.apps.triggers.schedules import PollLimits
from orrery.apps.workflows.conversion import Conversion
from orrery.apps.workflows.service import WorkflowService
from orrery.apps.workflows.variables import Keeping
from orrery.database.engine import Database
from orrery.inference.registry import ProviderRegistry
from orrery.inference.transport import ModelTransport
from orrery.jobs.declaration import Handler
from orrery.security.encryption import Vault
from orrery.security.passwords import Passwords
from orrery.security.tokens import Tokens
from orrery.wiring.forms import build_forms, form_waits
from orrery.wiring.ground import Ground
from orrery.wiring.knowledge import Knowledge, build_knowledge
from orrery.wiring.nodes import editor_limits, node_registry
from orrery.wiring.running import Running, build_running
from orrery.wiring.tools import build_tools
from orrery.workspaces.members.names import AccountNames
from orrery.workspaces.parts import WorkspaceNeeds, Workspaces
from orrery.workspaces.tools.parts import WorkspaceTools


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """Every service, by name. ``background`` are the jobs that rooms declare; each role's catalog takes them in."""

    database: Database
    workspaces: Workspaces
    names: AccountNames
    tokens: Tokens
    apps: AppService
    tags: TagService
    dsl: DslService
    examination: Examination
    workflows: WorkflowService
    conversion: Conversion
    access: AppAccess
    end_users: EndUsers
    files: Files
    previews: TextPreviews
    talk: Talk
    running: Running
    tools: WorkspaceTools
    workflow_tools: WorkflowTools
    app_tools: AppTools
    forms: Forms
    triggers: Triggers
    knowledge: Knowledge
    background: tuple[Handler, ...] = ()


def build_product(ground: Ground) -> Product:
    """Builds every service; opens nothing."""
    settings, database = ground.settings, ground.database
    security = settings.security
    vault = Vault(master_key=security.master_key, secret_key=security.secret_key)
    tokens = Tokens(security.secret_key, issuer=settings.server.edition, clock=time.time)
    files = _files(ground)
    registry = ProviderRegistry()
    workspaces = _workspaces(ground, vault, tokens, AccountPictures(database, files.links), registry)
    access = AppAccess(database)
    talk = _talk(database, files, workspaces)
    nodes = node_registry(settings, ground.documents)
    waits = form_waits(ground)
    tools = build_tools(ground, vault)
    knowledge = build_knowledge(ground, workspaces, files.links.renewed)
    running = build_running(
        ground, vault, files, workspaces, talk.naming.name_later, nodes, waits, tools, knowledge.search.runs
    )
    forms = build_forms(ground, files, running, waits)
    end_users = EndUsers(database)
    triggers = _triggers(ground, files, running, end_users)
    dsl = _dsl(ground, vault, registry, tools, knowledge)
    workflow_tools = WorkflowTools(database)
    known_tools = ToolKnowledgeSource(tools, workflow_tools)
    return Product(
        database=database,
        workspaces=workspaces,
        names=AccountNames(database),
        tokens=tokens,
        apps=AppService(database, access, knowledge.joins),
        tags=knowledge.tags,
        dsl=dsl,
        examination=Examination(dsl, nodes, workspaces.models.known, known_tools.of, editor_limits(settings.canvas)),
        workflows=WorkflowService(
            database, vault, access, max_variable_bytes=settings.workflow.max_variable_bytes, searched=knowledge.joins
        ),
        conversion=Conversion(database, Keeping(vault, settings.workflow.max_variable_bytes)),
        access=access,
        end_users=end_users,
        files=files,
        previews=TextPreviews(files.uploads, files.downloads, ground.documents),
        talk=talk,
        running=running,
        tools=tools,
        workflow_tools=workflow_tools,
        app_tools=AppTools(database, known_tools, console_api=settings.urls.console_api),
        forms=forms,
        triggers=triggers,
        knowledge=knowledge,
        background=(
            *forms.jobs.declared(),
            *triggers.jobs.declared(),
            *running.callbacks.declared(),
            *knowledge.background,
        ),
    )


def _talk(database: Database, files: Files, workspaces: Workspaces) -> Talk:
    return Talk.build(
        TalkNeeds(
            database=database,
            links=files.links,
            models=workspaces.models.gateway,
            choose_model=offered_default(workspaces.offer),
        )
    )


def _files(ground: Ground) -> Files:
    settings = ground.settings
    return Files.build(
        FileNeeds(
            database=ground.database,
            storage=ground.storage,
            http=ground.clients.fetching,
            upload=settings.upload,
            secret_key=settings.security.secret_key,
            base=settings.urls.file_links(),
            storage_type=settings.storage.type,
        )
    )


def _dsl(
    ground: Ground, vault: Vault, registry: ProviderRegistry, tools: WorkspaceTools, knowledge: Knowledge
) -> DslService:
    def is_built_in(provider: str) -> bool:
        return registry.knows(provider) or tools.built_in.knows(provider) or provider in AGENT_PROVIDERS

    limits = ground.settings.workflow
    return DslService(
        ground.database,
        Keeping(vault, limits.max_variable_bytes),
        ground.cache,
        ground.clients.fetching,
        is_built_in=is_built_in,
        encrypt_dataset_ids=limits.encrypt_dataset_ids,
        searched=knowledge.joins,
    )


def _triggers(ground: Ground, files: Files, running: Running, end_users: EndUsers) -> Triggers:
    jobs = ground.settings.jobs
    return Triggers.build(
        TriggerNeeds(
            database=ground.database,
            group=running.group,
            cache=ground.cache,
            outbox=ground.outbox,
            end_users=end_users,
            files=files.keeper,
            runs=running.service,
            published=running.published,
            limits=PollLimits(batch=jobs.schedule_poll_batch, most=jobs.schedule_poll_most),
        )
    )


def _workspaces(
    ground: Ground, vault: Vault, tokens: Tokens, pictures: AccountPictures, registry: ProviderRegistry
) -> Workspaces:
    return Workspaces.build(
        WorkspaceNeeds(
            database=ground.database,
            cache=ground.cache,
            passwords=Passwords(),
            tokens=tokens,
            vault=vault,
            accounts=ground.settings.accounts,
            security=ground.settings.security,
            registry=registry,
            transport=ModelTransport(ground.clients.operator),
            version=__version__,
            pictures=pictures,
            self_hosted=ground.settings.server.edition == "SELF_HOSTED",
        )
    )
