"""Files as one run may use them: the engine's `FileAccess`, bound to a run's workspace and user."""

from __future__ import annotations

from collections.abc import Mapping

from orrery.apps.files import store
from orrery.apps.files.errors import FileTooLarge, RemoteFileUnavailable
from orrery.apps.files.links import FileLinks
from orrery.apps.files.remote import RemoteFiles
from orrery.apps.files.tool_files import FileKeeper, ToolFileOwner
from orrery.apps.runs.spec import RunSpec
from orrery.database.engine import Database
from orrery.database.ids import is_id
from orrery.errors import NotFound, Unavailable
from orrery.storage.protocol import ObjectStorage
from orrery.workflow.node import NodeFailure


class FileUnavailable(NodeFailure):
    """The file is gone, too large, or not of this run."""


class RunFiles:
    """Implements `FileAccess`. Reads files of the run's user and those that accounts of the workspace keep."""

    __slots__ = ("_database", "_keeper", "_links", "_remote", "_spec", "_storage")

    def __init__(
        self, spec: RunSpec, database: Database, storage: ObjectStorage, links: FileLinks, remote: RemoteFiles
    ) -> None:
        self._spec = spec
        self._database = database
        self._storage = storage
        self._links = links
        self._remote = remote
        self._keeper = FileKeeper(database, storage, links)

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
        spec = self._spec
        owner = ToolFileOwner(
            workspace_id=spec.workspace_id,
            user_id=spec.user.id,
            conversation_id=spec.turn.conversation_id if spec.turn is not None else None,
        )
        return await self._keeper.keep(owner, content, filename=filename, mime_type=mime_type)

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
