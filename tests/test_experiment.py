"""One seed's world: the same to the bit whenever it is made again, whatever policies and cameras are added to it."""

import json
import math
import os
import shutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import alprsim
from alprsim import days, experiment, parquet, routing, siting, store, sweep
from alprsim.scenario.read import load
from alprsim.tables import Paths, PlaceKind, Places, Roads, Trips, Truth, VehicleKind, Vehicles
from tests.conftest import GOLDEN, contents


def quiet(*_):
    pass


def simulated(loaded, folder, seed=1, tell=quiet):
    """Make one seed's world in a folder."""
    folder.mkdir()
    world = experiment.prepare(loaded, scratch=folder, jobs=1, tell=quiet)
    return experiment.simulate(loaded, world, seed=seed, folder=folder, tell=tell)


def of_part(tables, part):
    return {name: data for name, data in tables.items() if f"{part}/" in name or name.endswith(f"{part}.parquet")}


# --- the golden town --------------------------------------------------------------------------------------------------


def said(value):
    """Write a number as JSON can: not measured is null, without end is text."""
    return None if math.isnan(value) else "without end" if math.isinf(value) else value


def told(run):
    """Say all that the golden town's run comes to: what the cameras read, and every answer for all towns."""
    tally = run.table("tally").drop(columns=["agency", "kind", "days", "seed"])
    counted = {name: len(run.table(name)) for name in ("junctions", "roads", "people", "vehicles", "reads", "truth")}
    whole = run.measures[run.measures["town"].eq("all")]
    cases = whole[["policy", "viewer", "sight", "retention"]].drop_duplicates()
    answers = {}
    for name, rows in whole.groupby(["measure", "statistic", "sight", "who", "reads"], sort=True):
        pairs = zip(rows["value"].tolist(), rows["n"].tolist(), strict=True)
        answers[" ".join(name)] = [[said(value), n] for value, n in pairs]
    return {"counted": counted, "tally": tally.to_dict("list"), "cases": cases.to_numpy().tolist(), "answers": answers}


