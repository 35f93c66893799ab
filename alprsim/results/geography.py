"""Roads and cameras as GeoParquet, so that QGIS, GeoPandas and DuckDB draw them in their place."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyproj import Transformer

from alprsim import parquet
from alprsim.tables import Agencies, CameraKind, Cameras, Float64, Junctions, Network, Roads, Sites

_POINT = np.dtype([("order", "u1"), ("type", "<u4"), ("xy", "<f8", (2,))])
_LINE = np.dtype([("order", "u1"), ("type", "<u4"), ("points", "<u4"), ("xy", "<f8", (4,))])
"""Well-known binary of a point and of a line of two points (OGC 06-103r4, 8.2)."""

_MEANINGS = {
    declared.name: {"unit": declared.unit, "meaning": declared.meaning}
    for table in (Roads, Cameras, Sites)
    for declared in table.columns()
} | {
    "agency": {"unit": "", "meaning": "the owner"},
    "kind": {"unit": "", "meaning": "class of the road, or how the camera stands"},
    "x": {"unit": "m", "meaning": "projected, as the junctions"},
    "y": {"unit": "m", "meaning": "projected, as the junctions"},
    "lat": {"unit": "degree", "meaning": "north, WGS 84"},
    "lon": {"unit": "degree", "meaning": "east, WGS 84"},
}


def save_roads(network: Network, file: Path) -> None:
    """Write the roads, each as the straight line between its junctions, in longitude and latitude (WGS 84).

    The file holds the table Roads and a column ``geometry``; ``parquet.read(Roads, file)`` reads it too.
    """
    roads, (lon, lat) = network.roads, _degrees(network.junctions.x, network.junctions.y, network.crs)
    lines = np.empty(len(roads), _LINE)
    lines["order"], lines["type"], lines["points"] = 1, 2, 2
    lines["xy"] = np.stack([lon[roads.tail], lat[roads.tail], lon[roads.head], lat[roads.head]], axis=1)
    _write(roads.data(), lines, "LineString", (lon, lat), file, table="Roads", credit=network.attribution)


def save_cameras(network: Network, agencies: Agencies, cameras: Cameras, sites: Sites, file: Path) -> None:
    """Write the cameras, a row a site: whose, of what kind, where (degrees, and metres as projected), which way it looks."""
    x, y = _positions(network.junctions, network.roads, sites)
    lon, lat = _degrees(x, y, network.crs)
    points = np.empty(len(sites), _POINT)
    points["order"], points["type"] = 1, 1
    points["xy"] = np.stack([lon, lat], axis=1)
    kinds = np.array([kind.name.lower() for kind in CameraKind])
    columns = {
        "camera": sites.camera,
        "agency": agencies.name[cameras.agency[sites.camera]],
        "kind": kinds[cameras.kind[sites.camera]],
        "road": sites.road,
        "offset": sites.offset,
        "heading": sites.heading,
        "rate": cameras.rate[sites.camera],
        "capture": cameras.capture[sites.camera],
        "correct": cameras.correct[sites.camera],
        "x": x,
        "y": y,
        "lon": lon,
        "lat": lat,
        "key": cameras.key[sites.camera],
    }
    _write(columns, points, "Point", (lon, lat), file, table="CameraSites", credit=network.attribution)


def _positions(junctions: Junctions, roads: Roads, sites: Sites) -> tuple[Float64, Float64]:
    along = np.clip(sites.offset / np.maximum(roads.length[sites.road], 1e-3), 0, 1).astype(np.float64)
    tail, head = roads.tail[sites.road], roads.head[sites.road]
    x, y = (of[tail] + along * (of[head] - of[tail]) for of in (junctions.x, junctions.y))
    return x, y


def _degrees(x: Float64, y: Float64, crs: str) -> tuple[Float64, Float64]:
    lon, lat = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True).transform(x, y)
    return np.asarray(lon), np.asarray(lat)


def _write(
    columns: dict[str, NDArray[Any]],
    shapes: NDArray[np.void],
    kind: str,
    degrees: tuple[Float64, Float64],
    file: Path,
    *,
    table: str,
    credit: str,
) -> None:
    """Write columns and shapes with GeoParquet 1.1 metadata; without ``crs`` they are longitude, latitude (OGC:CRS84)."""
    first = np.arange(len(shapes) + 1, dtype=np.int32) * shapes.dtype.itemsize
    geometry = pa.Array.from_buffers(
        pa.binary(), len(shapes), [None, pa.py_buffer(first.tobytes()), pa.py_buffer(shapes.tobytes())]
    )
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": [kind]}
    if len(shapes):
        column["bbox"] = [float(f(of)) for f in (np.min, np.max) for of in degrees]
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    metadata = {"alprsim.table": table, "alprsim.schema": str(parquet.SCHEMA_VERSION), "geo": json.dumps(geo)}
    metadata |= {"attribution": credit} if credit else {}
    arrays = {**{name: pa.array(values) for name, values in columns.items()}, "geometry": geometry}
    fields = [pa.field(name, array.type, metadata=_MEANINGS.get(name)) for name, array in arrays.items()]
    parquet.write(pa.table(list(arrays.values()), schema=pa.schema(fields, metadata=metadata)), file)
