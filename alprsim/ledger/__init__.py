"""Every copy of every read, kept second by second: the rules of custody as processes, one step at a time.

SimPy keeps the clock. A read is ingested, copied along the sharing edges, batched, renewed and purged by processes that know
only their own store, so the ledger says what the rules of ``custody`` do without compiling them: on any static scenario both
must name the same reads at any moment. The ledger alone runs what changes midway: a law taking effect, an opt-out, an
outage, a breach, a hold, a search that is saved. It costs a process a copy, and is meant for thousands of reads.
"""

from alprsim.ledger._copies import Captured, Copy, Resolution
from alprsim.ledger._events import Audit, Breach, Breached, Change, Hold, Outage, Query, Result
from alprsim.ledger._ledger import Ledger

__all__ = [
    "Audit",
    "Breach",
    "Breached",
    "Captured",
    "Change",
    "Copy",
    "Hold",
    "Ledger",
    "Outage",
    "Query",
    "Resolution",
    "Result",
]
