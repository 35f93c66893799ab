"""What is held, and the share of days and trips it shows: against plain twins, and as policies must behave."""

from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import NamedTuple

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import sight as viewing
from alprsim.kernels import anchors, gaps, ladder, unicity, windows
from alprsim.measures import completeness, question, retention
from alprsim.measures.glossary import BY_NAME, GLOSSARY, STATISTICS
from alprsim.tables import (
    DAY,
    UNLIMITED,
    Access,
    Agencies,
    AgencyKind,
    People,
    PersonKind,
    RecordClass,
    SightKind,
    VehicleKind,
)
from tests import naive_measures as naive
from tests.worlds import HOUR, SIGHTS, ZOO, Rules, World, hours, masks, rules, table, worlds
from tests.worlds import ladder as limits

few = settings(deadline=None, derandomize=True, max_examples=60)
moments = st.integers(0, 80).map(lambda hour: hour * HOUR)
horizons = st.integers(1, 60).map(lambda hour: hour * HOUR)
TIMES = ("stock", "horizon", "window")
QUANTITIES = ("reads", "ghosts", "days", "once", "twice", "driven", "trips")


class Case(NamedTuple):
    policy: str = "baseline"
    viewer: str = "police"
    sight: str = "bulk"
    retention: int = 0
    reads: str = "all"
    access: Access = Access.empty()
    viewer_row: int = 0


AGENCIES = Agencies.of(
    name=["Ash", "Elm", "Pool"], kind=[AgencyKind.DEPARTMENT, AgencyKind.DEPARTMENT, AgencyKind.POOL],
    server_rate=[1] * 3, server_room=[1] * 3,
)  # fmt: skip


def access(*rows):
    """Make Access of (viewer, owner, sight, from day, to day, purge period) rows; with a period the end is by the clock."""
    viewer, owner, sight, begin, end, purge = np.array(rows, object).reshape(-1, 6).T
    last = [UNLIMITED if day == np.inf else day * DAY + period for day, period in zip(end, purge, strict=True)]
    zero = np.zeros(len(rows))
    return Access.of(
        viewer=list(viewer), owner=list(owner), record=zero + RecordClass.PLAIN, sight=list(sight), through=zero,
        period=list(purge), from_phase=[int(period > 0) for period in purge], to_phase=list(purge),
        from_age=[day * DAY for day in begin], from_clock=zero, to_age=last, to_clock=[int(period > 0) for period in purge],
        from_draw=zero, to_draw=zero + 1, delay=zero, chance=zero + 1, time_step=zero, place_step=zero, rotation=zero,
    )  # fmt: skip


BULK, REQUEST = SightKind.BULK, SightKind.REQUEST


def counted(world, lens, now, horizon):
    """Return the kernel's counts, [vehicles, time × 7 + quantity, 64]."""
    opened = question.open_bucket(world.bucket())
    asked = question.ask(lens, world.sites(), moment=now, horizon=horizon)
    held = question.held(asked, opened.bucket.reads)
    every = np.arange(world.vehicles)
    return tallied(opened, held, asked, every)


def tallied(opened, held, asked, rows):
    parts = [counts.copy() for _, counts in completeness._tally(opened, held, asked, rows)]
    return np.concatenate([np.zeros((0, ladder.ROWS, 64), np.int32), *parts])


def summed(world, lens, now, horizon, buckets=None):
    """Return the sums of the world's buckets, by default one."""
    people = question.residents(*world.tables())
    sums = completeness.empty(len(people.towns))
    asked = question.ask(lens, world.sites(), moment=now, horizon=horizon)
    for bucket in buckets or [range(world.vehicles)]:
        opened = question.open_bucket(world.bucket(bucket))
        group = question.home_towns(people, opened.bucket.vehicle)
        completeness.add(sums, opened, question.held(asked, opened.bucket.reads), asked, group)
    return sums, people


BASELINE = Case()


def answers(sums, people, cases=(BASELINE,), place=None):
    """Return {(measure, statistic, town, case number): (value, n)}."""
    place = np.arange(len(cases), dtype=np.int32) if place is None else np.array(place, np.int32)
    rows = completeness.rows([sums], place, cases, people.towns, seed=1)
    keys = zip(rows.measure, rows.statistic, rows.town, np.arange(len(rows)) % len(cases), strict=True)
    return dict(zip(keys, zip(rows.value, rows.n, strict=True), strict=True))


# --- what is held -----------------------------------------------------------------------------------------------------


@few
@given(worlds(), rules(), moments)
def test_held_is_the_rule_row_by_row(world, lens, now):
    reads = table(world.reads)  # in any order
    asked = question.ask(lens, world.sites(), moment=now, horizon=HOUR)
    held = question.held(asked, reads)
    for sight in range(SIGHTS):
        twin = naive.held(world.reads, lambda o, age, k=sight: lens.obtains(k, o, age), world.owner_of_site, now)
        assert ((held >> np.uint64(sight)) & np.uint64(1)).astype(bool).tolist() == twin
        assert asked.window[sight] == lens.window(sight)


