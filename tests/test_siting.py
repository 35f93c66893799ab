"""Where cameras stand: strategies, lists and files, on a small town drawn by hand."""

import re

import numpy as np
import pytest

from alprsim.siting import SitingError
from alprsim.tables import CameraKind, RoadKind
from tests.siting_town import FLOW, MOTORWAY_Y, NETWORK, ends, lat_lon, place


def middles(placed):
    j, roads = NETWORK.junctions, NETWORK.roads
    where = np.column_stack((j.x, j.y))
    return (where[roads.tail[placed.sites.road]] + where[roads.head[placed.sites.road]]) / 2


# --- strategies -------------------------------------------------------------------------------------------------------


def test_the_busiest_roads_of_the_town_get_cameras():
    placed = place({"agency": "Westport", "count": 5})
    roads, town = NETWORK.roads, NETWORK.junctions.town
    mine = np.flatnonzero((town[roads.tail] == 0) & (roads.kind != RoadKind.MOTORWAY))
    assert placed.sites.road[0] == mine[np.argmax(FLOW[mine])]
    assert np.isin(placed.sites.road, mine).all()
    flows = FLOW[placed.sites.road]
    assert (np.diff(flows) <= 0).all()
    assert flows.min() > np.median(FLOW)
    assert len(placed.cameras) == len(placed.sites) == 5
    assert np.array_equal(placed.sites.offset, roads.length[placed.sites.road] / 2)
    apart = middles(placed)[:, None] - middles(placed)[None]
    distance = np.sqrt((apart**2).sum(axis=2)) + 1e9 * np.eye(5)
    assert distance.min() > 150


def test_only_one_of_the_two_directions_of_a_road_is_chosen():
    """With every road that is far enough from the others taken, no pair of junctions has two cameras."""
    with pytest.raises(SitingError) as error:
        place({"agency": "Westport", "count": 999})
    exist = int(re.search(r"roads there with traffic that can take one, 150 m apart: (\d+)$", str(error.value))[1])
    placed = place({"agency": "Westport", "count": exist})
    assert len({frozenset(pair) for pair in ends(placed)}) == exist > 10
    said = rf"groups\[0\] \(Westport\): {exist + 1} fixed cameras asked for by siting busiest in Westport; .*: {exist}$"
    with pytest.raises(SitingError, match=said):
        place({"agency": "Westport", "count": exist + 1})


def test_gateways_cross_the_towns_boundary():
    placed = place({"agency": "Norwalk", "siting": "gateways", "count": 4})
    town = NETWORK.junctions.town
    assert all(town[a] != town[b] for a, b in ends(placed))
    flows = FLOW[placed.sites.road]
    assert (np.diff(flows) <= 0).all()


def test_gateways_of_the_whole_map_lead_beyond_it():
    placed = place({"agency": "Transit", "siting": "gateways", "count": 1})
    assert all(0 in pair for pair in ends(placed))


def test_cameras_beyond_the_gateways_stand_on_the_busiest_roads():
    gateway, second = ends(place({"agency": "Transit", "siting": "gateways", "count": 2}))
    busiest = ends(place({"agency": "Transit", "siting": "busiest", "count": 20}))
    assert 0 in gateway
    assert second == next(pair for pair in busiest if 0 not in pair and frozenset(pair) != frozenset(gateway))


def test_random_cameras_are_on_streets_with_traffic_and_belong_to_the_seed():
    flow = np.where(np.arange(len(FLOW)) % 2, FLOW, 0)
    one, same, other = (
        place({"agency": "Westport", "siting": "random", "count": 6}, flow=flow, seed=s) for s in (1, 1, 2)
    )
    assert (flow[one.sites.road] > 0).all()
    assert not (NETWORK.roads.kind[one.sites.road] == RoadKind.MOTORWAY).any()
    assert ends(one) == ends(same) != ends(other)


def test_every_road_is_as_likely():
    """Over 400 seeds a single camera falls on each third of the roads, by flow, about as often."""
    picked = [
        FLOW[place({"agency": "Norwalk", "siting": "random", "count": 1}, seed=s).sites.road[0]] for s in range(400)
    ]
    roads = NETWORK.roads
    pool = FLOW[(NETWORK.junctions.town[roads.tail] == 1) & (roads.kind != RoadKind.MOTORWAY)]
    assert np.mean(picked) == pytest.approx(pool.mean(), abs=5)


