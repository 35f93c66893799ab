"""A city of square blocks and the traffic on it, drawn from hashes alone: the same on every machine."""

from typing import NamedTuple

import numpy as np

from alprsim.randomness import below, choose, draw, stream
from alprsim.scenario import models
from alprsim.tables import Flows, Paths, Roads, Trips

STUCK = models.Traffic(stuck="60 s")
CHUNK = 50_000

# Share of departures by hour from 04:00 on: two peaks. Assumption: a bench needs a rush hour, not a particular one.
HOURS = (1, 2, 5, 9, 8, 5, 5, 5, 6, 5, 6, 7, 9, 9, 6, 4, 3, 2, 1, 1, 0, 0, 0, 1)


class City(NamedTuple):
    """What ``traffic.drive`` takes, and what a path costs on empty roads."""

    roads: Roads
    trips: Trips
    paths: Paths
    route: np.ndarray

    @property
    def moves(self) -> int:
        """Return how many roads the trips enter."""
        return len(self.paths.road)

    def free_times(self) -> np.ndarray:
        """Return what each trip takes on empty roads: int64[trips], ms."""
        told = np.concatenate([[0], np.cumsum(self.roads.crossing[self.paths.road], dtype=np.int64)])
        return told[self.paths.first[1:]] - told[self.paths.first[:-1]]

    def delay(self, journeys) -> np.ndarray:
        """Return what each trip lost to others: float64[trips], s."""
        return journeys.arrive - self.trips.depart - self.free_times() / 1000

    def flat_table(self) -> Flows:
        """Return a table of quarter-hour times: each road's, a little slower at some hours."""
        slow = 1000 + np.arange(96) % 7 * 50
        times = (self.roads.crossing[:, None].astype(np.int64) * slow // 1000).ravel()
        return Flows.of(vehicles=np.zeros(len(times)), time=times)


def rush(side: int = 45, trips: int = 100_000, *, reach: int = 23, span: int = 1_740) -> City:
    """Return a city in which everybody leaves within half an hour: 7,920 links, 2,065,160 moves, 197 s lost by each."""
    rows = np.arange(trips)
    origin = below(draw(stream(1, "origin"), rows), side * side)
    destination = near(origin, side, reach, rows)
    depart = below(draw(stream(1, "depart"), rows), span)
    return _city(side, rows, depart, origin, destination)


def region_day(side: int = 90, vehicles: int = 400_000) -> City:
    """Return a region's day: 32,040 links, 1.4 million trips of 400,000 vehicles, one outing in four goes down town."""
    outings = np.arange(2 * vehicles)  # two a vehicle; the second's way home falls into the next day for one in two
    home = np.repeat(below(draw(stream(2, "home"), np.arange(vehicles)), side * side), 2)
    place = near(home, side, 11, outings)
    downtown = below(draw(stream(2, "downtown"), outings), 4) == 0
    place[downtown] = near(np.full(downtown.sum(), side * side // 2 + side // 2), side, 6, outings[downtown])
    ways = np.column_stack([home, place, place, home]).reshape(-1, 4, 2)
    second = choose(draw(stream(2, "hour"), np.arange(4 * vehicles)), HOURS) * 3600
    second += below(draw(stream(2, "second"), np.arange(4 * vehicles)), 3600)
    depart = np.sort(second.reshape(-1, 4), axis=1)
    made = np.ones((vehicles, 4), np.bool_)
    made[1::2, 3] = False
    vehicle = np.repeat(np.arange(vehicles), 4).reshape(-1, 4)
    return _city(side, vehicle[made], depart[made], *ways[made].T)


def congested_day() -> City:
    """Return the same day on roads that let four sevenths of it pass: 97 s lost by each, 282 s driven.

    They hold five times as many vehicles. Without that the queues of so even a grid, on which nobody turns aside, close in on
    themselves: at six sevenths a trip still loses 13 s, at five sixths all stands until the night.
    """
    day = region_day()
    columns = day.roads.data()
    slow = columns | {"headway": columns["headway"] * 7 // 4, "room": columns["room"] * 5}
    return day._replace(roads=Roads(**slow))


def near(junction, side: int, reach: int, keys):
    """Draw a junction at most so many blocks away along and across."""
    drawn = []
    for axis, at in zip(("down", "across"), np.divmod(junction, side), strict=True):
        low, high = np.maximum(at - reach, 0), np.minimum(at + reach, side - 1)
        drawn.append(low + below(draw(stream(3, axis), keys), high - low + 1))
    return drawn[0] * side + drawn[1]


def streets(side: int) -> Roads:
    """Return two-way streets of 150 to 250 m between the junctions of a grid.

    One lane at 13.9 m/s, bumper to bumper every 7 m, backward wave 5 m/s; 800 to 900 vehicles an hour, as a lane with
    green half of the time lets pass.
    """
    tail, head = links(side)
    rows = np.arange(len(tail))
    length = 150 + below(draw(stream(4, "length"), rows), 101)
    return Roads.of(
        tail=tail, head=head, length=length, lanes=np.ones(len(rows)), kind=np.full(len(rows), 3),
        crossing=length * 10_000 // 139, headway=4_000 + 250 * below(draw(stream(4, "headway"), rows), 3),
        room=length // 7, wave=length * 200,
    )  # fmt: skip


def links(side: int):
    """Return tail and head of both ways between neighbours on a grid, ordered by tail."""
    tail, way = np.divmod(np.arange(4 * side * side), 4)  # east, west, south, north
    y, x = np.divmod(tail, side)
    inside = np.choose(way, [x < side - 1, x > 0, y < side - 1, y > 0])
    return tail[inside], tail[inside] + np.array([1, -1, side, -side])[way[inside]]


def _city(side: int, vehicle, depart, origin, destination) -> City:
    roads = streets(side)
    return city(roads, vehicle, depart, stairs(side, roads, origin, destination))


def city(roads: Roads, vehicle, depart, paths: Paths) -> City:
    """Return a city in which every trip has a path of its own."""
    nobody = np.full(len(vehicle), -1)
    trips = Trips.of(
        vehicle=vehicle, depart=depart, purpose=np.zeros(len(vehicle)),
        driver=nobody, companion=nobody, origin=nobody, destination=nobody,
    )  # fmt: skip
    return City(roads, trips, paths, np.arange(len(vehicle), dtype=np.int32))


def stairs(side: int, roads: Roads, origin, destination) -> Paths:
    """Drive the stairs closest to the straight line, block by block."""
    number = np.full(4 * side * side, -1, np.int32)  # by (tail, way)
    way = np.select([roads.head == roads.tail + 1, roads.head == roads.tail - 1, roads.head > roads.tail], [0, 1, 2], 3)
    number[4 * roads.tail + way] = np.arange(len(roads))
    (y, x), (ty, tx) = np.divmod(origin, side), np.divmod(destination, side)
    across, steps = np.abs(tx - x), np.abs(tx - x) + np.abs(ty - y)
    first = np.concatenate([[0], np.cumsum(steps)])
    route = np.empty(first[-1], np.int32)
    phase = below(draw(stream(5, "phase"), np.arange(len(steps))), np.maximum(steps, 1))
    for start in range(0, len(steps), CHUNK):  # a chunk at a time: a region's day at once would take gigabytes
        rows = np.arange(start, min(start + CHUNK, len(steps)))
        trip = np.repeat(rows, steps[rows])
        step = np.arange(len(trip)) - (first[trip] - first[start])
        done, then = ((k * across[trip] + phase[trip]) // steps[trip] for k in (step, step + 1))
        east, south = (tx > x)[trip], (ty > y)[trip]
        here = (y[trip] + np.where(south, 1, -1) * (step - done)) * side + x[trip] + np.where(east, 1, -1) * done
        turn = np.where(then > done, np.where(east, 0, 1), np.where(south, 2, 3))
        route[first[start] : first[start] + len(trip)] = number[4 * here + turn]
    return Paths(first.astype(np.int64), route)
