"""The page of a comparison in a real browser: every side's value and difference under every choice, as the tables have them."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

import alprsim
from alprsim.report import cube
from alprsim.results import words
from alprsim.results.run import Run
from alprsim.results.summary import paired
from alprsim.tables import AS_WRITTEN, UNLIMITED
from tests import naive_week
from tests.browsing import SCROLLED, WEEK, Plot, barriers, lines, state_of, unfold

pytestmark = pytest.mark.whole

SIDES = (
    ("A", "Federal query", False),
    ("B", "Federal query", True),
    ("C", "No sharing", False),
    ("D", "No sharing", True),
)
"""Letter and policy of each side of the comparison; whether it has the limit that the slider moves."""

BESIDES = """() => [...document.querySelectorAll("#beside tbody tr")].map((row) =>
    [".value", ".interval", ".change", ".changed"].map((name) => row.querySelector(name).textContent))"""

CELLS = """all => all.map((cell) => [...cell.childNodes].map((one) => one.textContent).join("\\n"))"""


@pytest.fixture(scope="module")
def run(browsed: Run) -> Run:
    """Return the hamlet's run whose policies are compared."""
    return browsed


@pytest.fixture(scope="module")
def compared(run: Run) -> Path:
    """Return the page of two policies of that run, compared as practised and with a limit."""
    return alprsim.compare(run, policy=["Federal query", "No sharing"], retention="12 h").report()


def limit(run: Run, stop: str) -> int:
    return next((one["seconds"] for one in run.info["ladder"] if one["text"] == stop), UNLIMITED)


def tried(run: Run, stop: str) -> list[tuple[str, int]]:
    """Return each side's policy and limit at a stop."""
    steps = [12 * 3600 if stop == "as compared" else limit(run, stop), AS_WRITTEN]
    return [(policy, steps[0 if limited else 1]) for _, policy, limited in SIDES]


def by_hand(run: Run, state: dict[str, str], stop: str) -> list[list[str]]:
    """Return what the table of the sides must say at a state, from the run's own tables: value, interval, difference, its own."""
    measure, statistic = state["measure"].split(".", 1)
    town = state.get("town", "all").removesuffix("-like")
    rows = run.measures.query("who == 'vehicles' and reads == 'all' and town == @town and measure == @measure")
    rows = rows[rows["viewer"].eq(state["viewer"]) & rows["sight"].eq(state["sight"])]
    found = []
    for policy, step in tried(run, stop):
        mine = rows[rows["policy"].eq(policy) & rows["retention"].eq(step)]
        name = next(
            (s for s in (statistic, statistic + words.SO_FAR) if mine[mine["statistic"].eq(s)]["value"].notna().any()),
            "",
        )
        one = run.answer(policy, state["viewer"], state["sight"], step, measure, name, town)
        values = mine[mine["statistic"].eq(name)].sort_values("seed")["value"].to_numpy(float)
        found.append((name, one, values))
    return [_row(found[0], one, row, measure) for row, one in enumerate(found)]


def _row(first: Any, one: Any, row: int, measure: str) -> list[str]:
    name, answer, values = one
    if not name:
        return ["not measured", "", "not measured" if row else "–", ""]
    value = words.quantity(answer.mean, answer.unit, measure=measure) + (
        " so far" if name.endswith(words.SO_FAR) else ""
    )
    interval = "" if math.isinf(answer.mean) else words.interval(answer.low, answer.high, answer.unit, measure=measure)
    if not row or first[0] != name:
        return [value, interval, "not measured" if row else "–", ""]
    return [value, interval, *cube.apart(*paired(first[2], values), answer.unit, than="A")]


def ringed_at(page: Page, run: Run, state: dict[str, str], stop: str) -> None:
    """Assert that every side's ring stands at its limit and its value; one that was drawn to another's lies close by."""
    plot = Plot.of(page.locator("#shown .wide-only svg.ladder"))
    measure, statistic = state["measure"].split(".", 1)
    at = {letter: (x, y, letters) for x, y, letters in plot.rings for letter in letters.split(", ")}
    for (letter, policy, _), (_, step) in zip(SIDES, tried(run, stop), strict=True):
        x, y, letters = at[letter]
        answer = run.answer(policy, state["viewer"], state["sight"], step, measure, statistic)
        limit = "practised" if step == AS_WRITTEN else words.duration(step)
        first = letters.startswith(letter)
        assert plot.stands(x, y, limit, answer.mean) or (not first and plot.stands(x, y, limit, answer.mean, within=4))


def test_a_comparison_answers_for_every_side_at_every_limit(
    visit: Callable[..., Page], run: Run, compared: Path
) -> None:
    state = {
        "viewer": "ICE",
        "sight": "request",
        "retention": "as compared",
        "measure": "trips_detected.share_of_horizon_pooled",
    }
    page = visit(state, file=compared)
    page.focus("#retention")
    weeks, rings = set(), set()
    reads, cameras = naive_week.reads(run, "typical"), naive_week.places(run)
    for stop in ["as compared", *("unlimited" if s["unlimited"] else s["text"] for s in run.info["ladder"])]:
        if stop != "as compared":
            page.keyboard.press("ArrowRight")
            assert state_of(page) == {**state, "retention": stop}
        assert page.evaluate(BESIDES) == by_hand(run, state, stop)
        letters = page.locator("#shown .wide-only text.letter.here").all_text_contents()
        phone = page.locator("#shown .narrow-only text.letter.here").all_text_contents()
        assert sorted(", ".join(phone).split(", ")) == ["A", "B", "C", "D"]
        assert sorted(", ".join(letters).split(", ")) == ["A", "B", "C", "D"]
        ringed_at(page, run, state, stop)
        for place, (policy, step) in zip(page.query_selector_all(".pane .whose-week"), tried(run, stop), strict=True):
            found = [(read, naive_week.holds(policy, "ICE", step, read)) for read in reads]
            naive_week.compare(page.evaluate(WEEK, place), found, cameras)
        said = [pane.inner_text() for pane in page.locator(".pane .sentence").all()]
        assert all(f"“{policy}”" in text for text, (_, policy, _) in zip(said, SIDES, strict=True))
        assert said[0] != said[1] or stop not in ("3 min", "6 h")
        weeks.add(tuple(said))
        rings.add(
            tuple(
                page.locator("#shown .wide-only circle.here").evaluate_all(
                    "all => all.map((one) => one.getAttribute('cx'))"
                )
            )
        )
    assert len(weeks) > 3
    assert len(rings) > 5
    assert page.locator(".pane .badge.all, .pane .badge.some").count() > 0
    texts = page.locator("#shown svg text.name").all_text_contents()
    assert texts == ["A, B · Federal query", "C, D · No sharing"]
    link = visit(state_of(page), file=compared)
    assert link.evaluate(BESIDES) == page.evaluate(BESIDES)
    assert link.locator("#shown .wide-only text.letter.here").all_text_contents() == letters
    assert "A and C stay as practised" in page.inner_text("#ladder")


