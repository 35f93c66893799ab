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
    if zone.places or zone.centre:
        return _near(_centres(ground, zone), points, zone.within)
    import shapely  # 0.1 s, and only areas need it

    shape = _area(zone, label, base)
    in_metres = shapely.transform(shape, projection(ground.network.crs), interleaved=False)
    return np.asarray(shapely.dwithin(in_metres, shapely.points(points), zone.within))


def _centres(ground: Ground, zone: models.Zone) -> Float64:
    """Return the points around which a zone lies, metres."""
    if zone.centre:
        lat, lon = zone.centre
        return np.array([projection(ground.network.crs)(lon, lat)])
    places, junctions = ground.network.places, ground.network.junctions
    at = np.unique(places.junction[np.isin(places.kind, [PlaceKind[kind.upper()] for kind in zone.places])])
    return np.column_stack((junctions.x[at], junctions.y[at]))


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
        shapes = [shapely.from_geojson(json.dumps(one)) for one in _geometries(json.loads(path.read_text("utf-8-sig")))]
    except (OSError, UnicodeDecodeError) as error:
        raise SitingError(f"{label}: cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    except (ValueError, TypeError, KeyError, AttributeError, shapely.errors.ShapelyError) as error:
        raise SitingError(f"{label}: {path} must be GeoJSON: {error}") from None
    if not shapes:
        raise SitingError(f"{label}: {path} has no area; it must be GeoJSON with at least one geometry")
    return shapely.union_all(np.array(shapes, object))


def outlines(ground: Ground, spec: models.Cameras, base: Path) -> list[Float64]:
    """Return the outer rims of all zones in force, merged, each float64[n, 2] in metres: what a map shows."""
    used = [spec.avoid if group.avoid is None else group.avoid for group in spec.groups]
    zones = dict.fromkeys(zone for some in used for zone in some)
    if not zones:
        return []
    import shapely

    merged = shapely.union_all([_shape(ground, zone, base) for zone in zones])
    return [shapely.get_coordinates(part.exterior) for part in shapely.get_parts(merged) if part.geom_type == "Polygon"]


def _shape(ground: Ground, zone: models.Zone, base: Path) -> Any:
    import shapely

    if zone.places or zone.centre:
        core = shapely.multipoints(_centres(ground, zone))
    else:
        area = _area(zone, "cameras.avoid", base)
        core = shapely.transform(area, projection(ground.network.crs), interleaved=False)
    return core.buffer(zone.within)


def _geometries(data: Any) -> list[Any]:
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
