from __future__ import annotations

import re
from pathlib import Path

import pytest

from orrery.deploy.topology.stacks import whole
from orrery.sandbox.configuration import ServiceSettings
from orrery.sandbox.node import CONTRACT_NODE, find_node

ROOT = Path(__file__).parents[3]
LINES = (ROOT / "docker" / "Dockerfile").read_text().replace("\\\n", " ").splitlines()


def stage(name: str) -> list[str]:
    start = next(i for i, line in enumerate(LINES) if re.fullmatch(rf"FROM \S+ AS {name}", line))
    end = next((i for i in range(start + 1, len(LINES)) if LINES[i].startswith("FROM ")), len(LINES))
    return LINES[start:end]


def test_every_image_that_is_built_has_its_stage_and_user() -> None:
    targets = {service.build for service in whole().services if service.build}
    assert targets == {"orrery", "web"}
    for target in targets:
        lines = stage(target)
        assert "USER 1001:1001" in lines
        assert 'ARG COMMIT_SHA=""' in lines
        last_user = max(i for i, line in enumerate(lines) if line.startswith("USER "))
        assert not [line for line in lines[last_user:] if line.startswith(("RUN ", "COPY "))]


def test_the_product_starts_without_a_shell() -> None:
    assert 'ENTRYPOINT ["orrery", "role"]' in stage("orrery")


def test_the_product_adds_no_package_of_the_system_and_no_program_that_gives_rights() -> None:
    lines = stage("orrery")
    assert not [line for line in lines if "apt-get" in line or "apk " in line]
    assert [line for line in lines if "find / -xdev -type f -perm /6000 -exec chmod a-s {} +" in line]


def test_what_is_copied_from_the_repository_is_there() -> None:
    copied = [line.split()[1:-1] for line in LINES if line.startswith("COPY ") and "--from" not in line]
    sources = [source for words in copied for source in words]
    assert len(sources) > 5
    for source in sources:
        assert (ROOT / source).exists(), source


def test_the_build_sees_what_it_copies_and_nothing_private() -> None:
    rules = (ROOT / "docker" / "Dockerfile.dockerignore").read_text().splitlines()
    assert "*" in rules
    seen = {rule.removeprefix("!").rstrip("/") for rule in rules if rule.startswith("!")}
    copied = {s for line in LINES if line.startswith("COPY ") and "--from" not in line for s in line.split()[1:-1]}
    for source in copied:
        assert any(source.rstrip("/") == root or source.startswith(f"{root}/") for root in seen), source
    assert "web/node_modules" in rules


def test_folders_of_the_image_are_those_that_are_mounted() -> None:
    # For the group 0 too: a user that a cluster chooses has it.
    made = next(line for line in stage("orrery") if "install -d -o 1001 -g 0 -m 0775" in line)
    for service in whole().services:
        if service.build == "orrery":
            for mount in service.mounts:
                assert mount.read_only or mount.target in made.split(), mount.target


def test_node_is_a_choice_of_the_build() -> None:
    """On top of the image that everybody has: the program alone, where the contract's settings look for it."""
    start = LINES.index("FROM orrery AS orrery-node")
    lines = [line for line in stage("orrery-node")[1:] if line and not line.startswith("#")]
    assert lines == [f"COPY --from=node {CONTRACT_NODE} {CONTRACT_NODE}"]
    assert LINES[start - 1] == "FROM node:${NODE} AS node"
    # built for the same system as the image that it goes to
    arguments = dict(line.removeprefix("ARG ").split("=") for line in LINES if re.match(r"ARG (NODE|PYTHON)=", line))
    assert arguments["NODE"].split("-")[1:] == ["bookworm", "slim"]
    assert arguments["PYTHON"].split("-")[1:] == ["slim", "bookworm"]


def test_snippets_have_packages_of_their_own_beside_the_products() -> None:
    shipped = ServiceSettings(key="x").shipped
    installed = " ".join(stage("packages"))
    assert f"--target {shipped} --require-hashes -r requirements/snippets.txt" in " ".join(installed.split())
    assert f"COPY --from=packages {shipped} {shipped}" in stage("orrery")
    assert not shipped.startswith("/app/.venv")


def test_the_sandbox_takes_node_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_node() == str(node)
    assert ServiceSettings(key="x").js_engine is None
