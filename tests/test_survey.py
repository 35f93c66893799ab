"""A day's survey: what it writes, that it says what its tables say, and that nothing half-written is left."""

import json

import networkx as nx
import numpy as np
import pytest
from matplotlib import image

import alprsim
from alprsim import experiment, parquet, survey
from alprsim.report import traffic_pictures as pictures
from alprsim.report import traffic_states as states
from alprsim.report.corridor import CorridorError, Crossings, Throughs, named
from alprsim.tables import Flows, Junctions, Passages, Roads
from tests.conftest import grid

PICTURES = ["corridor.png", "map.png", "network.png"]


def quiet(*_):
    pass


def run(scenario, out, **options):
    asked = {"day": 0, "hour": None, "corridor": None, "tell": quiet, **options}
    overrides = asked.pop("overrides", ())
    return survey.run(alprsim.study(scenario, overrides=overrides), out=out, **asked)


@pytest.fixture(scope="module")
def surveyed(outpost, tmp_path_factory):
    return run(outpost, tmp_path_factory.mktemp("survey") / "day")


def assert_drawn(file):
    """Check that a picture is there and not empty: several colours, and ink in every quarter of it."""
    pixels = image.imread(file)[..., :3]
    assert min(pixels.shape[:2]) > 400
    assert len(np.unique(np.rint(pixels * 255) @ [65_536, 256, 1])) > 20
    tall, wide = pixels.shape[0] // 2, pixels.shape[1] // 2
    for part in (pixels[:tall, :wide], pixels[:tall, wide:], pixels[tall:, :wide], pixels[tall:, wide:]):
        assert np.mean(part < 0.95) > 0.002


def test_it_writes_pictures_tables_and_a_record(surveyed):
    record, files = surveyed
    assert [file.name for file in files] == [*PICTURES, "passages.parquet", "flows.parquet", "traffic.json"]
    assert sorted(file.name for file in files[0].parent.iterdir()) == sorted(file.name for file in files)
    assert json.loads(files[-1].read_text()) == record
    for file in files[:3]:
        assert_drawn(file)


def test_the_record_says_what_the_tables_say(surveyed):
    record, files = surveyed
    passages, flows = parquet.read(Passages, files[3]), parquet.read(Flows, files[4])
    assert record["moves"] == len(passages) == flows.vehicles.sum() > 0
    assert record["trips"] >= len(np.unique(passages.trip))
    assert record["vehicle_km"] == pytest.approx(len(passages) * 0.166, abs=0.1)  # every street is 166 m long
    assert record["unfinished_trips"] == record["forced_moves"] == 0
    assert 0 <= record["delay_vehicle_hours"] < record["vehicle_hours"]
    along = record["corridor"]
    assert along["length_m"] == pytest.approx(166 * len(along["roads"]), abs=0.1)
    assert len(along["junctions"]) == len(along["roads"]) + 1
    assert 0 <= record["hour"] < 24
    assert record["streets"] == "real"
    assert "OpenStreetMap" in record["attribution"]
    assert record["provenance"]["seeds"] == [1]


def test_the_same_day_comes_out_whatever_is_shown_of_it(outpost, surveyed, tmp_path):
    roads = surveyed[0]["corridor"]["roads"][:1]
    record, files = run(outpost, tmp_path / "day", hour=3, corridor=f"roads:{roads[0]}")
    assert (record["hour"], record["corridor"]["rule"]) == (3, "as asked for")
    assert record["corridor"]["roads"] == roads
    for here, there in zip(files[3:5], surveyed[1][3:5], strict=True):
        assert here.read_bytes() == there.read_bytes()
    other, _ = run(outpost, tmp_path / "day", day=1)
    assert other["date"] > record["date"]
    assert other["moves"] != record["moves"]


def test_what_makes_a_day_doubtful_is_told_and_drawn(outpost, tmp_path, monkeypatch):
    """One-way dead ends of the map, jams and unsettled routes: all in the record, what concerns the traffic under pictures."""
    nodes = grid(5)
    nodes.add_edge(1, 1, highway="residential", length="60")
    nx.write_graphml(nodes, graph := tmp_path / "loop.graphml")
    monkeypatch.setattr(experiment, "MOST_FORCED", -1)
    drawn = []
    monkeypatch.setattr(pictures, "network", lambda _states, caption, file: drawn.append(caption.basis) or file.touch())
    loaded = alprsim.study(outpost, graph=graph)
    world = experiment.prepare(loaded, scratch=tmp_path, jobs=1, tell=quiet)
    record, _ = survey.run(loaded, out=tmp_path / "day", day=0, hour=None, corridor=None, tell=quiet)
    assert record["notes"] == [
        "roads: 1 streets from a junction to itself left out",
        "0.0% of the moves by queue were forced: the streets jam, travel times are doubtful",
    ]
    assert drawn[0].endswith(" 0.0% of the moves by queue were forced: the streets jam, travel times are doubtful.")
    unsettled = world.assignment._replace(gap=(0.5,), perceived=(0.5,), largest=0.1)
    told = experiment.doubts(unsettled, experiment.days.Queued(1, 0, 0))
    assert told[0].startswith("route choice stopped unconverged: after 0 iterations the relative gap is 50.0%")


