"""The services of this room, built once from what they need."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from orrery.apps.files.downloads import Downloads
from orrery.apps.files.icons import Icons
from orrery.apps.files.links import FileLinks
from orrery.apps.files.remote import RemoteFiles
from orrery.apps.files.run_files import RunFiles
from orrery.apps.files.tool_files import FileKeeper
from orrery.apps.files.uploads import Uploads
from orrery.apps.files.values import MappedFiles
from orrery.apps.runs.spec import RunSpec
from orrery.database.engine import Database
from orrery.egress.protocol import HttpClient
from orrery.settings.groups.upload import Upload
from orrery.storage.protocol import ObjectStorage
from orrery.workflow.node import FileAccess


class FileNeeds(msgspec.Struct, frozen=True, kw_only=True):
    """What the room is built from.

    ``http`` must be the client for addresses that anybody may name. ``base`` is the address of file links
    (``Urls.file_links()``); ``storage_type`` is STORAGE_TYPE; ``clock`` gives seconds since the epoch.
    """

    database: Database
    storage: ObjectStorage
    http: HttpClient
    upload: Upload
    secret_key: str
    base: str
    storage_type: str
    clock: Callable[[], float] = time.time


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the services; `build` makes them. ``for_run`` is the factory of `Outside.files`."""

    links: FileLinks
    uploads: Uploads
    downloads: Downloads
    icons: Icons
    remote: RemoteFiles
    values: MappedFiles
    keeper: FileKeeper
    for_run: Callable[[RunSpec], FileAccess]

    @classmethod
    def build(cls, needs: FileNeeds) -> Files:
        """Builds every service; opens nothing."""
        links = FileLinks(needs.secret_key, lifetime=needs.upload.link_seconds, base=needs.base, clock=needs.clock)
        remote = RemoteFiles(needs.http)

        def for_run(spec: RunSpec) -> FileAccess:
            return RunFiles(spec, needs.database, needs.storage, links, remote)

        return cls(
            links=links,
            uploads=Uploads(needs.database, needs.storage, needs.upload, storage_type=needs.storage_type),
            downloads=Downloads(needs.database, needs.storage),
            icons=Icons(needs.database, links),
            remote=remote,
            values=MappedFiles(needs.database, links, remote),
            keeper=FileKeeper(needs.database, needs.storage, links),
            for_run=for_run,
        )
