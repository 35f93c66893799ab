"""What must be exact on a crowded grid: nobody is lost or overtakes, and how the engine is driven changes nothing."""

from itertools import pairwise

import numpy as np
import pytest

from alprsim import traffic
from alprsim.scenario import models
from alprsim.tables import DAY, Roads
from tests.verification.roadway import BLUE, COMPILED, GREY, ORANGE, RED, compressed, count, day_trips, picture

pytestmark = [pytest.mark.verification, COMPILED]

ROW, SIDE = "exactness", 10
SEEDS = (1, 2, 3)


def grid():
    """Return two-way streets between SIDE × SIDE corners, and the link from each corner (row, column) to its neighbours."""
    corners = [(r, c) for r in range(SIDE) for c in range(SIDE)]
    steps = [(a, b) for a in corners for b in corners if abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1]
    n = len(steps)
    number = {step: row for row, step in enumerate(steps)}
    tail, head = ([r * SIDE + c for r, c in ends] for ends in zip(*steps, strict=True))
    like = {"length": 100.0, "crossing": 8_000, "lanes": 1, "headway": 6_000, "room": 13, "wave": 18_000, "kind": 6}
    return Roads.of(tail=tail, head=head, **{name: np.full(n, value) for name, value in like.items()}), number


def crowd(seed, trips=16_000):
    """Return half an hour's trips: departures (ms) and paths, along the row first, then along the column."""
    rng = np.random.default_rng(seed)
    roads, number = grid()
    paths = []
    for r, c, to_r, to_c in rng.integers(0, SIDE, (trips, 4)).tolist():
        way = [(r, k) for k in range(c, to_c, 1 if to_c > c else -1)] + [
            (k, to_c) for k in range(r, to_r, 1 if to_r > r else -1)
        ]
        way.append((to_r, to_c))
        paths.append([number[step] for step in pairwise(way)])
    return roads, np.sort(rng.integers(0, 1_800, trips)) * 1_000, paths


@pytest.fixture(scope="module", params=SEEDS)
def driven(request):
    """Return a crowded day: roads, paths, the plan of it and the day."""
    roads, departs, paths = crowd(request.param)
    spec, route = models.Traffic(stuck="60 s"), np.arange(len(departs), dtype=np.int32)
    given = roads, day_trips(departs), compressed(paths), route, spec
    return roads, departs, paths, given, traffic.drive(*given, day=0, fidelity="queue")


def crossings(day, roads):
    """Return every crossing: trip, road, entry and exit (ms; to the second above where it is a trip's last)."""
    order = np.argsort(day.passages.trip, kind="stable")
    trip, road, entry = (column[order] for column in (day.passages.trip, day.passages.road, day.passages.time))
    last = np.append(trip[1:] != trip[:-1], True)
    leave = np.where(last, day.journeys.arrive[trip] * 1_000, np.append(entry[1:], 0))
    return trip, road, entry, leave, last


def test_nobody_is_lost(driven, verified):
    roads, _, paths, _, day = driven
    _, road, entry, leave, _ = crossings(day, roads)
    wanted = np.concatenate([np.array(path, int) for path in paths])
    verified(ROW, "every trip drives its whole path", np.sum(road != wanted), 0, "roads")
    verified(ROW, "every trip arrives", np.sum(day.journeys.arrive < 0) + day.unfinished, 0, "trips")
    verified(
        ROW, "entries = moves = flows", abs(len(entry) - day.moves) + abs(day.flows.vehicles.sum() - day.moves), 0, ""
    )
    moments = np.sort(np.concatenate([entry, leave]))
    on = count(np.sort(entry), moments) - count(np.sort(leave), moments)
    verified(ROW, "in − out ≥ 0 at any moment, 0 in the end", max(-on.min(), on[-1]), 0, "vehicles")
    assert 0 < day.forced < day.moves / 100  # a crowd that now and then locks, and not gridlock


