"""Networks of the General Modeling Network Specification: ``node.csv``, ``link.csv``, their units in ``config.csv``.

The specification: https://github.com/zephyr-data-specs/GMNS (0.97). ``capacity`` is vehicles an hour and lane. What a file leaves
blank is filled in by class, as for every other source of streets (``roads.py``). GMNS knows no places, so a network that
is read has none, and those of one that is written are lost.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from alprsim import roads as _roads
from alprsim.interop import errors
from alprsim.interop.errors import Line
from alprsim.tables import Float64, Junctions, Network, Places, RoadKind, Roads, Streets, Towns

LENGTHS = {
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), 1.0),
    **dict.fromkeys(("km", "kilometer", "kilometers", "kilometre", "kilometres"), 1000.0),
    **dict.fromkeys(("mi", "mile", "miles"), 1609.344),
    **dict.fromkeys(("ft", "foot", "feet"), 0.3048),
}
"""Metres in a unit of length, by the names that are read."""

SPEEDS = {
    **dict.fromkeys(("m/s", "mps"), 1.0),
    **dict.fromkeys(("km/h", "kmh", "kph", "kmph"), 1 / 3.6),
    **dict.fromkeys(("mph", "mi/h", "mile/hour", "miles/hour", "miles per hour"), 0.44704),
}
"""Metres a second in a unit of speed."""

USES = ("all", "auto", "car", "sov", "drive", "vehicle", "motor_vehicle")
"""Names in ``allowed_uses`` that let cars in; each data set may define its own. Assumption: the usual ones."""

_KINDS = {
    **{kind.name.lower(): kind for kind in RoadKind},
    **dict.fromkeys(("freeway", "expressway", "interstate"), RoadKind.MOTORWAY),
    **dict.fromkeys(("principal arterial", "major arterial", "arterial"), RoadKind.PRIMARY),
    "minor arterial": RoadKind.SECONDARY,
    **dict.fromkeys(("collector", "major collector", "minor collector"), RoadKind.TERTIARY),
    "local": RoadKind.RESIDENTIAL,
}
"""Our class of each ``facility_type``: OpenStreetMap's names, and the US functional classes in the order of their rank."""

_NOT_FOR_CARS = frozenset({
    "sidewalk", "crosswalk", "footway", "pedestrian", "path", "trail", "steps", "bikeway", "cycleway", "bike path", "busway",
    "rail", "railway", "light rail", "ferry", "transit",
})  # fmt: skip
"""Facility types that are left out even where ``allowed_uses`` is blank, as the specification's own examples leave it."""

_MISSING = frozenset({"", "NaN"})  # the specification's missingValues
_TRUTH = {**dict.fromkeys(("true", "t", "yes", "1"), True), **dict.fromkeys(("false", "f", "no", "0"), False)}
_MOST_LANES = 20  # in one direction; more is taken for a slip of the hand: assumption
_ROOM, _WAVE = "room", "wave_ms"  # fields of our own, which the specification allows


class Gmns(NamedTuple):
    """A network, and what its rows are called in the files."""

    network: Network
    nodes: list[str]
    """The node_id of each junction."""
    links: list[str]
    """The link_id of each road; both directions of an undirected link have the same."""


class _Row(NamedTuple):
    """One line of a CSV file, missing values left out."""

    line: Line
    said: dict[str, str]

    def text(self, name: str) -> str:
        """Return a value that must be there."""
        if name not in self.said:
            raise self.line.refuse(f"{name} must be given")
        return self.said[name]

    def number(self, name: str, *, above: float | None = None) -> float:
        """Return a value that is 0 or more (or above), NaN where it is missing."""
        return self.line.number_of(name, self.said[name], above=above) if name in self.said else np.nan


class _Link(NamedTuple):
    """One direction of a link; NaN is unsaid. Length in m, speed in m/s, capacity a lane."""

    tail: int
    head: int
    kind: RoadKind
    length: float
    lanes: int
    speed: float
    capacity: float
    room: float
    wave: float
    name: str


