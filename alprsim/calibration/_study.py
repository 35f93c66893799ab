"""A scenario's guessed volumes, scaled until its roads carry what was counted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim import counts as _counts
from alprsim import days, experiment, population
from alprsim.calibration import _fit
from alprsim.counts import GEH, SHARE, WEEK, Count, DayName, Use
from alprsim.days import Tell
from alprsim.scenario import models
from alprsim.scenario.read import Loaded
from alprsim.tables import DAY, DAY_STARTS, Float64, Int32, Int64, Network, RoadKind, Settlement, VehicleKind

PROBE = 200.0
"""Vehicles a day sent between every two motorway ends, both ways together, to see which roads they take and when."""

WEDNESDAY, SATURDAY, SUNDAY = 2, 5, 6
_ON = {"weekday": WEDNESDAY, "Saturday": SATURDAY, "Sunday": SUNDAY}
_SIMULATED = {day: {_ON[kind]: weight for kind, weight in kinds.items()} for day, kinds in WEEK.items()}
"""The days of a week that stand for a count's, and their weights."""

CLASSES = {"visitors": VehicleKind.VISITOR, "delivery": VehicleKind.DELIVERY, "taxis": VehicleKind.TAXI}
"""Classes of vehicles whose volume can be scaled, by their key in the scenario."""

VOLUMES = ("through", *CLASSES)


class Compared(NamedTuple):
    """One count beside the model."""

    name: str
    kind: RoadKind
    day: DayName
    hour: int
    """−1: the whole day."""
    use: Use
    counted: float
    before: float
    """By the scenario as it is."""
    after: float
    """By the calibrated population, driven anew."""
    left_out: float | None
    """By the scales that the other counts alone give; None for validation."""
    geh: float
    """Of `after`; a daily count's is that of its mean hour."""
    within: bool
    """Whether `after` lies as near as its kind of count asks: GEH < 5 for an hour, its class's share for a day."""


class Calibration(NamedTuple):
    """What counts make of a scenario."""

    scales: dict[str, float]
    """Of each class of vehicles that was free, for one of the scenario's own."""
    flows: dict[tuple[str, str], float]
    """Vehicles a day between each pair of motorway ends, both ways together."""
    population: models.Population
    """The scenario's, with scales and flows written into it."""
    rows: tuple[Compared, ...]
    notes: tuple[str, ...]

    @property
    def hourly_share(self) -> float | None:
        """The share of hourly validation counts (of all hourly ones, if none is kept for that) with a GEH below 5.

        None without hourly counts: of daily ones no share is claimed.
        """
        hourly = [row for row in self.rows if row.hour >= 0]
        kept = [row for row in hourly if row.use == "validation"] or hourly
        return sum(row.geh < GEH for row in kept) / len(kept) if kept else None

    def keys(self) -> dict[str, object]:
        """Return the keys of `population` that differ from their defaults among those scaled, as a scenario says them."""
        said = self.population.model_dump(mode="json", include={"through_pairs", *CLASSES})
        return {key: value for key, value in said.items() if getattr(self.population, key) != _DEFAULT[key]}

    def scaled(self) -> dict[str, object]:
        """Return every key of `population` that was free, as a scenario says them: what a calibrated one must hold."""
        keys = {*self.scales, *(("through_pairs",) if self.flows else ())}
        return self.population.model_dump(mode="json", include=keys)

    def table(self) -> str:
        """Write the counts as a table for people, then what was scaled."""
        lines = [f"{'':32} {'day':8} hour {'use':11} {'counted':>8} {'before':>8} {'after':>8} left out   GEH  within"]
        for row in self.rows:
            hour = "" if row.hour < 0 else str(row.hour)
            left_out = "" if row.left_out is None else f"{row.left_out:,.0f}"
            aim = _counts.asked(row.hour, row.kind)
            lines.append(
                f"{row.name:32} {row.day:8} {hour:>4} {row.use:11} {row.counted:8,.0f} {row.before:8,.0f} {row.after:8,.0f} "
                f"{left_out:>8} {row.geh:5.1f}  {aim if row.within else 'NO: ' + aim}"
            )
        if self.hourly_share is not None:
            lines.append(
                f"hourly counts with a GEH below {GEH:g}: {self.hourly_share:.0%}, of the {SHARE:.0%} asked for"
            )
        lines += [f"{name:32} × {scale:.3f}" for name, scale in self.scales.items()]
        lines += [f"{' – '.join(pair):64} {flow:8,.0f} vehicles/d" for pair, flow in self.flows.items()]
        return "\n".join([*lines, *self.notes])


_DEFAULT = {key: field.default for key, field in models.Population.model_fields.items()}


