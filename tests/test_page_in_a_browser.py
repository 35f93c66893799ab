"""The page of a fresh run in a real browser: opened from the disk without a network, moved, held against the tidy table."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pandas as pd
import pytest
from playwright.sync_api import Page

from alprsim import report
from alprsim.results import words
from alprsim.results.run import Run
from alprsim.tables import AS_WRITTEN, UNLIMITED
from tests import naive_week
from tests.browsing import SCROLLED, WEEK, Plot, barriers, lines, state_of, unfold

pytestmark = pytest.mark.whole

TRIED = """name => {
    const list = document.querySelector(`#explorer select[name=${name}]`);
    const told = [];
    for (const option of list.options) {
        if (option.disabled) continue;
        list.value = option.value;
        list.dispatchEvent(new Event("input", {bubbles: true}));
        told.push([location.hash, document.getElementById("value").textContent.trim()]);
    }
    return told;
}"""
"""Chooses all that is offered, one after the other, and tells the address and the value of each."""


MEASURES = ("trips_detected.share_of_horizon_pooled", "exposure_rate.share_of_horizon")
"""A share and a rate, whose points are looked for on the chart."""


@pytest.fixture(scope="module")
def run(browsed: Run) -> Run:
    """Return the hamlet's run whose page is opened."""
    return browsed


@cache
def tidy(folder: Path) -> dict[tuple[Any, ...], Any]:
    """Return the rows of the tidy table about vehicles, all towns together and all reads."""
    rows = pd.read_parquet(folder / "summary.parquet")
    rows = rows[rows["town"].eq("all") & rows["who"].eq("vehicles") & rows["reads"].eq("all") & rows["mean"].notna()]
    keys = ["policy", "viewer", "sight", "retention", "measure", "statistic"]
    return {tuple(getattr(row, key) for key in keys): row for row in rows.itertuples()}


def stop_of(run: Run, state: dict[str, str]) -> int:
    """Return the step of the ladder at which a state stops."""
    step = {words.duration(one["seconds"]): one["seconds"] for one in run.info["ladder"] if not one["unlimited"]}
    return (step | {"as practised": AS_WRITTEN, "unlimited": UNLIMITED})[state["retention"]]


def row_of(run: Run, state: dict[str, str]) -> Any:
    """Return the row of the tidy table at a state of the page; None: not measured."""
    measure, statistic = state["measure"].split(".", 1)
    case = (state["policy"], state["viewer"], state["sight"], stop_of(run, state), measure)
    rows = (tidy(run.folder).get((*case, name)) for name in (statistic, statistic + words.SO_FAR))
    return next((row for row in rows if row is not None), None)


def told(run: Run, state: dict[str, str]) -> str:
    """Return what the tidy table says at a state of the page, worded as results are."""
    row = row_of(run, state)
    return "not measured" if row is None else words.quantity(float(row.mean), row.unit, measure=row.measure)


def shown(page: Page) -> str:
    return page.inner_text("#value").strip()


def ringed(page: Page) -> str | None:
    """Return the tip of the point on the chart that the ring is round."""
    ring = page.query_selector("#shown .here")
    return None if ring is None else ring.evaluate("ring => ring.parentNode.querySelector('title').textContent")


def week_of(page: Page) -> str:
    return page.inner_text("#week .sentence").strip()


# --- moved -------------------------------------------------------------------------------------------------------------


def test_it_opens_quickly_without_a_network(visit: Callable[..., Page], run: Run) -> None:
    taken = []
    for _ in range(3):
        page = visit()
        taken.append(page.evaluate("performance.now()"))  # since the navigation began, the explorer ready
    assert min(taken) < 4000  # 2 s on a machine that has nothing else to do
    assert run.page.stat().st_size <= report.MOST_BYTES
    assert shown(page) not in ("", "not measured")


