"""Households, habits and a day's trips."""

from __future__ import annotations

import csv
import gzip
import itertools
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import population
from alprsim.kernels import demand, tours
from alprsim.kernels.demand import share_cars
from alprsim.population import _day
from alprsim.population import _figures as figures
from alprsim.population._figures import Ask
from alprsim.scenario import models
from alprsim.tables import (
    DAY,
    DAY_STARTS,
    Junctions,
    Network,
    PersonKind,
    PlaceKind,
    Places,
    Purpose,
    RoadKind,
    Roads,
    Settlement,
    Towns,
    Trips,
    VehicleKind,
)  # fmt: skip
from tests import naive_demand

START = date(2025, 9, 1)  # a Monday
SPACING = 250.0
HERE = Path()


def grid_town(name: str, at: tuple[float, float], side: int, population: int, first_id: int) -> dict[str, list[object]]:
    """Make a town of side × side junctions: a home at each, a few places of every kind spread over them."""
    n = side * side
    x, y = at[0] + np.arange(n) % side * SPACING, at[1] + np.arange(n) // side * SPACING
    every = {
        PlaceKind.HOME: 1, PlaceKind.WORK: 4, PlaceKind.SCHOOL: 61, PlaceKind.WORSHIP: 47, PlaceKind.CLINIC: 53,
        PlaceKind.SUPPORT_GROUP: 71, PlaceKind.BAR: 37, PlaceKind.COURT: 97, PlaceKind.SHOP: 9,
    }  # fmt: skip
    place = [(int(junction), kind) for kind, step in every.items() for junction in range(int(kind) % step, n, step)]
    homes, work = n, sum(kind == PlaceKind.WORK for _, kind in place)
    weight = {PlaceKind.HOME: population / homes, PlaceKind.WORK: population / 2 / work}
    return {
        "name": [name], "population": [population], "x": list(x), "y": list(y), "id": list(range(first_id, first_id + n)),
        "junction": [j for j, _ in place], "kind": [k for _, k in place], "weight": [weight.get(k, 1.0) for _, k in place],
    }  # fmt: skip


def network(*towns: dict[str, list[object]], gateways: bool = True) -> Network:
    """Join towns into a network; each has a motorway, and a BEYOND place at its first and last junction."""
    columns: dict[str, list[object]] = {
        c: [] for c in ("osm", "x", "y", "jtown", "junction", "kind", "weight", "ptown")
    }
    tail, head, kind = [], [], []
    for row, town in enumerate(towns):
        first, n = len(columns["osm"]), len(town["x"])
        columns["osm"] += town["id"]
        columns["x"] += town["x"]
        columns["y"] += town["y"]
        columns["jtown"] += [row] * n
        beyond = [0, n - 1] if gateways else []
        columns["junction"] += [first + int(j) for j in town["junction"]] + [first + j for j in beyond]
        columns["kind"] += town["kind"] + [PlaceKind.BEYOND] * len(beyond)
        columns["weight"] += town["weight"] + [1.0] * len(beyond)
        columns["ptown"] += [row] * len(town["junction"]) + [len(towns)] * len(beyond)
        tail += [*range(first, first + n - 1), *range(first + 1, first + n)]
        head += [*range(first + 1, first + n), *range(first, first + n - 1)]
        kind += [RoadKind.MOTORWAY, *[RoadKind.RESIDENTIAL] * (n - 3), RoadKind.MOTORWAY] * 2
    order = np.argsort(tail, kind="stable")
    ones = np.ones(len(tail))
    roads = Roads.of(
        tail=np.array(tail)[order], head=np.array(head)[order], kind=np.array(kind)[order], length=ones * SPACING,
        crossing=ones * 20_000, lanes=ones, headway=ones * 2000, room=ones * 30, wave=ones * 50_000,
    )  # fmt: skip
    x, y = np.array(columns["x"]), np.array(columns["y"])
    town_of = np.array(columns["jtown"])
    places = Places.of(
        junction=columns["junction"], kind=columns["kind"], weight=np.array(columns["weight"]), town=columns["ptown"]
    )
    return Network(
        junctions=Junctions.of(osm_id=columns["osm"], x=x, y=y, town=town_of),
        roads=roads,
        places=places,
        towns=Towns.of(
            name=[*(t["name"][0] for t in towns), "beyond"],
            x=[*(x[town_of == t].mean() for t in range(len(towns))), 0.0],
            y=[*(y[town_of == t].mean() for t in range(len(towns))), 0.0],
            population=[*(t["population"][0] for t in towns), 0],
            listed=[*([1] * len(towns)), 0],
        ),
        crs="EPSG:6433",
        attribution="",
        generated=True,
    )


SPEC = models.Population()
PLAIN = network(grid_town("Alder", (0, 0), 24, 5000, 1))
GO = {"seed": 3, "start": START}


@pytest.fixture(scope="module")
def settled() -> Settlement:
    return population.settle(PLAIN, SPEC, seed=3, base=HERE)


@pytest.fixture(scope="module")
def month(settled: Settlement) -> list[Trips]:
    return [population.trips(settled, PLAIN, SPEC, day=day, **GO) for day in range(28)]


