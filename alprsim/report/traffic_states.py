"""Flow, density and speed of a day as driven, by Edie's definitions: what a road and the whole network went through.

Edie (1963): in a stretch of road and time, flow is the way travelled, density the time spent, each over length × duration;
speed is one over the other.
"""

from typing import NamedTuple

import numpy as np

from alprsim.tables import DAY, DAY_STARTS, SLOT, Float64, Flows, Int64, Journeys, Passages, Roads

_MS = 1000
_SLOTS = DAY // SLOT
_HOUR = 3600 // SLOT


class LinkStates(NamedTuple):
    """What each road went through in an hour."""

    flow: Float64
    """vehicles/h that entered"""
    speed: Float64
    """Their mean speed over the road (space mean), m/s; free flow where none entered."""
    relative: Float64
    """The same, as a share of free flow."""


class NetworkStates(NamedTuple):
    """What the network went through in each quarter hour from 04:00: averages over all its lanes."""

    flow: Float64
    """vehicles/h and lane"""
    density: Float64
    """vehicles/km and lane"""


def exits(passages: Passages, journeys: Journeys) -> Int64:
    """Return when each passage's vehicle left the road that it then entered, ms.

    That is the entry of its next road; at its trip's end the arrival, which is rounded up to a second. Every road must
    have been watched, and take at least 1 ms to cross (as ``roads.build`` makes them), so that time tells the order.
    """
    order = np.argsort(passages.trip, kind="stable")
    trip, entry = passages.trip[order], passages.time[order]
    leave = np.empty(len(order), np.int64)
    last = np.ones(len(order), np.bool_)
    last[:-1] = trip[1:] != trip[:-1]
    leave[:-1] = entry[1:]
    leave[last] = journeys.arrive[trip[last]].astype(np.int64) * _MS
    answer = np.empty_like(leave)
    answer[order] = leave
    return answer


def of_links(roads: Roads, flows: Flows, hour: int) -> LinkStates:
    """Return the roads' states in the hour from that clock time on.

    Parameters
    ----------
    hour : int, 0 to 23
    """
    first = (hour * 3600 - DAY_STARTS) % DAY // SLOT
    rows = slice(first, first + _HOUR)
    vehicles = flows.vehicles.reshape(-1, _SLOTS)[:, rows].astype(np.float64)
    spent = vehicles * flows.time.reshape(-1, _SLOTS)[:, rows]
    flow = vehicles.sum(axis=1)
    mean = np.where(flow > 0, spent.sum(axis=1) / np.maximum(flow, 1), roads.crossing)
    mean = np.maximum(mean, 1)
    return LinkStates(flow, roads.length * _MS / mean, np.minimum(roads.crossing / mean, 1))


def of_network(roads: Roads, passages: Passages, journeys: Journeys, day: int) -> NetworkStates:
    """Return the network's states through the day; every road must have been watched.

    A road's length counts in the quarter hour of its entry (roads are short), time spent as it was spent.
    """
    lane_km = float(np.sum(roads.length * roads.lanes, dtype=np.float64)) / 1000
    slot = (passages.time - day * DAY * _MS) // (SLOT * _MS)
    today = slot < _SLOTS
    km = np.bincount(slot[today], roads.length[passages.road[today]].astype(np.float64) / 1000, _SLOTS)
    spent = np.diff([_spent_until(journeys, day * DAY + slot * SLOT) for slot in range(_SLOTS + 1)])
    hours = SLOT / 3600
    return NetworkStates(km / lane_km / hours, spent / 3600 / lane_km / hours)


def delays(roads: Roads, flows: Flows) -> Float64:
    """Return the vehicle-hours lost on each road (rows) in each quarter hour (columns), against free flow."""
    late = flows.time.reshape(-1, _SLOTS).astype(np.float64) - roads.crossing[:, None]
    return flows.vehicles.reshape(-1, _SLOTS) * late / (_MS * 3600)


def worst_hour(delay: Float64) -> int:
    """Return the clock hour in which most vehicle-hours are lost."""
    lost = delay.sum(axis=0).reshape(-1, _HOUR).sum(axis=1)
    return int(lost.argmax() + DAY_STARTS // 3600) % 24


def _spent_until(journeys: Journeys, moment: int) -> float:
    """Return the seconds that all journeys together had spent under way until then."""
    driven = np.clip(moment - journeys.depart, 0, journeys.arrive - journeys.depart)
    return float(driven.sum(dtype=np.int64))
