"""Providers as data: ids, credential forms, where to call, models with features, prices and parameters.

`builtin_cards` is the whole list; adding a vendor that speaks a known protocol is adding a card.
"""

from orrery.inference.cards.anthropic import ANTHROPIC
from orrery.inference.cards.google import GOOGLE
from orrery.inference.cards.openai import AZURE_OPENAI, OPENAI
from orrery.inference.cards.openai_family import OPENAI_FAMILY
from orrery.inference.cards.rankers import RANKERS
from orrery.inference.cards.schema import ProviderCard
from orrery.inference.cards.self_hosted import SELF_HOSTED

__all__ = ["ProviderCard", "builtin_cards"]


def builtin_cards() -> tuple[ProviderCard, ...]:
    """Every provider that needs no plugin, in the order a list shows them."""
    return (OPENAI, ANTHROPIC, GOOGLE, AZURE_OPENAI, *SELF_HOSTED, *OPENAI_FAMILY, *RANKERS)
