"""Verification leaves evidence: a table of every expectation with what was measured, printed at the end, and pictures."""

import math
import os
from pathlib import Path
from typing import NamedTuple

import pytest

_CHECKS = pytest.StashKey[list["Check"]]()


class Check(NamedTuple):
    """One measured deviation from what theory says, and what is allowed."""

    row: str
    expectation: str
    measured: float
    allowed: float
    unit: str


@pytest.fixture
def verified(request):
    """Return a function that enters a check in the table and asserts it."""
    checks = request.config.stash.setdefault(_CHECKS, [])

    def check(row: str, expectation: str, measured: float, allowed: float, unit: str) -> None:
        checks.append(Check(row, expectation, float(measured), float(allowed), unit))
        assert measured <= allowed, f"{row}: {expectation}: off by {measured:g} {unit}, allowed {allowed:g}"

    return check


@pytest.fixture(scope="session")
def plots(tmp_path_factory) -> Path:
    """Return the folder for pictures: ``ALPRSIM_PLOTS``, else one of pytest's own."""
    folder = Path(os.environ["ALPRSIM_PLOTS"]) if "ALPRSIM_PLOTS" in os.environ else tmp_path_factory.mktemp("plots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def pytest_terminal_summary(terminalreporter, config):
    """Print the table: of equal checks (several roads, flows or seeds) the worst, and how many they are."""
    by_line: dict[tuple[str, str], list[Check]] = {}
    for check in config.stash.get(_CHECKS, []):
        by_line.setdefault((check.row, check.expectation), []).append(check)
    if not by_line:
        return
    rows = [("test", "expectation", "cases", "off by", "allowed", "within")]
    for (row, expectation), checks in by_line.items():
        worst = max(checks, key=lambda c: c.measured - c.allowed)
        within = "yes" if all(c.measured <= c.allowed for c in checks) else "NO"
        off, allowed = (
            f"{v:.4g} {worst.unit}" if v < math.inf else "anything" for v in (worst.measured, worst.allowed)
        )
        rows.append((row, expectation, str(len(checks)), off, allowed, within))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    terminalreporter.section("verification")
    for cells in rows:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        terminalreporter.write_line("  ".join(padded).rstrip())
