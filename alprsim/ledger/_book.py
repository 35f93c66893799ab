"""A read's course, as SimPy processes: captured, copied along the edges, renewed, pushed as an alert, purged."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import simpy

from alprsim.ledger._copies import EXACT, Captured, Copy
from alprsim.ledger._events import Outage
from alprsim.ledger._routes import Rules, Sending
from alprsim.ledger._rules import Keeper, Link, Relation, tick
from alprsim.scenario import models
from alprsim.tables import Agencies

CHANGE, PURGE, CAPTURE, ARRIVE, SETTLE, LOOK = range(2, 8)
"""The order of things within a second; SimPy itself uses 0 and 1."""


class _Moment(simpy.Event):  # type: ignore[misc]
    """A point in time and, within its second, in the order above: a timeout with a priority."""

    def __init__(self, env: simpy.Environment, moment: float, phase: int) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        env.schedule(self, phase, moment - env.now)


class Book:
    """The stores of all agencies, by row of Agencies, and the processes that fill and empty them."""

    def __init__(self, spec: models.Custody, agencies: Agencies) -> None:
        self.env = simpy.Environment()
        self.agencies = agencies
        self.regimes: list[tuple[float, Rules]] = [(0, Rules(spec, agencies))]
        self.floor = 0
        """The latest regime that applied to all that was held."""
        self.outages: list[Outage] = []
        self.captured: list[Captured] = []
        self.era: dict[int, int] = {}
        """The regime under which each read was captured."""
        self.stores: list[dict[int, Copy]] = [{} for _ in range(len(agencies))]
        """What each store has or had, by read: a store remembers."""
        self.copies: list[Copy] = []
        self._inbox: list[tuple[Sending, Copy]] = []
        self._fresh: list[Copy] = []
        self._settling = -1

    @property
    def now(self) -> int:
        """The second."""
        return int(self.env.now)

    @property
    def rules(self) -> Rules:
        """The custody that holds now."""
        return self.regimes[-1][1]

    def keeper(self, store: int, read: int) -> Keeper:
        """Return a store's rules for a read."""
        return self.regimes[max(self.era[read], self.floor)][1].keepers[store]

    def back(self, agency: int, moment: int) -> int:
        """Return when an agency's server is up again; the moment itself where it is up."""
        while (end := self._end(agency, moment)) > moment:
            moment = end
        return moment

    def is_up(self, *agencies: int, moment: int) -> bool:
        """Tell whether the servers of all these answer."""
        return all(self.back(agency, moment) == moment for agency in agencies)

    def _end(self, agency: int, moment: int) -> int:
        down = {agency, self.rules.keepers[agency].host}
        return max((o.end for o in self.outages if o.agency in down and o.begin <= moment < o.end), default=moment)

    def _at(self, moment: float, phase: int) -> simpy.Event:
        return _Moment(self.env, moment, phase)

    # --- captured ---------------------------------------------------------------------------------------------------------

    def _ingest(self, read: int) -> Iterator[Any]:
        captured = self.captured[read]
        yield self._at(captured.time, CAPTURE)
        if not captured.admitted or not self.is_up(captured.owner, moment=self.now):
            return
        self.era[read] = len(self.regimes) - 1
        for link in self.rules.alerts[captured.owner]:
            if link.taker in captured.hits:
                self.env.process(self._push(link, read))
        keeper = self.keeper(captured.owner, read)
        if keeper.takes(captured):
            due = self.now + keeper.clocks[captured.record]
            self._lay(Copy(captured.owner, read, self.now, self.now, due, keeper))
            self._fresh.append(self.copies[-1])
            self._call()

    def _push(self, link: Link, read: int) -> Iterator[Any]:
        """Put an alert into the taker's archive, straight from the camera; each push is a copy of its own."""
        captured, keeper = self.captured[read], self.keeper(link.taker, read)
        yield self._at(self.now + link.rule.delay, ARRIVE)
        start = self.now if link.rule.clock == "receipt" else captured.time
        up = self.is_up(link.giver, link.taker, moment=self.now)
        if start + keeper.alert > self.now and up and link.relation in self.rules.relations:
            came: set[tuple[int, tuple[Relation, ...]]] = {(link.giver, (link.relation,))}
            self._lay(
                Copy(link.taker, read, self.now, start, start + keeper.alert, keeper, 1, link.giver, EXACT, "alerts",
                     came=came)
            )  # fmt: skip

    def _lay(self, copy: Copy) -> None:
        self.copies.append(copy)
        if copy.shelf == "store":
            self.stores[copy.store][copy.read] = copy
        self._await(copy)

    # --- copied -----------------------------------------------------------------------------------------------------------

    def _mirror(self, sending: Sending, copy: Copy, moment: float) -> Iterator[Any]:
        yield self._at(moment, ARRIVE)
        if self._goes(sending, copy):
            self._inbox.append((sending, copy))
            self._call()

    def _goes(self, sending: Sending, copy: Copy) -> bool:
        """Tell whether a sending that was planned is made: what was purged or grew too old is not."""
        young = self.now - self.captured[copy.read].time < sending.younger
        still = sending.ends in self.rules.routes
        return copy.lies(self.now) and young and still and self.is_up(*sending.ends, moment=self.now)

    def _call(self) -> None:
        if self._settling != self.now:
            self._settling = self.now
            self.env.process(self._settle())

    def _settle(self) -> Iterator[Any]:
        """Let the copies of this second arrive, and what they set off within it, until nothing changes; then plan the rest.

        So each is planned once, with the longest stay, the fewest edges and the finest resolution of those that passed so few.
        """
        yield self._at(self.now, SETTLE)
        moved = dict.fromkeys(self._fresh)
        waiting = deque([*self._inbox, *(one for copy in moved for one in self._sent(copy, at_once=True))])
        self._inbox, self._fresh = [], []
        while waiting:
            copy = self._receive(*waiting.popleft())
            if copy is not None:
                moved[copy] = None
                waiting.extend(self._sent(copy, at_once=True))
        for copy in moved:
            for sending, _ in self._sent(copy, at_once=False):
                self.env.process(self._mirror(sending, copy, self._departs(sending)))

    def _departs(self, sending: Sending) -> float:
        return tick(sending.link.rule.sync, self.now + sending.link.rule.delay)

    def _sent(self, copy: Copy, *, at_once: bool) -> Iterator[tuple[Sending, Copy]]:
        """Yield what a copy that came or was renewed now sets off: in this second, or later."""
        for sending in self.rules.sendings[copy.store]:
            now = self._departs(sending) == self.now
            if copy.passed <= sending.most and now == at_once and (not now or self._goes(sending, copy)):
                yield sending, copy

    def _receive(self, sending: Sending, source: Copy) -> Copy | None:
        """Take, join or renew a copy; return it where it has to be passed on for that."""
        rule, captured = sending.link.rule, self.captured[source.read]
        store, keeper = sending.link.taker, self.keeper(sending.link.taker, source.read)
        start = self.now if rule.clock == "receipt" else captured.time
        due = start + keeper.clocks[captured.record]
        due = min(due, source.falls) if rule.recalls else due
        came = (source.store, sending.over)
        there = self.stores[store].get(source.read)
        if there is None:
            if due <= self.now or not keeper.takes(captured):
                return None
            copy = Copy(
                store, source.read, self.now, start, due, keeper, source.passed + sending.adds, sending.link.giver,
                source.resolution, came={came},
            )  # fmt: skip
            self._lay(copy)
            return copy
        if there.received == self.now:
            return self._join(there, sending, source, start, due) if due > self.now else None
        renews = rule.on_duplicate == "renew" and rule.clock == "receipt"
        if renews and there.lies(self.now) and due > there.due:
            there.came.add(came)
            self._extend(there, start, due)
            return there
        return None

    def _join(self, there: Copy, sending: Sending, source: Copy, start: int, due: float) -> Copy | None:
        """Add to a copy what another of the same second brings; return it where that concerns those it is passed to."""
        before = there.passed, there.arrived, there.due
        there.came.add((source.store, sending.over))
        edges = source.passed + sending.adds
        if edges < there.passed:
            there.passed, there.arrived = edges, source.resolution
        elif edges == there.passed:
            there.arrived = there.arrived.or_finer(source.resolution)
        if due > there.due:
            self._extend(there, start, due)
        return there if (there.passed, there.arrived, there.due) != before else None

    # --- purged -----------------------------------------------------------------------------------------------------------

    def _extend(self, copy: Copy, start: int, due: float) -> None:
        copy.start, copy.due = start, due
        self._await(copy)

    def _await(self, copy: Copy) -> None:
        """Plan the purge anew: what was planned before finds another moment written down, and leaves the copy alone."""
        copy.falls = tick(copy.rule.purge, max(copy.due, self.now))
        if copy.falls < float("inf"):
            self.env.process(self._purge(copy, copy.falls))

    def _purge(self, copy: Copy, moment: float) -> Iterator[Any]:
        yield self._at(moment, PURGE)
        while (back := self.back(copy.store, self.now)) > self.now:
            yield self._at(back, PURGE)
        if copy.falls == moment and copy.lies(self.now):
            copy.purged = self.now
