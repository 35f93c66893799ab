"""How vehicles move: freely, in the time each road took at that hour, or in queues that fill roads and spill back.

The queue model (fidelity ``queue``), which two engines carry out to the same millisecond:

* A road is a link with a free-flow time (`crossing`), a least time between two vehicles leaving it (`headway`), a room
  and a wave time. Vehicles stay in order of entry. The front vehicle is **due** at
  max(its entry + crossing, the link's last exit + headway).
* Road m is **open** to its vehicle number n (from 0) from: any time, if n < room; the exit of vehicle n − room from m,
  plus the wave time (Newell 2002, Daganzo 2006: a freed space travels back at the wave speed); never, while that vehicle
  is still on m. Storage ``simple`` is a wave time of 0.
* A trip departs into the origin queue of its first road: a link with neither crossing time nor headway nor room's limit,
  numbered ``roads + first road``. Its entry of the first road is its departure. At the end of its last road it is gone.
* A vehicle's next trip departs at its planned moment, or when the vehicle has arrived, rounded up to a whole second. A
  trip with an empty path arrives as it departs.
* A link has at most one pending event, its **turn**: its front vehicle is due, or waits and may try again. A vehicle due at
  time t moves on if no link waits for the road ahead and that is open; else its link joins the end of that road's waiting
  list. The first in the list has its turn when the road opens, and any link in it at the latest when it has waited `stuck`:
  then its front vehicle moves on even so (a **forced** move, counted), past those before it in the list.
* **Order**: what happens next is always the pending event with the least (time, number). Links have their numbers; the
  departure of trip i of n has i − n: at one moment departures come first, by trip, then turns, by link.

After the day's end nobody queues any more: vehicles still on their way, or yet to depart, finish in table times (fidelity
``table``), or at free flow where no table is given, and count as unfinished.
"""

from collections import deque
from collections.abc import Generator, Iterable
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
import simpy
from numpy.typing import NDArray

from alprsim.kernels import queue, replay
from alprsim.scenario import models
from alprsim.tables import DAY, SLOT, Flows, Int32, Int64, Journeys, Passages, Paths, Roads, TableError, Trips

Fidelity = Literal["free", "table", "queue"]
Engine = Literal["compiled", "simpy"]

_SECOND = 1000
_SLOTS = DAY // SLOT
_END = DAY * _SECOND
_HOURS = range(3600 * _SECOND, _END + 1, 3600 * _SECOND)


class Day(NamedTuple):
    """A day as driven."""

    journeys: Journeys
    """Row for row with the day's trips; all of them arrive."""
    passages: Passages
    """Entries of watched roads by (time, road, trip); the last may lie past the day's end."""
    flows: Flows
    """What each road carried; entries past the day's end count in the same quarter hour of this day."""
    moves: int
    """Entries of roads, all told."""
    forced: int
    """Moves into a full road, or past others who waited, by vehicles that were stuck."""
    unfinished: int
    """Trips that had not arrived when the day ended (fidelity ``queue``; else 0)."""


class _Plan(NamedTuple):
    """What is to be driven; times in ms since the day's start."""

    roads: Roads
    wave: Int32
    """[roads] the wave time of the storage asked for"""
    watched: NDArray[np.bool_]
    vehicle: Int32
    first: Int64
    end: Int64
    """[trips] Trip i drives ``route[first[i]:end[i]]``."""
    meant: Int64
    """[trips] Its planned departure."""
    order: Int32
    """[trips] Rows by (planned departure, row)."""
    route: Int32
    """Paths.road"""
    passages: int
    """How many entries of watched roads that will be."""
    stuck: int


class _Progress(NamedTuple):
    """How far an engine brought the trips by the day's end; times in ms since its start, −1 where not yet."""

    at: Int64
    """Row of Paths.road each trip drives; one before its first until it departs."""
    entry: Int64
    """When it entered that road."""
    depart: Int64
    arrive: Int64
    vehicles: Int64
    """[96 × roads] by quarter hour and road: that entered then and have left the road"""
    spent: Int64
    """[96 × roads] ms they took, together"""
    time: Int64
    road: Int32
    who: Int32
    """Passages, in rows 0 to passed − 1 of arrays with space for the day's."""
    passed: int
    forced: int


