"""The roads that enter a wedge or a disc, beside a twin that walks each road in small steps."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.siting import SitingError
from alprsim.siting._ground import survey
from alprsim.siting._shapes import entries
from alprsim.tables import RoadKind
from tests import naive_siting as naive
from tests.siting_town import FLOW, NETWORK, ends, grid, lat_lon, place
from tests.test_siting import described

GROUND = survey(NETWORK, FLOW)
STEP = 1 / 4000


def entered(at, reach, ways, angle):
    return {watch.road: watch.along for watch in entries(GROUND, np.array(at, np.float64), reach, ways, angle)}


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.tuples(st.floats(-50, 1050), st.floats(-450, 1050)), st.floats(20, 400),
    st.lists(st.floats(0, 360), max_size=2), st.floats(10, 180),
)  # fmt: skip
def test_the_same_roads_at_the_same_points_as_by_small_steps(at, reach, ways, angle):
    at = (NETWORK.junctions.x[0] + at[0], NETWORK.junctions.y[0] + at[1])
    found = entered(at, reach, tuple(ways), angle)
    for road in range(0, len(FLOW), 3):
        ends_of = GROUND.tail[road], GROUND.head[road]
        if min(np.hypot(*(ends_of[0] - at)), 1e9) < 400 + reach:
            slow = naive.entry(*ends_of, at, reach, ways, angle)
            if slow is None and road in found:  # a stretch shorter than a step is found by smaller ones
                start, along = ends_of[0], found[road]
                run = ends_of[1] - start
                near = start + run * (along - STEP), start + run * (along + STEP)
                slow = along - STEP + 2 * STEP * (naive.entry(*near, at, reach, ways, angle) or np.nan)
            assert found.get(road) == (None if slow is None else pytest.approx(slow, abs=2 * STEP))


def test_a_disc_is_entered_by_every_road_that_begins_outside():
    """Around the corner 14, 200 m from the next ones, 50 m: its four roads toward it, 150 m along each."""
    at = NETWORK.junctions.x[14], NETWORK.junctions.y[14]
    found = entered(at, 50.0, (), 0.0)
    roads = NETWORK.roads
    toward = np.flatnonzero(roads.head == 14)
    assert sorted(found) == sorted(toward.tolist())
    assert list(found.values()) == pytest.approx([0.75] * len(toward))


def test_a_wedge_looks_one_way():
    """From 50 m west of the corner 14, beside nothing, a lens to the east sees who comes into its 60 m from the corner's side."""
    x, y = NETWORK.junctions.x[14], NETWORK.junctions.y[14]
    found = entered((x - 50, y), 60.0, (90.0,), 45.0)
    roads = NETWORK.roads
    pairs = {(int(roads.tail[r]), int(roads.head[r])): along for r, along in found.items()}
    assert pairs[13, 14] == pytest.approx(0.75, abs=1e-6)
    assert pairs[15, 14] == pytest.approx(0.95)  # 10 m beyond the corner it ends
    assert (14, 13) not in pairs  # begins inside
    assert {(8, 14), (20, 14)} <= set(pairs)  # cross the wedge's sides just before the corner
    assert not {(7, 13), (12, 13)} & set(pairs)


def test_a_vehicle_that_passes_is_read_once():
    """Whoever drives along a row of streets through a disc enters it once, on one of its roads."""
    at = NETWORK.junctions.x[14] + 30, NETWORK.junctions.y[14] + 10
    roads = NETWORK.roads
    for reach in (40.0, 120.0, 260.0):
        found = entered(at, reach, (), 0.0)
        row = [np.flatnonzero((roads.tail == j) & (roads.head == j + 1))[0] for j in range(12, 17)]
        assert sum(int(road) in found for road in row) == 1


