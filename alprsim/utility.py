"""What a policy leaves for an investigation: how often a look-back query still finds a useful read.

An *incident* is a stop of a resident's vehicle at a place, the suspect's; somebody asks about it some time later. A
*useful* read was made near it in place and time. A *plate query* needs one of the suspect's plate, as recorded; an *area
query* is content with any. The look-back is *answered* when the viewer can still obtain a useful read at the time of the
question. That measures the availability of a read, not solved crimes, and it follows from the assumed delay of the
question: no distribution of it was ever published. A *hold* names the incident while the read is still there; what it names is
not deleted until the question is asked, so it defeats the cut-off.

A record that was kept coarse says that the car was somewhere in a square, some time in a stretch of time: it is useful only
where both lie wholly near the incident. Else it is a *lead*: made there, it could as well be of elsewhere or of another hour.

The worth of a hot list does not appear here but in ``hotlists.py``: a hit is decided when the plate is read, whatever is
kept afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import NormalDist
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels import lookback as kernels
from alprsim.randomness import below, draw, stream
from alprsim.scenario import models
from alprsim.scenario.audit_log import query_ages as logged_ages
from alprsim.tables import (
    UNLIMITED,
    Bool,
    Float64,
    Int16,
    Int32,
    Int64,
    Junctions,
    PlaceKind,
    Places,
    Purpose,
    Reads,
    Roads,
    Sites,
    Truth,
    UInt64,
    VehicleKind,
    Vehicles,
)  # fmt: skip

QUANTILES = 4096
"""Steps of a query-age table; the rarest age it knows is 1 in 8,192."""


class Lens(Protocol):
    """The lens of ``sight.py``: the rules by which up to 64 sights obtain reads, by stream."""

    @property
    def first(self) -> Int64: ...  # noqa: D102
    @property
    def cases(self) -> UInt64: ...  # noqa: D102
    @property
    def rules(self) -> Int32Grid: ...  # noqa: D102
    @property
    def seen(self) -> Resolution | None: ...  # noqa: D102
    @property
    def routes(self) -> Routes | None: ...  # noqa: D102


class Resolution(Protocol):
    """How exactly a lens's sights see the reads of each stream; None in its place: as they were made."""

    @property
    def time_step(self) -> Int32: ...  # noqa: D102
    @property
    def place_step(self) -> Float64: ...  # noqa: D102


class Routes(Protocol):
    """The routes to streams of which another is the finest at other ages, as ``sight.py`` has them."""

    @property
    def lens(self) -> Lens: ...  # noqa: D102
    def row(self, stream: Int16, word: Int64) -> Int16: ...  # noqa: D102


Int32Grid = NDArray[np.int32]


class Incidents(NamedTuple):
    """Synthetic incidents of all query moments, in order of time."""

    key: UInt64
    """To which the incident's own draws belong."""
    vehicle: Int32
    """The suspect's, a row of Vehicles and so of Plates."""
    time: Int32
    """s, when it arrived."""
    x: Float64
    """m, the place's junction."""
    y: Float64
    query_age: NDArray[np.int32]
    """s [n_incidents, n_shapes]: how long afterwards the question is asked, under each shape in the scenario's order."""
    hold_age: Int32
    """s: how long afterwards a hold would be filed."""


class Scene(NamedTuple):
    """The incidents and the sites near them."""

    incidents: Incidents
    first: Int64
    """Site s has the near incidents ``first[s]:first[s + 1]``, in order of time."""
    incident: Int32
    """Rows of `incidents`."""
    around: int
    """s: a read this long before or after its incident is useful."""
    within: float
    """m: and one this far from it."""
    x: Float64
    """[sites], m."""
    y: Float64


class Answers(NamedTuple):
    """How many of the look-backs were answered, as counts [n_cases, n_shapes] of the same n incidents."""

    plate: Int64
    area: Int64
    plate_ever: Int64
    """[n_shapes]: had everyone's reads been kept and shared for ever; the coverage, which caps every policy."""
    area_ever: Int64
    n: int


class Expected(NamedTuple):
    """Look-backs answered on the average over whether a hold is filed, [n_cases, n_shapes]."""

    plate: Float64
    area: Float64


