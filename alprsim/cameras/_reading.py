"""From what stands before the readers to what their agencies record, and what became of the rest."""

from typing import NamedTuple

import numpy as np

from alprsim import randomness
from alprsim.cameras._conditions import Conditions
from alprsim.cameras._misreading import taken_for
from alprsim.cameras._quality import chances, clear
from alprsim.cameras._spells import Spells, phases
from alprsim.kernels import station
from alprsim.scenario import models
from alprsim.tables import (
    DAY,
    Agencies,
    Cameras,
    Float32,
    Int8,
    Int16,
    Int32,
    Int64,
    Plates,
    Reads,
    Sightings,
    Sites,
    Vehicles,
)

MINUTE = 60_000
"""Milliseconds."""


class Tally(NamedTuple):
    """What became of the plates that passed each camera: int64[n_cameras] each.

    passages + spurious = down + missed + dropped_reader + dropped_store + dropped_server + reads. Among the reads are the
    unreadable, those with a wrong text (misread), those with a wrong state (some have both), and the spurious that were
    not lost; ghosts are the reads under a plate that somebody else bears.
    """

    passages: Int64
    spurious: Int64
    down: Int64
    missed: Int64
    dropped_reader: Int64
    dropped_store: Int64
    dropped_server: Int64
    unreadable: Int64
    misread: Int64
    wrong_state: Int64
    ghosts: Int64
    reads: Int64
    down_s: Int64
    """Seconds of the day on which the camera was broken or being serviced."""


class DayOfReads(NamedTuple):
    """A day's reads, ordered by (time, site, plate), and what became of every passing plate."""

    reads: Reads
    tally: Tally


