"""What may go wrong with model providers and their credentials."""

from __future__ import annotations

from orrery.errors import BadRequest, InvalidParam, NotFound


class ProviderUnknown(NotFound):
    """No provider answers to this id."""

    code = "provider_not_found"
    default_message = "There is no such model provider."


class CredentialNotFound(NotFound):
    """The workspace has no such credential of this provider."""

    code = "credential_not_found"
    default_message = "There is no such credential."


class ModelUnknown(NotFound):
    """The workspace has no such model of its own, or the provider none of this name."""

    code = "model_not_found"
    default_message = "There is no such model."


class CredentialsRefused(InvalidParam):
    """The vendor did not take the credentials, or could not be asked; the message is what it said."""


class CredentialUnreadable(BadRequest):
    """The stored credential was sealed under another key; the message says how to mend it."""

    code = "credential_unreadable"


class CredentialNameTaken(BadRequest):
    """Another credential of this provider or model has the name."""

    code = "credential_name_taken"
    default_message = "A credential with this name exists already. Choose another name."


class ProviderNotSetUp(BadRequest):
    """No credential makes this provider usable."""

    code = "provider_not_initialize"
    default_message = "No model provider is set up for this. Add a credential in Integrations first."
