"""Streets from every kind of source become the same tables, and what cannot be used is refused with its reason."""

import bz2
import gzip
import random
import socket
import subprocess
import sys
import tarfile
from types import SimpleNamespace

import numpy as np
import osmnx as ox
import pytest
from osmnx._errors import ResponseStatusCodeError
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

import alprsim
from alprsim import roads
from alprsim.roads import RoadError
from alprsim.scenario import models
from alprsim.tables import Junctions, PlaceKind, Places, RoadKind, Streets, TableError, Towns

DANBURY = "Danbury, Connecticut, USA"


# --- small maps -------------------------------------------------------------------------------------------------------

NODES = {1: (-73.000, 41.500), 2: (-73.001, 41.500), 3: (-73.001, 41.501), 4: (-73.000, 41.501)}


def two_way(*pairs, **data):
    return [(u, v, data) for a, b in pairs for u, v in ((a, b), (b, a))]


RING = two_way((1, 2), (2, 3), (3, 4), (4, 1), highway="residential", length="100.0")


def graphml(path, edges, *, nodes=NODES, crs="epsg:4326", direction="directed"):
    """Write GraphML the way OSMnx does, every value as text."""
    keys = sorted({key for *_, data in edges for key in data})
    lines = [
        '<?xml version="1.0" encoding="utf-8"?><graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
        '<key id="x" for="node" attr.name="x" attr.type="string"/><key id="y" for="node" attr.name="y" attr.type="string"/>',
        '<key id="crs" for="graph" attr.name="crs" attr.type="string"/>',
        *(f'<key id="e{key}" for="edge" attr.name="{key}" attr.type="string"/>' for key in keys),
        f'<graph edgedefault="{direction}">',
        f'<data key="crs">{crs}</data>' if crs else "",
        *(
            f'<node id="{n}">' + (f'<data key="x">{at[0]}</data><data key="y">{at[1]}</data>' if at else "") + "</node>"
            for n, at in nodes.items()
        ),
        *(
            f'<edge source="{u}" target="{v}" id="{i}">'
            + "".join(f'<data key="e{key}">{value}</data>' for key, value in data.items())
            + "</edge>"
            for i, (u, v, data) in enumerate(edges)
        ),
        "</graph></graphml>",
    ]
    path.write_text("\n".join(lines))
    return path


def from_graphml(path, **options):
    spec = models.GraphmlRoads(kind="graphml", file=path.name, place="Here", population=500, **options)
    return roads.load(spec, base=path.parent)


def refused(path, match, **options):
    with pytest.raises(RoadError, match=match) as caught:
        from_graphml(path, **options)
    assert path.name in str(caught.value)


def grid_map(n=5, *, step=0.002, highway="residential"):
    nodes = {10 * r + c + 1: (-73 + step * c, 41.5 + step * r) for r in range(n) for c in range(n)}
    pairs = [(a, b) for a in nodes for b in (a + 1, a + 10) if b in nodes]
    return nodes, two_way(*pairs, highway=highway, length="150.0")


def said_roads(network):
    """Say roads by the junctions' own numbers."""
    ids, links = network.junctions.osm_id, network.roads
    return sorted(
        zip(ids[links.tail].tolist(), ids[links.head].tolist(), links.length.tolist(), links.kind.tolist(), strict=True)
    )


def assert_whole(network):
    """Check every reference, and that everybody can come home."""
    network.junctions.refer(towns=network.towns)
    network.roads.refer(junctions=network.junctions)
    network.places.refer(junctions=network.junctions, towns=network.towns)
    assert network.places.junction.min() >= 0
    n = len(network.junctions)
    arcs = csr_array((np.ones(len(network.roads)), (network.roads.tail, network.roads.head)), shape=(n, n))
    assert connected_components(arcs, connection="strong")[0] == 1
    for name in ("crossing", "lanes", "headway", "room", "wave"):
        assert getattr(network.roads, name).min() >= 1, name


# --- rules ------------------------------------------------------------------------------------------------------------


def test_every_class_has_a_rule_with_its_source_and_enough_storage_for_its_capacity():
    rules = roads.road_classes()
    assert len(rules) == len(RoadKind)
    for kind, rule in zip(RoadKind, rules, strict=True):
        assert "assumption" in rule.source, kind.name
        # Newell: a link carries at most k v w / (v + w); a capacity above it would never be reached.
        carried = 3600 * rule.jam_density * rule.speed * rule.wave_speed / (rule.speed + rule.wave_speed)
        assert rule.capacity <= carried, kind.name


