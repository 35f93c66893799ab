"""Where some cars drove, road by road, and who was at the wheel of each trip."""

from typing import NamedTuple

import numpy as np

from alprsim.measures.ways import pieces
from alprsim.tables import Bucket, Int32, Int64, Paths, Roads, Truth

KILOMETRE = 10_000
"""Lengths are counted in decimetres: sums of whole numbers do not depend on the order of buckets or processes."""

PEOPLE = 2**32
"""More than any row of People or any moment (s): one shares a word with a vehicle's."""


class Drives(NamedTuple):
    """Where some vehicles of a bucket drove: vehicle i made trips ``first_trip[i]:first_trip[i + 1]``."""

    row: Int64
    """Of the vehicles in the bucket."""
    first_trip: Int64
    depart: Int32
    arrive: Int32
    first: Int64
    """Trip t drove the roads ``first[t]:first[t + 1]``."""
    road: Int32
    when: Int32
    """s: when half of it was crossed, if the trip's time is spread in proportion to free flow."""
    length: Int32
    """Decimetres."""
    driver: Int32
    """[n_trips]: row of People."""
    keeper: Int32
    """[n_vehicles]: whom each plate names, row of People; −1 nobody."""


class Pairs(NamedTuple):
    """The vehicles with who drives each, or is named by its plate: trips put in order of pair and departure."""

    car: Int64
    """[n_pairs], rising: place in `Drives.row`."""
    person: Int32
    """[n_pairs]: row of People; −1 nobody."""
    trip: Int64
    """[n_trips]: the new place of each trip of `Drives`."""
    drive: Int64
    """[n_drives]: the new place of each road driven."""
    first_trip: Int64
    depart: Int32
    first: Int64
    trip_of: Int32
    when: Int32
    length: Int32
    """As of `Drives`; trip_of: [n_drives], the trip of each road driven."""
    of_trip: Int64
    """[n_trips + n_vehicles]: the pair of each trip of `Drives`; then of each vehicle with whom its plate names."""


def trips_of(bucket: Bucket, row: Int64) -> Int64:
    """Return the rows of Truth of some of a bucket's vehicles."""
    return np.concatenate([np.zeros(0, np.int64), *(np.arange(*bucket.first_trip[i : i + 2]) for i in row)])


def drives(bucket: Bucket, row: Int64, paths: Paths, route: Int32, roads: Roads, keeper: Int32) -> Drives:
    """Gather where some vehicles of a bucket drove.

    Parameters
    ----------
    row : int64[n], rising
        Of the vehicles in the bucket.
    paths, route : Paths, int32[n_trips]
        The route of each of `trips_of`.
    keeper : int32[n], row of People
        Whom their plates name.
    """
    trip = trips_of(bucket, row)
    truth: Truth = bucket.truth.take(trip)
    driven = pieces(paths, route)
    first_trip = np.concatenate([[0], np.cumsum(np.diff(bucket.first_trip)[row])]).astype(np.int64)
    crossing = roads.crossing[driven.road].astype(np.int64)
    of = np.repeat(np.arange(len(trip)), np.diff(driven.first))
    passed = np.concatenate([[0], np.cumsum(crossing)])
    middle = passed[:-1] - passed[driven.first[of]] + crossing // 2
    whole = np.maximum(passed[driven.first[1:]] - passed[driven.first[:-1]], 1)  # any
    lasted = truth.arrive.astype(np.int64) - truth.depart
    when = truth.depart[of] + lasted[of] * middle // whole[of]
    return Drives(
        row, first_trip, truth.depart, truth.arrive, driven.first, driven.road, when.astype(np.int32),
        lengths(roads, driven.road), truth.driver, keeper,
    )  # fmt: skip


def pairs(truth: Drives) -> Pairs:
    """Tell apart who drives each vehicle."""
    cars = np.arange(len(truth.row))
    car = np.concatenate([np.repeat(cars, np.diff(truth.first_trip)), cars])
    found, of_trip = np.unique(car * PEOPLE + np.concatenate([truth.driver, truth.keeper]) + 1, return_inverse=True)
    mine = of_trip[: len(truth.depart)]
    order = np.argsort(mine, kind="stable")
    trip = np.empty(len(order), np.int64)
    trip[order] = np.arange(len(order))
    roads = np.diff(truth.first)
    first = np.concatenate([[0], np.cumsum(roads[order])]).astype(np.int64)
    drive = np.repeat(first[trip] - truth.first[:-1], roads) + np.arange(len(truth.road))
    when, length = np.empty_like(truth.when), np.empty_like(truth.length)
    when[drive], length[drive] = truth.when, truth.length
    return Pairs(
        found // PEOPLE, (found % PEOPLE - 1).astype(np.int32), trip, drive,
        np.searchsorted(mine[order], np.arange(len(found) + 1)).astype(np.int64), truth.depart[order], first,
        np.repeat(np.arange(len(order), dtype=np.int32), roads[order]), when, length, of_trip.astype(np.int64),
    )  # fmt: skip


def lengths(roads: Roads, road: Int32) -> Int32:
    """Return the length of each road in decimetres."""
    return np.rint(roads.length[road] * np.float64(KILOMETRE / 1000)).astype(np.int32)


def at_wheel(truth: Drives, its: Pairs, car: Int64, drive: Int32, when: Int32, trip: Int32) -> tuple[Int32, Int32]:
    """Return for which pair each road claimed of a car counts: if it was driven, and if not."""
    of_drive = np.append(its.of_trip[np.repeat(np.arange(len(truth.depart)), np.diff(truth.first))], -1)
    cars = np.repeat(np.arange(len(truth.row)), np.diff(truth.first_trip))
    last = np.searchsorted(cars * PEOPLE + truth.depart, car * PEOPLE + when, side="right") - 1
    before = last >= truth.first_trip[car]
    row = np.where(trip >= 0, trip, np.where(before, last, len(truth.depart) + car))
    return of_drive[drive].astype(np.int32), its.of_trip[row].astype(np.int32)
