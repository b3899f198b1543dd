"""Apps as they are exported in the wild come in, go out and come in again as the same app.

The fixtures lie beside the repository (``ORRERY_REFERENCE``, default ``<repo>/../shared/reference``).
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unit.apps.catalog.place import Place, place

REFERENCE = Path(os.environ.get("ORRERY_REFERENCE", Path(__file__).parents[4] / "shared" / "reference"))
FILES = sorted((REFERENCE / "dsl-fixtures").glob("*.yml"))

pytestmark = [
    pytest.mark.reference,
    pytest.mark.skipif(not FILES, reason="the contract's fixtures are not beside the repository"),
]


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Place]:
    async with place(tmp_path) as made:
        yield made


def without_ids(items: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = items or []
    return [{name: item[name] for name in ("name", "value_type", "value", "description")} for item in found]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_file_from_the_wild_round_trips(here: Place, file: Path) -> None:
    text = file.read_text()
    original: dict[str, Any] = yaml.safe_load(text)
    result = await here.imported(text)
    assert result.status in {"completed", "completed-with-warnings"}, result.error
    assert result.imported_dsl_version == original["version"]
    app_id = str(result.app_id)
    app = (await here.apps.get(here.who.workspace_id, app_id)).app
    assert (app.name, app.mode) == (original["app"]["name"], original["app"]["mode"])
    draft = await here.workflows.draft(here.who.workspace_id, app_id)
    assert json.loads(draft.graph) == json.loads(json.dumps(original["workflow"]["graph"], default=str))
    assert json.loads(draft.features) == original["workflow"]["features"]
    for name in ("environment_variables", "conversation_variables"):
        assert without_ids(getattr(draft, name)) == without_ids(original["workflow"][name])
    exported = await here.exported(app_id)
    again = await here.imported(exported)
    assert again.status == "completed", again.error
    assert await here.exported(str(again.app_id)) == exported