def test_the_slider_by_keyboard_tells_the_tidy_table_at_every_stop(visit: Callable[..., Page], run: Run) -> None:
    stops = ["as practised", *("unlimited" if one["unlimited"] else one["text"] for one in run.info["ladder"])]
    seconds = {words.duration(step): step if step < UNLIMITED else math.inf for step in run.steps}
    page = visit({"policy": "Federal query", "viewer": "ICE", "sight": "request", "retention": "as practised"})
    for policy, measure in product(("Federal query", "One partner"), MEASURES):
        page.locator("#explorer input[name=policy]").nth(list(run.info["policies"]).index(policy)).check()
        page.select_option("#explorer select[name=measure]", measure)
        page.focus("#retention")
        said, weeks, rings = [], set(), set()
        for stop in stops:
            state = state_of(page)
            assert state == {
                "policy": policy,
                "viewer": "ICE",
                "sight": "request",
                "retention": stop,
                "measure": measure,
            }
            assert shown(page) == told(run, state)
            assert (
                page.inner_text("#limit") == (page.get_attribute("#retention", "aria-valuetext") or "").split(" (")[0]
            )
            said.append(shown(page))
            weeks.add(week_of(page))
            rings.add(ringed(page))
            assert shown(page) in (ringed(page) or "")  # the chart's point says the same, and stands there
            plot = Plot.of(page.locator("#shown svg.ladder:not(.narrow)"))
            assert plot.logarithmic(seconds)
            ((x, y, _),) = plot.rings
            limit = "practised" if stop == "as practised" else words.duration(stop_of(run, state))
            assert plot.stands(x, y, limit, row_of(run, state).mean), state
            page.keyboard.press("ArrowRight")
        assert len(set(said)) > 2  # the limits of this run do change what is seen
        assert len(weeks) > 1
        assert len(rings) == len(stops)
        page.keyboard.press("Home")
        assert state_of(page)["retention"] == "as practised"


def test_a_phone_s_chart_has_its_points_where_the_tidy_table_says(visit: Callable[..., Page], run: Run) -> None:
    page = visit(viewport={"width": 320, "height": 900})
    page.select_option("#explorer select[name=measure]", MEASURES[0])
    page.focus("#retention")
    for row in range(len(run.steps)):
        page.keyboard.press("ArrowRight")
        plot = Plot.of(page.locator("#shown svg.ladder.narrow"))
        assert len(plot.limits) == len(run.steps)
        ((x, y, _),) = plot.rings
        assert plot.stands(x, y, str(row), row_of(run, state_of(page)).mean)


def test_the_slider_by_mouse_stops_where_it_is_let_go(visit: Callable[..., Page], run: Run) -> None:
    page = visit()
    slider = page.locator("#retention")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    before = shown(page)
    page.mouse.move(box["x"] + 9, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, middle, steps=4)
    page.mouse.up()
    state = state_of(page)
    assert 0 < int(slider.input_value()) < len(run.info["ladder"])
    assert shown(page) == told(run, state) != before
    assert words.duration(next(s["seconds"] for s in run.info["ladder"] if s["text"] == state["retention"])) in (
        ringed(page) or ""
    )


def test_every_choice_tells_the_tidy_table(visit: Callable[..., Page], run: Run) -> None:
    page = visit()
    seen = set()
    for policy in page.locator("#explorer input[name=policy]").all():
        if policy.is_enabled():
            policy.check()
        for name in ("viewer", "measure") if policy.get_attribute("value") in ("1", "3") else ("viewer",):
            for address, value in page.evaluate(TRIED, name):
                state = dict(parse_qsl(address.removeprefix("#")))
                seen.add(tuple(state.values()))
                assert value == told(run, state), state
                assert value != "not measured", state  # what was not computed is not offered
    assert len(seen) > 20


def test_what_was_not_asked_of_a_policy_is_not_landed_on(visit: Callable[..., Page], run: Run) -> None:
    """A query gives no bulk sight of homes: a link that asks for it lands on the sight by which the policy shows some."""
    asked = {"viewer": "ICE", "sight": "bulk", "retention": "unlimited", "measure": "home_found.median_error"}
    sights = {}
    for policy in ("Federal query", "Searchable pool", "No sharing"):
        page = visit({"policy": policy, **asked})
        state = page.evaluate("Object.fromEntries(address(explorer.state))")
        assert (state["policy"], state["measure"]) == (policy, asked["measure"])
        assert shown(page) == told(run, state) != "not measured"
        assert (page.inner_text("#instead") == "") == (state == {"policy": policy, **asked})
        sights[policy] = state["sight"]
    assert sights["Federal query"] == "request"
    assert sights["Searchable pool"] == "bulk"


def test_a_link_opens_the_state_it_names(visit: Callable[..., Page], run: Run) -> None:
    first = visit()
    first.locator("#explorer input[name=policy]").last.check()
    first.focus("#retention")
    first.keyboard.press("End")
    state = state_of(first)
    assert list(state) == ["policy", "viewer", "sight", "retention", "measure"]
    other = visit(state)
    assert shown(other) == shown(first) == told(run, state)
    assert week_of(other) == week_of(first)
    assert ringed(other) == ringed(first)


