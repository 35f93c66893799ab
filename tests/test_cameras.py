"""Reads: which plates are missed, dropped, unreadable or read wrong, and that nobody else changes them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import cameras as stage
from alprsim import plates as plate_numbers
from alprsim.cameras._reading import _ordered
from alprsim.kernels.plates import ALPHABET
from alprsim.randomness import below, draw, stream
from alprsim.scenario import models
from alprsim.tables import Agencies, Cameras, Passages, Plates, Roads, Sites, Trips, Vehicles
from tests import naive_cameras as naive

INF = float("inf")


def spec(**values):
    """Say how cameras read; test roads are driven at hundreds of miles an hour, which must blur nothing."""
    values = {"blur": models.Blur(all_up_to="1e6 m/s", none_from="2e6 m/s")} | values
    return models.Cameras(groups=(models.CameraGroup(agency="a"),), **values)


def make_roads(n, length=100.0, crossing=1000):
    return Roads.of(
        tail=np.arange(n), head=np.arange(n), length=np.full(n, length), crossing=np.full(n, crossing), lanes=np.ones(n),
        headway=np.full(n, 2000), room=np.full(n, 10), wave=np.full(n, 9000), kind=np.full(n, 4),
    )  # fmt: skip


def make_agencies(*servers):
    """Each: (rate, room)."""
    rate, room = zip(*servers, strict=True)
    names = np.array([f"agency {n}" for n in range(len(servers))])
    return Agencies.of(name=names, kind=np.zeros(len(names)), server_rate=rate, server_room=room)


def make_cameras(rows):
    """rows: (agency, key, rate, room, capture, correct)."""
    agency, key, rate, room, capture, correct = zip(*rows, strict=True)
    return Cameras.of(
        agency=agency, kind=np.zeros(len(rows)), rate=rate, room=room, capture=capture, correct=correct,
        key=np.array(key, np.uint64),
    )  # fmt: skip


def make_sites(rows):
    """rows: (camera, road, offset)."""
    camera, road, offset = zip(*rows, strict=True)
    return Sites.of(camera=camera, road=road, offset=offset, heading=np.zeros(len(rows)))


def make_vehicles(keys):
    n = len(keys)
    return Vehicles.of(
        household=np.arange(n), garage=np.zeros(n), town=np.zeros(n), kind=np.zeros(n), key=np.array(keys, np.uint64)
    )  # fmt: skip


def make_trips(vehicle):
    n = len(vehicle)
    return Trips.of(
        vehicle=vehicle, driver=np.zeros(n), companion=np.full(n, -1), depart=np.zeros(n), origin=np.zeros(n),
        destination=np.zeros(n), purpose=np.zeros(n),
    )  # fmt: skip


def town_day(n=4000, n_cameras=6, seconds=3600, **camera):
    """Return a busy hour at a few cameras of two agencies; every vehicle makes one trip and one passage."""
    bits = draw(stream(3, "test day"), np.arange(n))
    values = {"rate": INF, "room": 16, "capture": 0.9, "correct": 0.9} | camera
    return {
        "passages": Passages.of(
            time=np.sort(below(bits, seconds * 1000)), road=below(draw(bits, 1), n_cameras + 2), trip=np.arange(n)
        ),
        "trips": make_trips(np.arange(n)),
        "vehicles": make_vehicles(draw(stream(3, "test vehicles"), np.arange(n))),
        "cameras": make_cameras([(c % 2, 1000 + c, *values.values()) for c in range(n_cameras)]),
        "sites": make_sites([(c, c, 50.0) for c in range(n_cameras)]),
        "agencies": make_agencies((INF, 100), (INF, 100)),
        "plates": plate_numbers.issue(
            make_vehicles(draw(stream(3, "test vehicles"), np.arange(n))), models.PlateStock(issued=200_000), seed=1
        ),
        "roads": make_roads(n_cameras + 2),
        "spec": spec(),
    }


def read_day(passages, trips, vehicles, cameras, sites, agencies, plates, roads, spec, *, seed):
    """Let the cameras read a day from its passages on."""
    seen = stage.sightings(passages, trips, vehicles, sites, roads)
    return stage.read(seen, vehicles, cameras, sites, agencies, plates, spec, seed=seed)


def conserved(tally):
    dropped = tally.dropped_reader + tally.dropped_store + tally.dropped_server
    return np.array_equal(tally.passages + tally.spurious, tally.down + tally.missed + dropped + tally.reads)


# --- misreading -------------------------------------------------------------------------------------------------------

texts = st.text(ALPHABET[1:], min_size=1, max_size=8)


@given(st.lists(texts, min_size=1, max_size=6, unique=True), st.integers(0, 2**32))
@settings(deadline=None, derandomize=True)
def test_misreadings_are_those_of_the_naive_twin(true, bits):
    """Half of the misread texts are issued to somebody else, and those must be found."""
    bits = np.arange(bits, bits + len(true), dtype=np.uint64)
    said = [naive.misread(p, b, stage.CONFUSED, stage.DOCUMENTED) for p, b in zip(true, bits, strict=True)]
    issued = list(dict.fromkeys(true + said[::2]))
    table = Plates.of(text=plate_numbers.pack(issued), state=np.zeros(len(issued)))
    found = stage.misread(table, np.arange(len(true), dtype=np.int32), bits)
    assert found.tolist() == [issued.index(s) if s in issued else -1 for s in said]
    assert all(
        len(s) == len(p) and sum(a != b for a, b in zip(s, p, strict=True)) == 1
        for s, p in zip(said, true, strict=True)
    )


def test_documented_confusions_happen():
    bits = np.arange(4000, dtype=np.uint64)
    said = {naive.misread("7", b, stage.CONFUSED, 1.0) for b in bits[:100]}
    assert said == {"2", "3", "Z"}
    assert {naive.misread("0", b, stage.CONFUSED, 1.0) for b in bits[:100]} == {"O", "D", "Q"}
    table = Plates.of(text=plate_numbers.pack(["AB10007", "AB10002", "AB10005"]), state=np.zeros(3))
    found = stage.misread(table, np.zeros(4000, np.int32), bits)
    as_two, as_five = (found == 1).mean(), (found == 2).mean()
    assert as_two > 2.5 * as_five > 0  # 1/2 × 1/3 + 1/2 × 1/9 against 1/2 × 1/9 of the last digit's
    assert not (found == 0).any()


def test_most_misreadings_name_another_real_plate():
    """Plates are issued in sequence, so a wrong digit makes a plate that somebody bears."""
    vehicles = make_vehicles(draw(stream(3, "test vehicles"), np.arange(20_000)))
    stock = plate_numbers.issue(vehicles, models.PlateStock(issued=1_000_000), seed=1)
    newest = np.flatnonzero([len(p) == 7 for p in plate_numbers.spell(stock.text[:20_000])]).astype(np.int32)
    found = stage.misread(stock, newest, draw(stream(1, "misreadings"), newest))
    assert (found >= 0).mean() > 0.5
    assert (found != newest).all()
    assert 0 < ((found >= 0) & (found < 20_000)).mean() < 0.05  # most of them outside the simulated sample


# --- a day of reads ---------------------------------------------------------------------------------------------------

shares = st.sampled_from([0.0, 0.5, 1.0])
entries = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 2), st.integers(0, 3)), max_size=12, unique=True
).map(sorted)  # fmt: skip
camera_rows = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([INF, 60_000.0, 30_000.0, 15_000.0]), st.integers(0, 2), shares, shares),
    min_size=1, max_size=3,
)  # fmt: skip
site_rows = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 4)), min_size=1, max_size=4)
server_rows = st.lists(st.tuples(st.sampled_from([INF, 60_000.0, 20_000.0]), st.integers(0, 2)), min_size=2, max_size=2)


@given(entries, camera_rows, site_rows, server_rows, shares, st.integers(0, 5))
@settings(deadline=None, derandomize=True)
def test_a_day_of_reads_is_that_of_the_naive_twin(entered, rows, watched, servers, readable, seed):
    """Times 0…9 ms, services of 0…4 ms, three cameras: ties at sites, readers and servers all happen."""
    watched = [(camera % len(rows), road, shift) for camera, road, shift in watched]
    keys = [977, 13, 2**63, 5]
    cameras = make_cameras([(a, 100 + n, rate, room, p, c) for n, (a, rate, room, p, c) in enumerate(rows)])
    time, road, trip = zip(*entered, strict=True) if entered else ((), (), ())
    world = (
        Passages.of(time=time, road=road, trip=trip), make_trips(np.arange(4)), make_vehicles(keys), cameras,
        make_sites([(camera, road, 10.0 * shift) for camera, road, shift in watched]), make_agencies(*servers),
        Plates.of(text=plate_numbers.pack(["A1", "B2", "C3", "D4"]), state=np.zeros(4)), make_roads(3, crossing=10),
        spec(readable=readable),
    )  # fmt: skip
    day = read_day(*world, seed=seed)
    service = {INF: 0, 60_000.0: 1, 30_000.0: 2, 20_000.0: 3, 15_000.0: 4}
    expected = naive.read(
        [(time, road, keys[trip]) for time, road, trip in entered], watched,
        [(a, 100 + n, service[rate], room, p, c) for n, (a, rate, room, p, c) in enumerate(rows)],
        [(service[rate], room) for rate, room in servers], readable, seed,
    )  # fmt: skip
    for cause in ("missed", "dropped_reader", "dropped_server", "unreadable", "misread"):
        assert getattr(day.tally, cause).tolist() == [
            sum(camera == c and fate == cause for *_, camera, fate in expected) for c in range(len(rows))
        ]
    kept = sorted(
        (site, keys.index(v)) for _, site, v, _, fate in expected if "dropped" not in fate and fate != "missed"
    )
    assert sorted(zip(day.reads.site.tolist(), day.reads.vehicle.tolist(), strict=True)) == kept
    assert conserved(day.tally)


def test_every_plate_that_passes_is_counted_once():
    world = town_day(seconds=900, rate=40.0, room=2) | {"agencies": make_agencies((70.0, 3), (INF, 0))}
    day = read_day(**world, seed=1)
    t = day.tally
    assert conserved(t)
    assert min(t.missed.sum(), t.dropped_reader.sum(), t.dropped_server.sum(), t.unreadable.sum(), t.misread.sum()) > 0
    assert not t.dropped_server[1::2].any()
    assert np.array_equal(t.passages, np.bincount(world["passages"].road, minlength=8)[:6])
    assert np.array_equal(t.reads, np.bincount(world["sites"].camera[day.reads.site], minlength=6))


def test_reads_are_ordered_and_carry_the_moment_of_passing():
    world = town_day(capture=1.0, correct=1.0) | {"spec": spec(readable=1.0)}
    reads = read_day(**world, seed=1).reads
    rows = list(zip(reads.time.tolist(), reads.site.tolist(), reads.plate.tolist(), strict=True))
    assert rows == sorted(rows)
    passed = world["passages"].take(world["passages"].road < 6)
    expected = dict(zip(passed.trip.tolist(), ((passed.time + 500) // 1000).tolist(), strict=True))
    assert dict(zip(reads.vehicle.tolist(), reads.time.tolist(), strict=True)) == expected
    assert np.array_equal(reads.plate, reads.vehicle)


def test_reads_are_ordered_late_in_a_long_run_of_a_whole_state():
    """68 years in, with ten thousand sites and ten million plates: one number still orders them."""
    late = 2**31 - 1 - np.array([86_400, 86_400, 5, 0, 0, 0])
    site, plate = np.array([9_999, 0, 3, 9_999, 5, 5]), np.array([-1, 9_999_999, 1, 0, 9_999_999, -1])
    rows = [column.astype(np.int32) for column in (late, site, plate, np.arange(6))]
    assert _ordered(*rows, 10_000, 10_000_000).vehicle.tolist() == [1, 0, 2, 5, 4, 3]


def test_the_shares_are_those_asked_for():
    tally = read_day(**town_day(n=40_000) | {"spec": spec(readable=0.8)}, seed=1).tally
    captured = tally.passages.sum() - tally.missed.sum()
    assert captured / tally.passages.sum() == pytest.approx(0.9, abs=0.01)
    assert tally.unreadable.sum() / captured == pytest.approx(0.2, abs=0.01)
    assert tally.misread.sum() / (captured - tally.unreadable.sum()) == pytest.approx(0.1, abs=0.01)


def test_misreads_become_ghosts_of_other_plates_and_unreadable_ones_nobodys():
    world = town_day(n=20_000, correct=0.5) | {"spec": spec(readable=0.9)}
    day = read_day(**world, seed=1)
    other = (day.reads.plate >= 0) & (day.reads.plate != day.reads.vehicle)
    assert day.tally.misread.sum() > other.sum() > 0.4 * day.tally.misread.sum()
    nobody = (day.reads.plate == -1).sum()
    assert nobody == day.tally.unreadable.sum() + day.tally.misread.sum() - other.sum()
    assert (day.reads.plate == day.reads.vehicle).sum() == day.tally.reads.sum() - nobody - other.sum()


def as_set(reads, sites, cameras, vehicles):
    """Return reads by what they are about, not by row: (time, camera key, vehicle key, plate)."""
    camera = cameras.key[sites.camera[reads.site]].tolist()
    rows = zip(reads.time.tolist(), camera, vehicles.key[reads.vehicle].tolist(), reads.plate.tolist(), strict=True)
    return set(rows)


def test_another_camera_changes_no_other_cameras_reads():
    """Readers saturate, servers do not: a camera put before all others, at both its own and a shared road."""
    world = town_day(rate=40.0, room=2)
    cameras, sites = world["cameras"], world["sites"]
    before = read_day(**world, seed=1)
    assert before.tally.dropped_reader.sum() > 0
    added = make_cameras([(0, 5, 40.0, 2, 0.9, 0.9)])
    more = Cameras(**{name: np.concatenate((added.data()[name], column)) for name, column in cameras.data().items()})
    shifted = [
        (c + 1, r, o) for c, r, o in zip(sites.camera.tolist(), sites.road.tolist(), sites.offset.tolist(), strict=True)
    ]
    sites_more = make_sites([(0, 6, 20.0), (0, 3, 50.0), *shifted])
    after = read_day(**world | {"cameras": more, "sites": sites_more}, seed=1)
    assert after.tally.reads[0] > 0
    kept = {row for row in as_set(after.reads, sites_more, more, world["vehicles"]) if row[1] != 5}
    assert kept == as_set(before.reads, sites, cameras, world["vehicles"])


def test_renumbering_vehicles_changes_nothing():
    world = town_day(n=2000, seconds=20, rate=600.0, room=1)  # 100 plates a second: moments are shared
    order = np.argsort(draw(stream(1, "another order"), np.arange(2000)))
    row = np.argsort(order)
    moved = {
        "vehicles": world["vehicles"].take(order),
        "passages": Passages.of(
            time=world["passages"].time, road=world["passages"].road, trip=row[world["passages"].trip]
        ),
        "plates": Plates.of(
            text=np.concatenate((world["plates"].text[:2000][order], world["plates"].text[2000:])),
            state=world["plates"].state,
        ),
    }
    one, other = read_day(**world, seed=1), read_day(**world | moved, seed=1)
    assert one.tally.dropped_reader.sum() > 0
    assert all(np.array_equal(a, b) for a, b in zip(one.tally, other.tally, strict=True))
    plate = np.where(one.reads.plate < 2000, np.append(row, -1)[np.minimum(one.reads.plate, 2000)], one.reads.plate)
    renumbered = (one.reads.time, one.reads.site, plate, row[one.reads.vehicle])
    truth = list(zip(*(column.tolist() for column in renumbered), strict=True))
    again = list(zip(*(column.tolist() for column in other.reads.data().values()), strict=True))
    assert sorted(truth) == sorted(again)


def test_the_seed_redraws_the_reads():
    world = town_day()
    one, same, other = (read_day(**world, seed=s).reads for s in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one.data().values(), same.data().values(), strict=True))
    assert not np.array_equal(one.vehicle, other.vehicle)


def test_a_camera_of_two_sites_reads_with_one_reader():
    """Two roads, 30 plates each at one moment a second: one reader of one plate a second takes half of what two would."""
    time = np.repeat(np.arange(30) * 1000, 2)
    world = town_day(n=60) | {
        "passages": Passages.of(time=time, road=np.tile([0, 1], 30), trip=np.arange(60)),
        "cameras": make_cameras([(0, 1, 60.0, 0, 1.0, 1.0)]),
        "sites": make_sites([(0, 0, 50.0), (0, 1, 50.0)]),
        "spec": spec(readable=1.0),
    }
    tally = read_day(**world, seed=1).tally
    assert (tally.passages[0], tally.dropped_reader[0], tally.reads[0]) == (60, 30, 30)


def test_a_saturated_server_drops_one_minus_capacity_over_arrivals():
    """Three cameras give it 2 plates a second; it takes 1."""
    world = town_day(n=9600, seconds=3600, capture=1.0) | {"agencies": make_agencies((60.0, 50), (INF, 0))}
    tally = read_day(**world, seed=1).tally
    offered = tally.passages[::2].sum()
    assert tally.dropped_server[::2].sum() / offered == pytest.approx(1 - 3600 / offered, abs=0.02)
    assert tally.dropped_server[1::2].sum() == 0


@pytest.mark.parametrize(("offset", "moment"), [(0.0, 10_000), (49.96, 10_500), (100.0, 11_000), (120.0, 11_000)])
def test_a_vehicle_passes_a_site_at_the_roads_own_speed(offset, moment):
    world = town_day(n=1) | {
        "passages": Passages.of(time=[10_000], road=[0], trip=[0]), "sites": make_sites([(0, 0, offset)]),
    }  # fmt: skip
    sightings = stage.sightings(world["passages"], world["trips"], world["vehicles"], world["sites"], world["roads"])
    assert sightings.time.tolist() == [moment]


def test_a_day_without_passages_or_cameras_is_empty():
    world = town_day(n=10)
    assert len(read_day(**world | {"passages": Passages.empty()}, seed=1).reads) == 0
    day = read_day(**world | {"cameras": Cameras.empty(), "sites": Sites.empty()}, seed=1)
    assert len(day.reads) == len(day.tally.passages) == 0


def test_a_reader_that_reads_nothing_is_refused():
    with pytest.raises(ValueError, match=r"cameras.rate must be above 0 plates/min, not 0"):
        read_day(**town_day(n=10, rate=0.0), seed=1)
    with pytest.raises(ValueError, match=r"server_rate must be above 0 plates/min, not 0"):
        read_day(**town_day(n=10) | {"agencies": make_agencies((0.0, 1), (INF, 1))}, seed=1)
