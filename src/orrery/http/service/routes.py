"""The route groups of the Service API, and its authenticator."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from orrery.apps.catalog.access import AppAccess
from orrery.apps.catalog.service import AppService
from orrery.apps.conversations.end_users import EndUsers
from orrery.apps.conversations.parts import Talk
from orrery.apps.files.parts import Files
from orrery.apps.forms.pause_details import PauseDetails
from orrery.apps.runs.callbacks import Callbacks
from orrery.apps.runs.published import PublishedVersions
from orrery.apps.runs.records import RunRecords
from orrery.apps.runs.service import RunService
from orrery.apps.tools.app_tools import AppTools
from orrery.http.app import Authenticator
from orrery.http.authenticators.service import ServiceAuthenticator
from orrery.http.endpoint import RouteGroup
from orrery.http.service.about import ServiceAboutRoutes
from orrery.http.service.asynchronous import Asynchronous
from orrery.http.service.callers import ServiceUsers
from orrery.http.service.conversations import ServiceConversationRoutes
from orrery.http.service.files import ServiceFileRoutes
from orrery.http.service.history import ServiceHistoryRoutes
from orrery.http.service.messages import ServiceMessageRoutes
from orrery.http.service.parameters import AppParameters
from orrery.http.service.run_states import ServiceRunStateRoutes
from orrery.http.service.runs import ServiceRunRoutes
from orrery.http.watching import RunWatching
from orrery.settings.groups.upload import Upload
from orrery.workspaces.members.names import AccountNames


class AppFaces(msgspec.Struct, frozen=True, kw_only=True):
    """What the two faces for people who use apps (Service API, pages of apps) are built from."""

    access: AppAccess
    apps: AppService
    end_users: EndUsers
    files: Files
    names: AccountNames
    published: PublishedVersions
    records: RunRecords
    runs: RunService
    talk: Talk
    upload: Upload
    watching: RunWatching
    forms: PauseDetails | None = None
    callbacks: Callbacks | None = None
    tools: AppTools | None = None
    service_api: str = ""


def service_routes(parts: AppFaces) -> list[RouteGroup]:
    """The route groups, to be mounted below ``/v1``."""
    users = ServiceUsers(parts.end_users)
    parameters = AppParameters(parts.published, parts.upload)
    links = parts.files.links
    asynchronous = Asynchronous(parts.callbacks, parts.records, service_api=parts.service_api)
    return [
        ServiceRunRoutes(parts.runs, parts.published, parts.end_users, parts.watching, asynchronous),
        ServiceRunStateRoutes(parts.records, parts.watching, users),
        ServiceAboutRoutes(parts.apps, parameters, parts.names, parts.files.icons, links, parts.tools),
        ServiceFileRoutes(parts.files, users),
        ServiceConversationRoutes(parts.talk, users, links),
        ServiceMessageRoutes(parts.talk, users, parameters, links, parts.forms),
        ServiceHistoryRoutes(parts.records, parts.watching, parts.end_users, users, links),
    ]


def service_authenticators(access: AppAccess) -> Mapping[str, Authenticator]:
    """How routes with auth ``service`` find their caller."""
    return {"service": ServiceAuthenticator(access)}
