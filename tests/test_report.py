import base64
import gzip
import hashlib
import io
import json
import math
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import counts, report, results
from alprsim.report import chart, losses, page, statutes, street_map
from alprsim.report.chart import Line, Panel
from alprsim.results import words
from alprsim.results.run import NOTHING, Answer
from alprsim.results.summary import paired
from alprsim.tables import DAY, UNLIMITED, CameraKind, RoadKind
from tests import fake_run

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> results.Run:
    return results.load(fake_run.build(tmp_path_factory.mktemp("runs") / "fake"))


@pytest.fixture(scope="module")
def html(run: results.Run) -> str:
    return report.write(run).read_text("utf-8")


class Outline(HTMLParser):
    """Collects what the tests ask about; open and close tags must match."""

    EMPTY = ("meta", "br", "input", "link", "img")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def said(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


# --- the page ----------------------------------------------------------------------------------------------------------


def test_the_page_is_whole_small_and_fetches_nothing(run: results.Run, html: str) -> None:
    outline = Outline(html)
    assert outline.open == []
    assert len(html) < report.MOST_BYTES
    assert run.page.exists()
    assert not list(run.folder.glob("*.partial"))
    links = [
        value for _, attrs in outline.tags for key, value in attrs.items() if key in ("href", "src", "action", "data")
    ]
    assert links
    assert all(link is not None and link.startswith(("#", "data:")) for link in links)
    assert not [attrs for _, attrs in outline.tags if "style" in attrs or any(key.startswith("on") for key in attrs)]


def test_only_its_own_style_and_script_may_run(html: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    assert "default-src 'none'" in policy[1].replace("&#39;", "'")
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, flags=re.S)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1].replace("&#39;", "'")


def test_the_first_sentence_is_computed(run: results.Run, html: str) -> None:
    practised, limited, *_, lookbacks = run.headline()
    text = said(html)
    assert (
        "In this synthetic model, of every 10 vehicle trips ICE (federal consumer) can detect "
        f"{10 * practised['value']:.1f} as practised, and {10 * limited['value']:.1f} under a 21-day limit." in text
    )
    assert (
        "on-request sight, should it ask for every plate; detected: at least one read, not rebuilt. "
        "As practised: the baseline, “Federal query”." in text
    )
    unlimited = sorted(
        run.answer("Federal query", "ICE", "request", UNLIMITED, "lookback_plate", s).mean for s in fake_run.SHAPES
    )
    without = (
        f"{10 * unlimited[0]:.1f}"
        if f"{unlimited[0]:.2f}" == f"{unlimited[-1]:.2f}"
        else f"{10 * unlimited[0]:.1f} to {10 * unlimited[-1]:.1f}"
    )
    limited = f"{10 * lookbacks['low']:.1f} to {10 * lookbacks['high']:.1f}"
    assert f"Of 10 look-backs by plate it would still answer {limited}." in text
    assert f"is still there; over 3 assumed query ages (how long after); without a limit {without}." in text


def test_what_the_figures_rest_on_is_in_sight(html: str) -> None:
    header = html[html.index("<header>") : html.index("</header>")]
    assert all(label in header for label in ("generated streets", "assumed cameras", "uncalibrated", "3 seeds"))


def test_counts_stand_beside_the_model(tmp_path: Path) -> None:
    rows = [
        ("Kept <b>apart</b>", "primary", "weekday", 17, "validation", True, 900.0, 880.0, 0.67, "GEH < 5", True),
        ("Same road", "motorway", "average", -1, "validation", False, 9000.0, 7000.0, 4.6, "± 7 %", False),
        ("Of a Sunday", "motorway", "Sunday", -1, "calibration", False, 8000.0, math.nan, math.nan, "± 7 %", None),
    ]
    labels = {"streets": "generated", "cameras": "assumed", "calibration": counts.UNVALIDATED}
    folder = fake_run.build(tmp_path / "run", labels=labels, counts="Volumes were fitted to 1 count.")
    counts.save([counts.Held(*row) for row in rows], folder)
    html = report.write(results.load(folder)).read_text("utf-8")
    assert '<li>Volumes were fitted to 1 count. See the <a href="#counts">table of counts</a>.</li>' in html
    assert "Traffic is not calibrated" not in html
    table = html[html.index('id="counts"') : html.index('id="glossary"')]
    cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", table)
    told = [[re.sub("<small>.*", "", cell) for cell in cells[start : start + 6]] for start in (6, 12, 18)]
    assert told == [
        ["Of a Sunday", "8,000", "not simulated", "", "± 7 %", ""],
        ["Kept &lt;b&gt;apart&lt;/b&gt;", "900", "880", "0.7", "GEH &lt; 5", "yes"],
        ["Same road", "9,000", "7,000", "4.6", "± 7 %", "no"],
    ]
    assert "primary, weekday, 17 to 18; kept for validation<" in table
    assert "motorway, average, the whole day; kept for validation, but on a road that was fitted<" in table
    assert "The streets are generated" in table
    assert "<details open><summary>3 counts: fitted to counts, not validated" in table


