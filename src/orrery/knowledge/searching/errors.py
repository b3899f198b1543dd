"""What can go wrong with a search, in the contract's words (knowledge.md 8.1)."""

from __future__ import annotations

from orrery.errors import BadRequest, OrreryError
from orrery.inference.types import InvokeError, ModelNotFound, ProviderNotConfigured


class DatasetNotInitialized(BadRequest):
    """Nothing of the dataset can be searched yet."""

    code = "dataset_not_initialized"
    default_message = "The dataset is still being initialized or indexing. Please wait a moment."


class ProviderNotInitialized(BadRequest):
    """The model that the dataset needs can't be called: it is not named, or has no credential."""

    code = "provider_not_initialize"
    default_message = (
        "No Embedding Model available. Please configure a valid provider in the Settings -> Model Provider."
    )


class ModelNotSupported(BadRequest):
    """The provider does not have the model, or the workspace switched it off."""

    code = "model_currently_not_support"
    default_message = "The model is not available."


class ModelRequestFailed(BadRequest):
    """The model was asked and gave no answer that counts."""

    code = "completion_request_error"
    default_message = "Completion request failed."


def told(error: InvokeError) -> OrreryError:
    """A model's failure as a caller is told of it."""
    if isinstance(error, ProviderNotConfigured):
        return ProviderNotInitialized(str(error))
    if isinstance(error, ModelNotFound):
        return ModelNotSupported(str(error))
    return ModelRequestFailed(str(error))
