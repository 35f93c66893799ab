"""The frontier of privacy and utility: bands over the assumed delays, and what is said beside them."""

import math
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import hotlists, results, utility
from alprsim.report import figures as ladders
from alprsim.report import frontier as picture
from alprsim.results import frontier, suite, words
from alprsim.results.frontier import Band
from alprsim.results.headline import TRIPS, subject
from alprsim.scenario import models
from alprsim.tables import AS_WRITTEN, DAY
from tests import fake_run

LABEL = r'<text class="(?:note|limit s\d)" x="([\d.]+)" y="([\d.]+)">([^<]*(?:min|h|d|limit))</text>'


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return results.load(fake_run.build(tmp_path_factory.mktemp("frontier") / "run"))


WORTH = {"true_hits": 3.0, "false_alerts": 1.5, "true_for_each_false": 2.0}


@pytest.fixture(scope="module")
def coarse(tmp_path_factory):
    """Return a made-up run with hot lists, and a policy whose records are too coarse for half of its look-backs."""
    folder = fake_run.build(tmp_path_factory.mktemp("coarse") / "run", seeds=(1,), ladder=(0, 3 * DAY, 30 * DAY))
    rows = pd.read_parquet(folder / "measures.parquet")
    told = rows["measure"].eq("lookback_plate") & rows["statistic"].isin(fake_run.SHAPES)
    leads = rows[told].assign(statistic=rows["statistic"] + words.WITH_LEADS)
    rows.loc[told & rows["policy"].eq("Peers mirror"), "value"] /= 2
    every = dict.fromkeys(("policy", "viewer", "sight", "who", "reads", "town"), hotlists.EVERY)
    worth = [
        {**every, "measure": "hot_list_value", "statistic": name, "retention": AS_WRITTEN, "seed": 1, "value": value}
        for name, value in WORTH.items()
    ]  # fmt: skip
    parts = [rows, leads, pd.DataFrame(worth).assign(unit="", n=9).astype(rows.dtypes)]
    pd.concat(parts, ignore_index=True).to_parquet(folder / "measures.parquet")
    results.write_summary(folder)
    return results.load(folder)


def test_a_band_is_the_least_the_middle_and_the_most_that_was_measured():
    assert Band.of([0.3, 0.1, 0.2]) == (0.1, 0.2, 0.3)
    assert Band.of([0.4, math.nan, 0.2]) == pytest.approx((0.2, 0.3, 0.4))
    assert all(math.isnan(value) for value in Band.of([math.nan]))
    assert all(math.isnan(value) for value in Band.of([]))


def test_the_table_holds_every_policy_limit_and_kind_of_query_apart(run):
    table = frontier.table(run)
    case = ["policy", "viewer", "sight", "retention", "query"]
    assert not table.duplicated(case).any()
    assert len(table) == 4 * 3 * 2 * (len(fake_run.LADDER) + 1) * 2
    row = table.set_index(case).loc[("Federal query", "ICE", "request", 21 * DAY, "plate")]
    trips = run.answer("Federal query", "ICE", "request", 21 * DAY, "trips_detected", "share_of_horizon_pooled")
    assert (row["privacy_measure"], row["privacy_statistic"]) == TRIPS
    assert (row["privacy"], row["privacy_low"], row["privacy_high"]) == trips[:3]
    shares = sorted(
        run.answer("Federal query", "ICE", "request", 21 * DAY, "lookback_plate", shape).mean
        for shape in fake_run.SHAPES
    )
    assert [row[f"answered_{end}"] for end in Band._fields] == shares
    assert shares[0] < shares[1] < shares[2]
    assert row["coverage_mid"] == 0.9
    assert math.isnan(row["with_holds_mid"])
    assert table[table["query"].eq("area")]["answered_mid"].isna().all()  # the made-up run asks none
    assert "true_hits" not in table


def test_a_longer_limit_lays_open_more_and_answers_more(run):
    for _, mine in (
        frontier.table(run).query("query == 'plate' and retention >= 0").groupby(["policy", "viewer", "sight"])
    ):
        ladder = mine.sort_values("retention")
        assert ladder["privacy"].is_monotonic_increasing
        assert ladder["answered_low"].is_monotonic_increasing


def test_the_csv_says_on_every_row_what_it_rests_on_and_is_not(run):
    frontier.write(run)
    written = pd.read_csv(run.folder / frontier.FILE)
    assert written["utility"].eq("measures the availability of a read, not solved crimes").all()
    assert written["rests_on"].eq("follows from the assumed delay of the question").all()
    assert written["useful"].eq("Useful: a read within 1000 m and 30 min of the incident.").all()
    assert written["streets"].eq("generated").all()
    assert list(written.columns)[3:5] == ["retention", "retention_text"]
    assert set(written["retention_text"]) >= {"3 min", "21 d", "no limit", "as the policy says"}


