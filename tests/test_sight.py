"""What a viewer holds at a moment: the lens of many policies against the plain mask of one."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import custody as rules
from alprsim.sight import SOURCES, Case, Streams, by_source, held, lenses, oldest
from alprsim.tables import UNLIMITED, AgencyKind, Reads
from tests.naive_custody import custodies, custody, obtainable

SIGHTS = ("bulk", "request")


def cases_of(spec, *retentions):
    """Return the table of agencies and a case for each viewer, sight and retention of the departments."""
    table = rules.agencies(spec)
    cases = []
    for retention in retentions:
        access = rules.access(rules.with_retention(spec, "departments", retention), table, range(len(table)))
        cases += [
            Case("policy", str(table.name[v]), sight, retention, access, v)
            for v in range(len(table))
            for sight in SIGHTS
        ]
    return table, cases


def look_up(steps, bit, owner, age):
    pieces = slice(steps.first[owner], steps.first[owner + 1])
    piece = steps.first[owner] + np.searchsorted(steps.age[pieces], age, side="right") - 1
    return bool(steps.cases[piece] >> np.uint64(bit) & np.uint64(1))


def owners(table):
    return Streams.of_owners(len(table))


@settings(deadline=None, derandomize=True)
@given(custodies())
def test_a_lens_says_what_the_rows_say(spec):
    table, cases = cases_of(spec, 0, 2, UNLIMITED)
    found, place = lenses(cases, owners(table))
    steps = [lens.at(20) for lens in found]
    for case, at in zip(cases, place, strict=True):
        lens, bit = steps[at // 64], at % 64
        for owner in range(len(table)):
            for age in range(14):
                plain = obtainable(case.access, case.viewer_row, owner, case.sight, 20 - age, 20)
                assert look_up(lens, bit, owner, age) == plain


@settings(deadline=None, derandomize=True)
@given(custodies())
def test_a_read_is_of_one_source_and_sources_make_up_the_whole(spec):
    table, cases = cases_of(spec, 2)
    for case in cases:
        parts = by_source(case, table)
        assert [part.reads for part in parts] == list(SOURCES)
        for owner in range(len(table)):
            commercial = table.kind[owner] == AgencyKind.POOL
            source = "commercial" if commercial else "own" if owner == case.viewer_row else "peers"
            for age in range(14):
                seen = {p.reads for p in parts if obtainable(p.access, p.viewer_row, owner, p.sight, 0, age)}
                whole = obtainable(case.access, case.viewer_row, owner, case.sight, 0, age)
                assert seen == ({source} if whole else set())


@settings(deadline=None, derandomize=True)
@given(custodies())
def test_a_lens_is_well_formed_and_says_nothing_twice(spec):
    table, cases = cases_of(spec, 1, 3)
    found, place = lenses(cases, owners(table))
    assert len(found) == place.max() // 64 + 1
    for lens in found:
        steps = lens.at(20)
        assert steps.first[0] == 0
        assert steps.first[-1] == len(steps.age) == len(steps.cases)
        for owner in range(len(table)):
            ages = steps.age[steps.first[owner] : steps.first[owner + 1]]
            bits = steps.cases[steps.first[owner] : steps.first[owner + 1]]
            assert ages[0] == 0
            assert np.all(ages[1:] > ages[:-1])
            assert np.all(bits[1:] != bits[:-1])


def test_more_than_64_sights_take_more_lenses():
    spec = custody({"a": {}, "b": {}}, {"giver": "a", "taker": "b", "kind": "query"})
    table, cases = cases_of(spec, *range(1, 101))
    found, place = lenses(cases, owners(table))
    assert [len(found), place.max()] == [5, 299]  # a's own, b's own, b's on request, at 100 retentions
    by_case = {(case.viewer_row, case.sight, case.retention): at for case, at in zip(cases, place, strict=True)}
    assert by_case[0, "bulk", 70] == by_case[0, "request", 70]
    assert by_case[1, "bulk", 70] != by_case[1, "request", 70]
    for retention in range(1, 101):
        lens, bit = found[by_case[1, "request", retention] // 64], by_case[1, "request", retention] % 64
        assert [look_up(lens.at(200), bit, 0, age) for age in (retention - 1, retention)] == [True, False]


def test_a_retention_that_a_copy_outlives_is_the_same_sight():
    spec = custody(
        {"a": {}, "ICE": {"kind": "consumer", "retention": "1826 d"}}, {"giver": "a", "taker": "ICE", "kind": "mirror"}
    )
    table, cases = cases_of(spec, 60, 3600)
    _, place = lenses(cases, owners(table))
    ice = [at for case, at in zip(cases, place, strict=True) if case.viewer == "ICE"]
    assert len(set(ice)) == 1


def test_the_oldest_obtainable_age():
    agencies = {"a": {}, "b": {"kind": "pool", "retention": "9 s"}, "c": {"kind": "consumer"}}
    spec = custody(agencies, {"giver": "a", "taker": "c", "kind": "query"}, retention="7 s")
    _, cases = cases_of(spec, 0, UNLIMITED)
    ages = {(case.viewer, case.sight, case.retention): age for case, age in zip(cases, oldest(cases), strict=True)}
    assert [ages["a", "bulk", 0], ages["a", "bulk", UNLIMITED], ages["b", "bulk", 0]] == [0, UNLIMITED, 9]
    assert [ages["c", "bulk", UNLIMITED], ages["c", "request", UNLIMITED]] == [7, UNLIMITED]


READS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2), st.integers(-1, 3)), max_size=6)


def reads_of(rows):
    time, site, plate = np.array(rows, np.int32).reshape(-1, 3).T
    return Reads.of(time=time, site=site, plate=plate, vehicle=plate * 0)


@settings(deadline=None, derandomize=True)
@given(custodies(), READS, st.integers(0, 14), st.sampled_from(SIGHTS))
def test_held_reads_are_those_of_an_obtainable_age(spec, rows, now, sight):
    table, cases = cases_of(spec, 4)
    owner_of_site, reads = np.array([0, 1, 1], np.int16), reads_of(rows)
    for case in cases:
        if case.sight == sight:
            mask = held(reads, owner_of_site[reads.site], owners(table), case, now)
            plain = [
                obtainable(case.access, case.viewer_row, int(owner_of_site[site]), sight, time, now)
                for time, site, _ in rows
            ]
            assert mask.tolist() == plain


@settings(deadline=None, derandomize=True)
@given(READS, st.integers(0, 14), st.integers(0, 14))
def test_hiding_old_reads_is_deleting_them(rows, now, retention):
    """A viewer with retention W sees at `now` what one without limit sees after all reads of age W and more are deleted."""
    spec = custody({"a": {}, "b": {}}, {"giver": "b", "taker": "a", "kind": "query"})
    table = rules.agencies(spec)
    owner_of_site = np.array([0, 1, 1], np.int16)
    limited, unlimited = (
        Case("p", "a", "request", w, rules.access(rules.with_retention(spec, "departments", w), table, [0]), 0)
        for w in (retention, UNLIMITED)
    )

    def seen(some, case):
        reads = reads_of(some)
        return reads.take(held(reads, owner_of_site[reads.site], owners(table), case, now))

    young = [row for row in rows if now - row[0] < retention]
    hidden, deleted = seen(rows, limited), seen(young, unlimited)
    assert all(np.array_equal(a, b) for a, b in zip(hidden.data().values(), deleted.data().values(), strict=True))
