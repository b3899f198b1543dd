"""What a model can do: from its card, or from what its credential's form says."""

from __future__ import annotations

from orrery.inference.cards.schema import ModelCard, ProviderCard
from orrery.inference.connect import text, whole_number
from orrery.inference.types import Credentials, ModelFeatures

_TOOL_FEATURES = frozenset({"tool-call", "multi-tool-call", "stream-tool-call"})


def features_of(card: ProviderCard, known: ModelCard | None, credentials: Credentials) -> ModelFeatures:
    """A model without a card is judged by its form's switches; without those, as a plain model with tools."""
    if known is not None:
        has = frozenset(known.features)
        return ModelFeatures(
            context_size=known.context_size,
            max_output=known.max_output,
            tools=bool(has & _TOOL_FEATURES),
            vision="vision" in has,
            document="document" in has,
            audio="audio" in has,
            video="video" in has,
            structured_output="structured-output" in has,
            reasoning=known.reasoning,
        )
    offered = {f.variable for f in card.model_form}
    calling = text(credentials, "function_calling_type") or text(credentials, "function_call_support")
    vision = text(credentials, "vision_support")
    formed = bool(offered & {"function_calling_type", "function_call_support"})
    return ModelFeatures(
        context_size=whole_number(credentials, "context_size"),
        max_output=whole_number(credentials, "max_tokens_to_sample") or whole_number(credentials, "max_tokens"),
        tools=calling in {"function_call", "tool_call", "true"} if formed else True,
        vision=vision in {"support", "true"} if "vision_support" in offered else card.connection.protocol == "gemini",
        structured_output=text(credentials, "structured_output_support") == "supported"
        or card.connection.protocol == "ollama",
    )
