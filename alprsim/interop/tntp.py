"""Networks, trip tables and best-known flows in the TNTP format of Transportation Networks for Research.

The format: https://github.com/bstabler/TransportationNetworks. A file starts with ``<KEY> value`` lines up to ``<END OF
METADATA>``; ``~`` starts a comment; rows end in ``;``. Nodes are numbered from 1 there and from 0 here; the first ones
are the zones, and no traffic passes through nodes below ``<FIRST THRU NODE>``. Units are each network's own.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from alprsim.assignment import Links, StaticNetwork, TripTable
from alprsim.interop import errors
from alprsim.interop.errors import Line
from alprsim.roads import road_classes
from alprsim.tables import Float64, Int32, RoadKind, Roads

_FIELDS = (
    "init_node", "term_node", "capacity", "length", "free_flow_time", "b", "power", "speed", "toll", "link_type",
)  # fmt: skip
_TOTAL = 1e-4
"""Share by which a trip table may miss its stated total: rounding does, a truncated file does not."""


class Nodes(NamedTuple):
    """Where the nodes lie, in the file's own coordinates."""

    x: Float64
    y: Float64


class Flows(NamedTuple):
    """A published solution, link by link."""

    volume: Float64
    cost: Float64


class _Body(NamedTuple):
    """What follows the metadata."""

    metadata: dict[str, tuple[str, Line]]
    rows: list[tuple[Line, str]]
    whole: Line


def network(file: Path | str) -> StaticNetwork:
    """Read a ``_net.tntp`` file. The speed column is left out: its meaning differs between networks.

    Raises
    ------
    InteropError
        Metadata, fields or rows are missing; a node beyond the count; a figure below 0 or no number; a capacity of 0.
    """
    body = _read(Path(file))
    nodes, zones, links = (_count(body, f"NUMBER OF {key}") for key in ("NODES", "ZONES", "LINKS"))
    if zones > nodes:
        raise body.metadata["NUMBER OF ZONES"][1].refuse(f"NUMBER OF ZONES must be at most {nodes}, the nodes", zones)
    first_thru = _count(body, "FIRST THRU NODE")
    if first_thru > nodes + 1:
        raise body.metadata["FIRST THRU NODE"][1].refuse(f"FIRST THRU NODE must be 1 to {nodes + 1}", first_thru)
    rows = [_link(line, row, nodes) for line, row in body.rows]
    if len(rows) != links:
        raise body.whole.refuse(f"{links} links must follow, as NUMBER OF LINKS says: truncated?", len(rows))
    columns = zip(*rows, strict=True) if rows else ((),) * 9
    names = ("tail", "head", "capacity", "length", "free_flow_time", "b", "power", "toll", "kind")
    return StaticNetwork(Links.of(**dict(zip(names, columns, strict=True))), nodes, zones, first_thru - 1)


def trips(file: Path | str, network: StaticNetwork) -> TripTable:
    """Read a ``_trips.tntp`` file: vehicles from zone to zone, pairs without any left out.

    Raises
    ------
    InteropError
        Zones that the network has not, or given twice; a volume below 0; a row without its ``;``; a sum that misses the
        stated total by more than 0.01 %.
    """
    body = _read(Path(file))
    zones = _count(body, "NUMBER OF ZONES")
    if zones != network.zones:
        raise body.metadata["NUMBER OF ZONES"][1].refuse(
            f"NUMBER OF ZONES must be {network.zones}, the network's", zones
        )
    found: dict[tuple[int, int], float] = {}
    origin = -1
    for line, row in body.rows:
        words = row.split()
        if words[0].lower() == "origin":
            origin = line.row_of("an origin", " ".join(words[1:]), zones)
        else:
            for to, vehicles in _items(line, row):
                pair = origin, line.row_of("a destination", to, zones)
                if origin < 0:
                    raise line.refuse("an 'Origin' line must come first", row)
                if pair in found:
                    raise line.refuse(f"a destination must stand once for origin {origin + 1}", to)
                found[pair] = line.number_of("a volume", vehicles)
    if "TOTAL OD FLOW" in body.metadata:
        text, line = body.metadata["TOTAL OD FLOW"]
        total, said = sum(found.values()), line.number_of("TOTAL OD FLOW", text)
        if abs(total - said) > _TOTAL * said:
            raise body.whole.refuse(f"volumes must add up to TOTAL OD FLOW, {said:g}: truncated?", f"{total:g}")
    driven = [(o, d, vehicles) for (o, d), vehicles in found.items() if vehicles > 0]
    columns = zip(*driven, strict=True) if driven else ((), (), ())
    return TripTable.of(**dict(zip(("origin", "destination", "vehicles"), columns, strict=True)))


