"""Tiny worlds of custody with every lever, in seconds, and Access read row by row in plain Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from alprsim.ledger import Captured
from alprsim.ledger import Resolution as Told
from alprsim.scenario import models
from alprsim.tables import UNLIMITED, Access, RecordClass, SightKind
from tests.naive_custody import DURATIONS, RETENTIONS

SHARES = [0.0, 0.25, 0.5, 1.0]
DRAWS = [0.0, 0.25, 0.5, 0.75]
"""Among them each share: a draw is below its own share never."""

SCHEDULES = st.builds(models.Schedule.model_construct, every=st.integers(1, 5), at=st.integers(0, 4))
"""A scenario writes them in whole minutes."""

WARRANTS = st.fixed_dictionaries(
    {"beyond": RETENTIONS, "delay": st.integers(0, 4).map("{} s".format), "granted": st.sampled_from([0.5, 0.9])}
)
IDENTITIES = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["plain", "hashed", "escrow"]),
        "rotate": st.sampled_from(["2 s", "5 s", "unlimited"]),
    }
)
KEEPING: dict[str, st.SearchStrategy[Any]] = {
    "hit_retention": RETENTIONS,
    "held_retention": RETENTIONS,
    "alert_retention": RETENTIONS,
    "keep": st.sampled_from(["all", "hits"]),
    "sample": st.sampled_from(SHARES),
    "purge": SCHEDULES,
    "backup": st.integers(0, 4).map("{} s".format),
    "identity": IDENTITIES,
    "time_step": st.sampled_from(["0 s", "5 s", "60 s"]),
    "place_step": st.sampled_from(["0 m", "250 m", "1 km"]),
    "warrant": WARRANTS,
}
ONWARD = st.sampled_from([False, True, True, 0, 1, 2])


@st.composite
def some(draw: st.DrawFn, levers: dict[str, st.SearchStrategy[Any]], odds: int) -> dict[str, Any]:
    """Draw each lever once in so many times."""
    return {key: draw(value) for key, value in levers.items() if draw(st.integers(1, odds)) == 1}


@st.composite
def worlds(draw: st.DrawFn) -> models.Custody:
    """Draw two to five agencies, named a to e, with every lever and up to eight edges."""
    names = "abcde"[: draw(st.integers(2, 5))]
    kinds = st.sampled_from(["department", "department", "department", "pool", "consumer", "host"])
    agencies = {
        name: {
            "kind": draw(kinds),
            "state": draw(st.sampled_from(["CT", "CT", "MA", "TX"])),
            "attests": draw(st.booleans()),
            "retention": draw(st.one_of(st.none(), RETENTIONS)),
            **draw(some(KEEPING, 6)),
        }
        for name in names
    }
    sharing = "".join(name for name in names if agencies[name]["kind"] != "host")
    most = 8 if len(sharing) > 1 else 0
    return models.Custody.model_validate({
        "retention": draw(RETENTIONS),
        "departments": draw(some({"retention": RETENTIONS, **KEEPING}, 12)),
        "agencies": agencies,
        "sharing": tuple(draw(_edge(sharing)) for _ in range(draw(st.integers(0, most)))),
        "opt_out": tuple(draw(_opt_out(sharing)) for _ in range(most and draw(st.sampled_from([0, 0, 0, 1])))),
        "hops": draw(st.sampled_from([None, None, None, 0, 1, 2, 3])),
    })  # fmt: skip


def _end(names: str) -> st.SearchStrategy[Any]:
    one = st.sampled_from(names)
    groups = st.sampled_from([*models.GROUPS])
    return st.one_of(one, one, one, groups, st.tuples(one, st.one_of(one, groups)))


@st.composite
def _opt_out(draw: st.DrawFn, names: str) -> dict[str, Any]:
    return {"agency": draw(_end(names)), "to": draw(_end(names))}


@st.composite
def _edge(draw: st.DrawFn, names: str) -> dict[str, Any]:
    kind = draw(st.sampled_from(["query", "query", "mirror", "mirror", "mirror", "alert", "side_door"]))
    giver = draw(_end(names))
    taker = draw(_end(names).filter(lambda end: end != giver or end not in tuple(names)))
    common = {"giver": giver, "taker": taker, "kind": kind}
    if kind == "query":
        levers = {"look_back": RETENTIONS, "warrant": WARRANTS}
        return {
            **common,
            "sight": draw(st.sampled_from([None, "bulk", "bulk"])),
            "onward": draw(ONWARD),
            **draw(some(levers, 4)),
        }
    if kind == "side_door":
        return {**common, "chance": draw(st.sampled_from(SHARES)), **draw(some({"look_back": RETENTIONS}, 3))}
    sent = {**common, "delay": draw(DURATIONS), "clock": draw(st.sampled_from(["capture", "receipt"]))}
    if kind == "alert":
        return sent
    copies = draw(st.sampled_from(["stream", "stream", "reachable"]))
    batches = {"sync": draw(SCHEDULES)} if copies == "reachable" else draw(some({"sync": SCHEDULES}, 3))
    renewing = draw(st.sampled_from(["ignore", "renew"]))
    recalls = draw(st.sampled_from([False, False, True]))
    return {**sent, "onward": draw(ONWARD), "on_duplicate": renewing, "copies": copies, "recalls": recalls, **batches}


READS = st.lists(
    st.builds(
        Captured,
        time=st.integers(0, 5),
        owner=st.integers(0, 1),
        record=st.sampled_from([0, 0, 0, 1, 2]),
        draw=st.sampled_from(DRAWS),
        hits=st.frozensets(st.integers(0, 3), max_size=2),
        admitted=st.sampled_from([True, True, True, True, False]),
    ),
    min_size=1,
    max_size=3,
)


# --- Access, by the meaning of its columns ----------------------------------------------------------------------------------

_SIGHTS = {
    "bulk": {SightKind.BULK},
    "request": {SightKind.BULK, SightKind.REQUEST},
    "process": {SightKind.BULK, SightKind.REQUEST, SightKind.PROCESS},
    "side_door": {SightKind.BULK, SightKind.REQUEST, SightKind.SIDE_DOOR},
}


class Row(NamedTuple):
    """A row of Access in Python's own numbers."""

    viewer: int
    owner: int
    record: int
    sight: int
    through: int
    period: int
    from_phase: int
    to_phase: int
    from_age: int
    from_clock: int
    to_age: int
    to_clock: int
    from_draw: float
    to_draw: float
    delay: int
    chance: float
    time_step: int
    place_step: float
    rotation: int


