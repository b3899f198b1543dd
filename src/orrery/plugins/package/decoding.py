"""From the bytes of a ``.difypkg`` to everything that is known of the plugin, or one fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from orrery.plugins.package.archive import Archive, read_archive
from orrery.plugins.package.assets import asset_id, assets_of, with_asset_ids
from orrery.plugins.package.declaration import Category, read_declaration
from orrery.plugins.package.faults import BadSignature
from orrery.plugins.package.identity import UniqueIdentifier, checksum
from orrery.plugins.package.reading import Reader
from orrery.plugins.package.readme import readmes_of
from orrery.plugins.package.signature import Key, Verification, verify

REFUSED_SIGNATURE = "plugin verification has been enabled, and the plugin you want to install has a bad signature"
"""The contract's words; others look for them."""
VENDOR = "langgenius"


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """``most_bytes`` of a package, packed and unpacked, ``most_bundle_bytes`` of a bundle. ``guard_vendor_name``: in a bundle, the vendor's name is only for
    packages that are signed as the vendor's.
    """

    most_bytes: int
    keys: Sequence[Key] = ()
    signed_only: bool = True
    guard_vendor_name: bool = True
    most_bundle_bytes: int = 12 * 15728640


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin's package. ``declaration`` is the contract's object; ``assets`` are by id, ``readmes`` by language."""

    identifier: UniqueIdentifier
    category: Category
    declaration: Mapping[str, object]
    assets: Mapping[str, bytes]
    readmes: Mapping[str, str]
    verification: Verification | None
    content: bytes


Origin = Literal["file", "bundle"]


def decode_package(content: bytes, policy: Policy, *, must_be_signed: bool = False, origin: Origin = "file") -> Package:
    """``must_be_signed`` asks for a signature where the policy does not. Raises `PackageFault`, `BadSignature`."""
    archive = read_archive(content, most_bytes=policy.most_bytes)
    declared = read_declaration(Reader(archive))
    manifest = declared.manifest
    verification = _verification(archive, policy, required=policy.signed_only or must_be_signed)
    if origin == "bundle" and policy.guard_vendor_name:
        _guard_vendor(manifest.author, verification)
    assets = {name: (asset_id(name, data), data) for name, data in assets_of(archive).items()}
    declaration = with_asset_ids(declared.as_object(), {name: known for name, (known, _) in assets.items()})
    return Package(
        identifier=UniqueIdentifier(manifest.author, manifest.name, manifest.version, checksum(archive.files)),
        category=declared.category,
        declaration=declaration | {"verified": verification is not None},
        assets=dict(assets.values()),
        readmes=readmes_of(archive),
        verification=verification,
        content=content,
    )


def _verification(archive: Archive, policy: Policy, *, required: bool) -> Verification | None:
    try:
        return verify(archive, policy.keys)
    except BadSignature as error:
        if required:
            raise BadSignature(f"{REFUSED_SIGNATURE}: {error.text}") from error
        return None


def _guard_vendor(author: str, verification: Verification | None) -> None:
    if author == VENDOR and (verification is None or verification.authorized_category != VENDOR):
        raise BadSignature(f"{REFUSED_SIGNATURE}: the author is {VENDOR}, but the signature is not of that category")
