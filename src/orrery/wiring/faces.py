"""The HTTP face: route groups of the product, their callers, and the pages."""

from __future__ import annotations

from pathlib import Path

from orrery import __version__
from orrery.http.app import HttpFace, OrreryApp
from orrery.http.authenticators.passport import PassportAuthenticator
from orrery.http.authenticators.service import ServiceAuthenticator
from orrery.http.console.apps import AppRoutes
from orrery.http.console.people import PeopleSettings, people_authenticators, people_routes
from orrery.http.console.tags import TagRoutes
from orrery.http.console.workflows import WorkflowRoutes
from orrery.http.cors import CorsPolicy
from orrery.http.endpoint import BoundEndpoint, RouteGroup
from orrery.http.operators import Check, OperatorRoutes
from orrery.http.pages import Pages
from orrery.http.router import Router
from orrery.http.service.runs import ServiceRunRoutes
from orrery.http.watching import RunWatching
from orrery.settings.load import Settings
from orrery.wiring.product import Product

PAGES_FOLDER = Path(__file__).parents[1] / "web_dist"


def route_table(settings: Settings, product: Product, checks: dict[str, Check]) -> list[BoundEndpoint]:
    """Every route of this process with its declaration; tests walk it."""
    groups = [
        *(("/console/api", group) for group in _console(settings, product)),
        *(("/v1", group) for group in _service(product)),
        ("", OperatorRoutes(__version__, checks)),
    ]
    return [endpoint for prefix, group in groups for endpoint in group.endpoints(prefix)]


def build_app(settings: Settings, product: Product, checks: dict[str, Check]) -> OrreryApp:
    """The whole face as one ASGI app."""
    security = settings.security
    authenticators = {
        **people_authenticators(product.workspaces, _people(settings)),
        "service": ServiceAuthenticator(product.access),
        "passport": PassportAuthenticator(product.tokens, product.access, product.end_users),
    }
    face = HttpFace(
        version=__version__, environment=settings.server.deploy_env, trust_forwarded=settings.server.trust_forwarded
    )
    return OrreryApp(
        Router(route_table(settings, product, checks)),
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


def _console(settings: Settings, product: Product) -> list[RouteGroup]:
    urls = settings.urls
    return [
        *people_routes(product.workspaces, _people(settings)),
        AppRoutes(
            product.apps,
            product.dsl,
            product.names,
            api_base_url=f"{urls.service_api.rstrip('/')}/v1",
            app_base_url=urls.app_web,
        ),
        WorkflowRoutes(product.workflows, product.names),
        TagRoutes(product.tags),
    ]


def _service(product: Product) -> list[RouteGroup]:
    watching = RunWatching(product.runs, product.records, product.idempotency)
    return [ServiceRunRoutes(product.runs, product.published, product.end_users, watching)]
