"""A finished run opened at one seed, as far as custody is concerned: whose cameras read a vehicle when, and where they stand."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alprsim import custody, parquet
from alprsim.custody import Captured
from alprsim.records import MOST_LISTING, Records, sort
from alprsim.results.run import ResultError, Run
from alprsim.scenario import models
from alprsim.scenario.read import Loaded, load
from alprsim.store import Store
from alprsim.tables import (
    DAY,
    DAY_STARTS,
    Agencies,
    CameraKind,
    Cameras,
    Float64,
    Int64,
    Junctions,
    Network,
    PlaceKind,
    Places,
    Reads,
    Roads,
    Sites,
    Towns,
    Truth,
    VehicleKind,
    Vehicles,
)

TYPICAL, MOST = "typical", "most"
"""In place of a vehicle's number: the resident with the median number of reads, and with the most."""

_BY_DRAW = ("sample", "held_share")
"""Keys of rules that decide read by read, by a draw."""


class DossierError(ValueError):
    """What was asked for is not in the run: what there is, and the nearest to it."""


class Subject(NamedTuple):
    """One synthetic vehicle, and all that was ever recorded under its plate up to a moment, in order of time."""

    vehicle: int
    chosen: str
    """How it was chosen: a number, typical or most."""
    kind: VehicleKind
    town: str
    reads: Reads
    truth: Truth
    """Its trips begun up to the moment."""


class Spots(NamedTuple):
    """Where the cameras of a seed look, row for row with its table Sites."""

    camera: Int64
    agency: NDArray[np.str_]
    kind: NDArray[np.str_]
    town: NDArray[np.str_]
    road: Int64
    x: Float64
    y: Float64
    key: NDArray[np.uint64] | None
    """None: the run was made before cameras' keys were kept."""


