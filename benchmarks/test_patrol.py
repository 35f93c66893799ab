"""Speed of meeting traffic; the answer is checked against what two streams that pass each other come to."""

import numpy as np
import pytest

from alprsim.kernels import patrol
from alprsim.randomness import below, draw, stream

STREETS, CROSSING, DAY = 500, 20_000, 86_400_000
CARS, CROSSINGS = 2_000_000, 40_000


@pytest.fixture(scope="module")
def day():
    """Return a day's traffic on 500 two-way streets of 200 m, and 40,000 crossings by cars with readers: a dozen of them."""
    bits = draw(stream(1, "a day of streets"), np.arange(CARS))
    road, enter = below(bits, 2 * STREETS), below(draw(bits, 1), DAY)
    order = np.lexsort((enter, road))
    first = np.concatenate([[0], np.cumsum(np.bincount(road, minlength=2 * STREETS))])
    mine = draw(stream(1, "crossings"), np.arange(CROSSINGS))
    start = below(draw(mine, 1), DAY)
    return (
        below(mine, 2 * STREETS).astype(np.int32), start, start + CROSSING, np.zeros(CROSSINGS) + 15.0,
        (np.arange(2 * STREETS) ^ 1).astype(np.int32), np.full(2 * STREETS, 200.0), first,
        np.full(2 * STREETS, CROSSING), enter[order], enter[order] + CROSSING,
    )  # fmt: skip


def test_meetings(benchmark, day):
    """Oncoming: the flow over twice the crossing time; the same way: over the time that 15 m ahead and behind take."""
    none = np.empty(0, np.int64)
    room = patrol.meetings(*day, none, none, none)
    crossing, car, moment = (np.empty(room, np.int64) for _ in range(3))
    assert benchmark(patrol.meetings, *day, crossing, car, moment) == room
    per_ms = CARS / (2 * STREETS) / DAY
    same_way = np.searchsorted(day[6], car, side="right") - 1 == day[0][crossing]
    assert (~same_way).sum() / CROSSINGS == pytest.approx(per_ms * 2 * CROSSING, rel=0.02)
    assert same_way.sum() / CROSSINGS == pytest.approx(per_ms * 2 * CROSSING * 15 / 200, rel=0.05)
    assert ((day[1][crossing] <= moment) & (moment < day[2][crossing])).all()
