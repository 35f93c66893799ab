"""The page of a fresh run in a real browser: opened from the disk without a network, moved, held against the tidy table."""

from __future__ import annotations

import math
import os
import re
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

import alprsim
from alprsim import report, results
from alprsim.report import cube
from alprsim.results import words
from alprsim.results.run import Run
from alprsim.results.summary import paired
from alprsim.tables import AS_WRITTEN, UNLIMITED

pytestmark = pytest.mark.whole

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = (
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
READY = "document.getElementById('explorer') && !document.getElementById('explorer').hidden"

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


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser on the path; looked for {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def run(hamlet_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a copy of the hamlet's run with its page written anew."""
    folder = tmp_path_factory.mktemp("browsed") / "hamlet"
    shutil.copytree(hamlet_run.folder, folder)
    fresh = results.load(folder)
    report.write(fresh)
    return fresh


@pytest.fixture(scope="module")
def compared(run: Run) -> Path:
    """Return the page of two policies of that run, compared as practised and with a limit."""
    return alprsim.compare(run, policy=["Federal query", "No sharing"], retention="12 h").report()


@pytest.fixture
def visit(browser: Browser, run: Run) -> Iterator[Callable[..., Page]]:
    """Open the page from the disk, offline; afterwards nothing may have been fetched, and nothing complained of."""
    heard: list[str] = []
    asked: list[str] = []
    contexts, pages = [], set()

    def opened(
        state: dict[str, str] | None = None, *, ready: str = READY, file: Path = run.page, **options: Any
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

    yield opened
    for context in contexts:
        context.close()
    assert heard == []
    fetched = {address.split("#")[0] for address in asked if not address.startswith(("blob:", "data:"))}
    assert fetched <= pages


def state_of(page: Page) -> dict[str, str]:
    return dict(parse_qsl(page.evaluate("location.hash").removeprefix("#")))


@cache
def tidy(folder: Path) -> dict[tuple[Any, ...], Any]:
    """Return the rows of the tidy table about vehicles, all towns together and all reads."""
    rows = pd.read_parquet(folder / "summary.parquet")
    rows = rows[rows["town"].eq("all") & rows["who"].eq("vehicles") & rows["reads"].eq("all") & rows["mean"].notna()]
    keys = ["policy", "viewer", "sight", "retention", "measure", "statistic"]
    return {tuple(getattr(row, key) for key in keys): row for row in rows.itertuples()}


def told(run: Run, state: dict[str, str]) -> str:
    """Return what the tidy table says at a state of the page, worded as results are."""
    step = {words.duration(one["seconds"]): one["seconds"] for one in run.info["ladder"] if not one["unlimited"]}
    step |= {"as practised": AS_WRITTEN, "unlimited": UNLIMITED}
    measure, statistic = state["measure"].split(".", 1)
    case = (state["policy"], state["viewer"], state["sight"], step[state["retention"]], measure)
    for name in (statistic, statistic + words.SO_FAR):
        if (row := tidy(run.folder).get((*case, name))) is not None:
            return words.quantity(float(row.mean), row.unit, measure=measure)
    return "not measured"


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
    page = visit({"policy": "Federal query", "viewer": "ICE", "sight": "request", "retention": "as practised",
                  "measure": "trips_detected.share_of_horizon_pooled"})  # fmt: skip
    page.focus("#retention")
    stops = [one["text"] if not one["unlimited"] else "unlimited" for one in run.info["ladder"]]
    said, weeks, rings = [], set(), set()
    for stop in stops:
        page.keyboard.press("ArrowRight")
        state = state_of(page)
        assert state["retention"] == stop
        assert shown(page) == told(run, state)
        assert page.inner_text("#limit") == page.get_attribute("#retention", "aria-valuetext").split(" (")[0]  # type: ignore[union-attr]
        said.append(shown(page))
        weeks.add(week_of(page))
        rings.add(ringed(page))
        assert shown(page) in (ringed(page) or "")  # the chart's point says the same
    assert len(set(said)) > 2  # the limits of this run do change what is seen
    assert len(weeks) > 1
    assert len(rings) == len(stops)
    page.keyboard.press("Home")
    assert state_of(page)["retention"] == "as practised"


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
    page = visit({"policy": "Federal query", "viewer": "ICE", "sight": "request", "retention": "unlimited"})
    most = page.locator("#week .badge.all, #week .badge.some").count()
    page.focus("#retention")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")  # 3 min
    assert page.locator("#week .badge.all, #week .badge.some").count() < most
    assert page.locator("#week .badge.none").count() > 0


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
    assert page.locator("#shown svg.ladder").count() == 1
    assert page.locator("svg.week").count() == 1
    assert not page.locator("#explorer").is_visible()


@pytest.mark.parametrize("width", [320, 1240, 3840])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_width_is_scrolled_sideways(visit: Callable[..., Page], tmp_path: Path, width: int, scheme: str) -> None:
    page = visit(viewport={"width": width, "height": 900}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    folder = Path(os.environ.get("ALPRSIM_PLOTS") or tmp_path)
    picture = page.screenshot(full_page=width < 2000, path=folder / f"page-{width}-{scheme}.png", timeout=120_000)
    assert len(picture) > 50_000
    for text in page.locator("main h2").all():
        box = text.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1240])
def test_no_serious_barrier(visit: Callable[..., Page], scheme: str, width: int) -> None:
    page = visit(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    found = Axe().run(page).response
    assert len(found["passes"]) > 20  # it did look
    assert [(one["id"], one["impact"], one["nodes"][0]["html"]) for one in found["violations"]] == []


# --- compared ------------------------------------------------------------------------------------------------------------

SIDES = (
    ("A", "Federal query", False),
    ("B", "Federal query", True),
    ("C", "No sharing", False),
    ("D", "No sharing", True),
)
"""Letter and policy of each side of the comparison; whether it has the limit that the slider moves."""

BESIDES = """() => [...document.querySelectorAll("#beside tbody tr")].map((row) =>
    [".value", ".interval", ".change", ".changed"].map((name) => row.querySelector(name).textContent))"""


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
    for stop in ["as compared", *("unlimited" if s["unlimited"] else s["text"] for s in run.info["ladder"])]:
        if stop != "as compared":
            page.keyboard.press("ArrowRight")
            assert state_of(page) == {**state, "retention": stop}
        assert page.evaluate(BESIDES) == by_hand(run, state, stop)
        letters = page.locator("#shown text.letter.here").all_text_contents()
        assert sorted(", ".join(letters).split(", ")) == ["A", "B", "C", "D"]
        said = [pane.inner_text() for pane in page.locator(".pane .sentence").all()]
        assert all(f"“{policy}”" in text for text, (_, policy, _) in zip(said, SIDES, strict=True))
        assert said[0] != said[1] or stop not in ("3 min", "6 h")
        weeks.add(tuple(said))
        rings.add(
            tuple(page.locator("#shown circle.here").evaluate_all("all => all.map((one) => one.getAttribute('cx'))"))
        )
    assert len(weeks) > 3
    assert len(rings) > 5
    assert page.locator(".pane .badge.all, .pane .badge.some").count() > 0
    texts = page.locator("#shown svg text.name").all_text_contents()
    assert texts == ["A, B · Federal query", "C, D · No sharing"]
    link = visit(state_of(page), file=compared)
    assert link.evaluate(BESIDES) == page.evaluate(BESIDES)
    assert link.locator("#shown text.letter.here").all_text_contents() == letters
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
    if width > 2000:
        return
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    found = Axe().run(page).response
    assert len(found["passes"]) > 20
    assert [(one["id"], one["impact"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    if width == 320:  # tables stand as rows with labels; only charts scroll
        wide = "all => all.filter((one) => one.scrollWidth > one.clientWidth + 1 && one.querySelector('table')).length"
        assert page.locator(".scroll").evaluate_all(wide) == 0


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
    assert still.locator("#shown svg.ladder").count() == 1
    assert not still.locator("#explorer").is_visible()
