"""Hot lists: who is listed when, which reads alert and why, and that an alert does not depend on retention."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import alprsim
from alprsim import hotlists
from alprsim.kernels import hotlists as kernels
from alprsim.measures.question import STRATA
from alprsim.measures.wheel import people_of
from alprsim.randomness import draw, stream
from alprsim.report import alerts as page
from alprsim.results.published import HITS
from alprsim.scenario import ScenarioError, load
from alprsim.scenario.models import HotList, HotLists
from alprsim.tables import (
    DAY,
    Agencies,
    Alerts,
    Cameras,
    Cause,
    Listings,
    Outcome,
    Plates,
    Reads,
    Sites,
    VehicleKind,
    Vehicles,
)
from tests import naive_hotlists as naive
from tests.conftest import contents

means = st.sampled_from([0.0, 0.5, 3.0, 40.0])


def a_list(**given):
    size = {} if {"share", "count"} & set(given) else {"share": 0.1}
    return HotList(**{"kind": "stolen", "owner": "NCIC", **size, **given})


def plates(n, elsewhere=0):
    return Plates.of(text=np.arange(1, n + 1), state=np.arange(n) < elsewhere)


def drawn(lists, n=4000, *, length="20 d", seed=1, stock=None):
    days = int(length.split()[0]) * DAY
    return hotlists.draw(stock or plates(n), HotLists(lists=lists), issued=n, length=days, seed=seed)


# --- the kernels and their twins ----------------------------------------------------------------------------------------


@given(st.integers(0, 2**64 - 1))
@settings(deadline=None, derandomize=True)
def test_an_exponential_is_the_naive_twins(bits):
    assert kernels._exponential(np.uint64(bits), hotlists._TAIL) == naive.exponential(bits)


@given(
    st.lists(st.integers(0, 99), max_size=6), means, means.filter(bool), means, st.integers(0, 60), st.integers(0, 3)
)
@settings(deadline=None, derandomize=True)
def test_spells_are_those_of_the_naive_twin(keys, off, wanted, stale, length, seed):
    base = stream(seed, "a list")
    found = kernels.spells(base, np.array(keys, np.int64), off, wanted, stale, length, hotlists._TAIL)
    assert [tuple(row) for row in found.tolist()] == naive.spells(base, keys, off, wanted, stale, length)


reads = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1), st.integers(-1, 3)), max_size=12)
listed = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 9), st.integers(0, 1)), max_size=8)


@given(reads, listed, st.lists(st.booleans(), min_size=4, max_size=4))
@settings(deadline=None, derandomize=True)
def test_matches_are_those_of_the_naive_twin(reads, listed, matched):
    listed = sorted(listed, key=lambda row: row[0])
    matched = np.array(matched).reshape(2, 2)
    time, site, plate = np.array(reads, np.int32).reshape(-1, 3).T.copy()
    of, begin, end, hot_list = np.array(listed, np.int32).reshape(-1, 4).T.copy()
    first = np.searchsorted(of, np.arange(5)).astype(np.int64)
    pairs = kernels.match(time, site, plate, first, begin, end, hot_list.astype(np.int16), matched)
    assert [tuple(row) for row in pairs.tolist()] == naive.match(reads, listed, matched.tolist())


# --- who is listed when -------------------------------------------------------------------------------------------------


def test_exponentials_have_their_mean_and_their_tail():
    bits = draw(stream(1, "exponentials"), np.arange(5000))
    value = np.array([naive.exponential(word) for word in bits])
    assert value.mean() == pytest.approx(1, abs=4 / math.sqrt(5000))
    for x in (0.1, 0.5, 1, 3):
        tail = math.exp(-x)
        assert np.mean(value > x) == pytest.approx(tail, abs=4 * math.sqrt(tail * (1 - tail) / 5000))


@pytest.mark.parametrize("moment", [0, 7 * DAY, 19 * DAY + 5])
def test_a_list_is_as_long_at_every_moment_as_the_scenario_says(moment):
    """The steady state holds from the start: share rightly listed, and stale for as many as stale_for is of wanted_for."""
    found = drawn({"a": a_list(share=0.1, wanted_for="10 d", stale_for="5 d")}, 6000)
    rightly = (found.listed <= moment) & (moment < found.wanted_until)
    stale = (found.wanted_until <= moment) & (moment < found.removed)
    assert rightly.sum() / 6000 == pytest.approx(0.10, abs=4 * math.sqrt(0.1 * 0.9 / 6000))
    assert stale.sum() / 6000 == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 6000))


def test_additions_follow_littles_law():
    found = drawn({"a": a_list(share=0.1, wanted_for="10 d", stale_for="5 d")}, 6000)
    expected = 6000 * 0.1 / 10 * 20
    assert np.count_nonzero(found.listed) == pytest.approx(expected, abs=4 * math.sqrt(expected))


def test_a_count_is_of_the_plates_issued():
    found = drawn({"a": a_list(count=300, stale_for="0 s")}, 6000)
    assert np.count_nonzero(found.listed == 0) == pytest.approx(300, abs=4 * math.sqrt(300))
    assert np.array_equal(found.wanted_until, found.removed)


def test_spells_of_a_plate_do_not_overlap():
    found = drawn({"a": a_list(share=0.3, wanted_for="2 d", stale_for="1 d"), "b": a_list()}, 2000)
    again = (found.plate[1:] == found.plate[:-1]) & (found.hot_list[1:] == found.hot_list[:-1])
    assert again.sum() > 100
    assert (found.listed[1:] > found.removed[:-1])[again].all()
    assert (found.alerts_from[1:] >= found.alerts_until[:-1])[again].all()


def test_another_list_changes_no_list():
    alone, beside = drawn({"a": a_list()}), drawn({"b": a_list(share=0.2), "a": a_list()})
    assert_same(alone, beside.take(beside.hot_list == 1))


def test_another_vehicle_changes_nobodys_spells():
    """A vehicle more takes a plate from the rest of the state: the same plates, in another order."""
    order = np.argsort(draw(stream(1, "another order"), np.arange(4000)))
    stock = plates(4000)
    one, other = drawn({"a": a_list()}, stock=stock), drawn({"a": a_list()}, stock=stock.take(order))

    def by_text(found, text):
        return sorted(zip(text[found.plate].tolist(), found.listed.tolist(), found.removed.tolist(), strict=True))

    assert by_text(one, stock.text) == by_text(other, stock.text[order])


def test_a_day_is_the_same_however_long_the_run():
    short, long = drawn({"a": a_list()}, length="3 d"), drawn({"a": a_list()}, length="30 d")
    assert len(long) > len(short) > 100
    assert_same(short, long.take(long.listed < 3 * DAY))


def test_another_seed_lists_others():
    one, other = (set(drawn({"a": a_list()}, seed=seed).plate.tolist()) for seed in (1, 2))
    assert len(one & other) < 0.4 * len(one)


def test_other_states_plates_do_not_hit_on_lapsed_registration():
    lists = {"lapsed": a_list(kind="registration"), "stolen": a_list()}
    found = drawn(lists, stock=plates(4000, elsewhere=2000))
    assert (found.plate[found.hot_list == 0] >= 2000).all()
    assert (found.plate[found.hot_list == 1] < 2000).any()


@pytest.mark.parametrize(
    ("refresh", "expected"), [("0 s", [(5, 30), (7, 7), (12, 13)]), ("10 s", [(10, 30), (10, 10), (20, 20)])]
)
def test_the_readers_copy_lags_behind_the_list(refresh, expected):
    listed, removed = np.array([5, 7, 12]), np.array([30, 7, 13])
    seconds = np.full(3, int(refresh.split()[0]))
    copied = zip(hotlists._copied(listed, seconds).tolist(), hotlists._copied(removed, seconds).tolist(), strict=True)
    assert list(copied) == expected


def assert_same(one, other):
    assert len(one) == len(other) > 0
    for name, column in one.data().items():
        if name != "hot_list":
            assert np.array_equal(column, getattr(other, name)), name


# --- alerts -------------------------------------------------------------------------------------------------------------

AGENCIES = Agencies.of(name=["East", "West", "Pool"], kind=[0, 0, 1], server_rate=[1, 1, 1], server_room=[1, 1, 1])
CAMERAS = Cameras.of(
    agency=[0, 1, 2],
    kind=[0, 0, 0],
    rate=[1, 1, 1],
    room=[1, 1, 1],
    capture=[1, 1, 1],
    correct=[1, 1, 1],
    key=[1, 2, 3],
)
SITES = Sites.of(camera=[0, 1, 2], road=[0, 0, 0], offset=[0, 0, 0], heading=[0, 0, 0])
VEHICLES = Vehicles.of(
    household=np.arange(3), garage=np.zeros(3), town=np.zeros(3), kind=[0, 0, VehicleKind.THROUGH], key=np.arange(3)
)
STOCK = Plates.of(text=[7, 8, 9, 8, 10], state=[0, 0, 0, 1, 0])
"""Vehicle 1's characters are also on another state's plate, row 3."""


def lists_of(listings, **given):
    """Take listings as (plate, list, listed, wanted until, removed), copied live."""
    spec = HotLists(lists=given.pop("lists", {"a": a_list(refresh="0 s")}), **given)
    columns = np.array(sorted(listings), np.int64).reshape(-1, 5).T
    plate, hot_list, since, until, removed = columns
    table = Listings.of(
        plate=plate, hot_list=hot_list, listed=since, wanted_until=until, removed=removed, alerts_from=since,
        alerts_until=removed,
    )  # fmt: skip
    first = np.searchsorted(table.plate, np.arange(len(STOCK) + 1)).astype(np.int64)
    matched = np.ascontiguousarray(hotlists._matched(spec, AGENCIES)[CAMERAS.agency])
    return hotlists.Lists(spec, table, first, matched, CAMERAS.agency)


def raised(lists, rows):
    """Take rows as (time, site, plate, vehicle)."""
    time, site, plate, vehicle = np.array(rows).T
    read = Reads.of(time=time, site=site, plate=plate, vehicle=vehicle)
    return hotlists.alerts(lists, read, STOCK, VEHICLES, CAMERAS, SITES, seed=1)


def test_each_alert_has_its_cause():
    lists = lists_of([(0, 0, 10, 20, 30), (3, 0, 0, 99, 99), (4, 0, 0, 50, 99)])
    found = raised(lists, [
        (9, 0, 0, 0), (10, 0, 0, 0), (19, 0, 0, 0), (20, 0, 0, 0), (29, 0, 0, 0), (30, 0, 0, 0), (31, 0, -1, 0),
        (32, 0, 4, 0), (33, 0, 3, 1), (34, 0, 3, 2), (60, 1, 4, 2),
    ])  # fmt: skip
    cause = {10: Cause.TRUE, 19: Cause.TRUE, 20: Cause.STALE, 29: Cause.STALE, 32: Cause.MISREAD, 33: Cause.WRONG_STATE,
             34: Cause.MISREAD, 60: Cause.MISREAD}  # fmt: skip
    assert dict(zip(found.time.tolist(), found.cause.tolist(), strict=True)) == cause


def test_a_sign_read_as_a_listed_plate_is_a_cause_of_its_own_and_of_no_vehicle(tmp_path):
    """Vehicle −1 is nobody: neither the last vehicle's plate nor its key may be taken for the sign's."""
    lists = lists_of([(1, 0, 0, 5, 9), (2, 0, 0, 99, 99)], looks=0.5)
    found = raised(lists, rows := [(time, 0, plate, -1) for time in range(9) for plate in (1, 2)])
    assert found.cause.tolist() == [Cause.SIGN] * 18
    every = [(time, site, 1, vehicle) for time in range(9) for site in (0, 1) for vehicle in (-1, 0, 2)]
    signs = raised(lists, every)
    alone = raised(lists, [row for row in every if row[3] < 0])
    assert signs.outcome[signs.vehicle < 0].tolist() == alone.outcome.tolist()
    assert {Outcome.STOPPED, Outcome.RECOGNISED} == set(alone.outcome.tolist())
    record = hotlists.Record(lists, AGENCIES, VEHICLES, tmp_path)
    time, site, plate, vehicle = np.array(rows).T
    record.add(found, Reads.of(time=time, site=site, plate=plate, vehicle=vehicle))
    counted = record.close()
    assert counted.alerts[0, 0, 0, :, 0].tolist() == [0, 0, 0, 0, 18]
    assert counted.falsely.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("matched", "owner", "agencies"),
    [("departments", "NCIC", [0, 1]), ("own", "West", [1]), (("East", "Pool"), "NCIC", [0, 2])],
)
def test_only_the_cameras_matched_against_a_list_alert(matched, owner, agencies):
    lists = lists_of([(0, 0, 0, 99, 99)], lists={"a": a_list(matched=matched, owner=owner)})
    assert raised(lists, [(1, site, 0, 0) for site in range(3)]).site.tolist() == agencies


def test_a_read_alerts_once_for_every_list():
    lists = lists_of([(0, 1, 0, 9, 9), (0, 0, 0, 3, 9)], lists={"a": a_list(), "b": a_list()})
    found = raised(lists, [(5, 0, 0, 0)])
    assert (found.hot_list.tolist(), found.cause.tolist()) == ([0, 1], [Cause.STALE, Cause.TRUE])
    assert len(set(found.outcome.tolist())) == 1


@pytest.mark.parametrize(
    ("given", "misread", "stale", "true"),
    [
        ({"answered": 0.0}, Outcome.UNANSWERED, Outcome.UNANSWERED, Outcome.UNANSWERED),
        ({"looks": 0.0}, Outcome.STOPPED, Outcome.STOPPED, Outcome.STOPPED),
        ({"looks": 1.0}, Outcome.RECOGNISED, Outcome.STOPPED, Outcome.STOPPED),
        ({"looks": 0.0, "confirms": 1.0}, Outcome.STOPPED, Outcome.RECOGNISED, Outcome.STOPPED),
    ],
)
def test_looking_shows_another_car_and_asking_shows_a_stale_entry(given, misread, stale, true):
    lists = lists_of([(0, 0, 0, 10, 20)], **given)
    found = raised(lists, [(5, 0, 0, 1), (6, 1, 0, 0), (12, 0, 0, 0)])
    assert found.cause.tolist() == [Cause.MISREAD, Cause.TRUE, Cause.STALE]
    assert found.outcome.tolist() == [misread, true, stale]


def test_the_share_that_is_recognised_is_the_scenarios():
    lists = lists_of([(0, 0, 0, 9999, 9999)], looks=0.7, answered=0.5)
    found = raised(lists, [(time, 0, 0, 1) for time in range(4000)])
    shares = np.bincount(found.outcome, minlength=3) / 4000
    assert shares == pytest.approx([0.5, 0.35, 0.15], abs=4 * math.sqrt(0.25 / 4000))


def test_a_stop_is_wrongful_only_if_no_list_had_the_vehicle_rightly_and_counts_once():
    found = Alerts.of(
        time=[1, 1, 2, 2, 3, 3, 3], site=[0] * 7, plate=[0, 0, 0, 0, 0, 0, 1], vehicle=[0, 0, 0, 0, 1, 1, 1],
        hot_list=[0, 1, 0, 1, 0, 1, 0],
        cause=[Cause.STALE, Cause.TRUE, Cause.STALE, Cause.STALE, Cause.MISREAD, Cause.MISREAD, Cause.TRUE],
        outcome=[Outcome.STOPPED] * 4 + [Outcome.RECOGNISED, Outcome.STOPPED, Outcome.STOPPED],
    )  # fmt: skip
    stopped, once = hotlists.wrongful(found)
    assert stopped.tolist() == [False, False, True, True, False, True, False]
    assert once.tolist() == [False, False, True, False, False, True, False]
    assert all(len(rows) == 0 for rows in hotlists.wrongful(Alerts.empty()))


def test_a_day_without_an_alert_is_counted_too(tmp_path):
    lists = lists_of([(0, 0, 5, 9, 9)])
    record = hotlists.Record(lists, AGENCIES, VEHICLES, tmp_path)
    for rows in ([(1, 0, 0, 0), (2, 1, 1, 1)], [(5, 0, 0, 0), (6, 0, 0, 1)]):
        time, site, plate, vehicle = np.array(rows).T
        record.add(raised(lists, rows), Reads.of(time=time, site=site, plate=plate, vehicle=vehicle))
    record.add(Alerts.empty(), Reads.empty())
    counted = record.close()
    assert counted.alerts[:, 0, 0, :, 0].tolist() == [[0] * 5, [1, 0, 1, 0, 0], [0] * 5]
    assert counted.reads.tolist() == [[1, 1, 0], [2, 0, 0], [0, 0, 0]]
    assert counted.falsely.tolist() == [0, 1, 0]
    by_day = pd.read_parquet(tmp_path / "alerts_by_day.parquet")
    assert len(by_day) == 3 * 2 * len(Cause)
    assert by_day["alerts"].sum() == len(pd.read_parquet(tmp_path / "alerts.parquet")) == 2


# --- keys ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ("{a: {kind: stolen, owner: x}}", "hot_lists.lists.a: takes either share or count; found neither"),
        ("{a: {kind: stolen, owner: x, share: 1 %, count: 3}}", "hot_lists.lists.a: takes either share or count; found both"),
        ("{a: {kind: stolen, owner: x, share: 70 %}}", "hot_lists.lists.a: share must be below 0.682"),
        ("{a: {kind: stolen, owner: x, count: 300}}", "hot_lists.lists.a.count must be below 272 of plates.issued, 400, not 300"),
        ("{a: {kind: stolen, owner: x, count: 3, matched: all}}", "hot_lists.lists.a.matched: 'all' is neither \"own\""),
        ("{a: {kind: stolen, owner: ICE, count: 3, matched: own}}", "hot_lists.lists.a.owner: found 'ICE'; matched: own needs an "
         "agency with cameras: East, West"),
        ("{a: {kind: stolen, owner: x, count: 3, matched: [Eats]}}", "hot_lists.lists.a.matched.0: found 'Eats'"),
    ],
)  # fmt: skip
def test_a_wrong_list_is_said_with_its_key(hamlet, tmp_path, lists, said):
    file = tmp_path / "listed.yaml"
    file.write_text(f"extends: {hamlet}\nname: listed\nhot_lists: {{lists: {lists}}}\n")
    with pytest.raises(ScenarioError) as error:
        load(file)
    assert said in str(error.value)


def test_a_policy_may_not_touch_the_lists(outpost):
    with pytest.raises(ScenarioError, match="hot_lists: would change the world"):
        load(outpost, overrides=["policies.No sharing={hot_lists: {looks: 1}}"])


# --- in a run -----------------------------------------------------------------------------------------------------------

LISTED = """
extends: {outpost}
name: listed
hot_lists:
  lists:
    Stolen: {{kind: stolen, owner: NCIC, share: 20 %, wanted_for: 2 d, stale_for: 1 d}}
    West's own: {{kind: custom, owner: West, matched: own, count: 80, refresh: 0 s}}
    Wanted elsewhere: {{kind: custom, owner: Sheriff, share: 10 %}}