def test_all_64_sights_are_told_apart():
    lens = limits(*(HOUR * k for k in range(64)))
    asked = question.ask(lens, np.array([0], np.int16), moment=100 * HOUR, horizon=HOUR)
    held = question.held(asked, table([(100 * HOUR - age, 0, 0, 0) for age in (0, 10 * HOUR, 62 * HOUR, 63 * HOUR)]))
    assert held.tolist() == [2**64 - 2, 2**64 - 2**11, 2**63, 0]


def test_the_lenses_of_sight_are_asked_as_they_are():
    cases = [
        viewing.Case("a", "police", kind, 0, access((0, 0, BULK, 0, 2, 0), (0, 1, REQUEST, 1, 3, 0)), 0)
        for kind in ("bulk", "request")
    ]
    streams = viewing.Streams.of_owners(2)
    lenses, place = viewing.lenses(cases, streams)
    world = ZOO["two days and a night"]
    asked = question.ask(lenses[0].at(60 * HOUR), world.sites(), moment=60 * HOUR, horizon=DAY)
    reads = table(world.reads)
    held = question.held(asked, reads)
    for case, bit in zip(cases, place, strict=True):
        twin = viewing.held(reads, world.sites()[reads.site], streams, case, 60 * HOUR)
        assert ((held >> np.uint64(bit)) & np.uint64(1)).astype(bool).tolist() == twin.tolist()
        assert asked.window[bit] == viewing.oldest([case])[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"moment": -1}, "moment must be 0 or more seconds, not -1"),
        ({"horizon": 0}, "horizon must be more than 0 seconds, not 0"),
        ({"owner_of_site": np.array([0, 2], np.int16)}, "owner_of_site must be 0 to 1, the owners of the lens, not 2"),
        (
            {"owner_of_site": np.array([0, -1], np.int16)},
            "owner_of_site must be 0 to 1, the owners of the lens, not -1",
        ),
    ],
)
def test_a_question_that_cannot_be_asked_says_why(change, message):
    asked = {"owner_of_site": np.array([0, 1], np.int16), "moment": 0, "horizon": 1} | change
    with pytest.raises(ValueError, match=message):
        question.ask(Rules(), asked.pop("owner_of_site"), **asked)


# --- counts -----------------------------------------------------------------------------------------------------------


def same_as_twin(world, lens, now, horizon):
    counts = counted(world, lens, now, horizon)
    for vehicle, sight in product(range(world.vehicles), range(SIGHTS)):
        twin = naive.tally(
            world, vehicle, lambda o, age, k=sight: lens.obtains(k, o, age), lens.window(sight), now, horizon
        )
        mine = counts[vehicle, :, sight].reshape(3, 7)
        assert {t: dict(zip(QUANTITIES, mine[i].tolist(), strict=True)) for i, t in enumerate(TIMES)} == twin
    assert not counts[:, ladder.READS :: ladder.QUANTITIES, SIGHTS:].any()


@settings(deadline=None, derandomize=True, max_examples=150)
@given(worlds(), rules(), moments, horizons)
def test_counts_equal_the_twin(world, lens, now, horizon):
    same_as_twin(world, lens, now, horizon)


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("now", [0, HOUR, 25 * HOUR, 48 * HOUR, 80 * HOUR])
def test_counts_equal_the_twin_in_the_zoo(name, now):
    lens = limits(0, 180, HOUR, 24 * HOUR, 30 * HOUR, UNLIMITED)
    same_as_twin(ZOO[name], lens, now, 24 * HOUR)


@pytest.mark.parametrize(("arrives", "days"), [(DAY - 1, 1), (DAY, 1), (DAY + 1, 2), (2 * DAY + 1, 3)])
def test_a_day_is_driven_from_its_first_second(arrives, days):
    counts = counted(World(trips=((0, HOUR, arrives),)), limits(UNLIMITED), 3 * DAY, 3 * DAY)
    assert counts[0, ladder.DRIVEN :: ladder.QUANTITIES, 0].tolist()[:2] == [days, days]


@pytest.mark.parametrize(
    ("name", "days", "once", "twice", "reads"),
    [
        ("a read as it leaves and one as it arrives", 1, 1, 0, 2),
        ("a ghost on a trip", 0, 0, 0, 0),
        ("a parked car is read", 0, 0, 0, 1),
        ("over four in the morning", 2, 1, 1, 3),
        ("one trip after the other", 1, 2, 0, 2),
        ("a trip of no length", 0, 0, 0, 1),
        ("under way at the moment", 2, 1, 1, 2),
    ],
)
def test_counts_by_hand(name, days, once, twice, reads):
    row = counted(ZOO[name], limits(UNLIMITED), 48 * HOUR, 48 * HOUR)[0, :7, 0]
    assert row[[ladder.DAYS, ladder.ONCE, ladder.TWICE, ladder.READS]].tolist() == [days, once, twice, reads]