def differences(found, expected, path=""):
    """Name what differs: whole numbers and text at all, other numbers by more than 1e-12 of their size."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in {**expected, **found}:
            yield from differences(found.get(key), expected.get(key), f"{path}/{key}")
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for row, (a, b) in enumerate(zip(found, expected, strict=True)):
            yield from differences(a, b, f"{path}[{row}]")
    elif isinstance(expected, float) and isinstance(found, float):
        if not math.isclose(found, expected, rel_tol=1e-12):
            yield f"{path}: {found!r}, not {expected!r}"
    elif found != expected:
        yield f"{path}: {found!r}, not {expected!r}"


@pytest.mark.whole
def test_the_golden_town_is_as_it_was(town_run):
    """Renew with ALPRSIM_RENEW_GOLDEN=1 when a change is meant to change results, and say so in the change."""
    file, found = GOLDEN / "town.json", told(town_run)
    if os.environ.get("ALPRSIM_RENEW_GOLDEN"):
        lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in found.pop("answers").items())
        head = "".join(f"{json.dumps(key)}: {json.dumps(value)},\n" for key, value in found.items())
        file.write_text(f'{{\n{head}"answers": {{\n{lines}\n}}\n}}\n')
        pytest.skip("renewed; look at the difference before you commit it")
    wrong = list(differences(found, json.loads(file.read_text())))
    assert not wrong, f"{len(wrong)} differences, the first: " + "; ".join(wrong[:5])


@pytest.mark.whole
def test_the_only_town_answers_for_all(town_run):
    of_cameras = town_run.measures["measure"].isin(["effective_retention", "audience"])  # of departments, not of towns
    of_town = town_run.measures["town"].eq("Wethersfield") & ~of_cameras
    one = town_run.measures[of_town].drop(columns="town").reset_index(drop=True)
    keys = ["policy", "viewer", "sight", "retention", "measure", "who", "reads", "statistic"]
    both = one.merge(town_run.measures[town_run.measures["town"].eq("all")], on=keys, suffixes=("", "_all"))
    assert len(both) == len(one) > 1000
    pd.testing.assert_series_equal(both["value"], both["value_all"], check_names=False)
    assert both["n"].equals(both["n_all"])


# --- the same again ---------------------------------------------------------------------------------------------------


def test_one_seed_is_the_same_again_alone_or_among_others(outpost, outpost_run, tmp_path):
    again = alprsim.run(outpost, out=tmp_path / "again", overrides=["seeds=[2]"])
    expected = contents(outpost_run.folder / "seed=2")
    assert {"measures.parquet", "tally.parquet", "reads/bucket=0/block=0.parquet"} < set(expected)
    assert contents(again.folder / "seed=2") == expected


@pytest.mark.whole
def test_another_seed_is_another_world(hamlet_run):
    for part in ("reads", "truth", "people", "measures"):
        one, other = (of_part(contents(hamlet_run.folder / f"seed={seed}"), part) for seed in (1, 2))
        assert one.keys() == other.keys()
        assert one != other, part


@pytest.mark.whole
@pytest.mark.parametrize("fidelity", ["table", "queue"])
def test_any_number_of_threads_gives_the_same_reads(outpost, tmp_path, fidelity):
    """With threads the next day is driven while one is read, and groups of drivers side by side."""
    loaded = load(outpost, overrides=[f"traffic.fidelity={fidelity}", "seeds=[1]"])
    (tmp_path / "plan").mkdir()
    world = experiment.prepare(loaded, scratch=tmp_path / "plan", jobs=1, tell=quiet)
    folders = [tmp_path / f"threads{threads}" for threads in (1, 3)]
    for threads, folder in zip((1, 3), folders, strict=True):
        folder.mkdir()
        experiment.simulate(loaded, world, seed=1, folder=folder, tell=quiet, threads=threads)
    one, other = (sorted(folder.rglob("*.parquet")) for folder in folders)
    assert [file.relative_to(folders[0]) for file in one] == [file.relative_to(folders[1]) for file in other]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(one, other, strict=True))
    assert (folders[0] / "simulated.json").read_text() == (folders[1] / "simulated.json").read_text()


def test_two_processes_give_what_one_gives(outpost, outpost_run, tmp_path):
    two = alprsim.run(outpost, out=tmp_path / "two", jobs=2)
    assert contents(two.folder) == contents(outpost_run.folder)


def test_the_resolved_scenario_gives_the_same_reads(outpost_run, tmp_path):
    stored = outpost_run.folder / "scenario.yaml"
    again = alprsim.run(stored, out=tmp_path / "again")
    assert again.scenario_text == stored.read_text()
    assert again.provenance["scenario_sha256"] == outpost_run.provenance["scenario_sha256"]
    assert contents(again.folder) == contents(outpost_run.folder)


def test_both_engines_give_the_same_reads(hamlet, tmp_path):
    for engine in ("compiled", "simpy"):
        changes = ["seeds=[1]", "length=1 d", "traffic.fidelity=queue", f"traffic.engine={engine}"]
        simulated(alprsim.study(hamlet, overrides=[*changes, "measures.moments=[24 h]"]), tmp_path / engine)
    assert contents(tmp_path / "compiled") == contents(tmp_path / "simpy")
    told = [json.loads((tmp_path / engine / "simulated.json").read_text()) for engine in ("compiled", "simpy")]
    assert told[0] == told[1]
    assert told[0]["queue_moves"] > 500


# --- the world does not depend on what is asked of it -----------------------------------------------------------------


def changed(hamlet, tmp_path, old, new):
    """Return the hamlet with one line changed."""
    text = hamlet.read_text()
    assert text.count(old) == 1
    (tmp_path / "hamlet.graphml").write_bytes((hamlet.parent / "hamlet.graphml").read_bytes())
    (tmp_path / "changed.yaml").write_text(text.replace(old, new))
    return alprsim.study(tmp_path / "changed.yaml")


@pytest.mark.whole
def test_another_policy_changes_no_read(hamlet, hamlet_run, tmp_path):
    more = """
  Another agency:
    custody:
      retention: 7 d
      agencies: {FBI: {kind: consumer, retention: 1 d}}
      sharing: [{giver: West, taker: FBI, kind: mirror}]
    viewers: {FBI: {agency: FBI}}
  No sharing: {}