def drive(
    roads: Roads, trips: Trips, paths: Paths, route: Int32, spec: models.Traffic, *, day: int, fidelity: Fidelity,
    table: Flows | None = None, watched: NDArray[np.bool_] | None = None, engine: Engine | None = None,
) -> Day:  # fmt: skip
    """Drive one day's trips along their paths.

    Parameters
    ----------
    roads : Roads
    trips : Trips
        Departing within [day × 86,400 s, (day + 1) × 86,400 s), ordered by (vehicle, depart).
    paths : Paths
    route : int32[trips]
        Row of `paths` each trip drives.
    spec : models.Traffic
        Storage, engine and stuck time.
    day : int
        Counted from the scenario's start.
    fidelity : {"free", "table", "queue"}
        Free flow; the quarter-hour times of `table`, by entry; the queue model of the module's docstring.
    table : Flows, optional
        Needed by ``table``; with ``queue`` what unfinished trips are completed by (default: free flow).
    watched : bool[roads], optional
        Whose passages are told; default all.
    engine : {"compiled", "simpy"}, optional
        In place of ``spec.engine``. Both give the same day.

    Raises
    ------
    TableError
        If trips, route, table or watched do not fit the roads, the paths or the day.
    """
    _check(roads, trips, paths, route, day, table, watched)
    if fidelity == "table" and table is None:
        raise ValueError('fidelity "table" needs `table`: the quarter-hour times of a sample day')
    plan = _plan(roads, trips, paths, route, spec, day, watched)
    if fidelity != "queue":
        progress = _still(plan)
    elif (engine or spec.engine) == "compiled":
        progress = _compiled(plan)
    else:
        progress = _simpy(plan)
    until = _END if fidelity == "queue" else 0
    driven = _finish(plan, progress, until, table=None if fidelity == "free" else table)
    start = day * DAY
    return Day(
        journeys=Journeys.of(
            depart=driven.depart // _SECOND + start, arrive=-(-driven.arrive // _SECOND) + start, path=route
        ),
        passages=_in_order(driven, len(roads), start * _SECOND),
        flows=_flows(roads, driven),
        moves=int(np.sum(plan.end - plan.first)),
        forced=progress.forced,
        unfinished=int(np.sum(progress.arrive < 0)) if fidelity == "queue" else 0,
    )


def _check(
    roads: Roads, trips: Trips, paths: Paths, route: Int32, day: int, table: Flows | None,
    watched: NDArray[np.bool_] | None,
) -> None:  # fmt: skip
    starts, ends = day * DAY, (day + 1) * DAY
    outside = (trips.depart < starts) | (trips.depart >= ends)
    if outside.any():
        raise TableError(f"Trips.depart must be within day {day}, {starts} to {ends} s, not {trips.depart[outside][0]}")
    if np.any((trips.vehicle[1:] == trips.vehicle[:-1]) & (trips.depart[1:] < trips.depart[:-1])):
        raise TableError("Trips must be ordered by (vehicle, depart)")
    if route.dtype != np.int32 or len(route) != len(trips):
        raise TableError(f"route must be int32, one a trip ({len(trips)}), not {route.dtype}, {len(route)}")
    if len(route) and not 0 <= route.min() <= route.max() < len(paths.first) - 1:
        raise TableError(
            f"route must be rows of Paths (0 to {len(paths.first) - 2}), not {route.min()} to {route.max()}"
        )
    if len(roads) and roads.room.min() < 1:
        raise TableError(f"Roads.room must be at least 1, not {roads.room.min()} (row {roads.room.argmin()})")
    for name in ("crossing", "headway", "wave"):
        values = getattr(roads, name)
        if len(roads) and values.min() < 0:
            raise TableError(f"Roads.{name} must not be negative, not {values.min()} (row {values.argmin()})")
    if table is not None and len(table) != len(roads) * _SLOTS:
        raise TableError(f"table must have {_SLOTS} rows a road ({len(roads) * _SLOTS}), not {len(table)}")
    if watched is not None and (watched.dtype != np.bool_ or len(watched) != len(roads)):
        raise TableError(f"watched must be bool, one a road ({len(roads)}), not {watched.dtype}, {len(watched)}")


