"""Agencies, retention and sharing compiled into Access: the cases a policymaker would ask about, and the policy properties."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import custody as rules
from alprsim.tables import UNLIMITED, AgencyKind, RecordClass, SightKind
from tests.naive_custody import DURATIONS, custodies, custody, obtainable

DAY = 86_400
FIVE_YEARS = 1826 * DAY


def effective(spec, viewer, owner, sight="request"):
    table = rules.agencies(spec)
    rows = {str(name): row for row, name in enumerate(table.name)}
    access = rules.access(spec, table, [rows[viewer]])
    return rules.effective(access, viewer=rows[viewer], owner=rows[owner], sight=sight)


def mirror(giver, taker, **more):
    return {"giver": giver, "taker": taker, "kind": "mirror", **more}


def query(giver, taker, **more):
    return {"giver": giver, "taker": taker, "kind": "query", **more}


def test_agencies_are_rows_in_the_order_of_the_scenario():
    spec = custody(
        {"Westport": {"server_rate": "900 plates/min"}, "ICE": {"kind": "consumer"}, "Vendor": {"kind": "pool"}}
    )
    table = rules.agencies(spec)
    assert list(table.name) == ["Westport", "ICE", "Vendor"]
    assert list(table.kind) == [AgencyKind.DEPARTMENT, AgencyKind.CONSUMER, AgencyKind.POOL]
    assert list(table.server_rate) == [900, np.inf, np.inf]


def test_a_store_holds_its_own_reads_for_its_retention():
    spec = custody(
        {"Westport": {}, "Darien": {"retention": "unlimited"}, "Fairfield": {"retention": "0 s"}}, retention="21 d"
    )
    assert effective(spec, "Westport", "Westport", "bulk") == rules.Effective(21 * DAY, 21 * DAY, (), False)
    assert effective(spec, "Darien", "Darien", "bulk") == rules.Effective(UNLIMITED, UNLIMITED, (), True)
    assert effective(spec, "Fairfield", "Fairfield", "bulk") == rules.Effective(0, 0, (), False)
    assert effective(spec, "Westport", "Darien") == rules.Effective(0, 0, (), False)


def test_a_mirror_outlives_its_source():
    """The department deletes after 21 days; ICE still has its copy five years on."""
    spec = custody(
        {"Westport": {"retention": "21 d"}, "ICE": {"kind": "consumer", "retention": "1826 d"}},
        mirror("Westport", "ICE", delay="1 h"),
    )
    assert effective(spec, "ICE", "Westport", "bulk") == rules.Effective(
        FIVE_YEARS, FIVE_YEARS - 3600, ((0, 3600),), False
    )
    assert effective(spec, "Westport", "Westport").supremum == 21 * DAY


def test_a_clock_from_receipt_adds_the_delay():
    spec = custody(
        {"a": {"retention": "4 s"}, "b": {"retention": "9 s"}}, mirror("a", "b", delay="3 s", clock="receipt")
    )
    assert effective(spec, "b", "a", "bulk") == rules.Effective(12, 9, ((0, 3),), False)


def test_three_minutes_of_retention_leave_nothing_to_copy_an_hour_later():
    agencies = {"Westport": {"retention": "3 min"}, "ICE": {"kind": "consumer", "retention": "unlimited"}}
    assert effective(custody(agencies, mirror("Westport", "ICE", delay="1 h")), "ICE", "Westport").supremum == 0
    assert effective(custody(agencies, mirror("Westport", "ICE", delay="3 min")), "ICE", "Westport").supremum == 0
    assert effective(custody(agencies, mirror("Westport", "ICE", delay="179 s")), "ICE", "Westport").unbounded


def test_a_query_lasts_as_long_as_the_giver_keeps():
    agencies = {"Westport": {"retention": "21 d"}, "ICE": {"kind": "consumer", "retention": "unlimited"}}
    spec = custody(agencies, query("Westport", "ICE"))
    assert effective(spec, "ICE", "Westport", "request").supremum == 21 * DAY
    assert effective(spec, "ICE", "Westport", "bulk").supremum == 0
    pooled = custody(agencies, query("Westport", "ICE", sight="bulk"))
    assert effective(pooled, "ICE", "Westport", "bulk").supremum == 21 * DAY


def test_a_route_is_as_good_as_its_weakest_link():
    agencies = {name: {} for name in "abc"}
    weak = custody(agencies, query("a", "b", sight="bulk"), query("b", "c", onward=True), retention="5 s")
    assert (effective(weak, "c", "a", "bulk").supremum, effective(weak, "c", "a").supremum) == (0, 5)
    strong = custody(
        agencies, query("a", "b", sight="bulk"), query("b", "c", onward=True, sight="bulk"), retention="5 s"
    )
    assert effective(strong, "c", "a", "bulk").supremum == 5


@pytest.mark.parametrize("kind", ["mirror", "query"])
def test_each_hop_needs_its_onward(kind):
    agencies = {name: {} for name in "abcd"}
    chain = ("ab", "bc", "cd")
    reach = []
    for hops in range(3):
        onward = [{"giver": g, "taker": t, "kind": kind, "onward": at <= hops} for at, (g, t) in enumerate(chain)]
        spec = custody(agencies, *onward)
        reach.append([effective(spec, name, "a").supremum > 0 for name in "abcd"])
    assert reach == [[True, True, False, False], [True, True, True, False], [True, True, True, True]]


def test_an_onward_query_shows_what_the_giver_received():
    spec = custody(
        {"a": {"retention": "2 s"}, "pool": {"kind": "pool", "retention": "9 s"}, "c": {"kind": "consumer"}},
        mirror("a", "pool"), query("pool", "c", onward=True, sight="bulk"),
    )  # fmt: skip
    assert effective(spec, "c", "a", "bulk").supremum == 9


@pytest.mark.parametrize(
    ("delay", "expected"),
    [("4 s", rules.Effective(9, 6, ((2, 5),), False)), ("1 s", rules.Effective(6, 6, (), False))],
    ids=["apart", "touching"],
)
def test_ages_may_have_a_gap(delay, expected):
    """B looks into a's store, which keeps reads 2 s, and into c's, which gets them from d some time later for 4 s."""
    spec = custody(
        {"a": {"retention": "2 s"}, "b": {"retention": "0 s"}, "c": {"retention": "4 s"}, "d": {"retention": "6 s"}},
        mirror("a", "d", delay="1 s"), mirror("d", "c", delay=delay, clock="receipt", onward=True),
        query("a", "b"), query("c", "b", onward=True),
    )  # fmt: skip
    assert effective(spec, "b", "a") == expected
    access = rules.access(spec, rules.agencies(spec), [1], records=[RecordClass.PLAIN])
    assert np.sum(access.owner == 0) == len(expected.gaps) + 1


def test_copies_that_renew_each_other_never_end_and_are_named():
    agencies = {"Westport": {}, "Vendor": {"kind": "pool"}}
    both = {"clock": "receipt", "onward": True, "delay": "1 d", "on_duplicate": "renew"}
    immortal = custody(agencies, mirror("Westport", "Vendor", **both), mirror("Vendor", "Westport", **both))
    assert rules.cycles(immortal) == [("Westport", "Vendor")]
    assert effective(immortal, "Westport", "Westport").unbounded
    assert effective(immortal, "Vendor", "Westport").unbounded


@pytest.mark.parametrize(
    "broken",
    [{"on_duplicate": "ignore"}, {"clock": "capture"}, {"delay": "31 d"}, {"delay": "29 d"}],
    ids=["ignored", "clock from capture", "too late to copy", "too late to renew"],
)
def test_copies_end_where_the_cycle_is_broken(broken):
    both = {"clock": "receipt", "onward": True, "delay": "1 d", "on_duplicate": "renew"}
    spec = custody({"a": {}, "b": {}}, mirror("a", "b", **both), mirror("b", "a", **(both | broken)), retention="30 d")
    assert rules.cycles(spec) == []
    assert effective(spec, "b", "a").supremum == 31 * DAY


def test_an_agency_that_passes_on_only_its_own_reads_closes_no_cycle():
    both = {"clock": "receipt", "delay": "1 d", "on_duplicate": "renew"}
    assert rules.cycles(custody({"a": {}, "b": {}}, mirror("a", "b", **both), mirror("b", "a", **both))) == []
    one_way = custody({"a": {}, "b": {}}, mirror("a", "b", **both), mirror("b", "a", onward=True, **both))
    assert effective(one_way, "b", "a").unbounded
    assert effective(one_way, "a", "b").supremum == 31 * DAY


def test_renewal_is_found_fast_however_short_the_delay():
    """A second's round trip under a 30-day retention repeats itself at once; it is not followed for 68 years."""
    both = {"clock": "receipt", "onward": True, "on_duplicate": "renew"}
    spec = custody(
        {"a": {}, "b": {}, "archive": {"retention": "3000 d"}},
        mirror("a", "b", delay="1 s", **both), mirror("b", "a", **both), mirror("a", "archive"),
    )  # fmt: skip
    assert rules.cycles(spec) == [("a", "b")]
    assert effective(spec, "archive", "a").supremum == 3000 * DAY


