"""Which reads the rules of all policies treat alike: by camera, by what the read matched, and by the draws that rules make.

A rule may keep hits longer, hold a share as evidence, keep a sample, or bar cameras of some kind or place. What decides is
fixed when the plate is read, and the same for every policy; policies only draw the line elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from alprsim import custody, randomness, utility
from alprsim.scenario import models
from alprsim.sight import Streams
from alprsim.tables import (
    Agencies,
    Bool,
    CameraKind,
    Cameras,
    Float64,
    Int8,
    Int16,
    Int32,
    Int64,
    Network,
    PlaceKind,
    Reads,
    RecordClass,
    Sites,
    UInt64,
)

MOST_LISTING = 62
"""Agencies, the first of a scenario, that can have hot lists whose alerts are archived: a bit each."""
_NO_AGENCY = 62
"""The bit of lists whose owner is none of the scenario's agencies: such a read is a hit, and archived nowhere."""


class Records(NamedTuple):
    """The streams, and which of them a read is of."""

    streams: Streams
    group: Int32
    """[n_sites]: the sites that all policies treat alike are one group."""
    samples: Float64
    """Where the draw of sampled keeping is cut, the first 0."""
    held: Float64
    """Where the draw of evidence is cut, the first 0."""
    alerted: Int64
    """The sets of agencies that a read alerted, as bits; the first is nobody."""
    hits: _Hits
    key: UInt64
    """[n_sites] of the cameras."""
    seed: int

    def of(self, reads: Reads) -> Int16:
        """Return the stream of each read."""
        place = self.group[reads.site].astype(np.int64)
        for cuts, question in ((self.samples, "sampled keeping"), (self.held, "evidence")):
            place *= len(cuts)
            if len(cuts) > 1:
                place += np.searchsorted(cuts, self._draws(reads, question), side="right") - 1
        place *= len(self.alerted)
        if len(self.alerted) > 1:
            place += np.searchsorted(self.alerted, self.hits.of(reads))
        return place.astype(np.int16)

    def _draws(self, reads: Reads, question: str) -> Float64:
        base = randomness.stream(self.seed, question)
        return randomness.uniform(randomness.draw(base, self.key[reads.site], reads.plate, reads.time))


class _Hits(NamedTuple):
    """The reads that alerted somebody: their keys, rising, and whom."""

    key: Int64
    site: Int32
    alerted: Int64

    def of(self, reads: Reads) -> Int64:
        """Return for each read the agencies it alerted, as bits."""
        found = np.zeros(len(reads), np.int64)
        key = _key(reads.time, reads.plate)
        first = np.searchsorted(self.key, key)
        for step in range(int(np.max(np.unique(self.key, return_counts=True)[1], initial=0))):
            at = np.minimum(first + step, len(self.key) - 1)
            same = (self.key[at] == key) & (self.site[at] == reads.site)
            found[same] |= self.alerted[at[same]]
        return found


def sort(
    policies: Mapping[str, models.Custody], agencies: Agencies, cameras: Cameras, sites: Sites, network: Network, *,
    alerts: Path | None, seed: int,
) -> Records:  # fmt: skip
    """Find the streams of a run.

    Parameters
    ----------
    policies
        The rules of each policy, by its name.
    alerts
        The run's file of alerts; None: it has no hot lists, or no rule asks.

    Raises
    ------
    ValueError
        An agency with a hot list is not among the first 62 of the scenario, or streams are too many.
    """
    owner = cameras.agency[sites.camera]
    barred = {name: _barred(spec, agencies, cameras, sites, network) for name, spec in policies.items()}
    signs, group = np.unique(np.stack([owner, *barred.values()]).astype(np.int16), axis=1, return_inverse=True)
    asked = any(_tells_hits(spec) for spec in policies.values())
    hits = _hits(alerts, agencies) if asked and alerts and alerts.exists() else _Hits(*_NO_HITS)
    alerted = np.unique(np.append(hits.alerted, 0))
    samples = _cuts(policies, agencies, "sample")
    held = _cuts(policies, agencies, "held_share")
    shape = signs.shape[1], len(samples), len(held), len(alerted)
    if np.prod(shape) > np.iinfo(np.int16).max:
        raise ValueError(
            f"custody: the policies tell {np.prod(shape):,} kinds of reads apart; at most 32,767 are allowed"
        )
    place = np.unravel_index(np.arange(np.prod(shape)), shape)
    of_owner = signs[0, place[0]].astype(np.int16)
    streams = Streams(
        of_owner,
        {
            name: _classes(spec, agencies, of_owner, held[place[2]], alerted[place[3]])
            for name, spec in policies.items()
        },
        samples[place[1]],
        alerted[place[3]],
        {name: signs[1 + row, place[0]] == 1 for row, name in enumerate(barred)},
    )
    return Records(
        streams, group.reshape(-1).astype(np.int32), samples, held, alerted, hits, cameras.key[sites.camera], seed
    )  # fmt: skip


