"""The page of a comparison: its numbers are the paired ones, marks stand only where every sensitivity run agrees."""

import base64
import gzip
import hashlib
import io
import json
import math
import re
import shutil
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import alprsim
from alprsim import report, results
from alprsim.cli import main
from alprsim.measures.sampling import error_of_ratio
from alprsim.report import chart, comparison_cube, comparison_explorer, differences, fitting
from alprsim.report import comparison_page as page
from alprsim.report import page as pages
from alprsim.results import asking, comparison, marks, sensitivity, sides, words
from alprsim.results.headline import TRIPS
from alprsim.results.summary import paired
from alprsim.tables import AS_WRITTEN, DAY
from tests import fake_run
from tests.test_report import Outline, said

CASE = ("ICE", "request", "trips_detected", "share_of_horizon_pooled")
LADDER = (3 * DAY, 21 * DAY, 30 * DAY)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> results.Run:
    return results.load(
        fake_run.build(tmp_path_factory.mktemp("runs") / "fake", ladder=LADDER, notes=["Both say this."])
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> results.Run:
    """Return a run of two seeds and one limit."""
    return results.load(fake_run.build(tmp_path_factory.mktemp("runs") / "small", seeds=(1, 2), ladder=(21 * DAY,)))


@pytest.fixture(scope="module")
def html(run: results.Run) -> str:
    found = alprsim.compare(run, policy=["Federal query", "No sharing"], retention="21 d")
    return found.report().read_text("utf-8")


def varied(run: results.Run, to: Path, times: float, *, shift: float = 0.0) -> results.Run:
    """Return a copy of a run whose shares under “No sharing” are so many times as large, and some more."""
    shutil.copytree(run.folder, to, ignore=shutil.ignore_patterns("*.html", "sensitivity*"))
    changed = pd.read_parquet(to / "measures.parquet")
    chosen = changed["policy"].eq("No sharing") & changed["unit"].eq("share")
    changed.loc[chosen, "value"] = changed.loc[chosen, "value"] * times + shift
    changed.to_parquet(to / "measures.parquet")
    results.write_summary(to)
    return results.load(to)


def by_hand(run: results.Run, policy: str, step: int) -> tuple[float, float, float]:
    """Pair a policy's trips detected with the baseline's as practised."""
    rows = run.measures[
        run.measures["who"].eq("vehicles") & run.measures["reads"].eq("all") & run.measures["town"].eq("all")
    ]
    rows = rows[rows[["viewer", "sight", "measure", "statistic"]].eq(list(CASE)).all(axis=1)]
    a, b = (
        rows[rows["policy"].eq(name) & rows["retention"].eq(limit)].sort_values("seed")["value"].to_numpy(float)
        for name, limit in (("Federal query", AS_WRITTEN), (policy, step))
    )
    return paired(a, b)


# --- what was drawn ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn_run(tmp_path_factory: pytest.TempPathFactory) -> results.Run:
    """Return a run of one seed whose trips detected have an error of the draw: of the baseline 0.02, else half of that."""
    folder = fake_run.build(tmp_path_factory.mktemp("runs") / "drawn", seeds=(1,), ladder=(21 * DAY,))
    rows = pd.read_parquet(folder / "measures.parquet")
    mine = rows[rows[["measure", "statistic"]].eq(list(TRIPS)).all(axis=1)]
    errors = mine["policy"].eq("Federal query").map({True: 0.02, False: 0.01})
    off = mine.assign(statistic=f"{TRIPS[1]}_error", value=errors)
    pd.concat([rows, off]).astype(rows.dtypes).to_parquet(folder / "measures.parquet")
    results.write_summary(folder)
    return results.load(folder)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(*[st.integers(0, 9)] * 2, st.integers(1, 9)), min_size=1, max_size=6))
def test_a_differences_own_error_is_never_more_than_is_said(cars: list[tuple[int, int, int]]) -> None:
    first, second, whole = np.array(cars).T
    own = [float(error_of_ratio(part[:, None], whole[:, None])[0]) for part in (first, second)]
    shares = [part.sum() / whole.sum() for part in (first, second)]
    apart = second - first - (shares[1] - shares[0]) * whole
    assert np.sqrt((apart**2).sum()) / whole.sum() <= sum(own) + 1e-12


