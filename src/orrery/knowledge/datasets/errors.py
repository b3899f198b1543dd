"""What can go wrong with datasets, in the contract's words (knowledge.md 8.1)."""

from __future__ import annotations

from orrery.errors import BadRequest, Conflict, Forbidden, InvalidParam, NotFound


class DatasetNotFound(NotFound):
    """No such dataset in this workspace."""

    default_message = "Dataset not found."


class DocumentNotFound(NotFound):
    """No such document in this dataset."""

    default_message = "Document not found."


class DatasetNameDuplicate(Conflict):
    """A new dataset has the name of another one."""

    code = "dataset_name_duplicate"
    default_message = "The dataset name already exists. Please modify your dataset name."


class DatasetNameTaken(InvalidParam):
    """A dataset gets the name of another one."""

    default_message = "Dataset name already exists"


class NoDatasetAccess(Forbidden):
    """The dataset is not shared with this member."""

    default_message = "You do not have permission to access this dataset."


class ApiAccessOff(Forbidden):
    """The dataset takes no calls by key."""

    default_message = "Dataset api access is not enabled."


class NoEmbeddingModel(InvalidParam):
    """The embedding model that was asked for, or any at all, is not there."""

    default_message = (
        "No Embedding Model available. Please configure a valid provider in the Settings -> Model Provider."
    )


class NoRerankModel(InvalidParam):
    """The reranking model that was asked for is not there."""

    default_message = "No Rerank Model available. Please configure a valid provider in the Settings -> Model Provider."


class NotOffered(InvalidParam):
    """A part of the contract that this version leaves out."""

    def __init__(self, what: str, field: str) -> None:
        super().__init__(f"{field}: {what} is not available in this version.", params=field)


class MetadataNameTaken(InvalidParam):
    """Names of fields are unique in a dataset."""

    default_message = "Metadata name already exists."


class MetadataNameReserved(InvalidParam):
    """Built-in fields keep their names."""

    default_message = "Metadata name already exists in Built-in fields."


class MetadataNotFound(NotFound):
    """No such field in this dataset."""

    default_message = "Metadata not found."


class InvalidMetadata(BadRequest):
    """A word for the amount of metadata that is none."""

    code = "invalid_metadata"
