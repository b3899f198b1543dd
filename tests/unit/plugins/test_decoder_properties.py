"""Whatever comes as a package is decoded or refused with a fault: never another error, never a file outside."""

from __future__ import annotations

import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.plugin_packages import in_yaml, manifest, model_files, public_pem, signed, tool, tool_files, zipped

from orrery.plugins.package.archive import read_archive
from orrery.plugins.package.decoding import Package, Policy, decode_package
from orrery.plugins.package.faults import PackageFault
from orrery.plugins.package.identity import UniqueIdentifier, checksum
from orrery.plugins.package.signature import read_key

POLICY = Policy(most_bytes=1 << 20, signed_only=False, keys=[read_key("k", public_pem())])
SEEDS = (zipped(tool_files()), signed(tool_files(), category="community"), zipped(model_files()))
TREES = (tool_files(), model_files())

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(
    ["select", "form", "en_US", "icon.svg", "models/llm/*.yaml", "provider/weather.yaml", "1.2.3", "&a", "*a"]
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def tried(content: bytes) -> Package | None:
    try:
        package = decode_package(content, POLICY)
    except PackageFault as fault:
        assert str(fault)
        return None
    # What was accepted can be shown, and found again by its name.
    msgspec.json.encode(package.declaration)
    assert UniqueIdentifier.parse(str(package.identifier)) == package.identifier
    assert len(str(package.identifier)) <= 320
    return package


@given(st.binary(max_size=400))
def test_noise(content: bytes) -> None:
    tried(content)


@given(st.sampled_from(SEEDS), st.integers(0, 2**32), st.integers(1, 12))
def test_bent_packages(seed: bytes, number: int, changes: int) -> None:
    dice = random.Random(number)
    content = bytearray(seed)
    for _ in range(changes):
        place = dice.randrange(len(content))
        if dice.random() < 0.3:
            del content[place : place + dice.randrange(1, 40)]
        else:
            content[place] = dice.randrange(256)
    tried(bytes(content))


@settings(max_examples=40)
@given(st.sampled_from(TREES), st.data())
def test_bent_files(tree: dict[str, bytes], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(tree)))
    written = data.draw(st.binary(max_size=200) | values.map(in_yaml))
    tried(zipped(tree | {path: written}))


@settings(max_examples=40)
@given(st.sampled_from(sorted(manifest())), values)
def test_bent_manifests(field: str, value: object) -> None:
    tried(zipped(tool_files({field: value})))


@settings(max_examples=40)
@given(st.sampled_from(["identity", "description", "parameters", "output_schema", "has_runtime_parameters"]), values)
def test_bent_tools(field: str, value: object) -> None:
    tried(zipped(tool_files() | {"tools/today.yaml": in_yaml(tool(**{field: value}))}))


@given(st.dictionaries(st.text("ab/.-é", min_size=1, max_size=6), st.binary(max_size=8), min_size=1, max_size=6))
def test_trees_come_back_as_they_went(tree: dict[str, bytes]) -> None:
    content = zipped(tree)
    try:
        archive = read_archive(content, most_bytes=1 << 20)
    except PackageFault:
        assert any(name in {"", ".", ".."} for path in tree for name in path.split("/"))
        return
    assert archive.files == tree
    assert checksum(tree) == checksum(dict(reversed(tree.items())))


@given(st.data())
def test_the_checksum_sees_every_change(data: st.DataObject) -> None:
    tree = tool_files()
    path = data.draw(st.sampled_from(sorted(tree)))
    content = data.draw(st.binary(max_size=20).filter(lambda new: new != tree[path]))
    assert checksum(tree | {path: content}) != checksum(tree)
    assert checksum({name: text for name, text in tree.items() if name != path}) != checksum(tree)