def test_text_of_a_scenario_cannot_become_markup(tmp_path: Path) -> None:
    odd = results.load(fake_run.build(tmp_path / "odd", seeds=(1,), title="<script>alert(1)</script> & more"))
    text = odd.report().read_text("utf-8")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in text
    assert "1 seed: no interval" in said(text)
    assert "One seed was run: no interval can be given." in text


def test_a_mirror_that_outlives_its_source_is_said(html: str) -> None:
    assert (
        "Searchable pool: ICE (federal consumer) can still reach a department’s read for 1,826 d, although the limit is "
        "21 d." in html
    )
    assert "Federal query: ICE (federal consumer) can still" not in html


def test_tables_print_the_values_of_the_summary(run: results.Run, html: str) -> None:
    answer = run.answer("Searchable pool", "ICE", "request", 21 * DAY, "trips_detected", "share_of_horizon_pooled")
    value, band = f"{100 * answer.mean:.0f} %", f"{100 * answer.low:.0f} to {100 * answer.high:.0f} %"
    table = html[html.index('id="policies"') : html.index('id="map"')]
    row = re.search(r"Searchable pool<small>21-day limit</small>.*?</tr>", table, flags=re.S)
    assert row is not None
    assert f">{value}<small>{band}</small></td>" in row[0]
    baseline = re.search(r"Federal query \(baseline\)<small>as the policy says</small>.*?</tr>", table, flags=re.S)
    assert baseline is not None
    assert "without end" in baseline[0]
    assert " so far" in baseline[0]  # homes found: more is kept than was simulated


def test_policies_differ_by_paired_points(run: results.Run, html: str, tmp_path: Path) -> None:
    rows = run.measures.query(
        "viewer == 'ICE' and sight == 'request' and retention == -1 and town == 'all' and measure == 'trips_detected' "
        "and statistic == 'share_of_horizon_pooled' and who == 'vehicles' and reads == 'all'"
    ).pivot(index="seed", columns="policy", values="value")
    change, low, high = (words.points(v) for v in paired(*rows[["Federal query", "No sharing"]].to_numpy(float).T))
    table = html[html.index('id="policies"') : html.index('id="map"')]
    row = re.search(r"No sharing<small>as the policy says</small>.*?</tr>", table, flags=re.S)
    assert row is not None
    assert f">{change} points<small>{low} to {high}</small></td>" in row[0]
    assert change.startswith("−")
    assert ">the baseline</td>" in table
    assert "(camera site × 1 h)" in table
    one = results.load(fake_run.build(tmp_path / "one", seeds=(1,))).report().read_text("utf-8")
    assert re.search(r"<td[^>]*>−\d+\.\d points</td>", one)  # one seed: no interval


def test_where_files_lie_is_not_printed(tmp_path: Path) -> None:
    local = results.load(fake_run.build(tmp_path / "local", seeds=(1,)))
    text = "name: fake\nroads: {kind: graph, file: /home/me/private/danbury.graphml}\npopulation:\n  commuting:\n" \
        "    value: /home/me/private/work force.csv\n    source: /a source/stays\nstart: '16:00'\n"  # fmt: skip
    (local.folder / "scenario.yaml").write_text(text, "utf-8")
    page_text = results.load(local.folder).report().read_text("utf-8")
    assert "/home/me" not in page_text
    assert "danbury.graphml" in page_text
    assert "put them beside the scenario" in page_text
    shown = yaml.safe_load(page.without_folders(text))
    assert shown["population"]["commuting"] == {"value": "work force.csv", "source": "/a source/stays"}
    assert shown["start"] == "16:00"
    assert page.without_folders("name: fake\n") == "name: fake\n"