def test_the_picture_names_every_policy_and_says_what_it_does_not_measure(run):
    picture.save(run)
    root = ET.fromstring((run.folder / picture.FILE).read_text("utf-8"))
    texts = ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]
    said = " ".join(texts)
    for policy in fake_run.REACH:
        assert texts.count(policy) == 2  # ICE's panel, and the department's
    assert "ICE (federal consumer), on-request sight" in texts
    assert "Fairfield police, on-request sight" in texts
    assert "not solved crimes" in said
    assert "follows from the assumed delay" in said
    assert "21 d" in texts
    assert "had every read been kept and shared for ever: 90 %" in texts
    for line in root.iter("{http://www.w3.org/2000/svg}use"):
        assert -1 <= float(line.get("x")) <= 900
        assert -1 <= float(line.get("y")) <= 430


def test_no_two_labels_of_limits_cover_each_other(run):
    svg = picture.shown(run).svg
    for panel in svg.split("<svg ")[2:]:
        boxes = [(float(x), float(y), 6.6 * len(text)) for x, y, text in re.findall(LABEL, panel)]
        assert len(boxes) >= 3
        for row, (x, y, wide) in enumerate(boxes):
            for other_x, other_y, other_wide in boxes[:row]:
                assert abs(y - other_y) >= 14 or x >= other_x + other_wide or other_x >= x + wide


def test_no_label_of_a_limit_is_struck_through_by_an_axis(run):
    for panel in picture.shown(run).svg.split("<svg ")[2:]:
        lines = re.findall(r'<path class="(?:axisline|practised)"[^>]* d="M([\d.]+) ([\d.]+)([LHV][^"]+)"', panel)
        ends = [[(float(x), float(y)), *_points(float(x), float(y), more)] for x, y, more in lines]
        boxes = [
            (float(x), float(y) - 11, float(x) + 7.6 * len(text), float(y) + 3)
            for x, y, text in re.findall(LABEL, panel)
        ]
        assert len(boxes) >= 3
        for box in boxes:
            for path in ends:
                for a, b in pairwise(path):
                    assert not _enters(a, b, box), (box, a, b)


@settings(deadline=None, derandomize=True)
@given(*[st.integers(0, 9)] * 4, *[st.integers(1, 5)] * 4)
def test_a_line_crosses_a_box_if_it_goes_inside(x, y, to_x, to_y, left, top, wide, tall):
    box = (left, top, left + wide, top + tall)
    inside = _enters((x, y), (to_x, to_y), box)
    assert picture._crosses((x, y, to_x, to_y), box) >= inside
    smaller = (left + 0.05, top + 0.05, box[2] - 0.05, box[3] - 0.05)
    assert inside >= picture._crosses((x, y, to_x, to_y), smaller)  # which small steps do not miss


def _points(x, y, rest):
    """Return where an SVG path of lines goes on to."""
    for kind, numbers in re.findall(r"([LHV])([^LHV]+)", rest):
        values = [float(value) for value in numbers.split()]
        x, y = values if kind == "L" else (values[0], y) if kind == "H" else (x, values[0])
        yield x, y


def _enters(a, b, box):
    """Go along the line in small steps."""
    along = ((a[0] + (b[0] - a[0]) * k / 500, a[1] + (b[1] - a[1]) * k / 500) for k in range(501))
    return any(box[0] < x < box[2] and box[1] < y < box[3] for x, y in along)


def test_the_page_shows_the_frontier_with_its_numbers(run):
    text = run.report().read_text("utf-8")
    assert "What a limit leaves an investigation" in text
    assert "There is no one score" in text
    assert "not solved crimes" in text
    grids = picture.shown(run).numbers
    assert [len(grid.rows) for grid in grids] == [4, 4]
    assert len(grids[0].rows[0][2]) == len(fake_run.LADDER)


def test_without_look_backs_there_is_no_frontier(run, tmp_path):
    rows = run.measures[~run.measures["measure"].str.startswith("lookback")]
    bare = fake_run.build(tmp_path / "bare", seeds=(1,))
    rows[rows["seed"].eq(1)].to_parquet(bare / "measures.parquet")
    results.write_summary(bare)
    assert picture.shown(results.load(bare)) is None


