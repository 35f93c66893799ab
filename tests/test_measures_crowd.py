"""What is asked of everybody at once: who shares sightings, exactly counted, against plain sets."""

from itertools import pairwise
from typing import NamedTuple

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.kernels import crowd as kernels
from alprsim.kernels import favourites
from alprsim.measures import crowd, question, resolution, risk, uniqueness
from alprsim.measures.glossary import BY_NAME
from alprsim.randomness import draw
from alprsim.tables import UNLIMITED, Cameras, Int32, Sites
from tests import naive_crowd as naive
from tests.test_measures_uniqueness import SITE_KEY, VEHICLES, Case, asked
from tests.worlds import HOUR, ladder, table

few = settings(deadline=None, derandomize=True, max_examples=50)
BIN = 2 * HOUR
crowds = st.lists(
    st.tuples(st.integers(0, 11).map(lambda hour: hour * HOUR), st.integers(0, 2), st.integers(-1, 4), st.just(0)),
    max_size=24,
)  # fmt: skip
lasting = st.sampled_from([0, 3 * HOUR, 5 * HOUR, UNLIMITED])


class Seen(NamedTuple):
    """How a lens sees two streams: those of sites 0 and 1, and of site 2."""

    time_step: Int32
    place_step: np.ndarray
    rotation: Int32


def seen(*rotation, time_step=0):
    return Seen(np.full(2, time_step, np.int32), np.zeros(2), np.array(rotation, np.int32))


def known(reads, sight=None):
    columns = table(reads)
    return crowd.known(columns, (columns.site == 2).astype(np.int16), sight, {})


def readable(reads, first=0, second=0):
    """Return (time, site, pseudonym) of the reads, by plain rules."""
    return [(t, s, naive.pseudonym(p, t, second if s == 2 else first)) for t, s, p, _ in reads if p >= 0]


def everybody(reads, sight=None, time_bin=BIN):
    """Return what is known, its crowd, and where the reads of plates 0 to 3 are."""
    who = known(reads, sight)
    held = np.ones(len(who.who), np.bool_)
    return who, crowd.gather(who, held, SITE_KEY, time_bin), who.read_targets(held, np.arange(4, dtype=np.int32))


# --- who is who -------------------------------------------------------------------------------------------------------


def test_only_beside_other_names_does_a_plate_order_its_cells_anew():
    """Alone, a plate's cells are drawn as those of a pseudonym for good are: by site and time alone."""
    reads = [(HOUR, 0, 1, 0), (2 * HOUR, 2, 1, 0)]
    for alone in (None, seen(0, 0), seen(UNLIMITED, UNLIMITED)):
        assert known(reads, alone).span.tolist() == [0]
    for_good, plain = known(reads, seen(0, UNLIMITED)).span.tolist()
    assert (for_good, plain) == (0, int(draw(np.uint64(0), np.array([0]))[0]))


@few
@given(crowds, lasting, lasting)
def test_a_pseudonym_is_a_plate_during_one_span(reads, first, second):
    who = known(reads, seen(first, second))
    names = {}
    for row, one in zip(who.row.tolist(), who.who.tolist(), strict=True):
        t, s, p, _ = reads[row]
        names.setdefault(one, set()).add(naive.pseudonym(p, t, second if s == 2 else first))
        assert who.plate[one] == p
    assert sorted(who.row.tolist()) == [row for row, read in enumerate(reads) if read[2] >= 0]
    assert all(len(name) == 1 for name in names.values())
    assert {frozenset(name) for name in names.values()} == {
        frozenset([one]) for *_, one in readable(reads, first, second)
    }
    assert len(names) == len(who.plate)
    assert (np.diff(who.who) >= 0).all()
    assert (np.diff(who.plate) >= 0).all()


def test_times_are_known_to_the_step_but_pseudonyms_change_by_the_clock():
    who = known([(5 * HOUR, 0, 0, 0), (7 * HOUR, 0, 0, 0)], seen(6 * HOUR, 0, time_step=4 * HOUR))
    assert who.time.tolist() == [4 * HOUR, 4 * HOUR]
    assert who.who.tolist() == [0, 1]


