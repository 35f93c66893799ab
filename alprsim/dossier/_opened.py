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
from alprsim.results.run import ResultError, Run
from alprsim.scenario import models
from alprsim.scenario.read import Loaded, load
from alprsim.store import Store
from alprsim.tables import (
    DAY,
    DAY_STARTS,
    Agencies,
    CameraKind,
    Float64,
    Int64,
    Junctions,
    PlaceKind,
    Places,
    Reads,
    RecordClass,
    Roads,
    Truth,
    VehicleKind,
    Vehicles,
)

TYPICAL, MOST = "typical", "most"
"""In place of a vehicle's number: the resident with the median number of reads, and with the most."""

_EXACTLY = 1e-9


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


class Sites(NamedTuple):
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

    @classmethod
    def of(cls, run: Run, seed: int | None) -> Opened:
        """Open a seed of a run, its first unless said otherwise."""
        seeds = run.provenance["seeds"]
        if seed is not None and seed not in seeds:
            raise ResultError(f"{run.folder} has no seed {seed}; it has {', '.join(map(str, seeds))}")
        return cls(run, seeds[0] if seed is None else seed)

    @cached_property
    def loaded(self) -> Loaded:
        """The run's own scenario, as it was resolved."""
        return load(self.run.folder / "scenario.yaml")

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
    def sites(self) -> Sites:
        """Its cameras' sites."""
        table = pd.read_parquet(self._folder / "cameras.parquet")
        town = self.junctions.town[self.roads.tail[table["road"].to_numpy()]]
        keys = table["key"].to_numpy(np.uint64) if "key" in table else None
        x, y = (table[name].to_numpy(float) for name in ("x", "y"))
        return Sites(
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

    @cached_property
    def alerts(self) -> pd.DataFrame:
        """Time, site, plate and the list's owner of every read that matched a hot list."""
        file = self._folder / "alerts.parquet"
        names = ["time", "site", "plate", "owner"]
        return pd.read_parquet(file, columns=names) if file.exists() else pd.DataFrame(columns=names)

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
            raise DossierError(
                f"--at {at} --hour {hour} lies outside the run: it has days 0 to {days}, {study.start} 04:00 to {last} 04:00"
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

    def captured(self, reads: Reads, spec: models.Custody) -> Captured:
        """Return some reads as custody takes them: class, draw, lists matched, and whether their cameras may be kept."""
        owner = self.owner_of_site[reads.site]
        kept, held = self._draws(reads, spec)
        listed = self._listed(reads)
        share = np.array([_kept(spec, str(name), "held_share") or 0.0 for name in self.agencies.name])
        record = np.where(listed.any(axis=1), RecordClass.HIT, RecordClass.PLAIN)
        record = np.where(held < share[owner], RecordClass.HELD, record).astype(np.int8)
        return Captured(reads.time, owner, record, kept, listed, self._barred(spec)[reads.site])

    def spots(self, site: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return [n, 2], m: where the sites of some reads are."""
        return np.stack([self.sites.x[site], self.sites.y[site]], axis=1)

    def visited(self, truth: Truth) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
        """Return where some trips ended, [n, 2] m, and the kind of place, each place once; beyond the streets left out."""
        place = np.unique(truth.destination)
        place = place[self.places.kind[place] != PlaceKind.BEYOND]
        junction = self.places.junction[place]
        return np.stack([self.junctions.x[junction], self.junctions.y[junction]], axis=1), self.places.kind[place]

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

    def _draws(self, reads: Reads, spec: models.Custody) -> tuple[Float64, Float64]:
        if self.sites.key is None:
            if any(_kept(spec, name, key) is not None for name in spec.agencies for key in ("sample", "held_share")):
                raise DossierError(
                    f"{self.run.folder} was made before cameras' keys were kept, which sample and held_share need: "
                    "run the scenario again"
                )
            return np.zeros(len(reads)), np.ones(len(reads))
        key = np.append(self.vehicles.key, np.uint64(2**64 - 1))  # the last, row −1, is of signs
        return custody.draws(self.sites.key[reads.site], key[reads.vehicle], reads.time, seed=self.seed)

    def _listed(self, reads: Reads) -> NDArray[np.bool_]:
        """Return bool[reads, agencies]: whose hot lists each read matched."""
        listed = np.zeros((len(reads), len(self.agencies)), np.bool_)
        if self.alerts.empty:
            return listed
        alerts = self.alerts[self.alerts["plate"].isin(np.unique(reads.plate))]
        keys = zip(reads.time.tolist(), reads.site.tolist(), reads.plate.tolist(), strict=True)
        rows = {key: row for row, key in enumerate(keys)}
        for time, site, plate, owner in alerts.itertuples(index=False):
            row = rows.get((time, site, plate))
            if row is not None and owner in self.row_of:
                listed[row, self.row_of[owner]] = True
            elif row is not None:
                listed[row, self.owner_of_site[site]] = True  # a list of nobody here: a hit all the same
        return listed

    def _barred(self, spec: models.Custody) -> NDArray[np.bool_]:
        """Return which sites are of cameras whose reads may not be kept."""
        barred = np.zeros(len(self.sites.camera), np.bool_)
        for name in spec.agencies:
            own = self.sites.agency == name
            admissible = _kept(spec, name, "admissible")
            if admissible:
                barred |= own & ~np.isin(self.sites.kind, admissible)
            exclude = _kept(spec, name, "exclude")
            if exclude and own.any():
                barred |= own & self._near(exclude)
        return barred

    def _near(self, exclude: models.Exclusion) -> NDArray[np.bool_]:
        """Return which sites' roads come within the distance of a place of the kinds."""
        kinds = [PlaceKind[kind.upper()] for kind in exclude.kinds]
        at = self.places.junction[np.isin(self.places.kind, kinds)]
        place = np.stack([self.junctions.x[at], self.junctions.y[at]], axis=1)
        road = self.sites.road
        ends = [
            np.stack([self.junctions.x[end], self.junctions.y[end]], axis=1)
            for end in (self.roads.tail[road], self.roads.head[road])
        ]
        return np.array([_distance(a, b, place) <= exclude.within for a, b in zip(*ends, strict=True)], np.bool_)


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
    hint = f"; did you mean {lower[near[0]]!r}?" if near else ""
    raise DossierError(f"no {what} is called {name!r}{hint} There are: {', '.join(names)}")


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


def _distance(a: NDArray[np.float64], b: NDArray[np.float64], places: NDArray[np.float64]) -> float:
    """Return the distance (m) of a straight road from a to b from the nearest of some places."""
    if not len(places):
        return float("inf")
    along = b - a
    share = np.clip((places - a) @ along / max(float(along @ along), _EXACTLY), 0, 1)
    return float(np.hypot(*(places - a - share[:, None] * along).T).min())