"""
    run = sweep.run(changed(hamlet, tmp_path, "\n  No sharing: {}\n", more), out=tmp_path / "more")
    for seed in (1, 2):
        now, before = contents(run.folder / f"seed={seed}"), contents(hamlet_run.folder / f"seed={seed}")
        for part in ("reads", "truth", "people", "vehicles", "tally", "cameras"):
            assert of_part(now, part) == of_part(before, part) != {}
    old = run.measures[run.measures["policy"].ne("Another agency")].reset_index(drop=True)
    whose = old["measure"].eq("audience")  # its n counts the agencies of all policies
    pd.testing.assert_frame_equal(old[~whose], hamlet_run.measures[~whose])
    pd.testing.assert_frame_equal(old.drop(columns="n"), hamlet_run.measures.drop(columns="n"))
    seen = run.measures.query(
        "policy == 'Another agency' and viewer == 'FBI' and statistic == 'stock' and retention == -1"
    )
    assert (seen["value"] > 0).any()


@pytest.mark.once
def test_more_cameras_change_no_trip_and_no_other_cameras_reads(hamlet, hamlet_run, tmp_path):
    group = "    - {agency: West, count: 3, town: Hamlet, siting: random}\n"
    more = changed(hamlet, tmp_path, group, f"{group}    - {{agency: East, count: 2, town: Hamlet, siting: random}}\n")
    simulated(more, tmp_path / "seed=1")
    now, before = contents(tmp_path / "seed=1"), contents(hamlet_run.folder / "seed=1")
    for part in ("truth", "people", "vehicles", "flows"):
        assert of_part(now, part) == of_part(before, part) != {}
    old, new = (store.Store(folder).reads() for folder in (hamlet_run.folder / "seed=1", tmp_path / "seed=1"))
    known = new.site <= old.site.max()
    assert not known.all()
    for name, column in new.take(known).data().items():
        assert np.array_equal(column, old.data()[name]), name


# --- what a seed leaves behind ----------------------------------------------------------------------------------------


def test_every_plate_that_passed_is_accounted_for(hamlet_run):
    tally, reads = hamlet_run.table("tally", seed=1), hamlet_run.table("reads", seed=1)
    lost = tally[["down", "missed", "dropped_reader", "dropped_store", "dropped_server"]].sum(axis=1)
    assert (tally["passages"] == lost + tally["reads"]).all()
    site = hamlet_run.table("cameras", seed=1)["camera"].to_numpy()
    assert np.bincount(site[reads["site"]], minlength=len(tally)).tolist() == tally["reads"].tolist()
    right = (reads["plate"] == reads["vehicle"]).sum()
    assert right == (tally["reads"] - tally["unreadable"] - tally["misread"]).sum() > 100
    assert tally["agency"].tolist() == ["East"] * 4 + ["West"] * 3


def test_different_plates_are_counted_day_by_day(hamlet_run):
    reads = hamlet_run.table("reads", seed=1).query("plate >= 0")
    site = hamlet_run.table("cameras", seed=1)["camera"].to_numpy()
    by_day = reads.assign(camera=site[reads["site"]], day=reads["time"] // 86_400)
    different = by_day.drop_duplicates(["camera", "day", "plate"]).groupby("camera").size()
    tally = hamlet_run.table("tally", seed=1)
    assert tally["plates_a_day"].tolist() == different.reindex(tally["camera"], fill_value=0).tolist()
    assert (tally["plates_a_day"] < tally["reads"]).any()


def test_every_read_was_made_on_a_trip_of_the_true_vehicle(hamlet_run):
    reads = hamlet_run.table("reads", seed=1).sort_values("time")
    truth = hamlet_run.table("truth", seed=1).sort_values("depart")
    on = pd.merge_asof(reads, truth, left_on="time", right_on="depart", by="vehicle")
    assert len(on) > 100
    assert (on["time"] < on["arrive"]).all()


def test_cars_go_on_from_where_they_stand(hamlet_run):
    truth = hamlet_run.table("truth", seed=1).sort_values(["vehicle", "depart"])
    same = truth["vehicle"].eq(truth["vehicle"].shift())
    assert same.sum() > 100
    assert (truth["origin"] == truth["destination"].shift())[same].all()
    assert (truth["depart"] >= truth["arrive"].shift())[same].all()


def test_a_sample_day_of_each_type_is_driven_a_weekday_first(hamlet, tmp_path):
    told = []
    free = alprsim.study(hamlet, overrides=["start=2026-10-03", "traffic.fidelity=table"])  # a Saturday
    simulated(free, tmp_path / "three", tell=lambda stage, _: told.append(stage))
    assert [stage for stage in told if "sample" in stage] == ["sample weekday", "sample Saturday", "sample Sunday"]
    assert told[0] == "people"
    assert told.count("days") == 3 + 1
    notes = json.loads((tmp_path / "three" / "simulated.json").read_text())
    assert notes["queue_moves"] > 1000
    assert notes["notes"] == []


def test_the_flows_kept_are_of_the_first_weekday(hamlet, hamlet_run, tmp_path):
    simulated(alprsim.study(hamlet, overrides=["length=1 d", "measures.moments=[24 h]"]), tmp_path / "one")
    assert contents(tmp_path / "one")["flows.parquet"] == contents(hamlet_run.folder)["seed=1/flows.parquet"]


@pytest.mark.whole
def test_blocks_and_buckets_change_no_answer(hamlet, hamlet_run, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "BLOCK_DAYS", 1)
    monkeypatch.setattr(store, "buckets_for", lambda _: 3)
    run = alprsim.run(hamlet, out=tmp_path / "split")
    assert len(list(run.folder.glob("seed=1/reads/bucket=[012]/*.parquet"))) == 9
    pd.testing.assert_frame_equal(run.measures, hamlet_run.measures)
    weeks = [file.name for file in run.folder.glob("seed=2/week_*.parquet")]
    assert len(weeks) == 8
    for name in ("exposure.parquet", "portals.parquet", *weeks):
        assert contents(run.folder)[f"seed=2/{name}"] == contents(hamlet_run.folder)[f"seed=2/{name}"]


def test_kilometres_are_counted_inside_and_assumed_outside():
    """Vehicle 0, a resident's, drives 1 km in two roads to a gateway and back home over one; a visitor drives too."""
    zero = np.zeros(2, np.int32)
    roads = Roads.of(
        tail=[0, 1],
        head=[1, 0],
        length=[400, 600],
        crossing=zero,
        lanes=zero,
        headway=zero,
        room=zero,
        wave=zero,
        kind=zero,
    )
    places = Places.of(
        junction=[0, 1, 1], kind=[PlaceKind.HOME, PlaceKind.BEYOND, PlaceKind.SHOP], weight=[1] * 3, town=[0] * 3
    )
    vehicles = Vehicles.of(
        household=[0, 1], garage=[0, 1], town=[0, 0], kind=[VehicleKind.RESIDENT, VehicleKind.VISITOR], key=[0, 1]
    )
    trips = Trips.of(
        vehicle=[0, 0, 0, 1], driver=[0, 0, 0, 1], companion=[-1] * 4, depart=[0, 9, 20, 0], origin=[0, 1, 0, 1],
        destination=[1, 0, 2, 0], purpose=[0] * 4,
    )  # fmt: skip
    paths = Paths(np.array([0, 2, 3]), np.array([0, 1, 0], np.int32))
    network = SimpleNamespace(roads=roads, places=places)
    made = days.Made(0, trips, paths, np.array([0, 1, 1, 0], np.int32))
    far = days._driven_far(made, SimpleNamespace(vehicles=vehicles), network, SimpleNamespace(leaving_trip=700.0))
    # Inside 1.0 + 0.4 + 0.4 km; of the two that leave, one drives more inside than its assumed 0.7 km, one 0.3 km beyond.
    assert far.tolist() == pytest.approx([3, 2, 1.8, 0.3])


