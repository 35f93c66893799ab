"""What changes midway, as the ledger runs it, against answers worked out by hand."""

from math import inf

import numpy as np
import pytest

from alprsim import custody as rules
from alprsim.ledger import Breach, Captured, Change, Hold, Ledger, Outage, Query, Result
from alprsim.tables import UNLIMITED
from tests.test_ledger import HIT, edge, every, keeps, kept, run, spans, world

A = {"a": keeps(10), "b": keeps(20), "c": keeps(0)}
MIRROR = [edge("ab", delay="2 s")]


def change(at, agencies, edges=(), **more):
    how = {key: more.pop(key) for key in ("applies_to", "on_revoke") if key in more}
    return Change(at, world(agencies, edges, **more), **how)


# --- clocks -----------------------------------------------------------------------------------------------------------------


def test_a_law_for_new_captures_leaves_older_reads_and_their_copies_alone():
    shorter = {"a": keeps(4), "b": keeps(5), "c": keeps(0)}
    law = change(9, shorter, MIRROR)
    assert kept(A, MIRROR, (8, 0), (9, 0), events=[law]) == [("a", 8, 18), ("a", 9, 13), ("b", 10, 28), ("b", 11, 14)]


def test_a_law_for_all_that_is_held_counts_every_clock_anew():
    """Of three reads the first falls due at once, the second later, the third is captured under the new law."""
    law = change(9, {"a": keeps(4), "b": keeps(5), "c": keeps(0)}, MIRROR, applies_to="all_held")
    assert kept(A, MIRROR, (2, 0), (6, 0), (9, 0), events=[law]) == [
        ("a", 2, 9), ("b", 4, 9), ("a", 6, 10), ("b", 8, 11), ("a", 9, 13), ("b", 11, 14),
    ]  # fmt: skip


def test_what_falls_due_at_once_goes_with_the_next_batch():
    batched = {"a": keeps(10, purge=every(10, 5))}
    assert kept(batched, (), (2, 0)) == [("a", 2, 15)]
    for_all = {"applies_to": "all_held"}
    assert kept(batched, (), (2, 0), events=[change(9, {"a": keeps(4, purge=every(7))}, **for_all)]) == [("a", 2, 14)]
    assert kept(batched, (), (2, 0), events=[change(14, {"a": keeps(4, purge=every(7))}, **for_all)]) == [("a", 2, 14)]
    assert kept(batched, (), (2, 0), events=[change(9, {"a": keeps(4)}, **for_all)]) == [("a", 2, 9)]


def test_a_longer_law_for_all_keeps_what_is_still_there():
    assert kept({"a": keeps(5)}, (), (0, 0), (6, 0), events=[change(8, {"a": keeps(9)}, applies_to="all_held")]) == [
        ("a", 0, 5), ("a", 6, 15),
    ]  # fmt: skip


def test_a_later_law_for_new_captures_does_not_undo_one_for_all():
    laws = [change(5, {"a": keeps(8)}, applies_to="all_held"), change(7, {"a": keeps(3)})]
    assert kept({"a": keeps(20)}, (), (4, 0), (6, 0), (7, 0), events=laws) == [("a", 4, 12), ("a", 6, 14), ("a", 7, 10)]


def test_keeping_hits_only_from_now_on_drops_the_rest_at_once_if_it_is_for_all():
    law = change(5, {"a": keeps(9, keep="hits")}, applies_to="all_held")
    assert kept({"a": keeps(9)}, (), (1, 0), (2, 0, HIT), (6, 0), events=[law]) == [("a", 1, 5), ("a", 2, 11)]


def test_an_archive_is_under_the_new_law_too():
    matched = (0, 0, HIT, 0.0, frozenset({1}))
    alerts = [edge("ab", "alert")]
    law = change(4, {**A, "b": keeps(20, alert_retention="6 s")}, alerts, applies_to="all_held")
    assert sorted(kept(A, alerts, matched)) == [("a", 0, 10), ("b", 0, 20, "alerts")]
    assert sorted(kept(A, alerts, matched, events=[law])) == [("a", 0, 10), ("b", 0, 6, "alerts")]


