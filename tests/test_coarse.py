"""Times and places as coarse as a policy leaves them: what a sight knows of a read, and what it does not change."""

import dataclasses
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import _blurs
from alprsim import custody as rules
from alprsim.kernels import gaps as kernel
from alprsim.kernels import ladder
from alprsim.measures import completeness, gaps, question, spans
from alprsim.sight import Case, Resolution, Streams, lenses
from alprsim.tables import DAY, UNLIMITED, Bucket, Reads, Truth
from tests import naive_custody, naive_measures, naive_windows
from tests.naive_custody import custody
from tests.worlds import HOUR, SIGHTS, ZOO, World, hours, worlds
from tests.worlds import ladder as limits
from tests.worlds import rules as lenses_of

few = settings(deadline=None, derandomize=True, max_examples=40)
horizons = st.integers(1, 60).map(lambda hour: hour * HOUR)
steps = st.sampled_from([0, 1, 7 * HOUR, 24 * HOUR, 25 * HOUR, 48 * HOUR])


def case(spec, viewer, by_plate=True):
    table = rules.agencies(spec)
    row = [str(name) for name in table.name].index(viewer)
    access = rules.access(spec, table, range(len(table)))
    return Case("policy", viewer, "request", 0, access, row, by_plate=by_plate), Streams.of_owners(len(table))


def shared(**keeping):
    """Return two departments, of which one keeps as said, and a consumer that asks both."""
    agencies = {
        "Exact": {"retention": "7 d"},
        "Coarse": {"retention": "7 d", **keeping},
        "ICE": {"kind": "consumer", "retention": "0 s"},
    }
    return custody(agencies, {"giver": "departments", "taker": "ICE", "kind": "query"})


def test_sights_that_know_times_or_places_otherwise_stand_in_different_lenses():
    exact, streams = case(shared(), "ICE")
    coarse, _ = case(shared(time_step="1 h", place_step="500 m"), "ICE")
    made, place = lenses([exact, coarse, exact], streams)
    assert place.tolist() == [0, 64, 0]
    assert made[0].seen is None
    assert made[1].seen.time_step.tolist() == [0, HOUR, 0]
    assert made[1].seen.place_step.tolist() == [0, 500, 0]


def test_of_several_routes_the_finest_counts():
    spec = shared(time_step="1 h")
    coarse, streams = case(spec, "ICE")
    both = coarse.access.take(np.r_[0 : len(coarse.access), 0 : len(coarse.access)])
    steps = both.time_step.copy()
    steps[len(coarse.access) :] = np.minimum(steps[len(coarse.access) :], 60)
    made, _ = lenses([coarse._replace(access=dataclasses.replace(both, time_step=steps))], streams)
    assert made[0].seen.time_step.max() == 60


def reaching(spec, **columns):
    """Return ICE's case with its routes twice, the second time with some columns otherwise."""
    coarse, streams = case(spec, "ICE", by_plate=False)
    both = coarse.access.take(np.r_[0 : len(coarse.access), 0 : len(coarse.access)])
    changed = {name: getattr(both, name).copy() for name in columns}
    for name, value in columns.items():
        changed[name][len(coarse.access) :] = value
    return coarse._replace(access=dataclasses.replace(both, **changed)), streams


def test_a_finer_route_that_reaches_back_less_far_counts_as_far_as_it_does():
    spec = shared(time_step="1 h", place_step="500 m", identity={"kind": "hashed", "rotate": "1 d"})
    mixed, streams = reaching(spec, time_step=60, rotation=0, to_age=2 * DAY)
    (lens,), _ = lenses([mixed], streams)
    now, made = 6 * DAY, 6 * DAY - np.array([0, 2 * DAY - 1, 2 * DAY, 5 * DAY, -1], np.int32)
    seen = [part[lens.known(np.full(5, 1, np.int16), made, now)].tolist() for part in lens.seen]
    assert seen == [[60, 60, HOUR, HOUR, 60], [500] * 5, [0, 0, DAY, DAY, 0]]
    assert lens.known(np.array([0, 2], np.int16), made[:2], now).tolist() == [0, 2]
    assert lens.place_steps(now) == [[0], [500], [0]]
    shorter, _ = reaching(spec, place_step=0, to_age=2 * DAY)
    (lens,), _ = lenses([shorter], streams)
    assert lens.place_steps(now) == [[0], [0, 500], [0]]


