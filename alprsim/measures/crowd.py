"""Everybody's reads as a viewer knows them: who is who by pseudonym only, and who was in each place and time with whom."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import crowd, group
from alprsim.measures.names import spells
from alprsim.measures.question import Resolution, coarse
from alprsim.randomness import draw
from alprsim.tables import UNLIMITED, Bool, Int16, Int32, Int64, Reads, UInt64


class Known(NamedTuple):
    """Readable reads of everybody as one lens knows them, by pseudonym: those of one plate follow each other."""

    time: Int32
    site: Int32
    who: Int32
    """The pseudonym, rising. Where plates are plain or hashed for good, a plate has one."""
    row: Int64
    """That each had among the reads given."""
    plate: Int32
    """[pseudonyms], rising: whose they are, which the viewer does not know."""
    span: UInt64
    """[pseudonyms]: a number of how long and since when it lasts; 0 for good, and for plates where no pseudonyms are."""

    def read_targets(self, held: Bool, targets: Int32) -> Int64:
        """Return where each target's held reads begin and end among all that are held, one after the other: [2 × targets]."""
        first = np.searchsorted(self.who, np.arange(len(self.plate) + 1, dtype=np.int32))  # any: 1
        if not held.all():
            first = np.concatenate([[0], np.cumsum(held, dtype=np.int32)])[first]
        low, high = (np.searchsorted(self.plate, targets, side) for side in ("left", "right"))
        return np.stack([first[low], first[high]], axis=1).astype(np.int64).ravel()


class Crowd(NamedTuple):
    """What one sight holds, by cell (camera site, time bin): columns as `kernels.crowd.index` has them."""

    who: Int32
    site: Int32
    site_key: UInt64
    bins: int
    span: UInt64
    """As in `Known`; none where nobody's pseudonym changes."""
    cell: Int32
    first: Int64
    member: Int32
    row: Int64
    bits: UInt64
    pseudonyms: int


def known(reads: Reads, of: Int16, seen: Resolution | None, middles: Mapping[float, Int32]) -> Known:
    """Return reads as a lens knows them; unreadable ones are nobody's.

    A pseudonym is a plate during one span of so long; records that change theirs after different times, or never, are not
    linked with each other, as nobody's records under one name.

    Parameters
    ----------
    of : int16[n_reads], row of `seen`: the stream of each read
    seen, middles
        As for `question.coarsened`.
    """
    row = np.flatnonzero(reads.plate >= 0)
    if seen is None or _alike(seen.rotation[of]):
        if (np.diff(reads.plate[row]) < 0).any():  # any: np.diff(reads.plate[row]) < 0; 0
            first = np.zeros(int(reads.plate.max()) + 2, np.int64)  # any
            row = row[group.group(reads.plate[row], first)]
        lasts, epoch = np.full(len(row), -1, np.int64), np.zeros(len(row), np.int64)  # any: 1
    else:
        lasts, epoch = spells(reads.time[row], seen.rotation[of[row]])
        order = np.lexsort((epoch, lasts, reads.plate[row]))
        row, lasts, epoch = row[order], lasts[order], epoch[order]
    plate = reads.plate[row]
    changes = [np.diff(column, prepend=-2) != 0 for column in (plate, lasts, epoch)]  # any: 2
    fresh = np.flatnonzero(changes[0] | changes[1] | changes[2]) if len(row) else np.empty(0, np.intp)
    who = np.repeat(np.arange(len(fresh), dtype=np.int32), np.diff(np.append(fresh, len(row))))
    as_known = coarse(reads, of, seen, middles)
    span = np.where(lasts[fresh] >= 0, draw(lasts[fresh].astype(np.uint64), epoch[fresh]), np.uint64(0))
    return Known(as_known.time[row], as_known.site[row], who, row.astype(np.int64), plate[fresh], span)


def gather(known: Known, held: Bool, site_key: UInt64, time_bin: int) -> Crowd:
    """List who was in each cell by the reads that one sight holds (bool[reads of `known`]); if all, none is copied."""
    some = slice(None) if held.all() else held
    time, site, who = known.time[some], known.site[some], known.who[some]
    bins = int(time.max(initial=0)) // time_bin + 1  # any: 0
    index = crowd.index(time, site, who, len(known.plate), time_bin, bins, len(site_key))
    span = known.span if known.span.any() else known.span[:0]
    return Crowd(who, site, site_key, bins, span, *index, len(known.plate))


def cell_keys(known: Known, who: Int32, site_key: UInt64, bin_: NDArray[np.integer]) -> UInt64:
    """Return the keys of cells; under pseudonyms that change, one for each cell and pseudonym."""
    key, span = draw(site_key, bin_), known.span[who]
    return np.where(span == 0, key, draw(key, span))


def _alike(rotation: Int32) -> bool:
    """Tell whether no pseudonym changes, and none stands beside a plate."""
    lasts = np.unique(rotation)
    return len(lasts) < 2 and not ((lasts > 0) & (lasts < UNLIMITED)).any()  # any: lasts < UNLIMITED; 0
