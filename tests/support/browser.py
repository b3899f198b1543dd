"""Chromium for tests: found, started, and watched for whatever a page does that it should not.

A page must not complain on its console, must not throw, must not be answered with an error, and must not call any
host but its own. `Watch` holds what went against that; a test names beforehand what it provokes.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    BrowserType,
    ConsoleMessage,
    Page,
    Request,
    Response,
    WebError,
    expect,
)

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "src" / "orrery" / "web_dist"
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RESULTS = ROOT / "test-results"
WIDE, PHONE = (1440, 900), (390, 844)
#: Longer than any page takes on two busy cores; what is waited for is always an element, never this time.
PATIENCE_MS = 90_000
_PLACES = ("chromium", "chromium-browser", "google-chrome")
_SILENT = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip


def chromium_path() -> str | None:
    """The browser of this machine."""
    return next((found for name in _PLACES if (found := shutil.which(name))), None)


def missing() -> str | None:
    """Why no page can be tested here; None when all is there."""
    if chromium_path() is None:
        return "there is no Chromium on this machine"
    if not (PAGES / "index.html").exists():
        return "the pages are not built: run scripts/build_web.py"
    return None


def launch(kind: BrowserType) -> Browser:
    expect.set_options(timeout=PATIENCE_MS)
    return kind.launch(executable_path=chromium_path(), args=list(_SILENT))


@dataclass
class Watch:
    """Hears a context's pages. ``problems`` are sentences; ``hosts`` is what may be called."""

    hosts: set[str]
    problems: list[str] = field(default_factory=list[str])

    def attach(self, context: BrowserContext) -> None:
        context.on("request", self._asked)
        context.on("response", self._answered)
        context.on("requestfailed", self._failed)
        context.on("console", self._said)
        context.on("weberror", self._threw)

    @contextmanager
    def expecting(self, *patterns: str) -> Generator[None]:
        """Forgives the problems of the block that match; fails when a pattern matched none, since then nothing
        was provoked."""
        before = len(self.problems)
        yield
        fresh = self.problems[before:]
        for pattern in patterns:
            assert any(re.search(pattern, one) for one in fresh), f"nothing like {pattern!r} came: {fresh}"
        kept = [one for one in fresh if not any(re.search(pattern, one) for pattern in patterns)]
        self.problems[before:] = kept

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc not in self.hosts:
            self.problems.append(f"called another host: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.problems.append(f"{response.status} {response.request.method} {urlsplit(response.url).path}")

    def _failed(self, request: Request) -> None:
        # Pages give up requests whose answer nobody needs any more.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"failed: {request.method} {request.url} ({request.failure})")

    def _said(self, message: ConsoleMessage) -> None:
        # The browser's own echo of an answer that is heard above.
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.problems.append(f"console {message.type}: {message.text}")

    def _threw(self, error: WebError) -> None:
        self.problems.append(f"threw: {error.error}")


class Person:
    """Somebody at a browser of their own: one context, watched, with one page at a time."""

    def __init__(self, browser: Browser, base: str, *, size: tuple[int, int] = WIDE, touch: bool = False) -> None:
        self.base = base
        self.watch = Watch({urlsplit(base).netloc})
        self.context = browser.new_context(
            base_url=base,
            viewport={"width": size[0], "height": size[1]},
            locale="en-US",
            timezone_id="Europe/Vienna",
            reduced_motion="reduce",
            has_touch=touch,
            is_mobile=touch,
            accept_downloads=True,
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.watch.attach(self.context)
        self.page = self.context.new_page()

    def open(self, path: str) -> Page:
        self.page.goto(path)
        return self.page

    def sign_in(self, email: str, password: str) -> None:
        """Opens the studio by way of the sign-in page."""
        # A page learns that nobody is signed in by asking who is.
        with self.watch.expecting("^401 "):
            page = self.open("/studio")
            page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("heading", name="Studio", exact=True).wait_for()

    def picture(self, name: str) -> None:
        """Into the git-ignored results."""
        RESULTS.mkdir(exist_ok=True)
        self.page.screenshot(path=RESULTS / f"{name}.png")