@pytest.mark.parametrize(
    ("columns", "wanted"),
    [
        ({"time_step": 60}, (60, 500, DAY)),  # as far back
        ({"time_step": 2 * HOUR, "to_age": 2 * DAY}, (HOUR, 500, DAY)),  # coarser, less far
        ({"time_step": 2 * HOUR, "place_step": 0}, (HOUR, 0, DAY)),  # each the finer in one, held together
        ({"rotation": 2 * DAY}, (HOUR, 500, 2 * DAY)),
        ({"rotation": 0}, (HOUR, 500, 0)),
    ],
)
def test_where_the_finest_reaches_as_far_a_stream_is_seen_alike_at_every_age(columns, wanted):
    spec = shared(time_step="1 h", place_step="500 m", identity={"kind": "hashed", "rotate": "1 d"})
    found, streams = reaching(spec, **columns)
    (lens,), _ = lenses([found], streams)
    assert lens.routes is None
    assert tuple(part[1] for part in lens.seen) == wanted
    assert lens.known(np.ones(1, np.int16), np.ones(1, np.int32), 9).tolist() == [1]


def rule(begin, end, delay=0, period=0):
    return period, 0, 0, begin, 0, end, 0, delay


def test_spans_of_age_that_touch_are_one():
    rows = [list(rule(*ends)) for ends in ((3, 5), (0, 3), (7, 9), (7, 8, 1), (0, 1, 0, 4))]
    wanted = {rule(0, 5), rule(7, 9), rule(7, 8, 1), rule(0, 1, 0, 4)}
    assert _blurs.joined(rows) == wanted


@pytest.mark.parametrize(
    ("fine", "coarse", "alike"),
    [
        (rule(0, 7), rule(2, 7), True),
        (rule(0, 7), rule(0, 5), True),
        (rule(0, 7), rule(0, 8), False),
        (rule(1, 7), rule(0, 7), False),
        (rule(0, 7, 1), rule(2, 5), False),  # a hold may find it there at once and gone when the other is served
        (rule(0, 7, 0, 4), rule(2, 5), False),
        (rule(0, 7), rule(2, 5, 0, 4), False),
        (rule(0, 7, 0, 4), rule(0, 7, 0, 4), True),
    ],
)
def test_a_route_counts_unless_a_finer_one_holds_all_that_it_holds(fine, coarse, alike):
    routes = {(1, 0.0, 0): frozenset([fine]), (2, 0.0, 0): frozenset([coarse])}
    apart = frozenset([(fine, (1, 0.0, 0)), (coarse, (2, 0.0, 0))])
    assert _blurs.known(routes) == ((1, 0.0, 0) if alike else apart)
    assert _blurs.known({}) == (0, 0.0, 0)


