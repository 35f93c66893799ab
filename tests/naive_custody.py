"""Plain twins of the look-back kernels and of Access, and tiny worlds to try them on."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from alprsim.scenario import models
from alprsim.tables import UNLIMITED

DURATIONS = st.integers(0, 6).map(lambda n: f"{n} s")
RETENTIONS = st.one_of(DURATIONS, st.integers(2, 6).map(lambda n: f"{n} s"), st.just("unlimited"))


@st.composite
def custodies(draw: st.DrawFn, *, renewing: bool = False, coarse: bool = False) -> models.Custody:
    """Draw three to five agencies, named a to e, with up to eight edges; `renewing` makes immortal copies common.

    `coarse`: some keep times or places coarse.
    """
    names = "abcde"[: draw(st.integers(3, 5))]
    kinds = st.sampled_from(["department", "pool", "consumer"])
    agencies: dict[str, dict[str, Any]]
    agencies = {name: {"kind": draw(kinds), "retention": draw(st.one_of(st.none(), RETENTIONS))} for name in names}
    if coarse:
        for keeps in agencies.values():
            keeps["time_step"] = draw(st.sampled_from([None, "2 s", "3 s"]))
            keeps["place_step"] = draw(st.sampled_from([None, "1 m", "2 m"]))
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


SIGHTS = {"bulk": (0,), "request": (0, 1), "process": (0, 1, 2), "side_door": (0, 1, 3)}


def obtainable(
    access: Any, viewer: int, owner: int, sight: str, time: int, moment: int, *,
    record: int = 0, draw: float = 0.0, hits: Any = (), case_draw: float = 0.0, held: int | None = None,
) -> bool:  # fmt: skip
    """Tell whether `access` lets `viewer` obtain at `moment` a read of `owner` captured at `time`, by going through its rows.

    `held`: from when on it was held, if it was: then it is enough that it was there in any second since.
    """
    return any(
        access.viewer[row] == viewer and access.owner[row] == owner and access.sight[row] in SIGHTS[sight]
        and _of_class(access, row, record, draw, hits)
        and (access.sight[row] != 3 or access.chance[row] > case_draw)
        and time <= moment
        and any(_in_time(access, row, time, at) for at in seconds(moment + int(access.delay[row]), time, held))
        for row in range(len(access))
    )  # fmt: skip


def seconds(served: int, time: int, held: int | None) -> Any:
    """Return the seconds in any of which a read may be there, to be had when it is served."""
    return [served] if held is None else range(max(held, time), served + 1)


def _of_class(access: Any, row: int, record: int, draw: float, hits: Any) -> bool:
    if access.record[row] == 3:
        return int(access.through[row]) in hits
    return bool(access.record[row] == record and access.from_draw[row] <= draw < access.to_draw[row])


def _in_time(access: Any, row: int, time: int, served: int) -> bool:
    period = int(access.period[row])
    phase = time % period if period else 0
    if period and not access.from_phase[row] <= phase < access.to_phase[row]:
        return False
    begin = access.from_age[row] + (time - phase if access.from_clock[row] else time)
    if access.to_age[row] == UNLIMITED:
        return bool(begin <= served)
    return bool(begin <= served < access.to_age[row] + (time - phase if access.to_clock[row] else time))


def near_reads(time: Any, site: Any, first: Any, moment: Any, around: int) -> list[tuple[int, int]]:
    """Pair every read with every incident near its site, if they are close in time."""
    return [
        (read, near)
        for read in range(len(time))
        for near in range(first[site[read]], first[site[read] + 1])
        if abs(int(moment[near]) - int(time[read])) <= around
    ]


def can_obtain(lens: Any, stream: int, time: int, asked: int, held: int | None = None) -> set[int]:
    """Return the bits whose rules in `lens` let a read of a stream, captured at `time`, be obtained by who asks at `asked`."""
    bits: set[int] = set()
    for row in range(lens.first[stream], lens.first[stream + 1]):
        period, served = int(lens.period[row]), asked + int(lens.delay[row])
        phase = time % period if period else 0
        begin = int(lens.begin[row]) + (time - phase if lens.begin_clock[row] else time)
        end = int(lens.end[row]) + (time - phase if lens.end_clock[row] else time)
        in_phase = not period or lens.from_phase[row] <= phase < lens.to_phase[row]
        end = end if lens.end[row] != UNLIMITED else 10**12
        if time <= asked and in_phase and any(begin <= at < end for at in seconds(served, time, held)):
            bits |= {bit for bit in range(64) if int(lens.cases[row]) >> bit & 1}
    return bits


def known_to(case: Any, owner: int, time: int, asked: int, held: int | None = None) -> tuple[int, int]:
    """Return to which steps of time and of place a case knows an owner's record: by the finest of its routes that hold it."""
    access = case.access
    routes = [
        row for row in range(len(access))
        if access.viewer[row] == case.viewer_row and access.owner[row] == owner
        and access.sight[row] in SIGHTS[case.sight] and access.record[row] == 0 and time <= asked
        and any(_in_time(access, row, time, at) for at in seconds(asked + int(access.delay[row]), time, held))
    ]  # fmt: skip
    steps = ([int(of[row]) for row in routes] for of in (access.time_step, access.place_step))
    time, place = (min(found, default=0) for found in steps)
    return time, place


def _cell(time: int, step: int) -> Any:
    """Return the seconds in which a read may have been made whose time is known to a step."""
    return [second for second in range(time + step + 1) if second // max(step, 1) == time // max(step, 1)]


def _sides(at: int, side: int) -> list[int]:
    """Return where along one axis the cell of a place begins and ends."""
    return [at // side * side, (at // side + 1) * side] if side else [at]


def answered(
    incidents: Any, reads: Any, sites: Any, cases: Any, within: float, around: int, *, holds: bool = False
) -> tuple[list[Any], list[Any]]:
    """Count the answered plate and area queries of each case and shape, straight from the definition.

    incidents: (vehicle, time, x, y, ages of the question, age of the hold); reads: (time, site, plate); sites: (x, y, owner).
    A read is useful if it was near in every second, and at every corner, that its record leaves open.
    """
    plate, area = ([[0 for _ in incidents[0][4]] for _ in cases] for _ in range(2))
    for vehicle, moment, x, y, ages, hold in incidents:
        for case_row, case in enumerate(cases):
            for shape, query_age in enumerate(ages):
                held = moment + hold if holds and hold <= query_age else None
                useful = [
                    seen == vehicle
                    for time, site, seen in reads
                    for step, side in [known_to(case, sites[site][2], time, moment + query_age, held)]
                    if all(abs(moment - second) <= around for second in _cell(time, step))
                    and all(
                        (a - x) ** 2 + (b - y) ** 2 <= within**2
                        for a in _sides(sites[site][0], side) for b in _sides(sites[site][1], side)
                    )
                    and moment + query_age >= time
                    and obtainable(
                        case.access, case.viewer_row, sites[site][2], case.sight, time, moment + query_age, held=held
                    )
                ]  # fmt: skip
                plate[case_row][shape] += any(useful)
                area[case_row][shape] += len(useful) > 0
    return plate, area
