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

**SimPy keeps the clock**, in milliseconds since the scenario's start, and the queues follow it in slices: at each slice's
end, before anything else of that moment, all that was due earlier has happened and its passages are told. So whatever
else is given to live in the same environment sees the day's traffic go by; it cannot act on traffic. How long a slice is
changes nothing. A study's run gives the day a world of traffic alone: its cameras, their faults and patrol cars read the
finished day's passages.

After the day's end nobody queues any more: vehicles still on their way, or yet to depart, finish in table times (fidelity
``table``), or at free flow where no table is given, and count as unfinished.
"""

from collections.abc import Callable, Generator, Iterable
from typing import Literal, NamedTuple, Protocol

import numpy as np
import simpy
from numpy.typing import NDArray

from alprsim.scenario import models
from alprsim.tables import DAY, Flows, Int32, Journeys, Passages, Paths, Roads, Trips
from alprsim.traffic._finish import finish, mean_times, put_in_order
from alprsim.traffic._follow import Followed, follow
from alprsim.traffic._plan import END, SECOND, Log, Plan, Progress, check_table, plan, still
from alprsim.traffic._processes import Processes, event_at
from alprsim.traffic._queues import Queues

__all__ = ["Day", "Engine", "Fidelity", "Followed", "Plan", "Queues", "Subscriber", "drive", "follow", "plan"]

Fidelity = Literal["free", "table", "queue"]
Engine = Literal["compiled", "simpy"]
Subscriber = Callable[[Passages], None]
"""Is given the passages of each slice of a day, in order; the last may lie past the day's end."""

HOUR = 3600
_FIRST = -(1 << 62)  # before every link and every departure of a moment


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


class _Vehicles(Protocol):
    """A day's vehicles under way in one of the engines."""

    @property
    def log(self) -> Log: ...
    @property
    def passed(self) -> int: ...
    def advance(self, until: int) -> None: ...
    def progress(self) -> Progress: ...


def drive(
    roads: Roads, trips: Trips, paths: Paths, route: Int32, spec: models.Traffic, *, day: int, fidelity: Fidelity,
    table: Flows | None = None, watched: NDArray[np.bool_] | None = None, engine: Engine | None = None,
    env: simpy.Environment | None = None, subscribers: Iterable[Subscriber] = (), every: int = HOUR,
) -> Day:  # fmt: skip
    """Drive one day's trips along their paths.

    Parameters
    ----------
    roads : Roads
        Each longer than 0 m, with room for a vehicle; crossing, headway and wave no longer than a day.
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
    env : simpy.Environment, optional
        The world that the day happens in, with whatever else lives there; its clock stands at the day's start, in ms
        since the scenario's, and at the day's end afterwards. Default: a world of traffic alone.
    subscribers : iterable of callables
        Each is given the passages of every slice as that ends, and last those past the day's end.
    every : int, s
        The length of a slice.

    Raises
    ------
    TableError
        If trips, route, table or watched do not fit the roads, the paths or the day, a road cannot be driven, or a path's
        roads do not join.
    ValueError
        If fidelity ``table`` has no table, a slice is shorter than 1 s, or the world's clock is not at the day's start.
    """
    if fidelity == "table" and table is None:
        raise ValueError('fidelity "table" needs `table`: the quarter-hour times of a sample day')
    if table is not None:
        check_table(table, len(roads))
    driving = plan(roads, trips, paths, route, spec, day=day, watched=watched)
    world = _world(env, day, every)
    vehicles: _Vehicles
    if fidelity != "queue":
        vehicles = _Told(driving, table if fidelity == "table" else None)
    elif (engine or spec.engine) == "compiled":
        vehicles = Queues(driving)
    else:
        vehicles = Processes(driving, world)
    passages = _Passages(vehicles.log, len(roads), day * END, list(subscribers))
    _live(world, vehicles, passages, every * SECOND)

    reached = vehicles.progress()
    driven = finish(driving, reached, END, table) if fidelity == "queue" else reached
    start = day * DAY
    return Day(
        journeys=Journeys.of(
            depart=driven.depart // SECOND + start, arrive=-(-driven.arrive // SECOND) + start, path=route
        ),
        passages=passages.all(driven.passed),
        flows=mean_times(roads, driven),
        moves=int(np.sum(driving.end - driving.first)),
        forced=reached.forced,
        unfinished=int(np.sum(reached.arrive < 0)),
    )


def _world(env: simpy.Environment | None, day: int, every: int) -> simpy.Environment:
    world = simpy.Environment(initial_time=day * END) if env is None else env
    if world.now != day * END:
        raise ValueError(f"the world's clock must stand at the start of day {day}, {day * END} ms, not at {world.now}")
    if every < 1:
        raise ValueError(f"every must be at least 1 s, not {every}")
    return world


def _live(world: simpy.Environment, vehicles: _Vehicles, passages: "_Passages", every: int) -> None:
    """Let the world live through the day, the traffic with it."""
    start = world.now

    def follow() -> Generator[simpy.Event, None, None]:
        for until in range(every, END, every):
            yield event_at(world, start + until, _FIRST)
            vehicles.advance(until)
            passages.tell(vehicles.passed)

    world.process(follow())
    while world.peek() < start + END:
        world.step()
    vehicles.advance(END)
    passages.tell(vehicles.passed)
    world.run(until=start + END)


class _Told:
    """A day by table or at free flow: known at once, and told as the clock gets there."""

    def __init__(self, driving: Plan, table: Flows | None) -> None:
        self._driven = finish(driving, still(driving), 0, table)
        put_in_order(self.log.rows(slice(self._driven.passed)), len(driving.roads))
        self.passed = 0

    @property
    def log(self) -> Log:
        return self._driven.log

    def advance(self, until: int) -> None:
        self.passed = int(np.searchsorted(self.log.time, until))

    def progress(self) -> Progress:
        return self._driven


class _Passages:
    """The day's passages in their engine's arrays, put in order slice by slice as they are told."""

    def __init__(self, log: Log, roads: int, start: int, subscribers: list[Subscriber]) -> None:
        self._log, self._roads, self._start, self._subscribers = log, roads, start, subscribers
        self._told = 0

    def tell(self, passed: int) -> None:
        """Put those up to row `passed` in order behind those told before, and tell them to the subscribers."""
        rows = slice(self._told, passed)
        self._told = passed
        put_in_order(self._log.rows(rows), self._roads)
        if self._subscribers:
            time, road, who = self._log.rows(rows)
            told = Passages(time=time + self._start, road=road.copy(), trip=who.copy())
            for subscriber in self._subscribers:
                subscriber(told)

    def all(self, passed: int) -> Passages:
        """Tell the last of them; return the whole day's."""
        self.tell(passed)
        time, road, who = self._log.rows(slice(passed))
        time += self._start
        return Passages(time=time, road=road, trip=who)