def incidents(
    truths: Iterable[Truth], vehicles: Vehicles, places: Places, junctions: Junctions, spec: models.Utility, *, seed: int,
    moments: Sequence[int], horizon: int,
) -> Incidents:  # fmt: skip
    """Draw ``spec.incidents`` stops for each query moment from those in the `horizon` (s) before it.

    Every stop of a resident's vehicle is as likely as every other, those at home and beyond the simulated streets
    excepted: the stops with the smallest draws, which belong to (seed, moment, vehicle key, arrival), are taken. So the
    parts of the truth may come in any order and division. All stops lie at least ``spec.around`` inside the simulated
    time before the moment: no useful read is missed. Where there are fewer stops than asked for, all are taken.
    """
    base = stream(seed, "incidents")
    taken: list[list[_Stops]] = [[_NO_STOPS] for _ in moments]
    for truth in truths:
        stops = _stops(truth, vehicles, places)
        for number, moment in enumerate(moments):
            since = max(moment - horizon, spec.around)
            within = stops.take((stops.time >= since) & (stops.time < moment - spec.around))
            keys = draw(base, moment, vehicles.key[within.vehicle], within.time)
            taken[number] = [_Stops.join(taken[number] + [within._replace(key=keys)]).lowest(spec.incidents)]
    chosen = _Stops.join([stops for parts in taken for stops in parts])
    chosen = chosen.take(np.lexsort((chosen.key, chosen.time)))
    junction = places.junction[chosen.place]
    ages = query_ages(chosen.key, list(spec.query_ages.values()))
    holds = below(draw(chosen.key, 1), spec.hold.within).astype(np.int32)  # any: 1
    return Incidents(chosen.key, chosen.vehicle, chosen.time, junctions.x[junction], junctions.y[junction], ages, holds)


def query_ages(keys: UInt64, shapes: Sequence[models.QueryAge]) -> NDArray[np.int32]:
    """Return the age of the question (s) for each incident key (rows) under each shape (columns).

    All shapes take the same quantile for an incident, so they differ by the shape and by nothing else.
    """
    step = below(draw(keys, 0), QUANTILES)
    columns = [quantiles(shape)[step] for shape in shapes]
    return np.ascontiguousarray(np.stack(columns, axis=1), np.int32)


def quantiles(shape: models.QueryAge) -> Int32:
    """Return the shape as a table of `QUANTILES` equally likely ages, in whole seconds, rising.

    exponential: with that mean. lognormal: half are below `median`, 95 % below `p95`. mixture: half are below `median`
    and `beyond_share` of all above `beyond`; a lognormal through both points, so that quick and cold questions make one
    heavy-tailed whole. audit_log: as the log's own searches.
    """
    shares = [(step + 0.5) / QUANTILES for step in range(QUANTILES)]
    if shape.kind == "audit_log":
        logged = sorted(logged_ages(shape.file or ""))
        ages = [float(logged[int(share * len(logged))]) for share in shares]
    elif shape.kind == "exponential":
        mean = float(shape.mean or 0)  # any
        ages = [-mean * math.log1p(-share) for share in shares]
    else:
        median, scale = _lognormal(shape)
        ages = [median * math.exp(scale * NormalDist().inv_cdf(share)) for share in shares]
    return np.array([min(round(age), UNLIMITED - 1) for age in ages], np.int32)


def positions(sites: Sites, roads: Roads, junctions: Junctions) -> tuple[Float64, Float64]:
    """Return x and y (m) of each site, on the straight line between its road's ends."""
    tail, head = roads.tail[sites.road], roads.head[sites.road]
    along = np.clip(sites.offset.astype(np.float64) / np.maximum(roads.length[sites.road], 1e-3), 0.0, 1.0)
    x, y = (start[tail] + along * (start[head] - start[tail]) for start in (junctions.x, junctions.y))
    return x, y


def surroundings(incidents: Incidents, sites_xy: tuple[Float64, Float64], spec: models.Utility) -> Scene:
    """Find the sites within ``spec.within`` (m, straight line, inclusive) of each incident.

    Parameters
    ----------
    sites_xy : float64[n_sites] twice, m, as of `positions`
    """
    near = [
        np.flatnonzero((incidents.x - x) ** 2 + (incidents.y - y) ** 2 <= spec.within**2)
        for x, y in zip(*sites_xy, strict=True)
    ]
    first = np.concatenate([[0], np.cumsum([len(rows) for rows in near])]).astype(np.int64)
    incident = np.concatenate([*near, np.empty(0, np.int64)]).astype(np.int32)  # any
    return Scene(incidents, first, incident, spec.around, spec.within, *sites_xy)


