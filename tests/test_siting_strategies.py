"""Strategies that look at places, shortest ways, a day's trips, a campus, motorways, or the measured spacing."""

import re

import networkx as nx
import numpy as np
import pytest
from scipy.spatial import cKDTree

from alprsim import roads, siting
from alprsim.scenario import models
from alprsim.siting import SitingError, _gantries, _spacing, _strategies
from alprsim.siting._ground import survey
from alprsim.tables import Agencies, CameraKind, Paths, PlaceKind, Places, RoadKind
from tests import naive_siting as naive
from tests.siting_town import AGENCIES, FLOW, NETWORK, ends, lat_lon, place
from tests.test_siting import described

GROUND = survey(NETWORK, FLOW)
MINE = np.flatnonzero((NETWORK.junctions.town[NETWORK.roads.tail] == 0) & (NETWORK.roads.kind != RoadKind.MOTORWAY))


def with_places(**kinds):
    """Return the town with places of each kind at the junctions given."""
    at = [(j, PlaceKind[kind.upper()]) for kind, junctions in kinds.items() for j in junctions]
    junction, kind = zip(*at, strict=True)
    return NETWORK._replace(
        places=Places.of(junction=junction, kind=kind, weight=np.ones(len(at)), town=np.zeros(len(at)))
    )


# --- hot spots --------------------------------------------------------------------------------------------------------


def test_hot_spots_are_where_places_cluster():
    network = with_places(bar=[8, 14, 13], shop=[30], school=[0, 1, 6, 7])
    asked = {"agency": "Transit", "siting": "hot_spots", "kinds": ("bar", "shop"), "count": 1}
    x, y = NETWORK.junctions.x, NETWORK.junctions.y

    def density(road, at):
        off = [np.hypot(x[j] - GROUND.middle[road][0], y[j] - GROUND.middle[road][1]) for j in at]
        return sum(np.exp(-0.5 * (d / 150) ** 2) for d in off if d <= 450)

    placed = place(asked | {"bandwidth": "150 m"}, network=network)
    able = np.flatnonzero(NETWORK.roads.kind != RoadKind.MOTORWAY)
    best = max(density(road, [8, 14, 13, 30]) for road in able)
    assert density(placed.sites.road[0], [8, 14, 13, 30]) == pytest.approx(best)
    shops = place(asked | {"kinds": ("shop",)}, network=network)
    assert 30 in ends(shops)[0]
    with pytest.raises(SitingError, match=r"siting hot_spots in the whole network; .*: 0$"):
        place(asked | {"kinds": ("clinic",)}, network=network)
    with pytest.raises(SitingError, match="hot_spots needs `kinds`"):
        place(asked | {"kinds": ()}, network=network)


# --- betweenness ------------------------------------------------------------------------------------------------------


def test_betweenness_is_exact_on_a_small_map():
    """Corners are joined by many ways of equal time, so what networkx counts is counted only with ties shared."""
    between, error = _strategies.betweenness(GROUND)
    graph = nx.DiGraph()
    for tail, head in zip(NETWORK.roads.tail.tolist(), NETWORK.roads.head.tolist(), strict=True):
        graph.add_edge(tail, head, weight=10)
    expected = nx.edge_betweenness_centrality(graph, normalized=False, weight="weight")
    pairs = zip(NETWORK.roads.tail.tolist(), NETWORK.roads.head.tolist(), strict=True)
    assert between == pytest.approx([expected[pair] for pair in pairs])
    assert (error == 0).all()


def test_betweenness_takes_the_roads_most_ways_lead_over():
    placed = place({"agency": "Westport", "siting": "betweenness", "count": 3})
    between, _ = _strategies.betweenness(GROUND)
    assert between[placed.sites.road[0]] == between[MINE].max()
    assert (np.diff(between[placed.sites.road]) <= 1e-9).all()
    assert placed.told == []


def test_the_told_error_of_sampled_betweenness_is_that_of_the_sample(monkeypatch):
    """From 15 of 44 junctions: estimates lie about as far from the exact values as the standard error says."""
    exact, _ = _strategies.betweenness(GROUND)
    monkeypatch.setattr(_strategies, "PIVOTS", 15)
    about, error = _strategies.betweenness(GROUND)
    busy = (exact > np.median(exact)) & (error > 0)
    assert busy.sum() > 20
    assert 0.3 < np.median(np.abs(about - exact)[busy] / error[busy]) < 1.2  # 0.67 if they are normal
    (said,) = place({"agency": "Westport", "siting": "betweenness", "count": 3}).told
    assert re.match(
        r".*\(Westport\): betweenness from 15 of 44 junctions; .* 3 highest roads: \d+\.\d% \(median\)$", said
    )