def test_a_comparison_tells_the_tables_of_every_measure_and_town(
    visit: Callable[..., Page], run: Run, compared: Path
) -> None:
    page = visit(file=compared, viewport={"width": 320, "height": 900})
    options = "all => all.filter((one) => !one.disabled).map((one) => one.value)"
    page.check("#explorer input[name=sight][value=request]")
    for measure in page.locator("#explorer select[name=measure] option").evaluate_all(options)[::6]:
        page.select_option("#explorer select[name=measure]", measure)
        state = state_of(page)
        assert state["measure"] == measure
        assert page.evaluate(BESIDES) == by_hand(run, state, "as compared"), state
    page.select_option("#explorer select[name=measure]", "trips_detected.share_of_horizon_pooled")
    page.select_option("#explorer select[name=town]", "1")
    state = state_of(page)
    assert state["town"] == "Hamlet"
    assert page.evaluate(BESIDES) == by_hand(run, state, "as compared")
    assert "homes in Hamlet" in page.inner_text("#where")
    towns = page.locator("#bytown tbody tr").first.locator("td").evaluate_all(CELLS)
    rows = by_hand(run, state, "as compared")
    told = [*(row[:2] for row in rows), *(row[2:] for row in rows[1:])]
    shown = [f"{value}\n{band}".strip().replace("percentage ", "") for value, band in told]
    assert towns == shown
    page.select_option(".cars select", "most")
    assert page.locator(".pane .car[data-car=most]").count() == len(SIDES)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_runs_of_other_worlds_each_show_their_own_car(
    visit: Callable[..., Page], run: Run, outpost_run: Run, tmp_path: Path
) -> None:
    file = alprsim.compare(run, outpost_run).report(tmp_path / "runs.html")
    page = visit(file=file)
    assert "The worlds differ: B has not A’s people and trips" in page.inner_text("#week")
    assert page.locator("#week template").count() == 2
    page.locator("#explorer input[name=policy]").nth(1).check()
    assert state_of(page)["policy"] == "No sharing"
    page.focus("#retention")
    page.keyboard.press("End")
    state = state_of(page)
    measure, statistic = state["measure"].split(".", 1)
    for (value, *_), one in zip(page.evaluate(BESIDES), (run, outpost_run), strict=True):
        answer = one.answer("No sharing", state["viewer"], state["sight"], UNLIMITED, measure, statistic)
        assert value == words.quantity(answer.mean, answer.unit)
    assert [pane.inner_text() for pane in page.locator(".pane .stands").all()] == [
        f"{one.folder.name}, “No sharing” with no limit" for one in (run, outpost_run)
    ]


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1240, "dark"), (3840, "light")])
def test_a_comparison_has_no_serious_barrier(
    visit: Callable[..., Page], compared: Path, tmp_path: Path, width: int, scheme: str
) -> None:
    page = visit(file=compared, viewport={"width": width, "height": 900}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    folder = Path(os.environ.get("ALPRSIM_PLOTS") or tmp_path)
    page.screenshot(full_page=width < 2000, path=folder / f"compare-{width}-{scheme}.png", timeout=120_000)
    narrow = [one.is_visible() for one in (page.locator(".wide-only").first, page.locator(".narrow-only").first)]
    assert narrow == ([False, True] if width == 320 else [True, False])
    assert page.locator("details.fold[open]").count() == (0 if width == 320 else page.locator("details.fold").count())
    unfold(page)
    if width == 320:  # tables stand as rows with labels, charts have a narrow picture
        assert page.evaluate(SCROLLED) == []
        assert lines(page.locator("#answer .sentence")) <= 3
    assert barriers(page, every_row=width == 1240) == []


def test_a_comparison_prints_and_reads_without_script(
    visit: Callable[..., Page], compared: Path, tmp_path: Path
) -> None:
    page = visit(file=compared)
    folder = Path(os.environ.get("ALPRSIM_PLOTS") or tmp_path)
    printed = page.pdf(path=folder / "compare.pdf", format="A4", prefer_css_page_size=True)
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 40
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 690, "height": 1016})
    high = page.evaluate("[...document.querySelectorAll('figure svg')].map(one => one.getBoundingClientRect().height)")
    assert max(high) < 1000
    still = visit(file=compared, ready="", java_script_enabled=False)
    assert still.evaluate(BESIDES) == page.evaluate(BESIDES)
    assert still.locator(".pane svg.week").count() == len(SIDES)
    assert still.locator("#shown svg.ladder:visible").count() == 1
    assert not still.locator("#explorer").is_visible()
