"""What goes out comes back: any graph, features and variables, through a file and a second app."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.apps.catalog.place import place

from orrery.apps.dsl.document import parse
from orrery.apps.dsl.offline import offline_app
from orrery.apps.workflows.service import GraphContent
from orrery.database import new_id
from orrery.errors import OrreryError
from orrery.workflow.registry import BUILT_IN, NodeRegistry

NAMES = st.text(st.sampled_from("abcXYZ_09 变量-:#'\"{}"), min_size=1, max_size=8)
# Of line breaks the dumper keeps only the ordinary ones apart; NUL has no place in a file.
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff"), max_size=12)
LINES = st.lists(TEXT, max_size=4).map("\n".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | LINES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def node_of(node_id: str, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"id": node_id, "type": "custom", "data": {**data, "type": kind, "title": node_id}}


def graph_of(nodes: list[dict[str, Any]], edges: list[dict[str, Any]]) -> dict[str, Any]:
    return {"nodes": nodes, "edges": edges, "viewport": {"x": 0, "y": 0.5, "zoom": 1}}


def variables_of(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    def variable(name: str, value: object) -> dict[str, Any]:
        return {"name": name, "value_type": kind, "value": value}

    return st.builds(variable, NAMES, VALUES[kind])


def name_of(item: dict[str, Any]) -> str:
    return str(item["name"])


NODES = st.builds(
    node_of,
    NAMES,
    st.sampled_from(["start", "llm", "code", "answer", "end", "http-request", "unheard-of"]),
    st.dictionaries(NAMES, JSON, max_size=3),
)
GRAPHS = st.builds(
    graph_of,
    st.lists(NODES, max_size=4),
    st.lists(st.dictionaries(NAMES, JSON, max_size=3), max_size=3),
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": LINES,
    "number": st.integers(-1000, 1000),
    "boolean": st.booleans(),
    "object": st.dictionaries(NAMES, JSON, max_size=2),
    "array[string]": st.lists(TEXT, max_size=3),
}
VARIABLES = st.lists(
    st.sampled_from(sorted(VALUES)).flatmap(variables_of),
    max_size=3,
    unique_by=name_of,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(graph=GRAPHS, features=st.dictionaries(NAMES, JSON, max_size=3), variables=VARIABLES)
def test_an_export_imports_as_the_same_app(
    tmp_path: Path, graph: dict[str, Any], features: dict[str, Any], variables: list[dict[str, Any]]
) -> None:
    async def there_and_back() -> None:
        folder = tmp_path / new_id()
        folder.mkdir()
        async with place(folder) as here:
            first = await here.new_app("advanced-chat", icon="🤖", icon_background="#FFF")
            content = GraphContent(graph=graph, features=features, conversation_variables=variables)
            await here.workflows.save_draft(here.who, first, content, None)
            text = await here.exported(first)
            result = await here.imported(text)
            assert result.status == "completed", result.error
            before = await here.workflows.draft(here.who.workspace_id, first)
            after = await here.workflows.draft(here.who.workspace_id, str(result.app_id))
            assert json.loads(after.graph) == json.loads(before.graph) == graph
            assert json.loads(after.features) == features
            assert after.conversation_variables == before.conversation_variables
            assert await here.exported(str(result.app_id)) == text

    asyncio.run(there_and_back())


@settings(max_examples=60, deadline=None)
@given(
    mode=st.sampled_from(["workflow", "advanced-chat", "chat", "completion"]),
    block=st.dictionaries(
        st.sampled_from(
            [
                "graph",
                "environment_variables",
                "conversation_variables",
                "model",
                "user_input_form",
                "prompt_type",
                "pre_prompt",
                "chat_prompt_config",
                "completion_prompt_config",
                "file_upload",
            ]
        ),
        JSON | st.just("advanced") | GRAPHS,
        max_size=6,
    ),
)
def test_no_file_breaks_the_command_line(mode: str, block: dict[str, Any]) -> None:
    document = {"app": {"mode": mode}, "workflow": block, "model_config": block}
    try:
        offline_app(parse(json.dumps(document)), NodeRegistry(BUILT_IN))
    except OrreryError as error:
        assert error.message
