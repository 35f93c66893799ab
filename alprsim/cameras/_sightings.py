"""What stands before a reader: plates that pass, and signs and decals that a reader takes for one."""

import math

import numpy as np

from alprsim import randomness
from alprsim.scenario import models
from alprsim.tables import (
    DAY,
    ROVING,
    Cameras,
    Int64,
    Passages,
    Roads,
    Sightings,
    Sites,
    Trips,
    UInt64,
    Vehicles,
)


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


def signs(cameras: Cameras, sites: Sites, spec: models.Spurious, *, seed: int, day: int) -> Sightings:
    """Return the signs and decals that cameras take for a plate on one day: a Poisson number each, at any moment of the day.

    Their vehicle is −1, nobody's. The draws belong to (camera, day): another camera changes nothing. A camera sees them at any
    of its sites, a trailer at any of its stops, though it stands at one (`patrols.standing_at`). Cars see none: what stands
    beside a road is before them for a moment, and no rate for it was found.
    """
    camera = np.flatnonzero(~np.isin(cameras.kind, ROVING) & np.isin(np.arange(len(cameras)), sites.camera))
    bits = randomness.draw(randomness.stream(seed, "how many signs are taken for plates"), cameras.key[camera], day)
    many = np.searchsorted(_poisson(spec.daily), randomness.uniform(bits), side="right")
    which = np.repeat(np.arange(len(camera)), many)
    nth = np.arange(len(which)) - np.repeat(np.cumsum(many) - many, many)
    moment = randomness.draw(bits[which], nth)
    time = day * DAY * 1000 + randomness.below(moment, DAY * 1000)
    by_camera = np.argsort(sites.camera, kind="stable").astype(np.int32)
    first = np.searchsorted(sites.camera[by_camera], camera[which])
    watched = np.bincount(sites.camera, minlength=len(cameras))[camera[which]]
    site = by_camera[first + randomness.below(randomness.draw(moment, 0), watched)]
    order = np.lexsort((cameras.key[camera[which]], site, time))
    return Sightings.of(
        time=time[order], site=site[order], vehicle=np.full(len(order), -1), speed=np.zeros(len(order))
    )  # fmt: skip


def together(seen: Sightings, more: Sightings) -> Sightings:
    """Return the sightings of both in order of (time, site), those of ``seen`` first."""
    columns = {name: np.concatenate((column, getattr(more, name))) for name, column in seen.data().items()}
    order = np.lexsort((columns["site"], columns["time"]))
    return Sightings(**{name: column[order] for name, column in columns.items()})


def _poisson(mean: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the chances of at most 0, 1, 2, … of a Poisson number, up to where the rest has no chance."""
    n = np.arange(int(mean + 12 * math.sqrt(mean) + 20))
    logarithm = n * math.log(mean) - mean - np.array([math.lgamma(k + 1) for k in n])
    return np.cumsum(np.exp(logarithm))


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
