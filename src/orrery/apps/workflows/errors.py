"""What can go wrong with workflow versions (workflow.md 7.1)."""

from __future__ import annotations

from orrery.errors import BadRequest, Conflict, NotFound


class DraftNotFound(NotFound):
    """The app has no draft yet: the editor makes one."""

    code = "draft_workflow_not_exist"
    default_message = "Draft workflow need to be initialized."


class DraftOutOfSync(Conflict):
    """Somebody else saved the draft since it was read."""

    code = "draft_workflow_not_sync"
    default_message = "Workflow graph might have been modified, please refresh and resubmit."


class WorkflowNotFound(NotFound):
    """No such version of this app."""

    default_message = "Workflow not found"


class WorkflowInUse(BadRequest):
    """The version can't be deleted."""

    default_message = "The version in use can't be deleted. Publish another one first."


class WorkflowNotPublished(BadRequest):
    """The app has no published version to run."""

    code = "invalid_param"
    default_message = "Workflow not published"


class SecretUnreadable(BadRequest):
    """A secret environment variable was encrypted under a key that this installation no longer has."""

    code = "secret_unreadable"
