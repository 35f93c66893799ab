"""A page in a real browser: opened from the disk, offline, and listened to."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = (
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
READY = "document.getElementById('explorer') && !document.getElementById('explorer').hidden"


SCROLLED = """() => [...document.querySelectorAll("*")].filter((one) => /auto|scroll/.test(getComputedStyle(one).overflowX)
    && one.scrollWidth > one.clientWidth + 1).map((one) => one.getAttribute("aria-label") ?? one.outerHTML.slice(0, 80))"""
"""Tells what is scrolled sideways."""


def lines(text: Locator) -> int:
    """Return how many lines a text takes."""
    return round(
        text.evaluate("one => one.getBoundingClientRect().height / parseFloat(getComputedStyle(one).lineHeight)")
    )


@contextmanager
def opened() -> Iterator[Browser]:
    """Yield the machine's browser; skip where it has none."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser on the path; looked for {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        yield browser
        browser.close()


@contextmanager
def visiting(browser: Browser, usual: Path) -> Iterator[Callable[..., Page]]:
    """Open pages from the disk, offline; afterwards nothing may have been fetched, and nothing complained of."""
    heard: list[str] = []
    asked: list[str] = []
    contexts, pages = [], set()

    def visit(
        state: dict[str, str] | None = None, *, ready: str = READY, file: Path = usual, **options: Any
    ) -> Page:  # fmt: skip
        context = browser.new_context(offline=True, **{"viewport": {"width": 1240, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        pages.add(file.as_uri())
        page.goto(file.as_uri() + ("#" + urlencode(state) if state else ""))
        if ready:
            page.wait_for_function(ready)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert heard == []
    fetched = {address.split("#")[0] for address in asked if not address.startswith(("blob:", "data:"))}
    assert fetched <= pages


def state_of(page: Page) -> dict[str, str]:
    """Return the state that a page's address names."""
    return dict(parse_qsl(page.evaluate("location.hash").removeprefix("#")))
