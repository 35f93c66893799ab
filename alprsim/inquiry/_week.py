"""One synthetic car's last week, and what each viewer knows of it under each policy: what the page's map of a week shows."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np

from alprsim import parquet, routing, sight
from alprsim.inquiry._asked import Asked, Lenses, middles
from alprsim.inquiry._paths import drove
from alprsim.kernels import legs
from alprsim.measures import drives, paths, question, ways
from alprsim.randomness import draw, stream
from alprsim.store import Store
from alprsim.tables import (
    DAY,
    ROVING,
    Bool,
    Bucket,
    Int16,
    Int32,
    Int64,
    Paths,
    Reads,
    Table,
    WeekCars,
    WeekCases,
    WeekClaims,
    WeekDrawn,
    WeekDrives,
    WeekHeld,
    WeekReads,
    WeekTrips,
)

WEEK = 7 * DAY
TYPICAL, MOST = "typical", "most"

_TABLES = (WeekCars, WeekTrips, WeekDrives, WeekReads, WeekCases, WeekHeld, WeekClaims, WeekDrawn)


class _Streets(NamedTuple):
    """What is the same for every car."""

    routes: routing.Routes
    ways: ways.Ways
    stands: Bool
    """[n_sites]: ways are drawn of what these read alone."""
    moment: int
    horizon: int

    @property
    def since(self) -> int:
        """s: the week is (since, moment]."""
        return self.moment - self.horizon


class _Known(NamedTuple):
    """One car's reads through one lens."""

    lens: int
    reads: Reads
    """As exactly as the lens's sights know them."""
    time_step: Int32
    place_step: Any
    held: Bool
    """[n_reads, 64]."""
    counts: Int64
    """[5, 64]: of `legs.score`, in the week."""
    drawn: paths.Drawn


class _Right(NamedTuple):
    """What of a car's drives a claim may be right about."""

    row: Int64
    """Of WeekDrives; −1 not of the week."""
    past: Bool
    """Driven by the moment of the question."""
    since: int

    def of(self, made: paths.Drawn) -> tuple[Int64, Bool]:
        """Return what each road claimed was of the week's drives, and whether it counts for the week.

        What was driven counts with its trip, what is wrong by the moment it is claimed for: as `legs.score` counts.
        """
        row = np.append(self.row, -1)[made.drive]
        driven = (made.drive >= 0) & np.append(self.past, False)[made.drive]
        return np.where(driven, row, -1), np.where(driven, row >= 0, made.claimed > self.since)


def save(asked: Asked, every: Lenses, kept: Store, reads: Reads) -> None:
    """Write the week before the last query moment of a typical car and of the car read most, as every case knows it.

    A shorter run shows the days that it has.

    Parameters
    ----------
    every : Lenses
        Cases of all cameras' reads that hang on nobody's grant.
    reads : Reads
        All, in any order.
    """
    moment = max(asked.moments)
    parts: dict[type[Table], list[dict[str, Any]]] = {kind: [] for kind in _TABLES}
    cars = choose(asked, reads, since=moment - min(WEEK, moment), moment=moment) if moment else {}
    if cars:
        place = _streets(asked, moment)
        for chosen, vehicle in cars.items():
            _collect(asked, every, place, kept, parts, chosen, vehicle)
    for kind, rows in parts.items():
        table = (
            kind.of(**{c.name: np.concatenate([row[c.name] for row in rows]) for c in kind.columns()})
            if rows
            else kind.empty()
        )
        parquet.save(table, asked.folder / f"{file_name(kind)}.parquet")


