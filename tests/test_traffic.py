"""Traffic: both engines and the plain twins tell the same day; what they tell is possible."""

from itertools import pairwise

import numba
import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import traffic
from alprsim.kernels import queue, replay
from alprsim.scenario import models
from alprsim.tables import DAY, Flows, Paths, Roads, TableError, Trips
from tests import naive_traffic

JIT = not numba.config.DISABLE_JIT
END = DAY * 1000


class World:
    """Links (crossing, headway, room, wave), trips (vehicle, depart in ms, roads), the stuck time in s."""

    def __init__(self, links, trips, *, stuck=2):
        self.links, self.trips, self.stuck = links, trips, stuck

    def __repr__(self):
        return f"World({self.links}, {self.trips}, stuck={self.stuck})"

    def roads(self):
        crossing, headway, room, wave = zip(*self.links, strict=True)
        same = [0] * len(self.links)
        return Roads.of(
            tail=same, head=same, length=[1] * len(self.links), lanes=same, kind=same,
            crossing=crossing, headway=headway, room=room, wave=wave,
        )  # fmt: skip

    def day_trips(self, day=0):
        nobody = [-1] * len(self.trips)
        return Trips.of(
            vehicle=[t[0] for t in self.trips], depart=[t[1] // 1000 + day * DAY for t in self.trips],
            driver=nobody, companion=nobody, origin=nobody, destination=nobody, purpose=nobody,
        )  # fmt: skip

    def paths(self):
        first = np.cumsum([0] + [len(t[2]) for t in self.trips], dtype=np.int64)
        return Paths(first, np.array([road for t in self.trips for road in t[2]], np.int32))

    def drive(self, *, storage="newell", day=0, fidelity="queue", **options):
        spec = models.Traffic(storage=storage, stuck=f"{self.stuck} s")
        route = np.arange(len(self.trips), dtype=np.int32)
        return traffic.drive(
            self.roads(), self.day_trips(day), self.paths(), route, spec, day=day, fidelity=fidelity, **options
        )

    def plan(self, *, storage="newell"):
        spec = models.Traffic(storage=storage, stuck=f"{self.stuck} s")
        route = np.arange(len(self.trips), dtype=np.int32)
        return traffic.plan(self.roads(), self.day_trips(), self.paths(), route, spec, day=0)

    def naive(self, storage="newell"):
        return naive_traffic.Queue(self.links, self.trips, stuck=self.stuck * 1000, storage=storage).run()

    def table(self, times):
        return Flows.of(vehicles=np.zeros(len(self.links) * 96), time=times)


def random_world(rng, *, start=0):
    """Make a tiny network of a loop with chords, so that paths merge, part and bite their own tails."""
    n, junctions = int(rng.integers(2, 9)), int(rng.integers(1, 4))
    tail = np.sort(np.concatenate([np.arange(junctions), rng.integers(0, junctions, n)])[:n])
    head = np.where(rng.random(n) < 0.7, (tail + 1) % junctions, rng.integers(0, junctions, n))
    headway = rng.choice([0, 500, 1000], n) if rng.random() < 0.4 else np.full(n, rng.choice([0, 500, 1000]))
    links = [
        (int(rng.integers(0, 5)) * 500, int(headway[i]), int(rng.integers(1, 4)), int(rng.integers(0, 4)) * 500)
        for i in range(n)
    ]
    trips = []
    for vehicle in range(int(rng.integers(2, 13))):
        departs = start + 1000 * np.sort(rng.integers(0, 8, rng.integers(1, 4)))
        trips += [(vehicle, depart, walk(rng, tail, head, int(rng.integers(0, 7)))) for depart in departs.tolist()]
    return World(links, trips, stuck=int(rng.integers(1, 5)))


def walk(rng, tail, head, length):
    roads = [int(rng.integers(0, len(tail)))][:length]
    while roads and len(roads) < length and (tail == head[roads[-1]]).any():
        roads.append(int(rng.choice(np.flatnonzero(tail == head[roads[-1]]))))
    return roads


worlds = st.builds(
    random_world,
    st.integers(0, 10**6).map(np.random.default_rng),
    start=st.sampled_from([0, 896_000, END - 8_000]),
)
storages = st.sampled_from(["newell", "simple"])


def told(day):
    """Everything a Day says, as plain values that compare."""
    tables = day.journeys.data() | day.passages.data() | {f"flows_{k}": v for k, v in day.flows.data().items()}
    return {k: v.tolist() for k, v in tables.items()}, day.moves, day.forced, day.unfinished


def passages(day):
    return list(zip(day.passages.time.tolist(), day.passages.road.tolist(), day.passages.trip.tolist(), strict=True))


def agree(world, storage):
    """Compare the engines, and both to the plain twin as far as the day goes; return the twin."""
    day, twin = world.drive(storage=storage), world.naive(storage)
    assert told(world.drive(storage=storage, engine="simpy")) == told(day), world
    assert [p for p in passages(day) if p[0] < END] == sorted(twin.passages), world
    assert day.forced == twin.forced, world
    assert day.unfinished == twin.arrive.count(None), world
    for i, (depart, arrive) in enumerate(zip(twin.depart, twin.arrive, strict=True)):
        assert depart is None or day.journeys.depart[i] == depart // 1000, world
        assert arrive is None or day.journeys.arrive[i] == -(-arrive // 1000), world
    return twin


class Tally:
    """How many of many random networks had what makes engines differ."""

    def __init__(self):
        self.networks = self.equal_headways = self.spillback = self.forced = self.unfinished = self.moves = 0

    def add(self, world, twins):
        self.networks += 1
        self.equal_headways += len({link[1] for link in world.links}) == 1
        self.spillback += any(twin.waits for twin in twins)
        self.forced += any(twin.forced for twin in twins)
        self.unfinished += any(None in twin.arrive for twin in twins)
        self.moves += sum(len(twin.passages) for twin in twins)

    def check(self):
        rare = min(self.equal_headways, self.spillback, self.forced, self.unfinished)
        assert rare >= 0.3 * self.networks, vars(self)


def random_worlds(seed, networks):
    rng = np.random.default_rng(seed)
    for _ in range(networks):
        yield random_world(rng, start=int(rng.choice([0, 896_000, END - 8_000, END - 8_000]))), rng


def test_engines_and_the_plain_twin_agree_on_hundreds_of_networks():
    tally = Tally()
    for world, _ in random_worlds(20261122, 300 if JIT else 60):
        tally.add(world, [agree(world, storage) for storage in ("newell", "simple")])
    tally.check()


@settings(deadline=None, derandomize=True, max_examples=60 if JIT else 5)
@given(worlds, storages)
def test_engines_and_the_plain_twin_agree(world, storage):
    agree(world, storage)


# --- stopping, going on, putting away ---------------------------------------------------------------------------------

slices = st.lists(st.integers(0, 15_000))
"""Moments to stop at, in ms after the first departure; one that is earlier than the last stops nothing."""


def run_to_end(queues, moments=()):
    for moment in (*moments, END):
        queues.advance(min(moment, END))
    return queues


def state(queues):
    """Everything an engine says of the day, as plain values that compare."""
    progress = queues.progress()
    columns = {k: v.tolist() for k, v in progress._asdict().items() if k not in ("log", "passed", "forced")}
    return columns | progress.log.rows(slice(progress.passed))._asdict() | {"forced": progress.forced}


def same_state(one, other):
    one, other = state(one), state(other)
    return all(np.array_equal(one[name], other[name]) for name in one)


@settings(deadline=None, derandomize=True, max_examples=60 if JIT else 4)
@given(worlds, storages, st.integers(0, 14), slices)
def test_neither_the_width_of_buckets_nor_where_the_day_is_cut_matters(world, storage, shift, moments):
    plan = world.plan(storage=storage)
    cut = run_to_end(traffic.Queues(plan, shift=shift), [moment + plan.meant.min() for moment in moments])
    assert same_state(run_to_end(traffic.Queues(plan)), cut)


@settings(deadline=None, derandomize=True, max_examples=30 if JIT else 4)
@given(worlds, storages, st.integers(0, 15_000))
def test_a_day_put_away_and_taken_up_again_is_the_same_day(tmp_path_factory, world, storage, moment):
    file = tmp_path_factory.getbasetemp() / "queues.npz"
    plan = world.plan(storage=storage)
    queues = traffic.Queues(plan, shift=3)
    queues.advance(min(moment + plan.meant.min(), END))
    queues.save(file)
    again = traffic.Queues.load(file, plan)
    assert same_state(queues, again)
    assert same_state(run_to_end(queues), run_to_end(again))
    assert same_state(run_to_end(traffic.Queues.load(file, plan)), run_to_end(traffic.Queues(plan)))
    assert not file.with_name("queues.npz.part").exists()


def test_a_day_put_away_is_not_taken_up_with_another_plan(tmp_path):
    world = World([(1_000, 0, 1, 0)], [(0, 0, [0])])
    traffic.Queues(world.plan()).save(tmp_path / "queues.npz")
    others = [
        World([(1_500, 0, 1, 0)], world.trips), World(world.links, [(0, 1_000, [0])]), World(world.links, [(0, 0, [])]),
        World(world.links, world.trips, stuck=3),
    ]  # fmt: skip
    for other in others:
        with pytest.raises(TableError, match=r"queues.npz holds the queues of another plan"):
            traffic.Queues.load(tmp_path / "queues.npz", other.plan())


# --- SimPy keeps the clock --------------------------------------------------------------------------------------------


@settings(deadline=None, derandomize=True, max_examples=30 if JIT else 2)
@given(worlds, storages, st.sampled_from(["compiled", "simpy"]), st.sampled_from([997, 3_600, 50_000, DAY]))
def test_how_long_a_slice_is_changes_nothing(world, storage, engine, every):
    blocks = []
    day = world.drive(storage=storage, engine=engine, every=every, subscribers=[blocks.append])
    assert told(day) == told(world.drive(storage=storage))
    borders = [*range(0, DAY, every), DAY, 2 * DAY]
    for block, (start, end) in zip(blocks, pairwise(borders), strict=True):
        assert ((block.time >= start * 1000) & (block.time < end * 1000)).all()
    for name, values in day.passages.data().items():
        assert np.array_equal(values, np.concatenate([getattr(block, name) for block in blocks]))


@pytest.mark.parametrize("fidelity", ["free", "table", "queue"])
@pytest.mark.parametrize("engine", ["compiled", "simpy"])
def test_whoever_lives_in_the_same_world_sees_the_days_traffic_go_by(engine, fidelity):
    """A patrol car looks at road 0 for two minutes of every five; it hears of no passage before it happened."""
    world = World([(60_000, 0, 9, 0)] * 2, [(car, car * 77_000, [0, 1]) for car in range(15)])
    env = simpy.Environment(initial_time=3 * END)
    heard, seen = [], []

    def patrol():
        while True:
            start = env.now
            yield env.timeout(120_000)
            seen.extend(p for p in heard if p[1] == 0 and start <= p[0] < env.now)
            yield env.timeout(180_000)

    def hear(block):
        assert (block.time < env.now).all() or env.now == 4 * END
        heard.extend(zip(block.time.tolist(), block.road.tolist(), block.trip.tolist(), strict=True))

    env.process(patrol())
    options = {"fidelity": fidelity, "engine": engine, "table": world.table(np.full(192, 60_000)), "every": 60}
    day = world.drive(day=3, env=env, subscribers=[hear], **options)
    assert env.now == 4 * END
    assert heard == passages(day)
    assert seen == [p for p in heard if p[1] == 0 and p[0] % 300_000 < 120_000]
    assert 3 < len(seen) < 15


@pytest.mark.parametrize("engine", ["compiled", "simpy"])
def test_a_world_lives_on_from_day_to_day(engine):
    """Vehicles left on their way in the evening do not haunt the next morning."""
    world = World([(10_000, 4_000, 1, 500)], [(0, END - 15_000, [0, 0]), (0, END - 15_000, [0]), (1, END - 2_000, [0])])
    env = simpy.Environment()
    for day in range(3):
        assert told(world.drive(day=day, env=env, engine=engine)) == told(world.drive(day=day))
        assert env.now == (day + 1) * END


def test_a_world_whose_clock_is_elsewhere_is_refused():
    world = World([(1_000, 0, 1, 0)], [(0, 0, [0])])
    with pytest.raises(ValueError, match="clock must stand at the start of day 0, 0 ms, not at 5"):
        world.drive(env=simpy.Environment(5))
    with pytest.raises(ValueError, match="every must be at least 1 s, not 0"):
        world.drive(every=0)


# --- what is possible -------------------------------------------------------------------------------------------------


@settings(deadline=None, derandomize=True, max_examples=60 if JIT else 5)
@given(worlds, storages)
def test_roads_keep_their_order_their_headway_and_their_room(world, storage):
    day, twin = world.drive(storage=storage), world.naive(storage)
    assert day.passages.trip.tolist() == [p[2] for p in sorted(passages(day))]
    for road, (crossing, headway, room, wave) in enumerate(world.links):
        entries, exits = twin.entries[road], twin.exits[road]
        assert len(exits) <= len(entries)
        assert all(left - came[0] >= crossing for came, left in zip(entries, exits, strict=False))
        assert all(b - a >= headway for a, b in pairwise(exits))
        if not twin.forced:
            wave = wave if storage == "newell" else 0
            assert all(entries[n][0] >= exits[n - room] + wave for n in range(room, len(entries)))


@settings(deadline=None, derandomize=True, max_examples=60 if JIT else 5)
@given(worlds, storages, st.sampled_from(["free", "table", "queue"]))
def test_every_trip_drives_its_whole_path_and_no_car_is_in_two_trips_at_once(world, storage, fidelity):
    table = world.table(np.arange(len(world.links) * 96) % 7 * 400)
    day = world.drive(storage=storage, fidelity=fidelity, table=table)
    for i, (_, _, path) in enumerate(world.trips):
        rows = day.passages.trip == i
        assert sorted(day.passages.road[rows].tolist()) == sorted(path)
        assert (day.passages.time[rows] // 1000 >= day.journeys.depart[i]).all()
        assert (day.passages.time[rows] <= day.journeys.arrive[i] * 1000).all()
    depart, arrive = day.journeys.depart, day.journeys.arrive
    planned = world.day_trips()
    same = planned.vehicle[1:] == planned.vehicle[:-1]
    assert (depart >= planned.depart).all()
    assert (arrive >= depart).all()
    assert (depart[1:] >= arrive[:-1])[same].all()
    assert day.moves == len(day.passages) == day.flows.vehicles.sum()
    entries = np.zeros(len(world.links) * 96, np.int32)
    np.add.at(entries, day.passages.road * 96 + day.passages.time // 900_000 % 96, 1)
    assert np.array_equal(day.flows.vehicles, entries)


@settings(deadline=None, derandomize=True, max_examples=30 if JIT else 4)
@given(worlds, st.integers(0, 255))
def test_watching_fewer_roads_tells_their_passages_and_changes_nothing_else(world, bits):
    watched = np.array([bits >> road & 1 for road in range(len(world.links))], np.bool_)
    every = world.drive()
    for engine in ("compiled", "simpy"):
        some = world.drive(watched=watched, engine=engine)
        assert passages(some) == [p for p in passages(every) if watched[p[1]]]
        assert told(some._replace(passages=every.passages)) == told(every)


@settings(deadline=None, derandomize=True, max_examples=20 if JIT else 4)
@given(worlds)
def test_without_queues_the_queue_model_is_free_flow(world):
    endless = [(crossing, 0, 1000, 0) for crossing, _, _, _ in world.links]
    free = World(endless, [(v, depart % END % 9_000, path) for v, depart, path in world.trips])
    free.trips.sort(key=lambda t: t[:2])
    assert told(free.drive()) == told(free.drive(fidelity="free"))


def test_a_day_does_not_depend_on_its_number():
    world = random_world(np.random.default_rng(3))
    today, later = world.drive(), world.drive(day=200)
    assert (later.journeys.depart - today.journeys.depart == 200 * DAY).all()
    assert (later.journeys.arrive - today.journeys.arrive == 200 * DAY).all()
    assert (later.passages.time - today.passages.time == 200 * END).all()
    assert np.array_equal(later.flows.time, today.flows.time)


# --- by table ---------------------------------------------------------------------------------------------------------


@settings(deadline=None, derandomize=True, max_examples=60 if JIT else 5)
@given(worlds, st.integers(0, 10**6))
def test_replay_crosses_each_road_in_its_quarter_hours_time(world, seed):
    times = np.random.default_rng(seed).integers(0, 4, len(world.links) * 96) * 300_500
    day = world.drive(fidelity="table", table=world.table(times))
    depart, arrive, entries = naive_traffic.replay(world.trips, lambda road, slot: int(times[road * 96 + slot]))
    assert passages(day) == entries
    assert day.journeys.depart.tolist() == [time // 1000 for time in depart]
    assert day.journeys.arrive.tolist() == [-(-time // 1000) for time in arrive]
    assert (day.forced, day.unfinished) == (0, 0)


@settings(deadline=None, derandomize=True, max_examples=20 if JIT else 4)
@given(worlds)
def test_a_table_of_free_flow_times_is_free_flow(world):
    table = world.table(np.repeat(world.roads().crossing, 96))
    assert told(world.drive(fidelity="table", table=table)) == told(world.drive(fidelity="free"))


def test_past_the_days_end_the_mornings_quarter_hours_count():
    times = np.full(96, 1000)
    times[0], times[95] = 70_000, 5_000
    world = World([(1000, 0, 1, 0)], [(0, END - 6000, [0, 0, 0])])
    day = world.drive(fidelity="table", table=world.table(times))
    assert (day.passages.time - END).tolist() == [-6000, -1000, 4000]
    assert day.journeys.arrive.tolist() == [DAY + 74]
    assert (day.flows.vehicles[95], day.flows.vehicles[0]) == (2, 1)


# --- by queue, by hand ------------------------------------------------------------------------------------------------


def test_cars_leave_a_road_one_headway_apart():
    day = World([(10_000, 2_500, 9, 0), (1_000, 0, 9, 0)], [(car, 0, [0, 1]) for car in range(3)]).drive()
    assert passages(day)[3:] == [(10_000, 1, 0), (12_500, 1, 1), (15_000, 1, 2)]
    assert day.journeys.arrive.tolist() == [11, 14, 16]
    assert day.flows.time[0] == 12_500


def test_a_full_road_lets_the_next_in_when_the_freed_space_has_travelled_back():
    world = World([(1_000, 0, 9, 0), (5_000, 0, 1, 3_000)], [(car, 0, [0, 1]) for car in range(2)], stuck=60)
    assert [p[0] for p in passages(world.drive()) if p[1] == 1] == [1_000, 9_000]
    assert [p[0] for p in passages(world.drive(storage="simple")) if p[1] == 1] == [1_000, 6_000]


def test_a_merge_serves_whoever_has_waited_longest_and_at_one_moment_the_lower_number():
    links = [(1_000, 500, 9, 0), (1_000, 500, 9, 0), (2_000, 0, 1, 0)]
    trips = [(0, 0, [1, 2]), (1, 0, [1, 2]), (2, 0, [0, 2]), (3, 0, [0, 2])]
    day = World(links, trips, stuck=60).drive()
    assert [p[2] for p in passages(day) if p[1] == 2] == [2, 0, 3, 1]


def test_two_full_roads_that_face_each_other_are_freed_by_force():
    world = World([(1_000, 0, 1, 0)] * 2, [(0, 0, [0, 1]), (1, 0, [1, 0])], stuck=30)
    day = world.drive()
    assert day.forced == 1
    assert day.journeys.arrive.tolist() == [32, 32]
    assert told(world.drive(engine="simpy")) == told(day)


def test_the_next_trip_waits_for_the_car():
    world = World([(1_500, 0, 2, 0)], [(0, 5_000, [0, 0]), (0, 6_000, []), (0, 6_000, [0]), (1, 60_000, [0])])
    for fidelity in ("free", "queue"):
        day = world.drive(fidelity=fidelity)
        assert day.journeys.depart.tolist() == [5, 8, 8, 60]
        assert day.journeys.arrive.tolist() == [8, 8, 10, 62]


@pytest.mark.parametrize("crossings", [(1_700, 1_200), (1_200, 1_700)])
def test_those_who_leave_late_in_one_second_go_in_order_of_trip_not_of_arrival(crossings):
    links = [(crossing, 0, 1, 0) for crossing in (*crossings, 1_000)]
    day = World(links, [(0, 0, [0]), (0, 0, [2]), (1, 0, [1]), (1, 0, [2])], stuck=60).drive()
    assert [p for p in passages(day) if p[1] == 2] == [(2_000, 2, 1), (3_000, 2, 3)]


def test_a_car_waits_at_home_while_its_first_road_is_full():
    day = World([(10_000, 0, 1, 500)], [(0, 0, [0]), (1, 4_000, [0])], stuck=60).drive()
    assert day.journeys.depart.tolist() == [0, 10]
    assert passages(day) == [(0, 0, 0), (10_500, 0, 1)]


def test_what_is_unfinished_at_the_days_end_is_completed_by_table_and_counted():
    trips = [(0, END - 10_000, [0, 0]), (1, END - 2_000, [0]), (2, END - 2_000, [0, 0]), (2, END - 1_000, [0])]
    trips.append((3, END - 1_000, [0]))  # finds its first road full and leaves home at the day's end
    world = World([(3_000, 4_000, 2, 0)], trips, stuck=60)
    table = world.table(np.full(96, 5_000))
    by_table, free = world.drive(table=table), world.drive()
    assert by_table.unfinished == free.unfinished == 4
    assert (by_table.journeys.arrive - DAY).tolist() == [-3, 3, 8, 13, 5]
    assert (free.journeys.arrive - DAY).tolist() == [-3, 1, 4, 7, 3]
    assert (free.journeys.depart - DAY).tolist() == [-10, -2, -2, 4, 0]
    flows = by_table.flows
    assert (flows.vehicles[95], flows.time[95], flows.vehicles[0], flows.time[0]) == (4, 4_250, 3, 5_000)
    assert told(world.drive(table=table, engine="simpy")) == told(by_table)


def test_flows_tell_mean_times_and_free_flow_where_nobody_drove():
    world = World([(1_000, 0, 1, 0), (500, 901, 2, 0)], [(0, 0, [1]), (1, 0, [1])])
    flows = world.drive().flows
    assert flows.vehicles.sum() == flows.vehicles[96] == 2
    assert flows.time[96] == 951  # the mean of 500 and 1,401 ms, to the nearest
    assert (flows.time[:96] == 1_000).all()
    assert (flows.time[97:] == 500).all()


def test_a_day_without_trips_is_told_too():
    world = World([(1_000, 0, 1, 0)], [])
    for engine in ("compiled", "simpy"):
        day = world.drive(engine=engine)
        assert (len(day.journeys), len(day.passages), day.moves, day.unfinished) == (0, 0, 0, 0)


# --- wrong input ------------------------------------------------------------------------------------------------------


def wrong(**changes):
    world = World([(1_000, 0, 1, 0), (1_000, 0, 1, 0)], [(0, 0, [0]), (0, 1_000, [1])])
    good = {
        "roads": world.roads(), "trips": world.day_trips(), "paths": world.paths(),
        "route": np.zeros(2, np.int32), "spec": models.Traffic(), "day": 0, "fidelity": "queue",
    }  # fmt: skip
    arguments = good | {k: v(world) if callable(v) else v for k, v in changes.items()}
    return traffic.drive(**arguments)


def apart(world):
    """Return the roads as two that do not meet: 0 about junction 0, 1 about junction 1."""
    ends = np.array([0, 1], np.int32)
    return Roads(**world.roads().data() | {"tail": ends, "head": ends})


def test_roads_need_to_join_within_a_path_only():
    """Paths start where they like: an empty one first, one in the middle, one last; rows that no path has do not count."""
    paths = Paths(np.array([1, 1, 2, 2, 4, 4]), np.array([1, 0, 1, 1, 0], np.int32))
    day = wrong(roads=apart, paths=paths, route=np.array([1, 3], np.int32))
    assert day.moves == 3


def with_lengths(world, lengths):
    return Roads(**world.roads().data() | {"length": np.array(lengths, np.float32)})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"day": 1}, "Trips.depart must be within day 1, 86400 to 172800 s, not 0"),
        ({"trips": lambda w: w.day_trips().take(np.array([1, 0]))}, r"ordered by \(vehicle, depart\)"),
        ({"route": np.zeros(1, np.int32)}, "route must be int32, one a trip"),
        ({"route": np.zeros(2, np.int64)}, "not int64"),
        ({"route": np.full(2, 2, np.int32)}, r"rows of Paths \(0 to 1\), not 2 to 2"),
        ({"table": Flows.of(vehicles=[0], time=[0])}, "192"),
        ({"watched": np.zeros(2, np.int8)}, "watched must be bool"),
        ({"roads": World([(0, 0, 1, 0), (0, 0, 0, 0)], []).roads()}, r"Roads.room must be at least 1, not 0 \(row 1\)"),
        ({"roads": World([(0, -5, 1, 0), (0, 0, 1, 0)], []).roads()}, r"Roads.headway must be 0 to .* a day, not -5"),
        ({"roads": World([(0, 0, 1, 0), (0, END + 1, 1, 0)], []).roads()}, r"Roads.headway .* not 86400001 \(row 1\)"),
        ({"roads": World([(-1, 0, 1, 0), (0, 0, 1, 0)], []).roads()}, "Roads.crossing must be 0 to"),
        ({"roads": World([(0, 0, 1, 0), (0, 0, 1, -1)], []).roads()}, "Roads.wave must be 0 to"),
        ({"roads": lambda w: with_lengths(w, [1, 0])}, r"Roads.length must be above 0 m, not 0.0 \(row 1\)"),
        ({"roads": lambda w: with_lengths(w, [np.nan, 1])}, r"Roads.length must be above 0 m, not nan \(row 0\)"),
        (
            {"paths": Paths(np.array([0, 1, 3]), np.zeros(2, np.int32))},
            "Paths.first must never fall and lie within the 2",
        ),
        ({"paths": Paths(np.array([0, 2, 1]), np.zeros(2, np.int32))}, "Paths.first must never fall"),
        (
            {"paths": Paths(np.array([0, 1, 2]), np.array([0, 2], np.int32))},
            r"Paths.road must be .* \(0 to 1\), not 0 to 2",
        ),
        (
            {"roads": apart, "paths": Paths(np.array([0, 1, 3]), np.array([1, 0, 1], np.int32))},
            r"must join: road 0 leads to junction 0, the next, 1, starts at junction 1 \(row 1\)",
        ),
        (
            {"table": Flows.of(vehicles=np.zeros(192), time=np.full(192, -1))},
            r"Flows.time must be 0 ms or more, not -1",
        ),
    ],
)
def test_wrong_input_is_named(changes, message):
    with pytest.raises(TableError, match=message):
        wrong(**changes)


def test_fidelity_table_needs_a_table():
    with pytest.raises(ValueError, match="needs `table`"):
        wrong(fidelity="table")


@pytest.mark.skipif(not JIT, reason="nothing is compiled")
def test_each_kernel_is_compiled_once():
    assert len(queue.advance.signatures) == len(replay.replay.signatures) == 1