"""


@pytest.fixture(scope="module")
def listed_file(outpost):
    file = outpost.with_name("listed.yaml")
    file.write_text(LISTED.format(outpost=outpost.name))
    return file


@pytest.fixture(scope="module")
def listed_run(listed_file, tmp_path_factory):
    return alprsim.run(listed_file, out=tmp_path_factory.mktemp("runs") / "listed")


def test_alerts_are_the_reads_on_the_list(listed_run):
    """Every alert again, from the stored reads and listings alone."""
    for seed in (1, 2):
        read, held, found = (listed_run.table(name, seed) for name in ("reads", "listings", "alerts"))
        pairs = read.merge(held, on="plate")
        pairs = pairs[pairs["alerts_from"].le(pairs["time"]) & pairs["time"].lt(pairs["alerts_until"])]
        sites = listed_run.table("cameras", seed)
        west = pairs["site"].isin(sites.index[sites["agency"].eq("West")])
        pairs = pairs[pairs["hot_list"].ne(1) | west]
        keys = ["time", "site", "plate", "vehicle", "hot_list"]
        pd.testing.assert_frame_equal(
            pairs[keys].sort_values(keys).reset_index(drop=True), found[keys].sort_values(keys).reset_index(drop=True)
        )
        assert {Cause.TRUE, Cause.STALE, Cause.MISREAD} <= set(found["cause"])


def test_counts_and_the_tidy_table_are_those_of_the_alerts(listed_run):
    found, by_day = listed_run.table("alerts"), listed_run.table("alerts_by_day")
    assert by_day["alerts"].sum() == len(found)
    days = (
        found.assign(day=found["time"] // DAY).groupby(["seed", "day", "agency", "list", "cause"], observed=True).size()
    )
    kept = by_day[by_day["alerts"] > 0].set_index(["seed", "day", "agency", "list", "cause"])["alerts"]
    assert days.to_dict() == kept.to_dict()
    tidy = listed_run.measures[listed_run.measures["policy"].eq("all")]
    every = tidy[tidy["who"].eq("all") & tidy["reads"].eq("all")].set_index(["seed", "statistic", "measure"])
    for seed in (1, 2):
        mine = found[found["seed"].eq(seed)]
        reads_made = by_day[by_day["seed"].eq(seed)].drop_duplicates(["day", "agency"])["reads"].sum()
        assert every.loc[(seed, "per_1000_reads", "alerts"), "value"] == pytest.approx(1000 * len(mine) / reads_made)
        for cause in Cause:
            share = every.loc[(seed, f"share_{cause.name.lower()}", "alerts"), "value"]
            assert share == pytest.approx(mine["cause"].eq(cause).mean())
        hits, false = (mine["cause"].eq(Cause.TRUE)).sum(), (mine["cause"].ne(Cause.TRUE)).sum()
        names = ("true_hits", "false_alerts", "true_for_each_false")
        worth = [every.loc[(seed, name, "hot_list_value"), "value"] for name in names]
        assert worth == pytest.approx([hits / 2, false / 2, hits / false])  # of two days
        falsely = mine.loc[mine["cause"].ne(Cause.TRUE), "vehicle"].nunique()
        assert every.loc[(seed, "vehicles", "falsely_alerted"), "value"] == falsely
        others = (
            mine["list"].eq("Wanted elsewhere") | (mine["list"].eq("West's own") & mine["agency"].ne("West"))
        ).mean()
        assert every.loc[(seed, "share_of_others_custom_lists", "alerts"), "value"] == pytest.approx(others)


@pytest.mark.once
def test_signs_read_as_listed_plates_are_told_and_are_nobodys(listed_file, tmp_path):
    run = alprsim.run(
        listed_file, out=tmp_path / "signs", overrides=["cameras.spurious={daily: 400, issued: 1}", "seeds=[1]"]
    )
    found = pd.read_parquet(run.folder / "seed=1" / "alerts.parquet")
    signs = found["cause"].eq(Cause.SIGN)
    assert signs.sum() > 20
    assert found["vehicle"].lt(0).equals(signs)
    every = run.measures.query("policy == 'all' and who == 'all' and reads == 'all'").set_index(
        ["statistic", "measure"]
    )
    assert every.loc[("share_sign", "alerts"), "value"] == pytest.approx(signs.mean())
    falsely = found.loc[found["cause"].ne(Cause.TRUE) & ~signs, "vehicle"].nunique()
    assert every.loc[("vehicles", "falsely_alerted"), "value"] == falsely
    assert "Signs" in [head.title for head in page.table(run).heads]


@pytest.mark.once
def test_alerts_do_not_depend_on_retention_or_sharing(listed_file, listed_run, tmp_path):
    """Whatever is kept afterwards, and whoever may look: the same alerts, byte for byte, and the same rows for all policies."""
    other = alprsim.run(
        listed_file, out=tmp_path / "other",
        overrides=["custody.retention=3 min", "policies={Nobody: {}}", "ladder.retention=[3 min, 1 h]", "seeds=[1]"],
    )  # fmt: skip
    one, two = (contents(run.folder / "seed=1") for run in (listed_run, other))
    for name in ("alerts.parquet", "alerts_by_day.parquet", "listings.parquet"):
        assert one[name] == two[name], name
    rows = [run.measures.query("policy == 'all' and seed == 1").reset_index(drop=True) for run in (listed_run, other)]
    pd.testing.assert_frame_equal(*rows)
    assert rows[0]["retention"].eq(-1).all()


def test_lists_change_no_read_and_without_lists_nothing_is_said(outpost_run, listed_run):
    without, with_lists = (contents(run.folder / "seed=1") for run in (outpost_run, listed_run))
    assert set(with_lists) - set(without) == {"alerts.parquet", "alerts_by_day.parquet", "listings.parquet"}
    for name in set(without) - {"measures.parquet"}:
        assert without[name] == with_lists[name], name
    apart = [*STRATA, *map(people_of, STRATA)]
    told_apart = listed_run.measures["policy"].eq("all") | listed_run.measures["who"].isin(apart)
    told_apart |= listed_run.measures["statistic"].str.endswith(
        ("_of_hits", "_of_alerts")
    )  # these have clocks of their own
    plain = listed_run.measures[~told_apart].reset_index(drop=True)
    pd.testing.assert_frame_equal(plain, outpost_run.measures)
    assert page.table(outpost_run) is None
    assert "hot lists did" not in outpost_run.report().read_text("utf-8")


def test_the_page_tells_what_the_lists_did(listed_run):
    table = page.table(listed_run)
    beside = page.published(listed_run)
    assert [row[0] for row in beside.rows] == ["This run", *(hits.who for hits in HITS)]
    assert {len(row[2]) for row in beside.rows} == {len(beside.heads)} == {3}
    assert beside.rows[0][2][0] == table.rows[0][2][2]
    assert [row[0] for row in table.rows] == ["All lists", "Stolen", "West's own", "Wanted elsewhere"]
    assert not {"Wrong state", "Signs"} & {head.title for head in table.heads}
    assert len({len(row[2]) for row in table.rows} | {len(table.heads)}) == 1
    text = listed_run.report().read_text("utf-8")
    assert "What the hot lists did" in text
    assert "custom; West’s; copied at once" in text
    assert "7,500 hits of 21.3 million reads" in text
    assert any("custom lists" in line for line in page.remarks(listed_run))
    assert page._EVERY == hotlists.EVERY
