"""Pseudonyms linked by habits: against plain dictionaries and exact fractions, and by hand."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.kernels import linkage
from alprsim.measures import linkability, question
from alprsim.tables import DAY, UNLIMITED
from tests import naive_company as naive
from tests import naive_measures
from tests.test_measures_uniqueness import OWNERS, Case, lenses
from tests.worlds import HOUR, SIGHTS, table
from tests.worlds import ladder as limits

few = settings(deadline=None, derandomize=True, max_examples=50)
quarters = st.integers(0, 24).map(lambda quarter: quarter * HOUR // 4)
crowds = st.lists(st.tuples(quarters, st.integers(0, 2), st.integers(-1, 4), st.integers(0, 1)), max_size=30).map(
    lambda reads: [(time, site, plate, plate if true else 3) for time, site, plate, true in reads]
)
which_days = st.sampled_from([(0, 1), (0, 1), (0,), (1,)])
habits_of_days = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 2), st.integers(0, 4), which_days, st.booleans()), min_size=6, max_size=20
).map(
    lambda habits: [
        (day * DAY + quarter * HOUR // 4, site, plate, plate if true or day else 3)
        for quarter, site, plate, days, true in habits for day in days
    ]
)  # fmt: skip
"""Reads of most cars at the same hours and sites of two days; some are misread on the first."""
days_and_more = st.lists(st.sampled_from([HOUR, DAY, 3 * DAY, UNLIMITED]), min_size=SIGHTS, max_size=SIGHTS).map(
    lambda windows: limits(*windows)
)
SITES, TARGETS, BITS = 3, (0, 1, 2, 3), np.arange(64, dtype=np.uint64)


def asked(lens, now):
    return question.ask(lens, OWNERS, moment=now, horizon=HOUR)


def added(reads, lens, now, length, *, by_clock=False, targets=TARGETS, sums=None, also=()):
    columns = table(reads)
    sums = sums or linkability.empty(1, len(targets))
    linkability.add(
        [(sums, np.ones(len(targets), np.bool_)), *also], 0, columns, columns.site, columns.time,
        question.held(asked(lens, now), columns), linkability.last_epochs(now, length, by_clock=by_clock),
        np.array(targets, np.int32), SITES,
    )  # fmt: skip
    return sums


@few
@given(crowds, crowds)
def test_ranks_equal_exact_fractions(before, after):
    found = []
    for reads in (before, after):
        mine = [read[:3] for read in reads if read[2] >= 0]
        column = np.array(mine, np.int64).reshape(-1, 3)
        cell = column[:, 1] * 24 + column[:, 0] // HOUR % 24
        found.append((linkability.profiles(column[:, 2].astype(np.int32), cell), naive.profiles(mine)))
    (earlier, plain_earlier), (later, plain_later) = found
    cells = list(zip(later.cell // 24, later.cell % 24, strict=True))
    counted = {
        plate: dict(zip(cells[a:b], later.reads[a:b].tolist(), strict=True))
        for plate, a, b in zip(later.plate.tolist(), later.first[:-1], later.first[1:], strict=True)
    }
    assert counted == plain_later
    better, tied = linkability.ranks(earlier, later, SITES * 24)
    want = naive.ranks(plain_earlier, plain_later)
    assert dict(zip(later.plate.tolist(), zip(better.tolist(), tied.tolist(), strict=True), strict=True)) == want


@few
@given(habits_of_days, days_and_more, st.lists(st.booleans(), min_size=len(TARGETS), max_size=len(TARGETS)))
def test_some_targets_beside_are_as_if_asked_alone(reads, lens, mine):
    some, beside = np.array(mine, np.bool_), linkability.empty(1, sum(mine))
    whole = added(reads, lens, 2 * DAY, DAY, also=[(beside, some)])
    alone = added(reads, lens, 2 * DAY, DAY, targets=np.array(TARGETS)[some])
    for name in linkability.Sums._fields:
        assert getattr(beside, name).tolist() == getattr(alone, name).tolist(), name
    assert whole.asked.tolist() == added(reads, lens, 2 * DAY, DAY).asked.tolist()


@few
@given(crowds, lenses, st.integers(8, 28).map(lambda quarter: quarter * HOUR // 4), st.sampled_from([1, 2]))
def test_all_sights_at_once_equal_plain_dictionaries_one_by_one(reads, lens, now, hours):
    same_as_plain_dictionaries(reads, lens, now - now % 2, hours * HOUR)


@few
@given(habits_of_days, days_and_more, st.sampled_from([2 * DAY - 1, 2 * DAY, 2 * DAY + HOUR]))
def test_what_is_done_at_the_same_hours_is_linked_as_plain_dictionaries_link_it(reads, lens, now):
    same_as_plain_dictionaries(reads, lens, now, DAY)


def same_as_plain_dictionaries(reads, lens, now, length):
    sums = added(reads, lens, now, length)
    begin, middle, end = now + 1 - 2 * length, now + 1 - length, now + 1
    for sight in range(SIGHTS):
        held = naive_measures.held(reads, lambda o, age, sight=sight: lens.obtains(sight, o, age), OWNERS, now)
        once, five = (naive.linked(reads, held, begin, middle, end, TARGETS, n) for n in (1, 5))
        measured = begin >= 0
        got = [int(column[0, sight]) for column in sums[:4]]
        assert got[0] == measured * len(TARGETS)
        assert got[1] == measured * sum(there for there, _ in once)
        own = [measured * round(share * linkability.SCALE) for _, share in once]
        assert sums.own[:, 0, sight].tolist() == own
        assert got[2] == sum(own)
        assert got[3] == measured * sum(round(share * linkability.SCALE) for _, share in five)
        known = {r[2] for r, yes in zip(reads, held, strict=True) if yes and r[2] >= 0 and begin <= r[0] < middle}
        any_ = any(yes and r[2] >= 0 and begin <= r[0] < end for r, yes in zip(reads, held, strict=True))
        assert sums.candidates[0, sight] == measured * any_ * len(known) * len(TARGETS)


def habits(day):
    """Four cars, each read at an hour and place of its own."""
    return [(day * 24 * HOUR + hour * HOUR + 5, hour % 3, hour, hour) for hour in range(4)]


DAYS = [*habits(0), *habits(1)]
ALL = limits(UNLIMITED)


def test_steady_habits_are_linked_and_all_alike_are_a_random_pick():
    sums = added(DAYS, ALL, 48 * HOUR - 1, 24 * HOUR)
    assert sums.first[0, 0] == sums.top[0, 0] == sums.own[:, 0, 0].sum() == 4 * linkability.SCALE
    alike = [(time, 0, plate, plate) for day in (0, 24) for plate in range(4) for time in [day * HOUR + 9]]
    alike.append((9, 1, 4, 4))  # else all cells are everybody's, and say nothing
    sums = added(alike, ALL, 48 * HOUR - 1, 24 * HOUR)
    assert sums.first[0, 0] == linkability.SCALE
    assert sums.own[:, 0, 0].tolist() == [linkability.SCALE // 4] * 4
    assert sums.top[0, 0] == 4 * linkability.SCALE
    assert sums.candidates[0, 0] == 5 * 4
    assert not sums.present[0, 1:].any()


def test_what_is_everybodys_says_nothing():
    """Sixteen doublings make the weight of a cell that all share round to nothing in a crowd of 50."""
    crowd = [(day * HOUR, 0, plate, plate) for day in (0, 24) for plate in range(50)]
    sums = added(crowd, ALL, 48 * HOUR - 1, 24 * HOUR)
    assert sums.present[0, 0] == 4
    assert sums.first[0, 0] == sums.top[0, 0] == 0


def test_what_is_nearly_everybodys_says_the_least_there_is():
    crowd = [(day * HOUR, 0, plate, plate) for day in (0, 24) for plate in range(30)]
    sums = added(crowd, ALL, 48 * HOUR - 1, 24 * HOUR)
    assert sums.first[0, 0] == 4 * round(linkability.SCALE / 30)
    assert sums.top[0, 0] == 4 * round(linkability.SCALE / 6)


def test_a_profile_is_as_long_as_the_root_of_its_squares():
    """Own: eight reads each in cells 0 and 1. Another: one each there, and one in cell 2, where five more are. Asked: cell 0."""
    plate = np.repeat([1, 2, 3, 4, 5, 6, 7], [16, 3, 1, 1, 1, 1, 1]).astype(np.int32)
    cell = np.array([0, 1] * 8 + [0, 1, 2] + [2] * 5)
    later = linkability.profiles(np.array([1], np.int32), np.array([0]))
    better, tied = linkability.ranks(linkability.profiles(plate, cell), later, 3)
    assert (better.tolist(), tied.tolist()) == ([0], [1])


def test_ghosts_are_seen_but_make_nobody_present():
    ghost = [(read[0], read[1], read[2], 9) if read[2] == 0 else read for read in DAYS]
    sums = added(ghost, ALL, 48 * HOUR - 1, 24 * HOUR)
    assert sums.present[0, 0] == 3
    assert sums.first[0, 0] == 3 * linkability.SCALE
    assert sums.candidates[0, 0] == 16


def test_two_epochs_must_lie_in_the_simulated_time():
    for now, whole in ((48 * HOUR - 2, 0), (48 * HOUR - 1, 4)):
        assert added(DAYS, ALL, now, 24 * HOUR).asked[0, 0] == whole
    assert added(DAYS, ALL, 71 * HOUR, 24 * HOUR, by_clock=True).present[0, 0] == 4
    assert added(DAYS, ALL, 71 * HOUR, 24 * HOUR).present[0, 0] == 0


@pytest.mark.parametrize(
    ("moment", "by_clock", "epochs"),
    [(99, False, (80, 90, 100)), (99, True, (80, 90, 100)), (98, True, (70, 80, 90)), (98, False, (79, 89, 99))],
)
def test_epochs_end_now_or_by_the_clock(moment, by_clock, epochs):
    assert linkability.last_epochs(moment, 10, by_clock=by_clock) == epochs


@pytest.mark.parametrize(("lasts", "length"), [([], 0), ([0, UNLIMITED], 0), ([0, 9, 5, UNLIMITED], 5), ([1], 1)])
def test_a_pseudonym_lasts_as_its_shortest_stream(lasts, length):
    assert linkability.rotation(np.array(lasts, np.int32)) == length


def test_ties_are_a_random_pick():
    better, tied = np.array([0, 0, 1, 4, 3, 9, 0], np.int32), np.array([1, 4, 1, 3, 4, 1, 0], np.int32)
    assert linkability.chance(better, tied, 1).tolist() == [1, 0.25, 0, 0, 0, 0, 0]
    assert linkability.chance(better, tied, 5).tolist() == pytest.approx([1, 1, 1, 1 / 3, 0.5, 0, 0])


def test_rows_print_every_figure():
    sums = added(DAYS, ALL, 48 * HOUR - 1, 24 * HOUR, targets=(0, 1, 2, 7))
    rows = linkability.rows([sums], np.zeros(1, np.int32), [Case()], ["1d"], seed=1)
    got = {s: (v, n) for s, v, n in zip(rows.statistic, rows.value, rows.n, strict=True)}
    assert got == {
        "first_1d": (0.75, 4), "first_1d_of_present": (1, 3), "first_1d_error": (pytest.approx(0.1875**0.5 / 2), 4),
        "top5_1d": (0.75, 4), "top5_1d_of_present": (1, 3), "present_1d": (0.75, 4), "candidates_1d": (4, 4),
    }  # fmt: skip
    assert set(rows.measure) == {"linkability"}
    assert {u for s, u in zip(rows.statistic, rows.unit, strict=True) if s != "candidates_1d"} == {"share"}


def test_the_same_moment_entered_twice_leaves_the_error_as_it_is():
    sums, said = linkability.empty(1, 4), []
    for _ in range(2):
        added(DAYS, ALL, 48 * HOUR - 1, 24 * HOUR, targets=(0, 1, 2, 7), sums=sums)
        rows = linkability.rows([sums], np.zeros(1, np.int32), [Case()], ["1d"], seed=1)
        said.append(rows.value.tolist())
    assert said[0] == said[1]


def test_sights_that_hold_the_same_are_asked_once():
    words = np.array([0b0111, 0b0011, 0b0111], np.uint64)
    assert sorted((one, int(mask)) for one, mask in question.alike(words)) == [(0, 0b0011), (2, 0b0100)]
    assert question.alike(np.array([1 << 63, 0], np.uint64)) == [(63, np.uint64(1 << 63))]
    assert question.alike(np.empty(0, np.uint64)) == []


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="plain Python has no signatures")
def test_the_kernel_is_compiled_once():
    assert len(linkage.link.signatures) == 1


def linked(target, candidates, own=0):
    """Return (better, tied) of one target's {cell: weight} among candidates', straight from the kernel."""
    cells = [
        sorted((row, weight) for row, one in enumerate(candidates) for c, weight in one.items() if c == cell)
        for cell in range(3)
    ]
    first = np.cumsum([0, *map(len, cells)])
    who, weight = (
        np.array([entry[k] for cell in cells for entry in cell], t) for k, t in ((0, np.int32), (1, np.int64))
    )
    length = np.array([sum(w * w for w in one.values()) for one in candidates], np.int64)
    mine = np.array(sorted(target.items()), np.int64)
    better, tied = np.empty(1, np.int32), np.empty(1, np.int32)
    linkage.link(
        np.array([0, len(mine)]), mine[:, 0].copy(), mine[:, 1].copy(), np.array([own], np.int32), first, who, weight, length,
        better, tied,
    )  # fmt: skip
    return int(better[0]), int(tied[0])


def test_the_smallest_weights_count():
    assert linked({0: 1}, [{0: 1}]) == (0, 1)
    assert linked({0: 1}, [{0: 1, 1: 3}, {0: 1}, {2: 1}]) == (1, 1)
    assert linked({0: 1}, [{2: 1}, {0: 1}]) == (0, 0)
    assert linked({0: 1}, [{0: 1}], own=-1) == (0, 0)


def test_what_is_read_as_an_epoch_ends_is_of_the_next():
    late = [*DAYS, (48 * HOUR, 2, 7, 7), (48 * HOUR, 1, 0, 0)]
    assert added(late, ALL, 71 * HOUR, 24 * HOUR, by_clock=True).first[0, 0] == 4 * linkability.SCALE
    only = [*habits(0), (48 * HOUR, 0, 0, 0)]
    assert added(only, ALL, 71 * HOUR, 24 * HOUR, by_clock=True).present[0, 0] == 0
