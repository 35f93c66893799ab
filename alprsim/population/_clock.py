"""When who works leaves, or who passes, and how long a stop lasts."""

from __future__ import annotations

from alprsim.population._figures import Ask, Hours
from alprsim.randomness import below, choose, draw
from alprsim.tables import DAY, DAY_STARTS, Int64, UInt64


def moment(bits: UInt64, hours: Hours) -> Int64:
    """Draw a time of day, in seconds since 04:00, from a table of clock hours."""
    clock = choose(draw(bits, Ask.HOUR), hours) * 3600
    return (clock - DAY_STARTS) % DAY + below(draw(bits, Ask.SECOND), 3600)


def between(bits: UInt64, minutes: tuple[int, int]) -> Int64:
    """Draw seconds between two limits, likeliest in the middle."""
    span = (minutes[1] - minutes[0]) * 60 + 1
    return minutes[0] * 60 + (below(draw(bits, Ask.STAY), span) + below(draw(bits, Ask.LONGER), span)) // 2
