"""One car's week in a hamlet, as every case knows it: against a plain count from the files, and against itself."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from alprsim import inquiry
from alprsim.inquiry import _week
from alprsim.inquiry._asked import Lenses
from alprsim.inquiry._paths import drove
from alprsim.store import Store
from alprsim.tables import AS_WRITTEN, DAY, UNLIMITED, Reads
from tests import naive_paths
from tests.test_inquiry import Hamlet
from tests.test_inquiry_paths import Place

HOUR, MOMENT, STEP = 3600, 62 * 3600, 600
TABLES = ("cars", "trips", "drives", "reads", "cases", "held", "claims", "drawn")
COARSE = "policies.Federal query.custody.agencies={East: {time_step: 10 min}, West: {time_step: 10 min}}"
LIMITS = {AS_WRITTEN: 36 * HOUR, 12 * HOUR: 12 * HOUR, UNLIMITED: UNLIMITED}


class Town(Place):
    """The hamlet asked for one day's week, one of its policies telling times to ten minutes."""

    @property
    def loaded(self):
        return self.study(
            "measures.families=[]", "measures.path_gap=10 min", "measures.path_tolerance=20 s",
            "population.visitors=10 %", COARSE,
        )  # fmt: skip


@pytest.fixture(scope="module")
def place(hamlet, tmp_path_factory):
    folder = tmp_path_factory.mktemp("week") / "seed=1"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_week, "WEEK", DAY)
        town = Town(hamlet, folder)
        Hamlet.ask(town, town.loaded)
    return town


@pytest.fixture(scope="module")
def week(place):
    return {name: pd.read_parquet(place.folder / f"week_{name}.parquet") for name in TABLES}


@pytest.fixture(scope="module")
def reads(place):
    return pd.concat([pd.read_parquet(f) for f in (place.folder / "reads").rglob("*.parquet")])