@pytest.mark.parametrize(
    ("said", "speed"),
    [
        ("25 mph", 11.176), ("25mph", 11.176), ("50", 13.8889), ("50 km/h", 13.8889), ("30 mph;40 mph", 15.6464),
        (["25 mph", "35 mph"], 13.4112), (["35 mph", "25 mph"], 13.4112), ("none", 0), ("signals", 0), ("US:urban", 0),
        ("999 mph", 0), ("1", 0), (None, 0), (float("nan"), 0), (["none", "50"], 13.8889),
    ],
)  # fmt: skip
def test_posted_speeds(said, speed):
    assert roads._speed({"maxspeed": said}) == pytest.approx(speed, rel=1e-4)


@pytest.mark.parametrize(
    ("said", "oneway", "lanes"),
    [
        ("2", False, 1), ("4", False, 2), ("3", False, 1), ("1", False, 1), ("3", True, 3), ("1.5", True, 1),
        (["4", "2"], True, 2), (["2", "4"], False, 1), ("many", True, 0), ("99", True, 0), ("-2", True, 0), (None, True, 0),
    ],
)  # fmt: skip
def test_lanes_of_one_direction(said, oneway, lanes):
    assert roads._lanes({"lanes": said, "oneway": oneway}) == lanes


@pytest.mark.parametrize(
    ("highway", "kind"),
    [
        ("motorway", RoadKind.MOTORWAY), ("primary_link", RoadKind.RAMP), ("motorway_link", RoadKind.RAMP),
        ("living_street", RoadKind.RESIDENTIAL), ("service", RoadKind.RESIDENTIAL), ("road", RoadKind.UNCLASSIFIED),
        (["residential", "tertiary"], RoadKind.TERTIARY), (["tertiary", "residential"], RoadKind.TERTIARY),
        (["footway", "service"], RoadKind.RESIDENTIAL), ("footway", None), (None, None),
    ],
)  # fmt: skip
def test_road_classes_of_highways(highway, kind):
    assert roads._kind({"highway": highway}) == kind


# --- build ------------------------------------------------------------------------------------------------------------


def corners():
    return Junctions.of(osm_id=[7, 8, 9], x=[0, 100, 0], y=[0, 0, 100], town=[0, 0, 0])


def streets(rows):
    tail, head, length, kind, lanes, speed = zip(*rows, strict=True)
    return Streets.of(tail=tail, head=head, length=length, kind=kind, lanes=lanes, speed=speed)


def built(rows, *, places=None):
    town = Towns.of(name=["Here"], x=[0], y=[0], population=[10], listed=[1])
    return roads.build(
        corners(), streets(rows), places or Places.empty(), town, crs="EPSG:6433", attribution="", generated=True
    )


def test_roads_are_counted_out_by_hand():
    network = built(
        [
            (2, 0, 1000, RoadKind.MOTORWAY, 3, 30.0),
            (0, 1, 100, RoadKind.RESIDENTIAL, 0, 0),
            (1, 2, 3, RoadKind.RESIDENTIAL, 1, 10.0),
        ]
    )
    links = network.roads
    assert links.tail.tolist() == [0, 1, 2]
    assert links.lanes.tolist() == [1, 1, 3]
    assert links.crossing.tolist() == [8948, 300, 33333]  # 100 m at 25 mph; 3 m at 10 m/s; 1 km at 30 m/s
    assert links.headway.tolist() == [7200, 7200, 571]  # 500, 500 and 3 × 2,100 vehicles an hour
    assert links.room.tolist() == [13, 1, 390]  # 130 vehicles a kilometre and lane
    assert links.wave.tolist() == [18000, 540, 180000]  # 20 km/h
    assert links.kind.tolist() == [RoadKind.RESIDENTIAL, RoadKind.RESIDENTIAL, RoadKind.MOTORWAY]
    assert network.generated


def test_self_loops_go_parallel_roads_stay_and_no_length_becomes_a_metre():
    kind = RoadKind.RESIDENTIAL
    network = built([(0, 0, 50, kind, 0, 0), (0, 1, 80, kind, 0, 0), (0, 1, 60, kind, 0, 0), (1, 0, 0, kind, 0, 0)])
    assert network.roads.tail.tolist() == [0, 0, 1]
    assert network.roads.length.tolist() == [60, 80, 1]
    assert "1 streets from a junction to itself left out" in "; ".join(network.notes)
    assert "1 streets of length 0 taken as 1 m" in "; ".join(network.notes)


