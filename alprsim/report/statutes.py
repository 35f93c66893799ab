"""Retention limits that laws, bills and agencies have named, to mark on the ladder; dashed where the text itself was not read."""

from typing import NamedTuple

from alprsim.tables import DAY, UNLIMITED


class Statute(NamedTuple):
    """A limit somebody named."""

    seconds: int
    label: str
    source: str
    read: bool
    """Whether the text of the law or bill itself was read in full; else it is as reported."""


STATUTES = (
    Statute(180, "New Hampshire", "RSA 261:75-b, reads that match nothing", False),
    Statute(DAY, "Virginia State Police, to 2025", "practice before Va. Code 2.2-5517", False),
    Statute(3 * DAY, "CT bill HB 5716 (2025)", "not passed", True),
    Statute(7 * DAY, "CT bill HB 5449 (2026)", "as raised; 30 days as reported out; died", False),
    Statute(14 * DAY, "CT bill HB 5391 (2012)", "not passed", False),
    Statute(21 * DAY, "CT PA 26-14, as reported", "from 1 October 2026; the Act's text was not read", False),
    Statute(30 * DAY, "a vendor's default", "rolling; evidence is kept longer", False),
    Statute(60 * DAY, "Minnesota, as reported", "Minn. Stat. 13.824", False),
    Statute(90 * DAY, "CT State Police", "practice of their server", False),
    Statute(1826 * DAY, "commercial pool (5 years)", "look-back of federal queries, contract documents of 2018", False),
    Statute(UNLIMITED, "many departments, 2019", "testimony on CT HB 6965", False),
)

_SAME = 0.005  # five years are 1,825 or 1,826 days


def at(step: int) -> Statute | None:
    """Return what names this step of a ladder, if anything does."""
    return next((statute for statute in STATUTES if abs(step - statute.seconds) <= _SAME * statute.seconds), None)
