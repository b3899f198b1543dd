"""YAML of strangers: typed, bounded, and faults that name file and field."""

from __future__ import annotations

import msgspec
import pytest

from orrery.plugins.package.archive import Archive
from orrery.plugins.package.faults import PackageFault
from orrery.plugins.package.reading import MOST_YAML_BYTES, Reader, read_yaml


class Sample(msgspec.Struct):
    name: str
    sizes: list[int] = []
    inner: dict[str, "Sample"] = {}  # noqa: UP037


def read(text: str) -> Sample:
    return Reader(Archive({"a.yaml": text.encode()}, b"")).struct("a.yaml", Sample)


def test_nulls_are_as_good_as_nothing() -> None:
    assert read("name: a\nsizes: null\ninner: ~") == Sample("a")
    assert read("name: a\nsizes: [1, null, 2]") == Sample("a", [1, 2])
    assert read_yaml("f", b"output_schema: {default: null}\nb: null") == {"output_schema": {"default": None}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: 1", "a.yaml: name: Expected `str`, got `int`"),
        ("sizes: []", "a.yaml: Object missing required field `name`"),
        ("name: a\nsizes: [1, x]", r"a.yaml: sizes\[1\]: Expected `int`, got `str`"),
        ("name: a\ninner: {b: {name: 2}}", r"a.yaml: inner\[...\].name: Expected `str`, got `int`"),
        ("- a", "a.yaml: Expected `object`, got `array`"),
        ("", "a.yaml: Expected `object`, got `null`"),
    ],
)
def test_faults_name_file_and_field(text: str, words: str) -> None:
    with pytest.raises(PackageFault, match=f"^{words}"):
        read(text)


def test_times_stay_as_they_are_written() -> None:
    assert read_yaml("f", b"t: 2026-01-31T12:00:00.123456789Z") == {"t": "2026-01-31T12:00:00.123456789Z"}
    assert read_yaml("f", b"7: a\ntrue: b\n2.5: c") == {"7": "a", "true": "b", "2.5": "c"}


LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
MERGED = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 12))


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS, MERGED, "a: &a [*a]", "a: &a {b: *a}", "[" * 5000, "- " * 5000 + "x", "{a: " * 5000,
        "!!python/object/apply:os.system [ls]", "a: !!binary aGVsbG8=", "a: !!set {x}", "a: .inf", "a: .nan",
        "a: " + "9" * 5000, 'a: "\\ud800"', "? [a, b]\n: c", "a: b: c", "a: @", "\x00", "a: !!int x", "a: *b",
    ],
)  # fmt: skip
def test_what_is_too_much_or_no_plain_value_is_refused(text: str) -> None:
    with pytest.raises(PackageFault, match=r"^f: the file "):
        read_yaml("f", text.encode())


def test_files_are_bounded_alone_and_together() -> None:
    with pytest.raises(PackageFault, match="larger than"):
        read_yaml("f", b"a" * (MOST_YAML_BYTES + 1))
    with pytest.raises(PackageFault, match="not UTF-8"):
        read_yaml("f", b"\xff\xfe")
    large = b"#" * (MOST_YAML_BYTES - 1)
    reader = Reader(Archive({str(number): large for number in range(10)}, b""))
    with pytest.raises(PackageFault, match="larger than 16777216 bytes together"):
        for number in range(10):
            reader.plain(str(number))


def test_a_file_is_read_once() -> None:
    reader = Reader(Archive({"a": b"b: 1"}, b""))
    assert reader.mapping("a") == {"b": 1}
    with pytest.raises(PackageFault, match=r"^a: the file is named twice"):
        reader.mapping("a")