def test_chunks_of_vehicles_are_counted_like_the_whole(monkeypatch):
    world, lens = ZOO["two days and a night"], limits(UNLIMITED)
    opened = question.open_bucket(world.bucket())
    asked = question.ask(lens, world.sites(), moment=60 * HOUR, horizon=24 * HOUR)
    held = question.held(asked, opened.bucket.reads)
    whole = counted(world, lens, 60 * HOUR, 24 * HOUR)
    monkeypatch.setattr(completeness, "CHUNK", 2)
    assert np.array_equal(tallied(opened, held, asked, np.array([2, 1, 0])), whole[[2, 1, 0]])


# --- shares -----------------------------------------------------------------------------------------------------------


@few
@given(worlds(), rules(), moments, horizons)
def test_shares_equal_the_twin(world, lens, now, horizon):
    """The mean of vehicles' shares and the pooled ratio, by town and over all; 2⁻³² is as exact as shares are kept."""
    world = replace(world, kind=(VehicleKind.RESIDENT, VehicleKind.RESIDENT, VehicleKind.RESIDENT), town=(0, 1, 0))
    got = answers(*summed(world, lens, now, horizon), cases=(Case(),) * SIGHTS)
    for sight, (town, members) in product(range(SIGHTS), (("Ash", (0, 2)), ("Elm", (1,)), ("all", (0, 1, 2)))):
        counts = [
            naive.tally(world, v, lambda o, age, k=sight: lens.obtains(k, o, age), lens.window(sight), now, horizon)
            for v in members
        ]
        for time, known in (("horizon", horizon <= now), ("window", lens.window(sight) <= now)):
            for measure, part, whole in (
                ("exposure_rate_driving", "reads", "driven"),
                ("observed_days", "days", "driven"),
                ("trips_detected", "once", "trips"),
                ("trips_linked", "twice", "trips"),
            ):
                mean, n = naive.mean_share([c[time] for c in counts], part, whole)
                value, got_n = got[measure, f"share_of_{time}", town, sight]
                pooled, _ = got[measure, f"share_of_{time}_pooled", town, sight]
                if not known or mean is None:
                    assert np.isnan(value)
                    assert np.isnan(pooled)
                    assert got_n == 0
                else:
                    assert value == pytest.approx(float(mean), abs=2**-30)
                    everyone = Fraction(sum(c[time][part] for c in counts), sum(c[time][whole] for c in counts))
                    assert pooled == float(everyone)
                    assert got_n == n


@few
@given(worlds(), rules(), moments, horizons)
def test_rates_and_stock_equal_the_twin(world, lens, now, horizon):
    got = answers(*summed(world, lens, now, horizon), cases=(Case(),) * SIGHTS)
    for sight in range(SIGHTS):
        window = lens.window(sight)
        counts = [
            naive.tally(world, v, lambda o, age, k=sight: lens.obtains(k, o, age), window, now, horizon)
            for v in range(3)
        ]
        for measure, quantity in (("exposure_rate", "reads"), ("ghost_rate", "ghosts"), ("trips_linked", "twice")):
            stock = sum(c["stock"][quantity] for c in counts) / 3
            assert got[measure, "stock", "all", sight] == (
                (stock, 3) if window <= now else (pytest.approx(np.nan, nan_ok=True), 0)
            )
        for time, span, known in (("horizon", horizon, horizon <= now), ("window", window, 0 < window <= now)):
            value, n = got["exposure_rate", f"share_of_{time}", "all", sight]
            if known:
                assert (value, n) == (pytest.approx(sum(c[time]["reads"] for c in counts) / 3 * DAY / span), 3)
            else:
                assert np.isnan(value)
                assert n == 0


def test_a_window_longer_than_the_simulated_time_is_not_measured_but_its_share_of_the_last_month_is():
    world, lens = ZOO["two days and a night"], limits(30 * HOUR, 61 * HOUR, UNLIMITED, 60 * HOUR)
    got = answers(*summed(world, lens, 60 * HOUR, 24 * HOUR), cases=(Case(),) * 4)
    assert [got["trips_detected", "stock", "all", k][1] for k in range(4)] == [3, 0, 0, 3]
    assert [np.isnan(got["observed_days", "share_of_window", "all", k][0]) for k in range(4)] == [
        False,
        True,
        True,
        False,
    ]
    assert [got["trips_detected", "share_of_horizon", "all", k][0] for k in range(4)] == [pytest.approx(2 / 3)] * 4
    assert [got["exposure_rate", "share_of_horizon", "all", k] for k in range(4)] == [(4, 3)] * 4
    early = answers(*summed(world, lens, 20 * HOUR, 24 * HOUR), cases=(Case(),) * 4)
    assert np.isnan(early["trips_detected", "share_of_horizon", "all", 0][0])


