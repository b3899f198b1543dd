import msgspec
import pytest

from orrery.inference.cards import builtin_cards
from orrery.inference.cards.schema import ModelCard
from orrery.inference.cards.wire_shapes import custom_model_wire, model_wire, provider_wire
from orrery.inference.registry import ProviderRegistry
from orrery.inference.types import ModelNotFound, ProviderNotConfigured

REGISTRY = ProviderRegistry()


@pytest.mark.parametrize(
    ("spelling", "canonical"),
    [
        ("openai", "langgenius/openai/openai"),
        ("langgenius/openai/openai", "langgenius/openai/openai"),
        ("langgenius/openai", "langgenius/openai/openai"),
        ("OpenAI", "langgenius/openai/openai"),
        ("google", "langgenius/gemini/google"),
        ("gemini", "langgenius/gemini/google"),
        ("langgenius/gemini/google", "langgenius/gemini/google"),
        ("anthropic", "langgenius/anthropic/anthropic"),
        ("azure_openai", "langgenius/azure_openai/azure_openai"),
        ("ollama", "langgenius/ollama/ollama"),
        ("openai_api_compatible", "langgenius/openai_api_compatible/openai_api_compatible"),
        ("xai", "langgenius/x/x"),
        ("mistral", "langgenius/mistralai/mistralai"),
        ("siliconflow", "langgenius/siliconflow/siliconflow"),
        ("unheard_of", "langgenius/unheard_of/unheard_of"),
        ("someone/plugin/provider", "someone/plugin/provider"),
    ],
)
def test_every_historical_spelling(spelling: str, canonical: str) -> None:
    assert REGISTRY.canonical_id(spelling) == canonical


def test_spellings_are_unique() -> None:
    names = [n.lower() for c in builtin_cards() for n in {c.id, *c.aliases}]
    assert len(names) == len(set(names))


def test_unknown_providers_and_kinds() -> None:
    with pytest.raises(ProviderNotConfigured, match="not installed"):
        REGISTRY.find("someone/plugin/provider")
    with pytest.raises(ModelNotFound, match=r"^Model rerank-x not exist\.$"):
        REGISTRY.model("openai", "rerank-x", "rerank")
    assert REGISTRY.model("openai", "ft:gpt-4o:mine") is None
    assert not REGISTRY.knows("someone/plugin/provider")


MODELS = [pytest.param(m, id=f"{c.id}:{m.name}") for c in builtin_cards() for m in c.models]


@pytest.mark.parametrize("model", MODELS)
def test_model_cards_are_sound(model: ModelCard) -> None:
    assert model.context_size is None or model.context_size > 0
    if model.max_output and model.context_size:
        assert model.max_output <= model.context_size
    names = [r.name for r in model.rules]
    assert len(names) == len(set(names))
    for rule in model.rules:
        if rule.min is not None and rule.max is not None:
            assert rule.min < rule.max
            if isinstance(rule.default, int | float):
                assert rule.min <= rule.default <= rule.max
    if "structured-output" in model.features and model.kind == "llm":
        assert {"response_format", "json_schema"} <= set(names)
    if model.price is not None:
        assert model.price.input > 0
        assert (model.price.output is not None) is (model.kind == "llm")


@pytest.mark.parametrize("card", builtin_cards(), ids=lambda c: c.id)
def test_provider_cards_are_sound(card: object) -> None:
    found = REGISTRY.find(getattr(card, "id", ""))
    form = found.model_form or found.provider_form
    assert set(found.connection.key_fields) <= {f.variable for f in form}
    assert found.secret_fields() == set(found.connection.key_fields)
    assert ("customizable-model" in found.methods) is bool(found.model_form)
    wire = provider_wire(found)
    msgspec.json.encode(wire)
    assert wire["provider"] == found.id


def test_contract_shapes() -> None:
    model = REGISTRY.model("openai", "gpt-4o")
    assert model is not None
    wire = model_wire(model)
    assert wire["pricing"] == {"input": "2.5", "output": "10", "unit": "0.000001", "currency": "USD"}
    assert wire["model_properties"] == {"context_size": 128_000, "mode": "chat"}
    rules = wire["parameter_rules"]
    assert isinstance(rules, list)
    assert rules[0] == {
        "name": "temperature", "use_template": "temperature",
        "label": {"en_US": "Temperature", "zh_Hans": "温度"}, "type": "float",
        "help": rules[0]["help"], "required": False, "default": None, "min": 0, "max": 2.0, "precision": 2,
        "options": [],
    }  # fmt: skip
    custom = custom_model_wire(REGISTRY.find("ollama"), "mine", kind="llm", context_size=4096)
    assert (custom["fetch_from"], custom["model_properties"]) == (
        "customizable-model",
        {"mode": "chat", "context_size": 4096},
    )


def test_fields_of_exported_credentials() -> None:
    def fields(provider: str) -> set[str]:
        card = REGISTRY.find(provider)
        return {f.variable for f in (*card.provider_form, *card.model_form)}

    assert {"openai_api_key", "openai_api_base", "openai_organization"} <= fields("openai")
    assert {"anthropic_api_key", "anthropic_api_url"} <= fields("anthropic")
    assert {"google_api_key"} <= fields("google")
    assert {"base_url", "context_size", "vision_support", "mode", "max_tokens"} <= fields("ollama")
    assert {"openai_api_base", "openai_api_key", "openai_api_version", "base_model_name"} <= fields("azure")
    compatible = {"endpoint_url", "api_key", "mode", "context_size", "max_tokens_to_sample", "function_calling_type"}
    assert compatible | {"vision_support"} <= fields("openai_api_compatible")
    assert {"dashscope_api_key"} <= fields("tongyi")
