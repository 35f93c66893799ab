"""How far off a figure may be because its cars were drawn out of all, and how far a difference of two such figures at most.

Both sides of a difference are of the same drawn cars, so its own error is smaller as a rule than either's: but what each car
adds is not kept, so only its upper end is known. The standard deviation of a difference is never more than the sum of both.
"""

from __future__ import annotations

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


def own(error: float, unit: str) -> str:
    """Say a figure's standard error of the draw; empty where it is unknown or none."""
    return f"standard error of the draw {_number(error, unit)} {_of(unit)}" if error > 0 else ""


def most(first: float, second: float, unit: str) -> str:
    """Say the most that a difference's can be, where both sides' own stand beside it."""
    whole = first + second
    return f"standard error of the draw at most {_number(whole, unit)} {_of(unit)}" if whole > 0 else ""


def said(first: float, second: float, unit: str) -> str:
    """Say both sides' own, and the most that their difference's can be; empty where one is unknown."""
    if not first + second > 0:
        return ""
    each = f"{_number(first, unit)} and {_number(second, unit)} {_of(unit)}"
    whole = _number(first + second, unit)
    return f"standard error of the draw, not counted here: {each} on the two sides, of the difference at most {whole}"


def _number(error: float, unit: str) -> str:
    return f"{100 * error if unit == 'share' else error:.2g}"


def _of(unit: str) -> str:
    return "points" if unit == "share" else unit
