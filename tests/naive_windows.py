"""Plain twins of nested windows, distributions and gaps: one car and one limit at a time."""

import itertools
from fractions import Fraction

from tests import naive_measures

HOUR, DAY = 3600, 86_400


def shown(world, vehicle, window, now):
    """Return (reads held, days seen, trips detected, trips linked) of one vehicle where everybody keeps ``window`` s."""
    stock = naive_measures.tally(world, vehicle, lambda _, age: age < window, window, now, HOUR)["stock"]
    return [stock[name] for name in ("reads", "days", "once", "twice")]


def longest_gap(times, since, now):
    """Return the longest stretch of (since, now] without one of the times inside it, its two ends included."""
    marks = [since, *sorted(time for time in times if since < time <= now), now]
    return max(b - a for a, b in itertools.pairwise(marks))


def longest_gap_told(told, since, now):
    """Return the longest stretch of (since, now] that may have passed unread, if each (first, last second) holds one read.

    A stretch may have passed unread if every read can have been made outside of it: not inside, its ends left out.
    """
    ends = {since, now, *(first for first, _ in told), *(min(last, now) for _, last in told)}
    ends = sorted(end for end in ends if since <= end <= now)
    return max(
        b - a for a, b in itertools.combinations_with_replacement(ends, 2)
        if all(first <= a or min(last, now) >= b for first, last in told)
    )  # fmt: skip


def hours(seconds):
    """Return a gap as it is told: whole hours up to 14 days, whole days beyond."""
    return seconds // HOUR if seconds < 14 * DAY else seconds // DAY * 24


def lower_median(values):
    return sorted(values)[(len(values) - 1) // 2]


def quantile(values, hundredths):
    """Return the least value that so many hundredths of all do not exceed."""
    ordered = sorted(values)
    return next(v for v in ordered if Fraction(sum(x <= v for x in ordered), len(ordered)) >= Fraction(hundredths, 100))


def of_horizon(world, vehicle, window, now, horizon):
    """Return the shares of the last T's driven days seen, of its trips detected and linked; None of who drove on none."""
    last = naive_measures.tally(world, vehicle, lambda _, age: age < window, window, now, horizon)["horizon"]
    pairs = ("days", "driven"), ("once", "trips"), ("twice", "trips")
    return [Fraction(last[part], last[whole]) if last[whole] else None for part, whole in pairs]
