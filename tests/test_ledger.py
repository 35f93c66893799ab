"""Each rule of custody alone, as the ledger runs it, against answers worked out by hand."""

from itertools import pairwise
from math import inf

import pytest

from alprsim import custody as rules
from alprsim.ledger import Captured, Ledger
from alprsim.scenario import models
from tests.naive_custody import custody


def kept(agencies, edges, *reads, events=(), until=60, **more):
    """Return (store, received, purged, shelf) of every copy, stores by name."""
    return [
        ("abcdeh"[copy.store], copy.received, copy.purged, *([copy.shelf] if copy.shelf != "store" else []))
        for copy in run(agencies, edges, *reads, events=events, until=until, **more).copies
    ]


def world(agencies, edges=(), **more):
    return models.Custody.model_validate({"retention": "0 s", "agencies": agencies, "sharing": tuple(edges), **more})


def run(agencies, edges, *reads, events=(), until=60, **more):
    spec = world(agencies, edges, **more)
    return Ledger.run(spec, rules.agencies(spec), [Captured(*read) for read in reads], until, events)


def keeps(seconds, **more):
    return {"retention": seconds if seconds == "unlimited" else f"{seconds} s", **more}


def edge(ends, kind="mirror", **more):
    return {"giver": ends[0], "taker": ends[1], "kind": kind, **more}


def every(seconds, at=0):
    return models.Schedule.model_construct(every=seconds, at=at)


def spans(ledger, viewer, sight, read=0, case_draw=0.0, until=40):
    """Return the moments at which a read can be obtained, as half-open spans."""
    row = "abcdeh".index(viewer)
    there = [read in ledger.held(row, sight, moment, case_draw=case_draw) for moment in range(until)]
    edges = [moment for moment, (a, b) in enumerate(pairwise([False, *there, False])) if a != b]
    return list(zip(edges[::2], edges[1::2], strict=True))


PLAIN, HIT, HELD = 0, 1, 2
KEPT = {
    "a store keeps for its retention": ({"a": keeps(5)}, (10, 0), [("a", 10, 15)]),
    "nothing at all": ({"a": keeps(0)}, (10, 0), []),
    "no limit": ({"a": keeps("unlimited")}, (10, 0), [("a", 10, inf)]),
    "hits on their own clock": ({"a": keeps(5, hit_retention="9 s")}, (10, 0, HIT), [("a", 10, 19)]),
    "hits never shorter than others": ({"a": keeps(5, hit_retention="2 s")}, (10, 0, HIT), [("a", 10, 15)]),
    "held ones on theirs": ({"a": keeps(5, held_retention="9 s")}, (10, 0, HELD), [("a", 10, 19)]),
    "held ones as hits": ({"a": keeps(5, hit_retention="9 s")}, (10, 0, HELD), [("a", 10, 19)]),
    "held ones never shorter than hits": (
        {"a": keeps(5, hit_retention="9 s", held_retention="7 s")}, (10, 0, HELD), [("a", 10, 19)]
    ),
    "hits only": ({"a": keeps(5, keep="hits")}, (10, 0, PLAIN), []),
    "hits only, a hit": ({"a": keeps(5, keep="hits")}, (10, 0, HIT), [("a", 10, 15)]),
    "a sample, at its share": ({"a": keeps(5, sample=0.5)}, (10, 0, PLAIN, 0.5), []),
    "a sample, below its share": ({"a": keeps(5, sample=0.5)}, (10, 0, PLAIN, 0.25), [("a", 10, 15)]),
    "a sample takes every hit": ({"a": keeps(5, sample=0.5)}, (10, 0, HIT, 0.75), [("a", 10, 15)]),
    "a sample takes every held one": ({"a": keeps(5, sample=0.0)}, (10, 0, HELD, 0.75), [("a", 10, 15)]),
    "a batch after it is due": ({"a": keeps(5, purge=every(10, 7))}, (10, 0), [("a", 10, 17)]),
    "a batch at the second it is due": ({"a": keeps(7, purge=every(10, 7))}, (10, 0), [("a", 10, 17)]),
    "a batch just missed": ({"a": keeps(8, purge=every(10, 7))}, (10, 0), [("a", 10, 27)]),
    "a host keeps nothing": ({"a": keeps(5, kind="host")}, (10, 0, HELD), []),
    "what may not be kept": ({"a": keeps(5)}, (10, 0, HIT, 0.0, frozenset(), 0, False), []),
}  # fmt: skip


