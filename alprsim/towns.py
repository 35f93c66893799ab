"""The built-in Connecticut: towns whose streets are generated from published figures, for machines without a network.

Each of the 169 towns is known by its population, area, centre, jobs and census blocks, and the highways by a few points
set by hand. The streets between are invented: like the town's own in number, length and shape, and nowhere the same.
"""

from __future__ import annotations

import difflib
import itertools
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from alprsim import _highways, _islands, _places, _region, _streets, randomness
from alprsim._highways import Exit, Interchange
from alprsim._region import Bool, Region, TownFigures
from alprsim._streets import Pieces
from alprsim.tables import Float64, Int16, Int64, Junctions, Places, RoadKind, Streets, Towns

__all__ = ["Built", "TownError", "TownFigures", "generate", "known"]

FULL_NEIGHBOURS = frozenset({"Bridgeport"})
"""Neighbours that get all their streets; the others get their main roads, with a BEYOND place at each interchange.
Bridgeport lies between three of the eight departments' towns; all streets of all neighbours would be about 38,000 junctions."""

_ID = 10_000_000
_HIGHWAY = len(RoadKind)


class TownError(ValueError):
    """A town that is not built in, is named twice, or is joined to the others by no road."""


class Built(NamedTuple):
    """Generated streets. `towns`: the listed ones, their neighbours, then a row for each road that leaves, "beyond …"."""

    junctions: Junctions
    streets: Streets
    places: Places
    towns: Towns
    crs: str


class _Town(NamedTuple):
    """One town's streets, and where its lines' points and its interchanges lie among them."""

    pieces: Pieces
    samples: dict[tuple[int, int], int]
    interchanges: list[Interchange]


class _Net(NamedTuple):
    """All towns' streets together; `first[i]` is the first point of town i."""

    pieces: Pieces
    first: list[int]
    interchanges: list[Interchange]
    exits: list[Exit]


def known() -> tuple[TownFigures, ...]:
    """Return the published figures of every built-in town, by name."""
    return _region.figures()


def generate(towns: Sequence[str], neighbours: Sequence[str], *, seed: int) -> Built:
    """Generate the streets and places of towns and of the neighbours that join them.

    Parameters
    ----------
    towns : names
        Built with all their streets.
    neighbours : names
        Built with their main roads and motorways (`FULL_NEIGHBOURS`: with all their streets).
    seed : int
        Redraws the streets. A town is the same whichever others are built with it.

    Returns
    -------
    Built
        Every junction reaches every other. Coordinates in metres, EPSG:6433.

    Raises
    ------
    TownError
        A name is not a built-in town's, or stands twice; or no road built joins the towns.

    """
    rows = _rows(towns, neighbours)
    region = _region.region(seed)
    met = _highways.meetings(region)
    full = np.array([i < len(towns) or region.towns[row].name in FULL_NEIGHBOURS for i, row in enumerate(rows)])
    net = _join(region, [_town(region, row, seed, met, bool(f)) for row, f in zip(rows, full, strict=True)])
    built = [_filled(np.isin(owners, rows)) for owners in region.owners]
    roads = _highways.carriageways(region, built, net.pieces.xy, net.interchanges, met)
    exits = net.exits + roads.exits
    junctions, streets, number = _tables(region, rows, net, roads, exits)
    _check_joined(region, rows, junctions)
    exits = [e for e in exits if number[e.point] >= 0]
    names = [_beyond(region, e) for e in exits]
    table = _towns(region, rows, len(towns), dict(zip(names, (number[e.point] for e in exits), strict=True)), junctions)
    doors = [(number[p], i) for i, p in _doors(net, full) if number[p] >= 0]
    doors += [(number[e.point], table.name.tolist().index(name)) for e, name in zip(exits, names, strict=True)]
    streets_built = np.append(full, np.zeros(len(table) - len(rows), np.bool_))
    jobs = np.array([region.towns[row].jobs for row in rows] + [0] * (len(table) - len(rows)), np.int64)
    peopled = Towns.of(**{**table.data(), "population": np.where(streets_built, table.population, 0)})
    gateway_town = np.array([d[1] for d in doors], np.int16)
    places = _places.scatter(
        junctions, streets, peopled, jobs=np.where(streets_built, jobs, 0), known=None, seed=seed,
        gateways=np.array([d[0] for d in doors], np.int32), gateway_town=gateway_town,
        gateway_jobs=_jobs_beyond(region, table, gateway_town),
    )  # fmt: skip
    return Built(junctions, streets, places, table, _region.CRS)


