"""What uploads answer with."""

from __future__ import annotations

from orrery.apps.files.links import FileLinks
from orrery.apps.files.tables import UploadFile
from orrery.http.call import Call

JsonObject = dict[str, object]


def upload_object(row: UploadFile, links: FileLinks) -> JsonObject:
    """An uploaded file (workflow.md 5.6, Answer)."""
    return {
        "id": row.id,
        "reference": None,
        "name": row.name,
        "size": row.size,
        "extension": row.extension,
        "mime_type": row.mime_type,
        "created_by": row.created_by,
        "created_at": int(row.created_at.timestamp()),
        "preview_url": None,
        "source_url": links.upload(row.id),
        "original_url": None,
        "user_id": None,
        "tenant_id": row.tenant_id,
        "conversation_id": None,
        "file_key": None,
    }


def remote_upload_object(row: UploadFile, links: FileLinks) -> JsonObject:
    """A file that was fetched from elsewhere."""
    return {
        "id": row.id,
        "name": row.name,
        "size": row.size,
        "extension": row.extension,
        "url": links.upload(row.id),
        "mime_type": row.mime_type,
        "created_by": row.created_by,
        "created_at": int(row.created_at.timestamp()),
    }


def links_for_programs(call: Call, links: FileLinks) -> FileLinks:
    """Links with the request's host where the installation names none: a program can't resolve one without a host.

    Pages get such links as they are, so that they hold behind any proxy.
    """
    return links.at(str(call.request.base_url))