NOWHERE = days.Distance(0, 0.0, 0.0, 0.0, 0.0)


def test_days_by_table_and_free_are_held_against_the_queues(hamlet, tmp_path):
    """Recount, of the sample day and of one its table is not made of, how far arrivals differ from those in queues."""
    loaded = alprsim.study(hamlet, overrides=["traffic.fidelity=table", "population.trips_per_driver=9"])
    done = simulated(loaded, tmp_path / "one")
    (folder := tmp_path / "routes").mkdir()
    world = experiment.prepare(loaded, scratch=folder, jobs=1, tell=lambda *_: None)
    made = {day: days.make(loaded, world.network, world.routes, done.settlement, seed=1, day=day) for day in (0, 2)}
    nothing = np.zeros(len(world.network.roads), np.bool_)
    queued = {
        day: days.drive(of_day, world.network, loaded.scenario.traffic, "queue", watched=nothing)
        for day, of_day in made.items()
    }
    noted = json.loads((tmp_path / "one" / "simulated.json").read_text())
    told = noted["fidelity"]
    assert [(row["day_type"], row["day"], row["held_out"], row["fidelity"]) for row in told] == [
        ("weekday", 0, False, "table"), ("weekday", 0, False, "free"),
        ("weekday", 2, True, "table"), ("weekday", 2, True, "free"),
    ]  # fmt: skip
    for row in told:
        other = days.drive(
            made[row["day"]], world.network, loaded.scenario.traffic, row["fidelity"], table=queued[0].flows,
            watched=nothing,
        )  # fmt: skip
        pairs = zip(other.journeys.arrive, queued[row["day"]].journeys.arrive, strict=True)
        off = [abs(int(a) - int(b)) for a, b in pairs]
        assert row["trips"] == len(off) == len(made[row["day"]].trips) > 100
        assert row["mean_s"] == pytest.approx(sum(off) / len(off))
        assert row["within_a_minute"] == pytest.approx(sum(seconds <= 60 for seconds in off) / len(off))
    assert all(0 < row["mean_s"] < 5 for row in told)  # nothing jams in a hamlet
    assert noted["queue_moves"] == queued[0].moves + queued[2].moves