def test_a_difference_of_drawn_cars_says_how_far_off_the_draw_may_be(drawn_run: results.Run) -> None:
    found = alprsim.compare(drawn_run, policy=["Federal query", "No sharing"])
    long = "standard error of the draw, not counted here: 2 and 1 points on the two sides, of the difference at most 3"
    assert f"percentage points (no interval; {long})" in found.text
    lines = found.text.splitlines()
    at = next(k for k, line in enumerate(lines) if line.startswith("Trips detected, "))
    assert [line.strip() for line in lines[at + 1 : at + 4]] == [
        "A: standard error of the draw 2 points",
        "B: standard error of the draw 1 points",
        "B − A: standard error of the draw at most 3 points",
    ]
    (row,) = [row for row in json.loads(found.json) if tuple(row[name] for name in sides.ROW) == CASE]
    ends = ("A", "B", "B − A")
    told = [row[f"{end} {comparison.DRAW}{', at most' * (end == 'B − A')}"] for end in ends]
    assert told == pytest.approx([0.02, 0.01, 0.03])
    whole = comparison_cube.compared(found.found, [TRIPS], {id(drawn_run): {}})
    ((a, b),) = whole["cells"]["0~request~trips_detected.share_of_horizon_pooled"][0][:1]
    assert (a.change_interval, b.change_interval) == ("", long)
    assert [town[4] for town in b.towns] == [long] * len(b.towns)
    table = page.render(found.found)
    assert "<small class=long>standard error of the draw at most 3 points</small>" in table
    several = results.as_text(
        results.compare([drawn_run, varied(drawn_run, drawn_run.folder.parent / "more", 1, shift=0.1)])
    )
    assert "+10.0 percentage points (no interval; standard error of the draw, not counted here: 1 and 1" in several


def test_of_several_seeds_the_interval_has_the_draws_error_in_it(run: results.Run) -> None:
    assert "standard error of the draw" not in alprsim.compare(run, retention="21 d").text


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ([0.29, 0.13, 0.0], ["29", "13", "0"]),
        ([0.1446, 0.1406], ["14.5", "14.1"]),  # not 14 and 14 beside −0.4
        ([0.1448, 0.1404], ["14.48", "14.04"]),  # nor 14.5 and 14.0 beside −0.4
        ([0.29, math.nan], ["29", ""]),
        ([0.5, 0.5], ["50", "50"]),
        ([0.0004, 0.0002], ["0.04", "0.02"]),
    ],
)
def test_shares_beside_their_difference_are_not_said_alike(shares: list[float], said: list[str]) -> None:
    assert words.percents(shares) == said


# --- the page -------------------------------------------------------------------------------------------------------------


def test_the_page_is_whole_and_fetches_nothing(html: str) -> None:
    outline = Outline(html)
    assert outline.open == []
    links = [v for _, attrs in outline.tags for key, v in attrs.items() if key in ("href", "src", "action", "data")]
    assert all(link is not None and link.startswith(("#", "data:")) for link in links)
    assert not [attrs for _, attrs in outline.tags if "style" in attrs or any(key.startswith("on") for key in attrs)]
    policy = unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1])  # type: ignore[index]
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, flags=re.S)
        assert f"{tag}-src 'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'" in policy
    assert "significant" not in html.lower()


def test_every_definition_that_is_pointed_to_is_there(run: results.Run, html: str) -> None:
    pointed = set(re.findall(r'href="#([^"=]+)"', html))
    assert {"limits", "glossary", *TRIPS[:1]} <= pointed
    assert pointed <= set(re.findall(r'id="([^"]+)"', html))


def test_the_sentence_says_what_a_limit_changes(run: results.Run, html: str) -> None:
    text = said(html)
    now = run.answer("Federal query", *CASE[:2], AS_WRITTEN, *CASE[2:])
    mean, low, high = (words.points(value) for value in by_hand(run, "Federal query", 21 * DAY))
    limited = run.answer("Federal query", *CASE[:2], 21 * DAY, *CASE[2:])
    assert f"ICE (federal consumer) can detect {10 * now.mean:.1f} under A, {10 * limited.mean:.1f} under B, " in text
    assert f"B, “Federal query” with a 21-day limit: {mean} percentage points ({low} to {high} over seeds)." in text
    bars = re.findall(r'role="listitem">\n<p>(.*?)</strong>', html)
    assert [said(bar).strip() for bar in bars] == ["A Federal query", "B Federal query", "C No sharing", "D No sharing"]