def of_residents(settled: Settlement, trips: Trips) -> Trips:
    return trips.take(settled.vehicles.kind[trips.vehicle] == VehicleKind.RESIDENT)


def drivers(settled: Settlement) -> np.ndarray:
    return np.flatnonzero((settled.people.vehicle >= 0) & (PLAIN.places.kind[settled.people.home] == PlaceKind.HOME))


YEAR = models.Calendar(
    holidays=("2025-09-01", "2025-09-07"), holiday_work=0.5, terms=({"first": "2025-09-02", "last": "2025-09-06"},)
)
"""The first Monday and Sunday of `START`'s week are holidays; school ends on its Saturday."""


def varied(**changes: object) -> models.Population:
    return SPEC.model_copy(update=changes)


# --- twins ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spec",
    [
        varied(through=9.0, visitors=0.2),
        varied(vehicles_per_person=0.3, jitter=7200, carpool=0.9, commute_days=6.3),
        varied(
            household_size=4.0, vehicles_per_person=0.9, skip=0.4, explore=0.6, commuters=0.55, students=0.2,
            trips_per_driver=6.0,
            habits=models.Habits(
                worship=models.Habit(share=0.8, weekly=2.5), court=models.Habit(share=0.5, weekly=1.0, places=3),
                bar=models.Habit(share=1.0, weekly=4.0, places=2), support_group=models.Habit(share=0.6, weekly=0.95),
            ),
        ),
        varied(
            calendar=YEAR, explore=0.7, explore_places=3, through=4.0, through_return=0.6,
            through_pairs=(models.ThroughPair(ends=("beyond #3", "beyond"), daily="17 vehicles/d"),),
            delivery=models.Fleet(share=0.12, stops=9.0, places=17), taxis=models.Fleet(share=0.1, stops=7.5, places=5),
        ),
    ],
)  # fmt: skip
def test_a_day_is_its_naive_twin(spec: models.Population) -> None:
    world = network(grid_town("Alder", (0, 0), 10, 70, 1), grid_town("Birch", (2750, 0), 9, 30, 500))
    settled = population.settle(world, spec, seed=5, base=HERE)
    for day in (0, 3, 5, 6, 40):
        made = population.trips(settled, world, spec, seed=5, day=day, start=START)
        rows = list(zip(*(column.tolist() for column in made.data().values()), strict=True))
        assert rows == naive_demand.trips(settled, world, spec, seed=5, day=day, start=START)
        assert len(rows) > 60


@pytest.mark.once
@pytest.mark.parametrize("threads", [1, 3])
def test_a_day_is_the_same_however_it_is_made(
    monkeypatch: pytest.MonkeyPatch, settled: Settlement, threads: int
) -> None:
    """By some people at a time, in several threads, and where space runs out and is asked for again."""
    whole = population.trips(settled, PLAIN, SPEC, day=2, **GO)
    monkeypatch.setattr(_day, "_CHUNK", 700)
    monkeypatch.setattr(_day, "_SPACE", 0.01)
    parts = population.trips(settled, PLAIN, SPEC, day=2, threads=threads, **GO)
    assert len(whole) > 5000
    for one, other in zip(whole.data().values(), parts.data().values(), strict=True):
        assert np.array_equal(one, other)


def test_the_kernel_asks_the_questions_that_are_asked_elsewhere() -> None:
    assert {name: int(getattr(tours, name)) for name in tours.ASKED} == {name: Ask[name] for name in tours.ASKED}
    kinds = tours.WORK, tours.SCHOOL, tours.COMMUTER, tours.STUDENT, tours.CHILD, demand.HOME
    named = PlaceKind.WORK, PlaceKind.SCHOOL, PersonKind.COMMUTER, PersonKind.STUDENT, PersonKind.CHILD, Purpose.HOME
    assert kinds == named
    assert (tours.DAY, tours.DAY_STARTS) == (DAY, DAY_STARTS)
    rows = [
        "PERSON",
        "START",
        "LENGTH",
        "CAR",
        "ASKED_ALONG",
        "PLACE",
        "PURPOSE",
        "BACK_BY",
        "SECOND_LEAVES",
        "LAST_LEAVES",
    ]
    assert [getattr(demand, row) for row in rows] == [getattr(tours, row) for row in rows]


@st.composite
def households(draw: st.DrawFn) -> tuple[list[int], list[int], list[tuple[int, ...]]]:
    members, cars, tours = [], [], []
    for household in range(draw(st.integers(1, 3))):
        first_person, first_car = sum(members), sum(cars)
        members.append(draw(st.integers(1, 3)))
        cars.append(draw(st.integers(0, 3)))
        plans = []
        for _ in range(draw(st.integers(0, 5)) if cars[-1] else 0):
            driver = first_person + draw(st.integers(0, members[-1] - 1))
            car = first_car + draw(st.integers(0, cars[-1] - 1))
            asked = draw(st.sampled_from([-1, *range(first_person, first_person + members[-1])]))
            plans.append((household, driver, draw(st.integers(0, 9)), draw(st.integers(0, 6)), car, asked))
        tours += sorted(plans, key=lambda tour: tour[2])
    return members, cars, tours


