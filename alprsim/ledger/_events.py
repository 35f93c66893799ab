"""What happens midway: a new law or partner, an outage, a breach, a request to preserve, a search; and what is left of it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from alprsim.scenario import models
from alprsim.tables import UNLIMITED, Int64


class Change(NamedTuple):
    """From `at` on another custody holds.

    Stores' clocks, samples, batches and blurs follow a read: those of the custody it was captured under, unless the change
    applies to all that is held. Edges follow the time: one that is gone sends nothing more and shows nothing more, a new
    one sends what the giver receives from then on (a copy of all that is reachable: all of it, at its first batch) and
    shows all that is held.
    """

    at: int
    custody: models.Custody
    applies_to: Literal["new_captures", "all_held"] = "new_captures"
    on_revoke: Literal["keep", "delete"] = "keep"
    """delete: copies that came over an edge that is no more go at once, and copies of these that came in no other way."""


class Outage(NamedTuple):
    """A server that is down, a host's with those of all it hosts.

    Reads and copies due meanwhile are lost, it gives no answers, and purges wait for its return.
    """

    agency: int
    begin: int
    end: int


class Hold(NamedTuple):
    """A request that an agency preserve what it holds at `at` of a plate (None: of any) captured in [begin, end)."""

    at: int
    agency: int
    plate: int | None
    begin: int
    end: int
    until: int


class Breach(NamedTuple):
    """An intruder in an agency's servers."""

    agency: int
    at: int


class Breached(NamedTuple):
    """What an intruder holds, as rows of the reads."""

    agency: int
    at: int
    lying: set[int]
    """In its store, archive, saved results and backups, and in those of every agency that it hosts."""
    searchable: set[int]
    """What its own officers can export besides."""


class Query(NamedTuple):
    """A search at `at` for a plate (None: for any) in reads younger than `look_back`."""

    at: int
    viewer: int
    plate: int | None = None
    look_back: int = UNLIMITED
    reason: str = ""
    case: str = ""
    draw: float = 0.0
    """In [0, 1): a warrant is granted where this is less than the share of those granted."""


class Result(NamedTuple):
    """What a search found, when it came: at once or with a warrant."""

    query: Query
    delivered: int
    reads: set[int]


class Audit(NamedTuple):
    """What is written down of a search; with a warrant, a record of its own when it is served or refused."""

    query: Query
    needed: Literal["nothing", "reason", "case number"]
    """What some edge asked to be stated; it stops nobody."""
    sight: Literal["bulk", "request", "process"]
    agencies: int
    """Stores searched, its own among them."""
    cameras: Int64
    """[agencies]: cameras of those that were searched"""
    returned: int
    asked: bool
    """Whether it took a warrant."""
    granted: bool
    erased: float
    """When the record itself goes."""
