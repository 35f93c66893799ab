"""Traffic counts from a CSV file, each on the road or roads of the network that it was taken on."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from alprsim.tables import Float64, Network, RoadKind

TOLERANCE = 250.0  # m: simplified roads run straight from junction to junction, motorways bend. Assumption.
ALIKE = 60.0  # degrees by which a road's heading may differ from a count's direction. Assumption.

DayName = Literal["average", "weekday", "Saturday", "Sunday"]
Use = Literal["calibration", "validation"]

_DAYS = ("average", "weekday", "Saturday", "Sunday")
_USES = ("calibration", "validation")
_COMPASS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_PLACED = (("lat", "lon"), ("from_osm", "to_osm"), ("road",))


class CountError(ValueError):
    """A count that cannot be used: which file and line, the rule, and what was found."""


class Count(NamedTuple):
    """What was counted, where and when."""

    row: int
    """Of the file's counts, from 1."""
    name: str
    roads: tuple[int, ...]
    """Rows of Roads that were counted together: one direction, or both."""
    kind: RoadKind
    day: DayName
    hour: int
    """Clock hour from its start, −1 the whole day."""
    vehicles: float
    use: Use


def read(file: Path, network: Network, *, tolerance: float = TOLERANCE) -> tuple[Count, ...]:
    """Read counts and find their roads.

    Parameters
    ----------
    file
        CSV with the column `vehicles`, and either `lat` and `lon` (degrees), or `from_osm` and `to_osm` (the source's
        numbers of the junctions that a road leaves and reaches), or `road` (a row of Roads); several numbers, separated by
        spaces, are roads counted together. Optional: `direction` of coordinates (N, NE … or degrees clockwise from north,
        or "both", the default), `class` (a road class such as motorway), `day` (average, the default, weekday, Saturday or
        Sunday), `hour` (0 to 23; empty: the whole day), `use` (calibration, the default, or validation), `name`. Other
        columns are not read.
    network
        The roads.
    tolerance
        Metres between a count's coordinates and the straight line of its road, at most.

    Raises
    ------
    CountError
        A file that cannot be read, is empty, is cut short or lacks a column, a value that is none of those, a road that is
        not there, or one that is counted twice.
    """
    rows = _rows(file)
    streets = _Streets.of(network)
    found: dict[tuple[frozenset[int], str, int], tuple[_Row, Count]] = {}
    for row in rows:
        count = _count(row, streets, network, tolerance)
        what = frozenset(count.roads), count.day, count.hour
        if what in found:  # a count that stands often would weigh often
            raise row.wrong(f"the same roads, day and hour are counted in line {found[what][0].line} already")
        found[what] = row, count
    return tuple(count for _, count in found.values())


class _Row(NamedTuple):
    file: Path
    number: int
    line: int
    said: dict[str, str]

    def wrong(self, message: str) -> CountError:
        return CountError(f"{self.file}:{self.line}: {message}")

    def text(self, key: str) -> str:
        return self.said.get(key, "")

    def number_in(self, key: str, low: float, high: float, what: str) -> float:
        text = self.text(key)
        try:
            value = float(text)
        except ValueError:
            value = np.nan
        if not low <= value <= high:
            raise self.wrong(f"{key} must be {what}, not {text!r}")
        return value

    def whole_numbers(self, key: str) -> list[int]:
        try:
            return [int(number) for number in self.text(key).split()]
        except ValueError:
            raise self.wrong(f"{key} must be whole numbers, not {self.text(key)!r}") from None

    def one_of(self, key: str, allowed: tuple[str, ...]) -> str:
        text = self.text(key) or allowed[0]
        if text not in allowed:
            raise self.wrong(f"{key} must be {', '.join(allowed)}, not {text!r}")
        return text


def _rows(file: Path) -> list[_Row]:
    try:
        content = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CountError(f"{file}: cannot be read as text ({error})") from error
    lines = csv.reader(io.StringIO(content, newline=""), strict=True)
    rows: list[_Row] = []
    try:
        header = [name.strip() for name in next(lines, [])]
        _check_header(file, header)
        for fields in lines:
            row = _Row(file, len(rows) + 1, lines.line_num, dict(zip(header, map(str.strip, fields), strict=False)))
            if not any(row.said.values()):
                continue
            if len(fields) != len(header):
                raise row.wrong(f"a row must have {len(header)} fields, as the header: truncated? It has {len(fields)}")
            rows.append(row)
    except csv.Error as error:
        raise CountError(f"{file}:{lines.line_num}: must be CSV: {error}") from error
    if not rows:
        raise CountError(f"{file}: must hold at least one count, below its header")
    return rows


def _check_header(file: Path, header: list[str]) -> None:
    if not header:
        raise CountError(f"{file}: must have a header and at least one count; it is empty")
    twice = [name for name, times in Counter(header).items() if name and times > 1]
    if twice:
        raise CountError(f"{file}:1: the header must name each column once; {', '.join(twice)} stands twice")
    if "vehicles" not in header or not any(set(columns) <= set(header) for columns in _PLACED):
        raise CountError(
            f"{file}:1: the header must have the column vehicles and one of lat and lon, from_osm and to_osm, or road; "
            f"it has {', '.join(header)}"
        )


