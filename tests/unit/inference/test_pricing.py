from decimal import Decimal

from orrery.inference.cards.schema import Price
from orrery.inference.pricing import priced, timed
from orrery.inference.types import Usage


def test_prices_are_rounded_half_up_at_seven_places() -> None:
    usage = priced(
        Usage(prompt_tokens=1, completion_tokens=3, total_tokens=4),
        Price(Decimal("0.15"), Decimal("0.6"), currency="RMB"),
    )
    assert usage.prompt_price == Decimal("0.0000002")
    assert usage.completion_price == Decimal("0.0000018")
    assert usage.total_price == Decimal("0.0000020")
    assert usage.currency == "RMB"


def test_an_unknown_price_leaves_zeros() -> None:
    assert priced(Usage(prompt_tokens=5), None).as_wire()["total_price"] == "0.0"


def test_a_model_without_output_price() -> None:
    usage = priced(Usage(prompt_tokens=1_000_000, total_tokens=1_000_000), Price(Decimal("0.13")))
    assert (usage.total_price, usage.completion_price) == (Decimal("0.13"), 0)


def test_times() -> None:
    usage = timed(Usage(), latency=1.23456, first_token=0.2)
    assert (usage.latency, usage.time_to_first_token, usage.time_to_generate) == (1.235, 0.2, 1.035)
    assert timed(Usage(), latency=1.0, first_token=None).time_to_generate is None
