"""TNTP files become networks, trip tables and flows; what is wrong in them is refused by file and line."""

import numpy as np
import pytest

from alprsim.interop import InteropError, tntp
from alprsim.roads import road_classes
from alprsim.tables import RoadKind

NET = """\
<NUMBER OF ZONES> 2
<NUMBER OF NODES> 3
<FIRST THRU NODE> 3
<NUMBER OF LINKS> 4
<ORIGINAL HEADER>~ 	Init node 	Term node ;
<END OF METADATA>

~ 	init_node	term_node	capacity	length	free_flow_time	b	power	speed	toll	link_type	;
	1	3	1800	1000	1.5	0.15	4	30	0	1	;
	3	2	600.5	500	0	0	0	0	2.5	7	; ~ a comment at the end
	3	1	1800	1000	1.5	0.15	4	30	0	1	;
	3	2	900	500	2	1	1	0	0	1	;
"""
TRIPS = """\
<NUMBER OF ZONES> 2
<TOTAL OD FLOW> 30.5
<END OF METADATA>

Origin  1
    1 :  0.0;  2 :  20.5;

Origin  2
    1 :  10.0;
"""
NODES = "Node\tX\tY\t;\n1\t-96.7\t43.6\t;\n3\t-96.5\t43.4\t;\n2\t-96.6\t43.5\t;\n"
FLOWS = "From \tTo \tVolume \tCost \n3 \t2 \t20 \t2.5\n1 \t3 \t20.5 \t1.6\n3 \t2 \t0.5 \t2.6\n3 \t1 \t0 \t1.5\n"


@pytest.fixture
def folder(tmp_path):
    for name, text in (("net", NET), ("trips", TRIPS), ("node", NODES), ("flow", FLOWS)):
        (tmp_path / f"{name}.tntp").write_text(text)
    return tmp_path


def test_a_network_is_read(folder):
    read = tntp.network(folder / "net.tntp")
    assert (read.nodes, read.zones, read.first_thru) == (3, 2, 2)
    links = read.links
    assert links.tail.tolist() == [0, 2, 2, 2]
    assert links.head.tolist() == [2, 1, 0, 1]
    assert links.capacity.tolist() == [1800, 600.5, 1800, 900]
    assert links.length.tolist() == [1000, 500, 1000, 500]
    assert links.free_flow_time.tolist() == [1.5, 0, 1.5, 2]
    assert links.b.tolist() == [0.15, 0, 0.15, 1]
    assert links.power.tolist() == [4, 0, 4, 1]
    assert links.toll.tolist() == [0, 2.5, 0, 0]
    assert links.kind.tolist() == [1, 7, 1, 1]


def test_trips_nodes_and_flows_are_read(folder):
    network = tntp.network(folder / "net.tntp")
    trips = tntp.trips(folder / "trips.tntp", network)
    assert trips.origin.tolist() == [0, 1]
    assert trips.destination.tolist() == [1, 0]
    assert trips.vehicles.tolist() == [20.5, 10]
    nodes = tntp.nodes(folder / "node.tntp", network)
    assert nodes.x.tolist() == [-96.7, -96.6, -96.5]
    assert nodes.y.tolist() == [43.6, 43.5, 43.4]
    flows = tntp.flows(folder / "flow.tntp", network)
    assert flows.volume.tolist() == [20.5, 20, 0, 0.5]  # the two links from 3 to 2 in their order
    assert flows.cost.tolist() == [1.6, 2.5, 1.5, 2.6]


