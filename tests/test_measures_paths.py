"""Ways rebuilt: against plain twins that walk every street, by hand, and where thresholds lie."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.kernels import legs
from alprsim.measures import drives as driven_roads
from alprsim.measures import paths, question, ways
from alprsim.tables import UNLIMITED, Paths, Roads
from tests import naive_measures, naive_paths
from tests.worlds import SIGHTS, World, rules
from tests.worlds import ladder as limits

few = settings(deadline=None, derandomize=True, max_examples=60)

SQUARE = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)]
JOINED = sorted([*SQUARE, *((b, a) for a, b in SQUARE)])
STREETS = tuple((*ends, 100.0 + 7 * n, 2000 + (1 << (n * 7 % 10)) * 50) for n, ends in enumerate(JOINED))
"""Ten roads (from, to, metres, ms): no two ways of the same number of roads take the same time."""


def table(streets):
    """Return the streets as Roads."""
    tail, head, metres, ms = zip(*streets, strict=True)
    n = np.ones(len(tail))
    return Roads.of(tail=tail, head=head, length=metres, crossing=ms, lanes=n, headway=n, room=n, wave=n, kind=n)


def routes(rows):
    """Return lists of roads as Paths."""
    first = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return Paths(first, np.array([road for row in rows for road in row], np.int32))


def taught(known, n_roads):
    """Return {(one, other): way} as Learned."""
    order = sorted(known)
    return ways.Learned(
        np.array([a * n_roads + b for a, b in order], np.int64), routes([known[pair] for pair in order])
    )


class Drive(NamedTuple):
    """A world with the way of each trip, in order of (vehicle, depart), and what the viewer knows of reads."""

    world: World
    ways: tuple
    road_of_site: tuple
    steps: tuple = ()
    kept: tuple = ()
    known: dict = {}  # noqa: RUF012
    streets: tuple = STREETS
    minimum: int = 20
    factor: float = 1.5
    tolerance: int = 10

    def sketch(self, lens, now, horizon=100, vehicles=None):
        """Return what is made of the reads, the bucket, the question and which sights hold each read."""
        world, roads = self.world, table(self.streets)
        bucket = world.bucket(vehicles)
        opened = question.open_bucket(bucket)
        asked = question.ask(lens, world.sites(), moment=now, horizon=horizon)
        masks = question.held(asked, bucket.reads)
        row = np.arange(len(bucket.vehicle))
        order = sorted(world.trips)
        mine = [self.ways[n] for n, trip in enumerate(order) if trip[0] in bucket.vehicle]
        keeper, route = bucket.vehicle, np.arange(len(mine), dtype=np.int32)
        drives = driven_roads.drives(bucket, row, routes(mine), route, roads, keeper)
        site = bucket.reads.site
        step = np.array(self.steps or [0] * len(self.road_of_site), np.int32)[site]
        known = bucket.reads.time // np.maximum(step, 1) * np.maximum(step, 1)
        seen = opened._replace(bucket=bucket._replace(reads=_retimed(bucket.reads, known)))
        sketch = paths.Sketch(
            drives, seen, ways.Ways(roads, taught(self.known, len(roads)), minimum=self.minimum, factor=self.factor),
            roads, kept=np.array(self.kept or [True] * len(self.road_of_site), np.bool_)[site],
            road=np.array(self.road_of_site, np.int32)[site], step=step, tolerance=self.tolerance,
        )  # fmt: skip
        return sketch, bucket, asked, masks

    def counted(self, lens, now, horizon=100, vehicles=None, also=lambda _: ()):
        """Return the sums of one moment."""
        sketch, bucket, asked, masks = self.sketch(lens, now, horizon, vehicles)
        sums = paths.empty(self.world.vehicles)
        cars = paths.Lives(sums, bucket.vehicle.astype(np.int64), sketch.pairs.car)
        sketch.add([cars, *also(sketch)], masks, asked)
        return sums

    def twin(self, vehicle, obtains, window, now, horizon=100):
        """Return the twin's counts for both adversaries."""
        order = sorted(self.world.trips)
        trips = [(*trip[1:], self.ways[n]) for n, trip in enumerate(order) if trip[0] == vehicle]
        reads = self.held(vehicle, obtains, now)
        return [
            naive_paths.tally(
                trips, self.streets, naive_paths.claims(reads, self.streets, known, **self.gap), window=window, now=now,
                horizon=horizon,
            ) for known in ({}, self.known)
        ]  # fmt: skip

    @property
    def gap(self):
        return {"minimum": self.minimum, "factor": self.factor, "tolerance": self.tolerance}

    def held(self, vehicle, obtains, now):
        """Return the reads of a car, as known, for the twin."""
        mine = sorted(read for read in self.world.reads if read[2] == vehicle)
        held = naive_measures.held(mine, obtains, self.world.owner_of_site, now)
        steps, kept = self.steps or [0] * 9, self.kept or [True] * 9
        return [
            (time // max(steps[site], 1) * max(steps[site], 1), self.road_of_site[site], steps[site])
            for (time, site, *_), yes in zip(mine, held, strict=True) if yes and kept[site]
        ]  # fmt: skip


def _retimed(reads, time):
    return type(reads)(**{**reads.data(), "time": time.astype(np.int32)})


walks = st.lists(st.integers(0, 9), min_size=0, max_size=4)


def walk(turns):
    """Return a way along the streets, by which exit is taken where."""
    at, way = turns[0] % 4 if turns else 0, []
    for turn in turns:
        exits = [row for row, (tail, *_) in enumerate(STREETS) if tail == at]
        way.append(exits[turn % len(exits)])
        at = STREETS[way[-1]][1]
    return tuple(way)


@st.composite
def drives(draw, vehicles=2):
    """Cars that drive a few roads, read where they drive and where they do not, on time or to a step."""
    road_of_site = tuple(draw(st.lists(st.integers(0, 9), min_size=4, max_size=4)))
    trips, made, reads = [], [], []
    for vehicle in range(vehicles):
        times = sorted(draw(st.lists(st.integers(0, 30).map(lambda t: 5 * t), max_size=6)))
        for depart, arrive in zip(times[::2], times[1::2], strict=False):
            way = walk(draw(walks))
            trips.append((vehicle, depart, arrive if way else depart))
            made.append(way)
            for site, road in enumerate(road_of_site):
                if road in way and draw(st.booleans()):
                    reads.append((draw(st.integers(depart, max(depart, arrive))), site, vehicle, vehicle))
    read = st.tuples(st.integers(0, 160), st.integers(0, 3), st.integers(0, vehicles - 1), st.just(0))
    reads += draw(st.lists(read, max_size=5))
    pairs = st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] != pair[1])
    return Drive(
        World(
            tuple(trips), tuple(reads), owner_of_site=(0, 1, 0, 1), vehicles=vehicles, town=(0,) * vehicles, kind=(0,) * vehicles
        ),
        tuple(way for _, way in sorted(zip(trips, made, strict=True))), road_of_site,
        tuple(draw(st.lists(st.sampled_from([0, 0, 7, 30]), min_size=4, max_size=4))),
        tuple(draw(st.lists(st.sampled_from([True, True, False]), min_size=4, max_size=4))),
        draw(st.dictionaries(pairs, walks.map(walk), max_size=8)),
        minimum=draw(st.sampled_from([0, 5, 20])), factor=draw(st.sampled_from([1.0, 2.5])),
        tolerance=draw(st.sampled_from([0, 5, 40])),
    )  # fmt: skip


