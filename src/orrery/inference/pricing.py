"""Tokens and a price list become `Usage`: decimal arithmetic, seven places, halves away from zero."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import msgspec

from orrery.inference.cards.schema import Price
from orrery.inference.types import Usage

_PLACES = Decimal("0.0000001")
_ZERO = Decimal("0.0")


def priced(usage: Usage, price: Price | None) -> Usage:
    """The same counts with unit prices and prices; zeros where the price is not known."""
    if price is None:
        return usage
    prompt = _amount(usage.prompt_tokens, price.input, price.unit)
    output = price.output if price.output is not None else _ZERO
    completion = _amount(usage.completion_tokens, output, price.unit)
    return msgspec.structs.replace(
        usage,
        prompt_unit_price=price.input,
        prompt_price_unit=price.unit,
        prompt_price=prompt,
        completion_unit_price=output,
        completion_price_unit=price.unit,
        completion_price=completion,
        total_price=(prompt + completion).quantize(_PLACES, ROUND_HALF_UP),
        currency=price.currency,
    )


def timed(usage: Usage, *, latency: float, first_token: float | None) -> Usage:
    """Times in seconds, to the millisecond; ``first_token`` None when no token came."""
    return msgspec.structs.replace(
        usage,
        latency=round(latency, 3),
        time_to_first_token=None if first_token is None else round(first_token, 3),
        time_to_generate=None if first_token is None else round(latency - first_token, 3),
    )


def _amount(tokens: int, unit_price: Decimal, unit: Decimal) -> Decimal:
    return (tokens * unit_price * unit).quantize(_PLACES, ROUND_HALF_UP)
