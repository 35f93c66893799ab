"""GMNS networks become Networks and Networks GMNS; what is wrong in the files is refused by file and line."""

import networkx as nx
import numpy as np
import pytest

from alprsim import roads
from alprsim.interop import InteropError, gmns
from alprsim.roads import road_classes
from alprsim.scenario import models
from alprsim.tables import Junctions, Places, RoadKind, Streets, Towns
from tests.conftest import grid

FILES = {
    "config": "dataset_name,short_length,long_length,speed,crs\ncrossing,foot,mile,mph,4326\n",
    "node": "node_id,name,x_coord,y_coord,zone_id\n10,a,-73.00,41.50,\n20,b,-73.00,41.51,7\n30,c,-72.99,41.51,8\n",
    "link": """\
link_id,from_node_id,to_node_id,directed,length,facility_type,capacity,free_speed,lanes,allowed_uses
one,10,20,true,0.7,primary,1000,40,2,
both,20,30,0,,minor arterial,,,,"auto,bike"
path,20,30,true,0.5,,,,1,"walk,bike"
walk,20,30,false,0.5,CROSSWALK,,,,
closed,30,20,true,0.5,,,,0,
round,30,30,true,0.5,local,,,1,
off,30,10,TRUE,1.25,motorway_link,,NaN,1,ALL
odd,10,30,1,0.9,promenade,,,,
""",
}


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def replaced(folder, name, old, new):
    assert old in FILES[name]
    (folder / f"{name}.csv").write_text(FILES[name].replace(old, new, 1))


def test_a_network_is_read_in_its_own_units(folder):
    read = gmns.read(folder)
    made, kinds = read.network.roads, read.network.roads.kind
    assert read.nodes == ["10", "20", "30"]
    assert read.network.junctions.osm_id.tolist() == [10, 20, 30]
    assert read.links == ["one", "odd", "both", "off", "both"]
    assert list(zip(made.tail.tolist(), made.head.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2), (2, 0), (2, 1)]
    assert [RoadKind(k).name for k in kinds] == ["PRIMARY", "UNCLASSIFIED", "SECONDARY", "RAMP", "SECONDARY"]
    assert made.length[[0, 1, 3]] == pytest.approx([0.7 * 1609.344, 0.9 * 1609.344, 1.25 * 1609.344])
    assert made.crossing[0] == round(1000 * 0.7 * 3600 / 40)
    assert made.lanes.tolist() == [2, 1, 1, 1, 1]
    assert made.headway[0] == 1800  # 1,000 vehicles an hour and lane, on two lanes
    ramp = road_classes()[RoadKind.RAMP]
    assert made.crossing[3] == pytest.approx(1000 * 1.25 * 1609.344 / ramp.speed, abs=1)
    assert made.headway[3] == round(3_600_000 / ramp.capacity)
    for what in (
        "2 links that cars may not use", "1 links without lanes", "1 links from a node to itself",
        "1 links of no known facility_type", "2 links without a length taken as straight",
    ):  # fmt: skip
        assert what in "; ".join(read.network.notes)


def test_degrees_are_projected_and_a_missing_length_is_straight(folder):
    network = gmns.read(folder).network
    assert network.crs == "EPSG:6433"
    x, y = network.junctions.x, network.junctions.y
    assert np.hypot(x[1] - x[0], y[1] - y[0]) == pytest.approx(1110.8, abs=1)  # a hundredth of a degree of latitude
    assert network.roads.length[2] == pytest.approx(np.hypot(x[2] - x[1], y[2] - y[1]))
    far = FILES["node"].replace("-73.00", "7.00").replace("-72.99", "7.01").replace("41.5", "-41.5")
    (folder / "node.csv").write_text(far)
    assert gmns.read(folder).network.crs == "EPSG:32732"