@few
@given(drives(), rules(ages=st.integers(0, 160)), st.integers(0, 160), st.sampled_from([30, 100]))
def test_ways_equal_the_twin(drive, lens, now, horizon):
    sums = drive.counted(lens, now, horizon)
    for vehicle in range(drive.world.vehicles):
        for sight in range(SIGHTS):
            window = lens.window(sight)
            twin = drive.twin(vehicle, lambda o, age, k=sight: lens.obtains(k, o, age), window, now, horizon)
            for adversary in range(2):
                known = {"stock": window <= now, "horizon": horizon <= now, "window": window <= now}
                expected = [n * known[time] for time, counts in twin[adversary].items() for n in counts]
                assert sums.counts[vehicle, adversary, :, sight].tolist() == expected
                stock = twin[adversary]["stock"]
                assert sums.so_far[vehicle, adversary, :, sight].tolist() == [stock[0], stock[3]]
                share = [
                    part * 2**32 // whole if whole else 0
                    for counts in (np.array(expected[5:10]), np.array(expected[10:]))
                    for part, whole in zip(counts[[0, 0, 3]].tolist(), [int(counts[2]), int(counts[:2].sum()), int(counts[4])],
                                           strict=True)
                ]  # fmt: skip
                assert np.allclose(sums.shares[vehicle, adversary, :, sight], share, rtol=0, atol=1)
    assert (sums.asked[:, 1] == 1).all()


def test_sights_that_hold_different_reads_may_make_more_links_than_there_are_reads():
    """Every third read is held by both sights, those between by one each: four links for three reads."""
    reads = tuple((n, n % 3, 0, 0) for n in range(9))
    world = World((), reads, owner_of_site=(0,) * 3, vehicles=1, town=(0,), kind=(0,))
    sketch, *_ = Drive(world, (), tuple(EAST[:3]), streets=LINE).sketch(limits(UNLIMITED, owners=1), 100)
    earlier, later, way, _ = sketch.legs(np.array([1, 2, 3] * 3, np.uint64))
    one, two = [0, 2, 3, 5, 6, 8], [1, 2, 4, 5, 7, 8]
    expected = {(a, b) for mine in (one, two) for a, b in pairwise(mine)}
    assert len(expected) > len(reads)
    found = {(a, b) for a, b, which in zip(earlier.tolist(), later.tolist(), way.tolist(), strict=True) if which >= 0}
    assert found == expected


