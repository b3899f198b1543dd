"""Who a knowledge key speaks for, and the dataset that its call is about."""

from __future__ import annotations

from orrery.database.ids import NIL_ID, is_id
from orrery.errors import NotFound
from orrery.http.call import Call
from orrery.knowledge.datasets.access import Member
from orrery.knowledge.datasets.errors import DatasetNotFound, DocumentNotFound
from orrery.knowledge.datasets.service import Datasets
from orrery.knowledge.datasets.tables import Dataset

LONGEST_BATCH = 32


def member(call: Call) -> Member:
    """The workspace's owner, in whose name keys call."""
    return Member(call.knowledge.workspace_id, call.knowledge.account_id)


def path_id(call: Call, name: str, missing: type[NotFound]) -> str:
    """An id in the path. Raises ``missing``: no other text can name a thing."""
    text = call.path[name].lower()
    if not is_id(text):
        raise missing
    return text


def named_ids(given: list[str]) -> list[str]:
    """What a body or query names, as ids are kept: a text that is none names nothing.

    Not every database compares ids with texts beyond ASCII.
    """
    return [text.lower() if is_id(text) else NIL_ID for text in given if text]


def dataset_id(call: Call) -> str:
    """Raises `DatasetNotFound`."""
    return path_id(call, "dataset_id", DatasetNotFound)


def document_id(call: Call) -> str:
    """Raises `DocumentNotFound`."""
    return path_id(call, "document_id", DocumentNotFound)


def batch_name(call: Call) -> str:
    """The name of a batch in the path, which is of digits only. Raises `NotFound`."""
    name = call.path["batch"]
    if not (name.isascii() and name.isdigit() and len(name) <= LONGEST_BATCH):
        raise NotFound("Documents not found.")
    return name


async def open_dataset(call: Call, datasets: Datasets) -> Dataset:
    """The dataset of the path, if it takes calls by key. Raises `DatasetNotFound`, `ApiAccessOff`."""
    return await datasets.check(member(call), dataset_id(call), by_key=True)
