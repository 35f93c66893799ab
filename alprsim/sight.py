"""What one viewer can obtain at one moment under one policy, worked out for many policies at once.

Policies differ only in which reads are obtainable when. Reads that all policies treat alike are a *stream*: one owner's, of
cameras alike, of one record class and draw. A `Lens` holds the rules of up to 64 policies, each as a bit of one word; at one
moment it comes down to a few ages of each stream at which something changes (`Lens.at`): a measure looks a read's age up
once and has the answer for all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim._blurs import Blur, Known, Rule, as_bits, finest, joined, known
from alprsim._spans import pieces, spans
from alprsim.tables import (
    SEEN,
    UNLIMITED,
    Access,
    Agencies,
    AgencyKind,
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    Reads,
    RecordClass,
    Sight,
    SightKind,
    UInt64,
)

BY_CHANCE = (SightKind.PROCESS, SightKind.SIDE_DOOR)
"""The kinds of rows that are open only where somebody grants it."""

ALL = "all"
SOURCES = ("own", "peers", "commercial")
"""Whose cameras made a read, as the viewer sees it: its own, other departments', private ones that feed a pool."""


class Case(NamedTuple):
    """One question: what this viewer obtains, by this sight, under this policy at this step of the ladder."""

    policy: str
    viewer: str
    sight: Sight
    retention: int
    """s: the ladder's step."""
    access: Access
    viewer_row: int
    """The viewer's agency, a row of Agencies."""
    reads: str = ALL
    """Whose cameras' reads: all, or one of `SOURCES`."""
    least: float = 0.0
    """Of looks that somebody must grant, a warrant or a favour, only those count that are granted with a chance above this."""
    by_plate: bool = True
    """Whether reads are looked for by the plate: then records that hold a pseudonym in its place are not found."""


class Streams(NamedTuple):
    """Reads that every policy treats alike, a row a stream."""

    owner: Int16
    """Row of Agencies."""
    record: dict[str, Int8]
    """By policy: RecordClass."""
    draw: NDArray[np.float64]
    """Any draw of its range."""
    alerted: NDArray[np.int64]
    """Bit of every agency (a row of Agencies below 62) with a list that such a read matched; 62: of somebody else's."""
    barred: dict[str, Bool]
    """By policy: whether its cameras may keep nothing."""

    def __len__(self) -> int:  # of rows, not of columns
        return len(self.owner)

    @classmethod
    def of_owners(cls, n: int) -> Streams:
        """Return one stream an owner, of plain reads, where no policy tells more apart."""
        return cls(np.arange(n, dtype=np.int16), {}, np.zeros(n), np.zeros(n, np.int64), {})

    def rows(self, case: Case, stream: int) -> NDArray[np.intp]:
        """Return the rows of the case's Access that are of a stream, whatever their sight."""
        barred = self.barred.get(case.policy)
        if barred is not None and barred[stream]:
            return np.empty(0, np.intp)
        access, records = case.access, self.record.get(case.policy)
        record = RecordClass.PLAIN if records is None else records[stream]
        of_class = (
            (access.record == record) & (access.from_draw <= self.draw[stream]) & (self.draw[stream] < access.to_draw)
        )
        if self.alerted[stream]:
            bit = self.alerted[stream] >> np.where(access.through < 62, access.through, 63).astype(np.int64) & 1
            of_class |= (access.record == RecordClass.ALERT) & (bit == 1)
        return np.flatnonzero(of_class & (access.owner == self.owner[stream]))


class Steps(NamedTuple):
    """A lens at one moment: a stream's pieces are ``first[s]:first[s + 1]``."""

    first: Int64
    age: Int32
    """s: where each piece starts, ascending; each stream's first is 0."""
    cases: UInt64
    """Bit k is set where sight k of the lens can obtain a read of that age."""


class Resolution(NamedTuple):
    """How exactly a sight sees the reads of each stream, a row a stream; then a row for what `Lens.known` tells of a read."""

    time_step: Int32
    """s: times are known to; 0 exactly."""
    place_step: NDArray[np.float64]
    """m: places are known to; 0 the camera."""
    rotation: Int32
    """s: how long one pseudonym lasts; 0 the plate itself, UNLIMITED for good."""