def _jobs_beyond(region: Region, table: Towns, gateway_town: Int16) -> Float64:
    """Return the jobs reached through each gateway: its town's, shared with that town's other gateways.

    A gateway that leads out of the built towns stands for the town it enters ("beyond I-95 (Stamford)"); one that
    leaves the state for as many jobs as Connecticut's largest town has, an assumption.
    """
    jobs = {town.name: town.jobs for town in region.towns}
    stands_for = [str(name).rpartition("(")[2].rstrip(")") for name in table.name[gateway_town]]
    shared = Counter(stands_for)
    return np.array([jobs.get(name, max(jobs.values())) / shared[name] for name in stands_for])


def _rows(towns: Sequence[str], neighbours: Sequence[str]) -> list[int]:
    names = [town.name for town in known()]
    if not towns:
        raise TownError("towns must name at least one town; `alprsim towns` lists them")
    rows: list[int] = []
    for name in (*towns, *neighbours):
        if name not in names:
            close = difflib.get_close_matches(name.title(), names, n=3, cutoff=0.5)
            hint = f"; did you mean {' or '.join(close)}?" if close else ""
            raise TownError(
                f"towns: no built-in town is called {name!r}{hint} (`alprsim towns` lists all {len(names)})"
            )
        if names.index(name) in rows:
            raise TownError(f"towns: {name} is named twice, among towns and neighbours")
        rows.append(names.index(name))
    return rows


def _check_joined(region: Region, rows: list[int], junctions: Junctions) -> None:
    present = np.bincount(junctions.town, minlength=len(rows))
    apart = [region.towns[row].name for row, n in zip(rows, present, strict=True) if n == 0]
    if apart:
        raise TownError(
            f"towns: no road that is built joins {', '.join(apart)} with the others; add the towns between to neighbours"
        )


def _town(region: Region, row: int, seed: int, met: list[_highways.Meeting], full: bool) -> _Town:
    """Build one town: its lines, joined where they cross, its interchanges, and its small streets."""
    main, samples = _lines(region, row)
    main, holder = _streets.weld(main)
    main, samples = _streets.connect(_streets.cross(main)), {at: int(holder[point]) for at, point in samples.items()}
    chosen = _highways.interchanges(region, row, main, met)
    if not full:
        return _Town(main, samples, chosen)
    stream = randomness.draw(randomness.stream(seed, "streets"), row)
    figures = region.towns[row]
    goal = _streets.target(figures.area_km2, figures.blocks)
    inside, west, south = region.raster(row)
    old = [line.xy for line in region.lines if line.highway and line.kind in (RoadKind.TRUNK, RoadKind.PRIMARY)]
    settled = np.vstack([region.heart[row], *old])
    field = _streets.field(inside, west, south, settled, region.shore, goal, randomness.draw(stream, 0))
    barred = _highways.barriers(region, row, main, chosen)
    grown = _streets.grow(main, barred, field, goal, np.uint64(randomness.draw(stream, 1)))
    held = {*samples.values(), *(point for c in chosen for point in (c.right, c.left))}
    return _Town(_islands.lay(grown, held, goal.islands, randomness.draw(stream, 2)), samples, chosen)


