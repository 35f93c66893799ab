"""What a result may call its traffic, given the counts it was held against.

The label is there to be attacked, so each rule answers an objection:

- Without counts traffic is uncalibrated. Counts to which nothing was fitted make it no better than held against them.
- Volumes count as fitted only while roads, population, traffic and counts are those that `alprsim calibrate` sealed
  (`traffic.fitted`): a scenario that was changed afterwards is a different one.
- Counts that volumes were fitted to prove nothing alone: at least one must have been kept for validation, on roads that no
  fitted count is on (another hour of the same road is not independent).
- A count that an empty road would meet (an hour of a dozen vehicles) is left out of every share.
- A count whose day was not simulated leaves the result unvalidated: else leaving out a Sunday would mend it.
- Both the fitted and the validation counts must be met: of hourly ones the share that guidelines ask for, of daily ones all,
  since of few no share can be claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from alprsim.counts._held import GEH, SHARE, Held, within
from alprsim.tables import RoadKind

UNCALIBRATED = "uncalibrated"
HELD = "held against counts"
UNVALIDATED = "fitted to counts, not validated"
MISSED = "fitted to counts, criteria missed"
CALIBRATED = "count-calibrated"


class Verdict(NamedTuple):
    """A label and the sentence that goes with it."""

    label: str
    said: str


_BEWARE = "Compare policies with each other; do not take a figure for a measurement."
_REACH = (
    "That speaks for volumes on roads like these and for nothing else: how people repeat their trips, where cameras stand and "
    "what they read was not calibrated."
)


def verdict(held: Sequence[Held], *, fitted: bool, changed: bool = False) -> Verdict:
    """Judge by the rules above.

    Parameters
    ----------
    held
        Every count of the scenario; none: it names none.
    fitted
        Whether the volumes are those that were fitted to these counts.
    changed
        Whether they were once, before the scenario was changed.
    """
    if not held:
        return Verdict(UNCALIBRATED, f"Traffic is not calibrated against counts. {_BEWARE}")
    lacking = sum(row.within is None for row in held)
    not_driven = f" {lacking} could not be held against a day: none of its kind was simulated." if lacking else ""
    if not fitted:
        since = "the scenario was changed since its volumes were fitted" if changed else "no volume was fitted to them"
        return Verdict(
            HELD, f"Traffic was held against {_counts(len(held))}; {since}: {_met(held)}.{not_driven} {_BEWARE}"
        )
    to = [row for row in held if row.use == "calibration"]
    kept = [row for row in held if row.apart]
    told = f"Volumes were fitted to {_counts(len(to))}: {_met(to)}."
    if lacking or not _telling(kept):
        why = not_driven or " None that tells anything was kept for validation on other roads."
        return Verdict(UNVALIDATED, f"{told}{why} {_BEWARE}")
    told += f" Kept for validation on other roads: {_met(kept)}."
    if not (_are_met(to) and _are_met(kept)):
        return Verdict(MISSED, f"{told} That is not enough to call it calibrated. {_BEWARE}")
    return Verdict(CALIBRATED, f"{told} {_REACH}")


def _telling(rows: Sequence[Held]) -> list[Held]:
    """Leave out what an empty road would meet, and what was not driven."""
    return [
        row for row in rows
        if row.within is not None and not within(0, row.counted, row.hour, RoadKind[row.road_class.upper()])
    ]  # fmt: skip


def _split(rows: Sequence[Held]) -> tuple[list[Held], list[Held]]:
    telling = _telling(rows)
    return [row for row in telling if row.hour >= 0], [row for row in telling if row.hour < 0]


def _are_met(rows: Sequence[Held]) -> bool:
    hourly, daily = _split(rows)
    enough = sum(bool(row.within) for row in hourly) >= SHARE * len(hourly)
    return bool(hourly or daily) and enough and all(row.within for row in daily)


def _met(rows: Sequence[Held]) -> str:
    hourly, daily = _split(rows)
    said = []
    if hourly:
        met = sum(bool(row.within) for row in hourly)
        said.append(f"{met} of {len(hourly)} hourly ones have a GEH below {GEH:g} ({100 * SHARE:g} % asked for)")
    if daily:
        met = sum(bool(row.within) for row in daily)
        said.append(f"{met} of {len(daily)} daily ones lie within their class's share (all asked for)")
    return ", ".join(said) or "none tells anything"


def _counts(n: int) -> str:
    return f"{n} count{'s' if n != 1 else ''}"
