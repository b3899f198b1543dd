"""Many answers at once end whole, and nothing is left behind by those that failed or were dropped."""

import asyncio
import subprocess
import sys

from tests.integration.inference.calls import call, collect
from tests.integration.inference.test_gateway import Stored, credentials_at
from tests.support.model_server import ModelServer

from orrery.egress import EgressLimits, GuardedHttpClient, operator_policy
from orrery.inference.gateway import InferenceGateway
from orrery.inference.registry import ProviderRegistry
from orrery.inference.transport import ModelTimeouts, ModelTransport, RetryPolicy
from orrery.inference.types import InvokeError

MODELS = ["words:20", "cut", "hang-mid", "error:500", "slow:1:5", "tool"]


async def test_a_hundred_and_twenty_at_once(server: ModelServer) -> None:
    async with GuardedHttpClient(operator_policy(allow_private=True), limits=EgressLimits(max_connections=0)) as http:
        # Only the model that falls silent is waited for so shortly: the others share one processor.
        gateways = [
            InferenceGateway(
                ProviderRegistry(), Stored(credentials_at(server.url)),
                ModelTransport(http, timeouts=ModelTimeouts(first_byte=60, between=silence), retries=RetryPolicy(retries=0)),
            )
            for silence in (60, 1.5)
        ]  # fmt: skip
        await collect(gateways[0].stream(call("echo")))
        before = asyncio.all_tasks()

        async def one(number: int) -> str:
            model = MODELS[number % len(MODELS)]
            try:
                gateway = gateways[model == "hang-mid"]
                return (await collect(gateway.stream(call(model)))).text.strip().rpartition(" ")[2]
            except InvokeError as exc:
                return type(exc).__name__

        ends = await asyncio.gather(*(one(i) for i in range(120)))
        assert (
            ends
            == ["w19", "InvokeConnectionError", "InvokeConnectionError", "InvokeServerUnavailableError", "w4", "davon"]
            * 20
        )
        async with asyncio.timeout(60):
            while server.streams_under_way():
                await asyncio.sleep(0.01)
    await asyncio.sleep(0)
    ours = {t for t in asyncio.all_tasks() - before if "orrery" in repr(t.get_coro())}
    assert ours == set()


def test_the_model_server_runs_as_a_command() -> None:
    command = [sys.executable, "-m", "tests.support.model_server", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.terminate()
    assert line.startswith("model server on http://127.0.0.1:")
