"""What a viewer finds on one vehicle of a finished run, why it lacks the rest, and what an agency must hand over."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from alprsim import custody, dossier, randomness, results
from alprsim.cli import main
from alprsim.dossier import DossierError, Opened
from alprsim.dossier._collect import _limit
from alprsim.dossier._own_file import _keeps
from alprsim.tables import DAY, PlaceKind, RecordClass
from tests import naive_custody as naive

AT, HOUR = "2", 20
MOMENT = 2 * DAY + 16 * 3600


def asked(run, viewer="ICE", vehicle="most", **more):
    """Ask about the vehicle that was read most, late on the third day."""
    return dossier.dossier(run, vehicle, viewer, AT, hour=HOUR, **more)


def of(found, policy):
    """Return what is held under one policy."""
    return next(holding for holding in found.holdings if holding.policy == policy)


@pytest.fixture(scope="module")
def found(lane_run):
    return asked(lane_run)


# --- what is found ----------------------------------------------------------------------------------------------------


def test_every_read_is_found_or_has_one_reason(found):
    assert found.reads > 10
    for holding in found.holdings:
        assert len(holding.seen) + holding.pseudonymous + sum(loss.reads for loss in holding.losses) == found.reads


@pytest.mark.parametrize("sight", ["bulk", "request", "process"])
def test_what_is_found_is_what_the_rows_of_access_let_one_obtain(lane_run, sight):
    told = asked(lane_run, sight=sight)
    opened = Opened.of(lane_run, None)
    table = lane_run.table("reads", seed=1)
    mine = table[table["plate"].eq(told.vehicle) & table["time"].le(MOMENT)].sort_values(["time", "site"])
    cameras, hits = lane_run.table("cameras", seed=1), lane_run.table("alerts", seed=1)
    hit = set(zip(hits["time"], hits["site"], hits["plate"], strict=True))
    viewer = opened.row_of["ICE"]
    for name in ("Federal query", "Searchable pool", "East opts out", "By warrant"):
        access = custody.access(opened.loaded.policies[name].custody, opened.agencies, [viewer])
        expected = []
        for time, site, plate in zip(mine["time"], mine["site"], mine["plate"], strict=True):
            record = RecordClass.HIT if (time, site, plate) in hit else RecordClass.PLAIN
            owner = opened.row_of[cameras["agency"].iloc[site]]
            if naive.obtainable(access, viewer, owner, sight, time, MOMENT, record=record):
                expected.append(time)
        assert [seen.time for seen in of(told, name).seen] == expected


def test_an_opt_out_takes_just_the_reads_of_who_opts_out(found):
    whole, less = of(found, "Federal query"), of(found, "East opts out")
    east = sum(seen.owner == "East" for seen in whole.seen)
    assert 0 < east < len(whole.seen)
    assert {seen.owner for seen in less.seen} == {"West"}
    assert less.against == (("East opted out of sharing", east),)
    purged = sum(loss.reads for loss in whole.losses if loss.said == "purged by East (36 h)")
    assert ("East opted out of sharing", east + purged) in less.losses


def test_a_limit_is_named_with_who_purged_and_when(found):
    limited = of(found, "By warrant")
    purged = {loss.said: loss.reads for loss in limited.losses if loss.said.startswith("purged")}
    before = [time for time, _, _ in found.ever if time + DAY <= MOMENT]
    assert set(purged) <= {"purged by East (24 h)", "purged by West (24 h)"}
    assert sum(purged.values()) == len(before) > 0
    assert any(loss.said.endswith("shows it only to a warrant") for loss in limited.losses)


@pytest.mark.parametrize(
    ("record", "own", "shared", "archive"),
    [
        (RecordClass.PLAIN, "36 h", "10 d", " (72 h for alerts)"),
        (RecordClass.HIT, "5 d for hits", "20 d for hits", " (72 h for alerts)"),
        (RecordClass.HELD, "9 d for reads held as evidence", "20 d for reads held as evidence", " (72 h for alerts)"),
    ],
)
def test_what_was_purged_names_its_own_clock(record, own, shared, archive):
    spec = naive.custody(
        {
            "East": {"retention": "36 h", "hit_retention": "5 d", "held_retention": "9 d"},
            "Pool": {"kind": "pool", "retention": "10 d", "hit_retention": "20 d"},
            "Fed": {"kind": "consumer", "retention": "0 s", "alert_retention": "72 h"},
        },
        {"giver": "East", "taker": "Pool", "kind": "mirror"},
        {"giver": "East", "taker": "Fed", "kind": "alert"},
    )  # fmt: skip
    agencies = custody.agencies(spec)
    tracer = custody.Tracer(spec, agencies)
    reads = custody.Captured(
        np.array([0], np.int32), np.array([0], np.int16), np.array([record], np.int8), np.zeros(1),
        np.array([[False, False, True]]), np.zeros(1, bool),
    )  # fmt: skip
    for viewer, said in ((0, f" ({own})"), (1, f" ({shared})"), (2, archive)):
        (why,) = tracer.why(reads, viewer, 100 * DAY, custody.SEEN["request"])
        assert why == (custody.Reason.PURGED, viewer)
        assert _limit(tracer, reads, 0, why) == said
    (kept,) = tracer.why(reads, 0, 0, custody.SEEN["bulk"])
    assert _limit(tracer, reads, 0, kept) == ""


def test_a_warrant_shows_what_is_still_there_when_it_is_served(lane_run, found):
    served = of(asked(lane_run, sight="process"), "By warrant")
    free, warranted = (
        [seen for seen in served.seen if ("warrant" in seen.sight) == by_warrant] for by_warrant in (False, True)
    )
    assert [seen.time for seen in free] == [seen.time for seen in of(found, "By warrant").seen]
    assert warranted
    for seen in warranted:
        assert seen.sight == "by warrant, after 2 h, granted 50 %"
        assert MOMENT + 2 * 3600 - DAY < seen.time <= MOMENT - 4 * 3600


def test_a_copy_comes_late(lane_run):
    time = asked(lane_run).ever[-1][0]
    hour, day = (time // 3600 + 4) % 24, (time + 4 * 3600) // DAY
    told = dossier.dossier(lane_run, "most", "ICE", str(day), hour=(hour + 1) % 24)
    late = of(told, "Searchable pool")
    young = [at for at, _, _ in told.ever if told.moment - at < 3600]
    assert sum(loss.reads for loss in late.losses if loss.said == "not yet copied to Vendor pool") == len(young)
    assert {seen.store for seen in late.seen} == {"Vendor pool"}


def test_no_search_by_plate_finds_a_pseudonym(found):
    hidden = of(found, "Pseudonyms")
    assert hidden.seen == ()
    assert hidden.trips == 0
    assert hidden.pseudonymous == len(of(found, "Federal query").seen)
    assert hidden.against == (("kept under a pseudonym: no search by plate finds it", hidden.pseudonymous),)


def test_a_coarse_record_tells_hour_and_square(found):
    fine, coarse = of(found, "Federal query"), of(found, "Coarse")
    assert [seen.time for seen in coarse.seen] == [seen.time // 3600 * 3600 for seen in fine.seen]
    for seen, exact in zip(coarse.seen, fine.seen, strict=True):
        assert (seen.x % 1000, seen.y % 1000, seen.place_step) == (500, 500, 1000)
        assert max(abs(seen.x - exact.x), abs(seen.y - exact.y)) <= 500
        assert seen.near == ()
        assert seen.place == "a square of 1 km"
        assert " to " in seen.said


def test_samples_and_cameras_that_may_not_keep(lane_run):
    told = asked(lane_run, viewer="West police", policies=["Samples"])
    holding = of(told, "Samples")
    said = {loss.said: loss.reads for loss in holding.losses}
    base = of(told, "Federal query")
    site = Opened.of(lane_run, None).subject("most", MOMENT).reads.site
    patrol = (lane_run.table("cameras", seed=1)["kind"].to_numpy()[site] == "patrol").sum()
    assert any(seen.place.startswith("patrol car") for seen in base.seen)
    assert said["West: that camera’s reads may not be kept"] == patrol
    assert not any(seen.place.startswith("patrol car") for seen in holding.seen)
    by_ice = of(asked(lane_run, policies=["Samples"]), "Samples")
    assert any(loss.said == "not in the sample that East keeps" for loss in by_ice.losses)
    assert [one.policy for one in told.holdings] == ["Federal query", "Samples"]


def test_what_nobody_knows(lane_run, found):
    table, truth = lane_run.table("reads", seed=1), lane_run.table("truth", seed=1)
    mine = table[table["plate"].eq(found.vehicle) & table["time"].le(MOMENT)]
    trips = truth[truth["vehicle"].eq(found.vehicle) & truth["depart"].le(MOMENT)]
    named = [seen.time for seen in of(found, "Federal query").seen]
    own = mine.loc[mine["vehicle"].eq(found.vehicle) & mine["time"].isin(named), "time"]
    seen = sum(
        ((own >= depart) & (own < arrive)).any()
        for depart, arrive in zip(trips["depart"], trips["arrive"], strict=True)
    )
    assert found.ghosts == (mine["vehicle"] != found.vehicle).sum()
    assert found.trips == len(trips)
    assert of(found, "Federal query").trips == seen > 0
    wrong = mine["time"].isin(named) & mine["vehicle"].ne(found.vehicle)
    assert of(found, "Federal query").ghosts == wrong.sum()


def test_whom_typical_and_most_mean(lane_run, found):
    vehicles, table = lane_run.table("vehicles", seed=1), lane_run.table("reads", seed=1)
    residents = np.flatnonzero(vehicles["kind"] == 0)
    counts = table["plate"].value_counts().reindex(residents, fill_value=0)
    assert counts[found.vehicle] == counts.max()
    typical = dossier.dossier(lane_run, "typical", "ICE", "3", hour=4)
    assert counts[typical.vehicle] == sorted(counts)[len(counts) // 2]
    assert dossier.dossier(lane_run, str(found.vehicle), "ICE", AT, hour=HOUR).holdings == found.holdings


def test_places_near_which_it_was_read(lane_run, found):
    opened = Opened.of(lane_run, None)
    subject = opened.subject("most", MOMENT)
    places, kinds = opened.visited(subject.truth)
    for seen in of(found, "Federal query").seen:
        close = {
            PlaceKind(kind).name.lower().replace("_", " ")
            for (x, y), kind in zip(places, kinds, strict=True)
            if np.hypot(x - seen.x, y - seen.y) <= dossier.NEAR
        }
        assert set(seen.near) == close


def test_reads_are_of_the_classes_that_the_run_gave_them(lane_run):
    """As `inquiry` sorts them: what a dossier shows is what the measures were asked of."""
    opened = Opened.of(lane_run, None)
    reads = opened.subject("most", MOMENT).reads
    captured = opened.captured(reads, opened.policy("Samples"))
    cameras, alerts = lane_run.table("cameras", seed=1), lane_run.table("alerts", seed=1)
    hit = set(zip(alerts["time"], alerts["site"], alerts["plate"], strict=True))
    key = cameras["key"].to_numpy(np.uint64)[reads.site]
    kept, held = (
        randomness.uniform(randomness.draw(randomness.stream(1, question), key, reads.plate, reads.time))
        for question in ("sampled keeping", "evidence")
    )
    listed = [one in hit for one in zip(reads.time, reads.site, reads.plate, strict=True)]
    plain_or_hit = np.where(listed, RecordClass.HIT, RecordClass.PLAIN)
    assert captured.record.tolist() == np.where(held < 0.1, RecordClass.HELD, plain_or_hit).tolist()
    assert (captured.draw < 0.5).tolist() == (kept < 0.5).tolist()
    assert captured.barred.tolist() == (cameras["kind"].to_numpy()[reads.site] == "patrol").tolist()
    assert captured.listed[:, opened.row_of["East"]].tolist() == listed


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"vehicle": "9999999"}, "a number from 0 to "),
        ({"vehicle": "lots"}, "typical or most, not 'lots'"),
        ({"viewer": "ice"}, "did you mean 'ICE'"),
        ({"at": "9"}, "days 0 to 2, 2026-10-05 04:00 to 2026-10-08 04:00"),
        ({"at": "2026-10-04"}, "lies outside the run"),
        ({"at": "Monday"}, "a date like 2026-10-05, not 'Monday'"),
        ({"policies": ["Federal querry"]}, "did you mean 'Federal query'"),
    ],
)
def test_what_is_not_there_is_named(lane_run, change, said):
    settings = {"vehicle": "most", "viewer": "ICE", "at": AT, **change}
    with pytest.raises(DossierError, match=said):
        dossier.dossier(
            lane_run, settings["vehicle"], settings["viewer"], settings["at"], policies=settings.get("policies", ())
        )


def test_a_run_without_the_cameras_keys_has_no_samples(lane_run, tmp_path):
    copy = tmp_path / "old"
    shutil.copytree(lane_run.folder, copy)
    file = copy / "seed=1" / "cameras.parquet"
    pd.read_parquet(file).drop(columns="key").to_parquet(file)
    old = results.load(copy)
    assert of(asked(old, policies=["Coarse"]), "Coarse").seen
    with pytest.raises(DossierError, match="sample and held_share"):
        asked(old, policies=["Samples"])


# --- what is printed and drawn ----------------------------------------------------------------------------------------


def test_the_page_is_whole_and_says_that_nobody_exists(lane_run, found, tmp_path):
    page = dossier.write(lane_run, found, tmp_path)
    text = page.read_text("utf-8")
    assert page.parent == tmp_path
    assert "This car does not exist." in text
    assert "http" not in text.replace("http-equiv", "")
    assert text.count("<article") == len(found.holdings)
    assert text.count('<circle class="seen" cx=') > 3
    for holding in found.holdings:
        assert f"<b>{len(holding.seen)}</b>" in text
    assert list(tmp_path.iterdir()) == [page]


def test_a_car_that_was_never_read_has_an_empty_page(lane_run, tmp_path):
    read = set(lane_run.table("reads", seed=1)["plate"])
    never = next(number for number in range(len(lane_run.vehicles)) if number not in read)
    told = asked(lane_run, vehicle=str(never))
    assert told.reads == 0
    assert all((one.seen, one.losses, one.pseudonymous) == ((), (), 0) for one in told.holdings)
    assert "0 times" in dossier.write(lane_run, told, tmp_path).read_text("utf-8")
    assert "0 of 0 reads found" in dossier.as_text(told)
    assert dossier.own_file(lane_run, str(never), "East", "0", hour=4).entries == ()


def test_a_calendar_shows_each_hour_once(lane_run, found):
    text = dossier.write(lane_run, found).read_text("utf-8")
    assert (lane_run.folder / "dossiers").is_dir()
    first = text.split('<svg class="calendar"')[1].split("</svg>")[0]
    base = of(found, "Federal query")
    assert first.count('<rect class="cell') == len({(seen.time // DAY, seen.time // 3600) for seen in base.seen})


def test_the_command_prints_draws_and_says_as_json(lane_run, found, tmp_path):
    options = ["--vehicle", "most", "--viewer", "ICE", "--at", AT, "--hour", str(HOUR), "--out", str(tmp_path)]
    told = CliRunner().invoke(main, ["dossier", str(lane_run.folder), *options])
    assert told.exit_code == 0, told.output
    assert told.stdout.startswith("Synthetic: ")
    assert f"Federal query (baseline): {len(found.holdings[0].seen)} of {found.reads} reads found" in told.stdout
    as_json = CliRunner().invoke(main, ["dossier", str(lane_run.folder), *options, "--json", "--policy", "Coarse"])
    data = json.loads(as_json.stdout)
    assert [holding["policy"] for holding in data["holdings"]] == ["Federal query", "Coarse"]
    assert len(data["holdings"][1]["seen"]) == len(of(found, "Coarse").seen)
    wrong = CliRunner().invoke(main, ["dossier", str(lane_run.folder), *options, "--policy", "Corse"])
    assert wrong.exit_code == 1
    assert "did you mean 'Coarse'" in wrong.stderr


# --- subject access ---------------------------------------------------------------------------------------------------


def test_a_pools_file_says_where_its_copies_came_from(lane_run, found):
    file = dossier.own_file(lane_run, "most", "Vendor pool", AT, hour=HOUR, policy="Searchable pool")
    old = [time for time, _, _ in found.ever if MOMENT - time >= 3600]
    assert len(file.entries) == len(old) > 0
    assert {entry.came_from for entry in file.entries} == {"East", "West"}
    assert all(entry.came_from == entry.owner for entry in file.entries)
    opened = Opened.of(lane_run, None)
    assert [entry.gone for entry in file.entries] == [opened.said(time + 1826 * DAY) for time in old]
    assert file.may_search == ("ICE",)
    assert file.searches is None


def test_a_departments_file_says_whom_it_was_sent_to(lane_run, found):
    file = dossier.own_file(lane_run, "most", "East", AT, hour=HOUR, policy="Searchable pool")
    whole = of(found, "Federal query").seen
    east = [seen for seen in whole if seen.owner == "East"]
    assert [entry.said for entry in file.entries] == [seen.said for seen in east]
    assert {entry.came_from for entry in file.entries} == {""}
    assert file.shared_with == (("Vendor pool", sum(MOMENT - seen.time >= 3600 for seen in east)),)
    hidden = dossier.own_file(lane_run, "most", "East", AT, hour=HOUR, policy="Pseudonyms")
    assert (hidden.entries, hidden.pseudonymous) == ((), len(east))


def test_the_command_gives_me_my_own_file(lane_run):
    options = ["--vehicle", "most", "--agency", "East", "--at", AT, "--hour", str(HOUR)]
    told = CliRunner().invoke(main, ["subject", str(lane_run.folder), *options])
    assert told.exit_code == 0, told.output
    assert "The file of East on vehicle" in told.stdout
    assert "What a reader could infer (the simulation's truth" in told.stdout
    data = json.loads(CliRunner().invoke(main, ["subject", str(lane_run.folder), *options, "--json"]).stdout)
    assert data["agency"] == "East"
    wrong = CliRunner().invoke(main, ["subject", str(lane_run.folder), *options, "--agency", "Easst"])
    assert "did you mean 'East'" in wrong.stderr
    far = CliRunner().invoke(main, ["subject", str(lane_run.folder), *options, "--agency", "Qqq"])
    assert "no agency is called 'Qqq'. There are: 'East', 'West', " in far.stderr


def test_an_empty_file_says_why(lane_run):
    options = ["--vehicle", "most", "--at", AT, "--hour", str(HOUR)]
    told = CliRunner().invoke(main, ["subject", str(lane_run.folder), *options, "--agency", "ICE"])
    assert told.exit_code == 0, told.output
    assert (
        "Nothing of this vehicle lies in its store: ICE keeps nothing: 0 s (custody.agencies.ICE.retention)."
        in told.stdout
    )
    spec = naive.custody({
        "Host": {"kind": "host"}, "Hits": {"keep": "hits", "hit_retention": "60 d"}, "All": {"retention": "unlimited"},
        "Some": {"retention": "7 d"},
    })  # fmt: skip
    assert [_keeps(spec, name) for name in spec.agencies] == [
        "Host keeps nothing of its own: it stores for others (custody.agencies.Host.kind: host)",
        "Hits keeps no plain reads (custody.agencies.Hits.keep); hits: 60 d (custody.agencies.Hits.hit_retention)",
        "All purges nothing (custody.agencies.All.retention)",
        "Some keeps reads for 7 d (custody.agencies.Some.retention)",
    ]
