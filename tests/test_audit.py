"""A simulated audit log: who searches is the same under every policy, what it returns is what Access lets it obtain."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from alprsim import audit, custody, dossier, results
from alprsim.audit import _drawn
from alprsim.cli import main
from alprsim.dossier import Opened
from alprsim.scenario import models
from alprsim.scenario.errors import ScenarioError
from alprsim.scenario.read import load, loads
from alprsim.tables import DAY, RecordClass
from tests import naive_custody as naive

POLICIES = ("Federal query", "East opts out", "By warrant", "Pseudonyms")


@pytest.fixture(scope="module")
def run(lane_run, tmp_path_factory):
    """Return a copy of the lane's run, audited under several policies."""
    folder = tmp_path_factory.mktemp("audited") / "run"
    shutil.copytree(lane_run.folder, folder)
    copy = results.load(folder)
    audit.simulate(copy, policies=POLICIES)
    return copy


@pytest.fixture(scope="module")
def log(run):
    return pd.read_parquet(run.folder / "audit.parquet")


def of(log, policy, agency=None):
    rows = log[log["policy"].eq(policy)]
    return (rows[rows["agency"].eq(agency)] if agency else rows).reset_index(drop=True)


def test_searches_are_the_same_under_every_policy(log):
    drawn = ["time", "agency", "user", "kind", "vehicle", "x", "y", "look_back", "reason", "true", "case_draw"]
    base = of(log, POLICIES[0])[drawn]
    for policy in POLICIES[1:]:
        pd.testing.assert_frame_equal(of(log, policy)[drawn], base)


def test_returned_is_what_the_rows_of_access_let_one_obtain(run, log):
    opened, reads = Opened.of(run, None), run.table("reads", seed=1)
    cameras, hits = run.table("cameras", seed=1), run.table("alerts", seed=1)
    hit = set(zip(hits["time"], hits["site"], hits["plate"], strict=True))
    owner = cameras["agency"].map(opened.row_of).to_numpy()
    checked = 0
    for policy in POLICIES[:3]:
        rules = opened.loaded.policies[policy].custody
        for agency in ("ICE", "East"):
            viewer = opened.row_of[agency]
            access = custody.access(rules, opened.agencies, [viewer])
            for entry in of(log, policy, agency)[::3].itertuples():
                near = np.hypot(cameras["x"] - entry.x, cameras["y"] - entry.y) <= entry.within
                there = reads["plate"].eq(entry.vehicle) if entry.kind == "plate" else reads["site"].map(near)
                mine = reads[there & reads["plate"].ge(0) & reads["time"].between(entry.since, entry.until)]
                granted = access.take(np.flatnonzero((access.sight != 2) | (access.chance > entry.case_draw)))
                got = [
                    owner[site]
                    for time, site, plate in zip(mine["time"], mine["site"], mine["plate"], strict=True)
                    if naive.obtainable(
                        granted, viewer, owner[site], entry.sight, time, entry.time,
                        record=RecordClass.HIT if (time, site, plate) in hit else RecordClass.PLAIN,
                    )
                ]  # fmt: skip
                assert (entry.returned, entry.others) == (len(got), sum(one != viewer for one in got))
                checked += len(got)
    assert checked > 50


def test_reach_is_whose_reads_of_those_ages_can_be_seen(log):
    ice = of(log, "Federal query", "ICE")
    young = ice[ice["kind"].eq("plate")]
    assert set(young["owners"]) == {"East;West"}
    assert set(young["agencies"]) == {2}
    assert set(young["cameras"]) == {8}
    out = of(log, "East opts out", "ICE")
    assert set(out.loc[out["kind"].eq("plate"), "owners"]) == {"West"}
    old = ice["kind"].eq("area") & (ice["look_back"] - 1800 >= 36 * 3600)
    assert old.any()
    assert set(ice.loc[old, "owners"]) == {""}
    assert set(ice.loc[old, "returned"]) == {0}
    assert set(of(log, "Federal query", "East")["others"]) == {0}


def test_pseudonyms_answer_by_place_alone(log):
    hidden, plain = of(log, "Pseudonyms", "ICE"), of(log, "Federal query", "ICE")
    assert plain.loc[plain["kind"].eq("plate"), "returned"].sum() > 0
    assert hidden.loc[hidden["kind"].eq("plate"), "returned"].sum() == 0
    by_place = hidden["kind"].eq("area")
    assert hidden.loc[by_place, "returned"].tolist() == plain.loc[by_place, "returned"].tolist()


def test_warrants_are_asked_for_where_ages_need_one(log):
    warranted = of(log, "By warrant", "ICE")
    asked = warranted["warrant"]
    assert set(asked) == {"none needed", "needed, not asked for", "refused", "granted"}
    assert (warranted.loc[asked.eq("granted"), "sight"] == "process").all()
    assert (warranted.loc[asked.eq("granted"), "case_draw"] < 0.5).all()
    assert (warranted.loc[asked.eq("refused"), "case_draw"] >= 0.5).all()
    by_plate = warranted[warranted["kind"].eq("plate")]
    assert (by_plate["warrant"].eq("none needed") == (by_plate["look_back"] < 6 * 3600)).all()
    assert set(of(log, "Federal query")["warrant"]) == {"none needed"}


def test_one_user_watches_one_person_under_a_false_reason(log):
    for agency in ("East", "West", "ICE"):
        own = of(log, "Federal query", agency)
        often = own.loc[own["vehicle"].ge(0), "vehicle"].value_counts()
        watched = own[own["vehicle"].eq(often.index[0])]
        assert len(watched) > 5
        assert (~watched["true"] & watched["user"].eq(0)).sum() > 5
    assert of(log, "Federal query")["true"].mean() > 0.6


