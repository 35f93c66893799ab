"""The ledger of copies against the compiled rules, with every lever."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings

from alprsim import custody as rules
from alprsim.ledger import Captured, Ledger
from alprsim.scenario import models
from alprsim.tables import Access
from tests.custody_worlds import READS, rows, told, worlds

UNTIL, LONGEST_DELAY = 44, 4
"""Reads come in the first six seconds; what ends has mostly ended well before, what lasts has shown it."""


def first_difference(spec: models.Custody, reads: Sequence[Captured], access: Access | None = None) -> str:
    """Return the first moment at which Access and the ledger disagree, in words; nothing where they agree throughout."""
    agencies = rules.agencies(spec)
    everyone = range(len(agencies))
    plain = rows(rules.access(spec, agencies, everyone) if access is None else access)
    ledger = Ledger.run(spec, agencies, reads, UNTIL)
    for viewer in everyone:
        mine = [row for row in plain if row.viewer == viewer]
        for sight, case in (("bulk", 0.0), ("request", 0.0), ("process", 0.0), ("side_door", 0.0), ("side_door", 0.25)):
            for moment in range(UNTIL - LONGEST_DELAY):
                said = told(mine, reads, viewer, sight, moment, case)
                found = ledger.found(viewer, sight, moment, case_draw=case)
                if said != found:
                    return f"viewer {viewer}, {sight} ({case}), at {moment}: Access {said}, ledger {found}"
    return ""


@settings(deadline=None, derandomize=True, max_examples=300)
@given(worlds(), READS)
def test_access_and_ledger_name_the_same_reads_with_every_lever(spec, reads):
    assert first_difference(spec, reads) == ""