def test_what_has_no_steady_state_is_told_against_elapsed_time():
    """Vehicles 0 and 1 are read 3 times on each of 6 trips, vehicle 2 never: of no limit a stock is only known so far."""
    world, sums = ZOO["two days and a night"], completeness.empty(2, moments=2)
    people, opened = question.residents(*world.tables()), question.open_bucket(world.bucket())
    for row, now in enumerate((36 * HOUR, 72 * HOUR)):
        asked = question.ask(limits(UNLIMITED, 24 * HOUR), world.sites(), moment=now, horizon=24 * HOUR)
        held = question.held(asked, opened.bucket.reads)
        completeness.add(sums, opened, held, asked, question.home_towns(people, opened.bucket.vehicle), moment=row)
    rows = completeness.rows(
        [sums], np.arange(2, dtype=np.int32), [Case()] * 2, people.towns, moments=(36 * HOUR, 72 * HOUR), seed=1
    )
    mine = (rows.measure == "trips_detected") & (rows.town == "all")
    said = {name: rows.value[mine & (rows.statistic == name)].tolist() for name in set(rows.statistic[mine])}
    n = {name: rows.n[mine & (rows.statistic == name)].tolist() for name in said}
    assert said["stock_after_1.5d"] == pytest.approx([2 * 3 / 3, 2 * 2 / 3])  # three trips each by then, two in a day
    assert said["stock_after_3d"] == pytest.approx([2 * 6 / 3, 2 * 2 / 3])
    assert said["stock_so_far"] == pytest.approx([3, 4 / 3])
    assert np.isnan(said["stock"][0])
    assert said["stock"][1] == said["stock_so_far"][1]
    assert (n["stock_so_far"], n["stock_after_3d"], n["stock"]) == ([6, 6], [3, 3], [0, 6])


def test_a_rate_over_one_second_is_measured_and_over_none_is_not():
    sums = completeness.empty(1)
    assert sums.lives.shape == sums.seconds.shape == (1, 3, ladder.CASES)
    sums.lives[:], sums.seconds[:, ladder.HORIZON] = 1, 1
    rows = completeness.rows([sums], np.zeros(1, np.int32), [Case()], ("Ash",), seed=1)
    mine = (rows.measure == "exposure_rate") & (rows.town == "Ash")
    n = dict(zip(rows.statistic[mine].tolist(), rows.n[mine].tolist(), strict=True))
    assert (n["share_of_horizon"], n["share_of_window"]) == (1, 0)


def test_the_never_read_count_and_visitors_do_not():
    world = replace(
        ZOO["two days and a night"],
        kind=(VehicleKind.RESIDENT, VehicleKind.VISITOR, VehicleKind.RESIDENT),
        town=(0, 0, 1),
    )
    got = answers(*summed(world, limits(UNLIMITED), 60 * HOUR, 60 * HOUR))
    assert got["trips_detected", "share_of_horizon", "Ash", 0] == (1.0, 1)
    assert got["trips_detected", "share_of_horizon", "Elm", 0] == (0.0, 1)
    assert got["trips_detected", "share_of_horizon", "all", 0] == (0.5, 2)
    neighbour = replace(world, town=(0, 0, 2))
    assert answers(*summed(neighbour, limits(UNLIMITED), 60 * HOUR, 60 * HOUR))[
        "trips_detected", "share_of_horizon", "all", 0
    ] == (1.0, 1)


def test_plates_of_nobody_simulated_are_in_no_town():
    people = question.residents(*ZOO["nothing happens"].tables())
    assert question.home_towns(people, np.array([2, 3, 1, 1000], np.int32)).tolist() == [0, -1, 1, -1]


def test_cases_with_the_same_sight_share_a_bit_and_lenses_stand_side_by_side():
    world = ZOO["two days and a night"]
    short, people = summed(world, limits(0), 60 * HOUR, 24 * HOUR)
    long, _ = summed(world, limits(HOUR, UNLIMITED), 60 * HOUR, 24 * HOUR)
    cases = [Case(policy=name) for name in "abc"]
    rows = completeness.rows([short, long], np.array([65, 0, 65], np.int32), cases, people.towns, seed=9)
    mine = (rows.measure == "trips_detected") & (rows.statistic == "share_of_horizon") & (rows.town == "all")
    assert rows.policy[mine].tolist() == ["a", "b", "c"]
    assert rows.value[mine].tolist() == [pytest.approx(2 / 3), 0.0, pytest.approx(2 / 3)]
    assert set(rows.seed) == {9}


