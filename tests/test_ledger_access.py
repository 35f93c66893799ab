"""The ledger of copies against the compiled rules, with every lever."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import custody as rules
from alprsim.ledger import Captured, Ledger
from alprsim.scenario import models
from alprsim.tables import UNLIMITED, Access
from tests.custody_worlds import READS, chances, rows, told, worlds
from tests.naive_custody import custodies, custody

UNTIL, LONGEST_DELAY = 44, 4
"""Reads come in the first six seconds; what ends has mostly ended well before, what lasts has shown it."""


def first_difference(
    spec: models.Custody, reads: Sequence[Captured | tuple[int, int]], access: Access | None = None
) -> str:
    """Return the first moment at which Access and the ledger disagree, in words; nothing where they agree throughout."""
    agencies = rules.agencies(spec)
    everyone = range(len(agencies))
    plain = rows(rules.access(spec, agencies, everyone) if access is None else access)
    reads = [Captured(*read) for read in reads]
    ledger = Ledger.run(spec, agencies, reads, UNTIL)
    for viewer in everyone:
        mine = [row for row in plain if row.viewer == viewer]
        for sight, case in (("bulk", 0.0), ("request", 0.0), ("process", 0.0), ("side_door", 0.0), ("side_door", 0.25)):
            for moment in range(UNTIL - LONGEST_DELAY):
                said = told(mine, reads, viewer, sight, moment, case)
                found = ledger.found(viewer, sight, moment, case_draw=case)
                if said != found:
                    return f"viewer {viewer}, {sight} ({case}), at {moment}: Access {said}, ledger {found}"
                if sight == "process" and chances(mine, reads, viewer, sight, moment) != _granted(
                    ledger, viewer, moment
                ):
                    return f"viewer {viewer}, at {moment}: the shares of warrants granted differ"
    return ""


def _granted(ledger: Ledger, viewer: int, moment: int) -> dict[int, float]:
    best: dict[int, float] = {}
    for found in ledger.finds(viewer, "process", moment):
        best[found.copy.read] = max(best.get(found.copy.read, 0.0), found.granted)
    return best


PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=4)


@pytest.mark.whole
@settings(deadline=None, derandomize=True, max_examples=300)
@given(custodies(), PAIRS)
def test_access_and_ledger_name_the_same_reads(spec, reads):
    assert first_difference(spec, reads) == ""


@pytest.mark.whole
@settings(deadline=None, derandomize=True, max_examples=200)
@given(custodies(renewing=True), PAIRS)
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


@pytest.mark.whole
@settings(deadline=None, derandomize=True, max_examples=300)
@given(worlds(), READS)
def test_access_and_ledger_name_the_same_reads_with_every_lever(spec, reads):
    assert first_difference(spec, reads) == ""