def test_links_become_roads_of_the_traffic_model(folder):
    network = tntp.network(folder / "net.tntp")
    roads, link = tntp.roads(network, metres=0.3048, seconds=60, hours=2, kind={1: RoadKind.PRIMARY, 7: RoadKind.RAMP})
    assert link.tolist() == [0, 2, 1, 3]
    assert roads.tail.tolist() == [0, 2, 2, 2]
    assert roads.head.tolist() == [2, 0, 1, 1]
    assert roads.length == pytest.approx([304.8, 304.8, 152.4, 152.4])
    assert roads.crossing.tolist() == [90_000, 90_000, 1, 120_000]
    assert roads.headway.tolist() == [4000, 4000, round(7_200_000 / 600.5), 8000]
    assert roads.kind.tolist() == [RoadKind.PRIMARY, RoadKind.PRIMARY, RoadKind.RAMP, RoadKind.PRIMARY]
    rule = road_classes()[RoadKind.PRIMARY]
    assert rule.capacity == 900  # so that 1,800 vehicles in two hours are one lane
    assert roads.lanes.tolist() == [1, 1, 1, 1]
    assert roads.room[0] == int(rule.jam_density * 304.8)
    assert roads.wave[0] == round(1000 * 304.8 / rule.wave_speed)
    wide, _ = tntp.roads(network, metres=1, seconds=1, kind=RoadKind.PRIMARY)
    assert wide.lanes.tolist() == [2, 2, 1, 1]
    assert wide.room[0] == int(rule.jam_density * 1000 * 2)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"metres": 0, "seconds": 1}, "metres must be above 0, not 0"),
        ({"metres": 1, "seconds": -1}, "seconds must be above 0, not -1"),
        ({"metres": 1, "seconds": 1, "hours": 0}, "hours must be above 0, not 0"),
        ({"metres": 1, "seconds": 1, "kind": {1: RoadKind.RAMP}}, r"a class for link type 7; it names \[1\]"),
    ],
)
def test_units_and_classes_must_make_sense(folder, options, match):
    with pytest.raises(InteropError, match=match):
        tntp.roads(tntp.network(folder / "net.tntp"), **{"kind": RoadKind.PRIMARY, **options})


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("600.5", "0", r"net\.tntp:10: capacity must be above 0, not '0'"),
        ("600.5", "-3", r":10: capacity must be above 0, not '-3'"),
        ("600.5", "much", r":10: capacity must be a number, not 'much'"),
        ("\t1.5\t", "\t-1.5\t", r":9: free_flow_time must be 0 or more, not '-1.5'"),
        ("\t1.5\t", "\tnan\t", r":9: free_flow_time must be 0 or more, not 'nan'"),
        ("\t0.15\t4\t", "\t-1\t4\t", r":9: b must be 0 or more"),
        ("\t2.5\t7", "\t-2.5\t7", r":10: toll must be 0 or more"),
        ("\t1\t3\t", "\t1\t4\t", r":9: term_node must be 1 to 3, not '4'"),
        ("\t1\t3\t", "\t0\t3\t", r":9: init_node must be 1 to 3, not '0'"),
        ("\t1\t3\t", "\t1.5\t3\t", r":9: init_node must be a whole number, not '1.5'"),
        ("\t30\t0\t1\t;", "\t0\t1\t;", r":9: a link must be init_node, term_node, .* and ';'"),
        ("0\t1\t;\n\t3\t2\t600", "0\t1\t\n\t3\t2\t600", r":9: a link must be"),
        ("\t3\t2\t900\t500\t2\t1\t1\t0\t0\t1\t;\n", "", r"net\.tntp: 4 links must follow.* truncated\?, not '3'"),
        ("<END OF METADATA>\n", "", r":8: metadata must be '<KEY> value' up to '<END OF METADATA>'"),
        ("<NUMBER OF LINKS> 4\n", "", r"<NUMBER OF LINKS> must stand in the metadata; there are NUMBER OF ZONES, "),
        ("<NUMBER OF LINKS> 4", "<NUMBER OF LINKS> four", r":4: <NUMBER OF LINKS> must be a whole number from 1"),
        ("<NUMBER OF ZONES> 2", "<NUMBER OF ZONES> 4", r":1: NUMBER OF ZONES must be at most 3, the nodes, not '4'"),
        ("<FIRST THRU NODE> 3", "<FIRST THRU NODE> 5", r":3: FIRST THRU NODE must be 1 to 4, not '5'"),
    ],
)
def test_a_wrong_network_is_refused(folder, old, new, match):
    assert old in NET
    file = folder / "net.tntp"
    file.write_text(NET.replace(old, new, 1))
    with pytest.raises(InteropError, match=match):
        tntp.network(file)


