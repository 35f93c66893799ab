"""How long a read lives anywhere a viewer can reach it: effective retention, for each owner of cameras."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from alprsim.measures.question import Answer, join, tidy
from alprsim.measures.question import Case as NamedCase
from alprsim.tables import DAY, UNLIMITED, Access, Agencies, AgencyKind, Measured, RecordClass, SightKind

_SIGHTS = {
    "bulk": [SightKind.BULK],
    "request": [SightKind.BULK, SightKind.REQUEST],
    "process": [SightKind.BULK, SightKind.REQUEST, SightKind.PROCESS],
    "side_door": [SightKind.BULK, SightKind.REQUEST, SightKind.SIDE_DOOR],
}


class Case(NamedCase, Protocol):
    """A case with the rules it compiled to."""

    @property
    def access(self) -> Access:
        """Which ages of whose reads."""

    @property
    def viewer_row(self) -> int:
        """The viewer, row of Agencies."""


_CLASSES = {"": RecordClass.PLAIN, "_of_hits": RecordClass.HIT, "_of_alerts": RecordClass.ALERT}
"""By the end of a statistic's name: whatever was read; what matched a list; the archive of whose list it was."""


def rows(
    cases: Sequence[Case], agencies: Agencies, *, with_cameras: Sequence[int], seed: int, lists: bool = False
) -> Measured:  # fmt: skip
    """Return effective retention in days as tidy rows; infinite where it is unbounded.

    For each department (its name in the town column): ``supremum``, the age from which none of its reads can be obtained;
    ``covered``, the days of age at which one can; ``gaps``, the stretches of age below the supremum at which none can; and
    ``uncovered``, the days of age in them. Over all departments (town "all"): ``max`` and ``mean`` of the supremum, and
    ``window``, the longest of any camera's reads, a pool's private ones included (``with_cameras``: rows of Agencies): what
    the time that is kept means elsewhere, of all but listed drivers. n counts departments. Of plain reads, those captured
    when batches leave them longest; where hot lists are matched (``lists``) also ``…_of_hits``, of what matched one, and
    ``…_of_alerts``, of the archives of those who list. A sight includes what needs less (on request includes bulk).
    """
    wanted = _CLASSES if lists else {"": RecordClass.PLAIN}
    tables = [_of_class(cases, agencies, with_cameras, seed, *one) for one in wanted.items()]
    return join(tables)


def _of_class(
    cases: Sequence[Case], agencies: Agencies, with_cameras: Sequence[int], seed: int, end: str, record: RecordClass
) -> Measured:  # fmt: skip
    """Return the rows of one class of records."""
    owners = np.flatnonzero(agencies.kind == AgencyKind.DEPARTMENT)
    found = [[_life(case, int(owner), record) for case in cases] for owner in owners]
    lives = np.array(found, np.float64).reshape(-1, len(cases), len(_Life._fields))  # any: 1
    one, every = np.ones((len(owners), len(cases)), np.int64), np.full((1, len(cases)), len(owners))
    supremum, covered, gaps, uncovered = np.moveaxis(lives, -1, 0) / np.array([DAY, DAY, 1, DAY])[:, None, None]
    of_owners = [
        Answer("effective_retention", f"supremum{end}", "d", supremum, one),
        Answer("effective_retention", f"covered{end}", "d", covered, one),
        Answer("effective_retention", f"gaps{end}", "gaps", gaps, one),
        Answer("effective_retention", f"uncovered{end}", "d", uncovered, one),
    ]
    mean = supremum.mean(axis=0, keepdims=True) if len(owners) else np.full((1, len(cases)), np.nan)
    with_any = [[_life(case, owner, record).supremum for case in cases] for owner in with_cameras]
    window = np.array(with_any).reshape(-1, len(cases)).max(axis=0, keepdims=True, initial=0) / DAY  # any: 1
    of_all = [
        Answer("effective_retention", f"window{end}", "d", window, every),
        Answer("effective_retention", f"max{end}", "d", supremum.max(axis=0, keepdims=True, initial=0), every),
        Answer("effective_retention", f"mean{end}", "d", mean, every),
    ]
    names = [str(name) for name in agencies.name[owners]]
    return join([tidy(of_all, cases, ["all"], seed=seed), tidy(of_owners, cases, names, seed=seed)])


class _Life(NamedTuple):
    """Of the ages at which the viewer can obtain the owner's reads, s."""

    supremum: float
    covered: float
    gaps: int
    uncovered: float


def _life(case: Case, owner: int, record: RecordClass) -> _Life:
    """Return until when, for how long, and with which gaps below, the viewer can obtain the owner's reads."""
    access = case.access
    mine = (access.viewer == case.viewer_row) & (access.owner == owner) & (access.record == record)
    mine &= np.isin(access.sight, _SIGHTS[case.sight])
    rows = access.take(mine)
    until = rows.to_age.astype(np.float64) - rows.delay - np.where(rows.to_clock == 1, rows.from_phase, 0)
    until[rows.to_age == UNLIMITED] = np.inf
    since = rows.from_age.astype(np.float64) - rows.delay - np.where(rows.from_clock == 1, rows.to_phase - 1, 0)
    reach = covered = uncovered = 0.0
    gaps = 0
    for begin, end in sorted(zip(np.maximum(since, 0).tolist(), until.tolist(), strict=True)):
        if end <= max(begin, reach):
            continue
        gaps, uncovered = gaps + (begin > reach), uncovered + max(begin - reach, 0)
        covered, reach = covered + end - max(begin, reach), end
    return _Life(reach, covered, gaps, uncovered)