# --- flow capture -----------------------------------------------------------------------------------------------------


def day_of(routes, vehicle, route):
    first = np.concatenate([[0], np.cumsum([len(r) for r in routes])]).astype(np.int64)
    road = np.array([x for r in routes for x in r], np.int32)
    return siting.Day(np.array(vehicle, np.int32), np.array(route, np.int32), Paths(first, road))


def random_day(n=60, seed=7):
    """Return trips of 40 vehicles along random walks."""
    rng = np.random.default_rng(seed)
    exits = [np.flatnonzero(NETWORK.roads.tail == j) for j in range(36)]
    routes = []
    for _ in range(n // 2):
        walk, here = [], int(rng.integers(36))
        for _ in range(int(rng.integers(0, 5))):
            walk.append(int(rng.choice(exits[here])))
            here = int(NETWORK.roads.head[walk[-1]])
        routes.append(walk)
    return day_of(routes, np.sort(rng.integers(0, 40, n)), rng.integers(0, len(routes), n)), routes


@pytest.mark.parametrize("maximise", ["trips", "vehicles"])
def test_flow_capture_picks_what_sees_most(maximise):
    day, routes = random_day()
    group = {"agency": "Westport", "siting": "flow_capture", "count": 3, "maximise": maximise}
    placed = place(group, day=lambda: day)
    trips = list(zip(day.vehicle.tolist(), day.route.tolist(), strict=True))
    if maximise == "trips":
        items = [(1, [routes[r]]) for _, r in trips]
    else:
        items = [(1, [routes[r] for v, r in trips if v == vehicle]) for vehicle in sorted(set(day.vehicle.tolist()))]
    order = MINE[np.argsort(GROUND.name[MINE])]
    site_of = np.full(len(FLOW), -1)
    site_of[order] = np.arange(len(order))
    expected = naive.greedy(items, site_of, 3)
    assert placed.sites.road.tolist() == [order[site] for site, _ in expected]
    total = sum(gain for _, gain in expected)
    best = naive.most_seen(items, site_of, 3)
    (said,) = placed.told
    assert f"see {total} of the usual day's {len(items)} {maximise} ({total / len(items):.1%})" in said
    ceiling = int(re.search(r"see at most (\d+),", said)[1])
    assert total <= best <= ceiling
    assert best <= int(re.search(r"1/e alone at most (\d+)", said)[1])


def test_one_more_camera_by_flow_capture_moves_no_other():
    day, _ = random_day()
    two, three = (place({"agency": "Westport", "siting": "flow_capture", "count": n}, day=lambda: day) for n in (2, 3))
    assert described(three)[:2] == described(two)


def test_flow_capture_says_what_it_cannot():
    day = day_of([[int(MINE[0])]], [0], [0])
    group = {"agency": "Westport", "siting": "flow_capture", "count": 1}
    assert place(group, day=lambda: day).sites.road.tolist() == [MINE[0]]
    with pytest.raises(SitingError, match="on which a camera would see anything more: 1"):
        place(group | {"count": 2}, day=lambda: day)
    with pytest.raises(SitingError, match="needs a day's trips"):
        place(group)
    with pytest.raises(SitingError, match="flow_capture is for fixed cameras, not gantry"):
        place(group | {"kind": "gantry"}, day=lambda: day)


def test_the_day_is_made_once_and_only_if_asked_for():
    made = []
    day = lambda: made.append(1) or random_day()[0]  # noqa: E731
    place({"agency": "Westport", "count": 1}, day=day)
    assert not made
    group = {"siting": "flow_capture", "count": 1}
    place(group | {"agency": "Westport"}, group | {"agency": "Norwalk"}, day=day)
    assert made == [1]


# --- campus gates -----------------------------------------------------------------------------------------------------


def test_every_road_into_a_campus_has_a_gate():
    group = {"agency": "Transit", "siting": "campus_gates", "campus": lat_lon(500, 500), "radius": "250 m"}
    placed = place(group)
    j, r = NETWORK.junctions, NETWORK.roads
    middle = np.array([j.x[0] + 500, j.y[0] + 500])
    away = np.hypot(j.x - middle[0], j.y - middle[1])
    into = np.flatnonzero((away[r.tail] > 250) & (away[r.head] <= 250))
    assert sorted(placed.sites.road.tolist()) == into.tolist()
    assert len(into) == 8
    gate = GROUND.tail[placed.sites.road] + (placed.sites.offset / r.length[placed.sites.road])[:, None] * (
        GROUND.head[placed.sites.road] - GROUND.tail[placed.sites.road]
    )
    assert np.hypot(*(gate - middle).T) == pytest.approx(250, abs=0.1)
    assert (np.diff(FLOW[placed.sites.road]) <= 0).all()
    assert ends(place(group | {"count": 3})) == ends(placed)[:3]
    with pytest.raises(SitingError, match=r"9 fixed .* roads that enter the 250 m around the campus: 8"):
        place(group | {"count": 9})
    wide = models.CameraGroup(**group | {"radius": "9 km"})
    with pytest.raises(SitingError, match="no road enters the 9000 m"):
        siting.check(NETWORK, AGENCIES, models.Cameras(groups=(wide,)), towns_of={}, base=None)


def test_a_campus_is_a_school_of_the_town_the_same_under_every_seed():
    group = {"agency": "Norwalk", "siting": "campus_gates", "radius": "150 m"}
    one, two = (ends(place(group, seed=seed)) for seed in (1, 2))
    assert one == two
    assert {head for _, head in one} == {28}  # Norwalk's only school
    with pytest.raises(SitingError, match="no school is there"):
        place(group, network=with_places(bar=[3]))


# --- gantries ---------------------------------------------------------------------------------------------------------


def test_gantries_stand_along_motorways_at_a_stated_spacing():
    every = place({"agency": "Transit", "siting": "motorways", "spacing": "350 m"})
    assert len(every.cameras) == 3  # three stretches of 400 m each way
    assert (every.cameras.kind == CameraKind.GANTRY).all()
    assert sorted(every.sites.road.tolist()) == np.flatnonzero(NETWORK.roads.kind == RoadKind.MOTORWAY).tolist()
    wider = place({"agency": "Transit", "siting": "motorways", "spacing": "700 m"})
    assert len(wider.cameras) < 3
    with pytest.raises(SitingError, match=r"3 gantry cameras .* can take one, 700 m apart: [12]"):
        place({"agency": "Transit", "siting": "motorways", "spacing": "700 m", "count": 3})


@pytest.mark.parametrize(
    ("plan", "times", "gantries"), [("ct_2019", 10, 1), ("ct_2019", 1600, 100), ("ct_2030", 1600, 27)]
)
def test_a_plan_is_scaled_by_kilometres_of_motorway(plan, times, gantries):
    """The town has 1.2 km of motorway; stretched 1,600 times 1,920 km, nearly twice the state's."""
    long = type(NETWORK.roads)(**{**NETWORK.roads.data(), "length": NETWORK.roads.length * np.float32(times)})
    ground = survey(NETWORK._replace(roads=long), FLOW)
    assert _gantries.motorways(ground) == pytest.approx(1.2 * times)
    assert _gantries.share(ground, plan) == gantries
    per_state = {"ct_2019": 53, "ct_2030": 14}[plan]
    assert abs(gantries - max(1, per_state * 1.2 * times / 1014)) <= 0.5


def test_a_plan_places_its_gantries():
    placed = place({"agency": "Transit", "siting": "motorways", "plan": "ct_2019"})
    assert len(placed.cameras) == 1
    assert len(placed.sites) == 2
    assert placed.told == [
        "cameras.groups[0] (Transit): gantries: 1 = 53 × 1.2 km of motorway here / 1,014 km in Connecticut; "
        "53 gantries on I-84, I-91, I-95 and CT-15 (hqpress.org, 6 March 2019)"
    ]


def test_the_state_has_as_many_kilometres_of_motorway_as_stated(shared_data):
    import osmnx as ox

    graph = ox.load_graphml(shared_data / "roads" / "connecticut_motorway_trunk.graphml.gz")
    metres = sum(
        data["length"] for *_, data in graph.edges(data=True)
        if (data["highway"] if isinstance(data["highway"], str) else sorted(data["highway"])[0]) == "motorway"
    )  # fmt: skip
    assert metres / 2000 == pytest.approx(_gantries.STATE_MOTORWAYS, abs=1)


# --- real streets -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mansfield(shared_data):
    source = models.GraphmlRoads(
        kind="graphml", file="roads/mansfield_ct_drive.graphml.gz", place="Mansfield", population=25_892
    )
    return roads.load(source, base=shared_data)


UCONN = (41.8077, -72.2540)


def placed_at(network, group, **values):
    agencies = Agencies.of(name=["UConn"], kind=[0], server_rate=[np.inf], server_room=[0])
    spec = models.Cameras(groups=(models.CameraGroup(agency="UConn", **group),), **values)
    flow = np.ones(len(network.roads))
    return siting.place(network, agencies, spec, towns_of={"UConn": None}, flow=flow, seed=1, base=None)


def test_nobody_drives_onto_the_campus_at_storrs_but_through_a_gate(mansfield):
    placed = placed_at(mansfield, {"siting": "campus_gates", "campus": UCONN, "radius": "600 m"})
    assert 4 <= len(placed.cameras) <= 40
    ground = survey(mansfield, np.ones(len(mansfield.roads)))
    from alprsim.siting._ground import projection

    middle = np.array(projection(mansfield.crs)(UCONN[1], UCONN[0]))
    graph = nx.DiGraph()
    gates = set(placed.sites.road.tolist())
    for road, (tail, head) in enumerate(zip(mansfield.roads.tail.tolist(), mansfield.roads.head.tolist(), strict=True)):
        if road not in gates:
            graph.add_edge(tail, head)
    away = np.hypot(*(np.column_stack((mansfield.junctions.x, mansfield.junctions.y)) - middle).T)
    inside, outside = np.flatnonzero(away < 600), np.flatnonzero(away > 600)
    reached = set().union(*(nx.descendants(graph, int(j)) for j in outside[:40] if int(j) in graph))
    assert not reached & set(inside.tolist())
    assert len(inside) > 5
    assert len(ground.flow) == len(mansfield.roads)


# --- measured spacing -------------------------------------------------------------------------------------------------


def test_the_measured_distances_are_those_of_the_mapped_cameras(shared_data):
    import csv

    from pyproj import Transformer

    to_metres = Transformer.from_crs("EPSG:4326", "EPSG:6433", always_xy=True).transform
    with (shared_data / "cameras" / "ct_alpr_osm.csv").open() as opened:
        points = [to_metres(float(row["lon"]), float(row["lat"])) for row in csv.DictReader(opened)]
    nearest = cKDTree(points).query(points, 2)[0][:, 1]
    assert np.quantile(nearest, _spacing.SHARES) == pytest.approx(_spacing.NEAREST, rel=0.03, abs=1)
    assert _spacing.nearest_others(np.array([0.1, 0.25, 0.5, 0.75, 0.9])) == pytest.approx([46, 152, 367, 1114, 2309])


@pytest.fixture(scope="module")
def measured(mansfield):
    return {n: placed_at(mansfield, {"siting": "random", "spacing": "measured", "count": n}) for n in (20, 30)}


def points_of(network, placed):
    ground = survey(network, np.ones(len(network.roads)))
    tail, head = ground.tail[placed.sites.road], ground.head[placed.sites.road]
    return tail + (placed.sites.offset / network.roads.length[placed.sites.road])[:, None] * (head - tail)


def test_measured_spacing_spreads_pairs_as_connecticuts_cameras_are(mansfield, measured):
    """A town of 115 km² has room for thirty; more in tests/verification, at the scale of a region."""
    nearest = cKDTree(points_of(mansfield, measured[30])).query(points_of(mansfield, measured[30]), 2)[0][:, 1]
    assert np.log(np.quantile(nearest, [0.25, 0.5, 0.75])) == pytest.approx(np.log([152, 367, 1114]), abs=0.5)
    assert len(measured[30].sites) == 30  # none watches both directions of its own


def test_one_more_pair_at_measured_distances_moves_no_other(measured):
    assert np.array_equal(measured[20].cameras.key, measured[30].cameras.key[:20])


def test_a_region_too_small_for_the_measured_distances_says_so():
    with pytest.raises(SitingError, match="for which there is room at the measured distances: "):
        place({"agency": "Westport", "count": 40, "spacing": "measured"})
    with pytest.raises(SitingError, match="spacing measured needs `count`"):
        place({"agency": "Transit", "siting": "motorways", "spacing": "measured"})
    assert AGENCIES.name[0] == "Westport"