def find(scene: Scene, reads: Reads, stream: Int16, lenses: Sequence[Lens], *, holds: bool = False) -> Int64:
    """Return for each incident the policies that can obtain one of these reads when the question is asked.

    `reads` is any part of all reads, in any order, each of one `stream`: the answer for all is the bitwise or of the answers
    for the parts. With `holds`, one was filed for every incident, of all that is useful. Which records are useful hangs on how
    exactly each lens sees them: without its `seen`, leads are found too.

    Returns
    -------
    int64[2, n_lenses + 1, n_incidents, n_shapes]
        Plate queries, then area queries; the 64 bits of each lens, then, as bit 0, whether a useful read exists at all.
    """
    incidents = scene.incidents
    pair = kernels.near_reads(reads.time, reads.site, scene.first, incidents.time[scene.incident], scene.around)
    read, incident = pair[:, 0], scene.incident[pair[:, 1]]
    time, of = reads.time[read], stream[read]
    suspect = reads.plate[read] == incidents.vehicle[incident]
    asked = incidents.time[:, None].astype(np.int64) + incidents.query_age
    filed = (incidents.time.astype(np.int64) + incidents.hold_age)[:, None]
    held = np.where(holds & (filed <= asked), filed, kernels.NEVER)
    found = np.zeros((2, len(lenses) + 1, *asked.shape), np.int64)
    for number, lens in enumerate([*lenses, _everything(stream)]):
        rules = lens.first, lens.rules, lens.cases.view(np.int64)
        plate, area = found[0, number], found[1, number]
        if lens.routes is not None:
            useful = _useful(scene, incident, time, reads.site[read], of, lens, lens.routes, asked, held)
            np.bitwise_or.at(plate, incident[suspect], useful[suspect])
            np.bitwise_or.at(area, incident, useful)
            continue
        placed = _placed(scene, incident, time, reads.site[read], of, lens.seen)
        own = suspect & placed
        kernels.obtainable(incident[own], time[own], of[own], asked, held, *rules, plate)
        kernels.obtainable(incident[placed], time[placed], of[placed], asked, held, *rules, area)
    return found


def _useful(
    scene: Scene, incident: Int32, time: Int32, site: Int32, stream: Int16, lens: Lens, routes: Routes,
    asked: NDArray[np.int64], held: NDArray[np.int64],
) -> NDArray[np.int64]:  # fmt: skip
    """Return the policies that can obtain each pair's record, where as it is then seen it is useful: [pairs, shapes]."""
    each = np.arange(len(incident), dtype=np.int32), time, stream, asked[incident], held[incident]
    open_, way = (np.zeros((len(incident), asked.shape[1]), np.int64) for _ in range(2))
    for found, of in ((open_, lens), (way, routes.lens)):
        kernels.obtainable(*each, of.first, of.rules, of.cases.view(np.int64), found)
    for shape in range(asked.shape[1]):
        known = routes.row(stream, way[:, shape])
        open_[~_placed(scene, incident, time, site, known, lens.seen), shape] = 0
    return open_


def answers(found: Int64, place: Int32) -> Answers:
    """Count the answered look-backs of each case, found at lens × 64 + bit ``place[case]``, under each shape."""
    kinds, lenses, n, shapes = found.shape
    by_bit = np.stack([(found >> bit & 1).sum(axis=2) for bit in range(64)], axis=2)
    counts = by_bit.reshape(kinds, lenses * 64, shapes)
    plate_ever, area_ever = by_bit[:, -1, 0]
    return Answers(counts[0, place], counts[1, place], plate_ever, area_ever, n)


def with_holds(found: Int64, held: Int64, place: Int32, spec: models.Holding) -> Expected:
    """Return the look-backs answered on the average over whether an incident's hold is filed, with ``spec.chance``.

    `found` and `held` are the answers of `find` without and with holds. Of a plate alone a hold keeps no other car's read, so
    an area query then finds what it would have found, or the suspect's.
    """
    kept = held if spec.of == "area" else np.stack([held[0], found[1] | held[0]])
    without, filed = answers(found, place), answers(kept, place)
    return Expected(
        *(one * (1 - spec.chance) + other * spec.chance for one, other in zip(without[:2], filed[:2], strict=True))
    )


