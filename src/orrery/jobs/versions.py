"""Versions of payloads: what lets two versions of the program share one table of jobs.

The first form of a payload goes under the job's name, the second under ``name@2``, and so on. A process takes only
names that it knows, so an older one leaves newer forms to newer ones, and a newer one declares how it reads each older
form. A field that may be missing needs no new version: old readers pass over it, new ones have its default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias, cast, get_type_hints

import msgspec

from orrery.jobs.errors import JobsConfigurationError

Earlier: TypeAlias = Mapping[int, Callable[..., msgspec.Struct]]
"""By version, the function that makes the present payload of the one of that version; its annotations name both."""

_MARK = "@"


class Form(msgspec.Struct, frozen=True):
    """One form of a job's payload, as it stands in rows and messages under ``name``."""

    name: str
    payload_type: type[msgspec.Struct]
    read: Callable[[object], msgspec.Struct]
    """Plain JSON data to the present payload. Raises `msgspec.ValidationError`."""


def name_of(job: str, version: int) -> str:
    """What rows and messages call a job whose payload has this form."""
    return job if version == 1 else f"{job}{_MARK}{version}"


def forms_of(job: str, version: int, payload_type: type[msgspec.Struct], earlier: Earlier) -> list[Form]:
    """The present form first, then the earlier ones that can be read. Raises `JobsConfigurationError`."""
    if _MARK in job or version < 1 or not set(earlier) <= set(range(1, version)):
        raise JobsConfigurationError(
            f"job {job}: versions count from 1, earlier ones are below {version}, and no name has an {_MARK}"
        )
    forms = [Form(name_of(job, version), payload_type, _reader(payload_type))]
    for number, convert in sorted(earlier.items(), reverse=True):
        old = _taken(job, convert, payload_type)
        forms.append(Form(name_of(job, number), old, _reader(old, convert)))
    return forms


def _taken(job: str, convert: Callable[..., msgspec.Struct], present: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """The payload that a conversion takes."""
    hints = cast("dict[str, object]", get_type_hints(convert))
    result = hints.pop("return", None)
    taken = next(iter(hints.values()), None)
    if result is not present or not isinstance(taken, type) or not issubclass(taken, msgspec.Struct):
        raise JobsConfigurationError(
            f"job {job}: an earlier form is read by a function of its struct to {present.__name__}"
        )
    return taken


def _reader(
    payload_type: type[msgspec.Struct], convert: Callable[..., msgspec.Struct] | None = None
) -> Callable[[object], msgspec.Struct]:
    def read(payload: object) -> msgspec.Struct:
        typed = msgspec.convert(payload, payload_type)
        return typed if convert is None else convert(typed)

    return read
