"""What can go wrong with apps, in the contract's words (product.md 9)."""

from __future__ import annotations

from orrery.errors import BadRequest, InvalidParam, NotFound


class AppNotFound(NotFound):
    """No such app in this workspace, or of another mode than the route needs."""

    code = "app_not_found"
    default_message = "App not found."


class MaxKeysExceeded(BadRequest):
    """Ten keys are the most that one app has."""

    code = "max_keys_exceeded"
    default_message = "Cannot create more than 10 API keys for this resource type. Delete one that is not used."


class AppUnavailable(BadRequest):
    """The app has nothing published to run, or its configuration is broken."""

    code = "app_unavailable"
    default_message = "App unavailable, please check your app configurations."


class TagNameTaken(InvalidParam):
    """Tag names are unique in a workspace."""

    default_message = "Tag name already exists"