class Routes(NamedTuple):
    """The routes to streams that a lens's sights see otherwise at one age than at another: another is the finest."""

    lens: Lens
    """The routes of those streams; the bits of each tell how exactly it shows a read, by row of `blurs`."""
    blurs: tuple[Blur, ...]
    first: int
    """Row of the lens's `seen` that has the first of `rows`."""
    rows: tuple[Blur, ...]

    def row(self, stream: Int16, word: UInt64 | Int64) -> Int16:
        """Return which row of `seen` is that of each read, by its stream and the routes (bits of `blurs`) that hold it."""
        found = np.broadcast_to(stream, word.shape).copy()
        for one in np.unique(word).tolist():
            if one:
                held_by = [blur for bit, blur in enumerate(self.blurs) if one >> bit & 1]
                found[word == one] = self.first + self.rows.index(finest(held_by))
        return found


class Lens(NamedTuple):
    """The rules of up to 64 distinct sights: stream s has the rows ``first[s]:first[s + 1]``, as Access has them."""

    first: Int64
    period: Int32
    from_phase: Int32
    to_phase: Int32
    begin: Int32
    begin_clock: Int8
    end: Int32
    end_clock: Int8
    delay: Int32
    cases: UInt64
    """Bit k is set where the row is of sight k."""
    seen: Resolution | None = None
    """How all its sights see the reads of each stream; None: as they were made."""
    plain: UInt64 | None = None
    """[streams]: bit k is set where the stream is of plain records to sight k; None: all are."""
    held: UInt64 | None = None
    """[streams]: where it is of evidence."""
    routes: Routes | None = None
    """Of streams that are seen more exactly at one age than at another; None: every stream is seen alike at all ages."""

    @property
    def rules(self) -> NDArray[np.int32]:
        """[rows, 8]: the columns from `period` to `delay` side by side, as kernels take them."""
        return np.ascontiguousarray(np.stack(self[1:9], axis=1), np.int32)

    def at(self, moment: int) -> Steps:
        """Return what is obtainable at a moment (s since the start), by age."""
        first, ages, cases = [0], [], []
        found = [spans(rule, moment) for rule in self.rules.tolist()]
        for stream in range(len(self.first) - 1):
            mine = range(self.first[stream], self.first[stream + 1])
            begin = np.concatenate([found[row][0] for row in mine] or [np.empty(0, np.int64)])
            end = np.concatenate([found[row][1] for row in mine] or [np.empty(0, np.int64)])
            word = np.repeat(self.cases[mine.start : mine.stop], [len(found[row][0]) for row in mine])
            age, bits = pieces(begin, end, word)
            ages.append(age)
            cases.append(bits)
            first.append(first[-1] + len(age))
        return Steps(np.array(first, np.int64), np.concatenate(ages).astype(np.int32), np.concatenate(cases))

    def known(self, stream: Int16, time: Int32, moment: int) -> Int16:
        """Return which row of `seen` tells how exactly each read is seen at a moment: by the finest route that holds it then.

        Parameters
        ----------
        stream : int16[n_reads]
        time : int32[n_reads], s
        """
        if self.routes is None:
            return stream
        steps, word = self.routes.lens.at(moment), np.zeros(len(stream), np.uint64)
        for one in np.unique(stream):
            pieces, mine = slice(steps.first[one], steps.first[one + 1]), stream == one
            at = np.searchsorted(steps.age[pieces], moment - time[mine].astype(np.int64), side="right") - 1
            word[mine] = steps.cases[pieces][np.maximum(at, 0)]
        return self.routes.row(stream, word)

    def place_steps(self, moment: int) -> list[list[float]]:
        """Return for each stream to how many metres places of reads of some age are known at a moment; 0 the camera."""
        streams = np.arange(len(self.first) - 1, dtype=np.int16)
        if self.seen is None or self.routes is None:
            return [[0.0 if self.seen is None else float(self.seen.place_step[one])] for one in streams]
        steps = self.routes.lens.at(moment)
        stream = np.repeat(streams, np.diff(steps.first))
        told, some = self.seen.place_step[self.routes.row(stream, steps.cases)], steps.cases > 0
        mixed = np.isin(streams, stream[some])
        return [
            np.unique(told[(stream == one) & (some | ~mixed[one])]).tolist() for one in streams
        ]  # fmt: skip


