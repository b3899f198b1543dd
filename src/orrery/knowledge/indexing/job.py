"""The job that indexes one document, and what its failures mean for the document."""

from __future__ import annotations

import logging

from orrery.database.engine import Database
from orrery.database.outages import is_outage
from orrery.errors import OrreryError
from orrery.inference.types import InvokeError, InvokeRateLimitError
from orrery.jobs.attempt import Attempt
from orrery.jobs.declaration import job
from orrery.jobs.errors import LeaseLost, TryAgain
from orrery.knowledge.indexing.payloads import IndexDocument
from orrery.knowledge.indexing.progress import Progress, Stopped
from orrery.knowledge.indexing.stages import Stages
from orrery.retrieval.extraction.limits import UnreadableDocument

_log = logging.getLogger(__name__)
_SERVER_FAULT = 500


class Indexing:
    """``longest_chunk``: characters that rules may ask for."""

    def __init__(self, database: Database, stages: Stages, *, longest_chunk: int) -> None:
        self._database = database
        self._stages = stages
        self._longest = longest_chunk

    @job("index_document", queue="priority_dataset", tenant="tenant_id", retries=6, timeout=24 * 3600.0)
    async def index(self, wanted: IndexDocument, attempt: Attempt) -> None:
        """Leads the document to ``completed`` or ``error``. Faults of a moment are tried again for five minutes."""
        progress = Progress(self._database, attempt, wanted.document_id, longest_chunk=self._longest)
        try:
            await self._stages.run(progress)
        except LeaseLost:
            raise
        except Stopped:
            _log.info("document %s is not this job's any more", wanted.document_id)
        except Exception as error:
            if _is_passing(error) and not attempt.last:
                raise _again(error) from error
            await _note(progress, _reason(error))
            if not _is_told(error):
                raise


async def _note(progress: Progress, reason: str) -> None:
    try:
        await progress.fail(reason)
    except Stopped:
        _log.info("a document that failed is not this job's any more: %s", reason)


def _is_passing(error: Exception) -> bool:
    """Whether the same may succeed in a moment."""
    if isinstance(error, InvokeError):
        return error.retryable
    if isinstance(error, OrreryError):
        return error.status >= _SERVER_FAULT
    return is_outage(error) or not _is_told(error)


def _again(error: Exception) -> Exception:
    if isinstance(error, InvokeRateLimitError) and error.retry_after is not None:
        return TryAgain(str(error), after=error.retry_after)
    return error


def _is_told(error: Exception) -> bool:
    """Whether the document's error says all that there is; anything else is also a fault of this program."""
    return isinstance(error, InvokeError | OrreryError | UnreadableDocument)


def _reason(error: Exception) -> str:
    if isinstance(error, OrreryError):
        return error.message
    if _is_told(error):
        return str(error)
    return f"The document could not be indexed ({type(error).__name__}). The log of the worker says more."
