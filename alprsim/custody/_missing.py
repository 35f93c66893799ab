"""Why a viewer does not obtain a read: the one rule that explains it, of those that could, the first that is asked about.

For a read that the viewer does not obtain it is asked, in this order, and the first answer counts:

1. Did its owner keep it at all? (a camera that may not, hits only, not in the sample, 0 s)
2. Is there a store, at any time, into which a route of the viewer leads, by warrant too? If not: would there be one if every
   store kept everything for ever (it was gone, or not taken, before it could be copied)? If also nobody had opted out? If
   also every edge passed on all that its giver received? Else no edge leads there.
3. Does it lie in one of those stores? If not: is it yet to come there? Else the one that held it last purged it.
4. Does a route there reach back so far? Else a look-back cap cuts it.
5. Would the viewer have it by asking plate by plate, or by a warrant? With a warrant: is it gone before the warrant is served?
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np

from alprsim.custody._compile import Compiler, Shelf, archived, shown
from alprsim.custody._course import Course, Kind, Stay
from alprsim.custody._held import Captured
from alprsim.custody._moments import Moment, Phases
from alprsim.custody._rules import Rules, kept
from alprsim.custody._view import Look, looks
from alprsim.scenario import models
from alprsim.tables import UNLIMITED, Agencies, Int64, RecordClass, SightKind


class Reason(IntEnum):
    """What explains that a read is not obtained, in the order in which it is asked."""

    OBTAINED = 0
    MAY_NOT_KEEP = 1
    HITS_ONLY = 2
    SAMPLED_OUT = 3
    KEEPS_NOTHING = 4
    NEVER_COPIED = 5
    OPTED_OUT = 6
    NOT_PASSED_ON = 7
    NO_EDGE = 8
    NOT_YET_COPIED = 9
    PURGED = 10
    LOOK_BACK = 11
    ON_REQUEST = 12
    WARRANT = 13
    WARRANT_TOO_LATE = 14


class Why(NamedTuple):
    """The reason, and the agency whose rule it is: a store's, or the camera's owner where none holds it."""

    reason: Reason
    agency: int
    """Row of Agencies."""


class Place(NamedTuple):
    """One store in which a read lies for a time, and a route of the viewer into it."""

    store: int
    received: int
    """s since the start."""
    purged: int
    """UNLIMITED: never."""
    look: Look
    beyond: int
    """s: the age from which a warrant is needed."""


class Lying(NamedTuple):
    """A read in one store."""

    received: int
    """s since the start."""
    purged: int
    """UNLIMITED: never."""
    giver: int
    """The store that it came from first, a row of Agencies; −1 the camera."""


class _Read(NamedTuple):
    """What the rules know of a read."""

    time: int
    kind: Kind
    listed: tuple[int, ...]


class Tracer:
    """Follows single reads through all stores, and says why a viewer does not obtain one."""

    def __init__(self, spec: models.Custody, agencies: Agencies) -> None:
        self.spec, self.agencies = spec, agencies
        self.rules = Rules(spec, agencies)
        self.compiler = Compiler(self.rules)
        self._edges = sorted({0.0, *(store.sample for store in self.rules.stores)})
        self._view = cache(lambda viewer: looks(self.rules, viewer))
        self._course = cache(self._followed)

    def why(self, reads: Captured, viewer: int, moment: int, sights: tuple[SightKind, ...]) -> list[Why]:
        """Return for each read, captured at or before `moment`, why `viewer` does not obtain it by `sights`."""
        return [
            Why(Reason.MAY_NOT_KEEP, int(reads.owner[row])) if reads.barred[row]
            else self._why(self._read(reads, row), viewer, moment, sights)
            for row in range(len(reads.time))
        ]  # fmt: skip

    def lying(self, reads: Captured, row: int, moment: int) -> dict[int, Lying]:
        """Return the stores (rows of Agencies) in which a read lies at a moment, archives of alerts left out."""
        read = self._read(reads, row)
        course, base = self._of(read)
        found = {store: _lying(course, base, store, stay) for store, stay in course.stays.items()}
        here = {store: lies for store, lies in found.items() if lies.received <= moment < lies.purged}
        return {} if reads.barred[row] else here

    def rotations(self, reads: Captured, store: int) -> Int64:
        """Return how long one pseudonym lasts (s) under which each read lies in a store if it does; 0 the plate itself."""
        courses = (self._of(self._read(reads, row))[0] for row in range(len(reads.time)))
        return np.array([course.kept(store).rotation if store in course.stays else 0 for course in courses], np.int64)

    def purged_as(self, reads: Captured, row: int, store: int) -> RecordClass:
        """Return by which clock a store lost a read for good: that of the read's class, or of its archive of alerts."""
        read = self._read(reads, row)
        course, alerts = self._of(read)[0], [shelf.purged for shelf in self._archives(read) if shelf.store == store]
        if store not in course.stays:
            return RecordClass.ALERT
        return RecordClass.ALERT if any(course.purged(store) < purged for purged in alerts) else read.kind.record

    def sent(self, reads: Captured, row: int, store: int, moment: int) -> list[int]:
        """Return the stores that first received a read from `store`, at or before a moment."""
        course, base = self._of(self._read(reads, row))
        stays = course.stays.items()
        return [taker for taker, stay in stays if stay.giver == store and _at(base, stay.received) <= moment]

    def _why(self, read: _Read, viewer: int, moment: int, sights: tuple[SightKind, ...]) -> Why:
        if self._obtained(read, viewer, moment, sights):
            return Why(Reason.OBTAINED, viewer)
        owner, record, draw = read.kind
        if not self.rules.stores[owner].takes(record, draw):
            return Why(self._not_kept(read.kind), owner)
        doors = SightKind.SIDE_DOOR in sights
        places = self._places(read, viewer, doors=doors)
        if not places:
            return Why(self._no_route(read, viewer, doors=doors), owner)
        return _from_places(places, moment - read.time, moment, sights)

    def _read(self, reads: Captured, row: int) -> _Read:
        """Return a read with the least draw that all stores treat alike: courses are shared."""
        draw = max(edge for edge in self._edges if edge <= reads.draw[row])
        kind = Kind(int(reads.owner[row]), RecordClass(int(reads.record[row])), draw)
        return _Read(int(reads.time[row]), kind, tuple(reads.listed[row].nonzero()[0].tolist()))

    def _of(self, read: _Read) -> tuple[Course, int]:
        """Return a read's course, and the second from which its moments count."""
        period = self.compiler.period
        phase = read.time % period if period else 0
        return self._course(read.kind, phase), read.time - phase

    def _followed(self, kind: Kind, phase: int) -> Course:
        return self.compiler.course(kind, phase)

    def _shelves(self, read: _Read) -> tuple[list[Shelf], Phases, int]:
        course, base = self._of(read)
        shelves = [
            Shelf(store, stay.received, course.purged(store), stay.edges, course.kept(store), stay.arrived)
            for store, stay in course.stays.items()
        ]
        return shelves + self._archives(read), course.phases, base

    def _archives(self, read: _Read) -> list[Shelf]:
        alerts = archived(self.rules, read.kind.owner, self._of(read)[0].phases)
        return [shelf for shelf in alerts if shelf.store in read.listed]

    def _seen(self, read: _Read, viewer: int, *, doors: bool) -> list[tuple[Shelf, Look]]:
        return [
            (shelf, look)
            for shelf in self._shelves(read)[0]
            for look in self._view(viewer).get(shelf.store, ())
            if shelf.edges <= look.limit and (doors or look.sight != SightKind.SIDE_DOOR)
        ]

    def _obtained(self, read: _Read, viewer: int, moment: int, sights: tuple[SightKind, ...]) -> bool:
        _, phases, base = self._shelves(read)
        return any(
            sight in sights and _at(base, begin) <= moment + delay < _at(base, end)
            for shelf, look in self._seen(read, viewer, doors=SightKind.SIDE_DOOR in sights)
            for sight, delay, _, _, begin, end in shown(self.rules, shelf, look, phases)
        )

    def _places(self, read: _Read, viewer: int, *, doors: bool) -> list[Place]:
        base = self._of(read)[1]
        return [
            Place(
                shelf.store, _at(base, shelf.received), _at(base, shelf.purged), look,
                look.warrant.and_(self.rules.stores[shelf.store].warrant).beyond,
            )
            for shelf, look in self._seen(read, viewer, doors=doors)
        ]  # fmt: skip

    def _not_kept(self, kind: Kind) -> Reason:
        if self.rules.stores[kind.owner].clocks[kind.record] > 0:
            return Reason.SAMPLED_OUT
        name = self.rules.names[kind.owner]
        hits = name in self.spec.agencies and kept(self.spec, name, "keep")[0] == "hits"
        return Reason.HITS_ONLY if hits and kind.record == RecordClass.PLAIN else Reason.KEEPS_NOTHING

    def _no_route(self, read: _Read, viewer: int, *, doors: bool) -> Reason:
        for reason, tracer in self._wider:
            if tracer._places(read._replace(kind=read.kind._replace(draw=0.0)), viewer, doors=doors):
                return reason
        return Reason.NO_EDGE

    @cached_property
    def _wider(self) -> list[tuple[Reason, Tracer]]:
        """The same custody without what may stand in the way, one rule after the other."""
        for_ever = _for_ever(self.spec)
        no_opt_out = for_ever.model_copy(update={"opt_out": ()})
        onward = tuple(edge.model_copy(update={"onward": True}) for edge in self.spec.sharing)
        passed_on = no_opt_out.model_copy(update={"sharing": onward, "hops": None})
        specs = {Reason.NEVER_COPIED: for_ever, Reason.OPTED_OUT: no_opt_out, Reason.NOT_PASSED_ON: passed_on}
        return [(reason, Tracer(spec, self.agencies)) for reason, spec in specs.items()]


