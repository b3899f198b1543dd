"""Uploaded images as pictures of accounts."""

from __future__ import annotations

from sqlalchemy import select

from orrery.apps.files.kinds import IMAGES
from orrery.apps.files.links import FileLinks
from orrery.apps.files.tables import UploadFile
from orrery.database.engine import Database


class AccountPictures:
    """Implements the accounts' `Pictures`: an image that the account itself uploaded in its workspace."""

    def __init__(self, database: Database, links: FileLinks) -> None:
        self._database = database
        self._links = links

    async def may_use(self, file_id: str, *, account_id: str, workspace_id: str) -> bool:
        async with self._database.read() as session:
            extension = await session.scalar(
                select(UploadFile.extension).where(
                    UploadFile.id == file_id,
                    UploadFile.tenant_id == workspace_id,
                    UploadFile.created_by_role == "account",
                    UploadFile.created_by == account_id,
                )
            )
        return extension is not None and extension.lower() in IMAGES

    def link(self, file_id: str) -> str:
        return self._links.upload(file_id)