# --- edges ------------------------------------------------------------------------------------------------------------------


def test_an_edge_that_is_gone_sends_nothing_more_though_it_was_planned():
    """Sent at 3 and at 9, which is when the edge ends; the read of 7 never leaves."""
    assert kept(A, MIRROR, (1, 0), (7, 0), events=[change(9, A)]) == [("a", 1, 11), ("b", 3, 21), ("a", 7, 17)]


def test_on_revoke_copies_stay_or_go():
    stay, go = (change(9, A, on_revoke=how) for how in ("keep", "delete"))
    assert kept(A, MIRROR, (1, 0), events=[stay])[1:] == [("b", 3, 21)]
    assert kept(A, MIRROR, (1, 0), events=[go])[1:] == [("b", 3, 9)]


def test_copies_of_a_deleted_copy_go_too_unless_they_came_another_way():
    agencies = {name: keeps(30) for name in "abcd"}
    onward = {"onward": True, "delay": "1 s"}
    chain = [edge("ab"), edge("bc", **onward), edge("cd", **onward)]
    without = change(9, agencies, chain[1:], on_revoke="delete")
    assert kept(agencies, chain, (1, 0), events=[without]) == [("a", 1, 31), ("b", 1, 9), ("c", 2, 9), ("d", 3, 9)]
    both = [*chain, edge("ac", delay="1 s")]
    without = change(9, agencies, both[1:], on_revoke="delete")
    assert kept(agencies, both, (1, 0), events=[without]) == [("a", 1, 31), ("b", 1, 9), ("c", 2, 31), ("d", 3, 31)]


def test_copies_that_prop_each_other_up_go_together():
    """B and c sent the read to and fro, but it came in over the edge that is revoked."""
    agencies = {name: keeps(30) for name in "abc"}
    renewing = {"clock": "receipt", "on_duplicate": "renew", "onward": True, "delay": "2 s"}
    edges = [edge("ab"), edge("bc", **renewing), edge("cb", **renewing)]
    gone = change(9, agencies, edges[1:], on_revoke="delete")
    assert kept(agencies, edges, (1, 0), events=[gone])[1:] == [("b", 1, 9), ("c", 3, 9)]


def test_an_edge_whose_terms_change_is_not_revoked():
    slower = change(2, A, [edge("ab", delay="5 s")], on_revoke="delete")
    assert kept(A, MIRROR, (1, 0), (3, 0), events=[slower]) == [("a", 1, 11), ("a", 3, 13), ("b", 3, 21), ("b", 8, 23)]


def test_a_new_stream_sends_only_what_comes_from_then_on():
    assert kept(A, (), (1, 0), (7, 0), events=[change(7, A, MIRROR)])[1:] == [("a", 7, 17), ("b", 9, 27)]


def test_a_new_copy_of_all_that_is_reachable_takes_all_that_lies_there():
    whole = [edge("ab", copies="reachable", sync=every(5))]
    assert kept(A, (), (1, 0), (7, 0), events=[change(8, A, whole)])[2:] == [("b", 10, 21), ("b", 10, 27)]


def test_a_new_query_shows_all_that_is_held_and_an_old_one_nothing_more():
    query = [edge("ac", "query")]
    assert spans(run(A, (), (1, 0), events=[change(6, A, query)]), "c", "request") == [(6, 11)]
    assert spans(run(A, query, (1, 0), events=[change(6, A)]), "c", "request") == [(1, 6)]


def test_a_warrant_is_not_served_over_an_edge_that_is_gone():
    query = [edge("ac", "query", warrant={"beyond": "0 s", "delay": "3 s"})]
    assert spans(run(A, query, (1, 0), events=[change(6, A)]), "c", "process") == [(1, 3)]


