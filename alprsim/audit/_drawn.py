"""Who searches when, for whom, how far back and why: drawn for each agency, the same under every policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim import parquet, utility
from alprsim.dossier import Opened
from alprsim.randomness import below, choose, draw, stream, uniform
from alprsim.scenario import models
from alprsim.tables import DAY, UNLIMITED, AgencyKind, Float64, Int32, Int64, Listings, PlaceKind, UInt64, VehicleKind

_MONTH = 30 * DAY


class Searches(NamedTuple):
    """Searches of one agency, in order of time."""

    time: Int32
    """s since the start."""
    user: Int32
    plate: NDArray[np.bool_]
    """By plate; else by place."""
    vehicle: Int32
    """The plate looked for; a row of Plates, so of Vehicles if it is below their number. −1: by place."""
    x: Float64
    y: Float64
    """m: the place looked at; NaN: by plate."""
    look_back: Int32
    """s: to reads of this age; by place: the age of what is asked about."""
    reason: NDArray[np.str_]
    true: NDArray[np.bool_]
    """Whether the reason is."""
    case_number: NDArray[np.str_]
    """"" where none is stated unless it must be."""
    any_case_number: NDArray[np.str_]
    """What is stated where one must be."""
    asks_warrant: NDArray[np.bool_]
    """Where one is needed."""
    case_draw: Float64
    """[0, 1): decides whether a warrant is granted."""


class Targets(NamedTuple):
    """Whom one may search for, shared by all agencies."""

    residents: Int64
    listings: Listings | None
    x: Float64
    y: Float64
    """m, of every place that is not beyond."""
    ages: Int32
    """s: equally likely ages of what is looked for."""


def targets(opened: Opened) -> Targets:
    """Return whom and what the searches of a run's seed may be for."""
    study = opened.loaded.scenario
    file = opened.run.folder / f"seed={opened.seed}" / "listings.parquet"
    place = opened.places.junction[opened.places.kind != PlaceKind.BEYOND]
    return Targets(
        np.flatnonzero(opened.vehicles.kind == VehicleKind.RESIDENT), _listings(file), opened.junctions.x[place],
        opened.junctions.y[place], utility.quantiles(study.utility.query_ages[study.searches.look_back]),
    )  # fmt: skip


def searches(opened: Opened, name: str, of: Targets) -> Searches:
    """Draw the searches of one agency: all that happens to the n-th belongs to (seed, agency's name, n)."""
    study = opened.loaded.scenario
    kind = AgencyKind(int(opened.agencies.kind[opened.row_of[name]])).name.lower()
    much = study.searches.of(name, kind)
    base = stream(opened.seed, f"searches of {name}")
    time = _times(base, much.monthly / _MONTH, study.length)
    asked = _Draws(base, len(time))
    plate = asked.uniform("by plate") < much.plate
    vehicle, watched = _vehicles(study.searches, of, asked, time, stream(opened.seed, f"whom a user of {name} watches"))
    place = below(asked.bits("place"), max(len(of.x), 1))
    watched &= plate
    said, weight = zip(*study.searches.reasons.items(), strict=True)
    numbers = [f"{study.start.year}-{n:05}" for n in below(asked.bits("case number"), 100_000).tolist()]
    stated = asked.uniform("states a case number") < study.searches.case_number
    x, y = (
        np.where(plate, np.nan, values[place]) if len(values) else np.full(len(time), np.nan) for values in (of.x, of.y)
    )
    return Searches(
        time, np.where(watched, 0, below(asked.bits("user"), much.users)).astype(np.int32), plate,
        np.where(plate, vehicle, -1).astype(np.int32), x, y, of.ages[below(asked.bits("age"), utility.QUANTILES)],
        np.array(said, np.str_)[choose(asked.bits("reason"), weight)],
        ~watched & (asked.uniform("a false reason") >= study.searches.false_reason),
        np.where(stated, np.array(numbers, np.str_), ""), np.array(numbers, np.str_),
        asked.uniform("asks for a warrant") < study.searches.warrant, asked.uniform("granted"),
    )  # fmt: skip


class _Draws:
    """Draws that belong to a search's number and a question."""

    def __init__(self, base: np.uint64, n: int) -> None:
        self._base, self._number = base, np.arange(n)

    def bits(self, question: str) -> UInt64:
        return draw(stream(int(self._base), question), self._number)

    def uniform(self, question: str) -> Float64:
        return uniform(self.bits(question))


def _times(base: np.uint64, rate: float, length: int) -> Int32:
    """Return the times (s) of a Poisson stream of `rate` a second: the n-th gap belongs to n."""
    if rate <= 0:
        return np.empty(0, np.int32)
    n = 16
    while True:
        gaps = -np.log1p(-uniform(draw(stream(int(base), "gap"), np.arange(n)))) / rate
        times = np.cumsum(gaps)
        if times[-1] >= length:
            return times[times < length].astype(np.int32)
        n *= 2


def _vehicles(
    spec: models.Searches, of: Targets, asked: _Draws, time: Int32, watch: np.uint64
) -> tuple[Int32, NDArray[np.bool_]]:
    """Return the plate of each search, and whether it is of the one whom a user watches."""
    u, bits = asked.uniform("whom"), asked.bits("which vehicle")
    if not len(of.residents):
        return np.full(len(time), -1, np.int32), np.zeros(len(time), np.bool_)
    vehicle = of.residents[below(bits, len(of.residents))].astype(np.int32)
    watched = u < spec.watched
    vehicle[watched] = of.residents[int(below(draw(watch, 0), len(of.residents)))]
    listed = of.listings
    for row in np.flatnonzero(~watched & (u < spec.watched + spec.listed)) if listed else ():
        assert listed is not None
        now = np.flatnonzero((listed.listed <= time[row]) & (time[row] < listed.removed))
        if len(now):
            vehicle[row] = listed.plate[now[int(below(bits[row : row + 1], len(now))[0])]]
    return vehicle, watched


def _listings(file: Path) -> Listings | None:
    return parquet.read(Listings, file) if file.exists() else None


def span(found: Searches, around: int) -> tuple[Int64, Int64]:
    """Return the times of capture, both included, that each search is for: back to an age, or around what is asked about."""
    time, age = found.time.astype(np.int64), found.look_back.astype(np.int64)
    begin = np.where(found.plate, time - age, time - age - around)
    end = np.where(found.plate, time, np.minimum(time - age + around, time))
    return begin, end


def log_until(time: Any, retention: int) -> Int64:
    """Return until when (s) an entry stays in the log."""
    return np.minimum(np.asarray(time, np.int64) + retention, UNLIMITED)
