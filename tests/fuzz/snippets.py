"""Snippets and templates for the real sandbox: a result or an error that can be shown, and the next one runs as ever."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits
from orrery.sandbox.protocol import CodeExecutionError

from .mutations import ODD_TEXTS, ODD_VALUES, bent_text
from .texts import VALUES, WHOLE, WORDS

PYTHON = [
    "def main(x):\n    return {'r': x}", "def main(x):\n    return x", "def main(x):\n    return {'r': [x] * 100000}", "def main(x):\n    raise ValueError(x)", "def main(x):\n    print('<<RESULT>>{\"r\": 1}<<RESULT>>')\n    return {}",
    "import sys\ndef main(x):\n    sys.stdout.write('x' * 100000)\n    return {'r': 1}", "def main(x):\n    return main(x)", "def main(x):\n    return {'r': float('nan')}", "def main(x):\n    return {1: 2}", "main = 5",
    "import os\ndef main(x):\n    os._exit(3)", "def main(x):\n    return {'r': {1, 2}}", "def main(x):\n    d = {}\n    d['d'] = d\n    return d", "import json\nclass A(dict):\n    pass\ndef main(x):\n    return A(r=x)", "def main(**x):\n    return {'\\ud83d': '\\ud83d'}",
]  # fmt: skip
SCRIPT = [
    "function main({x}) { return {r: x} }", "function main(x) { return x }", "function main() { throw new Error('x') }", "function main() { return {r: NaN, s: 1n} }", "const main = () => ({r: undefined})",
    "function main() { console.log('<<RESULT>>{}<<RESULT>>'); return {} }", "function main() { return main() }", "async function main() { return {r: 1} }", "function main() { const d = {}; d.d = d; return d }", "Object.prototype.toJSON = () => 1; function main() { return {r: 1} }",
]  # fmt: skip


AT_ONCE = 12


class Snippets:
    name = "snippets"
    deadline = 20.0

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def make(self, dice: random.Random) -> bytes:
        return json.dumps([_one(dice) for _ in range(AT_ONCE)]).encode()

    async def check(self, data: bytes) -> None:
        sandbox = EmbeddedSandbox(Limits(timeout=2.0))
        try:
            await asyncio.gather(*(self._tried(sandbox, *each) for each in json.loads(data)))
            later = await asyncio.gather(*(sandbox.call_main("python3", PYTHON[0], {"x": n}) for n in range(2)))
            assert later == [{"r": 0}, {"r": 1}]
        finally:
            await sandbox.close()

    async def _tried(self, sandbox: EmbeddedSandbox, kind: str, text: str, value: Any) -> None:
        try:
            if kind == "template":
                assert isinstance(await sandbox.render_template(text, {"x": value, **VALUES}), str)
            else:
                language = "python3" if kind == "python3" else "javascript"
                assert isinstance(await sandbox.call_main(language, text, {"x": value}), dict)
        except (CodeExecutionError, ValueError) as refused:
            assert str(refused)


def _one(dice: random.Random) -> list[Any]:
    kind = dice.choice(["python3", "javascript", "template"])
    if kind == "template":
        words = "".join(dice.choice(WORDS) for _ in range(dice.randint(1, 12)))
        text = words if dice.random() < 0.5 else dice.choice(WHOLE)
    else:
        text = dice.choice(PYTHON if kind == "python3" else SCRIPT)
    return [
        kind,
        bent_text(dice, text) if dice.random() < 0.6 else text,
        dice.choice([*VALUES.values(), *ODD_VALUES, *ODD_TEXTS]),
    ]
