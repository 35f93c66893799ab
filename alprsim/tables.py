"""What passes between stages: each column's dtype, unit and meaning, declared once.

Columns are one-dimensional, contiguous, read-only arrays of one dtype. The row number is the reference and −1 is
nobody; intervals are half-open; times are int32 seconds since the scenario's start, which is 04:00 of its first day
(inside traffic int64 milliseconds). A table checks itself when it is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import IntEnum
from typing import Any, Literal, NamedTuple, Self, dataclass_transform, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

UNLIMITED = 2**31 - 1
"""No limit, as an age or a retention in seconds."""

AS_WRITTEN = -1
"""In place of a ladder's step: the retention that the policy itself says."""

DAY = 86_400
"""Seconds in a day; a day runs from 04:00 to 04:00."""

DAY_STARTS = 4 * 3600
"""The clock time, in seconds since midnight, at which a day starts."""

SLOT = 900
"""Seconds in one slot of Flows: a quarter of an hour."""

Int8 = NDArray[np.int8]
Int16 = NDArray[np.int16]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
UInt64 = NDArray[np.uint64]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Bool = NDArray[np.bool_]
Text = NDArray[np.str_]


class RoadKind(IntEnum):
    """Road classes, from OpenStreetMap's ``highway`` values; ``_link`` ramps are their class's own kind RAMP."""

    MOTORWAY = 0
    TRUNK = 1
    PRIMARY = 2
    SECONDARY = 3
    TERTIARY = 4
    UNCLASSIFIED = 5
    RESIDENTIAL = 6
    RAMP = 7


class PlaceKind(IntEnum):
    """What people go to. BEYOND is a place outside the simulated streets, reached through a gateway road."""

    HOME = 0
    WORK = 1
    SCHOOL = 2
    WORSHIP = 3
    CLINIC = 4
    SUPPORT_GROUP = 5
    BAR = 6
    COURT = 7
    SHOP = 8
    BEYOND = 9


class PersonKind(IntEnum):
    """What a person's weekdays look like."""

    COMMUTER = 0
    STUDENT = 1
    RETIREE = 2
    HOMEMAKER = 3
    CHILD = 4


class VehicleKind(IntEnum):
    """RESIDENT: garaged in a listed town. VISITOR: garaged beyond, comes in to work. THROUGH: only passes.

    DELIVERY and TAXI are based in a listed town and work; no measure counts them among its residents' vehicles, since
    what they do is nobody's private life: they are part of the traffic that readers see, as visitors are.
    """

    RESIDENT = 0
    VISITOR = 1
    THROUGH = 2
    DELIVERY = 3
    TAXI = 4


class Purpose(IntEnum):
    """Why a trip is made: the kind of its destination, the way home or to base, passing through, or a working stop."""

    HOME = 0
    WORK = 1
    SCHOOL = 2
    WORSHIP = 3
    CLINIC = 4
    SUPPORT_GROUP = 5
    BAR = 6
    COURT = 7
    SHOP = 8
    THROUGH = 9
    SERVICE = 10


class CameraKind(IntEnum):
    """How a reader stands: FIXED and GANTRY for good, PORTABLE for a while; PATROL and SPOTTER cars drive."""

    FIXED = 0
    PATROL = 1
    GANTRY = 2
    PORTABLE = 3
    SPOTTER = 4

    @property
    def drives(self) -> bool:
        """Whether it has no place of its own, but a site on every road of its beat."""
        return self in (CameraKind.PATROL, CameraKind.SPOTTER)


ROVING = tuple(kind for kind in CameraKind if kind.drives)
"""The kinds of reader that drive."""


class AgencyKind(IntEnum):
    """DEPARTMENT: owns cameras and keeps reads. POOL: a vendor's searchable store. CONSUMER: only looks. HOST: only stores."""

    DEPARTMENT = 0
    POOL = 1
    CONSUMER = 2
    HOST = 3


class SightKind(IntEnum):
    """How a viewer gets at a read: holds or can export it; asks for one plate or place; by warrant; a partner asks for it."""

    BULK = 0
    REQUEST = 1
    PROCESS = 2
    SIDE_DOOR = 3


Sight = Literal["bulk", "request", "process", "side_door"]
"""How one looks, as people name it."""

