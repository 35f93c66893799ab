"""The first screen and the policy explorer: their numbers are the tidy table's, and what was not computed is not offered."""

import base64
import gzip
import json
import math
import re
import shutil
from html import unescape
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alprsim import report, results
from alprsim.report import chart, figures, opening, page, statutes, tables, under
from alprsim.report import cube as cubes
from alprsim.results import sensitivity as bands
from alprsim.results import words
from alprsim.results.headline import REBUILT, TRIPS, Subject
from alprsim.results.headline import opening as opens_with
from alprsim.results.run import Answer
from alprsim.results.summary import paired, plain
from alprsim.tables import AS_WRITTEN, DAY, UNLIMITED
from tests import fake_run

LADDER = (180, 3 * DAY, 21 * DAY, 90 * DAY, UNLIMITED)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> results.Run:
    folder = fake_run.build(tmp_path_factory.mktemp("explorer") / "run", ladder=LADDER)
    return results.load(fake_run.rebuilt(folder, hot_lists=True))


@pytest.fixture(scope="module")
def varied(run: results.Run) -> results.Run:
    """Return the same run with the band that other assumptions make of it."""
    stands, more = (run.folder.parent / name for name in ("stands", "more"))
    for folder in (stands, more):
        shutil.copytree(run.folder, folder)
    rows = pd.read_parquet(more / "measures.parquet")
    rows.loc[rows["unit"].eq("share"), "value"] *= 1.25
    rows.to_parquet(more / "measures.parquet")
    results.write_summary(more)
    runs = {bands.BASE: results.load(stands), "cameras × 2": results.load(more)}
    bands.write(bands.table(runs), runs[bands.BASE], stands)
    return runs[bands.BASE]


@pytest.fixture(scope="module")
def cube(run: results.Run) -> dict[str, Any]:
    return cubes.cube(run, cubes.by_seed(run), {})


@pytest.fixture(scope="module")
def html(run: results.Run) -> str:
    return report.write(run).read_text("utf-8")


