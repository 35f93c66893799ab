"""The ledger of copies against the compiled rules."""

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from alprsim import custody as rules
from alprsim.ledger import Ledger
from alprsim.scenario import models
from alprsim.tables import Access
from tests.naive_custody import custodies, custody, obtainable

READS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=4)
END = 45  # longer than any stay that ends: five agencies, retentions and delays of at most 6 s


def first_difference(spec: models.Custody, reads: list[tuple[int, int]], access: Access | None = None) -> str:
    """Return the first moment at which Access and the ledger disagree, in words; nothing where they agree throughout."""
    agencies = rules.agencies(spec)
    everyone = range(len(agencies))
    access = rules.access(spec, agencies, everyone) if access is None else access
    ledger = Ledger.run(spec, agencies, reads, END)
    for viewer in everyone:
        for sight in ("bulk", "request"):
            for moment in range(END):
                said = {
                    read for read, (time, owner) in enumerate(reads)
                    if moment >= time and obtainable(access, viewer, owner, sight, moment - time)
                }  # fmt: skip
                if said != ledger.held(viewer, sight, moment):
                    return f"viewer {viewer}, {sight}, at {moment}: {said}, not {ledger.held(viewer, sight, moment)}"
    return ""


@settings(deadline=None, derandomize=True, max_examples=300)
@given(custodies(), READS)
def test_access_and_ledger_name_the_same_reads(spec, reads):
    assert first_difference(spec, reads) == ""


@settings(deadline=None, derandomize=True, max_examples=200)
@given(custodies(renewing=True), READS)
def test_access_and_ledger_agree_where_copies_renew_each_other(spec, reads):
    assert first_difference(spec, reads) == ""


def test_the_worlds_tried_hold_what_could_go_wrong():
    """Among them are copies that never end, and ages that can be asked for again after a gap."""
    find(custodies(renewing=True), rules.cycles)

    def has_gap(spec):
        agencies = rules.agencies(spec)
        access = rules.access(spec, agencies, [0])
        owners = range(len(agencies))
        found = (rules.effective(access, viewer=0, owner=owner, sight="request") for owner in owners)
        return any(start > 0 for each in found for start, _ in each.gaps)

    find(custodies(), has_gap)


PLANTED = {
    "purged a second late": lambda access: {"to_age": access.to_age + (access.to_age < rules.UNLIMITED)},
    "purged a second early": lambda access: {"to_age": access.to_age - (access.to_age < rules.UNLIMITED)},
    "copied a second late": lambda access: {"from_age": access.from_age + (access.from_age > 0)},
    "copied a second early": lambda access: {"from_age": access.from_age - (access.from_age > 0)},
    "all in bulk": lambda access: {"sight": access.sight * 0},
}


@pytest.mark.parametrize("error", PLANTED)
def test_a_planted_error_in_access_is_found(error):
    """One world is enough: a copy made late, kept from receipt, and searched on request by a third."""
    spec = custody(
        {"a": {"retention": "4 s"}, "b": {"retention": "3 s"}, "c": {"retention": "0 s"}},
        {"giver": "a", "taker": "b", "kind": "mirror", "delay": "3 s", "clock": "receipt"},
        {"giver": "b", "taker": "c", "kind": "query", "onward": True},
    )
    right = rules.access(spec, rules.agencies(spec), range(3))
    wrong = Access(**(right.data() | PLANTED[error](right)))
    assert first_difference(spec, [(1, 0)], right) == ""
    assert first_difference(spec, [(1, 0)], wrong) != ""


def test_a_ledger_that_copies_before_it_purges_is_found(monkeypatch):
    """A copy at exactly the age of purge: the one tie on which the two programs could part."""

    def hasty(self, edge, read):
        yield self.env.timeout(edge.rule.delay)
        if self.stores[edge.giver][read].purged >= self.env.now:
            self._receive(edge, read)

    spec = custody(
        {"a": {"retention": "3 s"}, "b": {"retention": "9 s"}},
        {"giver": "a", "taker": "b", "kind": "mirror", "delay": "3 s"},
    )
    assert first_difference(spec, [(0, 0)]) == ""
    monkeypatch.setattr(Ledger, "_mirror", hasty)
    assert first_difference(spec, [(0, 0)]) != ""


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
