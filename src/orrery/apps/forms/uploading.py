"""Files for a form's file fields, from people who have nothing but the form's token.

The files are the run's user's: that user started what the form belongs to, and its run must be able to read them.
"""

from __future__ import annotations

import time

import msgspec

from orrery.apps.forms import store
from orrery.apps.forms.answering import FormAnswers, Place, run_user
from orrery.apps.forms.errors import UploadTokenInvalid
from orrery.apps.forms.tokens import FormTokens, UploadGrant
from orrery.apps.runs.spec import RunUser
from orrery.database.engine import Database

GRANT_SECONDS = 3600


class Uploader(msgspec.Struct, frozen=True):
    """Whose the files are."""

    workspace_id: str
    user: RunUser


class FormUploads:
    """Gives tokens for uploads, and reads them."""

    def __init__(self, database: Database, tokens: FormTokens, answers: FormAnswers) -> None:
        self._database = database
        self._tokens = tokens
        self._answers = answers

    async def grant(self, place: Place, token: str) -> tuple[str, int]:
        """A token for uploads and its end. Raises what showing the form raises."""
        recipient_id = await self._answers.recipient_of(place, token)
        grant = UploadGrant(recipient_id, int(time.time()) + GRANT_SECONDS)
        return self._tokens.upload(grant), grant.expires_at

    async def uploader(self, token: str) -> Uploader:
        """Raises `UploadTokenInvalid` for a token that does not hold, or whose form waits no longer."""
        grant = self._tokens.read_upload(token, now=time.time())
        if grant is None:
            raise UploadTokenInvalid
        async with self._database.read() as session:
            found = await store.by_recipient(session, grant.recipient_id)
            if found is None or found[0].status != "waiting":
                raise UploadTokenInvalid
            user = await run_user(session, found[0].workflow_run_id)
        if user is None:
            raise UploadTokenInvalid
        return Uploader(found[0].tenant_id, user)