@pytest.mark.parametrize("rule", KEPT)
def test_a_store_keeps_by_the_rule(rule):
    agencies, read, expected = KEPT[rule]
    assert kept(agencies, (), read) == expected


def test_departments_say_what_theirs_do_not():
    agencies = {"a": {}, "b": keeps(3), "c": {"kind": "pool"}}
    assert kept(agencies, (), (0, 0), (0, 1), (0, 2), retention="9 s", departments={"retention": "5 s"}) == [
        ("a", 0, 5), ("b", 0, 3), ("c", 0, 9),
    ]  # fmt: skip


A5 = {"a": keeps(5), "b": keeps(9), "c": keeps(9)}
COPIED = {
    "a stream": ([edge("ab")], [("a", 10, 15), ("b", 10, 19)]),
    "with a delay": ([edge("ab", delay="4 s")], [("a", 10, 15), ("b", 14, 19)]),
    "too late": ([edge("ab", delay="5 s")], [("a", 10, 15)]),
    "kept from receipt": ([edge("ab", delay="4 s", clock="receipt")], [("a", 10, 15), ("b", 14, 23)]),
    "in a batch": ([edge("ab", sync=every(10, 3))], [("a", 10, 15), ("b", 13, 19)]),
    "in a batch of this second": ([edge("ab", sync=every(10, 0))], [("a", 10, 15), ("b", 10, 19)]),
    "in the batch after the delay": ([edge("ab", delay="2 s", sync=every(3, 2))], [("a", 10, 15), ("b", 14, 19)]),
    "a batch after the purge": ([edge("ab", sync=every(10, 5))], [("a", 10, 15)]),
    "not onward": ([edge("ab"), edge("bc")], [("a", 10, 15), ("b", 10, 19)]),
    "onward": ([edge("ab"), edge("bc", onward=True)], [("a", 10, 15), ("b", 10, 19), ("c", 10, 19)]),
    "onward once": ([edge("ab"), edge("bc", onward=1)], [("a", 10, 15), ("b", 10, 19), ("c", 10, 19)]),
    "no more than its own": ([edge("ab"), edge("bc", onward=0)], [("a", 10, 15), ("b", 10, 19)]),
}  # fmt: skip


@pytest.mark.parametrize("rule", COPIED)
def test_a_mirror_copies_by_the_rule(rule):
    edges, expected = COPIED[rule]
    assert sorted(kept(A5, edges, (10, 0))) == expected


@pytest.mark.parametrize(("hops", "stores"), [(0, "a"), (1, "ab"), (2, "abc"), (3, "abc"), (None, "abc")])
def test_hops_bound_what_edges_allow(hops, stores):
    edges = [edge("ab", onward=True), edge("bc", onward=True)]
    assert "".join(name for name, *_ in sorted(kept(A5, edges, (10, 0), hops=hops))) == stores


def test_of_two_copies_in_one_second_the_nearer_counts_and_the_longer():
    """C gets it over b (two edges, kept from receipt) and from a itself in second 14; d takes what came over one edge."""
    edges = [
        edge("ab"), edge("bc", onward=True, delay="4 s", clock="receipt"), edge("ac", delay="4 s"), edge("cd", onward=1),
    ]  # fmt: skip
    assert kept({**A5, "d": keeps(9)}, edges, (10, 0))[2:] == [("c", 14, 23), ("d", 14, 19)]


def test_a_store_remembers_what_it_had():
    agencies = {"a": keeps("unlimited"), "b": keeps(2)}
    again = [edge("ab", clock="receipt"), edge("ab", delay="9 s", clock="receipt")]
    assert kept(agencies, again, (10, 0))[1:] == [("b", 10, 12)]


def test_a_renewal_restarts_the_clock_and_goes_on():
    agencies = {"a": keeps("unlimited"), "b": keeps(5), "c": keeps(3)}
    renewed = [
        edge("ab"), edge("ab", delay="4 s", clock="receipt", on_duplicate="renew"),
        edge("bc", onward=True, clock="receipt", on_duplicate="renew", delay="2 s"),
    ]  # fmt: skip
    assert kept(agencies, renewed, (10, 0))[1:] == [("b", 10, 19), ("c", 12, 15)]
    slower = [*renewed[:2], {**renewed[2], "delay": "0 s"}]
    assert kept({**agencies, "c": keeps(5)}, slower, (10, 0))[1:] == [("b", 10, 19), ("c", 10, 19)]