def _lines(region: Region, row: int) -> tuple[Pieces, dict[tuple[int, int], int]]:
    """Collect the parts of main roads, motorways aside, that lie in a town."""
    xy: list[Float64] = []
    samples: dict[tuple[int, int], int] = {}
    pieces: list[tuple[int, int, int]] = []
    for number, line in enumerate(region.lines):
        if line.kind == RoadKind.MOTORWAY:
            continue
        for k in np.flatnonzero(region.owners[number] == row).tolist():
            samples[number, k] = len(xy)
            xy.append(line.xy[k])
            if (number, k - 1) in samples:
                pieces.append((len(xy) - 2, len(xy) - 1, _code(number, line)))
    tail, head, kind = np.array(pieces, np.int32).reshape(-1, 3).T.copy()
    return Pieces(np.array(xy), tail, head, kind), samples


def _code(number: int, line: _region.Line) -> int:
    """Return the class of a line's pieces; a highway's own number, past the classes, keeps its lanes and speed."""
    return _HIGHWAY + number if line.highway else line.kind


def _join(region: Region, parts: list[_Town]) -> _Net:
    """Put towns side by side and join the lines that cross from one to the other."""
    first = np.concatenate([[0], np.cumsum([len(p.pieces.xy) for p in parts])]).tolist()
    samples = {at: first[i] + point for i, part in enumerate(parts) for at, point in part.samples.items()}
    borders = [
        (point, samples[number, k + 1], _code(number, region.lines[number]))
        for (number, k), point in samples.items()
        if (number, k + 1) in samples and region.owners[number][k] != region.owners[number][k + 1]
    ]
    across = np.array(borders, np.int32).reshape(-1, 3).T
    pieces = Pieces(
        np.vstack([p.pieces.xy for p in parts]),
        np.concatenate([*(f + p.pieces.tail for f, p in zip(first, parts, strict=False)), across[0]]).astype(np.int32),
        np.concatenate([*(f + p.pieces.head for f, p in zip(first, parts, strict=False)), across[1]]).astype(np.int32),
        np.concatenate([*(p.pieces.kind for p in parts), across[2]]).astype(np.int32),
    )
    interchanges = [
        c._replace(right=c.right + f, left=c.left + f)
        for f, p in zip(first, parts, strict=False)
        for c in p.interchanges
    ]
    return _Net(pieces, first, interchanges, _exits(region, samples))


def _exits(region: Region, samples: dict[tuple[int, int], int]) -> list[Exit]:
    """Find where highways with streets along them leave what is built, or the state."""
    names = {town.name for town in region.towns}
    exits = []
    for (number, k), point in samples.items():
        line = region.lines[number]
        for beside, end in ((k - 1, 0), (k + 1, -1)):
            over = not 0 <= beside < len(line.xy)
            if line.highway and (number, beside) not in samples and not (over and line.ends[end] in names):
                exits.append(Exit(point, number, k, end))
    return exits


def _filled(mask: Bool, gap: int = 5) -> Bool:
    """Fill gaps of up to a kilometre, where a motorway leaves a built town's cell and comes back or enters the next."""
    filled = mask.copy()
    places = np.flatnonzero(mask)
    for a, b in itertools.pairwise(places):
        if b - a <= gap:
            filled[a:b] = True
    return filled


def _beyond(region: Region, leaves: Exit) -> str:
    """Name the direction in which a highway leaves: by the town it enters, or by where the line ends."""
    line, owners = region.lines[leaves.line], region.owners[leaves.line]
    beside = leaves.sample + (1 if leaves.end else -1)
    inside = 0 <= beside < len(owners) and owners[beside] >= 0
    return f"beyond {line.name} ({region.towns[owners[beside]].name if inside else line.ends[leaves.end]})"


