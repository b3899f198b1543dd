"""Provider files of every kind as declarations (plugins.md 1.6, 1.7), and the package as a whole (1.3)."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest
from tests.support.plugin_packages import (
    ICON,
    Files,
    in_yaml,
    manifest,
    model_files,
    plugin_files,
    strategy_files,
    texts,
    tool,
    tool_files,
    tool_provider,
    zipped,
)

from orrery.plugins.package.decoding import Package, Policy, decode_package
from orrery.plugins.package.faults import PackageFault
from orrery.plugins.package.identity import MalformedIdentifier, UniqueIdentifier, checksum

POLICY = Policy(most_bytes=1 << 20, signed_only=False)
IDENTITY = {"author": "ada", "name": "weather", "label": texts("Weather"), "icon": "icon.svg"}
ITEM = {"author": "ada", "name": "today", "label": texts("Today")}
ICON_ID = hashlib.sha256(ICON + b"icon.svg").hexdigest() + ".svg"


def decoded(files: Files) -> Package:
    return decode_package(zipped(files), POLICY)


def shown(files: Files) -> dict[str, Any]:
    """As it goes over the wire."""
    return msgspec.json.decode(msgspec.json.encode(decoded(files).declaration))


def with_tool(**changes: object) -> Files:
    return tool_files() | {"tools/today.yaml": in_yaml(tool(**changes))}


def with_parameter(**changes: object) -> Files:
    parameter = {"name": "x", "type": "string", "form": "form", "label": texts("X"), "human_description": texts("X")}
    return with_tool(parameters=[parameter | changes])


def test_checksums_are_the_contracts() -> None:
    expected = "2054aeca06dbeadf58a6daa4efb95eda522e74a2b134ab46321e059b6a2b5669"
    assert checksum({"a.txt": b"x", "b/c.txt": b"y"}) == expected
    assert checksum({"b/c.txt": b"y", "a.txt": b"x"}) == expected


def test_identifiers_go_both_ways() -> None:
    text = "langgenius/agent:0.0.14@26958a0e80a10655ce73812bdb7c35a66ce7b16f5ac346d298bda17ff85efd1e"
    found = UniqueIdentifier.parse(text)
    assert (str(found), found.plugin_id, found.version) == (text, "langgenius/agent", "0.0.14")
    assert UniqueIdentifier.parse(f"old:1.2@{'a' * 32}").plugin_id == "old"


@pytest.mark.parametrize(
    "text",
    ["", "a/b", "a/b:1.2.3", f"A/b:1.2.3@{'a' * 64}", f"a/b:1@{'a' * 64}", f"a/b:1.2.3@{'g' * 64}",
     f"../b:1.2.3@{'a' * 64}", f"a/b:1.2.3@{'a' * 64}\n", f"a/b:1.2.3@{'a' * 31}", f"a/b/c:1.2.3@{'a' * 64}"],
)  # fmt: skip
def test_what_is_no_identifier_is_refused(text: str) -> None:
    with pytest.raises(MalformedIdentifier, match="author/name:version@checksum is expected"):
        UniqueIdentifier.parse(text)


def test_a_tool_plugin_is_whole() -> None:
    package = decoded(tool_files())
    assert str(package.identifier) == f"ada/weather:0.1.2@{checksum(tool_files())}"
    assert package.category == "tool"
    assert package.assets == {ICON_ID: ICON}
    assert package.readmes == {"en_US": "# Weather ☀", "zh_Hans": "# 天气"}
    whole = shown(tool_files())
    assert whole["icon"] == ICON_ID
    provider = whole["tool"]
    assert provider["identity"]["icon"] == ICON_ID
    assert provider["identity"]["description"] == texts("Tells the weather.")
    assert provider["identity"]["tags"] == ["weather"]
    assert [config["name"] for config in provider["credentials_schema"]] == ["api_key"]
    assert "extra" not in provider
    [only] = provider["tools"]
    assert only["identity"]["name"] == "today"
    assert "output_schema" not in only
    assert set(whole["plugins"]) == {"tools", "models", "endpoints", "agent_strategies", "datasources", "triggers"}


def test_tools_may_stand_in_the_providers_file() -> None:
    inline = tool_files(tools=[tool("here"), "tools/today.yaml"])
    assert [item["identity"]["name"] for item in shown(inline)["tool"]["tools"]] == ["here", "today"]


def test_credentials_are_a_list_or_a_mapping() -> None:
    field = {"type": "text-input", "label": texts("A")}
    as_list = tool_files(credentials_schema=[{"name": "a", **field}], credentials_for_provider=None)
    as_mapping = tool_files(credentials_schema={"a": field}, credentials_for_provider=None)
    assert shown(as_list)["tool"]["credentials_schema"] == shown(as_mapping)["tool"]["credentials_schema"]
    nameless = tool_files(credentials_schema=[field], credentials_for_provider=None)
    with pytest.raises(PackageFault, match=r"provider/weather.yaml: credentials_schema\[0\]: .*`name`"):
        decoded(nameless)


def test_oauth_has_two_forms() -> None:
    field = {"type": "secret-input", "label": texts("Secret")}
    files = tool_files(oauth_schema={"client_schema": [{"name": "id", **field}], "credentials_schema": {"t": field}})
    oauth = shown(files)["tool"]["oauth_schema"]
    assert [c["name"] for c in oauth["client_schema"]] == ["id"]
    assert [c["name"] for c in oauth["credentials_schema"]] == ["t"]


def test_values_of_options_become_texts() -> None:
    options = [{"value": value, "label": texts("x")} for value in (1, 2.5, True, "a")]
    parameter = shown(with_parameter(type="select", options=options))["tool"]["tools"][0]["parameters"][0]
    assert [option["value"] for option in parameter["options"]] == ["1", "2.5", "true", "a"]


def test_an_output_schema_is_kept_as_it_is() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "default": None}}}
    assert shown(with_tool(output_schema=schema))["tool"]["tools"][0]["output_schema"] == schema


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (with_parameter(type="colour"), r"tools/today.yaml: parameters\[0\].type: Invalid enum value 'colour'"),
        (with_parameter(form="body"), r"tools/today.yaml: parameters\[0\].form: "),
        (with_parameter(label=None), r"tools/today.yaml: parameters\[0\]: .*`label`"),
        (with_parameter(multiple=True), "`multiple` is for parameters of the types select"),
        (with_parameter(type="select", multiple=True, default="a"), "`default` is a list where"),
        (with_parameter(type="select", default=["a"]), "`default` is a list where"),
        (with_parameter(scope="everything"), "'everything' is no scope"),
        (with_parameter(auto_generate={"type": "magic"}), r"parameters\[0\].auto_generate.type"),
        (with_tool(identity=ITEM | {"name": "with blank"}), "tools/today.yaml: identity.name: "),
        (with_tool(description={"human": texts("x")}), "tools/today.yaml: description: .*`llm`"),
        (tool_files(identity=IDENTITY | {"icon": "other.svg"}), "tool.identity.icon: the icon 'other.svg' is not in"),
        (tool_files(identity=IDENTITY | {"tags": ["magic"]}), r"provider/weather.yaml: identity.tags\[0\]"),
        (tool_files({"icon": "none.svg"}), "^icon: the icon 'none.svg' is not in _assets"),
        (tool_files({"plugins": {}}), "manifest.yaml: plugins: no tool, model"),
        (tool_files(tools=["tools/today.yaml", "tools/today.yaml"]), "tools/today.yaml: the file is named twice"),
        (tool_files() | {"README.md": b"\xff\xfe"}, "^README.md: the file is not UTF-8 text"),
        (tool_files() | {"tools/today.yaml": b"a: [" }, "^tools/today.yaml: the file is not YAML"),
    ],
)  # fmt: skip
def test_faults_say_what_and_where(files: Files, words: str) -> None:
    with pytest.raises(PackageFault, match=words):
        decoded(files)


def test_models_are_found_by_pattern_and_filled_by_template() -> None:
    package = decoded(model_files())
    assert package.category == "model"
    provider = shown(model_files())["model"]
    assert provider["icon_small"] == {"en_US": ICON_ID}
    assert provider["description"] == texts("Tells the weather.")
    assert [model["model"] for model in provider["models"]] == ["think-small", "think-large"]
    assert provider["position"] == {"llm": ["think-large", "think-small"]}
    model = provider["models"][0]
    assert (model["fetch_from"], model["deprecated"]) == ("predefined-model", False)
    assert model["pricing"] == {"input": "0.5", "output": "1.5", "unit": "0.000001", "currency": "USD"}
    [rule] = model["parameter_rules"]
    assert (rule["type"], rule["default"], rule["min"], rule["max"], rule["precision"]) == ("float", 0, 0, 1, 2)
    assert rule["label"] == texts("temperature")
    assert provider["provider_credential_schema"]["credential_form_schemas"][0]["options"] == []


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("temperature", ("float", 0.0, 0, 1, 2, [])),
        ("top_p", ("float", 1.0, 0, 1, 2, [])),
        ("top_k", ("int", 50, 1, 100, 0, [])),
        ("presence_penalty", ("float", 0.0, 0, 1, 2, [])),
        ("frequency_penalty", ("float", 0.0, 0, 1, 2, [])),
        ("max_tokens", ("int", 64, 1, 2048, 0, [])),
        ("response_format", ("string", None, None, None, None, ["JSON", "XML"])),
        ("json_schema", ("string", None, None, None, None, [])),
    ],
)
def test_templates_fill_what_is_missing(template: str, expected: tuple[object, ...]) -> None:
    [rule] = _models([{"name": "p", "use_template": template}])
    assert tuple(rule[field] for field in ("type", "default", "min", "max", "precision", "options")) == expected
    [own] = _models([{"name": "p", "use_template": template, "type": "string", "default": "z", "options": [1]}])
    assert (own["type"], own["default"], own["options"]) == ("string", "z", ["1"])


def _models(rules: list[dict[str, object]]) -> list[dict[str, Any]]:
    model = {"model": "m", "model_type": "llm", "parameter_rules": rules}
    provider = {"provider": "m", "label": texts("M"), "supported_model_types": ["llm"],
                "configurate_methods": ["predefined-model"], "models": [model]}  # fmt: skip
    rules_found: list[dict[str, Any]] = shown(plugin_files("models", provider))["model"]["models"][0]["parameter_rules"]
    return rules_found


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"name": "p"}, "a rule without `use_template` has a `type`"),
        ({"name": "p", "use_template": "warmth"}, "`use_template` names no template; known are temperature"),
        ({"type": "int"}, "`name`"),
        ({"name": "p", "type": "colour"}, "Invalid enum value"),
    ],
)
def test_rules_that_say_too_little(rule: dict[str, object], words: str) -> None:
    with pytest.raises(PackageFault, match=words):
        _models([rule])


@pytest.mark.parametrize("price", ["cheap", "NaN", "1e400", "-Infinity"])
def test_prices_are_decimals(price: str) -> None:
    files = model_files()
    text = files["models/llm/small.yaml"].decode().replace("input: '0.5'", f"input: '{price}'")
    with pytest.raises(PackageFault, match=r"^models/llm/small.yaml: pricing: "):
        decoded(files | {"models/llm/small.yaml": text.encode()})


def test_patterns_stand_for_one_level_each() -> None:
    deep = model_files() | {"models/llm/more/deep.yaml": b"not: a model"}
    assert len(shown(deep)["model"]["models"]) == 2


def test_agent_strategies() -> None:
    package = decoded(strategy_files())
    assert package.category == "agent-strategy"
    [strategy] = shown(strategy_files())["agent_strategy"]["strategies"]
    assert strategy["features"] == ["history-messages"]
    assert strategy["parameters"][0]["type"] == "array[tools]"


def test_endpoints() -> None:
    group = {"settings": {"key": {"type": "secret-input", "label": texts("Key")}}, "endpoints": ["endpoints/a.yaml"]}
    endpoint = {"path": "/a/<id>", "method": "GET", "extra": {"python": {"source": "endpoints/a.py"}}}
    files = plugin_files("endpoints", group, **{"endpoints/a.yaml": endpoint})
    assert decoded(files).category == "extension"
    found = shown(files)["endpoint"]
    assert found["endpoints"] == [{"path": "/a/<id>", "method": "GET", "hidden": False}]
    assert found["settings"][0]["name"] == "key"
    with pytest.raises(PackageFault, match=r"^endpoints/a.yaml: method: Invalid enum value 'BREW'"):
        decoded(plugin_files("endpoints", group, **{"endpoints/a.yaml": endpoint | {"method": "BREW"}}))


def test_datasources() -> None:
    source = {
        "identity": {**ITEM, "icon": "icon.svg"}, "description": texts("Pages"), "parameters": [],
        "output_schema": {"type": "object"},
    }  # fmt: skip
    provider = {
        "identity": {**IDENTITY, "description": texts("Crawls")}, "provider_type": "website_crawl",
        "datasources": ["datasources/a.yaml"],
    }  # fmt: skip
    files = plugin_files("datasources", provider, **{"datasources/a.yaml": source})
    assert decoded(files).category == "datasource"
    found = shown(files)["datasource"]
    assert found["datasources"][0]["identity"]["icon"] == ICON_ID
    assert found["credentials_schema"] == []
    with pytest.raises(PackageFault, match=r"^provider/weather.yaml: provider_type: "):
        decoded(plugin_files("datasources", provider | {"provider_type": "tape"}))


def test_triggers() -> None:
    event = {"identity": ITEM, "description": texts("It rains"), "parameters": [], "output_schema": {"type": "object"}}
    constructor = {
        "parameters": [
            {"name": "events", "type": "checkbox", "multiple": True, "default": ["rain"], "label": texts("Events")}
        ],
        "credentials_schema": {"token": {"type": "secret-input", "label": texts("Token")}},
    }  # fmt: skip
    provider = {
        "identity": IDENTITY, "subscription_schema": [], "subscription_constructor": constructor, "events": ["e/a.yaml"]
    }  # fmt: skip
    files = plugin_files("triggers", provider, **{"e/a.yaml": event})
    assert decoded(files).category == "trigger"
    found = shown(files)["trigger"]
    assert found["events"][0]["identity"]["name"] == "today"
    assert found["subscription_constructor"]["credentials_schema"][0]["name"] == "token"
    assert found["identity"]["description"] == texts("Tells the weather.")


def test_what_may_stand_together_and_what_may_not() -> None:
    group = {"settings": [], "endpoints": []}
    both = tool_files({"plugins": {"tools": ["provider/weather.yaml"], "endpoints": ["group/a.yaml"]}})
    assert decoded(both | {"group/a.yaml": in_yaml(group)}).category == "tool"
    models = model_files()
    mixed = models | {
        "manifest.yaml": in_yaml(
            manifest(plugins={"models": ["provider/thinker.yaml"], "tools": ["provider/weather.yaml"]})
        ),
        "provider/weather.yaml": in_yaml(tool_provider(tools=[])),
    }
    with pytest.raises(PackageFault, match=r"^manifest.yaml: plugins: model and tool can't be in one plugin"):
        decoded(mixed)


def test_of_several_files_of_a_kind_the_last_one_counts() -> None:
    files = tool_files({"plugins": {"tools": ["provider/none.yaml", "provider/weather.yaml"]}})
    assert shown(files)["tool"]["identity"]["name"] == "weather"
