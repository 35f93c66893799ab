"""The streets of a study, from OpenStreetMap or a built-in town, made ready for traffic: speeds, lanes, capacities.

With `_openstreetmap` the only file that knows OSMnx. What a source leaves unsaid is filled in by the rules of
``data/road_classes.csv``, each with its origin; only junctions that can all be reached from each other are kept.
"""

from __future__ import annotations

import csv
import re
import tempfile
import xml.sax
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from alprsim import _openstreetmap, _places
from alprsim.scenario import models
from alprsim.tables import (
    Float64,
    Int32,
    Int64,
    Junctions,
    Network,
    PlaceKind,
    Places,
    RoadKind,
    Roads,
    Streets,
    Towns,
)

OSM_CREDIT = "© OpenStreetMap contributors, ODbL 1.0"
"""To be shown wherever streets or places from OpenStreetMap are."""

JOBS_A_RESIDENT = 0.45
"""Jobs in a town for each resident, where only its population is known. Assumption: about 1.6 M jobs for 3.6 M people
in Connecticut (LODES 2014 counts 1.5 M held by residents)."""

_STREETS_SEED = 0  # streets that are real are not redrawn: the places beside them stay where they are under every seed

_CLASSES: dict[str, RoadKind] = {
    **{kind.name.lower(): kind for kind in RoadKind if kind is not RoadKind.RAMP},
    **{f"{kind.name.lower()}_link": RoadKind.RAMP for kind in list(RoadKind)[:5]},
    "road": RoadKind.UNCLASSIFIED,
    "living_street": RoadKind.RESIDENTIAL,
    "service": RoadKind.RESIDENTIAL,
}
"""OpenStreetMap's ``highway`` values that cars drive on; other edges are left out."""

_TAGS: dict[PlaceKind, dict[str, tuple[str, ...]]] = {
    PlaceKind.SCHOOL: {"amenity": ("school", "college", "university")},
    PlaceKind.WORSHIP: {"amenity": ("place_of_worship",)},
    PlaceKind.CLINIC: {"amenity": ("clinic", "doctors", "hospital"), "healthcare": ("clinic", "doctor", "hospital")},
    PlaceKind.SUPPORT_GROUP: {"amenity": ("social_facility", "community_centre")},
    PlaceKind.BAR: {"amenity": ("bar", "pub", "nightclub")},
    PlaceKind.COURT: {"amenity": ("courthouse",)},
    PlaceKind.SHOP: {"shop": ()},
    PlaceKind.WORK: {"office": (), "building": ("commercial", "industrial", "office", "warehouse")},
}
"""What OpenStreetMap's tags say a place is; () is any value. The first kind that fits counts. No tag gives residents,
so homes are always placed by rule."""

_JOBS_A_TAG = 200
"""Jobs for one tagged work place beyond which the map is taken not to show where people work. Assumption."""

_DIRECTIONS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
_DIAGONAL = 0.5**0.5
_NORTHING = np.array([1, _DIAGONAL, 0, -_DIAGONAL, -1, -_DIAGONAL, 0, _DIAGONAL])
_EASTING = np.array([0, _DIAGONAL, 1, _DIAGONAL, 0, -_DIAGONAL, -1, -_DIAGONAL])
_RIM = 0.75
"""A gateway lies at least so far out, as a share of the map's reach in its direction. Assumption."""

_CUT = 500.0
"""Metres between the cut ends of a motorway's two carriageways, at most: they end at different nodes. Assumption."""

_CONNECTICUT = (-73.73, 40.98, -71.78, 42.06)  # west, south, east, north, degrees
_UNREADABLE = (
    OSError, EOFError, zlib.error, SyntaxError, xml.sax.SAXException, nx.NetworkXException, KeyError, ValueError,
    TypeError, AttributeError,
)  # fmt: skip


FILLED = 0.8
"""Share of its capacity that a generated road's busiest hour may fill before it is widened: assumption."""

MOST_LANES = 4
"""In one direction, of a generated road: as many as Connecticut's widest motorways and avenues: assumption."""


class RoadError(ValueError):
    """Streets that cannot be had or used: which file or place, what was found, what is allowed."""


class RoadClass(NamedTuple):
    """What a class of road is taken to be where its source does not say; each row of the file names its origins."""

    speed: float
    """Free-flow speed, m/s."""
    lanes: int
    """Lanes in one direction."""
    capacity: float
    """Vehicles an hour and lane, the share of green at signals included."""
    jam_density: float
    """Vehicles a metre and lane, standing."""
    wave_speed: float
    """Speed at which a freed space travels back, m/s."""
    source: str


