"""Every reader of one seed: those that stand, those that drive and those that are moved, and what they make of a day.

What passes, is met or stands parked before a reader is a sighting; sightings of all readers are read together, since those
of an agency share its server.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from alprsim import cameras, parquet, patrols, plates, siting
from alprsim.scenario import models
from alprsim.scenario.read import Loaded
from alprsim.tables import DAY, Agencies, Float64, Flows, Journeys, Network, Passages, Plates, Sites, Trips, Vehicles

PLATES = "plates_a_day"
"""In the tally: the different plates recorded, summed over days."""

LEFT_OUT = "left_out.csv"
"""The rows of camera files and maps that could not be placed, with their reasons; absent where there are none."""


class Readers(NamedTuple):
    """All readers of a seed, and what their reading hangs on."""

    placement: siting.Placement
    """Cameras and sites: those that stand for good, then trailers, then cars."""
    fleet: patrols.Fleet
    standing: int
    """Rows of sites that stand for good."""
    fixed: Sites
    """The sites that do not drive: those that stand, and trailers' stops."""
    conditions: cameras.Conditions
    plates: Plates

    def watched(self, roads: int) -> NDArray[np.bool_]:
        """Return the roads whose passages some reader may see."""
        return np.isin(np.arange(roads), self.fixed.road) | self.fleet.watched(roads)

    def expected(self, volume: Float64, length: int) -> float:
        """Return about how many reads so many seconds bring, by vehicles a day on each road."""
        passing = float(volume[np.unique(self.fixed.road)].sum())
        return (passing + len(self.fleet.cars) * patrols.READS) * length / DAY


def deploy(
    loaded: Loaded, network: Network, agencies: Agencies, vehicles: Vehicles, *, volume: Float64,
    usual_day: Callable[[], siting.Day], seed: int,
) -> Readers:  # fmt: skip
    """Place the readers that stand, then those that move; issue the plates they read.

    Parameters
    ----------
    volume : float64[roads], vehicles a day
    usual_day
        Makes the trips that some strategies look at, if they are asked for.
    """
    study, towns_of = loaded.scenario, cities(loaded)
    spec = study.cameras

    def place(some: models.Cameras) -> siting.Placement:
        return siting.place(
            network, agencies, some, towns_of=towns_of, flow=volume, seed=seed, base=loaded.base, day=usual_day
        )  # fmt: skip

    stops = {row: place(spec.stops(row)) for row in spec.portable}
    fleet = patrols.deploy(
        network, agencies, spec, towns_of=towns_of,
        stops={row: (placed.cameras, placed.sites) for row, placed in stops.items()},
    )  # fmt: skip
    standing = place(spec.standing())
    every, sites = fleet.after(standing.cameras, standing.sites)
    every = cameras.equipped(every, spec)
    placement = siting.Placement(
        every, sites,
        standing.rejected + [row for placed in stops.values() for row in placed.rejected],
        standing.told + [note for placed in stops.values() for note in placed.told],
    )  # fmt: skip
    return Readers(
        placement, fleet, len(standing.sites), sites.take(slice(len(standing.sites) + fleet.first_driven)),
        cameras.conditions(network, every, spec, start=study.start, length=study.length, seed=seed),
        plates.issue(vehicles, study.plates, seed=seed),
    )  # fmt: skip


def check(loaded: Loaded, network: Network, agencies: Agencies) -> None:
    """Raise what ``deploy`` would raise that needs no traffic: minutes earlier."""
    spec, towns_of = loaded.scenario.cameras, cities(loaded)
    for some in (spec.standing(), *(spec.stops(row) for row in spec.portable)):
        siting.check(network, agencies, some, towns_of=towns_of, base=loaded.base)
    patrols.deploy(network, agencies, spec, towns_of=towns_of, stops={})


def cities(loaded: Loaded) -> dict[str, str | None]:
    """Return the town that each agency polices, where the scenario says so."""
    return {name: agency.town for name, agency in loaded.scenario.custody.agencies.items()}


def read(
    readers: Readers, spec: models.Cameras, network: Network, agencies: Agencies, vehicles: Vehicles, trips: Trips,
    passages: Passages, journeys: Journeys, times: Flows, *, seed: int, day: int,
) -> cameras.DayOfReads:  # fmt: skip
    """Let all readers read one day.

    Parameters
    ----------
    passages
        Of the watched roads.
    times
        What each road took that day, by quarter hour: how long those that drive are on it.
    """
    placement, fleet = readers.placement, readers.fleet
    seen = cameras.sightings(passages, trips, vehicles, readers.fixed, network.roads)
    seen = patrols.sightings(
        patrols.live(seen, fleet, readers.standing), fleet, placement.sites, passages, times, trips, journeys, vehicles,
        network, seed=seed, day=day,
    )  # fmt: skip
    if spec.spurious.daily > 0:
        signs = cameras.signs(placement.cameras, placement.sites, spec.spurious, seed=seed, day=day)
        seen = cameras.together(seen, patrols.standing_at(signs, fleet, readers.standing, seed=seed))
    return cameras.read(
        seen, vehicles, placement.cameras, placement.sites, agencies, readers.plates, spec, seed=seed, day=day,
        conditions=readers.conditions,
    )  # fmt: skip


class Tally:
    """What became of the plates that passed each camera, and how many different ones it recorded, day by day."""

    def __init__(self, n_cameras: int) -> None:
        self._counts = {name: np.zeros(n_cameras, np.int64) for name in (*cameras.Tally._fields, PLATES)}

    def add(self, read: cameras.DayOfReads, sites: Sites) -> None:
        """Count one day."""
        known = read.reads.plate >= 0
        camera = sites.camera[read.reads.site[known]].astype(np.int64)
        pairs = np.unique(camera << 32 | read.reads.plate[known])
        different = np.bincount(pairs >> 32, minlength=len(self._counts[PLATES]))
        for name, count in (*read.tally._asdict().items(), (PLATES, different)):
            self._counts[name] += count

    def save(self, readers: Readers, agencies: Agencies, days: int, file: Path) -> None:
        """Write a row a camera, over the whole run."""
        every = readers.placement.cameras
        named = {"camera": np.arange(len(every)), "agency": agencies.name[every.agency], "kind": every.kind}
        parquet.write(pa.table({**named, **self._counts, "days": np.full(len(every), days)}), file)


def save_places(readers: Readers, network: Network, loaded: Loaded, folder: Path) -> None:
    """Write the listed cameras that were left out, and a row a corner of the zones kept free; no file for nothing."""
    if rejected := readers.placement.rejected:
        with (folder / LEFT_OUT).open("w", encoding="utf-8", newline="") as opened:
            csv.writer(opened).writerows([siting.Rejected._fields, *rejected])
    if rims := siting.zones(network, loaded.scenario.cameras, base=loaded.base):
        ring = np.repeat(np.arange(len(rims)), [len(rim) for rim in rims])
        x, y = np.concatenate(rims).T
        parquet.write(pa.table({"ring": ring, "x": x, "y": y}), folder / "zones.parquet")