SEEN: dict[str, tuple[SightKind, ...]] = {
    "bulk": (SightKind.BULK,),
    "request": (SightKind.BULK, SightKind.REQUEST),
    "process": (SightKind.BULK, SightKind.REQUEST, SightKind.PROCESS),
    "side_door": (SightKind.BULK, SightKind.REQUEST, SightKind.SIDE_DOOR),
}
"""The kinds of rows of Access that each sight includes."""


class RecordClass(IntEnum):
    """PLAIN: a read that matched nothing. HIT: matched a hot list. HELD: evidence or exempt.

    ALERT: of any of them that matched a list of the agency whose archive of alerts holds it.
    """

    PLAIN = 0
    HIT = 1
    HELD = 2
    ALERT = 3


class Stratum(IntEnum):
    """What hot lists said of a vehicle in the time asked about: nothing; rightly wanted; no longer wanted; an agency's own."""

    UNLISTED = 0
    LISTED = 1
    STALE = 2
    CUSTOM = 3


class ListKind(IntEnum):
    """What a hot list is of: stolen vehicles, invalid registrations, wanted persons' cars, or an agency's own choice."""

    STOLEN = 0
    REGISTRATION = 1
    WANTED = 2
    CUSTOM = 3


class Cause(IntEnum):
    """Why a read alerts.

    TRUE: it is the listed vehicle, rightly listed at that moment. STALE: it is, but is wanted no more. MISREAD: it is another
    vehicle, whose plate was read as the listed one. WRONG_STATE: another vehicle with the same characters from another state.
    SIGN: no vehicle at all, but a sign or decal that was read as the listed plate.
    """

    TRUE = 0
    STALE = 1
    MISREAD = 2
    WRONG_STATE = 3
    SIGN = 4


class Outcome(IntEnum):
    """What an officer does about an alert: is not at hand, recognises it as false before a stop, or stops the vehicle."""

    UNANSWERED = 0
    RECOGNISED = 1
    STOPPED = 2


class TableError(ValueError):
    """A table broke its contract: which table and column, the rule, and what was found."""


def column(unit: str, meaning: str, *, refers: str = "", ascending: bool = False) -> Any:
    """Declare one column: its unit, its meaning in a phrase, the table its rows refer to, whether it never falls."""
    return field(metadata={"unit": unit, "meaning": meaning, "refers": refers, "ascending": ascending})


