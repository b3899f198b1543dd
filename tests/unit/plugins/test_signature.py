"""Signatures (plugins.md 1.4): who signed, with which key, and what the policy makes of it."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.plugin_packages import private_key, public_pem, signed, tool_files, zipped

from orrery.plugins.package.archive import read_archive
from orrery.plugins.package.decoding import Policy, decode_package
from orrery.plugins.package.faults import BadSignature, PackageFault
from orrery.plugins.package.signature import Key, UnusableKey, Verification, read_key, verify

ROOM = 1 << 20
FILES = tool_files()
MINE, OTHER = read_key("mine.pem", public_pem()), read_key("other.pem", public_pem(1))
VENDORS = tool_files({"author": "langgenius"})


def checked(content: bytes, *keys: Key) -> Verification:
    return verify(read_archive(content, most_bytes=ROOM), keys)


@pytest.mark.parametrize("category", ["langgenius", "partner", "community"])
def test_the_category_is_what_was_signed(category: str) -> None:
    assert checked(signed(FILES, category=category), MINE).authorized_category == category


def test_without_a_category_it_is_the_vendors() -> None:
    assert checked(signed(FILES), OTHER, MINE) == Verification("langgenius")


def test_the_order_of_the_zip_is_signed() -> None:
    content = signed(FILES)
    turned = dict(reversed(FILES.items()))
    with pytest.raises(BadSignature, match=r"none of the keys that are known here \(mine.pem\)"):
        checked(zipped(turned, read_archive(content, most_bytes=ROOM).comment), MINE)


@pytest.mark.parametrize("change", ["content", "category", "time"])
def test_whatever_is_changed_breaks_it(change: str) -> None:
    archive = read_archive(signed(FILES, category="community"), most_bytes=ROOM)
    files, comment = dict(archive.files), json.loads(archive.comment)
    if change == "content":
        files["main.py"] += b"\n"
    elif change == "category":
        files[".verification.dify.json"] = b'{"authorized_category": "langgenius"}'
    else:
        comment["time"] += 1
    with pytest.raises(BadSignature):
        checked(zipped(files, json.dumps(comment).encode()), MINE)


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        (b"", "is not signed"),
        (b"hello", "can't be read"),
        (b'{"signature": "x"}', "can't be read"),
        (b'{"signature": "%%%", "time": 1}', "can't be read"),
        (b'{"signature": "AAAA", "time": 1}', "none of the keys"),
    ],
)
def test_comments_that_are_no_signature(comment: bytes, words: str) -> None:
    with pytest.raises(BadSignature, match=words):
        checked(zipped(FILES, comment), MINE)


def test_no_key_is_a_reason_of_its_own() -> None:
    with pytest.raises(BadSignature, match="no key is known here"):
        checked(signed(FILES))


def test_a_category_that_is_none_is_a_fault_of_the_file() -> None:
    files = FILES | {".verification.dify.json": b'{"authorized_category": "king"}'}
    with pytest.raises(PackageFault, match=r"^.verification.dify.json: can't be read"):
        checked(signed(files), MINE)


def test_keys_with_blank_lines_and_in_both_forms_are_read() -> None:
    spki = private_key(0).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for pem in (b"\n\n" + public_pem() + b"\n \n", public_pem().replace(b"\n", b"\r\n"), spki):
        assert checked(signed(FILES), read_key("k", pem)) == Verification()


@pytest.mark.parametrize(
    "pem",
    [
        b"", b"nonsense", public_pem() + b"more", public_pem() + public_pem(), b"x" + public_pem(),
        public_pem().replace(b"M", b"%"),
        ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    ],
)  # fmt: skip
def test_what_is_no_key_is_named(pem: bytes) -> None:
    with pytest.raises(UnusableKey, match=r"^k.pem is not"):
        read_key("k.pem", pem)


STRICT = Policy(most_bytes=ROOM, keys=[MINE])
LAX = Policy(most_bytes=ROOM, keys=[MINE], signed_only=False)


def test_the_policy_refuses_with_the_contracts_words() -> None:
    words = "plugin verification has been enabled, and the plugin you want to install has a bad signature"
    with pytest.raises(BadSignature, match=f"^{words}: the package is not signed$"):
        decode_package(zipped(FILES), STRICT)
    with pytest.raises(BadSignature, match=words):
        decode_package(zipped(FILES), LAX, must_be_signed=True)


def test_verified_is_computed_and_never_read() -> None:
    lying = tool_files({"verified": True})
    assert decode_package(zipped(lying), LAX).declaration["verified"] is False
    package = decode_package(signed(FILES), STRICT)
    assert (package.declaration["verified"], package.verification) == (True, Verification())
    assert decode_package(zipped(FILES), LAX).verification is None


def test_only_the_vendor_is_the_vendor_in_a_bundle() -> None:
    for content in (zipped(VENDORS), signed(VENDORS, category="community"), signed(VENDORS, number=1)):
        with pytest.raises(BadSignature, match="the author is langgenius"):
            decode_package(content, LAX, origin="bundle")
        assert decode_package(content, LAX).identifier.author == "langgenius"
    assert decode_package(signed(VENDORS), LAX, origin="bundle").verification == Verification()
    open_door = Policy(most_bytes=ROOM, signed_only=False, guard_vendor_name=False)
    assert decode_package(zipped(VENDORS), open_door, origin="bundle").verification is None
