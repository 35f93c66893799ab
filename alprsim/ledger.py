"""Every copy of every read, kept second by second: the rules of custody as processes, one step at a time.

SimPy keeps the clock. A read is ingested, copied along the sharing edges and purged by processes that know only their own
store, so the ledger says what the rules of ``custody.py`` do without compiling them: on any static scenario both must
name the same held reads at any moment. It costs a process a copy, and is meant for thousands of reads, not billions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Literal, NamedTuple

import simpy

from alprsim.scenario import models
from alprsim.tables import UNLIMITED, Agencies


@dataclass
class Copy:
    """One read in one agency's store; times in seconds since the start, `purged` infinite while it is there."""

    store: int
    read: int
    received: int
    due: float
    purged: float = inf


class Ledger:
    """The stores of all agencies, by row of Agencies: what each holds and what each once held.

    A row that the custody lacks keeps nothing and shares nothing.
    """

    def __init__(self, spec: models.Custody, agencies: Agencies) -> None:
        self.env = simpy.Environment()
        self.retention = [_retention(spec, str(name)) for name in agencies.name]
        self.edges = list(_edges(spec, agencies))
        self.stores: list[dict[int, Copy]] = [{} for _ in self.retention]
        self.captured: list[tuple[int, int]] = []
        self.copies: list[Copy] = []

    @classmethod
    def run(cls, spec: models.Custody, agencies: Agencies, reads: Sequence[tuple[int, int]], until: int) -> Ledger:
        """Run the rules on `reads`, pairs (time s, owner row) numbered in the order given, up to the moment `until`."""
        ledger = cls(spec, agencies)
        ledger.captured = list(reads)
        for number in range(len(reads)):
            ledger.env.process(ledger._ingest(number))
        ledger.env.run(until=until)
        return ledger

    def held(self, viewer: int, sight: Literal["bulk", "request"], moment: int) -> set[int]:
        """Return the reads that `viewer` (row of Agencies) can obtain at `moment`, a whole second before the run's end."""
        if not 0 <= moment < self.env.now:
            raise ValueError(f"moment must be from 0 up to the run's end, {self.env.now} s, not {moment}")
        lying = [copy for copy in self.copies if copy.received <= moment < copy.purged]
        obtained = set()
        for agency in self._looks_through(viewer, sight):
            obtained |= {copy.read for copy in lying if copy.store == agency}
            for edge in self._queries(agency, sight):
                own = (copy.read for copy in lying if copy.store == edge.giver)
                obtained |= {read for read in own if self.captured[read][1] == edge.giver}
        return obtained

    def _looks_through(self, viewer: int, sight: str) -> set[int]:
        """Return the agencies whose whole view is the viewer's too: itself and onward givers."""
        open_to: set[int] = set()
        waiting = [viewer]
        while waiting:
            agency = waiting.pop()
            if agency not in open_to:
                open_to.add(agency)
                waiting += [edge.giver for edge in self._queries(agency, sight) if edge.rule.onward]
        return open_to

    def _queries(self, taker: int, sight: str) -> Iterator[_Edge]:
        for edge in self.edges:
            enough = sight == "request" or edge.rule.sight == "bulk"
            if edge.rule.kind == "query" and edge.taker == taker and enough:
                yield edge

    def _ingest(self, read: int) -> Iterator[Any]:
        time, owner = self.captured[read]
        yield self.env.timeout(time)
        if self.retention[owner] > 0:
            self._store(owner, read, time + self.retention[owner])

    def _store(self, store: int, read: int, due: float) -> None:
        copy = Copy(store, read, int(self.env.now), due)
        self.copies.append(copy)
        self.stores[store][read] = copy
        self.env.process(self._purge(copy))
        self._pass_on(store, read)

    def _pass_on(self, giver: int, read: int) -> None:
        for edge in self.edges:
            own = self.captured[read][1] == giver
            if edge.rule.kind == "mirror" and edge.giver == giver and (own or edge.rule.onward):
                self.env.process(self._mirror(edge, read))

    def _mirror(self, edge: _Edge, read: int) -> Iterator[Any]:
        yield self.env.timeout(edge.rule.delay)
        yield self.env.timeout(0)  # the purges of this second were scheduled before it, and so go first
        if self.stores[edge.giver][read].purged == inf:
            self._receive(edge, read)

    def _receive(self, edge: _Edge, read: int) -> None:
        now = int(self.env.now)
        due = (now if edge.rule.clock == "receipt" else self.captured[read][0]) + self.retention[edge.taker]
        there = self.stores[edge.taker].get(read)
        if there is None:
            if due > now:
                self._store(edge.taker, read, due)
        elif there.received == now:
            there.due = max(there.due, due)
        elif edge.rule.on_duplicate == "renew" and there.purged == inf and due > there.due:
            there.due = due
            self._pass_on(edge.taker, read)

    def _purge(self, copy: Copy) -> Iterator[Any]:
        """Wait until the copy's time is up; a renewal meanwhile makes it wait again. A store remembers what it had."""
        while self.env.now < copy.due < inf:
            yield self.env.timeout(copy.due - self.env.now)
        if copy.due < inf:
            copy.purged = self.env.now


class _Edge(NamedTuple):
    """A sharing rule between two agencies, by row."""

    giver: int
    taker: int
    rule: models.Edge


def _edges(spec: models.Custody, agencies: Agencies) -> Iterator[_Edge]:
    row = {str(name): number for number, name in enumerate(agencies.name)}
    departments = [name for name, agency in spec.agencies.items() if agency.kind == "department"]
    for rule in spec.sharing:
        givers, takers = (departments if end == "departments" else [end] for end in (rule.giver, rule.taker))
        yield from (_Edge(row[giver], row[taker], rule) for giver in givers for taker in takers if taker != giver)


def _retention(spec: models.Custody, name: str) -> float:
    if name not in spec.agencies:
        return 0
    own = spec.agencies[name].retention
    seconds = spec.retention if own is None else own
    return inf if seconds == UNLIMITED else seconds