class Column(NamedTuple):
    """A column's declaration, as ``alprsim columns`` prints it."""

    table: str
    name: str
    dtype: str
    unit: str
    meaning: str
    refers: str


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(column,))
class Table:
    """Columns of equal length; rows are numbered from 0. Making one casts nothing: wrong input is a TableError."""

    order = ""

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, kw_only=True, eq=False, repr=False)(cls)

    def __post_init__(self) -> None:
        length = -1
        for declared in self.columns():
            values = getattr(self, declared.name)
            self._check(declared, values)
            if length not in (-1, len(values)):
                raise TableError(f"{declared.table}.{declared.name} must have {length} rows, not {len(values)}")
            length = len(values)
            values.flags.writeable = False

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} rows: {', '.join(c.name for c in self.columns())})"

    @classmethod
    def columns(cls) -> tuple[Column, ...]:
        """Return the declarations in order."""
        declared = cls.__dict__.get("_declared")
        if declared is None:
            hints = get_type_hints(cls)
            declared = tuple(
                Column(
                    cls.__name__,
                    f.name,
                    np.dtype(get_args(get_args(hints[f.name])[1])[0]).name,
                    f.metadata["unit"],
                    f.metadata["meaning"],
                    f.metadata["refers"],
                )
                for f in fields(cls)  # type: ignore[arg-type]
            )
            cls._declared = declared  # type: ignore[attr-defined]
        return tuple(declared)

    @classmethod
    def of(cls, **values: Any) -> Self:
        """Make a table, casting each column once to its declared dtype (a value that does not fit is an error)."""
        dtypes = {c.name: c.dtype for c in cls.columns()}
        return cls(**{name: _cast(cls.__name__, name, value, dtypes[name]) for name, value in values.items()})

    @classmethod
    def empty(cls) -> Self:
        """Return the table with no rows."""
        return cls(**{c.name: np.empty(0, c.dtype if c.dtype != "str" else "<U1") for c in cls.columns()})

    def take(self, rows: NDArray[Any] | slice) -> Self:
        """Return the rows named by an index, a mask or a slice, in that order."""
        return type(self)(**{c.name: np.ascontiguousarray(getattr(self, c.name)[rows]) for c in self.columns()})

    def data(self) -> dict[str, NDArray[Any]]:
        """Return the columns by name."""
        return {c.name: getattr(self, c.name) for c in self.columns()}

    def refer(self, **tables: Table) -> Self:
        """Check that every reference to the given tables is −1 or one of their rows; return the table itself."""
        for declared in self.columns():
            target = next((t for t in tables.values() if type(t).__name__ == declared.refers), None)
            values = getattr(self, declared.name)
            if target is not None and len(values) and (values.min() < -1 or values.max() >= len(target)):
                raise TableError(
                    f"{declared.table}.{declared.name} must be −1 or a row of {declared.refers} (0 to {len(target) - 1}), "
                    f"not {values.min()} to {values.max()}"
                )
        return self

    def _check(self, declared: Column, values: Any) -> None:
        name = f"{declared.table}.{declared.name}"
        if not isinstance(values, np.ndarray) or values.ndim != 1:
            raise TableError(f"{name} must be a one-dimensional array, not {type(values).__name__}")
        if declared.dtype == "str":
            if values.dtype.kind != "U":
                raise TableError(f"{name} must be text, not {values.dtype}")
        elif values.dtype != np.dtype(declared.dtype):
            raise TableError(f"{name} must be {declared.dtype}, not {values.dtype}")
        if not values.flags.c_contiguous:
            raise TableError(f"{name} must be contiguous, not strided")
        if self.__dataclass_fields__[declared.name].metadata["ascending"] and np.any(values[1:] < values[:-1]):  # type: ignore[attr-defined]
            raise TableError(f"{name} must never fall; row {int(np.argmax(values[1:] < values[:-1])) + 1} does")


def _cast(table: str, name: str, value: Any, dtype: str) -> NDArray[Any]:
    array = np.asarray(value)
    if dtype == "str":
        return np.ascontiguousarray(array, np.str_)
    cast = np.ascontiguousarray(array, dtype)
    exact = np.dtype(dtype).kind in "iub"
    if exact and array.size and not np.array_equal(cast, array):
        wrong = int(np.argmax(cast != array))
        raise TableError(f"{table}.{name} must fit {dtype}; row {wrong} is {array.reshape(-1)[wrong]}")
    return cast.copy() if cast is array or cast.base is not None else cast


class Towns(Table):
    """The towns of the study, listed ones and their neighbours."""

    name: Text = column("", "the town's name")
    x: Float64 = column("m", "centre, projected")
    y: Float64 = column("m", "centre, projected")
    population: Int32 = column("people", "residents, as published")
    listed: Int8 = column("0 or 1", "whether its residents' vehicles are simulated and measured")


class Junctions(Table):
    """Where roads meet or end."""

    osm_id: Int64 = column("", "the source's own node number")
    x: Float64 = column("m", "projected")
    y: Float64 = column("m", "projected")
    town: Int16 = column("row", "the town it lies in", refers="Towns")


class Streets(Table):
    """Road segments as a source tells them, one row a direction, before speeds, lanes and capacity are filled in."""

    tail: Int32 = column("row", "junction it leaves", refers="Junctions")
    head: Int32 = column("row", "junction it reaches", refers="Junctions")
    length: Float32 = column("m", "along the road")
    kind: Int8 = column("RoadKind", "class")
    lanes: Int8 = column("lanes", "in this direction; 0 where the source does not say")
    speed: Float32 = column("m/s", "posted or typical; 0 where the source does not say")


class Roads(Table):
    """Links of the traffic model: one direction of one road segment, ordered by tail."""

    order = "by tail"
    tail: Int32 = column("row", "junction it leaves", refers="Junctions", ascending=True)
    head: Int32 = column("row", "junction it reaches", refers="Junctions")
    length: Float32 = column("m", "along the road")
    crossing: Int32 = column("ms", "time to cross at free flow")
    lanes: Int8 = column("lanes", "in this direction")
    headway: Int32 = column("ms", "least time between two vehicles leaving it: 1 / capacity")
    room: Int32 = column("vehicles", "how many fit, bumper to bumper")
    wave: Int32 = column("ms", "time a freed space takes to travel back to its start: length / backward wave speed")
    kind: Int8 = column("RoadKind", "class")


