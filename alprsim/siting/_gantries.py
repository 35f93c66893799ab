"""How many toll gantries a plan puts on the motorways at hand, and how far apart."""

import math
from typing import NamedTuple

from alprsim.siting._ground import Ground
from alprsim.tables import RoadKind

STATE_MOTORWAYS = 1014.0
"""Kilometres of motorway in Connecticut, both directions as one: half of the 2,028 km of carriageway that OpenStreetMap has
(``highway=motorway``, ramps not counted; measured with OSMnx on connecticut_motorway_trunk)."""


class Plan(NamedTuple):
    """A toll plan for the state."""

    gantries: int
    source: str


PLANS = {
    "ct_2019": Plan(53, "53 gantries on I-84, I-91, I-95 and CT-15 (hqpress.org, 6 March 2019)"),
    "ct_2030": Plan(14, "14 bridges, CT2030 (ctnewsjunkie.com, 7 November 2019)"),
}


def motorways(ground: Ground) -> float:
    """Return kilometres of motorway, both directions as one."""
    roads = ground.network.roads
    return float(roads.length[roads.kind == RoadKind.MOTORWAY].sum(dtype="float64")) / 2000


def share(ground: Ground, plan: str) -> int:
    """Return the plan's gantries × kilometres of motorway here / in the state, rounded, one at least where there is any."""
    here = motorways(ground)
    return max(1, math.floor(PLANS[plan].gantries * here / STATE_MOTORWAYS + 0.5)) if here else 0


def said(ground: Ground, plan: str) -> str:
    """Tell how many of a plan's gantries stand here, and by what formula."""
    gantries, source = PLANS[plan]
    return (
        f"gantries: {share(ground, plan)} = {gantries} × {motorways(ground):,.1f} km of motorway here / "
        f"{STATE_MOTORWAYS:,.0f} km in Connecticut; {source}"
    )


def spacing(ground: Ground, gantries: int) -> float:
    """Return a third of the mean distance along the motorways, metres, at which so many can be placed one after another."""
    return 1000 * motorways(ground) / (3 * max(gantries, 1))