def lenses(cases: Sequence[Case], streams: Streams) -> tuple[list[Lens], Int32]:
    """Return the lenses of all distinct sights, and for each case its lens × 64 + bit.

    Cases that obtain the same reads at the same times share a bit: a retention that a longer-lived copy makes meaningless
    costs nothing. The sights of one lens see times, places and plates equally well, at every age.
    """
    found: dict[_Steps, dict[_Sight, int]] = {}
    keys = [(_resolution(case, streams), (_rules(case, streams), _classes(case, streams))) for case in cases]
    for seen, rules in keys:
        found.setdefault(seen, {}).setdefault(rules, len(found[seen]))
    first, made = dict[_Steps, int](), list[Lens]()
    for seen, rules_of in found.items():
        first[seen], distinct = len(made), list(rules_of)
        made += [_lens(distinct[k : k + 64], seen) for k in range(0, len(distinct), 64)]
    place = [first[seen] * 64 + found[seen][rules] for seen, rules in keys]
    return made, np.array(place, np.int32)


def by_source(case: Case, agencies: Agencies) -> list[Case]:
    """Return the case once for each of `SOURCES`, of those cameras' reads alone.

    A pool's own cameras are commercial, also to itself. What a department's reads become in another's store stays that
    department's: the question is whose camera, not whose store.
    """
    commercial = agencies.kind[case.access.owner] == AgencyKind.POOL
    own = ~commercial & (case.access.owner == case.viewer_row)
    rows = {"own": own, "peers": ~commercial & ~own, "commercial": commercial}
    return [case._replace(access=case.access.take(rows[name]), reads=name) for name in SOURCES]


def oldest(cases: Sequence[Case]) -> Int32:
    """Return for each case the age (s) from which no owner's plain read is obtainable: 0 nothing ever, UNLIMITED no end."""
    found = []
    for case in cases:
        access = case.access.take(visible(case) & (case.access.record == RecordClass.PLAIN))
        end = access.to_age.astype(np.int64) - access.delay - np.where(access.to_clock == 1, access.from_phase, 0)
        found.append(np.where(access.to_age == UNLIMITED, UNLIMITED, end).max(initial=0))
    return np.array(found, np.int32)


def held(
    reads: Reads, stream: NDArray[np.integer], streams: Streams, case: Case, now: int
) -> NDArray[np.bool_]:  # fmt: skip
    """Return the mask of `reads` that the case obtains at `now` (s): the definition, row of Access by row.

    Parameters
    ----------
    stream : int[n_reads], row of `streams`
    """
    time = reads.time.astype(np.int64)
    seen = np.zeros(len(reads), np.bool_)
    access, open_ = case.access, visible(case)
    for one in np.unique(stream):
        mine = stream == one
        for row in streams.rows(case, int(one)):
            if open_[row]:
                seen |= mine & (time <= now) & _in_time(access, int(row), time, now + int(access.delay[row]))
    return seen


def visible(case: Case) -> Bool:
    """Return the mask of the rows of its Access that the case's viewer, sight, draw and way of looking open."""
    access = case.access
    rows = (access.viewer == case.viewer_row) & np.isin(access.sight, np.array(SEEN[case.sight]))
    if case.by_plate:
        rows &= access.rotation == 0
    open_: Bool = rows & (~np.isin(access.sight, np.array(BY_CHANCE)) | (access.chance > case.least))
    return open_


def _in_time(access: Access, row: int, time: Int64, served: int) -> Bool:
    period = int(access.period[row])
    phase = time % period if period else np.zeros_like(time)
    begin = int(access.from_age[row]) + (time - phase if access.from_clock[row] else time)
    end = int(access.to_age[row]) + (time - phase if access.to_clock[row] else time)
    inside: Bool = (begin <= served) & ((served < end) | (access.to_age[row] == UNLIMITED))
    if period:
        inside &= (phase >= access.from_phase[row]) & (phase < access.to_phase[row])
    return inside


_Rules = tuple[frozenset[Rule], ...]
"""For each stream."""


_Sight = tuple[_Rules, tuple[int, ...]]
"""The rules, and the record class, of each stream."""
_Steps = tuple[Known, ...]
"""How exactly each stream is seen; empty: every read as it was made."""


