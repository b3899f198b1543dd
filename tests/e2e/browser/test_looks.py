"""Each page in both themes, wide and on a phone: a picture of it, no scrolling sideways, nothing serious from axe.

The pictures are for eyes: they lie in ``test-results/pages/`` after a run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.browser.house import App, House
from tests.support.browser import AXE, PHONE, RESULTS, WIDE, Person
from tests.support.server import running

PICTURES = RESULTS / "pages"
_COLOURS = ["color-contrast"]
_PLACES = ["target-size", "scrollable-region-focusable", "button-name", "link-name", "label", "meta-viewport"]
#: Two frames: what was changed is on the screen.
_DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_RUN_AXE = """async (rules) => {
  const { violations } = await axe.run(document, {
    resultTypes: ["violations"],
    runOnly: rules ?? ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 200)).join(" | ")}`);
}"""


def heading(name: str) -> Callable[[Page], None]:
    """Waits for a page by what stands at its head."""
    return lambda page: expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def text(words: str) -> Callable[[Page], None]:
    return lambda page: expect(page.get_by_text(words, exact=False).first).to_be_visible()


def graph(page: Page) -> None:
    """Waits until the whole graph is in sight."""
    nodes = page.get_by_label("Graph of the app").locator(".react-flow__node")
    expect(nodes.first).to_be_in_viewport(ratio=0.99)
    expect(nodes.last).to_be_in_viewport(ratio=0.99)


def opened_run(page: Page) -> None:
    """The newest run of the list, unfolded beside it."""
    rows = page.get_by_role("main").get_by_role("row")
    expect(rows.nth(1)).to_be_visible()
    rows.nth(1).click()
    expect(page.get_by_role("list", name="Steps of the run over time")).to_be_visible()
    graph(page)


def ran_on_the_graph(page: Page) -> None:
    bar = page.get_by_role("region", name="Run")
    bar.get_by_label("text").fill("so many words, and none of them new")
    bar.get_by_role("button", name="Run", exact=False).first.click()
    expect(bar.get_by_text("Succeeded", exact=True).first).to_be_visible()
    node = page.locator(".react-flow__node").nth(2)
    node.click()
    expect(page.get_by_role("tab", name="Settings")).to_be_visible()
    expect(node).to_be_in_viewport(ratio=0.99)  # the panel does not hide what it is about


def chatted(page: Page) -> None:
    composer = page.get_by_role("textbox", name="Message")
    composer.fill("## A plan\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nprint('hello')\n```")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("article")).to_have_attribute("aria-busy", "false")


def filled_and_ran(page: Page) -> None:
    page.get_by_role("textbox").first.fill("Notwithstanding the foregoing, the party may leave.")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("button", name="Run again")).to_be_visible()


def examined(page: Page) -> None:
    """Every part and address was looked at."""
    expect(page.get_by_role("region", name="Parts").get_by_role("listitem")).to_have_count(9)
    expect(page.get_by_role("region", name="Addresses").get_by_role("listitem")).to_have_count(10)
    expect(page.get_by_text("Refused lately")).to_be_visible()


def palette(page: Page) -> None:
    heading("Studio")(page)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option", name="Members")).to_be_visible()


def of(name: str, place: str) -> Callable[[House], str]:
    """The path of a place of one of the house's apps."""
    return lambda house: f"/app/{cast('App', getattr(house, name)).id}/{place}"


def page_of(name: str) -> Callable[[House], str]:
    return lambda house: cast("App", getattr(house, name)).page


