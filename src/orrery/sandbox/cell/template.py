"""Renders a Jinja2 template in a confined child: plain ``Template``, no autoescape, undefined names are empty."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable

import jinja2
import jinja2.debug  # a failing template needs it, when files can no longer be read

from orrery.sandbox.cell.python import as_program

_WARM = jinja2.Template("{% for i in a %}{{ i|upper }}{% endfor %}").render(a=["x"]) + jinja2.debug.__name__


def run_template(code: str, inputs: str, send: Callable[[bytes], None]) -> int:
    """Sends the rendered text."""

    def body() -> None:
        random.seed(os.urandom(32))
        text = jinja2.Template(code).render(**json.loads(inputs))
        send(text.encode("utf-8", "surrogatepass"))

    return as_program(body)
