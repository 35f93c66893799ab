"""Speed of the readers' queues and draws; the answers are checked against theory."""

from time import process_time

import numpy as np
import pytest

from alprsim.kernels import station
from alprsim.randomness import below, draw, stream

PLATES, CAMERAS = 4_000_000, 300


@pytest.fixture(scope="module")
def day():
    """Four million plates in a day at 300 cameras: the readers of a whole state."""
    bits = draw(stream(1, "a day of plates"), np.arange(PLATES))
    time = np.sort(below(bits, 86_400_000))
    return time, below(draw(bits, 1), CAMERAS).astype(np.int32), draw(bits, 2)


@pytest.mark.parametrize(("service", "lost"), [(33, 0.0), (12_960, 0.5)], ids=["idle", "overloaded"])
def test_serve(benchmark, day, service, lost):
    """Each camera gets a plate every 6.48 s: at two such times a plate it must lose half."""
    time, camera, _ = day
    services, room = np.full(CAMERAS, service), np.full(CAMERAS, 16)
    done = benchmark(station.serve, time, camera, services, room)
    assert np.mean(done < 0) == pytest.approx(lost, abs=0.005)
    assert (done[done >= 0] >= (time + service)[done >= 0]).all()


def test_fates(benchmark, day):
    time, camera, vehicle_key = day
    camera_key = draw(stream(1, "cameras"), np.arange(CAMERAS))
    chance = np.tile([0.9, 0.98, 0.93, 0.9], (CAMERAS * station.CONDITIONS, 1))
    condition, clear = np.zeros(PLATES, np.int8), np.ones(PLATES, np.float32)
    fate = benchmark(station.fates, stream(1, "fates"), camera, condition, camera_key, vehicle_key, time, clear, chance)
    shares = np.bincount(fate, minlength=station.FATES) / PLATES
    text = 0.9 * 0.98
    assert shares[[station.MISSED, station.UNREADABLE]] == pytest.approx([0.1, 0.9 * 0.02], abs=0.001)
    assert shares[station.MISREAD : station.SPURIOUS] == pytest.approx(
        [text * 0.07 * 0.9, text * 0.93 * 0.9, text * 0.07 * 0.1, text * 0.93 * 0.1], abs=0.001
    )


MINUTES = {0: 15 / 60 * 7.5, 60_000: 44 / 60 * 0.5 + 1 / 60 * 15.5 + 15 / 60 * 7.5}


@pytest.mark.parametrize("every", MINUTES, ids=["at once", "by the minute"])
def test_upload(benchmark, day, every):
    """A link that is down for the last quarter of every hour delays what comes then by half that, and the minute before."""
    time, camera, _ = day
    hours = np.tile(np.arange(24) * 3_600_000, CAMERAS)
    outages = np.arange(CAMERAS + 1) * 24, hours + 2_700_000, hours + 3_600_000
    sent = benchmark(station.upload, time, camera, every, np.zeros(CAMERAS, np.int64), 1 << 62, 100_000, *outages)
    waited = sent - time
    assert waited.min() >= 0
    assert waited.mean() == pytest.approx(MINUTES[every] * 60_000, rel=0.005)
    assert not station.within(sent, camera, *outages).any()


def test_a_station_takes_forty_million_plates_a_second(day, tell):
    """Reader, store and server one after the other, in a core's own time."""
    time, camera, _ = day
    services, room = np.full(CAMERAS, 33), np.full(CAMERAS, 16)
    never = np.zeros(CAMERAS + 1, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
    server = np.zeros(PLATES, np.int32)

    def station_of_two_stages():
        done = station.serve(time, camera, services, room)
        sent = station.upload(done, camera, 0, np.zeros(CAMERAS, np.int64), 1 << 62, 100_000, *never)
        return station.serve(sent, server, np.array([1]), np.array([100_000]))

    took = []
    for _ in range(5):
        begun = process_time()
        done = station_of_two_stages()
        took.append(process_time() - begun)
    assert (done - time >= 34).all()
    tell(f"station of two stages: {PLATES / min(took) / 1e6:.0f} million plates a second and core")
    assert PLATES / min(took) > 40e6