@settings(deadline=None, derandomize=True)
@given(households(), st.integers(0, 2), st.integers(6, 20))
def test_sharing_cars_is_its_naive_twin(
    world: tuple[list[int], list[int], list[tuple[int, ...]]], pause: int, day: int
) -> None:
    members, cars, tours = world
    household, driver, start, length, car, companion = np.array(tours, np.int32).reshape(-1, 6).T.copy()
    first_tour, first_person, first_car = (
        np.concatenate([[0], np.cumsum(n)]).astype(np.int64)
        for n in (np.bincount(household, minlength=len(members)), members, cars)
    )
    share_cars(first_tour, first_person, first_car, driver, length, pause, day, start, car, companion)
    people_of, cars_of = (
        {h: list(range(first[h], first[h + 1])) for h in range(len(members))} for first in (first_person, first_car)
    )
    expected = naive_demand.share_cars(people_of, cars_of, tours, pause, day)
    assert list(zip(start.tolist(), car.tolist(), companion.tolist(), strict=True)) == expected


# --- people and cars --------------------------------------------------------------------------------------------------


def test_towns_have_their_people_and_cars() -> None:
    world = network(grid_town("Alder", (0, 0), 24, 9000, 1), grid_town("Birch", (50_000, 0), 20, 4000, 5000))
    settled = population.settle(world, SPEC, seed=1, base=HERE)
    resident = settled.vehicles.kind == VehicleKind.RESIDENT
    for town, people in enumerate((9000, 4000)):
        assert np.sum(resident & (settled.vehicles.town == town)) == pytest.approx(0.84 * people, rel=0.03)
        here = (world.places.town[settled.people.home] == town) & (
            world.places.kind[settled.people.home] == PlaceKind.HOME
        )
        assert here.sum() == pytest.approx(people, rel=0.03)


@pytest.mark.parametrize("size", [1.0, 1.8, 2.5, 3.7, 6.0])
def test_households_have_the_size_asked_for(size: float) -> None:
    sizes = figures.household_sizes(size)
    assert float(sizes @ np.arange(1, 7)) == pytest.approx(size, abs=1e-6)
    settled = population.settle(PLAIN, varied(household_size=size, visitors=0.0), seed=2, base=HERE)
    assert np.bincount(settled.people.household).mean() == pytest.approx(size, rel=0.03)
    adults = np.sum(settled.people.kind != PersonKind.CHILD) / (settled.people.household[-1] + 1)
    assert adults == pytest.approx(figures.mean_adults(sizes), rel=0.03)


def test_adults_and_carless_households_are_as_many_as_in_the_census(settled: Settlement) -> None:
    resident = PLAIN.places.kind[settled.people.home] == PlaceKind.HOME
    assert np.mean(settled.people.kind[resident] != PersonKind.CHILD) == pytest.approx(0.796, abs=0.01)  # ACS 2023
    owners = np.unique(settled.vehicles.household[settled.vehicles.kind == VehicleKind.RESIDENT])
    assert 1 - len(owners) / len(np.unique(settled.people.household[resident])) == pytest.approx(
        0.086, abs=0.03
    )  # ACS 2023


def test_what_adults_do_has_the_shares_asked_for(settled: Settlement) -> None:
    adults = settled.people.kind[PLAIN.places.kind[settled.people.home] == PlaceKind.HOME]
    shares = np.bincount(adults, minlength=5)[:4] / np.sum(adults != PersonKind.CHILD)
    np.testing.assert_allclose(shares, [0.62, 0.06, 0.22, 0.10], atol=0.02)


def test_keys_are_unique_and_members_of_a_household_share_home_and_cars(settled: Settlement) -> None:
    people, vehicles = settled.people, settled.vehicles
    assert len(np.unique(np.concatenate([people.key, vehicles.key]))) == len(people) + len(vehicles)
    home_of = np.zeros(people.household[-1] + 1, np.int32)
    home_of[people.household] = people.home
    assert np.array_equal(home_of[people.household], people.home)
    assert np.array_equal(home_of[vehicles.household], vehicles.garage)
    drives = people.vehicle >= 0
    assert np.array_equal(vehicles.household[people.vehicle[drives]], people.household[drives])
    assert not np.any(drives & (people.kind == PersonKind.CHILD))


def test_a_household_with_fewer_cars_than_adults_shares_them() -> None:
    settled = population.settle(PLAIN, varied(vehicles_per_person=0.35), seed=2, base=HERE)
    mains = settled.people.vehicle[settled.people.vehicle >= 0]
    assert np.bincount(mains).max() > 1
    adults = settled.people.kind != PersonKind.CHILD
    assert np.array_equal(
        settled.people.vehicle >= 0, adults & np.isin(settled.people.household, settled.vehicles.household)
    )


def test_the_same_seed_settles_the_same_people_and_another_seed_others(settled: Settlement) -> None:
    again, other = (population.settle(PLAIN, SPEC, seed=seed, base=HERE) for seed in (3, 4))
    for table, same in zip(settled, again, strict=True):
        for name, column in table.data().items():
            assert np.array_equal(column, same.data()[name]), name
    assert len(np.intersect1d(settled.people.key, other.people.key)) == 0


