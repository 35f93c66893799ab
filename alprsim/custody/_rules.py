"""The rules of a scenario by agency row: what each store keeps, and every edge between two agencies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from math import lcm
from typing import Any, NamedTuple

import networkx as nx

from alprsim.custody._moments import Batches
from alprsim.scenario import models, units
from alprsim.tables import UNLIMITED, Agencies, RecordClass, SightKind

DEPARTMENTS = "departments"
"""The name, in an edge or a ladder, of all agencies of that kind."""

NO_LIMIT = 1 << 30
"""More edges than any read passes."""

LONGEST_PERIOD = 366 * units.DAY
"""After which batches must repeat together."""

_CLOCK_KEYS = {
    RecordClass.PLAIN: ("retention",),
    RecordClass.HIT: ("hit_retention", "retention"),
    RecordClass.HELD: ("held_retention", "hit_retention", "retention"),
    RecordClass.ALERT: ("alert_retention", "hit_retention", "retention"),
}
"""The keys that decide a class's clock, the longest of them, of alerts the first that is said."""


class Warrant(NamedTuple):
    """From which age a look needs one; what asking comes to."""

    beyond: int = UNLIMITED
    delay: int = 0
    granted: float = 1.0

    def and_(self, other: Warrant) -> Warrant:
        """Return the strictest of both: one warrant serves all of a route."""
        return Warrant(
            min(self.beyond, other.beyond), max(self.delay, other.delay), min(self.granted, other.granted)
        )  # fmt: skip

    def no_stricter(self, other: Warrant) -> bool:
        """Tell whether this asks for no more than the other in any respect, and shows what that shows.

        One of another delay does not, nor one that asks from another age: what arrives while a warrant is waited for is seen
        by it alone, and only at the ages that need it.
        """
        return self.beyond == other.beyond and self.delay == other.delay and self.granted >= other.granted


NO_WARRANT = Warrant()


class Resolution(NamedTuple):
    """What a record tells: time and place to a step, the plate or a pseudonym; 0 exactly."""

    time_step: int = 0
    place_step: float = 0.0
    rotation: int = 0

    def through(self, store: Resolution) -> Resolution:
        """Return what is left after a store that keeps no more than `store`."""
        rotations = [rotation for rotation in (self.rotation, store.rotation) if rotation]
        return Resolution(
            max(self.time_step, store.time_step), max(self.place_step, store.place_step), min(rotations, default=0)
        )  # fmt: skip

    def finest(self, other: Resolution) -> Resolution:
        """Return the finer of both in each respect: a shorter-lived pseudonym tells less, the plate most."""
        rotation = 0 if 0 in (self.rotation, other.rotation) else max(self.rotation, other.rotation)
        return Resolution(min(self.time_step, other.time_step), min(self.place_step, other.place_step), rotation)


class Store(NamedTuple):
    """What one agency keeps."""

    clocks: tuple[int, int, int]
    """s, by record class."""
    alert_clock: int
    sample: float
    purge: Batches | None
    backup: int
    resolution: Resolution
    escrow: bool
    warrant: Warrant

    def takes(self, record: RecordClass, draw: float) -> bool:
        """Tell whether it keeps a read of this class and draw at all."""
        return self.clocks[record] > 0 and (record != RecordClass.PLAIN or draw < self.sample)


class Mirror(NamedTuple):
    """A way of copies from store to store."""

    giver: int
    taker: int
    limit: int
    """Edges that a copy may have passed at the giver."""
    edges: int
    """That it passes on this way."""
    delay: int
    sync: Batches | None
    cap: int
    """s: only while younger."""
    from_receipt: bool
    renews: bool
    recalls: bool
    """Whether the giver's purge reaches the copy."""
    row: int
    """Of custody.sharing."""


class Query(NamedTuple):
    """A way of looks."""

    giver: int
    taker: int
    limit: int
    sight: SightKind
    cap: int
    warrant: Warrant
    row: int


class Alert(NamedTuple):
    """A way of alerts."""

    giver: int
    taker: int
    delay: int
    from_receipt: bool
    row: int


class Door(NamedTuple):
    """A way of searches that a partner runs for somebody who may not."""

    giver: int
    taker: int
    cap: int
    chance: float
    row: int


