"""The route groups of apps' pages, and their authenticator."""

from __future__ import annotations

from collections.abc import Mapping

from orrery.apps.catalog.access import AppAccess
from orrery.apps.conversations.end_users import EndUsers
from orrery.http.app import Authenticator
from orrery.http.authenticators.passport import PassportAuthenticator
from orrery.http.console.features import FeatureRoutes
from orrery.http.endpoint import RouteGroup
from orrery.http.service.parameters import AppParameters
from orrery.http.service.routes import AppFaces
from orrery.http.web.about import WebAboutRoutes
from orrery.http.web.conversations import WebConversationRoutes
from orrery.http.web.files import WebFileRoutes
from orrery.http.web.messages import WebMessageRoutes
from orrery.http.web.passport import WebEntryRoutes
from orrery.http.web.runs import WebRunRoutes
from orrery.security.tokens import Tokens


def web_routes(parts: AppFaces, tokens: Tokens, features: FeatureRoutes) -> list[RouteGroup]:
    """The route groups, to be mounted below ``/api``. ``features`` shows the installation's flags."""
    parameters = AppParameters(parts.published, parts.upload)
    links = parts.files.links
    passport = PassportAuthenticator(tokens, parts.access, parts.end_users)
    return [
        WebEntryRoutes(parts.access, parts.end_users, tokens, passport, features),
        WebAboutRoutes(parts.apps, parameters, parts.files.icons, parts.tools),
        WebRunRoutes(parts.runs, parts.published, parts.watching),
        WebConversationRoutes(parts.talk, links),
        WebMessageRoutes(parts.talk, parts.runs, parameters, links, parts.forms),
        WebFileRoutes(parts.files),
    ]


def web_authenticators(access: AppAccess, end_users: EndUsers, tokens: Tokens) -> Mapping[str, Authenticator]:
    """How routes with auth ``passport`` find their caller."""
    return {"passport": PassportAuthenticator(tokens, access, end_users)}