@pytest.mark.parametrize(("pairs", "buckets", "places"), [(0, 2, 2), (1, 2, 2), (3, 2, 4), (24, 8, 32), (90, 32, 128)])
def test_every_pair_stands_in_the_one_place_where_it_is_looked_for(pairs, buckets, places):
    """Each read is followed at once by one on another road: a leg by the way of just this pair, if the pair is known."""
    roads, draw = 60, np.random.default_rng(pairs)
    known = draw.permutation(np.flatnonzero(~np.eye(roads, dtype=np.bool_)))
    code, unknown = known[:pairs], known[pairs : pairs + 60]
    limits = draw.integers(1, 2**31, pairs).astype(np.int32)
    table = np.zeros(buckets, np.uint64), np.empty((places, 2), np.int64)
    legs.enter(code, limits, *table)
    asked = np.concatenate([code, unknown])
    n = len(asked)
    time = np.stack([np.zeros(n, np.int32), np.concatenate([limits, np.zeros(60, np.int32)])], axis=1)
    road, none, room = np.stack(np.divmod(asked, roads), axis=1).astype(np.int32), np.zeros(2 * n, np.int32), 2 * n
    links = [*(np.zeros(room, np.int32) for _ in range(3)), np.zeros(room, np.uint64)]
    for off, kept in ((0, range(pairs)), (1, [])):
        found = legs.walk(
            np.arange(n + 1) * 2, (time - [off, 0]).astype(np.int32).reshape(-1), road.reshape(-1), none,
            np.ones(room, np.uint64), *table, roads, 0, 2**31, np.empty(room, np.uint64), *links,
        )  # fmt: skip
        assert (links[1][:found] // 2).tolist() == links[2][:found].tolist() == list(kept)


@pytest.mark.parametrize("room", [0, 1, 2, 3, 9])
def test_links_that_find_no_room_are_counted_and_not_written(room):
    n = 4
    factor, pairs = np.zeros(2, np.uint64), np.empty((8, 2), np.int64)
    legs.enter(np.array([1, 10], np.int64), np.array([5, 5], np.int32), factor, pairs)
    columns = [*(np.full(room, -7, np.int32) for _ in range(3)), np.zeros(room, np.uint64)]
    found = legs.walk(
        np.array([0, n]), np.arange(n, dtype=np.int32), np.array([0, 1, 0, 1], np.int32), np.zeros(n, np.int32),
        np.full(n, 1, np.uint64), factor, pairs, 10, 5, 100, np.empty(n, np.uint64), *columns,
    )  # fmt: skip
    assert found == 3
    assert columns[1].tolist() == [1, 2, 3, *[-7] * room][:room]


@pytest.mark.parametrize(("gap", "links"), [(5, 1), (6, 0)])
def test_reads_as_far_apart_as_any_way_lets_them_are_linked(gap, links):
    factor, pairs = np.zeros(2, np.uint64), np.empty((8, 2), np.int64)
    legs.enter(np.array([1], np.int64), np.array([9], np.int32), factor, pairs)
    columns = [*(np.zeros(1, np.int32) for _ in range(3)), np.zeros(1, np.uint64)]
    found = legs.walk(
        np.array([0, 2]), np.array([0, gap], np.int32), np.array([0, 1], np.int32), np.zeros(2, np.int32),
        np.full(2, 1, np.uint64), factor, pairs, 10, 3, 5, np.empty(2, np.uint64), *columns,
    )  # fmt: skip
    assert found == links


@pytest.mark.parametrize(
    ("depart", "tolerance", "drive", "trip"), [(10, 0, -1, 0), (11, 0, -1, -1), (15, 5, 0, -1), (16, 5, -1, -1)]
)
def test_a_trip_counts_from_the_second_it_departs(depart, tolerance, drive, trip):
    """A road is claimed for second 10; it is the trip's first, and half of it is crossed at once or, in the first case, later."""
    one, when = np.zeros(1, np.int32), np.array([max(depart, 15)], np.int32)
    answer = [np.full(1, -7, np.int32) for _ in range(3)]
    legs.match(
        np.array([0, 1]), one, np.full(1, 2000, np.int32), one, one, one, one, one + 20, one + tolerance, np.array([0, 1]),
        one + depart, one + 30, np.array([0, 1]), one, when, *answer,
    )  # fmt: skip
    assert [column.tolist() for column in answer] == [[drive], [10], [trip]]


@pytest.mark.parametrize(("when", "drive"), [([8, 12], 0), ([7, 12], 1), ([4, 15], 1), ([4, 16], -1)])
def test_of_two_times_on_a_road_the_nearer_is_meant_of_equals_the_first(when, drive):
    one, answer = np.zeros(1, np.int32), [np.full(1, -7, np.int32) for _ in range(3)]
    legs.match(
        np.array([0, 1]), one, np.full(1, 2000, np.int32), one, one, one, one, one + 20, one + 5, np.array([0, 1]),
        one, one + 30, np.array([0, 2]), np.zeros(2, np.int32), np.array(when, np.int32), *answer,
    )  # fmt: skip
    assert answer[0].tolist() == [drive]


@pytest.mark.parametrize(
    ("depart", "when", "drive", "claimed", "late"),
    [
        (10, 20, 0, 15, [0, 0, 0, 0, 0]),  # departed as the last T began: all of it is older
        (11, 20, 0, 9, [100, 100, 100, 0, 1]),  # all in it, whatever is claimed
        (11, 21, 0, 11, [0, 200, 0, 0, 0]),  # not driven yet
        (11, 21, 0, 10, [0, 0, 0, 0, 0]),
    ],
)
def test_the_last_t_begins_after_its_first_second_and_ends_with_now(depart, when, drive, claimed, late):
    """A road of 100 is claimed twice; now is 20 and the last T began at 10."""
    one, tallies = np.zeros(1, np.int32), np.empty((legs.ROWS, legs.CASES), np.int64)
    legs.score(
        np.array([0, 2]), np.zeros(2, np.int64), np.ones(2, np.uint64), np.array([0, 1]), one + drive, one + claimed,
        one - 1, one + 100, np.array([0, 1]), one + depart, np.array([0, 1]), one, one + when, one + 100,
        np.zeros(1, np.uint64), 20, 10, tallies,
    )  # fmt: skip
    stock, horizon, _ = tallies[:, 0].reshape(3, legs.QUANTITIES).tolist()
    assert horizon == late
    driven = when <= 20
    assert stock == [100 * driven, 200 - 100 * driven, 100 * driven, 0, driven]


# --- which way is taken to have been driven ---------------------------------------------------------------------------


@st.composite
def streets(draw):
    """Streets as the square's in other times: several may join two junctions, ways may take equally long."""
    more = draw(st.lists(st.sampled_from(JOINED), max_size=3))
    return tuple((*ends, 100.0, draw(st.integers(1, 6)) * 1000) for ends in sorted([*JOINED, *more]))


@few
@given(streets(), st.data())
def test_the_quickest_ways_equal_the_twin(streets, data):
    n = len(streets)
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda pair: pair[0] != pair[1])
    found = ways.Ways(table(streets), taught({}, n), minimum=3, factor=1.5)
    for pairs in data.draw(st.lists(st.lists(pair, max_size=6), max_size=3)):
        found.know(np.array([a * n + b for a, b in pairs], np.int64))
        for one, other in pairs:
            ((_, told),) = found.table.pairs[found.table.pairs[:, 0] == one * n + other].tolist()
            row, limit = divmod(told, 2**32)
            way = found.quickest.road[slice(*found.quickest.first[row : row + 2])].tolist()
            _, lasts = naive_paths.quickest(streets, one, other)
            assert (
                sum(streets[road][3] for road in (*way, one, other))
                - 500 * (streets[one][3] + streets[other][3]) // 1000
                == 1000 * lasts
            )
            ends = [streets[one][1], *(streets[road][1] for road in way)]
            assert ends == [*(streets[road][0] for road in way), streets[other][0]]
            assert limit == max(3, int(np.ceil(lasts * 1.5))) <= found.longest
    assert len(found) == len(set(found.table.pairs[found.table.pairs[:, 0] >= 0, 0].tolist()))