class Rules:
    """A scenario's custody by agency row; the sharing graph goes from giver to taker, its edges keyed by (kind, row)."""

    def __init__(self, spec: models.Custody, agencies: Agencies) -> None:
        self.names = [str(name) for name in agencies.name]
        self.stores = [_store(spec, name) for name in self.names]
        self.hops = NO_LIMIT if spec.hops is None else spec.hops
        self.into: dict[int, list[Query]] = defaultdict(list)
        self.doors: dict[int, list[Door]] = defaultdict(list)
        self.alerts: dict[int, list[Alert]] = defaultdict(list)
        self.streams: list[Mirror] = []
        self.reachable: list[Mirror] = []
        row_of = {name: row for row, name in enumerate(self.names)}
        for row, ways in groupby(expanded(spec), lambda way: way[0]):
            self._add(spec.sharing[row], row, [(row_of[giver], row_of[taker]) for _, giver, taker in ways])

    @property
    def period(self) -> int:
        """S after which all batches repeat together; 0 without any."""
        batches = [store.purge for store in self.stores] + [way.sync for way in (*self.streams, *self.reachable)]
        period = lcm(*(batch.every for batch in batches if batch))
        if not any(batches):
            return 0
        if period > LONGEST_PERIOD:
            said = ", ".join(sorted({units.say_duration(batch.every) for batch in batches if batch}))
            raise ValueError(
                f"custody: batches every {said} repeat together only after {units.say_duration(period)}; "
                f"at most {units.say_duration(LONGEST_PERIOD)} is allowed"
            )
        return period

    def graph(self) -> nx.MultiDiGraph[int]:
        """Return the sharing graph: agencies by row, an edge from giver to taker for each way, keyed (kind, row)."""
        graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
        graph.add_nodes_from((row, {"name": name}) for row, name in enumerate(self.names))
        ways: list[tuple[str, Iterable[Query | Mirror | Alert | Door]]] = [
            ("query", (way for found in self.into.values() for way in found)),
            ("mirror", (*self.streams, *self.reachable)),
            ("alert", (way for found in self.alerts.values() for way in found)),
            ("side_door", (way for found in self.doors.values() for way in found)),
        ]
        for kind, found in ways:
            for way in found:
                graph.add_edge(way.giver, way.taker, key=(kind, way.row))
        return graph

    def _add(self, edge: models.Edge, row: int, ends: list[tuple[int, int]]) -> None:
        """Add one edge of the scenario, between all the agencies it is of."""
        if self.hops == 0:
            return
        limit = min(_limit(edge.onward), self.hops - 1)
        cap = UNLIMITED if edge.look_back is None else edge.look_back
        receipt = edge.clock == "receipt"
        if edge.kind == "query":
            sight, warrant = SightKind.BULK if edge.sight == "bulk" else SightKind.REQUEST, _warrant(edge.warrant)
            for giver, taker in ends:
                self.into[taker].append(Query(giver, taker, limit, sight, cap, warrant, row))
        elif edge.kind == "side_door":
            for giver, taker in ends:
                self.doors[taker].append(Door(giver, taker, cap, edge.chance, row))
        elif edge.kind == "alert":
            for giver, taker in ends:
                self.alerts[giver].append(Alert(giver, taker, edge.delay, receipt, row))
        else:
            ways = self.reachable if edge.copies == "reachable" else self.streams
            renews, sync = receipt and edge.on_duplicate == "renew", _batches(edge.sync)
            ways += [
                Mirror(giver, taker, limit, 1, edge.delay, sync, UNLIMITED, receipt, renews, edge.recalls, row)
                for giver, taker in ends
            ]


def kept(spec: models.Custody, name: str, key: str) -> tuple[Any, str]:
    """Return what a store goes by under a key of `Keeping`, and the path of the key that says so ("" nobody does)."""
    agency = spec.agencies[name]
    own = getattr(agency, key)
    if own is not None:
        return own, f"custody.agencies.{name}.{key}"
    common = getattr(spec.departments, key) if agency.kind == "department" else None
    if common is not None:
        return common, f"custody.departments.{key}"
    return (spec.retention, "custody.retention") if key == "retention" else (None, "")


