"""Where generated towns lie: their figures, their cells, the highways through them and the roads between them."""

from __future__ import annotations

import csv
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from alprsim import randomness
from alprsim._streets import CELL
from alprsim.tables import Float64, Int64, RoadKind, UInt64

Bool = NDArray[np.bool_]

CRS = "EPSG:6433"
"""NAD83(2011) / Connecticut, metres."""

STEP = 200.0
"""Longest straight piece of a main road, in metres."""

_MPH = 0.44704
_MAIN_STREET = 600.0  # a main street's half length, in metres: assumption
_OPEN_SIDE = 1.7  # radians between neighbours' roads beyond which a road leaves for outside: assumption
_SERVED = 3000.0  # metres from an old highway within which no other road leaves the state: assumption
_BORDER_ROAD = 1500.0  # metres of shared border for each small road that crosses it: assumption
_MAIN_ROADS = 330.0
"""Metres of motorway, trunk and primary road a km² of a town, a motorway counted once: Danbury 316, Mansfield 350."""

_SLACK = 1000.0  # metres by which highways may leave a town's cell and still belong to it


class TownFigures(NamedTuple):
    """One town as published, and how far its cell reaches."""

    name: str
    population: int
    population_source: str
    area_km2: float
    lat: float
    lon: float
    jobs: int
    blocks: int
    reach: float


class Line(NamedTuple):
    """A main road as a chain of points: a highway, or the road between two towns' main streets."""

    name: str
    kind: int
    lanes: int
    speed: float
    ends: tuple[str, str]
    xy: Float64
    highway: bool


class Region(NamedTuple):
    """All towns and all lines: the same whichever towns are built, so that a town is the same in every study."""

    towns: tuple[TownFigures, ...]
    centre: Float64
    reach: Float64
    shore: Float64
    heart: Float64
    """Where each town's main street lies: on the old highway through it, where one is built in, else at its centre."""
    lines: tuple[Line, ...]
    owners: tuple[Int64, ...]
    """For each line, the town each of its points lies in, −1 for none."""

    def owner(self, points: Float64, slack: float = 0.0) -> Int64:
        """Return the town each point (float64[n, 2], metres) lies in, −1 for none.

        A town's cell is where its power, distance² − reach², is the least of all towns' and below 0 (a power diagram).
        """
        squared = ((points[:, None, :] - self.centre[None, :, :]) ** 2).sum(2)
        power = squared - self.reach**2
        town = power.argmin(1)
        rows = np.arange(len(points))
        return np.where(squared[rows, town] <= (self.reach[town] + slack) ** 2, town, -1)

    def land(self, points: Float64) -> Bool:
        """Tell which points lie north of the shore."""
        return np.asarray(points[:, 1] > np.interp(points[:, 0], self.shore[:, 0], self.shore[:, 1]))

    def raster(self, town: int) -> tuple[Float64, float, float]:
        """Return 1.0 for the raster's cells that lie in a town, 0.0 elsewhere; its west and south edge in metres."""
        reach = self.reach[town]
        west, south = np.floor((self.centre[town] - reach) / CELL) * CELL
        n = int(2 * reach / CELL) + 2
        x, y = np.meshgrid(west + CELL * (np.arange(n) + 0.5), south + CELL * (np.arange(n) + 0.5))
        points = np.column_stack([x.ravel(), y.ravel()])
        near = self._near(town)
        inside = near.owner(points) == 0
        return (inside & self.land(points)).reshape(n, n).astype(np.float64), float(west), float(south)

    def _near(self, town: int) -> Region:
        """Keep the towns whose discs touch this one's, which becomes row 0."""
        gap = np.sqrt(((self.centre - self.centre[town]) ** 2).sum(1)) - self.reach - self.reach[town]
        rows = np.argsort(gap, kind="stable")[: np.count_nonzero(gap < 0)]
        return self._replace(
            towns=tuple(self.towns[i] for i in rows),
            centre=self.centre[rows],
            reach=self.reach[rows],
            heart=self.heart[rows],
            lines=(),
            owners=(),
        )


