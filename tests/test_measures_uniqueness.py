"""How few sightings single a car out: against plain sets, against scikit-mobility, and by hand."""

import csv
import itertools
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.kernels import unicity
from alprsim.measures import crowd, question, uniqueness
from alprsim.measures.sampling import error_of_mean
from alprsim.randomness import draw
from alprsim.tables import UNLIMITED, Cameras, Sites, VehicleKind, Vehicles
from tests import naive_measures as naive
from tests.worlds import HOUR, SIGHTS, Rules, World, rules, table
from tests.worlds import ladder as limits

few = settings(deadline=None, derandomize=True, max_examples=60)
quarters = st.integers(0, 24).map(lambda quarter: quarter * HOUR // 4)
moments = st.integers(16, 40).map(lambda quarter: quarter * HOUR // 4)
ended = rules(ages=quarters).map(lambda r: Rules(tuple((*owner, (7 * HOUR, 0)) for owner in r.pieces)))
lenses = st.one_of(ended, ended, rules(ages=quarters))  # those without an end are never measured
crowds = st.lists(st.tuples(quarters, st.integers(0, 2), st.integers(-1, 4), st.just(0)), max_size=30)
"""Reads of five plates, one of them no vehicle's, and unreadable ones, in six hours: cells are shared and cut in two."""

SITE_KEY = np.array([11, 12, 13], np.uint64)
OWNERS = np.array([0, 1, 0], np.int16)
VEHICLES, *REST = World(vehicles=4, town=(0,) * 4, kind=(VehicleKind.RESIDENT,) * 4).tables()
POINTS, BIN, SEED, EACH = 3, 2 * HOUR, 5, uniqueness.SUBSETS


class Case(NamedTuple):
    policy: str = "baseline"
    viewer: str = "police"
    sight: str = "bulk"
    retention: int = 0
    reads: str = "all"


def asked(lens, now):
    return question.ask(lens, OWNERS, moment=now, horizon=HOUR)


def added(reads, lens, now, targets=(0, 1, 2, 3), *, sums=None, seed=SEED, also=()):
    sums, targets = sums or uniqueness.empty(POINTS, len(targets)), np.array(targets, np.int32)
    put, columns = asked(lens, now), table(reads)
    known = crowd.known(columns, np.zeros(len(columns), np.int16), None, {})
    uniqueness.add(
        [(sums, np.ones(len(targets), np.bool_)), *also], known, question.held(put, columns)[known.row], put,
        targets=targets, base=uniqueness.draws(VEHICLES, targets, seed=seed), site_key=SITE_KEY, time_bin=BIN,
    )  # fmt: skip
    return sums


def left(reads, lens, sight, now):
    held = naive.held(reads, lambda o, age: lens.obtains(sight, o, age), OWNERS, now)
    return [read for read, yes in zip(reads, held, strict=True) if yes]


@few
@given(crowds, lenses, moments)
def test_the_index_lists_each_plate_once_a_cell(reads, lens, now):
    columns = table(reads)
    masks = question.held(asked(lens, now), columns)
    first, who, seen = unicity.index(columns.time, columns.site, columns.plate, masks, BIN, 6, 3)
    got = {
        cell: dict(zip(who[a:b].tolist(), seen[a:b].tolist(), strict=True))
        for cell, (a, b) in enumerate(itertools.pairwise(first)) if b > a
    }  # fmt: skip
    assert got == naive.index(reads, masks.tolist(), BIN, 6)
    assert all((np.diff(who[a:b]) > 0).all() for a, b in itertools.pairwise(first))


@settings(few, max_examples=15)
@given(crowds, lenses, moments, st.lists(st.booleans(), min_size=4, max_size=4))
def test_some_targets_beside_are_as_if_asked_alone(reads, lens, now, mine):
    some, beside = np.array(mine, np.bool_), uniqueness.empty(POINTS, sum(mine))
    whole = added(reads, lens, now, also=[(beside, some)])
    alone = added(reads, lens, now, np.flatnonzero(some))
    for name in uniqueness.Sums._fields:
        assert getattr(beside, name).tolist() == getattr(alone, name).tolist(), name
    assert whole.unique.tolist() == added(reads, lens, now).unique.tolist()


def same_as_plain_sets(reads, lens, now, targets):
    sums = added(reads, lens, now, targets)
    for sight in range(SIGHTS):
        known = lens.window(sight) <= now
        twins = [
            naive.unicity(left(reads, lens, sight, now), v, _base(v), SITE_KEY, BIN, 6, uniqueness.SUBSETS, POINTS)
            for v in targets
        ]
        assert sums.unique[:, sight].tolist() == (known * sum(alone for alone, _ in twins)).tolist()
        assert sums.own[:, :, sight].tolist() == [(known * alone).tolist() for alone, _ in twins]
        assert sums.eligible[:, sight].tolist() == [known * EACH * sum(n >= p for _, n in twins) for p in (1, 2, 3)]
        assert sums.asked[:, sight].tolist() == [known * len(targets)] * POINTS


@few
@given(crowds, lenses, moments, st.sampled_from([(0, 1, 2, 3), (2,), (1, 3)]))
def test_all_sights_at_once_equal_plain_sets_one_by_one(reads, lens, now, targets):
    same_as_plain_sets(reads, lens, now, targets)


@pytest.mark.parametrize("seed", range(6))
def test_all_sights_at_once_equal_plain_sets_in_a_crowd(seed):
    """Sixty reads of seven plates, six windows that cut through cells: few of any size are alone."""
    random = np.random.default_rng(seed)
    reads = [(int(t), int(s), int(p), 0) for t, s, p in random.integers((0, 0, 0), (6 * HOUR, 2, 7), (60, 3))]
    lens = limits(*(int(window) for window in np.sort(random.integers(HOUR, 6 * HOUR, SIGHTS))))
    same_as_plain_sets(reads, lens, 6 * HOUR, (0, 1, 2, 3))


def _base(vehicle, seed=SEED):
    return draw(uniqueness.stream(seed, "unicity subset"), VEHICLES.key[vehicle])


@few
@given(crowds, lenses, moments, st.randoms(use_true_random=False))
def test_the_order_of_reads_does_not_matter(reads, lens, now, random):
    shuffled = random.sample(reads, len(reads))
    assert all(np.array_equal(a, b) for a, b in zip(added(reads, lens, now), added(shuffled, lens, now), strict=True))


@few
@given(crowds, moments, quarters)
def test_retention_is_deletion(reads, now, window):
    """A moment when both are measured: what hiding and deleting leave is the same crowd."""
    now = max(now, window)
    kept = [read for read in reads if 0 <= now - read[0] < window]
    hidden, deleted = added(reads, limits(window), now), added(kept, limits(now), now)
    if all(read[0] > 0 for read in kept):  # age `now` is beyond a window of `now`
        assert all(np.array_equal(a[:, 0], b[:, 0]) for a, b in zip(hidden, deleted, strict=True))


ALONE = [(hour * HOUR, hour % 3, 0, 0) for hour in range(1, 10, 2)]
TWINS = [(time, site, plate, plate) for time, site, *_ in ALONE for plate in (0, 1)]


@pytest.mark.parametrize(
    ("reads", "p1", "eligible"),
    [
        (ALONE, [1, 1, 1], [1, 1, 1]),
        (TWINS, [0, 0, 0], [1, 1, 1]),
        (ALONE[:2], [1, 1, 0], [1, 1, 0]),
        ([*ALONE, *ALONE], [1, 1, 1], [1, 1, 1]),
        ([(time, site, plate, 0) for time, site, *_ in ALONE for plate in (0, -1)], [1, 1, 1], [1, 1, 1]),
        ([], [0, 0, 0], [0, 0, 0]),
    ],
)
def test_unicity_by_hand(reads, p1, eligible):
    sums = added(reads, limits(20 * HOUR), 20 * HOUR, targets=(0,))
    assert (sums.unique[:, 0] / uniqueness.SUBSETS).tolist() == p1
    assert (sums.eligible[:, 0] / EACH).tolist() == eligible


def test_rows_print_both_figures_the_eligible_share_and_the_error():
    sums = added(ALONE, limits(20 * HOUR), 20 * HOUR, targets=(0, 1))
    added(ALONE, limits(20 * HOUR), 10 * HOUR, targets=(0, 1), sums=sums)  # not measured yet: adds nothing
    rows = uniqueness.rows([sums], np.zeros(1, np.int32), [Case()], seed=1)
    got = dict(zip(rows.statistic, zip(rows.value, rows.n, strict=True), strict=True))
    assert got["p2"] == (0.5, 2)
    assert got["p2_eligible_only"] == (1.0, 1)
    assert got["p2_eligible"] == (0.5, 2)
    assert got["p2_error"] == (pytest.approx(0.5 / 2**0.5), 2)
    assert set(rows.town) == {"all"}
    assert set(rows.measure) == {"unicity"}
    assert len(rows) == 4 * POINTS
    assert {name for name in rows.statistic if "_" not in name} == {"p1", "p2", "p3"}


def test_the_same_moment_entered_twice_leaves_the_error_as_it_is():
    sums = added(ALONE, limits(20 * HOUR), 20 * HOUR, targets=(0, 1))
    once = uniqueness.rows([sums], np.zeros(1, np.int32), [Case()], seed=1)
    added(ALONE, limits(20 * HOUR), 20 * HOUR, targets=(0, 1), sums=sums)
    twice = uniqueness.rows([sums], np.zeros(1, np.int32), [Case()], seed=1)
    assert twice.value.tolist() == pytest.approx(once.value.tolist(), nan_ok=True)
    assert twice.n[0] == 2 * once.n[0]


def test_of_one_target_there_is_no_spread():
    assert error_of_mean(np.array([[3]]), np.array([1])).tolist() == [0]
    assert error_of_mean(np.array([[0], [1]]), np.array([2])).tolist() == [0.5**0.5 / 2]


def test_what_was_not_measured_has_no_value():
    rows = uniqueness.rows([added(ALONE, limits(UNLIMITED), 20 * HOUR)], np.zeros(1, np.int32), [Case()], seed=1)
    assert np.isnan(rows.value).all()
    assert not rows.n.any()


def test_plates_of_nobody_simulated_are_part_of_the_crowd():
    crowd = [(time, site, 1_000_000, 3) for time, site, *_ in ALONE]
    assert added([*ALONE, *crowd], limits(20 * HOUR), 20 * HOUR, targets=(0,)).unique[:, 0].tolist() == [0, 0, 0]


# --- who is asked -----------------------------------------------------------------------------------------------------


def crowd_of(n, kind=VehicleKind.RESIDENT):
    vehicles = Vehicles.of(
        household=range(n), garage=np.zeros(n), town=np.zeros(n), kind=[kind] * n, key=np.arange(n) * 7919 + 3
    )
    return vehicles, question.residents(vehicles, *REST)


def test_targets_are_residents_and_belong_to_their_keys():
    vehicles, people = crowd_of(200)
    chosen = uniqueness.choose(vehicles, people, 20, seed=1)
    assert len(set(chosen.tolist())) == 20
    assert (np.diff(chosen) > 0).all()
    order = np.random.default_rng(1).permutation(200)
    moved = vehicles.take(order)
    again = uniqueness.choose(moved, question.residents(moved, *REST), 20, seed=1)
    assert set(moved.key[again]) == set(vehicles.key[chosen])
    assert set(uniqueness.choose(vehicles, people, 20, seed=2)) != set(chosen)
    assert set(uniqueness.choose(vehicles, people, 30, seed=1)) > set(chosen)


def test_fewer_residents_than_targets_are_all_asked_and_visitors_never():
    assert uniqueness.choose(*crowd_of(3), 20, seed=1).tolist() == [0, 1, 2]
    assert len(uniqueness.choose(*crowd_of(3, VehicleKind.VISITOR), 20, seed=1)) == 0


def test_a_site_has_its_cameras_key_and_its_roads():
    cameras = Cameras.of(
        agency=[0, 0], kind=[0, 0], rate=[1, 1], room=[1, 1], capture=[1, 1], correct=[1, 1], key=[7, 9]
    )
    sites = Sites.of(camera=[0, 0, 1], road=[4, 5, 4], offset=[0] * 3, heading=[0] * 3)
    keys = uniqueness.site_keys(sites, cameras)
    assert len(set(keys.tolist())) == 3
    assert keys[2] == draw(np.uint64(9), 4)


# --- against scikit-mobility ------------------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.parametrize(("attack", "minutes"), [("UniqueLocationAttack", 10**6), ("LocationTimeAttack_Day", 1440)])
def test_who_can_be_singled_out_agrees_with_scikit_mobility(shared_data, attack, minutes):
    """Its risk is the worst case, 1 where some p-subset has one member: there 200 random subsets find one too."""
    reads = _peer_reads(shared_data)
    with (shared_data / "peer_fixtures" / "skmob_risks.csv").open() as file:
        risks = [
            (int(r["k"]), int(r["vehicle"]), float(r["risk"])) for r in csv.DictReader(file) if r["attack"] == attack
        ]
    scores, cells = _scores(reads, minutes * 60, subsets=200, points=3)
    compared = [(scores[v, k - 1] > 0, risk == 1.0) for k, v, risk in risks if cells[v] >= k]
    assert {mine for mine, _ in compared} == {True, False}
    assert all(mine == peer for mine, peer in compared)


def _peer_reads(shared_data):
    with (shared_data / "peer_fixtures" / "fixture_reads.csv").open() as file:
        rows = list(csv.DictReader(file))
    monday = datetime.fromisoformat("2025-03-03T00:00")
    seconds = [int((datetime.fromisoformat(row["time"]) - monday).total_seconds()) for row in rows]
    return [
        (time, int(r["camera"]), int(r["vehicle"]), int(r["vehicle"])) for time, r in zip(seconds, rows, strict=True)
    ]


def _scores(reads, bin_length, *, subsets, points):
    """Return every vehicle's subsets with one member, [vehicles, points], and its number of cells."""
    columns, held = table(reads), np.ones(len(reads), np.uint64)
    bins = int(columns.time.max()) // bin_length + 1
    known = crowd.known(columns, np.zeros(len(columns), np.int16), None, {})
    index = unicity.index(known.time, known.site, known.who, held, bin_length, bins, int(columns.site.max()) + 1)
    trace = uniqueness._trace(known, held, known.plate, bin_length, bins)
    scores, able = (np.empty((len(known.plate) * points, 64), np.int32) for _ in range(2))
    keys = trace.cell.astype(np.uint64)
    base = draw(np.uint64(3), known.plate)
    unicity.unique(
        base, trace.first, trace.who, trace.cell, keys, trace.masks, *index, subsets, points, scores, able
    )  # fmt: skip
    return scores[:, 0].reshape(-1, points), np.diff(trace.first)
