"""What a full turn holds back at a diverge, and how a merge is shared (Daganzo 1995): by the model's own stated rule.

That rule is first come, first served among links that wait: two queues take turns, whatever their widths. (Daganzo's own
merge divides by capacity; that is not what this model says.)
"""

import numpy as np
import pytest

from tests.verification.roadway import (
    BLUE,
    CAPACITY,
    COMPILED,
    CROSSING,
    GREEN,
    GREY,
    ORANGE,
    RED,
    ROOM,
    corridor,
    count,
    drive,
    entries,
    links,
    picture,
)

pytestmark = [pytest.mark.verification, COMPILED]

SHARES = (2, 3, 4, 5, 8)
"""One vehicle in so many turns."""
TURN = 10_000
"""Headway of the turn, ms."""


def diverge(one_in):
    """Return the flow (1/s) out of a full road of which one vehicle in `one_in` turns into a bottleneck, and all of it."""
    day = corridor([0, 0, TURN, 0], np.arange(2_400) * 2_000, paths=[[0, 1, 2]] + [[0, 1, 3]] * (one_in - 1))
    out = np.sort(np.concatenate([entries(day, 2), entries(day, 3)]))
    steady = out[(out > 1_500_000) & (out <= out[-1] - 200_000)]
    whole = (len(steady) - 1) // one_in * one_in  # whole rounds of one turning and the others not
    return whole * 1000 / (steady[whole] - steady[0]), day


@pytest.mark.parametrize("one_in", SHARES)
def test_what_a_blocked_turn_holds_back_is_its_share_of_the_road(one_in, verified):
    """Outflow ≤ capacity of the turn / its share, and reaches it where the road can carry as much."""
    flow, _ = diverge(one_in)
    most = min(CAPACITY, one_in * 1000 / TURN)
    verified("diverge", "outflow ≤ capacity of the turn / its share", max(flow / most - 1, 0) * 100, 1e-9, "%")
    verified("diverge", "and reaches it", (1 - flow / most) * 100, 1, "%")


def test_the_diverge_is_drawn(plots):
    figure, (left, right) = picture("A diverge: one turn is a bottleneck of 360 vehicles/h", "", "vehicles/h", panels=2)
    shares = np.linspace(0.1, 0.6, 200)
    left.plot(shares * 100, np.minimum(CAPACITY, 1000 / TURN / shares) * 3600, color=GREY, label="theory")
    measured = np.array([diverge(one_in)[0] for one_in in SHARES]) * 3600
    left.scatter(100 / np.array(SHARES), measured, color=BLUE, zorder=2, label="queue model")
    left.set(xlabel="share of vehicles that turn, %", ylim=(0, 2_000), ylabel="outflow of the road, vehicles/h")
    left.legend(frameon=False, fontsize=8)
    _, day = diverge(2)
    minutes = np.arange(0, 60, 0.2)
    ways = ((0, GREY, "enter the road"), (3, BLUE, "go straight on"), (2, RED, "turn"))
    for road, colour, label in ways:
        style = "--" if road == 2 else "-"
        right.plot(minutes, count(entries(day, road), minutes * 60_000), color=colour, linestyle=style, label=label)
    right.set(xlabel="time, min", ylabel="cumulated vehicles", ylim=(0, None), xlim=(0, 60))
    right.set_title("half of them turn", fontsize=9)
    right.legend(frameon=False, fontsize=8)
    figure.savefig(plots / "diverge.png", dpi=120)


OUT = 4_000
"""Headway of the road after the merge, ms."""


def merge(interval, ways=2):
    """Return which road each vehicle came on that entered the road after a merge, and when (ms).

    On road 0 a vehicle comes each `interval` ms, 200 of them; on the others all that the road ahead can take meanwhile.
    """
    rest = max(200, -(-200 * interval // OUT)) if interval else 200
    route = np.concatenate([np.zeros(200, int), np.repeat(np.arange(1, ways), rest)])
    departs = np.concatenate([np.arange(200) * interval, np.zeros(rest * (ways - 1), int)])
    roads = links([2_000] * ways + [OUT])
    day = drive(roads, departs, paths=[[way, ways] for way in range(ways)], route=route)
    ahead = day.passages.road == ways
    return route[day.passages.trip[ahead]], day.passages.time[ahead]


def settled(who):
    """Return the rows after the first vehicles, which find an empty road, and before road 0's last."""
    return who[ROOM + 20 : np.flatnonzero(who == 0)[-1]]


@pytest.mark.parametrize("ways", [2, 3, 4])
def test_queues_that_merge_take_turns(ways, verified):
    who, time = merge(0, ways)
    steady = settled(who)
    rounds = steady[: len(steady) // ways * ways].reshape(-1, ways)
    verified("merge", "all queue: one from each in turn", np.sum(rounds != rounds[0]), 0, "vehicles out of turn")
    gap = np.abs(np.diff(time)[ROOM + 20 :] - OUT).max()
    verified("merge", "all queue: the road after it stays full", gap, 0, "ms")


@pytest.mark.parametrize("interval", [10_000, 12_000, 20_000, 40_000])
def test_who_comes_seldom_is_let_in_with_the_next(interval, verified):
    """A road with less than its share does not queue; the other takes what is left."""
    who, time = merge(interval)
    share = np.mean(settled(who) == 0)
    verified("merge", "one does not queue: it gets what it asks for", abs(share - OUT / interval), 0.01, "of the flow")
    wait = (time[who == 0] - np.arange(200) * interval - CROSSING)[ROOM:].max()
    verified("merge", "and waits for one of the other, no more", wait, 2 * OUT, "ms")


def test_the_merge_is_drawn(plots):
    figure, (left, right) = picture("A merge of two roads into one of 900 vehicles/h", "", "", panels=2)
    asked = np.linspace(0, 900, 200)
    left.plot(asked, np.minimum(asked, 450), color=GREY, label="rule: its demand, at most its turn")
    intervals = np.array([4_100, 5_000, 6_500, 8_000, 10_000, 12_000, 20_000, 40_000])
    let_in = [np.mean(settled(merge(int(interval))[0]) == 0) * 900 for interval in intervals]
    left.scatter(3_600_000 / intervals, let_in, color=BLUE, zorder=2, label="queue model")
    left.set(xlabel="demand of one road (the other queues), vehicles/h", ylabel="let in, vehicles/h", ylim=(0, 600))
    left.legend(frameon=False, fontsize=8)
    minutes = np.arange(0, 20, 0.1)
    cases = ((0, (ORANGE, RED), ("both queue",) * 2), (20_000, (GREEN, BLUE), ("180 vehicles/h come", "queues")))
    for interval, colours, says in cases:
        who, time = merge(interval)
        for way, colour in enumerate(colours):
            n, style = count(time[who == way], minutes * 60_000), "-" if interval or not way else "--"
            right.plot(minutes, n, color=colour, linestyle=style, label=f"road {way + 1}: {says[way]}")
    right.set(xlabel="time, min", ylabel="cumulated vehicles let in", xlim=(0, 20), ylim=(0, 300))
    right.legend(frameon=False, fontsize=8)
    figure.savefig(plots / "merge.png", dpi=120)