@few
@given(st.lists(st.tuples(st.integers(1, 3), walks.map(walk)), max_size=6), st.sets(st.integers(0, 9)))
def test_the_way_that_most_drivers_take_equals_the_twin(driven, watched):
    known = ways.learn(
        routes([way for _, way in driven]), np.array([n for n, _ in driven], np.int64),
        np.isin(np.arange(10), sorted(watched)),
    )  # fmt: skip
    twin = naive_paths.taken(driven, watched)
    assert known.code.tolist() == sorted(one * 10 + other for one, other in twin)
    for row, code in enumerate(known.code.tolist()):
        way = tuple(known.ways.road[slice(*known.ways.first[row : row + 2])].tolist())
        counted = twin[divmod(code, 10)]
        assert counted[way] == max(counted.values())


@pytest.mark.parametrize("ways_between", [((1, 5), (2, 5), (3, 6)), ((5, 1), (5, 2), (6, 3))])
def test_ways_are_told_apart_by_every_road_of_them(ways_between):
    """Two ways that share a road are driven by more than either; a third, by the most."""
    driven = routes([(7, 0, *way, 9, 8) for way in ways_between])
    watched = np.isin(np.arange(10), [0, 9])
    known = ways.learn(driven, np.array([2, 3, 4], np.int64), watched)
    assert known.code.tolist() == [9]
    assert known.ways.road.tolist() == [*ways_between[2]]
    shared = ways.learn(driven, np.array([2, 3, 1], np.int64), watched)
    assert shared.ways.road.tolist() == [*ways_between[1]]