class Places(Table):
    """Where people live, work and go; each is reached from a junction."""

    junction: Int32 = column("row", "its access", refers="Junctions")
    kind: Int8 = column("PlaceKind", "what it is")
    weight: Float32 = column(
        "", "attraction: residents of a home area, jobs at a work place or beyond a gateway, else 1"
    )
    town: Int16 = column("row", "the town it is in; a BEYOND place: the town it stands for", refers="Towns")


class People(Table):
    """Everyone simulated, grouped by household."""

    order = "by household"
    home: Int32 = column("row", "where they live", refers="Places")
    work: Int32 = column("row", "where they work or study, −1 nowhere", refers="Places")
    household: Int32 = column("number", "who live together", ascending=True)
    vehicle: Int32 = column("row", "the car they mainly drive, −1 none", refers="Vehicles")
    kind: Int8 = column("PersonKind", "what their weekdays look like")
    key: UInt64 = column("", "to which this person's draws belong")


class Vehicles(Table):
    """Every vehicle simulated: residents' first, then visitors', those that work, and those that only pass through."""

    household: Int32 = column("number", "who own it, −1 nobody here")
    garage: Int32 = column("row", "where it stands at night", refers="Places")
    town: Int16 = column("row", "the town of its garage", refers="Towns")
    kind: Int8 = column("VehicleKind", "resident, visitor, through, delivery, taxi")
    key: UInt64 = column("", "to which this vehicle's draws belong")


class Plates(Table):
    """Issued plates: row v < len(Vehicles) is vehicle v's own, then the other plates in circulation."""

    text: Int64 = column("packed", "characters, base 37, at most 8")
    state: Int8 = column("", "0 Connecticut, 1 elsewhere")


class Trips(Table):
    """One day's vehicle trips."""

    order = "by vehicle, depart"
    vehicle: Int32 = column("row", "who drives it is `driver`", refers="Vehicles", ascending=True)
    driver: Int32 = column("row", "at the wheel; −1 for vehicles of nobody simulated", refers="People")
    companion: Int32 = column("row", "the household member who rides along; −1 none", refers="People")
    depart: Int32 = column("s", "since the scenario's start, as planned")
    origin: Int32 = column("row", "from", refers="Places")
    destination: Int32 = column("row", "to", refers="Places")
    purpose: Int8 = column("Purpose", "why")


class Journeys(Table):
    """Trips as driven, row for row."""

    depart: Int32 = column("s", "left, rounded down")
    arrive: Int32 = column("s", "arrived, rounded up; −1 unfinished")
    path: Int32 = column("row", "the route", refers="Paths")


class Flows(Table):
    """What each road carried: row = road × 96 + quarter hour of the day (from 04:00)."""

    vehicles: Int32 = column("vehicles", "that entered in the quarter hour")
    time: Int32 = column("ms", "mean time to cross for those; free flow where none entered")


class Passages(Table):
    """A vehicle enters a watched road."""

    order = "by time"
    time: Int64 = column("ms", "since the scenario's start", ascending=True)
    road: Int32 = column("row", "entered", refers="Roads")
    trip: Int32 = column("row", "of that day", refers="Trips")


class Agencies(Table):
    """Who owns cameras, keeps reads or looks at them."""

    name: Text = column("", "as the scenario says it")
    kind: Int8 = column("AgencyKind", "department, pool, consumer")
    server_rate: Float32 = column("plates/min", "its shared server's throughput; inf without limit")
    server_room: Int32 = column("plates", "its shared server's queue")


class Cameras(Table):
    """Readers."""

    agency: Int16 = column("row", "the owner", refers="Agencies")
    kind: Int8 = column("CameraKind", "how it stands")
    rate: Float32 = column("plates/min", "throughput; inf without limit")
    room: Int16 = column("plates", "its buffer")
    capture: Float32 = column("share", "of passing plates it records at all")
    correct: Float32 = column("share", "of recorded plates it reads right")
    key: UInt64 = column("", "to which this camera's draws belong")