def test_another_town_changes_nobodys_trips(tmp_path: Path) -> None:
    flows = "home,home_state,work,work_state,jobs\nAlder,CT,Alder,CT,900\nBirch,CT,Birch,CT,10\n"
    (tmp_path / "flows.csv").write_text(flows)
    spec = varied(commuting="flows.csv")
    town = grid_town("Alder", (0, 0), 42, 1500, 1)
    alone, both = network(town), network(town, grid_town("Birch", (90_000, 0), 12, 500, 9000))
    trips = []
    for world in (alone, both):
        settled = population.settle(world, spec, seed=8, base=tmp_path)
        made = of_residents(settled, population.trips(settled, world, spec, seed=8, day=2, start=START))
        made = made.take(world.places.town[made.origin] == 0)
        keys = settled.vehicles.key[made.vehicle], settled.people.key[made.driver]
        trips.append([*keys, made.depart, made.origin, made.destination, made.purpose])
    for one, other in zip(*trips, strict=True):
        assert np.array_equal(one, other)


# --- where they go ----------------------------------------------------------------------------------------------------


def test_work_follows_jobs_and_distance() -> None:
    towns = [
        grid_town(name, (x, 0), 12, 6000, 1000 * i)
        for i, (name, x) in enumerate([("A", 0), ("B", 8000), ("C", 24_000)])
    ]
    world = network(*towns, gateways=False)
    settled = population.settle(world, varied(gravity=8000.0), seed=1, base=HERE)
    works = (settled.people.kind == PersonKind.COMMUTER) & (world.places.town[settled.people.home] == 0)
    town = np.bincount(world.places.town[settled.people.work[works]], minlength=3) / works.sum()
    pull = 1 / (1 + np.array([0, 1, 9]))
    np.testing.assert_allclose(town, pull / pull.sum(), atol=0.03)


def test_work_places_have_workers_by_their_jobs() -> None:
    world = network(grid_town("A", (0, 0), 6, 20_000, 1), gateways=False)
    work = np.flatnonzero(world.places.kind == PlaceKind.WORK)
    weight = world.places.weight.copy()
    weight[work] = 1 + np.arange(len(work))
    world = world._replace(places=Places.of(**{**world.places.data(), "weight": weight}))
    settled = population.settle(world, varied(gravity=1e9), seed=1, base=HERE)
    workers = np.bincount(settled.people.work[settled.people.kind == PersonKind.COMMUTER], minlength=len(weight))[work]
    np.testing.assert_allclose(workers / workers.sum(), weight[work] / weight[work].sum(), atol=0.01)


def test_without_a_table_some_work_beyond() -> None:
    settled = population.settle(PLAIN, SPEC, seed=1, base=HERE)
    commuters = settled.people.work[drivers(settled)][settled.people.kind[drivers(settled)] == PersonKind.COMMUTER]
    inside = np.mean(PLAIN.places.kind[commuters] == PlaceKind.WORK)
    assert 0.06 < inside < 0.5  # Connecticut towns keep 6 to 44 % of their residents' jobs (LODES 2014)


def test_students_and_children_go_to_a_school_and_others_nowhere(settled: Settlement) -> None:
    people, kinds = settled.people, PLAIN.places.kind
    pupils = np.isin(people.kind, (PersonKind.STUDENT, PersonKind.CHILD))
    assert np.all(kinds[people.work[pupils]] == PlaceKind.SCHOOL)
    assert np.all(people.work[np.isin(people.kind, (PersonKind.RETIREE, PersonKind.HOMEMAKER))] == -1)


def test_habits_have_the_shares_the_places_and_the_rates_asked_for(settled: Settlement) -> None:
    kind = PLAIN.places.kind[settled.habits.place]
    adults = np.sum(
        (settled.people.kind != PersonKind.CHILD) & (PLAIN.places.kind[settled.people.home] == PlaceKind.HOME)
    )
    for name, habit in SPEC.habits:
        rows = kind == PlaceKind[name.upper()]
        who, places = np.unique(settled.habits.person[rows], return_counts=True)
        assert len(who) / adults == pytest.approx(habit.share, abs=0.02)
        assert np.all(places == habit.places)
        pairs = np.unique(np.stack([settled.habits.person[rows], settled.habits.place[rows]]), axis=1)
        assert pairs.shape[1] == rows.sum()
        if name != "shop":
            assert settled.habits.weekly[rows].sum() / len(who) == pytest.approx(habit.weekly, rel=1e-5)


def test_habitual_places_are_near_home(settled: Settlement) -> None:
    x, y = (axis[PLAIN.places.junction] for axis in (PLAIN.junctions.x, PLAIN.junctions.y))
    shops = np.flatnonzero(PLAIN.places.kind == PlaceKind.SHOP)
    rows = PLAIN.places.kind[settled.habits.place] == PlaceKind.SHOP
    home, shop = settled.people.home[settled.habits.person[rows]], settled.habits.place[rows]
    chosen = np.hypot(x[home] - x[shop], y[home] - y[shop]).mean()
    anywhere = np.hypot(x[home][:, None] - x[shops], y[home][:, None] - y[shops]).mean()
    assert chosen < 0.8 * anywhere