def test_build_refuses_what_is_no_network():
    kind = RoadKind.RESIDENTIAL
    with pytest.raises(RoadError, match="3 junctions have no street between them"):
        built([(0, 0, 50, kind, 0, 0)])
    with pytest.raises(RoadError, match="1 streets have a length below 0 or none; the first is row 1"):
        built([(0, 1, 50, kind, 0, 0), (1, 0, float("nan"), kind, 0, 0)])
    with pytest.raises(RoadError, match="a street must have a junction at both ends"):
        built([(0, -1, 50, kind, 0, 0)])
    with pytest.raises(TableError, match=r"Streets\.head must be −1 or a row of Junctions"):
        built([(0, 5, 50, kind, 0, 0)])
    with pytest.raises(TableError, match=r"Places\.junction must be −1 or a row of Junctions"):
        built([(0, 1, 50, kind, 0, 0)], places=Places.of(junction=[9], kind=[0], weight=[1], town=[0]))


# --- GraphML ----------------------------------------------------------------------------------------------------------


def test_the_real_danbury(shared_data):
    spec = models.GraphmlRoads(
        kind="graphml", file="roads/danbury_ct_drive.graphml.gz", place=DANBURY, population=86_086
    )
    network = roads.load(spec, base=shared_data)
    said = roads.describe(network)
    assert_whole(network)
    assert said["junctions"] == 2073
    assert "35 of 2,108 junctions left out" in "; ".join(network.notes)
    assert 950 < said["km"] < 1010
    assert 0.65 < said["share_residential"] < 0.75
    assert sum(said[f"share_{kind.name.lower()}"] for kind in RoadKind) == pytest.approx(1)
    assert said["residents"] == 86_086
    assert said["jobs"] == round(86_086 * roads.JOBS_A_RESIDENT)
    assert (network.crs, network.attribution, network.generated) == ("EPSG:6433", roads.OSM_CREDIT, False)
    assert set(network.places.kind.tolist()) == set(PlaceKind)


def test_danbury_is_left_by_its_motorway(shared_data):
    spec = models.GraphmlRoads(
        kind="graphml", file="roads/danbury_ct_drive.graphml.gz", place=DANBURY, population=86_086
    )
    network = roads.load(spec, base=shared_data)
    beyond = network.places.take(network.places.kind == PlaceKind.BEYOND)
    sides = dict(zip(network.towns.name[beyond.town].tolist(), beyond.junction.tolist(), strict=True))
    for side in ("beyond (east)", "beyond (west)"):  # I-84 crosses the town from west to east, and back
        for end in (network.roads.tail, network.roads.head):
            assert RoadKind.MOTORWAY in network.roads.kind[end == sides[side]], side
    assert network.towns.listed.tolist() == [1] + [0] * len(sides)
    assert network.towns.population.tolist() == [86_086] + [0] * len(sides)


def test_a_motorway_that_the_maps_edge_cuts_is_joined_where_it_leaves():
    """One carriageway goes from 0 over 1 out to 2, the other begins at 3 and comes back to 1 and 0; 4 is too far from any."""
    junctions = Junctions.of(osm_id=range(6), x=[0, 100, 200, 200, 900, 0], y=[0, 0, 0, 30, 0, 900], town=[0] * 6)
    fast, slow = RoadKind.MOTORWAY, RoadKind.RESIDENTIAL
    rows = [(0, 1, fast), (0, 5, slow), (1, 0, fast), (1, 2, fast), (3, 1, fast), (4, 5, slow), (5, 0, slow)]
    tail, head, kind = zip(*rows, strict=True)
    streets = Streets.of(tail=tail, head=head, kind=kind, length=[100] * 7, lanes=[0, 1, 2, 3, 2, 1, 1], speed=[0] * 7)
    joined = roads._turned_back(junctions, streets)
    assert len(joined) == 8
    last = [int(getattr(joined, name)[-1]) for name in ("tail", "head", "kind", "length", "lanes")]
    assert last == [2, 3, fast, 30, 3]
    assert roads._turned_back(junctions, streets.take(streets.kind == slow)).tail.tolist() == [0, 4, 5]
    far = Junctions(**{**junctions.data(), "y": junctions.y + np.array([0, 0, 0, 600, 0, 0])})
    assert len(roads._turned_back(far, streets)) == 7


def test_a_graph_may_stand_in_for_a_download(tmp_path):
    path = graphml(tmp_path / "town.graphml", RING)
    spec = models.PlaceRoads(kind="place", place=DANBURY, population=1000)
    network = roads.load(spec, base=tmp_path / "elsewhere", graph=path)
    assert_whole(network)
    assert network.towns.name[0] == DANBURY
    assert roads.describe(network)["residents"] == 1000


def test_a_graph_cannot_stand_in_for_built_in_towns(tmp_path):
    spec = models.BuiltinRoads(kind="builtin", towns=("Fairfield",))
    with pytest.raises(RoadError, match="cannot stand in for built-in towns"):
        roads.load(spec, base=tmp_path, graph=graphml(tmp_path / "town.graphml", RING))


