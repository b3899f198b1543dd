"""The tools of apps as they are exported in the wild are found, by the ids that their files hold.

The fixtures lie beside the repository (``ORRERY_REFERENCE``, default ``<repo>/../shared/reference``).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.http.console_tools.world import World, done

REFERENCE = Path(os.environ.get("ORRERY_REFERENCE", Path(__file__).parents[4] / "shared" / "reference"))
FILES = [file for file in sorted((REFERENCE / "dsl-fixtures").glob("*.yml")) if "type: tool" in file.read_text()]

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.reference,
    pytest.mark.skipif(not FILES, reason="the contract's fixtures are not beside the repository"),
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_every_tool_is_known(world: World, file: Path) -> None:
    body = {"mode": "yaml-content", "yaml_content": file.read_text()}
    made = await done(world.owner.post("/apps/imports", json=body))
    if made["status"] == "pending":
        made = await done(world.owner.post(f"/apps/imports/{made['id']}/confirm", json={}))
    found = await world.findings(made["app_id"])
    about_tools = [each for each in found if each["field"].startswith(("provider_id", "tool_"))]
    assert {(each["level"], each["message"]) for each in about_tools} <= {
        ("warning", "There are no credentials for langgenius/perplexity/perplexity")
    }
    left = await done(world.owner.get(f"/apps/imports/{made['app_id']}/check-dependencies"))
    missing = [each["value"] for each in left["leaked_dependencies"]]
    assert not any("perplexity" in str(each) for each in missing)
