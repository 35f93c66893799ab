"""The ledger of copies and the compiled rules on thousands of random worlds with every lever of custody."""

import pytest
from hypothesis import HealthCheck, given, seed, settings

from tests.custody_worlds import READS, worlds
from tests.test_ledger_access import first_difference
from tests.verification.roadway import BLUE, picture

pytestmark = pytest.mark.verification

ROW, WORLDS = "custody", 4_000
LEVERS = {
    "batches of purges or copies": lambda spec: (
        any(one.purge for one in keeping(spec)) or any(e.sync for e in spec.sharing)
    ),
    "classes told apart": lambda spec: any(
        one.hit_retention or one.keep or one.sample is not None for one in keeping(spec)
    ),
    "a warrant": lambda spec: any(one.warrant for one in keeping(spec)) or any(edge.warrant for edge in spec.sharing),
    "a side door": lambda spec: any(edge.kind == "side_door" for edge in spec.sharing),
    "alerts": lambda spec: any(edge.kind == "alert" for edge in spec.sharing),
    "copies of all that is reachable": lambda spec: any(edge.copies == "reachable" for edge in spec.sharing),
    "copies that renew": lambda spec: any(
        edge.on_duplicate == "renew" and edge.clock == "receipt" for edge in spec.sharing
    ),
    "a limit of hops": lambda spec: spec.hops is not None,
    "an opt-out": lambda spec: bool(spec.opt_out),
    "backups or escrow": lambda spec: any(one.backup or one.identity for one in keeping(spec)),
}


def keeping(spec):
    return [spec.departments, *spec.agencies.values()]


def test_ledger_and_access_agree_on_thousands_of_worlds(verified, plots):
    """Every viewer, sight and moment, and how finely each read can be had."""
    differ, counts, seen = [], dict.fromkeys(LEVERS, 0), 0

    @seed(20261001)
    @settings(deadline=None, database=None, max_examples=WORLDS, suppress_health_check=list(HealthCheck))
    @given(worlds(), READS)
    def compare(spec, reads):
        nonlocal seen
        seen += 1
        for name, has in LEVERS.items():
            counts[name] += has(spec)
        if said := first_difference(spec, reads):
            differ.append(said)

    compare()
    draw(counts, seen, plots / "custody.png")
    first = f"first: {differ[0]}" if differ else f"{seen:,} worlds, every viewer, sight and moment"
    verified(ROW, "ledger = Access", len(differ), 0, "worlds", found=first)
    least = min(counts, key=lambda name: counts[name])
    verified(
        ROW, "each lever in ≥ 200 worlds", max(0, 200 - counts[least]), 0, "worlds", found=f"{least}: {counts[least]:,}"
    )


def draw(counts, seen, file):
    figure, (axis,) = picture(f"{seen:,} random worlds on which ledger and Access agree", "worlds", "")
    bars = axis.barh(list(counts), list(counts.values()), color=BLUE, zorder=2)
    axis.bar_label(bars, [f"{count:,}" for count in counts.values()], padding=4)
    axis.set_xlim(0, seen)
    axis.invert_yaxis()
    figure.savefig(file)
