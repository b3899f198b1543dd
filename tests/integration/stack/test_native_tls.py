"""TLS before a native stack, by the real nginx: the containers' settings, renewals, and what is said of bad files."""

from __future__ import annotations

import asyncio
import http.client
import os
import ssl
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.support.edge import DOMAIN, WAIT_SECONDS, Behind, behind, issue, shown, until
from tests.support.edge_visits import connect, get, shows, trusting, visits
from tests.support.ports import free_port

from orrery.cli.main import main
from orrery.deploy.envfile.initial import Place, initial
from orrery.deploy.native.certificate import EdgeFault
from orrery.deploy.native.front import Front, Ports, permitted
from orrery.deploy.native.journal import Journal
from orrery.deploy.native.programs import MissingProgram, program
from orrery.deploy.native.supervisor import Pace, Supervisor
from orrery.deploy.topology.model import DEFAULTS

QUICK = Pace(starting_look=0.01, first_pause=0.05, files_look=0.1, become_well=WAIT_SECONDS)
HTTPS = {"NGINX_HTTPS_ENABLED": "true", "NGINX_WORKER_PROCESSES": "2"}
CERTBOT = {
    "NGINX_ENABLE_CERTBOT_CHALLENGE": "true",
    "CERTBOT_DOMAIN": DOMAIN,
    "NGINX_SSL_CERT_FILENAME": "fullchain.pem",
    "NGINX_SSL_CERT_KEY_FILENAME": "privkey.pem",
}
Make = Callable[..., Front]


@pytest.fixture
def nginx() -> str:
    try:
        return program("nginx", "nginx-light")
    except MissingProgram as error:
        pytest.skip(str(error))


