"""Verification leaves evidence: a table of every expectation with what was found, printed at the end, and pictures."""

import math
import os
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

_CHECKS = pytest.StashKey[list["Check"]]()

EXPECTED = (
    "fundamental diagram", "bottleneck", "shock", "discharge", "diverge", "merge", "exactness", "two engines",
    "route choice", "static assignment", "route choice, static", "another simulator", "SUMO's routes, read", "counts",
    "demand", "repetition", "generated streets", "trips detected", "memory of a run", "custody",
    "page",
)  # fmt: skip
"""What a whole verification checks, as rows of the table begin: what is not among them after a run was not run."""


class Check(NamedTuple):
    """One measured deviation from what is expected, and what is allowed."""

    row: str
    expectation: str
    found: str
    """The figures themselves, where the deviation alone says little."""
    measured: float
    allowed: float
    """NaN: shown, and held against nothing."""
    unit: str

    @property
    def within(self) -> bool:
        """Whether it is as it should be."""
        return math.isnan(self.allowed) or self.measured <= self.allowed


@pytest.fixture
def verified(request):
    """Return a function that enters a check in the table and asserts it."""
    checks = request.config.stash.setdefault(_CHECKS, [])

    def check(row: str, expectation: str, measured: float, allowed: float, unit: str, *, found: str = "") -> None:
        made = Check(row, expectation, found, float(measured), float(allowed), unit)
        checks.append(made)
        assert made.within, f"{row}: {expectation}: off by {measured:g} {unit}, allowed {allowed:g} ({found})"

    return check


@pytest.fixture
def shown(request):
    """Return a function that enters a figure in the table which nothing published or known holds to account."""
    checks = request.config.stash.setdefault(_CHECKS, [])

    def show(row: str, expectation: str, found: str) -> None:
        checks.append(Check(row, expectation, found, math.nan, math.nan, ""))

    return show


@pytest.fixture
def show(capsys, plots):
    """Return a function that prints a table of its own, under a title, and keeps it beside the pictures."""

    def write(title: str, table: str) -> None:
        (plots / f"{title}.txt").write_text(table)
        with capsys.disabled():
            sys.stdout.write(f"\n{title}\n{table}\n")

    return write


@pytest.fixture(scope="session")
def plots(tmp_path_factory) -> Path:
    """Return the folder for pictures and tables: ``ALPRSIM_PLOTS``, else one of pytest's own."""
    folder = Path(os.environ["ALPRSIM_PLOTS"]) if "ALPRSIM_PLOTS" in os.environ else tmp_path_factory.mktemp("plots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def pytest_terminal_summary(terminalreporter, config):
    """Print the table: of equal checks (several roads, flows or seeds) the worst, and how many they are."""
    checks = config.stash.get(_CHECKS, [])
    if not checks:
        return
    rows = [("test", "expectation", "cases", "found", "off by", "allowed", "within")]
    by_line: dict[tuple[str, str], list[Check]] = {}
    for check in checks:
        by_line.setdefault((check.row, check.expectation), []).append(check)
    order = {row: place for place, row in enumerate(dict.fromkeys(check.row for check in checks))}
    rows += [_line(alike) for _, alike in sorted(by_line.items(), key=lambda line: order[line[0][0]])]
    begun = [check.row for check in checks]
    rows += [(row, "", "", "", "", "", "not run") for row in EXPECTED if not any(r.startswith(row) for r in begun)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    terminalreporter.section("verification")
    for cells in rows:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        terminalreporter.write_line("  ".join(padded).rstrip())
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.write_line(f"not run: {report.nodeid.split('/')[-1]}: {reason.removeprefix('Skipped: ')}")


def _line(alike: list[Check]) -> tuple[str, ...]:
    """Return the table's line for checks of one expectation: the worst of them."""
    worst = max(alike, key=lambda c: -math.inf if math.isnan(c.measured) else c.measured - c.allowed)
    head = worst.row, worst.expectation, str(len(alike))
    if math.isnan(worst.allowed):
        return (*head, " and ".join(dict.fromkeys(check.found for check in alike)), "", "", "–")
    head = *head, worst.found
    allowed = f"{worst.allowed:.4g}" if worst.allowed < math.inf else "anything"
    return (*head, f"{worst.measured:.4g} {worst.unit}", allowed, "yes" if all(c.within for c in alike) else "NO")
