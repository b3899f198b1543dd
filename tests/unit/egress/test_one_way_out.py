"""Nothing else in the house opens connections of its own, and speaking of the way out costs no import of aiohttp."""

import ast
import subprocess
import sys
from pathlib import Path

import orrery

HOUSE = Path(orrery.__file__).parent
CLIENTS = {"httpx", "requests", "aiohttp", "urllib3", "http.client", "urllib.request", "ftplib"}

EXCEPTIONS = {
    # A program of its own, which a container runs to ask its own port; no server imports it.
    "deploy/probe.py": {"http.client"},
    # The operator's configuration server says what the way out may be, so it is asked before there is one.
    "settings/remote/protocol.py": {"http.client", "urllib.request"},
}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {n for n in names if any(n == c or n.startswith(c + ".") for c in CLIENTS)}


def test_only_this_room_imports_http_clients() -> None:
    found = {
        str(path.relative_to(HOUSE)): clients
        for path in HOUSE.rglob("*.py")
        if path.relative_to(HOUSE).parts[0] != "egress" and (clients := imported(path))
    }
    assert found == EXCEPTIONS


def test_no_server_imports_the_probe() -> None:
    code = "import sys, orrery.cli.server, orrery.cli.worker; assert 'orrery.deploy.probe' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_search_would_see_one() -> None:
    assert imported(HOUSE / "egress" / "client.py") == {"aiohttp"}


def test_inference_and_egress_words_import_no_client() -> None:
    code = (
        "import sys, orrery.inference.gateway, orrery.egress.protocol, orrery.egress\n"
        "assert 'aiohttp' not in sys.modules\n"
        "orrery.egress.GuardedHttpClient\n"
        "assert 'aiohttp' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