def test_what_was_assumed_is_said():
    spec = models.Utility.model_validate({
        "within": "500 m", "around": "10 min", "hold": {"chance": 0.25, "within": "2 d", "of": "plate"},
        "query_ages": {
            "fast": {"kind": "exponential", "mean": "2 d"},
            "cold": {"kind": "mixture", "median": "5 d", "beyond": "180 d", "beyond_share": 0.1},
            "ours": {"kind": "audit_log", "file": "C:\\somewhere\\searches.csv"},
            "mixed": {"kind": "lognormal", "median": "5 d", "p95": "45 d"},
        },
    })  # fmt: skip
    run = results.Run(None, {"utility": frontier.described(spec)})
    assert frontier.basis(run) == [
        "Useful: a read within 500 m and 10 min of the incident.",
        "Assumed delays: fast: exponential, mean 48 h; cold: half within 5 d, 10 % beyond 180 d; ours: as in searches.csv; "
        "mixed: half within 5 d, 5 % beyond 45 d.",
        "Holds (assumed): for 25 % of incidents one of the plate is filed within 48 h.",
    ]
    assert frontier.basis(results.Run(None, {})) == []
    assert frontier.spreads(run) == [
        "“cold” and “mixed” questions have the same middle age, 5 d, and cold ones spread wider both ways: 43 % of them come "
        "within 72 h, of mixed ones 35 %. So under a limit shorter than 5 d more cold ones are answered, under a longer one "
        "fewer."
    ]
    cold, mixed = (utility.quantiles(spec.query_ages[name]) for name in ("cold", "mixed"))
    shares = {limit: [float((ages < limit * DAY).mean()) for ages in (cold, mixed)] for limit in (1, 3, 7, 30)}
    assert [f"{100 * share:.0f} %" for share in shares[3]] == ["43 %", "35 %"]
    assert [limit for limit, (a, b) in shares.items() if a > b] == [1, 3]
    assert frontier.spreads(results.Run(None, {})) == []
    told = {"wide": "half within 72 h, 10 % beyond 90 d", "narrow": "half within 72 h, 5 % beyond 10 d"}
    (said,) = frontier.spreads(results.Run(None, {"utility": {"query_ages": told}}))
    more = {"wide": "half within 96 h, 10 % beyond 90 d", "narrow": "half within 96 h, 20 % beyond 10 d"}
    (other,) = frontier.spreads(results.Run(None, {"utility": {"query_ages": more}}))
    assert ": 45 % of them come within 72 h, of narrow ones 40 %." in other
    assert ": 40 % of them come within 36 h, of narrow ones 17 %. So under a limit shorter than 72 h more wide" in said
    assert frontier.described(models.Utility())["hold"] is None


def test_hot_lists_are_worth_the_same_under_every_limit(coarse):
    table = frontier.table(coarse)
    assert all(table[name].eq(value).all() for name, value in WORTH.items())
    said = "3 true hits and 1.5 false alerts a day, 2 for each false one, under every policy"
    assert any(said in note for note in picture.notes(coarse))


def test_every_ladder_of_look_backs_says_what_it_follows_from(run):
    figures = ladders.figures(run, subject(run), TRIPS, {})
    looks = [one for one in figures if "lookback_" in one.key]
    assert len(looks) > 3
    for one in looks:
        assert any("not solved crimes" in note and "follows from the assumed delay" in note for note in one.notes)
        assert any(note.startswith("Useful: a read within 1000 m and 30 min") for note in one.notes)
    assert not any("solved crimes" in note for one in figures if one not in looks for note in one.notes)


def test_leads_stand_beside_what_coarse_records_answer_and_nowhere_else(run, coarse):
    table = frontier.table(coarse).query("query == 'plate'")
    mine, others = (table[table["policy"].eq("Peers mirror") == yes] for yes in (True, False))
    assert len(mine) == 3 * 2 * 4
    for end in Band._fields:
        bound, answered = (mine[f"{name}_{end}"].to_numpy() for name in ("with_leads", "answered"))
        some = mine["retention"] != 0
        assert bound[some].tolist() == pytest.approx((2 * answered[some]).tolist())
        assert np.isnan(bound[~some]).all()  # nothing is kept, and nothing told coarsely
        assert others[f"with_leads_{end}"].isna().all()
    assert not any(name.startswith("with_leads") for name in frontier.table(run))
    frontier.write(coarse)
    written = pd.read_csv(coarse.folder / frontier.FILE)
    assert "with_leads_mid" in written
    texts = written.groupby("retention")["retention_text"].unique()
    assert {step: list(said) for step, said in texts.items()} == {
        AS_WRITTEN: ["as the policy says"], 0: [words.duration(0)], 3 * DAY: ["72 h"], 30 * DAY: ["30 d"]
    }  # fmt: skip
    with_leads = {(policy, remark): cells for policy, remark, cells in picture.shown(coarse).numbers[0].rows if remark}
    assert list(with_leads) == [("Peers mirror", "with records too coarse to say it was there: an upper bound")]
    (cells,) = with_leads.values()
    of_ice = mine.query("viewer == 'ICE' and sight == 'request' and retention >= 0")
    bounds = of_ice[["with_leads_low", "with_leads_high"]].fillna(0).itertuples(index=False, name=None)
    assert [cell.band for cell in cells] == [words.interval(*ends, "share") for ends in bounds]


def test_the_suite_names_leads_of_a_policy_with_coarse_records_alone(run, coarse):
    told = "query ages: mixed, with records too coarse to say it was there"
    said = [suite.as_text(coarse, [policy]) for policy in ("Peers mirror", "No sharing")]
    assert [text.count(told) for text in (*said, suite.as_text(run, ["Peers mirror"]))] == [1, 0, 0]
    assert [row["said"] for row in suite.as_rows(coarse, "No sharing")].count(told) == len(fake_run.VIEWERS)
