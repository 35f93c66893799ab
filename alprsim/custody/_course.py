"""The course of one read from store to store, in order of time, until nothing happens any more or all repeats itself."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from alprsim.custody._moments import Moment, Phases
from alprsim.custody._rules import Mirror, Resolution, Rules
from alprsim.tables import UNLIMITED, RecordClass


class Kind(NamedTuple):
    """What the rules tell apart in reads of one owner."""

    owner: int
    record: RecordClass
    draw: float
    """Any draw of those that all stores treat alike."""


@dataclass(slots=True)
class Stay:
    """One read in one store."""

    received: Moment
    due: Moment
    giver: int
    """The store that the first copy came from; −1 the camera."""
    row: int
    """Of custody.sharing, by which it came; −1 from the camera."""
    edges: int
    """That it passed."""
    arrived: Resolution
    """Before this store coarsened it."""
    renewed_by: int = -1
    renewed: Moment | None = None


class Ways:
    """The ways of copies, by giver: made once for all owners."""

    def __init__(self, rules: Rules, mirrors: Iterable[Mirror]) -> None:
        self.rules = rules
        self.mirrors = list(mirrors)
        self.leaving: dict[int, list[int]] = defaultdict(list)
        for number, way in enumerate(self.mirrors):
            self.leaving[way.giver].append(number)
        self.recalling = {way.giver for way in self.mirrors if way.recalls}
        self.renewable = sorted({way.taker for way in self.mirrors if way.renews})


class Course:
    """Where one kind of read is when, for one phase of its capture."""

    def __init__(self, ways: Ways, kind: Kind, phases: Phases, period: int) -> None:
        self.ways, self.rules, self.kind = ways, ways.rules, kind
        self.phases, self.period = phases, period
        self.due: list[tuple[Moment, int, int]] = []
        self.stays: dict[int, Stay] = {}
        self.cycles: set[tuple[int, ...]] = set()
        if self.rules.stores[kind.owner].takes(kind.record, kind.draw):
            end = phases.capture + self._clock(kind.owner)
            self.stays[kind.owner] = Stay(phases.capture, end, -1, -1, 0, Resolution())
            self._pass_on(kind.owner, phases.capture)
            self._run()

    def purged(self, store: int) -> Moment:
        """Return when a store loses the read."""
        return self.phases.batch(self.rules.stores[store].purge, self.stays[store].due)

    def kept(self, store: int) -> Resolution:
        """Return what the record in a store tells."""
        return self.stays[store].arrived.through(self.rules.stores[store].resolution)

    def route(self, store: int) -> list[int]:
        """Return the stores that the first copy passed through, the owner's first."""
        giver = self.stays[store].giver
        return [*self.route(giver), store] if giver >= 0 else [store]

    def _clock(self, store: int) -> int:
        return self.rules.stores[store].clocks[self.kind.record]

    def _run(self) -> None:
        remembered: tuple[object, Moment] = None, self.phases.capture
        seconds = 0
        while self.due and self.due[0][0].value < UNLIMITED:
            now = self.due[0][0]
            self._arrivals(now)
            state = self._state(now)
            if self.due and state == remembered[0]:
                return self._never_ends(remembered[1])
            seconds += 1
            if seconds & (seconds - 1) == 0:  # compared with the last power of two, any period is found (Brent 1980)
                remembered = state, now
        return None

    def _arrivals(self, now: Moment) -> None:
        """Let all copies of one second arrive, those that passed the fewest edges first."""
        while self.due and self.due[0][0] == now:
            at, edges, number = heapq.heappop(self.due)
            way = self.ways.mirrors[number]
            if self._taken(way, at, edges):
                self._pass_on(way.taker, at)

    def _taken(self, way: Mirror, now: Moment, edges: int) -> bool:
        """Let a copy arrive; tell whether it was taken, and so is to be passed on."""
        clock = self._clock(way.taker)
        end, gone = (now if way.from_receipt else self.phases.capture) + clock, self.purged(way.giver)
        end = min(end, gone) if way.recalls else end
        if gone <= now or end <= now or not now < self.phases.capture + way.cap:
            return False
        stay = self.stays.get(way.taker)
        if stay is None:
            if not self.rules.stores[way.taker].takes(self.kind.record, self.kind.draw):
                return False
            self.stays[way.taker] = Stay(now, end, way.giver, way.row, edges, self.kept(way.giver))
            return True
        if now == stay.received:
            longer, stay.due = stay.due < end, max(stay.due, end)
            if edges == stay.edges:
                stay.arrived = stay.arrived.finest(self.kept(way.giver))
            return longer and way.taker in self.ways.recalling  # what it sent in this second lasts longer too
        if way.renews and stay.due < end and now < self.purged(way.taker):
            stay.due, stay.renewed, stay.renewed_by = end, now, way.giver
            return True
        return False

    def _pass_on(self, giver: int, received: Moment) -> None:
        edges = self.stays[giver].edges
        for number in self.ways.leaving[giver]:
            way = self.ways.mirrors[number]
            if edges <= way.limit:
                sent = self.phases.batch(way.sync, received + way.delay)
                heapq.heappush(self.due, (sent, edges + way.edges, number))

    def _state(self, now: Moment) -> object:
        """Return all that decides what happens after `now`, counted from it: equal states have equal futures.

        A store that is never renewed matters only through copies already due. One that refused every copy of a period,
        because its clock counts from capture, refuses the later ones too.
        """
        if not self.ways.renewable:
            return now.value  # each store takes once: nothing repeats
        dues = [self.stays[store].due if store in self.stays else None for store in self.ways.renewable]
        clocks = [
            None if due is None else UNLIMITED if due.endless else (max(due.value - now.value, -self.period), due.clock)
            for due in dues
        ]
        coming = sorted((at.value - now.value, at.clock, edges, number) for at, edges, number in self.due)
        return len(self.stays), now.value % self.period if self.period else 0, clocks, coming

    def _never_ends(self, since: Moment) -> None:
        """Mark the stores renewed after `since`, in a course that repeats itself from there, as unbounded."""
        givers = {
            store: stay.renewed_by
            for store, stay in self.stays.items()
            if stay.renewed is not None and since < stay.renewed
        }
        for store in givers:
            self.stays[store].due = self.phases.never
            self.cycles.add(_loop(givers, store))


def _loop(givers: dict[int, int], store: int) -> tuple[int, ...]:
    """Walk from taker to giver until a store repeats; return the loop in the direction of copying, lowest row first."""
    walked = [store]
    while givers[walked[-1]] not in walked:
        walked.append(givers[walked[-1]])
    loop = walked[walked.index(givers[walked[-1]]) :][::-1]
    start = loop.index(min(loop))
    return tuple(loop[start:] + loop[:start])
