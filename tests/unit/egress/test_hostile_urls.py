"""The egress matrix (reliability.md 2.1): whatever the spelling, nothing connects to the inside."""

import pytest

from orrery.egress import GuardedHttpClient, operator_policy, untrusted_policy
from orrery.egress.protocol import EgressBlocked, EgressError, EgressInvalidRequest

from .canary import Canary, answer

# {port} is the canary's; every one of these must be refused as blocked
BLOCKED = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    "http://0.0.0.0:{port}/",
    "http://0:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.1:{port}/",
    "http://0x7f.0x0.0x0.0x1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://017700000001:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[0:0:0:0:0:ffff:7f00:0001]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[::ffff:0:127.0.0.1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[fe80::1%25eth0]:{port}/",
    "http://[fc00::1]:{port}/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:169.254.169.254]/",
    "http://2852039166/latest/meta-data/",
    "http://10.0.0.1/",
    "http://172.16.5.4/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://100.100.100.200/latest/meta-data/",
    "http://192.0.0.192/opc/v2/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://user@127.0.0.1:{port}/",
    "http://example.com:pw@127.0.0.1:{port}/",
    "http://example.com%23@127.0.0.1:{port}/",
    "http://93.184.216.34:22/",
    "http://93.184.216.34:6379/",
    "file:///etc/passwd",
    "ftp://93.184.216.34/",
    "gopher://127.0.0.1:{port}/_GET",
]
# refused before or by the guard, as blocked or as something that can't be sent
REFUSED = [
    "http://localhost.:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://127。0。0。1:{port}/",
    "http:\\\\127.0.0.1:{port}\\",
    "http://93.184.216.34\\@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\r\nHost: x/",
    "http://127.0.0.1:{port}:80/",
    "http://93.184.216.34 @127.0.0.1:{port}/",
    "http:/\\127.0.0.1:{port}/",
    "\\\\127.0.0.1:{port}/",
    "http:///127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "http://",
    "http://[::1:{port}/",
    "",
]


@pytest.mark.parametrize("url", BLOCKED)
async def test_blocked_without_a_single_connect(url: str) -> None:
    async with Canary() as canary, GuardedHttpClient(untrusted_policy()) as client:
        with pytest.raises((EgressBlocked, EgressInvalidRequest)) as caught:
            await client.request("GET", url.format(port=canary.port))
        assert canary.connects == 0
        if isinstance(caught.value, EgressBlocked):
            assert str(caught.value).endswith(
                "was blocked by SSRF protection. The URL may point to a private or local network address. "
            )


@pytest.mark.parametrize("url", REFUSED)
async def test_refused_without_a_single_connect(url: str) -> None:
    async with Canary() as canary, GuardedHttpClient(untrusted_policy()) as client:
        with pytest.raises(EgressError):
            await client.request("GET", url.format(port=canary.port))
        assert canary.connects == 0


async def test_the_matrix_is_blocked_by_the_guard_and_not_by_accident() -> None:
    invalid: list[str] = []
    async with GuardedHttpClient(untrusted_policy()) as client:
        for url in BLOCKED:
            try:
                await client.request("GET", url.format(port=9))
            except EgressBlocked:
                continue
            except EgressInvalidRequest:
                invalid.append(url)
    assert len(invalid) <= 2, invalid


async def test_streams_are_guarded_too() -> None:
    async with Canary() as canary, GuardedHttpClient(untrusted_policy()) as client:
        with pytest.raises(EgressBlocked):
            async with client.stream("GET", canary.url):
                pass
        assert canary.connects == 0


