"""Patrol cars, spotter cars and trailers: what they drive, whom they meet, what they pass parked, and whose draws that is."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import cameras, experiment, patrols, scenario
from alprsim.kernels import patrol as kernels
from alprsim.patrols import PatrolError, _parked, _rounds
from alprsim.scenario import ScenarioError, models
from alprsim.tables import (
    DAY,
    SLOT,
    Agencies,
    AgencyKind,
    CameraKind,
    Cameras,
    Flows,
    Journeys,
    Junctions,
    Network,
    Passages,
    PlaceKind,
    Places,
    RoadKind,
    Roads,
    Sightings,
    Sites,
    Towns,
    Trips,
    VehicleKind,
    Vehicles,
)
from tests import naive_patrol

HOUR, MS, SIDE = 3600, 1000, 5
AGENCIES = Agencies.of(
    name=["Ash", "Pool"], kind=[AgencyKind.DEPARTMENT, AgencyKind.POOL], server_rate=[np.inf] * 2, server_room=[9] * 2
)
EVERYTHING = {"manned": 1.0, "standing": 0.0, "watch": 0.0, "homes": 1.0, "kerb": 1.0, "lots": 1.0}
"""A car that never rests, and to which everything shows."""


def grid():
    """Return a grid of two-way streets 200 m long, its middle row a main road; two towns, west and east."""
    at = [(x, y) for y in range(SIDE) for x in range(SIDE)]
    pairs = [(a, b) for a, (x, y) in enumerate(at) for b, (p, q) in enumerate(at) if abs(x - p) + abs(y - q) == 1]
    tail, head = np.array(pairs).T
    main = [at[a][1] == at[b][1] == SIDE // 2 for a, b in pairs]
    n = len(pairs)
    return Network(
        Junctions.of(osm_id=np.arange(len(at)) + 900, x=[200.0 * x for x, _ in at], y=[200.0 * y for _, y in at],
                     town=[int(x > 2) for x, _ in at]),
        Roads.of(tail=tail, head=head, length=np.full(n, 200), crossing=np.full(n, 20_000), lanes=np.ones(n),
                 headway=np.full(n, 2000), room=np.full(n, 26), wave=np.full(n, 40_000),
                 kind=np.where(main, RoadKind.PRIMARY, RoadKind.RESIDENTIAL)),
        Places.of(junction=[0, 7, 18, 24], kind=[PlaceKind.HOME, PlaceKind.WORK, PlaceKind.BAR, PlaceKind.BEYOND],
                  weight=[1] * 4, town=[0, 0, 1, 1]),
        Towns.of(name=["Ash", "Elm"], x=[0, 0], y=[0, 0], population=[1, 1], listed=[1, 1]),
        "EPSG:6433", "", True,
    )  # fmt: skip


NETWORK = grid()
WAYS = patrols.streets(NETWORK)
FLOWS = Flows.of(
    vehicles=np.zeros(len(NETWORK.roads) * DAY // SLOT), time=np.repeat(NETWORK.roads.crossing, DAY // SLOT)
)
VEHICLES = Vehicles.of(
    household=[0, 1, 1, -1], garage=[0, 0, 0, 3], town=[0, 0, 0, 1], kind=[VehicleKind.RESIDENT] * 3 + [VehicleKind.THROUGH],
    key=np.arange(4) * 31 + 7,
)  # fmt: skip


def life(day=0, work=(9, 17), bar=(18, 20)):
    """Return a day of vehicle 0: home, work, bar, home; vehicles 1 and 2 stay at home, 3 beyond the map."""
    hours = [h - 4 for h in (work[0] - 0.2, work[1], bar[1])]
    depart = [int(h * HOUR) + day * DAY for h in hours]
    arrive = [int((h - 4) * HOUR) + day * DAY for h in (work[0], bar[0], bar[1] + 0.2)]
    trips = Trips.of(
        vehicle=[0] * 3, driver=[0] * 3, companion=[-1] * 3, depart=depart, origin=[0, 1, 2], destination=[1, 2, 0],
        purpose=[1, 6, 0],
    )  # fmt: skip
    return trips, Journeys.of(depart=depart, arrive=arrive, path=[-1] * 3)


def spec(*groups, **keys):
    return models.Cameras.model_validate({"groups": groups, **keys}, strict=False)


def fleet(*groups, stops=None):
    return patrols.deploy(NETWORK, AGENCIES, spec(*groups), towns_of={}, stops=stops or {})


def patrol(count=1, agency="Ash", **keys):
    return {
        "agency": agency,
        "kind": "patrol",
        "count": count,
        "patrol": {"towns": ("Ash", "Elm"), **EVERYTHING, **keys},
    }


NOBODY = Passages.empty()
NOTHING = Sightings.empty()


def seen_by(fleet, day=0, seed=1, passages=NOBODY, lived=None):
    trips, journeys = lived or life(day)
    return patrols.sightings(
        NOTHING, fleet, fleet.sites, passages, FLOWS, trips, journeys, VEHICLES, NETWORK, seed=seed, day=day
    )


def drives(fleet, day=0, seed=1):
    trips, journeys = life(day)
    return patrols.rounds(fleet, NETWORK, FLOWS, trips, journeys, VEHICLES, seed=seed, day=day)


# --- the kernels, beside their twins ----------------------------------------------------------------------------------

roads = st.integers(0, 2)
spans = st.tuples(st.integers(0, 9), st.integers(1, 9)).map(lambda span: (span[0], span[0] + span[1]))
REVERSE, LENGTH = [1, 0, -1], [30.0, 30.0, 8.0]


@given(st.lists(st.tuples(roads, spans), max_size=4), st.lists(st.tuples(roads, spans), max_size=8), st.integers(0, 12))
@settings(deadline=None, derandomize=True)
def test_meetings_are_as_the_places_along_the_street_say(crossings, passages, reach):
    passages = sorted((road, *span) for road, span in passages)
    crossings = [(road, *span, float(reach)) for road, span in crossings]
    first = np.searchsorted([road for road, _, _ in passages], np.arange(4)).astype(np.int64)
    enter, leave = (np.array([p[k] for p in passages], np.int64) for k in (1, 2))
    mine = [np.array([c[k] for c in crossings], dtype) for k, dtype in enumerate((np.int32, np.int64, np.int64, float))]
    given = *mine, np.array(REVERSE, np.int32), np.array(LENGTH), first, np.full(3, 9), enter, leave
    none = np.empty(0, np.int64)
    room = kernels.meetings(*given, none, none, none)
    crossing, car, moment = (np.empty(room, np.int64) for _ in range(3))
    assert kernels.meetings(*given, crossing, car, moment) == room
    found = dict(zip(zip(crossing.tolist(), car.tolist(), strict=True), moment.tolist(), strict=True))
    assert len(found) == room
    expected = naive_patrol.meetings(crossings, passages, REVERSE, LENGTH)
    assert found.keys() == expected.keys()
    assert all(abs(found[pair] - expected[pair]) <= (passages[pair[1]][0] == crossings[pair[0]][0]) for pair in found)


@given(st.lists(st.tuples(roads, spans), max_size=4), st.lists(st.tuples(roads, spans), max_size=8))
@settings(deadline=None, derandomize=True)
def test_what_is_parked_is_passed_in_an_even_row(visits, stays):
    visits = [(group, *span) for group, span in visits]
    stays = sorted((group, *span) for group, span in stays)
    columns = [np.array([v[k] for v in visits], dtype) for k, dtype in enumerate((np.int32, np.int64, np.int64))]
    first = np.searchsorted([s[0] for s in stays], np.arange(4)).astype(np.int64)
    since, until = (np.array([s[k] for s in stays], np.int64) for k in (1, 2))
    none = np.empty(0, np.int64)
    room = kernels.parked(*columns, first, since, until, none, none, none)
    out = [np.empty(room, np.int64) for _ in range(3)]
    assert kernels.parked(*columns, first, since, until, *out) == room
    assert list(zip(*(column.tolist() for column in out), strict=True)) == naive_patrol.parked(visits, stays)
    for group in range(3):
        there = sum(g == group and since <= 5 < until for g, since, until in stays)
        assert kernels.standing(group, 5, first, since, until) == there


def test_two_on_a_street_meet_halfway_and_a_follower_far_behind_is_not_seen():
    none, one = np.empty(0, np.int64), np.zeros(1, np.int64)
    street = np.array([1, 0], np.int32), np.array([100.0, 100.0]), np.array([0, 1, 2]), np.full(2, 10_000)
    given = np.zeros(1, np.int32), one, one + 10_000, np.array([15.0]), *street
    theirs = np.array([2_000, 0])  # road 0: two seconds, 20 m, behind; road 1: oncoming at the same moment
    out = np.empty(2, np.int64), np.empty(2, np.int64), np.empty(2, np.int64)
    assert kernels.meetings(*given, theirs, theirs + 10_000, none, none, none) == 1
    kernels.meetings(*given, theirs, theirs + 10_000, *out)
    assert (out[1][0], out[2][0]) == (1, 5_000)
    theirs[0] = 1_500  # 15 m behind
    assert kernels.meetings(*given, theirs, theirs + 10_000, none, none, none) == 2


# --- streets and beats ------------------------------------------------------------------------------------------------


def test_the_other_direction_of_a_street_leads_back():
    rows = np.arange(len(NETWORK.roads))
    assert (WAYS.reverse >= 0).all()
    assert np.array_equal(WAYS.reverse[WAYS.reverse], rows)
    assert np.array_equal(NETWORK.roads.tail[WAYS.reverse], NETWORK.roads.head)
    assert np.array_equal(WAYS.segment[WAYS.reverse], WAYS.segment)
    assert len(set(WAYS.key.tolist())) == len(rows) / 2


def test_of_two_streets_between_two_corners_each_has_its_own_other_direction():
    lengths = np.array([50, 80, 80, 50, 30], np.float32)
    network = NETWORK._replace(
        junctions=NETWORK.junctions.take(slice(0, 3)),
        roads=NETWORK.roads.take([0] * 5).__class__.of(
            **(NETWORK.roads.take([0] * 5).data()
               | {"tail": [0, 0, 1, 1, 2], "head": [1, 1, 0, 0, 2], "length": lengths})
        ),
    )  # fmt: skip
    ways = patrols.streets(network)
    assert ways.reverse.tolist() == [3, 2, 1, 0, -1]  # a loop has none
    assert ways.segment.tolist() == [0, 1, 1, 0, 4]


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_beats_share_the_streets_about_evenly_and_can_be_driven_around(n):
    found = patrols.beats(NETWORK, [], n, motorways=False, label="")
    every = np.concatenate([beat.road for beat in found])
    assert len(set(every.tolist())) == len(every)
    lengths = [NETWORK.roads.length[beat.road].sum() for beat in found]
    assert min(lengths) > 0.5 * max(lengths)
    assert n > 1 or len(every) == len(NETWORK.roads)
    for beat in found:
        assert set(WAYS.reverse[beat.road].tolist()) == set(beat.road.tolist())
        for road, ahead in beat.ahead.items():
            assert set(ahead) <= set(beat.road.tolist())
            assert all(NETWORK.roads.tail[way] == NETWORK.roads.head[road] for way in ahead)
            assert WAYS.reverse[road] not in ahead or len(ahead) == 1


def test_a_beat_that_falls_apart_is_refused():
    islands = NETWORK._replace(roads=NETWORK.roads.take([0, 1]))  # one-way streets that lead nowhere
    with pytest.raises(PatrolError, match=r"Ash: beat 1 of 1: at least 50%"):
        patrols.beats(islands, [], 1, motorways=False, label="Ash")


# --- shifts and rounds ------------------------------------------------------------------------------------------------


def test_shifts_follow_the_clock_and_one_over_four_in_the_morning_has_two_parts():
    (car,) = fleet(patrol(starts=(7, 15, 23), shift="8 h", handover="30 min")).cars
    found = _rounds.shifts(car, seed=1, day=2)
    clock = [(s.start / MS / HOUR - 44, s.end / MS / HOUR - 44) for s in found]
    assert clock == [(4, 6.5), (7, 14.5), (15, 22.5), (23, 28)]
    (rare,) = fleet(patrol(manned=0.3)).cars
    nights = [[_rounds.shifts(rare, seed=1, day=d) for d in pair] for pair in pairwise(range(60))]
    for today, tomorrow in nights:  # both parts of a night are manned or neither is
        assert any(s.end % (DAY * MS) == 0 for s in today) == any(s.start % (DAY * MS) == 0 for s in tomorrow)
    manned = sum(s.start % (DAY * MS) != 0 for today, _ in nights for s in today)
    assert manned / (3 * len(nights)) == pytest.approx(0.3, abs=0.1)


def test_a_car_drives_on_and_comes_everywhere():
    cars = fleet(patrol(2, starts=(7,), shift="4 h"))
    visits, _ = drives(cars)
    for car in range(2):
        mine = np.flatnonzero((visits.car == car) & (visits.place == _rounds.CROSSING))
        road, enter, leave = visits.road[mine], visits.enter[mine], visits.leave[mine]
        assert np.array_equal(NETWORK.roads.head[road[:-1]], NETWORK.roads.tail[road[1:]])
        assert (leave[:-1] <= enter[1:]).all()
        assert (leave - enter >= NETWORK.roads.crossing[road]).all()
        assert enter[0] == 3 * HOUR * MS
        assert enter[-1] < 6.5 * HOUR * MS <= leave[-1] + 20_000 * 40
        assert set(road.tolist()) == set(cars.cars[car].beat.road.tolist())
    both = [visits.road[visits.car == car][:50].tolist() for car in range(2)]
    assert both[0] != both[1]


def test_main_roads_are_driven_more_often():
    visits, _ = drives(fleet(patrol(arterials=4)))
    times = Counter(visits.road[visits.place == _rounds.CROSSING].tolist())
    main = NETWORK.roads.kind == RoadKind.PRIMARY
    mean = [np.mean([times[road] for road in np.flatnonzero(which)]) for which in (main, ~main)]
    assert 1.5 < mean[0] / mean[1] <= 4


def test_calls_take_their_share_of_the_time():
    given = patrol(standing=0.5, pause="10 min", lots=0)
    driven = 0
    for day in range(4):
        visits, _ = drives(fleet(given), day)
        driven += int((visits.leave - visits.enter).sum())
    assert driven / (4 * 22.5 * HOUR * MS) == pytest.approx(0.5, abs=0.06)


def test_any_day_alone_and_the_same_again():
    cars = fleet(patrol(2))
    later = drives(cars, day=5)[0]
    drives(cars, day=4)
    again = drives(fleet(patrol(2)), day=5)[0]
    assert all(np.array_equal(a, b) for a, b in zip(later, again, strict=True))
    other = drives(cars, day=5, seed=2)[0]
    assert not np.array_equal(later.road[:100], other.road[:100])


# --- who is seen ------------------------------------------------------------------------------------------------------


def where(fleet, seen, vehicle):
    """Return (hour of the day, street) of each sighting of a vehicle."""
    mine = seen.vehicle == vehicle
    return seen.time[mine] / MS / HOUR + 4, WAYS.segment[fleet.sites.road[seen.site[mine]]]


def test_somebody_is_seen_at_work_and_at_a_bar():
    """The case of a legislator: read at work several times, and at a bar (law.com, 14 March 2019)."""
    cars = fleet(patrol())
    seen = seen_by(cars)
    hour, street = where(cars, seen, 0)
    on = _parked.lots(NETWORK, WAYS)
    (work,) = [way for way, places in on.items() if 1 in places]
    (bar,) = [way for way, places in on.items() if 2 in places]
    assert {7, 18} <= {*NETWORK.roads.tail[[work, bar]].tolist(), *NETWORK.roads.head[[work, bar]].tolist()}
    at_work, at_bar = street == work, street == bar
    assert at_work.sum() > 3
    assert ((hour[at_work] >= 9) & (hour[at_work] < 17)).all()
    assert at_bar.sum() > 1
    assert ((hour[at_bar] >= 18) & (hour[at_bar] < 20)).all()
    home = ~at_work & ~at_bar
    assert ((hour[home] < 8.8) | (hour[home] >= 20.2)).all()
    assert len(set(street[home].tolist())) == 1
    assert 0 in (NETWORK.roads.tail[street[home][0]], NETWORK.roads.head[street[home][0]])


def test_one_household_parks_in_one_street_and_nobody_is_seen_beyond_the_map():
    cars = fleet(patrol())
    seen = seen_by(cars)
    assert set(seen.vehicle.tolist()) == {0, 1, 2}
    first, second = (set(where(cars, seen, vehicle)[1].tolist()) for vehicle in (1, 2))
    assert first == second
    assert len(first) == 1


def test_a_lot_is_read_only_by_who_turns_into_it():
    """With no plate showing in the street, only the lots of the work place and the bar are left."""
    hidden = {"homes": 0.0, "kerb": 0.0}
    assert len(seen_by(fleet(patrol(**hidden, lots=0.0)))) == 0
    cars = fleet(patrol(**hidden))
    seen = seen_by(cars)
    hour, _ = where(cars, seen, 0)
    assert len(hour) == len(seen) > 3
    assert np.allclose(seen.speed, patrols.LOT_SPEED)
    assert (((hour >= 9) & (hour < 17)) | ((hour >= 18) & (hour < 20))).all()


def test_who_shows_at_home_today_shows_tomorrow():
    cars = fleet(patrol(homes=0.5, kerb=0.0, lots=0.0))
    days = [set(seen_by(cars, day=day).vehicle.tolist()) for day in range(4)]
    assert all(day == days[0] for day in days)


def crowd(n):
    """Return as many vehicles as told, all at the work place all day."""
    vehicles = Vehicles.of(
        household=np.full(n, -1), garage=np.ones(n), town=np.zeros(n), kind=np.zeros(n), key=np.arange(n) * 31 + 7
    )
    return vehicles, Trips.empty(), Journeys.empty()


@pytest.mark.parametrize("kerb", [1.0, 0.0])
def test_a_parked_row_brings_no_more_than_300_plates_a_minute(kerb):
    vehicles, trips, journeys = crowd(700)
    cars = fleet(patrol(kerb=kerb, starts=(9,), shift="2 h"))
    seen = patrols.sightings(
        NOTHING, cars, cars.sites, NOBODY, FLOWS, trips, journeys, vehicles, NETWORK, seed=1, day=0
    )
    assert len(seen) > 1400
    assert len(seen) % 700 == 0
    minute = np.bincount(seen.time // 60_000)
    assert minute.max() > 290
    assert np.diff(seen.time).min() >= 199
    within = np.searchsorted(seen.time, seen.time + 60_000) - np.arange(len(seen))
    assert within.max() <= 301


def traffic(n=400, day=0):
    """Return passages of vehicle 3 on drawn roads all day, a trip each."""
    rng = np.random.default_rng(3)
    time = np.sort(rng.integers(day * DAY * MS, (day + 1) * DAY * MS, n))
    road = rng.integers(0, len(NETWORK.roads), n)
    trips = Trips.of(
        vehicle=np.full(n, 3), driver=np.full(n, -1), companion=np.full(n, -1), depart=time // MS, origin=np.full(n, 3),
        destination=np.full(n, 3), purpose=np.zeros(n),
    )  # fmt: skip
    journeys = Journeys.of(depart=time // MS, arrive=time // MS + 1, path=np.full(n, -1))
    return Passages.of(time=time, road=road, trip=np.arange(n)), trips, journeys


def test_moving_cars_are_met_where_both_are():
    cars = fleet(patrol(3))
    passages, trips, journeys = traffic(4000)
    seen = seen_by(cars, passages=passages, lived=(trips, journeys))
    seen = seen.take(seen.vehicle == 3)
    visits, _ = patrols.rounds(cars, NETWORK, FLOWS, trips, journeys, VEHICLES, seed=1, day=0)
    assert len(seen) > 100
    street = WAYS.segment[cars.sites.road[seen.site]]
    for time, way, speed, site in zip(seen.time, street, seen.speed, seen.site, strict=True):
        there = (WAYS.segment[passages.road] == way) & (passages.time <= time) & (time < passages.time + 20_000)
        assert there.any()
        car = cars.sites.camera[site]
        assert (
            (visits.car == car)
            & (visits.road == cars.sites.road[site])
            & (visits.enter <= time)
            & (time < visits.leave)
        ).sum() == 1
        assert speed <= 20.001
    assert np.isclose(seen.speed, 20).sum() > 3 * (seen.speed < 10).sum()  # oncoming ones are most


def test_who_passes_is_read_where_a_car_stands_to_watch():
    cars = fleet(patrol(standing=0.8, watch=1.0, pause="1 h", homes=0.0, kerb=0.0, lots=0.0, range="0.001 m"))
    passages, trips, journeys = traffic(20_000)
    visits, _ = patrols.rounds(cars, NETWORK, FLOWS, trips, journeys, VEHICLES, seed=1, day=0)
    watching = np.flatnonzero(visits.place == _rounds.WATCHING)
    assert len(watching) > 8
    assert (NETWORK.roads.kind[visits.road[watching]] == RoadKind.PRIMARY).all()
    seen = seen_by(cars, passages=passages, lived=(trips, journeys))
    expected = set()
    for road, a, b in zip(
        *(column[watching].tolist() for column in (visits.road, visits.enter, visits.leave)), strict=True
    ):
        leaves = passages.time[passages.road == road] + 20_000
        enters = passages.time[passages.road == WAYS.reverse[road]]
        expected |= {int(time) for time in [*leaves, *enters] if a <= time < b}
    watched = np.isclose(seen.speed, 10)
    assert len(expected) > 300
    assert set(seen.time[watched].tolist()) == expected
    deaf = seen_by(
        fleet(patrol(standing=0.8, watch=0.0, pause="1 h", homes=0.0, kerb=0.0, lots=0.0)),
        passages=passages, lived=(trips, journeys),
    )  # fmt: skip
    assert len(deaf) < len(seen) / 2


def test_sightings_come_in_order_among_those_of_standing_cameras():
    cars = fleet(patrol(2))
    alone = seen_by(cars)
    n = 50
    standing = Sightings.of(
        time=np.sort(np.linspace(0, DAY * MS - 1, n).astype(int)),
        site=np.zeros(n),
        vehicle=np.zeros(n),
        speed=np.ones(n),
    )
    sites = Sites.of(camera=[0], road=[0], offset=[0], heading=[0])
    cameras = Cameras.of(agency=[0], kind=[0], rate=[1], room=[1], capture=[1], correct=[1], key=[1])
    cameras, sites = cars.after(cameras, sites)
    assert (sites.camera[0], sites.camera[1], len(cameras)) == (0, 1, 3)
    trips, journeys = life()
    both = patrols.sightings(standing, cars, sites, NOBODY, FLOWS, trips, journeys, VEHICLES, NETWORK, seed=1, day=0)
    key = np.lexsort((VEHICLES.key[both.vehicle], both.site, both.time))
    assert np.array_equal(key, np.arange(len(both)))
    assert np.array_equal(both.take(both.site > 0).site - 1, alone.site)
    assert len(both) == len(alone) + n


# --- whose draws ------------------------------------------------------------------------------------------------------


def by_car(fleet, seen, camera):
    mine = seen.take(fleet.sites.camera[seen.site] == camera)
    return list(zip(mine.time.tolist(), fleet.sites.road[mine.site].tolist(), mine.vehicle.tolist(), strict=True))


def test_another_car_changes_nothing_for_those_that_were_there():
    one, two = fleet(patrol()), fleet(patrol(2), patrol(agency="Pool"))
    passages, trips, journeys = traffic(2000)
    first = by_car(one, seen_by(one, passages=passages, lived=(trips, journeys)), 0)
    assert len(first) > 100
    assert first == by_car(two, seen_by(two, passages=passages, lived=(trips, journeys)), 0)
    assert one.cameras.key[0] == two.cameras.key[0]
    assert len(set(two.cameras.key.tolist())) == 3


def test_a_car_trailer_or_group_more_changes_no_others_wherever_it_is_written():
    """Number, beat and stop belong to what a group says, not to the order of groups."""
    resting, portable = patrol(standing=0.5, beats=2), {"agency": "Ash", "kind": "portable"}
    weekly, daily = ({**portable, "count": 2, "portable": {"stops": 3, "stay": stay}} for stay in ("7 d", "1 d"))
    given = [patrol(), resting, weekly, daily, patrol(agency="Pool")]

    def deployed(*groups):
        moving = fleet(*groups, stops={row: stops(3) for row, one in enumerate(groups) if one["kind"] == "portable"})
        key = moving.cameras.key.tolist()
        assert len(set(key)) == len(key)
        does = [(trailer.first, trailer.stay) for trailer in moving.trailers] + [
            (car.spec, tuple(car.beat.road.tolist())) for car in moving.cars
        ]
        return dict(zip(key, does, strict=True))

    before = deployed(*given)
    assert len(before) == 7
    for row, one in enumerate(given):
        more = deployed(*given[:row], {**one, "count": one["count"] + 1}, *given[row + 1 :])
        assert len(more) == 8
        assert before.items() <= more.items()
        again = deployed({**one, "count": 1}, *given)
        assert len(again) == 8
        assert before.items() <= again.items()
    first = patrol(lots=0.5), {**portable, "count": 1, "portable": {"stay": "2 d"}}
    assert before.items() <= deployed(*first, *given).items()
    assert before == deployed(*reversed(given))


@pytest.mark.parametrize("seed", [1])
def test_a_patrol_car_changes_no_other_cameras_reads(outpost, tmp_path, seed):
    def reads(name, *groups):
        standing = [{"agency": "East", "count": 4, "town": "Hamlet"}]
        loaded = scenario.load(outpost, overrides=[f"cameras.groups={[*standing, *groups]}"])
        folder = tmp_path / name
        folder.mkdir()
        world = experiment.prepare(loaded, scratch=folder, jobs=1, tell=lambda *_: None)
        done = experiment.simulate(loaded, world, seed=seed, folder=folder, tell=lambda *_: None)
        found = {}
        from alprsim.store import Store

        kept = Store(folder).reads()
        key = done.placement.cameras.key[done.placement.sites.camera[kept.site]].tolist()
        for camera, row in zip(key, zip(kept.time, kept.plate, kept.vehicle, strict=True), strict=True):
            found.setdefault(camera, []).append(tuple(map(int, row)))
        return {camera: sorted(rows) for camera, rows in found.items()}, done.placement

    patrolling = {"agency": "East", "kind": "patrol", "count": 1, "town": "Hamlet"}
    before, _ = reads("before")
    after, placement = reads("after", patrolling)
    more, _ = reads("more", {**patrolling, "count": 2})
    assert len(before) == 4
    assert {camera: after[camera] for camera in before} == before
    assert {camera: more[camera] for camera in after} == after
    assert len(more) == 6
    assert placement.cameras.kind.tolist() == [CameraKind.FIXED] * 4 + [CameraKind.PATROL]


# --- trailers ---------------------------------------------------------------------------------------------------------


def stops(n):
    rows = np.arange(n)
    cameras = Cameras.of(
        agency=rows * 0, kind=rows * 0, rate=rows + 1, room=rows, capture=rows * 0, correct=rows * 0, key=rows
    )
    sites = Sites.of(camera=[*rows, 0], road=[*rows, n], offset=[1] * (n + 1), heading=[0] * (n + 1))
    return cameras, sites  # the first stop watches two roads


def trailers(count, n, stay="2 d", **keys):
    return fleet(
        {"agency": "Ash", "kind": "portable", "count": count, "portable": {"stay": stay}, **keys}, stops={0: stops(n)}
    )


def test_a_trailer_is_nowhere_but_where_it_stands():
    moved = trailers(2, 3)
    assert len(moved.sites) == 8
    assert moved.first_driven == 8
    assert moved.cameras.kind.tolist() == [CameraKind.PORTABLE] * 2
    before = 5  # standing sites
    time = np.repeat(np.arange(0, 14 * DAY * MS, DAY * MS // 2), 8 + before)
    seen = Sightings.of(
        time=time, site=np.tile(np.arange(8 + before), 28), vehicle=np.zeros(len(time)), speed=np.zeros(len(time))
    )
    left = patrols.live(seen, moved, before)
    assert (left.site < before).sum() == 28 * before
    at = {}
    for moment, site in zip(left.time.tolist(), left.site.tolist(), strict=True):
        if site >= before:
            at.setdefault(moment // MS, {}).setdefault(int(moved.sites.camera[site - before]), set()).add(
                int(moved.sites.road[site - before])
            )
    roads_of = [{0, 3}, {1}, {2}]
    assert len(at) == 28
    for moment, found in at.items():
        turn = moment // (2 * DAY)
        assert found == {0: roads_of[turn % 3], 1: roads_of[(turn + 1) % 3]}


def test_a_trailer_reads_signs_where_it_stands_and_as_many_as_a_camera_that_stays():
    """A stop with two sites shows no more of them than one with one: so many a camera and day."""
    moved, before = trailers(2, 3), 5
    on = Cameras(**{name: np.concatenate((old, new)) for (name, old), new in zip(
        stops(before)[0].data().items(), moved.cameras.data().values(), strict=True
    )})  # fmt: skip
    standing = Sites.of(camera=range(before), road=range(before), offset=[1] * before, heading=[0] * before)
    theirs = Sites(**(moved.sites.data() | {"camera": moved.sites.camera + np.int32(before)}))
    every = Sites(**{name: np.concatenate((column, getattr(theirs, name))) for name, column in standing.data().items()})
    many = np.zeros(before + 2)
    for day in range(6):
        drawn = cameras.signs(on, every, models.Spurious(daily=300.0), seed=1, day=day)
        signs = patrols.standing_at(drawn, moved, before, seed=1)
        assert len(patrols.live(signs, moved, before)) == len(signs) == len(drawn)
        assert (np.diff(signs.time * 100 + signs.site) >= 0).all()
        alone = drawn.take(every.camera[drawn.site] < before)
        left = signs.take(signs.site < before)
        assert all(np.array_equal(a, b) for a, b in zip(alone.data().values(), left.data().values(), strict=True))
        many += np.bincount(every.camera[signs.site], minlength=before + 2)
        both = np.unique(signs.site[every.camera[signs.site] == before])
        assert len(both) == (2 if day // 2 == 0 else 1)
    assert many / 6 == pytest.approx(300, abs=4 * np.sqrt(300 / 6))


def test_trailers_need_as_many_stops():
    with pytest.raises(PatrolError, match=r"cameras.groups\[0\] \(Ash\): 4 trailers need as many stops; there are 3"):
        trailers(4, 3)


def test_stops_are_what_siting_ranks_best_or_all_that_are_listed():
    ranked = spec({"agency": "Ash", "kind": "portable", "count": 1, "siting": "busiest"}, {"agency": "Ash", "count": 3})
    assert [(g.kind, g.count) for g in ranked.stops(0).groups] == [("fixed", 6), ("fixed", 0)]
    assert [(g.kind, g.count) for g in ranked.standing().groups] == [("fixed", 0), (None, 3)]
    listed = spec({"agency": "Ash", "kind": "portable", "count": 1, "siting": "listed", "sites": ((41.0, -73.0),)})
    assert listed.stops(0).groups[0].count is None


# --- what a scenario may not say --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ("{kind: patrol, siting: busiest}", "siting: busiest has no meaning for kind: patrol, which drives"),
        ("{kind: patrol, spotter: {}}", "spotter belongs to kind: spotter; this group's kind is patrol"),
        ("{portable: {}}", "portable belongs to kind: portable; this group's kind is not given"),
        ("{kind: patrol, patrol: {starts: [7, 9]}}", "the one that starts at 7 h lasts longer than until the next, at 9 h"),
        ("{kind: patrol, patrol: {starts: [9, 7]}}", "must ascend from shift to shift; 7 follows 9"),
        ("{kind: patrol, patrol: {handover: 8 h}}", "handover must be shorter than shift"),
    ],
)  # fmt: skip
def test_a_contradiction_is_said_at_its_key(outpost, group, said):
    text = "{agency: East, count: 1, town: Hamlet, " + group[1:]
    with pytest.raises(ScenarioError, match=r"cameras\.groups\.0") as told:
        scenario.load(outpost, overrides=[f"cameras.groups=[{text}]"])
    assert said in str(told.value)


def test_a_spotter_car_feeds_a_pool_and_drives_known_towns():
    with pytest.raises(PatrolError, match=r"\(Ash\): a spotter car feeds an agency of kind pool"):
        fleet({"agency": "Ash", "kind": "spotter", "count": 1})
    with pytest.raises(PatrolError, match=r"\(Pool\): town must be one of Ash, Elm, not Oak"):
        fleet({"agency": "Pool", "kind": "spotter", "count": 1, "spotter": {"towns": ("Oak",)}})
    (car,) = fleet({"agency": "Pool", "kind": "spotter", "count": 1, "spotter": {"towns": ("Elm",)}}).cars
    assert (NETWORK.junctions.town[NETWORK.roads.tail[car.beat.road]] == 1).all()
    (own,) = fleet({"agency": "Ash", "kind": "patrol", "count": 1}).cars
    assert (NETWORK.junctions.town[NETWORK.roads.tail[own.beat.road]] == 0).all()
