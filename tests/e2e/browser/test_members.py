"""Members: an invitation by link, accepted in another browser, and what a role may not do."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.e2e.browser.conftest import Meet
from tests.e2e.browser.house import House
from tests.support.server import PASSWORD


def test_invited_by_a_link_and_held_to_a_role(house: House, meet: Meet) -> None:
    owner = house.enter(meet(house.url))
    page = owner.open("/settings/members")
    page.get_by_role("button", name="Invite", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("E-mail addresses").fill("no address")
    dialog.get_by_role("combobox", name="Role").select_option("normal")
    dialog.get_by_role("button", name="Make a link").click()
    expect(dialog.get_by_text("Not an e-mail address: ")).to_be_visible()
    dialog.get_by_label("E-mail addresses").fill("mia@example.com")
    dialog.get_by_role("button", name="Make a link").click()
    link = dialog.locator("code").inner_text()
    assert link.startswith(house.url), link
    dialog.get_by_role("button", name="Close").last.click()
    row = page.get_by_role("listitem").filter(has_text="mia@example.com")
    expect(row).to_contain_text("has not joined yet")

    mia = meet(house.url)
    joining = mia.open(link)
    expect(joining.get_by_text("You were invited as mia@example.com.")).to_be_visible()
    joining.get_by_role("textbox", name="Name").fill("Mia Member")
    joining.get_by_label("Password").fill(PASSWORD)
    joining.get_by_role("button", name="Join").click()
    expect(joining.get_by_role("heading", name="Studio", exact=True)).to_be_visible()
    expect(joining.get_by_role("link", name=house.chat.name, exact=True)).to_be_visible()
    expect(joining.get_by_role("button", name="Create app")).to_have_count(0)
    expect(joining.get_by_role("button", name="More actions")).to_have_count(0)
    mia.open("/settings/models")
    expect(joining.get_by_text("Only owners and admins change models.")).to_be_visible()
    mia.open("/settings/members")
    expect(joining.get_by_role("listitem").filter(has_text="mia@example.com")).to_contain_text("you")
    expect(joining.get_by_role("button", name="Invite", exact=True)).to_have_count(0)

    page.reload()
    expect(row).not_to_contain_text("has not joined yet")
    with page.expect_response(lambda answer: answer.url.endswith("/update-role") and answer.ok):
        page.get_by_role("combobox", name="Role of Mia Member").select_option("editor")
    mia.open("/studio")
    expect(joining.get_by_role("button", name="Create app")).to_be_visible()

    again = meet(house.url).open(link)
    expect(again.get_by_text("This invitation was used already or has run out.")).to_be_visible()


def test_a_member_leaves_and_signs_in_again(house: House, meet: Meet) -> None:
    console = house.add_member("rita@example.com", "editor")
    rita = house.enter(meet(house.url), console)
    page = rita.open("/studio")
    page.get_by_role("button", name="Account: R").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    rita.sign_in("rita@example.com", PASSWORD)
    with rita.watch.expecting("^401 POST /console/api/login$"):
        page.get_by_role("button", name="Account: R").click()
        page.get_by_role("menuitem", name="Sign out").click()
        page.get_by_label("E-mail").fill("rita@example.com")
        page.get_by_label("Password").fill("not the word 1")
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("alert")).to_be_visible()
