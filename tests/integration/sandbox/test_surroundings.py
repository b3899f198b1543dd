"""The same programs, harmless and hostile, where the sandbox has other means: containers and ordinary users."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = [
    f"tests/unit/sandbox/test_{name}.py"
    for name in ("acceptance", "hostile", "main_call", "network", "corpus", "greed")
]
LEVEL = "import asyncio, orrery.sandbox.embedded as e\nasync def m():\n s = e.EmbeddedSandbox(); print(await s.ready()); await s.close()\nasyncio.run(m())"

pytestmark = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can play others")


def run_in(kind: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(Path(__file__).with_name("surroundings.py")), kind, sys.executable, *arguments]
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("kind", "level"), [("container", 1), ("user", 3), ("restricted-user", 1)])
def test_the_level_is_what_the_surroundings_allow(kind: str, level: int):
    found = run_in(kind, "-c", LEVEL)
    assert found.stdout.strip() == str(level), found.stderr


@pytest.mark.parametrize("kind", ["container", "user", "restricted-user"])
def test_all_programs_behave(kind: str):
    done = run_in(kind, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PROGRAMS)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed.group(1)) > 70