@cache
def road_classes() -> tuple[RoadClass, ...]:
    """Return the rules for each RoadKind, in its order, in SI units."""
    text = (files("alprsim") / "data" / "road_classes.csv").read_text("utf-8")
    rows = {row["kind"]: row for row in csv.DictReader(text.splitlines())}
    return tuple(
        RoadClass(
            speed=float(row["speed_mph"]) * 0.44704,
            lanes=int(row["lanes"]),
            capacity=float(row["capacity"]),
            jam_density=float(row["jam_density"]) / 1000,
            wave_speed=float(row["wave_speed"]) / 3.6,
            source=row["source"],
        )
        for row in (rows[kind.name.lower()] for kind in RoadKind)
    )


def load(spec: models.RoadSource, *, base: Path, graph: Path | None = None) -> Network:
    """Return a study's streets and places.

    Parameters
    ----------
    spec : RoadSource
        The scenario's ``roads``.
    base : Path
        The folder that the scenario's file names are relative to.
    graph : Path or None
        A GraphML file to take the streets from instead; place and population stay the scenario's.

    Raises
    ------
    RoadError
        A file is missing, damaged or unusable, a place is unknown, or there is no network.

    """
    if isinstance(spec, models.BuiltinRoads):
        if graph is not None:
            raise RoadError(
                f"{graph} cannot stand in for built-in towns; give it to a scenario whose roads are a place"
            )
        return _builtin(spec)
    if graph is not None:
        source, drawing = str(graph), _graphml(graph)
    elif isinstance(spec, models.GraphmlRoads):
        source, drawing = spec.file, _graphml(base / spec.file)
    elif isinstance(spec, models.OsmRoads):
        source, drawing = spec.file, _extract(base / spec.file)
    else:
        source, drawing = spec.place, _download(spec.place)
    return _network(drawing, source, spec)


def build(
    junctions: Junctions,
    streets: Streets,
    places: Places,
    towns: Towns,
    *,
    crs: str,
    attribution: str,
    generated: bool,
    speeds: Mapping[models.RoadClassName, float] | None = None,
    notes: Sequence[str] = (),
) -> Network:
    """Turn streets into the links of the traffic model, ordered by tail; junctions and places keep their rows.

    Speeds and lanes of 0 are filled in by class. A link's crossing is length / speed, its headway 1 / (capacity ×
    lanes), its room ⌊jam density × length × lanes⌋ and its wave length / backward wave speed; each at least 1.
    Streets from a junction to itself are left out; a length of 0 becomes 1 m.

    Parameters
    ----------
    crs : str
        The coordinate system of the tables, such as "EPSG:6433", in metres.
    attribution : str
        Whom the streets are owed to; "" nobody.
    generated : bool
        Whether the streets are made up rather than mapped.
    speeds : mapping of class names to m/s, or None
        Goes before the class's own where a street's speed is 0.
    notes : sequence of str
        What was left out before; what is left out here comes after it in ``Network.notes``.

    Raises
    ------
    RoadError
        No street is left, or a length is negative or not a number.
    TableError
        A reference points at no row.

    """
    streets.refer(junctions=junctions)
    if len(streets) and min(streets.tail.min(), streets.head.min()) < 0:
        raise RoadError("a street must have a junction at both ends, not −1")
    wrong = ~(np.isfinite(streets.length) & (streets.length >= 0))
    if wrong.any():
        raise RoadError(
            f"{wrong.sum()} streets have a length below 0 or none; the first is row {int(np.argmax(wrong))}"
        )
    loops = streets.tail == streets.head
    if loops.all():
        raise RoadError(f"{len(junctions)} junctions have no street between them; at least one is needed")
    told = [*notes]
    _note(told, int(loops.sum()), "streets from a junction to itself left out")
    _note(told, int((streets.length[~loops] == 0).sum()), "streets of length 0 taken as 1 m")
    return Network(
        junctions=junctions.refer(towns=towns),
        roads=_roads(streets.take(~loops), speeds or {}),
        places=places.refer(junctions=junctions, towns=towns),
        towns=towns,
        crs=crs,
        attribution=attribution,
        generated=generated,
        notes=tuple(told),
    )


