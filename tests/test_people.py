"""What is told of people over the cars they drive: against plain twins, as of cars where each has one driver, by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alprsim.measures import drives, nights, paths, places, position, question, visits, wheel
from alprsim.tables import DAY, UNLIMITED, PersonKind, Truth
from tests import naive_measures, naive_paths, naive_people
from tests import test_measures_paths as ways
from tests import test_measures_places as homes
from tests import test_nights as slept
from tests import test_visits as visited
from tests.worlds import HOUR, SIGHTS, ZOO, World, rules, shared_cars, worlds
from tests.worlds import ladder as limits

few = settings(deadline=None, derandomize=True, max_examples=20)
moments = st.integers(1, 99).map(lambda hour: hour * HOUR)
BUSY = replace(visited.busy, wheel=(((0, 7 * HOUR), 1), ((0, DAY + 3 * HOUR), 2)), main=(0, 0, 1))
AWAY = replace(slept.BUSY, wheel=(((0, 29 * HOUR), 1), ((0, 53 * HOUR), 2)), main=(0, 0, 1))


def seen_by(world, lens, sight, now):
    """Return, for a twin, the reads under each plate that a sight holds."""
    return lambda vehicle: naive_people.seen(world, vehicle, lambda o, age: lens.obtains(sight, o, age), now)


# --- whom a plate names ---------------------------------------------------------------------------------------------------


def test_a_plate_names_the_first_main_driver_or_the_first_of_the_household():
    vehicles, people, homes_of, towns = World(vehicles=5, town=(0, 0, 1, 1, 2), kind=(0,) * 5).tables()
    vehicles = replace(vehicles, household=np.array([0, 0, 1, 1, 2], np.int32))
    people = replace(
        people.take([0, 0, 0, 2, 3]), household=np.array([0, 0, 0, 1, 3], np.int32), vehicle=np.array([0, 0, 0, 3, -1], np.int32),
        kind=np.array([PersonKind.CHILD, 0, 0, 0, 0], np.int8),
    )  # fmt: skip
    measured = question.residents(vehicles, people, homes_of, towns)
    assert wheel.keepers(vehicles, people, measured).tolist() == [1, 1, 3, 3, -1]
    nobody = question.residents(vehicles, replace(people, vehicle=np.full(5, -1, np.int32)), homes_of, towns)
    assert wheel.keepers(vehicles, people, nobody).tolist() == [-1] * 5


@few
@given(shared_cars())
def test_who_drives_equals_the_twin(world):
    drivers, bucket = world.drivers(), world.bucket()
    assert drivers.person.tolist() == [0, 1, 2]
    assert drivers.town.tolist() == [world.town[car] for car in world.main]
    assert drivers.driver.tolist() == bucket.truth.driver.tolist()
    assert drivers.keeper.tolist() == [naive_people.keeper(world, vehicle) for vehicle in range(3)]


def test_plates_and_drivers_of_nobody_measured_are_nobodys():
    world = World(((0, HOUR, 2 * HOUR), (1, HOUR, 2 * HOUR)), wheel=(((1, HOUR), -1),))
    people, bucket = question.residents(*world.tables()), world.bucket([0, 1])
    bucket = bucket._replace(vehicle=np.array([0, 900], np.int32))
    drivers = wheel.wheel(bucket, people, np.array([0, 1, 2], np.int32))
    assert (drivers.person.tolist(), drivers.driver.tolist(), drivers.keeper.tolist()) == ([0], [0, -1], [0, -1])


# --- as of cars, where each has one driver --------------------------------------------------------------------------------


def everything(world, lens, now, destinations):
    """Return (of cars, of people) of nights, visits and homes, at one moment."""
    found = []
    of_nights, of_visits = nights.empty(2), visits.empty(2, 2, visited.a_rule())
    found.append((slept.counted(world, lens, destinations, now, lives=of_nights), of_nights))
    found.append((visited.counted(world, lens, destinations, now, lives=of_visits), of_visits))
    return [*found, housed(world, lens, now)]


def housed(world, lens, now, first_weekday=0, persons=None):
    people, cars = question.residents(*world.tables()), places.Known(homes.HOME, homes.WORK)
    sums, lives = (places.empty(people, within=(250.0, 500.0), days=10) for _ in range(2))
    opened = question.open_bucket(world.bucket())
    asked = question.ask(lens, world.sites(), moment=now, horizon=HOUR)
    places.add(
        sums, lives, opened, question.held(asked, opened.bucket.reads), asked, people, drivers=world.drivers(),
        sites=homes.SITES, cars=cars, persons=persons or cars, first_weekday=first_weekday,
    )  # fmt: skip
    return sums, lives


def assert_same(both):
    for cars, lives in both:
        assert all(np.array_equal(one, other) for one, other in zip(cars, lives, strict=True))


@pytest.mark.parametrize("name", ZOO)
def test_people_are_as_their_cars_where_each_has_one_driver(name):
    assert_same(everything(ZOO[name], limits(UNLIMITED, DAY, 0), 3 * DAY, [0, 1, 2, 3] * 3))


@few
@given(worlds(), rules(), moments, st.lists(st.integers(0, 3), max_size=12))
def test_people_are_as_their_cars_where_each_has_one_driver_whatever_they_do(world, lens, now, destinations):
    assert_same(everything(world, lens, now, destinations))


@settings(few, max_examples=8)
@given(shared_cars(), rules(), moments, st.lists(st.integers(0, 3), max_size=12), st.permutations(range(3)))
def test_what_people_are_called_changes_nothing(world, lens, now, destinations, new):
    """Households stay in order: only who is which member changes, and with it whom a shared car's plate names."""
    if len(set(world.main)) < 3:
        world = replace(world, main=(0, 1, 2))
    main = tuple(world.main[person] for person in np.argsort(new))
    other = replace(world, main=main, wheel=tuple((trip, new[person]) for trip, person in world.wheel))
    old = np.argsort(new)
    called = places.Known(*(places.Spots(*(column[old] for column in spots)) for spots in PERSONS))
    both = [
        [*everything(its, lens, now, destinations)[:2], housed(its, lens, now, persons=spots)]
        for its, spots in ((world, PERSONS), (other, called))
    ]
    for (_, one), (_, same) in zip(*both, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))


