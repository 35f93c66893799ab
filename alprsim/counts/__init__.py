"""Traffic counts: read from a file, found on the roads, and held against what a model drives there.

A result may call itself count-calibrated only by `verdict`, whose rules are written there.
"""

from alprsim.counts._held import (
    DAILY,
    GEH,
    SHARE,
    WEEK,
    Held,
    allowed,
    asked,
    geh,
    hold,
    load,
    mean,
    modelled,
    save,
    within,
)  # fmt: skip
from alprsim.counts._read import TOLERANCE, Count, CountError, DayName, Use, read, watched
from alprsim.counts._verdict import CALIBRATED, HELD, MISSED, UNCALIBRATED, UNVALIDATED, Verdict, verdict

__all__ = [
    "CALIBRATED", "DAILY", "GEH", "HELD", "MISSED", "SHARE", "TOLERANCE", "UNCALIBRATED", "UNVALIDATED", "WEEK", "Count",
    "CountError", "DayName", "Held", "Use", "Verdict", "allowed", "asked", "geh", "hold", "load", "mean", "modelled",
    "read", "save", "verdict", "watched", "within",
]  # fmt: skip
