"""The studio: finding apps, copying, deleting with a way back, and files out and in."""

from __future__ import annotations

import time
from pathlib import Path

from playwright.sync_api import Locator, Page, expect
from tests.e2e.browser.conftest import Meet
from tests.e2e.browser.house import House
from tests.support import dsl


def add_named(house: House, *names: str) -> None:
    for name in names:
        house.add_app(dsl.workflow(name, dsl.chain(dsl.start("q"), dsl.end(out=["start", "q"]))))


def tile(page: Page, name: str) -> Locator:
    return page.get_by_role("main").get_by_role("listitem").filter(has=page.get_by_role("link", name=name, exact=True))


def choose(page: Page, name: str, action: str) -> None:
    """An action of the menu of an app."""
    tile(page, name).get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name=action, exact=True).click()


def test_search_and_filters_are_in_the_address(house: House, meet: Meet) -> None:
    add_named(house, "Comet one", "Comet two")
    page = house.enter(meet(house.url)).open("/studio")
    expect(tile(page, "Comet one")).to_be_visible()
    page.get_by_role("searchbox", name="Search by name").fill("comet")
    expect(tile(page, house.chat.name)).to_have_count(0)
    expect(tile(page, "Comet two")).to_be_visible()
    page.wait_for_url("**/studio?name=comet")
    page.get_by_role("button", name="Chatbot").click()
    expect(page.get_by_role("heading", name="No app fits")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Chatbot")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("searchbox", name="Search by name")).to_have_value("comet")
    page.get_by_role("searchbox", name="Search by name").fill("")
    expect(tile(page, house.chat.name)).to_be_visible()
    expect(tile(page, "Comet one")).to_have_count(0)
    page.get_by_role("button", name="All", exact=True).click()
    expect(tile(page, "Comet one")).to_be_visible()
    page.get_by_role("button", name="Show as list").click()
    expect(page.get_by_role("button", name="Show as cards")).to_be_visible()
    expect(tile(page, "Comet one")).to_be_visible()


def test_duplicates(house: House, meet: Meet) -> None:
    add_named(house, "Twin")
    page = house.enter(meet(house.url)).open("/studio?name=Twin")
    choose(page, "Twin", "Duplicate")
    copy = tile(page, "Twin (copy)")
    expect(copy).to_be_visible()
    copy.get_by_role("link").click()
    expect(page.get_by_label("Graph of the app").locator(".react-flow__node")).to_have_count(2)


def test_renames(house: House, meet: Meet) -> None:
    add_named(house, "Unnamed")
    page = house.enter(meet(house.url)).open("/studio?name=named")
    choose(page, "Unnamed", "Edit name and icon")
    page.get_by_role("dialog").get_by_role("textbox", name="Name", exact=True).fill("Well named")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(tile(page, "Well named")).to_be_visible()
    expect(tile(page, "Unnamed")).to_have_count(0)


def test_deletes_with_a_way_back(house: House, meet: Meet) -> None:
    add_named(house, "Kept after all", "Gone for good")
    person = house.enter(meet(house.url))
    page = person.open("/studio")
    choose(page, "Kept after all", "Delete")
    expect(tile(page, "Kept after all")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(tile(page, "Kept after all")).to_be_visible()
    choose(page, "Gone for good", "Delete")
    expect(page.get_by_text("Gone for good is deleted")).to_be_visible()
    # Whoever leaves does not wait for the time to undo: the call goes out with the page.
    page.goto("about:blank")
    until = time.monotonic() + 60
    while "Gone for good" in names_of_apps(house) and time.monotonic() < until:
        time.sleep(0.02)
    names = names_of_apps(house)
    assert "Kept after all" in names
    assert "Gone for good" not in names
    person.open("/studio")
    expect(tile(page, "Kept after all")).to_be_visible()
    expect(tile(page, "Gone for good")).to_have_count(0)


def names_of_apps(house: House) -> set[str]:
    listed = house.owner.call("GET", "/apps?page=1&limit=100")
    return {app["name"] for app in listed["data"]}


def test_exports_and_imports_again(house: House, meet: Meet, tmp_path: Path) -> None:
    page = house.enter(meet(house.url)).open("/studio")
    with page.expect_download() as saving:
        choose(page, house.branching.name, "Export")
    assert saving.value.suggested_filename == f"{house.branching.name}.yml"
    file = tmp_path / "exported.yml"
    saving.value.save_as(file)
    text = file.read_text("utf-8")
    assert "kind: app" in text
    file.write_text(text.replace(f"name: {house.branching.name}", "name: Came back"), "utf-8")

    page.get_by_role("button", name="Create app").click()
    page.get_by_role("tab", name="Import").click()
    page.get_by_label("Choose a file").set_input_files(file)
    graph = page.get_by_label("Graph of the app")
    expect(graph.locator(".react-flow__node")).to_have_count(4)
    expect(page.get_by_role("heading", name="Came back")).to_be_attached()


def test_says_what_is_wrong_with_a_file(house: House, meet: Meet) -> None:
    person = house.enter(meet(house.url))
    page = person.open("/studio?create=import")
    with person.watch.expecting("^400 POST /console/api/apps/imports$"):
        page.get_by_label("Or paste the text of an app file").fill("kind: [")
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.get_by_text("The file could not be imported")).to_be_visible()
    expect(page.get_by_role("dialog")).to_be_visible()
