"""What callers are told when plugins can't do what they ask, by the names that clients of the contract know (3.1)."""

from __future__ import annotations

from typing import ClassVar

from orrery.errors import OrreryError

NOT_RUN = (
    "This version keeps plugins and shows what they declare, but does not run their code yet, so nothing of a plugin "
    "can be called."
)
"""Said wherever somebody could take an installed plugin for one that works."""


class PluginError(OrreryError):
    """``error_type`` is the name on the wire, ``wire_code`` the negative number beside it."""

    error_type: ClassVar[str] = "PluginDaemonInternalServerError"
    wire_code: ClassVar[int] = -500


class PluginBadRequest(PluginError):
    """A field is wrong, a package can't be used, a limit is passed."""

    status = 400
    code = "bad_request"
    error_type = "PluginDaemonBadRequestError"
    wire_code = -400


class InvalidIdentifier(PluginError):
    """The text is no unique identifier."""

    status = 400
    code = "invalid_param"
    error_type = "PluginUniqueIdentifierError"
    wire_code = -400


class PluginNotFound(PluginError):
    """The plugin is not known, or not installed for this workspace."""

    status = 404
    code = "not_found"
    default_message = "plugin not found"
    error_type = "PluginNotFoundError"
    wire_code = -404


class NothingFound(PluginError):
    """Anything else that is not there."""

    status = 404
    code = "not_found"
    default_message = "not found"
    error_type = "PluginDaemonNotFoundError"
    wire_code = -404


class KeyRefused(PluginError):
    """The caller has not shown the daemon's key."""

    status = 401
    code = "unauthorized"
    default_message = "unauthorized"
    error_type = "PluginDaemonUnauthorizedError"
    wire_code = -401


class CodeNotRun(PluginError):
    """The plugin is there, but its code would have to run."""

    status = 501
    code = "not_implemented"
    default_message = NOT_RUN
