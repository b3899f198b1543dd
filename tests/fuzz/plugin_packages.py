"""Packages of plugins, bent: the zips themselves, and the files in them."""

from __future__ import annotations

import random
from functools import cache

import msgspec
from tests.support.plugin_packages import model_files, public_pem, signed, strategy_files, tool_files, zipped

from orrery.plugins.package.bundle import read_bundle
from orrery.plugins.package.decoding import Policy, decode_package
from orrery.plugins.package.faults import PackageFault
from orrery.plugins.package.identity import UniqueIdentifier
from orrery.plugins.package.signature import read_key

from .mutations import bent_bytes
from .target import Ready

ROOM = 1 << 20


@cache
def policy() -> Policy:
    return Policy(most_bytes=ROOM, signed_only=False, keys=[read_key("k", public_pem())])


class PluginPackages(Ready):
    """A declaration that can be shown, or a fault that says what is wrong."""

    name = "plugin-packages"
    deadline = 3.0

    def make(self, dice: random.Random) -> bytes:
        files = dice.choice([tool_files, model_files, strategy_files])()
        if dice.random() < 0.7:
            for path in dice.sample(sorted(files), dice.randint(1, 2)):
                files[path] = bent_bytes(dice, files[path])
            return zipped(files)
        return bent_bytes(dice, signed(files) if dice.random() < 0.3 else zipped(files), most=12)

    async def check(self, data: bytes) -> None:
        try:
            package = decode_package(data, policy())
            msgspec.json.encode(package.declaration)
            assert UniqueIdentifier.parse(str(package.identifier)) == package.identifier
        except PackageFault as fault:
            assert str(fault)
        try:
            read_bundle(data, most_bytes=ROOM)
        except PackageFault as fault:
            assert str(fault)