def file_name(kind: type[Table]) -> str:
    """Return the name of a table's file: WeekCars → week_cars."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


def choose(asked: Asked, reads: Reads, *, since: int, moment: int) -> dict[str, int]:
    """Choose among residents' cars that were read in (since, moment]: the median by its reads, and the one read most.

    Of cars read equally often the draw of each one's key decides.
    """
    vehicles, town = asked.done.settlement.vehicles, asked.people.town
    mine = (reads.time > since) & (reads.time <= moment) & (reads.plate >= 0) & (reads.plate < len(town))
    count = np.bincount(reads.plate[mine], minlength=len(town))
    read = np.flatnonzero((town >= 0) & (count > 0))
    if not len(read):
        return {}
    drawn = draw(stream(asked.seed, "whose week"), vehicles.key[read])
    order = read[np.lexsort((drawn, count[read]))]
    middle, last = int(order[(len(order) - 1) // 2]), int(order[-1])
    return {TYPICAL: middle, MOST: last} if middle != last else {TYPICAL: middle}


def _streets(asked: Asked, moment: int) -> _Streets:
    study, placed = asked.study.measures, asked.done.placement
    nothing = ways.Learned(np.zeros(0, np.int64), Paths(np.zeros(1, np.int64), np.zeros(0, np.int32)))
    known = ways.Ways(
        asked.world.network.roads, nothing, minimum=study.path_gap, factor=study.path_gap_factor
    )  # fmt: skip
    stands = ~np.isin(placed.cameras.kind, ROVING)[placed.sites.camera]
    return _Streets(routing.opened(asked.world.routes), known, stands, moment, min(WEEK, moment))


def _collect(
    asked: Asked, every: Lenses, place: _Streets, kept: Store, parts: dict[type[Table], list[dict[str, Any]]],
    chosen: str, vehicle: int,
) -> None:  # fmt: skip
    """Add one car's rows to all tables."""
    car = len(parts[WeekCars])
    before = {kind: sum(len(next(iter(row.values()))) for row in rows) for kind, rows in parts.items()}
    steps = [0, *(int(lens.seen.time_step.max()) for lens in every.lenses if lens.seen is not None)]
    bucket = _cut(kept, vehicle, place, margin(place.ways.longest, asked.study.measures.path_tolerance, max(steps)))
    opened = question.open_bucket(bucket)
    truth = drove(asked, place.routes, bucket, np.zeros(1, np.int64))
    trip_rows = _numbered(bucket.truth.depart > place.since, before[WeekTrips])
    of = np.repeat(np.arange(len(bucket.truth)), np.diff(truth.first))
    driven = (trip_rows[of] >= 0) & (truth.when <= place.moment)
    drive_rows = _numbered(driven, before[WeekDrives])
    read_rows = _numbered(bucket.reads.time > place.since, before[WeekReads])
    of_stream = asked.records.of(bucket.reads)
    known = _through(asked, every, place, opened, truth, of_stream)
    views, view_of = _views(known, every)
    parts[WeekCars].append({"chosen": [chosen], "vehicle": [vehicle], "since": [place.since], "moment": [place.moment]})
    week = trip_rows >= 0
    names = ("depart", "arrive", "origin", "destination", "purpose")
    parts[WeekTrips].append(_of(car, {name: getattr(bucket.truth, name)[week] for name in names}))
    parts[WeekDrives].append({"trip": trip_rows[of[driven]], "road": truth.road[driven], "time": truth.when[driven]})
    parts[WeekReads].append(_reads(car, opened, trip_rows, read_rows >= 0))
    parts[WeekCases].append(_of(car, _cases(every, known, view_of, opened, week)))
    parts[WeekHeld].append(_of(car, _held(known, views, read_rows)))
    first = int(parts[WeekClaims][-1]["claim"].max(initial=-1)) + 1 if car else 0
    right = _Right(drive_rows, truth.when <= place.moment, place.since)
    claims, drawn = _claims(known, views, right, first)
    parts[WeekClaims].append(_of(car, claims))
    parts[WeekDrawn].append(_of(car, drawn))


def margin(longest: int, tolerance: int, step: int) -> int:
    """Return how long before the week (s) a read may bear on what is drawn of it: linked so far back, right so far off."""
    return max(longest, step) + max(tolerance, step)


def _of(car: int, columns: dict[str, Any]) -> dict[str, Any]:
    return {"car": np.full(len(next(iter(columns.values()))), car), **columns}


def _numbered(some: Bool, first: int) -> Int64:
    """Return the number of each row of a mask, from ``first``; −1 the others."""
    return np.where(some, np.cumsum(some) - 1 + first, -1)


def _cut(kept: Store, vehicle: int, place: _Streets, before: int) -> Bucket:
    """Return one car as a bucket of its own: what bears on the week alone."""
    number, row = kept.where(vehicle)
    bucket, start = kept.bucket(number), place.since - before
    reads = bucket.reads.take(slice(*bucket.first_read[row : row + 2]))
    truth = bucket.truth.take(slice(*bucket.first_trip[row : row + 2]))
    reads = reads.take((reads.time > start) & (reads.time <= place.moment))
    truth = truth.take((truth.arrive > start) & (truth.depart <= place.moment))
    ends = (np.array([0, len(table)], np.int64) for table in (reads, truth))
    return Bucket(np.array([vehicle], np.int32), next(ends), reads, next(ends), truth)


def _through(
    asked: Asked, every: Lenses, place: _Streets, opened: question.Opened, truth: drives.Drives, of_stream: Int16
) -> list[_Known]:
    """Look at the car through every lens."""
    sites, group = asked.done.placement.sites, asked.records.group.astype(np.int16)
    found = []
    for row, lens in enumerate(every.lenses):
        put = question.ask(lens.at(place.moment), group, moment=place.moment, horizon=place.horizon, counted=lens.plain)
        of_read = lens.known(of_stream, opened.bucket.reads.time, place.moment)
        seen = question.coarsened(opened, of_read, lens.seen, middles(asked, lens))
        time_step, place_step = _steps(lens, of_read)
        sketch = paths.Sketch(
            truth, seen, place.ways, asked.world.network.roads, kept=place.stands[opened.bucket.reads.site],
            road=sites.road[seen.bucket.reads.site], step=time_step, tolerance=asked.study.measures.path_tolerance,
        )  # fmt: skip
        masks = question.held(put, opened.bucket.reads, of_stream)
        sums = paths.empty(1)
        whole = paths.Lives(sums, np.zeros(1, np.int64), np.zeros(len(sketch.pairs.car), np.int64))
        sketch.add([whole], masks, put)
        counts = sums.counts[0, 0, legs.HORIZON * legs.QUANTITIES : (legs.HORIZON + 1) * legs.QUANTITIES]
        held = (masks[:, None] >> question.BITS) & np.uint64(1) == 1
        found.append(_Known(row, seen.bucket.reads, time_step, place_step, held, counts, sketch.drawn(masks)))
    return found