def clock(spec: models.Custody, name: str, record: RecordClass) -> tuple[int, str]:
    """Return how long an agency keeps what is of a class (s), and the path of the key that says so."""
    store, agency = _store(spec, name), spec.agencies[name]
    length = store.alert_clock if record == RecordClass.ALERT else store.clocks[record]
    if agency.kind == "host":
        return length, f"custody.agencies.{name}.kind"
    keep, path = kept(spec, name, "keep")
    if record == RecordClass.PLAIN and keep == "hits":
        return length, path
    said = (kept(spec, name, key) for key in _CLOCK_KEYS[record])
    return length, next((path for value, path in said if value == length), "")


def expanded(spec: models.Custody) -> Iterator[tuple[int, str, str]]:
    """Yield (row of custody.sharing, giver, taker) of every edge between two agencies that nobody opted out of.

    Raises
    ------
    ValueError
        An edge names an agency that the scenario does not have, or goes from an agency to itself.
    """
    names = _Names(spec)
    gone = {
        (giver, taker)
        for out in spec.opt_out
        for giver in names.givers(out.agency)
        for taker in names.takers(out.to, giver)
    }
    for row, edge in enumerate(spec.sharing):
        if isinstance(edge.giver, str) and edge.giver == edge.taker and edge.giver not in models.GROUPS:
            raise ValueError(f"custody.sharing: {edge.giver!r} gives to itself; giver and taker must differ")
        for giver in names.givers(edge.giver):
            for taker in names.takers(edge.taker, giver):
                if (giver, taker) not in gone:
                    yield row, giver, taker


class _Names:
    """Who is meant by an end of an edge."""

    def __init__(self, spec: models.Custody) -> None:
        self.agencies = spec.agencies
        self.departments = [name for name, agency in spec.agencies.items() if agency.kind == "department"]
        self.everyone = [name for name, agency in spec.agencies.items() if agency.kind != "host"]

    def givers(self, end: str | tuple[str, ...]) -> list[str]:
        """Return the agencies of an end that gives; a group that depends on the giver means the departments it is made of."""
        ends = (end,) if isinstance(end, str) else end
        return list(dict.fromkeys(name for one in ends for name in self._of(one, None)))

    def takers(self, end: str | tuple[str, ...], giver: str) -> list[str]:
        """Return the agencies of an end that takes from `giver`."""
        ends = (end,) if isinstance(end, str) else end
        return list(dict.fromkeys(name for one in ends for name in self._of(one, giver) if name != giver))

    def _of(self, name: str, giver: str | None) -> list[str]:
        if name == "everyone":
            return self.everyone
        if name == DEPARTMENTS or (giver is None and name in models.GROUPS):
            return self.departments
        if name in ("in-state", "compact") and giver:
            state = self.agencies[giver].state
            states = models.COMPACT if name == "compact" and state in models.COMPACT else ()
            return [
                other for other in self.departments
                if (about := self.agencies[other]).state == state or (about.state in states and about.attests)
            ]  # fmt: skip
        if name not in self.agencies:
            raise ValueError(f"{name!r} is not one of custody.agencies; they are {', '.join(self.agencies)}")
        return [name]


def _store(spec: models.Custody, name: str) -> Store:
    if name not in spec.agencies or spec.agencies[name].kind == "host":
        return Store((0, 0, 0), 0, 1.0, None, 0, Resolution(), escrow=False, warrant=NO_WARRANT)
    said = {key: kept(spec, name, key)[0] for key in models.Keeping.model_fields}
    retention = said["retention"]
    hit = max(retention, _or(said["hit_retention"], retention))
    held = max(hit, _or(said["held_retention"], hit))
    identity = said["identity"]
    rotation = identity.rotate if identity and identity.kind != "plain" else 0
    return Store(
        clocks=(0 if said["keep"] == "hits" else retention, hit, held),
        alert_clock=_or(said["alert_retention"], hit),
        sample=_or(said["sample"], 1.0),
        purge=_batches(said["purge"]),
        backup=_or(said["backup"], 0),
        resolution=Resolution(_or(said["time_step"], 0), _or(said["place_step"], 0.0), rotation),
        escrow=bool(identity and identity.kind == "escrow"),
        warrant=_warrant(said["warrant"]),
    )


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


def _warrant(said: models.Warrant | None) -> Warrant:
    return Warrant(said.beyond, said.delay, said.granted) if said else NO_WARRANT


def _limit(onward: bool | int) -> int:
    return (NO_LIMIT if onward else 0) if isinstance(onward, bool) else onward


def _batches(schedule: models.Schedule | None) -> Batches | None:
    return Batches(schedule.every, schedule.at) if schedule else None