_NO_HITS = np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int64)


def _tells_hits(spec: models.Custody) -> bool:
    """Tell whether some rule treats hits otherwise than other reads."""
    keys = ("hit_retention", "keep", "sample")
    said = (custody.kept(spec, name, key)[0] for name in spec.agencies for key in keys)
    return any(value is not None for value in said) or any(edge.kind == "alert" for edge in spec.sharing)


def _cuts(policies: Mapping[str, models.Custody], agencies: Agencies, key: str) -> Float64:
    """Return 0 and every share that some rule draws a line at, rising."""
    said = {custody.kept(spec, name, key)[0] for spec in policies.values() for name in spec.agencies}
    return np.array(sorted({0.0, *(share for share in said if share is not None and share < 1)}))


def _classes(spec: models.Custody, agencies: Agencies, owner: Int16, held: Float64, alerted: Int64) -> Int8:
    """Return the record class of each stream under one policy."""
    shares = [
        (custody.kept(spec, str(name), "held_share")[0] or 0.0) if str(name) in spec.agencies else 0.0
        for name in agencies.name
    ]  # fmt: skip
    plain_or_hit = np.where(alerted != 0, RecordClass.HIT, RecordClass.PLAIN)
    return np.where(held < np.array(shares)[owner], RecordClass.HELD, plain_or_hit).astype(np.int8)


def _barred(spec: models.Custody, agencies: Agencies, cameras: Cameras, sites: Sites, network: Network) -> Bool:
    """Return for each site whether its owner's rules keep nothing of it."""
    owner, kind = cameras.agency[sites.camera], cameras.kind[sites.camera]
    barred = np.zeros(len(sites), np.bool_)
    for row, name in enumerate(str(name) for name in agencies.name):
        if name not in spec.agencies:
            continue
        mine = owner == row
        admissible, _ = custody.kept(spec, name, "admissible")
        if admissible is not None:
            barred |= mine & ~np.isin(kind, [CameraKind[one.upper()] for one in admissible])
        exclude, _ = custody.kept(spec, name, "exclude")
        if exclude is not None and mine.any():
            barred[mine] |= _near(exclude, sites.take(mine), network)
    return barred


def _near(exclude: models.Exclusion, sites: Sites, network: Network) -> Bool:
    """Return for each site whether a place of the excluded kinds is within the distance."""
    places, junctions = network.places, network.junctions
    kinds = np.array([PlaceKind[kind.upper()] for kind in exclude.kinds])
    junction = np.unique(places.junction[np.isin(places.kind, kinds)])
    x, y = utility.positions(sites, network.roads, junctions)
    near = np.zeros(len(sites), np.bool_)
    for row in range(len(sites)):
        apart = (junctions.x[junction] - x[row]) ** 2 + (junctions.y[junction] - y[row]) ** 2
        near[row] = np.any(apart <= exclude.within**2)
    return near


def _hits(alerts: Path, agencies: Agencies) -> _Hits:
    table = pq.read_table(alerts, columns=["time", "site", "plate", "owner"])
    time, site, plate = (table[name].to_numpy().astype(np.int64) for name in ("time", "site", "plate"))
    owners, row = np.unique(np.array(table["owner"].to_pylist(), np.str_), return_inverse=True)
    names = [str(name) for name in agencies.name]
    bits = [names.index(name) if name in names else _NO_AGENCY for name in map(str, owners)]
    for name, at in zip(owners, bits, strict=True):
        if at >= MOST_LISTING and str(name) in names:
            raise ValueError(f"custody: {name} has a hot list, so it must be among the first {MOST_LISTING} agencies")
    bit = np.left_shift(1, np.array(bits, np.int64))[row.reshape(-1)]
    key = _key(time, plate)
    order = np.lexsort((site, key))
    same = np.flatnonzero(np.append(True, (np.diff(key[order]) != 0) | (np.diff(site[order]) != 0))[: len(order)])
    merged = np.bitwise_or.reduceat(bit[order], same) if len(same) else bit
    return _Hits(key[order][same], site[order][same].astype(np.int32), merged)


def _key(time: NDArray[np.integer], plate: NDArray[np.integer]) -> Int64:
    return time.astype(np.int64) << 32 | (plate.astype(np.int64) & 0xFFFFFFFF)
