"""Packages: upload, and what is known of one (3.4)."""

from __future__ import annotations

from collections.abc import Awaitable

from orrery.plugins.daemon.asked import Asked
from orrery.plugins.daemon.routing import Routes
from orrery.plugins.daemon.uploads import uploaded
from orrery.plugins.daemon.wire import BYTES, Answer, AtStatus, success
from orrery.plugins.errors import NothingFound, PluginNotFound
from orrery.plugins.library.library import Library, identifier_of

MANAGEMENT = "/plugin/{tenant_id}/management/"
_LANGUAGE_LENGTH = 16


class PackageRoutes:
    """Answers from the library."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def add_to(self, routes: Routes) -> None:
        """Says which paths these are."""
        routes.add("POST", MANAGEMENT + "install/upload/package", self.upload)
        routes.add("POST", MANAGEMENT + "install/upload/bundle", self.upload_bundle)
        for path in ("decode/from_identifier", "install/decode/from_identifier"):
            routes.add("GET", MANAGEMENT + path, self.known)
        routes.add("GET", MANAGEMENT + "fetch/manifest", self.manifest)
        routes.add("GET", MANAGEMENT + "fetch/identifier", self.exists)
        routes.add("GET", MANAGEMENT + "fetch/readme", self.readme)
        routes.add("GET", "/plugin/{tenant_id}/asset/{id}", self.asset)
        routes.add("GET", "/plugin/{tenant_id}/extract-asset", self.packaged_file)
        routes.add("GET", "/v2/invoke/extract", self.extracted)

    async def upload(self, asked: Asked) -> Answer:
        """Keeps a package; installs nothing."""
        upload = await uploaded(asked, "dify_pkg", most_bytes=self._library.most_bytes)
        return success(await self._library.take(upload.content, must_be_signed=upload.verify_signature))

    async def upload_bundle(self, asked: Asked) -> Answer:
        """Keeps the packages of a bundle; installs nothing."""
        upload = await uploaded(asked, "dify_bundle", most_bytes=self._library.most_bundle_bytes)
        return success(await self._library.take_bundle(upload.content, must_be_signed=upload.verify_signature))

    async def known(self, asked: Asked) -> Answer:
        """What the upload of a package answered."""
        return success(await self._library.known(await asked.identifier()))

    async def manifest(self, asked: Asked) -> Answer:
        """A package's declaration."""
        return success((await self._library.shown(await asked.identifier())).whole)

    async def exists(self, asked: Asked) -> Answer:
        """Whether a package is here."""
        return success(await self._library.has(await asked.identifier()))

    async def readme(self, asked: Asked) -> Answer:
        """A package's text for people."""
        identifier = await asked.identifier()
        content, language = await self._library.readme(identifier, asked.query("language", "")[:_LANGUAGE_LENGTH])
        return success({"content": content, "language": language})

    async def asset(self, asked: Asked) -> Answer:
        """An icon as it is."""
        return await _bytes_or_404(self._library.asset(asked.parts["id"]))

    async def packaged_file(self, asked: Asked) -> Answer:
        """A file of a package as it is."""
        path = asked.query("file_path")
        return await _bytes_or_404(self._library.packaged_file(await asked.identifier(), path))

    async def extracted(self, asked: Asked) -> Answer:
        """A package's declaration, by header."""
        text = asked.request.headers.get("x-plugin-unique-identifier", "")
        return success((await self._library.shown(identifier_of(text))).whole)


async def _bytes_or_404(content: Awaitable[bytes]) -> Answer:
    """Raw answers have no envelope that could say that something is missing."""
    try:
        return Answer(200, await content, BYTES)
    except (NothingFound, PluginNotFound) as error:
        raise AtStatus(404, error) from error
