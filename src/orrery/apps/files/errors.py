"""What can go wrong with files, in the contract's words (workflow.md 5.3, 5.6)."""

from __future__ import annotations

from orrery.errors import BadRequest, Forbidden, InvalidParam, NotFound, OrreryError


class NoFileUploaded(BadRequest):
    """The form has no field ``file``."""

    code = "no_file_uploaded"
    default_message = "Please upload your file."


class TooManyFiles(BadRequest):
    """One upload carries one file."""

    code = "too_many_files"
    default_message = "Only one file is allowed."


class FilenameMissing(BadRequest):
    """The file came without a name."""

    code = "filename_not_exists_error"
    default_message = "The specified filename does not exist."


class InvalidFilename(InvalidParam):
    """A name with characters that mean something to file systems."""

    default_message = "Filename contains invalid characters"


class ExtensionBlocked(BadRequest):
    """The installation refuses this extension."""

    code = "file_extension_blocked"

    def __init__(self, extension: str) -> None:
        super().__init__(f"File extension '.{extension}' is not allowed for security reasons")


class FileTooLarge(OrreryError):
    """The file is larger than files of its kind may be."""

    status = 413
    code = "file_too_large"
    default_message = "File size exceeded."


class UnsupportedFileType(OrreryError):
    """The file is of a kind that can't be used here."""

    status = 415
    code = "unsupported_file_type"
    default_message = "File type not allowed."


class FileNotFound(NotFound):
    """No such file, or not of this caller."""

    code = "file_not_found"
    default_message = "The requested file was not found."


class FileAccessDenied(Forbidden):
    """The file exists, but this app has nothing to do with it."""

    code = "file_access_denied"
    default_message = "Access to the requested file is denied."


class RemoteFileUnavailable(BadRequest):
    """The remote server did not give the file, or may not be asked."""

    code = "remote_file_upload_error"
    default_message = "Error uploading remote file."