@lru_cache(maxsize=1)
def figures() -> tuple[TownFigures, ...]:
    """Read the towns' figures."""
    return tuple(
        TownFigures(
            row["town"], int(row["population"]), row["population_source"], float(row["area_km2"]), float(row["lat"]),
            float(row["lon"]), int(row["jobs"]), int(row["blocks"]), float(row["reach_m"]),
        )
        for row in _rows("towns.csv")
    )  # fmt: skip


@lru_cache(maxsize=4)
def region(seed: int) -> Region:
    """Lay out the region: centres, cells, highways and the roads between towns."""
    towns = figures()
    centre = _project(np.array([(town.lat, town.lon) for town in towns]))
    reach = np.array([town.reach for town in towns])
    highways = [_highway(row) for row in _rows("highways.csv")]
    shore = next(line.xy for line in highways if line.kind < 0)
    bare = Region(towns, centre, reach, shore, centre, tuple(line for line in highways if line.kind >= 0), ())
    heart, way = _hearts(bare)
    bare = bare._replace(heart=heart)
    lines = (*bare.lines, *_between(bare, way, randomness.stream(seed, "roads between towns")))
    whole = bare._replace(lines=lines, owners=tuple(bare.owner(line.xy, _SLACK * line.highway) for line in lines))
    return whole._replace(lines=_promoted(whole))


def _promoted(region: Region) -> tuple[Line, ...]:
    """Make roads between towns primary, those of the most people first, while each town on them lacks main roads.

    A town's main street becomes one with the first such road.
    """
    lines = list(region.lines)
    people = np.array([town.population for town in region.towns])
    lacking = _MAIN_ROADS * np.array([town.area_km2 for town in region.towns])
    metres = [_metres(region, row) for row in range(len(lines))]
    for row, line in enumerate(lines):
        lacking -= metres[row] * (line.kind <= RoadKind.PRIMARY)
    streets = {line.ends[0]: row for row, line in enumerate(lines) if not line.highway and line.ends[0] == line.ends[1]}
    between = [
        row for row, line in enumerate(lines) if line.kind == RoadKind.SECONDARY and line.ends[0] != line.ends[1]
    ]
    reached = {row: np.flatnonzero(metres[row]) for row in between}
    for row in sorted(between, key=lambda row: -int(people[reached[row]].sum())):
        if np.all(lacking[reached[row]] > 0):
            names = [name for name in lines[row].ends if name in streets]
            for one in (row, *(streets[name] for name in names)):
                lacking -= metres[one] * (lines[one].kind > RoadKind.PRIMARY)
                lines[one] = lines[one]._replace(kind=RoadKind.PRIMARY)
    return tuple(lines)


