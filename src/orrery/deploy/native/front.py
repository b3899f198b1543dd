"""Keeps the configuration of a native stack's nginx: made at the start, and again when its certificate is another one."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from orrery.deploy.envfile.writing import replace_text
from orrery.deploy.native.certificate import (
    EdgeFault,
    MissingFile,
    Pair,
    Validity,
    checked,
    fingerprint,
    out_of_time,
    pair_in_use,
)
from orrery.deploy.native.edge import Tls, edge_configuration
from orrery.deploy.native.programs import LOOPBACK, own_environment
from orrery.deploy.native.unit import News, Unit

ISSUED = Path("/etc/letsencrypt/live")
"""Where certbot keeps the certificates that it got."""
_HTTP2_APART = (1, 25, 1)
_HTTPS = 443


class Ports(msgspec.Struct, frozen=True):
    """``plain`` and ``secure`` are the ones that people reach; the others are behind nginx."""

    plain: int
    secure: int
    apis: tuple[int, ...]
    plugin_daemon: int


class Front:
    """nginx's file in ``folder``, for the variables of the container's nginx; ``nginx`` is the program.

    `prepare` comes first. The operator's certificate lies in ``folder``/ssl.
    """

    def __init__(
        self,
        nginx: str,
        folder: Path,
        ports: Ports,
        values: Mapping[str, str],
        *,
        issued: Path = ISSUED,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.configuration = folder / "nginx.conf"
        self.own = folder / "ssl"
        self.secure = False
        self._nginx, self._folder, self.ports, self._values = nginx, folder, ports, values
        self._issued, self._now = issued, now
        self._wanted = values["NGINX_HTTPS_ENABLED"] == "true"
        self._seen = ""
        self._serving: tuple[Pair, Validity] | None = None
        self._complained = False

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where people reach the stack."""
        name = self._values["NGINX_SERVER_NAME"].split(" ")[0]
        host = "localhost" if not re.fullmatch(r"[A-Za-z0-9.-]+", name) else name
        plain = f"http://{host}:{self.ports.plain}"
        if not self.secure:
            return (plain,)
        port = "" if self.ports.secure == _HTTPS else f":{self.ports.secure}"
        return (f"https://{host}{port}", plain)

    def prepare(self) -> None:
        """Writes the file and has nginx read it once. Raises `EdgeFault`."""
        self._folder.mkdir(exist_ok=True)
        self.own.mkdir(mode=0o700, exist_ok=True)
        if self._wanted:
            pair = self._pair()
            self._seen = fingerprint(pair)
            try:
                self._serving = pair, checked(pair)
            except MissingFile as fault:
                if not self._somebody_brings_one():
                    raise EdgeFault(f"NGINX_HTTPS_ENABLED=true, but {fault}", fault.mend) from None
            except EdgeFault as fault:
                raise EdgeFault(f"NGINX_HTTPS_ENABLED=true, but {fault}", fault.mend) from None
        self._write()
        ports = (self.ports.plain, self.ports.secure) if self._wanted else (self.ports.plain,)
        permitted(ports)
        self._read_once()

    def unit(self, needs: tuple[str, ...] = ()) -> Unit:
        """nginx, asked for health by the way that most people come."""
        asked = f"https://{LOOPBACK}:{self.ports.secure}" if self.secure else f"http://{LOOPBACK}:{self.ports.plain}"
        return Unit(
            name="nginx",
            command=(self._nginx, "-c", str(self.configuration), "-e", "stderr"),
            environment=own_environment({}),
            folder=self._folder,
            needs=needs,
            address=f"{asked}/health",
            stop_signal=signal.SIGQUIT,
            addresses=self.addresses,
            look=self.look,
        )

    def look(self) -> News | None:
        """What there is to say of the certificate, and whether nginx has to read it again."""
        if not self._wanted:
            return None
        pair = self._pair()
        seen = fingerprint(pair)
        if seen == self._seen:
            return self._complaint()
        self._seen = seen
        try:
            validity = checked(pair)
        except EdgeFault as fault:
            # Half of a renewal, say: what nginx has read stays good.
            rest = "the certificate in use stays" if self._serving else "still without TLS"
            return News(f"{fault}: {rest}")
        self._serving, self._complained = (pair, validity), False
        self._write()
        return News(f"the certificate has changed: {pair.certificate}", again=True, addresses=self.addresses)

    def _pair(self) -> Pair:
        return pair_in_use(self._values, self.own, self._issued)

    def _somebody_brings_one(self) -> bool:
        """Somebody has to answer for the domain before there can be a certificate."""
        return bool(self._values["CERTBOT_DOMAIN"]) and self._values["NGINX_ENABLE_CERTBOT_CHALLENGE"] == "true"

    def _complaint(self) -> News | None:
        if self._complained:
            return None
        if self._serving is None:
            self._complained = True
            return News(
                f"no certificate of {self._values['CERTBOT_DOMAIN']} yet: without TLS until certbot has got one"
            )
        text = out_of_time(*self._serving, self._now())
        self._complained = bool(text)
        return News(text) if text else None

    def _write(self) -> None:
        tls = None
        if self._serving is not None:
            tls = Tls(self.ports.secure, self._serving[0], _version(self._nginx) >= _HTTP2_APART)
        self.secure = tls is not None
        ports = self.ports
        text = edge_configuration(
            ports.plain, ports.apis, self._folder, self._values, plugin_daemon=ports.plugin_daemon, tls=tls
        )
        replace_text(self.configuration, text)

    def _read_once(self) -> None:
        words = [self._nginx, "-t", "-q", "-c", str(self.configuration), "-e", "stderr"]
        done = subprocess.run(words, env=own_environment({}), capture_output=True, text=True, check=False)  # noqa: S603  (our own words)
        if done.returncode:
            mend = "see the variables NGINX_... in the .env of the stack"
            raise EdgeFault(f"nginx does not take its settings: {done.stderr.strip()}", mend)


def permitted(ports: Sequence[int]) -> None:
    """Raises `EdgeFault` for a port that this user may not listen on."""
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except PermissionError:
                mend = "take one above 1023 with --port or --https-port, or start the stack as root"
                raise EdgeFault(f"this user may not listen on port {port}", mend) from None
            except OSError:
                continue  # taken, which may pass: nginx will say so


def _version(nginx: str) -> tuple[int, ...]:
    done = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True)  # noqa: S603  (our own words)
    found = re.search(r"/(\d+)\.(\d+)\.(\d+)", done.stderr)
    return tuple(map(int, found.groups())) if found else (0,)
