"""From an empty home to visitors: what somebody does who installs the product on an evening."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect
from tests.e2e.browser.client import call_by_client
from tests.e2e.browser.conftest import Meet
from tests.support.browser import PHONE, ROOT, Person
from tests.support.model_server.server import REFUSED_KEY
from tests.support.server import EMAIL, MODEL_KEY, PASSWORD, OrreryServer, answers_held

MODEL = "paced:40"
MARKDOWN = "## A plan\n\n- **first** of all\n- then the rest\n\n```python\nprint('hello')\n```\n\nand that is all of it"


def exported_app() -> Path:
    """A file that Dify exported, where one lies beside the repository; else one of our own of the same form."""
    folder = Path(os.environ.get("ORRERY_REFERENCE") or ROOT.parent / "shared" / "reference")
    exported = folder / "dsl-fixtures" / "conditional_hello_branching_workflow.yml"
    return exported if exported.exists() else ROOT / "tests" / "support" / "apps" / "branching.yml"


def test_from_an_empty_home_to_visitors(empty_server: OrreryServer, models: str, meet: Meet) -> None:
    owner = meet(empty_server.url)
    create_the_owner(owner)
    add_a_model(owner.page, owner, models)

    drop_the_file(owner.page, exported_app())
    see_and_run_the_graph(owner.page)
    form_address = publish_the_workflow(owner.page)
    watch_a_model_at_work(owner.page, models)

    make_a_chat_app(owner.page)
    chat_in_the_preview(owner.page, models)
    key, chat_address = take_a_key(owner)
    call_by_client(empty_server, key)

    visitor = meet(empty_server.url)
    chat_as_a_visitor(visitor.open(chat_address))
    stop_an_answer(visitor.page, models)
    hold_two_conversations(visitor.page)
    find_them_again(visitor.page)
    run_the_form_on_a_phone(meet(empty_server.url, size=PHONE, touch=True).open(form_address))


def create_the_owner(owner: Person) -> None:
    with owner.watch.expecting("^401 "):  # the page asks who is there, and is told nobody
        page = owner.open("/")
        expect(page.get_by_role("heading", name="Set up this server")).to_be_visible()
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Name").fill("Olive Owner")
    password = page.get_by_label("Password")
    password.fill("short")
    password.blur()
    expect(password).to_have_accessible_description("Use at least 8 characters, with a letter and a digit.")
    password.fill(PASSWORD)
    page.get_by_role("button", name="Create owner account").click()
    expect(page.get_by_role("heading", name="Add a model")).to_be_visible()


def add_a_model(page: Page, owner: Person, models: str) -> None:
    """A wrong key is an error at the key's own field, which says what the endpoint said."""
    key = page.get_by_label("API key")
    page.get_by_label("API address").fill(f"{models}/v1")
    page.get_by_role("textbox", name="Model name", exact=True).fill(MODEL)
    key.fill(REFUSED_KEY)
    with owner.watch.expecting("^400 POST .*/models/credentials$"):
        page.get_by_role("button", name="Add a model").click()
        expect(key).to_have_attribute("aria-invalid", "true")
    expect(key).to_have_accessible_description(re.compile("key", re.IGNORECASE))
    expect(page.get_by_text(REFUSED_KEY)).to_have_count(0)
    key.fill(MODEL_KEY)
    page.get_by_role("button", name="Add a model").click()
    expect(page.get_by_role("heading", name="Make the first app")).to_be_visible()


def drop_the_file(page: Page, file: Path) -> None:
    carried = page.evaluate_handle(
        """([name, text]) => {
          const carried = new DataTransfer();
          carried.items.add(new File([text], name, { type: "application/yaml" }));
          return carried;
        }""",
        [file.name, file.read_text("utf-8")],
    )
    studio = page.get_by_role("heading", name="Studio", exact=True)
    studio.dispatch_event("dragover", {"dataTransfer": carried})
    expect(page.get_by_text("Drop the file to import it")).to_be_visible()
    studio.dispatch_event("drop", {"dataTransfer": carried})
    opened, warned = graph_of(page), page.get_by_role("button", name="Open the app")
    expect(opened.or_(warned)).to_be_visible()
    if warned.is_visible():  # files of an earlier version are imported with a word about it
        warned.click()
    expect(opened).to_be_visible()