def test_exposure_is_the_share_vehicle_by_vehicle():
    world = ZOO["two days and a night"]
    opened = question.open_bucket(world.bucket())
    people = question.residents(*world.tables())
    asked = question.ask(limits(HOUR, UNLIMITED), world.sites(), moment=60 * HOUR, horizon=48 * HOUR)
    held = question.held(asked, opened.bucket.reads)
    got = completeness.exposure(opened, held, asked, people, bit=1)
    assert got.vehicle.tolist() == [0, 1, 2]
    assert got.trips_detected.tolist() == got.trips_linked.tolist() == [1.0, 1.0, 0.0]
    assert got.observed_days.tolist() == [1.0, 1.0, 0.0]
    assert got.reads_a_day.tolist() == [6.0, 6.0, 0.0]  # three reads on each of four trips, in two days


@pytest.mark.parametrize(("now", "measured"), [(23, False), (24, True)])
def test_exposure_before_a_whole_horizon_is_not_measured(now, measured):
    world = ZOO["two days and a night"]
    opened = question.open_bucket(world.bucket())
    people = question.residents(*world.tables())
    asked = question.ask(limits(UNLIMITED), world.sites(), moment=now * HOUR, horizon=24 * HOUR)
    got = completeness.exposure(opened, question.held(asked, opened.bucket.reads), asked, people, bit=0)
    assert (~np.isnan(got.reads_a_day)).tolist() == [measured] * 3
    assert (~np.isnan(got.trips_detected)).tolist() == [measured] * 3


# --- whose lives ------------------------------------------------------------------------------------------------------


@st.composite
def shared_cars(draw):
    """Worlds in which anybody may be at the wheel of any car."""
    world = draw(worlds())
    drivers = st.integers(0, world.vehicles - 1)
    return replace(world, wheel=tuple(((v, depart), draw(drivers)) for v, depart, _ in world.trips))


@few
@given(shared_cars())
def test_reads_and_trips_go_to_who_drove(world):
    opened = question.open_bucket(world.bucket())
    people = question.residents(*world.tables())
    mine, read, trip = question.by_driver(opened, people)
    lives = naive.by_driver(world)
    assert mine.bucket.vehicle.tolist() == [0, 1, 2]
    assert mine.bucket.reads.time.tolist() == opened.bucket.reads.time[read].tolist()
    assert mine.bucket.truth.depart.tolist() == opened.bucket.truth.depart[trip].tolist()
    assert mine.bucket.truth.driver.tolist() == opened.bucket.truth.driver[trip].tolist()
    for person in range(3):
        trips = slice(mine.bucket.first_trip[person], mine.bucket.first_trip[person + 1])
        reads = slice(mine.bucket.first_read[person], mine.bucket.first_read[person + 1])
        seen = [
            (int(trip), int(time)) for trip, time in zip(mine.trip[reads], mine.bucket.reads.time[reads], strict=True)
        ]
        twin = sorted(lives.get(person, []), key=lambda one: (one[0][1], one[0][0]))
        assert mine.bucket.truth.depart[trips].tolist() == [depart for (_, depart, _), _ in twin]
        assert [time for _, time in seen] == [time for _, times in twin for time in times]
        assert [trip - trips.start for trip, _ in seen] == [row for row, (_, times) in enumerate(twin) for _ in times]


@few
@given(shared_cars(), rules(), moments, horizons)
def test_every_trip_is_somebodys_so_pooled_shares_of_people_and_cars_agree(world, lens, now, horizon):
    opened = question.open_bucket(world.bucket())
    people = question.residents(*world.tables())
    asked = question.ask(lens, world.sites(), moment=now, horizon=horizon)
    held = question.held(asked, opened.bucket.reads)
    driven = question.by_driver(opened, people)
    cars, lives = completeness.empty(2), completeness.empty(2)
    completeness.add(cars, opened, held, asked, question.home_towns(people, opened.bucket.vehicle))
    drivers = driven.opened.bucket.vehicle
    completeness.add(lives, driven.opened, held[driven.read], asked, question.groups_of_drivers(people, drivers))
    for time in range(3):
        for quantity in (ladder.ONCE, ladder.TWICE, ladder.TRIPS):
            row = time * ladder.QUANTITIES + quantity
            assert lives.totals[:, row].sum(axis=0).tolist() == cars.totals[:, row].sum(axis=0).tolist()


