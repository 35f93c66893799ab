"""The queue model as SimPy processes, one a vehicle: as it is explained, and the oracle of the compiled engine."""

from collections import deque
from collections.abc import Generator
from itertools import pairwise

import numpy as np
import simpy

from alprsim.tables import Int32
from alprsim.traffic._plan import END, SECOND, Log, Plan, Progress, cell, still

_NEVER = 1 << 62


def event_at(env: simpy.Environment, time: int, number: int) -> simpy.Event:
    """Return an event that happens in its place in the order (time, number): SimPy's own ties go by creation."""
    event = simpy.Event(env)
    event._ok, event._value = True, None
    env.schedule(event, priority=number, delay=time - env.now)
    return event


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


class Processes:
    """A day's vehicles as processes of a SimPy environment whose clock counts milliseconds; it is their day's start now."""

    def __init__(self, plan: Plan, env: simpy.Environment) -> None:
        columns: tuple[Int32, ...] = (plan.roads.crossing, plan.roads.headway, plan.roads.room, plan.wave)
        self._plan, self._env, self._start = plan, env, int(env.now)
        self._roads = [_Link(n, *row) for n, row in enumerate(zip(*(c.tolist() for c in columns), strict=True))]
        self._origins = [_Link(len(self._roads) + road.number) for road in self._roads]
        self._paths = [plan.route[a:b].tolist() for a, b in zip(plan.first.tolist(), plan.end.tolist(), strict=True)]
        self._meant = plan.meant.tolist()
        self._at_home: dict[int, simpy.Event] = {}  # by trip: the departure it waits for
        self._told = still(plan)
        self._entries: list[tuple[int, int]] = []  # every entry of a road: time, trip
        self._crossings: list[tuple[int, int, int]] = []  # every crossing that ended: road, entry, exit
        self._forced = 0
        self.passed = 0
        """How many passages there were so far."""
        borders = np.flatnonzero(np.diff(plan.vehicle, prepend=-2, append=-2)).tolist()
        for a, b in pairwise(borders):
            env.process(self._vehicle(range(a, b)))

    @property
    def _now(self) -> int:
        return int(self._env.now) - self._start

    @property
    def log(self) -> Log:
        """The passages; those written may be put in another order."""
        return self._told.log

    def advance(self, until: int) -> None:
        """Let go of the vehicles at the day's end; before that the environment moves them."""
        if until >= END:
            under_way = [car.turn for link in self._roads + self._origins for car in link.cars]
            for event in [*under_way, *self._at_home.values()]:
                event.callbacks = []

    def progress(self) -> Progress:
        """Return how far the trips have come."""
        told = self._told
        time, trip = np.array(self._entries, np.int64).reshape(-1, 2).T
        at, last = told.at.copy(), told.entry.copy()
        np.add.at(at, trip, 1)
        np.maximum.at(last, trip, time)
        road, entry, leave = np.array(self._crossings, np.int64).reshape(-1, 3).T
        vehicles, spent = told.vehicles.copy(), told.spent.copy()
        cells = cell(road, entry, len(self._roads))
        np.add.at(vehicles, cells, 1)
        np.add.at(spent, cells, leave - entry)
        return told._replace(at=at, entry=last, vehicles=vehicles, spent=spent, passed=self.passed, forced=self._forced)

    def _vehicle(self, trips: range) -> Generator[simpy.Event, None, None]:
        """Make a vehicle's trips, one after another."""
        for trip in trips:
            whole_second = -(-self._now // SECOND) * SECOND
            self._at_home[trip] = self._event(max(self._meant[trip], whole_second), trip - len(self._paths))
            yield self._at_home[trip]
            del self._at_home[trip]
            path = [self._roads[road] for road in self._paths[trip]]
            if path:
                yield from self._journey(_Car(trip), [self._origins[path[0].number], *path])
            else:
                self._told.depart[trip] = self._now
            self._told.arrive[trip] = self._now

    def _journey(self, car: _Car, links: list[_Link]) -> Generator[simpy.Event, None, None]:
        """Drive from the origin queue to the end of the last road."""
        self._enter(links[0], car)
        for here, ahead in pairwise(links):
            yield car.turn
            if ahead.waiting or ahead.opens() > self._now:
                yield from self._wait(car, here, ahead)
            self._leave(here)
            self._enter(ahead, car)
            self._call(here)
            self._call(ahead)
            self._pass(ahead, car)
            if here is links[0]:
                self._told.depart[car.trip] = self._now
        yield car.turn
        self._leave(links[-1])
        self._call(links[-1])

    def _pass(self, road: _Link, car: _Car) -> None:
        self._entries.append((self._now, car.trip))
        if self._plan.watched[road.number]:
            log, row = self.log, self.passed
            log.time[row], log.road[row], log.who[row] = self._now, road.number, car.trip
            self.passed += 1

    def _wait(self, car: _Car, here: _Link, ahead: _Link) -> Generator[simpy.Event, None, None]:
        """Stand at the end of `here` until the road ahead opens, first come first served, or for as long as allowed."""
        here.since = self._now
        ahead.waiting.append(here)
        car.turn = self._env.event()
        self._appoint(here, here.since + self._plan.stuck)
        self._call(ahead)
        yield car.turn
        self._forced += ahead.waiting[0] is not here or ahead.opens() > self._now
        ahead.waiting.remove(here)

    def _enter(self, link: _Link, car: _Car) -> None:
        car.entry, car.turn = self._now, self._env.event()
        link.cars.append(car)
        link.entered += 1
        if len(link.cars) == 1:
            self._appoint(link, link.due())

    def _leave(self, link: _Link) -> None:
        car = link.cars.popleft()
        link.exits.append(self._now)
        if link.number < len(self._roads):
            self._crossings.append((link.number, car.entry, self._now))
        if link.cars:
            self._appoint(link, link.due())

    def _call(self, road: _Link) -> None:
        """Set the turn of the first link that waits for the road."""
        if road.waiting:
            first = road.waiting[0]
            self._appoint(first, min(road.opens(), first.since + self._plan.stuck))

    def _appoint(self, link: _Link, time: int) -> None:
        """Set the turn of a link's front car; one set before lapses, as nobody listens to it any more."""
        car = link.cars[0]
        lapsed, car.turn = car.turn, self._event(time, link.number)
        car.turn.callbacks, lapsed.callbacks = lapsed.callbacks, []

    def _event(self, time: int, number: int) -> simpy.Event:
        return event_at(self._env, time + self._start, number)
