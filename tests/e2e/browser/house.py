"""A server that has been lived in: an owner, models, apps of every kind, runs, conversations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support import dsl
from tests.support.browser import Person
from tests.support.server import PASSWORD, Console, OrreryServer

MODEL = "paced:10"
ANSWER = "## In short\n\n| step | what |\n|---|---|\n| 1 | read |\n\n```python\nprint('read')\n```\n\nSee `notes`."


@dataclass(frozen=True)
class App:
    """``page`` is the path of the app's own page."""

    id: str
    name: str
    page: str


class House:
    """``branching``, ``talk``, ``chat`` and ``text`` have been used; each test adds what it changes."""

    def __init__(self, server: OrreryServer, models: str) -> None:
        self.server = server
        self.url = server.url
        self.owner = server.console()
        self.owner.set_up()
        self.owner.use_models(models)
        self._choose_the_default()
        self.branching = self._with_runs()
        self.talk = self.add_app(_talk())
        self.chat = self.add_app(_chat("Echo desk"))
        self.text = self.add_app(_text())
        self._with_conversations()

    def add_app(self, document: dsl.JsonObject) -> App:
        """Imported and published."""
        app_id, _ = self.owner.add_app(document)
        return self.app(app_id)

    def app(self, app_id: str) -> App:
        found: dict[str, Any] = self.owner.call("GET", f"/apps/{app_id}")
        kind = found["mode"] if found["mode"] in {"workflow", "completion"} else "chat"
        return App(app_id, found["name"], f"/{kind}/{found['site']['access_token']}")

    def invite(self, email: str, role: str) -> str:
        """The invitation's link."""
        body = {"emails": [email], "role": role, "language": "en-US"}
        made = self.owner.call("POST", "/workspaces/current/members/invite-email", body)
        return str(made["invitation_results"][0]["url"])

    def add_member(self, email: str, role: str) -> Console:
        """Invited, joined, signed in; the password is everybody's."""
        token = parse_qs(urlsplit(self.invite(email, role)).query)["token"][0]
        console = self.server.console()
        body = {
            "token": token, "name": email.partition("@")[0].title(), "interface_language": "en-US",
            "timezone": "Europe/Vienna", "email": email, "password": PASSWORD,
        }  # fmt: skip
        console.call("POST", "/activate", body)
        console.sign_in(email)
        return console

    def enter(self, person: Person, console: Console | None = None) -> Person:
        """Gives the person's browser the session of ``console``, the owner's if none is given."""
        cookies = (console or self.owner).http.cookies.jar
        person.context.add_cookies([{"name": one.name, "value": one.value or "", "url": self.url} for one in cookies])
        return person

    def _choose_the_default(self) -> None:
        chosen = {"model_type": "llm", "provider": dsl.PROVIDER, "model": "gpt-4o-mini"}
        self.owner.call("POST", "/workspaces/current/default-model", {"model_settings": [chosen]})

    def _with_runs(self) -> App:
        document = _branching()
        app_id, key = self.owner.add_app(document)
        service = self.server.service(key)
        for text in ("a plain text", "a text\nof two lines", "fail"):
            body: dsl.JsonObject = {"inputs": {"text": text}, "response_mode": "blocking", "user": "ann"}
            assert service.post("/workflows/run", json=body).status_code == 200
        return self.app(app_id)

    def _with_conversations(self) -> None:
        service = self.server.service(self.owner.add_key(self.chat.id))
        for text in ("hello there", ANSWER):
            body: dsl.JsonObject = {"inputs": {}, "query": text, "response_mode": "blocking", "user": "ann"}
            assert service.post("/chat-messages", json=body).status_code == 200


def _branching() -> dsl.JsonObject:
    measure = dsl.code(
        "Measure",
        "def main(text):\n    assert text != 'fail'\n    return {'result': text.upper()}\n",
        text=["start", "text"],
    )
    drawn = dsl.chain(
        dsl.start("text", kind="paragraph"),
        measure,
        dsl.llm(MODEL, "Say {{#Measure.result#}}", node_id="Write"),
        dsl.end(report=["Write", "text"], loud=["Measure", "result"]),
    )
    return dsl.workflow("Measured report", drawn)


def _talk() -> dsl.JsonObject:
    drawn = dsl.chain(dsl.start(), dsl.llm(MODEL, node_id="Write"), dsl.answer("{{#Write.text#}}"))
    return dsl.chatflow("Talk in steps", drawn)


def _chat(name: str) -> dsl.JsonObject:
    return dsl.basic(
        name, "chat", MODEL,
        opening_statement="What shall I repeat?",
        suggested_questions=["Say hello", "Count to three"],
    )  # fmt: skip


def _text() -> dsl.JsonObject:
    field = {"label": "The text", "variable": "text", "required": True, "max_length": 500}
    choice = {"label": "Reader", "variable": "reader", "required": False, "options": ["a child", "a lawyer"]}
    return dsl.basic(
        "Plain words", "completion", MODEL,
        pre_prompt="{{text}}", user_input_form=[{"paragraph": field}, {"select": choice}],
    )  # fmt: skip