class _Streets(NamedTuple):
    """Each road as the straight line it is drawn as."""

    x: Float64
    y: Float64
    dx: Float64
    dy: Float64
    heading: Float64
    """Degrees clockwise from north."""

    @classmethod
    def of(cls, network: Network) -> _Streets:
        x, y = network.junctions.x, network.junctions.y
        tail, head = network.roads.tail, network.roads.head
        dx, dy = x[head] - x[tail], y[head] - y[tail]
        return cls(x[tail], y[tail], dx, dy, np.degrees(np.arctan2(dx, dy)) % 360)

    def distance(self, x: float, y: float) -> Float64:
        """Return the metres from a point to each road."""
        along = (x - self.x) * self.dx + (y - self.y) * self.dy
        share = np.clip(along / np.maximum(self.dx**2 + self.dy**2, 1e-9), 0, 1)
        return np.asarray(np.hypot(self.x + share * self.dx - x, self.y + share * self.dy - y))

    def toward(self, degrees: float) -> NDArray[np.bool_]:
        """Tell which roads head that way."""
        turned = np.abs((self.heading - degrees + 180) % 360 - 180)
        return np.asarray(turned <= ALIKE)


def _count(row: _Row, streets: _Streets, network: Network, tolerance: float) -> Count:
    vehicles = row.number_in("vehicles", 0, 1e7, "a number of vehicles, not negative")
    hour = int(row.number_in("hour", 0, 23, "a clock hour from 0 to 23 or empty")) if row.text("hour") else -1
    if row.text("lat") or row.text("lon"):
        roads = _by_coordinates(row, streets, network, tolerance)
    elif row.text("from_osm") or row.text("to_osm"):
        roads = _by_junctions(row, network)
    else:
        roads = tuple(dict.fromkeys(row.whole_numbers("road")))
        if not roads or not 0 <= min(roads) <= max(roads) < len(network.roads):
            raise row.wrong(f"road must be a row of Roads (0 to {len(network.roads) - 1}), not {row.text('road')!r}")
    day, use = cast("DayName", row.one_of("day", _DAYS)), cast("Use", row.one_of("use", _USES))
    name = row.text("name") or f"row {row.number}"
    return Count(row.number, name, roads, RoadKind(network.roads.kind[roads[0]]), day, hour, vehicles, use)


def _by_junctions(row: _Row, network: Network) -> tuple[int, ...]:
    osm, roads = network.junctions.osm_id, network.roads
    starts, ends = row.whole_numbers("from_osm"), row.whole_numbers("to_osm")
    if len(starts) != len(ends) or not starts:
        raise row.wrong(
            f"from_osm has {len(starts)} junctions and to_osm {len(ends)}; they must be as many, at least one"
        )
    found: list[int] = []
    for start, end in zip(starts, ends, strict=True):
        between = np.flatnonzero((osm[roads.tail] == start) & (osm[roads.head] == end))
        if not len(between):
            raise row.wrong(f"no road leads from junction {start} to junction {end}")
        found += between.tolist()  # parallel roads were counted together
    return tuple(dict.fromkeys(found))


def _by_coordinates(row: _Row, streets: _Streets, network: Network, tolerance: float) -> tuple[int, ...]:
    """Return the nearest road, and with both directions the nearest the other way."""
    from pyproj import Transformer  # a fifth of a second that other counts do not need

    lat = row.number_in("lat", -90, 90, "degrees from -90 to 90")
    lon = row.number_in("lon", -180, 180, "degrees from -180 to 180")
    x, y = Transformer.from_crs("EPSG:4326", network.crs, always_xy=True).transform(lon, lat)
    away, what = streets.distance(x, y), "road"
    if row.text("class"):
        what = row.one_of("class", tuple(kind.name.lower() for kind in RoadKind))
        away = np.where(network.roads.kind == RoadKind[what.upper()], away, np.inf)
    direction = row.text("direction")
    if direction not in ("", "both"):
        return (_nearest(row, np.where(streets.toward(_degrees(row)), away, np.inf), f"{what} {direction}", tolerance),)
    first = _nearest(row, away, what, tolerance)
    back = np.where(streets.toward(streets.heading[first] + 180), away, np.inf)
    return first, _nearest(row, back, f"{what} the other way", tolerance)


def _degrees(row: _Row) -> float:
    text = row.text("direction")
    if text in _COMPASS:
        return 45.0 * _COMPASS.index(text)
    return row.number_in("direction", 0, 360, f"both, one of {', '.join(_COMPASS)}, or degrees from 0 to 360")


def _nearest(row: _Row, away: Float64, what: str, tolerance: float) -> int:
    road = int(np.argmin(away))
    if away[road] > tolerance:
        how_far = f"the nearest is {away[road]:,.0f} m away" if np.isfinite(away[road]) else "there is none"
        raise row.wrong(f"no {what} within {tolerance:g} m of {row.text('lat')}, {row.text('lon')}; {how_far}")
    return road


def watched(counts: tuple[Count, ...], n_roads: int) -> NDArray[Any]:
    """Tell of each road whether it is counted."""
    return np.isin(np.arange(n_roads), [road for count in counts for road in count.roads])
