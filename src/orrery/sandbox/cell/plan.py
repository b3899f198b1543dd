"""What a zygote is told at its start and what a child is told per job. No user text passes through either."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

FIRST_RUN_UID = 10000
GATE_PORT = 3128
"""The one port that a snippet with network can reach, on its own loopback."""


@dataclass(frozen=True)
class Plan:
    """How one zygote confines its children.

    ``level`` 1: Landlock, seccomp, limits; 3: private root, network, IPC and process namespaces besides.
    ``drop_user``: every child runs as its own uid, `FIRST_RUN_UID` + slot (needs root). ``memory``, ``address_space``
    and ``file_size`` are bytes. ``preload`` are folders to import the engine from, gone once it is imported;
    ``packages`` are folders that snippets may import from. ``entry`` is the ``module:function`` that a zygote of the
    kind ``call`` imports and its children call. ``program`` is the command that children of the kind ``node`` become,
    its path first; an ``address_space`` of 0 is unbounded. ``system_calls`` are names of `policy.FURTHER`.
    """

    kind: str
    level: int
    drop_user: bool
    preload: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    memory: int = 256 << 20
    address_space: int = 1 << 30
    file_size: int = 1 << 20
    open_files: int = 64
    processes: int = 64
    stack: int = 16 << 20
    entry: str = ""
    program: tuple[str, ...] = ()
    system_calls: tuple[str, ...] = ()

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Raises KeyError or TypeError for a text that `to_json` did not write."""
        fields = json.loads(text)
        for name in ("preload", "packages", "program", "system_calls"):
            fields[name] = tuple(fields[name])
        return cls(**fields)


@dataclass(frozen=True)
class Job:
    """One run. ``mode`` is ``raw``, ``main``, ``template``, ``call``, ``program`` or ``escapes``; ``cpu_seconds`` a hard limit.

    ``slot`` picks the uid. With ``network`` the child gets a network of its own whose one door is a listening socket,
    handed out before its confinement through the last descriptor of the job. ``environment`` is all of the child's.
    ``groups`` descriptors before that one are control groups that the child puts itself into.
    """

    number: int
    mode: str
    cpu_seconds: int
    slot: int
    network: bool = False
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    groups: int = 0

    def to_json(self) -> bytes:
        environment = dict(self.environment)
        fields = [self.number, self.mode, self.cpu_seconds, self.slot, self.network, environment, self.groups]
        return json.dumps(fields).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Job:
        return cls(*json.loads(text))


def pack_payload(code: str, inputs: str) -> bytes:
    """What a child reads once it is confined: length of the code in ASCII, newline, code, inputs as JSON text."""
    encoded = code.encode("utf-8", "surrogatepass")
    return b"%d\n%b%b" % (len(encoded), encoded, inputs.encode("utf-8", "surrogatepass"))


def unpack_payload(payload: bytes) -> tuple[str, str]:
    """Code and inputs of `pack_payload`."""
    head, _, rest = payload.partition(b"\n")
    size = int(head)
    return rest[:size].decode("utf-8", "surrogatepass"), rest[size:].decode("utf-8", "surrogatepass")
