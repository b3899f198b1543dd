"""The HTTP face: route groups of the product, their callers, and the pages."""

from __future__ import annotations

from pathlib import Path

from orrery import __version__
from orrery.http.app import Authenticator, HttpFace, OrreryApp
from orrery.http.console.apps import AppRoutes
from orrery.http.console.conversion import ConversionRoutes
from orrery.http.console.dataset_keys import DatasetKeyRoutes
from orrery.http.console.draft_nodes import DraftNodeParts
from orrery.http.console.examination import ExaminationRoutes
from orrery.http.console.features import FeatureRoutes
from orrery.http.console.files import ConsoleFileRoutes
from orrery.http.console.form_drafts import FormDraftRoutes
from orrery.http.console.forms import ConsoleFormRoutes
from orrery.http.console.imports import ImportRoutes
from orrery.http.console.knowledge import KnowledgeRoutes
from orrery.http.console.knowledge_documents import KnowledgeDocumentRoutes
from orrery.http.console.people import PeopleSettings, people_authenticators, people_routes
from orrery.http.console.run_routes import RunParts, run_routes
from orrery.http.console.system import SystemRoutes
from orrery.http.console.tags import TagRoutes
from orrery.http.console.tool_routes import tool_routes
from orrery.http.console.triggers import TriggerParts, TriggerRoutes
from orrery.http.console.workflows import WorkflowRoutes
from orrery.http.cors import CorsPolicy
from orrery.http.description_routes import description_endpoints
from orrery.http.endpoint import BoundEndpoint, RouteGroup
from orrery.http.files.routes import file_authenticators, file_routes
from orrery.http.operators import OperatorParts, operator_routes
from orrery.http.pages import Pages
from orrery.http.router import Router
from orrery.http.service.callers import ServiceUsers
from orrery.http.service.forms import ServiceFormRoutes
from orrery.http.service.knowledge.routes import KnowledgeFaces, knowledge_authenticators, knowledge_routes
from orrery.http.service.routes import AppFaces, service_authenticators, service_routes
from orrery.http.triggers.webhooks import WebhookRoutes
from orrery.http.watching import RunWatching
from orrery.http.web.forms import WebFormParts, WebFormRoutes
from orrery.http.web.routes import web_authenticators, web_routes
from orrery.settings.load import Settings
from orrery.wiring.product import Product
from orrery.wiring.system import trigger_address

PAGES_FOLDER = Path(__file__).parents[1] / "web_dist"


def route_table(settings: Settings, product: Product, operators: OperatorParts) -> list[BoundEndpoint]:
    """Every route of this process with its declaration; tests walk it."""
    watching = RunWatching(product.running.service, product.running.records, product.running.idempotency)
    faces = _app_faces(settings, product, watching)
    features = _features(settings)
    groups: list[tuple[str, RouteGroup]] = [
        *(("/console/api", group) for group in _console(settings, product, watching)),
        *(("/v1", group) for group in service_routes(faces)),
        *(("/api", group) for group in web_routes(faces, product.tokens, features)),
        *_form_routes(product),
        *_knowledge_routes(product),
        *(("/files", group) for group in file_routes(product.files, product.running.records)),
        ("/triggers", WebhookRoutes(product.triggers.webhooks, most=settings.workflow.webhook_body_bytes)),
        ("/console/api", SystemRoutes(operators.system)),
        *(("", group) for group in operator_routes(__version__, operators)),
    ]
    endpoints = [endpoint for prefix, group in groups for endpoint in group.endpoints(prefix)]
    server = settings.server
    if server.openapi_ui:
        endpoints += description_endpoints(endpoints, version=__version__, path=server.openapi_path)
    return endpoints


def build_app(settings: Settings, product: Product, operators: OperatorParts) -> OrreryApp:
    """The whole face as one ASGI app."""
    security = settings.security
    authenticators: dict[str, Authenticator] = {
        **people_authenticators(product.workspaces, _people(settings)),
        **service_authenticators(product.access),
        **web_authenticators(product.access, product.end_users, product.tokens),
        **file_authenticators(product.files),
        **knowledge_authenticators(product.knowledge.keys),
    }
    face = HttpFace(
        version=__version__,
        environment=settings.server.deploy_env,
        trust_forwarded=settings.server.trust_forwarded,
        compress=settings.server.compression,
    )
    return OrreryApp(
        Router(route_table(settings, product, operators)),
        authenticators,
        CorsPolicy(security.console_origins, security.web_origins),
        face,
        fallback=Pages(PAGES_FOLDER, frames=security.allow_embed, csp_sources=security.csp_sources),
    )