def test_a_table_is_held_against_the_middle_one_of_the_other_days_of_its_type():
    weekday, saturday, sunday = (days.population.DayType[name] for name in ("WEEKDAY", "SATURDAY", "SUNDAY"))
    week = [*[weekday] * 5, saturday, sunday]
    assert [days.held_out(week * 2, kind) for kind in (weekday, saturday, sunday)] == [7, 12, 13]
    assert [days.held_out(week, kind) for kind in (weekday, saturday, sunday)] == [3, None, None]
    assert days.held_out(week[3:], weekday) == 1


@pytest.mark.parametrize(("forced", "said"), [(10, 0), (11, 1)])
def test_streets_that_jam_are_told(tmp_path, forced, said):
    nothing_left_out = SimpleNamespace(rejected=[], told=[])
    driven = days.Samples({}, days.Queued(10_000, forced, 3), NOWHERE, [])
    chosen = routing.Assignment((), (), 0, 0.02)
    doubts = experiment.doubts(chosen, driven.queued)
    experiment._note(driven, chosen, nothing_left_out, doubts, tmp_path / "simulated.json")
    told = json.loads((tmp_path / "simulated.json").read_text())
    assert (told["queue_moves"], told["forced_moves"], told["unfinished_trips"]) == (10_000, forced, 3)
    assert [note.endswith("were forced: the streets jam, travel times are doubtful") for note in told["notes"]] == [
        True
    ] * said


@pytest.mark.parametrize(("last", "said"), [(0.02, False), (0.0204, True)])
def test_route_choice_that_stopped_unconverged_is_told(tmp_path, last, said):
    chosen = routing.Assignment((0.3, 0.1, 0.05), (0.25, 0.08, last), 1, 0.02)
    nothing_left_out = SimpleNamespace(rejected=[], told=[])
    driven = days.Samples({}, days.Queued(10_000, 0, 0), NOWHERE, [])
    doubts = experiment.doubts(chosen, driven.queued)
    experiment._note(driven, chosen, nothing_left_out, doubts, tmp_path / "simulated.json")
    told = json.loads((tmp_path / "simulated.json").read_text())
    assert told["route_choice"]["gap"] == [0.3, 0.1, 0.05]
    assert told["route_choice"]["taken_back"] == 1
    assert told["route_choice"]["perceived"] == [0.25, 0.08, last]
    assert told["route_choice"]["converged"] is not said
    unconverged = "route choice stopped unconverged: after 2 iterations the relative gap is 2.0%, above 2.0%"
    assert told["notes"] == [unconverged] * said