def test_two_cars_of_one_person_are_one_life():
    """Person 0 drives both cars on one day: two cars of one trip each, one of which is read, and one person of two trips."""
    world = ZOO["nothing happens"]
    world = replace(
        world,
        trips=((0, HOUR, 2 * HOUR), (1, 3 * HOUR, 4 * HOUR)),
        reads=((HOUR, 0, 0, 0),),
        wheel=(((1, 3 * HOUR), 0),),
    )
    people = question.residents(*world.tables())
    opened = question.open_bucket(world.bucket())
    asked = question.ask(limits(UNLIMITED), world.sites(), moment=20 * HOUR, horizon=20 * HOUR)
    driven, sums = question.by_driver(opened, people), completeness.empty(2)
    assert driven.opened.bucket.first_trip.tolist() == [0, 2, 2, 2]
    assert driven.opened.bucket.first_read.tolist() == [0, 1, 1, 1]
    held = question.held(asked, opened.bucket.reads)[driven.read]
    completeness.add(sums, driven.opened, held, asked, question.groups_of_drivers(people, np.arange(3, dtype=np.int32)))
    rows = completeness.rows([sums], np.zeros(1, np.int32), [Case()], people.towns, seed=1, who="people")
    assert set(rows.who) == {"people"}
    assert "ghost_rate" not in rows.measure
    said = dict(zip(zip(rows.measure, rows.statistic, rows.town, strict=True), rows.value, strict=True))
    assert said["trips_detected", "share_of_horizon", "all"] == 0.5
    assert said["observed_days", "share_of_horizon", "all"] == 1.0
    assert answers(*summed(world, limits(UNLIMITED), 20 * HOUR, 20 * HOUR))[
        "observed_days", "share_of_horizon", "all", 0
    ] == (0.5, 2)


def test_drivers_are_adults_of_listed_towns_with_a_car():
    vehicles, people, homes, towns = replace(
        World(vehicles=4), town=(0, 1, 2, 0), kind=(VehicleKind.RESIDENT,) * 3 + (VehicleKind.VISITOR,)
    ).tables()
    grown = People.of(
        home=people.home[[0, 0, 1, 2, 3, 0]], work=[-1] * 6, household=range(6), vehicle=[0, -1, 1, 2, 3, 0],
        kind=[PersonKind.COMMUTER] * 5 + [PersonKind.CHILD], key=range(6),
    )  # fmt: skip
    who = question.residents(vehicles, grown, homes, towns)
    assert who.drivers.tolist() == [0, 2]
    assert who.car.tolist() == [0, 1]
    assert who.town.tolist() == [0, 1, -1, -1]
    assert question.groups_of_drivers(who, np.array([2, 0], np.int32)).tolist() == [1, 0]


def test_visitors_and_through_traffic_stand_apart():
    kind = (VehicleKind.RESIDENT, VehicleKind.VISITOR, VehicleKind.THROUGH)
    people = question.residents(*World(kind=kind).tables())
    group = question.groups_of_vehicles(people, np.array([0, 1, 2, 3, 900], np.int32))
    assert group.tolist() == [0, 2, 3, -1, -1]
    rows = completeness.rows([completeness.empty(1)], np.zeros(1, np.int32), [Case()], (), seed=1, who="through")
    assert set(rows.town) == {"all"}
    assert "exposure_rate" not in rows.measure  # a row of the pool stands for several vehicles: it has no calendar
    assert "trips_detected" in rows.measure


# --- as sums and as policies must behave ------------------------------------------------------------------------------


@few
@given(worlds(), rules(), moments, horizons, st.permutations([[0], [1], [2]]))
def test_buckets_add_up_in_any_order(world, lens, now, horizon, buckets):
    whole, _ = summed(world, lens, now, horizon)
    parts, _ = summed(world, lens, now, horizon, buckets)
    assert all(np.array_equal(a, b) for a, b in zip(whole, parts, strict=True))


@few
@given(worlds(), rules(), moments, horizons, st.permutations([0, 1, 2]))
def test_renumbering_vehicles_permutes_the_answer(world, lens, now, horizon, new):
    renumbered = counted(world.renumbered(new), lens, now, horizon)
    assert np.array_equal(renumbered[new], counted(world, lens, now, horizon))


SEEN = [time * 7 + what for time in (ladder.STOCK, ladder.HORIZON) for what in range(5)]


@few
@given(worlds(), moments, horizons, st.lists(hours, min_size=2, max_size=6, unique=True))
def test_a_longer_window_never_hides_anything(world, now, horizon, lengths):
    seen = counted(world, limits(*sorted(lengths)), now, horizon)[:, SEEN, : len(lengths)]
    assert (np.diff(seen, axis=2) >= 0).all()


@few
@given(worlds(), rules(), moments, horizons, masks)
def test_one_more_partner_never_hides_anything(world, lens, now, horizon, given_too):
    """A partner's owner becomes obtainable at every age, in some sights."""
    more = Rules((lens.pieces[0], tuple((age, mask | given_too) for age, mask in lens.pieces[1])))
    assert (counted(world, more, now, horizon)[:, SEEN] >= counted(world, lens, now, horizon)[:, SEEN]).all()


@few
@given(worlds(), moments, horizons, hours)
def test_retention_is_deletion(world, now, horizon, window):
    """Hiding old reads from the viewer and deleting them outright are the same policy."""
    hidden = counted(world, limits(window), now, horizon)
    left = replace(world, reads=tuple(read for read in world.reads if now - read[0] < window))
    deleted = counted(left, limits(UNLIMITED), now, horizon)
    assert np.array_equal(hidden[:, SEEN, 0], deleted[:, SEEN, 0])


