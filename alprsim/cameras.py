"""What the cameras record of a day's traffic: which plates are missed, dropped, unreadable or read wrong.

A passing plate is captured or not; waits for its reader, then for the agency's shared server, and is dropped where the
queue is full; then yields a text or not, right or wrong. Queues start empty at 04:00, when a day starts: a day can be
made alone, and at that hour none would be waiting.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from alprsim import randomness
from alprsim.kernels import plates as kernels
from alprsim.kernels import station
from alprsim.scenario import models
from alprsim.tables import (
    Agencies,
    Cameras,
    Float32,
    Int8,
    Int16,
    Int32,
    Int64,
    Passages,
    Plates,
    Reads,
    Roads,
    Sightings,
    Sites,
    Trips,
    UInt64,
    Vehicles,
)

MINUTE = 60_000
"""Milliseconds."""

CONFUSED = ("0ODQ", "1I", "2Z7", "37", "5S", "6G", "8B", "MW", "GC")
"""Characters that readers were seen to take for one another: 7 read as 2 (Kansas 2014) and 3 as 7 (San Francisco 2009) in
stops of the wrong car (techdirt, 2014; EFF); the rest from reports on plate design (Hartford Courant, 18 September 2015)
and from vendors (Dynamsoft's documentation)."""

DOCUMENTED = 0.5
"""Share of misreadings of a confusable character that follow CONFUSED; the rest name any other digit, or letter.
Assumption: no confusion matrix of plate readers was found published."""


class Tally(NamedTuple):
    """What became of the plates that passed each camera: int64[n_cameras] each.

    passages = missed + dropped_reader + dropped_server + reads; unreadable and misread ones are among the reads.
    """

    passages: Int64
    missed: Int64
    dropped_reader: Int64
    dropped_server: Int64
    unreadable: Int64
    misread: Int64
    reads: Int64


class DayOfReads(NamedTuple):
    """A day's reads, ordered by (time, site, plate), and what became of every passing plate."""

    reads: Reads
    tally: Tally


class Index(NamedTuple):
    """Issued plates in the order of their text, to be looked up by bisection."""

    text: Int64
    row: Int32


def sightings(passages: Passages, trips: Trips, vehicles: Vehicles, sites: Sites, roads: Roads) -> Sightings:
    """Return each passage at each site of its road, of one day.

    A vehicle is at a site when it entered the road plus the site's share of the free-flow crossing time, and passes it at
    the road's free-flow speed.
    """
    by_road = np.argsort(sites.road, kind="stable").astype(np.int32)
    on_road = np.bincount(sites.road, minlength=len(roads))
    first = np.cumsum(on_road) - on_road
    times = on_road[passages.road]
    passage = np.repeat(np.arange(len(passages)), times)
    nth = np.arange(len(passage)) - np.repeat(np.cumsum(times) - times, times)
    site = by_road[first[passages.road[passage]] + nth]
    time = passages.time[passage] + _shift(sites, roads)[site]
    vehicle = trips.vehicle[passages.trip[passage]]
    order = _in_order((time - passages.time[:1]) * len(sites) + site, vehicles.key[vehicle])
    speed = (roads.length / np.maximum(roads.crossing, 1) * 1000).astype(np.float32)
    return Sightings(
        time=time[order], site=site[order], vehicle=vehicle[order], speed=speed[sites.road[site[order]]]
    )  # fmt: skip


def read(
    seen: Sightings, vehicles: Vehicles, cameras: Cameras, sites: Sites, agencies: Agencies, plates: Plates,
    spec: models.Cameras, *, seed: int,
) -> DayOfReads:  # fmt: skip
    """Let the cameras read one day's sightings.

    The moment of a sighting, rounded down to the second, is the read's time. A reader holds up the next plate by
    60,000 / rate ms, rounded; the plate then reaches its agency's server. A plate misread as one that nobody bears has no
    row: −1, as the unreadable.

    Every draw belongs to (camera, vehicle, moment): another camera, or other traffic, changes nothing but queues.

    Raises
    ------
    ValueError
        A reader's or server's rate that is not above 0.
    """
    time, site, vehicle = seen.time, seen.site, seen.vehicle
    camera = sites.camera[site]
    fate = station.fates(
        randomness.stream(seed, "what a camera makes of a plate"),
        camera, cameras.key, vehicles.key[vehicle], time, cameras.capture, spec.readable, cameras.correct,
    )  # fmt: skip
    _drop(fate, time, camera, cameras, agencies)
    plate = vehicle.copy()
    plate[fate == station.UNREADABLE] = -1
    wrong = np.flatnonzero(fate == station.MISREAD)
    question = randomness.stream(seed, "what a plate is misread as")
    bits = randomness.draw(question, cameras.key[camera[wrong]], vehicles.key[vehicle[wrong]], time[wrong])
    plate[wrong] = misread(plates, vehicle[wrong], bits)
    kept = np.flatnonzero(fate >= station.UNREADABLE)
    reads = _ordered(
        (time[kept] // 1000).astype(np.int32), site[kept], plate[kept], vehicle[kept], len(sites), len(plates)
    )
    return DayOfReads(reads, _count(fate, camera, len(cameras)))


def misread(plates: Plates, row: Int32, bits: UInt64) -> Int32:
    """Return the row of `plates` that each plate in ``row`` is taken for when one character is read wrong, −1 nobody's.

    Parameters
    ----------
    row : int32[n], row of plates
        What was really there.
    bits : uint64[n]
        Drawn for each misreading.
    """
    known = index(plates)
    first, alike = _lookalikes()
    return kernels.misread(plates.text[row], bits, known.text, known.row, first, alike, DOCUMENTED)


@lru_cache(maxsize=2)  # sorting three million plates takes 0.07 s, and every day of a run asks again
def index(plates: Plates) -> Index:
    """Return the plates in order of their text."""
    order = np.argsort(plates.text, kind="stable")
    return Index(plates.text[order], order.astype(np.int32))


@lru_cache(maxsize=1)
def _lookalikes() -> tuple[Int64, Int8]:
    """Return CONFUSED as compressed rows: each character's, in the order of the packing alphabet."""
    alike = [sorted({b for group in CONFUSED if a in group for b in group} - {a}) for a in kernels.ALPHABET]
    first = np.cumsum([0, *map(len, alike)], dtype=np.int64)
    return first, np.array([kernels.ALPHABET.index(b) for row in alike for b in row], np.int8)


def _in_order(moment: Int64, key: UInt64) -> Int64:
    """Return the order by (moment, key); sorting by key the few that share a moment takes a tenth of sorting all by both."""
    order = np.argsort(moment, kind="stable")
    same = np.flatnonzero(np.diff(moment[order]) == 0)
    shared = np.union1d(same, same + 1)
    order[shared] = order[shared][np.lexsort((key[order[shared]], moment[order[shared]]))]
    return order


def _shift(sites: Sites, roads: Roads) -> Int64:
    """Return the time from entering the road to passing the site, in ms, at the road's free-flow speed."""
    share = np.clip(sites.offset / np.maximum(roads.length[sites.road], np.float32(0.1)), 0, 1)
    return np.rint(share.astype(np.float64) * roads.crossing[sites.road]).astype(np.int64)


def _drop(fate: Int8, time: Int64, camera: Int32, cameras: Cameras, agencies: Agencies) -> None:
    """Mark the captured plates that find their reader's queue, or then their agency's server's, full."""
    seen = np.flatnonzero(fate != station.MISSED)
    done = station.serve(time[seen], camera[seen], _service(cameras.rate, "cameras.rate"), _wide(cameras.room))
    fate[seen[done < 0]] = station.DROPPED_READER
    service = _service(agencies.server_rate, "server_rate")
    if not service.any():
        return
    seen, done = seen[done >= 0], done[done >= 0]
    order = np.argsort(done, kind="stable")
    agency = cameras.agency[camera[seen]].astype(np.int32)
    lost = station.serve(done[order], agency[order], service, _wide(agencies.server_room)) < 0
    fate[seen[order[lost]]] = station.DROPPED_SERVER


def _service(rate: Float32, key: str) -> Int64:
    """Return the whole milliseconds that a plate takes: 0 without limit."""
    if not (rate > 0).all():
        raise ValueError(f"{key} must be above 0 plates/min, not {rate.min():g}")
    return np.rint(MINUTE / rate.astype(np.float64)).astype(np.int64)


def _wide(room: Int16 | Int32) -> Int64:
    return room.astype(np.int64)


def _ordered(time: Int32, site: Int32, plate: Int32, vehicle: Int32, n_sites: int, n_plates: int) -> Reads:
    """Return the reads by (time, site, plate), sorted as one whole number: a day × 10⁴ sites × 10⁷ plates takes 54 bits."""
    since = (time - time[:1]).astype(np.int64)  # reads come in order of time
    order = np.argsort((since * n_sites + site) * (n_plates + 1) + plate + 1, kind="stable")
    return Reads(time=time[order], site=site[order], plate=plate[order], vehicle=vehicle[order])


def _count(fate: Int8, camera: Int32, n_cameras: int) -> Tally:
    became = np.bincount(camera.astype(np.int64) * 6 + fate, minlength=6 * n_cameras).reshape(n_cameras, 6)
    missed, reader, server, unreadable, misread, right = np.ascontiguousarray(became.T)
    reads = unreadable + misread + right
    return Tally(became.sum(axis=1), missed, reader, server, unreadable, misread, reads)
