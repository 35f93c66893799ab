"""How far off a figure may be because its cars were drawn out of all, and how far a difference of two such figures at most.

Both sides of a difference are of the same drawn cars, so its own error is smaller as a rule than either's: but what each car
adds is not kept, so only its upper end is known. The standard deviation of a difference is never more than the sum of both.
"""

from __future__ import annotations

import math

from alprsim.results import words

BY_CHOICE = "_by_choice"
"""Ends a statistic of ways as drivers choose them."""


def error_of(statistic: str) -> str:
    """Name the standard error of a statistic: the ending that says so stands before the others."""
    endings = ""
    for ending in (words.SO_FAR, BY_CHOICE):
        if statistic.endswith(ending):
            statistic, endings = statistic.removesuffix(ending), ending + endings
    return f"{statistic}_error{endings}"


def said(first: float, second: float, unit: str) -> str:
    """Say both figures' standard errors of the draw, and the most that their difference's can be; empty where one is unknown."""
    if math.isnan(first) or math.isnan(second) or not first + second > 0:
        return ""
    times, of = (100.0, "points") if unit == "share" else (1.0, unit)
    each = " and ".join(f"{times * error:.2g}" for error in (first, second))
    most = f"{times * (first + second):.2g}"
    return (
        f"standard error of the draw, not counted here: {each} {of} on the two sides, of the difference at most {most}"
    )