def test_what_one_limit_changes_is_the_title(run: results.Run) -> None:
    assert page.title(sides.of([run], retentions=["21 d"])).startswith("What would a 21-day limit change here: ")
    assert page.title(sides.of([run, run], retentions=["21 d"])).startswith("Compared: fake")


def test_differences_are_those_paired_by_hand(run: results.Run, html: str) -> None:
    table = html[html.index("<h3>The numbers</h3>") : html.index("<h3>By home town</h3>")]
    row = re.search(r"Trips detected<small>of the last 30 d, all vehicles together</small>.*?</tr>", table, flags=re.S)
    assert row is not None
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row[0])[4:]
    for cell, case in zip(
        cells, (("Federal query", 21 * DAY), ("No sharing", AS_WRITTEN), ("No sharing", 21 * DAY)), strict=True
    ):
        mean, low, high = (words.points(value) for value in by_hand(run, *case))
        assert cell == f"{mean} points<small>{low} to {high}</small>"


def test_towns_differ_by_what_is_paired_by_hand(run: results.Run, html: str) -> None:
    rows = run.measures[run.measures["who"].eq("vehicles") & run.measures["reads"].eq("all")]
    rows = rows[
        rows[["viewer", "sight", "measure", "statistic"]].eq(list(CASE)).all(axis=1) & rows["town"].eq("Norwalk")
    ]
    a, b = (
        rows[rows["policy"].eq(name) & rows["retention"].eq(limit)].sort_values("seed")["value"].to_numpy(float)
        for name, limit in (("Federal query", AS_WRITTEN), ("No sharing", 21 * DAY))
    )
    mean, low, high = (words.points(value) for value in paired(a, b))
    (row,) = re.findall(r"Norwalk-like<small>.*?</tr>", html[html.index("<h3>By home town</h3>") :], flags=re.S)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
    assert len(cells) == 4 + 3
    assert "<summary>Trips detected: of the last 30 d, all vehicles together, by home town: ICE" in html
    assert cells[-1] == f"{mean} points<small>{low} to {high}</small>"


def test_the_explorer_carries_every_side_and_its_difference_at_every_limit(run: results.Run) -> None:
    found = alprsim.compare(run, policy=["Federal query", "No sharing"], retention="21 d").found
    whole = comparison_cube.compared(found, [TRIPS], {id(run): {}})
    stops = [stop["seconds"] for stop in whole["stops"]]
    assert stops == [AS_WRITTEN, *LADDER]
    (at,) = whole["cells"]["0~request~trips_detected.share_of_horizon_pooled"]
    for row, step in enumerate(stops):
        a, b, c, d = at[row]
        assert a.said == words.quantity(run.answer("Federal query", *CASE[:2], AS_WRITTEN, *TRIPS).mean, "share")
        for side, policy, kept in ((b, "Federal query", step), (c, "No sharing", AS_WRITTEN), (d, "No sharing", step)):
            limit = 21 * DAY if kept == AS_WRITTEN and side is not c else kept
            mean, low, high = (words.points(value) for value in by_hand(run, policy, limit))
            assert (side.change, side.change_interval) == (f"{mean} percentage points", f"{low} to {high}")
    assert [where["line"] for where in whole["where"][0][0]] == ["A, B · Federal query"] * 2 + ["C, D · No sharing"] * 2
    assert [where["step"] for where in whole["where"][0][1]] == ["-1", str(3 * DAY), "-1", str(3 * DAY)]
    assert "A and C stay as practised" in comparison_explorer.begun(found, whole, []).moved


def test_of_runs_with_other_seeds_the_explorer_has_differences_without_interval(
    run: results.Run, small: results.Run
) -> None:
    found = alprsim.compare(run, small).found
    assert found.steps == [21 * DAY]
    whole = comparison_cube.compared(found, [TRIPS], {id(run): {}, id(small): {}}, towns=False)
    for row, step in enumerate((AS_WRITTEN, 21 * DAY)):
        a, b = (one.answer("Federal query", *CASE[:2], step, *TRIPS).mean for one in (run, small))
        cells = whole["cells"]["0~request~trips_detected.share_of_horizon_pooled"][0][row]
        assert (cells[1].change, cells[1].change_interval) == (f"{words.points(b - a)} percentage points", "")


