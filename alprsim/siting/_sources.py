"""Where mapped cameras come from: CSV, GeoJSON, or OpenStreetMap elements tagged ``surveillance:type=ALPR``."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alprsim import _openstreetmap

TAGS = {"surveillance:type": "ALPR"}
"""What makes an OpenStreetMap element one of ours (wiki.openstreetmap.org/wiki/Key:surveillance:type)."""

DIRECTIONS = ("direction", "camera:direction", "directioncardinal")
"""Columns or tags that say where the lenses look; the first that says anything counts."""

_POINTS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
_RANGE = re.compile(r"(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)")

Row = tuple[str, dict[str, str]]
"""Where a row stands ("line 9"), and its values by column in lower case."""


class SourceError(ValueError):
    """A file or place that gives no cameras at all: which, the rule, what was found."""


def rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a CSV with columns lat and lon, or the features of GeoJSON (.geojson, .json)."""
    try:
        text = path.read_text("utf-8-sig")
        if path.suffix.lower() in (".geojson", ".json"):
            yield from _features(path, json.loads(text))
        else:
            yield from _lines(path, list(csv.reader(text.splitlines())))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    except json.JSONDecodeError as error:
        raise SourceError(f"{path} must be GeoJSON: {error}") from None


def mapped(place: str) -> Iterator[Row]:
    """Yield the cameras OpenStreetMap has in a place, through OSMnx; what is an area counts at a point within it."""
    found = _openstreetmap.features(place, TAGS, SourceError, instead="give a file of cameras")
    if found is None:
        raise SourceError(f"OpenStreetMap has no element tagged surveillance:type=ALPR in {place}")
    points = found.geometry.representative_point()
    tags = [str(column) for column in found.columns if column != "geometry"]
    for (element, number), x, y, values in zip(found.index, points.x, points.y, found[tags].to_numpy(), strict=True):
        said = {tag: str(value) for tag, value in zip(tags, values, strict=True) if isinstance(value, str)}
        yield f"{element} {number}", {**said, "lat": repr(float(y)), "lon": repr(float(x))}


def _lines(path: Path, lines: list[list[str]]) -> Iterator[Row]:
    names = [name.strip().lower() for name in lines[0]] if lines else []
    if missing := {"lat", "lon"} - set(names):
        raise SourceError(f"{path} must have the columns lat and lon; {min(missing)} is missing in {names}")
    for number, line in enumerate(lines[1:], 2):
        if line:
            yield f"line {number}", {name: text.strip() for name, text in zip(names, line, strict=False)}


def _features(path: Path, data: Any) -> Iterator[Row]:
    features = data.get("features") if isinstance(data, dict) else None
    if not isinstance(features, list):
        found = data.get("type") if isinstance(data, dict) else type(data).__name__
        raise SourceError(f"{path} must be a GeoJSON FeatureCollection, not {found}")
    for number, feature in enumerate(features, 1):
        geometry, said = _mapping(feature, "geometry"), _mapping(feature, "properties")
        row = {str(key).lower(): str(value) for key, value in said.items() if value is not None}
        row["geometry"] = str(geometry.get("type"))
        coordinates = geometry.get("coordinates")
        pair = coordinates[:2] if isinstance(coordinates, list) else []
        row["lon"], row["lat"] = (json.dumps(value) for value in (pair if len(pair) == 2 else (None, None)))
        yield f"feature {number}", row


def _mapping(feature: Any, key: str) -> dict[str, Any]:
    value = feature.get(key) if isinstance(feature, dict) else None
    return value if isinstance(value, dict) else {}


def parse(row: dict[str, str]) -> tuple[float, float, tuple[float, ...]]:
    """Return latitude, longitude and headings; a ValueError says which column, the rule and what was found."""
    if row.get("geometry", "Point") != "Point":
        raise ValueError(f"geometry must be a Point, not {row['geometry']}")
    lat, lon = _number(row, "lat", 90), _number(row, "lon", 180)
    column = next((name for name in DIRECTIONS if row.get(name, "").strip()), "direction")
    parts = [part.strip() for part in row.get(column, "").split(";")]
    return lat, lon, tuple(heading(part, column) for part in parts if part)


def heading(text: str, column: str = "direction") -> float:
    """Return degrees clockwise from north: of a number, a compass point, or the middle of a range like 80-125.

    A range of all around is no direction: a ValueError.
    """
    if text.upper() in _POINTS:
        return 22.5 * _POINTS.index(text.upper())
    if span := _RANGE.fullmatch(text):
        first, last = float(span[1]), float(span[2])
        if abs(last - first) >= 360:
            raise ValueError(f"{column} must span less than 360°, not {text}: all around is no direction")
        return (first + (last - first) % 360 / 2) % 360
    return _number({column: text}, column, 360)


def _number(row: dict[str, str], column: str, most: float) -> float:
    text = row.get(column, "")
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{column} must be a number, not {text!r}") from None
    if not abs(value) <= most:
        raise ValueError(f"{column} must be from -{most:g} to {most:g}, not {text}")
    return value
