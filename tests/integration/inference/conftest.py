from collections.abc import AsyncIterator, Callable

import pytest
from tests.support.model_server import ModelServer

from orrery.egress import GuardedHttpClient, operator_policy
from orrery.inference.transport import ModelTimeouts, ModelTransport, RetryPolicy

Patience = Callable[[str], ModelTransport]


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[GuardedHttpClient]:
    async with GuardedHttpClient(operator_policy(allow_private=True)) as client:
        yield client


@pytest.fixture
def waits() -> list[float]:
    """Seconds that the transport would have slept before another attempt."""
    return []


@pytest.fixture
def patience(http: GuardedHttpClient, waits: list[float]) -> Patience:
    """Transports by the behaviour they meet: short deadlines only where silence is what is tested."""

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    def made(model: str) -> ModelTransport:
        first = 0.15 if model in {"hang", "hang-headers"} else 60.0
        between = 0.15 if model == "hang-mid" else 60.0
        timeouts = ModelTimeouts(connect=60.0, first_byte=first, between=between, whole=60.0)
        return ModelTransport(http, timeouts=timeouts, retries=RetryPolicy(retries=2), sleep=sleep)

    return made


@pytest.fixture
def transport(patience: Patience) -> ModelTransport:
    return patience("")