@pytest.mark.parametrize(
    ("driven", "way"),
    [
        ([(3, (0, 1, 9)), (4, (0, 2, 9)), (3, (0, 1, 9, 7)), (4, (0, 2, 9, 7)), (5, (0, 1, 9, 8))], (1,)),
        ([(2, (0, 1, 9)), (3, (0, 2, 9)), (4, (0, 1, 9, 7)), (5, (0, 5, 9))], (1,)),
        ([(2, (0, 9)), (9, (3, 4)), (2, (0, 9, 7)), (3, (0, 5, 9))], ()),
    ],
)
def test_drivers_who_come_and_go_elsewhere_take_one_way(driven, way):
    n, taken = zip(*driven, strict=True)
    known = ways.learn(routes(taken), np.array(n, np.int64), np.isin(np.arange(10), [0, 3, 4, 9]))
    row = int(np.flatnonzero(known.code == 9)[0])
    assert tuple(known.ways.road[slice(*known.ways.first[row : row + 2])].tolist()) == way


def test_ways_are_found_a_few_beginnings_at_a_time(monkeypatch):
    code = np.array([a * len(STREETS) + b for a in range(10) for b in range(10) if a != b], np.int64)
    both = []
    for chunk in (64, 2):
        monkeypatch.setattr(ways, "_CHUNK", chunk)
        found = ways.Ways(table(STREETS), taught({}, len(STREETS)), minimum=3, factor=1.5)
        found.know(code)
        both.append((*found.quickest, found.table.pairs))
    assert len(both[0][0]) == 91
    assert all(np.array_equal(one, other) for one, other in zip(*both, strict=True))


def test_without_streets_reads_lie_no_further_apart_than_the_minimum():
    assert ways.Ways(Roads.empty(), taught({}, 0), minimum=7, factor=1.5).longest == 7


def test_no_two_reads_of_a_leg_lie_further_apart_than_the_widest_way_lets_them():
    found = ways.Ways(table(LINE), taught({}, len(LINE)), minimum=3, factor=1.5)
    assert found.longest == np.ceil(1.5 * (50 + 50 + 2 * 10))  # out of the first junction, back to it, and two ends
    assert ways.Ways(table(LINE), taught({}, len(LINE)), minimum=999, factor=1.5).longest == 999


def test_streets_that_do_not_join_have_no_way():
    apart = ((0, 1, 100.0, 1000), (1, 0, 100.0, 1000), (2, 3, 100.0, 1000), (3, 2, 100.0, 1000))
    found = ways.Ways(table(apart), taught({}, 4), minimum=3, factor=1.5)
    found.know(np.array([0 * 4 + 1, 0 * 4 + 2], np.int64))
    assert found.table.pairs[:, 0].max() == 1
    assert len(found) == 1


# --- by hand ----------------------------------------------------------------------------------------------------------

LINE = tuple(sorted([(n, n + 1, 1000.0, 10_000) for n in range(5)] + [(n + 1, n, 1000.0, 10_000) for n in range(5)]))
"""A street of five blocks of a kilometre and ten seconds; eastward road n leaves junction n."""
EAST = [LINE.index((n, n + 1, 1000.0, 10_000)) for n in range(5)]
WEST = [LINE.index((n + 1, n, 1000.0, 10_000)) for n in range(5)]
RIGHT, WRONG, DRIVEN, REBUILT, TRIPS = range(5)


def line(trips, reads, **said):
    """Return what the holder of everything would draw of vehicle 0: trips are (depart, arrive, roads), reads (s, road)."""
    sites = EAST + WEST
    world = World(
        tuple((0, a, b) for a, b, _ in trips), tuple((time, sites.index(road), 0, 0) for time, road in reads),
        owner_of_site=(0,) * len(sites), vehicles=1, town=(0,), kind=(0,),
    )  # fmt: skip
    now, horizon = said.pop("now", 1000), said.pop("horizon", 1000)
    drive = Drive(world, tuple(way for *_, way in trips), tuple(sites), streets=LINE, **said)
    return drive.counted(limits(UNLIMITED, owners=1), now, horizon)


def drawn(trips, reads, adversary=0, **said):
    """Return the counts so far in the last T."""
    return line(trips, reads, **said).counts[0, adversary, legs.HORIZON * legs.QUANTITIES :, 0][:5].tolist()


TRIP = (100, 150, EAST)
KM = driven_roads.KILOMETRE


def test_a_camera_on_every_road_tells_every_way():
    seen = [(105 + 10 * n, road) for n, road in enumerate(EAST)]
    back = [(205 + 10 * n, road) for n, road in enumerate(WEST[::-1])]
    assert drawn([TRIP, (200, 250, WEST[::-1])], seen + back) == [10 * KM, 0, 10 * KM, 2, 2]


def test_a_misread_makes_the_rest_wrong():
    """All that was driven is drawn, and then, up to where another car was taken for this one, twice as much again."""
    counts = drawn([(100, 120, EAST[:2])], [(105, EAST[0]), (115, EAST[1]), (145, EAST[4])])
    assert counts == [2 * KM, 3 * KM, 2 * KM, 1, 1]  # wrong, but not while the trip lasted