def test_the_order_of_a_file_changes_nothing(tmp_path):
    nodes, edges = grid_map()
    one = from_graphml(graphml(tmp_path / "one.graphml", edges, nodes=nodes))
    mixed = random.Random(3)
    items = list(nodes.items())
    mixed.shuffle(items)
    mixed.shuffle(edges)
    two = from_graphml(graphml(tmp_path / "two.graphml", edges, nodes=dict(items)))
    for before, after in ((one.junctions, two.junctions), (one.roads, two.roads), (one.places, two.places)):
        for name, column in before.data().items():
            np.testing.assert_array_equal(column, after.data()[name], err_msg=name)


def test_tags_go_before_rules(tmp_path):
    tagged = two_way((1, 2), highway="primary", length="1000.0", maxspeed="30 mph", lanes="4", oneway="False")
    network = from_graphml(graphml(tmp_path / "town.graphml", RING[2:] + tagged))
    main = network.roads.take(network.roads.kind == RoadKind.PRIMARY)
    assert main.lanes.tolist() == [2, 2]
    assert main.crossing.tolist() == [74565, 74565]  # 1 km at 13.4112 m/s
    rest = network.roads.take(network.roads.kind == RoadKind.RESIDENTIAL)
    assert set(rest.crossing.tolist()) == {8948}


def test_lengths_come_from_geometry_where_the_attribute_is_missing(tmp_path):
    drawn = two_way((1, 2), highway="residential", geometry="LINESTRING (-73 41.5, -73.0005 41.5002, -73.001 41.5)")
    network = from_graphml(graphml(tmp_path / "town.graphml", RING[2:] + drawn))
    assert [metres for u, v, metres, _ in said_roads(network) if {u, v} == {1, 2}] == [pytest.approx(94.5, abs=1)] * 2


def test_one_way_dead_ends_and_footpaths_are_left_out(tmp_path):
    nodes, edges = grid_map()
    nodes |= {99: (-73.1, 41.5), 98: (-73.2, 41.5)}
    edges += [(1, 99, {"highway": "residential", "length": "90"}), *two_way((1, 98), highway="footway", length="90")]
    network = from_graphml(graphml(tmp_path / "town.graphml", edges, nodes=nodes))
    assert len(network.junctions) == 25
    assert "1 of 26 junctions left out" in "; ".join(network.notes)
    assert "2 edges that cars do not use left out" in "; ".join(network.notes)


def test_parallel_edges_and_self_loops_of_a_file(tmp_path):
    extra = [(1, 2, {"highway": "residential", "length": "140"}), (1, 1, {"highway": "residential", "length": "60"})]
    network = from_graphml(graphml(tmp_path / "town.graphml", RING + extra))
    assert [metres for u, v, metres, _ in said_roads(network) if (u, v) == (1, 2)] == [100, 140]
    assert "1 streets from a junction to itself left out" in "; ".join(network.notes)


