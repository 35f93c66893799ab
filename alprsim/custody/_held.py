"""Which of some reads a viewer can obtain at one moment, and by which row of Access: exact, for a few reads at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.tables import UNLIMITED, Access, Float64, Int8, Int16, Int32, Int64, RecordClass, SightKind


class Captured(NamedTuple):
    """Reads as custody takes them, row for row."""

    time: Int32
    """s, of capture."""
    owner: Int16
    """Rows of Agencies: whose camera it was."""
    record: Int8
    """`RecordClass`, never ALERT."""
    draw: Float64
    """[0, 1): decides on sampled keeping, the same for all agencies."""
    listed: NDArray[np.bool_]
    """[reads, agencies]: whose hot lists it matched."""
    barred: NDArray[np.bool_]
    """Of a camera whose reads may not be kept: not admissible, or excluded."""

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Captured:
        """Return some of the reads."""
        time, owner, record, draw, listed, barred = self
        return Captured(time[rows], owner[rows], record[rows], draw[rows], listed[rows], barred[rows])


def obtainable(
    access: Access, viewer: int, reads: Captured, moment: int, sights: Sequence[SightKind], *, case_draw: float = 0.0
) -> Int64:
    """Return for each read the row of `access` by which `viewer` obtains it when it asks at `moment`; −1: it does not.

    Of several rows the one that needs least, then the one that tells most. `case_draw` decides on warrants and side doors:
    those are open whose chance is above it.
    """
    mine = (access.viewer == viewer) & np.isin(access.sight, sights)
    mine &= (access.sight < SightKind.PROCESS) | (access.chance > case_draw)
    mine &= np.isin(access.owner, np.unique(reads.owner))
    order = np.lexsort((access.place_step, access.time_step, access.rotation > 0, access.sight))
    found = np.full(len(reads.time), -1, np.int64)
    for row in order[mine[order]]:
        found[(found < 0) & _applies(access, int(row), reads, moment)] = row
    return found


def _applies(access: Access, row: int, reads: Captured, moment: int) -> NDArray[np.bool_]:
    if access.record[row] == RecordClass.ALERT:
        right = reads.listed[:, access.through[row]].copy()
    else:
        right = (reads.record == access.record[row]) & (reads.draw >= access.from_draw[row])
        right &= reads.draw < access.to_draw[row]
    time = reads.time.astype(np.int64)
    period = int(access.period[row])
    phase = time % period if period else np.zeros_like(time)
    if period:
        right &= (phase >= access.from_phase[row]) & (phase < access.to_phase[row])
    served = moment + int(access.delay[row])
    begin = int(access.from_age[row]) + time - (phase if access.from_clock[row] else 0)
    end = int(access.to_age[row]) + time - (phase if access.to_clock[row] else 0)
    right &= (begin <= served) & ((served < end) | (access.to_age[row] == UNLIMITED))
    right &= (reads.owner == access.owner[row]) & (time <= moment) & ~reads.barred
    return np.asarray(right, np.bool_)