class Sites(Table):
    """A road a camera watches; a camera may watch several."""

    camera: Int32 = column("row", "the reader", refers="Cameras")
    road: Int32 = column("row", "watched", refers="Roads")
    offset: Float32 = column("m", "from the road's start")
    heading: Float32 = column("degree", "direction of travel it watches, clockwise from north")


class Sightings(Table):
    """A plate in front of a reader, before anything goes wrong with it; a day at a time."""

    order = "by time, site, the vehicle's key"
    time: Int64 = column("ms", "since the scenario's start, when the plate is nearest", ascending=True)
    site: Int32 = column("row", "where", refers="Sites")
    vehicle: Int32 = column("row", "whose plate it is", refers="Vehicles")
    speed: Float32 = column("m/s", "of the plate past the reader; of a patrol car, past what is parked")


class Reads(Table):
    """A plate recorded at a site. The truth, `vehicle`, is for `measures` alone."""

    time: Int32 = column("s", "since the scenario's start")
    site: Int32 = column("row", "where", refers="Sites")
    plate: Int32 = column("row", "as recorded; −1 unreadable", refers="Plates")
    vehicle: Int32 = column("row", "the truth, −1 a sign", refers="Vehicles")


class Listings(Table):
    """A plate on a hot list, for one spell; all intervals are half-open."""

    order = "by plate, hot_list, listed"
    plate: Int32 = column("row", "listed", refers="Plates", ascending=True)
    hot_list: Int16 = column("row", "of the scenario's `hot_lists.lists`")
    listed: Int32 = column("s", "wanted and on the list from; 0 if it was before the start")
    wanted_until: Int32 = column("s", "no longer rightly on it from this moment")
    removed: Int32 = column("s", "taken off the list")
    alerts_from: Int32 = column("s", "first in the readers' copy")
    alerts_until: Int32 = column("s", "no longer in the readers' copy; equal to alerts_from: never was")


class Alerts(Table):
    """A read whose recorded plate was in the readers' copy of a hot list. `vehicle` and `cause` are the truth."""

    order = "by time, site, plate, hot_list"
    time: Int32 = column("s", "since the scenario's start", ascending=True)
    site: Int32 = column("row", "where", refers="Sites")
    plate: Int32 = column("row", "as recorded", refers="Plates")
    vehicle: Int32 = column("row", "the truth, −1 a sign", refers="Vehicles")
    hot_list: Int16 = column("row", "of the scenario's `hot_lists.lists`")
    cause: Int8 = column("Cause", "true, stale, misread, wrong state, a sign")
    outcome: Int8 = column("Outcome", "unanswered, recognised as false, stopped")


class Truth(Table):
    """Trips as driven, kept for the measures: what a viewer's reads are held against."""

    order = "by vehicle, depart"
    vehicle: Int32 = column("row", "driven", refers="Vehicles", ascending=True)
    driver: Int32 = column("row", "at the wheel; −1 for vehicles of nobody simulated", refers="People")
    companion: Int32 = column("row", "rides along; −1 none", refers="People")
    depart: Int32 = column("s", "left")
    arrive: Int32 = column("s", "arrived")
    origin: Int32 = column("row", "from", refers="Places")
    destination: Int32 = column("row", "to", refers="Places")
    purpose: Int8 = column("Purpose", "why")


class Measured(Table):
    """The tidy table of answers: one row a (policy, viewer, sight, retention, measure, who, reads, town, statistic, seed)."""

    policy: Text = column("", "the named policy; all: alerts, which no policy, viewer, sight or retention changes")
    viewer: Text = column("", "through whose eyes")
    sight: Text = column("", "bulk: held or exportable; request: also plate by plate")
    retention: Int32 = column("s", "the ladder's step; 2³¹−1 unlimited; −1 as the policy itself says")
    measure: Text = column("", "as the glossary defines it")
    who: Text = column(
        "",
        "whose lives: vehicles (residents'), people (over the cars they drive), visitors, through, delivery, taxis; unlisted, "
        "rightly listed, stale-listed, custom-listed or a group of homes (of people “people, ” and its name); of alerts: all, or "
        "“list: ” and the hot list's name",
    )
    reads: Text = column(
        "", "whose cameras' reads: all; own (the viewer's), peers' (other departments'), commercial (a pool's)"
    )
    town: Text = column("", "home town of the vehicles or people, or all; effective retention: the cameras' department")
    statistic: Text = column("", "stock, share of horizon, share of window, …")
    seed: Int64 = column("", "of the replicate")
    value: Float64 = column("see unit", "NaN: not measured")
    unit: Text = column("", "of the value")
    n: Int64 = column("", "vehicles (or incidents, or targets) it is the mean of, over all query moments")