# --- a commuting table ------------------------------------------------------------------------------------------------


def test_work_towns_follow_the_table(tmp_path: Path) -> None:
    table = """home,home_state,work,work_state,jobs
alder ,CT,Alder,CT,20
Alder,CT,Birch,CT,30
Alder,CT,Elsewhere,CT,40
Alder,CT,Birch,NY,10
Alder,MA,Birch,CT,400
Birch,CT,Birch,CT,500
Unknown,CT,Alder,CT,77
"""
    (tmp_path / "flows.csv").write_text(table)
    world = network(
        grid_town("Alder, Connecticut, USA", (0, 0), 20, 9000, 1), grid_town("Birch", (5000, 0), 20, 1000, 900)
    )
    settled = population.settle(world, varied(commuting="flows.csv"), seed=1, base=tmp_path)
    works = (settled.people.kind == PersonKind.COMMUTER) & (world.places.town[settled.people.home] == 0)
    works &= world.places.kind[settled.people.home] == PlaceKind.HOME
    work = settled.people.work[works]
    beyond = world.places.kind[work] == PlaceKind.BEYOND
    shares = [np.mean(~beyond & (world.places.town[work] == town)) for town in (0, 1)] + [np.mean(beyond)]
    np.testing.assert_allclose(shares, [0.2, 0.3, 0.5], atol=0.03)


def test_a_town_that_is_not_built_is_reached_by_its_own_gateway(tmp_path: Path) -> None:
    (tmp_path / "flows.csv").write_text("home,home_state,work,work_state,jobs\nAlder,CT,Birch,CT,100\n")
    world = network(grid_town("Alder", (0, 0), 20, 3000, 1), grid_town("beyond I-95 (Birch)", (5000, 0), 9, 0, 900))
    built = (world.places.town == 0) | (world.places.kind == PlaceKind.BEYOND)
    towns = Towns.of(**{**world.towns.data(), "listed": [1, 0, 0]})
    places = world.places.take(built)
    own = Places.of(**{**places.data(), "town": world.junctions.town[places.junction]})  # a gateway a town
    world = world._replace(places=own, towns=towns)
    settled = population.settle(world, varied(commuting="flows.csv"), seed=1, base=tmp_path)
    works = (settled.people.kind == PersonKind.COMMUTER) & (world.places.kind[settled.people.home] == PlaceKind.HOME)
    work = settled.people.work[works]
    assert np.all(world.places.kind[work] == PlaceKind.BEYOND)
    assert np.all(world.places.town[work] == 1)


def test_jobs_that_no_road_leads_to_are_left_out(tmp_path: Path) -> None:
    rows = "Alder,CT,Alder,CT,10\nAlder,CT,Birch,CT,30\nAlder,CT,Elsewhere,CT,60\n"
    (tmp_path / "flows.csv").write_text("home,home_state,work,work_state,jobs\n" + rows)
    world = network(grid_town("Alder", (0, 0), 20, 3000, 1), grid_town("Birch", (5000, 0), 9, 0, 900), gateways=False)
    towns = Towns.of(**{**world.towns.data(), "listed": [1, 0, 0]})
    world = world._replace(places=world.places.take(world.places.town == 0), towns=towns)
    settled = population.settle(world, varied(commuting="flows.csv"), seed=1, base=tmp_path)
    work = settled.people.work[settled.people.kind == PersonKind.COMMUTER]
    assert np.all(world.places.kind[work] == PlaceKind.WORK)