def read(
    folder: Path | str, *, long_length: str | None = None, speed: str | None = None, crs: str | None = None,
    uses: Collection[str] = USES,
) -> Gmns:  # fmt: skip
    """Read a network; every node becomes a junction, every link that cars may use a road, an undirected one two.

    What is left out, or taken otherwise than the files say, is counted in ``Network.notes``.

    Longitudes and latitudes are projected as ``roads.local_crs`` says, coordinates in metres kept. Towns are the nodes' zones.

    Parameters
    ----------
    long_length, speed, crs
        Units (of `LENGTHS`, `SPEEDS`) and coordinate system, before those of ``config.csv``; one of the two must tell.
    uses
        A link with ``allowed_uses`` is kept if one of them is among these, whatever the case.

    Raises
    ------
    InteropError
        A file or a field is missing, a row is cut short, a unit is unknown, a node is, an id stands twice, a figure is below
        0, a capacity or a speed 0.
    """
    folder = Path(folder)
    config = _config(folder, {"long_length": long_length, "speed": speed, "crs": crs})
    nodes = _table(folder / "node.csv", ("node_id", "x_coord", "y_coord"))
    row = _numbered(nodes, "node_id")
    names = list(row)
    x, y, system = _projected(nodes, _setting(config, folder, "crs"), folder)
    town, towns = _towns(nodes, x, y, folder, config.get("dataset_name", folder.name))
    told: list[str] = []
    junctions = Junctions.of(osm_id=_ids(names, told), x=x, y=y, town=town)
    found = list(_links(folder, row, config, {use.lower() for use in uses}, told))
    if not found:
        raise Line(folder / "link.csv", 0).refuse("at least one link must be one that cars may use")
    roads, links = _built(found, junctions, towns, system, told)
    return Gmns(roads, names, links)


def write(network: Network, folder: Path | str, *, name: str = "alprsim") -> None:
    """Write ``config.csv``, ``node.csv``, ``link.csv`` and ``zone.csv`` (the towns); ``read`` makes the same roads of them.

    ``room`` and ``wave_ms`` are fields of our own: vehicles that fit, and how long a freed space takes to travel back.
    """
    folder = Path(folder)
    junctions, roads = network.junctions, network.roads
    ids = junctions.osm_id.tolist()
    if len(set(ids)) < len(ids):
        raise errors.InteropError("Junctions.osm_id must differ from row to row: GMNS knows nodes by it")
    folder.mkdir(parents=True, exist_ok=True)
    config = {"dataset_name": name, "short_length": "m", "long_length": "m", "speed": "kph", "crs": network.crs}
    _save(folder / "config.csv", [*config, "version_number", "id_type"], [[*config.values(), "0.97", "integer"]])
    zone = [str(t + 1) if t >= 0 else "" for t in junctions.town.tolist()]
    coordinates = zip(ids, junctions.x.tolist(), junctions.y.tolist(), zone, strict=True)
    _save(folder / "node.csv", ["node_id", "x_coord", "y_coord", "zone_id"], coordinates)
    _save(folder / "zone.csv", ["zone_id", "name"], enumerate(network.towns.name.tolist(), 1))
    length = roads.length.astype(np.float64)
    columns: dict[str, Iterable[Any]] = {
        "link_id": range(len(roads)),
        "from_node_id": junctions.osm_id[roads.tail].tolist(),
        "to_node_id": junctions.osm_id[roads.head].tolist(),
        "directed": ["true"] * len(roads),
        "length": length.tolist(),
        "facility_type": [RoadKind(kind).name.lower() for kind in roads.kind.tolist()],
        "capacity": (3_600_000 / (roads.headway.astype(np.float64) * roads.lanes)).tolist(),
        "free_speed": (3600 * length / roads.crossing).tolist(),
        "lanes": roads.lanes.tolist(),
        _ROOM: roads.room.tolist(),
        _WAVE: roads.wave.tolist(),
    }
    _save(folder / "link.csv", list(columns), zip(*columns.values(), strict=True))


# --- files ------------------------------------------------------------------------------------------------------------


