"""The ledger of copies against the compiled rules."""

import dataclasses
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.naive_custody import custodies, custody, obtainable

from alprsim import custody as rules
from alprsim.ledger import Ledger
from alprsim.scenario import models
from alprsim.tables import Access

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