def test_lives_and_cameras_are_told_apart(run: results.Run, html: str, tmp_path: Path) -> None:
    table = html[html.index("Whose lives: ICE") : html.index("Whose cameras: ICE")]
    assert [title in table for title in ("Days observed: residents", "Trips detected: through traffic")] == [True, True]
    case = ("Federal query", "ICE", "request", -1)
    through = run.answer(*case, "trips_detected", "share_of_horizon_pooled", who="through")
    assert words.quantity(through.mean, "share") in table
    cameras = html[html.index("Whose cameras: ICE") : html.index('id="map"')]
    private = run.answer(*case, "exposure_rate", "share_of_horizon", reads="commercial")
    assert 0 < private.mean < run.answer(*case, "exposure_rate", "share_of_horizon").mean
    assert words.quantity(private.mean, "reads/d") in cameras
    alone = fake_run.build(tmp_path / "alone", seeds=(1,))
    bare = run.measures.query("who == 'vehicles' and reads == 'all' and measure == 'home_found' and seed == 1")
    bare.to_parquet(alone / "measures.parquet")
    results.write_summary(alone)
    assert "Whose cameras" not in results.load(alone).report().read_text("utf-8")


def test_how_unevenly_it_falls_is_on_the_page(html: str) -> None:
    assert html.count('<figure class="chart" id="unevenly">') == 1
    assert "How unevenly it falls: ICE (federal consumer), on-request sight, of each car’s own in the last 30 d" in html
    assert "Means over 3 seeds of each seed’s own." in html


def test_small_groups_are_flagged(html: str) -> None:
    assert "27,141 residents; fewer than 30 vehicles" in html
    assert "91,184 residents; fewer" not in html


def test_the_table_behind_the_page_comes_with_it(run: results.Run, html: str) -> None:
    link = re.search(r'href="data:application/gzip;base64,([^"]+)"', html)
    assert link is not None
    carried = pd.read_csv(io.BytesIO(gzip.decompress(base64.b64decode(link[1]))))
    assert len(carried) == len(run.summary)


def test_a_report_is_written_once_and_again_when_asked(run: results.Run) -> None:
    run.page.unlink(missing_ok=True)
    first = run.report()
    first.write_text("kept")
    assert run.report().read_text() == "kept"
    assert "In this synthetic model" in report.write(run).read_text("utf-8")


def test_the_same_run_gives_the_same_page(run: results.Run) -> None:
    assert page.render(run) == page.render(results.load(run.folder))


def test_charts_travel_zipped_and_whole(run: results.Run, html: str) -> None:
    inside = re.search(r'<template id="charts">([^<]+)</template>', html)
    assert inside is not None
    carried = json.loads(gzip.decompress(base64.b64decode(inside[1])))
    charts, keys = "".join(carried.values()), [key for key in carried if not key.startswith("looks~")]
    assert all(f'data-key="{key.removeprefix("looks~")}"' in text for key, text in carried.items())
    assert len(keys) > 50
    assert "looks~1~bulk" in carried
    assert "0~bulk~unicity.p4" in keys
    assert "0~request~unicity.p4" not in keys  # not asked of that sight
    assert "0~request~trips_detected.share_of_horizon" in keys  # the mean over vehicles, named so
    assert "Trips detected: of the last 30 d, mean over vehicles" in charts
    assert not [key for key in keys if key.endswith(("_error", "_eligible_only", "_so_far", "_coverage"))]
    assert "A sighting is a cell: camera site × 1 h." in charts
    assert Outline(charts).open == []


# --- the ladder --------------------------------------------------------------------------------------------------------

STEPS = (180, DAY, 21 * DAY, 30 * DAY, 90 * DAY, UNLIMITED)


def answers(*values: float, seeds: int = 3) -> list[Answer]:
    return [
        NOTHING if math.isnan(v) else Answer(v, v - 0.01 if seeds > 1 else math.nan, v + 0.01 if seeds > 1 else math.nan,
                                             seeds, "share", 9)
        for v in values
    ]  # fmt: skip


def panel(*lines: Line, horizon: int | None = 30 * DAY, measure: str = "trips_detected", unit: str = "share") -> Panel:
    practised = Answer(0.5, 0.4, 0.6, 3, unit, 9)
    return Panel("Trips detected", "ICE, on-request sight", measure, unit, STEPS, lines, practised, horizon)