def test_the_published_table_is_read(shared_data: Path) -> None:
    world = network(grid_town("Danbury", (0, 0), 24, 8000, 1))
    spec = varied(commuting="ct_commute_od_lodes2014.csv.gz", visitors=0.0)
    settled = population.settle(world, spec, seed=1, base=shared_data / "demand")
    work = settled.people.work[settled.people.kind == PersonKind.COMMUTER]
    with gzip.open(shared_data / "demand" / spec.commuting, "rt") as file:
        flows = [row for row in csv.DictReader(file) if (row["home"], row["home_state"]) == ("Danbury", "CT")]
    own = sum(int(row["jobs"]) for row in flows if (row["work"], row["work_state"]) == ("Danbury", "CT"))
    kept = np.mean(world.places.kind[work] == PlaceKind.WORK)
    assert kept == pytest.approx(own / sum(int(row["jobs"]) for row in flows), abs=0.03)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (None, r"population.commuting: cannot read .*flows.csv"),
        (
            "home,home_state,work,jobs\nAlder,CT,Alder,1\n",
            "lacks the column work_state; it has home, home_state, work, jobs",
        ),
        ("home,home_state,work,work_state,jobs\nBirch,CT,Alder,CT,1\n", "no job of a resident of Alder, a listed town"),
        ("home,home_state,work,work_state,jobs\nAlder,CT,Alder,CT,-2\n", "row 1: jobs must be ≥ 0, not -2"),
        (
            "home,home_state,work,work_state,jobs\nAlder,CT,Alder,CT,1\nAlder,CT,Alder,CT,many\n",
            "row 2: jobs .* not many",
        ),
        ("", "cannot read .*flows.csv"),
        ("home,home_state,work,work_state,jobs\nAlder,CT, ,CT,1\n", "row 1: work must name a town, not ' '"),
        (
            "home,home_state,work,work_state,jobs\nAlder,CT,Alder,CT,1\n,CT,Alder,CT,1\n",
            "row 2: home must name a town, not ''",
        ),
        (
            "jobs,home,home_state,work,work_state\n1,Alder,CT,Alder,CT\n100,Alder,CT\n",
            "row 2: work must name a town, not ''",
        ),
        (
            "jobs,home,home_state,work,work_state\n1,Alder,CT,Alder,CT\n100,Alder,CT,Alder\n",
            "row 2: work_state must name a state, not ''",
        ),
        (
            "home,home_state,work,work_state,jobs\nAlder,CT,Alder,CT,1,9\nAlder,CT,Alder,CT,1,9\n",
            "rows must have 5 fields, as the header; found 6",
        ),
    ],
)
def test_a_wrong_commuting_table_is_named(tmp_path: Path, table: str | None, says: str) -> None:
    if table is not None:
        (tmp_path / "flows.csv").write_text(table)
    with pytest.raises(population.PopulationError, match=says):
        population.settle(PLAIN, varied(commuting="flows.csv"), seed=1, base=tmp_path)


def test_a_table_says_how_many_jobs_of_unknown_towns_it_has(tmp_path: Path) -> None:
    rows = "Alder,CT,Alder,CT,10\nAlder,CT,Elm,CT,30\nOak,CT,Alder,CT,60\nAsh,CT,Elm,CT,5\nAlder,MA,Elm,CT,7\n"
    (tmp_path / "flows.csv").write_text("home,home_state,work,work_state,jobs\n" + rows)
    assert population.towns_left_out(PLAIN, varied(commuting="flows.csv"), tmp_path) == (
        "population.commuting: flows.csv: 72 jobs of residents of other towns left out; "
        "30 jobs of the study's residents lie in towns not in it and are taken to be beyond"
    )


def test_what_cannot_be_settled_is_named() -> None:
    with pytest.raises(population.PopulationError, match=r"together at most 1, not 1\.2"):
        population.settle(PLAIN, varied(commuters=0.8, retirees=0.34), seed=1, base=HERE)
    with pytest.raises(population.PopulationError, match=r"gravity must be longer than 0 m"):
        population.settle(PLAIN, varied(gravity=0.0), seed=1, base=HERE)
    world = network(grid_town("Alder", (0, 0), 9, 100, 1), gateways=False)
    with pytest.raises(population.PopulationError, match=r"at least two ends of motorways .* not 0"):
        population.settle(world, varied(through=5.0), seed=1, base=HERE)
    pair = models.ThroughPair(ends=("beyond", "beyond I-95 (Darien)"), daily="5 vehicles/d")
    with pytest.raises(
        population.PopulationError,
        match=r"through_pairs\[0\]: 'beyond I-95 \(Darien\)' .* there are beyond, beyond #2$",
    ):
        population.settle(PLAIN, varied(through_pairs=(pair,)), seed=1, base=HERE)
    twice = tuple(
        models.ThroughPair(ends=ends, daily="5 vehicles/d")
        for ends in (("beyond", "beyond #2"), ("beyond #2", "beyond"))
    )
    with pytest.raises(population.PopulationError, match=r"through_pairs\[1\]: beyond – beyond #2 is listed twice"):
        population.settle(PLAIN, varied(through_pairs=twice), seed=1, base=HERE)
    pair = models.ThroughPair(ends=("beyond", "beyond"), daily="5 vehicles/d")
    with pytest.raises(population.PopulationError, match=r"through_pairs\[0\]: beyond – beyond is one end"):
        population.settle(PLAIN, varied(through_pairs=(pair,)), seed=1, base=HERE)
    homeless = PLAIN._replace(places=PLAIN.places.take(PLAIN.places.kind != PlaceKind.HOME))
    with pytest.raises(population.PopulationError, match="Alder is listed and has 5,000 residents but no home"):
        population.settle(homeless, SPEC, seed=1, base=HERE)


# --- a day ------------------------------------------------------------------------------------------------------------


@pytest.mark.once
def test_a_car_starts_at_its_garage_goes_on_where_it_stands_and_ends_there(
    settled: Settlement, month: list[Trips]
) -> None:
    for day, trips in enumerate(month):
        same = trips.vehicle[1:] == trips.vehicle[:-1]
        assert np.array_equal(trips.origin[1:][same], trips.destination[:-1][same])
        first, last = np.concatenate([[True], ~same]), np.concatenate([~same, [True]])
        garage = settled.vehicles.garage[trips.vehicle]
        assert np.array_equal(trips.origin[first], garage[first])
        assert np.array_equal(trips.destination[last], garage[last])
        assert np.all(trips.depart[1:][same] > trips.depart[:-1][same])
        assert day * DAY <= trips.depart.min()
        assert trips.depart.max() < (day + 1) * DAY
        assert np.all(PLAIN.places.junction[trips.origin] != PLAIN.places.junction[trips.destination])


