"""A run's memory does not grow with its length: traffic is held for a day, reads and trips wait for their block on disk.

So it is bounded by a day, and by a piece of a block (``store._PIECE`` rows) where that is put together.
"""

import tracemalloc
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from alprsim import experiment, store
from alprsim.randomness import below, draw
from alprsim.scenario.read import load
from alprsim.tables import DAY, Journeys, Reads, Trips
from tests.verification.roadway import BLUE, COMPILED, GREY, RED, picture

pytestmark = [pytest.mark.verification, pytest.mark.whole, COMPILED]

TOWN = Path(__file__).parents[1] / "golden" / "town.yaml"
FEW, MANY = 10, 70
ALLOWED = 10.0
"""Percent by which a later day's peak may pass one of the first ten: its days are others, and a town's Saturdays differ by
that much (the picture). A kept day would add 1 % a day, 60 % in the end."""
A_ROW = 120
"""Bytes that a row of a piece may take while it is put together: 29 of the truth, three times over, and its place in order."""
A_DAY = 200_000
PLATES = 50_000


def test_memory_does_not_grow_with_the_length_of_a_run(tmp_path, verified, shown, plots):
    """Peaks of each day by tracemalloc, which NumPy reports to, and what Arrow holds when it ends."""
    loaded = load(TOWN, overrides=(f"length={MANY} d",))
    (tmp_path / "plan").mkdir()
    (tmp_path / "seed").mkdir()
    world = experiment.prepare(loaded, scratch=tmp_path / "plan", jobs=1, tell=lambda *_: None)
    peaks, arrow = [], []

    def tell(stage, done):
        if stage == "days":
            peaks.append(tracemalloc.get_traced_memory()[1])
            arrow.append(pa.total_allocated_bytes())
            tracemalloc.reset_peak()

    tracemalloc.start()
    try:
        experiment.simulate(loaded, world, seed=1, folder=tmp_path / "seed", tell=tell)
    finally:
        tracemalloc.stop()
    days = (np.array(peaks[1:]) + np.array(arrow[1:])) / 1e6  # the first is of what came before the days
    assert len(days) == MANY
    number = np.arange(1, MANY + 1)
    ends = (number % store.BLOCK_DAYS == 0) | (number == MANY)
    draw_days(days, ends, plots / "memory.png")
    few = days[1:FEW].max()  # on the first day Python loads and compiles
    later = days[FEW:][~ends[FEW:]]
    row = "memory of a run"
    said = f"{few:.1f} MB in days 2–{FEW}, {later.max():.1f} MB later"
    verified(row, "no later day takes more than the first ten", 100 * (later.max() / few - 1), ALLOWED, "%", found=said)
    more = days[ends].max() - later.max()
    said = f"{more:.1f} MB above a day's"
    verified(row, "a block put together takes a piece more", more, A_ROW * store._PIECE / 1e6, "MB", found=said)
    shown(row, "growth", f"{1000 * np.polyfit(number[1:][~ends[1:]], days[1:][~ends[1:]], 1)[0]:.0f} kB a day")


def test_what_is_written_takes_a_days_memory_however_many_days(tmp_path, verified):
    """Reads and trips of days that are larger than a piece of a block; both lengths end with a block put together."""
    rows = [a_day(0), a_day(1)]
    few, many = (most_to_write(tmp_path / str(days), rows * (days // 2)) for days in (FEW, store.BLOCK_DAYS + FEW))
    said = f"{few / 1e6:.1f} MB in {FEW} days, {many / 1e6:.1f} MB in {store.BLOCK_DAYS + FEW}"
    verified("memory of a run", "more days are written in no more", 100 * (many / few - 1), ALLOWED, "%", found=said)


def most_to_write(folder, days):
    """Return the peak of what Python and NumPy hold while days are written, and what Arrow holds between them."""
    folder.mkdir()
    arrow = []
    writer = store.Writer(folder, store.layout(PLATES, np.arange(PLATES), 2))
    tracemalloc.start()
    try:
        for day in days:
            writer.add(*day)
            arrow.append(pa.total_allocated_bytes())
        writer.flush()
        return tracemalloc.get_traced_memory()[1] + max(arrow)
    finally:
        tracemalloc.stop()


def a_day(day):
    """Return reads and trips of random vehicles."""
    bits = draw(np.uint64(1), day, np.arange(A_DAY))
    time, vehicle = np.sort(below(bits, DAY)) + day * DAY, below(draw(bits, 1), PLATES)
    reads = Reads.of(time=time, site=below(draw(bits, 2), 300), plate=vehicle, vehicle=vehicle)
    nobody, driver = np.zeros(A_DAY), np.sort(vehicle)
    trips = Trips.of(
        vehicle=driver,
        driver=driver,
        companion=nobody - 1,
        depart=time,
        origin=nobody,
        destination=nobody,
        purpose=nobody,
    )
    return reads, trips, Journeys.of(depart=time, arrive=time + 60, path=nobody)


def draw_days(days, ends, file):
    figure, (axis,) = picture(
        "Memory of a run, by day: peak of NumPy’s and Python’s, and what Arrow holds", "day", "MB"
    )
    few, number = days[1:FEW].max(), np.arange(1, len(days) + 1)
    axis.plot(number, days, color=BLUE, marker="o", markersize=3, label="a day’s peak; high where a block is written")
    axis.axhline(few, color=GREY, linestyle="--", label=f"most of days 2–{FEW}")
    axis.axhline(few * (1 + ALLOWED / 100), color=RED, linestyle=":", label="allowed, a block’s end aside")
    axis.set(ylim=(0, None))
    axis.legend(frameon=False, fontsize=8, loc="lower right")
    figure.savefig(file, dpi=120)