def drawn(one: Panel) -> ElementTree.Element:
    return ElementTree.fromstring(chart.ladder(one))


def test_points_beyond_the_horizon_are_hollow_and_unjoined() -> None:
    svg = drawn(panel(Line("A", answers(0.1, 0.2, 0.4, 0.5, 0.5, 0.5), True)))
    assert len(svg.findall(".//g[@class='hollow']")) == 2
    (stroke,) = svg.findall(".//path[@class='stroke']")
    assert stroke.attrib["d"].count("L") == 3
    assert "longer than the question’s horizon of 30 d" in chart.notes(panel(Line("A", answers(*[0.1] * 6), True)))[0]


def test_nothing_is_drawn_where_nothing_was_measured() -> None:
    nan = math.nan
    one = panel(Line("A", answers(0.1, 0.2, nan, 0.5, nan, nan), True), Line("B", answers(*[nan] * 6), False))
    svg = drawn(one)
    assert len(svg.findall(".//use")) == 3 + 1  # three points and the mark beside the name
    assert "d" in svg.find(".//path[@class='stroke']").attrib  # type: ignore[union-attr]
    assert svg.find(".//path[@class='stroke']").attrib["d"].count("L") == 1  # type: ignore[union-attr]
    said_missing = [note for note in chart.notes(one) if note.startswith("Not measured")]
    assert "A at 21 d, 90 d and no limit" in said_missing[0]
    assert "B: not measured" in chart.summary(one)


def test_what_was_held_so_far_is_hollow() -> None:
    line = Line("A", answers(*[0.3] * 6), True, frozenset({4, 5}))
    assert len(drawn(panel(line, horizon=None)).findall(".//g[@class='hollow']")) == 2
    assert any("so far" in note for note in chart.notes(panel(line, horizon=None)))


def test_bands_need_two_seeds() -> None:
    several, one = (panel(Line("A", answers(*[0.3] * 6, seeds=n), True)) for n in (3, 1))
    assert len(drawn(several).findall(".//path[@class='band s0']")) == 1
    assert not drawn(one).findall(".//path[@class='band s0']")
    assert "One seed: no interval." in chart.notes(one)


def test_height_is_proportional_to_the_value() -> None:
    scale = chart.Linear(0.93, "share")
    assert scale(0.0) == chart.BOTTOM
    assert scale(1.0) == chart.TOP
    assert scale(0.5) == pytest.approx((chart.BOTTOM + chart.TOP) / 2)


@settings(deadline=None, derandomize=True)
@given(st.floats(1e-6, 1e6))
def test_the_side_reaches_above_every_value_in_few_round_steps(largest: float) -> None:
    scale = chart.Linear(largest, "d")
    assert scale.top >= largest * (1 - 1e-9)
    assert 2 <= len(scale.ticks) <= 8


def test_a_life_without_end_stands_above_every_finite_one() -> None:
    scale = chart.Lifetime([0.0, 180 / DAY, 21.0, 1826.0, math.inf])
    levels = [scale(days) for days in (math.inf, 1826.0, 21.0, 180 / DAY, 0.0)]
    assert levels == sorted(levels)
    assert len(set(levels)) == 5


def test_limits_stand_in_order_and_far_gaps_are_marked() -> None:
    x, breaks = chart.positions(fake_run.LADDER)
    assert x == sorted(set(x))
    assert x[0] > chart.LEFT
    assert x[-1] < chart.RIGHT
    assert len(breaks) == 3  # 3 min to 24 h, 90 d to five years, then no limit
    decades = [math.log10(b / a) for a, b in pairwise((7 * DAY, 14 * DAY, 21 * DAY))]
    assert (x[4] - x[3]) / (x[5] - x[4]) == pytest.approx(decades[0] / decades[1])
    assert chart.positions((DAY,))[1] == []


@settings(deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 40).map(float), max_size=7))
def test_names_never_overlap_and_keep_their_order(wanted: list[float]) -> None:
    places = chart.spread(wanted, 5, 0, 40)
    ordered = [places[row] for row in sorted(range(len(wanted)), key=lambda row: (wanted[row], row))]
    assert all(b - a >= 5 - 1e-9 for a, b in pairwise(ordered))
    assert all(-1e-9 <= place <= 40 + 1e-9 for place in places)
    if all(b - a >= 5 for a, b in pairwise(sorted(wanted))):
        assert places == wanted