@dataclass(frozen=True)
class Opened:
    """One seed of a finished run."""

    run: Run
    seed: int
    other: Loaded | None = None
    """Whose rules are asked of the run's reads in place of the run's own."""

    @classmethod
    def of(cls, run: Run, seed: int | None) -> Opened:
        """Open a seed of a run, its first unless said otherwise."""
        seeds = run.provenance["seeds"]
        if seed is not None and seed not in seeds:
            raise ResultError(f"{run.folder} has no seed {seed}; it has {', '.join(map(str, seeds))}")
        return cls(run, seeds[0] if seed is None else seed)

    @cached_property
    def loaded(self) -> Loaded:
        """The run's own scenario, as it was resolved, unless another is asked."""
        return self.other or load(self.run.folder / "scenario.yaml")

    @cached_property
    def agencies(self) -> Agencies:
        """Every agency of any policy, as a run numbers them."""
        every = dict(self.loaded.scenario.custody.agencies)
        for policy in self.loaded.policies.values():
            every = {**every, **{name: agency for name, agency in policy.custody.agencies.items() if name not in every}}
        return custody.agencies(self.loaded.scenario.custody.model_copy(update={"agencies": every}))

    @cached_property
    def row_of(self) -> dict[str, int]:
        """The row of each agency."""
        return {str(name): row for row, name in enumerate(self.agencies.name)}

    @cached_property
    def store(self) -> Store:
        """Its reads and truth."""
        return Store(self._folder)

    @cached_property
    def vehicles(self) -> Vehicles:
        """Every vehicle simulated."""
        return parquet.read(Vehicles, self._folder / "vehicles.parquet")

    @cached_property
    def sites(self) -> Spots:
        """Its cameras' sites."""
        table = pd.read_parquet(self._folder / "cameras.parquet")
        town = self.junctions.town[self.roads.tail[table["road"].to_numpy()]]
        keys = table["key"].to_numpy(np.uint64) if "key" in table else None
        x, y = (table[name].to_numpy(float) for name in ("x", "y"))
        return Spots(
            table["camera"].to_numpy(np.int64), table["agency"].to_numpy(np.str_), table["kind"].to_numpy(np.str_),
            self._towns[town], table["road"].to_numpy(np.int64), x, y, keys,
        )  # fmt: skip

    @cached_property
    def owner_of_site(self) -> NDArray[np.int16]:
        """Rows of Agencies."""
        return np.array([self.row_of[str(name)] for name in self.sites.agency], np.int16)

    @cached_property
    def junctions(self) -> Junctions:
        """The run's junctions."""
        return parquet.read(Junctions, self.run.folder / "junctions.parquet")

    @cached_property
    def roads(self) -> Roads:
        """The run's roads."""
        return parquet.read(Roads, self.run.folder / "roads.parquet")

    @cached_property
    def places(self) -> Places:
        """The run's places."""
        return parquet.read(Places, self.run.folder / "places.parquet")

    def policy(self, name: str) -> models.Policy:
        """Return one of the run's policies."""
        return self.loaded.policies[nearest(name, self.loaded.policies, "policy")]

    def viewer(self, name: str) -> str:
        """Return the agency through whose eyes a viewer looks; an agency's own name does as well."""
        viewers = {
            key: viewer.agency for policy in self.loaded.policies.values() for key, viewer in policy.viewers.items()
        }
        if name in viewers:
            return viewers[name]
        found = nearest(name, [*viewers, *self.row_of], "viewer")
        return viewers.get(found, found)

    def moment(self, at: str, hour: int) -> int:
        """Return a date, or a day of the scenario counted from 0, and a clock hour as s since the start."""
        study = self.loaded.scenario
        days = study.length // DAY
        try:
            day = int(at) if at.lstrip("-").isdigit() else (date.fromisoformat(at) - study.start).days
        except ValueError:
            raise DossierError(f"--at must be a day of the scenario or a date like {study.start}, not {at!r}") from None
        moment = day * DAY + hour * 3600 - DAY_STARTS
        if not 0 <= moment <= study.length:
            last = study.start + timedelta(days=days)
            counted = f"days 0 to {days - 1}" if days > 1 else "day 0 alone"
            raise DossierError(
                f"--at {at} --hour {hour} lies outside the run: it has {counted}, {study.start} 04:00 to {last} 04:00"
            )
        return moment

    def said(self, seconds: int) -> str:
        """Say a moment as a date and a time."""
        since = int(seconds) + DAY_STARTS
        day = self.loaded.scenario.start + timedelta(days=since // DAY)
        return f"{day:%a %d %b %Y}, {since % DAY // 3600:02}:{since % 3600 // 60:02}"

    def subject(self, vehicle: str, moment: int) -> Subject:
        """Return one vehicle, by its number, `TYPICAL` or `MOST`, with what lies in its bucket up to a moment."""
        chosen = self._chosen(vehicle)
        for number in range(len(self.store)):
            bucket = self.store.bucket(number)
            place = int(np.searchsorted(bucket.vehicle, chosen))
            if place < len(bucket.vehicle) and bucket.vehicle[place] == chosen:
                reads = bucket.reads.take(slice(bucket.first_read[place], bucket.first_read[place + 1]))
                truth = bucket.truth.take(slice(bucket.first_trip[place], bucket.first_trip[place + 1]))
                town = str(self._towns[self.vehicles.town[chosen]])
                kind = VehicleKind(int(self.vehicles.kind[chosen]))
                past, begun = reads.time <= moment, truth.depart <= moment
                return Subject(chosen, vehicle, kind, town, reads.take(past), truth.take(begun))
        raise DossierError(f"no bucket of {self.run.folder} holds vehicle {chosen}")

    def captured(self, reads: Reads, policy: models.Policy) -> Captured:
        """Return some reads as one policy's custody takes them: class, draw, lists matched, and whether they may be kept."""
        rules = policy.custody
        if self.sites.key is None and any(_kept(rules, name, key) for name in rules.agencies for key in _BY_DRAW):
            raise DossierError(
                f"{self.run.folder} was made before cameras' keys were kept, which sample and held_share need: "
                "run the scenario again"
            )
        streams = self.records.streams
        stream = self.records.of(reads)
        bits = streams.alerted[stream][:, None] >> np.arange(len(self.agencies)).clip(max=MOST_LISTING - 1)
        listed = (bits & 1 == 1) & (np.arange(len(self.agencies)) < MOST_LISTING)
        return Captured(
            reads.time, streams.owner[stream], streams.record[policy.name][stream], streams.draw[stream], listed,
            streams.barred[policy.name][stream],
        )  # fmt: skip

    @cached_property
    def records(self) -> Records:
        """Which reads the rules of the run's policies tell apart, as the run itself found."""
        rules = {name: policy.custody for name, policy in self.loaded.policies.items()}
        table = pd.read_parquet(self._folder / "cameras.parquet")
        one = table.drop_duplicates("camera").sort_values("camera")
        n = len(one)
        keys = one["key"] if "key" in one else np.zeros(n, np.uint64)
        cameras = Cameras.of(
            agency=[self.row_of[name] for name in one["agency"]], kind=[CameraKind[kind.upper()] for kind in one["kind"]],
            rate=one["rate"], room=np.ones(n), capture=one["capture"], correct=np.ones(n), key=keys,
        )  # fmt: skip
        sites = Sites.of(**{name: table[name].to_numpy() for name in ("camera", "road", "offset", "heading")})
        alerts = self._folder / "alerts.parquet"
        return sort(rules, self.agencies, cameras, sites, self._network, alerts=alerts, seed=self.seed)

    def spots(self, site: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return [n, 2], m: where the sites of some reads are."""
        return np.stack([self.sites.x[site], self.sites.y[site]], axis=1)

    def visited(self, truth: Truth) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
        """Return where some trips ended, [n, 2] m, and the kind of place, each place once; beyond the streets left out."""
        place = np.unique(truth.destination)
        place = place[self.places.kind[place] != PlaceKind.BEYOND]
        junction = self.places.junction[place]
        return np.stack([self.junctions.x[junction], self.junctions.y[junction]], axis=1), self.places.kind[place]

    @cached_property
    def _network(self) -> Network:
        towns = parquet.read(Towns, self.run.folder / "towns.parquet")
        return Network(self.junctions, self.roads, self.places, towns, "", self.run.info["attribution"], True)

    @property
    def _folder(self) -> Path:
        return self.run.folder / f"seed={self.seed}"

    @cached_property
    def _towns(self) -> NDArray[np.str_]:
        """Names of towns as they may be shown; the last, row −1, is beyond."""
        return np.array([*(self.run.place(str(name)) for name in self.run.towns["name"]), "beyond"], np.str_)

    def _chosen(self, vehicle: str) -> int:
        n = len(self.vehicles)
        if vehicle in (TYPICAL, MOST):
            return self._by_exposure(vehicle)
        if not vehicle.isdigit() or int(vehicle) >= n:
            raise DossierError(
                f"--vehicle must be a number from 0 to {n - 1:,} (the vehicles of this run), {TYPICAL} or {MOST}, not {vehicle!r}"
            )
        return int(vehicle)

    def _by_exposure(self, vehicle: str) -> int:
        """Return the resident vehicle that was read most, or the median one of those; of equals the first."""
        buckets = (self.store.bucket(number) for number in range(len(self.store)))
        parts = [(bucket.vehicle, np.diff(bucket.first_read)) for bucket in buckets]
        number, reads = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        residents = self.vehicles.kind[number] == VehicleKind.RESIDENT
        if not residents.any():
            raise DossierError(f"{self.run.folder} has no resident vehicles; name a vehicle by its number")
        number, reads = number[residents], reads[residents]
        order = np.lexsort((-number, reads))
        return int(number[order[-1 if vehicle == MOST else len(order) // 2]])


def nearest(name: str, known: Iterable[str], what: str) -> str:
    """Return the name if it is known.

    Raises
    ------
    DossierError
        It is not: with the nearest name that is, and all of them.
    """
    names = list(dict.fromkeys(known))
    if name in names:
        return name
    lower = {one.lower(): one for one in reversed(names)}
    near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.5)
    hint = f"; did you mean {lower[near[0]]!r}?" if near else "."
    raise DossierError(f"no {what} is called {name!r}{hint} There are: {', '.join(map(repr, names))}")


def kinds_near(
    spot: NDArray[np.float64], places: NDArray[np.float64], kinds: NDArray[np.int8], within: float
) -> list[str]:
    """Return the kinds of the places within a distance (m) of a spot, in the order of PlaceKind."""
    close = np.hypot(*(places - spot).T) <= within
    return [PlaceKind(kind).name.lower().replace("_", " ") for kind in np.unique(kinds[close]).tolist()]


def roving(kind: str) -> bool:
    """Tell whether a camera of this kind drives."""
    return CameraKind[kind.upper()].drives


def _kept(spec: models.Custody, name: str, key: str) -> Any:
    return custody.kept(spec, name, key)[0] if name in spec.agencies else None