# --- outages ----------------------------------------------------------------------------------------------------------------


def test_what_a_server_misses_while_it_is_down():
    """Its camera's read of 6 is lost and so is the copy due to b at 8; a purge due at 7 waits for the end at 9."""
    down = [Outage(0, 5, 9)]
    assert kept({"a": keeps(3), "b": keeps(20)}, (), (4, 0), (6, 0), events=down) == [("a", 4, 9)]
    assert kept(A, MIRROR, (6, 0), events=[Outage(1, 8, 9)]) == [("a", 6, 16)]
    assert kept(A, MIRROR, (6, 0), events=[Outage(1, 7, 8)]) == [("a", 6, 16), ("b", 8, 26)]
    assert kept(A, MIRROR, (3, 0), events=[Outage(0, 5, 6)]) == [("a", 3, 13)]
    assert kept(A, (), (5, 0), events=down) == []
    assert kept(A, (), (9, 0), events=down) == [("a", 9, 19)]


def test_nobody_finds_anything_on_a_server_that_is_down():
    query = [edge("ac", "query"), edge("cb", "query", onward=True)]
    ledger = run(A, query, (1, 0), events=[Outage(0, 4, 6), Outage(2, 8, 9)])
    assert spans(ledger, "a", "bulk") == [(1, 4), (6, 11)]
    assert spans(ledger, "c", "request") == [(1, 4), (6, 11)]
    assert spans(ledger, "b", "request") == [(1, 4), (6, 8), (9, 11)]


def test_outages_that_meet_are_one_and_a_hosts_is_its_guests():
    hosted = {"a": keeps(3, host="h"), "h": {"kind": "host"}}
    assert kept(hosted, (), (4, 0), (8, 0), events=[Outage(0, 5, 8), Outage(1, 7, 9)]) == [("a", 4, 9)]


# --- holds and breaches -----------------------------------------------------------------------------------------------------


def test_a_hold_preserves_what_is_still_there():
    plates = [(1, 0, 0, 0.0, frozenset(), 7), (1, 0, 0, 0.0, frozenset(), 8), (4, 0, 0, 0.0, frozenset(), 7)]
    asked = Hold(at=5, agency=0, plate=7, begin=0, end=4, until=30)
    ledger = run(A, (), *plates, events=[asked])
    assert [(copy.purged, copy.held) for copy in ledger.copies] == [(30, True), (11, False), (14, False)]
    assert kept(A, (), *plates, events=[asked._replace(at=11)])[0] == ("a", 1, 11)
    assert kept(A, (), *plates, events=[asked._replace(at=10)])[0] == ("a", 1, 30)
    assert kept(A, (), *plates, events=[asked._replace(until=6)])[0] == ("a", 1, 11)
    assert [span[2] for span in kept(A, (), *plates, events=[asked._replace(plate=None)])] == [30, 30, 14]


def test_a_hold_outlives_a_law_and_a_revocation():
    asked = Hold(at=5, agency=1, plate=None, begin=0, end=9, until=15)
    law = change(9, {**A, "b": keeps(4)}, on_revoke="delete", applies_to="all_held")
    assert kept(A, MIRROR, (1, 0), events=[asked, law]) == [("a", 1, 11), ("b", 3, 15)]


def test_an_intruder_holds_the_store_its_backups_and_what_its_officers_can_export():
    agencies = {"a": keeps(5, backup="3 s"), "b": keeps(20), "c": keeps(30)}
    edges = [edge("ba", "query", sight="bulk")]
    reads = [(1, 0), (4, 0), (5, 1), (8, 0), (0, 0)]
    breach = run(agencies, edges, *reads, events=[Breach(0, 8)]).breached[0]
    assert (breach.lying, breach.searchable) == ({0, 1, 3}, {2})


