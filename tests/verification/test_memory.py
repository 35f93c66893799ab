"""A run's memory does not grow with its length: traffic is held for a day, reads and trips until their block is written.

So it is bounded by a block (``store.BLOCK_DAYS``), not by a day: in this small town what waits, and its writing, double the
peak of the first day.
"""

import tracemalloc
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from alprsim import experiment
from alprsim.scenario.read import load
from alprsim.store import BLOCK_DAYS
from tests.verification.roadway import BLUE, COMPILED, GREY, RED, picture

pytestmark = [pytest.mark.verification, pytest.mark.whole, COMPILED]

TOWN = Path(__file__).parents[1] / "golden" / "town.yaml"
BLOCKS = 4
ALLOWED = 5.0
"""Percent by which a later block's peak may pass the first's: its days are others. If anything were kept, the fourth would
hold four times what one does."""


def test_memory_does_not_grow_with_the_length_of_a_run(tmp_path, verified, shown, plots):
    """Peaks of each day by tracemalloc, which NumPy reports to, and what Arrow holds when it ends."""
    loaded = load(TOWN, overrides=(f"length={BLOCKS * BLOCK_DAYS} d",))
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
    assert len(days) == BLOCKS * BLOCK_DAYS
    draw(days, plots / "memory.png")
    blocks = days.reshape(BLOCKS, BLOCK_DAYS)
    most = blocks.max(axis=1)
    said = f"{most[0]:.1f} MB in days 1–30, {most[-1]:.1f} MB in the last 30"
    row = "memory of a run"
    verified(
        row, "no later block takes more than the first", 100 * (most[1:] / most[0] - 1).max(), ALLOWED, "%", found=said
    )
    said = f"{blocks[0, 0]:.1f} MB; {np.polyfit(np.arange(BLOCK_DAYS - 1), blocks[0, :-1], 1)[0]:.2f} MB a day until written"
    shown(row, "the first day; what waits for its block", said)


def draw(days, file):
    figure, (axis,) = picture(
        "Memory of a run, by day: peak of NumPy’s and Python’s, and what Arrow holds", "day", "MB"
    )
    axis.plot(np.arange(len(days)) + 1, days, color=BLUE, marker="o", markersize=3, label="a day’s peak")
    axis.axhline(days[:BLOCK_DAYS].max(), color=GREY, linestyle="--", label="most of the first 30 days")
    axis.axhline(days[:BLOCK_DAYS].max() * (1 + ALLOWED / 100), color=RED, linestyle=":", label="allowed")
    axis.set(ylim=(0, None))
    axis.legend(frameon=False, fontsize=8, loc="lower right")
    figure.savefig(file, dpi=120)
