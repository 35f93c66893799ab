"""The rules compiled into Access: for every viewer, owner and class of reads the stretches of time in which it is obtainable."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from alprsim.custody._course import Course, Kind, Ways
from alprsim.custody._moments import Moment, Phases
from alprsim.custody._rules import Alert, Resolution, Rules
from alprsim.custody._view import Look, looks, reachable
from alprsim.tables import UNLIMITED, Access, RecordClass, SightKind

COURSES = (RecordClass.PLAIN, RecordClass.HIT, RecordClass.HELD)
"""The classes of reads; alerts are beside them."""


class _Key(NamedTuple):
    """What rows that may be joined have in common."""

    viewer: int
    owner: int
    record: int
    sight: int
    delay: int
    chance: float
    resolution: Resolution
    from_draw: float
    to_draw: float
    archive: int
    """Of alerts, whose: rows of different archives are of different reads; else −1."""


class _Span(NamedTuple):
    begin: Moment
    end: Moment
    store: int


class _Row(NamedTuple):
    """A span as numbers: offsets and whether they count from the period's start."""

    from_age: int
    from_clock: bool
    to_age: int
    to_clock: bool
    store: int


_Found = tuple[_Key, int, int, _Row]


class Compiler:
    """Follows the courses of all kinds of reads, and tells who sees them where they lie."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.period = rules.period
        copies = [way for mirror in rules.reachable for way in reachable(rules, mirror)]
        self.ways = Ways(rules, [*rules.streams, *copies])

    def access(self, viewers: Sequence[int], records: Sequence[RecordClass]) -> Access:
        """Return Access for some viewers, ordered by its columns."""
        views = {viewer: looks(self.rules, viewer) for viewer in viewers}
        found: list[_Found] = []
        alike: dict[object, list[_Found]] = {}
        for record in (*records, RecordClass.ALERT):
            clocks = self._clocks(record)
            if clocks not in alike:
                alike[clocks] = self._of_class(views, record)
            found += [(row[0]._replace(record=record), row[1], row[2], row[3]) for row in alike[clocks]]
        return _table(self.period, sorted(found))

    def _of_class(self, views: dict[int, dict[int, list[Look]]], record: RecordClass) -> list[_Found]:
        found: list[_Found] = []
        for draws in self.draws(record):
            for owner in range(len(self.rules.names)):
                found += self._joined(self._rows(views, owner, record, draws))
        return found

    def _clocks(self, record: RecordClass) -> object:
        """Return what the rules make of a class: classes of which they make the same go the same course."""
        if record == RecordClass.ALERT:
            return record
        samples = [store.sample if record == RecordClass.PLAIN else 1.0 for store in self.rules.stores]
        return tuple(zip((store.clocks[record] for store in self.rules.stores), samples, strict=True))

    def course(self, kind: Kind, phase: int) -> Course:
        """Return the course of one kind of read captured at a phase of the period."""
        return Course(self.ways, kind, Phases(phase), self.period)

    def phases(self, kind: Kind) -> Iterator[Course]:
        """Yield the course of one kind of read, once for all phases at which it goes alike."""
        phase = 0
        while True:
            course = self.course(kind, phase)
            yield course
            phase = course.phases.next
            if phase >= self.period:
                return

    def draws(self, record: RecordClass) -> list[tuple[float, float]]:
        """Return the ranges of draws that all stores treat alike."""
        if record != RecordClass.PLAIN:
            return [(0.0, 1.0)]
        edges = sorted({0.0, 1.0, *(store.sample for store in self.rules.stores)})
        return list(pairwise(edges))

    def _rows(
        self, views: dict[int, dict[int, list[Look]]], owner: int, record: RecordClass, draws: tuple[float, float]
    ) -> Iterator[tuple[int, int, dict[_Key, list[_Row]]]]:
        """Yield (from phase, to phase, rows) for stretches of phases that go alike."""
        phase, last = 0, max(self.period, 1)
        while phase < last:
            phases = Phases(phase)
            spans = dict(self._spans(views, owner, record, draws, phases))
            rows = {key: _union(found) for key, found in spans.items()}
            until = min(phases.next, last)
            yield phase, until, rows
            phase = until

    def _spans(
        self, views: dict[int, dict[int, list[Look]]], owner: int, record: RecordClass, draws: tuple[float, float],
        phases: Phases,
    ) -> dict[_Key, list[_Span]]:  # fmt: skip
        found: dict[_Key, list[_Span]] = defaultdict(list)
        if record == RecordClass.ALERT:
            shelves = archived(self.rules, owner, phases)
        else:
            course = Course(self.ways, Kind(owner, record, draws[0]), phases, self.period)
            shelves = [
                Shelf(store, stay.received, course.purged(store), stay.edges, course.kept(store), stay.arrived)
                for store, stay in course.stays.items()
            ]  # fmt: skip
        for shelf in shelves:
            for viewer, view in views.items():
                for look in view.get(shelf.store, ()):
                    if shelf.edges <= look.limit:
                        for sight, delay, chance, left, begin, end in shown(self.rules, shelf, look, phases):
                            if begin < end:
                                archive = shelf.store if record == RecordClass.ALERT else -1
                                key = _Key(viewer, owner, record, sight, delay, chance, left, *draws, archive)
                                found[key].append(_Span(begin, end, shelf.store))
        return found

    def _joined(
        self, stretches: Iterable[tuple[int, int, dict[_Key, list[_Row]]]]
    ) -> Iterator[tuple[_Key, int, int, _Row]]:
        """Yield each row with the phases it holds for, neighbouring stretches with the same rows joined."""
        running: dict[tuple[_Key, _Row], int] = {}
        last = max(self.period, 1)
        for begin, _, rows in stretches:
            now = {(key, row) for key, spans in rows.items() for row in spans}
            for one in [one for one in running if one not in now]:
                yield one[0], running.pop(one), begin, one[1]
            for one in now:
                running.setdefault(one, begin)
        for (key, row), begin in running.items():
            yield key, begin, last, row


class Shelf(NamedTuple):
    """Where one read lies, from when to when."""

    store: int
    received: Moment
    purged: Moment
    edges: int
    kept: Resolution
    arrived: Resolution


def archived(rules: Rules, owner: int, phases: Phases) -> list[Shelf]:
    """Return the archives of alerts that a read of `owner` comes to if it matches lists of all who are alerted."""
    return [shelf for way in rules.alerts[owner] for shelf in archive(rules, way, phases)]


def archive(rules: Rules, way: Alert, phases: Phases) -> list[Shelf]:
    """Return the archive that one way of alerts leads to; nothing where it would be due as it comes."""
    store = rules.stores[way.taker]
    received = phases.capture + way.delay
    due = (received if way.from_receipt else phases.capture) + store.alert_clock
    if not received < due:
        return []
    return [Shelf(way.taker, received, phases.batch(store.purge, due), 1, store.resolution, Resolution())]


_Shown = tuple[SightKind, int, float, Resolution, Moment, Moment]


def shown(rules: Rules, shelf: Shelf, look: Look, phases: Phases) -> Iterator[_Shown]:
    """Yield what one look shows of a read: sight, delay, chance, resolution, from when, to when."""
    store = rules.stores[shelf.store]
    warrant = look.warrant.and_(store.warrant)
    end = min(shelf.purged, phases.capture + look.cap)
    free = end if warrant.beyond == UNLIMITED else min(end, phases.capture + warrant.beyond)
    if look.sight == SightKind.SIDE_DOOR:
        yield look.sight, 0, look.chance, shelf.kept, shelf.received, free
        return
    yield look.sight, 0, 1.0, shelf.kept, shelf.received, free
    asked = SightKind.PROCESS, warrant.delay, warrant.granted
    if warrant.beyond != UNLIMITED:
        yield *asked, shelf.kept, max(shelf.received, phases.capture + warrant.beyond), end
    opened = shelf.kept._replace(rotation=shelf.arrived.rotation) if store.escrow else shelf.kept
    if store.escrow:
        yield *asked, opened, shelf.received, end
    if store.backup:
        yield *asked, opened, shelf.purged, min(shelf.purged + store.backup, phases.capture + look.cap)


def _union(spans: Iterable[_Span]) -> list[_Row]:
    """Merge spans that overlap or touch; the store of a merged span is the one that holds longest."""
    merged: list[_Span] = []
    for span in sorted(spans, key=lambda span: (span.begin, span.end)):
        if merged and span.begin <= merged[-1].end:
            last = merged[-1]
            longer = last.end < span.end
            merged[-1] = _Span(last.begin, span.end if longer else last.end, span.store if longer else last.store)
        else:
            merged.append(span)
    return [_row(span) for span in merged]


def _row(span: _Span) -> _Row:
    begin, end = span.begin, span.end
    return _Row(begin.offset, begin.clock, UNLIMITED if end.endless else end.offset, end.clock, span.store)


def _table(period: int, rows: Sequence[tuple[_Key, int, int, _Row]]) -> Access:
    """Write rows out; those that hold at all phases and count from capture alone have no period."""
    whole = max(period, 1)
    columns: dict[str, list[float]] = {column.name: [] for column in Access.columns()}
    for key, begin, end, row in rows:
        always = end - begin == whole and not (row.from_clock or row.to_clock)
        values = (
            key.viewer, key.owner, key.record, key.sight, row.store, 0 if always else period, 0 if always else begin,
            0 if always else end, row.from_age, row.from_clock, row.to_age, row.to_clock, key.from_draw, key.to_draw,
            key.delay, key.chance, *key.resolution,
        )  # fmt: skip
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
    return Access.of(**{name: np.array(values) for name, values in columns.items()})
