"""What the value of a key may be: a duration, a length, a share … each as text with its unit, checked as it is read."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from alprsim.scenario import units

_PERCENTAGE = r"^\s*-?[0-9]+(?:\.[0-9]+)?\s*%\s*$"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _share(text: object) -> float:
    if isinstance(text, str) and re.match(_PERCENTAGE, text):
        return float(f"{text.strip()[:-1].strip()}e-2")  # 8.2 / 100 is 0.08199999999999999
    if isinstance(text, bool) or not isinstance(text, int | float):
        raise ValueError(f'{units.shown(text)} is not a share; write a number from 0 to 1, or a percentage like "97 %"')
    return float(text)


def day(text: object) -> date:
    try:
        if isinstance(text, str) and re.match(DATE, text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # 2026-02-30: said like any other text that is no date
    raise ValueError(f"{units.shown(text)} is not a date; write it like 2026-03-02 (year-month-day)")


def _coordinates(pair: object) -> object:
    numbers = pair if isinstance(pair, tuple) else ()
    if not (
        len(numbers) == 2
        and all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers)
        and -90 <= numbers[0] <= 90
        and -180 <= numbers[1] <= 180
    ):
        found = list(numbers) if len(numbers) == 2 else units.shown(pair)
        raise ValueError(f"{found} is not [latitude, longitude] in degrees")
    return pair


def _as_text(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


Duration = Annotated[
    int,
    BeforeValidator(units.seconds),
    PlainSerializer(units.say_duration),
    _as_text(units.DURATION.pattern()),
]
Retention = Annotated[
    int,
    BeforeValidator(lambda text: units.seconds(text, unlimited=True)),
    PlainSerializer(units.say_duration),
    _as_text(units.RETENTION.pattern()),
]
Length = Annotated[
    float,
    BeforeValidator(units.LENGTH.parse),
    PlainSerializer(units.LENGTH.say),
    _as_text(units.LENGTH.pattern()),
]
Speed = Annotated[
    float,
    BeforeValidator(units.SPEED.parse),
    PlainSerializer(units.SPEED.say),
    _as_text(units.SPEED.pattern()),
]
Rate = Annotated[
    float,
    BeforeValidator(units.RATE.parse),
    PlainSerializer(units.RATE.say),
    _as_text(units.RATE.pattern()),
]
Flow = Annotated[
    float,
    BeforeValidator(units.FLOW.parse),
    PlainSerializer(units.FLOW.say),
    _as_text(units.FLOW.pattern()),
]
Share = Annotated[
    float,
    BeforeValidator(_share),
    Field(ge=0, le=1),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 1},
                {"type": "string", "pattern": _PERCENTAGE.replace("-?", "")},
            ]
        }
    ),
]
Coordinates = Annotated[
    tuple[float, float],
    BeforeValidator(_coordinates),
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}),
]
Count = Annotated[int, Field(ge=0)]
Day = Annotated[
    date,
    BeforeValidator(day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": DATE}),
]
Name = Annotated[str, Field(min_length=1, max_length=80)]
FileName = Annotated[str, Field(min_length=1, max_length=4096)]


class Model(BaseModel):
    """A part of a scenario: unknown keys are refused and nothing changes once it is made."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=True, ser_json_inf_nan="constants"
    )
