"""The route groups of signed links, and the authenticator that they need."""

from __future__ import annotations

from collections.abc import Mapping

from orrery.apps.files.parts import Files
from orrery.apps.runs.records import RunRecords
from orrery.http.app import Authenticator
from orrery.http.endpoint import RouteGroup
from orrery.http.files.links import SignedAuthenticator, SignedFileRoutes
from orrery.http.files.reachable import ReachableRoutes
from orrery.http.files.run_archives import RunArchiveRoutes


def file_routes(files: Files, records: RunRecords) -> list[RouteGroup]:
    """The route groups, to be mounted below ``/files``."""
    return [ReachableRoutes(), SignedFileRoutes(files.downloads), RunArchiveRoutes(records)]


def file_authenticators(files: Files) -> Mapping[str, Authenticator]:
    """How routes with auth ``signed`` check their caller."""
    return {"signed": SignedAuthenticator(files.links)}