def _resolution(case: Case, streams: Streams) -> _Steps:
    """Return how exactly a case sees each stream, of several routes by the finest that holds a read."""
    access = case.access.take(visible(case))
    if not (access.time_step.any() or access.place_step.any() or access.rotation.any()):
        return ()
    of, rules = case._replace(access=access), _columns(access)
    blurs = list(zip(access.time_step.tolist(), access.place_step.tolist(), access.rotation.tolist(), strict=True))
    steps = []
    for stream in range(len(streams)):
        routes: dict[Blur, list[list[int]]] = defaultdict(list)
        for row in streams.rows(of, stream).tolist():
            routes[blurs[row]].append(rules[row])
        steps.append(known({blur: joined(of_blur) for blur, of_blur in routes.items()}))
    return tuple(steps) if any(isinstance(step, frozenset) or any(step) for step in steps) else ()


def _rules(case: Case, streams: Streams) -> _Rules:
    """Return for each stream the rules by which the case obtains its reads: equal rules, equal reads."""
    access = case.access.take(visible(case))
    columns, of = _columns(access), case._replace(access=access)
    return tuple(joined(columns[row] for row in streams.rows(of, stream)) for stream in range(len(streams)))


def _columns(access: Access) -> list[list[int]]:
    """Return each row of Access as a `Rule`."""
    rules: list[list[int]] = np.stack([
        access.period, access.from_phase, access.to_phase, access.from_age, access.from_clock, access.to_age,
        access.to_clock, access.delay,
    ], axis=1).tolist()  # fmt: skip
    return rules


def _classes(case: Case, streams: Streams) -> tuple[int, ...]:
    """Return the record class of each stream under the case's policy."""
    record = streams.record.get(case.policy)
    return (int(RecordClass.PLAIN),) * len(streams) if record is None else tuple(record.tolist())


def _lens(sights: Sequence[_Sight], seen: _Steps) -> Lens:
    of_stream = []
    for stream in range(len(sights[0][0])):
        of: dict[Rule, int] = defaultdict(int)
        for bit, (rows, _) in enumerate(sights):
            for rule in rows[stream]:
                of[rule] |= 1 << bit
        of_stream.append(of)
    plain, evidence = (_of_class(sights, one) for one in (RecordClass.PLAIN, RecordClass.HELD))
    resolution, routes = _as_columns(seen)
    return _of_rules(of_stream)._replace(seen=resolution, plain=plain, held=evidence, routes=routes)


def _of_rules(of_stream: Sequence[Mapping[Rule, int]]) -> Lens:
    """Return the lens of each stream's rules, each with its bits."""
    rules = [rule for of in of_stream for rule in sorted(of)]
    words = [of[rule] for of in of_stream for rule in sorted(of)]
    first = np.concatenate([[0], np.cumsum([len(of) for of in of_stream])]).astype(np.int64)
    wide = [np.ascontiguousarray(column) for column in np.array(rules, np.int32).reshape(-1, 8).T]
    period, from_phase, to_phase, begin, begin_clock, end, end_clock, delay = wide
    clocks = begin_clock.astype(np.int8), end_clock.astype(np.int8)
    return Lens(
        first, period, from_phase, to_phase, begin, clocks[0], end, clocks[1], delay, np.array(words, np.uint64)
    )  # fmt: skip


def _of_class(sights: Sequence[_Sight], record: RecordClass) -> UInt64:
    """Return for each stream the sights to which it is of that class."""
    of = np.array([classes for _, classes in sights]) == record
    words: UInt64 = (of.astype(np.uint64) << np.arange(len(sights), dtype=np.uint64)[:, None]).sum(
        axis=0, dtype=np.uint64
    )
    return words


def _as_columns(seen: _Steps) -> tuple[Resolution | None, Routes | None]:
    """Return how exactly each stream is seen at best; and where that is not so at every age, by which routes."""
    if not seen:
        return None, None
    rows = [finest(blur for _, blur in one) if isinstance(one, frozenset) else one for one in seen]
    mixed = [one if isinstance(one, frozenset) else frozenset() for one in seen]
    blurs = tuple(sorted({blur for one in mixed for _, blur in one}))
    routes = None
    if blurs:
        others = tuple(product(*(sorted(set(part)) for part in zip(*blurs, strict=True))))
        of_stream = [as_bits(one, blurs) for one in mixed]
        routes = Routes(_of_rules(of_stream), blurs, len(rows), others)
        rows += others
    time, place, rotation = zip(*rows, strict=True)
    return Resolution(np.array(time, np.int32), np.array(place, np.float64), np.array(rotation, np.int32)), routes