def test_zones_become_towns(folder):
    network = gmns.read(folder).network
    assert network.towns.name.tolist() == ["7", "8"]
    assert network.junctions.town.tolist() == [-1, 0, 1]
    assert network.towns.x.tolist() == network.junctions.x[1:].tolist()
    (folder / "zone.csv").write_text("zone_id,name\n8,Elm\n7,\n9,Oak\n")
    assert gmns.read(folder).network.towns.name.tolist() == ["Elm", "7", "Oak"]
    assert gmns.read(folder).network.junctions.town.tolist() == [-1, 1, 0]
    (folder / "zone.csv").unlink()
    (folder / "node.csv").write_text(FILES["node"].replace(",7\n", ",\n").replace(",8\n", ",\n"))
    assert gmns.read(folder).network.towns.name.tolist() == ["crossing"]
    assert gmns.read(folder).network.junctions.town.tolist() == [0, 0, 0]


def test_units_given_go_before_the_files(folder):
    (folder / "config.csv").unlink()
    with pytest.raises(InteropError, match=r"config\.csv: crs must be said there, or given to the reader"):
        gmns.read(folder)
    with pytest.raises(InteropError, match=r"config\.csv: long_length must be said there"):
        gmns.read(folder, crs="4326", speed="mph")
    made = gmns.read(folder, crs="EPSG:4326", speed="m/s", long_length="km").network.roads
    assert made.length[0] == pytest.approx(700)
    assert made.crossing[0] == 17_500


def test_nodes_and_links_may_have_names(folder):
    (folder / "node.csv").write_text(FILES["node"].replace("\n10,", "\nA-1,"))
    (folder / "link.csv").write_text(FILES["link"].replace(",10,", ",A-1,"))
    read = gmns.read(folder)
    assert read.nodes == ["A-1", "20", "30"]
    assert read.network.junctions.osm_id.tolist() == [0, 1, 2]
    assert "junctions are numbered by row" in "; ".join(read.network.notes)


@pytest.mark.parametrize(
    ("name", "old", "new", "match"),
    [
        ("node", "node_id,", "id,", r"node\.csv:1: the header must have node_id, not 'id,name,"),
        ("node", "\n20,b", "\n10,b", r"node\.csv:3: node_id must stand once, not '10'"),
        ("node", "\n20,b", "\n,b", r"node\.csv:3: node_id must be given"),
        ("node", "-73.00,41.51", "west,41.51", r"node\.csv:3: x_coord must be a number, not 'west'"),
        ("node", "-73.00,41.51", "-733,41.51", r"node\.csv:3: coordinates must lie on Earth in EPSG:4326, not '-733"),
        ("node", "30,c,-72.99,41.51,8\n", "30,c,-72.", r"node\.csv:4: a row must have 5 fields.* truncated\?, not '3'"),
        ("link", "directed,", "oneway,", r"link\.csv:1: the header must have directed"),
        ("link", "both,20,30", "both,20,300", r"link\.csv:3: to_node_id is unknown \(nearest: '30'\), not '300'"),
        ("link", "both,", "one,", r"link\.csv:3: link_id must stand once, not 'one'"),
        ("link", "20,true,0.7", "20,maybe,0.7", r"link\.csv:2: directed must be true or false, not 'maybe'"),
        ("link", "0.7,", "-0.7,", r"link\.csv:2: length must be 0 or more, not '-0.7'"),
        ("link", "1000,40", "0,40", r"link\.csv:2: capacity must be above 0, not '0'"),
        ("link", "1000,40", "1000,0", r"link\.csv:2: free_speed must be above 0, not '0'"),
        ("link", "40,2,", "40,2.5,", r"link\.csv:2: lanes must be a whole number to 20, not '2.5'"),
        ("link", "40,2,", "40,200,", r"link\.csv:2: lanes must be a whole number to 20, not '200'"),
        ("link", "40,2,", "40,-2,", r"link\.csv:2: lanes must be 0 or more, not '-2'"),
        ("link", FILES["link"][FILES["link"].index("one,") :], "", r"link\.csv: at least one link must be one that cars may use"),
        ("config", "mile", "league", r"config\.csv: long_length must be one of m, .*, not 'league'"),
        ("config", "mph", "knot", r"config\.csv: speed must be one of m/s, .*, not 'knot'"),
        ("config", "4326", "9999999", r"config\.csv: crs must be one that pyproj knows, not '9999999'"),
        ("config", "mph,4326\n", "mph,4326\ncrossing,foot,mile,mph,4326\n", r"config\.csv:3: there must be one row"),
    ],
)  # fmt: skip
def test_wrong_files_are_refused(folder, name, old, new, match):
    replaced(folder, name, old, new)
    with pytest.raises(InteropError, match=match):
        gmns.read(folder)