def test_cameras_near_places_take_each_place_in_turn():
    placed = place({"agency": "Westport", "siting": "near_places", "near": "school", "count": 2})
    touched = [{7, 14} & set(pair) for pair in ends(placed)]
    assert touched in ([{7}, {14}], [{14}, {7}])
    more = place({"agency": "Westport", "siting": "near_places", "near": "school", "count": 4})
    assert all({7, 14} & set(pair) for pair in ends(more))
    with pytest.raises(SitingError, match="near_places needs `near`"):
        place({"agency": "Westport", "siting": "near_places", "count": 1})
    with pytest.raises(SitingError, match=r": 0$"):
        place({"agency": "Westport", "siting": "near_places", "near": "bar", "count": 1})


def test_gantries_stand_over_both_carriageways_of_a_motorway():
    placed = place({"agency": "Transit", "kind": "gantry", "count": 3})
    assert (placed.cameras.kind == CameraKind.GANTRY).all()
    assert (NETWORK.roads.kind[placed.sites.road] == RoadKind.MOTORWAY).all()
    assert placed.sites.camera.tolist() == [0, 0, 1, 1, 2, 2]
    assert sorted(placed.sites.road.tolist()) == np.flatnonzero(NETWORK.roads.kind == RoadKind.MOTORWAY).tolist()
    assert np.array_equal(np.sort(placed.sites.heading.reshape(3, 2), axis=1), [[90, 270]] * 3)
    with pytest.raises(SitingError, match=r"4 gantry cameras .*: 3$"):
        place({"agency": "Transit", "kind": "gantry", "count": 4})


def test_a_heading_is_the_direction_of_travel_clockwise_from_north():
    placed = place({"agency": "Transit", "count": 20}, both_directions=1.0)
    j, roads = NETWORK.junctions, NETWORK.roads
    for road, heading in zip(placed.sites.road, placed.sites.heading, strict=True):
        east, north = j.x[roads.head[road]] - j.x[roads.tail[road]], j.y[roads.head[road]] - j.y[roads.tail[road]]
        assert (
            heading == {(1, 0): 90, (-1, 0): 270, (0, 1): 0, (0, -1): 180}[np.sign(round(east)), np.sign(round(north))]
        )


def test_some_cameras_watch_both_directions_and_none_a_one_way_streets():
    groups = {"agency": "Transit", "siting": "random", "count": 20}
    placed = place(groups, both_directions=0.5)
    watched = np.bincount(placed.sites.camera)
    assert 3 < (watched == 2).sum() < 17
    pairs = ends(placed)
    for camera in np.flatnonzero(watched == 2):
        (a, b), other = (pairs[s] for s in np.flatnonzero(placed.sites.camera == camera))
        assert other == (b, a)
    assert np.array_equal(placed.cameras.key, place(groups).cameras.key)
    one_way = place({"agency": "Westport", "siting": "listed", "sites": (lat_lon(100, 0),)}, both_directions=1.0)
    assert ends(one_way) == [(0, 1)]


def test_a_camera_takes_the_readers_values():
    placed = place({"agency": "Norwalk", "count": 1}, rate="2000 plates/min", buffer=7, capture=0.8, correct=0.97)
    c = placed.cameras
    assert (c.agency[0], c.kind[0], c.rate[0], c.room[0]) == (1, CameraKind.FIXED, 2000, 7)
    assert (c.capture[0], c.correct[0]) == (np.float32(0.8), np.float32(0.97))


# --- what belongs to whom ---------------------------------------------------------------------------------------------

GROUPS = [
    {"agency": "Westport", "count": 4},
    {"agency": "Westport", "siting": "random", "count": 4},
    {"agency": "Norwalk", "siting": "gateways", "count": 3},
    {"agency": "Westport", "siting": "near_places", "near": "school", "count": 2},
]


def described(placed):
    """Return each camera as (key, agency, what it watches)."""
    pairs = ends(placed)
    return [
        (int(key), int(agency), tuple(pairs[s] for s in np.flatnonzero(placed.sites.camera == camera)))
        for camera, (key, agency) in enumerate(zip(placed.cameras.key, placed.cameras.agency, strict=True))
    ]


@pytest.mark.parametrize("group", range(4))
def test_one_more_camera_moves_no_other(group):
    more = [g | {"count": g["count"] + (n == group)} for n, g in enumerate(GROUPS)]
    before, after = described(place(*GROUPS, both_directions=0.5)), described(place(*more, both_directions=0.5))
    assert set(before) < set(after)
    assert len({key for key, *_ in after}) == len(after) == len(before) + 1


def test_another_agencys_group_moves_no_camera():
    before = described(place(*GROUPS, both_directions=0.5))
    after = described(place({"agency": "Transit", "siting": "random", "count": 5}, *GROUPS, both_directions=0.5))
    assert after[5:] == before


