"""What may be uploaded, and how long file links live."""

from __future__ import annotations

from typing import Annotated, Literal

from orrery.settings.declare import Env, Group


class Upload(Group, frozen=True, kw_only=True):
    """What may be uploaded, and how long file links live."""

    document_mb: Annotated[int, Env("UPLOAD_FILE_SIZE_LIMIT", "largest document, MB", at_least=0)] = 15
    image_mb: Annotated[int, Env("UPLOAD_IMAGE_FILE_SIZE_LIMIT", "largest image, MB", at_least=0)] = 10
    audio_mb: Annotated[int, Env("UPLOAD_AUDIO_FILE_SIZE_LIMIT", "largest audio file, MB", at_least=0)] = 50
    video_mb: Annotated[int, Env("UPLOAD_VIDEO_FILE_SIZE_LIMIT", "largest video, MB", at_least=0)] = 100
    batch_files: Annotated[int, Env("UPLOAD_FILE_BATCH_LIMIT", "files of one upload", at_least=0)] = 5
    batch_documents: Annotated[int, Env("BATCH_UPLOAD_LIMIT", "documents of one import", at_least=0)] = 20
    batch_images: Annotated[int, Env("IMAGE_FILE_BATCH_LIMIT", "images of one upload", at_least=1)] = 10
    chunk_images: Annotated[int, Env("SINGLE_CHUNK_ATTACHMENT_LIMIT", "images attached to one chunk", at_least=1)] = 10
    remote_image_mb: Annotated[
        int, Env("ATTACHMENT_IMAGE_FILE_SIZE_LIMIT", "largest remote image fetched while indexing, MB", at_least=0)
    ] = 2
    workflow_files: Annotated[int, Env("WORKFLOW_FILE_UPLOAD_LIMIT", "files of one workflow input", at_least=1)] = 10
    refused_extensions: Annotated[
        tuple[str, ...], Env("UPLOAD_FILE_EXTENSION_BLACKLIST", "extensions that are refused, comma separated")
    ] = ()
    link_seconds: Annotated[int, Env("FILES_ACCESS_TIMEOUT", "life of a signed file link, seconds", at_least=1)] = 300
    multimodal_format: Annotated[
        Literal["base64", "url"], Env("MULTIMODAL_SEND_FORMAT", "send files to models inline or as signed links")
    ] = "base64"