def test_all_that_is_reachable_is_copied_in_batches():
    """B searches a in bulk up to age 6 and copies that to c at 13, 18 …; of a department with a warrant only the young."""
    edges = [
        edge("ab", "query", sight="bulk", look_back="6 s"),
        edge("bc", copies="reachable", onward=1, sync=every(5, 3)),
    ]
    agencies = {"a": keeps(20), "b": keeps(0), "c": keeps(30)}
    assert sorted(kept(agencies, edges, (10, 0), (7, 0), (6, 0)))[3:] == [("c", 8, 36), ("c", 8, 37), ("c", 13, 40)]
    assert kept(agencies, edges, (9, 0))[1:] == [("c", 13, 39)]
    assert kept(agencies, [edges[0] | {"look_back": "4 s"}, edges[1]], (9, 0))[1:] == []
    warrant = {"beyond": "4 s", "delay": "1 s"}
    assert kept({**agencies, "a": keeps(20, warrant=warrant)}, edges, (9, 0))[1:] == []
    assert kept(agencies, [edges[0] | {"sight": "request"}, edges[1]], (9, 0))[1:] == []
    assert kept(agencies, [edges[0], edges[1] | {"onward": False}], (9, 0))[1:] == []


# --- alerts -----------------------------------------------------------------------------------------------------------------

MATCHED = (10, 0, HIT, 0.0, frozenset({1}))


def test_an_alert_reaches_the_archive_of_the_lists_owner_alone():
    agencies = {"a": keeps(0), "b": keeps(3, alert_retention="8 s"), "c": keeps(9)}
    edges = [edge("ab", "alert", delay="2 s"), edge("ac", "alert")]
    assert kept(agencies, edges, MATCHED) == [("b", 12, 18, "alerts")]
    assert kept(agencies, [edges[0] | {"clock": "receipt"}], MATCHED) == [("b", 12, 20, "alerts")]
    assert kept(agencies, [edges[0]], MATCHED, hops=0) == []
    assert kept({**agencies, "b": keeps(3)}, [edges[0]], MATCHED) == [("b", 12, 13, "alerts")]
    assert kept(agencies, [edges[0]], (*MATCHED, 0, False)) == []


def test_an_archive_is_found_over_onward_queries_and_never_mirrored():
    agencies = {"a": keeps(0), "b": keeps(9), "c": keeps(9), "d": keeps(9)}
    edges = [edge("ab", "alert"), edge("bc", onward=True), edge("bc", "query", onward=1), edge("bd", "query")]
    ledger = run(agencies, edges, MATCHED)
    assert [spans(ledger, viewer, "bulk") for viewer in "abcd"] == [[], [(10, 19)], [], []]
    assert [spans(ledger, viewer, "request") for viewer in "abcd"] == [[], [(10, 19)], [(10, 19)], []]


# --- looks ------------------------------------------------------------------------------------------------------------------


def seen(agencies, edges, viewer, sight, *, case_draw=0.0, **more):
    return spans(run(agencies, edges, (10, 0), **more), viewer, sight, case_draw=case_draw)


A20 = {"a": keeps(20), "b": keeps(0), "c": keeps(0), "d": keeps(0)}


def test_a_query_shows_what_the_giver_keeps_and_copies_nothing():
    assert seen(A20, [edge("ab", "query")], "b", "request") == [(10, 30)]
    assert seen(A20, [edge("ab", "query")], "b", "bulk") == []
    assert seen(A20, [edge("ab", "query", sight="bulk")], "b", "bulk") == [(10, 30)]
    assert kept(A20, [edge("ab", "query")], (10, 0)) == [("a", 10, 30)]


@pytest.mark.parametrize(("onward", "limit"), [(False, 0), (0, 0), (1, 1), (2, 2), (True, 9)])
def test_a_route_shows_what_each_of_its_edges_lets_pass(onward, limit):
    """Copies at b have passed one edge; the last edge of two is passed by what has passed one before."""
    chain = [edge("ab"), edge("bc", "query", onward=True), edge("cd", "query", onward=onward)]
    assert bool(seen({**A20, "b": keeps(20)}, chain, "d", "request")) == (limit >= 2)
    direct = [edge("ab", "query"), edge("bc", "query", onward=onward)]
    assert bool(seen(A20, direct, "c", "request")) == (limit >= 1)