def test_cameras_on_one_road_have_different_keys():
    spot = lat_lon(300, 400)
    placed = place({"agency": "Westport", "siting": "listed", "sites": (spot, spot)})
    assert placed.sites.road[0] == placed.sites.road[1]
    assert placed.cameras.key[0] != placed.cameras.key[1]


@pytest.mark.parametrize(
    ("group", "towns_of", "towns"),
    [
        ({"agency": "Norwalk"}, {}, {1}),
        ({"agency": "Norwalk"}, {"Norwalk": "Westport"}, {0}),
        ({"agency": "Norwalk", "town": "Norwalk"}, {"Norwalk": "Westport"}, {1}),
        ({"agency": "Transit"}, {"Transit": None}, {0, 1}),
    ],
)
def test_a_group_stands_in_its_town_else_its_agencys_else_anywhere(group, towns_of, towns):
    placed = place(group | {"count": 12}, towns_of=towns_of)
    assert set(NETWORK.junctions.town[NETWORK.roads.tail[placed.sites.road]].tolist()) == towns


def test_an_unknown_agency_or_town_is_named():
    with pytest.raises(SitingError, match=r"groups\[0\] \(Darien\): agency must be one of Westport, Norwalk, Transit"):
        place({"agency": "Darien", "count": 1})
    with pytest.raises(
        SitingError, match=r"groups\[1\] \(Norwalk\): town must be one of Westport, Norwalk, not Darien"
    ):
        place({"agency": "Westport", "count": 1}, {"agency": "Norwalk", "town": "Darien", "count": 1})


def test_no_cameras_is_a_placement_too():
    placed = place({"agency": "Westport", "count": 0})
    assert (len(placed.cameras), len(placed.sites), placed.rejected) == (0, 0, [])


# --- lists and files --------------------------------------------------------------------------------------------------


def test_a_listed_camera_goes_to_the_nearest_road_and_its_busier_direction():
    placed = place({"agency": "Transit", "siting": "listed", "sites": (lat_lon(250, 412), lat_lon(592, 780))})
    (a, b), (c, d) = ends(placed)
    assert ({a, b}, {c, d}) == ({13, 14}, {21, 27})
    for road in placed.sites.road:
        roads = NETWORK.roads
        back = np.flatnonzero((roads.tail == roads.head[road]) & (roads.head == roads.tail[road]))[0]
        assert FLOW[road] >= FLOW[back]
    assert placed.sites.offset == pytest.approx([50 if a == 13 else 150, 180 if c == 21 else 20], abs=0.1)


def test_a_listed_camera_off_the_graph_is_an_error_that_says_how_far():
    lat, lon = lat_lon(500, 1300)
    with pytest.raises(SitingError) as error:
        place({"agency": "Norwalk", "siting": "listed", "sites": (lat_lon(100, 0), (lat, lon))})
    said = str(error.value)
    assert (
        said
        == f"cameras.groups[0] (Norwalk): camera at {lat}, {lon}: 300 m from the nearest road; the tolerance is 60 m"
    )
    assert len(place({"agency": "Norwalk", "siting": "listed", "sites": ((lat, lon),)}, tolerance="301 m").cameras) == 1
    with pytest.raises(SitingError, match=r"camera at -90.0, 0.0: not on the map's projection"):
        place({"agency": "Norwalk", "siting": "listed", "sites": ((-90.0, 0.0),)})


def test_a_listed_gantry_needs_a_motorway():
    listed = {"agency": "Transit", "siting": "listed", "kind": "gantry"}
    placed = place(listed | {"sites": (lat_lon(600, MOTORWAY_Y + 5),)})
    assert len(placed.sites) == 2
    with pytest.raises(SitingError, match="395 m from the nearest road fit for a gantry"):
        place(listed | {"sites": (lat_lon(700, 15),)}, tolerance="40 m")


def test_a_group_that_lists_nothing_is_an_error():
    with pytest.raises(SitingError, match="siting listed needs `sites`"):
        place({"agency": "Transit", "siting": "listed"})
    with pytest.raises(SitingError, match="siting file needs `file`"):
        place({"agency": "Transit", "siting": "file"})


def test_a_count_takes_the_first_of_a_list_and_more_is_an_error():
    listed = {"agency": "Transit", "siting": "listed", "sites": (lat_lon(100, 200), lat_lon(700, 600))}
    assert ends(place(listed | {"count": 1})) == ends(place(listed))[:1]
    with pytest.raises(
        SitingError,
        match="3 fixed cameras asked for by siting listed in the whole network; those that can be placed: 2",
    ):
        place(listed | {"count": 3})


def in_file(tmp_path, *lines, header="lat,lon,direction,town", agency="Transit", **values):
    (tmp_path / "cameras.csv").write_text("\n".join([header, *lines]) + "\n", "utf-8")
    return place({"agency": agency, "siting": "file", "file": "cameras.csv"}, base=tmp_path, **values)