def rows(access: Access) -> list[Row]:
    """Return Access row by row."""
    columns = [access.data()[name].tolist() for name in Row._fields]
    return [Row(*row) for row in zip(*columns, strict=True)]


def told(
    access: Sequence[Row], reads: Sequence[Captured], viewer: int, sight: str, moment: int, case_draw: float = 0.0
) -> dict[int, Told]:
    """Return the reads that the rows let a viewer obtain at a moment, each at the finest resolution that some row gives."""
    best: dict[int, Told] = {}
    for number, row in _applying(access, reads, viewer, sight, moment):
        if row.sight != SightKind.SIDE_DOOR or case_draw < row.chance:
            one = Told(row.time_step, row.place_step, row.rotation)
            best[number] = best.get(number, one).or_finer(one)
    return best


def chances(access: Sequence[Row], reads: Sequence[Captured], viewer: int, sight: str, moment: int) -> dict[int, float]:
    """Return how surely a viewer obtains each read at a moment, by the row that makes it surest."""
    best: dict[int, float] = {}
    for number, row in _applying(access, reads, viewer, sight, moment):
        best[number] = max(best.get(number, 0.0), row.chance)
    return best


def _applying(
    access: Sequence[Row], reads: Sequence[Captured], viewer: int, sight: str, moment: int
) -> Iterator[tuple[int, Row]]:
    for row in access:
        if row.viewer == viewer and row.sight in _SIGHTS[sight]:
            for number, read in enumerate(reads):
                if (
                    read.admitted
                    and row.owner == read.owner
                    and _of_class(row, read)
                    and _in_time(row, read.time, moment)
                ):
                    yield number, row


def _of_class(row: Row, read: Captured) -> bool:
    if row.record == RecordClass.ALERT:
        return row.through in read.hits and row.from_draw <= read.draw < row.to_draw
    return row.record == read.record and row.from_draw <= read.draw < row.to_draw


def _in_time(row: Row, time: int, moment: int) -> bool:
    phase = time % row.period if row.period else 0
    if row.period and not row.from_phase <= phase < row.to_phase:
        return False
    first = row.from_age + (time - phase if row.from_clock else time)
    last = row.to_age + (time - phase if row.to_clock else time)
    return time <= moment and first <= moment + row.delay and (row.to_age == UNLIMITED or moment + row.delay < last)