@pytest.fixture
def home() -> Generator[Path]:
    """A folder that nginx's own user can reach; nobody else can reach pytest's."""
    with tempfile.TemporaryDirectory(prefix="orrery-front-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def front(nginx: str, home: Path) -> Generator[Make]:
    """Makes the front of a stack whose API is `Behind`."""
    with behind("127.0.0.1", free_port()) as api:

        def make(now: Callable[[], datetime] = lambda: datetime.now(UTC), **variables: str) -> Front:
            ports = Ports(free_port(), free_port(), (api,), free_port())
            values = {**DEFAULTS, **HTTPS, **variables}
            return Front(nginx, home / "nginx", ports, values, issued=home / "live", now=now)

        yield make


class Running:
    """nginx under the supervisor, and what was said."""

    def __init__(self, front: Front, folder: Path) -> None:
        self.lines: list[str] = []
        self.journal = Journal(folder)
        self.secure, self.plain = front.ports.secure, front.ports.plain
        unit = front.unit()
        self.supervisor = Supervisor((unit,), self.journal, lambda _, text: self.lines.append(text), QUICK)

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    @property
    def addresses(self) -> tuple[str, ...]:
        state = self.journal.read()
        assert state is not None
        return state.units[0].addresses

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        await asyncio.to_thread(until, condition, what, lambda: self.said)


@asynccontextmanager
async def running(front: Front, home: Path) -> AsyncGenerator[Running]:
    front.prepare()
    stack = Running(front, home)
    task = asyncio.create_task(stack.supervisor.run())
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await stack.supervisor.all_well()
        yield stack
    finally:
        Behind.release.set()
        stack.supervisor.stop()
        await asyncio.wait_for(task, WAIT_SECONDS)


async def test_both_ways_lead_to_the_product(front: Make, home: Path) -> None:
    issued = issue(home / "nginx" / "ssl", "orrery.crt", "orrery.key")
    made = front()
    async with running(made, home) as stack:
        assert stack.addresses == (f"https://localhost:{stack.secure}", f"http://localhost:{stack.plain}")
        status, text = await asyncio.to_thread(get, stack.secure, "/v1/info", trusting(issued))
        assert (status, text.splitlines()[0]) == (200, f"{made.ports.apis[0]} /v1/info")
        assert "X-Forwarded-Proto: https" in text
        assert f"X-Forwarded-Port: {stack.secure}" in text
        assert "X-Forwarded-Proto: http\n" in (await asyncio.to_thread(get_plain, stack.plain)).replace("\r", "")


def get_plain(port: int) -> str:
    """No redirect, as before the containers: whoever has a balancer in front would go in circles."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_SECONDS)) as connection:
        connection.request("GET", "/v1/info")
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read().decode()


async def test_http_2_is_spoken(front: Make, home: Path) -> None:
    issued = issue(home / "nginx" / "ssl", "orrery.crt", "orrery.key")
    context = trusting(issued)
    context.set_alpn_protocols(["h2", "http/1.1"])
    async with running(front(), home) as stack:
        with closing(connect(stack.secure, context)) as connection:
            await asyncio.to_thread(connection.connect)
            assert isinstance(connection.sock, ssl.SSLSocket)
            assert connection.sock.selected_alpn_protocol() == "h2"


async def test_a_renewed_certificate_is_taken_up_and_no_request_is_lost(front: Make, home: Path) -> None:
    first = issue(home / "nginx" / "ssl", "orrery.crt", "orrery.key")
    later = issue(home / "later", "orrery.crt", "orrery.key")
    either = trusting(first)
    # Trusted before it is shown, so that every refusal is a lost request.
    either.load_verify_locations(cafile=str(later.certificate))
    async with running(front(), home) as stack:
        with closing(connect(stack.secure, either)) as held:
            Behind.release.clear()
            held.request("GET", "/v1/stream")
            stream = held.getresponse()
            assert stream.read(9) == b"data: 1\n\n"
            with visits(stack.secure, either) as seen:
                # Half of a renewal is said, and changes nothing.
                later.certificate.replace(first.certificate)
                await stack.until(lambda: "is not the key of" in stack.said, "nobody complained of the key")
                assert shown(stack.secure).serial_number == first.serial
                later.key.replace(first.key)
                await stack.until(lambda: shows(stack.secure, later.serial), "the new certificate is not shown")
                before = seen[200]
                await stack.until(lambda: seen[200] > before + 5 or len(seen) > 1, "no requests after the change")
            Behind.release.set()
            assert set(seen) == {200}
            assert await asyncio.to_thread(stream.read) == b"data: 2\n\n"
        state = stack.journal.read()
        assert state is not None
        assert state.units[0].restarts == 0
    assert "the certificate in use stays" in (home / "logs" / "nginx.log").read_text()


async def test_tls_begins_when_certbot_has_got_the_first_certificate(front: Make, home: Path) -> None:
    made = front(**CERTBOT)
    async with running(made, home) as stack:
        await stack.until(lambda: "without TLS until certbot has got one" in stack.said, "nobody said why")
        assert stack.addresses == (f"http://localhost:{stack.plain}",)
        await asyncio.to_thread(get_plain, stack.plain)
        issued = issue(home / "live" / DOMAIN, "fullchain.pem", "privkey.pem")
        await stack.until(lambda: shows(stack.secure, issued.serial), "TLS does not begin")
        assert stack.addresses[0] == f"https://localhost:{stack.secure}"


async def test_a_certificate_that_has_run_out_is_served_and_said(front: Make, home: Path) -> None:
    issued = issue(home / "nginx" / "ssl", "orrery.crt", "orrery.key")
    made = front(now=lambda: datetime.now(UTC) + timedelta(days=2))
    async with running(made, home) as stack:
        await stack.until(lambda: "orrery.crt ended on " in stack.said, "nobody said that it has run out")
        assert shown(stack.secure).serial_number == issued.serial


def test_settings_that_nginx_does_not_know_are_said_at_once(front: Make, home: Path) -> None:
    issue(home / "nginx" / "ssl", "orrery.crt", "orrery.key")
    with pytest.raises(EdgeFault, match=r'nginx does not take its settings: .*"TLSv9"'):
        front(NGINX_SSL_PROTOCOLS="TLSv9").prepare()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "NGINX_HTTPS_ENABLED=true, but there is no {home}/nginx/ssl/orrery.crt\n  mend: put the certificate"),
        ("NGINX_SSL_PORT=https\n", "NGINX_SSL_PORT=https is no port\n  mend: write a number"),
        ("NGINX_SSL_CERT_FILENAME=/etc/hostname\n", "but /etc/hostname holds no certificate in PEM form\n  mend:"),
    ],
)
@pytest.mark.usefixtures("nginx")
def test_a_stack_without_a_certificate_does_not_begin(tmp_path: Path, lines: str, said: str) -> None:
    (tmp_path / ".env").write_text(f"{initial(Place.COMPOSE)}\nNGINX_HTTPS_ENABLED=true\n{lines}")
    if "CERT_FILENAME" in lines:
        issue(tmp_path / "nginx" / "ssl", "orrery.crt", "orrery.key")
    done = CliRunner().invoke(main, ["stack", "up", "--home", str(tmp_path), "--port", str(free_port())])
    assert (done.exit_code, said.format(home=tmp_path) in done.output) == (78, True), done.output
    assert not (tmp_path / "postgres").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody with fewer rights")
def test_a_port_that_this_user_may_not_have_is_said() -> None:
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) < 2:
        pytest.skip("every port is open to everybody here")
    os.seteuid(65534)
    try:
        with pytest.raises(EdgeFault, match="this user may not listen on port 1") as caught:
            permitted([1])
    finally:
        os.seteuid(0)
    assert "--https-port" in caught.value.mend