def graph_of(page: Page) -> Locator:
    return page.get_by_label("Graph of the app")


def see_and_run_the_graph(page: Page) -> None:
    graph = graph_of(page)
    nodes = graph.locator(".react-flow__node")
    expect(nodes).to_have_count(4)
    expect(graph.locator(".react-flow__edge")).to_have_count(3)
    start, way, end = (nodes.filter(has_text=title).first for title in ("Start", "IF/ELSE", "End"))
    expect(start).not_to_contain_text("Succeeded")

    bar = page.get_by_role("region", name="Run")
    bar.get_by_label("query").fill("well, hello there")
    bar.get_by_role("button", name="Run", exact=False).first.click()
    for node in (start, way, end):
        expect(node).to_contain_text("Succeeded")
    expect(nodes.filter(has_text="Succeeded")).to_have_count(3)
    steps = page.get_by_role("list", name="Steps of the run over time").get_by_role("listitem")
    expect(steps).to_have_count(3)
    expect(bar).to_contain_text("well, hello there")

    steps.nth(1).get_by_role("button").click()
    panel = page.get_by_role("tab", name="Output")
    expect(panel).to_be_visible()


def publish_the_workflow(page: Page) -> str:
    """The path of the app's own page."""
    page.get_by_role("link", name="Publish", exact=True).click()
    expect(page.get_by_text("Not published yet")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("First")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("First, published")).to_be_visible()
    return path_of_the_page(page)


def path_of_the_page(page: Page) -> str:
    address = page.get_by_role("link", name="Open", exact=True).get_attribute("href")
    assert address is not None
    return address


def watch_a_model_at_work(page: Page, models: str) -> None:
    """A node that takes a while is seen running, then done."""
    page.get_by_role("link", name="Studio", exact=True).first.click()
    page.get_by_role("button", name="Create app").click()
    page.get_by_role("tab", name="From an example").click()
    page.get_by_role("button", name="Message triage").click()
    graph = graph_of(page)
    expect(graph).to_be_visible()
    bar = page.get_by_role("region", name="Run")
    bar.get_by_role("textbox").first.fill("word " * 120)
    with answers_held(models):
        bar.get_by_role("button", name="Run", exact=False).first.click()
        expect(graph.locator(".react-flow__node").filter(has_text="Running")).not_to_have_count(0)
    expect(bar.get_by_text("Succeeded").first).to_be_visible()
    expect(graph.locator(".react-flow__node").filter(has_text="Running")).to_have_count(0)


def make_a_chat_app(page: Page) -> None:
    page.get_by_role("link", name="Studio", exact=True).first.click()
    page.get_by_role("button", name="Create app").click()
    page.get_by_role("radio", name="Chatbot").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Echo desk")
    page.get_by_role("dialog").get_by_role("button", name="Create app").click()
    model = page.get_by_role("combobox", name="Model")
    expect(model.locator("option", has_text=MODEL)).to_have_count(1)
    expect(model).to_contain_text(MODEL)
    model.select_option(label=model.locator("option", has_text=MODEL).text_content())
    page.get_by_role("textbox", name="Prompt").fill("Say what the person says.")
    page.get_by_label("Opening words").fill("What shall I repeat?")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    page.get_by_role("button", name="Save and publish").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()


def say(page: Page, text: str) -> None:
    composer = page.get_by_role("textbox", name="Message")
    composer.fill(text)
    composer.press("Enter")


def chat_in_the_preview(page: Page, models: str) -> None:
    """The Markdown of an answer is drawn while it comes."""
    page.get_by_role("link", name="Test", exact=True).first.click()
    expect(page.get_by_text("What shall I repeat?")).to_be_visible()
    answer = page.get_by_role("article")
    with answers_held(models):
        say(page, MARKDOWN)
        expect(answer).to_have_attribute("aria-busy", "true")
        expect(answer.get_by_role("heading", name="A plan")).to_be_visible()
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(answer).to_have_attribute("aria-busy", "false")
    expect(answer.get_by_role("listitem")).to_have_count(2)
    expect(answer.locator("strong")).to_have_text("first")
    expect(answer.locator("pre code")).to_contain_text("print('hello')")
    expect(answer).not_to_contain_text("```")