def _from_places(places: list[Place], age: int, moment: int, sights: tuple[SightKind, ...]) -> Why:
    """Say why a read that routes lead to is not obtained."""
    lying = [place for place in places if place.received <= moment < place.purged]
    if not lying:
        coming = [place for place in places if place.received > moment]
        if coming:
            return Why(Reason.NOT_YET_COPIED, min(coming, key=lambda place: place.received).store)
        return Why(Reason.PURGED, max(places, key=lambda place: place.purged).store)
    reached = [place for place in lying if age < place.look.cap]
    if not reached:
        return Why(Reason.LOOK_BACK, max(lying, key=lambda place: place.look.cap).store)
    free = [place for place in reached if age < place.beyond]
    if free:
        return Why(Reason.ON_REQUEST, free[0].store)
    late = SightKind.PROCESS in sights
    return Why(Reason.WARRANT_TOO_LATE if late else Reason.WARRANT, reached[0].store)


def _lying(course: Course, base: int, store: int, stay: Stay) -> Lying:
    return Lying(_at(base, stay.received), _at(base, course.purged(store)), stay.giver)


def _at(base: int, moment: Moment) -> int:
    return UNLIMITED if moment.endless else base + moment.value


def _for_ever(spec: models.Custody) -> models.Custody:
    """Return the same custody with every store, hosts aside, taking all and keeping it without end."""
    agencies = {
        name: agency.model_copy(
            update={"retention": UNLIMITED, "alert_retention": UNLIMITED, "keep": "all", "sample": 1.0}
        )
        for name, agency in spec.agencies.items()
    }
    return spec.model_copy(update={"agencies": agencies})