def said(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


# --- the cube ----------------------------------------------------------------------------------------------------------


def places(run: results.Run, cube: dict[str, Any]) -> list[tuple[cubes.Case, cubes.Cell | None]]:
    found = []
    for key, group in cube["cells"].items():
        viewer, sight, measure = key.split("~")
        name = cube["viewers"][int(viewer)]["name"]
        found += [
            ((policy, name, sight, stop["seconds"], *measure.split(".", 1)), one)
            for policy, mine in zip(cube["policies"], group, strict=True)
            for stop, one in zip(cube["stops"], mine, strict=True)
        ]
    return found


def test_every_cell_is_a_row_of_the_tidy_table(run: results.Run, cube: dict[str, Any]) -> None:
    every = run.summary[run.summary["who"].eq("vehicles") & run.summary["reads"].eq("all")]
    keys = ["policy", "viewer", "sight", "retention", "measure", "statistic", "town"]
    told = {row[:7]: row[7:] for row in zip(*(every[c] for c in [*keys, "mean", "low", "high", "unit"]), strict=True)}
    seen = 0
    for case, cell in places(run, cube):
        if cell is None:
            assert np.isnan(told.get((*case, "all"), (np.nan,))[0]), case
            continue
        case = (*case[:5], case[5] + words.SO_FAR) if cell.so_far else case
        mean, low, high, unit = told[(*case, "all")]
        assert cell.said == words.quantity(mean, unit, measure=case[4]), case
        if np.isfinite(mean):
            assert cell.interval == words.interval(low, high, unit, measure=case[4])
            assert cell.value == pytest.approx(mean, abs=5.1e-5 if unit == "share" else abs(mean) * 0.0051)
        for town, one in zip(fake_run.TOWNS, cell.towns, strict=False):
            assert one is not None
            assert one[1] == words.quantity(told[(*case, town)][0], unit, measure=case[4])
        seen += 1
    assert seen > 2000
    assert cube["towns"] == ["Fairfield-like", "Westport-like", "Norwalk-like"]


def test_differences_to_the_baseline_are_paired_seed_by_seed(run: results.Run, cube: dict[str, Any]) -> None:
    rows = plain(run.measures).query("viewer == 'ICE' and sight == 'bulk' and measure == 'trips_detected'")
    by_seed = rows[rows["statistic"].eq(TRIPS[1])].pivot(
        index="seed", columns=["policy", "retention"], values="value"
    )  # fmt: skip
    group = cube["cells"]["0~bulk~trips_detected.share_of_horizon_pooled"]
    for row, policy in enumerate(cube["policies"]):
        for k, stop in enumerate(cube["stops"][1:], 1):
            here, base = by_seed[policy, stop["seconds"]], by_seed["Federal query", AS_WRITTEN]
            mean, low, high = paired(base.to_numpy(float), here.to_numpy(float))
            assert group[row][k].change == f"{words.points(mean)} percentage points"
            assert group[row][k].change_interval == f"{words.points(low)} to {words.points(high)}"
    assert group[0][0].change == "the baseline itself"


def test_differences_of_days_and_without_end_are_said() -> None:
    a, b = ("A", "V", "bulk", 1, "m", "s"), ("B", "V", "bulk", 1, "m", "s")
    ends = {a: np.array([np.inf, np.inf]), b: np.array([2.0, 2.0])}
    assert cubes.change(ends, a, b, "d")[0] == "the baseline is without end"
    assert cubes.change(ends, b, a, "d")[0] == "without end, as the baseline is not"
    counts = {a: np.array([1.0, 2.0]), b: np.array([2.5, 3.5])}
    assert cubes.change(counts, a, b, "d") == ("+1.5 d", "+1.5 to +1.5")
    assert cubes.change({a: counts[a]}, a, b, "d") == ("not measured", "")
    assert cubes.change({a: counts[a][:1], b: counts[b][:1]}, b, a, "d") == ("−1.5 d", "")


def test_what_was_not_computed_is_not_offered(run: results.Run, cube: dict[str, Any], html: str) -> None:
    assert "0~bulk~unicity.p4" in cube["cells"]
    assert "0~request~unicity.p4" not in cube["cells"]  # not asked of that sight
    steps = [stop["seconds"] for stop in cube["stops"]]
    assert cube["cells"]["0~bulk~unicity.p4"][0][steps.index(90 * DAY)] is None  # more than was simulated
    home = cube["cells"]["0~bulk~home_found.within_250m"][0]
    assert [home[steps.index(step)].so_far for step in (21 * DAY, 90 * DAY)] == [False, True]
    offered = re.search(r'<select name="measure">.*?</select>', html, flags=re.S)
    assert offered is not None
    values = set(re.findall(r'<option value="([^"]+)"', offered[0]))
    assert values == {key.split("~")[2] for key in cube["cells"]}
    sights = re.findall(r'type="radio" name="sight" value="(\w+)"', html)
    assert sights == ["bulk", "request"]  # no process, no side door


def test_look_backs_at_a_state_are_those_of_the_table(run: results.Run, cube: dict[str, Any]) -> None:
    told = cube["looks"]["0~request"][0][2]  # the baseline under 72 h
    left = [run.answer("Federal query", "ICE", "request", 3 * DAY, "lookback_plate", s).mean for s in fake_run.SHAPES]
    assert [one[2] for one in told["each"]] == [words.quantity(share, "share") for share in left]
    assert told["said"].startswith(f"{words.interval(min(left), max(left), 'share')} (")
    assert "without a limit), over 3 assumed query ages" in told["said"]


def test_the_cube_travels_with_the_page_and_is_small(cube: dict[str, Any], html: str) -> None:
    inside = re.search(r'<template id="cube">([^<]+)</template>', html)
    assert inside is not None
    assert json.loads(gzip.decompress(base64.b64decode(inside[1]))) == json.loads(json.dumps(cube))
    assert len(inside[1]) < 100_000


# --- the slider ---------------------------------------------------------------------------------------------------------


def test_statutes_are_marked_with_their_states(html: str) -> None:
    ticks = re.search(r'<ol class="ticks".*?</ol>', html, flags=re.S)
    assert ticks is not None
    told = {
        step: re.findall(r'<small class="([^"]+)">([^<]+)</small>', marks)
        for step, marks in re.findall(r"<li><span>([^<]+)</span>(.*?)</li>", ticks[0])
    }
    assert told["as practised"] == []
    assert told["21 d"] == [("law reported", "CT, ME, VA, WA")]  # dashed: the text of none was read
    assert told["72 h"] == [("law", "CT bill"), ("law reported", "WA bill")]  # HB 5716 was, Washington's was not
    assert len(told) == len(LADDER) + 1
    assert f'min="0" max="{len(LADDER)}" step="1" value="0"' in html
    assert "CT PA 26-14, as reported" in cubes.stop(21 * DAY)["laws"]
    assert cubes.stop(12_345)["states"] == ""
    assert cubes.stop(UNLIMITED)["name"] == "unlimited"  # as in a scenario


def test_slider_ladder_and_list_mark_a_limit_alike() -> None:
    steps = sorted({statute.seconds for statute in statutes.known()})
    nothing = [Answer(0.3, math.nan, math.nan, 1, "share", 1)] * len(steps)
    panel = chart.Panel("", "", "trips_detected", "share", steps, [chart.Line("A", nothing, True)], nothing[0], None)
    groups = r'<g class="(law[^"]*)">(?:<title>[^<]*</title>)?<path[^>]*/><text[^>]*>([^<]*)</text>'
    wide, phone = (re.findall(groups, chart.ladder(panel, of)) for of in (chart.WIDE, chart.NARROW))
    listed = re.findall("<li>[^:]+: ([^<]+)</li>", chart.narrow(panel))
    assert len(wide) == len(phone) == len(listed) == len(steps)
    for step, (style, label), (narrow_style, _), item in zip(steps, wide, phone, listed, strict=True):
        stop, named = cubes.stop(step), statutes.at(step)
        assert style == narrow_style == ("law" if stop["read"] else "law reported")
        assert bool(stop["read"]) == any(one.read for one in named)
        assert label == item
        assert len(unescape(label)) <= 44  # what has room above the ladder
        assert ("as reported" in label) == bool(stop["reported"])
        states = re.findall(r"\b[A-Z]{2}\b", stop["states"])
        first = next((one for one in named if one.state in states), named[0])
        assert all(state in label or first.name in unescape(label) for state in states)
    assert statutes.mark(12_345) is None
    assert cubes.stop(21 * DAY)["states"] == "CT, ME, VA, WA"
    assert "CT PA 26-14, ME, VA, WA, as reported" in listed
    assert "CT bill HB 5716 (2025); WA bill, as reported" in listed
    assert cubes.stop(30 * DAY)["states"] == "OR, IA, vendor"


def test_without_the_script_the_baseline_as_practised_is_there(run: results.Run, html: str) -> None:
    before = html[: html.index("<script>")]
    answer = run.answer("Federal query", "ICE", "bulk", AS_WRITTEN, *REBUILT)
    assert f'<strong id="value">{words.quantity(answer.mean, "share")}</strong>' in before
    assert "“Federal query” as practised, ICE (federal consumer), bulk sight" in before
    assert '<strong id="change">the baseline itself</strong>' in before
    shown = before[before.index('id="shown"') : before.index("<template")]
    assert 'data-key="0~bulk~trips_rebuilt.share_of_horizon_pooled"' in shown
    assert 'data-key="0~bulk"' in shown  # look-backs under it
    assert '<rect class="fill" width="100.0"' in before


def test_without_the_script_what_it_begins_with_is_ringed_above_every_line(html: str) -> None:
    before = html[: html.index("<script>")]
    pictures = [f for f in re.findall(r'<svg class="ladder.*?</svg>', before, flags=re.S) if '<g class="rings">' in f]
    assert len(pictures) == 4  # the ladder and look-backs, each also for a phone
    for picture in pictures:
        lines, rings = picture.split('<g class="rings">')
        mark, x, y = re.findall(
            r'data-policy="Federal query" data-at="-1"><title>[^<]*</title><use href="(#m\d)" x="(\S+)" y="(\S+)"',
            lines,
        )[0]
        assert (
            f'<use href="{mark}" x="{x}" y="{y}"/></g></g><circle class="here" cx="{float(x):g}" cy="{float(y):g}"'
            in rings
        )
        assert rings.endswith("</g></svg>")


# --- the first screen ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seeds", "more"), [(1, "; standard error of the draw 1 and 0.5 of 1,000."), (10, ".")])
def test_a_sentence_of_cars_drawn_says_of_how_many_and_how_far_off(seeds: int, more: str) -> None:
    shares = {
        (AS_WRITTEN, ""): 0.004,
        (21 * DAY, ""): 0.002,
        (AS_WRITTEN, "_error"): 0.0011,
        (21 * DAY, "_error"): 0.0005,
    }

    def answer(*of: Any) -> Answer:
        *_, step, _, statistic = of
        share = shares[step, statistic.removeprefix(REBUILT[1])]
        return Answer(share, np.nan, np.nan, seeds, "share", 1472)

    found = opening.drawn(
        SimpleNamespace(answer=answer),
        Subject("Federal query", "ICE", "bulk", None),
        REBUILT,
        1_000,
        AS_WRITTEN,
        21 * DAY,
    )  # type: ignore[arg-type]
    assert found == f"Of cars drawn out of all: n = 1,472 (cars × moments looked back from){more}"


def test_what_a_warrant_would_add_stands_beside_the_figure_without_it(run: results.Run, tmp_path: Any) -> None:
    folder = tmp_path / "warrant"
    shutil.copytree(run.folder, folder, ignore=shutil.ignore_patterns("*.html"))
    rows = pd.read_parquet(folder / "measures.parquet")
    mine = rows[rows["policy"].eq("No sharing") & rows["viewer"].eq("ICE") & rows["sight"].eq("request")]
    names = ["trips_rebuilt", "trips_detected", "lookback_plate"]
    added = mine[mine["measure"].isin(names)].assign(sight="process", value=0.2)
    pd.concat([rows, added]).astype(rows.dtypes).to_parquet(folder / "measures.parquet")
    results.write_summary(folder)
    html = page.render(asked := results.load(folder))
    bars = said(html[html.index('class="bars"') : html.index("The numbers of this sentence")])
    said_beside = "with a warrant, expected: 2.0, 2.0 detected, look-backs 2.0"
    assert bars.count(said_beside) == 2  # as written, and under the limit
    assert html.count('<svg width="57.0" height="24"><g class="hoped">') == 2
    assert "Dashed: detected with a warrant or through a partner, as expected value." in html
    note = "Not counted here: what a warrant opens under “No sharing”. By process sight has it."
    about = figures.ladder(asked, "ICE", "request", TRIPS, {})
    assert note in about.notes
    by_process = figures.ladder(asked, "ICE", "process", TRIPS, {})
    assert note not in by_process.notes
    assert by_process.names == [one for one in about.names if one[0] == "No sharing"]  # in its colour and shape as ever
    assert note not in figures.ladder(run, "ICE", "request", TRIPS, {}).notes
    (grid,) = [
        grid for grid in tables.policies(asked, opens_with(asked)[0]) if grid.caption.endswith("by process sight")
    ]
    assert {name for name, *_ in grid.rows} == {"No sharing"}  # what no other policy has is no row of nothing
    case = ("No sharing", "ICE", "process", AS_WRITTEN, *TRIPS)
    cell = cubes.cell(asked, case, cubes.by_seed(asked), {}, [])
    assert cell is not None
    now = asked.answer("Federal query", "ICE", "request", AS_WRITTEN, *TRIPS).mean
    assert cell.change == f"{words.points(0.2 - now)} percentage points"
    assert cell.change_interval.endswith("; the baseline on request")  # of two seeds, so after their interval
    bulk = {key: value for key, value in cubes.by_seed(asked).items() if key[:3] != ("Federal query", "ICE", "bulk")}
    alone = cubes.cell(asked, ("Searchable pool", "ICE", "bulk", AS_WRITTEN, *TRIPS), bulk, {}, [])
    assert alone is not None
    assert alone.change == "not measured"  # a grant apart, sights are never mixed


def test_the_first_sentence_is_of_trips_rebuilt_where_they_were_measured(run: results.Run, html: str) -> None:
    now, limited = (run.answer("Federal query", "ICE", "bulk", step, *REBUILT).mean for step in (AS_WRITTEN, 21 * DAY))
    seen = [run.answer("Federal query", "ICE", "bulk", step, *TRIPS).mean for step in (AS_WRITTEN, 21 * DAY)]
    text = said(html)
    assert (
        f"ICE (federal consumer) can rebuild {words.of_ten(now)} as practised, and {words.of_ten(limited)} under a 21-day limit"
    ) in text
    assert (
        "bulk sight; rebuilt: ≥ 80 % of their km on the simulated streets right and at most 20 % of the claimed wrong."
        in text
    )
    assert f"Detected, by at least one read: {words.of_ten(seen[0])} and {words.of_ten(seen[1])} of 10." in text
    table = text[text.index("The numbers of this sentence") : text.index("The five numbers")]
    for share in (now, limited, *seen):
        assert f"{words.of_ten(share)} of 10 ({words.quantity(share, 'share')})" in table
    assert "on-request sight" in table  # the other sight has rows of its own
    assert '<a href="#limits">limits and assumptions</a>' in html
    assert "Hatched: trips merely detected" in text
    assert "The wider band over assumptions was not computed; alprsim sensitivity scenario.yaml does" in text


def test_without_bulk_sight_of_a_department_it_says_which_sight_it_is(run: results.Run) -> None:
    other = run.folder.parent / "request"
    asked = results.load(fake_run.rebuilt(fake_run.build(other, seeds=(1,), ladder=LADDER), bulk=False))
    about, pair = opens_with(asked)
    assert (about.sight, pair) == ("request", REBUILT)
    assert opens_with(run)[0].sight == "bulk"
    first = opening.opened(asked, cubes.by_seed(asked), {})
    assert "on-request sight, should it ask for every plate; rebuilt: ≥ 80 %" in first.rests[0]
    assert "no department’s reads in bulk: it has to ask for them plate by plate" in first.why


def test_small_shares_are_told_of_a_thousand_and_drawn_as_dots(run: results.Run) -> None:
    assert [words.many([share, 0.0]) for share in (0.62, 0.05, 0.049, 0.0005, 0.0004, 0.0)] == [
        10,
        10,
        1000,
        1000,
        100_000,
        10,
    ]
    assert [words.of_many(share, 1000) for share in (0.004, 0.0395, 0.0019, 0.00002, 0.0)] == [
        "4",
        "40",
        "1.9",
        "fewer than 0.1",
        "0",
    ]
    assert words.of_many(0.62, 10) == "6.2"
    answer = run.answer("Federal query", "ICE", "bulk", AS_WRITTEN, *REBUILT)
    small = [answer._replace(mean=share, low=share / 2, high=share * 2) for share in (0.004, 0.0002)]
    bars = [opening.Bar("A", "", one, None, True, None, 1000) for one in small]
    assert bars[0].said == "4 of 1,000 (2 to 8)"
    assert [bar.dots for bar in bars] == [(4, 0), (1, 0)]  # something is never drawn as nothing


def test_the_baseline_is_the_first_row(run: results.Run) -> None:
    bars = opening.opened(run, cubes.by_seed(run), {}).bars
    assert [(bar.name, bar.baseline) for bar in bars[:3]] == [
        ("Federal query", True), ("Federal query", True), ("Searchable pool", False)
    ]  # fmt: skip
    mine = run.answer("Federal query", "ICE", "bulk", AS_WRITTEN, *REBUILT)
    assert bars[0].said == f"{words.of_ten(mine.mean)} of 10 ({words.of_ten(mine.low)} to {words.of_ten(mine.high)})"
    assert (bars[0].low, bars[0].high, bars[0].band_low) == (mine.low, mine.high, None)
    assert bars[0].more == run.answer("Federal query", "ICE", "bulk", AS_WRITTEN, *TRIPS).mean


# --- bands over assumptions, hot lists ----------------------------------------------------------------------------------


def test_the_band_over_assumptions_is_drawn_where_the_folder_has_it(run: results.Run, varied: results.Run) -> None:
    told = bands.bands(varied)
    mine = varied.answer("Federal query", "ICE", "bulk", 21 * DAY, *REBUILT).mean
    band = told["Federal query", "ICE", "bulk", 21 * DAY, *REBUILT]
    assert band[:2] == pytest.approx((mine, 1.25 * mine), rel=1e-5)
    assert (band.least_in, band.most_in) == (bands.BASE, "cameras × 2")
    assert bands.bands(run) == {}
    bar = opening.opened(varied, cubes.by_seed(varied), told).bars[1]
    assert bar.wide == f"{words.of_ten_range(mine, 1.25 * mine)} over assumptions"
    page = report.write(varied).read_text("utf-8")
    shown = page[page.index('id="shown"') : page.index("<template")]
    drawn = re.findall(r'class="wide["\s]', shown)
    assert (
        len(drawn) == 2 * 4 * 4
    )  # wide and narrow: each policy, as practised and by limit, on the ladder and under it
    look = told["No sharing", "ICE", "bulk", AS_WRITTEN, "lookback_plate", bands.ANY_AGE]
    left = cubes.looks(varied, Subject("No sharing", "ICE", "bulk", None), AS_WRITTEN, told)
    assert left is not None
    assert left["said"].endswith(f"; {words.interval(*look[:2], 'share')} over other assumptions too")
    assert "was not computed" not in said(shown)
    assert "over assumptions</span>" in page
    cell = cubes.cell(varied, ("No sharing", "ICE", "bulk", 21 * DAY, *REBUILT), cubes.by_seed(varied), told, [])
    assert cell is not None
    assert cell.band == words.interval(*told["No sharing", "ICE", "bulk", 21 * DAY, *REBUILT][:2], "share")


def test_hot_lists_are_one_line_at_every_limit_where_they_ran(run: results.Run, tmp_path_factory: Any) -> None:
    (panel,) = [one for one in under.panels(run, {}) if one.key == "0~bulk"]
    assert panel.svg.count("hot lists: 3 true alerts a day at every limit") == 1
    assert any("An alert is decided when a plate is read" in note for note in panel.notes)
    bare = results.load(fake_run.build(tmp_path_factory.mktemp("bare") / "run", seeds=(1,), ladder=LADDER))
    assert not any("hot lists" in str(one.svg).lower() for one in under.panels(bare, {}))
    left = [run.answer("No sharing", "ICE", "bulk", 3 * DAY, "lookback_plate", s).mean for s in fake_run.SHAPES]
    row = next(cells for name, _, cells in panel.numbers.rows if name == "No sharing")
    assert row[2] == (words.quantity(sorted(left)[1], "share"), words.interval(min(left), max(left), "share"))


def test_policies_as_practised_stand_left_of_the_limits(run: results.Run) -> None:
    line = figures.line(run, "No sharing", "ICE", "bulk", REBUILT, {})
    assert line.practised == run.answer("No sharing", "ICE", "bulk", AS_WRITTEN, *REBUILT)
    first = figures.figures(run, *opens_with(run), {})[0]
    x = {
        step: float(at)
        for step, at in re.findall(r'data-policy="No sharing" data-at="(-?\d+)">.*?<use href="#m3" x="([\d.]+)"', first.svg)
    }  # fmt: skip
    assert list(x) == [*map(str, LADDER), "-1"]
    assert x["-1"] < min(x[str(step)] for step in LADDER)