@few
@given(worlds(), moments, horizons)
def test_a_window_of_nothing_shows_nothing(world, now, horizon):
    counts = counted(world, limits(0), now, horizon)[:, :, 0].reshape(-1, 3, 7)
    assert not counts[:, :, :5].any()
    assert not counts[:, ladder.WINDOW].any()


@few
@given(worlds(), rules(), moments, horizons)
def test_what_is_seen_never_exceeds_what_there_was(world, lens, now, horizon):
    counts = counted(world, lens, now, horizon).reshape(world.vehicles, 3, 7, 64)
    assert (counts[:, :, ladder.TWICE] <= counts[:, :, ladder.ONCE]).all()
    assert (counts[:, :, ladder.ONCE] <= counts[:, :, ladder.TRIPS])[:, ladder.HORIZON :].all()
    assert (counts[:, :, ladder.DAYS] <= counts[:, :, ladder.DRIVEN])[:, ladder.HORIZON :].all()


# --- effective retention ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sight", "rules_", "expected"),
    [
        ("bulk", [(0, 0, BULK, 0, 21, 0)], {"max": 21, "mean": 10.5, "supremum Ash": 21, "covered Ash": 21, "supremum Elm": 0}),
        ("bulk", [(0, 0, BULK, 0, 3, 0), (0, 0, BULK, 10, 12, 0)], {"max": 12, "covered Ash": 5}),
        ("bulk", [(0, 0, BULK, 0, 3, 0), (0, 0, BULK, 1, 2, 0)], {"covered Ash": 3}),
        ("bulk", [(0, 0, BULK, 0, 3, 0), (0, 1, BULK, 2, 8, 0)], {"covered Elm": 6, "mean": 5.5, "window": 8}),
        ("bulk", [(0, 0, BULK, 0, 3, 0), (0, 0, REQUEST, 0, 9, 0)], {"max": 3}),
        ("request", [(0, 0, BULK, 0, 9, 0), (0, 0, REQUEST, 0, 3, 0)], {"max": 9}),
        ("bulk", [(0, 1, BULK, 0, np.inf, 0)], {"max": np.inf, "mean": np.inf, "supremum Elm": np.inf, "supremum Ash": 0}),
        ("bulk", [(1, 0, BULK, 0, 9, 0), (0, 2, BULK, 0, 30, 0)], {"max": 0}),
        ("bulk", [(0, 0, BULK, 0, 1, DAY)], {"max": 2 - 1 / DAY}),
        ("bulk", [], {"max": 0, "mean": 0}),
    ],
)  # fmt: skip
def test_effective_retention_over_every_route(sight, rules_, expected):
    rows = retention.rows([Case(sight=sight, access=access(*rules_))], AGENCIES, with_cameras=[0, 1], seed=1)
    assert set(rows.measure) == {"effective_retention"}
    found = {
        statistic if town == "all" else f"{statistic} {town}": value
        for statistic, town, value in zip(rows.statistic, rows.town, rows.value, strict=True)
    }
    assert {key: found[key] for key in expected} == pytest.approx(expected)
    assert "supremum Pool" not in found


def test_effective_retention_of_what_matched_a_list_has_its_own_names():
    table = access((0, 0, BULK, 0, 3, 0), (0, 0, BULK, 0, 365, 0), (0, 1, BULK, 0, 30, 0))
    table = replace(table, record=np.array([RecordClass.PLAIN, RecordClass.HIT, RecordClass.ALERT], np.int8))
    plain = retention.rows([Case(access=table)], AGENCIES, with_cameras=[0, 1], seed=1)
    rows = retention.rows([Case(access=table)], AGENCIES, with_cameras=[0, 1], seed=1, lists=True)
    found = dict(zip(rows.statistic[rows.town == "all"].tolist(), rows.value[rows.town == "all"].tolist(), strict=True))
    assert {name: found[name] for name in ("window", "window_of_hits", "window_of_alerts", "mean_of_alerts")} == {
        "window": 3, "window_of_hits": 365, "window_of_alerts": 30, "mean_of_alerts": 15,
    }  # fmt: skip
    assert rows.take(slice(len(plain))).value.tolist() == plain.value.tolist()
    assert len(rows) == 3 * len(plain)


def test_a_window_is_of_the_reads_that_count_for_it():
    lens = limits(3, 9)
    owners = len(lens.first) - 1
    put = question.ask(lens, np.zeros(1, np.int16), moment=9, horizon=1, counted=np.full(owners, 0b10, np.uint64))
    assert put.window[:3].tolist() == [0, 9, 0]
    assert question.ask(lens, np.zeros(1, np.int16), moment=9, horizon=1).window[:2].tolist() == [3, 9]
    assert (
        put.grid.tolist()
        == question.ask(lens, np.zeros(1, np.int16), moment=9, horizon=1).grid[: len(put.grid)].tolist()
    )


