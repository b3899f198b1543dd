"""What a client must know of an app to build its form (workflow.md 1.8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from orrery.apps.catalog.access import AppRecord
from orrery.apps.catalog.errors import AppUnavailable
from orrery.apps.runs.published import PublishedVersions
from orrery.apps.runs.versions import AppVersion
from orrery.apps.workflows.errors import WorkflowNotPublished
from orrery.settings.groups.upload import Upload

JsonObject = dict[str, object]

_OFF: Mapping[str, object] = {"enabled": False}
_FEATURES = (
    "suggested_questions_after_answer",
    "speech_to_text",
    "text_to_speech",
    "retriever_resource",
    "annotation_reply",
    "more_like_this",
)
_NO_UPLOAD: Mapping[str, object] = {
    "image": {
        "enabled": False,
        "number_limits": 3,
        "detail": "high",
        "transfer_methods": ["remote_url", "local_file"],
    }
}


class AppParameters:
    """Builds the object from the published version."""

    def __init__(self, published: PublishedVersions, upload: Upload) -> None:
        self._published = published
        self._upload = upload

    async def of(self, app: AppRecord) -> JsonObject:
        """Raises `AppUnavailable`, also for a workflow that is not published."""
        version = await self.version(app)
        features = version.features
        shown: JsonObject = {
            "opening_statement": features.get("opening_statement"),
            "suggested_questions": features.get("suggested_questions") or [],
        }
        shown |= {name: features.get(name) or _OFF for name in _FEATURES}
        shown["user_input_form"] = _form(version)
        shown["sensitive_word_avoidance"] = features.get("sensitive_word_avoidance") or _OFF
        shown["file_upload"] = {**_NO_UPLOAD, **cast("JsonObject", features.get("file_upload") or {})}
        shown["system_parameters"] = {
            "image_file_size_limit": self._upload.image_mb,
            "video_file_size_limit": self._upload.video_mb,
            "audio_file_size_limit": self._upload.audio_mb,
            "file_size_limit": self._upload.document_mb,
            "workflow_file_upload_limit": self._upload.workflow_files,
        }
        return shown

    async def version(self, app: AppRecord) -> AppVersion:
        """The published version. Raises `AppUnavailable`."""
        try:
            return await self._published.of(app)
        except WorkflowNotPublished as error:
            raise AppUnavailable from error


def _form(version: AppVersion) -> object:
    if version.config is not None:
        return version.config.get("user_input_form") or []
    return [{str(item.get("type") or "text-input"): item} for item in version.form]