def nodes(file: Path | str, network: StaticNetwork) -> Nodes:
    """Read a ``_node.tntp`` file: every node's coordinates."""
    whole = Line(Path(file), 0)
    at = np.full((network.nodes, 2), np.nan)
    for line, row in _table(whole.file):
        words = row.split()
        if len(words) != 3:
            raise line.refuse("a row must be a node, x and y", row)
        node = line.row_of("a node", words[0], network.nodes)
        try:
            at[node] = [float(word) for word in words[1:]]
        except ValueError:
            raise line.refuse("coordinates must be numbers", row) from None
    missing = np.flatnonzero(np.isnan(at).any(axis=1))
    if len(missing):
        raise whole.refuse(f"all {network.nodes} nodes must have coordinates: node {missing[0] + 1} has none")
    return Nodes(*np.ascontiguousarray(at.T))


def flows(file: Path | str, network: StaticNetwork) -> Flows:
    """Read a ``_flow.tntp`` file: every link's volume and cost, in the network's order of links."""
    whole = Line(Path(file), 0)
    ends = zip(network.links.tail.tolist(), network.links.head.tolist(), strict=True)
    left: dict[tuple[int, int], list[int]] = {}  # rows of parallel links, in order
    for link, pair in enumerate(ends):
        left.setdefault(pair, []).append(link)
    found = np.full((len(network.links), 2), np.nan)
    for line, row in _table(whole.file):
        words = row.split()
        if len(words) != 4:
            raise line.refuse("a row must be two nodes, a volume and a cost", row)
        tail, head = (line.row_of("a node", word, network.nodes) for word in words[:2])
        links = left.get((tail, head))
        if not links:
            raise line.refuse(f"there is no such link, or it stands above: {tail + 1} to {head + 1}", row)
        found[links.pop(0)] = [line.number_of("a figure", word) for word in words[2:]]
    missing = np.flatnonzero(np.isnan(found[:, 0]))
    if len(missing):
        raise whole.refuse(f"all {len(found)} links must have a volume: {len(missing)} have none: truncated?")
    return Flows(*np.ascontiguousarray(found.T))


def roads(
    network: StaticNetwork, *, metres: float, seconds: float, hours: float = 1.0, kind: RoadKind | Mapping[int, RoadKind]
) -> tuple[Roads, Int32]:  # fmt: skip
    """Make links roads of the traffic model. B and power are lost: there, queues make the delay.

    Capacity is kept; lanes, which TNTP does not tell, are as many as carry it at the class's capacity a lane, at least one.
    Jam density and wave speed are the class's, a length below 1 m becomes 1 m and a time below 1 ms 1 ms.

    Parameters
    ----------
    metres, seconds
        In one of the network's units of length, of free flow time (Anaheim: 0.3048 and 60).
    hours
        In the period that capacities are of.
    kind
        The class of every road, or of each link type.

    Returns
    -------
    Roads
        By (tail, head); junction j is node j.
    int32[roads]
        The link that each road is.

    Raises
    ------
    InteropError
        A unit is not above 0, or a link type has no class.
    """
    for name, unit in (("metres", metres), ("seconds", seconds), ("hours", hours)):
        if not unit > 0:
            raise errors.InteropError(f"{name} must be above 0, not {unit}")
    links = network.links
    order = np.lexsort((links.head, links.tail)).astype(np.int32)
    kinds = _kinds(links.kind[order], kind)
    rules = road_classes()
    a_lane, jam, wave = (
        np.array([getattr(rule, name) for rule in rules])[kinds] for name in ("capacity", "jam_density", "wave_speed")
    )
    length = np.maximum(links.length[order] * metres, 1)
    capacity = links.capacity[order] / hours
    lanes = np.maximum(np.rint(capacity / a_lane), 1)
    made = Roads.of(
        tail=links.tail[order],
        head=links.head[order],
        length=length,
        crossing=np.maximum(np.rint(1000 * links.free_flow_time[order] * seconds), 1),
        lanes=lanes,
        headway=np.maximum(np.rint(3_600_000 / capacity), 1),
        room=np.maximum(np.floor(jam * length * lanes), 1),
        wave=np.maximum(np.rint(1000 * length / wave), 1),
        kind=kinds,
    )
    return made, order


