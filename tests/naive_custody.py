"""Plain twins of the look-back kernels and of Access, and tiny worlds to try them on."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from alprsim.scenario import models
from alprsim.tables import UNLIMITED

DURATIONS = st.integers(0, 6).map(lambda n: f"{n} s")
RETENTIONS = st.one_of(DURATIONS, st.integers(2, 6).map(lambda n: f"{n} s"), st.just("unlimited"))


@st.composite
def custodies(draw: st.DrawFn, *, renewing: bool = False) -> models.Custody:
    """Draw three to five agencies, named a to e, with up to eight edges; `renewing` makes immortal copies common."""
    names = "abcde"[: draw(st.integers(3, 5))]
    kinds = st.sampled_from(["department", "pool", "consumer"])
    agencies = {name: {"kind": draw(kinds), "retention": draw(st.one_of(st.none(), RETENTIONS))} for name in names}
    count = draw(st.integers(0, 8))
    edges = tuple(draw(_edges(names, renewing)) for _ in range(count))
    return custody(agencies, *edges, retention=draw(RETENTIONS))


@st.composite
def _edges(draw: st.DrawFn, names: str, renewing: bool) -> dict[str, Any]:
    ends = st.one_of(st.sampled_from(names), st.sampled_from(names), st.just("departments"))
    giver = draw(ends)
    taker = draw(ends.filter(lambda name: name != giver or name == "departments"))
    common = {"giver": giver, "taker": taker, "onward": renewing or draw(st.booleans())}
    if not renewing and draw(st.booleans()):
        return {**common, "kind": "query", "sight": draw(st.sampled_from([None, "bulk", "request"]))}
    return {
        **common,
        "kind": "mirror",
        "delay": draw(DURATIONS),
        "clock": "receipt" if renewing else draw(st.sampled_from(["capture", "receipt"])),
        "on_duplicate": "renew" if renewing else draw(st.sampled_from(["ignore", "renew"])),
    }


def custody(agencies: dict[str, dict[str, Any]], *edges: dict[str, Any], retention: str = "30 d") -> models.Custody:
    """Make a custody as a scenario would say it."""
    return models.Custody.model_validate({"retention": retention, "agencies": agencies, "sharing": edges})


def obtainable(access: Any, viewer: int, owner: int, sight: str, age: int) -> bool:
    """Tell whether `access` lets `viewer` obtain a read of `owner` at `age`, by going through its rows."""
    best = {"bulk": 0, "request": 1}[sight]
    for row in range(len(access)):
        same = access.viewer[row] == viewer and access.owner[row] == owner and access.sight[row] <= best
        ended = access.to_age[row] != UNLIMITED and age >= access.to_age[row]
        if same and access.from_age[row] <= age and not ended:
            return True
    return False


def near_reads(time: Any, site: Any, first: Any, moment: Any, around: int) -> list[tuple[int, int]]:
    """Pair every read with every incident near its site, if they are close in time."""
    return [
        (read, near)
        for read in range(len(time))
        for near in range(first[site[read]], first[site[read] + 1])
        if abs(int(moment[near]) - int(time[read])) <= around
    ]


def can_obtain(lens: Any, owner: int, age: int) -> set[int]:
    """Return the bits that `lens` sets for a read of `owner` at `age`, by walking its pieces."""
    word = 0
    for piece in range(lens.first[owner], lens.first[owner + 1]):
        if lens.age[piece] <= age:
            word = int(lens.cases[piece])
    return {bit for bit in range(64) if word >> bit & 1}


def answered(
    incidents: Any, reads: Any, sites: Any, cases: Any, within: float, around: int
) -> tuple[list[Any], list[Any]]:
    """Count the answered plate and area queries of each case and shape, straight from the definition.

    incidents: (vehicle, time, x, y, ages of the question); reads: (time, site, plate); sites: (x, y, owner).
    """
    plate, area = ([[0 for _ in incidents[0][4]] for _ in cases] for _ in range(2))
    for vehicle, moment, x, y, ages in incidents:
        for case_row, case in enumerate(cases):
            for shape, query_age in enumerate(ages):
                useful = [
                    seen == vehicle
                    for time, site, seen in reads
                    if (sites[site][0] - x) ** 2 + (sites[site][1] - y) ** 2 <= within**2
                    and abs(moment - time) <= around
                    and moment + query_age >= time
                    and obtainable(case.access, case.viewer_row, sites[site][2], case.sight, moment + query_age - time)
                ]
                plate[case_row][shape] += any(useful)
                area[case_row][shape] += len(useful) > 0
    return plate, area
