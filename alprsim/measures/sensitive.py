"""Sensitive places and their decoys: where they stand, which cameras are near them, and where cars truly stop.

A decoy is a place that does not exist: whatever an adversary finds there is chance. Decoys of a kind stand where people of
the same town work or shop and no place of that kind is.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.randomness import draw, stream
from alprsim.tables import (
    UNLIMITED,
    Bucket,
    Float64,
    Int8,
    Int32,
    Int64,
    Junctions,
    PlaceKind,
    Places,
)

NOWHERE = np.int32(-1)


class Sensitive(NamedTuple):
    """The places asked about, by kind and, after all of those, the decoys by group and kind."""

    kinds: tuple[str, ...]
    kind: Int8
    """[places]: row of `kinds`; of a decoy ``len(kinds)`` more."""
    group: Int8
    """[places], rising: 0, of decoys 1 and up; each group is as the places are, or smaller where a town has no more room."""
    x: Float64
    y: Float64
    lot: Int64
    """[places]: of two as near, the one with the lesser is named."""
    of_place: Int32
    """[rows of Places]: the row here, −1 none."""

    @property
    def sizes(self) -> Int64:
        """[2 × kinds]: how many there are of each kind, and decoys of each."""
        return np.bincount(self.kind, minlength=2 * len(self.kinds)).astype(np.int64)


class Near(NamedTuple):
    """The places near each site, rising: those of site s are ``place[first[s]:first[s + 1]]``."""

    first: Int64
    place: Int32
    metres: Float64


class Stops(NamedTuple):
    """Where the cars of a bucket stand after each trip: in [arrive, leave), at row ``place`` of Sensitive or −1."""

    arrive: Int32
    leave: Int32
    place: Int32


def choose(places: Places, junctions: Junctions, kinds: Sequence[str], *, decoys: int, seed: int) -> Sensitive:
    """Return the places of some kinds (as in PlaceKind, in lower case), with ``decoys`` decoys for each."""
    rows: list[NDArray[np.intp]] = []
    junction: list[NDArray[np.integer]] = []
    kind: list[Int64] = []
    for number, name in enumerate(kinds):
        mine = np.flatnonzero(places.kind == PlaceKind[name.upper()])
        rows.append(mine)
        junction.append(places.junction[mine])
        kind.append(np.full(len(mine), number, np.int64))
    groups = [np.zeros(sum(map(len, kind)), np.int64)]
    for group, (number, name) in itertools.product(range(decoys), enumerate(kinds, len(kinds))):
        junction.append(_decoys(places, junctions, name, group, seed))
        kind.append(np.full(len(junction[-1]), number, np.int64))
        groups.append(np.full(len(junction[-1]), group + 1, np.int64))
    at = np.concatenate(junction)
    of_place = np.full(len(places), -1, np.int32)
    real = np.concatenate(rows)
    of_place[real] = np.arange(len(real))
    of_kind = np.concatenate(kind)
    lot = draw(stream(seed, "which of two places as near is named"), of_kind, junctions.osm_id[at])
    lot >>= np.uint64(1)  # any: 1
    return Sensitive(
        tuple(kinds), of_kind.astype(np.int8), np.concatenate(groups).astype(np.int8), junctions.x[at], junctions.y[at],
        lot.astype(np.int64), of_place,
    )  # fmt: skip


def near_sites(sensitive: Sensitive, x: Float64, y: Float64, within: float) -> Near:
    """Find the places within some metres of each site, in a straight line, inclusive."""
    place, metres = [], []
    for at_x, at_y in zip(x, y, strict=True):
        apart = np.hypot(sensitive.x - at_x, sensitive.y - at_y)
        mine = np.flatnonzero(apart <= within)
        place.append(mine)
        metres.append(apart[mine])
    first = np.concatenate([[0], np.cumsum([len(mine) for mine in place], dtype=np.int64)]).astype(np.int64)
    none = np.zeros(0)
    return Near(first, np.concatenate([none, *place]).astype(np.int32), np.concatenate([none, *metres]))


def stops(bucket: Bucket, sensitive: Sensitive) -> Stops:
    """Return where the cars of a bucket stand after each trip, until their next; after the last one, for good.

    A trip that never ended leads nowhere.
    """
    truth = bucket.truth
    leave = np.append(truth.depart[1:], np.int32(UNLIMITED))[: len(truth)]
    leave[np.setdiff1d(bucket.first_trip[1:], 0) - 1] = UNLIMITED
    never = truth.arrive < truth.depart
    arrive = np.where(never, UNLIMITED, truth.arrive).astype(np.int32)
    return Stops(arrive, leave, np.where(never, NOWHERE, sensitive.of_place[truth.destination]))


def _decoys(places: Places, junctions: Junctions, name: str, group: int, seed: int) -> NDArray[np.intp]:
    """Return the junctions of one kind's decoys in one group: for each town so many as it has places of the kind.

    The first group has the least draws and so on, so that more groups move none.
    """
    kind = PlaceKind[name.upper()]
    taken = np.zeros(len(junctions), np.bool_)
    taken[places.junction[places.kind == kind]] = True
    busy = np.isin(places.kind, (PlaceKind.WORK, PlaceKind.SHOP)) & ~taken[places.junction]
    found: list[NDArray[np.intp]] = [np.zeros(0, np.intp)]
    key = draw(stream(seed, "where a decoy stands"), int(kind), junctions.osm_id)
    for town in np.unique(places.town[places.kind == kind]):
        wanted = np.count_nonzero((places.kind == kind) & (places.town == town))
        here = np.unique(places.junction[busy & (places.town == town)])
        found.append(np.sort(here[np.argsort(key[here], kind="stable")[group * wanted : (group + 1) * wanted]]))
    return np.concatenate(found).astype(np.intp)
