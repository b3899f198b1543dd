"""The form of what runs write down, so that two versions of the program can take runs over from each other.

The request of a run says in which form it and the checkpoints of its nodes are. A process takes over only runs whose
form it reads; those of a newer version wait for one of that version. Whoever takes a run over writes in its own form
from then on. What an old reader passes over without harm, as a field that may be missing, needs no new form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

FORM = 1
"""What this version writes; it reads all forms up to it."""


def is_newer(request: object, form: int = FORM) -> bool:
    """Whether a run was written down in a form that this version does not read."""
    return _form_of(request) > form


def in_this_form(request: object, form: int = FORM) -> object:
    """The request with the form that this version goes on in."""
    if not isinstance(request, dict) or _form_of(cast("object", request)) == form:
        return cast("object", request)
    return {**cast("dict[str, object]", request), "form": form}


def _form_of(request: object) -> int:
    found = cast("Mapping[str, object]", request).get("form", 1) if isinstance(request, Mapping) else 1
    return found if isinstance(found, int) else 1