@pytest.mark.parametrize(
    ("reads", "right", "wrong", "rebuilt"),
    [
        ([], 0, 0, 0),
        ([(105, EAST[0])], 1, 0, 0),
        ([(105, EAST[0]), (145, EAST[4])], 5, 0, 1),
        ([(105, EAST[0]), (135, EAST[3])], 4, 0, 1),  # four of five kilometres
        ([(105, EAST[0]), (125, EAST[2])], 3, 0, 0),
        ([(105, EAST[0]), (105, EAST[0]), (145, EAST[4])], 5, 0, 1),  # two cameras on one road: one passage
        ([(94, EAST[0])], 0, 1, 0),  # eleven seconds early
        ([(95, EAST[0])], 1, 0, 0),
        ([(115, EAST[0])], 1, 0, 0),
        ([(116, EAST[0])], 0, 1, 0),
        ([(125, EAST[1])], 1, 0, 0),
    ],
)  # fmt: skip
def test_a_trip_by_hand(reads, right, wrong, rebuilt):
    assert drawn([TRIP], reads, minimum=5, factor=2.0) == [right * KM, wrong * KM, 5 * KM, rebuilt, 1]


@pytest.mark.parametrize(("late", "linked"), [(80, True), (81, False)])
def test_reads_are_of_one_leg_up_to_the_factor_of_the_quickest_way(late, linked):
    """From the middle of the first block to that of the last takes 40 s: twice that is a leg."""
    counts = drawn([(100, 100 + 2 * late, EAST)], [(100, EAST[0]), (100 + late, EAST[4])], factor=2.0, tolerance=1000)
    assert counts[RIGHT] == (5 if linked else 2) * KM


@pytest.mark.parametrize(("minimum", "late", "linked"), [(90, 90, True), (90, 91, False), (130, 130, True)])
def test_reads_are_of_one_leg_up_to_the_minimum(minimum, late, linked):
    """The last case: it is more than what any way takes, 120 s."""
    counts = drawn([TRIP], [(100, EAST[0]), (100 + late, EAST[4])], factor=1.0, minimum=minimum, tolerance=1000)
    assert counts[RIGHT] == (5 if linked else 2) * KM


@pytest.mark.parametrize(("late", "claimed"), [(20, 1), (21, 2)])
def test_reads_on_one_road_are_one_passage_up_to_the_minimum(late, claimed):
    counts = drawn([], [(100, EAST[0]), (100 + late, EAST[0])])
    assert counts == [0, claimed * KM, 0, 0, 0]


@pytest.mark.parametrize(("again", "rebuilt"), [(1, 1), (2, 0)])
def test_a_fifth_of_what_is_claimed_may_be_wrong(again, rebuilt):
    reads = [(105 + 10 * n, road) for n, road in enumerate(EAST[:4])] + [(105 + n + 1, EAST[0]) for n in range(again)]
    assert drawn([TRIP], reads, minimum=0) == [4 * KM, again * KM, 5 * KM, rebuilt, 1]


def test_what_is_claimed_again_is_wrong():
    counts = drawn([TRIP], [(105, EAST[0]), (109, EAST[0])], minimum=0)
    assert counts == [KM, KM, 5 * KM, 0, 1]


def test_drivers_know_a_way_that_is_not_the_quickest():
    """The second adversary has seen drivers turn back on the way: a claim of six kilometres more."""
    known = {(EAST[0], EAST[4]): (*EAST[1:4], *WEST[3:0:-1], *EAST[1:4])}
    reads = [(105, EAST[0]), (145, EAST[4])]
    assert drawn([TRIP], reads, 0, known=known, tolerance=40)[:3] == [5 * KM, 0, 5 * KM]
    assert drawn([TRIP], reads, 1, known=known, tolerance=40)[:3] == [5 * KM, 6 * KM, 5 * KM]


def test_what_is_drawn_is_drawn_by_the_quickest_ways():
    known = {(EAST[0], EAST[4]): (*EAST[1:4], *WEST[3:0:-1], *EAST[1:4])}
    reads = ((105, 0, 0, 0), (145, 4, 0, 0))
    world = World(((0, 100, 150),), reads, owner_of_site=(0,) * 5, vehicles=1, town=(0,), kind=(0,))
    drive = Drive(world, (tuple(EAST),), tuple(EAST), known=known, streets=LINE, tolerance=40)
    sketch, *_, masks = drive.sketch(limits(UNLIMITED, owners=1), 1000)
    made = sketch.drawn(masks)
    assert sketch._pairs().tolist() == [EAST[0] * len(LINE) + EAST[4]]
    assert made.way.road.tolist() == EAST
    assert made.claimed.tolist() == [105, 115, 125, 135, 145]
    assert made.drive.tolist() == [0, 1, 2, 3, 4]