def calibrate(
    loaded: Loaded, counts: Path, *, scratch: Path, seed: int = 1, free: Collection[str] = VOLUMES, spread: float = 1.0,
    tolerance: float = _counts.TOLERANCE, jobs: int = 1, tell: Tell = lambda stage, done: None,
) -> Calibration:  # fmt: skip
    """Scale what passes through and what comes in, so that the counted roads carry what was counted.

    Parameters
    ----------
    loaded
        The scenario; its calendar is left aside, since counts are of ordinary days.
    counts
        As `read` reads them; relative to the working directory.
    scratch
        A folder for the routes.
    seed
        Of the population that is driven.
    free
        Which of `VOLUMES` may be scaled. Residents never are: their rates are published.
    spread, tolerance
        As in `fit` and `read`.

    Returns
    -------
    Calibration
        Its `population` goes into the scenario; its `rows` are the table that a calibrated result must show.

    Raises
    ------
    CountError
        Counts that cannot be used, or none for calibration.
    """
    strange = sorted(set(free) - set(VOLUMES))
    if strange:
        raise ValueError(f"free must be of {', '.join(VOLUMES)}, not {', '.join(strange)}")
    monday = loaded.scenario.start - timedelta(days=loaded.scenario.start.weekday())
    plain = loaded.scenario.population.model_copy(update={"calendar": models.Calendar()})
    study = replace(loaded, scenario=loaded.scenario.model_copy(update={"start": monday, "population": plain}))
    world = experiment.prepare(study, scratch=scratch, jobs=jobs, tell=tell)
    read = _counts.read(counts, world.network, tolerance=tolerance)
    if not any(count.use == "calibration" for count in read):
        raise _counts.CountError(f"{counts}: no row is for calibration; at least one must be")
    flows = population.flows(world.network, plain) if "through" in free and _has_ends(world.network) else {}
    classes = [key for key in CLASSES if key in free and _share(plain, key) > 0]
    tell("counted roads", 0)
    loads = _drive(study, world, _probe(plain, flows), read, seed)
    problem = _problem(loads, classes, flows, read)
    used = np.array([count.use == "calibration" for count in read])
    amount = problem.take(used).solve(spread)
    without = np.full(len(read), np.nan)
    without[used] = problem.take(used).leave_one_out(spread)
    scales = dict(zip(classes, amount.tolist(), strict=False))
    found = dict(zip(flows, amount[len(classes) :].tolist(), strict=True))
    calibrated, notes = _written(plain, scales, found)
    silent = [*classes, *flows]
    notes += _unseen([silent[i] for i in np.flatnonzero(~problem.load.any(axis=0))])
    notes += tuple(experiment.warnings(loaded, world, days.Queued(0, 0, 0)))  # it drives freely
    tell("counted roads", 0.5)
    after = sum(_drive(study, world, calibrated, read, seed).values(), np.zeros(len(read)))
    before = problem.fixed + problem.load @ problem.prior
    rows = tuple(
        _compared(count, *(float(column[i]) for column in (before, after, without))) for i, count in enumerate(read)
    )
    written = calibrated.model_copy(update={"calendar": loaded.scenario.population.calendar})
    return Calibration(scales, found, written, rows, notes)


class _Problem(NamedTuple):
    """What is to be fitted: classes by their scale, then pairs of ends by their vehicles a day."""

    load: _fit.Grid
    fixed: Float64
    counted: Float64
    allowed: Float64
    prior: Float64
    unit: Float64
    """How much of each volume is as likely to be wrong as one count to be missed by what is allowed, at spread 1."""

    def take(self, rows: NDArray[np.bool_]) -> _Problem:
        return _Problem(
            self.load[rows], self.fixed[rows], self.counted[rows], self.allowed[rows], self.prior, self.unit
        )

    def _in_units(self) -> tuple[_fit.Grid, Float64, Float64, Float64]:
        return self.load * self.unit, self.fixed, self.counted, self.allowed

    def solve(self, spread: float) -> Float64:
        return _fit.fit(*self._in_units(), prior=self.prior / self.unit, spread=spread).scale * self.unit

    def leave_one_out(self, spread: float) -> Float64:
        return _fit.leave_one_out(*self._in_units(), prior=self.prior / self.unit, spread=spread)


def _problem(
    loads: Loads, classes: list[str], flows: dict[tuple[str, str], float], counts: tuple[Count, ...]
) -> _Problem:
    """Set up the fit. A flow that the scenario has no idea of is taken to be uncertain by a mean count over the ends."""
    nobody = np.zeros(len(counts))
    each = [*(loads.get(key, nobody) for key in classes), *(loads.get(" – ".join(p), nobody) / PROBE for p in flows)]
    given = [np.array([getattr(count, field) for count in counts]) for field in ("vehicles", "hour", "kind")]
    counted, hourly, kind = given[0].astype(np.float64), given[1] >= 0, given[2]
    daily = counted * np.where(hourly, 24, 1)
    typical = float(daily.mean()) / max(1, len({end for pair in flows for end in pair}))
    free = {*classes, *(" – ".join(pair) for pair in flows)}
    return _Problem(
        load=np.array(each).reshape(len(each), len(counts)).T,
        fixed=sum((load for name, load in loads.items() if name not in free), nobody),
        counted=counted,
        allowed=_counts.allowed(counted, hourly, kind),
        prior=np.array([*(1.0 for _ in classes), *flows.values()]),
        unit=np.array([*(1.0 for _ in classes), *(max(flow, typical) for flow in flows.values())]),
    )