def test_of_a_runs_folder_it_is_a_part(outpost, outpost_run, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    _, files = run(outpost, folder)
    assert {file.parent for file in files} == {folder / "traffic"}
    assert (folder / "run.json").read_text() == "{}"


def test_what_is_no_survey_is_left_as_it_is(outpost, tmp_path):
    (tmp_path / "diary.txt").write_text("dear")
    with pytest.raises(OSError, match="is no traffic survey: it is left as it is"):
        run(outpost, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot write to"):
        run(outpost, tmp_path / "file" / "day")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["diary.txt", "file"]


def test_an_error_leaves_the_older_survey_and_nothing_half_written(outpost, tmp_path, monkeypatch):
    (tmp_path / "day").mkdir()
    (tmp_path / "day" / "traffic.json").write_text("older")

    def full(*_):
        raise OSError("no space")

    monkeypatch.setattr(pictures, "network", full)
    with pytest.raises(OSError, match="no space"):
        run(outpost, tmp_path / "day")
    assert [file.name for file in tmp_path.iterdir()] == ["day"]
    assert (tmp_path / "day" / "traffic.json").read_text() == "older"


def test_what_is_no_corridor_is_refused_before_anything_is_driven(outpost, tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "drive_day", None)
    with pytest.raises(CorridorError, match="must be rows of Roads"):
        run(outpost, tmp_path / "day", corridor="roads:9999")
    assert not list(tmp_path.iterdir())


def test_the_usual_day_is_a_weekday_where_there_is_one(outpost):
    for start, length, day in (("2026-10-05", "2 d", 0), ("2026-10-03", "2 d", 0), ("2026-10-03", "4 d", 2)):
        moments = "measures.moments=[38 h]"
        loaded = alprsim.study(outpost, overrides=(f"start={start}", f"length={length}", moments))
        assert survey.usual_day(loaded) == day


# --- pictures of what is rare ----------------------------------------------------------------------------------------


CAPTION = pictures.Caption("Nowhere · Monday", "Synthetic.")


def ring(wide, tall):
    """Return four junctions and the roads around them."""
    junctions = Junctions.of(osm_id=range(4), x=[0, wide, wide, 0], y=[0, 0, tall, tall], town=[0] * 4)
    same = np.ones(4)
    return junctions, Roads.of(
        tail=[0, 1, 2, 3], head=[1, 2, 3, 0], length=same * 1_000, crossing=same * 60_000, lanes=same, headway=same,
        room=same, wave=same, kind=same,
    )  # fmt: skip


@pytest.mark.parametrize(("wide", "tall"), [(9_000, 1_500), (1_500, 9_000), (4_000, 0)])
def test_maps_of_any_shape_with_traffic_and_without(wide, tall, tmp_path):
    """At two thirds of free flow roads are orange; without traffic the legend alone is."""
    junctions, roads = ring(wide, tall)
    orange = []
    for vehicles in (0, 5):
        flows = Flows.of(vehicles=np.full(4 * 96, vehicles), time=np.full(4 * 96, 90_000))
        links = states.of_links(roads, flows, 12)
        pictures.maps(junctions, roads, links, 12, CAPTION, tmp_path / "map.png", named(roads, "roads:0,1"))
        pixels = image.imread(tmp_path / "map.png")[..., :3]
        assert max(pixels.shape) < 2_000
        orange.append(np.sum(np.all(np.abs(pixels - [0xFD / 255, 0x8D / 255, 0x3C / 255]) < 0.02, axis=2)))
    assert orange[1] > orange[0] + 300


def test_an_empty_road_is_drawn_too(tmp_path):
    _, roads = ring(1_000, 1_000)
    nobody, never = np.empty(0, np.int32), np.empty(0, np.int64)
    road = named(roads, "roads:0,1")
    seen, through = Crossings(nobody, nobody, never, never), Throughs(never, never)
    crossing = roads.crossing[road.road]
    pictures.corridor(road, seen, through, crossing, 3_600_000, 7_200_000, CAPTION, tmp_path / "corridor.png")
    assert image.imread(tmp_path / "corridor.png").shape[0] > 400


def test_slow_vehicles_are_drawn_in_the_colour_of_their_speed(tmp_path):
    """At a fifth of free flow: the darkest red, which without them is in the legend alone."""
    _, roads = ring(1_000, 1_000)
    road = named(roads, "roads:0")
    entered = np.arange(0, 3_600_000, 30_000)
    who, first = np.arange(len(entered), dtype=np.int32), np.zeros(len(entered), np.int32)
    dark = []
    for took in (60_000, 300_000):
        seen, through = Crossings(first, who, entered, entered + took), Throughs(entered, entered + took)
        pictures.corridor(road, seen, through, roads.crossing[:1], 0, 3_600_000, CAPTION, tmp_path / "corridor.png")
        pixels = image.imread(tmp_path / "corridor.png")[..., :3]
        dark.append(np.sum(np.all(np.abs(pixels - [0x80 / 255, 0, 0x26 / 255]) < 0.1, axis=2)))
    assert dark[1] > 2 * dark[0]