class Distribution(Table):
    """How unevenly residents' cars are laid open to who holds every camera's reads for so long, at the last moment."""

    window: Int32 = column("s", "how long every read is held")
    town: Text = column("", "home town, or all")
    statistic: Text = column(
        "", "reads_held, days_seen, trips_detected, trips_linked: each as the stock of the measure that counts it"
    )
    vehicles: Int64 = column("vehicles", "residents', never-read ones included")
    none: Float64 = column("share", "of them that show nothing; NaN without any")
    mean: Float64 = column("see statistic", "NaN without any")
    min: Int32 = column("see statistic", "of the least exposed one; −1 without any")
    p10: Int32 = column("see statistic", "the least that a tenth of them do not exceed; −1 without any")
    p20: Int32 = column("see statistic", "the same of 2 tenths")
    p30: Int32 = column("see statistic", "the same of 3 tenths")
    p40: Int32 = column("see statistic", "the same of 4 tenths")
    p50: Int32 = column("see statistic", "the same of 5 tenths")
    p60: Int32 = column("see statistic", "the same of 6 tenths")
    p70: Int32 = column("see statistic", "the same of 7 tenths")
    p80: Int32 = column("see statistic", "the same of 8 tenths")
    p90: Int32 = column("see statistic", "the same of 9 tenths")
    p99: Int32 = column("see statistic", "the same of 99 hundredths")
    max: Int32 = column("see statistic", "of the most exposed one; −1 without any")


class ViewersDistribution(Table):
    """The same of each viewer, as each policy and limit lets it hold or ask, at the last moment."""

    policy: Text = column("", "the named policy")
    viewer: Text = column("", "through whose eyes")
    sight: Text = column("", "bulk: held or exportable; request: also plate by plate")
    retention: Int32 = column("s", "the ladder's step; 2³¹−1 unlimited; −1 as the policy itself says")
    so_far: Int8 = column("0 or 1", "more is kept than was simulated, of which alone this is; 0 of the last T")
    town: Text = column("", "home town, or all")
    statistic: Text = column(
        "",
        "reads_held, days_seen, trips_detected, trips_linked: each as the stock of the measure that counts it; and "
        "days_seen_of_horizon, trips_detected_of_horizon, trips_linked_of_horizon: in % of its own driven days, or trips, of "
        "the last T, whole and rounded up, the mean exact",
    )
    vehicles: Int64 = column("vehicles", "residents', never-read ones included; of the last T, who drove then")
    none: Float64 = column("share", "of them that show nothing; NaN without any")
    mean: Float64 = column("see statistic", "NaN without any")
    min: Int32 = column("see statistic", "of the least exposed one; −1 without any")
    p10: Int32 = column("see statistic", "the least that a tenth of them do not exceed; −1 without any")
    p20: Int32 = column("see statistic", "the same of 2 tenths")
    p30: Int32 = column("see statistic", "the same of 3 tenths")
    p40: Int32 = column("see statistic", "the same of 4 tenths")
    p50: Int32 = column("see statistic", "the same of 5 tenths")
    p60: Int32 = column("see statistic", "the same of 6 tenths")
    p70: Int32 = column("see statistic", "the same of 7 tenths")
    p80: Int32 = column("see statistic", "the same of 8 tenths")
    p90: Int32 = column("see statistic", "the same of 9 tenths")
    p99: Int32 = column("see statistic", "the same of 99 hundredths")
    max: Int32 = column("see statistic", "of the most exposed one; −1 without any")