def take_a_key(owner: Person) -> tuple[str, str]:
    """The key, by the button that copies it, and the path of the app's own page."""
    page = owner.page
    page.get_by_role("link", name="Publish", exact=True).click()
    expect(page.get_by_text("No key yet.")).to_be_visible()
    page.get_by_role("button", name="New key").click()
    owner.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the key").click()
    expect(page.get_by_role("button", name="Copied").first).to_be_visible()
    key = str(page.evaluate("navigator.clipboard.readText()"))
    assert re.fullmatch(r"app-\w{20,}", key), key
    expect(page.get_by_text(key)).to_have_count(0)
    return key, path_of_the_page(page)


def chat_as_a_visitor(page: Page) -> None:
    expect(page.get_by_text("What shall I repeat?")).to_be_visible()
    say(page, "The first thing that I say")
    answer = page.get_by_role("article")
    expect(answer).to_contain_text("The first thing that I say")
    expect(answer).to_have_attribute("aria-busy", "false")
    good = answer.get_by_role("button", name="Good answer")
    good.click()
    expect(good).to_have_attribute("aria-pressed", "true")


def stop_an_answer(page: Page, models: str) -> None:
    answer = page.get_by_role("article").nth(1)
    with answers_held(models):
        say(page, "and on it goes " * 20)
        expect(answer).to_contain_text("and on it goes and on it goes")
        page.get_by_role("button", name="Stop").click()
        expect(answer).to_contain_text("Stopped. What had arrived is kept.")
        expect(answer).to_have_attribute("aria-busy", "false")
    said = answer.inner_text().count("and on it goes")
    assert 0 < said < 20, said
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def hold_two_conversations(page: Page) -> None:
    rows = page.get_by_role("navigation", name="Conversations")
    current = rows.locator("[aria-current=page]")
    expect(current).to_have_count(1)
    rename(page, "First talk")
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_role("article")).to_have_count(0)
    say(page, "Something else")
    expect(page.get_by_role("article")).to_contain_text("Something else")
    expect(page.get_by_role("article")).to_have_attribute("aria-busy", "false")
    expect(current).to_have_count(1)
    rename(page, "Second talk")
    for name in ("First talk", "Second talk"):
        expect(rows.get_by_role("button", name=name, exact=True)).to_be_visible()


def rename(page: Page, name: str) -> None:
    """Gives the open conversation another name than the one that the model made up for it."""
    rows = page.get_by_role("navigation", name="Conversations")
    expect(rows.locator("[aria-current=page]")).not_to_have_text("New conversation")
    row = rows.get_by_role("listitem").filter(has=page.locator("[aria-current=page]"))
    row.hover()
    row.get_by_role("button", name="Actions for").click()
    page.get_by_role("menuitem", name="Rename").click()
    entry = rows.get_by_label("Name of the conversation")
    entry.fill(name)
    entry.press("Enter")
    expect(rows.locator("[aria-current=page]")).to_have_text(name)


def find_them_again(page: Page) -> None:
    page.reload()
    rows = page.get_by_role("navigation", name="Conversations")
    expect(rows.locator("[aria-current=page]")).to_have_text("Second talk")
    expect(page.get_by_role("article")).to_contain_text("Something else")
    rows.get_by_role("button", name="First talk", exact=True).click()
    answers = page.get_by_role("article")
    expect(answers).to_have_count(2)
    expect(answers.first).to_contain_text("The first thing that I say")
    expect(answers.first.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")
    expect(answers.nth(1)).to_contain_text("and on it goes")


def run_the_form_on_a_phone(page: Page) -> None:
    field = page.get_by_label("query")
    page.get_by_role("button", name="Run", exact=True).tap()
    expect(field).to_have_accessible_description("This is needed. Fill it in.")
    field.fill("no greeting here")
    page.get_by_role("button", name="Run", exact=True).tap()
    result = page.get_by_role("region", name="Result")
    expect(result.get_by_text("no greeting here").first).to_be_in_viewport()
    expect(result).to_contain_text("3 steps")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