def _plan(
    roads: Roads, trips: Trips, paths: Paths, route: Int32, spec: models.Traffic, day: int,
    watched: NDArray[np.bool_] | None,
) -> _Plan:  # fmt: skip
    every = np.ones(len(roads), np.bool_) if watched is None else watched
    first, end = paths.first[route], paths.first[route + 1]
    meant = (trips.depart.astype(np.int64) - day * DAY) * _SECOND
    return _Plan(
        roads=roads,
        wave=roads.wave if spec.storage == "newell" else np.zeros_like(roads.wave),
        watched=every,
        vehicle=trips.vehicle,
        first=first,
        end=end,
        meant=meant,
        order=np.argsort(meant, kind="stable").astype(np.int32),
        route=paths.road,
        passages=replay.count(first, end, paths.road, every),
        stuck=spec.stuck * _SECOND,
    )


def _still(plan: _Plan) -> _Progress:
    """Return the progress at which nobody has moved yet."""
    entry, depart, arrive = (np.full(len(plan.first), -1, np.int64) for _ in range(3))
    vehicles, spent = (np.zeros(len(plan.roads) * _SLOTS, np.int64) for _ in range(2))
    time, road, who = np.empty(plan.passages, np.int64), *(np.empty(plan.passages, np.int32) for _ in range(2))
    return _Progress(plan.first - 1, entry, depart, arrive, vehicles, spent, time, road, who, passed=0, forced=0)


def _finish(plan: _Plan, progress: _Progress, until: int, *, table: Flows | None) -> _Progress:
    """Bring every trip to its end by table or at free flow, from where it was when the queues ended."""
    departed, arrived = progress.depart >= 0, progress.arrive >= 0
    on_road = departed & ~arrived
    times = np.tile(plan.roads.crossing, _SLOTS) if table is None else table.time.reshape(-1, _SLOTS).T.ravel()
    cell = _cell(plan.route[progress.at[on_road]], progress.entry[on_road], len(plan.roads))
    leave = np.maximum(progress.entry[on_road] + times[cell], until)
    enter = np.where(arrived, progress.arrive, np.maximum(plan.meant, until))
    enter[on_road] = leave
    begin = np.where(arrived, plan.end, progress.at + 1)

    depart, arrive = np.empty_like(enter), np.empty_like(enter)
    entries = np.zeros(len(times), np.int32)
    passed = replay.replay(
        plan.vehicle, plan.order, begin, plan.end, enter, plan.route, times, plan.watched, progress.passed,
        depart, arrive, entries, progress.time, progress.road, progress.who,
    )  # fmt: skip
    vehicles = progress.vehicles + entries
    spent = progress.spent + entries * times.astype(np.int64)
    np.add.at(vehicles, cell, 1)
    np.add.at(spent, cell, leave - progress.entry[on_road])
    return progress._replace(
        depart=np.where(departed, progress.depart, depart), arrive=arrive, vehicles=vehicles, spent=spent, passed=passed
    )


def _cell(road: Int32 | Int64, entry: Int64, roads: int) -> Int64:
    """Return the row of (quarter hour, road): quarter hours first, as the cells in use at a time then lie together."""
    return entry // (SLOT * _SECOND) % _SLOTS * roads + road


def _in_order(driven: _Progress, roads: int, start: int) -> Passages:
    """Return the passages by (time, road, trip)."""
    time, road, who = driven.time, driven.road, driven.who
    order = np.lexsort((who, time * max(roads, 1) + road))  # two sorts, not three
    return Passages(time=time[order] + start, road=road[order], trip=who[order])


