"""What one viewer can obtain at one moment under one policy, worked out for many policies at once.

Policies differ only in which owner's reads are obtainable at which age. A `Lens` holds the answer for up to 64 of them
as bits of one word, constant between a few ages: a measure looks a read's age up once and has the answer for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.tables import UNLIMITED, Access, Agencies, AgencyKind, Int16, Int32, Int64, Reads, SightKind, UInt64

Sight = Literal["bulk", "request"]

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


class Lens(NamedTuple):
    """Which of up to 64 distinct sights can obtain a read of owner o at age a, as steps of age."""

    first: Int64
    """Owner o has the pieces ``first[o]:first[o + 1]``."""
    age: Int32
    """s: where each piece starts, ascending; each owner's first is 0."""
    cases: UInt64
    """Bit k is set where sight k of this lens can obtain the read."""


def lenses(cases: Sequence[Case], n_owners: int) -> tuple[list[Lens], Int32]:
    """Return the lenses of all distinct sights, and for each case its lens × 64 + bit.

    Cases that obtain the same ages of the same owners share a bit: a retention that a longer-lived copy makes
    meaningless costs nothing.
    """
    bit_of: dict[_Flips, int] = {}
    place = [bit_of.setdefault(_flips(case, n_owners), len(bit_of)) for case in cases]
    distinct = list(bit_of)
    return [_lens(distinct[k : k + 64]) for k in range(0, len(distinct), 64)], np.array(place, np.int32)


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
    """Return for each case the age (s) from which no owner's read is obtainable: 0 nothing ever, UNLIMITED no end."""
    return np.array(
        [case.access.to_age[_visible(case.access, case.viewer_row, case.sight)].max(initial=0) for case in cases],
        np.int32,
    )


def held(reads: Reads, owner_of_site: Int16, access: Access, viewer: int, sight: Sight, now: int) -> NDArray[np.bool_]:
    """Return the mask of `reads` that `viewer` (row of Agencies) can obtain at `now` (s): the definition, row by row."""
    owner, age = owner_of_site[reads.site], now - reads.time.astype(np.int64)
    seen = np.zeros(len(reads), np.bool_)
    for row in np.flatnonzero(_visible(access, viewer, sight)):
        end = access.to_age[row]
        inside = (age >= access.from_age[row]) & ((age < end) | (end == UNLIMITED))
        seen |= inside & (owner == access.owner[row])
    return seen


_Flips = tuple[tuple[int, ...], ...]


def _visible(access: Access, viewer: int, sight: Sight) -> NDArray[np.bool_]:
    """Return the mask of the rows of `access` that let `viewer` look by `sight`; "request" includes bulk."""
    rows: NDArray[np.bool_] = (access.viewer == viewer) & (access.sight <= SightKind[sight.upper()])
    return rows


def _flips(case: Case, n_owners: int) -> _Flips:
    """Return for each owner the ages at which the case starts or stops to obtain its reads, in turn."""
    rows = _visible(case.access, case.viewer_row, case.sight)
    owner, starts, ends = (column[rows] for column in (case.access.owner, case.access.from_age, case.access.to_age))
    return tuple(tuple(_turns(starts[owner == o].tolist(), ends[owner == o].tolist())) for o in range(n_owners))


def _turns(starts: list[int], ends: list[int]) -> Iterator[int]:
    steps: dict[int, int] = {}
    for age in starts:
        steps[age] = steps.get(age, 0) + 1
    for age in ends:
        steps[age] = steps.get(age, 0) - 1
    open_routes = 0
    for age in sorted(steps):
        before, open_routes = open_routes, open_routes + steps[age]
        if (before > 0) != (open_routes > 0) and age != UNLIMITED:
            yield age


def _lens(sights: Sequence[_Flips]) -> Lens:
    first, ages, cases = [0], [], []
    for owner in range(len(sights[0])):
        starts = sorted({0}.union(*(flips[owner] for flips in sights)))
        bits = np.zeros(len(starts), np.uint64)
        for k, flips in enumerate(sights):
            flipped = np.searchsorted(np.array(flips[owner], np.int64), starts, side="right")
            bits |= (flipped % 2).astype(np.uint64) << np.uint64(k)
        ages += starts
        cases.append(bits)
        first.append(len(ages))
    return Lens(np.array(first, np.int64), np.array(ages, np.int32), np.concatenate(cases))