def test_an_agency_of_another_policy_keeps_and_shares_nothing():
    spec = custody({"a": {}, "b": {}}, mirror("departments", "departments"))
    table = rules.agencies(custody({"gone": {}, "b": {}, "a": {}}))
    access = rules.access(spec, table, range(3), records=[RecordClass.PLAIN])
    assert sorted(zip(access.viewer.tolist(), access.owner.tolist(), strict=True)) == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_departments_stand_for_each_other_but_not_themselves():
    spec = custody(
        {"a": {}, "b": {}, "ICE": {"kind": "consumer"}},
        query("departments", "departments"),
        query("departments", "ICE"),
    )
    assert [(edge.giver, edge.taker) for edge in rules.edges(spec)] == [
        ("a", "b"),
        ("b", "a"),
        ("a", "ICE"),
        ("b", "ICE"),
    ]


def test_a_wrong_edge_is_named():
    with pytest.raises(ValueError, match=r"'Wesport' is not one of custody\.agencies; they are Westport, ICE"):
        rules.edges(custody({"Westport": {}, "ICE": {}}, query("Wesport", "ICE")))
    with pytest.raises(ValueError, match="'ICE' gives to itself"):
        rules.edges(custody({"Westport": {}, "ICE": {}}, query("ICE", "ICE")))