class Access(Table):
    """Which reads of whose a viewer can obtain when, under one policy.

    A row is of the reads of ``owner`` of one record class whose draw lies in [from_draw, to_draw) and, where there is a
    period, whose time of capture modulo it lies in [from_phase, to_phase). Such a read is obtainable at t, once asked for,
    if ``from ≤ t + delay < to``: each counted from its capture, or from the start of its capture's period.
    """

    viewer: Int16 = column("row", "who looks", refers="Agencies")
    owner: Int16 = column("row", "whose camera read it", refers="Agencies")
    record: Int8 = column("RecordClass", "plain, hit, held, alert")
    sight: Int8 = column("SightKind", "bulk, on request, by process, by a side door")
    through: Int16 = column("row", "the agency whose store holds it", refers="Agencies")
    period: Int32 = column("s", "of batches; 0 the time of capture does not matter")
    from_phase: Int32 = column("s", "of captures within the period, since 04:00")
    to_phase: Int32 = column("s", "and before")
    from_age: Int32 = column("s", "obtainable from here on")
    from_clock: Int8 = column("0 or 1", "counted from the start of the period, not from capture")
    to_age: Int32 = column("s", "and before; 2³¹−1 unlimited")
    to_clock: Int8 = column("0 or 1", "counted from the start of the period, not from capture")
    from_draw: Float64 = column("share", "of the draw that decides on sampled keeping")
    to_draw: Float64 = column("share", "and before")
    delay: Int32 = column("s", "from asking to looking")
    chance: Float64 = column("share", "of being let look")
    time_step: Int32 = column("s", "times are known to; 0 exactly")
    place_step: Float64 = column("m", "places are known to; 0 the camera")
    rotation: Int32 = column("s", "how long one pseudonym lasts; 0 the plate itself, 2³¹−1 for good")


class WeekCars(Table):
    """The cars whose last week before the last query moment the page shows; its other tables name them by row."""

    chosen: Text = column(
        "", "typical: the median by its reads of residents' cars read in the week; most: the car read most"
    )
    vehicle: Int32 = column("row", "the car", refers="Vehicles")
    since: Int32 = column("s", "the week begins after it")
    moment: Int32 = column("s", "the week ends with it: the last query moment")


class WeekTrips(Table):
    """What such a car did in its week: the trips departed in it."""

    order = "by car, depart"
    car: Int8 = column("row", "whose", refers="WeekCars", ascending=True)
    depart: Int32 = column("s", "left")
    arrive: Int32 = column("s", "arrived")
    origin: Int32 = column("row", "from", refers="Places")
    destination: Int32 = column("row", "to", refers="Places")
    purpose: Int8 = column("Purpose", "why")


class WeekDrives(Table):
    """The roads that those trips drove by the last query moment."""

    order = "by trip, as driven"
    trip: Int32 = column("row", "on which", refers="WeekTrips", ascending=True)
    road: Int32 = column("row", "driven", refers="Roads")
    time: Int32 = column("s", "when half of it was crossed, a trip's time spread in proportion to free flow")


class WeekReads(Table):
    """Every read of the plate in the week, held by anybody or not."""

    order = "by car, time"
    car: Int8 = column("row", "whose plate", refers="WeekCars", ascending=True)
    time: Int32 = column("s", "of capture")
    site: Int32 = column("row", "where", refers="Sites")
    ghost: Int8 = column("0 or 1", "another car's plate, misread as this one")
    trip: Int32 = column("row", "made on it; −1 parked, a ghost, or a trip begun before the week", refers="WeekTrips")


class WeekCases(Table):
    """What each case knows of the week: cases that hold the same reads, as exactly, share a view."""

    order = "by car, as the cases are listed"
    car: Int8 = column("row", "of whom", refers="WeekCars", ascending=True)
    policy: Text = column("", "the named policy")
    viewer: Text = column("", "through whose eyes")
    sight: Text = column("", "bulk, request")
    retention: Int32 = column("s", "the ladder's step; 2³¹−1 unlimited; −1 as the policy itself says")
    view: Int32 = column("number", "what it knows of this car")
    seen: Int32 = column("trips", "with a read that it holds")
    rebuilt: Int32 = column("trips", "rebuilt from end to end")
    right: Int64 = column("dm", "driven, and drawn")
    wrong: Int64 = column("dm", "drawn, and not driven so or then, or driven once and drawn again")
    driven: Int64 = column("dm", "driven on the simulated streets")