def test_no_time_is_negative(driven, verified):
    roads, departs, _, _, day = driven
    _, road, entry, leave, _ = crossings(day, roads)
    short = np.maximum(roads.crossing[road] - (leave - entry), 0).max()
    verified(ROW, "no crossing is quicker than free flow", short, 0, "ms")
    early = np.maximum(departs // 1_000 - day.journeys.depart, 0).max()
    verified(ROW, "nobody leaves before they mean to", early, 0, "s")


def test_nobody_overtakes(driven, verified):
    """Who entered a road earlier leaves it no later (of those who leave it for another: arrivals are told in seconds)."""
    roads, _, _, _, day = driven
    _, road, entry, leave, last = crossings(day, roads)
    overtaken = 0
    for link in range(len(roads)):
        mine = np.flatnonzero((road == link) & ~last)
        mine = mine[np.lexsort((leave[mine], entry[mine]))]
        out = leave[mine]
        overtaken += np.sum(np.maximum.accumulate(out) > out)
    verified(ROW, "first in, first out on every road", overtaken, 0, "vehicles")


def progress(given, *, shift=None, cuts=()):
    """Drive the day by the compiled engine with buckets of that width (log₂ ms), stopped at these moments (ms)."""
    queues = traffic.Queues(traffic.plan(*given, day=0), shift=shift)
    for until in (*cuts, DAY * 1_000):
        queues.advance(until)
    return queues.progress()


def same(one, other):
    """Count the columns of progress in which two ways of driving differ."""
    columns = [
        {**told._asdict(), **{name: column[: told.passed] for name, column in told.log._asdict().items()}}
        for told in (one, other)
    ]
    return sum(not np.array_equal(columns[0][name], columns[1][name]) for name in columns[0] if name != "log")


@pytest.mark.parametrize("shift", [0, 3, 6, 10, 14])
def test_the_width_of_buckets_changes_nothing(driven, shift, verified):
    whole, other = progress(driven[3]), progress(driven[3], shift=shift)
    verified(ROW, "any bucket width (1 ms to 16 s)", same(whole, other), 0, "columns")


@pytest.mark.parametrize("slice_s", [1, 7, 60, 900, 86_400])
def test_the_length_of_slices_changes_nothing(driven, slice_s, verified):
    cuts = range(slice_s * 1_000, DAY * 1_000, slice_s * 1_000)
    whole, other = progress(driven[3]), progress(driven[3], cuts=cuts)
    verified(ROW, "any slice length (1 s to a day)", same(whole, other), 0, "columns")


def test_the_engines_agree(driven, verified):
    compiled, simpy = driven[4], traffic.drive(*driven[3], day=0, fidelity="queue", engine="simpy")
    tables = ("journeys", "passages", "flows")
    off = sum(
        not np.array_equal(column, getattr(simpy, table).data()[name])
        for table in tables
        for name, column in getattr(compiled, table).data().items()
    )
    verified(ROW, "SimPy and the compiled engine, to the bit", off + abs(compiled.forced - simpy.forced), 0, "columns")


def test_the_crowd_is_drawn(driven, plots, request):
    roads, departs, _, _, day = driven
    figure, (left, right) = picture(
        f"A crowd on a grid of {SIDE} × {SIDE} corners: {len(departs):,} trips in half an hour", "", "", panels=2
    )
    minutes = np.arange(0, day.journeys.arrive.max() / 60 + 1, 0.2)
    curves = (
        (departs / 1_000, "mean to leave", GREY),
        (day.journeys.depart, "leave", BLUE),
        (day.journeys.arrive, "arrive", RED),
    )
    for seconds, label, colour in curves:
        left.plot(minutes, count(np.sort(seconds), minutes * 60), color=colour, label=label)
    left.set(xlabel="time, min", ylabel="trips, cumulated", ylim=(0, None))
    left.legend(frameon=False, fontsize=8)
    _, _, entry, leave, _ = crossings(day, roads)
    on = count(np.sort(entry), minutes * 60_000) - count(np.sort(leave), minutes * 60_000)
    right.plot(minutes, on, color=BLUE, label="on roads: entries − exits")
    under_way = count(np.sort(day.journeys.depart), minutes * 60) - count(np.sort(day.journeys.arrive), minutes * 60)
    right.plot(minutes, under_way, color=ORANGE, linestyle="--", label="under way: departures − arrivals")
    right.set(xlabel="time, min", ylabel="vehicles", ylim=(0, None))
    right.legend(frameon=False, fontsize=8)
    figure.savefig(plots / f"crowd_{request.node.callspec.params['driven']}.png", dpi=120)
    assert on.max() > 1_000  # there was a crowd
