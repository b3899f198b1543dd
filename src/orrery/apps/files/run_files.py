"""Files as one run may use them: the engine's `FileAccess`, bound to a run's workspace and user."""

from __future__ import annotations

from collections.abc import Mapping

from orrery.apps.files import store
from orrery.apps.files.errors import FilenameMissing, FileTooLarge, InvalidFilename, RemoteFileUnavailable
from orrery.apps.files.file_value import tool_value
from orrery.apps.files.kinds import UNKNOWN_TYPE, suffix_for
from orrery.apps.files.links import FileLinks
from orrery.apps.files.names import checked_name, tool_key
from orrery.apps.files.remote import RemoteFiles
from orrery.apps.files.tables import ToolFile
from orrery.apps.runs.spec import RunSpec
from orrery.database.engine import Database
from orrery.database.ids import is_id, new_id
from orrery.errors import NotFound, Unavailable
from orrery.storage.protocol import ObjectStorage
from orrery.workflow.node import NodeFailure


class FileUnavailable(NodeFailure):
    """The file is gone, too large, or not of this run."""


class RunFiles:
    """Implements `FileAccess`. Reads files of the run's user and those that accounts of the workspace keep."""

    __slots__ = ("_database", "_links", "_remote", "_spec", "_storage")

    def __init__(
        self, spec: RunSpec, database: Database, storage: ObjectStorage, links: FileLinks, remote: RemoteFiles
    ) -> None:
        self._spec = spec
        self._database = database
        self._storage = storage
        self._links = links
        self._remote = remote

    async def read(self, file: Mapping[str, object], *, max_bytes: int) -> bytes:
        """See `FileAccess.read`."""
        file_id = file.get("related_id")
        name = str(file.get("filename") or file_id or "")
        if not file_id:
            return await self._fetched(str(file.get("remote_url") or ""), max_bytes)
        key = await self._key(str(file.get("transfer_method")), str(file_id))
        if key is None:
            raise FileUnavailable(f"The file {name} was not found.")
        try:
            if await self._storage.size(key) > max_bytes:
                raise FileUnavailable(f"The file {name} is larger than {max_bytes} bytes.")
            return await self._storage.load(key)
        except (NotFound, Unavailable) as error:
            raise FileUnavailable(f"The file {name} can't be read: {error.message}") from error

    async def save_tool_file(self, content: bytes, *, filename: str, mime_type: str) -> dict[str, object]:
        """See `FileAccess.save_tool_file`. A name that can't be one is replaced."""
        file_id = new_id()
        name = _tool_name(file_id, filename, mime_type)
        row = ToolFile(
            id=file_id,
            tenant_id=self._spec.workspace_id,
            user_id=self._spec.user.id,
            conversation_id=self._spec.turn.conversation_id if self._spec.turn is not None else None,
            file_key=tool_key(self._spec.workspace_id, file_id, name),
            mimetype=mime_type.partition(";")[0].strip()[:255] or UNKNOWN_TYPE,
            name=name,
            size=len(content),
        )
        await self._storage.save(row.file_key, content)
        try:
            async with self._database.write() as session:
                session.add(row)
        except BaseException:
            await self._storage.delete(row.file_key)  # a content that no row names would stay for ever
            raise
        return tool_value(row, self._links)

    def url(self, file: Mapping[str, object]) -> str:
        """See `FileAccess.url`; empty for a value that nothing vouches for."""
        return self._links.of_value(file)

    async def _key(self, method: str, file_id: str) -> str | None:
        """Where the content lies, if the run may read it. Values may come from programs: nothing in them is trusted."""
        if not is_id(file_id):
            return None
        workspace_id, user = self._spec.workspace_id, self._spec.user
        async with self._database.read() as session:
            if method == "tool_file":
                tool = (await store.tool_files_by_id(session, workspace_id, [file_id], user)).get(file_id)
                return tool.file_key if tool is not None else None
            upload = (await store.uploads_by_id(session, workspace_id, [file_id])).get(file_id)
        if upload is None:
            return None
        readable = user.role == "account" or upload.created_by_role == "account" or upload.created_by == user.id
        return upload.key if readable else None

    async def _fetched(self, url: str, max_bytes: int) -> bytes:
        try:
            return (await self._remote.fetch(url, limit=max_bytes))[1]
        except FileTooLarge as error:
            raise FileUnavailable(f"The file at {url} is larger than {max_bytes} bytes.") from error
        except RemoteFileUnavailable as error:
            raise FileUnavailable(error.message) from error


def _tool_name(file_id: str, filename: str, mime_type: str) -> str:
    try:
        return checked_name(filename)
    except (InvalidFilename, FilenameMissing):
        return file_id + suffix_for(mime_type)