def test_reported_laws_are_dashed_and_read_ones_are_not() -> None:
    one = panel(Line("A", answers(*[0.3] * 6), True))._replace(
        steps=(180, 3 * DAY, 21 * DAY, 30 * DAY, 90 * DAY, UNLIMITED)
    )
    svg = drawn(one)
    assert len(svg.findall(".//g[@class='law reported']")) == 5
    (read,) = svg.findall(".//g[@class='law']/title")
    assert read.text is not None
    assert read.text.startswith(
        "72 h: CT bill HB 5716 (2025); not passed\nWashington ESSB 6002 as introduced, as reported; "
    )
    assert all("as reported" in (title.text or "") for title in svg.findall(".//g[@class='law reported']/title"))
    laws = {statutes.at(step)[0].label for step in fake_run.LADDER}
    assert {"New Hampshire, as reported", "CT PA 26-14, as reported", "CT State Police, as reported"} <= laws


def test_no_line_is_told_by_colour_alone(run: results.Run) -> None:
    svg = drawn(panel(*(Line(f"P{k}", answers(*[0.1 * k] * 6), k == 0) for k in range(4))))
    strokes = [stroke.attrib.get("stroke-dasharray") for stroke in svg.findall(".//path[@class='stroke']")]
    assert len(set(strokes)) == 4
    assert {f"#m{k}" for k in range(4)} == {use.attrib["href"] for use in svg.findall(".//use")}
    assert "P3: 30 % (29 to 31 %) at 3 min" in svg.attrib["aria-label"]


@pytest.mark.parametrize("dark", [False, True])
def test_colours_stand_out_from_the_paper(dark: bool) -> None:
    style = page.asset("style.css")
    block = style[style.index("prefers-color-scheme: dark") :] if dark else style
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6});", block[: block.index("}")]))
    for name, least in {"ink": 7, "soft": 4.5, "link": 4.5, **{f"s{k}": 3 for k in range(6)}}.items():
        assert _contrast(colours[name], colours["paper"]) >= least, name
        assert _contrast(colours[name], colours["tint"]) >= least, name


def _contrast(a: str, b: str) -> float:
    """Return the contrast ratio of WCAG 2.2."""

    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        parts = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


# --- the map -----------------------------------------------------------------------------------------------------------


def test_the_map_shows_every_segment_once_and_every_site(run: results.Run) -> None:
    drawing = street_map.draw(run)
    svg = ElementTree.fromstring(drawing.svg)
    roads = fake_run.streets().roads
    segments = sum(
        len(part.split()) // 2 for path in svg.findall("path") for part in re.findall(r"l([^M]+)", path.attrib["d"])
    )
    assert segments == len(roads) // 2
    assert len(svg.findall(".//path[@class='heading']")) == 13
    assert len(svg.findall(".//circle[@class='ring']")) == 2  # the gantry watches both ways
    assert [owner.name for owner in drawing.owners] == [*fake_run.TOWNS, "Vendor pool"]
    assert "generated streets" in drawing.svg
    assert ">2 km<" in drawing.svg
    assert drawing.dropped == ""


def test_the_map_shows_where_no_camera_may_stand(run: results.Run) -> None:
    assert 'class="zone"' not in street_map.draw(run).svg
    view = street_map._view(run.table("junctions"))
    corners = pd.DataFrame(
        {"ring": [0, 0, 0, 1, 1, 1], "x": [0.0, 500, 0, 900, 950, 900], "y": [0.0, 0, 500, 900, 900, 950]}
    )
    zone = ElementTree.fromstring(street_map._zones(corners, view))
    rims = [re.findall(r"[-\d.]+ [-\d.]+", rim) for rim in zone.attrib["d"].split("M")[1:]]
    assert [len(rim) for rim in rims] == [3, 3]
    assert rims[0][0] == "{:.1f} {:.1f}".format(*view(np.array([0.0]), np.array([0.0]))[0])
    assert zone.find("title") is not None


