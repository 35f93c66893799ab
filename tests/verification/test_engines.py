"""The two engines and the plain twin on thousands of random small networks: the same day, to the bit."""

import numba
import numpy as np
import pytest

from alprsim import traffic
from tests.test_traffic import Tally, agree, random_worlds, run_to_end, same_state
from tests.verification.roadway import BLUE, GREY, RED, picture

pytestmark = [
    pytest.mark.verification,
    pytest.mark.skipif(
        bool(numba.config.DISABLE_JIT), reason="minutes as plain Python; hundreds of networks are compared elsewhere"
    ),
]

ROW, NETWORKS = "two engines", 4_000
HARD = {
    "equal_headways": "all headways equal",
    "spillback": "spillback",
    "forced": "moves by force (gridlock)",
    "unfinished": "unfinished at the day’s end",
}
"""What makes engines differ, and the least share of the networks that must have it: 30 %."""


def test_engines_and_the_plain_twin_agree_on_thousands_of_networks(verified, plots):
    """With any width of the calendar's buckets and any slices, too."""
    tally, differ, differ_sliced = Tally(), [], []
    for world, rng in random_worlds(3, NETWORKS):
        try:
            tally.add(world, [agree(world, storage) for storage in ("newell", "simple")])
        except AssertionError:
            differ.append(world)
        plan = world.plan(storage=str(rng.choice(["newell", "simple"])))
        moments = np.sort(rng.integers(0, 15_000, rng.integers(0, 6))) + plan.meant.min()
        sliced = run_to_end(traffic.Queues(plan, shift=int(rng.integers(0, 15))), moments.tolist())
        if not same_state(sliced, run_to_end(traffic.Queues(plan))):
            differ_sliced.append(world)
    draw(tally, plots / "engines.png")
    said = f"{tally.networks:,} networks alike, both storages, {tally.moves:,} moves"
    first = f"first: {differ[0]}" if differ else said
    verified(ROW, "SimPy = compiled = plain twin, to the bit", len(differ), 0, "networks", found=first)
    first = f"first: {differ_sliced[0]}" if differ_sliced else ""
    verified(ROW, "any bucket width and slices: the same", len(differ_sliced), 0, "networks", found=first)
    for name, what in HARD.items():
        share = getattr(tally, name) / tally.networks
        verified(ROW, f"≥ 30 % of them with: {what}", max(0.0, 30 - 100 * share), 0, "points", found=f"{share:.0%}")


def draw(tally, file):
    figure, (axis,) = picture(
        f"{tally.networks:,} random networks on which SimPy, compiled and plain twin agree", "networks", ""
    )
    counts = [getattr(tally, name) for name in HARD]
    bars = axis.barh(list(HARD.values()), counts, color=BLUE, zorder=2)
    axis.bar_label(
        bars,
        [f"{count:,} ({count / tally.networks:.0%})" for count in counts],
        label_type="center",
        color="white",
        fontsize=9,
    )
    axis.axvline(0.3 * tally.networks, color=RED, linestyle="--", label="asked for: 30 %", zorder=3)
    axis.axvline(tally.networks, color=GREY, linestyle=":", label="all", zorder=3)
    axis.set(xlim=(0, 1.05 * tally.networks))
    axis.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, 1.1), ncols=2)
    figure.savefig(file, dpi=120)