def _kinds(types: Int32, kind: RoadKind | Mapping[int, RoadKind]) -> Int32:
    if isinstance(kind, RoadKind):
        return np.full(len(types), kind, np.int32)
    lacking = set(types.tolist()) - set(kind)
    if lacking:
        raise errors.InteropError(f"kind must name a class for link type {min(lacking)}; it names {sorted(kind)}")
    return np.array([kind[number] for number in types.tolist()], np.int32)


# --- the format -------------------------------------------------------------------------------------------------------


def _read(file: Path) -> _Body:
    """Split a file into its metadata and its rows, comments and blank lines left out."""
    metadata: dict[str, tuple[str, Line]] = {}
    lines = _lines(file)
    for line, row in lines:
        key, closed, value = row[1:].partition(">")
        if row[0] != "<" or not closed:
            raise line.refuse("metadata must be '<KEY> value' up to '<END OF METADATA>'", row)
        if key == "END OF METADATA":
            return _Body(metadata, list(lines), Line(file, 0))
        metadata[key] = value.strip(), line
    raise Line(file, 0).refuse("'<END OF METADATA>' must close the metadata: truncated, or not TNTP")


def _lines(file: Path) -> Iterator[tuple[Line, str]]:
    for number, row in enumerate(errors.text(file).splitlines(), 1):
        row = row.partition("~")[0].strip()
        if row:
            yield Line(file, number), row


def _count(body: _Body, key: str) -> int:
    if key not in body.metadata:
        raise body.whole.refuse(f"<{key}> must stand in the metadata; there are {', '.join(body.metadata) or 'none'}")
    text, line = body.metadata[key]
    if not text.isdecimal() or int(text) < 1:
        raise line.refuse(f"<{key}> must be a whole number from 1", text)
    return int(text)


def _link(line: Line, row: str, nodes: int) -> tuple[int, int, float, float, float, float, float, float, int]:
    fields, ended, _ = row.partition(";")
    words = fields.split()
    if not ended or len(words) != len(_FIELDS):
        raise line.refuse(f"a link must be {', '.join(_FIELDS)} and ';'", row)
    said = dict(zip(_FIELDS, words, strict=True))
    tail, head = (line.row_of(name, said[name], nodes) for name in _FIELDS[:2])
    capacity = line.number_of("capacity", said["capacity"], above=0)
    length, time, b, power, toll = (
        line.number_of(n, said[n]) for n in ("length", "free_flow_time", "b", "power", "toll")
    )
    return tail, head, capacity, length, time, b, power, toll, int(line.number_of("link_type", said["link_type"]))


def _items(line: Line, row: str) -> Iterator[tuple[str, str]]:
    """Yield each ``destination : volume`` of a row."""
    *items, rest = row.split(";")
    if rest.strip():
        raise line.refuse("each 'destination : volume' must end in ';'", rest.strip())
    for item in items:
        to, between, vehicles = item.partition(":")
        if not between:
            raise line.refuse("a row must be 'destination : volume;' items", item.strip())
        yield to.strip(), vehicles.strip()


def _table(file: Path) -> Iterator[tuple[Line, str]]:
    """Yield the rows under a heading of words, ``;`` left out."""
    for at, (line, row) in enumerate(_lines(file)):
        if at or row[0].isdigit():
            yield line, row.rstrip("; \t")
