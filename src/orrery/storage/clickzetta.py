"""Objects in a volume of ClickZetta Lakehouse, by the SQL of its library, which moves whole local files.

A user's volume and an external one are served; files that belong to no table lie in the user's volume when the kind is
``table``, as in the contract. Names keep their spelling but for the few characters that a text of SQL can't hold.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import tempfile
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar, cast
from urllib.parse import quote, unquote

from orrery.storage.keys import check_key, is_below, is_key
from orrery.storage.protocol import ObjectNotFound, StorageUnavailable, StoredObject
from orrery.storage.required import missing_library, require

if TYPE_CHECKING:
    from orrery.settings.groups.storage import Storage

PACKAGE = "clickzetta-connector-python"
CHUNK_BYTES = 256 * 1024
_IN_SQL = re.compile(r"""[%'"`;\\]""")
T = TypeVar("T")


class Cursor(Protocol):
    """The part of PEP 249 that is used."""

    def execute(self, statement: str) -> object: ...
    def fetchall(self) -> Sequence[Sequence[object]]: ...
    def close(self) -> None: ...


class Connection(Protocol):
    """The part of PEP 249 that is used."""

    def cursor(self) -> Cursor: ...
    def close(self) -> None: ...


def open_clickzetta(settings: Storage) -> ClickzettaStorage:
    """The volume of CLICKZETTA_VOLUME_TYPE. Raises `StorageConfigurationError`."""
    s, shared = settings, settings.clickzetta_options
    login = {
        "username": s.clickzetta_username or shared.get("USERNAME", ""),
        "password": s.clickzetta_password or shared.get("PASSWORD", ""),
        "instance": s.clickzetta_instance or shared.get("INSTANCE", ""),
        "service": shared.get("VOLUME_SERVICE") or shared.get("SERVICE") or s.clickzetta_service,
        "workspace": shared.get("VOLUME_WORKSPACE") or shared.get("WORKSPACE") or s.clickzetta_workspace,
        "vcluster": shared.get("VOLUME_VCLUSTER") or shared.get("VCLUSTER") or s.clickzetta_vcluster,
        "schema": shared.get("VOLUME_SCHEMA") or shared.get("SCHEMA") or s.clickzetta_schema,
    }
    require(
        "clickzetta-volume", {f"CLICKZETTA_VOLUME_{n.upper()}": login[n] for n in ("username", "password", "instance")}
    )
    volume, folder = "USER VOLUME", s.clickzetta_folder
    if s.clickzetta_type == "external":
        require("clickzetta-volume", {"CLICKZETTA_VOLUME_NAME": s.clickzetta_volume})
        volume, folder = f"VOLUME {s.clickzetta_volume}", ""
    try:
        # No extra of ours: it brings pandas and pyarrow, ten times the weight of all the rest.
        library = import_module("clickzetta")
    except ImportError as error:
        raise missing_library("clickzetta-volume", PACKAGE) from error
    connect = cast("Callable[..., Connection]", library.connect)
    return ClickzettaStorage(lambda: connect(**login), volume=volume, folder=folder)


class ClickzettaStorage:
    """`ObjectStorage` in ``volume``, below ``folder``. Connects when it is first used; one statement at a time."""

    def __init__(self, connect: Callable[[], Connection], *, volume: str, folder: str) -> None:
        self._connect = connect
        self._volume = volume
        self._folder = folder.strip("/")
        self._connection: Connection | None = None
        self._lock = threading.Lock()

    async def save(self, key: str, content: bytes | AsyncIterator[bytes]) -> int:
        path = self._path(key)
        async with _folder() as folder:
            local, written = folder / "object", 0
            with await asyncio.to_thread(local.open, "wb") as file:
                if isinstance(content, bytes):
                    written = await asyncio.to_thread(file.write, content)
                else:
                    async for chunk in content:
                        written += await asyncio.to_thread(file.write, chunk)
            await self._run(f"PUT '{local}' TO {self._volume} FILE '{path}'")
        return written

    async def load(self, key: str) -> bytes:
        return b"".join([chunk async for chunk in self.load_stream(key)])

    async def load_stream(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        await self.size(key)
        async with _folder() as folder:
            await self._run(f"GET {self._volume} FILE '{self._path(key)}' TO '{folder}/'")
            found = await asyncio.to_thread(_files, folder)
            if not found:
                raise ObjectNotFound
            with await asyncio.to_thread(found[0].open, "rb") as file:
                file.seek(start)
                left = length
                while left is None or left > 0:
                    chunk = await asyncio.to_thread(file.read, CHUNK_BYTES if left is None else min(CHUNK_BYTES, left))
                    if not chunk:
                        return
                    left = None if left is None else left - len(chunk)
                    yield chunk

    async def exists(self, key: str) -> bool:
        try:
            await self.size(key)
        except ObjectNotFound:
            return False
        return True

    async def size(self, key: str) -> int:
        path = self._path(key)
        async for found, size, _ in self._listing(path.rpartition("/")[0]):
            if found == path:
                return size
        raise ObjectNotFound

    async def delete(self, key: str) -> None:
        if await self.exists(key):
            await self._run(f"REMOVE {self._volume} FILE '{self._path(key)}'")

    async def scan(self, prefix: str = "") -> AsyncGenerator[StoredObject, None]:
        outer = f"{self._folder}/" if self._folder else ""
        async for path, size, modified in self._listing(self._folder):
            key = unquote(path.removeprefix(outer))
            if path.startswith(outer) and is_key(key) and is_below(key, prefix):
                yield StoredObject(key, size, modified)

    async def close(self) -> None:
        if self._connection is not None:
            await asyncio.to_thread(self._connection.close)
            self._connection = None

    async def _listing(self, folder: str) -> AsyncGenerator[tuple[str, int, float | None], None]:
        """Path, size and time of the files below a folder of the volume."""
        below = f" SUBDIRECTORY '{folder}/'" if folder else ""
        for row in await self._run(f"LIST {self._volume}{below}"):
            yield str(row[0]).lstrip("/"), int(str(row[2])), _seconds(row[3])

    async def _run(self, statement: str) -> Sequence[Sequence[object]]:
        return await asyncio.to_thread(self._run_blocking, statement)

    def _run_blocking(self, statement: str) -> Sequence[Sequence[object]]:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._connect()
                with contextlib.closing(self._connection.cursor()) as cursor:
                    cursor.execute(statement)
                    return cursor.fetchall()
            except Exception as error:  # the library raises bare ones; statements hold no secret
                self._connection = None
                text = f"The file storage at ClickZetta failed on {statement.partition(' ')[0]}: {error}."
                raise StorageUnavailable(text[:500]) from error

    def _path(self, key: str) -> str:
        check_key(key)
        safe = _IN_SQL.sub(lambda found: quote(found[0], safe=""), key)
        return f"{self._folder}/{safe}" if self._folder else safe


@contextlib.asynccontextmanager
async def _folder() -> AsyncGenerator[Path]:
    """A folder for one file on its way."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="orrery-volume-"))
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _seconds(value: object) -> float | None:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(str(value)).replace(tzinfo=UTC).timestamp()
    return None
