"""How well cameras read: by kind, light, weather and speed; faults and services; wrong states; signs read as plates."""

from datetime import date

import numpy as np
import pytest

from alprsim import cameras as stage
from alprsim import plates as plate_numbers
from alprsim.cameras import Conditions, Spells, _light
from alprsim.cameras._misreading import _lookalikes
from alprsim.cameras._quality import clear
from alprsim.kernels import station
from alprsim.kernels.plates import LONGEST, misread
from alprsim.randomness import below, draw, stream
from alprsim.scenario import models
from alprsim.tables import DAY, UNLIMITED, Agencies, CameraKind, Cameras, Network, Plates, Sightings, Sites, Vehicles
from tests import naive_cameras as naive

HOUR = 3_600_000
HARTFORD = 41.76, -72.68
KINDS = [CameraKind.FIXED, CameraKind.PATROL, CameraKind.GANTRY, CameraKind.FIXED]


def spec(**values):
    return models.Cameras(groups=(models.CameraGroup(agency="a"),), **values)


def cameras(kinds=KINDS, first=0):
    n = len(kinds)
    return Cameras.of(
        agency=np.arange(n) % 2, kind=kinds, rate=np.full(n, 90), room=np.full(n, 1), capture=np.full(n, 0.9),
        correct=np.full(n, 0.8), key=draw(stream(1, "test cameras"), np.arange(first, first + n)),
    )  # fmt: skip


def sites(n):
    return Sites.of(camera=np.arange(n), road=np.zeros(n), offset=np.zeros(n), heading=np.zeros(n))


def fleet(n):
    return Vehicles.of(
        household=np.arange(n), garage=np.zeros(n), town=np.zeros(n), kind=np.zeros(n),
        key=draw(stream(1, "test cars"), np.arange(n)),
    )  # fmt: skip


def sightings(n, seconds, n_sites=4, speed=15.0):
    """Return n different vehicles at moments of the first ``seconds``."""
    bits = draw(stream(2, "test sightings"), np.arange(n))
    time, site = below(bits, seconds * 1000), below(draw(bits, 1), n_sites)
    order = np.lexsort((site, time))
    return Sightings.of(time=time[order], site=site[order], vehicle=np.arange(n), speed=np.full(n, speed))


AGENCIES = Agencies.of(name=["a", "b"], kind=[0, 0], server_rate=[np.inf, 240], server_room=[9, 3])


def with_signs(seen, on, asked, day=0):
    if not asked.spurious.daily:
        return seen
    return stage.together(seen, stage.signs(on, sites(len(on)), asked.spurious, seed=1, day=day))


def read(seen, on, asked, *, conditions=None, seed=1, day=0, stock=None, agencies=AGENCIES):
    cars, seen = fleet(len(seen)), with_signs(seen, on, asked, day)
    stock = stock or plate_numbers.issue(cars, models.PlateStock(issued=50_000), seed=1)
    return stage.read(
        seen, cars, on, sites(len(on)), agencies, stock, asked, seed=seed, day=day, conditions=conditions
    )  # fmt: skip


def conserved(t):
    lost = t.down + t.missed + t.dropped_reader + t.dropped_store + t.dropped_server
    return np.array_equal(t.passages + t.spurious, lost + t.reads)


# --- everything at once, against the naive twin -------------------------------------------------------------------------

HARD = {
    "state": 0.7, "readable": 0.9, "night": models.Worse(capture=0.5, correct=0.6), "foul": models.Worse(readable=0.5),
    "quality": {"patrol": models.Quality(capture=0.7, state=0.5, foul=models.Worse(state=0.4))},
    "upload": models.Upload(every="20 s", size=4, latency="3 s", store=6), "spurious": models.Spurious(daily=3000.0),
    "blur": models.Blur(all_up_to="10 m/s", none_from="40 m/s"),
}  # fmt: skip