CONSOLE: dict[str, tuple[str | Callable[[House], str], Callable[[Page], None]]] = {
    "studio": ("/studio", text("Measured report")),
    "studio-list": ("/studio?view=list", text("Measured report")),
    "studio-create": ("/studio?create=blank", heading("A new app")),
    "studio-examples": ("/studio?create=example", heading("A new app")),
    "studio-import": ("/studio?create=import", heading("A new app")),
    "palette": ("/studio", palette),
    "build": (of("branching", "build"), graph),
    "build-ran": (of("branching", "build"), ran_on_the_graph),
    "build-chatflow": (of("talk", "build"), graph),
    "build-prompt": (of("chat", "build"), heading("Prompt")),
    "test-form": (of("branching", "test"), text("No result yet")),
    "test-chat": (of("chat", "test"), chatted),
    "test-completion": (of("text", "test"), text("No result yet")),
    "publish": (of("branching", "publish"), heading("Publish")),
    "publish-chat": (of("chat", "publish"), text("Base address")),
    "runs": (of("branching", "runs"), opened_run),
    "runs-chat": (of("chat", "runs"), text("hello there")),
    "monitor": (of("branching", "monitor"), heading("Monitor")),
    "knowledge": ("/knowledge", text("No knowledge base yet")),
    "knowledge-create": ("/knowledge?create=true", heading("New knowledge base")),
    "models": ("/settings/models", heading("Integrations")),
    "models-own": ("/settings/models?provider=langgenius/openai/openai", text("Check and replace")),
    "members": ("/settings/members", text("owner@example.com")),
    "workspace": ("/settings/workspace", heading("Workspaces")),
    "system": ("/settings/system", examined),
    "account": ("/settings/account", heading("Account")),
    "language": ("/settings/language", heading("Language and time")),
    "nowhere": ("/no/such/page", heading("There is no page at this address")),
}
OUTSIDE: dict[str, tuple[str | Callable[[House], str], Callable[[Page], None]]] = {
    "signin": ("/signin", heading("Sign in")),
    "reset": ("/reset-password", heading("Reset the password")),
    "activate-used": ("/activate?token=none", text("This invitation was used already")),
    "web-chat": (page_of("chat"), chatted),
    "web-chatflow": (page_of("talk"), chatted),
    "web-workflow": (page_of("branching"), filled_and_ran),
    "web-completion": (page_of("text"), filled_and_ran),
    "web-nowhere": ("/chat/nobodyhasthis", text("This app can't be shown")),
}
_PROVOKED = {"web-nowhere": ("^404 ",)}


@pytest.fixture(scope="module")
def resident(house: House, browser: Browser) -> Iterator[Person]:
    """The owner, whose browser knows the console's files already."""
    person = house.enter(Person(browser, house.url))
    yield person
    person.context.close()


@pytest.fixture(scope="module")
def visitor(house: House, browser: Browser) -> Iterator[Person]:
    """Somebody without a session."""
    person = Person(browser, house.url)
    yield person
    person.context.close()


@pytest.mark.parametrize("name", CONSOLE)
def test_page_of_the_console(house: House, resident: Person, name: str) -> None:
    where, ready = CONSOLE[name]
    show(resident, where if isinstance(where, str) else where(house))
    ready(resident.page)
    look(resident, name)


@pytest.mark.parametrize("name", OUTSIDE)
def test_page_outside(house: House, visitor: Person, name: str) -> None:
    where, ready = OUTSIDE[name]
    with visitor.watch.expecting(*_PROVOKED.get(name, ())):
        show(visitor, where if isinstance(where, str) else where(house))
        ready(visitor.page)
    look(visitor, name)


def test_page_of_an_empty_server(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> None:
    with running(tmp_path_factory.mktemp("browser") / "fresh") as fresh:
        person = Person(browser, fresh.url)
        with person.watch.expecting("^401 "):
            show(person, "/")
            heading("Set up this server")(person.page)
        look(person, "install")
        person.context.close()


def show(person: Person, path: str) -> None:
    """As wide and light as everybody begins."""
    person.page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    person.page.emulate_media(color_scheme="light")
    person.open(path)


def look(person: Person, name: str) -> None:
    """Pictures and measures the page as it stands, in each theme and width; nothing may have gone wrong on it."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page, found = person.page, list[str]()
    for size in (WIDE, PHONE):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            page.evaluate(_DRAWN)
            page.screenshot(path=PICTURES / f"{name}-{theme}-{size[0]}.png")
            # Only colours differ between the themes, only places between the widths.
            rules = None if (size, theme) == (WIDE, "light") else _COLOURS if size == WIDE else _PLACES
            if size == WIDE or theme == "light":
                found += [f"{theme} {size[0]}: {one}" for one in serious(page, rules)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{size[0]}: the page scrolls sideways")
    found += person.watch.problems
    person.watch.problems.clear()
    assert not found, "\n".join(found)


def serious(page: Page, rules: list[str] | None) -> list[str]:
    """What axe finds serious or critical, by all rules or the given ones; nothing where axe is not installed."""
    if not AXE.exists():
        return []
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    return cast("list[str]", page.evaluate(_RUN_AXE, rules))


def test_axe_was_there() -> None:
    """Says aloud when the pages were not looked at by axe."""
    if not AXE.exists():
        pytest.skip("axe-core is not in web/node_modules: accessibility was not looked at")
    assert "axe.run" in AXE.read_text("utf-8")