async def test_redirect_to_the_inside_is_blocked_at_the_second_hop() -> None:
    targets = ["http://169.254.169.254/x", "http://localhost:{port}/x", "//2130706433:{port}/", "file:///etc/passwd"]
    for target in targets:
        async with Canary() as inside:
            location = target.format(port=inside.port)

            def redirect(line: str, headers: dict[str, str], body: bytes, to: str = location) -> bytes:
                return answer(status="302 Found", headers={"Location": to})

            async with Canary(redirect) as outside:
                policy = untrusted_policy(allow_private_domains="public.test")

                async def lookup(host: str, port: int) -> list[str]:
                    return ["127.0.0.1"]

                async with GuardedHttpClient(policy, lookup=lookup) as client:
                    with pytest.raises(EgressBlocked):
                        await client.request("GET", f"http://public.test:{outside.port}/", follow_redirects=True)
                assert outside.connects == 1
                assert inside.connects == 0


async def test_rebinding_resolver_reaches_nothing() -> None:
    asked: list[str] = []

    async def lookup(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["93.184.216.34"] if len(asked) == 99 else ["127.0.0.1"]

    async with Canary() as canary, GuardedHttpClient(untrusted_policy(), lookup=lookup) as client:
        for _ in range(3):
            with pytest.raises(EgressBlocked):
                await client.request("GET", f"http://rebind.test:{canary.port}/")
        assert canary.connects == 0
    assert asked == ["rebind.test"] * 3


async def test_one_resolution_decides_check_and_connect() -> None:
    """First answer allowed, all later ones inside: a second resolution between check and connect would show."""
    answers = iter([["127.0.0.9"], ["127.0.0.1"], ["127.0.0.1"]])

    async def lookup(host: str, port: int) -> list[str]:
        return next(answers)

    policy = untrusted_policy(allow_private_ips="127.0.0.9")
    async with Canary() as canary, GuardedHttpClient(policy, lookup=lookup) as client:
        with pytest.raises(EgressError) as caught:  # nobody listens on 127.0.0.9
            await client.request("GET", f"http://rebind.test:{canary.port}/")
        assert not isinstance(caught.value, EgressBlocked)
        with pytest.raises(EgressBlocked):
            await client.request("GET", f"http://rebind.test:{canary.port}/")
        assert canary.connects == 0


async def test_a_mixed_answer_is_refused() -> None:
    async def lookup(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "127.0.0.1"]

    async with Canary() as canary, GuardedHttpClient(untrusted_policy(), lookup=lookup) as client:
        with pytest.raises(EgressBlocked):
            await client.request("GET", f"http://mixed.test:{canary.port}/")
        assert canary.connects == 0


METADATA = ["http://169.254.169.254/", "http://[fd00:ec2::254]/", "http://100.100.100.200/", "http://[fe80::1]/"]


@pytest.mark.parametrize("url", METADATA)
async def test_metadata_stays_shut_for_operators_and_exemptions(url: str) -> None:
    exempting = untrusted_policy(allow_private_ips="0.0.0.0/0, ::/0")
    for policy in (operator_policy(allow_private=True), exempting):
        async with GuardedHttpClient(policy) as client:
            with pytest.raises(EgressBlocked):
                await client.request("GET", url)


async def test_operators_may_use_this_machine_but_not_our_own_listener() -> None:
    async with Canary() as model, Canary() as own:
        policy = operator_policy(allow_private=True, refused=[("0.0.0.0", own.port)])
        async with GuardedHttpClient(policy) as client:
            assert (await client.request("GET", model.url)).content == b"ok"
            for host in ("127.0.0.1", "localhost", "127.0.0.2"):
                with pytest.raises(EgressBlocked):
                    await client.request("GET", f"http://{host}:{own.port}/")
        assert own.connects == 0


async def test_operators_of_a_fleet_stay_outside_unless_listed() -> None:
    async with Canary() as canary:
        async with GuardedHttpClient(operator_policy(allow_private=False)) as client:
            with pytest.raises(EgressBlocked):
                await client.request("GET", canary.url)
            assert canary.connects == 0
        listed = operator_policy(allow_private=False, allow_private_ips="127.0.0.0/8")
        async with GuardedHttpClient(listed) as client:
            assert (await client.request("GET", canary.url)).status == 200
