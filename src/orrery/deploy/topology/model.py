"""The words a topology is written in. Texts may hold Compose's ``${NAME:-default}`` expressions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from orrery.deploy.contract import contract
from orrery.deploy.example import OWN, default_of
from orrery.deploy.roles import Mode

Condition = Literal["service_started", "service_healthy", "service_completed_successfully"]

DEFAULT_NETWORK = "default"
ISOLATED_NETWORK = "ssrf_proxy_network"
SANDBOX_INSIDE = "sandbox_inside"
"""The sandbox's name on its own network, where only the proxy is beside it."""
"""Internal: its members reach one another and nothing else, unless they are on another network too."""

INSTALL_HINT = "run: orrery stack init"


class Port(msgspec.Struct, frozen=True):
    """``number`` inside the container; ``published`` is the address or port on the machine, empty for none."""

    number: int | str
    name: str
    published: str = ""


class Health(msgspec.Struct, frozen=True):
    """``test`` in Compose's form: CMD or CMD-SHELL and its words. Times as Compose writes them; empty is its default.

    ``disable`` is Compose's, too: an expression that is true where no check is wanted.
    """

    test: tuple[str, ...]
    interval: str = ""
    timeout: str = ""
    retries: int = 0
    start_period: str = ""
    disable: str = ""


class Dependency(msgspec.Struct, frozen=True):
    """``required`` is False for one of several alternatives that profiles choose from."""

    service: str
    condition: Condition = "service_started"
    required: bool = True


class Mount(msgspec.Struct, frozen=True):
    """``source`` is a path beside the Compose file, or the name of a volume."""

    source: str
    target: str
    read_only: bool = False


class Resources(msgspec.Struct, frozen=True):
    """Of one container. Empty texts set nothing; ``cpu`` in cores or thousandths (``250m``), ``memory`` as ``512Mi``."""

    cpu: str = ""
    memory: str = ""
    memory_limit: str = ""
    processes: int = 0


class Scale(msgspec.Struct, frozen=True):
    """Replicas on a cluster. ``most`` above ``least`` lets them grow with CPU use."""

    least: int = 1
    most: int = 1


class Call(msgspec.Struct, frozen=True):
    """A connection that a service opens to another one."""

    service: str
    port: int


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One container.

    ``shared_environment`` gives it every setting of the product before its own ``environment``. ``calls`` and
    ``internet`` say whom it talks to: network policies are derived from them. ``doors`` are the ports that people
    outside may reach. ``aliases`` are further names, by the network on which they hold. ``build`` is the target of the Dockerfile that makes its image.
    """

    name: str
    image: str
    role: Mode | None = None
    build: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = {}
    shared_environment: bool = False
    ports: tuple[Port, ...] = ()
    doors: tuple[int, ...] = ()
    mounts: tuple[Mount, ...] = ()
    networks: tuple[str, ...] = (DEFAULT_NETWORK,)
    aliases: Mapping[str, str] = {}
    calls: tuple[Call, ...] = ()
    internet: bool = False
    depends_on: tuple[Dependency, ...] = ()
    health: Health | None = None
    probe: str = ""
    profiles: tuple[str, ...] = ()
    user: str = ""
    restart: str = "always"
    read_only: bool = False
    tmpfs: tuple[str, ...] = ()
    drop_capabilities: bool = False
    resources: Resources = Resources()
    scale: Scale = Scale()
    ulimits: Mapping[str, tuple[str, str]] = {}
    privileged: bool = False
    container_name: str = ""
    extra_hosts: tuple[str, ...] = ()
    env_file: str = ""


class Network(msgspec.Struct, frozen=True):
    """``internal`` networks have no way out."""

    name: str
    internal: bool = False


class Topology(msgspec.Struct, frozen=True):
    """A set of services with their networks and named volumes."""

    services: tuple[Service, ...]
    networks: tuple[Network, ...]
    volumes: tuple[str, ...] = ()

    def service(self, name: str) -> Service:
        """The service of that name. Raises KeyError."""
        for service in self.services:
            if service.name == name:
                return service
        raise KeyError(name)


DEFAULTS: Mapping[str, str] = {
    **{variable.name: default_of(variable) for variable in contract()},
    **{variable.name: variable.default for variable in OWN},
}


def value_of(name: str) -> str:
    """The expression that reads the contract's variable ``name`` with our default. Raises KeyError."""
    return f"${{{name}:-{DEFAULTS[name]}}}"


def values_of(*names: str, prefix: str = "") -> dict[str, str]:
    """An environment in which each of ``names`` is read from the variable ``prefix + name``."""
    return {name: value_of(prefix + name) for name in names}


ORRERY_USER = value_of("ORRERY_USER")
"""Who Orrery's containers run as. Any number will do: nothing asks for its name."""


def secret(name: str) -> str:
    """The expression of a secret without which nothing may start."""
    return f"${{{name}:?{INSTALL_HINT}}}"