def test_the_cars_are_the_median_by_reads_and_the_one_read_most(place, week, reads):
    recent = reads[(reads["time"] > MOMENT - DAY) & (reads["time"] <= MOMENT)]
    counts = recent["plate"].value_counts()
    counts = counts[counts.index.isin(np.flatnonzero(place.done.settlement.vehicles.kind == 0))]
    cars = week["cars"]
    assert cars["chosen"].tolist() == ["typical", "most"]
    assert counts[cars["vehicle"]].tolist() == [counts.sort_values().iloc[(len(counts) - 1) // 2], counts.max()]
    assert counts.max() > counts.median()
    assert (cars["moment"] == MOMENT).all()
    assert (cars["since"] == MOMENT - DAY).all()


def cars_read(times_of, town):
    """Return a world of as many cars as towns, in which car c was read at the given times, and the reads."""
    rows = [(time, car) for car, times in enumerate(times_of) for time in times]
    reads = Reads.of(
        time=[t for t, _ in rows], site=[0] * len(rows), plate=[c for _, c in rows], vehicle=[0] * len(rows)
    )
    vehicles = SimpleNamespace(key=np.arange(len(town), dtype=np.uint64))
    done = SimpleNamespace(settlement=SimpleNamespace(vehicles=vehicles))
    return SimpleNamespace(done=done, people=SimpleNamespace(town=np.array(town)), seed=1), reads


def test_the_week_begins_after_its_first_second_and_ends_with_its_last():
    world, reads = cars_read([[10, 11, 20], [10, 21], [11], [20, 20], [12] * 9, [13] * 9], [0, 0, 0, 0, -1])
    chosen = _week.choose(
        world, reads, since=10, moment=20
    )  # 2, 0, 1, 2 of residents; a visitor; a plate of nobody here
    assert chosen.keys() == {"typical", "most"}
    assert set(chosen.values()) == {0, 3}
    assert _week.choose(world, reads.take(reads.plate == 1), since=10, moment=20) == {}
    assert _week.choose(world, reads.take(reads.plate == 2), since=10, moment=20) == {"typical": 2}


def test_of_four_cars_the_typical_is_the_lower_of_the_middle():
    world, reads = cars_read([[11] * 4, [11], [11] * 3, [11] * 2], [0, 0, 0, 0])
    assert _week.choose(world, reads, since=10, moment=20) == {"typical": 3, "most": 0}


def test_a_claim_counts_with_the_trip_driven_or_else_by_its_moment():
    made = SimpleNamespace(drive=np.array([0, 1, 2, -1, -1]), claimed=np.array([5, 15, 15, 10, 11]))
    right = _week._Right(row=np.array([-1, 7, -1]), past=np.array([True, True, False]), since=10)
    drive, counts = right.of(made)
    assert drive.tolist() == [-1, 7, -1, -1, -1]
    assert counts.tolist() == [False, True, True, False, True]


def test_trips_and_reads_are_all_of_the_week(place, week, reads):
    for car, vehicle in enumerate(week["cars"]["vehicle"]):
        number, row = Store(place.folder).where(vehicle)
        bucket = Store(place.folder).bucket(number)
        truth = bucket.truth.take(slice(*bucket.first_trip[row : row + 2]))
        some = (truth.depart > MOMENT - DAY) & (truth.depart <= MOMENT)
        trips, mine = (week[name][week[name]["car"] == car] for name in ("trips", "reads"))
        for name in ("depart", "arrive", "origin", "destination", "purpose"):
            assert trips[name].tolist() == getattr(truth, name)[some].tolist()
        own = reads[(reads["plate"] == vehicle) & (reads["time"] > MOMENT - DAY) & (reads["time"] <= MOMENT)]
        own = own.sort_values("time", kind="stable")
        assert mine["time"].tolist() == own["time"].tolist()
        assert sorted(mine["site"]) == sorted(own["site"])
        assert mine["ghost"].tolist() == (own["vehicle"] != vehicle).astype(int).tolist()
        on_trip = mine[mine["trip"] >= 0]
        of = week["trips"].loc[on_trip["trip"]].reset_index(drop=True)
        times = on_trip["time"].reset_index(drop=True)
        assert ((of["depart"] <= times) & (times < of["arrive"])).all()
        assert len(on_trip) > 0


def test_every_case_has_a_view_of_every_car(place, week):
    asked = [case for case in inquiry.cases(place.loaded, place.world) if case.sight in inquiry.SIGHTS]
    keys = [(case.policy, case.viewer, case.sight, case.retention) for case in asked]
    for _, mine in week["cases"].groupby("car"):
        found = list(zip(mine["policy"], mine["viewer"], mine["sight"], mine["retention"], strict=True))
        assert found == keys
        assert mine["view"].nunique() < len(mine) / 4
        assert (mine.groupby("view")[["seen", "rebuilt", "right", "wrong", "driven"]].nunique() == 1).all().all()


@pytest.mark.parametrize("policy", ["Federal query", "One partner", "No sharing"])
@pytest.mark.parametrize("retention", list(LIMITS))
def test_what_is_rebuilt_is_what_a_plain_count_finds(place, week, reads, policy, retention):
    """Count it from all reads and all trips of the car, those before the week too."""
    roads, sites = place.world.network.roads, place.done.placement.sites
    columns = (roads.tail, roads.head, roads.length.astype(float), roads.crossing)
    streets = list(zip(*(column.tolist() for column in columns), strict=True))
    owner, family, store = place.done.placement.cameras.agency[sites.camera], place.family(), Store(place.folder)
    shared = {"Federal query": [0, 1], "One partner": [0], "No sharing": []}[policy]
    step = STEP if policy == "Federal query" else 0
    for car, vehicle in enumerate(week["cars"]["vehicle"]):
        bucket = store.bucket(store.where(vehicle)[0])
        drives = drove(place.asked, family._routes, bucket, np.flatnonzero(bucket.vehicle == vehicle))
        made = [
            (int(drives.depart[t]), int(drives.arrive[t]), drives.road[slice(*drives.first[t : t + 2])].tolist())
            for t in range(len(drives.depart))
        ]  # fmt: skip
        mine = reads[(reads["plate"] == vehicle) & (reads["time"] <= MOMENT)]
        mine = mine[(MOMENT - mine["time"] < LIMITS[retention]) & np.isin(owner[mine["site"]], shared)]
        known = mine["time"] // step * step if step else mine["time"]
        seen = [(time, int(sites.road[site]), step) for time, site in zip(known, mine["site"], strict=True)]
        claimed = naive_paths.claims(seen, streets, {}, minimum=600, factor=2.0, tolerance=20)
        counts = naive_paths.tally(made, streets, claimed, window=DAY, now=MOMENT, horizon=DAY)
        right, wrong, driven, rebuilt, _ = counts["horizon"]
        true = mine[mine["vehicle"] == vehicle]["time"]
        trips = [(depart, arrive) for depart, arrive, _ in made if MOMENT - DAY < depart <= MOMENT]
        cases = week["cases"]
        case = {"car": car, "policy": policy, "viewer": "ICE", "sight": "request", "retention": retention}
        row = cases[(cases[list(case)] == pd.Series(case)).all(axis=1)].iloc[0]
        assert row[["right", "wrong", "driven", "rebuilt"]].tolist() == [right, wrong, driven, rebuilt]
        assert row["seen"] == sum(any(depart <= time < arrive for time in true) for depart, arrive in trips)
        held = week["held"][(week["held"]["car"] == car) & (week["held"]["view"] == row["view"])]
        assert sorted(held["time"]) == sorted(known[mine["time"] > MOMENT - DAY])
        assert (held["time_step"] == step).all()
        if shared:
            assert driven > 0


def test_claims_add_up_to_what_is_counted(place, week):
    """What was driven counts as right once; every other road drawn is wrong."""
    length = np.rint(place.world.network.roads.length * np.float64(10)).astype(int)
    assert week["drawn"]["claim"].isin(week["claims"]["claim"]).all()
    total = 0
    for (car, _), cases in week["cases"].groupby(["car", "view"]):
        drawn = week["drawn"][(week["drawn"]["car"] == car) & (week["drawn"]["view"] == cases["view"].iloc[0])]
        rows = week["claims"].set_index("claim").loc[drawn["claim"]]
        true = rows[rows["drive"] >= 0].drop_duplicates("drive")
        driven = week["drives"].loc[true["drive"]]
        assert driven["road"].tolist() == true["road"].tolist()
        assert (week["trips"]["car"].loc[driven["trip"]] == car).all()
        assert length[true["road"]].sum() == cases["right"].iloc[0]
        assert length[rows["road"]].sum() - cases["right"].iloc[0] == cases["wrong"].iloc[0]
        total += cases["right"].iloc[0]
    assert total > 0


def test_what_was_driven_is_what_a_full_reconstruction_is_held_against(place, week):
    length = np.rint(place.world.network.roads.length * np.float64(10)).astype(int)
    for car, cases in week["cases"].groupby("car"):
        of = week["trips"]["car"].loc[week["drives"]["trip"]].to_numpy() == car
        assert set(cases["driven"]) == {length[week["drives"]["road"][of]].sum()}
        assert (week["drives"]["time"] <= MOMENT).all()


def test_a_read_bears_on_the_week_no_longer_than_the_margin():
    assert _week.margin(1000, 300, 0) == 1300
    assert _week.margin(1000, 300, DAY) == 2 * DAY


def test_nothing_is_kept_where_no_resident_was_read(place, week, tmp_path):
    asked = dataclasses.replace(place.asked, folder=tmp_path)
    every = Lenses.of(inquiry.cases(place.loaded, place.world), asked.records.streams)
    _week.save(asked, every, Store(place.folder), Reads.empty())
    for name in TABLES:
        table = pd.read_parquet(tmp_path / f"week_{name}.parquet")
        assert len(table) == 0
        assert table.columns.tolist() == week[name].columns.tolist()


def test_a_vehicle_lies_where_the_store_says(place):
    store = Store(place.folder)
    for vehicle in (0, 3, 50):
        number, row = store.where(vehicle)
        assert store.bucket(number).vehicle[row] == vehicle