def test_what_an_address_has_wrong_is_left_as_it_was(visit: Callable[..., Page]) -> None:
    plain, odd = (
        visit(),
        visit({"policy": "<b>none</b>", "viewer": "nobody", "retention": "1 min", "measure": "toString"}),
    )
    assert shown(odd) == shown(plain)


def test_the_map_draws_what_the_state_rebuilds(visit: Callable[..., Page], run: Run) -> None:
    """Every disc, hour and line of the list, at every stop of every policy, against reads counted anew from the run's tables."""
    page = visit({"policy": "Federal query", "viewer": "ICE", "sight": "request", "retention": "as practised"})
    held = {}
    asked = [("typical", "ICE", policy) for policy in run.info["policies"]]
    asked += [("most", "ICE", "Federal query"), ("most", "ICE", "One partner"), ("most", "East police", "No sharing")]
    for car, viewer, policy in asked:
        page.select_option("#week select[name=car]", car)
        page.select_option("#explorer select[name=viewer]", str(list(run.info["viewers"]).index(viewer)))
        page.locator("#explorer input[name=policy]").nth(list(run.info["policies"]).index(policy)).check()
        page.focus("#retention")
        page.keyboard.press("Home")
        reads = naive_week.reads(run, car)
        for step in [AS_WRITTEN, *run.steps]:
            state = state_of(page)
            assert (state["viewer"], state["policy"], state["sight"]) == (viewer, policy, "request")
            assert stop_of(run, state) == step
            found = [(read, naive_week.holds(policy, viewer, step, read)) for read in reads]
            naive_week.compare(page.evaluate(WEEK, page.query_selector("#whose-week")), found, naive_week.places(run))
            held[car, viewer, policy, step] = sum(mine for _, mine in found)
            page.keyboard.press("ArrowRight")
    for car in ("typical", "most"):
        kept = [held[car, "ICE", "Federal query", step] for step in run.steps]
        assert kept == sorted(kept)
        assert kept[0] == 0 < kept[-1] == len(naive_week.reads(run, car))
    assert len(set(held.values())) > 4


def test_the_table_that_is_downloaded_is_the_summary(visit: Callable[..., Page], run: Run, tmp_path: Path) -> None:
    page = visit()
    with page.expect_download() as download:
        page.click(".download")
    download.value.save_as(tmp_path / "saved.csv")
    assert (tmp_path / "saved.csv").read_text("utf-8") == (run.folder / "summary.csv").read_text("utf-8")


# --- read, printed, looked at --------------------------------------------------------------------------------------------


def test_it_is_readable_without_script(visit: Callable[..., Page]) -> None:
    page = visit(ready="", java_script_enabled=False)
    assert "of every 10 vehicle trips" in page.inner_text("#answer .sentence")
    assert page.locator("#shown svg.ladder:visible").count() == 1
    assert page.locator("svg.week").count() == 1
    assert not page.locator("#explorer").is_visible()


@pytest.mark.parametrize("width", [320, 1240, 3840])
def test_no_width_is_scrolled_sideways_or_has_a_serious_barrier(
    visit: Callable[..., Page], tmp_path: Path, width: int
) -> None:
    page = visit(viewport={"width": width, "height": 900})
    folder = Path(os.environ.get("ALPRSIM_PLOTS") or tmp_path)
    assert page.locator("details.fold[open]").count() == (0 if width == 320 else page.locator("details.fold").count())
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        picture = page.screenshot(full_page=width < 2000, path=folder / f"page-{width}-{scheme}.png", timeout=120_000)
        assert len(picture) > 50_000
    for text in page.locator("main h2").all():
        box = text.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    unfold(page)
    if width == 320:  # tables stand as rows with labels, charts have a narrow picture
        assert page.evaluate(SCROLLED) == []
        assert lines(page.locator("#answer .sentence")) <= 3
    for scheme in ("light", "dark") if width < 2000 else ("light",):
        page.emulate_media(color_scheme=scheme)
        assert barriers(page, every_row=(width, scheme) == (1240, "light")) == [], scheme


def test_it_prints(visit: Callable[..., Page], tmp_path: Path) -> None:
    page = visit()
    folder = Path(os.environ.get("ALPRSIM_PLOTS") or tmp_path)
    printed = page.pdf(path=folder / "page.pdf", format="A4", prefer_css_page_size=True)
    assert printed.startswith(b"%PDF-")
    sheets = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert 3 <= sheets <= 40
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 690, "height": 1016})  # A4 at 96 to the inch, less 14 mm on every side
    high = page.evaluate("[...document.querySelectorAll('figure svg')].map(one => one.getBoundingClientRect().height)")
    assert max(high) < 1000  # of 1,016: no picture needs to be cut