@few
@given(naive_custody.custodies(coarse=True), st.integers(0, 12))
def test_how_exactly_a_read_is_seen_is_its_finest_route_of_those_that_hold_it(spec, now):
    table = rules.agencies(spec)
    access = rules.access(spec, table, range(len(table)))
    asked = [Case("policy", str(table.name[v]), "request", 0, access, v) for v in range(len(table))]
    made, place = lenses(asked, Streams.of_owners(len(table)))
    stream, time = (part.ravel() for part in np.meshgrid(np.arange(len(table)), np.arange(now + 1), indexing="ij"))
    for one, at in zip(asked, place, strict=True):
        lens = made[at // 64]
        row = lens.known(stream.astype(np.int16), time.astype(np.int32), now)
        for owner, second, known_as in zip(stream.tolist(), time.tolist(), row.tolist(), strict=True):
            if naive_custody.obtainable(access, one.viewer_row, owner, "request", second, now):
                told = (0, 0) if lens.seen is None else (lens.seen.time_step[known_as], lens.seen.place_step[known_as])
                assert told == naive_custody.known_to(one, owner, second, now)
                assert lens.seen is None or told[1] in lens.place_steps(now)[owner]


def test_a_pseudonym_lasts_as_its_rule_says_unless_the_plate_is_seen_too():
    spec = shared(identity={"kind": "hashed", "rotate": "1 d"})
    blind, streams = case(spec, "ICE", by_plate=False)
    made, _ = lenses([blind], streams)
    assert made[0].seen.rotation.tolist() == [0, 86_400, 0]


def bucket(times, sites):
    reads = Reads(
        time=np.array(times, np.int32), site=np.array(sites, np.int32), plate=np.zeros(len(times), np.int32),
        vehicle=np.zeros(len(times), np.int32),
    )  # fmt: skip
    nothing = {
        name: np.empty(0, values.dtype)
        for name, values in Truth.of(**{c.name: [] for c in Truth.columns()}).data().items()
    }
    return question.Opened(
        Bucket(np.zeros(1, np.int32), np.array([0, len(times)]), reads, np.array([0, 0]), Truth(**nothing)),
        np.full(len(times), -1, np.int32),
    )


@given(st.lists(st.integers(0, 50_000), max_size=6), st.sampled_from([0, 60, HOUR]), st.integers(0, 2))
def test_times_are_known_to_the_start_of_their_step_and_stay_in_order(times, step, other):
    times = sorted(times)
    seen = Resolution(np.array([0, step], np.int32), np.zeros(2), np.zeros(2, np.int32))
    stream = np.full(len(times), min(other, 1), np.int16)
    known = question.coarsened(bucket(times, [0] * len(times)), stream, seen, {}).bucket.reads.time
    wanted = [time - time % step if step and other else time for time in times]
    assert known.tolist() == wanted == sorted(wanted)


@given(
    st.lists(st.tuples(st.integers(-900, 900), st.integers(-900, 900)), min_size=1, max_size=7),
    st.sampled_from([200, 500]),
)
def test_the_middle_site_is_in_the_same_cell_and_nobody_is_nearer_its_centre(points, step):
    x, y = np.array(points, np.float64).T
    middle = question.middle_sites(x, y, float(step))
    for site, (a, b) in enumerate(points):
        cell = a // step, b // step
        mates = [n for n, (c, d) in enumerate(points) if (c // step, d // step) == cell]
        apart = {
            n: np.hypot(points[n][0] - (cell[0] + 0.5) * step, points[n][1] - (cell[1] + 0.5) * step) for n in mates
        }
        assert middle[site] == min(mates, key=lambda n: (apart[n], n)), site


def test_places_are_known_as_the_middle_of_their_cell_where_the_rule_says_so():
    middles = {500.0: np.array([1, 1, 2], np.int32)}
    seen = Resolution(np.zeros(2, np.int32), np.array([0, 500.0]), np.zeros(2, np.int32))
    opened = bucket([1, 2, 3], [0, 0, 2])
    known = question.coarsened(opened, np.array([0, 1, 1], np.int16), seen, middles)
    assert known.bucket.reads.site.tolist() == [0, 1, 2]
    assert known.trip is opened.trip
    assert question.coarsened(opened, np.zeros(3, np.int16), None, {}) is opened


def test_nothing_ever_said_is_without_end():
    exact, streams = case(shared(), "Exact")
    made, _ = lenses([exact], streams)
    assert made[0].at(UNLIMITED // 2).first[-1] >= len(streams)


# --- days -------------------------------------------------------------------------------------------------------------


def known_to(*steps):
    """Return how exactly the reads of each owner are known: to so many seconds."""
    return Resolution(np.array(steps, np.int32), np.zeros(len(steps)), np.zeros(len(steps), np.int32))


def held_of(world, lens, steps, now, horizon):
    """Return the world opened, the question, its masks, the reads' streams, and which reads show a day."""
    opened = question.open_bucket(world.bucket())
    asked = question.ask(lens, world.sites(), moment=now, horizon=horizon)
    reads = opened.bucket.reads
    masks, stream = question.held(asked, reads), world.sites()[reads.site]
    return opened, asked, masks, stream, spans.dated(masks, reads.time, stream, known_to(*steps))


def counted(world, lens, steps, now, horizon):
    """Return the kernel's counts, [vehicles, time × 7 + quantity, 64]."""
    opened, asked, masks, _, dated = held_of(world, lens, steps, now, horizon)
    rows = np.arange(world.vehicles)
    found = [part.copy() for _, part in completeness._tally(opened, masks, asked, rows, dated)]
    return np.concatenate([np.zeros((0, ladder.ROWS, 64), np.int32), *found])


@few
@given(worlds(), lenses_of(), hours, horizons, steps, steps)
def test_a_read_that_may_be_of_two_days_shows_none_and_all_else_as_it_did(world, lens, now, horizon, one, other):
    got = counted(world, lens, (one, other), now, horizon)
    for vehicle, sight in product(range(3), range(SIGHTS)):
        obtains, window = (lambda o, age, k=sight: lens.obtains(k, o, age)), lens.window(sight)
        told = naive_measures.tally(
            world, vehicle, obtains, window, now, horizon, lambda o, each=(one, other): max(each[o], 1)
        )
        wanted = [told[time][quantity] for time in ("stock", "horizon", "window")
                  for quantity in ("reads", "ghosts", "days", "once", "twice", "driven", "trips")]  # fmt: skip
        assert got[vehicle, :, sight].tolist() == wanted


# Trips in the fourth and the fourteenth hour of three days, each read three times.
@pytest.mark.parametrize(
    ("step", "days"),
    [(0, 3), (HOUR, 3), (DAY, 3), (2 * DAY, 0), (7 * DAY, 0), (16 * HOUR, 3), (10 * HOUR, 3), (23 * HOUR, 1)],
)
def test_days_by_hand(step, days):
    """Of 16 h the stretch from the 16th to the 32nd hour is of two days, of 10 h that from the 20th, of 23 h all but one."""
    counts = counted(ZOO["two days and a night"], limits(UNLIMITED), (step, step), 72 * HOUR, 72 * HOUR)
    of = counts[0, :, 0].reshape(3, -1)
    assert (of[:, ladder.DAYS] == days).all()
    assert (of[:, ladder.READS] == 18).all()
    assert (of[:, ladder.TWICE] == 6).all()


@few
@given(worlds(), lenses_of(), hours, horizons, st.integers(1, 50), st.integers(1, 3))
def test_coarser_times_never_show_more_days(world, lens, now, horizon, step, times):
    """Stretches that are joined to longer ones leave open all that they left open."""
    exact, fine, coarse = (counted(world, lens, (k, k), now, horizon) for k in (0, step * HOUR, step * times * HOUR))
    assert (coarse <= fine).all()
    assert (fine <= exact).all()


def test_steps_that_days_are_made_of_are_not_counted_again():
    world = ZOO["two days and a night"]
    for step in (0, 1, HOUR, 8 * HOUR, DAY):
        *_, dated = held_of(world, limits(UNLIMITED), (0, step), 72 * HOUR, 72 * HOUR)
        assert dated is None
    opened, _, masks, stream, dated = held_of(world, limits(UNLIMITED), (0, 25 * HOUR), 72 * HOUR, 72 * HOUR)
    assert spans.dated(masks, opened.bucket.reads.time, stream, None) is None
    assert 0 < np.count_nonzero(dated) < np.count_nonzero(masks)


@pytest.mark.parametrize(("step", "told"), [(0, None), (1, None), (2, [[4, 6], [5, 7]]), (7, [[0, 7], [6, 13]])])
def test_times_are_told_to_the_step_and_exactly_where_it_is_a_second(step, told):
    found = spans.spans(np.array([5, 7], np.int32), np.zeros(2, np.int16), known_to(step))
    assert (found and [part.tolist() for part in found]) == told
    beside = spans.spans(np.array([5, 65, 7], np.int32), np.array([0, 1, 2], np.int16), known_to(0, 60, 1))
    assert [part.tolist() for part in beside] == [[5, 60, 7], [5, 119, 7]]


def test_the_last_second_that_can_be_told_ends_the_last_stretch():
    time = np.array([0, UNLIMITED - 1], np.int32)
    first, last = spans.spans(time, np.zeros(2, np.int16), known_to(UNLIMITED - 2))
    assert first.tolist() == [0, UNLIMITED - 2]
    assert last.tolist() == [UNLIMITED - 3, UNLIMITED]


# --- gaps -------------------------------------------------------------------------------------------------------------


def longest(world, lens, steps, now, horizon):
    """Return the kernel's gaps, [vehicles, 3, 64], s, written over whatever was there."""
    opened, asked, masks, stream, _ = held_of(world, lens, steps, now, horizon)
    told = spans.spans(opened.bucket.reads.time, stream, known_to(*steps))
    told = told or (opened.bucket.reads.time,) * 2
    out = np.full((world.vehicles * kernel.TIMES, 64), -7, np.int32)
    reads = gaps._left_open(opened, masks, told)
    kernel.longest_told(
        np.arange(world.vehicles), opened.bucket.first_read, *reads, asked.window, now, now - horizon, out
    )
    return out.reshape(world.vehicles, kernel.TIMES, 64)


gap_steps = st.sampled_from([0, 1, 600, 7 * HOUR, 24 * HOUR])


@few
@given(worlds(), lenses_of(), hours, horizons, gap_steps, gap_steps)
def test_a_gap_is_as_long_as_what_is_left_open_allows(world, lens, now, horizon, one, other):
    got = longest(world, lens, (one, other), now, horizon)
    for vehicle, sight in product(range(3), range(SIGHTS)):
        mine = [read for read in world.reads if read[2:] == (vehicle, vehicle)]
        held = naive_measures.held(mine, lambda o, age, k=sight: lens.obtains(k, o, age), world.owner_of_site, now)
        told = [
            naive_measures.cell(time, max((one, other)[world.owner_of_site[site]], 1))
            for (time, site, *_), yes in zip(mine, held, strict=True) if yes
        ]  # fmt: skip
        times = horizon, lens.window(sight), now
        assert got[vehicle, :, sight].tolist() == [
            naive_windows.longest_gap_told(told, now - past, now) for past in times
        ]


@few
@given(worlds(), lenses_of(), hours, horizons, st.integers(1, 9), st.integers(1, 3))
def test_coarser_times_never_shorten_a_gap_and_exact_ones_leave_it(world, lens, now, horizon, step, times):
    exact, fine, coarse = (longest(world, lens, (k, k), now, horizon) for k in (0, step * HOUR, step * times * HOUR))
    assert (coarse >= fine).all()
    assert (fine >= exact).all()
    opened, asked, masks, _, _ = held_of(world, lens, (0, 0), now, horizon)
    out = np.empty((3 * kernel.TIMES, 64), np.int32)
    reads = gaps._exact(opened, masks)
    kernel.longest(np.arange(3), opened.bucket.first_read, *reads, asked.window, now, now - horizon, out)
    assert np.array_equal(out.reshape(exact.shape), exact)


@pytest.mark.parametrize(
    ("reads", "step", "of_horizon", "so_far"),
    [
        ((), 2, 24, 60),  # never read
        ((37,), 1, 23, 38),  # in the hour from 37 on: unread since then, and until it ended
        ((37,), 2, 24, 38),  # from 36 on, which is where the last T begins
        ((36,), 5, 24, 40),  # from 35 to 40: it may have been before
        ((40, 50), 2, 12, 42),  # from 40 to 42, from 50 to 52
        ((40, 41), 2, 20, 42),  # of one stretch
        ((40, 41, 50), 12, 24, 48),  # from 36 to 48, from 48 to 60: from 36 to the moment
        ((59,), 50, 24, 60),  # not after the moment
    ],
)
def test_gaps_by_hand(reads, step, of_horizon, so_far):
    world = World(reads=tuple((hour * HOUR, 0, 0, 0) for hour in reads))
    got = longest(world, limits(UNLIMITED), (step * HOUR, 0), 60 * HOUR, 24 * HOUR)[0, :, 0]
    told = -(-got // HOUR)  # the last second of a stretch, not the first of the next
    assert (told[kernel.HORIZON], told[kernel.SO_FAR]) == (of_horizon, so_far)


def test_gaps_are_summed_as_far_as_records_tell():
    world = ZOO["two days and a night"]
    opened, asked, masks, stream, _ = held_of(world, limits(UNLIMITED), (DAY, DAY), 72 * HOUR, 72 * HOUR)
    told = spans.spans(opened.bucket.reads.time, stream, known_to(DAY, DAY))
    exact, coarse = (gaps.empty(1, longest=72 * HOUR) for _ in range(2))
    for sums, known in ((exact, None), (coarse, told)):
        gaps.add(sums, opened, masks, asked, np.zeros(3, np.int16), told=known)
    longest_of = [np.flatnonzero(sums.lives[0, kernel.SO_FAR, :, 0]).tolist() for sums in (exact, coarse)]
    assert longest_of == [[13, 72], [47, 72]]  # a day and the next, one second less; the car that nobody reads