def _doors(net: _Net, full: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the interchanges of towns without small streets, (point, town): there one gets off for that town."""
    ends = sorted({p for c in net.interchanges for p in (c.right, c.left)})
    town = np.searchsorted(net.first, ends, side="right") - 1
    return [(int(i), p) for p, i in zip(ends, town, strict=True) if not full[i]]


def _towns(region: Region, rows: list[int], listed: int, beyond: dict[str, int], junctions: Junctions) -> Towns:
    figures = [region.towns[row] for row in rows]
    at = list(beyond.values())
    return Towns.of(
        name=[t.name for t in figures] + list(beyond),
        x=np.concatenate([region.centre[rows, 0], junctions.x[at]]),
        y=np.concatenate([region.centre[rows, 1], junctions.y[at]]),
        population=[t.population for t in figures] + [0] * len(at),
        listed=[int(i < listed) for i in range(len(rows) + len(at))],
    )


def _tables(
    region: Region, rows: list[int], net: _Net, roads: _highways.Carriageways, exits: list[Exit]
) -> tuple[Junctions, Streets, Int64]:
    """Simplify the streets, add the motorways and keep what reaches everything; also number each point's junction."""
    keep = np.zeros(len(net.pieces.xy), np.bool_)
    keep[
        [p for c in net.interchanges for p in (c.right, c.left)] + [e.point for e in exits if e.point < roads.first]
    ] = True
    tail, head, length, kind = _streets.simplify(net.pieces, keep)
    one = np.array(roads.roads).reshape(-1, 5)
    code = np.where(one[:, 3] == RoadKind.RAMP, RoadKind.RAMP, _HIGHWAY + one[:, 4])
    tails = np.concatenate([tail, head, one[:, 0]]).astype(np.int64)
    heads = np.concatenate([head, tail, one[:, 1]]).astype(np.int64)
    metres = np.concatenate([length, length, one[:, 2]])
    codes = np.concatenate([kind, kind, code]).astype(np.int64)
    n = roads.first + len(roads.points)
    _, part = connected_components(coo_array((np.ones(len(tails)), (tails, heads)), shape=(n, n)), connection="strong")
    strong = part == np.bincount(part).argmax()
    number = np.where(strong, np.cumsum(strong) - 1, -1)
    inside = strong[tails] & strong[heads]
    kinds, lanes, speed = _classes(region)
    streets = Streets.of(
        tail=number[tails[inside]], head=number[heads[inside]], length=metres[inside], kind=kinds[codes[inside]],
        lanes=lanes[codes[inside]], speed=speed[codes[inside]],
    )  # fmt: skip
    return _junctions(region, rows, net, roads).take(strong), streets, number


def _classes(region: Region) -> tuple[Int64, Int64, Float64]:
    """Return class, lanes and speed for each code: the classes themselves, then each highway."""
    highways = [line for line in region.lines if line.highway]
    return (
        np.array([*range(_HIGHWAY), *(line.kind for line in highways)]),
        np.array([0] * _HIGHWAY + [line.lanes for line in highways]),
        np.array([0.0] * _HIGHWAY + [line.speed for line in highways]),
    )


def _junctions(region: Region, rows: list[int], net: _Net, roads: _highways.Carriageways) -> Junctions:
    """Describe every point; its number belongs to the town, or to the highway and the metre on it."""
    town = np.repeat(np.arange(len(rows)), np.diff(net.first))
    key = _ID * (1 + np.array(rows)[town]) + np.arange(len(town)) - np.array(net.first)[town]
    place = {row: i for i, row in enumerate(rows)}
    x, y, line, at, side = np.array(roads.points).reshape(-1, 5).T
    theirs = [_owner(region, place, int(number), metre) for number, metre in zip(line, at, strict=True)]
    keys = _ID * (1000 + line) + 4 * np.floor(at) + side + 1
    return Junctions.of(
        osm_id=np.concatenate([key, keys.astype(np.int64)]),
        x=np.concatenate([net.pieces.xy[:, 0], x]),
        y=np.concatenate([net.pieces.xy[:, 1], y]),
        town=np.concatenate([town, theirs]),
    )


def _owner(region: Region, place: dict[int, int], number: int, metre: float) -> int:
    """Return the row of the built town that owns the point of a line nearest to a place on it."""
    owners = region.owners[number]
    inside = np.isin(owners, list(place))
    away = np.where(inside, np.abs(_highways.along(region.lines[number]) - metre), np.inf)
    return place[int(owners[away.argmin()])]