def test_who_breaks_in_at_a_host_holds_every_guests():
    agencies = {"a": keeps(5, host="h"), "b": keeps(5, host="h"), "c": keeps(5), "h": {"kind": "host"}}
    ledger = run(agencies, (), (1, 0), (2, 1), (3, 2), events=[Breach(3, 4), Breach(0, 4)])
    assert [breach.lying for breach in ledger.breached] == [{0, 1}, {0}]


# --- searches ---------------------------------------------------------------------------------------------------------------

SAVED = [edge("ac", "query", saved="9 s", needs="case number", sight="bulk")]


def searched(agencies, edges, query, *reads, **more):
    spec = world(agencies, edges)
    plates = [Captured(time, 0, plate=plate) for time, plate in reads]
    return Ledger.run(spec, rules.agencies(spec), plates, 60, [query], **more)


def test_a_search_finds_the_plate_in_its_range_and_what_it_found_is_saved():
    query = Query(at=8, viewer=2, plate=7, look_back=5)
    ledger = searched(A, SAVED, query, (3, 7), (4, 7), (5, 8), (9, 7))
    assert ledger.results == [Result(query, 8, {1})]
    saved = [copy for copy in ledger.copies if copy.shelf == "saved"]
    assert [(copy.store, copy.read, copy.received, copy.purged) for copy in saved] == [(2, 1, 8, 17)]
    assert [ledger.held(2, "bulk", moment) for moment in (14, 16, 17)] == [{1, 2, 3}, {1, 3}, {3}]
    assert ledger.held(1, "side_door", 16) == set()


def test_a_search_is_written_down_with_its_reach():
    query = Query(at=8, viewer=2, plate=None, case="26-1234")
    chain = [*SAVED, edge("ba", "query", sight="bulk"), edge("bc", "query")]
    ledger = searched(A, chain, query, (3, 7), cameras=np.array([5, 6, 7]), audit_kept=30)
    record = ledger.audit[0]
    assert (record.query.case, record.needed, record.sight) == ("26-1234", "case number", "request")
    assert (record.agencies, record.cameras.tolist(), record.returned) == (3, [5, 6, 7], 1)
    assert (record.asked, record.granted, record.erased) == (False, True, 38)
    own = searched(A, SAVED, Query(at=8, viewer=0), (3, 7), cameras=np.array([5, 6, 7])).audit[0]
    assert (own.needed, own.sight, own.agencies, own.cameras.tolist(), own.erased) == (
        "nothing",
        "bulk",
        1,
        [5, 0, 0],
        inf,
    )


@pytest.mark.parametrize(("draw", "granted"), [(0.49, True), (0.5, False)])
def test_a_warrant_comes_late_and_by_its_draw(draw, granted):
    edges = [edge("ac", "query", warrant={"beyond": "3 s", "delay": "2 s", "granted": 0.5}, saved="4 s")]
    query = Query(at=8, viewer=2, look_back=UNLIMITED, draw=draw)
    ledger = searched(A, edges, query, (3, 7), (7, 7))
    assert [(r.delivered, r.reads) for r in ledger.results] == [(8, {1}), (10, {0, 1})][: 1 + granted]
    assert [(r.asked, r.granted, r.returned) for r in ledger.audit] == [(False, True, 1), (True, granted, 2 * granted)]
    saved = [(copy.read, copy.received, copy.purged) for copy in ledger.copies if copy.shelf == "saved"]
    assert sorted(saved) == ([(0, 10, 14), (1, 8, 12), (1, 10, 14)] if granted else [(1, 8, 12)])


def test_only_what_the_run_has_reached_can_be_asked_by_process():
    ledger = run({"a": keeps(9, warrant={"beyond": "1 s", "delay": "5 s"})}, (), (0, 0), until=10)
    assert ledger.held(0, "process", 3) == {0}
    with pytest.raises(ValueError, match=r"10 s, not 5 \(served at 10\)"):
        ledger.held(0, "process", 5)
