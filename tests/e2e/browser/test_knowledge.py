"""A knowledge base by hand: made, filled with a file and a text, searched, a document switched off, all of it deleted."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.e2e.browser.conftest import Meet
from tests.e2e.browser.house import House

LIGHTHOUSE = "# Rocks\n\nThe lighthouse of Green Rock has burned since 1861.\n\n# Keepers\n\nIts keepers ate biscuits."
SLOW = 60_000
"""Milliseconds for what a job does in the background, on a machine that is busy."""


def test_a_knowledge_base_from_its_name_to_its_end(house: House, meet: Meet) -> None:
    page = house.enter(meet(house.url)).open("/studio")
    page.get_by_role("link", name="Knowledge", exact=True).click()
    expect(page.get_by_role("heading", name="No knowledge base yet")).to_be_visible()
    page.get_by_role("button", name="New knowledge base").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Lighthouses")
    dialog.get_by_role("radio", name="By keywords").click()
    dialog.get_by_role("button", name="New knowledge base").click()
    expect(page.get_by_role("heading", name="Lighthouses", exact=True)).to_be_visible()

    documents = page.get_by_role("region", name="Documents")
    files = [{"name": "rocks.md", "mimeType": "text/markdown", "buffer": LIGHTHOUSE.encode()}]
    documents.get_by_label("Add files").set_input_files(files)  # pyright: ignore[reportArgumentType]
    rocks = documents.get_by_role("listitem").filter(has_text="rocks.md")
    expect(rocks).to_contain_text("Ready", timeout=SLOW)
    documents.get_by_role("button", name="Add text").click()
    dialog.get_by_label("Name").fill("Harbour: notes")
    dialog.get_by_label("Text").fill("The harbour master keeps a parrot.")
    dialog.get_by_role("button", name="Add", exact=True).click()
    notes = documents.get_by_role("listitem").filter(has_text="Harbour- notes")
    expect(notes).to_contain_text("Ready", timeout=SLOW)

    search = page.get_by_role("region", name="Try a search")
    search.get_by_label("Question").fill("Who keeps a parrot?")
    search.get_by_role("button", name="Search", exact=True).click()
    expect(search.get_by_role("listitem").first).to_contain_text("The harbour master keeps a parrot.")

    notes.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Switch off").click()
    expect(notes).to_contain_text("Switched off")
    search.get_by_role("button", name="Search", exact=True).click()
    expect(search.get_by_text("parrot")).to_have_count(0)
    page.reload()
    expect(search.get_by_label("Question")).to_have_value("Who keeps a parrot?")

    rocks.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(rocks).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(rocks).to_be_visible()

    page.get_by_role("main").get_by_role("button", name="More actions").first.click()
    with page.expect_response(lambda answer: answer.request.method == "DELETE" and answer.ok, timeout=SLOW):
        page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_role("heading", name="No knowledge base yet")).to_be_visible()


def test_who_only_uses_apps_changes_no_knowledge(house: House, meet: Meet) -> None:
    console = house.add_member("reader@example.com", "normal")
    page = house.enter(meet(house.url), console).open("/knowledge")
    expect(page.get_by_text("look after its knowledge")).to_be_visible()
    expect(page.get_by_role("link", name="Knowledge", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="New knowledge base")).to_have_count(0)
    expect(page.get_by_role("heading", name="API keys")).to_have_count(0)
