"""What runs need of files: mappings that callers send become file values (workflow.md 2.6, 5.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

FileValue = dict[str, object]


class FileOwner(Protocol):
    """Whose files these are: ``role`` is account or end_user, ``id`` the row's id."""

    @property
    def role(self) -> str: ...
    @property
    def id(self) -> str: ...


class FormVersion(Protocol):
    """What of an app's version decides about files: its start form and its ``file_upload`` feature."""

    @property
    def form(self) -> Sequence[Mapping[str, object]]: ...
    @property
    def features(self) -> Mapping[str, object]: ...


class FileValues(Protocol):
    """Makes file values of mappings; only files of the owner, or of the workspace for accounts, are found."""

    async def resolved(
        self,
        workspace_id: str,
        owner: FileOwner,
        version: FormVersion,
        inputs: Mapping[str, object],
        files: Sequence[object],
        *,
        strict: bool = False,
    ) -> tuple[dict[str, object], list[FileValue]]:
        """The inputs with file values in file fields, and the message's files.

        ``strict`` refuses files that are not of the kind that their sender calls them. Raises ValueError with the
        contract's texts.
        """
        ...

    async def made_of(self, workspace_id: str, owner: FileOwner, value: object) -> object:
        """The value with a file value in the place of each mapping that it is or lists; other values as they are.

        For what editors try out: no form limits these files. Raises ValueError with the contract's texts.
        """
        ...