def test_cameras_with_a_disc_stand_where_the_others_do_and_watch_what_enters():
    road, disc = (place({"agency": "Westport", "count": 3}, geometry=g) for g in ("road", "disc"))
    assert np.array_equal(road.cameras.key, disc.cameras.key)
    assert len(disc.sites) > len(disc.cameras) == 3
    for camera, watched in enumerate(road.sites.road):
        middle = GROUND.middle[watched]
        of = disc.sites.camera == camera
        at = GROUND.tail[disc.sites.road[of]] + (disc.sites.offset[of] / NETWORK.roads.length[disc.sites.road[of]])[
            :, None
        ] * (GROUND.head[disc.sites.road[of]] - GROUND.tail[disc.sites.road[of]])
        assert np.hypot(*(at - middle).T) == pytest.approx(100, abs=0.01)


def test_a_wedge_at_its_own_road_reads_the_traffic_that_it_looks_after():
    placed = place({"agency": "Westport", "count": 1, "geometry": "wedge", "range": "60 m"})
    plain = place({"agency": "Westport", "count": 1})
    own = np.flatnonzero(placed.sites.road == plain.sites.road[0])
    assert placed.sites.offset[own] == pytest.approx(plain.sites.offset, abs=0.01)


def test_a_listed_camera_with_a_shape_is_not_moved_to_a_road():
    spot = {"agency": "Transit", "siting": "listed", "poles": ({"at": lat_lon(300, 430), "headings": (180.0,)},)}
    placed = place(spot | {"geometry": "wedge"})
    assert {frozenset(pair) for pair in ends(placed)} == {frozenset((13, 14))}
    assert place(spot | {"geometry": "disc", "range": "80 m"}).sites.offset == pytest.approx(
        [200 / 2 - (80**2 - 30**2) ** 0.5] * 2, abs=0.1
    )
    with pytest.raises(SitingError, match=r"no road enters its wedge of 20 m"):
        place(spot | {"geometry": "wedge", "range": "20 m"})


def test_a_disc_around_the_whole_map_watches_nothing_and_says_so():
    with pytest.raises(SitingError, match=r"groups\[0\] \(Westport\): no road enters the disc of 9000 m"):
        place({"agency": "Westport", "count": 1, "geometry": "disc", "range": "9 km"})


def test_lanes_covered_lower_what_is_captured():
    wide = grid()._replace(
        roads=type(NETWORK.roads)(**{**NETWORK.roads.data(), "lanes": np.full(len(FLOW), 3, np.int8)})
    )
    for lanes, share in ((1, 1 / 3), (2, 2 / 3), (3, 1), (4, 1)):
        placed = place({"agency": "Westport", "count": 2, "lanes": lanes}, network=wide, capture=0.9)
        assert placed.cameras.capture == pytest.approx([0.9 * share] * 2)
    assert place({"agency": "Westport", "count": 2}, network=wide, capture=0.9).cameras.capture == pytest.approx(
        [0.9] * 2
    )


def test_a_pole_reads_the_headings_it_is_given():
    at = lat_lon(300, 405)
    poles = ({"at": at, "headings": (90.0, 270.0)}, {"at": at, "headings": (270.0,)}, {"at": at, "lanes": 1})
    placed = place({"agency": "Transit", "siting": "listed", "poles": poles}, both_directions=1.0)
    assert placed.sites.camera.tolist() == [0, 0, 1, 2, 2]
    assert placed.sites.heading.tolist()[:3] == [90, 270, 270]


def test_a_group_says_for_itself_whether_it_watches_both_directions():
    one = {"agency": "Westport", "count": 3}
    placed = place(one | {"both_directions": 1.0}, one | {"agency": "Norwalk"})
    assert np.bincount(placed.sites.camera).tolist() == [2, 2, 2, 1, 1, 1]


# --- exclusion zones --------------------------------------------------------------------------------------------------

ZONES = [
    {"places": ("school",), "within": "250 m"},
    {"centre": lat_lon(200, 200), "within": "250 m"},
    {"polygon": (lat_lon(0, 0), lat_lon(0, 510), lat_lon(510, 510), lat_lon(510, 0))},
    {"file": "zone.geojson", "within": "10 m"},
]