def test_lanes_and_speeds_that_cannot_be_are_counted_and_their_class_stands_in(tmp_path):
    """Said as none, 0, 99 or in words; what is left unsaid is not counted."""
    said = [
        {"lanes": "0", "maxspeed": "0"},
        {"lanes": "99", "maxspeed": "signals"},
        {"lanes": "2", "maxspeed": "25 mph"},
        {},
    ]
    edges = [(u, v, data | said[row // 2]) for row, (u, v, data) in enumerate(RING)]
    network = from_graphml(graphml(tmp_path / "town.graphml", edges))
    assert network.notes == (
        "4 edges whose 'lanes' is not a number from 1 to 12, such as 0: their class's is taken",
        "4 edges whose 'maxspeed' is not a speed from 7 to 162 km/h, such as 0: their class's is taken",
    )
    plain = from_graphml(graphml(tmp_path / "plain.graphml", RING))
    assert plain.notes == ()
    assert set(network.roads.lanes.tolist()) == set(plain.roads.lanes.tolist()) == {1}
    assert set(network.roads.crossing.tolist()) == set(plain.roads.crossing.tolist()) | {
        round(100_000 / (25 * 0.44704))
    }


def test_close_junctions_merge_on_request(tmp_path):
    nodes, edges = grid_map()
    nodes[100] = (-73.00005, 41.50002)  # 5 m from junction 1
    edges += two_way((1, 100), (100, 2), highway="residential", length="5.0")
    path = graphml(tmp_path / "town.graphml", edges, nodes=nodes)
    kept, merged = from_graphml(path), from_graphml(path, consolidate="20 m")
    assert_whole(merged)
    assert (len(kept.junctions), len(merged.junctions)) == (26, 25)
    assert 1 in merged.junctions.osm_id
    assert 100 not in merged.junctions.osm_id


def test_outside_connecticut_the_local_utm_zone_is_used(tmp_path):
    far = {n: (lon + 93.5, lat - 75) for n, (lon, lat) in NODES.items()}
    assert from_graphml(graphml(tmp_path / "far.graphml", RING, nodes=far)).crs == "EPSG:32734"
    network = from_graphml(graphml(tmp_path / "here.graphml", RING))
    assert network.crs == "EPSG:6433"
    assert np.hypot(np.ptp(network.junctions.x), np.ptp(network.junctions.y)) == pytest.approx(139, abs=2)


def test_a_projected_graph_is_understood(tmp_path):
    metres = {
        n: (667_000 + 100_000 * (lon + 73), 4_600_000 + 100_000 * (lat - 41.5)) for n, (lon, lat) in NODES.items()
    }
    network = from_graphml(graphml(tmp_path / "utm.graphml", RING, nodes=metres, crs="EPSG:32618"))
    assert network.crs == "EPSG:6433"
    assert np.ptp(network.junctions.x) == pytest.approx(100, abs=5)


def test_unusable_graphml_is_refused_with_its_reason(tmp_path):
    with pytest.raises(RoadError, match=r"GraphML file .*gone\.graphml does not exist"):
        from_graphml(tmp_path / "gone.graphml")
    (tmp_path / "town.csv").write_text("a,b")
    refused(tmp_path / "town.csv", r"must end in \.graphml or \.graphml\.gz")
    (tmp_path / "page.graphml").write_text("<html><p>not found</html>")
    refused(tmp_path / "page.graphml", "cannot be read as GraphML: it is truncated, damaged")
    (tmp_path / "other.graphml").write_text("<html/>")
    refused(tmp_path / "other.graphml", "cannot be read as GraphML")
    refused(graphml(tmp_path / "names.graphml", [], nodes={"Main St": (0, 0)}), "cannot be read as GraphML")
    refused(graphml(tmp_path / "both.graphml", RING, direction="undirected"), "holds an undirected graph")
    refused(graphml(tmp_path / "bare.graphml", RING, nodes={**NODES, 2: None}), "1 nodes without 'x' and 'y'")
    refused(graphml(tmp_path / "where.graphml", RING, crs=""), "does not say its coordinate system")
    refused(graphml(tmp_path / "crs.graphml", RING, crs="metres"), "names an unknown coordinate system")
    lost = {**NODES, 1: (-73, float("nan"))}
    refused(graphml(tmp_path / "lost.graphml", RING, nodes=lost), "latitude nan, which is nowhere on Earth")


def test_truncated_graphml_is_refused(tmp_path):
    whole = graphml(tmp_path / "whole.graphml", RING).read_bytes()
    (tmp_path / "cut.graphml").write_bytes(whole[: len(whole) // 2])
    refused(tmp_path / "cut.graphml", "truncated")
    packed = gzip.compress(whole)
    (tmp_path / "cut.graphml.gz").write_bytes(packed[: len(packed) // 2])
    refused(tmp_path / "cut.graphml.gz", "truncated")
    (tmp_path / "plain.graphml.gz").write_bytes(whole)
    refused(tmp_path / "plain.graphml.gz", "truncated, damaged or something else")
    (tmp_path / "flipped.graphml.gz").write_bytes(packed[:40] + bytes(20) + packed[60:])
    refused(tmp_path / "flipped.graphml.gz", "truncated, damaged or something else")


def test_graphs_without_streets_or_lengths_are_refused(tmp_path):
    refused(graphml(tmp_path / "empty.graphml", []), r"has no edges that cars use \(of 0")
    paths = two_way((1, 2), highway="footway", length="1")
    refused(graphml(tmp_path / "paths.graphml", paths), r"has no edges that cars use \(of 2; 'highway' must be one of")
    unsaid = two_way((1, 2), highway="residential")
    refused(
        graphml(tmp_path / "unsaid.graphml", RING[2:] + unsaid), "has 2 edges without 'length'; run ox.distance.add"
    )
    negative = two_way((1, 2), highway="residential", length="-4")
    refused(graphml(tmp_path / "negative.graphml", RING[2:] + negative), "has 2 edges without 'length'")
    unknown = two_way((1, 2), highway="residential", length="nan")
    refused(graphml(tmp_path / "nan.graphml", RING[2:] + unknown), "has 2 edges without 'length'")


def test_a_map_of_which_most_cannot_be_reached_is_refused(tmp_path):
    chain = [(1, 2, {"highway": "residential", "length": "9"}), (2, 3, {"highway": "residential", "length": "9"})]
    path = graphml(tmp_path / "chain.graphml", chain)
    refused(path, "only 1 of 3 junctions can all be reached from each other .* at least half must be")


# --- OpenStreetMap extracts -------------------------------------------------------------------------------------------

OSM = """<osm version="0.6">
<node id="1" lat="41.500" lon="-73.000"/><node id="2" lat="41.500" lon="-73.010"/>
<node id="3" lat="41.510" lon="-73.010"/><node id="4" lat="41.510" lon="-73.000"/>
<node id="5" lat="41.505" lon="-73.012"/><node id="6" lat="41.520" lon="-73.000"/>
<node id="7" lat="41.5101" lon="-73.0099"><tag k="amenity" v="place_of_worship"/></node>
<node id="8" lat="41.5001" lon="-73.0001"><tag k="shop" v="bakery"/><tag k="amenity" v="bar"/></node>
<way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/><tag k="highway" v="secondary"/>
  <tag k="maxspeed" v="30 mph"/></way>
<way id="2"><nd ref="2"/><nd ref="4"/><tag k="highway" v="residential"/><tag k="oneway" v="yes"/></way>
<way id="3"><nd ref="1"/><nd ref="3"/><tag k="highway" v="tertiary"/></way>
<way id="4"><nd ref="2"/><nd ref="5"/><nd ref="3"/><nd ref="2"/><tag k="building" v="yes"/></way>
<way id="5"><nd ref="4"/><nd ref="6"/><tag k="highway" v="residential"/><tag k="access" v="private"/></way>
<way id="6"><nd ref="4"/><nd ref="6"/><tag k="highway" v="residential"/><tag k="motor_vehicle" v="no"/></way>
<way id="7"><nd ref="4"/><nd ref="6"/><tag k="highway" v="footway"/></way>
</osm>"""


def from_osm(path):
    return roads.load(models.OsmRoads(kind="osm", file=path.name, place="Here", population=500), base=path.parent)


@pytest.mark.parametrize(
    ("name", "pack"), [("town.osm", bytes), ("town.osm.gz", gzip.compress), ("town.osm.bz2", bz2.compress)]
)
def test_an_extract_gives_its_drivable_streets_and_tagged_places(tmp_path, name, pack):
    (tmp_path / name).write_bytes(pack(OSM.encode()))
    tags_before = list(ox.settings.useful_tags_way)
    network = from_osm(tmp_path / name)
    assert_whole(network)
    assert sorted(network.junctions.osm_id.tolist()) == [1, 2, 3, 4]
    assert len(network.roads) == 2 * 5 + 1
    places, at = network.places, network.junctions.osm_id
    assert at[places.junction[places.kind == PlaceKind.WORSHIP]].tolist() == [3]
    assert at[places.junction[places.kind == PlaceKind.BAR]].tolist() == [1]  # a bar that sells bread is a bar
    assert (places.kind == PlaceKind.SHOP).sum() == 2  # none tagged: by rule, 30 for 10,000
    assert ox.settings.useful_tags_way == tags_before


def test_unusable_extracts_are_refused(tmp_path):
    with pytest.raises(RoadError, match=r"OpenStreetMap extract .*gone\.osm does not exist"):
        from_osm(tmp_path / "gone.osm")
    cases = {
        "cut.osm": (OSM.encode()[:900], "truncated"),
        "cut.osm.gz": (gzip.compress(OSM.encode())[:300], "truncated"),
        "town.zip": (b"PK", r"must end in \.osm or \.osm\.gz"),
        "empty.osm": (b'<osm version="0.6"></osm>', "cannot be read as an OpenStreetMap extract"),
        "walk.osm": (OSM.replace("secondary", "steps").replace("residential", "path").replace("tertiary", "path").encode(),
                     "has no street that cars may use"),
    }  # fmt: skip
    for name, (content, reason) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RoadError, match=reason):
            from_osm(tmp_path / name)


def test_pbf_needs_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "osmium", None)
    (tmp_path / "town.osm.pbf").write_bytes(b"")
    with pytest.raises(RoadError, match=r"needs the pbf extra: pip install \"alprsim\[pbf\]\""):
        from_osm(tmp_path / "town.osm.pbf")


def test_pbf_is_read_through_osmium(tmp_path, monkeypatch):
    """Osmium itself is not needed here: a stand-in with the three names used copies the elements as text."""

    class SimpleWriter:
        def __init__(self, name):
            self.file = open(name, "w")  # noqa: SIM115

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def add(self, element):
            self.file.write(element)

    def elements(name):
        if not tmp_path.joinpath(name).stat().st_size:
            raise RuntimeError("PBF error: truncated data (EOF encountered)")
        return OSM.splitlines(keepends=True)

    monkeypatch.setitem(sys.modules, "osmium", SimpleNamespace(SimpleWriter=SimpleWriter, FileProcessor=elements))
    (tmp_path / "town.osm.pbf").write_bytes(b"pbf")
    assert len(from_osm(tmp_path / "town.osm.pbf").junctions) == 4
    (tmp_path / "town.osm.pbf").write_bytes(b"")
    with pytest.raises(RoadError, match="cannot be read as an OpenStreetMap extract"):
        from_osm(tmp_path / "town.osm.pbf")


def test_work_is_taken_from_tags_only_where_they_name_enough_of_it(tmp_path):
    office = '<node id="{}" lat="41.5001" lon="-73.0001"><tag k="office" v="company"/></node>'
    few, many = (OSM.replace("<way", "".join(office.format(i) for i in range(50, 50 + n)) + "<way", 1) for n in (1, 2))
    for text, sites in ((few, 4), (many, 2)):  # 225 jobs: by rule five places, of four junctions; two tags are enough
        (tmp_path / "town.osm").write_text(text)
        places = from_osm(tmp_path / "town.osm").places
        work = places.weight[places.kind == PlaceKind.WORK]
        assert len(work) == sites
        assert work.sum() == pytest.approx(225)


# --- downloads --------------------------------------------------------------------------------------------------------


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """Forbid every connection, keep OSMnx's replies in a folder of this test's, and wait for nothing."""

    def forbidden(*_args, **_kwargs):
        raise OSError("connections are forbidden in this test")

    def unknown(*_args, **_kwargs):
        raise socket.gaierror("names are not looked up in this test")

    monkeypatch.setattr(socket.socket, "connect", forbidden)
    monkeypatch.setattr(socket, "gethostbyname", unknown)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr(ox.settings, "cache_folder", str(tmp_path / "cache"))
    return tmp_path


def danbury():
    return roads.load(models.PlaceRoads(kind="place", place=DANBURY, population=86_086), base=None)


@pytest.mark.once
def test_a_download_replayed_gives_the_network_of_the_saved_graph(offline, shared_data):
    with tarfile.open(shared_data / "overpass_cache" / "danbury.osmnx_cache.tar.gz") as replies:
        replies.extractall(offline, filter="data")
    lookup, before = socket.getaddrinfo, dict(vars(ox.settings))
    network = danbury()
    assert vars(ox.settings) == before
    assert socket.getaddrinfo is lookup
    assert_whole(network)
    assert len(network.junctions) == 2073
    assert "no tagged places" in "; ".join(network.notes)
    assert "all are placed by rule" in "; ".join(network.notes)
    saved = models.GraphmlRoads(
        kind="graphml", file="roads/danbury_ct_drive.graphml.gz", place=DANBURY, population=86_086
    )
    offline_twin = roads.load(saved, base=shared_data)
    for one, two in ((network.roads, offline_twin.roads), (network.places, offline_twin.places)):
        for name, column in one.data().items():
            np.testing.assert_allclose(column, two.data()[name], rtol=1e-5, atol=1, err_msg=name)


def test_without_a_network_the_way_out_is_named(offline):
    with pytest.raises(RoadError, match=r"Danbury.*: no network \(\w+\): give --graph PATH or use built-in towns$"):
        danbury()


@pytest.mark.parametrize(
    "reply",
    [
        [],
        [{"lat": "41", "lon": "-73", "boundingbox": ["41", "41", "-73", "-73"], "importance": 1, "display_name": "Spot",
          "geojson": {"type": "Point", "coordinates": [-73, 41]}}],
    ],
)  # fmt: skip
def test_a_place_that_is_no_area_is_refused(offline, monkeypatch, reply):
    monkeypatch.setattr("osmnx._nominatim._nominatim_request", lambda *_, **__: reply)
    with pytest.raises(RoadError, match="names no area with streets; write it as"):
        danbury()


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (ResponseStatusCodeError("403 Forbidden"), r"the map server refused \(403 Forbidden\): give --graph PATH"),
        (PermissionError(13, "Permission denied"), "the map could not be kept in .*cache"),
        (TimeoutError("timed out"), r"no network \(TimeoutError\): give --graph PATH"),
    ],
)
def test_other_trouble_on_the_way_is_told_apart(offline, monkeypatch, trouble, said):
    def fail(*_args, **_kwargs):
        raise trouble

    monkeypatch.setattr(ox, "graph_from_place", fail)
    with pytest.raises(RoadError, match=said):
        danbury()


# --- built-in towns ---------------------------------------------------------------------------------------------------


def test_built_in_towns_are_asked_for_by_name_and_built(tmp_path, monkeypatch):
    asked = []

    def generate(listed, neighbours, *, seed):
        asked.append((listed, neighbours, seed))
        rows = [(a, b, 100, RoadKind.RESIDENTIAL, 0, 0) for a, b in ((0, 1), (1, 0), (1, 2), (2, 1))]
        town = Towns.of(name=["Fairfield"], x=[0], y=[0], population=[10], listed=[1])
        places = Places.of(junction=[0], kind=[0], weight=[10], town=[0])
        return SimpleNamespace(junctions=corners(), streets=streets(rows), places=places, towns=town, crs="EPSG:6433")

    stand_in = SimpleNamespace(generate=generate)
    monkeypatch.setitem(sys.modules, "alprsim.towns", stand_in)
    monkeypatch.setattr(alprsim, "towns", stand_in, raising=False)
    spec = models.BuiltinRoads(kind="builtin", towns=("Fairfield",), neighbours=("Westport",), streets_seed=5)
    network = roads.load(spec, base=tmp_path)
    assert asked == [(("Fairfield",), ("Westport",), 5)]
    assert_whole(network)
    assert (network.generated, network.attribution) == (True, "")
    assert roads.describe(network)["streets"] == "generated"
    assert roads.describe(network)["km"] == pytest.approx(0.4)


def test_osmnx_is_not_loaded_before_a_map_is():
    code = "import sys, alprsim.roads; sys.exit('osmnx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_generated_roads_get_the_lanes_that_their_traffic_needs():
    rows = [(a, b, 100, RoadKind.SECONDARY, 1, 10) for a, b in ((0, 1), (1, 0), (1, 2), (2, 1))]
    town = Towns.of(name=["Fairfield"], x=[0], y=[0], population=[10], listed=[1])
    places = Places.of(junction=[0], kind=[0], weight=[10], town=[0])
    network = roads.build(corners(), streets(rows), places, town, crs="EPSG:6433", attribution="", generated=True)
    hourly = 3_600_000 / network.roads.headway[0]
    wide = roads.dimension(network, np.array([0.0, hourly * roads.FILLED, hourly, 99 * hourly]))
    assert wide.roads.lanes.tolist() == [1, 1, 2, roads.MOST_LANES]
    assert wide.roads.headway.tolist() == [network.roads.headway[0] // n for n in (1, 1, 2, roads.MOST_LANES)]
    assert wide.roads.room.tolist() == [network.roads.room[0] * n for n in (1, 1, 2, roads.MOST_LANES)]
    assert wide.roads.crossing.tolist() == network.roads.crossing.tolist()


def test_a_scenarios_speeds_stand_in_where_the_source_says_none(tmp_path):
    said = two_way((1, 2), (2, 3), highway="residential", length="100.0", maxspeed="20 mph")
    path = graphml(tmp_path / "a.graphml", [*said, *two_way((3, 4), (4, 1), highway="residential", length="100.0")])
    default, given, other = (
        sorted(from_graphml(path, **options).roads.crossing.tolist())
        for options in ({}, {"speeds": {"residential": "5 m/s"}}, {"speeds": {"motorway": "5 m/s"}})
    )
    posted, ruled = round(100_000 / (20 * 0.44704)), round(100_000 / (25 * 0.44704))
    assert default == other == [ruled] * 4 + [posted] * 4
    assert given == [posted] * 4 + [20_000] * 4


def test_speeds_reach_built_in_towns_too():
    rows = [(a, b, 100, RoadKind.RESIDENTIAL, 0, 0) for a, b in ((0, 1), (1, 0), (1, 2), (2, 1))]
    town = Towns.of(name=["Fairfield"], x=[0], y=[0], population=[10], listed=[1])
    places = Places.of(junction=[0], kind=[0], weight=[10], town=[0])
    made = SimpleNamespace(junctions=corners(), streets=streets(rows), places=places, towns=town, crs="EPSG:6433")
    spec = models.BuiltinRoads(kind="builtin", towns=("Fairfield",), speeds={"residential": "10 m/s"})
    with pytest.MonkeyPatch.context() as patch:
        stand_in = SimpleNamespace(generate=lambda *_, **__: made)
        patch.setitem(sys.modules, "alprsim.towns", stand_in)
        patch.setattr(alprsim, "towns", stand_in, raising=False)
        assert set(roads.load(spec, base=None).roads.crossing.tolist()) == {10_000}
