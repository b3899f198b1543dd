"""Failures of commands: one clear text on standard error and an exit code that scripts can use."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager

import click
from sqlalchemy.exc import SQLAlchemyError

from orrery.cache.opening import CacheConfigurationError
from orrery.cli.exit_codes import EXIT_CONFIGURATION, EXIT_FAILED, EXIT_UNAVAILABLE
from orrery.database.migrating.errors import MigrationFailed, SchemaNotReady, UnknownRevision
from orrery.errors import OrreryError
from orrery.jobs.errors import JobsConfigurationError
from orrery.settings.errors import SettingsError
from orrery.storage.required import StorageConfigurationError


@contextmanager
def failing_clearly() -> Generator[None]:
    """Turns known errors into a text and an exit code; unknown ones keep their trace."""
    try:
        yield
    except (SettingsError, CacheConfigurationError, JobsConfigurationError, StorageConfigurationError) as error:
        _fail(str(error), EXIT_CONFIGURATION)
    except (MigrationFailed, UnknownRevision) as error:
        _fail(str(error), EXIT_FAILED)
    except SchemaNotReady as error:
        _fail(str(error), EXIT_UNAVAILABLE)
    except SQLAlchemyError as error:
        _fail(f"The database can't be used: {str(error).partition(chr(10))[0]}", EXIT_UNAVAILABLE)
    except OrreryError as error:
        _fail(error.message, EXIT_FAILED)
    except ConnectionError as error:
        _fail(f"A server that this needs does not answer: {error}", EXIT_UNAVAILABLE)
    except OSError as error:
        _fail(f"{error.strerror or error}: {error.filename}" if error.filename else str(error), EXIT_FAILED)
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(message: str, code: int) -> None:
    click.echo(f"orrery: {message}", err=True)
    sys.exit(code)