def test_ages_that_begin_by_the_clock_begin_earliest_for_the_last_read_of_a_batch():
    rules_ = replace(access((0, 0, BULK, 2, 9, 0)), from_clock=np.ones(1, np.int8), to_phase=np.full(1, DAY, np.int32))
    rows = retention.rows([Case(access=rules_)], AGENCIES, with_cameras=[0], seed=1)
    (covered,) = rows.value[(rows.statistic == "covered") & (rows.town == "Ash")]
    assert covered == pytest.approx(8 - 1 / DAY, abs=1e-9)


def test_without_departments_there_is_no_mean():
    pools = AGENCIES.take(np.array([2]))
    rows = retention.rows([Case(access=access((0, 0, BULK, 0, 3, 0)))], pools, with_cameras=[0], seed=1)
    found = dict(zip(rows.statistic.tolist(), zip(rows.value.tolist(), rows.n.tolist(), strict=True), strict=True))
    assert found == {"window": (3, 0), "max": (0, 0), "mean": (pytest.approx(np.nan, nan_ok=True), 0)}


def test_a_window_ends_where_no_owner_has_an_age_left():
    lens = Rules((((0, 0b001), (5, 0b010)), ((0, 0b100), (7, 0))))
    asked = question.ask(lens, np.zeros(1, np.int16), moment=9, horizon=1)
    assert asked.window[:4].tolist() == [5, UNLIMITED, 7, 0]
    assert dict(zip(asked.steps.tolist(), asked.in_window.tolist(), strict=True)) == {0: 7, 5: 6, 7: 2, UNLIMITED: 0}


def test_each_case_keeps_its_own_effective_retention():
    cases = [Case(retention=days * DAY, access=access((0, 0, BULK, 0, days, 0))) for days in (3, 21)]
    rows = retention.rows(cases, AGENCIES, with_cameras=[0, 1], seed=1)
    longest = {
        int(step): value
        for step, stat, value in zip(rows.retention, rows.statistic, rows.value, strict=True)
        if stat == "max"
    }
    assert longest == {3 * DAY: 3.0, 21 * DAY: 21.0}


def test_the_time_that_is_kept_is_of_agencies_with_cameras():
    """A pool's own clock says nothing where no private camera feeds it."""
    cases = [Case(access=access((0, 0, BULK, 0, 3, 0), (0, 2, BULK, 0, 1826, 0)))]
    for cameras, days in (([0, 1], 3.0), ([0, 2], 1826.0), ([], 0.0)):
        rows = retention.rows(cases, AGENCIES, with_cameras=cameras, seed=1)
        assert rows.value[rows.statistic == "window"].tolist() == [days]


# --- words and constants ----------------------------------------------------------------------------------------------


def test_every_measure_is_in_the_glossary():
    sums, people = summed(ZOO["nothing happens"], limits(0), 0, HOUR)
    rows = completeness.rows([sums], np.zeros(1, np.int32), [Case()], people.towns, seed=1)
    assert set(rows.measure) | {"effective_retention", "home_found", "work_found", "unicity"} <= set(BY_NAME)
    assert set(rows.statistic) == {*STATISTICS, "stock_so_far"}
    shares = [
        row for row in zip(rows.measure, rows.statistic, rows.unit, strict=True) if not row[1].startswith("stock")
    ]
    assert all(BY_NAME[measure].unit == unit for measure, _, unit in shares)


@pytest.mark.parametrize("entry", GLOSSARY, ids=lambda entry: entry.name)
def test_a_glossary_entry_is_whole(entry):
    said = entry.headline.format(viewer="the vendor", value="12 %", horizon="30 days")
    assert "12 %" in said
    assert "the vendor" in said
    assert said.endswith(".")
    assert all(text.strip() for text in vars(entry).values())
    assert entry.definition.endswith(".")
    assert entry.trap.endswith(".")
    assert entry.question.endswith("?")


def test_kernels_and_tables_agree():
    assert ladder.DAY == anchors.DAY == windows.DAY == gaps.DAY == DAY
    assert ladder.CASES == anchors.CASES == unicity.CASES == gaps.CASES == 64
    assert ladder.GHOST == windows.GHOST == gaps.GHOST


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="plain Python has no signatures")
@pytest.mark.parametrize(
    "kernel",
    [
        ladder.held,
        ladder.trips_of_reads,
        ladder.tally,
        ladder.add_shares,
        anchors._anchors,
        gaps.longest,
        gaps.add_bins,
        windows.nested,
        unicity.index,
        unicity.unique,
    ],
    ids=lambda kernel: kernel.__name__,
)
def test_a_kernel_is_compiled_once(kernel):
    assert len(kernel.signatures) == 1