def _flows(roads: Roads, driven: _Progress) -> Flows:
    """Return entries and mean times, rounded to the nearest ms; free flow where nobody entered."""
    vehicles, spent = (values.reshape(_SLOTS, -1).T.ravel() for values in (driven.vehicles, driven.spent))
    time = np.repeat(roads.crossing, _SLOTS)
    some = vehicles > 0
    time[some] = (spent[some] + vehicles[some] // 2) // vehicles[some]
    return Flows(vehicles=vehicles.astype(np.int32), time=time)


# --- the compiled engine ----------------------------------------------------------------------------------------------


def _compiled(plan: _Plan, *, shift: int = 2, cuts: Iterable[int] = _HOURS) -> _Progress:
    """Run the day in ``kernels/queue.py``, an hour at a call, so that an interrupt is heard."""
    trip = np.full((len(plan.first), 8), -1, np.int64)
    trip[:, queue.AT], trip[:, queue.END], trip[:, queue.MEANT] = plan.first - 1, plan.end, plan.meant
    trip[:, queue.CAR] = queue.THERE
    trip[1:, queue.CAR][plan.vehicle[1:] == plan.vehicle[:-1]] = queue.AWAY
    roads = plan.roads
    state = queue.begin(
        roads.crossing, roads.headway, roads.room, plan.wave, plan.watched.astype(np.int64), trip, plan.route,
        plan.order, plan.passages, stuck=plan.stuck, shift=shift,
    )  # fmt: skip
    for until in cuts:
        queue.advance(*state, until)
    at, entry, depart, arrive = (trip[:, column] for column in (queue.AT, queue.ENTRY, queue.DEPARTED, queue.ARRIVED))
    return _Progress(
        at, entry, depart, arrive, state.flows[:, 0], state.flows[:, 1], state.time, state.road, state.who,
        passed=int(state.clock[queue.PASSED]), forced=int(state.clock[queue.FORCED]),
    )  # fmt: skip


# --- the SimPy engine -------------------------------------------------------------------------------------------------

_NEVER = 1 << 62


class _Car:
    """A trip under way; `turn` is the event its process waits for."""

    def __init__(self, trip: int) -> None:
        self.trip = trip
        self.entry = 0
        self.turn: simpy.Event


class _Link:
    """A road, or the origin queue before one: its cars in order, its past exits, the links that wait to enter it."""

    def __init__(self, number: int, crossing: int = 0, headway: int = 0, room: int = _NEVER, wave: int = 0) -> None:
        self.number, self.crossing, self.headway, self.room, self.wave = number, crossing, headway, room, wave
        self.cars: deque[_Car] = deque()
        self.entered = 0
        self.exits: list[int] = []
        self.waiting: list[_Link] = []
        self.since = 0

    def opens(self) -> int:
        """Return from when on the next car may enter."""
        ahead = self.entered - self.room
        if ahead < 0:
            return 0
        return self.exits[ahead] + self.wave if ahead < len(self.exits) else _NEVER

    def due(self) -> int:
        """Return when the front car may leave, if the road ahead lets it."""
        arrived = self.cars[0].entry + self.crossing
        return max(arrived, self.exits[-1] + self.headway) if self.exits else arrived


class _World:
    """The day as SimPy processes, one a vehicle."""

    def __init__(self, roads: list[_Link], stuck: int, paths: list[list[int]], meant: list[int]) -> None:
        self.env = simpy.Environment()
        self.roads = roads
        self.origins = [_Link(len(roads) + road.number) for road in roads]
        self.stuck = stuck
        self.paths = paths
        self.meant = meant
        self.depart, self.arrive = [-1] * len(paths), [-1] * len(paths)
        self.entries: list[tuple[int, int, int]] = []  # every entry of a road: time, road, trip
        self.crossings: list[tuple[int, int, int]] = []  # every crossing that ended: road, entry, exit
        self.forced = 0

    def vehicle(self, trips: range) -> Generator[simpy.Event, None, None]:
        """Make a vehicle's trips, one after another."""
        for trip in trips:
            whole_second = -(-self.env.now // _SECOND) * _SECOND
            yield self._event(max(self.meant[trip], whole_second), trip - len(self.paths))
            path = [self.roads[road] for road in self.paths[trip]]
            if path:
                yield from self._journey(_Car(trip), [self.origins[path[0].number], *path])
            else:
                self.depart[trip] = self.env.now
            self.arrive[trip] = self.env.now

    def _journey(self, car: _Car, links: list[_Link]) -> Generator[simpy.Event, None, None]:
        """Drive from the origin queue to the end of the last road."""
        self._enter(links[0], car)
        for here, ahead in pairwise(links):
            yield car.turn
            if ahead.waiting or ahead.opens() > self.env.now:
                yield from self._wait(car, here, ahead)
            self._leave(here)
            self._enter(ahead, car)
            self._call(here)
            self._call(ahead)
            self.entries.append((self.env.now, ahead.number, car.trip))
            if here is links[0]:
                self.depart[car.trip] = self.env.now
        yield car.turn
        self._leave(links[-1])
        self._call(links[-1])

    def _wait(self, car: _Car, here: _Link, ahead: _Link) -> Generator[simpy.Event, None, None]:
        """Stand at the end of `here` until the road ahead opens, first come first served, or for as long as allowed."""
        here.since = self.env.now
        ahead.waiting.append(here)
        car.turn = self.env.event()
        self._appoint(here, here.since + self.stuck)
        self._call(ahead)
        yield car.turn
        self.forced += ahead.waiting[0] is not here or ahead.opens() > self.env.now
        ahead.waiting.remove(here)

    def _enter(self, link: _Link, car: _Car) -> None:
        car.entry, car.turn = self.env.now, self.env.event()
        link.cars.append(car)
        link.entered += 1
        if len(link.cars) == 1:
            self._appoint(link, link.due())

    def _leave(self, link: _Link) -> None:
        car = link.cars.popleft()
        link.exits.append(self.env.now)
        if link.number < len(self.roads):
            self.crossings.append((link.number, car.entry, self.env.now))
        if link.cars:
            self._appoint(link, link.due())

    def _call(self, road: _Link) -> None:
        """Set the turn of the first link that waits for the road."""
        if road.waiting:
            first = road.waiting[0]
            self._appoint(first, min(road.opens(), first.since + self.stuck))

    def _appoint(self, link: _Link, time: int) -> None:
        """Set the turn of a link's front car; one set before lapses, as nobody listens to it any more."""
        car = link.cars[0]
        lapsed, car.turn = car.turn, self._event(time, link.number)
        car.turn.callbacks, lapsed.callbacks = lapsed.callbacks, []

    def _event(self, time: int, number: int) -> simpy.Event:
        """Return an event that happens in its place in the order (time, number): SimPy's own ties go by creation."""
        event = simpy.Event(self.env)
        event._ok, event._value = True, None
        self.env.schedule(event, priority=number, delay=time - self.env.now)
        return event


def _simpy(plan: _Plan) -> _Progress:
    """Run the day as SimPy processes, one a vehicle: the model as it is explained, and the oracle of the other engine."""
    columns: tuple[Int32, ...] = (plan.roads.crossing, plan.roads.headway, plan.roads.room, plan.wave)
    links = [_Link(number, *row) for number, row in enumerate(zip(*(c.tolist() for c in columns), strict=True))]
    paths = [plan.route[a:b].tolist() for a, b in zip(plan.first.tolist(), plan.end.tolist(), strict=True)]
    world = _World(links, plan.stuck, paths, plan.meant.tolist())
    borders = np.flatnonzero(np.diff(plan.vehicle, prepend=-2, append=-2)).tolist()
    for a, b in pairwise(borders):
        world.env.process(world.vehicle(range(a, b)))
    while world.env.peek() < _END:
        world.env.step()
    return _seen(plan, world)


def _seen(plan: _Plan, world: _World) -> _Progress:
    """Write down what happened in the world."""
    progress = _still(plan)
    entries = np.array(world.entries, np.int64).reshape(-1, 3)
    np.add.at(progress.at, entries[:, 2], 1)
    np.maximum.at(progress.entry, entries[:, 2], entries[:, 0])
    road, entry, leave = np.array(world.crossings, np.int64).reshape(-1, 3).T
    cell = _cell(road, entry, len(plan.roads))
    np.add.at(progress.vehicles, cell, 1)
    np.add.at(progress.spent, cell, leave - entry)
    seen = entries[plan.watched[entries[:, 1]]]
    rows = slice(len(seen))
    progress.time[rows], progress.road[rows], progress.who[rows] = seen.T
    depart, arrive = np.array(world.depart, np.int64), np.array(world.arrive, np.int64)
    return progress._replace(depart=depart, arrive=arrive, passed=len(seen), forced=world.forced)
