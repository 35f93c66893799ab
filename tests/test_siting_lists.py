"""Cameras from CSV, GeoJSON and OpenStreetMap: how their directions are written, and what becomes of those that do not fit."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import numpy as np
import osmnx as ox
import pytest

from alprsim import roads, siting
from alprsim.scenario import models
from alprsim.siting import SitingError
from alprsim.siting._sources import heading, parse
from alprsim.tables import Agencies
from tests.siting_town import ends, lat_lon, place


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("90", 90),
        ("271.5", 271.5),
        ("N", 0),
        ("sw", 225),
        ("NNW", 337.5),
        ("80-125", 102.5),
        ("330-30", 0),
        ("360", 360),
    ],
)
def test_a_direction_may_be_degrees_a_compass_point_or_a_range(text, degrees):
    assert heading(text) == pytest.approx(degrees)


@pytest.mark.parametrize("text", ["0-360", "360-0", "10-370"])
def test_all_around_is_no_direction(text):
    with pytest.raises(ValueError, match=f"direction must span less than 360°, not {text}"):
        heading(text)


def test_several_headings_stand_in_one_field():
    at = {"lat": "41", "lon": "-72"}
    assert parse(at | {"direction": "90;270"}) == (41, -72, (90, 270))
    assert parse(at | {"direction": "", "directioncardinal": "335; 45;N"}) == (41, -72, (335, 45, 0))
    assert parse(at | {"camera:direction": "182-227"})[2] == (204.5,)
    assert parse(at)[2] == ()
    with pytest.raises(ValueError, match="direction must be a number, not 'left'"):
        parse(at | {"direction": "90;left"})
    with pytest.raises(ValueError, match="directioncardinal must be from -360 to 360, not 400"):
        parse(at | {"directioncardinal": "400"})


def test_a_heading_that_fits_no_road_is_told_and_the_others_stand(tmp_path):
    lat, lon = lat_lon(300, 405)
    (tmp_path / "c.csv").write_text(f"lat,lon,direction\n{lat},{lon},90;0;W\n")
    placed = place({"agency": "Transit", "siting": "file", "file": "c.csv"}, base=tmp_path)
    assert ends(placed) == [(13, 14), (14, 13)]
    (told,) = placed.rejected
    assert told.reason == "no road within 60 m runs towards 0° give or take 60°; its other directions stand"
    assert (told.file, told.row) == ("c.csv", "line 2")


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        ({"type": "Point", "coordinates": []}, "lat must be a number, not 'null'"),
        ({"type": "Point", "coordinates": [-73]}, "lat must be a number, not 'null'"),
        ({"type": "Point"}, "lat must be a number, not 'null'"),
        ({"type": "Point", "coordinates": None}, "lat must be a number, not 'null'"),
        ({"type": "Point", "coordinates": {"lat": 41}}, "lat must be a number, not 'null'"),
        ({"type": "Point", "coordinates": [None, 41]}, "lon must be a number, not 'null'"),
        ({"type": "Point", "coordinates": ["w", "n"]}, "lat must be a number, not '\"n\"'"),
        ("Point", "geometry must be a Point, not None"),
        (None, "geometry must be a Point, not None"),
    ],
)
def test_a_malformed_point_is_left_out_with_its_row_and_reason(tmp_path, geometry, reason):
    lat, lon = lat_lon(300, 405)
    good = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}}
    bad = {"type": "Feature", "geometry": geometry, "properties": ["no", "mapping"]}
    (tmp_path / "c.geojson").write_text(json.dumps(points(good, bad, "no feature")))
    placed = place({"agency": "Transit", "siting": "file", "file": "c.geojson"}, base=tmp_path)
    assert len(placed.cameras) == 1
    assert [(told.row, told.reason) for told in placed.rejected] == [
        ("feature 2", reason), ("feature 3", "geometry must be a Point, not None"),
    ]  # fmt: skip


def points(*features):
    return {"type": "FeatureCollection", "features": list(features)}


def point(x, y, **said):
    lat, lon = lat_lon(x, y)
    return {"type": "Feature", "properties": said, "geometry": {"type": "Point", "coordinates": [lon, lat]}}


def test_geojson_points_are_cameras(tmp_path):
    line = {"type": "Feature", "properties": None, "geometry": {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}}
    data = points(
        point(300, 405, Direction="E", town="Westport"), line, point(700, 605), point(500, 1300), {"type": "Feature"}
    )
    (tmp_path / "c.geojson").write_text(json.dumps(data))
    placed = place({"agency": "Transit", "siting": "file", "file": "c.geojson"}, base=tmp_path)
    assert ends(placed)[0] == (13, 14)
    assert len(placed.cameras) == 2
    assert [(r.row, r.reason) for r in placed.rejected] == [
        ("feature 2", "geometry must be a Point, not LineString"),
        ("feature 5", "geometry must be a Point, not None"),
        ("feature 4", "300 m from the nearest road; the tolerance is 60 m"),
    ]
    norwalk = place({"agency": "Norwalk", "siting": "file", "file": "c.geojson"}, base=tmp_path)
    assert len(norwalk.cameras) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "must be GeoJSON"), ("[]", "must be a GeoJSON FeatureCollection, not list"),
     ('{"type": "Point"}', "must be a GeoJSON FeatureCollection, not Point")],
)  # fmt: skip
def test_what_is_no_collection_is_an_error(tmp_path, text, said):
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(SitingError, match=rf"\(Transit\): .*c.json {said}"):
        place({"agency": "Transit", "siting": "file", "file": "c.json"}, base=tmp_path)


# --- OpenStreetMap ----------------------------------------------------------------------------------------------------


class _Server(BaseHTTPRequestHandler):
    """Answers as Nominatim and Overpass do: a town's outline, and its elements that bear the tag asked for."""

    elements: ClassVar[list] = []
    asked: ClassVar[list] = []

    def do_GET(self):
        corners = [lat_lon(x, y) for x, y in ((-500, -500), (-500, 1500), (1500, 1500), (1500, -500), (-500, -500))]
        ring = [[lon, lat] for lat, lon in corners]
        box = [str(corners[0][0]), str(corners[2][0]), str(corners[0][1]), str(corners[2][1])]
        place = {"lat": box[0], "lon": box[2], "boundingbox": box, "importance": 1, "display_name": "Westport", "place_id": 1,
                 "osm_type": "relation", "osm_id": 1, "class": "boundary", "type": "administrative", "name": "Westport",
                 "addresstype": "town", "place_rank": 16, "geojson": {"type": "Polygon", "coordinates": [ring]}}  # fmt: skip
        self._say([place] if "/search" in self.path else {})

    def do_POST(self):
        self.asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self._say({"version": 0.6, "elements": self.elements})

    def _say(self, answer):
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def openstreetmap(tmp_path, monkeypatch):
    """Let OSMnx download from a server of this test's own, on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    for name, value in {
        "overpass_url": f"{url}/api", "nominatim_url": f"{url}/", "overpass_rate_limit": False,
        "cache_folder": str(tmp_path / "cache"),
    }.items():  # fmt: skip
        monkeypatch.setattr(ox.settings, name, value)
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr(_Server, "asked", [])
    yield _Server
    server.shutdown()
    thread.join()
    server.server_close()


def node(number, x, y, **tags):
    lat, lon = lat_lon(x, y)
    return {"type": "node", "id": number, "lat": lat, "lon": lon, "tags": {"man_made": "surveillance", **tags}}


ALPR = {"surveillance:type": "ALPR"}
GROUP = {"agency": "Transit", "siting": "osm", "place": "Westport, Connecticut, USA"}


def test_cameras_are_downloaded_from_openstreetmap(openstreetmap, monkeypatch):
    monkeypatch.setattr(openstreetmap, "elements", [
        node(11, 300, 405, direction="90;270", **ALPR), node(12, 500, 1300, **ALPR), node(13, 700, 605, **ALPR),
        node(14, 300, 805, **{"surveillance:type": "camera"}),
        node(15, 300, 805, **{"camera:direction": "W"}, **ALPR),
    ])  # fmt: skip
    lookup, before = ox.settings.overpass_url, dict(vars(ox.settings))
    placed = place(GROUP)
    assert ends(placed)[:2] == [(13, 14), (14, 13)]
    assert ends(placed)[-1] == (26, 25)
    assert len(placed.cameras) == 3
    assert [(r.file, r.row, r.reason) for r in placed.rejected] == [
        ("OpenStreetMap, Westport, Connecticut, USA", "node 12", "300 m from the nearest road; the tolerance is 60 m")
    ]
    assert "surveillance%3Atype" in openstreetmap.asked[0]
    assert "ALPR" in openstreetmap.asked[0]
    assert placed.told == ["cameras.groups[0] (Transit): cameras © OpenStreetMap contributors, ODbL 1.0"]
    place(GROUP)
    assert len(openstreetmap.asked) == 1  # the second time from OSMnx's cache
    assert (ox.settings.overpass_url, dict(vars(ox.settings))) == (lookup, before)


def test_a_place_without_mapped_cameras_is_an_error(openstreetmap, monkeypatch):
    monkeypatch.setattr(openstreetmap, "elements", [])
    with pytest.raises(SitingError, match=r"OpenStreetMap has no element tagged surveillance:type=ALPR in Westport"):
        place(GROUP)
    with pytest.raises(SitingError, match="siting osm needs `place`"):
        place({"agency": "Transit", "siting": "osm"})


def test_without_a_network_the_way_out_is_named(tmp_path, monkeypatch):
    for name, value in {
        "overpass_url": "http://127.0.0.1:9/api", "nominatim_url": "http://127.0.0.1:9/", "cache_folder": str(tmp_path),
    }.items():  # fmt: skip
        monkeypatch.setattr(ox.settings, name, value)
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(SitingError, match=r"Westport.*: no network \(ConnectionError\): give a file of cameras"):
        place(GROUP)


# --- the mapped cameras of Danbury ------------------------------------------------------------------------------------


def test_connecticuts_mapped_cameras_are_placed_and_the_others_told(shared_data):
    source = models.GraphmlRoads(
        kind="graphml", file="roads/danbury_ct_drive.graphml.gz", place="Danbury", population=86_086
    )
    network = roads.load(source, base=shared_data)
    agencies = Agencies.of(name=["State"], kind=[0], server_rate=[np.inf], server_room=[0])
    group = models.CameraGroup(agency="State", siting="file", file="cameras/ct_alpr_osm.csv")
    flow = np.ones(len(network.roads))
    by = {}
    for geometry in ("road", "wedge", "disc"):
        spec = models.Cameras(groups=(group,), geometry=geometry)
        by[geometry] = siting.place(
            network, agencies, spec, towns_of={"State": None}, flow=flow, seed=1, base=shared_data
        )
    placed = by["road"]
    whole = [r for r in placed.rejected if "its other directions stand" not in r.reason]
    assert 9 <= len(placed.cameras) <= 15  # 9 in the city, a few beside its edge
    assert len(placed.cameras) + len(whole) == 527
    assert all(r.file == "ct_alpr_osm.csv" and r.row.startswith("line ") for r in placed.rejected)
    for geometry in ("wedge", "disc"):
        told = by[geometry].rejected
        assert len(by[geometry].cameras) + len(told) == 527
        assert 8 <= len(by[geometry].cameras) <= 18  # of one in the city no straight line comes into the wedge
    assert len(by["disc"].sites) > len(by["wedge"].sites) > len(by["wedge"].cameras)
