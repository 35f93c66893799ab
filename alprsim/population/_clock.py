"""When people leave, how long they stay, and how long they plan to be on the way."""

from __future__ import annotations

import numpy as np

from alprsim.population import _figures as figures
from alprsim.population._choice import coordinates
from alprsim.population._figures import Ask, Hours
from alprsim.randomness import below, choose, draw, uniform
from alprsim.tables import DAY, DAY_STARTS, Int32, Int64, Network, UInt64


def moment(bits: UInt64, hours: Hours) -> Int64:
    """Draw a time of day, in seconds since 04:00, from a table of clock hours."""
    clock = choose(draw(bits, Ask.HOUR), hours) * 3600
    return (clock - DAY_STARTS) % DAY + below(draw(bits, Ask.SECOND), 3600)


def lateness(bits: UInt64, jitter: float) -> Int64:
    """Draw a triangular spread around 0 s whose standard deviation is `jitter`."""
    spread = uniform(draw(bits, Ask.EARLY)) + uniform(draw(bits, Ask.LATE)) - 1
    return np.floor(jitter * figures.SQRT_6 * spread).astype(np.int64)


def on_time(habitual: Int64, bits: UInt64, jitter: float) -> Int64:
    """Spread a habitual time by today's lateness, within the day."""
    return np.asarray(np.clip(habitual + lateness(bits, jitter), 0, DAY - 1))


def between(bits: UInt64, minutes: tuple[int, int]) -> Int64:
    """Draw seconds between two limits, likeliest in the middle."""
    span = (minutes[1] - minutes[0]) * 60 + 1
    return minutes[0] * 60 + (below(draw(bits, Ask.STAY), span) + below(draw(bits, Ask.LONGER), span)) // 2


def travel(network: Network, origin: Int32, destination: Int32) -> Int64:
    """Return planned seconds from place to place; only the plan of a car's day hangs on it."""
    x, y = coordinates(network)
    metres = np.sqrt((x[origin] - x[destination]) ** 2 + (y[origin] - y[destination]) ** 2)
    return (metres / figures.PACE).astype(np.int64) + figures.WALK
