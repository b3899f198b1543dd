"""Scripts that call ``main`` or render a template in a foreign sandbox and print the result between tags (4.2).

Inputs travel as base64 of JSON text, so that no user text has to be quoted.
"""

from __future__ import annotations

_PYTHON = """{code}

import json
from base64 import b64decode

inputs_obj = json.loads(b64decode('{inputs}').decode('utf-8'))
print('<<RESULT>>' + json.dumps(main(**inputs_obj), indent=4) + '<<RESULT>>')
"""

_JAVASCRIPT = """{code}

{{
  const given = JSON.parse(Buffer.from('{inputs}', 'base64').toString('utf-8'));
  console.log('<<RESULT>>' + JSON.stringify(main(given)) + '<<RESULT>>');
}}
"""

_TEMPLATE = """
import json
from base64 import b64decode

import jinja2

given = json.loads(b64decode('{inputs}').decode('utf-8'))
text = jinja2.Template(b64decode('{template}').decode('utf-8', 'surrogatepass')).render(**given)
print('<<RESULT>>' + text + '<<RESULT>>')
"""


def wrap_python(code: str, inputs: str) -> str:
    """``code`` first, at the top of the module: it must define ``main``, which gets keyword arguments."""
    return _PYTHON.format(code=code, inputs=inputs)


def wrap_javascript(code: str, inputs: str) -> str:
    """``code`` first: it must define ``main``, which gets one object."""
    return _JAVASCRIPT.format(code=code, inputs=inputs)


def wrap_template(template: str, inputs: str) -> str:
    """Both arguments are base64."""
    return _TEMPLATE.format(template=template, inputs=inputs)