def test_routes_are_chosen_by_a_day_in_queues_and_kept_for_the_next_run(hamlet, tmp_path):
    loaded = alprsim.study(hamlet, overrides=["traffic.fidelity=table", "traffic.routes.gap=0.5"])
    folders = [tmp_path / name for name in ("one", "two", "three")]
    for folder in folders:
        folder.mkdir()
    stages = []
    tell = lambda stage, _: stages.append(stage)  # noqa: E731
    one = experiment.prepare(loaded, scratch=folders[0], jobs=1, tell=tell, cache=tmp_path / "kept")
    assert stages[0] == "roads"
    assert stages[-1] == "routes, day 1"
    assert len(one.assignment.gap) == 1
    assert one.assignment.converged
    stages.clear()
    two = experiment.prepare(loaded, scratch=folders[1], jobs=1, tell=tell, cache=tmp_path / "kept")
    assert stages == ["roads", "routes"]
    assert two.assignment == one.assignment
    assert [np.load(file).tolist() for file in two.routes.sets] == [np.load(file).tolist() for file in one.routes.sets]
    louder = alprsim.study(hamlet, overrides=["traffic.fidelity=table", "traffic.routes.noise=0.3"])
    three = experiment.prepare(louder, scratch=folders[2], jobs=1, tell=tell, cache=tmp_path / "kept")
    assert three.assignment.gap != one.assignment.gap
    assert len(list((tmp_path / "kept").iterdir())) == 2


def test_a_camera_of_a_file_that_is_left_out_is_told(hamlet, tmp_path):
    (tmp_path / "cameras.csv").write_text("lat,lon\n41.5,-72.999\n42.5,-72.999\n")
    listed = f'cameras.groups=[{{"agency": "East", "siting": "file", "file": "{tmp_path / "cameras.csv"}"}}]'
    done = simulated(alprsim.study(hamlet, overrides=["length=2 d", "measures.moments=[38 h]", listed]), tmp_path / "s")
    assert len(done.placement.cameras) == 1
    (note,) = json.loads((tmp_path / "s" / "simulated.json").read_text())["notes"]
    assert note.startswith("camera left out (cameras.groups[0] (East), cameras.csv, line 3): ")
    assert "from the nearest road" in note
    header, row = (tmp_path / "s" / "left_out.csv").read_text().splitlines()
    assert header == "group,reason,lat,lon,file,row"
    assert row.endswith("42.5,-72.999,cameras.csv,line 3")


def test_of_many_cameras_left_out_a_few_are_named():
    rows = [siting.Rejected("a group", "why", 0.0, 0.0, "c.csv", f"line {n}") for n in range(2, 9)]
    assert experiment._left_out(rows[:5]) == [f"camera left out (a group, c.csv, line {n}): why" for n in range(2, 7)]
    assert experiment._left_out(rows)[5:] == ["2 more cameras left out (a group): see left_out.csv"]


def test_cameras_placed_by_who_drives_where_see_that_of_the_usual_day(hamlet, tmp_path):
    group = 'cameras.groups=[{"agency": "East", "siting": "flow_capture", "count": 3, "town": "Hamlet"}]'
    loaded = alprsim.study(hamlet, overrides=["length=2 d", "measures.moments=[38 h]", group])
    done = simulated(loaded, tmp_path / "s")
    (note,) = json.loads((tmp_path / "s" / "simulated.json").read_text())["notes"]
    world = experiment.prepare(loaded, scratch=tmp_path, jobs=1, tell=quiet)
    settled = experiment.population.settle(world.network, loaded.scenario.population, seed=1, base=loaded.base)
    made = days.make(loaded, world.network, world.routes, settled, seed=1, day=0)  # a Monday
    first = made.paths.first
    passed = [set(made.paths.road[first[r] : first[r + 1]].tolist()) for r in made.route]
    seen = sum(bool(driven & set(done.placement.sites.road[:3].tolist())) for driven in passed)
    assert f"3 cameras by flow_capture see {seen:,} of the usual day's {len(passed):,} trips" in note