def test_no_car_and_nobody_is_in_two_places_by_plan(settled: Settlement) -> None:
    spec = varied(vehicles_per_person=0.3, carpool=0.5)
    settled = population.settle(PLAIN, spec, seed=3, base=HERE)
    trips = population.trips(settled, PLAIN, spec, day=1, **GO)
    x, y = (axis[PLAIN.places.junction] for axis in (PLAIN.junctions.x, PLAIN.junctions.y))
    metres = np.hypot(x[trips.origin] - x[trips.destination], y[trips.origin] - y[trips.destination])
    arrive = trips.depart + (metres / 8).astype(int) + 120
    for who in (trips.vehicle, trips.driver):
        order = np.lexsort((trips.depart, who))
        same = who[order][1:] == who[order][:-1]
        assert np.all(trips.depart[order][1:][same] >= arrive[order][:-1][same])
    aboard = [(int(p), int(d), int(a)) for column in (trips.driver, trips.companion)
              for p, d, a in zip(column, trips.depart, arrive, strict=True) if p >= 0]  # fmt: skip
    aboard.sort()
    assert all(b[1] >= a[2] for a, b in itertools.pairwise(aboard) if a[0] == b[0])


@pytest.mark.once
def test_drivers_and_companions_belong_to_the_car(settled: Settlement, month: list[Trips]) -> None:
    for trips in month:
        household = settled.vehicles.household[trips.vehicle]
        assert np.array_equal(settled.people.household[trips.driver], household)
        along = trips.companion >= 0
        assert np.array_equal(settled.people.household[trips.companion[along]], household[along])
        assert not np.any(trips.companion == trips.driver)
        assert not np.any(settled.people.kind[trips.driver] == PersonKind.CHILD)


@pytest.mark.once
def test_any_day_alone_is_the_same(settled: Settlement, month: list[Trips]) -> None:
    for day in (27, 4):
        alone = population.trips(settled, PLAIN, SPEC, day=day, **GO)
        for name, column in alone.data().items():
            assert np.array_equal(column, month[day].data()[name]), name
    assert not np.array_equal(month[0].depart, month[7].depart - 7 * DAY)


@pytest.mark.once
def test_a_driver_makes_the_trips_asked_for(settled: Settlement, month: list[Trips]) -> None:
    mean = sum(len(of_residents(settled, trips)) for trips in month) / 28 / len(drivers(settled))
    assert mean == pytest.approx(2.7, rel=0.05)
    spec = varied(trips_per_driver=3.6)
    busier = population.settle(PLAIN, spec, seed=3, base=HERE)
    week = [population.trips(busier, PLAIN, spec, day=day, **GO) for day in range(7)]
    assert sum(len(of_residents(busier, t)) for t in week) / 7 / len(drivers(busier)) == pytest.approx(3.6, rel=0.10)


@pytest.mark.once
def test_companions_ride_along_as_often_as_asked(settled: Settlement, month: list[Trips]) -> None:
    along = np.concatenate([of_residents(settled, trips).companion >= 0 for trips in month])
    assert along.mean() == pytest.approx(0.082, rel=0.10)


@pytest.mark.once
def test_hours_and_days_are_as_published(settled: Settlement, month: list[Trips]) -> None:
    hours = np.zeros((7, 24))
    for day, trips in enumerate(month):
        clock = (of_residents(settled, trips).depart - day * DAY + 4 * 3600) // 3600 % 24
        hours[day % 7] += np.bincount(clock, minlength=24)
    assert np.corrcoef(hours[2], figures.WEDNESDAY)[0, 1] > 0.93
    assert np.corrcoef(hours[5], figures.SATURDAY)[0, 1] > 0.96
    assert hours[5].sum() / hours[2].sum() == pytest.approx(sum(figures.SATURDAY) / sum(figures.WEDNESDAY), abs=0.06)


@pytest.mark.once
def test_commuters_keep_their_days(settled: Settlement, month: list[Trips]) -> None:
    commuters = drivers(settled)[settled.people.kind[drivers(settled)] == PersonKind.COMMUTER]
    works = np.zeros((28, len(settled.people)), np.bool_)
    for day, trips in enumerate(month):
        works[day, trips.driver[trips.purpose == Purpose.WORK]] = True
    junction = PLAIN.places.junction
    far = junction[settled.people.work[commuters]] != junction[settled.people.home[commuters]]
    works = works[:, commuters[far]]
    assert works.sum() / 4 / works.shape[1] == pytest.approx(4.3, rel=0.05)
    assert works.reshape(4, 7, -1)[:, 5:].sum() / works.sum() < 0.15
    days = works.reshape(4, 7, -1).sum(axis=0)
    assert np.sum(days.max(axis=0) >= 3) / days.shape[1] > 0.9
    idle = np.sum(days == 0) / days.size
    assert idle > 0.25


