"""Forms of one run in memory: for trying apps, and for runs that nobody keeps."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import msgspec

from orrery.workflow.nodes.human_input_answer import check_answer
from orrery.workflow.nodes.human_input_forms import Form, FormRequest, FormStatus


class FormClosed(ValueError):
    """The form was answered or ended before."""


class MemoryForms:
    """Implements `HumanForms`; `submit` and `end` are what a person and the clock do to a form."""

    def __init__(self) -> None:
        self.forms: dict[str, Form] = {}
        self._numbers = itertools.count(1)

    async def find(self, place: str) -> Form | None:
        return self.forms.get(place)

    async def open(self, request: FormRequest) -> Form:
        found = self.forms.get(request.place)
        if found is None:
            number = next(self._numbers)
            by_web = any(
                method.get("type") == "webapp" and method.get("enabled") for method in request.delivery_methods
            )
            found = Form(
                id=f"form-{number}", request=request, token=f"token-{number}" if by_web else None, display_in_ui=by_web
            )
            self.forms[request.place] = found
        return found

    def submit(self, place: str, action_id: str, values: Mapping[str, object] | None = None) -> Form:
        """The first valid answer counts. Raises `FormClosed`, and `InvalidFormAnswer` which leaves the form open."""
        form = self._waiting(place)
        checked = check_answer(form.request, action_id, values or {})
        return self._put(msgspec.structs.replace(form, status="submitted", action_id=action_id, values=checked))

    def end(self, place: str, status: FormStatus) -> Form:
        """Nobody answered: ``timeout`` or ``expired``. Raises `FormClosed`."""
        return self._put(msgspec.structs.replace(self._waiting(place), status=status))

    def _waiting(self, place: str) -> Form:
        form = self.forms[place]
        if form.status != "waiting":
            raise FormClosed(f"The form is {form.status}")
        return form

    def _put(self, form: Form) -> Form:
        self.forms[form.request.place] = form
        return form
