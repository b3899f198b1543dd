"""Language and theme: switched at once, and still there the next time."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.e2e.browser.conftest import Meet
from tests.e2e.browser.house import House
from tests.support.server import PASSWORD


def test_chinese_stays(house: House, meet: Meet) -> None:
    console = house.add_member("lin@example.com", "editor")
    lin = house.enter(meet(house.url), console)
    page = lin.open("/settings/language")
    page.get_by_role("combobox", name="Language").select_option("zh")
    expect(page.get_by_role("link", name="工作室", exact=True).first).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "zh")
    lin.open("/studio")
    expect(page.get_by_role("heading", name="工作室")).to_be_visible()
    expect(page.get_by_role("button", name="创建应用")).to_be_visible()

    # The account knows it too: another browser of hers, set to English, shows Chinese after the sign-in.
    other = meet(house.url)
    with other.watch.expecting("^401 "):
        elsewhere = other.open("/studio")
        elsewhere.get_by_label("E-mail").fill("lin@example.com")
    elsewhere.get_by_label("Password").fill(PASSWORD)
    elsewhere.get_by_role("button", name="Sign in", exact=True).click()
    expect(elsewhere.get_by_role("heading", name="工作室")).to_be_visible()


def test_dark_stays(house: House, meet: Meet) -> None:
    person = house.enter(meet(house.url))
    page = person.open("/studio")
    paper = page.locator("html")
    expect(paper).to_have_css("background-color", "rgb(247, 246, 242)")
    page.get_by_role("button", name="Switch to dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(paper).to_have_css("background-color", "rgb(13, 18, 32)")
    page.reload()
    expect(page.get_by_role("button", name="Switch to light")).to_be_visible()
    expect(paper).to_have_css("background-color", "rgb(13, 18, 32)")
    page.emulate_media(color_scheme="light")
    # A choice counts more than the system's wish.
    expect(paper).to_have_css("background-color", "rgb(13, 18, 32)")