def test_every_trip_planned_is_in_the_truth(hamlet, hamlet_run, tmp_path):
    loaded = alprsim.study(hamlet)
    world = experiment.prepare(loaded, scratch=tmp_path, jobs=1, tell=quiet)
    settled = experiment.population.settle(world.network, loaded.scenario.population, seed=1, base=loaded.base)
    planned = 0
    for day in range(3):
        trips = experiment.population.trips(
            settled, world.network, loaded.scenario.population, seed=1, day=day, start=loaded.scenario.start
        )
        assert isinstance(trips, Trips)
        planned += len(trips)
    files = sorted((hamlet_run.folder / "seed=1" / "truth").rglob("*.parquet"))
    assert sum(len(parquet.read(Truth, file)) for file in files) == planned > 500


@pytest.mark.whole
def test_a_run_says_what_its_commuting_table_holds_of_unknown_towns(outpost, tmp_path):
    rows = "Hamlet,CT,Hamlet,CT,30\nHamlet,CT,Elsewhere,CT,20\nOak,CT,Hamlet,CT,60\n"
    (tmp_path / "flows.csv").write_text("home,home_state,work,work_state,jobs\n" + rows)
    overrides = [f"population.commuting={tmp_path / 'flows.csv'}", "seeds=[1]"]
    run = alprsim.run(outpost, out=tmp_path / "run", overrides=overrides)
    assert (
        "population.commuting: flows.csv: 60 jobs of residents of other towns left out; 20 jobs of the study's residents lie "
        "in towns not in it and are taken to be beyond (seed 1)"
    ) in run.info["notes"]


# --- hard conditions ----------------------------------------------------------------------------------------------------

HARD = """
cameras:
  state: 0.9
  night: {capture: 0.7}
  foul: {correct: 0.8}
  quality: {fixed: {capture: 0.95}}
  faults: {between: 1 d, repair: 2 h, service_every: 2 d, service: 1 h}
  upload: {every: 1 h, size: 4, latency: 5 s, store: 2, outage_every: 8 h, outage: 2 h}
  spurious: {daily: 30, issued: 0.5}
"""


@pytest.mark.whole
def test_a_run_under_hard_conditions_counts_every_cause_and_measures_on(outpost, outpost_run, tmp_path):
    """Signs read as plates, whose vehicle is nobody, go through store, sight and measures; every loss has its cause."""
    shutil.copytree(outpost.parent, tmp_path / "files")
    hard = tmp_path / "files" / "outpost.yaml"
    hard.write_text(hard.read_text() + HARD)
    run = alprsim.run(hard, out=tmp_path / "hard", jobs=1)
    tally, reads = run.table("tally"), run.table("reads")
    lost = tally[["down", "missed", "dropped_reader", "dropped_store", "dropped_server"]].sum(axis=1)
    assert (tally["passages"] + tally["spurious"] == lost + tally["reads"]).all()
    assert (tally[["down", "missed", "dropped_store", "misread", "wrong_state", "ghosts", "down_s"]].sum() > 0).all()
    assert (tally["passages"] == outpost_run.table("tally")["passages"]).all()
    assert 0 < (reads["vehicle"] == -1).sum() <= tally["spurious"].sum()
    assert ((reads["vehicle"] == -1) & (reads["plate"] >= 0)).any()
    assert run.measures["value"].notna().any()
    table = pd.read_csv(run.folder / "cameras.csv")
    assert table["reads"].tolist() == tally["reads"].tolist()
    assert set(table["kind"]) == {"fixed"}
    assert "What became of the plates that passed" in (run.folder / "report.html").read_text("utf-8")