class WeekHeld(Table):
    """The reads of the week that a view holds, as exactly as it knows them."""

    order = "by car, view, read"
    car: Int8 = column("row", "of whom", refers="WeekCars", ascending=True)
    view: Int32 = column("number", "held by it")
    read: Int32 = column("row", "which", refers="WeekReads")
    time: Int32 = column("s", "as it is known: the start of its step")
    site: Int32 = column("row", "as it is known: the middle of its cell", refers="Sites")
    time_step: Int32 = column("s", "times are known to; 0 exactly")
    place_step: Float64 = column("m", "places are known to; 0 the camera")


class WeekClaims(Table):
    """The roads that some view claims to have been driven, by the quickest ways between reads that it links."""

    order = "by claim, as claimed"
    car: Int8 = column("row", "of whom", refers="WeekCars", ascending=True)
    claim: Int32 = column("number", "one of two reads, or of the road of one", ascending=True)
    road: Int32 = column("row", "claimed", refers="Roads")
    time: Int32 = column("s", "when it is claimed to be driven")
    drive: Int32 = column("row", "what of it was driven then; −1 nothing: wrong", refers="WeekDrives")


class WeekDrawn(Table):
    """Which claims each view makes."""

    order = "by car, view; a view's in order of the later read"
    car: Int8 = column("row", "of whom", refers="WeekCars", ascending=True)
    view: Int32 = column("number", "who makes it")
    claim: Int32 = column("number", "which")


class Paths(NamedTuple):
    """Routes, compressed: route p drives ``road[first[p]:first[p + 1]]``."""

    first: Int64
    road: Int32


class Signposts(NamedTuple):
    """What routes are kept on: junctions numbered along a curve through the map, and roads by the junction they leave."""

    first_road: Int32
    """Junction j's exits are roads first_road[j]:first_road[j + 1]."""
    head: Int32
    """The junction that each road reaches, in these numbers."""
    road: Int32
    """Each road's row of Roads."""


class Batch(NamedTuple):
    """Trips that follow one set of signposts, in an order in which a vehicle's trips follow each other."""

    turns: NDArray[np.int8]
    """[trees, junctions] the exit to take toward the tree's destination; −1 none"""
    trip: Int32
    """Rows of Trips; the other columns are row for row with this one."""
    origin: Int32
    """A junction, in the signposts' numbers."""
    destination: Int32
    tree: Int32
    """The row of `turns` that leads there."""


class Bucket(NamedTuple):
    """The reads and the truth of a few vehicles, grouped by vehicle: what a measure opens at a time.

    Vehicle ``vehicle[i]`` owns rows ``first_read[i]:first_read[i + 1]`` of `reads` (those recorded under its own plate
    row, in order of time; ``reads.vehicle`` tells which of them are ghosts) and ``first_trip[i]:first_trip[i + 1]`` of `truth`.
    """

    vehicle: Int32
    first_read: Int64
    reads: Reads
    first_trip: Int64
    truth: Truth


class Network(NamedTuple):
    """One source's streets and places, ready for traffic."""

    junctions: Junctions
    roads: Roads
    places: Places
    towns: Towns
    crs: str
    attribution: str
    generated: bool
    notes: tuple[str, ...] = ()
    """What of the source was left out or taken otherwise than it says, with counts."""


class Settlement(NamedTuple):
    """Who lives where and owns what, before any day is made. `habits` rows: the places a person goes to."""

    people: People
    vehicles: Vehicles
    habits: Habits


class Habits(Table):
    """The places a person habitually goes to, besides home and work."""

    order = "by person"
    person: Int32 = column("row", "whose", refers="People", ascending=True)
    place: Int32 = column("row", "where to", refers="Places")
    weekly: Float32 = column("visits/week", "how often, on average")


TABLES: tuple[type[Table], ...] = (
    Towns, Junctions, Streets, Roads, Places, People, Vehicles, Habits, Plates, Trips, Journeys, Flows, Passages, Agencies,
    Cameras, Sites, Sightings, Reads, Listings, Alerts, Truth, Access, Measured, Distribution,
    ViewersDistribution,
    WeekCars, WeekTrips, WeekDrives, WeekReads, WeekCases, WeekHeld, WeekClaims, WeekDrawn,
)  # fmt: skip


def contracts() -> Iterator[Column]:
    """Yield every declared column, table by table, in the order of the story."""
    for table in TABLES:
        yield from table.columns()
