"""The end of a day: who is still on the way arrives by table, passages stand in order, flows become mean times."""

from typing import Literal

import numpy as np

from alprsim.kernels import replay
from alprsim.tables import Flows, Roads
from alprsim.traffic._plan import SECOND, SLOTS, Log, Plan, Progress, cell


def finish(plan: Plan, progress: Progress, until: int, table: Flows | None) -> Progress:
    """Bring every trip to its end by table or at free flow, from where it was when the queues ended."""
    departed, arrived = progress.depart >= 0, progress.arrive >= 0
    on_road = departed & ~arrived
    times = np.tile(plan.roads.crossing, SLOTS) if table is None else table.time.reshape(-1, SLOTS).T.ravel()
    cells = cell(plan.route[progress.at[on_road]], progress.entry[on_road], len(plan.roads))
    leave = np.maximum(progress.entry[on_road] + times[cells], until)
    enter = np.where(arrived, progress.arrive, np.maximum(plan.meant, until))
    enter[on_road] = leave
    begin = np.where(arrived, plan.end, progress.at + 1)
    # A vehicle's trips in their order is all that matters; two seconds a step make a number that NumPy sorts by radix.
    order = np.argsort((plan.meant // (2 * SECOND)).astype(np.uint16), kind="stable").astype(np.int32)

    depart, arrive = np.empty_like(enter), np.empty_like(enter)
    entries = np.zeros(len(times), np.int32)
    ready = np.zeros(int(plan.vehicle.max(initial=-1)) + 1, np.int64)
    passed = replay.replay(
        order, plan.vehicle[order], begin[order], plan.end[order], enter[order], plan.route, times, plan.watched,
        progress.passed, ready, depart, arrive, entries, *progress.log,
    )  # fmt: skip
    depart[order], arrive[order] = depart.copy(), arrive.copy()
    vehicles = progress.vehicles + entries
    spent = progress.spent + entries * times.astype(np.int64)
    np.add.at(vehicles, cells, 1)
    np.add.at(spent, cells, leave - progress.entry[on_road])
    return progress._replace(
        depart=np.where(departed, progress.depart, depart), arrive=arrive, vehicles=vehicles, spent=spent, passed=passed
    )


def put_in_order(log: Log, roads: int, *, kind: Literal["stable", "quicksort"] = "stable") -> None:
    """Sort passages by (time, road, trip), in place.

    The queues tell them by time already, which NumPy's merge sort (`stable`) is quick with; those in no order its other one
    sorts five times as fast. And few are of one moment and road.
    """
    key = log.time * max(roads, 1) + log.road
    if np.all(key[1:] > key[:-1]):
        return
    order = np.argsort(key, kind=kind)
    key = key[order]
    same = np.flatnonzero(key[1:] == key[:-1])
    tied = np.unique(np.concatenate([same, same + 1]))
    order[tied] = order[tied][np.lexsort((log.who[order[tied]], key[tied]))]
    for column in log:
        column[:] = column[order]


def mean_times(roads: Roads, driven: Progress) -> Flows:
    """Return entries and mean times, rounded to the nearest ms; free flow where nobody entered."""
    vehicles, spent = (values.reshape(SLOTS, -1).T.ravel() for values in (driven.vehicles, driven.spent))
    time = np.repeat(roads.crossing, SLOTS)
    some = vehicles > 0
    time[some] = (spent[some] + vehicles[some] // 2) // vehicles[some]
    return Flows(vehicles=vehicles.astype(np.int32), time=time)