@pytest.mark.parametrize(("hops", "viewers"), [(0, "a"), (1, "ab"), (2, "abc"), (3, "abcd")])
def test_hops_count_mirrors_and_queries_together(hops, viewers):
    chain = [edge("ab", onward=True), edge("bc", "query", onward=True), edge("cd", "query", onward=True)]
    spec = {**A20, "b": keeps(20)}
    assert "".join(v for v in "abcd" if seen(spec, chain, v, "request", hops=hops)) == viewers


def test_a_route_caps_the_age_of_what_it_shows():
    chain = [edge("ab", "query", look_back="8 s"), edge("bc", "query", onward=True, look_back="5 s")]
    assert seen(A20, chain, "b", "request") == [(10, 18)]
    assert seen(A20, chain, "c", "request") == [(10, 15)]


WARRANT = {"beyond": "6 s", "delay": "3 s", "granted": 0.5}


def test_older_reads_need_a_warrant_of_everybody():
    agencies = {**A20, "a": keeps(20, warrant=WARRANT)}
    asks = [edge("ab", "query", warrant={"beyond": "4 s", "delay": "5 s"})]
    assert seen(agencies, asks, "a", "bulk") == [(10, 16)]
    assert seen(agencies, asks, "a", "process") == [(10, 27)]
    assert seen(agencies, asks, "b", "request") == [(10, 14)]
    assert seen(agencies, asks, "b", "process") == [(10, 25)]
    always = {**A20, "a": keeps(20, warrant={"beyond": "0 s", "delay": "3 s"})}
    assert seen(always, [], "a", "bulk") == []
    assert seen(always, [], "a", "process") == [(10, 27)]
    late = {**A20, "a": keeps(20, warrant={"beyond": "9 s", "delay": "1 s"})}
    assert seen(late, [edge("ab", "query", look_back="12 s")], "b", "process") == [(10, 21)]


def test_what_was_purged_can_be_restored_for_a_while_by_process():
    agencies = {**A20, "a": keeps(5, backup="4 s")}
    assert seen(agencies, [edge("ab", "query")], "b", "request") == [(10, 15)]
    assert seen(agencies, [edge("ab", "query")], "b", "process") == [(10, 19)]
    with_warrant = {**A20, "a": keeps(5, backup="4 s", warrant={"beyond": "2 s", "delay": "3 s"})}
    assert seen(with_warrant, [], "a", "process") == [(10, 16)]


def test_a_side_door_opens_by_the_case_to_what_the_giver_sees():
    doors = [edge("ab", "query", look_back="9 s"), edge("bc", "side_door", chance=0.25, look_back="7 s")]
    assert seen(A20, doors, "c", "request") == []
    assert seen(A20, doors, "c", "side_door", case_draw=0.2) == [(10, 17)]
    assert seen(A20, doors, "c", "side_door", case_draw=0.25) == []
    assert seen(A20, doors, "c", "side_door", hops=2) == [(10, 17)]
    assert seen(A20, doors, "c", "side_door", hops=1) == []
    through = [*doors, edge("cd", "query", onward=True), edge("cd", "side_door", chance=1.0)]
    assert seen(A20, through, "d", "side_door") == []
    guarded = {**A20, "a": keeps(20, warrant=WARRANT)}
    assert seen(guarded, doors, "c", "side_door") == [(10, 16)]


# --- resolution -------------------------------------------------------------------------------------------------------------


def told(agencies, edges, viewer, sight, moment=12):
    return run(agencies, edges, (10, 0)).found("abcdeh".index(viewer), sight, moment)[0]


HASHED = {"kind": "hashed", "rotate": "1 h"}


def test_a_copy_is_as_coarse_as_the_coarsest_store_it_passed():
    agencies = {
        "a": keeps(9, time_step="60 s"), "b": keeps(9, place_step="250 m", identity=HASHED),
        "c": keeps(9, time_step="5 s", identity={"kind": "hashed", "rotate": "24 h"}), "d": keeps(0),
    }  # fmt: skip
    edges = [edge("ab"), edge("bc", onward=True), edge("cd", "query", onward=True)]
    assert told(agencies, edges, "a", "bulk") == (60, 0, 0)
    assert told(agencies, edges, "b", "bulk") == (60, 250, 3600)
    assert told(agencies, edges, "d", "request") == (60, 250, 3600)


def test_the_finest_of_what_comes_in_one_second_stays():
    agencies = {"a": keeps(9), "b": keeps(9, identity=HASHED), "c": keeps(9, time_step="5 s")}
    assert told(agencies, [edge("ab"), edge("bc", onward=True)], "c", "bulk") == (5, 0, 3600)
    assert told(agencies, [edge("ab"), edge("bc", onward=True), edge("ac")], "c", "bulk") == (5, 0, 0)


