"""UXsim (Seo 2025) beside the queue model: the same streets, trips and paths. Needs the extra: ``make verify-peers``."""

import numpy as np
import pytest
from matplotlib import rc_context

from alprsim import traffic
from alprsim.scenario import models
from benchmarks import peers
from tests.verification.roadway import BLUE, COMPILED, GREY, ORANGE, picture

pytestmark = [
    pytest.mark.verification,
    COMPILED,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ImportWarning"),
]

ROW = "another simulator"


@pytest.mark.parametrize("a_pair", [90, 100])
def test_uxsim_sees_the_same_delays_on_the_same_paths(a_pair, verified, plots):
    """UXsim at deltan 1 has Newell's car-following too, but steps of a second, and merges by lot."""
    city = peers.bottlenecks(a_pair)
    with rc_context():  # it sets matplotlib's fonts as it is imported
        uxsim = pytest.importorskip("uxsim", reason="UXsim is not installed: make verify-peers", exc_type=ImportError)
        world = peers.uxsim_world(city, 1)
        world.exec_simulation()
        travel, moves = peers.uxsim_told(world, city, 1)
    day = traffic.drive(city.roads, city.trips, city.paths, city.route, models.Traffic(), day=0, fidelity="queue")
    ours, theirs = city.delay(day.journeys), travel - city.free_times() / 1000
    draw(ours, theirs, a_pair, plots / f"uxsim_{a_pair}.png", getattr(uxsim, "__version__", ""))
    assert ours.mean() > 120  # crowded
    assert day.forced == 0
    off = max(abs(moves - city.moves), abs(day.moves - city.moves))
    verified(ROW, "UXsim, deltan 1: the same moves", off, 0, "moves", found=f"{moves:,} and {day.moves:,}")
    ratio, alike = theirs.mean() / ours.mean(), np.corrcoef(ours, theirs)[0, 1]
    found = f"× {ratio:.3f} ({theirs.mean():.0f} s for our {ours.mean():.0f} s)"
    verified(ROW, "UXsim, deltan 1: mean delay within 10 %", 100 * abs(ratio - 1), 10, "%", found=found)
    verified(ROW, "UXsim, deltan 1: correlation of delays > 0.95", 1 - alike, 0.05, "below 1", found=f"{alike:.4f}")


def draw(ours, theirs, a_pair, file, version):
    figure, (left, right) = picture(
        f"Delays on one town of bottlenecks, {len(ours):,} trips ({a_pair} a pair), the same paths", "", "", panels=2
    )
    ours, theirs = ours / 60, theirs / 60
    top = 1.05 * max(ours.max(), theirs.max())
    left.scatter(ours, theirs, s=4, alpha=0.4, color=BLUE, linewidths=0, rasterized=True, label="a trip")
    left.plot([0, top], [0, top], color=GREY, linestyle="--", label="alike")
    left.set(xlabel="delay here, min", ylabel=f"delay in UXsim {version} (deltan 1), min", xlim=(0, top), ylim=(0, top))
    share = np.arange(1, len(ours) + 1) / len(ours) * 100
    for delays, colour, style, label in ((ours, BLUE, "-", "here"), (theirs, ORANGE, "--", "UXsim")):
        right.plot(
            np.sort(delays), share, color=colour, linestyle=style, label=f"{label}: mean {delays.mean():.2f} min"
        )
    right.set(xlabel="delay, min", ylabel="trips that lose at most so much, %", xlim=(0, top), ylim=(0, 100))
    for axis in (left, right):
        legend = axis.legend(frameon=False, fontsize=8, loc="upper left" if axis is left else "lower right")
        for handle in legend.legend_handles:
            handle.set_alpha(1)
    figure.savefig(file, dpi=120)