def _share(spec: models.Population, key: str) -> float:
    return spec.visitors if key == "visitors" else float(getattr(spec, key).share)


def _has_ends(network: Network) -> bool:
    return len(population.ends(network)) > 1


def _probe(spec: models.Population, flows: dict[tuple[str, str], float]) -> models.Population:
    """Let the same few pass between every pair of ends."""
    if not flows:
        return spec
    pairs = tuple(models.ThroughPair.model_construct(ends=pair, daily=PROBE) for pair in flows)
    return spec.model_copy(update={"through_pairs": pairs})


Loads = dict[str, Float64]
"""Vehicles on each count, by the volume they are part of."""


def _drive(
    study: Loaded, world: experiment.World, spec: models.Population, counts: tuple[Count, ...], seed: int
) -> Loads:
    """Drive the days that the counts are of, and count who passes."""
    network = world.network
    driven = replace(study, scenario=study.scenario.model_copy(update={"population": spec}))
    settlement = population.settle(network, spec, seed=seed, base=study.base)
    watched = _counts.watched(counts, len(network.roads))
    loads: Loads = {}
    for day in sorted({day for count in counts for day in _SIMULATED[count.day]}):
        trips, passages = experiment.passing(driven, world, settlement, seed=seed, day=day, watched=watched)
        volume, label = _volumes(network, settlement, trips.vehicle, trips.destination)
        hour = (passages.time // 1000 - day * DAY + DAY_STARTS) // 3600 % 24
        for i, count in enumerate(counts):
            weight = _SIMULATED[count.day].get(day, 0.0)
            here = np.isin(passages.road, count.roads) & ((count.hour < 0) | (hour == count.hour))
            seen = np.bincount(volume[passages.trip[here]], minlength=len(label))
            for name, vehicles in zip(label, seen.tolist(), strict=True):
                loads.setdefault(name, np.zeros(len(counts)))[i] += weight * vehicles
    return loads


def _volumes(network: Network, settlement: Settlement, vehicle: Int32, destination: Int32) -> tuple[Int64, list[str]]:
    """Tell which volume each trip is part of, by number, and what those are called."""
    vehicles, ends = settlement.vehicles, population.ends(network)
    name_of = {row: name for name, row in ends.items()}
    pairs = [" – ".join(pair) for pair in _pairs(ends)]
    labels = ["residents", *CLASSES, *pairs]
    of_kind = np.zeros(len(VehicleKind), np.int64)
    for key, kind in CLASSES.items():
        of_kind[kind] = labels.index(key)
    volume = of_kind[vehicles.kind[vehicle]]
    through = np.flatnonzero(vehicles.kind[vehicle] == VehicleKind.THROUGH)
    ways, which = np.unique(
        np.stack([vehicles.garage[vehicle[through]], destination[through]]), axis=1, return_inverse=True
    )
    order = list(ends)
    number = [labels.index(" – ".join(sorted((name_of[a], name_of[b]), key=order.index))) for a, b in ways.T.tolist()]
    volume[through] = np.array(number, np.int64)[which.reshape(-1)]
    return volume, labels


def _pairs(ends: Collection[str]) -> list[tuple[str, str]]:
    names = list(ends)
    return [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]


def _written(
    spec: models.Population, scales: dict[str, float], flows: dict[tuple[str, str], float]
) -> tuple[models.Population, tuple[str, ...]]:
    """Write scales and flows into a population; say what could not be said there."""
    notes: list[str] = []
    changes: dict[str, object] = {}
    for key, scale in scales.items():
        share = _share(spec, key) * scale
        if share > 1:
            notes.append(f"{key}: a share of {share:.2f} is asked for; 1 is the most there can be")
        share = round(min(share, 1.0), 4)
        changes[key] = share if key == "visitors" else getattr(spec, key).model_copy(update={"share": share})
    daily = {pair: round(flow) for pair, flow in flows.items()}
    pairs = [
        models.ThroughPair.model_construct(ends=pair, daily=float(n)) for pair, n in daily.items() if n != spec.through
    ]
    if flows:
        changes["through_pairs"] = tuple(pairs)
    return spec.model_copy(update=changes), tuple(notes)


def _unseen(volumes: list[Any]) -> tuple[str, ...]:
    if not volumes:
        return ()
    named = ", ".join(v if isinstance(v, str) else " – ".join(v) for v in volumes)
    return (f"no counted road carries {named}: as in the scenario",)


def _compared(count: Count, before: float, after: float, left_out: float) -> Compared:
    hours = 1 if count.hour >= 0 else 24
    distance = float(_counts.geh(after / hours, count.vehicles / hours))
    within = _counts.within(after, count.vehicles, count.hour, count.kind)
    return Compared(
        count.name, count.kind, count.day, count.hour, count.use, count.vehicles, before, after,
        None if np.isnan(left_out) else left_out, distance, within,
    )  # fmt: skip