def test_a_zone_must_stand_in_the_table_of_zones(folder):
    (folder / "zone.csv").write_text("zone_id,name\n8,Elm\n")
    with pytest.raises(InteropError, match=r"node\.csv:3: zone_id is unknown.*, not '7'"):
        gmns.read(folder)


def test_a_missing_file_is_refused(folder):
    (folder / "link.csv").unlink()
    with pytest.raises(InteropError, match=r"link\.csv cannot be read as text"):
        gmns.read(folder)


# --- out and in again -------------------------------------------------------------------------------------------------


def small(_):
    """Return streets with parallel ones alike but for their lanes, one of 1 m, one without a town."""
    junctions = Junctions.of(osm_id=[-5, 7, 2**40], x=[1e5 + 1 / 3, 2e5, 3e5], y=[1, 2, 3], town=[0, 1, -1])
    streets = Streets.of(
        tail=[0, 0, 1, 1, 2], head=[1, 1, 0, 2, 0], length=[100, 100, 0, 333.3, 12_345.6], kind=[2, 2, 0, 6, 7],
        lanes=[1, 3, 0, 1, 2], speed=[11.1, 11.1, 0, 7, 31.3],
    )  # fmt: skip
    towns = Towns.of(name=["Ash, east", "Elm"], x=[0, 0], y=[0, 0], population=[1, 1], listed=[1, 1])
    return roads.build(junctions, streets, Places.empty(), towns, crs="EPSG:6433", attribution="", generated=True)


def mapped(folder):
    """Return the streets of a GraphML file, some of its roads widened."""
    nx.write_graphml(grid(5), folder / "grid.graphml")
    spec = models.GraphmlRoads(kind="graphml", file="grid.graphml", place="Here", population=500)
    network = roads.load(spec, base=folder)
    return roads.dimension(network, np.linspace(0, 6000, len(network.roads)))


@pytest.mark.parametrize("make", [small, mapped])
def test_out_and_in_again_is_the_same(make, tmp_path):
    network = make(tmp_path)
    gmns.write(network, tmp_path / "out", name="there and back")
    back = gmns.read(tmp_path / "out").network
    for name, values in network.junctions.data().items():
        assert np.array_equal(getattr(back.junctions, name), values), name
    for name, values in network.roads.data().items():
        assert np.array_equal(getattr(back.roads, name), values), name
    assert back.crs == network.crs
    assert back.towns.name.tolist() == network.towns.name.tolist()
    first = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}
    gmns.write(back, tmp_path / "again", name="there and back")
    assert {file.name: file.read_bytes() for file in (tmp_path / "again").iterdir()} == first


def test_links_may_stand_in_any_order(tmp_path):
    gmns.write(small(tmp_path), tmp_path, name="there and back")
    there = gmns.read(tmp_path)
    header, *links = (tmp_path / "link.csv").read_text().splitlines()
    (tmp_path / "link.csv").write_text("\n".join([header, *links[2:], *links[:2]]))
    back = gmns.read(tmp_path)
    for name, values in there.network.roads.data().items():
        assert np.array_equal(getattr(back.network.roads, name), values), name
    assert back.links == there.links


def test_a_length_of_nothing_keeps_its_name(folder):
    rows = "none,10,20,true,0,primary,900,30,1,\nhalf,10,20,true,0.0003,primary,800,30,1,\n"
    (folder / "link.csv").write_text(FILES["link"].splitlines()[0] + "\n" + rows)
    read = gmns.read(folder)
    assert read.links == ["half", "none"]
    assert read.network.roads.length == pytest.approx([0.0003 * 1609.344, 1])
    assert read.network.roads.headway.tolist() == [4500, 4000]


def test_junctions_must_differ_in_their_numbers(tmp_path):
    network = small(tmp_path)
    twice = Junctions.of(**{**network.junctions.data(), "osm_id": [1, 1, 2]})
    with pytest.raises(InteropError, match=r"Junctions\.osm_id must differ from row to row"):
        gmns.write(network._replace(junctions=twice), tmp_path)