@few
@given(crowds, st.lists(st.booleans(), min_size=24, max_size=24))
def test_the_reads_of_targets_stand_where_they_are_held(reads, keep):
    who = known(reads, seen(3 * HOUR, 0))
    held = np.array(keep[: len(who.who)], np.bool_)
    plates = who.plate[who.who[held]]
    for (begin, end), target in zip(
        who.read_targets(held, np.arange(6, dtype=np.int32)).reshape(-1, 2).tolist(), range(6), strict=True
    ):
        assert plates[begin:end].tolist() == plates[plates == target].tolist()


# --- who was where ----------------------------------------------------------------------------------------------------


def scattered(seed, n=2000, reads=900, cells=6):
    """Return reads of many: of n plates, cells of all sizes, one to a third of all; half of the reads are of plates 0 to 7."""
    random = np.random.default_rng(seed)
    plate = np.where(random.random(reads) < 0.5, random.integers(0, 8, reads), random.integers(0, n, reads))
    cell = np.minimum(random.geometric(0.4, reads) - 1, cells)
    dense = [(int(c), int(p)) for c in range(2) for p in random.permutation(n)[: n // (8 + 20 * c)]]
    pairs = sorted(
        {*zip(cell.tolist(), plate.tolist(), strict=True), *dense, (cells + 1, n - 1)}, key=lambda one: one[1]
    )
    return [(c // 3 * BIN + int(random.integers(0, BIN)), c % 3, p, p) for c, p in pairs]


@pytest.mark.parametrize("seed", range(3))
def test_the_index_lists_everybody_once_and_marks_crowded_cells(seed):
    reads = scattered(seed)
    _, found, _ = everybody(reads)
    bins = int(max(t for t, *_ in reads)) // BIN + 1
    cells = naive.members([(t, s, p) for t, s, p, _ in reads], BIN)
    numbers = {plate: n for n, plate in enumerate(sorted({p for _, _, p, _ in reads}))}
    words = (found.pseudonyms + 63) // 64
    for cell, (begin, end) in enumerate(pairwise(found.first.tolist())):
        here = {numbers[p] for p in cells.get((cell // bins, cell % bins), set())}
        assert found.member[begin:end].tolist() == sorted(here)
        assert (found.row[cell] >= 0) == (len(here) * kernels.CROWDED > len(numbers))
        if found.row[cell] >= 0:
            bits = np.unpackbits(
                found.bits[found.row[cell] : found.row[cell] + words].view(np.uint8), bitorder="little"
            )
            assert np.flatnonzero(bits).tolist() == sorted(here)
    assert {bool(row) for row in found.row[np.diff(found.first) > 0] >= 0} == {True, False}
    assert found.cell.tolist() == [s * bins + t // BIN for t, s, *_ in sorted(reads, key=lambda read: read[2])]


def test_a_cell_is_crowded_by_more_than_one_in_so_many():
    reads = [(0, min(plate, 2), plate, plate) for plate in range(kernels.CROWDED)]
    assert (everybody(reads)[1].row >= 0).tolist() == [False, False, True]


# --- how many share ---------------------------------------------------------------------------------------------------


def key_of(spans):
    """Return the key of a cell under a pseudonym, as `crowd.cell_keys` makes it."""
    return lambda cell, who: draw(draw(SITE_KEY[cell[0]], cell[1]), *([spans[who]] if spans.get(who) else []))


def spans_of(reads, who, first, second):
    """Return {pseudonym by plain rules: the number that `Known` gives its span}."""
    found = {}
    for row, one in zip(who.row.tolist(), who.who.tolist(), strict=True):
        t, s, p, _ = reads[row]
        found[naive.pseudonym(p, t, second if s == 2 else first)] = who.span[one]
    return found


@few
@given(crowds, lasting, lasting)
def test_sharing_equals_plain_sets(reads, first, second):
    who, found, ranges = everybody(reads, seen(first, second))
    base = draw(np.uint64(9), np.arange(4))
    got = resolution.sharing(found, ranges, base, points=3)
    plain, spans = readable(reads, first, second), spans_of(reads, who, first, second)
    for target in range(4):
        mine = {one for *_, one in plain if one[0] == target}
        assert got[target].tolist() == naive.sharing(plain, mine, base[target], key_of(spans), BIN, 3)
    assert (np.diff(got, axis=1) <= 0).all()


@pytest.mark.parametrize("seed", range(8))
def test_sharing_equals_plain_sets_in_a_crowd(seed):
    """Lists and bits, long and short, in every order."""
    reads = scattered(seed)
    _, found, _ = everybody(reads)
    plates = sorted({p for *_, p in reads})
    base = draw(np.uint64(seed), np.arange(len(plates)))
    ranges = np.searchsorted(found.who, [[n, n + 1] for n in range(len(plates))]).reshape(-1)
    got = resolution.sharing(found, ranges, base, points=6)
    plain = [(t, s, p) for t, s, p, _ in reads]
    for n in [*range(8), *range(8, len(plates), 40)]:
        assert got[n].tolist() == naive.sharing(plain, {plates[n]}, base[n], key_of({}), BIN, 6)
    assert len(np.unique(got[:, 1])) > 3


def mingled(seed, n, cells, share):
    """Return reads of plates that are in each of some cells by chance, as often as ``share`` says, and all in the first."""
    here = np.random.default_rng(seed).random((n, cells)) < share
    here[:, 0] = True
    return [(int(c) // 3 * BIN, int(c) % 3, int(p), int(p)) for p, c in np.argwhere(here)]


@pytest.mark.parametrize(("n", "cells", "share"), [(7, 9, 0.4), (90, 30, 0.03), (300, 12, 0.03), (130, 8, 0.5)])
def test_everybody_equals_plain_sets_where_all_mingle(n, cells, share):
    """From a few plates of which two at a time are together, to lists and bits of many words: everyone of them."""
    reads = mingled(n, n, cells, share)
    _, found, _ = everybody(reads)
    base, plain = draw(np.uint64(n), np.arange(n)), [(t, s, p) for t, s, p, _ in reads]
    ranges = np.searchsorted(found.who, [[one, one + 1] for one in range(n)]).reshape(-1)
    got, (worst, cut) = resolution.sharing(found, ranges, base, points=4), risk.worst_sharing(found, ranges)
    some = range(0, n, max(n // 40, 1))
    assert [got[one].tolist() for one in some] == [
        naive.sharing(plain, {one}, base[one], key_of({}), BIN, 4) for one in some
    ]
    assert [worst[one].tolist() for one in some[:9]] == [naive.fewest(plain, {one}, BIN, 3) for one in some[:9]]
    assert not cut.any()


def test_friends_among_many_meet_in_lists():
    """Up to twelve of 25 friends meet at a time, too few for bits; their numbers share few words, some a word's first."""
    friends, others = np.arange(0, 400, 16), np.setdiff1d(np.arange(400), np.arange(0, 400, 16))
    random = np.random.default_rng(1)
    met = [
        (cell, int(one))
        for cell in range(1, 21)
        for one in random.choice(friends, random.integers(4, 13), replace=False)
    ]
    reads = sorted(
        [(c // 3 * BIN, c % 3, one, one) for c, one in [*met, *((0, int(one)) for one in others)]],
        key=lambda read: read[2],
    )
    _, found, _ = everybody(reads)
    base, plain = draw(np.uint64(2), np.arange(25)), [(t, s, p) for t, s, p, _ in reads]
    ranges = np.searchsorted(found.who, [[one, one + 1] for one in friends]).reshape(-1)
    got = resolution.sharing(found, ranges, base, points=4).tolist()
    assert got == [naive.sharing(plain, {int(one)}, base[n], key_of({}), BIN, 4) for n, one in enumerate(friends)]


@pytest.mark.parametrize("base", range(12))
def test_the_first_cell_may_be_any_of_a_targets_pseudonyms(base):
    reads = [(n * BIN, 0, plate, plate) for n in range(4) for plate in range(4 - n)]
    _, found, ranges = everybody(reads, seen(BIN, BIN))
    key, plain = np.full(4, base, np.uint64), readable(reads, BIN, BIN)
    got = resolution.sharing(found, ranges, key, points=1)[0].tolist()
    mine = {one for *_, one in plain if one[0] == 0}
    assert got == naive.sharing(
        plain, mine, key[0], key_of(spans_of(reads, known(reads, seen(BIN, BIN)), BIN, BIN)), BIN, 1
    )


def test_a_sharing_that_repeats_is_of_the_target_alone():
    reads = [(hour * HOUR, hour % 3, 0, 0) for hour in (1, 1, 1, 5)]
    _, found, ranges = everybody(reads)
    assert resolution.sharing(found, ranges, np.zeros(4, np.uint64), points=3).tolist() == [[1, 1, 0], *[[0] * 3] * 3]


# --- the worst case ---------------------------------------------------------------------------------------------------


@few
@given(crowds, lasting, lasting)
def test_the_worst_case_equals_trying_everything(reads, first, second):
    _, found, ranges = everybody(reads, seen(first, second))
    sharing, cut = risk.worst_sharing(found, ranges)
    plain = readable(reads, first, second)
    for target in range(4):
        mine = {one for *_, one in plain if one[0] == target}
        assert sharing[target].tolist() == naive.fewest(plain, mine, BIN, 3)
    assert not cut.any()
    risks = risk.risks(sharing)
    assert (np.diff(risks, axis=1) >= 0).all()
    assert ((risks > 0) == (sharing > 0)).all()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("points", [1, 2, 3])
def test_the_worst_case_equals_trying_everything_in_a_crowd(seed, points):
    reads = scattered(seed, cells=8)
    _, found, ranges = everybody(reads)
    sharing, cut = risk.worst_sharing(found, ranges, points=points)
    plain = [(t, s, p) for t, s, p, _ in reads]
    assert sharing.tolist() == [naive.fewest(plain, {target}, BIN, points) for target in range(4)]
    assert not cut.any()


def test_the_worst_case_equals_trying_everything_where_more_meet_than_a_word_has_bits():
    reads = mingled(280, 280, 7, 0.5)
    _, found, ranges = everybody(reads)
    sharing, _ = risk.worst_sharing(found, ranges)
    plain = [(t, s, p) for t, s, p, _ in reads]
    assert sharing.tolist() == [naive.fewest(plain, {target}, BIN, 3) for target in range(4)]


TWINS = [(hour * HOUR, hour % 3, plate, 0) for hour in range(0, 24, 2) for plate in (0, 1)]


def test_a_search_cut_short_says_so_and_is_a_bound():
    reads = scattered(0, cells=8)
    _, found, ranges = everybody(reads)
    exact, _ = risk.worst_sharing(found, ranges)
    bound, cut = risk.worst_sharing(found, ranges, most=1)
    assert (bound >= exact).all()
    assert (bound[:, 0] == exact[:, 0]).all()
    assert (bound > exact).any()
    assert cut[(bound > exact).any(axis=1)].all()
    _, found, ranges = everybody(TWINS)
    together, cut = risk.worst_sharing(found, ranges, most=1)
    assert together.tolist() == [[2] * 3, [2] * 3, [0] * 3, [0] * 3]  # nothing singles out twins: no search at all
    assert not cut.any()


THREE = [{0, 1, 2}, {0, 1, 3}, {0, 2, 3}]
"""Any two of the cells leave two, all three one."""
FOUR = [{0, 1, 2, 3}, {0, 1, 2, 4}, {0, 1, 3, 4}, {0, 2, 3, 4}]
"""Any three leave two, all four one."""


@pytest.mark.parametrize(
    ("cells", "most", "fewest", "cut"),
    [
        (THREE, 6, [3, 2, 2], True),  # two rows of bits of three members: six steps, and none is left for both at once
        (THREE, 7, [3, 2, 1], True),  # a step more finds the three; whether two alone do is not known
        (THREE, 8, [3, 2, 1], False),
        ([{0, 1, 2, 3}, *THREE], 16, [3, 2, 1], True),  # 9 + 1 and 6: found at once, no other three is looked at
        ([{0, 1, 2, 3}, *THREE], 17, [3, 2, 1], False),
        ([{0, 1, 2}, {0, 1, 3, 4}, {0, 2, 5, 6}], 99, [3, 1, 1], False),  # the two that are fullest tell most
        (FOUR, 28, [4, 3, 2], True),  # 12 + 3, 8 + 1 and 4
        (FOUR, 29, [4, 3, 2], False),
        ([{0, 1}], 0, [2, 2, 2], False),  # nothing to search
    ],
)
def test_a_search_takes_so_many_steps(cells, most, fewest, cut):
    reads = sorted([(n * BIN, 0, one, one) for n, cell in enumerate(cells) for one in cell], key=lambda read: read[2])
    _, found, ranges = everybody(reads)
    sharing, short = risk.worst_sharing(found, ranges, most=most)
    assert (sharing[0].tolist(), bool(short[0])) == (fewest, cut)


# --- the cameras that see a car most ----------------------------------------------------------------------------------


@few
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=30))
def test_favourites_are_those_counted_most(pairs):
    pairs = sorted(pairs, key=lambda one: one[0])
    who, camera = (np.array([one[n] for one in pairs], np.int32) for n in range(2))
    name = np.empty(4 * 3, np.int64)
    favourites.favourites(who, camera, 5, 3, name)
    for n in range(3):
        tops = [naive.top([c for w, c in pairs if w == one], n + 1) for one in range(4)]
        mine = name.reshape(4, 3)[:, n].tolist()
        assert [one >= 0 for one in mine] == [one is not None for one in tops]
        assert all(
            (a == b) == (x == y) for a, x in zip(mine, tops, strict=True) for b, y in zip(mine, tops, strict=True)
        )


def test_favourites_by_hand():
    """Whatever the order of their counts, equal sets have one number: the cameras as digits to the base 7."""
    lives = [[5, 5, 5, 3, 3, 1], [1, 1, 1, 3, 3, 5], [3, 3, 3, 3, 1, 1, 5], [5, 3, 1], [0, 6, 6]]
    who = np.repeat(np.arange(5), [len(life) for life in lives]).astype(np.int32)
    name = np.empty(5 * 3, np.int64)
    favourites.favourites(who, np.concatenate(lives).astype(np.int32), 7, 3, name)
    every = (1 * 7 + 3) * 7 + 5
    assert name.reshape(5, 3).tolist() == [[5, 26, every], [1, 10, every], [3, 10, every], [1, 10, every], [6, 6, -1]]


@few
@given(crowds, lasting)
def test_who_shares_a_top_set(reads, lasts):
    who = known(reads, seen(lasts, lasts))
    camera, residents = np.array([2, 0, 1], np.int32), np.array([1, 2, 3, 5], np.int32)
    got = risk.sharing_top(who, np.ones(len(who.who), np.bool_), camera, residents)
    lives = {}
    for _, s, one in readable(reads, lasts, lasts):
        lives.setdefault(one, []).append(int(camera[s]))
    for row, plate in enumerate(residents.tolist()):
        mine = sorted((one for one in lives if one[0] == plate), key=lambda one: (-len(lives[one]), one))
        for n in range(3):
            top = naive.top(lives[mine[0]], n + 1) if mine else None
            same = sum(naive.top(life, n + 1) == top for life in lives.values())
            assert got[row, n] == (same if top is not None else 0)


def test_equal_cameras_rank_by_their_key():
    one = [1] * 3
    cameras = Cameras.of(agency=[0] * 3, kind=[0] * 3, rate=one, room=one, capture=one, correct=one, key=[9, 4, 7])
    sites = Sites.of(camera=[0, 1, 2, 0], road=[0] * 4, offset=[0] * 4, heading=[0] * 4)
    assert risk.ranked(cameras, sites).tolist() == [2, 0, 1, 2]


# --- pseudonyms that change, in unicity -------------------------------------------------------------------------------


@few
@given(crowds, lasting, lasting)
def test_unicity_knows_sightings_of_one_pseudonym(reads, first, second):
    who = known(reads, seen(first, second))
    put, columns = asked(ladder(11 * HOUR), 12 * HOUR), table(reads)
    targets = np.arange(4, dtype=np.int32)
    sums, base = uniqueness.empty(3, len(targets)), uniqueness.draws(VEHICLES, targets, seed=5)
    masks = question.held(put, columns)[who.row]
    every = [(sums, np.ones(4, np.bool_))]
    uniqueness.add(every, who, masks, put, targets=targets, base=base, site_key=SITE_KEY, time_bin=BIN)
    held = [read for read in reads if 12 * HOUR - read[0] < 11 * HOUR]
    plain, spans = readable(held, first, second), spans_of(reads, who, first, second)
    unique = able = 0
    for target in range(4):
        mine = {one for *_, one in plain if one[0] == target}
        for subset in range(uniqueness.SUBSETS):
            sizes = naive.sharing(plain, mine, draw(base[target], subset), key_of(spans), BIN, 3)
            unique += np.array(sizes) == 1
            able += np.array(sizes) > 0
    assert sums.unique[:, 0].tolist() == unique.tolist()
    assert sums.eligible[:, 0].tolist() == able.tolist()


# --- the law ----------------------------------------------------------------------------------------------------------


def test_the_law_is_found_again_and_is_the_published_one():
    scale = np.array([0.25, 1.0, 4.0, 24.0, 96.0])
    law = resolution.fit(scale, 1.83 - scale**0.129)
    assert law == pytest.approx((1.83, 0.129, 0), abs=1e-12)
    assert resolution.published(4) == pytest.approx(0.129)
    assert 2 ** resolution.published(4) - 1 == pytest.approx(0.093, abs=1e-3)
    assert 2 ** resolution.published(10) - 1 == pytest.approx(0.062, abs=1e-3)


def test_what_the_law_misses_is_told_and_two_cells_tell_no_law():
    scale = np.array([1.0, 1.0, 4.0, 4.0, 9.0, 9.0])
    share = 1.9 - scale**0.1 + np.array([0.01, -0.01] * 3)
    assert resolution.fit(scale, share) == pytest.approx((1.9, 0.1, 0.01), abs=1e-9)
    assert np.isnan(resolution.fit(scale[:4], share[:4])).all()
    assert not np.isnan(resolution.fit(scale, np.append(share[:5], np.nan))).any()


def test_a_law_that_misses_much_is_told_with_what_it_misses():
    scale = np.array([1.0, 1.0, 4.0, 4.0, 9.0, 9.0])
    told = resolution.fit(scale, 1.85 - scale**0.1 + 0.0999 * np.array([1, -1] * 3))
    assert told == pytest.approx((1.85, 0.1, 0.0999), abs=1e-9)
    assert told.residual > resolution.POOR


def test_a_law_whose_power_stands_on_its_bound_is_withheld():
    """Nobody unique, or all: any small β would do; and steeper than is tried."""
    scale, below = np.array([0.25, 1.0, 4.0]), np.array([0.3, 0.6, 0.9])
    for share in ([0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.5, 0.5, 0.5]):
        law = resolution.fit(scale, np.array(share))
        assert np.isnan(law[:2]).all()
        assert 0 <= law.residual < 0.002
    steep = resolution.fit(below, 0.95 - below**2.3)
    assert np.isnan(steep[:2]).all()
    assert steep.residual < resolution.POOR
    assert resolution.fit(below, 0.95 - below**1.999)[:2] == pytest.approx((0.95, 1.999))


@pytest.mark.parametrize("alpha", [1.95, 1.1])
def test_of_shares_that_are_none_the_best_law_of_shares_is_told(alpha):
    """At the finest cell 1.11, or −0.1 at the coarsest: α is moved to where the law says 1, or 0, there."""
    scale = np.array([0.25, 1.0, 4.0])
    law = resolution.fit(scale, alpha - scale**0.129)
    ends = law.alpha - scale[[0, -1]] ** law.beta
    assert (ends[0] == pytest.approx(1.0), ends[1] == pytest.approx(0.0)) == (alpha > 1.5, alpha < 1.5)
    assert 0.05 < law.residual < 0.1


def test_a_law_may_say_of_the_finest_cell_all_and_of_the_coarsest_nobody():
    assert resolution.fit(np.array([1.0, 1.5, 2.0]), np.array([1.0, 0.5, 0.0])) == (2, 1, 0)


@given(st.lists(st.tuples(st.sampled_from([0.25, 0.5, 1.0, 4.0, 24.0]), st.floats(0, 1)), max_size=6))
@few
def test_whatever_law_is_told_says_shares(cells):
    scale, share = (np.array(column, np.float64) for column in (zip(*cells, strict=True) if cells else ((), ())))
    alpha, beta, residual = resolution.fit(scale, share)
    if np.isnan(alpha):
        assert np.isnan(beta)
        assert np.isnan(residual) == (len(set(scale)) < 3)
        return
    said = alpha - scale**beta
    assert ((said >= -1e-9) & (said <= 1 + 1e-9)).all()
    assert residual == pytest.approx(np.sqrt(np.mean((said - share) ** 2)))
    assert resolution.EXPONENTS[0] < beta < resolution.EXPONENTS[-1]


def test_a_car_alone_in_its_cell_has_it_and_is_unique():
    sums = resolution.empty(1, 1)
    _, found, ranges = everybody([(0, 0, 0, 0)])
    resolution.add(sums, found, ranges, draw(np.uint64(1), np.arange(4)), [3], size=0)
    assert [int(part[0, 0, 3]) for part in sums] == [4, 1, 1, 1]


def test_rows_of_resolutions():
    cells = [resolution.Cell(900 * 4**n, 250.0 * n, 2.0) for n in range(3)]
    assert [cell.scale for cell in cells] == [0.5, 2.0, 8.0]
    sums = resolution.empty(3, 2)
    _, found, ranges = everybody([*TWINS, (11 * HOUR, 1, 0, 0), (12 * HOUR, 0, 0, 0)], time_bin=HOUR)
    for size in range(3):
        some = resolution.empty(3, 2), np.array([True, False, True, True])
        resolution.add(sums, found, ranges, draw(np.uint64(1), np.arange(4)), [3, 5], size=size, also=[some])
        of_some = resolution.sharing(found, ranges, draw(np.uint64(1), np.arange(4)), points=2)[some[1]]
        assert some[0].asked[size, :, 5].tolist() == [3, 3]
        assert some[0].eligible[size, :, 3].tolist() == (of_some > 0).sum(axis=0).tolist()
        assert some[0].unique[size, :, 3].tolist() == (of_some == 1).sum(axis=0).tolist()
        assert some[0].sizes[size, :, 3].tolist() == of_some.sum(axis=0).tolist()
    rows = resolution.rows([sums], np.array([3], np.int32), [Case()], cells, seed=1)
    got = dict(zip(rows.statistic, zip(rows.value, rows.n, rows.unit, strict=True), strict=True))
    assert got["p1_900s_0m_eligible_only"][1:] == (2, "share")
    assert got["p1_900s_0m"][1:] == (4, "share")
    assert got["p1_900s_0m"][0] == got["p1_900s_0m_eligible_only"][0] / 2
    assert got["p2_14400s_500m_sharing"][2] == "plates"
    assert got["p2_published_beta"] == (pytest.approx(0.143), 4, "")
    assert got["p1_fitted_residual"][0] >= got["p2_fitted_residual"][0] >= 0
    assert got["p2_3600s_250m_sharing"][0] == sums.sizes[1, 1, 3] / 2
    assert set(rows.measure) == {"unicity_scaling"} <= set(BY_NAME)
    none = resolution.rows([resolution.empty(3, 2)], np.array([3], np.int32), [Case()], cells, seed=1)
    assert np.isnan(none.value[~np.char.endswith(none.statistic, "published_beta")]).all()
    assert not none.n.any()


# --- rows of sets and worst cases -------------------------------------------------------------------------------------


@given(st.integers(0, 2**31 - 1))
@few
def test_a_histogram_is_exact_below_256_and_close_beyond(number):
    slot = risk.slot(np.array([number, max(number - 1, 0)], np.int32))
    value = int(risk.of_slot(slot)[0])
    assert value == number if number < 256 else 0.99 * number < value <= number
    assert slot[1] <= slot[0] < risk.SLOTS


def test_rows_of_sets():
    sums = risk.no_sets()
    risk.add_sets(sums, np.array([[3, 0, 0], [4, 2, 0], [5, 5, 0], [0, 0, 0]]), [2, 7])
    risk.add_sets(sums, np.array([[900, 0, 0]]), [2])
    rows = risk.rows_of_sets([sums], np.array([2], np.int32), [Case()], seed=1)
    got = dict(zip(rows.statistic, zip(rows.value, rows.n, strict=True), strict=True))
    assert got["top1_below_5"] == (2 / 5, 5)
    assert got["top1_below_5_defined_only"] == (2 / 4, 4)
    assert got["top1_defined"] == (4 / 5, 5)
    assert got["top1_median"] == (4, 4)
    assert got["top2_median"] == (2, 2)
    assert got["top3_defined"] == (0, 5)
    assert np.isnan(got["top3_median"][0])
    assert set(rows.measure) == {"top_anonymity_set"} <= set(BY_NAME)


def test_rows_of_worst_cases():
    sums = risk.no_worst(2)
    risk.add_worst(sums, np.array([[4, 2, 1], [0, 0, 0]], np.int32), np.array([True, False]), [0, 1])
    risk.add_worst(sums, np.array([[1, 1, 1], [4, 4, 2]], np.int32), np.array([True, True]), [1])
    rows = risk.rows_of_worst([sums], np.array([1], np.int32), [Case()], seed=1)
    got = dict(zip(rows.statistic, zip(rows.value, rows.n, strict=True), strict=True))
    assert got["p1"] == (pytest.approx(1.5 / 4, abs=1e-9), 4)
    assert got["p2"] == (pytest.approx(1.75 / 4, abs=1e-9), 4)
    means = np.array([0.75, 0.125])  # of each target over its two moments: one draw
    assert got["p2_error"][0] == pytest.approx(np.std(means) / np.sqrt(2), abs=1e-6)
    assert [got[f"p{p}_certain"][0] for p in (1, 2, 3)] == [0.25, 0.25, 0.5]
    assert [got[f"p{p}_bounded"][0] for p in (1, 2, 3)] == [0, 0.5, 0.25]
    assert set(rows.measure) == {"worst_case_risk"} <= set(BY_NAME)


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="plain Python has no signatures")
@pytest.mark.parametrize("kernel", [kernels.index, kernels.sizes, kernels.worst, favourites.favourites])
def test_a_kernel_is_compiled_once(kernel):
    assert len(kernel.signatures) == 1


def test_nobody_is_no_crowd():
    who, found, ranges = everybody([])
    assert len(who.plate) == 0
    assert not resolution.sharing(found, ranges, np.zeros(4, np.uint64), points=2).any()
    assert not risk.worst_sharing(found, ranges)[0].any()
    assert not risk.sharing_top(who, np.ones(0, np.bool_), np.zeros(3, np.int32), np.arange(3, dtype=np.int32)).any()