def hard_conditions():
    spans = [[(50_000, 90_000), (200_000, 230_000)], [], [(0, 20_000)], [(100_000, 300_000)]]
    return Conditions(
        down=Spells.of([[(10_000, 40_000)], [(150_000, 180_000)], [], []]), offline=Spells.of(spans),
        dark=Spells.of([[(120_000, 240_000)]]), foul=Spells.of([[(60_000, 180_000)]]),
    )  # fmt: skip


def test_a_hard_day_of_reads_is_that_of_the_naive_twin():
    on, asked = stage.equipped(cameras(), spec(**HARD)), spec(**HARD)
    seen = sightings(900, 300)
    day = read(seen, on, asked, conditions=hard_conditions())
    signs = stage.signs(on, sites(4), asked.spurious, seed=1, day=0)
    cars = fleet(900)
    expected = naive.hard_day(seen, signs, cars, on, AGENCIES, asked, hard_conditions(), seed=1)
    for cause in ("down", "missed", "dropped_reader", "dropped_store", "dropped_server", "unreadable"):
        count = [sum(fate == cause and c == camera for *_, c, fate in expected) for camera in range(4)]
        assert getattr(day.tally, cause).tolist() == count, cause
    for cause in ("misread", "wrong_state"):
        count = [sum(cause in fate and c == camera for *_, c, fate in expected) for camera in range(4)]
        assert getattr(day.tally, cause).tolist() == count, cause
    lost = {"down", "missed", "dropped_reader", "dropped_store", "dropped_server"}
    kept = sorted((time // 1000, site, vehicle) for time, site, vehicle, _, fate in expected if fate not in lost)
    reads = day.reads
    assert sorted(zip(reads.time.tolist(), reads.site.tolist(), reads.vehicle.tolist(), strict=True)) == kept
    assert conserved(day.tally)
    assert min(sum(column) for column in day.tally) > 0
    assert day.tally.down_s.tolist() == [30, 30, 0, 0]


def test_another_camera_changes_no_other_cameras_hard_day():
    """Faults, links, signs, uploads and misreads belong to the camera; only the shared server's queue does not."""
    asked = spec(**HARD, faults=models.Faults(between="4 min", repair="30 s", service_every="3 min", service="9 s"))
    asked = asked.model_copy(
        update={"upload": models.Upload(every="20 s", store=6, outage_every="2 min", outage="40 s")}
    )
    free = Agencies.of(name=["a", "b"], kind=[0, 0], server_rate=[np.inf, np.inf], server_room=[9, 3])
    seen, network = sightings(900, 300), tiny()
    stock = plate_numbers.issue(fleet(900), models.PlateStock(issued=50_000), seed=1)

    def day(first, n):
        on = cameras([*KINDS, CameraKind.GANTRY][first : first + n], first)
        around = stage.conditions(network, on, asked, start=date(2026, 3, 2), length=DAY, seed=1)
        mine = seen.take((seen.site >= first) & (seen.site < first + n))
        shifted = Sightings(**(mine.data() | {"site": mine.site - np.int32(first)}))
        cars = fleet(900)
        shifted = with_signs(shifted, on, asked)
        return stage.read(shifted, cars, on, sites(n), free, stock, asked, seed=1, conditions=around)

    whole, without = day(0, 4), day(1, 3)
    assert all(np.array_equal(more[1:], less) for more, less in zip(whole.tally, without.tally, strict=True))
    rows = whole.reads.site > 0
    assert np.array_equal(whole.reads.plate[rows], without.reads.plate)
    assert np.array_equal(whole.reads.vehicle[rows], without.reads.vehicle)
    assert min(without.tally.down.sum(), without.tally.dropped_store.sum(), without.tally.spurious.sum()) > 0


def tiny():
    """Return as much of a network as tells where it is: Hartford, as longitude and latitude."""
    from types import SimpleNamespace

    junctions = SimpleNamespace(x=np.array([HARTFORD[1]]), y=np.array([HARTFORD[0]]))
    return Network(junctions, None, None, None, "OGC:CRS84", "", False)


# --- kind, light, weather, speed ----------------------------------------------------------------------------------------


def test_nothing_new_said_leaves_every_chance_as_it_was():
    on = cameras()
    chance = stage.chances(stage.equipped(on, spec()), spec(readable=0.98)).reshape(4, station.CONDITIONS, 4)
    assert (chance == np.array([np.float64(np.float32(0.9)), 0.98, np.float64(np.float32(0.8)), 1.0])).all()
    quiet = stage.conditions(tiny(), on, spec(), start=date(2026, 3, 2), length=DAY, seed=1)
    assert not any(len(spells.since) for spells in quiet)


def test_a_kind_reads_as_its_own_keys_say_and_else_as_all_do():
    asked = spec(
        state=0.9, night=models.Worse(capture=0.8), foul=models.Worse(correct=0.5),
        quality={"patrol": models.Quality(capture=0.5, readable=0.6, night=models.Worse(capture=0.1))},
    )  # fmt: skip
    chance = stage.chances(stage.equipped(cameras(), asked), asked).reshape(4, station.CONDITIONS, 4)
    by_day, dark, foul, both = np.moveaxis(chance, 1, 0)
    assert by_day[1] == pytest.approx([0.5, 0.6, 0.8, 0.9])
    assert by_day[0] == pytest.approx([0.9, 0.98, 0.8, 0.9])
    assert dark[1] == pytest.approx([0.05, 0.6, 0.8, 0.9])
    assert dark[0] == pytest.approx([0.72, 0.98, 0.8, 0.9])
    assert foul[1] == pytest.approx([0.5, 0.6, 0.4, 0.9])
    assert both[3] == pytest.approx([0.72, 0.98, 0.4, 0.9])


def test_plates_that_pass_too_fast_are_missed():
    blur = models.Blur(all_up_to="100 m/s", none_from="200 m/s")
    assert clear(np.array([0, 100, 150, 175, 200, 300], np.float32), blur).tolist() == [1, 1, 0.5, 0.25, 0, 0]
    asked = spec(blur=blur, capture=1.0)
    on = cameras()
    slow, fast, blurred = (read(sightings(4000, 86_000, speed=v), on, asked).tally for v in (50, 150, 250))
    assert fast.missed.sum() > 4 * slow.missed.sum() > 0
    assert blurred.reads.sum() == 0


def test_the_share_read_by_night_is_the_nights_share():
    asked = spec(night=models.Worse(capture=0.5))
    around = Conditions.undisturbed(4)._replace(dark=Spells.of([[(0, 12 * HOUR)]]))
    seen = sightings(40_000, DAY)
    on = cameras()
    tally = read(seen, on, asked, conditions=around).tally
    assert tally.missed.sum() / 40_000 == pytest.approx((0.1 + 0.55) / 2, abs=0.01)


# --- the sun ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "zone", "day", "rise", "set_"),
    [
        # Hartford Courant, data desk, 16 December 2014 and 7 December 2015
        (HARTFORD, "America/New_York", date(2014, 12, 14), None, "16:21"),
        (HARTFORD, "America/New_York", date(2014, 12, 25), None, "16:25"),
        (HARTFORD, "America/New_York", date(2015, 2, 20), "06:40", "17:30"),
        (HARTFORD, "America/New_York", date(2016, 1, 5), "07:18", None),
        (HARTFORD, "America/New_York", date(2016, 3, 13), "07:05", None),
        (HARTFORD, "America/New_York", date(2016, 6, 14), "05:15", None),
        # U.S. Naval Observatory, Rise and Set for the Sun for 2008, W121 55 N37 24, 8 h west of Greenwich
        ((37.4, -121.917), "Etc/GMT+8", date(2008, 1, 1), "07:22", "17:00"),
        ((37.4, -121.917), "Etc/GMT+8", date(2008, 4, 1), "05:52", "18:31"),
        ((37.4, -121.917), "Etc/GMT+8", date(2008, 8, 1), "05:12", "19:15"),
        ((37.4, -121.917), "Etc/GMT+8", date(2008, 12, 1), "07:04", "16:50"),
    ],
)  # fmt: skip
def test_the_sun_rises_and_sets_as_published(monkeypatch, at, zone, day, rise, set_):
    # The sun rises as its centre is 0.833° below the horizon; astral takes away the 0.528° by which the air lifts it there.
    monkeypatch.setattr(_light, "TWILIGHT", 0.305)
    check_light(at, zone, day, rise, set_)


@pytest.mark.parametrize(
    ("day", "begin", "end"),
    [
        (date(2025, 9, 1), "06:02", "20:11"),
        (date(2025, 9, 15), "06:19", "19:45"),
        (date(2025, 9, 30), "06:36", "19:18"),
    ],
)
def test_civil_twilight_begins_and_ends_as_published(day, begin, end):
    """Decorah, Iowa (Luther College's table of September, after the U.S. Naval Observatory)."""
    check_light((43.30, -91.79), "America/Chicago", day, begin, end)


def check_light(at, zone, day, begin, end):
    night = stage.nights(at, zone, day, DAY)
    minutes = [4 * 60 + ms / 60_000 for ms in (night.until[0], night.since[1])]
    for found, clock in zip(minutes, (begin, end), strict=True):
        if clock:
            assert found == pytest.approx(int(clock[:2]) * 60 + int(clock[3:]), abs=1.6)


def test_a_night_runs_through_four_in_the_morning_and_by_summer_time():
    """On 8 March 2026 clocks go forward: people's dawn comes an hour later on the next morning, and days keep 24 hours."""
    night = stage.nights(HARTFORD, "America/New_York", date(2026, 3, 6), 5 * DAY)
    dawn = [ms % (24 * HOUR) / HOUR + 4 for ms in night.until[:-1]]
    assert night.since[0] == 0
    assert night.until[-1] == 5 * 24 * HOUR
    assert len(dawn) == 5
    assert dawn[0] == pytest.approx(dawn[1], abs=0.1)
    assert dawn[2] - dawn[1] == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(("day", "dark"), [(date(2026, 6, 21), 0), (date(2026, 12, 21), 3 * DAY * 1000)])
def test_beyond_the_polar_circle_it_is_dark_for_months_or_never(day, dark):
    assert stage.nights((80.0, 20.0), "Europe/Oslo", day, 3 * DAY).length(0, 3 * DAY * 1000).tolist() == [dark]


# --- faults and services ------------------------------------------------------------------------------------------------


def test_intervals_that_meet_are_joined_and_empty_ones_are_none():
    spells = Spells.of([[(5, 9), (1, 3), (3, 4)], [], [(2, 8), (4, 5), (7, 7)], [(6, 6)]])
    assert spells.first.tolist() == [0, 2, 2, 3, 3]
    assert list(zip(spells.since.tolist(), spells.until.tolist(), strict=True)) == [(1, 4), (5, 9), (2, 8)]
    assert spells.length(3, 6).tolist() == [2, 0, 3, 0]


def test_a_camera_is_down_while_broken_or_serviced_and_sees_nothing():
    faults = models.Faults(between="2 d", repair="6 h", service_every="1 d", service="1 h")
    down = stage.out_of_order(cameras().key, faults, length=20 * DAY, stream=stream(1, "faults"))
    only = stage.alternating(cameras().key, 2 * DAY, 6 * 3600, length=20 * DAY, stream=stream(1, "faults"))
    whole = 20 * DAY * 1000
    extra = down.length(0, whole) - only.length(0, whole)
    assert ((extra > 10 * HOUR) & (extra <= 20 * HOUR)).all()
    around = Conditions.undisturbed(4)._replace(down=down)
    seen, on = sightings(8000, 20 * DAY), cameras()
    day = read(seen, on, spec(), conditions=around, day=3)
    camera = seen.site
    inside = [
        sum(down.since[k] <= t < down.until[k] for k in range(down.first[c], down.first[c + 1]))
        for t, c in zip(seen.time.tolist(), camera.tolist(), strict=True)
    ]
    assert day.tally.down.tolist() == np.bincount(camera, inside, 4).tolist()
    assert np.array_equal(day.tally.down_s, down.length(3 * DAY * 1000, 4 * DAY * 1000) // 1000)
    assert conserved(day.tally)


def test_cameras_that_never_fail_are_never_down():
    never = stage.alternating(cameras().key, UNLIMITED, 5, length=DAY, stream=stream(1, "faults"))
    assert never.first.tolist() == [0] * 5


def test_the_first_day_is_like_every_other():
    """A camera begins broken with the share of time it is broken."""
    key = draw(stream(1, "many"), np.arange(600))
    spells = stage.alternating(key, 3 * DAY, DAY, length=8 * DAY, stream=stream(1, "faults"))
    early, late = (spells.length(d * DAY * 1000, (d + 1) * DAY * 1000).mean() / (DAY * 1000) for d in (0, 7))
    assert early == pytest.approx(0.25, abs=0.05)
    assert late == pytest.approx(0.25, abs=0.05)


# --- wrong states, ghosts, signs ----------------------------------------------------------------------------------------


def test_a_wrong_state_names_that_states_plate_of_the_text_or_nobodys():
    table = Plates.of(text=plate_numbers.pack(["AB12345", "AB12345", "CD55555"]), state=[0, 1, 0])
    bits = np.arange(3, dtype=np.uint64)
    fate = np.full(3, station.WRONG_STATE, np.int8)
    assert stage.taken_for(table, np.arange(3, dtype=np.int32), fate, bits).tolist() == [1, 0, -1]
    right = np.full(3, station.RIGHT, np.int8)
    assert stage.taken_for(table, np.arange(3, dtype=np.int32), right, bits).tolist() == [0, 1, 2]


def test_a_misread_stays_in_its_state():
    """Somebody elsewhere bears every text that AB10007 can be misread as: none of them is meant."""
    said = {naive.misread("AB10007", b, stage.CONFUSED, stage.DOCUMENTED) for b in np.arange(3000, dtype=np.uint64)}
    table = Plates.of(text=plate_numbers.pack(["AB10007", *said]), state=[0, *(1 for _ in said)])
    one = np.zeros(3000, np.int32)
    bits = np.arange(3000, dtype=np.uint64)
    assert (stage.misread(table, one, bits) == -1).all()
    both = np.full(3000, station.WRONG_BOTH, np.int8)
    assert (stage.taken_for(table, one, both, bits) > 0).all()


@pytest.mark.whole
def test_misread_plates_of_the_newest_series_mostly_name_another_real_car():
    """Of misreadings of AB·12345 plates 55 % name a plate that is issued: a digit for a digit nearly always, else one in six."""
    stock = plate_numbers.issue(fleet(0), models.PlateStock(), seed=1)
    newest = np.arange(0, 1_813_000, 60, dtype=np.int32)
    bits = draw(stream(1, "misreadings"), newest)
    said = misread(stock.text[newest], bits, *_lookalikes(), stage.DOCUMENTED)
    true, wrong = (
        plate_numbers.spell(text).view(np.uint32).reshape(-1, LONGEST) for text in (stock.text[newest], said)
    )
    changed = np.argmax(true != wrong, axis=1)
    old, new = true[np.arange(len(true)), changed], wrong[np.arange(len(true)), changed]
    digits = (changed >= 2) & (new < ord("A"))
    found = stage.misread(stock, newest, bits) >= 0
    assert (old[digits] < ord("A")).all()
    assert found.mean() == pytest.approx(0.555, abs=0.02)
    assert found[digits].mean() > 0.98
    assert found[~digits].mean() < 0.2


def test_ghosts_are_reads_under_somebody_elses_plate():
    seen = sightings(6000, 40_000)
    stock = plate_numbers.issue(fleet(6000), models.PlateStock(issued=50_000), seed=1)
    day = read(seen, cameras(), spec(state=0.9, spurious=models.Spurious(daily=500.0, issued=0.5)), stock=stock)
    ghost = (day.reads.plate >= 0) & (day.reads.plate != day.reads.vehicle)
    assert day.tally.ghosts.tolist() == np.bincount(day.reads.site[ghost], minlength=4).tolist()
    patrol = 1  # which no sign deceives
    assert day.tally.misread[patrol] > day.tally.ghosts[patrol] > 0.3 * day.tally.misread[patrol]
    assert (day.tally.ghosts[[0, 2, 3]] > day.tally.misread[[0, 2, 3]]).all()
    assert day.tally.wrong_state.sum() / day.tally.reads.sum() == pytest.approx(0.098, abs=0.02)
    assert conserved(day.tally)


def test_a_kinds_own_rate_and_buffer_go_before_those_of_all():
    on = cameras()
    own = stage.equipped(
        on, spec(quality={"patrol": models.Quality(rate="3600 plates/min"), "gantry": models.Quality(buffer=400)})
    )
    assert own.rate.tolist() == [
        3600 if kind == CameraKind.PATROL else rate for kind, rate in zip(KINDS, on.rate, strict=True)
    ]
    assert own.room.tolist() == [
        400 if kind == CameraKind.GANTRY else room for kind, room in zip(KINDS, on.room, strict=True)
    ]
    assert np.array_equal(own.capture, on.capture)
    slow = spec(quality={"patrol": models.Quality(rate="20 plates/min", buffer=0)})
    free = Agencies.of(name=["a", "b"], kind=[0, 0], server_rate=[np.inf, np.inf], server_room=[9, 3])
    usual, held_up = (
        read(sightings(900, 300), stage.equipped(on, asked), asked, agencies=free).tally for asked in (spec(), slow)
    )
    assert held_up.dropped_reader[1] > usual.dropped_reader[1] + 50
    assert [np.delete(column, 1).tolist() for column in held_up] == [np.delete(column, 1).tolist() for column in usual]


def test_signs_are_read_at_standing_cameras_only_and_are_nobodys():
    on, asked = cameras(), spec(spurious=models.Spurious(daily=40.0, issued=0.25))
    counts = np.array(
        [
            np.bincount(stage.signs(on, sites(4), asked.spurious, seed=1, day=day).site, minlength=4)
            for day in range(200)
        ]
    )
    assert not counts[:, 1].any()  # the patrol car's
    assert counts[:, [0, 2, 3]].mean() == pytest.approx(40, abs=1)
    assert counts[:, [0, 2, 3]].var() == pytest.approx(40, abs=6)
    day = read(
        sightings(1, 9), on, asked, day=5, stock=plate_numbers.issue(fleet(1), models.PlateStock(issued=99), seed=1)
    )
    signs = day.reads.vehicle == -1
    assert signs.sum() == day.tally.spurious.sum() - day.tally.dropped_reader.sum() - day.tally.dropped_server.sum()
    assert 0 < (day.reads.plate[signs] >= 0).mean() < 0.5
    assert (day.reads.time[signs] // DAY == 5).all()


def test_signs_alone_make_reads_of_a_day_without_traffic():
    day = read(Sightings.empty(), cameras(), spec(spurious=models.Spurious(daily=10.0)),
               stock=Plates.of(text=plate_numbers.pack(["A1"]), state=[0]))  # fmt: skip
    assert day.tally.passages.sum() == 0 < day.tally.reads.sum()


# --- what a scenario may say --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: models.Blur(all_up_to="9 m/s", none_from="9 m/s"), "none_from must be faster than all_up_to, 9 m/s"),
        (lambda: spec(timezone="Amerika/Hartford"), "'Amerika/Hartford' is not a time zone"),
        (lambda: spec(quality={"drone": models.Quality()}), "fixed"),
        (lambda: models.Faults(between="0 s"), "greater than 0"),
        (lambda: models.Upload(size=0), "greater than or equal to 1"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
