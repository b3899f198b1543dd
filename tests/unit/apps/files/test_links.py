"""Signed links: fresh ones, old ones that vouch, and made-up ones."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.apps.files.links import FileLinks

from .conftest import SECRET, Room

ID = "01234567-89ab-7cde-8f01-23456789abcd"
OTHER = "01234567-89ab-7cde-8f01-23456789abce"


def query_of(link: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(link).query))


def test_a_link_holds_for_its_file_and_kind_and_time(room: Room) -> None:
    links = room.files.links
    link = links.upload(ID)
    assert urlsplit(link).path == f"/files/{ID}/file-preview"
    query = query_of(link)
    assert set(query) == {"timestamp", "nonce", "sign"} and len(query["nonce"]) == 32
    assert links.holds("file-preview", ID, query)
    assert not links.holds("image-preview", ID, query)
    assert not links.holds("file-preview", OTHER, query)
    room.clock.advance(seconds=301)
    assert not links.holds("file-preview", ID, query)
    assert links.vouched(link, ID)


def test_texts_get_fresh_links_for_old_ones(room: Room) -> None:
    links = room.files.links
    old = f"see ![p]({links.tool(ID, '.png')}) and [d]({links.upload(OTHER)})"
    room.clock.advance(hours=9)
    new = links.renewed(old)
    assert new != old
    first, second = new.split("](")[1].split(")")[0], new.split("](")[2].split(")")[0]
    assert urlsplit(first).path == f"/files/tools/{ID}.png"
    assert links.holds("file-preview", ID, query_of(first))
    assert links.holds("file-preview", OTHER, query_of(second))


def test_links_that_were_never_signed_here_are_left_alone(room: Room) -> None:
    links = room.files.links
    stranger = FileLinks("another key", lifetime=300, base="https://files.test")
    for text in (
        f"[x](/files/{ID}/file-preview?timestamp=1&nonce=00&sign=AAAA)",
        f"[x]({stranger.upload(ID)})",
        links.upload(ID).replace(ID, OTHER),
    ):
        assert links.renewed(text) == text


def test_a_value_becomes_a_link_only_when_something_vouches_for_it(room: Room) -> None:
    links = room.files.links
    value = {"transfer_method": "local_file", "related_id": ID, "url": links.upload(ID)}
    assert links.holds("file-preview", ID, query_of(links.of_value(value)))
    assert links.of_value({**value, "related_id": OTHER}) == ""
    assert links.of_value({**value, "url": None}) == ""
    remote = {"transfer_method": "remote_url", "remote_url": "https://x.test/a.png", "related_id": None}
    assert links.of_value(remote) == "https://x.test/a.png"
    assert links.of_value({**remote, "remote_url": "javascript:alert(1)"}) == ""


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_everything_around_a_link_stays(before: str, after: str) -> None:
    links = FileLinks(SECRET, lifetime=300, base="https://files.test")
    text = f"{before} ({links.upload(ID)}) {after}"
    renewed = links.renewed(text)
    assert renewed.startswith(f"{before} (https://files.test/files/{ID}/file-preview?")
    assert renewed.endswith(f") {after}")