def test_a_ladder_step_changes_only_the_named():
    spec = custody(
        {"a": {}, "b": {"retention": "9 d"}, "ICE": {"kind": "consumer", "retention": "7 d"}}, query("a", "b")
    )
    step = rules.with_retention(spec, "departments", 180)
    assert [agency.retention for agency in step.agencies.values()] == [180, 180, 7 * DAY]
    assert [agency.retention for agency in rules.with_retention(spec, ["ICE"], 0).agencies.values()] == [
        None,
        9 * DAY,
        0,
    ]
    assert step.sharing == spec.sharing


def test_the_route_is_told():
    spec = custody(
        {"Westport": {"retention": "21 d"}, "Vendor": {"kind": "pool", "retention": "unlimited"}, "ICE": {"kind": "consumer"}},
        mirror("Westport", "Vendor", delay="1 h"), query("Vendor", "ICE", onward=True, sight="bulk"),
    )  # fmt: skip
    assert rules.explain(spec, "ICE", "Westport") == [
        "ICE finds in bulk Westport's reads from age 1 h to no end, in the store of Vendor (Westport → Vendor)"
    ]


@settings(deadline=None, derandomize=True)
@given(custodies())
def test_rows_are_ordered_apart_and_within_the_tables(spec):
    table = rules.agencies(spec)
    access = rules.access(spec, table, range(len(table))).refer(agencies=table)
    rows = list(
        zip(access.viewer, access.owner, access.record, access.sight, access.from_age, access.to_age, strict=True)
    )
    assert rows == sorted(rows)
    assert all(row[4] < row[5] for row in rows)
    assert all(a[:4] != b[:4] or a[5] < b[4] for a, b in itertools.pairwise(rows))


AGES = range(20)


def everything_obtainable(spec, sight):
    table = rules.agencies(spec)
    access = rules.access(spec, table, range(len(table)))
    everyone = range(len(table))
    return {(v, o, age) for v in everyone for o in everyone for age in AGES if obtainable(access, v, o, sight, 0, age)}


@settings(deadline=None, derandomize=True)
@given(custodies(), st.integers(0, 6), st.integers(0, 6), st.sampled_from(["bulk", "request"]))
def test_longer_retention_never_hides_a_read(spec, retention, extra, sight):
    """Where all clocks count from capture; the next test says why."""
    edges = tuple(edge.model_copy(update={"clock": "capture"}) for edge in spec.sharing)
    spec = spec.model_copy(update={"sharing": edges})
    short, long = (rules.with_retention(spec, "departments", w) for w in (retention, retention + extra))
    assert everything_obtainable(short, sight) <= everything_obtainable(long, sight)


def test_with_clocks_from_receipt_a_longer_retention_may_hide():
    """Why monotony needs one clock: c takes a read once, so a first copy that comes sooner also ends sooner."""
    ends = []
    for retention in ("1 s", "3 s"):
        spec = custody(
            {"a": {"retention": retention}, "b": {"retention": "9 s"}, "c": {"retention": "4 s"}},
            mirror("a", "b"), mirror("b", "c", delay="5 s", onward=True, clock="receipt"),
            mirror("a", "c", delay="2 s", clock="receipt"),
        )  # fmt: skip
        ends.append(effective(spec, "c", "a").supremum)
    assert ends == [9, 6]


@settings(deadline=None, derandomize=True)
@given(
    custodies(),
    st.sampled_from(["bulk", "request"]),
    st.sampled_from("abc"),
    st.sampled_from("abc"),
    st.booleans(),
    DURATIONS,
)
def test_one_more_edge_never_hides_a_read(spec, sight, giver, taker, onward, delay):
    """A query always; a mirror where all clocks count from capture."""
    if giver == taker:
        return
    more = custody({"a": {}, "b": {}, "c": {}}, query(giver, taker, onward=onward)).sharing
    assert everything_obtainable(spec, sight) <= everything_obtainable(
        spec.model_copy(update={"sharing": spec.sharing + more}), sight
    )
    edges = tuple(edge.model_copy(update={"clock": "capture"}) for edge in spec.sharing)
    more = custody({"a": {}, "b": {}, "c": {}}, mirror(giver, taker, onward=onward, delay=delay)).sharing
    less_shared, more_shared = (spec.model_copy(update={"sharing": all_}) for all_ in (edges, edges + more))
    assert everything_obtainable(less_shared, sight) <= everything_obtainable(more_shared, sight)


def test_sight_of_rows_is_as_declared():
    spec = custody({"a": {}, "b": {}}, query("a", "b"))
    access = rules.access(spec, rules.agencies(spec), [1], records=[RecordClass.PLAIN])
    assert [SightKind(s) for s in access.sight[access.owner == 0]] == [SightKind.REQUEST]