def test_patrol_cars_and_times_known_to_the_hour_tell_less_and_wrong():
    reads = [(105, EAST[0]), (145, EAST[4])]
    assert drawn([TRIP], reads, kept=(False,) + (True,) * 9)[:2] == [KM, 0]
    assert drawn([TRIP], reads, steps=(60,) * 10, factor=1.0, minimum=0)[:2] == [
        5 * KM,
        0,
    ]  # off by no more than the step
    assert drawn([TRIP], reads, steps=(30,) * 10, factor=1.0, minimum=0, tolerance=0)[:2] == [5 * KM, 0]
    assert drawn([TRIP], [(104, EAST[0])], tolerance=0)[:2] == [0, KM]
    assert drawn([TRIP], [(104, EAST[0])], tolerance=0, steps=(4,) * 10)[:2] == [KM, 0]


def test_the_time_between_two_reads_is_spread_in_proportion_to_free_flow():
    """From the middle of one road to that of another: 5 s, then 10 and 30, then 20, while a car took twice as long."""
    one, nothing = np.zeros(1, np.int32), np.full(2, -7, np.int32)
    drive, claimed, trip = nothing.copy(), nothing.copy(), nothing.copy()
    legs.match(
        np.array([0, 2]), np.array([1, 2], np.int32), np.array([10_000, 10_000, 30_000, 40_000], np.int32), one, one,
        np.array([3], np.int32), np.array([100], np.int32), np.array([230], np.int32), np.array([3], np.int32),
        np.array([0, 1]), np.array([100], np.int32), np.array([160], np.int32), np.array([0, 2]),
        np.array([1, 2], np.int32), np.array([117, 156], np.int32), drive, claimed, trip,
    )  # fmt: skip
    assert claimed.tolist() == [120, 160]
    assert drive.tolist() == [0, -1]
    assert trip.tolist() == [0, -1]


def test_a_road_claimed_counts_for_who_was_at_the_wheel_or_set_out_last_else_for_whom_the_plate_names():
    one, person = np.ones(3, np.int32), np.array([5, 7, 5], np.int32)
    truth = driven_roads.Drives(
        np.arange(2), np.array([0, 2, 3]), np.array([10, 20, 10], np.int32), 30 * one, np.array([0, 2, 3, 4]),
        np.array([0, 1, 2, 3], np.int32), np.array([11, 12, 21, 11], np.int32), np.full(4, 100, np.int32), person,
        np.array([9, -1], np.int32),
    )  # fmt: skip
    its = driven_roads.pairs(truth)
    assert list(zip(its.car.tolist(), its.person.tolist(), strict=True)) == [(0, 5), (0, 7), (0, 9), (1, -1), (1, 5)]
    claimed = (  # car, drive, when, trip, the pair if it was driven, if not
        (0, -1, 9, -1, -1, 2), (0, -1, 10, -1, -1, 0), (0, -1, 19, -1, -1, 0), (0, -1, 25, -1, -1, 1),
        (1, -1, 9, -1, -1, 3), (1, -1, 10, -1, -1, 4), (0, 1, 25, 0, 0, 0), (0, 2, 9, 1, 1, 1), (1, 3, 9, 2, 4, 4),
    )  # fmt: skip
    car, *others = np.array(claimed).T
    drive, when, trip, if_driven, if_not = (column.astype(np.int32) for column in others)
    got = driven_roads.at_wheel(truth, its, car, drive, when, trip)
    assert [part.tolist() for part in got] == [if_driven.tolist(), if_not.tolist()]


def test_a_trip_that_took_no_time_was_driven_at_its_moment():
    assert drawn([(100, 100, EAST[:1])], [(110, EAST[0])]) == [KM, 0, KM, 1, 1]
    assert drawn([(100, 100, EAST[:1])], [(111, EAST[0])]) == [0, KM, KM, 0, 1]


def test_only_what_was_driven_by_now_counts():
    sums = line([TRIP], [(105, EAST[0]), (115, EAST[1]), (145, EAST[4])], now=120, horizon=10)
    stock, last = (sums.counts[0, 0, time * 5 : time * 5 + 5, 0].tolist() for time in (legs.STOCK, legs.HORIZON))
    assert last == [0, 0, 0, 0, 0]  # it had left more than T ago
    assert stock == [0, 0, 0, 0, 0]  # and all that is kept was not simulated
    assert sums.so_far[0, 0, :, 0].tolist() == [2 * KM, 1]  # of two roads driven
    assert not sums.has.any()
    assert not sums.shares.any()


# --- rows -------------------------------------------------------------------------------------------------------------


class Case(NamedTuple):
    policy: str = "baseline"
    viewer: str = "police"
    sight: str = "bulk"
    retention: int = 0
    reads: str = "all"


def told(sums, targets, town, towns=("Ash", "Elm")):
    """Return {(measure, statistic, town): (value, n)} of the first sight."""
    town = np.array(town, np.int16)
    nobody = np.zeros(0, np.int32)
    people = question.Residents(town, towns, np.zeros(len(town), np.int8), nobody, nobody)
    place = np.zeros(1, np.int32)
    rows = paths.rows([sums], place, [Case()], np.array(targets, np.int32), people, seed=1)
    names = zip(rows.measure.tolist(), rows.statistic.tolist(), rows.town.tolist(), strict=True)
    return dict(zip(names, zip(rows.value.tolist(), rows.n.tolist(), strict=True), strict=True))