# --- nights and visits ----------------------------------------------------------------------------------------------------


@few
@given(shared_cars(), rules(), st.lists(st.integers(0, 3), max_size=12), moments, st.integers(1, 70).map(lambda h: h * HOUR),
       slept.ruled)  # fmt: skip
@example(AWAY, limits(UNLIMITED, DAY), [2, 2, 0, 2], 75 * HOUR, 75 * HOUR, slept.RULE._replace(evening=HOUR))
@example(AWAY, limits(UNLIMITED, DAY), [2, 2, 0, 2], 96 * HOUR, 74 * HOUR, slept.RULE)
def test_nights_of_people_equal_the_twin(world, lens, destinations, now, horizon, rule):
    lives = nights.empty(2)
    cars = slept.counted(world, lens, destinations, now, rule=rule, horizon=horizon, lives=lives)
    trips = sorted(world.trips)
    to = dict(zip(trips, [*destinations, *[0] * len(trips)], strict=False))
    days = [d for d in range(now // DAY) if now - horizon < d * DAY + 22 * HOUR <= now] if horizon <= now else []
    for sight in range(SIGHTS):
        seen = seen_by(world, lens, sight, now)
        twin = naive_people.nights(world, to, seen, slept.HOMES, slept.SITES, slept.PLACES, rule, days)
        for name, part in lives._asdict().items():
            assert part[:, sight].tolist() == twin.get(name, [0, 0]), name
    for name in ("away", "claimed", "found"):
        assert (getattr(lives, name).sum(axis=0) == getattr(cars, name).sum(axis=0)).all()


@few
@given(shared_cars(), rules(), st.lists(st.integers(0, 5), max_size=12), moments, moments, visited.ruled)
@example(BUSY, limits(UNLIMITED, DAY, 2 * DAY), [0, 1] * 3, 80 * HOUR, 2 * DAY, visited.a_rule(first_weekday=6))
@example(
    BUSY,
    limits(UNLIMITED, DAY, 2 * DAY),
    [0, 0] * 3,
    72 * HOUR,
    3 * DAY,
    visited.a_rule(first_weekday=5, month=4 * DAY),
)
def test_visits_of_people_equal_the_twin(world, lens, destinations, now, horizon, rule):
    where, lives = visited.at(), visits.empty(2, 2, rule)
    cars = visited.counted(world, lens, destinations, now, rule=rule, horizon=horizon, lives=lives)
    truth = visited.opened(world, destinations).bucket.truth
    made = list(zip(truth.vehicle, truth.depart, truth.arrive, where.of_place[truth.destination], strict=True))
    made = [tuple(int(cell) for cell in row) for row in made]
    for sight in range(SIGHTS):
        seen = seen_by(world, lens, sight, now)
        twin = naive_people.visits(world, made, seen, visited.SITES, visited.SPOTS, rule, now, horizon, 2)
        for name in ("made", "found", "claimed", "right", "stood", "of_kind"):
            visited.assert_counted(getattr(lives, name), twin.get(name, {}), sight)
        for name in ("gone", "said", "known", "true", "days"):
            visited.assert_counted(getattr(lives, name)[:, visits.SO_FAR], twin.get(name, {}), sight)
            of_month = twin.get(name, {}) if rule.month <= now else {}
            visited.assert_counted(getattr(lives, name)[:, visits.MONTH], of_month, sight)
    for name in ("made", "found", "claimed"):
        assert (getattr(lives, name).sum(axis=0) == getattr(cars, name).sum(axis=0)).all()


def test_a_visit_in_a_shared_car_shows_but_is_said_of_its_main_driver():
    """Person 1 goes to the clinic in the car that person 0 mainly drives."""
    there = visited.visit(5, 2, reads=((4.5, 0), (7.5, 0)))
    world = replace(there, main=(0, 0, 1), wheel=tuple((trip[:2], 1) for trip in there.trips))
    lives = visits.empty(2, 2, visited.a_rule())
    visited.counted(world, limits(UNLIMITED), [0, 5], DAY, lives=lives)
    assert [int(part[0, 0, 0]) for part in (lives.made, lives.found, lives.claimed, lives.right)] == [1, 1, 1, 0]
    once = (0, visits.SO_FAR, 0, 0, 0)
    assert [int(part[once]) for part in (lives.gone, lives.said, lives.known, lives.true)] == [1, 1, 1, 0]
    rows = visits.rows(
        [lives], np.zeros(1, np.int32), [visited.Case()], ("Ash", "Elm"), visited.at(), seed=1, who="people"
    )  # fmt: skip
    keys = zip(rows.measure, rows.statistic, rows.town, strict=True)
    said = dict(zip(keys, rows.value.tolist(), strict=True))
    assert set(rows.who) == {"people"}
    assert [said["sensitive_visits", name, "all"] for name in ("recall", "precision", "by_chance")] == [1, 0, 0]
    assert [said["sensitive_places", name + "_so_far", "all"] for name in ("recall", "precision")] == [1, 0]


# --- homes and work -------------------------------------------------------------------------------------------------------

PERSONS = places.Known(
    homes.spots((250, 0, 0), (3000, 4200, 1), (np.inf, 0, 0)),
    homes.spots((3000, 4300, 1), (0, 0, 0), (np.nan, np.nan, -1)),
)


@few
@given(shared_cars(), rules(), moments, st.integers(0, 6))
@example(
    World(reads=tuple((d * DAY + h * HOUR, s, v, v) for d in range(3) for v, s in ((0, 0), (1, 1)) for h in (3, 7)),
          trips=((1, HOUR, 2 * HOUR), (2, HOUR, 2 * HOUR)), wheel=(((1, HOUR), 0),), main=(0, 0, 1)),
    limits(UNLIMITED, DAY, 2 * DAY), 3 * DAY, 0,
)  # fmt: skip
def test_homes_and_work_of_people_equal_the_twin(world, lens, now, first_weekday):
    _, lives = housed(world, lens, now, first_weekday, PERSONS)
    for sight in range(SIGHTS):
        told = [np.zeros_like(part[..., sight]) for part in lives[1:-1]]
        best = np.zeros_like(told[1])
        seen = seen_by(world, lens, sight, now)
        twin = naive_people.places(world, seen, first_weekday, now, homes.SITES, *PERSONS, (250.0, 500.0))
        for person, both in enumerate(twin if lens.window(sight) <= now else []):
            town = world.town[world.main[person]]
            for kind, one in enumerate(both):
                if one is None:
                    continue
                (guessed, error, in_town, days), (_, least, ever_in_town, _) = one
                best[kind, town] += np.array([least <= 250, least <= 500, ever_in_town])
                asked, found, errors, took = (part[kind, town] for part in told)
                told[0][kind, town] += 1
                found += np.array([guessed and error <= 250, guessed and error <= 500, in_town])
                if guessed:
                    errors[int(min(error / 25, 1024))] += 1
                if days is not None:
                    took[days] += 1
                assert asked.shape == ()
        for part, expected in zip(lives[1:], [*told, best], strict=True):
            assert part[..., sight].tolist() == expected.tolist()


@pytest.mark.parametrize(("mine", "other", "main"), [(0, 1, (0, 1, 1)), (1, 0, (0, 1, 2))])
@pytest.mark.parametrize(("late", "found"), [(-DAY, 1), (0, 1), (1, 0)])
def test_were_it_known_which_car_shows_it_a_home_is_found_from_any_in_which_its_driver_has_set_out(
    late, found, mine, other, main
):
    """Somebody mainly drives a car that nobody reads, and sets out in another, which is read near their home."""
    now = DAY + 2 * HOUR
    trip, read = (other, now + late, now + late + HOUR), (3 * HOUR, mine, other, other)
    world = World((trip,), (read,), wheel=(((other, now + late), mine),), main=main)
    _, lives = housed(world, limits(DAY, UNLIMITED), now, persons=PERSONS)
    assert lives.any_car[0, mine, :, 0].tolist() == [found] * 3
    assert lives.found[0, mine, :, 0].tolist() == [0] * 3  # of the car they mainly drive nothing is held
    assert not lives.days[0, mine, :, 0].any()
    assert (lives.asked[0, mine, 0], lives.asked[0, mine, 1]) == (1, 0)  # what is kept for good was not simulated


# --- ways -----------------------------------------------------------------------------------------------------------------


@st.composite
def shared_drives(draw):
    """As the drives of cars, with anybody at the wheel."""
    drive = draw(ways.drives())
    who = st.integers(0, 1)
    wheel = tuple(((v, depart), draw(who)) for v, depart, _ in drive.world.trips)
    return drive._replace(world=replace(drive.world, wheel=wheel))


@few
@given(shared_drives(), rules(ages=st.integers(0, 160)), st.integers(0, 160), st.sampled_from([30, 100]))
def test_ways_of_people_equal_the_twin(drive, lens, now, horizon):
    world, lives = drive.world, paths.empty(2)
    persons = np.arange(2, dtype=np.int64)

    def people(sketch):
        return [paths.Lives(lives, persons, wheel.places(persons.astype(np.int32), sketch.pairs.person))]

    cars = drive.counted(lens, now, horizon, also=people)
    order = sorted(world.trips)
    for person, sight in ((p, s) for p in range(2) for s in range(SIGHTS)):
        window, total = lens.window(sight), np.zeros((2, 3, 5), np.int64)
        for vehicle in range(2):
            trips = [(*trip[1:], drive.ways[n]) for n, trip in enumerate(order) if trip[0] == vehicle]
            drivers = [world.driver(vehicle, depart) for depart, *_ in trips]
            reads = drive.held(vehicle, lambda o, age, k=sight: lens.obtains(k, o, age), now)
            for adversary, known in enumerate(({}, drive.known)):
                claims = naive_paths.claims(reads, drive.streets, known, **drive.gap)
                counts = naive_paths.tally(
                    trips, drive.streets, claims, window=window, now=now, horizon=horizon, drivers=drivers,
                    keeper=vehicle, who=person,
                )  # fmt: skip
                total[adversary] += [counts[time] for time in ("stock", "horizon", "window")]
        known = np.array([window <= now, horizon <= now, window <= now])
        assert lives.counts[person, :, :, sight].tolist() == (total * known[:, None]).reshape(2, 15).tolist()
        assert lives.so_far[person, :, :, sight].tolist() == total[:, 0][:, [0, 3]].tolist()
        shares = (total * known[:, None])[:, 1:]
        whole = np.stack([shares[..., 2], shares[..., 0] + shares[..., 1], shares[..., 4]], axis=-1)
        share = np.where(whole > 0, shares[..., [0, 0, 3]] * 2**32 // np.maximum(whole, 1), 0)
        assert np.allclose(lives.shares[person, :, :, sight], share.reshape(2, 6), rtol=0, atol=1)
        assert (lives.has[person, :, :, sight] == (whole > 0).reshape(2, 6)).all()
    for name in ("counts", "so_far", "asked"):
        assert (getattr(lives, name).sum(axis=0) == getattr(cars, name).sum(axis=0)).all()


@pytest.mark.parametrize(("moment", "driver"), [(99, 7), (100, 5), (120, 5), (199, 5), (200, 6), (300, 6)])
def test_what_is_wrong_counts_for_who_drove_last_or_whom_the_plate_names(moment, driver):
    """A road is claimed that nobody drove; persons 5 and 6 made trips of 20 s, at second 100 and at second 200."""
    row, depart = np.zeros(1, np.int64), np.array([100, 200], np.int32)
    truth = drives.Drives(
        row, np.array([0, 2]), depart, depart + np.int32(20), np.zeros(3, np.int64), *[np.zeros(0, np.int32)] * 3,
        np.array([5, 6], np.int32), np.array([7], np.int32),
    )  # fmt: skip
    its, when = drives.pairs(truth), np.array([moment], np.int32)
    on = [trip for trip in (0, 1) if depart[trip] <= moment < depart[trip] + 20]
    trip = np.array(on or [-1], np.int32)
    right, wrong = drives.at_wheel(truth, its, row, np.array([-1], np.int32), when, trip)
    assert (right.tolist(), its.person[wrong].tolist()) == ([-1], [driver])
    claimed_later = drives.at_wheel(truth, its, row, np.array([-1], np.int32), when + np.int32(500), trip)[1]
    assert its.person[claimed_later].tolist() == [driver if on else 6]


def test_drivers_of_one_drawn_car_are_one_draw():
    """Two people whose main car was drawn share a row of the sums: counted twice, one draw of the error."""
    world = World(((0, 100, 150),), ((105, 0, 0, 0),), (0,), 1, (0,), (0,))
    drive, sums = ways.Drive(world, (tuple(ways.EAST),), (ways.EAST[0],), streets=ways.LINE), paths.empty(1)

    def people(sketch):
        return [paths.Lives(sums, np.zeros(2, np.int64), np.zeros(len(sketch.pairs.car), np.int64))]

    cars = drive.counted(limits(UNLIMITED, owners=1), 1000, 1000, also=people)
    assert sums.asked[0, 1].tolist() == [2] * 64
    assert (sums.counts == cars.counts).all()
    assert (sums.has == cars.has).all()


# --- where people are -----------------------------------------------------------------------------------------------------


def test_a_person_is_on_the_trips_they_drive_and_ride_along_on():
    zero = np.zeros(4)
    truth = Truth.of(
        vehicle=[0, 0, 1, 2], depart=[5, 9, 1, 7], arrive=[6, 10, 2, 8], driver=[3, 4, 3, 5], companion=[-1, 3, -1, 4],
        origin=zero, destination=zero, purpose=zero,
    )  # fmt: skip
    assert position.trips_of_person(truth, 3).depart.tolist() == [1, 5, 9]
    assert position.trips_of_person(truth, 4).depart.tolist() == [7, 9]
    assert position.trips_of_person(truth, 6).depart.tolist() == []


def test_who_shares_a_car_is_one_draw_of_the_error():
    """One car's two drivers and another's one: the error is of a ratio of two draws, sums 500 and 100 m of 2 and 1."""
    from tests.test_position import Case, truths

    people, sums = question.residents(*World().tables()), position.empty(2)

    def at(metres):
        scores = np.zeros((3, 2, position.SCORES))
        scores[:, :, position.POINT] = metres
        return truths(1, 2), scores

    position.add(sums, 0, np.array([0]), [at(200), at(300)])
    position.add(sums, 0, np.array([0]), [at(100)])
    groups = position.of_groups(sums, np.array([0, 1], np.int16), 2)
    table = position.rows([groups], np.zeros(1, np.int32), [Case()], people, moments=1, seed=1, who="people")
    assert set(table.who) == {"people"}
    row = (table.measure == "position_error") & (table.statistic == "tracker_error") & (table.town == "all")
    assert table.value[row] == pytest.approx([np.hypot(500 - 400, 100 - 200) / 3], rel=1e-3)
    assert table.n[row].tolist() == [3]
    none = position.empty(2)
    position.add(none, 0, np.array([0]), [])
    assert not any(part.any() for part in none)


def test_the_twin_of_people_knows_who_holds_what():
    world = World(reads=((HOUR, 0, 0, 0), (2 * HOUR, 1, 0, 0)))
    assert naive_people.seen(world, 0, lambda owner, _: owner == 1, DAY) == [(2 * HOUR, 1, 0, 0)]
    assert naive_measures.held(world.reads, lambda owner, _: owner == 1, world.owner_of_site, DAY) == [False, True]
