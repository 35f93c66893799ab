"""Quantities as people write them ("30 d", "35 mph", "2500 plates/min") and as the model counts them (SI).

The table of units is closed: a bare number, a month and a year are refused, because each means different things to
different readers (a year is 365.25, 364 or 365 days in three libraries).
"""

import math
import re
from dataclasses import dataclass

from alprsim.tables import UNLIMITED

MINUTE, HOUR, DAY = 60, 3600, 86_400

_NUMBER = r"[0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_PART = re.compile(rf"\s*([-+]?{_NUMBER})\s*([^\s\d+-][^\s\d]*)?\s*")
_NO_FIXED_LENGTH = {"mo": "month", "month": "month", "y": "year", "yr": "year", "year": "year"}


def shown(value: object) -> str:
    """Show a value that was found, in at most a line."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:56]}…{text[-1]}"


@dataclass(frozen=True)
class Dimension:
    """A kind of quantity: its units with their size in SI, and how to say what is allowed."""

    name: str
    units: dict[str, float]
    example: str
    unlimited: bool = False

    def parse(self, text: object) -> float:
        """Return the SI value of ``text``; a ValueError says what is wrong and what is allowed."""
        if not isinstance(text, str):
            raise ValueError(f"{shown(text)} has no unit; write a {self}")
        if text.strip() == "unlimited":
            if self.unlimited:
                return math.inf
            raise ValueError(f"'unlimited' is not allowed here; write a {self}")
        if not (re.fullmatch(rf"(?:{_PART.pattern})+", text) and text.isascii()):
            raise ValueError(f"{text!r} is not a {self.name}; write a {self}")
        return sum(self._one(text, number, unit) for number, unit in _PART.findall(text))

    def _one(self, text: str, number: str, unit: str) -> float:
        if not unit:
            raise ValueError(f"{text!r} has no unit; write a {self}")
        if unit.rstrip("s") in _NO_FIXED_LENGTH and self.units is DURATION.units:
            raise ValueError(
                f"{text!r}: a {_NO_FIXED_LENGTH[unit.rstrip('s')]} has no fixed length; write days (365 d)"
            )
        if unit not in self.units:
            raise ValueError(f"{text!r}: {unit!r} is not a unit of {self.name}; allowed: {', '.join(self.units)}")
        value = float(number)
        if value < 0:
            raise ValueError(f"{text!r} is negative; a {self.name} must not be")
        if not math.isfinite(value):
            raise ValueError(f"{text!r} is too large")
        return value * self.units[unit]

    def __str__(self) -> str:
        return f'{self.name} like "{self.example}"' + (' or "unlimited"' if self.unlimited else "")

    def pattern(self) -> str:
        """Return the regular expression (ECMA 262 and Python) of what is accepted, for editors."""
        part = rf"\s*\+?{_NUMBER}\s*(?:{'|'.join(self.units)})\s*"
        return rf"^(?:{part})+$" + (r"|^\s*unlimited\s*$" if self.unlimited else "")

    def say(self, value: float) -> str:
        """Write an SI value in the unit of size 1, exactly."""
        if math.isinf(value):
            return "unlimited"
        short = f"{value:g}"
        return f"{short if float(short) == value else repr(value)} {next(u for u, size in self.units.items() if size == 1)}"


DURATION = Dimension("duration", {"s": 1, "min": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}, "30 d")
RETENTION = Dimension("duration", DURATION.units, "30 d", unlimited=True)
LENGTH = Dimension("length", {"m": 1, "km": 1000, "ft": 0.3048, "mi": 1609.344}, "250 m")
SPEED = Dimension("speed", {"m/s": 1, "km/h": 1 / 3.6, "mph": 0.44704}, "35 mph")
RATE = Dimension(
    "rate", {"plates/s": 60, "plates/min": 1, "plates/h": 1 / 60}, "2500 plates/min", unlimited=True
)  # in plates a minute, as readers are sold
FLOW = Dimension("flow", {"vehicles/d": 1, "vehicles/h": 24}, "60000 vehicles/d")


def seconds(text: object, *, unlimited: bool = False) -> int:
    """Return whole seconds; ``unlimited`` (where allowed) is 2³¹−1, and so nothing else may reach it."""
    value = (RETENTION if unlimited else DURATION).parse(text)
    if math.isinf(value) and unlimited:
        return UNLIMITED
    if value >= UNLIMITED:
        advice = '; write "unlimited" for no limit' if unlimited else ""
        raise ValueError(f"{text!r} is longer than 68 years, the most a scenario can hold{advice}")
    if abs(value - round(value)) > 1e-6:  # 1.1 h is 3960.0000000000005 s
        raise ValueError(f"{text!r} is not a whole number of seconds")
    return round(value)


def say_duration(value: int) -> str:
    """Write seconds the way people do: the largest unit that leaves a whole number."""
    if value >= UNLIMITED:
        return "unlimited"
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if value >= size and value % size == 0:
            return f"{value // size} {unit}"
    return f"{value} s"
