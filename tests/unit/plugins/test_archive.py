"""The container (plugins.md 1.1): plain zips pass, whatever else a zip can be does not."""

from __future__ import annotations

import io
import stat
import struct
import zipfile

import pytest
from tests.support.plugin_packages import zipped

from orrery.plugins.package.archive import MOST_ENTRIES, read_archive
from orrery.plugins.package.faults import PackageFault, TooLarge

ROOM = 1 << 20


def entry(name: str, *, mode: int = 0, content: bytes = b"x", way: int = zipfile.ZIP_STORED) -> bytes:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.compress_type = way
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr(info, content)
    return buffer.getvalue()


def test_files_keep_the_order_of_the_zip() -> None:
    archive = read_archive(zipped({"b/c.txt": b"1", "a.txt": b""}, b"words"), most_bytes=ROOM)
    assert list(archive.files.items()) == [("b/c.txt", b"1"), ("a.txt", b"")]
    assert archive.comment == b"words"
    with pytest.raises(PackageFault, match=r"^none.txt: the file is not in the package$"):
        archive.text("none.txt")


@pytest.mark.parametrize(
    "name", ["../up", "a/../../up", "/etc/passwd", "a//b", "./a", "a\\b", "C:/a", "a\nb", "a/.", "x" * 600]
)
def test_no_entry_leads_out(name: str) -> None:
    with pytest.raises(PackageFault, match="is not a path inside the package"):
        read_archive(entry(name), most_bytes=ROOM)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_are_refused(kind: int) -> None:
    with pytest.raises(PackageFault, match="link or device"):
        read_archive(entry("a", mode=kind | 0o777, content=b"/etc/passwd"), most_bytes=ROOM)


def test_plain_files_with_a_mode_pass() -> None:
    assert read_archive(entry("a", mode=stat.S_IFREG | 0o755), most_bytes=ROOM).files == {"a": b"x"}


def test_folders_are_refused_with_the_mend() -> None:
    with pytest.raises(PackageFault, match=r"'a/' of the zip is a folder: pack the files again.*zip -D"):
        read_archive(entry("a/", content=b""), most_bytes=ROOM)


def test_two_files_of_one_name_are_refused() -> None:
    content = zipped({"a1": b"x", "a2": b"y"}).replace(b"a2", b"a1")
    with pytest.raises(PackageFault, match="two files of this name"):
        read_archive(content, most_bytes=ROOM)


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(way: int) -> None:
    with pytest.raises(PackageFault, match="other than deflate"):
        read_archive(entry("a", way=way), most_bytes=ROOM)


def test_an_encrypted_entry_is_refused() -> None:
    content = bytearray(entry("a"))
    central = content.index(b"PK\x01\x02")
    content[central + 8] |= 1
    with pytest.raises(PackageFault, match="encrypted"):
        read_archive(bytes(content), most_bytes=ROOM)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = zipped({f"{number}": bytes(1 << 20) for number in range(4)})
    assert len(bomb) < 10_000
    with pytest.raises(TooLarge, match="unpacked files are larger than 3145728 bytes together"):
        read_archive(bomb, most_bytes=3 << 20)


def test_a_zip_that_lies_about_its_sizes_is_refused() -> None:
    content = bytearray(entry("a", content=bytes(100_000), way=zipfile.ZIP_DEFLATED))
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = content.index(mark) + place
        content[start : start + 4] = struct.pack("<I", 10)
    with pytest.raises(PackageFault):
        read_archive(bytes(content), most_bytes=ROOM)


def test_a_package_that_is_too_large_is_refused() -> None:
    with pytest.raises(TooLarge, match="the package is larger than 10 bytes"):
        read_archive(zipped({"a": b"x"}), most_bytes=10)


def test_too_many_files_are_refused() -> None:
    with pytest.raises(TooLarge, match=f"more than {MOST_ENTRIES} files"):
        read_archive(zipped({str(number): b"" for number in range(MOST_ENTRIES + 1)}), most_bytes=10 << 20)


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all", zipped({"a": b"x" * 100})[:-30]])
def test_what_is_no_zip_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(PackageFault, match="not a readable zip file"):
        read_archive(content, most_bytes=ROOM)


def test_a_broken_checksum_is_found() -> None:
    content = zipped({"a": b"hello" * 100})
    broken = bytearray(entry("a", content=b"hello"))
    broken[broken.index(b"hello")] ^= 1
    assert read_archive(content, most_bytes=ROOM).files["a"] == b"hello" * 100
    with pytest.raises(PackageFault, match="not a readable zip file"):
        read_archive(bytes(broken), most_bytes=ROOM)
