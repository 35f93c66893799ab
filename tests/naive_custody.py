"""Plain twins of the custody stages' kernels and masks, and tiny worlds to try them on; they use nothing of the package's code."""

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
    agencies = {
        name: {"kind": draw(kinds), "retention": draw(st.one_of(st.none(), RETENTIONS))} for name in names
    }
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