def row(x, y, rest=","):
    lat, lon = lat_lon(x, y)
    return f"{lat},{lon},{rest}"


def test_a_file_places_cameras_by_direction(tmp_path):
    placed = in_file(tmp_path, row(300, 405, "31,"), row(300, 405, "329,"), row(300, 405, "90;270,"), row(700, 605))
    assert placed.sites.camera.tolist() == [0, 1, 2, 2, 3]
    assert ends(placed)[:4] == [(13, 14), (14, 13), (13, 14), (14, 13)]
    assert placed.rejected == []


def test_directions_of_a_file_are_taken_at_their_word(tmp_path):
    placed = in_file(tmp_path, row(300, 405, "31,"), row(300, 405), both_directions=1.0)
    assert placed.sites.camera.tolist() == [0, 1, 1]


def test_near_a_corner_the_direction_decides_the_road(tmp_path):
    placed = in_file(tmp_path, row(405, 430, "90,"), row(405, 430, "0,"))
    assert [NETWORK.roads.tail[r] for r in placed.sites.road] == [14, 14]
    assert placed.sites.heading.tolist() == [90, 0]


def test_rows_that_cannot_be_placed_are_told_with_their_reason(tmp_path):
    placed = in_file(
        tmp_path, "abc,-72,,", "41.7,-272,,", row(500, 1300), row(300, 405, "29.5,"), row(300, 410, "15,"), row(300, 405), "",
        "41.7", row(300, 405, "left,"),
    )  # fmt: skip
    assert len(placed.cameras) == 1
    assert [(r.row, r.reason) for r in placed.rejected] == [
        ("line 2", "lat must be a number, not 'abc'"),
        ("line 3", "lon must be from -180 to 180, not -272"),
        ("line 9", "lon must be a number, not ''"),
        ("line 10", "direction must be a number, not 'left'"),
        ("line 4", "300 m from the nearest road; the tolerance is 60 m"),
        ("line 5", "no road within 60 m runs towards 29.5° give or take 60°"),
        ("line 6", "no road within 60 m runs towards 15° give or take 60°"),
    ]
    assert {(r.group, r.file) for r in placed.rejected} == {("cameras.groups[0] (Transit)", "cameras.csv")}
    assert (placed.rejected[4].lat, placed.rejected[4].lon) == pytest.approx(lat_lon(500, 1300))


def test_a_file_is_shared_by_the_towns_it_names(tmp_path):
    lines = row(300, 405, ",Westport"), row(700, 605, ",Norwalk"), row(300, 805)
    assert ends(in_file(tmp_path, *lines, agency="Norwalk"))[0] in {(21, 22), (22, 21), (20, 21), (21, 20)}
    assert [len(in_file(tmp_path, *lines, agency=a).cameras) for a in ("Westport", "Norwalk", "Transit")] == [2, 2, 3]


def test_lat_and_lon_are_enough_and_a_byte_order_mark_is_no_letter(tmp_path):
    assert len(in_file(tmp_path, "x,{1},{0}".format(*lat_lon(300, 405)), header="\ufeffid, LON ,Lat").cameras) == 1


@pytest.mark.parametrize(
    ("header", "said"),
    [("lat,longitude", "lon is missing"), ("", "lat is missing"), ("latitude;longitude", "lat is missing")],
)
def test_a_file_without_the_columns_is_an_error(tmp_path, header, said):
    with pytest.raises(SitingError, match=f"cameras.csv must have the columns lat and lon; {said}"):
        in_file(tmp_path, "41,-72", header=header)


def test_a_file_none_of_whose_cameras_is_near_a_road_is_an_error(tmp_path):
    with pytest.raises(
        SitingError, match=r"no camera of cameras.csv can be placed; the first: 300 m from the nearest road"
    ):
        in_file(tmp_path, row(500, 1300), row(500, 1400))
    with pytest.raises(SitingError, match=r"no camera of cameras.csv can be placed$"):
        in_file(tmp_path)


def test_a_missing_or_unreadable_file_is_an_error(tmp_path):
    group = {"agency": "Transit", "siting": "file", "file": "nowhere.csv"}
    with pytest.raises(SitingError, match=r"\(Transit\): cannot read .*nowhere.csv"):
        place(group, base=tmp_path)
    (tmp_path / "nowhere.csv").write_bytes(b"lat,lon\n\xff\xfe\n")
    with pytest.raises(SitingError, match="cannot read"):
        place(group, base=tmp_path)
    with pytest.raises(SitingError, match="cannot read"):
        place(group | {"file": "."}, base=tmp_path)
