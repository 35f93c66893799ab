"""Where no camera may stand: around a kind of place, within a distance of a point, in a polygon or a file's areas."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from alprsim.scenario import models
from alprsim.siting._ground import Ground, Mask, SitingError, projection
from alprsim.tables import Float64, PlaceKind


def within(ground: Ground, zones: tuple[models.Zone, ...], points: Float64, label: str, base: Path) -> Mask:
    """Return which points, float64[n, 2] in metres, lie in one of the zones."""
    found = np.zeros(len(points), np.bool_)
    for number, zone in enumerate(zones):
        found |= _within(ground, zone, points, f"{label}: avoid[{number}]", base)
    return found


def _within(ground: Ground, zone: models.Zone, points: Float64, label: str, base: Path) -> Mask:
    if zone.places:
        places, junctions = ground.network.places, ground.network.junctions
        kinds = [PlaceKind[kind.upper()] for kind in zone.places]
        at = np.unique(places.junction[np.isin(places.kind, kinds)])
        return _near(np.column_stack((junctions.x[at], junctions.y[at])), points, zone.within)
    if zone.centre:
        lat, lon = zone.centre
        return _near(np.array([projection(ground.network.crs)(lon, lat)]), points, zone.within)
    import shapely  # 0.1 s, and only areas need it

    shape = _area(zone, label, base)
    in_metres = shapely.transform(shape, projection(ground.network.crs), interleaved=False)
    return np.asarray(shapely.dwithin(in_metres, shapely.points(points), zone.within))


def _near(places: Float64, points: Float64, distance: float) -> Mask:
    if not len(places):
        return np.zeros(len(points), np.bool_)
    return np.asarray(cKDTree(places).query(points)[0] <= distance)


def _area(zone: models.Zone, label: str, base: Path) -> Any:
    """Return a zone's area in degrees, longitude first."""
    import shapely

    if zone.polygon:
        return shapely.Polygon([(lon, lat) for lat, lon in zone.polygon])
    path = base / str(zone.file)
    try:
        shapes = [shapely.from_geojson(json.dumps(one)) for one in geometries(json.loads(path.read_text("utf-8-sig")))]
    except (OSError, UnicodeDecodeError) as error:
        raise SitingError(f"{label}: cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    except (ValueError, TypeError, KeyError, AttributeError, shapely.errors.ShapelyError) as error:
        raise SitingError(f"{label}: {path} must be GeoJSON: {error}") from None
    if not shapes:
        raise SitingError(f"{label}: {path} has no area; it must be GeoJSON with at least one geometry")
    return shapely.union_all(np.array(shapes, object))


def geometries(data: Any) -> list[Any]:
    """Return the geometries of GeoJSON, whether a collection, a feature or a geometry."""
    kind = data.get("type") if isinstance(data, dict) else None
    if kind == "FeatureCollection":
        return [one["geometry"] for one in data["features"] if one.get("geometry")]
    if kind == "Feature":
        return [data["geometry"]]
    if kind is None:
        raise ValueError(f"type must be FeatureCollection, Feature or a geometry, not {kind}")
    return [data]


def holds(ground: Ground, zones: tuple[models.Zone, ...], point: NDArray[Any], label: str, base: Path) -> bool:
    """Say whether one point lies in a zone."""
    return bool(zones) and bool(within(ground, zones, np.asarray(point, np.float64)[None], label, base)[0])