def test_a_file_that_ends_in_its_metadata_or_is_no_text_is_refused(folder):
    file = folder / "net.tntp"
    file.write_text(NET[: NET.index("<END")])
    with pytest.raises(InteropError, match=r"net\.tntp: '<END OF METADATA>' must close the metadata: truncated"):
        tntp.network(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InteropError, match=r"net\.tntp cannot be read as text"):
        tntp.network(file)
    with pytest.raises(InteropError, match=r"none\.tntp cannot be read"):
        tntp.network(folder / "none.tntp")


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("2 :  20.5", "3 :  20.5", r"trips\.tntp:6: a destination must be 1 to 2, not '3'"),
        ("Origin  2", "Origin  3", r":8: an origin must be 1 to 2, not '3'"),
        ("Origin  1\n", "\n", r":6: an 'Origin' line must come first"),
        ("20.5;", "-20.5;", r":6: a volume must be 0 or more, not '-20.5'"),
        ("10.0;", "10.0", r":9: each 'destination : volume' must end in ';', not '1 :  10.0'"),
        ("1 :  10.0;", "1  10.0;", r":9: a row must be 'destination : volume;' items, not '1  10.0'"),
        ("1 :  0.0;", "2 :  0.0;", r":6: a destination must stand once for origin 1, not '2'"),
        ("\nOrigin  2\n    1 :  10.0;\n", "", r"add up to TOTAL OD FLOW, 30.5: truncated\?, not '20.5'"),
        ("<NUMBER OF ZONES> 2", "<NUMBER OF ZONES> 3", r":1: NUMBER OF ZONES must be 2, the network's, not '3'"),
    ],
)
def test_a_wrong_trip_table_is_refused(folder, old, new, match):
    assert old in TRIPS
    (folder / "trips.tntp").write_text(TRIPS.replace(old, new, 1))
    with pytest.raises(InteropError, match=match):
        tntp.trips(folder / "trips.tntp", tntp.network(folder / "net.tntp"))


def test_a_trip_table_without_a_total_is_taken_as_it_is(folder):
    (folder / "trips.tntp").write_text(TRIPS.replace("<TOTAL OD FLOW> 30.5\n", ""))
    assert tntp.trips(folder / "trips.tntp", tntp.network(folder / "net.tntp")).vehicles.sum() == 30.5


@pytest.mark.parametrize(
    ("name", "old", "new", "match"),
    [
        ("node", "3\t-96.5", "4\t-96.5", r"node\.tntp:3: a node must be 1 to 3, not '4'"),
        ("node", "43.4", "north", r":3: coordinates must be numbers"),
        ("node", "\t43.4", "", r":3: a row must be a node, x and y"),
        ("node", "2\t-96.6\t43.5\t;\n", "", r"all 3 nodes must have coordinates: node 2 has none"),
        ("flow", "1 \t3 \t20.5", "1 \t2 \t20.5", r"flow\.tntp:3: there is no such link, .*: 1 to 2"),
        ("flow", "3 \t1 \t0 \t1.5", "3 \t2 \t0 \t1.5", r":5: there is no such link, or it stands above: 3 to 2"),
        ("flow", "20.5 \t1.6", "-20.5 \t1.6", r":3: a figure must be 0 or more, not '-20.5'"),
        ("flow", "20.5 \t1.6", "20.5", r":3: a row must be two nodes, a volume and a cost"),
        ("flow", "3 \t1 \t0 \t1.5\n", "", r"all 4 links must have a volume: 1 have none: truncated\?"),
    ],
)
def test_wrong_nodes_and_flows_are_refused(folder, name, old, new, match):
    file = folder / f"{name}.tntp"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    network = tntp.network(folder / "net.tntp")
    with pytest.raises(InteropError, match=match):
        (tntp.nodes if name == "node" else tntp.flows)(file, network)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "zones", "nodes", "links", "vehicles"),
    [("SiouxFalls", 24, 24, 76, 360_600), ("Anaheim", 38, 416, 914, 104_694.4)],
)
def test_published_networks_are_read_whole(shared_data, name, zones, nodes, links, vehicles):
    folder = shared_data / "tntp" / name
    network = tntp.network(folder / f"{name}_net.tntp")
    assert (network.zones, network.nodes, len(network.links)) == (zones, nodes, links)
    assert network.first_thru == (0 if name == "SiouxFalls" else 38)
    assert tntp.trips(folder / f"{name}_trips.tntp", network).vehicles.sum() == pytest.approx(vehicles)
    flows = tntp.flows(folder / f"{name}_flow.tntp", network)
    links = network.links
    cost = links.free_flow_time * (1 + links.b * (flows.volume / links.capacity) ** links.power)
    assert flows.cost == pytest.approx(cost, rel=1e-9)  # so columns and order are as we take them to be
    if name == "SiouxFalls":
        assert np.ptp(tntp.nodes(folder / f"{name}_node.tntp", network).y) == pytest.approx(0.116, abs=0.01)