def test_a_case_number_stands_where_an_edge_needs_it(log):
    assert (of(log, "Federal query", "ICE")["case_number"] != "").all()
    assert of(log, "Federal query", "ICE")["case_number"].str.fullmatch(r"2026-\d{5}").all()
    stated = of(log, "East opts out", "ICE")["case_number"]
    assert 0 < (stated != "").mean() < 1


def test_volumes_are_poisson_streams_whose_nth_search_is_its_own():
    base = np.uint64(7)
    times = _drawn._times(base, 900 / (30 * DAY), 300 * DAY)
    assert abs(len(times) - 9000) < 4 * np.sqrt(9000)
    gaps = np.diff(times)
    assert abs(gaps.std() / gaps.mean() - 1) < 0.05
    shorter = _drawn._times(base, 900 / (30 * DAY), 30 * DAY)
    assert times[: len(shorter)].tolist() == shorter.tolist()
    assert len(_drawn._times(base, 0.0, DAY)) == 0


def test_ages_are_those_of_the_shape_that_is_named(log):
    ages = of(log, "Federal query")["look_back"] / DAY
    assert 2.5 < ages.median() < 9  # utility.query_ages.mixed: half below 5 d


def test_a_second_audit_keeps_what_others_left(run):
    before = (run.folder / "audit.parquet").read_bytes()
    audit.simulate(run, policies=["By warrant"])
    assert (run.folder / "audit.parquet").read_bytes() == before


def test_the_summary_adds_up(run, log):
    rows = pd.read_csv(run.folder / "audit.csv").set_index(["policy", "agency"])
    ice = of(log, "Federal query", "ICE")
    told = rows.loc[("Federal query", "ICE")]
    assert told["searches_30d"] == pytest.approx(len(ice) * 10)
    assert told["reads_returned"] == ice["returned"].sum()
    assert told["of_others_cameras"] == 1
    assert rows.loc[("Federal query", "East"), "of_others_cameras"] == 0
    reached = ice["owners"].str.split(";").map(lambda names: "East" in names).sum()
    assert rows.loc[("Federal query", "East"), "searched_by_others_a_day"] == pytest.approx(reached / 3, abs=0.01)
    page = (run.folder / "audit.html").read_text("utf-8")
    assert "Nobody was searched for." in page
    assert "83,345 cameras" in page
    assert page.count("<tbody>") == len(POLICIES)


def test_my_own_file_names_the_searches_that_returned_it(run, log):
    mine = of(log, "Federal query")
    hits = mine[mine["returned"].gt(0) & mine["kind"].eq("plate") & mine["agency"].eq("ICE")]
    vehicle = int(hits["vehicle"].iloc[-1])
    files = [
        dossier.own_file(run, str(vehicle), agency, "3", hour=3, policy="Federal query") for agency in ("East", "West")
    ]
    assert all(file.searches is not None for file in files)
    assert all(search.case_number for file in files for search in file.searches if search.agency == "ICE")
    returned = sum(search.reads for file in files for search in file.searches if search.kind == "plate")
    still = 3 * DAY - 3600
    reads = run.table("reads", seed=1)
    own = reads[reads["plate"].eq(vehicle) & reads["time"].gt(still - 36 * 3600)]
    expected = sum(
        int(own["time"].between(max(entry.since, entry.time - 36 * 3600 + 1), entry.until).sum())
        for entry in mine[mine["kind"].eq("plate") & mine["vehicle"].eq(vehicle)].itertuples()
        if entry.agency == "ICE" and entry.time <= still
    )
    asked_by_ice = sum(
        search.reads for file in files for search in file.searches if (search.kind, search.agency) == ("plate", "ICE")
    )
    assert returned >= asked_by_ice == expected


def test_the_command_writes_and_prints(run):
    told = CliRunner().invoke(main, ["audit", str(run.folder), "--policy", "By warrant"])
    assert told.exit_code == 0, told.output
    assert "By warrant" in told.stdout
    assert str(run.folder / "audit.parquet") in told.stdout
    data = json.loads(CliRunner().invoke(main, ["audit", str(run.folder), "--json"]).stdout)
    assert {row["agency"] for row in data["summary"]} == {"East", "West", "ICE"}
    wrong = CliRunner().invoke(main, ["audit", str(run.folder), "--policy", "By warrants"])
    assert wrong.exit_code == 1
    assert "did you mean 'By warrant'" in wrong.stderr


# --- the keys ---------------------------------------------------------------------------------------------------------


def test_searches_change_no_run(hamlet):
    plain = load(hamlet)
    assert load(hamlet, overrides=["searches.departments.monthly=5"]).digest() == plain.digest()
    assert loads(plain.text(), base=plain.base).scenario.searches == models.Searches()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("searches.agencies={Eaast: {monthly: 5}}", "did you mean 'East'"),
        ("searches.look_back=mixt", "did you mean 'mixed'"),
        ("searches.departments={monthly: 20000, users: 1}", "more than 10,000 each"),
        ("searches.watched=2", "must be at most 1"),
    ],
)
def test_what_is_wrong_with_searches_is_named(hamlet, change, said):
    with pytest.raises(ScenarioError, match=said):
        load(hamlet, overrides=[change])


def test_an_agencys_own_volume_stands_in_place_of_its_kinds(hamlet):
    searches = load(hamlet, overrides=["searches.agencies={East: {monthly: 7}}"]).scenario.searches
    assert searches.of("East", "department").monthly == 7
    assert searches.of("West", "department").monthly == 101
    assert searches.of("ICE", "consumer").monthly == 300
    assert searches.of("Somebody", "host").monthly == 0