def read(
    seen: Sightings, vehicles: Vehicles, cameras: Cameras, sites: Sites, agencies: Agencies, plates: Plates,
    spec: models.Cameras, *, seed: int, day: int = 0, conditions: Conditions | None = None,
) -> DayOfReads:  # fmt: skip
    """Let the cameras read one day's sightings.

    The moment of a sighting, rounded down to the second, is the read's time, however late it reaches the server: nothing
    that is asked of reads today depends on their arrival. A reader holds up the next plate by 60,000 / rate ms, rounded;
    the read then waits in the camera's store for its upload, and reaches its agency's server ``latency`` later. A camera
    that is down sees nothing, and loses nothing of what waits in it. A plate read as one that nobody bears has no row:
    −1, as the unreadable. A spurious read's vehicle is −1.

    Every draw belongs to (camera, vehicle, moment): another camera, or other traffic, changes nothing but queues.

    Parameters
    ----------
    seen
        Signs read as plates among them (`signs`), of vehicle −1.
    day : int
        Of the run: its share of ``conditions``.
    conditions : Conditions, optional
        The answer of `conditions`; none: nothing befalls anybody.

    Raises
    ------
    ValueError
        A reader's or server's rate that is not above 0.
    """
    around = conditions or Conditions.undisturbed(len(cameras))
    time, site, vehicle, camera = seen.time, seen.site, seen.vehicle, sites.camera[seen.site]
    fate = station.fates(
        randomness.stream(seed, "what a camera makes of a plate"),
        camera, around.of(seen), cameras.key, _keys(vehicles, vehicle), time, clear(seen.speed, spec.blur),
        chances(cameras, spec),
    )  # fmt: skip
    fate[vehicle < 0] = station.SPURIOUS
    fate[around.down.inside(time, camera)] = station.DOWN
    _drop(fate, time, camera, cameras, agencies, spec.upload, around.offline, seed)
    plate = _recorded(fate, seen, camera, vehicles, cameras, plates, spec, seed)
    kept = np.flatnonzero(fate >= station.UNREADABLE)
    reads = _ordered(
        (time[kept] // 1000).astype(np.int32), site[kept], plate[kept], vehicle[kept], len(sites), len(plates)
    )
    ghost = (fate >= station.UNREADABLE) & (plate >= 0) & (plate != vehicle)
    return DayOfReads(reads, _count(fate, vehicle, camera, ghost, around.down_s(day, DAY)))


def _keys(vehicles: Vehicles, vehicle: Int32) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return vehicles.key[vehicle] if len(vehicles) else np.zeros(len(vehicle), np.uint64)


def _recorded(
    fate: Int8, seen: Sightings, camera: Int32, vehicles: Vehicles, cameras: Cameras, plates: Plates,
    spec: models.Cameras, seed: int,
) -> Int32:  # fmt: skip
    """Return the row of `plates` that each sighting is recorded under, −1 nobody's; of those that are lost, anything."""
    plate = seen.vehicle.copy()
    plate[fate == station.UNREADABLE] = -1
    wrong = np.flatnonzero(np.isin(fate, (station.MISREAD, station.WRONG_BOTH, station.WRONG_STATE)))
    question = randomness.stream(seed, "what a plate is misread as")
    bits = randomness.draw(question, cameras.key[camera[wrong]], vehicles.key[seen.vehicle[wrong]], seen.time[wrong])
    plate[wrong] = taken_for(plates, seen.vehicle[wrong], fate[wrong], bits)
    sign = np.flatnonzero(fate == station.SPURIOUS)
    bits = randomness.draw(
        randomness.stream(seed, "what a sign is read as"), cameras.key[camera[sign]], seen.time[sign]
    )
    issued = randomness.uniform(randomness.draw(bits, 0)) < spec.spurious.issued
    plate[sign] = np.where(issued, randomness.below(randomness.draw(bits, 1), len(plates)), -1)
    return plate


def _drop(
    fate: Int8, time: Int64, camera: Int32, cameras: Cameras, agencies: Agencies, link: models.Upload, offline: Spells,
    seed: int,
) -> None:  # fmt: skip
    """Mark what finds its reader's queue, its camera's store, or its agency's server's queue full."""
    seen = np.flatnonzero(fate > station.MISSED)
    done = station.serve(time[seen], camera[seen], _service(cameras.rate, "cameras.rate"), _wide(cameras.room))
    fate[seen[done < 0]] = station.DROPPED_READER
    seen, done = seen[done >= 0], done[done >= 0]
    if link.every or len(offline.since):
        phase = phases(cameras.key, link.every * 1000, stream=randomness.stream(seed, "when a camera uploads"))
        size = station.NEVER if link.size is None else link.size
        done = station.upload(done, camera[seen], link.every * 1000, phase, int(size), link.store, *offline)
        fate[seen[done < 0]] = station.DROPPED_STORE
        seen, done = seen[done >= 0], done[done >= 0]
    service = _service(agencies.server_rate, "server_rate")
    if not service.any():
        return
    done = done + link.latency * 1000
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


def _count(
    fate: Int8, vehicle: Int32, camera: Int32, ghost: "np.ndarray[tuple[int], np.dtype[np.bool_]]", down_s: Int64
) -> Tally:
    n = len(down_s)

    def count(rows: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Int64:
        return np.bincount(camera[rows], minlength=n)

    became = np.bincount(camera.astype(np.int64) * station.FATES + fate, minlength=station.FATES * n)
    of = np.ascontiguousarray(became.reshape(n, station.FATES).T)
    spurious = count(vehicle < 0)
    return Tally(
        passages=of.sum(axis=0) - spurious, spurious=spurious, down=of[station.DOWN], missed=of[station.MISSED],
        dropped_reader=of[station.DROPPED_READER], dropped_store=of[station.DROPPED_STORE],
        dropped_server=of[station.DROPPED_SERVER], unreadable=of[station.UNREADABLE],
        misread=of[station.MISREAD] + of[station.WRONG_BOTH],
        wrong_state=of[station.WRONG_STATE] + of[station.WRONG_BOTH], ghosts=count(ghost),
        reads=of[station.UNREADABLE :].sum(axis=0), down_s=down_s,
    )  # fmt: skip
