"""A page in a real browser: opened from the disk, offline, and listened to."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
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

_PLOT = """svg => {
    const at = (one) => (({left, right, top, bottom}) => [(left + right) / 2, (top + bottom) / 2])(one.getBoundingClientRect());
    const all = (what) => [...svg.querySelectorAll(what)];
    const letters = all("text.here"); // a picture's rings have all letters or none, in one order
    return {
        rings: all("circle.here").map((ring, row) => [...at(ring), letters[row]?.textContent ?? ""]),
        grid: all("path.grid").map((line) => at(line)[1]),
        sides: all("text.tick[text-anchor=end]:not([transform])").map((one) => [at(one)[1], one.textContent]),
        limits: Object.fromEntries(all("text.tick[text-anchor=middle]").map((one) => [one.textContent, at(one)[0]])),
        marks: all("path.axisline").filter((one) => /^M[0-9.]+ [0-9.]+v4$/.test(one.getAttribute("d"))).map((one) => at(one)[0]),
        cuts: all("path.cut").map((one) => at(one)[0]),
    };
}"""

WEEK = """place => {
    const block = place.querySelector(".car");
    const numbers = (one, ...names) => names.map((name) => Number(one.getAttribute(name)));
    const text = (one, what) => one.querySelector(what).textContent;
    const told = (badge) => {
        badge.dispatchEvent(new Event("focusin", {bubbles: true}));
        return text(block, ".readout");
    };
    const texts = (row) => [...row.children].slice(0, 3).map((cell) => cell.textContent);
    const all = (what) => [...block.querySelectorAll(what)];
    const ticks = (anchor, side) => Object.fromEntries(
        all(`.hours text[text-anchor=${anchor}]`).map((one) => [one.textContent, ...numbers(one, side)]));
    return {
        sentence: text(block, ".sentence"),
        marks: all(".owners .camera > g").map((one) => [text(one, "title"), ...numbers(one.querySelector("use"), "x", "y")]),
        badges: all("[data-spot]").map((one) => ({
            look: one.getAttribute("class"), number: text(one, "text"), said: one.getAttribute("aria-label"), told: told(one),
            from: one.querySelector("path").getAttribute("d").match(/-?[0-9.]+/g).map(Number),
            disc: numbers(one.querySelector("circle"), "cx", "cy"),
        })),
        bar: [text(block, ".scale text"), block.querySelector(".scale path").getAttribute("d").match(/h([0-9.]+)/)[1]],
        clocks: ticks("middle", "x"), days: ticks("end", "y"),
        hours: all(".hours rect").map((one) =>
            [...numbers(one, "x", "y", "width", "height"), one.getAttribute("class"), text(one, "title")]),
        rows: all("[data-read]").map(texts),
    };
}"""
"""Tells what a pane of the week shows: its map, what the readout says of every disc, its calendar and its list."""


_ALIKE_LEFT_OUT = """() => {
    const look = (one) => `${one.tagName}.${one.getAttribute("class")}`;
    for (const body of document.querySelectorAll("tbody")) {
        const seen = new Set();
        for (const row of [...body.rows]) {
            const mine = [row, ...row.querySelectorAll("*")].map(look).join();
            if (seen.has(mine)) row.remove();
            seen.add(mine);
        }
    }
}"""


class Plot(NamedTuple):
    """A ladder as it stands on the screen, px: what is ringed and its letters, values and limits that its axes name, its cuts."""

    rings: list[tuple[float, float, str]]
    sides: dict[float, float]
    """Values by y."""
    limits: dict[str, float]
    """x by name; of a picture for a phone by place, from the shortest."""
    cuts: list[float]

    @classmethod
    def of(cls, picture: Locator) -> Plot:
        """Measure a picture; its values must stand at equal distances, each beside its line."""
        found = picture.evaluate(_PLOT)
        sides = {}
        for level, said in found["sides"]:
            line = min(found["grid"], key=lambda y: abs(y - level))
            assert abs(line - level) < 4
            sides[line] = float(said.removesuffix(" %").replace(",", "")) / (100 if said.endswith("%") else 1)
        limits = found["limits"] or {str(row): x for row, x in enumerate(found["marks"])}
        plot = cls(found["rings"], sides, limits, found["cuts"])
        assert len(sides) >= 3
        assert len({letters == "" for *_, letters in plot.rings}) == 1
        assert all(abs(plot.value(level) - value) <= plot.pixel for level, value in sides.items())
        return plot

    @property
    def pixel(self) -> float:
        """What a pixel upwards is worth."""
        low, high = max(self.sides), min(self.sides)
        return (self.sides[high] - self.sides[low]) / (low - high)

    def value(self, y: float) -> float:
        """Return the value that stands at a height."""
        low = max(self.sides)
        return self.sides[low] + (low - y) * self.pixel

    def stands(self, x: float, y: float, limit: str, value: float, *, within: float = 1) -> bool:
        """Tell whether a place is, to a pixel, where a limit and a value are."""
        return abs(x - self.limits[limit]) <= within and abs(self.value(y) - value) <= within * self.pixel

    def logarithmic(self, seconds: dict[str, float]) -> bool:
        """Tell whether limits stand by the logarithm of their length, and nearer where a cut says so: one has no end."""
        gaps = [
            (self.limits[b] - self.limits[a], math.log10(seconds[b] / seconds[a]), self._cut(a, b))
            for a, b in pairwise(sorted(seconds, key=seconds.__getitem__))
        ]
        decade = next(width / decades for width, decades, cut in gaps if not cut)
        return all(
            0 < width < decade * decades if cut else abs(width - decade * decades) <= 1 for width, decades, cut in gaps
        )

    def _cut(self, a: str, b: str) -> bool:
        return any(self.limits[a] < at < self.limits[b] for at in self.cuts)


def barriers(page: Page, *, every_row: bool = False) -> list[tuple[str, str, str]]:
    """Return what axe finds wrong with all that is unfolded: rule, impact, an element.

    Of rows of a table that are alike, element for element and class for class, one is looked at, unless all should be.
    """
    if not every_row:
        page.evaluate(_ALIKE_LEFT_OUT)
    found = Axe().run(page).response
    assert len(found["passes"]) > 20  # it did look
    return [(one["id"], one["impact"], one["nodes"][0]["html"]) for one in found["violations"]]


def unfold(page: Page) -> None:
    """Open all that is folded."""
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")


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
    with listening(browser, usual) as (visit, heard, fetched):
        yield visit
    assert heard == []
    assert fetched == []


@contextmanager
def listening(browser: Browser, usual: Path) -> Iterator[tuple[Callable[..., Page], list[str], list[str]]]:
    """Open pages from the disk, offline; told with it: what is complained of, and what is fetched beside the pages."""
    heard: list[str] = []
    asked: list[str] = []
    fetched: list[str] = []
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

    yield visit, heard, fetched
    for context in contexts:
        context.close()
    beside = {address.split("#")[0] for address in asked if not address.startswith(("blob:", "data:"))} - pages
    fetched.extend(sorted(beside))


def state_of(page: Page) -> dict[str, str]:
    """Return the state that a page's address names."""
    return dict(parse_qsl(page.evaluate("location.hash").removeprefix("#")))
