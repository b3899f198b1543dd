"""The files of a chatflow's answer: those that its answers, ends and models gave (workflow.md 4.2, 7.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from orrery.apps.runs import statements
from orrery.apps.runs.file_values import Sign, files_of
from orrery.apps.runs.spec import RunSpec
from orrery.database.group_commit import Entry
from orrery.database.ids import new_id
from orrery.workflow.events import NodeFinished

_SHOWING = frozenset({"answer", "end", "llm"})
_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LONGEST_METHOD = 16


class ShownFiles:
    """Collects the files of one run, each once, in the order in which they came."""

    def __init__(self) -> None:
        self._files: dict[object, Mapping[str, object]] = {}

    def add(self, event: NodeFinished) -> None:
        """Takes the files of a node's outputs, where the node is one that shows them."""
        if event.node_type in _SHOWING and event.status == "succeeded":
            for file in files_of(event.outputs):
                self._files.setdefault(file.get("related_id") or file.get("remote_url"), file)

    def signed(self, sign: Sign) -> list[Mapping[str, object]]:
        """The files with fresh addresses. A value that a program made up, which nothing vouches for, is none."""
        addressed = ((file, sign(file)) for file in self._files.values())
        return [{**file, "url": url} for file, url in addressed if url]


def answer_file_rows(spec: RunSpec, files: Sequence[Mapping[str, object]], finished_at: float) -> list[Entry]:
    """The files as the assistant's part of the message."""
    assert spec.turn is not None
    created = datetime.fromtimestamp(finished_at, UTC)
    return [
        (
            statements.INSERT_MESSAGE_FILE,
            {
                "id": new_id(),
                "message_id": spec.turn.message_id,
                "type": str(file.get("type") or "custom")[:_LONGEST_METHOD],
                "transfer_method": str(file.get("transfer_method") or "")[:_LONGEST_METHOD],
                "url": file.get("remote_url"),
                "belongs_to": "assistant",
                "upload_file_id": file.get("related_id"),
                "created_by_role": spec.user.role,
                "created_by": spec.user.id,
                "created_at": created,
            },
        )
        for file in files
    ]


def without_pictures(answer: str) -> str:
    """The answer as it is kept beside its files: pictures in it would be shown twice."""
    return _PICTURE.sub("", answer).strip()