def local_crs(lon: float, lat: float) -> str:
    """Return the coordinate system, in metres, of streets around a point: EPSG:6433 in Connecticut, else the UTM zone's."""
    west, south, east, north = _CONNECTICUT
    if west <= lon <= east and south <= lat <= north:
        return "EPSG:6433"
    zone = min(int((lon + 180) // 6) + 1, 60)
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


def dimension(network: Network, busiest: Float64) -> Network:
    """Give generated roads the lanes that their traffic needs, as real ones were built to carry theirs.

    Generated streets have no lanes of their own to go by: where the planned volume exceeds `FILLED` of a road's capacity
    it is widened, to `MOST_LANES` at the most. An assumption; streets from a map keep theirs.

    Parameters
    ----------
    busiest : float64[n_roads]
        Vehicles in each road's busiest hour.
    """
    roads = network.roads
    a_lane = 3_600_000 / (roads.headway.astype(np.float64) * roads.lanes)
    needed = np.ceil(busiest / (FILLED * a_lane))
    lanes = np.maximum(roads.lanes, np.minimum(needed, MOST_LANES)).astype(np.int8)
    wider = lanes / roads.lanes
    headway = np.maximum(np.rint(roads.headway / wider), 1).astype(np.int32)
    room = np.floor(roads.room * wider).astype(np.int32)
    return network._replace(roads=Roads(**{**roads.data(), "lanes": lanes, "headway": headway, "room": room}))


def describe(network: Network) -> dict[str, float | int | str]:
    """Count what a network holds: junctions, roads, kilometres, each class's share of them, residents, jobs, places."""
    roads, places = network.roads, network.places
    metres = roads.length.astype(np.float64)
    said: dict[str, float | int | str] = {
        "streets": "generated" if network.generated else "mapped",
        "crs": network.crs,
        "attribution": network.attribution,
        "towns": int(network.towns.listed.sum()),
        "junctions": len(network.junctions),
        "roads": len(roads),
        "km": float(metres.sum() / 1000),
        "lane_km": float((metres * roads.lanes).sum() / 1000),
    }
    for kind in RoadKind:
        said[f"share_{kind.name.lower()}"] = float(metres[roads.kind == kind].sum() / metres.sum())
    said["residents"] = round(float(places.weight[places.kind == PlaceKind.HOME].sum(dtype=np.float64)))
    said["jobs"] = round(float(places.weight[places.kind == PlaceKind.WORK].sum(dtype=np.float64)))
    for place in PlaceKind:
        said[f"places_{place.name.lower()}"] = int((places.kind == place).sum())
    return said


# --- sources ----------------------------------------------------------------------------------------------------------


_Map = models.PlaceRoads | models.GraphmlRoads | models.OsmRoads


class _Drawing(NamedTuple):
    """What a source draws: a networkx MultiDiGraph as OSMnx makes it, and a GeoDataFrame of tagged places, if any."""

    graph: Any
    features: Any
    notes: list[str]
    """What is left out of it, as it is found."""


def _builtin(spec: models.BuiltinRoads) -> Network:
    from alprsim import towns  # the only stage that another one calls: it draws what roads.py otherwise reads

    built = towns.generate(spec.towns, spec.neighbours, seed=spec.streets_seed)
    return build(
        built.junctions, built.streets, built.places, built.towns,
        crs=built.crs, attribution="", generated=True, speeds=spec.speeds,
    )  # fmt: skip


def _graphml(path: Path) -> _Drawing:
    """Read a GraphML file; it carries streets only."""
    import osmnx as ox  # 1–2 s, which a built-in town does not need

    _exists(path, "GraphML file", (".graphml", ".graphml.gz"))
    try:
        graph = ox.load_graphml(path)
    except _UNREADABLE as error:
        raise _unreadable(path, "GraphML", error) from error
    if not graph.is_directed():
        raise RoadError(f"{path} holds an undirected graph; save a directed one with ox.save_graphml")
    bare = sum(1 for _, data in graph.nodes(data=True) if not {"x", "y"} <= data.keys())
    if bare:
        raise RoadError(f"{path} has {bare} nodes without 'x' and 'y'; save it with ox.save_graphml")
    if "crs" not in graph.graph:
        raise RoadError(f"{path} does not say its coordinate system ('crs'); save it with ox.save_graphml")
    return _Drawing(graph, None, [])


def _extract(path: Path) -> _Drawing:
    """Read an OpenStreetMap extract: every way in it, of which those that cars may use are kept."""
    _exists(path, "OpenStreetMap extract", (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf"))
    with tempfile.TemporaryDirectory() as folder, _openstreetmap.lent() as ox:
        ox.settings.useful_tags_way = [*ox.settings.useful_tags_way, "motor_vehicle", "motorcar"]
        try:
            xml_file = _pbf_to_xml(path, Path(folder)) if path.suffix == ".pbf" else path
            graph = ox.graph_from_xml(xml_file, simplify=False, retain_all=True)
        except _UNREADABLE as error:
            raise _unreadable(path, "an OpenStreetMap extract", error) from error
        graph.remove_edges_from([edge[:3] for edge in graph.edges(keys=True, data=True) if not _drivable(edge[3])])
        graph.remove_nodes_from(list(nx.isolates(graph)))
        if not graph.size():
            raise RoadError(f"{path} has no street that cars may use (no way whose 'highway' is one of {_allowed()})")
        return _Drawing(ox.simplify_graph(graph), *_features(ox.features_from_xml, xml_file))


def _download(place: str) -> _Drawing:
    """Download a place's streets and tagged places through OSMnx, which keeps every reply in its cache folder."""
    with _openstreetmap.lent() as ox:
        graph = _openstreetmap.ask(
            ox, place, lambda: ox.graph_from_place(place, network_type="drive", retain_all=True), RoadError,
            area="area with streets", instead="give --graph PATH or use built-in towns",
        )  # fmt: skip
        return _Drawing(graph, *_features(ox.features_from_place, place))


def _features(ask: Any, source: Any) -> tuple[Any, list[str]]:
    """Return the tagged places as a GeoDataFrame, or None and a note where they cannot be had."""
    tags: dict[str, Any] = {}
    for wanted in _TAGS.values():
        for key, values in wanted.items():
            tags[key] = True if not values else [*tags.get(key, ()), *values]
    try:
        return ask(source, tags=tags), []
    except _UNREADABLE as error:
        return None, [f"no tagged places ({error}): all are placed by rule"]


def _pbf_to_xml(path: Path, folder: Path) -> Path:
    try:
        import osmium
    except ImportError as error:
        raise RoadError(f'{path}: reading .osm.pbf needs the pbf extra: pip install "alprsim[pbf]"') from error
    target = folder / "extract.osm"
    try:
        with osmium.SimpleWriter(str(target)) as writer:
            for element in osmium.FileProcessor(str(path)):
                writer.add(element)
    except RuntimeError as error:
        raise _unreadable(path, "an OpenStreetMap extract", error) from error
    return target


def _exists(path: Path, what: str, endings: tuple[str, ...]) -> None:
    if not path.is_file():
        raise RoadError(f"{what} {path} does not exist")
    if not path.name.lower().endswith(endings):
        raise RoadError(f"{what} {path} must end in {' or '.join(endings)}")


def _unreadable(path: Path, form: str, error: BaseException) -> RoadError:
    if isinstance(error, RoadError):
        return error
    return RoadError(f"{path} cannot be read as {form}: it is truncated, damaged or something else ({error})")


# --- from a map to tables ---------------------------------------------------------------------------------------------


def _network(drawing: _Drawing, source: str, spec: _Map) -> Network:
    import osmnx as ox

    told = drawing.notes
    graph = _usable(drawing.graph, source, told)
    crs = _crs(graph, source)
    graph = ox.project_graph(graph, to_crs=crs)
    if spec.consolidate > 0:
        graph = ox.consolidate_intersections(graph, tolerance=spec.consolidate / 2, dead_ends=True)
    junctions, streets = _tables(graph)
    junctions, streets = _strong(junctions, _turned_back(junctions, streets), source, told)
    gateways, directions = _gateways(junctions, streets)
    towns = Towns.of(
        name=[spec.place, *(f"beyond ({_DIRECTIONS[d]})" for d in directions)],
        x=np.concatenate([[np.median(junctions.x)], junctions.x[gateways]]),
        y=np.concatenate([[np.median(junctions.y)], junctions.y[gateways]]),
        population=[spec.population, *np.zeros_like(directions)],
        listed=[1, *np.zeros_like(directions)],
    )
    jobs = np.zeros(len(towns), np.int64)
    jobs[0] = round(spec.population * JOBS_A_RESIDENT)
    places = _places.scatter(
        junctions,
        streets,
        towns,
        jobs=jobs,
        known=_tagged(drawing.features, junctions, streets, crs, int(jobs[0])),
        seed=_STREETS_SEED,
        gateways=gateways,
        gateway_town=np.arange(1, len(towns), dtype=np.int16),
    )
    return build(
        junctions,
        streets,
        places,
        towns,
        crs=crs,
        attribution=OSM_CREDIT,
        generated=False,
        speeds=spec.speeds,
        notes=told,
    )


def _usable(graph: Any, source: str, told: list[str]) -> Any:
    """Return the graph with the edges that cars use, or say why there are none."""
    other = [edge[:3] for edge in graph.edges(keys=True, data=True) if _kind(edge[3]) is None]
    if len(other) == graph.size():
        raise RoadError(f"{source} has no edges that cars use (of {len(other)}; 'highway' must be one of {_allowed()})")
    _note(told, len(other), "edges that cars do not use left out")
    graph.remove_edges_from(other)
    graph.remove_nodes_from(list(nx.isolates(graph)))
    bare = sum(1 for *_, data in graph.edges(data=True) if not data.get("length", -1) >= 0 and "geometry" not in data)
    if bare:
        raise RoadError(
            f"{source} has {bare} edges without 'length'; run ox.distance.add_edge_lengths and save it again"
        )
    for tag, used, rule in (
        ("lanes", _lanes, "a number from 1 to 12"),
        ("maxspeed", _speed, "a speed from 7 to 162 km/h"),
    ):
        odd = [data[tag] for *_, data in graph.edges(data=True) if _all(data.get(tag)) and not used(data)]
        _note(
            told,
            len(odd),
            f"edges whose '{tag}' is not {rule}, such as {_all(odd[0])[0] if odd else ''}: their class's is taken",
        )
    return graph


def _crs(graph: Any, source: str) -> str:
    """Return EPSG:6433 (NAD83(2011) / Connecticut, metres) for streets centred there, else their UTM zone."""
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    nodes = np.array([(data["x"], data["y"]) for _, data in graph.nodes(data=True)], np.float64)
    middle = (nodes.min(axis=0) + nodes.max(axis=0)) / 2
    try:
        lon, lat = Transformer.from_crs(graph.graph["crs"], "EPSG:4326", always_xy=True).transform(*middle)
    except ProjError as error:
        raise RoadError(f"{source} names an unknown coordinate system ({error})") from error
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise RoadError(f"{source} lies around longitude {lon:g}, latitude {lat:g}, which is nowhere on Earth")
    return local_crs(lon, lat)


def _tables(graph: Any) -> tuple[Junctions, Streets]:
    """Read a projected graph: rows ordered by OpenStreetMap's numbers, whatever the order of the file."""
    key = {node: _first(data.get("osmid_original", node)) for node, data in graph.nodes(data=True)}
    nodes = sorted(key, key=key.__getitem__)
    row = {node: i for i, node in enumerate(nodes)}
    junctions = Junctions.of(
        osm_id=[key[node] for node in nodes],
        x=[graph.nodes[node]["x"] for node in nodes],
        y=[graph.nodes[node]["y"] for node in nodes],
        town=np.zeros(len(nodes)),
    )
    edges = sorted(
        (row[u], row[v], int(_kind(data)), _length(data), _lanes(data), _speed(data))  # type: ignore[arg-type]
        for u, v, data in graph.edges(data=True)
    )
    tail, head, kind, length, lanes, speed = zip(*edges, strict=True)
    return junctions, Streets.of(tail=tail, head=head, kind=kind, length=length, lanes=lanes, speed=speed)


def _turned_back(junctions: Junctions, streets: Streets) -> Streets:
    """Join each motorway or trunk carriageway that no other goes on from to the nearest one that begins anew.

    So the map's edge cuts them off. Nobody could come back from beyond otherwise: all that drives there would leave the map
    by the last ramp, or not at all. The joint has the carriageway's own lanes, and stands for the road that goes on; where a
    motorway ends inside the map it is a way to turn back.
    """
    fast = np.flatnonzero(np.isin(streets.kind, (RoadKind.MOTORWAY, RoadKind.TRUNK)))
    n = len(junctions)
    leaves, comes = (np.bincount(ends[fast], minlength=n) > 0 for ends in (streets.tail, streets.head))
    out = fast[~leaves[streets.head[fast]]]
    begins = np.unique(streets.tail[fast][~comes[streets.tail[fast]]])
    if not len(out) or not len(begins):
        return streets
    at = np.column_stack([junctions.x, junctions.y])
    metres, nearest = KDTree(at[begins]).query(at[streets.head[out]], distance_upper_bound=_CUT)
    out, metres, nearest = (part[np.isfinite(metres)] for part in (out, metres, nearest))
    joint = {**streets.take(out).data(), "tail": streets.head[out], "head": begins[nearest].astype(np.int32)}
    joint["length"] = np.maximum(metres, 1).astype(np.float32)
    return Streets(**{name: np.concatenate([column, joint[name]]) for name, column in streets.data().items()})


def _strong(junctions: Junctions, streets: Streets, source: str, told: list[str]) -> tuple[Junctions, Streets]:
    """Keep the largest set of junctions that can all be reached from each other: everyone must be able to come home."""
    n = len(junctions)
    arcs = csr_array((np.ones(len(streets), np.int8), (streets.tail, streets.head)), shape=(n, n))
    label = connected_components(arcs, connection="strong")[1]
    keep = label == np.bincount(label).argmax()
    if 2 * keep.sum() < n:
        raise RoadError(
            f"{source}: only {keep.sum():,} of {n:,} junctions can all be reached from each other (the largest strongly "
            "connected part); at least half must be: are one-way streets missing their other direction?"
        )
    _note(told, n - int(keep.sum()), f"of {n:,} junctions left out: not reachable from, or no way back to, the others")
    row = np.cumsum(keep, dtype=np.int32) - np.int32(1)
    kept = streets.take(keep[streets.tail] & keep[streets.head]).data()
    return junctions.take(keep), Streets(**{**kept, "tail": row[kept["tail"]], "head": row[kept["head"]]})


def _gateways(junctions: Junctions, streets: Streets) -> tuple[Int32, Int64]:
    """Find where main roads leave the map: the rows of junctions, and the compass direction of each.

    In each of eight directions from the middle, of the junctions nearest to that direction and at least `_RIM` as far
    out as any junction, those on the highest class of motorway, trunk or primary; of these the outermost. Where no such
    road reaches the rim, secondary and tertiary roads serve, then any.
    """
    x, y = junctions.x - np.median(junctions.x), junctions.y - np.median(junctions.y)
    along = x[:, None] * _EASTING + y[:, None] * _NORTHING
    sector = along.argmax(axis=1)
    reach = along[np.arange(len(x)), sector]
    outer = reach >= _RIM * along.max(axis=0)[sector]
    best = np.full(len(junctions), len(RoadKind), np.int64)
    rank = np.where(streets.kind == RoadKind.RAMP, len(RoadKind), streets.kind)
    for end in (streets.tail, streets.head):
        np.minimum.at(best, end, rank)
    for worst in (RoadKind.PRIMARY, RoadKind.TERTIARY, len(RoadKind)):
        fit = np.flatnonzero(outer & (best <= worst))
        if len(fit):
            break
    order = fit[np.lexsort((-reach[fit], best[fit], sector[fit]))]
    directions, first = np.unique(sector[order], return_index=True)
    return order[first].astype(np.int32), directions.astype(np.int64)


def _tagged(features: Any, junctions: Junctions, streets: Streets, crs: str, jobs: int) -> Places | None:
    """Return the places a map's tags name, each at the nearest junction that is not on a motorway alone."""
    if features is None:
        return None
    kind = np.full(len(features), -1)
    for place, wanted in reversed(_TAGS.items()):
        for key, values in wanted.items():
            if key in features:
                kind[features[key].isin(values) if values else features[key].notna()] = place
    if (kind == PlaceKind.WORK).sum() * _JOBS_A_TAG < jobs:
        kind[kind == PlaceKind.WORK] = -1
    features, kind = features[kind >= 0], kind[kind >= 0]
    if not len(kind):
        return None
    points = features.geometry.to_crs(crs).representative_point()
    slow = np.unique(streets.tail[streets.kind >= RoadKind.PRIMARY])
    slow = slow if len(slow) else np.arange(len(junctions), dtype=np.int32)
    nearest = KDTree(np.column_stack([junctions.x[slow], junctions.y[slow]])).query(
        np.column_stack([points.x, points.y])
    )[1]
    weight = np.where(kind == PlaceKind.WORK, jobs / max(1, (kind == PlaceKind.WORK).sum()), 1.0)
    return Places.of(junction=slow[nearest], kind=kind, weight=weight, town=np.zeros(len(kind)))


def _roads(streets: Streets, speeds: Mapping[models.RoadClassName, float]) -> Roads:
    rules = road_classes()
    kind = streets.kind
    by_class = np.array([rule.speed for rule in rules])
    for name, given in speeds.items():
        by_class[RoadKind[name.upper()]] = given
    speed = np.where(streets.speed > 0, streets.speed, by_class[kind]).astype(np.float64)
    lanes = np.where(streets.lanes > 0, streets.lanes, np.array([r.lanes for r in rules])[kind])
    length = np.where(streets.length > 0, streets.length, 1).astype(np.float64)
    capacity, jam, wave = (
        np.array([getattr(r, name) for r in rules])[kind] for name in ("capacity", "jam_density", "wave_speed")
    )
    order = np.lexsort((length, kind, streets.head, streets.tail))
    columns = {
        "tail": streets.tail,
        "head": streets.head,
        "length": length,
        "crossing": np.maximum(np.rint(1000 * length / speed), 1),
        "lanes": lanes,
        "headway": np.maximum(np.rint(3_600_000 / (capacity * lanes)), 1),
        "room": np.maximum(np.floor(jam * length * lanes), 1),
        "wave": np.maximum(np.rint(1000 * length / wave), 1),
        "kind": kind,
    }
    return Roads.of(**{name: values[order] for name, values in columns.items()})


# --- OpenStreetMap's tags ---------------------------------------------------------------------------------------------


def _kind(data: dict[str, Any]) -> RoadKind | None:
    """Return the class; where merged ways differ, the highest (OSMnx lists them in no fixed order)."""
    kinds = [_CLASSES[h] for h in _all(data.get("highway", "unclassified")) if h in _CLASSES]
    return min(kinds, default=None)


def _drivable(data: dict[str, Any]) -> bool:
    """Apply OSMnx's own filter for "drive" to a way read from a file."""
    return (
        data.get("highway") in _CLASSES.keys() - {"service"}
        and data.get("area") != "yes"
        and data.get("access") != "private"
        and "no" not in (data.get("motor_vehicle"), data.get("motorcar"))
        and data.get("service") not in {"alley", "driveway", "emergency_access", "parking", "parking_aisle", "private"}
    )


def _length(data: dict[str, Any]) -> float:
    length = data.get("length", -1)
    return float(length if length >= 0 else data["geometry"].length)


def _lanes(data: dict[str, Any]) -> int:
    """Return lanes in this direction, 0 unsaid: half of a two-way street's, rounded down (an odd one is for turning).

    Where merged ways differ the narrowest counts.
    """
    said = [int(n) for text in _all(data.get("lanes")) for n in re.findall(r"^\s*(\d{1,2})(?:\.\d+)?\s*$", text)]
    said = [n for n in said if 1 <= n <= 12]  # outside it is a slip of the mapper's hand
    if not said:
        return 0
    return min(said) if data.get("oneway") is True else max(1, min(said) // 2)


def _speed(data: dict[str, Any]) -> float:
    """Return the posted speed in m/s, 0 unsaid ("none", "signals", "US:urban"); km/h where no unit stands.

    Where merged ways differ their mean. OSMnx's ``speed_kph`` is not used: it fills in means of its own.
    """
    said = sorted(
        float(number) * (0.44704 if unit == "mph" else 1 / 3.6)
        for text in _all(data.get("maxspeed"))
        for part in text.split(";")
        for number, unit in re.findall(r"^\s*(\d+(?:\.\d+)?)\s*(mph|km/h|kmh|kph|)\s*$", part)
    )
    said = [speed for speed in said if 2 <= speed <= 45]  # 7 to 162 km/h: outside it is a slip of the mapper's hand
    return sum(said) / len(said) if said else 0.0


def _all(value: Any) -> list[str]:
    """Return a tag's values as text: OSMnx gives one, a list where ways were merged, or None or NaN."""
    values = value if isinstance(value, list) else [value]
    return [str(v) for v in values if v is not None and v == v]


def _first(value: Any) -> int:
    """Return the smallest of the OpenStreetMap numbers merged into a junction."""
    return int(min(value)) if isinstance(value, list) else int(value)


def _allowed() -> str:
    return ", ".join(_CLASSES)


def _note(told: list[str], count: int, what: str) -> None:
    if count:
        told.append(f"{count:,} {what}")
