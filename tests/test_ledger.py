"""The ledger of copies against the compiled rules."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import custody as rules
from alprsim.ledger import Ledger
from alprsim.scenario import models
from alprsim.tables import UNLIMITED, Access
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
                    if obtainable(access, viewer, owner, sight, time, moment)
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


def mirror(ends, delay, **more):
    return {"giver": ends[0], "taker": ends[1], "kind": "mirror", "delay": f"{delay} s", "onward": True, **more}


def looks(giver):
    return {"giver": giver, "taker": "a", "kind": "query", "onward": True}


RENEW = {"clock": "receipt", "on_duplicate": "renew"}
TWO_TOKENS = [mirror("ab", 0), mirror("ac", 2), mirror("bc", 3, **RENEW), mirror("cb", 3, **RENEW), looks("b")]
HARD = {
    "never ends": ("66", [mirror("ab", 1, **RENEW), mirror("ba", 3, **RENEW)], (UNLIMITED, ())),
    "ends after one renewal": ("63", [mirror("ab", 2, **RENEW), mirror("ba", 2, **RENEW)], (10, ())),
    "a round trip as long as the retention": ("966", [TWO_TOKENS[0], *TWO_TOKENS[2:]], (9, ())),
    "the same, two copies going round": ("966", TWO_TOKENS, (UNLIMITED, ())),
    "a gap": ("2046", [mirror("ad", 1), mirror("dc", 4, clock="receipt"), looks("c")], (9, ((2, 5),))),
    "two copies at once": ("336", [mirror("ac", 2), mirror("ab", 2), mirror("bc", 0, clock="receipt"), looks("c")], (8, ())),
}  # fmt: skip


@pytest.mark.parametrize("world", HARD)
def test_access_and_ledger_agree_in_hard_worlds(world):
    """Random worlds hold these rarely. Retentions (s) are of a, b, c, d; the answer is a's view of its own reads."""
    retentions, edges, expected = HARD[world]
    spec = custody({name: {"retention": f"{w} s"} for name, w in zip("abcd", retentions, strict=False)}, *edges)
    access = rules.access(spec, rules.agencies(spec), [0])
    found = rules.effective(access, viewer=0, owner=0, sight="request")
    assert (found.supremum, found.gaps) == expected
    assert first_difference(spec, [(0, 0), (2, 1)]) == ""


PLANTED = {
    "purged a second late": lambda access: {"to_age": access.to_age + (access.to_age < UNLIMITED)},
    "purged a second early": lambda access: {"to_age": access.to_age - (access.to_age < UNLIMITED)},
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