def against_no_limit(answered: Int64, no_limit: Int32) -> Float64:
    """Return U / U(no limit) for each case and shape: ``no_limit[case]`` is the same case with unlimited retention.

    NaN where even without a limit nothing is answered.
    """
    return _ratio(answered, answered[no_limit])


def days_per_answer(vehicle_days: Float64, answered: Int64) -> Float64:
    """Return the vehicle-days of movement held for each answered look-back [n_cases, n_shapes]; NaN if none is.

    `vehicle_days` [n_cases] is the sum, over all vehicles and query moments, of the days with a held read. The
    answered are those of the incidents sampled at the same moments, so print their number beside it.
    """
    return _ratio(np.broadcast_to(np.asarray(vehicle_days, np.float64)[:, None], answered.shape), answered)


class _Stops(NamedTuple):
    """Candidates for incidents; `place` is a row of Places."""

    key: UInt64
    vehicle: Int32
    time: Int32
    place: Int32

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> _Stops:
        return _Stops(self.key[rows], self.vehicle[rows], self.time[rows], self.place[rows])

    def lowest(self, n: int) -> _Stops:
        """Return the n stops with the smallest keys; equal keys in order of vehicle and time."""
        return self.take(np.lexsort((self.time, self.vehicle, self.key))[:n])

    @classmethod
    def join(cls, parts: Sequence[_Stops]) -> _Stops:
        """Return all stops of the parts, at least one part."""
        key, vehicle, time, place = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        return cls(key, vehicle, time, place)


_NO_STOPS = _Stops(np.empty(0, np.uint64), np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int32))


class _Everything(NamedTuple):
    first: Int64
    rules: Int32Grid
    cases: UInt64
    seen: None = None
    routes: None = None


def _stops(truth: Truth, vehicles: Vehicles, places: Places) -> _Stops:
    resident = vehicles.kind[truth.vehicle] == VehicleKind.RESIDENT
    inside = places.kind[truth.destination] != PlaceKind.BEYOND
    away = truth.purpose != Purpose.HOME
    rows = np.flatnonzero(resident & inside & away)
    return _Stops(np.zeros(len(rows), np.uint64), truth.vehicle[rows], truth.arrive[rows], truth.destination[rows])


def _lognormal(shape: models.QueryAge) -> tuple[float, float]:
    """Return the median and the standard deviation of the logarithm of a shape given by its median and one tail."""
    share, age = (0.05, shape.p95) if shape.kind == "lognormal" else (shape.beyond_share or 0.0, shape.beyond)
    median = float(shape.median or 0)  # any
    return median, math.log((age or 0) / median) / NormalDist().inv_cdf(1 - share)  # any: 0


def _placed(scene: Scene, incident: Int32, time: Int32, site: Int32, stream: Int16, seen: Resolution | None) -> Bool:
    """Tell which pairs' records, as they are seen, place the car near the incident: their whole stretch of time and square."""
    if seen is None:
        return np.ones(len(incident), np.bool_)
    of, step = scene.incidents, np.maximum(seen.time_step[stream].astype(np.int64), 1)
    early = time // step * step
    since = early - of.time[incident]
    timed = (-scene.around <= since) & (since + step - 1 <= scene.around)
    x, y = (
        _furthest(at[incident], where[site], seen.place_step[stream])
        for at, where in ((of.x, scene.x), (of.y, scene.y))
    )
    placed: Bool = timed & (x**2 + y**2 <= scene.within**2)
    return placed


def _furthest(at: Float64, where: Float64, step: Float64) -> Float64:
    """Return how far off, along one axis, the far side is of the cell that holds each place; a step of 0: the place itself."""
    start = np.floor(where / np.where(step > 0, step, 1.0)) * step  # any: 0
    low, high = (np.where(step > 0, side, where) for side in (start, start + step))
    return np.maximum(np.abs(at - low), np.abs(at - high))


def _everything(stream: Int16) -> _Everything:
    """Return the lens without rules: every read at every age, as bit 0."""
    n = int(stream.max(initial=-1)) + 1  # any
    rules = np.zeros((n, kernels.RULE), np.int32)
    rules[:, kernels.END] = UNLIMITED
    return _Everything(np.arange(n + 1), rules, np.ones(n, np.uint64))  # any


def _ratio(value: NDArray[np.int64] | Float64, of: Int64) -> Float64:
    ratio = np.full(of.shape, np.nan)
    np.divide(value, of, out=ratio, where=of > 0)
    return ratio
