"""One browser for all tests that look at pages."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ember_infer_tools.report import make_report
from ember_infer_tools.report.page import render
from tests.conftest import skip_or_fail
from tests.support.debian import debian_program
from tests.tools.comparing import DIGITS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window. CI runs as root, where its sandbox does not work."""
    if importlib.util.find_spec("playwright") is None:
        skip_or_fail("playwright is not installed: pip install 'ember-infer[browser]'")
    from playwright.sync_api import sync_playwright

    chromium = debian_program("chromium", "chromium", "fonts-dejavu-core")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


class Opened:
    """A page in a tab of its own, and all that went on in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))


Open = Callable[..., Opened]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens a file; in the end nothing has been loaded but the file, and the browser has nothing to complain about."""
    contexts, tabs = [], []

    def open_it(path: Path, *, width: int = 1400, height: int = 900, **options: Any) -> Opened:
        context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", **options)
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.goto(path.as_uri())
        tabs.append((path, opened))
        return opened

    yield open_it
    for path, opened in tabs:
        assert [url.partition("#")[0] for url in opened.requests] == [path.as_uri()]
        assert opened.complaints == []
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def digits_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two roundings of the digits' model."""
    path = tmp_path_factory.mktemp("report") / "digits.html"
    path.write_text(render(make_report(DIGITS, "ref", "ref,rounding=float", samples=8)), encoding="utf-8")
    return path
