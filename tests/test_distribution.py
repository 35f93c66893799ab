"""How unevenly cars are laid open, as people read it: a data frame, the command line, and the page's picture and table."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from alprsim import results
from alprsim.cli import main
from alprsim.report import unevenly
from alprsim.results import distribution
from alprsim.results.headline import subject
from alprsim.tables import AS_WRITTEN, DAY
from tests import fake_run

CASE = {"policy": "Federal query", "viewer": "ICE", "sight": "request"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uneven") / "run"
    return results.load(fake_run.build(folder, seeds=(1, 2), ladder=(21 * DAY, 30 * DAY)))


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    """Return a run of one seed whose distribution lacks what older versions did not tell."""
    run = results.load(fake_run.build(tmp_path_factory.mktemp("older") / "run", seeds=(1,), ladder=(21 * DAY,)))
    file = run.folder / "seed=1" / "viewers_distribution.parquet"
    table = pd.read_parquet(file).drop(columns=["min", "p99"])
    table[~table["statistic"].str.endswith("_of_horizon")].to_parquet(file)
    return run


@pytest.fixture(scope="module")
def unasked(tmp_path_factory):
    run = results.load(fake_run.build(tmp_path_factory.mktemp("unasked") / "run", seeds=(1,), ladder=(21 * DAY,)))
    (run.folder / "seed=1" / "viewers_distribution.parquet").unlink()
    return run


def asked(run, *arguments):
    return CliRunner().invoke(main, ["measures", str(run.folder), "--spread", *arguments])


# --- as a data frame --------------------------------------------------------------------------------------------------


def test_a_row_is_the_mean_over_seeds_of_each_seeds_own(run):
    got = run.distribution(**CASE, town="all", statistic="days_seen_of_horizon")
    own = run.table("viewers_distribution")
    own = own[(own[list(CASE)] == list(CASE.values())).all(axis=1) & own["town"].eq("all")]
    own = own[own["statistic"].eq("days_seen_of_horizon")]
    assert (len(got), len(own), got["seeds"].iloc[0]) == (1, 2, 2)
    for name in ("vehicles", "none", "mean", *distribution.QUANTILES):
        assert got[name].iloc[0] == pytest.approx(own[name].mean())
    assert not got["so_far"].iloc[0]
    assert run.distribution(**CASE, town="all", statistic="days_seen")["so_far"].all()


def test_what_is_not_named_is_not_narrowed_down(run):
    every = run.distribution()
    assert len(every) == len(run.table("viewers_distribution")) / 2
    assert not every.duplicated(list(distribution.KEYS)).any()
    assert set(every["retention"]) == {AS_WRITTEN}
    assert run.distribution(retention="21 d").empty


def test_of_few_cars_nothing_is_told(run):
    town = run.distribution(**CASE).set_index("town")
    told = ["none", "mean", *distribution.QUANTILES]
    assert town.loc["Westport", "vehicles"].tolist() == [12] * 3
    assert np.isnan(town.loc["Westport", told].to_numpy(float)).all()
    assert not np.isnan(town.loc["Norwalk", told].to_numpy(float)).any()


def test_a_wrong_name_is_said_with_those_there_are(run, unasked):
    with pytest.raises(results.ResultError, match="viewer: found 'ICQ'; the run has ICE"):
        run.distribution(viewer="ICQ")
    with pytest.raises(results.ResultError, match=r"name `distribution` in the scenario's measures\.families"):
        unasked.distribution()


# --- on the command line ----------------------------------------------------------------------------------------------


def test_the_command_prints_every_viewer_from_least_to_most(run):
    done = asked(run, "--policy", "Federal query")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert "means over 2 seeds of each seed’s own" in done.output
    assert "days seen, of all that is held (d)*" in done.output
    assert [line.strip() for line in lines if line.strip() in fake_run.VIEWERS] == list(fake_run.VIEWERS)
    row = next(line for line in lines if "of its own driven days in the last T, seen" in line)
    assert re.split(r"\s{2,}", row.strip())[1:] == [
        "4,015",
        "10 %",
        "31 %",
        "0 %",
        "0 %",
        "27 %",
        "55 %",
        "63 %",
        "64 %",
    ]
    assert "Norwalk" not in done.output
    assert "homes in Norwalk-like" in asked(run, "--towns").output


def test_the_command_prints_the_same_as_json(run):
    rows = json.loads(asked(run, "--json", "--towns", "--sight", "bulk").output)
    table = run.distribution(sight="bulk").set_index(list(distribution.KEYS))
    assert len(rows) == len(table) > 0
    for row in rows:
        mine = table.loc[tuple(row[key] for key in distribution.KEYS)]
        assert row["p90"] == (None if row["town"] == "Westport" else pytest.approx(mine["p90"]))
        assert row["unit"] == distribution.SAID[row["statistic"]].unit


def test_what_an_older_run_did_not_tell_is_a_dash(older):
    row = next(line for line in asked(older).output.splitlines() if "days seen, of all that is held" in line)
    cells = re.split(r"\s{2,}", row.strip())[1:]
    assert [cells[place] for place in (3, 7)] == ["–", "–"]
    assert cells[5] == "27"


@pytest.mark.parametrize("wrong", [["--sight", "process"], ["--who", "people"]])
def test_what_it_is_not_of_is_refused(run, wrong):
    done = asked(run, *wrong)
    assert (done.exit_code, "it is of vehicles, by bulk sight or on request" in done.output) == (2, True)


def test_a_run_without_it_says_how_to_ask(run, unasked):
    done = asked(unasked)
    assert (done.exit_code, "name `distribution`" in done.output) == (1, True)
    alone = CliRunner().invoke(main, ["measures", str(run.folder), "--towns"])
    assert (alone.exit_code, "it goes with --spread" in alone.output) == (2, True)


# --- on the page ------------------------------------------------------------------------------------------------------


def test_the_page_shows_each_policy_and_the_table_its_numbers(run):
    shown = unevenly.shown(run, subject(run))
    assert [name for name, *_ in shown.names] == list(fake_run.REACH)
    assert [name for name, baseline, _ in shown.names if baseline] == ["Federal query"]
    table = run.distribution(viewer="ICE", sight="request", town="all").set_index(["policy", "statistic"])
    assert len(shown.table.rows) == 2 * len(fake_run.REACH)
    kinds = {"driven days seen": "days_seen_of_horizon", "trips detected": "trips_detected_of_horizon"}
    for name, remark, cells in shown.table.rows:
        mine = table.loc[name.removesuffix(" (baseline)"), kinds[remark]]
        assert [cell.value for cell in cells][3:5] == [distribution.said(mine[p], "%") for p in ("p50", "p90")]
        assert cells[0].value == "10 %"


def test_a_point_stands_where_its_quantile_is(run):
    shown = unevenly.shown(run, subject(run))
    days = run.distribution(**CASE, town="all", statistic="days_seen_of_horizon").iloc[0]
    for picture, of in ((shown.svg, unevenly._WIDE), (shown.narrow, unevenly._NARROW)):
        svg = ElementTree.fromstring(str(picture))
        assert "Federal query: 0 % of the car that shows least, 27 % of the median car" in svg.attrib["aria-label"]
        marks = [one.find("use") for one in svg.iter("g") if (one.findtext("title") or "").startswith("Federal query:")]
        places = [(float(mark.attrib["x"]), float(mark.attrib["y"])) for mark in marks]
        wide, high = of.right - of.left - 28, of.bottom - of.top
        across = [of.left + 14 + wide * at / 100 for at in (0, *range(10, 100, 10), 99, 100)]
        up = [of.bottom - high * days[name] / 100 for name in distribution.QUANTILES]
        assert np.array(places) == pytest.approx(np.array([across, up]).T, abs=0.06)
        assert ("Peers mirror</text>" in str(picture)) == (not of.narrow)


def test_home_towns_stand_below_where_there_are_several(run):
    shown = unevenly.shown(run, subject(run))
    rows = {(name, remark.split(";")[0]): (remark, cells) for name, remark, cells in shown.towns.rows}
    assert set(rows) == {(f"{t}-like", what) for t in fake_run.TOWNS for what in ("driven days seen", "trips detected")}
    remark, cells = rows["Westport-like", "driven days seen"]
    assert remark.endswith("fewer than 30 cars")
    assert {cell.value for cell in cells} == {"not measured"}
    assert rows["Norwalk-like", "driven days seen"][0].endswith("4,015 cars")


def test_a_page_of_a_run_that_did_not_ask_shows_none(older, unasked):
    assert [unevenly.shown(one, subject(one)) for one in (older, unasked)] == [None, None]