def _steps(lens: sight.Lens, of_read: Int16) -> tuple[Int32, Any]:
    """Return to how many seconds and metres a lens knows each read, by its row of `seen`."""
    if lens.seen is None:
        return np.zeros(len(of_read), np.int32), np.zeros(len(of_read))
    return lens.seen.time_step[of_read], lens.seen.place_step[of_read]


def _views(known: list[_Known], every: Lenses) -> tuple[list[tuple[int, int]], list[int]]:
    """Return the lens and bit of each distinct view, and the view of each case."""
    numbers: dict[tuple[bytes, ...], int] = {}
    views: list[tuple[int, int]] = []
    of_case = []
    for at in every.place.tolist():
        lens, bit = divmod(at, legs.CASES)
        one = known[lens]
        held = one.held[:, bit]
        columns = (held, one.reads.time[held], one.reads.site[held], one.time_step[held], one.place_step[held])
        key = tuple(column.tobytes() for column in columns)
        if key not in numbers:
            numbers[key] = len(views)
            views.append((lens, bit))
        of_case.append(numbers[key])
    return views, of_case


def _reads(car: int, opened: question.Opened, trip_rows: Int64, week: Bool) -> dict[str, Any]:
    reads = opened.bucket.reads
    ghost = reads.vehicle != opened.bucket.vehicle[0]
    trip = np.append(trip_rows, -1)[np.maximum(opened.trip, -1)]
    return _of(car, {"time": reads.time[week], "site": reads.site[week], "ghost": ghost[week], "trip": trip[week]})


def _cases(
    every: Lenses, known: list[_Known], view_of: list[int], opened: question.Opened, week: Bool
) -> dict[str, Any]:
    """Return what every case counts of the week."""
    columns: dict[str, list[Any]] = defaultdict(list)
    for case, at, view in zip(every.cases, every.place.tolist(), view_of, strict=True):
        lens, bit = divmod(at, legs.CASES)
        on_trip = opened.trip[known[lens].held[:, bit] & (opened.trip >= 0)]
        counts = known[lens].counts[:, bit]
        row = {
            "policy": case.policy, "viewer": case.viewer, "sight": case.sight, "retention": case.retention, "view": view,
            "seen": np.count_nonzero(week[np.unique(on_trip)]), "rebuilt": counts[legs.REBUILT],
            "right": counts[legs.RIGHT], "wrong": counts[legs.WRONG], "driven": counts[legs.DRIVEN],
        }  # fmt: skip
        for name, value in row.items():
            columns[name].append(value)
    return dict(columns)


def _held(known: list[_Known], views: list[tuple[int, int]], read_rows: Int64) -> dict[str, Any]:
    """Return the reads of the week that each view holds."""
    rows = [np.flatnonzero(known[lens].held[:, bit] & (read_rows >= 0)) for lens, bit in views]
    several = list(zip(views, rows, strict=True))
    return {
        "view": np.repeat(np.arange(len(views)), [len(row) for row in rows]),
        "read": np.concatenate([read_rows[row] for row in rows]),
        "time": np.concatenate([known[lens].reads.time[row] for (lens, _), row in several]),
        "site": np.concatenate([known[lens].reads.site[row] for (lens, _), row in several]),
        "time_step": np.concatenate([known[lens].time_step[row] for (lens, _), row in several]),
        "place_step": np.concatenate([known[lens].place_step[row] for (lens, _), row in several]),
    }


def _claims(
    known: list[_Known], views: list[tuple[int, int]], right: _Right, first: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the claims that bear on the week, equal ones once, and which of them each view makes."""
    numbers: dict[tuple[bytes, ...], int] = {}
    rows: dict[str, list[Any]] = {name: [np.zeros(0, np.int64)] for name in ("claim", "road", "time", "drive")}
    drawn: dict[str, list[Any]] = {name: [np.zeros(0, np.int64)] for name in ("view", "claim")}
    found = [right.of(one.drawn) for one in known]
    for view, (lens, bit) in enumerate(views):
        made = known[lens].drawn
        mine = np.flatnonzero((made.sights >> np.uint64(bit)) & np.uint64(1))
        for leg in mine.tolist():
            some = np.arange(made.way.first[leg], made.way.first[leg + 1])
            drive, counts = found[lens]
            some = some[counts[some]]
            if not len(some):
                continue
            columns = made.way.road[some], made.claimed[some], drive[some]
            key = (*(column.tobytes() for column in columns),)
            if key not in numbers:
                numbers[key] = first + len(numbers)
                for name, values in zip(("road", "time", "drive"), columns, strict=True):
                    rows[name].append(values)
                rows["claim"].append(np.full(len(some), numbers[key]))
            drawn["view"].append([view])
            drawn["claim"].append([numbers[key]])
    return tuple({name: np.concatenate(values) for name, values in part.items()} for part in (rows, drawn))  # type: ignore[return-value]
