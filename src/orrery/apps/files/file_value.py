"""File values: what variables hold of a file (workflow.md 2.6). ``url`` vouches for the file; see `links`."""

from __future__ import annotations

from orrery.apps.files.kinds import FileKind, kind_of
from orrery.apps.files.links import FileLinks
from orrery.apps.files.protocol import FileValue
from orrery.apps.files.remote import RemoteInfo
from orrery.apps.files.tables import ToolFile, UploadFile
from orrery.workflow.segments import FILE_IDENTITY


def upload_value(
    row: UploadFile,
    links: FileLinks,
    *,
    kind: str | None = None,
    value_id: str | None = None,
    transfer_method: str = "local_file",
    remote_url: str = "",
) -> FileValue:
    """The value of an uploaded file; ``kind`` as its sender calls it."""
    return _value(
        value_id=value_id,
        workspace_id=row.tenant_id,
        kind=kind or kind_of(row.extension, row.mime_type or ""),
        transfer_method=transfer_method,
        remote_url=remote_url,
        related_id=row.id,
        filename=row.name,
        extension=f".{row.extension}" if row.extension else "",
        mime_type=row.mime_type or "",
        size=row.size,
        url=links.upload(row.id),
    )


def tool_value(row: ToolFile, links: FileLinks, *, kind: str | None = None, value_id: str | None = None) -> FileValue:
    """The value of a file that a run made."""
    extension = suffix_of_key(row.file_key)
    return _value(
        value_id=value_id,
        workspace_id=row.tenant_id,
        kind=kind or kind_of(extension, row.mimetype),
        transfer_method="tool_file",
        remote_url=row.original_url or "",
        related_id=row.id,
        filename=row.name,
        extension=extension,
        mime_type=row.mimetype,
        size=row.size,
        url=links.tool(row.id, extension),
    )


def remote_value(workspace_id: str, url: str, info: RemoteInfo, *, kind: str | None, value_id: str | None) -> FileValue:
    """The value of a file that stays where it is."""
    return _value(
        value_id=value_id,
        workspace_id=workspace_id,
        kind=kind or kind_of(info.extension, info.mime_type),
        transfer_method="remote_url",
        remote_url=url,
        related_id=None,
        filename=info.name,
        extension=info.extension,
        mime_type=info.mime_type,
        size=info.size,
        url=url,
    )


def suffix_of_key(key: str) -> str:
    """The extension, with its dot, of a storage key."""
    dot = key.rfind(".")
    return key[dot:] if dot > key.rfind("/") else ""


def _value(
    *,
    value_id: str | None,
    workspace_id: str,
    kind: FileKind | str,
    transfer_method: str,
    remote_url: str,
    related_id: str | None,
    filename: str,
    extension: str,
    mime_type: str,
    size: int,
    url: str,
) -> FileValue:
    return {
        "dify_model_identity": FILE_IDENTITY,
        "id": value_id,
        "tenant_id": workspace_id,
        "type": kind,
        "transfer_method": transfer_method,
        "remote_url": remote_url,
        "related_id": related_id,
        "filename": filename,
        "extension": extension,
        "mime_type": mime_type,
        "size": size,
        "url": url,
    }
