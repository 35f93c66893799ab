"""Who travels with whom: pairs counted by hashing against all pairs, and true company by hand."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.kernels import company as kernels
from alprsim.measures import company, crowd, question
from alprsim.sight import Resolution
from alprsim.tables import UNLIMITED, Truth, VehicleKind, Vehicles
from tests import naive_company as naive
from tests import naive_measures
from tests.test_measures_uniqueness import OWNERS, Case, lenses
from tests.worlds import HOUR, SIGHTS, World, table
from tests.worlds import ladder as limits

few = settings(deadline=None, derandomize=True, max_examples=50)
seconds = st.integers(0, 12)
crowds = st.lists(st.tuples(seconds, st.integers(0, 2), st.integers(-1, 3)), max_size=24)
rules = st.builds(company.Rule, st.integers(1, 3), st.integers(0, 3), st.integers(1, 3))
CAMERA = np.array([0, 1, 1], np.int32)
VEHICLES, PEOPLE, PLACES, TOWNS = World(
    vehicles=6, town=(0,) * 6, kind=(VehicleKind.RESIDENT,) * 5 + (VehicleKind.VISITOR,)
).tables()


def seen(reads, masks=None):
    column = np.array([r[:3] for r in reads], np.int32).reshape(-1, 3)
    masks = np.ones(len(reads), np.uint64) if masks is None else masks
    plates = np.arange(4000, dtype=np.int32)
    return company.arranged(column[:, 1].copy(), column[:, 0].copy(), column[:, 2].copy(), masks, CAMERA, plates)


def pairs(reads, rule, masks=None):
    """Return {pair: sights} of the ties."""
    pair, tied = company.ties(seen(reads, masks), rule)
    assert (np.diff(pair) > 0).all()
    return {(int(p) >> 32, int(p) & 0xFFFFFFFF): int(t) for p, t in zip(pair, tied, strict=True)}


@few
@given(crowds, rules, lenses, st.integers(0, 14))
def test_all_sights_at_once_equal_all_pairs_one_by_one(reads, rule, lens, now):
    four = [(*read, read[2]) for read in reads]
    got = pairs(reads, rule, question.held(question.ask(lens, OWNERS, moment=now, horizon=HOUR), table(four)))
    for sight in range(SIGHTS):
        held = naive_measures.held(four, lambda o, age, sight=sight: lens.obtains(sight, o, age), OWNERS, now)
        mine = [read for read, yes in zip(reads, held, strict=True) if yes]
        assert {pair for pair, tied in got.items() if tied >> sight & 1} == naive.ties(mine, rule, CAMERA)


@few
@given(crowds, rules, st.integers(1, 13))
def test_under_pseudonyms_that_change_co_reads_are_those_of_two_pseudonyms(reads, rule, lasts):
    renamed = [(time, site, -1 if plate < 0 else plate * 100 + time // lasts) for time, site, plate in reads]
    want = {
        tuple(sorted((one // 100, other // 100)))
        for one, other in naive.ties(renamed, rule, CAMERA)
    }  # fmt: skip
    columns = table([(*read, read[2]) for read in reads])
    once = Resolution(np.zeros(1, np.int32), np.zeros(1), np.array([lasts], np.int32))
    they = crowd.known(columns, np.zeros(len(reads), np.int16), once, {})
    words = np.ones(len(they.row), np.uint64)
    found = company.ties(company.arranged(they.site, they.time, they.who, words, CAMERA, they.plate), rule)
    cars, tied = company.of_cars(*found, they.plate)
    assert [(int(pair) >> 32, int(pair) & 0xFFFFFFFF) for pair in cars] == sorted(want)
    assert (tied == 1).all()


def test_a_car_is_no_company_of_itself():
    """Its old and its new pseudonym pass one camera: a tie, and a wrong one."""
    pair, tied = company.of_cars(
        np.array([(1 << 32) + 2, 2 << 32, 3 << 32]), np.array([1, 2, 4], np.uint64), np.array([7, 7, 7, 3], np.int32)
    )
    assert pair.tolist() == [(3 << 32) + 7, (7 << 32) + 7]
    assert tied.tolist() == [4, 3]
    assert company._same_household(pair, np.zeros(8, np.int32)).tolist() == [True, False]


@few
@given(crowds, rules, st.randoms(use_true_random=False))
def test_a_laxer_rule_never_loses_a_tie_and_order_does_not_matter(reads, rule, random):
    found = pairs(reads, rule)
    assert pairs(random.sample(reads, len(reads)), rule) == found
    wider = pairs(reads, rule._replace(window=rule.window + 1))
    fewer = pairs(reads, rule._replace(reads=1))
    anywhere = pairs(reads, rule._replace(cameras=1))
    assert set(found) <= set(wider) & set(fewer) & set(anywhere)


def test_a_cell_counts_no_further_than_it_can():
    often = [(row * 10, row % 2, plate) for row in range(300) for plate in (0, 1)]
    rule = company.Rule(255, 5, 2)
    assert pairs(often, rule) == {(0, 1): 1}
    assert pairs(often[:510], rule) == {(0, 1): 1}
    assert pairs(often[:508], rule) == {}


def test_what_is_collected_is_counted_even_without_room():
    reads, cells = seen([(0, 0, 1), (0, 0, 2), (1, 0, 3), (9, 0, 1)])[:4], np.zeros(8, np.uint8)
    assert kernels.count(*reads, 1) == 3
    kernels.sketch(*reads, 1, cells)
    assert cells.sum() == 3
    room = np.full(2, -7, np.int64), np.full(2, -7, np.int32), np.zeros(2, np.uint64)
    assert kernels.collect(*reads, 1, cells, 1, *room) == 3
    assert room[0].tolist() == [(1 << 32) + 2, (1 << 32) + 3]
    assert room[1].tolist() == [0, 0]
    assert room[2].tolist() == [1, 1]


def test_a_sight_must_hold_both_reads():
    reads = [(0, 0, 0), (0, 0, 1), (5, 1, 0), (5, 1, 1)]
    masks = np.array([0b1111, 0b0111, 0b0101, 0b1101], np.uint64)
    assert pairs(reads, company.Rule(2, 1, 2), masks) == {(0, 1): 0b0101}
    assert pairs(reads, company.Rule(1, 1, 1), masks) == {(0, 1): 0b0111}
    assert pairs(reads, company.Rule(1, 1, 3), masks) == {}
    high = masks << np.uint64(60)
    assert pairs(reads, company.Rule(2, 1, 2), high) == {(0, 1): 0b0101 << 60}


# --- what chance makes ------------------------------------------------------------------------------------------------


def test_moved_reads_keep_each_plates_own_gaps_and_lose_all_company():
    reads = [(day * 86400, site, plate) for day in range(3) for site in (0, 1) for plate in (0, 1, 2, 900)]
    still = seen(reads)
    assert len(company.ties(still, company.Rule(3, 30, 2))[0]) == 6
    moved = company.moved(still, VEHICLES, seed=1)
    assert len(company.ties(moved, company.Rule(3, 30, 2))[0]) == 0
    assert (np.lexsort((moved.who, moved.time, moved.site)) == np.arange(len(reads))).all()
    by = {}
    for plate in (0, 1, 2, 900):
        before, after = (np.sort(part.time[part.who == plate]) for part in (still, moved))
        assert len(set(after - before)) == 1
        by[plate] = int(after[0] - before[0])
    assert len(set(by.values())) == 4
    assert all(abs(shift) <= company.MOVED for shift in by.values())
    order = [2, 0, 1, 3, 4, 5]
    renamed = [(time, site, order.index(plate) if plate < 6 else plate) for time, site, plate in reads]
    again = company.moved(seen(renamed), VEHICLES.take(np.array(order)), seed=1)
    assert {int(again.time[again.who == order.index(p)].min()) for p in (0, 1, 2)} == {by[p] for p in (0, 1, 2)}


def test_moves_go_as_far_either_way():
    plates = np.arange(4000)
    still = seen([(0, 0, int(plate)) for plate in plates])
    time = company.moved(still, VEHICLES, seed=1).time
    assert time.min() < -company.MOVED + 5
    assert time.max() > company.MOVED - 5
    assert abs(time).max() <= company.MOVED


# --- who really belongs together --------------------------------------------------------------------------------------


def homes(*household):
    vehicles = Vehicles.of(
        household=household, garage=[0] * 6, town=[0] * 6, kind=VEHICLES.kind, key=VEHICLES.key
    )  # fmt: skip
    return vehicles, question.residents(vehicles, PEOPLE, PLACES, TOWNS)


def trips(*rows):
    column = np.array(rows, np.int64).reshape(-1, 4)
    zero = np.zeros(len(column))
    return Truth.of(
        vehicle=column[:, 0], depart=column[:, 1], origin=column[:, 2], destination=column[:, 3], arrive=column[:, 1] + 9,
        driver=zero, companion=zero - 1, purpose=zero,
    )  # fmt: skip


def pair(one, other):
    return (one << 32) + other


def test_true_pairs_are_residents_of_one_household():
    known = company.truth(*homes(4, 4, 4, 7, -1, 4), [])
    assert known.pairs == 3
    assert known.cars == 5
    assert known.household.tolist() == [4, 4, 4, 7, -1, -1]
    assert len(known.together) == 0


def test_two_cars_of_a_household_travel_together_if_they_leave_for_one_place_within_two_minutes():
    after = company.TOGETHER
    parts = [
        trips((0, 1000, 1, 2), (0, 5000, 1, 2), (1, 1000 + after, 1, 2), (1, 5000, 1, 2), (2, 1001 + after, 1, 2)),
        trips((3, 1000, 1, 2), (4, 1000, 1, 2), (5, 1000, 1, 2)),
    ]
    known = company.truth(*homes(4, 4, 4, 7, 8, 4), parts)
    assert known.together.tolist() == [pair(0, 1), pair(1, 2)]
    assert known.since.tolist() == [1000 + after, 1001 + after]
    for other in ((1, 1000, 3, 2), (1, 1000, 1, 3)):
        assert len(company.truth(*homes(4, 4, 4, 7, 8, 4), [trips((0, 1000, 1, 2), other)]).together) == 0
    crowd = company.truth(
        *homes(4, 4, 4, 7, 7, 4), [trips((0, 7, 1, 2), (1, 7, 1, 2), (2, 7, 1, 2), (3, 8, 1, 2), (4, 8, 1, 2))]
    )
    assert crowd.together.tolist() == [pair(0, 1), pair(0, 2), pair(1, 2), pair(3, 4)]
    assert crowd.since.tolist() == [7, 7, 7, 8]
    twice = trips((0, 7, 1, 2), (0, 8, 1, 2), (1, 9, 1, 2))
    assert company.truth(*homes(4, 4, 4, 7, 8, 4), [twice]).together.tolist() == [pair(0, 1)]


TOLD = ("ties", "right", "travelled", "pairs", "together")


def summed(now=400, lens=None, known=None, also=()):
    """Cars 1 and 2 of one household and car 3 of another pass three times together; a stranger passes with them."""
    reads = [(t, t // 100 % 2, plate) for t in (100, 200, 300) for plate in (1, 2, 3, 77)]
    columns, lens = table([(*read, read[2]) for read in reads]), lens or limits(400, UNLIMITED)
    put = question.ask(lens, OWNERS, moment=now, horizon=HOUR)
    known = known or company.truth(*homes(5, 0, 0, 7, 7, 9), [trips((1, 90, 1, 2), (2, 95, 1, 2))])
    sums = company.empty()
    company.add(
        sums, seen(reads, question.held(put, columns)), put, company.Rule(3, 0, 2), known, VEHICLES, seed=1, also=also
    )  # fmt: skip
    return sums, known


def test_ties_are_held_against_the_truth():
    sums, known = summed()
    assert [int(part[0]) for part in sums] == [1, 6, 1, 0, 0, 1, 2, 1]
    assert all(part[1] == 0 for part in sums)  # no limit: not measured
    assert [int(part[0]) for part in summed(now=499)[0][:2]] == [1, 6]
    assert [int(part[0]) for part in summed(now=500)[0][:2]] == [1, 0]  # the first reads are gone
    late = known._replace(since=np.array([401], np.int32))
    assert [int(part[0]) for part in summed(known=late)[0]] == [1, 6, 1, 0, 0, 0, 2, 0]
    then = known._replace(since=np.array([400], np.int32))
    assert [int(part[0]) for part in summed(known=then)[0]][5:] == [1, 2, 1]


def test_ties_by_chance_are_counted_alike(monkeypatch):
    monkeypatch.setattr(company, "MOVED", 0)
    sums, known = summed()
    assert [int(part[0]) for part in sums] == [1, 6, 1, 6, 1, 1, 2, 1]
    summed(also=[(mine := company.empty(), company.among(known, np.isin(np.arange(6), (1, 2))))])
    assert [int(part[0]) for part in mine] == [1, 5, 1, 5, 1, 1, 1, 1]


def test_of_some_cars_pairs_with_one_of_them_are_theirs():
    """Of cars 1 and 2 all ties but that of 3 and the stranger; of car 4, which nobody reads, none."""
    _, known = summed()
    for cars, pairs, together, every, found in (
        ((0, 3, 4), 1, 0, 9, [1, 3, 0, 0, 0, 0, 1, 0]), ((1, 2), 1, 1, 7, [1, 5, 1, 0, 0, 1, 1, 1]),
        ((4,), 1, 0, 4, [1, 0, 0, 0, 0, 0, 1, 0]), ((3, 4), 1, 0, 7, [1, 3, 0, 0, 0, 0, 1, 0]),
        ((2,), 1, 1, 4, [1, 3, 1, 0, 0, 1, 1, 1]), ((), 0, 0, 0, [1, 0, 0, 0, 0, 0, 0, 0]),
    ):  # fmt: skip
        member = np.isin(np.arange(6), cars)
        theirs = company.among(known, member)
        assert (theirs.pairs, len(theirs.together), len(theirs.since), theirs.every) == (
            pairs,
            together,
            together,
            every,
        )
        apart, _ = summed(also=[(mine := company.empty(), theirs)])
        assert [int(part[0]) for part in mine] == found
        assert all(np.array_equal(*both) for both in zip(apart, summed()[0], strict=True))
    assert known.every == 10


@few
@given(
    crowds, rules, st.lists(st.integers(0, 2), min_size=5, max_size=5), st.lists(st.integers(0, 2), min_size=5, max_size=5),
    st.sets(st.sampled_from([(0, 1), (0, 2), (1, 2), (3, 4)])),
)  # fmt: skip
def test_company_of_each_stratum_is_of_the_pairs_that_name_one(reads, rule, strata, household, together):
    """Every pair is told of the one stratum of its cars, or of both: households may be of several."""
    vehicles, people = homes(*household, 9)
    together = {(one, other) for one, other in together if household[one] == household[other]}
    known = company.truth(vehicles, people, [])._replace(
        together=np.array(sorted(pair(*one) for one in together), np.int64), since=np.zeros(len(together), np.int32)
    )
    members = [{car for car in range(5) if strata[car] == kind} for kind in range(3)]
    theirs = [company.among(known, np.isin(np.arange(6), list(cars))) for cars in members]
    sums, parts = company.empty(), [company.empty() for _ in theirs]
    put = question.ask(limits(400), OWNERS, moment=400, horizon=HOUR)
    also = list(zip(parts, theirs, strict=True))
    company.add(sums, seen(reads), put, rule, known, VEHICLES, seed=1, also=also)
    tied, of = naive.ties([read[:3] for read in reads], rule, CAMERA), dict(enumerate(household))
    for part, cars, who in ((sums, set(range(5)), known), *zip(parts, members, theirs, strict=True)):
        got = (*(int(part[name][0]) for name in map(company.Sums._fields.index, TOLD)), who.every)
        assert got == naive.of_some(of, together, tied, cars)
    mixed = sum(strata[one] != strata[other] for one, other in tied)
    assert sum(int(part.ties[0]) for part in parts) == sums.ties[0] + mixed


def test_rows_print_counts_precision_base_rate_and_recall():
    sums, known = summed()
    sums.chance[:] += 2
    sums.chance_right[:] += 1
    rows = company.rows([sums], np.zeros(1, np.int32), [Case()], known, seed=1)
    got = {s: (v, n, u) for s, v, n, u in zip(rows.statistic, rows.value, rows.n, rows.unit, strict=True)}
    assert got == {
        "ties": (6, 1, "pairs"), "ties_by_chance": (2, 1, "pairs"), "precision": (pytest.approx(1 / 6), 6, "share"),
        "precision_by_chance": (0.5, 2, "share"), "base_rate": (0.2, 10, "share"), "recall": (0.5, 2, "share"),
        "recall_of_travelled": (1, 1, "share"),
    }  # fmt: skip
    assert set(rows.measure) == {"company"}


def test_no_reads_no_ties():
    assert pairs([], company.Rule(1, 1, 1)) == {}


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="plain Python has no signatures")
@pytest.mark.parametrize("kernel", [kernels.count, kernels.sketch, kernels.collect, kernels.ties])
def test_a_kernel_is_compiled_once(kernel):
    assert len(kernel.signatures) == 1