ROOM = {"cube": 900, "charts": 700, "csv": 500, "week": 300}


def drawn(without: frozenset[str]) -> str:
    """Return a page of 100 bytes and parts of the sizes in ``ROOM``; what can be left out of one leaves a tenth."""
    left = {part: "x" * (size // 10 if part in without else size) for part, size in ROOM.items()}
    templates = "".join(
        f'<template id="{name}">{left[part]}</template>'
        for name, part in (("cube", "cube"), ("charts", "charts"), ("week-data-0", "week"))
    )
    link = "" if "csv" in without else f'<a class="download" href="data:{left["csv"]}">'
    return templates + link + "é" * 50


def test_a_page_too_large_leaves_out_what_takes_most() -> None:
    whole = len(drawn(frozenset()).encode())
    assert fitting.fitted(drawn, whole) == (drawn(frozenset()), frozenset(), "")
    assert sum(fitting.sizes(drawn(frozenset())).values()) == whole
    one, two, least = (fitting.fitted(drawn, most) for most in (whole - 100, whole - 1000, 10))
    assert [sorted(found.without) for found in (one, two, least)] == [
        ["cube"],
        ["charts", "cube"],
        sorted(fitting.LEFT_OUT),
    ]
    assert len(two.html.encode()) <= whole - 1000
    assert one.warning.endswith("left out: home towns in the explorer; now 0.0 MB")
    assert least.warning.endswith("too large for many mailboxes")


def test_what_is_left_out_is_said_on_the_page_and_by_the_command(
    small: results.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = frozenset(fitting.LEFT_OUT)
    compared = alprsim.compare(small, retention="21 d")
    for html in (page.render(compared.found, everything), pages.render(small, everything)):
        assert (
            "this page leaves out: home towns in the explorer, charts of all but the main measures, the table"
            in said(html)
        )
        assert "download=" not in html
    monkeypatch.setattr(report, "MOST_BYTES", 10)
    monkeypatch.setattr(page, "render", lambda _, without: drawn(without))
    monkeypatch.setattr(pages, "render", lambda _, without: drawn(without))
    done = CliRunner().invoke(
        main, ["compare", str(small.folder), "--retention", "21 d", "--out", str(tmp_path / "a.html")]
    )
    assert done.stderr.startswith("page: 0.0 MB, above 0.0 MB (); left out: home towns in the explorer, charts")
    told = list[str]()
    report.write(results.load(shutil.copytree(small.folder, tmp_path / "run")), told.append)
    assert len(told) == 1


def test_the_table_can_be_taken_along(run: results.Run, html: str) -> None:
    data = re.search(r'href="data:application/gzip;base64,([^"]+)"', html)
    assert data is not None
    table = pd.read_csv(io.BytesIO(gzip.decompress(base64.b64decode(data[1]))))
    (row,) = table[table[sides.ROW].eq(list(CASE)).all(axis=1)].to_dict("records")
    expected = by_hand(run, "No sharing", AS_WRITTEN)
    assert [row[f"C − A{end}"] for end in ("", " low", " high")] == pytest.approx(expected, rel=1e-5)
    assert row["C − A marked"] == "not asked"
    assert row["C is"] == "fake, No sharing, as the policy says, scenario abababab"


def test_ladders_of_two_runs_and_what_differs(run: results.Run, tmp_path: Path) -> None:
    other = varied(run, tmp_path / "other", 1.5)
    (other.folder / "scenario.yaml").write_text("name: fake\ncustody:\n  retention: 21 d\n", "utf-8")
    info = json.loads((other.folder / "run.json").read_text())
    info["provenance"]["scenario_sha256"] = "cd" * 32
    info["notes"] = ["Both say this.", "Only the other."]
    (other.folder / "run.json").write_text(json.dumps(info))
    found = alprsim.compare(run, other.folder, policy="No sharing")
    file = found.report()
    assert file == run.folder.parent / "compare-fake-other.html"
    html = file.read_text("utf-8")
    assert '<code>custody.retention</code></th><td data-label="A">30 d</td><td data-label="B">21 d</td>' in html
    shown = html[html.index('id="shown"') : html.index('id="charts"')]
    assert "A · fake (baseline)" in shown
    assert "B · other" in shown
    assert html.count("<li>Both say this.</li>") == 1
    assert "<li>B: Only the other.</li>" in html
    assert f"{100 * run.answer('No sharing', *CASE[:2], 21 * DAY, *CASE[2:]).mean:.0f} %" in said(shown)
    others = gzip.decompress(base64.b64decode(re.search(r'id="charts">([^<]+)<', html)[1])).decode()  # type: ignore[index]
    keys = [*re.findall(r'data-key="([^"]+)"', shown), *json.loads(others)]
    assert len(keys) == len(set(keys))
    assert {key.split("~")[0] for key in keys} == {"0", "1", "2", "3"}  # each policy that both have


def test_one_seed_has_no_interval(tmp_path: Path) -> None:
    one = results.load(fake_run.build(tmp_path / "one", seeds=(1,), ladder=(21 * DAY,)))
    found = alprsim.compare(one, retention="21 d")
    html = page.render(found.found)
    assert "percentage points (no interval)" in said(html)
    assert "points (no interval)" in unescape(re.search(r'aria-label="Differences[^"]+"', html)[0])  # type: ignore[index]


# --- marks ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("times", "holds"), [((0.5, 2.0), True), ((0.5, 9.0), False)])
def test_a_difference_is_marked_where_every_run_agrees(
    small: results.Run, tmp_path: Path, times: tuple[float, float], holds: bool
) -> None:
    base = results.load(shutil.copytree(small.folder, tmp_path / "base", ignore=shutil.ignore_patterns("*.html")))
    runs = {sensitivity.BASE: base}
    runs |= {f"times {k}": varied(small, tmp_path / f"times-{k}", k) for k in times}
    sensitivity.write(sensitivity.table(runs), base, tmp_path)
    found = alprsim.compare(base, policy=["Federal query", "No sharing"]).found
    assert (("B", *CASE) in found.marks.marked) == holds
    for folder in tmp_path.glob("times-*"):  # then only the table is left
        shutil.rmtree(folder)
    table = alprsim.compare(base, policy=["Federal query", "No sharing"]).found
    assert (("B", *CASE) in table.marks.marked) == holds
    rate = ("B", "ICE", "request", "exposure_rate", "share_of_horizon")
    assert rate in found.marks.marked
    assert rate in table.marks.marked
    assert ("B", "ICE", "request", "effective_retention", "max") not in table.marks.marked  # without end in both
    assert "Marked (◆)" in table.marks.note
    other = alprsim.compare(base, policy=["No sharing", "Federal query"]).found  # the table knows the baseline alone
    assert other.marks == marks.Marks(frozenset(), False, other.marks.note)
    html = page.render(found)
    assert f"{'◆' if holds else '◇'} {words.points(by_hand(small, 'No sharing', AS_WRITTEN)[0])} points" in html
    shown = html[html.index('<div id="shown">') : html.index('<template id="charts">')]
    assert "other assumptions (cameras, capture, volumes of traffic)" in shown
    bands = re.findall(r'<path class="wide" [^>]*d="M[\d.]+ ([\d.]+)H[\d.]+V([\d.]+)H', shown)
    assert len(bands) == 4  # of both sides as practised, wide and for a phone
    shares = [sensitivity.bands(base)["No sharing", "ICE", "request", AS_WRITTEN, *TRIPS][:2]] * 2
    for (low, high), share, foot in zip(bands[1::2], shares, (chart.BOTTOM, chart.NARROW.bottom), strict=True):
        most = min(share[1], 1)  # the scale ends at all
        assert (foot - float(low)) * most == pytest.approx((foot - float(high)) * share[0], rel=0.02)
        assert share[0] < share[1]


def test_a_small_difference_is_not_marked(small: results.Run, tmp_path: Path) -> None:
    base = varied(small, tmp_path / "base", 1.0)
    changed = pd.read_parquet(base.folder / "measures.parquet")
    federal = changed[changed["policy"].eq("Federal query")]
    for by, marked in ((0.009, False), (0.011, True)):
        shifted = federal.assign(policy="No sharing", value=federal["value"] + by)
        rest = changed[changed["policy"].ne("No sharing")]
        pd.concat([rest, shifted]).to_parquet(base.folder / "measures.parquet")
        opened = results.load(base.folder)
        shutil.copytree(base.folder, tmp_path / "twin", dirs_exist_ok=True)
        sensitivity.write(sensitivity.table({sensitivity.BASE: opened}), opened, tmp_path)
        found = alprsim.compare(opened, policy=["Federal query", "No sharing"]).found
        assert (("B", *CASE) in found.marks.marked) == marked


def test_without_sensitivity_nothing_is_marked_and_it_is_said(html: str) -> None:
    assert "No difference is marked: sensitivity was not run for this run (command: alprsim sensitivity " in html
    assert "◆" not in html
    assert "◇" not in html


# --- the picture ----------------------------------------------------------------------------------------------------------


def test_dots_and_whiskers_stand_where_their_numbers_are() -> None:
    dots = [
        differences.Dot("B", 1, -0.1, -0.2, 0.0, True),
        differences.Dot("C", 2, math.nan, math.nan, math.nan, False),
    ]
    svg = differences.draw([differences.Group("Trips <detected>", dots)], "Differences.")
    use = re.search(r'<use href="#m1" x="([\d.]+)"', svg)
    whisker = re.search(r'd="M([\d.]+) [\d.]+H([\d.]+)M', svg)
    assert use is not None
    assert whisker is not None
    assert float(use[1]) == pytest.approx((float(whisker[1]) + float(whisker[2])) / 2)
    assert "Trips &lt;detected&gt;: B − A ◆ −10.0 points (−20.0 to 0), C − A not measured." in svg
    assert "#m2" not in svg
    assert differences._axis([]) == (-0.005, 0.005, 0.0025)
    assert differences._axis([-0.33, 0.02]) == pytest.approx((-0.4, 0.1, 0.1))
    assert differences._axis([0.021]) == pytest.approx((0, 0.025, 0.005))


# --- what may be asked ----------------------------------------------------------------------------------------------------


def test_what_is_wrong_is_named_with_what_there_is(run: results.Run) -> None:
    for asked, told in (
        ({"policy": "No sharign"}, "policy: found 'No sharign'; the run has No sharing, "),
        ({"retention": "20 d"}, "retention: found '20 d'; the run's ladder has "),
        ({"retention": "3"}, "retention: '3' has no unit"),
        ({"policy": "No sharing"}, "2 to 26 policies and limits, not 1"),
    ):
        with pytest.raises(results.ResultError, match=re.escape(told)):
            alprsim.compare(run, **asked)
    with pytest.raises(results.ResultError, match="one of each at the most"):
        alprsim.compare(run, run, policy=["No sharing", "Federal query"])
    assert [asking.limit(run, text) for text in ("72 h", "3 d", "504 h")] == [3 * DAY, 3 * DAY, 21 * DAY]


def test_a_notebook_shows_it_and_the_command_writes_it(run: results.Run, tmp_path: Path) -> None:
    found = alprsim.compare(run, retention="21 d")
    assert found._repr_html_().startswith("<p>In this synthetic model")
    assert "Trips detected<small>" in found._repr_html_()
    assert repr(found) == "Comparison(A, Federal query, as practised; B, Federal query, with a 21-day limit)"
    (row,) = found.table[found.table[sides.ROW].eq(list(CASE)).all(axis=1)].to_dict("records")
    command = ["compare", str(run.folder), "--retention", "21 d", "--out", str(tmp_path / "new" / "page.html")]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    assert done.stderr == f"page  {tmp_path / 'new' / 'page.html'}\n"
    assert (tmp_path / "new" / "page.html").read_text("utf-8") == page.render(found.found)
    assert f"{words.points(row['B − A'])} percentage points" in done.stdout
    rows = json.loads(found.json)
    assert next(r for r in rows if [r[name] for name in sides.ROW] == list(CASE))["B − A"] == pytest.approx(
        row["B − A"]
    )
