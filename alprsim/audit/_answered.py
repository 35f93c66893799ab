"""What each search reached and returned under one policy, by the rows of Access alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim import custody
from alprsim.audit._drawn import Searches, span
from alprsim.custody import Captured
from alprsim.dossier import Opened
from alprsim.scenario import models
from alprsim.tables import UNLIMITED, Access, Int64, Reads, SightKind

WARRANTS = ("none needed", "needed, not asked for", "refused", "granted")


class Answered(NamedTuple):
    """What became of searches, row for row with `Searches`."""

    sight: NDArray[np.str_]
    warrant: NDArray[np.str_]
    """One of `WARRANTS`."""
    agencies: Int64
    """Whose cameras were searched."""
    cameras: Int64
    returned: Int64
    """Reads."""
    others: Int64
    """Of these, by other agencies' cameras."""
    reached: NDArray[np.bool_]
    """[searches, agencies]: whose cameras."""


class Index:
    """A seed's reads, to be found by plate or by site, each in order of time."""

    def __init__(self, opened: Opened) -> None:
        self.reads: Reads = opened.store.reads()
        self._by_plate = np.lexsort((self.reads.time, self.reads.plate))
        self._by_site = np.lexsort((self.reads.time, self.reads.site))
        self._first_plate = np.searchsorted(
            self.reads.plate[self._by_plate], np.arange(self.reads.plate.max(initial=-1) + 2)
        )
        n_sites = len(opened.sites.camera)
        self._first_site = np.searchsorted(self.reads.site[self._by_site], np.arange(n_sites + 1))

    def of_plate(self, plate: int, begin: int, end: int) -> Int64:
        """Return the rows of the reads of a plate captured from `begin` to `end`."""
        if plate + 1 >= len(self._first_plate):
            return np.empty(0, np.int64)
        return self._between(self._by_plate[self._first_plate[plate] : self._first_plate[plate + 1]], begin, end)

    def of_sites(self, sites: Int64, begin: int, end: int) -> Int64:
        """Return the rows of the reads at some sites captured from `begin` to `end`."""
        rows = [
            self._between(self._by_site[self._first_site[site] : self._first_site[site + 1]], begin, end)
            for site in sites
        ]
        return np.concatenate([np.empty(0, np.int64), *rows])

    def _between(self, rows: Int64, begin: int, end: int) -> Int64:
        time = self.reads.time[rows]
        return rows[np.searchsorted(time, begin) : np.searchsorted(time, end, side="right")]


def wanted(opened: Opened, index: Index, asked: Searches) -> list[Int64]:
    """Return for each search the rows of the reads that it would return if everybody kept and showed everything."""
    spec, sites = opened.loaded.scenario.utility, opened.sites
    begin, end = span(asked, spec.around)
    rows = []
    for n in range(len(asked.time)):
        when = int(begin[n]), int(end[n])
        if asked.plate[n]:
            rows.append(index.of_plate(int(asked.vehicle[n]), *when))
        else:
            near = np.flatnonzero(np.hypot(sites.x - asked.x[n], sites.y - asked.y[n]) <= spec.within)
            rows.append(index.of_sites(near, *when))
    return rows


def answer(
    opened: Opened, policy: models.Policy, name: str, asked: Searches, rows: list[Int64], every: Int64, captured: Captured
) -> Answered:  # fmt: skip
    """Answer one agency's searches. `every`: the rows of reads, rising, that `captured` is of."""
    viewer = opened.row_of[name]
    access = custody.access(policy.custody, opened.agencies, [viewer])
    ages = np.array([custody.ages(access, row) for row in range(len(access))], np.int64).reshape(-1, 2)
    begin, end = span(asked, opened.loaded.scenario.utility.around)
    reached = np.zeros((len(asked.time), len(opened.agencies)), np.bool_)
    warrants, counts = [], []
    for k, now in enumerate(asked.time.tolist()):
        over, draw = _overlap(ages, now - int(end[k]), now - int(begin[k])), float(asked.case_draw[k])
        warrants.append(_warrant(access, over, bool(asked.asks_warrant[k]), draw))
        sights = custody.SEEN[_sight(warrants[-1])]
        allowed = np.isin(access.sight, sights) & ((access.sight < SightKind.PROCESS) | (access.chance > draw))
        reached[k, access.owner[over & allowed]] = True
        mine = captured.take(np.searchsorted(every, rows[k]))
        row = custody.obtainable(access, viewer, mine, now, sights, case_draw=draw)
        found = row >= 0
        if asked.plate[k] and len(access):  # a record under a pseudonym is found by no plate
            found &= access.rotation[row] == 0
        counts.append((np.count_nonzero(found), np.count_nonzero(found & (mine.owner != viewer))))
    cameras = np.bincount(opened.owner_of_site[_one_site_a_camera(opened)], minlength=len(opened.agencies))
    reached &= cameras > 0
    returned, others = np.array(counts, np.int64).reshape(-1, 2).T
    sight = np.array([_sight(warrant) for warrant in warrants], np.str_)
    warrant = np.array(warrants, np.str_)
    return Answered(sight, warrant, reached.sum(axis=1), (reached * cameras).sum(axis=1), returned, others, reached)


def _sight(warrant: str) -> str:
    return "process" if warrant == "granted" else "request"


def _one_site_a_camera(opened: Opened) -> Int64:
    return np.unique(opened.sites.camera, return_index=True)[1]


def _overlap(ages: Int64, youngest: int, oldest: int) -> NDArray[np.bool_]:
    """Return which rows of Access cover some age from `youngest` to `oldest`."""
    begin, end = ages[:, 0], ages[:, 1]
    return np.asarray((begin < end) & (begin <= oldest) & ((end > youngest) | (end == UNLIMITED)), np.bool_)


def _warrant(access: Access, over: NDArray[np.bool_], asks: bool, case_draw: float) -> str:
    by_process = over & (access.sight == SightKind.PROCESS)
    if not by_process.any():
        return WARRANTS[0]
    if not asks:
        return WARRANTS[1]
    return WARRANTS[3] if (access.chance[by_process] > case_draw).any() else WARRANTS[2]
