"""Who may ask, and what a resolver's answers may be."""

import pytest

from orrery.egress import untrusted_policy
from orrery.egress.proxy.refusal import Refusal
from orrery.egress.proxy.rules import ProxyRules


def rules(*answers: list[str], private: str = "", domains: str = "") -> ProxyRules:
    left = iter(answers)

    async def lookup(host: str, port: int) -> list[str]:
        return next(left)

    policy = untrusted_policy(allow_private_ips=private, allow_private_domains=domains)
    return ProxyRules(policy, lookup=lookup)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.20.0.5", "192.168.0.9", "::1", "fd00::5", "fe80::1%eth0", "::ffff:10.0.0.1"],
)
def test_neighbours_may_ask(address: str) -> None:
    rules().check_source(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2600::1", "172.32.0.1", "::ffff:8.8.8.8", "", "nonsense"])
def test_strangers_may_not(address: str) -> None:
    with pytest.raises(Refusal) as caught:
        rules().check_source(address)
    assert caught.value.status == 403


@pytest.mark.parametrize(
    "answer",
    [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:10.0.0.1"], ["2600::1", "fd00::1"], ["169.254.169.254"]],
)
async def test_a_name_is_judged_by_all_of_its_addresses(answer: list[str]) -> None:
    with pytest.raises(Refusal) as caught:
        await rules(answer).addresses("a.test", 80)
    assert caught.value.status == 403


async def test_a_name_is_looked_up_once_and_its_addresses_are_those_to_connect_to() -> None:
    rebinding = rules(["93.184.216.34"], ["127.0.0.1"])
    assert await rebinding.addresses("a.test", 80) == ["93.184.216.34"]
    with pytest.raises(Refusal):
        await rebinding.addresses("a.test", 80)


async def test_exemptions_open_what_they_name() -> None:
    assert await rules(["10.0.0.7"], private="10.0.0.0/24").addresses("a.test", 80) == ["10.0.0.7"]
    assert await rules(["10.0.0.7"], domains="a.test").addresses("a.test", 80) == ["10.0.0.7"]
    with pytest.raises(Refusal):
        await rules(["10.0.0.7"], domains="b.test").addresses("a.test", 80)
    with pytest.raises(Refusal):
        await rules(["169.254.169.254"], private="0.0.0.0/0", domains="a.test").addresses("a.test", 80)


async def test_a_name_that_no_resolver_knows_is_unavailable() -> None:
    for answer, status in (([], 503), (OSError("gone"), 503), (UnicodeError("label"), 503)):

        async def lookup(host: str, port: int, answer: list[str] | Exception = answer) -> list[str]:
            if isinstance(answer, Exception):
                raise answer
            return answer

        with pytest.raises(Refusal) as caught:
            await ProxyRules(untrusted_policy(), lookup=lookup).addresses("a.test", 80)
        assert caught.value.status == status


async def test_a_resolver_that_does_not_answer_is_not_waited_for() -> None:
    import asyncio

    async def lookup(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(Refusal) as caught:
        await ProxyRules(untrusted_policy(), lookup=lookup, patience=0.01).addresses("a.test", 80)
    assert caught.value.status == 503
