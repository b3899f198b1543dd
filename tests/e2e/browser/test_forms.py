"""A run that waits for a person, seen by its visitor and by whoever gets the form's address."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.e2e.browser.conftest import Meet
from tests.e2e.browser.house import House
from tests.e2e.browser.test_looks import serious
from tests.support import dsl
from tests.support.browser import AXE, PHONE

PAGE: dsl.JsonObject = {"id": "w", "type": "webapp", "enabled": True, "config": {}}


def asking() -> dsl.JsonObject:
    fields = [
        {"type": "paragraph", "output_variable_name": "note", "required": True},
        {
            "type": "select",
            "output_variable_name": "level",
            "option_source": {"type": "constant", "value": ["low", "high"]},
        },
    ]
    ask = dsl.node(
        "ask", "human-input", form_content="# Look at {{#start.q#}}\n\n{{#$output.note#}}\n\nHow urgent?", inputs=fields,
        user_actions=[{"id": "yes", "title": "Approve", "button_style": "primary"}, {"id": "no", "title": "Reject"}],
        delivery_methods=[PAGE], timeout=1, timeout_unit="day",
    )  # fmt: skip
    nodes = [dsl.start("q"), ask, dsl.end(out=["ask", "note"])]
    return dsl.workflow("Reviews", dsl.graph(nodes, [dsl.edge("start", "ask"), dsl.edge("ask", "end", "yes")]))


def test_a_visitor_is_led_to_the_form_and_sees_what_comes_of_it(house: House, meet: Meet) -> None:
    app = house.add_app(asking())
    visitor = meet(house.url)
    page = visitor.open(app.page)
    page.get_by_label("q").fill("the draft")
    page.get_by_role("button", name="Run").click()
    link = page.get_by_role("link", name="Answer: ask")
    expect(link).to_be_visible()
    address = link.get_attribute("href")
    assert address is not None
    reviewer = meet(house.url, size=PHONE, touch=True)
    form = reviewer.open(address)
    expect(form.get_by_role("heading", name="Look at the draft")).to_be_visible()
    if AXE.exists():
        assert serious(form, None) == []
    form.get_by_role("button", name="Approve").click()
    expect(form.get_by_label("note")).to_be_focused()
    form.get_by_label("note").fill("It is fine")
    form.get_by_label("level").select_option("high")
    form.get_by_role("button", name="Approve").click()
    expect(form.get_by_role("status")).to_contain_text("Thank you")
    expect(page.get_by_role("region", name="Result")).to_contain_text("It is fine")
    with reviewer.watch.expecting("^412 "):
        again = reviewer.open(address)
        expect(again.get_by_role("heading", name="This form is answered")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_address_without_a_form_says_so(house: House, meet: Meet, scheme: str) -> None:
    somebody = meet(house.url)
    somebody.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    with somebody.watch.expecting("^404 "):
        page = somebody.open("/form/nobody-has-this")
        expect(page.get_by_role("alert")).to_contain_text("Check the link")
    if AXE.exists():
        assert serious(page, None) == []