@pytest.fixture
def zone_file(tmp_path):
    ring = ", ".join(
        f"[{lon}, {lat}]" for lat, lon in (lat_lon(*c) for c in ((0, 0), (0, 510), (510, 510), (510, 0), (0, 0)))
    )
    (tmp_path / "zone.geojson").write_text(
        f'{{"type": "FeatureCollection", "features": [{{"type": "Feature", "properties": {{}}, '
        f'"geometry": {{"type": "Polygon", "coordinates": [[{ring}]]}}}}]}}'
    )
    return tmp_path


@pytest.mark.parametrize("zone", ZONES, ids=lambda z: next(iter(z)))
def test_strategies_put_no_camera_in_a_zone(zone, zone_file):
    schools = np.column_stack((NETWORK.junctions.x, NETWORK.junctions.y))[[7, 14, 28]]
    corner = np.array([NETWORK.junctions.x[0], NETWORK.junctions.y[0]])
    barred = {
        "places": lambda m: min(np.hypot(*(m - s)) for s in schools) <= 250,
        "centre": lambda m: np.hypot(*(m - corner - 200)) <= 250.01,
        "polygon": lambda m: (m - corner <= 505).all(),
        "file": lambda m: (m - corner <= 515).all(),
    }[next(iter(zone))]
    everywhere = place({"agency": "Westport", "count": 8})
    assert any(barred(GROUND.middle[road]) for road in everywhere.sites.road)
    for siting in ("busiest", "gateways", "random"):
        placed = place({"agency": "Westport", "count": 3, "siting": siting}, avoid=(zone,), base=zone_file)
        assert not any(barred(GROUND.middle[road]) for road in placed.sites.road)


def test_a_zone_of_one_group_moves_no_other(zone_file):
    groups = [{"agency": "Westport", "count": 3}, {"agency": "Norwalk", "count": 3}]
    before = described(place(*groups))
    after = described(place(groups[0] | {"avoid": (ZONES[1],)}, groups[1]))
    assert after[3:] == before[3:]
    assert after[:3] != before[:3]
    assert described(place(groups[0] | {"avoid": ()}, groups[1], avoid=(ZONES[2],)))[:3] == before[:3]


def test_a_listed_camera_in_a_zone_is_left_out_with_the_reason(tmp_path):
    lines = ["lat,lon", *("{},{}".format(*lat_lon(x, 405)) for x in (300, 700))]
    (tmp_path / "cameras.csv").write_text("\n".join(lines))
    group = {
        "agency": "Transit",
        "siting": "file",
        "file": "cameras.csv",
        "avoid": ({"centre": lat_lon(300, 400), "within": "50 m"},),
    }
    placed = place(group, base=tmp_path)
    assert len(placed.cameras) == 1
    assert [(r.row, r.reason) for r in placed.rejected] == [("line 2", "inside a zone that is to be avoided")]
    listed = {"agency": "Transit", "siting": "listed", "sites": (lat_lon(300, 405),)}
    with pytest.raises(SitingError, match="inside a zone that is to be avoided"):
        place(listed | {"avoid": group["avoid"]})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "avoid[0]: cannot read"), ("{", "must be GeoJSON"),
        ('{"type": "FeatureCollection", "features": []}', "has no area"),
        ('{"a": 1}', "type must be FeatureCollection, Feature or a geometry, not None"), ("[]", "must be GeoJSON"),
    ],
)  # fmt: skip
def test_a_zone_file_that_tells_of_no_area_is_an_error(tmp_path, text, said):
    if text:
        (tmp_path / "z.geojson").write_text(text)
    with pytest.raises(SitingError, match=re.escape(said)):
        place({"agency": "Westport", "count": 1}, avoid=({"file": "z.geojson"},), base=tmp_path)


def test_motorways_are_among_the_roads_a_shape_watches():
    placed = place({"agency": "Transit", "siting": "listed", "sites": (lat_lon(600, -390),), "geometry": "disc"})
    assert (NETWORK.roads.kind[placed.sites.road] == RoadKind.MOTORWAY).all()