def _metres(region: Region, row: int) -> Float64:
    """Return the metres of a line in each town."""
    step = np.sqrt(((region.lines[row].xy[1:] - region.lines[row].xy[:-1]) ** 2).sum(1))
    owner = region.owners[row][:-1]
    inside = owner >= 0
    return np.bincount(owner[inside], step[inside], len(region.towns)).astype(np.float64)


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("alprsim").joinpath("data", name).read_text("utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def _project(latlon: Float64) -> Float64:
    """Project to whole metres, so that every machine starts from the same numbers."""
    x, y = Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform(latlon[:, 1], latlon[:, 0])
    return np.asarray(np.rint(np.column_stack([x, y])))


def _highway(row: dict[str, str]) -> Line:
    xy = _project(np.array([[float(v) for v in point.split()] for point in row["points"].split(";")]))
    shore = row["kind"] == "shore"
    return Line(
        row["route"], -1 if shore else RoadKind[row["kind"].upper()], int(row["lanes"]), float(row["speed_mph"]) * _MPH,
        (row["from"], row["to"]), xy if shore else _rounded(xy), True,
    )  # fmt: skip


def _rounded(xy: Float64) -> Float64:
    """Round a chain's corners (each cut at a quarter and three quarters, twice: Chaikin 1974), then divide it."""
    for _ in range(2):
        quarter, three = xy[:-1] * 0.75 + xy[1:] * 0.25, xy[:-1] * 0.25 + xy[1:] * 0.75
        xy = np.vstack([xy[:1], np.stack([quarter, three], 1).reshape(-1, 2), xy[-1:]])
    return divide(xy, STEP)


def divide(xy: Float64, step: float) -> Float64:
    """Place points along a chain at equal distances of at most `step` metres."""
    along = np.concatenate([[0.0], np.cumsum(np.sqrt(((xy[1:] - xy[:-1]) ** 2).sum(1)))])
    at = np.linspace(0.0, along[-1], int(np.ceil(along[-1] / step)) + 1)
    return np.column_stack([np.interp(at, along, xy[:, 0]), np.interp(at, along, xy[:, 1])])


class _Ways(NamedTuple):
    """For each town the old highway on which its heart lies, −1 for none, and the highway's direction there."""

    line: Int64
    unit: Float64


def _hearts(region: Region) -> tuple[Float64, _Ways]:
    """Find where the main streets lie: on a primary highway, as near to the town's centre as it comes."""
    n = len(region.towns)
    heart, line, unit, nearest = region.centre.copy(), np.full(n, -1), np.zeros((n, 2)), np.full(n, np.inf)
    for number, highway in enumerate(region.lines):
        if highway.kind != RoadKind.PRIMARY:
            continue
        owner = region.owner(highway.xy)
        for k in np.flatnonzero(owner[1:-1] >= 0) + 1:
            i, squared = owner[k], ((highway.xy[k] - region.centre[owner[k]]) ** 2).sum()
            if squared < nearest[i]:
                nearest[i], line[i], heart[i] = squared, number, highway.xy[k]
                unit[i] = _unit(highway.xy[k + 1] - highway.xy[k - 1])
    return heart, _Ways(line, unit)


def _between(region: Region, ways: _Ways, stream: np.uint64) -> list[Line]:
    """Lay the roads between towns: main street to main street, out of the state, and small ones across the borders.

    Towns on one old highway are joined by it.
    """
    pairs = _adjacent(region)
    ends: dict[int, list[int]] = {i: [] for i in range(len(region.towns))}
    for i, j in pairs:
        ends[i].append(j)
        ends[j].append(i)
    main = [_main_street(region, i, ends[i], ways) for i in ends]
    lines = [_line((region.towns[i].name,) * 2, RoadKind.SECONDARY, divide(main[i], STEP)) for i in ends]
    for i, j in pairs:
        name = region.towns[i].name, region.towns[j].name
        if ways.line[i] < 0 or ways.line[i] != ways.line[j]:
            a, b = _attach(main[i], region.heart[j]), _attach(main[j], region.heart[i])
            lines.append(_line(name, RoadKind.SECONDARY, _winding(a, b, randomness.draw(stream, i, j))))
        lines += [_line(name, RoadKind.TERTIARY, xy) for xy in _across(region, i, j)]
    for i in ends:
        for k, out in enumerate(_outward(region, i, [region.centre[j] for j in ends[i]])):
            xy = _winding(_attach(main[i], out), out, randomness.draw(stream, i, 1000 + k))
            lines.append(_line((region.towns[i].name, ""), RoadKind.SECONDARY, xy))
    return lines


def _line(ends: tuple[str, str], kind: int, xy: Float64) -> Line:
    return Line("–".join(ends), kind, 0, 0.0, ends, xy, False)


def _adjacent(region: Region) -> list[tuple[int, int]]:
    """Return the pairs of towns whose cells meet on the line between their centres."""
    pairs = []
    for i in range(len(region.towns)):
        gap = np.sqrt(((region.centre - region.centre[i]) ** 2).sum(1)) - region.reach - region.reach[i]
        near = [int(j) for j in np.flatnonzero(gap < 0) if j > i]
        pairs += [(i, j) for j in near if region.owner(_border(region, i, j)[None, :])[0] in (i, j)]
    return pairs


def _border(region: Region, i: int, j: int) -> Float64:
    """Return the point of equal power on the line between two centres."""
    a, b = region.centre[i], region.centre[j]
    squared = ((b - a) ** 2).sum()
    share = 0.5 + (region.reach[i] ** 2 - region.reach[j] ** 2) / (2 * squared)
    return np.asarray(a + share * (b - a))


def _main_street(region: Region, i: int, beside: list[int], ways: _Ways) -> Float64:
    """Lay a straight main street through a town's heart: across its highway, else towards the nearest neighbour."""
    heart = region.heart[i]
    away = [region.heart[j] - heart for j in beside]
    along = min(away, key=lambda way: float((way**2).sum()), default=np.ones(2))
    unit = np.array([-ways.unit[i, 1], ways.unit[i, 0]]) if ways.line[i] >= 0 else _unit(along)
    half = min(_MAIN_STREET, 0.3 * region.reach[i])
    return np.array([heart - half * unit, heart + half * unit])


def _unit(vector: Float64) -> Float64:
    return np.asarray(vector / np.sqrt((vector**2).sum()))


def _attach(main: Float64, towards: Float64) -> Float64:
    """Choose where the road towards a place leaves a main street: the farther along, the more it goes that way."""
    points = divide(main, STEP)
    centre, unit = (main[0] + main[1]) / 2, _unit(main[1] - main[0])
    cosine = float(_unit(towards - centre) @ unit)
    return np.asarray(points[int(np.rint((cosine + 1) / 2 * (len(points) - 1)))])


def _winding(a: Float64, b: Float64, stream: UInt64) -> Float64:
    """Lay a road from a to b that swerves by up to a twelfth of its length, differently every 1.5 km."""
    length = np.sqrt(((b - a) ** 2).sum())
    n = max(int(length / 1500.0), 1) + 1
    along = np.linspace(0.0, 1.0, n + 1)
    swerve = (2 * randomness.uniform(randomness.draw(stream, np.arange(n + 1))) - 1) * along * (1 - along)
    unit = (b - a) / length
    knots = a + (b - a) * along[:, None] + (swerve * length / 3)[:, None] * np.array([-unit[1], unit[0]])
    return _rounded(knots)


def _across(region: Region, i: int, j: int) -> list[Float64]:
    """Lay short roads across a shared border, one for each stretch of it."""
    middle, unit = _border(region, i, j), _unit(region.centre[j] - region.centre[i])
    side = np.array([-unit[1], unit[0]])
    at = np.arange(-12_000.0, 12_000.0, 100.0)
    points = middle + at[:, None] * side
    shared = np.isin(region.owner(points), (i, j)) & region.land(points)
    if np.count_nonzero(shared) * 100.0 < 2 * _BORDER_ROAD:
        return []
    low, high = at[shared][0], at[shared][-1]
    n = int((high - low) / _BORDER_ROAD)
    places = low + (high - low) * (np.arange(n) + 0.5) / n
    places = places[np.abs(places) > 0.6 * _BORDER_ROAD]
    return [divide(middle + p * side + np.array([[-400.0], [400.0]]) * unit, STEP) for p in places]


def _outward(region: Region, i: int, ends: list[Float64]) -> list[Float64]:
    """Return points just outside the state, or on the shore, where no neighbour lies and to which no old highway goes."""
    centre = region.centre[i]
    old = np.vstack([line.xy for line in region.lines if line.kind == RoadKind.PRIMARY])
    angles = np.sort([np.arctan2(*(end - centre)[::-1]) for end in ends])
    gaps = np.diff(np.append(angles, angles[0] + 2 * np.pi)) if len(angles) else np.array([2 * np.pi])
    points = []
    for angle, gap in zip(angles, gaps, strict=True):
        n = int(gap / _OPEN_SIDE)
        for k in range(1, n + 1):
            turn = angle + gap * k / (n + 1)
            points.append(np.rint(centre + (region.reach[i] + 500.0) * np.array([np.cos(turn), np.sin(turn)])))
    served = np.array([((old - p) ** 2).sum(1).min() < _SERVED**2 for p in points], np.bool_)
    outside = np.array([region.owner(p[None, :])[0] == -1 for p in points], np.bool_)
    return [_ashore(region, region.heart[i], p) for p, on in zip(points, outside & ~served, strict=True) if on]


def _ashore(region: Region, a: Float64, b: Float64) -> Float64:
    """Return b, or where the way from a to b comes to the shore."""
    way = a + (b - a) * np.linspace(0.0, 1.0, 101)[:, None]
    wet = ~region.land(way)
    return np.asarray(np.rint(way[max(int(wet.argmax()) - 1, 1)]) if wet.any() else b)
