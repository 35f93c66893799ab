"""A small town drawn by hand, on which cameras are placed."""

import numpy as np
from pyproj import Transformer

from alprsim import siting
from alprsim.scenario import models
from alprsim.tables import Agencies, Junctions, Network, PlaceKind, Places, RoadKind, Roads, Towns

CRS = "EPSG:6433"
TO_METRES = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
EAST, NORTH = TO_METRES.transform(-72.66, 41.70)
STEP = 200.0
SIDE = 6
TOWNS = ["Westport", "Norwalk"]
MOTORWAY_Y = -400.0


def lat_lon(x, y):
    """Return the coordinates of a point of the grid, in metres from its corner."""
    lon, lat = TO_METRES.transform(EAST + x, NORTH + y, direction="INVERSE")
    return lat, lon


def grid(relabel=None):
    """Return a 6 × 6 grid of two-way streets, 200 m apart: west half Westport, east half Norwalk.

    South of it a motorway of two carriageways 20 m apart, four junctions each; a one-way street along the bottom row; a
    gateway at junction 0; schools at junctions 7, 14 and 28.
    """
    x, y = np.tile(np.arange(SIDE) * STEP, SIDE), np.repeat(np.arange(SIDE) * STEP, SIDE)
    pairs = [(j, j + 1) for j in range(SIDE**2) if j % SIDE < SIDE - 1] + [
        (j, j + SIDE) for j in range(SIDE * (SIDE - 1))
    ]
    one_way = {(1, 0)}
    roads = [(a, b, RoadKind.RESIDENTIAL) for a, b in pairs + [(b, a) for a, b in pairs] if (a, b) not in one_way]
    first = SIDE**2
    east, west = np.arange(first, first + 4), np.arange(first + 4, first + 8)
    x = np.concatenate((x, np.tile(np.arange(4) * 400.0, 2)))
    y = np.concatenate((y, np.full(4, MOTORWAY_Y), np.full(4, MOTORWAY_Y + 20)))
    roads += [(a, a + 1, RoadKind.MOTORWAY) for a in east[:-1].tolist()]
    roads += [(a + 1, a, RoadKind.MOTORWAY) for a in west[:-1].tolist()]
    roads.sort()
    tail, head, kind = (np.array(column) for column in zip(*roads, strict=True))
    length = np.hypot(x[head] - x[tail], y[head] - y[tail])
    town = (x > 2.5 * STEP).astype(np.int16)
    n = len(tail)
    return Network(
        junctions=Junctions.of(osm_id=1000 + np.arange(len(x)), x=EAST + x, y=NORTH + y, town=town),
        roads=Roads.of(
            tail=tail, head=head, length=length, crossing=np.full(n, 10_000), lanes=np.ones(n), headway=np.full(n, 2000),
            room=np.full(n, 20), wave=np.full(n, 9000), kind=kind,
        ),
        places=Places.of(
            junction=[7, 14, 28, 0], kind=[PlaceKind.SCHOOL] * 3 + [PlaceKind.BEYOND], weight=np.ones(4), town=[0, 0, 1, 0]
        ),
        towns=Towns.of(name=TOWNS, x=[0.0, 0.0], y=[0.0, 0.0], population=[1, 1], listed=[1, 1]),
        crs=CRS, attribution="", generated=True,
    )  # fmt: skip


NETWORK = grid()
FLOW = 1 + (np.arange(len(NETWORK.roads)) * 37) % 101
AGENCIES = Agencies.of(
    name=["Westport", "Norwalk", "Transit"], kind=np.zeros(3), server_rate=np.full(3, np.inf), server_room=np.zeros(3)
)


def place(*groups, network=NETWORK, flow=FLOW, seed=1, base=None, towns_of=None, day=None, **values):
    spec = models.Cameras(**{"both_directions": 0.0} | values, groups=tuple(models.CameraGroup(**g) for g in groups))
    return siting.place(network, AGENCIES, spec, towns_of=towns_of or {}, flow=flow, seed=seed, base=base, day=day)


def ends(placed, network=NETWORK):
    """Return the junctions of each site's road."""
    roads = network.roads
    return [(int(roads.tail[r]), int(roads.head[r])) for r in placed.sites.road]