@pytest.mark.once
def test_a_support_group_meets_on_one_evening_and_worship_mostly_on_sunday(
    settled: Settlement, month: list[Trips]
) -> None:
    meetings: dict[int, set[int]] = {}
    for day, trips in enumerate(month):
        for driver in trips.driver[trips.purpose == Purpose.SUPPORT_GROUP].tolist():
            meetings.setdefault(driver, set()).add(day % 7)
    assert len(meetings) > 50
    assert all(len(days) == 1 and max(days) < 5 for days in meetings.values())
    worship = np.array([np.sum(trips.purpose == Purpose.WORSHIP) for trips in month]).reshape(4, 7).sum(axis=0)
    assert worship[6] / worship.sum() > 0.65
    visits = worship.sum() / 4 / 0.8 / 0.30 / len(drivers(settled))
    assert visits == pytest.approx(1, abs=0.12)


@pytest.mark.once
def test_people_repeat_themselves_as_assumed(settled: Settlement, month: list[Trips]) -> None:
    """Retention results hang on this; the bands are assumptions, not published values."""
    weekday = [of_residents(settled, trips) for day, trips in enumerate(month) if day % 7 < 5]
    legs = np.concatenate([np.stack([t.vehicle, t.origin, t.destination]) for t in weekday], axis=1)
    _, which, times = np.unique(legs, axis=1, return_inverse=True, return_counts=True)
    repeated = np.mean(times[which.reshape(-1)] > 1)
    visits = np.unique(np.concatenate([np.stack([t.driver, t.destination]) for t in month], axis=1), axis=1)
    places = np.bincount(visits[0])
    places = places[np.intersect1d(drivers(settled), visits[0])].mean()
    assert 0.75 < repeated < 0.92
    assert 6 < places < 13
    strays = varied(explore=0.5, skip=0.4)
    week = [population.trips(settled, PLAIN, strays, day=day, **GO) for day in range(7)]
    few = [
        np.unique(np.concatenate([np.stack([t.driver, t.destination]) for t in days], axis=1), axis=1).shape[1]
        for days in (month[:7], week)
    ]
    assert few[1] > 1.05 * few[0]


def test_visitors_come_from_beyond_to_work_and_go_back() -> None:
    spec = varied(visitors=0.25)
    settled = population.settle(PLAIN, spec, seed=3, base=HERE)
    kind = settled.vehicles.kind
    assert np.sum(kind == VehicleKind.VISITOR) == round(0.25 * np.sum(kind == VehicleKind.RESIDENT))
    trips = population.trips(settled, PLAIN, spec, day=1, **GO)
    trips = trips.take(kind[trips.vehicle] == VehicleKind.VISITOR)
    assert len(trips) > 0.5 * 2 * np.sum(kind == VehicleKind.VISITOR)
    assert np.array_equal(np.unique(trips.purpose), [Purpose.HOME, Purpose.WORK])
    out = trips.purpose == Purpose.WORK
    assert np.all(PLAIN.places.kind[trips.origin[out]] == PlaceKind.BEYOND)
    assert np.all(PLAIN.places.kind[trips.destination[out]] == PlaceKind.WORK)


def test_through_vehicles_pass_as_often_and_return_as_often_as_asked() -> None:
    world = network(
        grid_town("Alder", (0, 0), 8, 50, 1), grid_town("Birch", (9000, 0), 8, 50, 500)
    )  # four ends, six pairs
    spec = varied(through=40.0, through_return=0.3)
    settled = population.settle(world, spec, seed=3, base=HERE)
    days = []
    for day in range(30):
        trips = population.trips(settled, world, spec, day=day, **GO)
        trips = trips.take(settled.vehicles.kind[trips.vehicle] == VehicleKind.THROUGH)
        assert np.all(trips.driver == -1)
        assert np.all(trips.purpose == Purpose.THROUGH)
        assert np.all(trips.origin != trips.destination)
        assert np.array_equal(trips.origin, settled.vehicles.garage[trips.vehicle])
        days.append(trips.vehicle)
    seen = np.concatenate(days)
    assert len(seen) / 30 == pytest.approx(6 * 40, rel=0.05)
    counts = np.bincount(seen)
    assert np.mean(counts[seen] > 1) == pytest.approx(0.3, abs=0.04)


def test_a_world_without_gateways_shops_or_people_still_has_days() -> None:
    world = network(grid_town("Alder", (0, 0), 9, 300, 1), gateways=False)
    world = world._replace(places=world.places.take(np.isin(world.places.kind, (PlaceKind.HOME, PlaceKind.WORK))))
    settled = population.settle(world, SPEC, seed=1, base=HERE)
    trips = population.trips(settled, world, SPEC, seed=1, day=0, start=START)
    assert set(np.unique(trips.purpose).tolist()) == {Purpose.HOME, Purpose.WORK}
    empty = world._replace(towns=Towns.of(**{**world.towns.data(), "population": [0, 0]}))
    settled = population.settle(empty, SPEC, seed=1, base=HERE)
    assert (len(settled.people), len(settled.vehicles)) == (0, 0)
    assert len(population.trips(settled, empty, SPEC, seed=1, day=0, start=START)) == 0
