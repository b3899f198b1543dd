"""Renders a Jinja2 template in a confined child: plain ``Template``, no autoescape, undefined names are empty."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from importlib import import_module

import jinja2

from orrery.sandbox.cell.python import as_program

for _part in ("debug", "ext", "meta", "nativetypes", "sandbox"):
    # a child that needs one can no longer read its file
    import_module(f"jinja2.{_part}")
# the first rendering fills caches that children then share
jinja2.Template("{% for i in a %}{{ i|upper }}{% endfor %}").render(a=["x"])


def run_template(code: str, inputs: str, send: Callable[[bytes], None]) -> int:
    """Sends the rendered text."""

    def body() -> None:
        random.seed(os.urandom(32))
        text = jinja2.Template(code).render(**json.loads(inputs))
        send(text.encode("utf-8", "surrogatepass"))

    return as_program(body)