def test_a_warrant_opens_escrow_but_no_hash():
    escrow = {"kind": "escrow", "rotate": "24 h"}
    agencies = {"a": keeps(9), "b": keeps(9, identity=escrow, warrant={"beyond": "0 s", "delay": "1 s"})}
    assert told(agencies, [edge("ab")], "b", "process") == (0, 0, 0)
    assert told({**agencies, "a": keeps(9, identity=HASHED)}, [edge("ab")], "b", "process") == (0, 0, 3600)
    assert told({"a": keeps(9, identity=escrow)}, [], "a", "bulk") == (0, 0, 86_400)


# --- groups -----------------------------------------------------------------------------------------------------------------

GROUPED = {
    "CT": keeps(9), "MA": keeps(9, state="MA", attests=True), "NY": keeps(9, state="NY"),
    "TX": keeps(9, state="TX", attests=True), "CT too": keeps(9), "pool": keeps(9, kind="pool"), "host": {"kind": "host"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("group", "giver", "takers"),
    [
        ("departments", "CT", "MA NY TX CT too"), ("in-state", "CT", "CT too"), ("compact", "CT", "MA CT too"),
        ("compact", "TX", ""), ("everyone", "CT", "MA NY TX CT too pool"), (("in-state", "pool"), "CT", "CT too pool"),
        ("compact", "MA", ""),
    ],
)  # fmt: skip
def test_a_group_has_its_members(group, giver, takers):
    spec = world(GROUPED, [{"giver": giver, "taker": group, "kind": "mirror"}])
    names = list(GROUPED)
    copies = Ledger.run(spec, rules.agencies(spec), [(0, names.index(giver))], 5).copies
    assert " ".join(names[row] for row in sorted(copy.store for copy in copies[1:])) == takers


def test_who_opts_out_gives_nothing_more():
    for kind in ("query", "mirror", "side_door"):
        shared = [{"giver": "everyone", "taker": "everyone", "kind": kind}]
        agencies = {"a": keeps(9), "b": keeps(9), "c": keeps(9)}
        ledger = run(agencies, shared, (0, 0), (0, 1), opt_out=({"agency": "a", "to": ("b", "in-state")},))
        assert [0 in ledger.held(row, "side_door", 1) for row in range(3)] == [True, False, False]
        assert 1 in ledger.held(0, "side_door", 1)


def test_a_row_of_another_policy_keeps_and_shares_nothing():
    spec = custody({"a": {}, "b": {}}, {"giver": "departments", "taker": "departments", "kind": "mirror"})
    ledger = Ledger.run(spec, rules.agencies(custody({"gone": {}, "b": {}, "a": {}})), [(0, 0), (0, 2)], 5)
    assert [(copy.store, copy.read) for copy in ledger.copies] == [(2, 1), (1, 1)]


def test_a_query_chain_adds_no_copies():
    agencies = {name: {} for name in "abc"}
    chain = [{"giver": g, "taker": t, "kind": "query", "onward": True} for g, t in ("ab", "bc", "ca")]
    spec = custody(agencies, *chain, retention="5 s")
    ledger = Ledger.run(spec, rules.agencies(spec), [(0, 0), (2, 1)], 20)
    assert [(copy.store, copy.read) for copy in ledger.copies] == [(0, 0), (1, 1)]
    assert ledger.held(2, "request", 4) == {0, 1}
    assert ledger.held(2, "bulk", 4) == set()


def test_copies_are_purged_on_their_own_clocks():
    spec = custody(
        {"a": {"retention": "2 s"}, "b": {"retention": "5 s"}},
        {"giver": "a", "taker": "b", "kind": "mirror", "delay": "1 s", "clock": "receipt"},
    )
    copies = Ledger.run(spec, rules.agencies(spec), [(10, 0)], 30).copies
    assert [(copy.store, copy.received, copy.purged) for copy in copies] == [(0, 10, 12), (1, 11, 16)]


def test_only_moments_of_the_run_can_be_asked():
    spec = custody({"a": {}})
    ledger = Ledger.run(spec, rules.agencies(spec), [(0, 0)], 5)
    with pytest.raises(ValueError, match=r"from 0 up to the run's end, 5 s, not 5"):
        ledger.held(0, "bulk", 5)