def test_rows_tell_means_pooled_ratios_stocks_and_the_error_of_the_draw():
    sums = paths.empty(40)
    right, went = np.arange(40) * KM, np.full(40, 50 * KM)
    for time in (legs.STOCK, legs.HORIZON, legs.WINDOW):
        for adversary in range(2):
            counts = sums.counts[:, adversary, time * 5 : time * 5 + 5, 0]
            counts[:, RIGHT], counts[:, WRONG], counts[:, DRIVEN] = right // (adversary + 1), KM, went
            counts[:, REBUILT], counts[:, TRIPS] = np.arange(40) % 2, 4
    sums.so_far[:, :, 0, 0], sums.so_far[:, :, 1, 0] = 2 * KM, 3
    sums.shares[:, :, :, 0], sums.has[:, :, :, 0] = 2**31, 1
    sums.shares[:20, 0, 0, 0] = 2**30
    sums.asked[:, 0, 0], sums.asked[:, 1, 0] = 1, 2
    rows = told(sums, range(40), [0] * 30 + [1] * 10 + [0] * 40 + [-1] * 9)
    assert rows["path_recall", "share_of_horizon", "all"] == (0.375, 40)
    assert rows["path_recall", "share_of_horizon_pooled", "all"] == (pytest.approx(np.arange(40).sum() / 2000), 40)
    share = np.arange(40) / 50
    error = share.std(ddof=1) / np.sqrt(40) * np.sqrt(1 - 40 / 80)
    assert rows["path_recall", "share_of_horizon_pooled_error", "all"] == (pytest.approx(error), 40)
    own = np.repeat([0.25, 0.5], 20).std(ddof=1) / np.sqrt(40) * np.sqrt(1 - 40 / 80)
    assert rows["path_recall", "share_of_horizon_error", "all"] == (pytest.approx(own), 40)
    assert rows["path_recall", "share_of_horizon", "Ash"] == (pytest.approx(0.25 * 20 / 30 + 0.5 * 10 / 30), 30)
    assert rows["path_recall", "stock_so_far", "Ash"] == (1, 60)
    assert rows["path_recall", "stock", "all"] == (pytest.approx(19.5), 40)
    assert rows["path_recall", "stock_by_choice", "all"] == (
        pytest.approx((np.arange(40) * KM // 2).sum() / KM / 40),
        40,
    )
    assert rows["trips_rebuilt", "stock", "all"] == (0.5, 40)
    assert rows["trips_rebuilt", "stock_so_far", "all"] == (1.5, 80)
    assert rows["trips_rebuilt", "share_of_window_pooled_by_choice", "all"] == (0.125, 40)
    assert rows["path_precision", "share_of_horizon_pooled", "all"] == (pytest.approx(780 / 820), 40)
    assert ("path_precision", "stock", "all") not in rows
    small = [(value, n) for (_, _, town), (value, n) in rows.items() if town == "Elm"]
    assert len(small) == 44
    assert all(np.isnan(value) and n == 0 for value, n in small)


def test_the_whole_population_is_drawn_without_error_and_one_target_with_no_known_one():
    sums = paths.empty(2)
    sums.counts[:, 0, 5 + DRIVEN, 0], sums.counts[0, 0, 5 + RIGHT, 0] = 4 * KM, KM
    assert told(sums, [0, 1], [0, 0])["path_recall", "share_of_horizon_pooled_error", "all"] == (0, 0)
    one = paths.Sums(*(part[:1] for part in sums))
    rows = told(one, [0], [0, 0])
    assert rows["path_recall", "share_of_horizon_pooled", "all"][0] == 0.25
    assert np.isnan(rows["path_recall", "share_of_horizon_pooled_error", "all"][0])
    assert np.isnan(rows["path_precision", "share_of_window_pooled", "all"][0])


def test_buckets_add_up():
    drive = Drive(
        World(
            ((0, 0, 50), (1, 10, 60)), ((5, 0, 0, 0), (45, 1, 0, 0), (15, 0, 1, 1), (30, 1, 1, 0)), owner_of_site=(0, 0),
            vehicles=2, town=(0, 0), kind=(0, 0),
        ), (tuple(EAST), tuple(EAST)), (EAST[0], EAST[4]), streets=LINE,
    )  # fmt: skip
    lens = limits(UNLIMITED, owners=1)
    whole = drive.counted(lens, 100)
    parts = [drive.counted(lens, 100, vehicles=[vehicle]) for vehicle in range(2)]
    assert whole.so_far[:, 0, 0, 0].tolist() == [5 * KM, 2 * KM]
    for together, *apart in zip(whole, *parts, strict=True):
        assert np.array_equal(together, sum(apart))