def _save(file: Path, names: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(chain([names], rows))


def _table(file: Path, required: Sequence[str]) -> list[_Row]:
    """Read a CSV file whose header has the required fields."""
    reader = csv.reader(io.StringIO(errors.text(file), newline=""))
    header = [name.strip() for name in next(reader, [])]
    missing = [name for name in required if name not in header]
    if missing:
        raise Line(file, 1).refuse(f"the header must have {', '.join(missing)}", ",".join(header))
    rows = []
    for fields in reader:
        line = Line(file, reader.line_num)
        if fields and len(fields) != len(header):
            raise line.refuse(f"a row must have {len(header)} fields, as the header: truncated?", len(fields))
        said = {n: v.strip() for n, v in zip(header, fields, strict=False) if v.strip() not in _MISSING}
        if said:
            rows.append(_Row(line, said))
    return rows


def _numbered(rows: list[_Row], name: str) -> dict[str, int]:
    """Give each row's id its number; an id must stand once."""
    number: dict[str, int] = {}
    for row in rows:
        if row.text(name) in number:
            raise row.line.refuse(f"{name} must stand once", row.text(name))
        number[row.text(name)] = len(number)
    return number


def _config(folder: Path, given: dict[str, str | None]) -> dict[str, str]:
    """Return the settings: those given go before the file's."""
    file = folder / "config.csv"
    rows = _table(file, ()) if file.exists() else []
    if len(rows) > 1:
        raise rows[1].line.refuse("there must be one row of settings")
    said = rows[0].said if rows else {}
    return {**said, **{name: value for name, value in given.items() if value is not None}}


def _setting(config: dict[str, str], folder: Path, name: str) -> str:
    if name not in config:
        raise Line(folder / "config.csv", 0).refuse(f"{name} must be said there, or given to the reader")
    return config[name]


def _unit(config: dict[str, str], folder: Path, name: str, units: dict[str, float]) -> float:
    text = _setting(config, folder, name)
    if text.lower() not in units:
        raise Line(folder / "config.csv", 0).refuse(f"{name} must be one of {', '.join(units)}", text)
    return units[text.lower()]


def _ids(names: list[str], told: list[str]) -> list[int]:
    """Return the ids as numbers, or the rows' own where they are not."""
    if all(re.fullmatch(r"-?\d{1,18}", name) for name in names) and len({int(name) for name in names}) == len(names):
        return [int(name) for name in names]
    told.append("node_id is not whole numbers throughout: junctions are numbered by row")
    return list(range(len(names)))


def _projected(nodes: list[_Row], crs: str, folder: Path) -> tuple[Float64, Float64, str]:
    """Return coordinates in metres, and their system."""
    from pyproj import CRS, Transformer
    from pyproj.exceptions import CRSError

    name = f"EPSG:{crs}" if crs.isdecimal() else crs
    try:
        system = CRS.from_user_input(name)
    except CRSError as error:
        raise Line(folder / "config.csv", 0).refuse("crs must be one that pyproj knows", crs) from error
    at = np.array([[_coordinate(row, axis) for axis in ("x_coord", "y_coord")] for row in nodes]).reshape(-1, 2)
    x, y = np.ascontiguousarray(at.T)
    if system.is_projected and system.axis_info[0].unit_conversion_factor == 1:
        return x, y, name
    lon, lat = Transformer.from_crs(system, "EPSG:4326", always_xy=True).transform(x, y)
    wrong = ~(np.abs(lon) <= 180) | ~(np.abs(lat) <= 90)
    if wrong.any():
        row = nodes[int(np.argmax(wrong))]
        raise row.line.refuse(
            f"coordinates must lie on Earth in {name}", f"{row.said['x_coord']}, {row.said['y_coord']}"
        )
    local = _roads.local_crs(*((v.min() + v.max()) / 2 for v in (lon, lat))) if len(lon) else "EPSG:6433"
    x, y = Transformer.from_crs("EPSG:4326", local, always_xy=True).transform(lon, lat)
    return x, y, local


def _coordinate(row: _Row, name: str) -> float:
    text = row.text(name)
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise row.line.refuse(f"{name} must be a number", text)
    return value


def _towns(nodes: list[_Row], x: Float64, y: Float64, folder: Path, whole: str) -> tuple[list[int], Towns]:
    """Make each zone a town, in the order of ``zone.csv``, then of appearance; one town where no node has a zone."""
    file = folder / "zone.csv"
    rows = _table(file, ("zone_id",)) if file.exists() else []
    number = _numbered(rows, "zone_id")
    names = [row.said.get("name", row.text("zone_id")) for row in rows]
    town = []
    for node in nodes:
        zone = node.said.get("zone_id")
        if zone is not None and zone not in number:
            if rows:
                raise node.line.unknown("zone_id", zone, number)
            number[zone] = len(number)
            names.append(zone)
        town.append(-1 if zone is None else number[zone])
    if not names:
        town, names = [0] * len(nodes), [whole]
    of = np.array(town, np.int64)
    count = np.maximum(np.bincount(of + 1, minlength=len(names) + 1)[1:], 1)
    centre = [np.bincount(of + 1, weights=values, minlength=len(names) + 1)[1:] / count for values in (x, y)]
    nobody = np.zeros(len(names))
    return town, Towns.of(name=names, x=centre[0], y=centre[1], population=nobody, listed=nobody + 1)


# --- links ------------------------------------------------------------------------------------------------------------


def _links(
    folder: Path, node: dict[str, int], config: dict[str, str], uses: set[str], told: list[str]
) -> Iterable[_Link]:
    """Yield each direction of each link that cars may use."""
    rows = _table(folder / "link.csv", ("link_id", "from_node_id", "to_node_id", "directed"))
    _numbered(rows, "link_id")
    metres = _unit(config, folder, "long_length", LENGTHS) if any("length" in row.said for row in rows) else 1.0
    pace = _unit(config, folder, "speed", SPEEDS) if any("free_speed" in row.said for row in rows) else 1.0
    left: Counter[str] = Counter()
    for row in rows:
        why = _left_out(row, uses)
        if why:
            left[why] += 1
            continue
        directed = _TRUTH.get(row.text("directed").lower())
        if directed is None:
            raise row.line.refuse("directed must be true or false", row.text("directed"))
        tail, head = (_node(row, name, node) for name in ("from_node_id", "to_node_id"))
        kind = _kind(row)
        left["links of no known facility_type taken as unclassified"] += kind is None
        link = _Link(
            tail, head, RoadKind.UNCLASSIFIED if kind is None else kind, row.number("length") * metres, _lanes(row),
            row.number("free_speed", above=0) * pace, row.number("capacity", above=0), row.number(_ROOM, above=0),
            row.number(_WAVE, above=0), row.text("link_id"),
        )  # fmt: skip
        yield link
        if not directed:
            yield link._replace(tail=head, head=tail)
    told += [f"{count:,} {what}" for what, count in left.items() if count]


def _left_out(row: _Row, uses: set[str]) -> str:
    """Return why a link is no road, or nothing."""
    allowed = set(re.split(r"[\s,;|]+", row.said.get("allowed_uses", "").lower())) - {""}
    if (allowed and not allowed & uses) or _plain(row) in _NOT_FOR_CARS:
        return "links that cars may not use left out"
    if row.number("lanes") == 0:
        return "links without lanes for cars left out"
    if row.text("from_node_id") == row.text("to_node_id"):
        return "links from a node to itself left out"
    return ""


def _plain(row: _Row) -> str:
    return re.sub(r"[\s_-]+", " ", row.said.get("facility_type", "")).lower()


def _kind(row: _Row) -> RoadKind | None:
    name = _plain(row)
    return RoadKind.RAMP if name.endswith((" link", " ramp")) else _KINDS.get(name)


def _node(row: _Row, name: str, node: dict[str, int]) -> int:
    if row.text(name) not in node:
        raise row.line.unknown(name, row.text(name), node)
    return node[row.text(name)]


def _lanes(row: _Row) -> int:
    """Return the lanes of one direction, 0 unsaid."""
    lanes = row.number("lanes")
    if np.isnan(lanes):
        return 0
    if lanes != int(lanes) or lanes > _MOST_LANES:
        raise row.line.refuse(f"lanes must be a whole number to {_MOST_LANES}", row.said["lanes"])
    return int(lanes)


def _built(
    found: list[_Link], junctions: Junctions, towns: Towns, crs: str, told: list[str]
) -> tuple[Network, list[str]]:
    """Make roads of links in their order, with what the files say in place of the class's own."""
    tail, head, kind, length, lanes, speed, capacity, room, wave = (
        np.array(column) for column in list(zip(*found, strict=True))[:-1]
    )
    unsaid = np.isnan(length)
    straight = np.hypot(junctions.x[tail] - junctions.x[head], junctions.y[tail] - junctions.y[head])
    if unsaid.any():
        told.append(f"{unsaid.sum():,} links without a length taken as straight")
    metres = np.where(unsaid, straight, length).astype(np.float32)
    order = np.lexsort(
        (np.where(metres > 0, metres, 1), kind, head, tail)
    )  # the order of ``roads.build``, which keeps it
    streets = Streets.of(
        tail=tail[order], head=head[order], length=metres[order], kind=kind[order], lanes=lanes[order],
        speed=np.nan_to_num(speed[order]),
    )  # fmt: skip
    made = _roads.build(junctions, streets, Places.empty(), towns, crs=crs, attribution="", generated=False, notes=told)
    headway = 3_600_000 / (capacity[order] * made.roads.lanes)
    own = {"headway": np.maximum(np.rint(headway), 1), "room": room[order], "wave": wave[order]}
    columns = made.roads.data()
    said = {name: np.where(np.isnan(values), columns[name], values) for name, values in own.items()}
    return made._replace(roads=Roads.of(**{**columns, **said})), [found[row].name for row in order]
