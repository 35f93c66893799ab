"""Speed of the readers' queues and draws; the answers are checked against theory."""

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
    capture, correct = np.full(CAMERAS, 0.9, np.float32), np.full(CAMERAS, 0.93, np.float32)
    fate = benchmark(station.fates, stream(1, "fates"), camera, camera_key, vehicle_key, time, capture, 0.98, correct)
    shares = np.bincount(fate, minlength=6) / PLATES
    assert shares == pytest.approx([0.1, 0, 0, 0.9 * 0.02, 0.9 * 0.98 * 0.07, 0.9 * 0.98 * 0.93], abs=0.001)
