"""Counts beside what was driven on the same roads, in the same hours, on the same kind of day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import ArrayLike

from alprsim import parquet
from alprsim.counts._read import Count, DayName
from alprsim.tables import DAY, DAY_STARTS, SLOT, Float64, Flows, RoadKind

GEH = 5.0
"""An hourly count is matched when its GEH is below this; a model when 85 % of its hourly counts are (UK Department for
Transport, TAG unit M3.1; FHWA, Traffic Analysis Toolbox III)."""

SHARE = 0.85

DAILY = {
    **dict.fromkeys((RoadKind.MOTORWAY, RoadKind.TRUNK, RoadKind.RAMP), 0.07),
    **dict.fromkeys((RoadKind.PRIMARY, RoadKind.SECONDARY), 0.15),
    **dict.fromkeys((RoadKind.TERTIARY, RoadKind.UNCLASSIFIED, RoadKind.RESIDENTIAL), 0.25),
}
"""Share of a daily count by which the model may miss it: freeway 7 %, arterial 15 %, collector 25 % (FHWA, Calibration and
Adjustment of System Planning Models, 1990, as remembered)."""

WEEK: dict[DayName, dict[str, float]] = {
    "average": {"weekday": 5 / 7, "Saturday": 1 / 7, "Sunday": 1 / 7},
    "weekday": {"weekday": 1.0},
    "Saturday": {"Saturday": 1.0},
    "Sunday": {"Sunday": 1.0},
}
"""The day types that stand for a count's day (`population.DayType`: a test holds the names together), and their weights.
Holidays and days out of term stand for none: counts are published for ordinary days."""


class Held(NamedTuple):
    """One count beside the model: a row of a result's table ``counts``."""

    name: str
    road_class: str
    day: str
    hour: int
    use: str
    apart: bool
    counted: float
    modelled: float
    geh: float
    asked: str
    within: bool | None


_FIELDS = {
    "name": (pa.string(), "", "of the count, as its file says it"),
    "road_class": (pa.string(), "", "of the counted road"),
    "day": (pa.string(), "", "of the count: average, weekday, Saturday, Sunday"),
    "hour": (pa.int8(), "clock hour", "from its start; -1 the whole day"),
    "use": (pa.string(), "", "calibration: volumes may be fitted to it; validation: kept apart"),
    "apart": (pa.bool_(), "", "kept for validation, and on no road that has a count to be fitted to"),
    "counted": (pa.float64(), "vehicles", ""),
    "modelled": (pa.float64(), "vehicles", "on the sample days; the mean over seeds; NaN: no such day was driven"),
    "geh": (pa.float64(), "", "sqrt(2 (m - c)^2 / (m + c)) of hourly volumes; of a whole day its mean hour's"),
    "asked": (pa.string(), "", "a GEH below 5 of an hour; of a day the share by which its class may be missed"),
    "within": (pa.bool_(), "", "whether it is met; null: no such day was driven"),
}


def geh(modelled: ArrayLike, counted: ArrayLike) -> Float64:
    """Return √(2 (m − c)² / (m + c)), of hourly volumes; 0 where both are 0."""
    m, c = np.asarray(modelled, np.float64), np.asarray(counted, np.float64)
    return np.sqrt(2 * (m - c) ** 2 / np.where(m + c > 0, m + c, 1.0))


def allowed(counted: ArrayLike, hourly: ArrayLike, kind: ArrayLike) -> Float64:
    """Return by how much each count may be missed: for an hour about a GEH of 5, for a day its class's share.

    A count of nothing may be missed by as much as one of a single vehicle.
    """
    c = np.maximum(np.asarray(counted, np.float64), 1.0)
    share = np.array([DAILY[kind] for kind in RoadKind])[np.asarray(kind, np.int64)]
    return np.asarray(np.where(hourly, GEH * np.sqrt(c), share * c))


def within(modelled: float, counted: float, hour: int, kind: RoadKind) -> bool:
    """Tell whether a count is met: an hour by a GEH below 5, a day by its class's share."""
    if hour >= 0:
        return float(geh(modelled, counted)) < GEH
    return abs(modelled - counted) <= float(allowed(counted, hourly=False, kind=kind))


def asked(hour: int, kind: RoadKind) -> str:
    """Say what is asked of a count."""
    return f"GEH < {GEH:g}" if hour >= 0 else f"± {100 * DAILY[kind]:g} %"


def modelled(counts: Sequence[Count], driven: Mapping[str, Flows]) -> list[float]:
    """Return the vehicles that entered each count's roads.

    Parameters
    ----------
    counts
        As `read` found them.
    driven
        What the roads carried on a day of each type; a count of a day that needs another type is NaN.
    """
    return [_entered(count, driven) for count in counts]


def _entered(count: Count, driven: Mapping[str, Flows]) -> float:
    days = WEEK[count.day]
    if not days.keys() <= driven.keys():
        return np.nan
    slots = slice(None)
    if count.hour >= 0:
        first = (count.hour * 3600 - DAY_STARTS) % DAY // SLOT
        slots = slice(first, first + 3600 // SLOT)
    passed = {day: driven[day].vehicles.reshape(-1, DAY // SLOT)[list(count.roads), slots].sum() for day in days}
    return float(sum(weight * passed[day] for day, weight in days.items()))


def hold(counts: Sequence[Count], modelled: Sequence[float]) -> list[Held]:
    """Set each count beside what the model drives there."""
    fitted = {road for count in counts if count.use == "calibration" for road in count.roads}
    return [
        _beside(
            Held(
                count.name, count.kind.name.lower(), count.day, count.hour, count.use,
                count.use == "validation" and fitted.isdisjoint(count.roads), count.vehicles, vehicles, np.nan,
                asked(count.hour, count.kind), None,
            )
        )
        for count, vehicles in zip(counts, modelled, strict=True)
    ]  # fmt: skip


def mean(seeds: Sequence[Sequence[Held]]) -> list[Held]:
    """Return the counts beside the mean over seeds."""
    return [
        _beside(rows[0]._replace(modelled=float(np.mean([row.modelled for row in rows]))))
        for rows in zip(*seeds, strict=True)
    ]


def _beside(row: Held) -> Held:
    if np.isnan(row.modelled):
        return row._replace(geh=np.nan, within=None)
    hours = 1 if row.hour >= 0 else 24
    return row._replace(
        geh=float(geh(row.modelled / hours, row.counted / hours)),
        within=within(row.modelled, row.counted, row.hour, RoadKind[row.road_class.upper()]),
    )


def save(held: Sequence[Held], folder: Path, *, spreadsheet: bool = False) -> None:
    """Write ``counts.parquet``, and ``counts.csv`` too where people look."""
    fields = [
        pa.field(name, kind, metadata={"unit": unit, "meaning": meaning})
        for name, (kind, unit, meaning) in _FIELDS.items()
    ]
    columns = {name: [getattr(row, name) for row in held] for name in _FIELDS}
    content = pa.table(columns, schema=pa.schema(fields, metadata={"alprsim.table": "Counts"}))
    parquet.write(content, folder / "counts.parquet")
    if spreadsheet:
        pyarrow.csv.write_csv(content, folder / "counts.csv")


def load(folder: Path) -> list[Held]:
    """Read what `save` wrote."""
    return [Held(**row) for row in pyarrow.parquet.read_table(folder / "counts.parquet").to_pylist()]