def test_a_car_with_readers_is_drawn_as_its_beat_and_a_trailer_at_each_stop(
    run: results.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    roads, table = run.roads, run.table
    streets = roads.index[roads["kind"].eq(RoadKind.RESIDENTIAL)][:40]
    car = {"agency": "Vendor pool", "kind": "spotter", "heading": 0.0, "x": 0.0, "y": 0.0}
    beat = pd.DataFrame([{**car, "camera": camera, "road": road} for camera in (90, 91) for road in streets])
    other = pd.DataFrame(
        [{**car, "camera": 92, "agency": next(iter(fake_run.TOWNS)), "kind": "patrol", "road": r} for r in streets[:20]]
    )

    def cameras(name: str, **kwargs: int) -> pd.DataFrame:
        if name != "cameras":
            return table(name, **kwargs)
        standing = table(name, **kwargs)
        standing.loc[0, "kind"] = "portable"
        return pd.concat([standing, beat, other], ignore_index=True)

    monkeypatch.setattr(type(run), "table", lambda _, name, **kwargs: cameras(name, **kwargs))
    drawing = street_map.draw(run)
    svg = ElementTree.fromstring(drawing.svg)
    assert len(svg.findall(".//path[@class='heading']")) == 13  # as without the cars
    assert len(svg.findall(".//circle[@class='ring stop']")) == 1
    assert len(svg.findall(".//path[@class='beat']")) == 2
    names = [text.text for text in svg.findall("text[@class]") if "beatname" in text.attrib["class"]]
    assert sorted(names) == sorted([f"{next(iter(fake_run.TOWNS))}: 1 patrol car", "Vendor pool: 2 spotter cars"])
    heights = [float(t.attrib["y"]) for t in svg.findall("text[@class]") if "beatname" in t.attrib["class"]]
    assert abs(heights[0] - heights[1]) >= 15
    assert any("2 spotter" in owner.cameras for owner in drawing.owners)


def test_too_many_streets_lose_the_small_ones(run: results.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(street_map, "MOST_SEGMENTS", 50)
    drawing = street_map.draw(run)
    assert "Residential and minor streets are left out: 144 segments" in drawing.dropped
    assert 'class="local"' not in drawing.svg
    assert 'class="major"' in drawing.svg


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12))
def test_chains_drive_every_segment_once(pairs: list[tuple[int, int]]) -> None:
    chains = list(street_map._chains([a for a, _ in pairs], [b for _, b in pairs]))
    driven = sorted(tuple(sorted(step)) for chain in chains for step in pairwise(chain))
    assert driven == sorted(tuple(sorted(pair)) for pair in pairs)


# --- without script -----------------------------------------------------------------------------------------------------


def test_without_the_script_the_default_chart_is_there(html: str) -> None:
    before_script = html[: html.index("<script>")]
    shown = before_script[before_script.index('id="shown"') : before_script.index("<template")]
    assert 'data-key="0~request~trips_detected.share_of_horizon_pooled"' in shown
    assert '<svg class="ladder"' in shown
    assert re.search(r'<form id="explorer" class="choose"[^>]* hidden>', before_script)


# --- what became of the plates ------------------------------------------------------------------------------------------


def test_the_page_says_what_became_of_the_plates_by_cause(run):
    told = losses.losses(run)
    heads = [head.title for head in told.heads]
    assert "Down" in heads
    assert "Dropped: store" in heads
    assert "Dropped: reader" not in heads  # none was, at any camera
    assert [(name, remark) for name, remark, _ in told.rows] == [
        ("Fairfield", "2 fixed cameras"),
        ("Westport", "1 fixed camera"),
    ]
    cells = {head: cell.value for head, cell in zip(heads, told.rows[1][2], strict=True)}
    assert cells["Passages"] == "5,000"
    assert cells["Down"] == "5.3 %"
    assert cells["Ghosts"] == "2.3 %"
    assert cells["Hours down"] == "2.5"


def test_each_kind_of_reader_has_its_own_row(run, monkeypatch):
    tally = run.table("tally")
    cars = tally[tally["agency"].eq("Westport")].assign(kind=CameraKind.PATROL, camera=9, passages=12_000, missed=6_000)
    monkeypatch.setattr(type(run), "table", lambda *_, **__: pd.concat([tally, cars]))
    rows = losses.losses(run).rows
    assert [row[:2] for row in rows[1:]] == [("Westport", "1 fixed camera"), ("Westport", "1 patrol car")]
    assert rows[1][2] == losses.losses(run).rows[1][2]
    assert rows[2][2][0].value == "400"
    assert set(losses._KINDS) == set(CameraKind)
