"""Everything without a pointer: the order of Tab, the palette, and Enter and Escape in dialogs."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.e2e.browser.conftest import Meet
from tests.e2e.browser.house import House
from tests.support.server import EMAIL, PASSWORD

_NAME_OF_FOCUS = """() => {
  const at = document.activeElement;
  const label = at.labels?.[0]?.firstChild.textContent;
  return (at.getAttribute("aria-label") ?? label ?? at.textContent).trim();
}"""
_RING_OF_FOCUS = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
}"""


def tabbed(page: Page, count: int) -> list[str]:
    """Names of what the next presses of Tab reach; each must show that it has the focus."""
    names: list[str] = []
    for _ in range(count):
        page.keyboard.press("Tab")
        names.append(str(page.evaluate(_NAME_OF_FOCUS)))
        assert page.evaluate(_RING_OF_FOCUS), f"{names[-1]} does not show its focus"
    return names


def test_signs_in(house: House, meet: Meet) -> None:
    person = meet(house.url)
    page = person.open("/signin")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.type(EMAIL)
    assert tabbed(page, 3) == ["Password", "Sign in", "Language"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Studio", exact=True)).to_be_visible()


def test_studio_in_reading_order(house: House, meet: Meet) -> None:
    page = house.enter(meet(house.url)).open("/studio")
    expect(page.get_by_role("link", name=house.chat.name, exact=True)).to_be_visible()
    names = tabbed(page, 20)
    assert names[0] == "Skip to content"
    landmarks = [
        "Studio",
        "Switch to dark",
        "Integrations",
        "Settings",
        "Create app",
        "All",
        "Chatflow",
        "Search by name",
    ]
    places = [names.index(name) for name in landmarks]
    assert places == sorted(places), names

    page.reload()
    expect(page.get_by_role("link", name=house.chat.name, exact=True)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert tabbed(page, 1) == ["Create app"]


def test_palette(house: House, meet: Meet) -> None:
    page = house.enter(meet(house.url)).open("/studio")
    expect(page.get_by_role("link", name=house.chat.name, exact=True)).to_be_visible()
    page.get_by_role("searchbox", name="Search by name").focus()
    page.keyboard.press("Control+k")
    entry = page.get_by_role("combobox", name="Type the name of an app or page")
    expect(entry).to_be_focused()
    page.keyboard.press("Escape")
    expect(entry).to_have_count(0)
    expect(page.get_by_role("searchbox", name="Search by name")).to_be_focused()

    page.keyboard.press("Control+k")
    page.keyboard.type("echo")
    expect(page.get_by_role("option")).to_have_count(1)
    expect(page.get_by_role("option", name=house.chat.name, selected=True)).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/app/{house.chat.id}/build")
    expect(entry).to_have_count(0)

    page.keyboard.press("Control+k")
    page.keyboard.type("zzz")
    expect(page.get_by_text("Nothing has this name")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.type("integ")  # Integrations, and the words "Plain words" have none of it
    options = page.get_by_role("option")
    expect(options).to_have_count(1)
    page.keyboard.press("Control+a")
    page.keyboard.type("e")
    first, second = options.nth(0), options.nth(1)
    expect(page.get_by_role("option", name="Members")).to_be_visible()
    expect(first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(second).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    expect(first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Control+a")
    page.keyboard.type("members")
    expect(options).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/members")


def test_dialogs(house: House, meet: Meet) -> None:
    page = house.enter(meet(house.url)).open("/studio")
    create = page.get_by_role("main").get_by_role("button", name="Create app")
    create.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    name = dialog.get_by_role("textbox", name="Name", exact=True)
    expect(name).to_be_focused()
    for _ in range(12):  # the focus stays in the dialog
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('[role=dialog]').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(create).to_be_focused()

    page.keyboard.press("Enter")
    expect(name).to_be_focused()
    page.keyboard.type("By keys alone")
    page.keyboard.press("Enter")
    page.wait_for_url("**/app/*/build")
    expect(page.get_by_label("Graph of the app").locator(".react-flow__node")).to_have_count(2)


def test_runs_and_looks_into_a_step(house: House, meet: Meet) -> None:
    page = house.enter(meet(house.url)).open(f"/app/{house.branching.id}/build")
    bar = page.get_by_role("region", name="Run")
    bar.get_by_label("text").focus()
    page.keyboard.type("from the keys")
    page.keyboard.press("Control+Enter")
    steps = bar.get_by_role("list", name="Steps of the run over time").get_by_role("button")
    expect(steps).to_have_count(4)
    expect(bar.get_by_text("Succeeded", exact=True).first).to_be_visible()
    steps.nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Output")).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).press("Enter")
    expect(page.get_by_role("tab", name="Output")).to_have_count(0)