def _people(settings: Settings) -> PeopleSettings:
    return PeopleSettings(
        accounts=settings.accounts,
        security=settings.security,
        urls=settings.urls,
        mail=settings.mail,
        plugins=settings.plugins,
        version=__version__,
    )


def _features(settings: Settings) -> FeatureRoutes:
    return FeatureRoutes(accounts=settings.accounts, mail=settings.mail, plugins=settings.plugins, version=__version__)


def _app_faces(settings: Settings, product: Product, watching: RunWatching) -> AppFaces:
    return AppFaces(
        access=product.access,
        apps=product.apps,
        end_users=product.end_users,
        files=product.files,
        names=product.names,
        published=product.running.published,
        records=product.running.records,
        runs=product.running.service,
        talk=product.talk,
        upload=settings.upload,
        watching=watching,
        forms=product.forms.details,
        callbacks=product.running.callbacks,
        tools=product.app_tools,
        service_api=settings.urls.service_api,
    )


def _knowledge_routes(product: Product) -> list[tuple[str, RouteGroup]]:
    """Knowledge bases, for programs and in the console."""
    knowledge = product.knowledge
    parts = KnowledgeFaces(
        keys=knowledge.keys,
        tags=knowledge.tags,
        datasets=knowledge.datasets,
        removal=knowledge.removal,
        fields=knowledge.fields,
        settlement=knowledge.settlement,
        documents=knowledge.documents,
        listing=knowledge.listing,
        sources=knowledge.sources,
        states=knowledge.states,
        segments=knowledge.segments,
        children=knowledge.children,
        searching=knowledge.search.service,
        files=product.files,
        offer=product.workspaces.offer,
    )
    return [
        *(("/v1", group) for group in knowledge_routes(parts)),
        ("/console/api", DatasetKeyRoutes(parts.keys)),
        ("/console/api", KnowledgeRoutes(parts)),
        ("/console/api", KnowledgeDocumentRoutes(parts)),
    ]


def _form_routes(product: Product) -> list[tuple[str, RouteGroup]]:
    """Forms that runs wait for, at every door."""
    answers, files = product.forms.answers, product.files
    parts = WebFormParts(forms=product.forms, apps=product.apps, icons=files.icons, files=files)
    return [
        ("/console/api", ConsoleFormRoutes(answers, product.forms.details, product.running.records)),
        (
            "/console/api",
            FormDraftRoutes(product.apps, product.running.published, product.forms.trials, files.links),
        ),
        ("/v1", ServiceFormRoutes(answers, ServiceUsers(product.end_users))),
        ("/api", WebFormRoutes(parts)),
    ]


def _console(settings: Settings, product: Product, watching: RunWatching) -> list[RouteGroup]:
    urls = settings.urls
    return [
        *people_routes(product.workspaces, _people(settings)),
        AppRoutes(
            product.apps,
            product.dsl,
            product.names,
            product.app_tools,
            service_api=urls.service_api,
            app_web=urls.app_web,
        ),
        WorkflowRoutes(product.workflows, product.names),
        ConversionRoutes(product.conversion),
        ExaminationRoutes(product.examination),
        ImportRoutes(product.dsl, product.examination),
        TagRoutes(product.tags),
        *tool_routes(product.tools, product.workflow_tools, urls),
        ConsoleFileRoutes(product.files, product.previews, settings.upload),
        TriggerRoutes(_trigger_parts(settings, product)),
        *run_routes(
            RunParts(
                database=product.database,
                apps=product.apps,
                published=product.running.published,
                runs=product.running.service,
                records=product.running.records,
                watching=watching,
                names=product.names,
                links=product.files.links,
                steps=product.running.steps,
                drafts=product.running.drafts,
                reruns=product.running.reruns,
                workflows=product.workflows,
                suggestions=product.talk.suggestions,
                display=product.running.policy.display,
            )
        ),
    ]


def _trigger_parts(settings: Settings, product: Product) -> TriggerParts:
    running = product.running
    nodes = DraftNodeParts(
        apps=product.apps,
        published=running.published,
        records=running.records,
        steps=running.steps,
        names=product.names,
        links=product.files.links,
        display=running.policy.display,
    )
    base = trigger_address(settings)
    return TriggerParts(triggers=product.triggers, runs=running.service, nodes=nodes, base=base)
