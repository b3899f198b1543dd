from __future__ import annotations

import json

from orrery.tools.built_in.time_tools import time_provider
from orrery.tools.catalog import tool_of
from orrery.tools.wire import entity_as_wire


def test_a_tool_as_exported_apps_hold_it():
    wire = entity_as_wire(tool_of(time_provider(), "current_time").entity)
    assert json.loads(json.dumps(wire)) == wire
    layout, zone = wire["parameters"]  # type: ignore[misc]
    # The fields that an exported app has under paramSchemas.
    assert set(layout) >= {
        "auto_generate", "default", "form", "human_description", "label", "llm_description", "max", "min", "name",
        "options", "placeholder", "precision", "required", "scope", "template", "type",
    }  # fmt: skip
    assert (layout["name"], layout["form"], layout["default"]) == ("format", "form", "%Y-%m-%d %H:%M:%S")
    assert (zone["type"], zone["default"], len(zone["options"])) == ("select", "UTC", 18)
    assert zone["options"][0] == {
        "value": "UTC",
        "icon": None,
        "label": {"en_US": "UTC", "zh_Hans": "UTC", "ja_JP": "UTC", "pt_BR": "UTC"},
    }
    assert wire["identity"]["provider"] == "time"  # type: ignore[index]
