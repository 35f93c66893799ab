"""A comparison as people hold it: its table, its text, what a notebook shows, and its page."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from alprsim import report, results
from alprsim.report import compared, comparison_tables, fitting
from alprsim.report import comparison_page as page
from alprsim.report.tables import Cell, Grid
from alprsim.results import sides
from alprsim.results.comparison import DRAW
from alprsim.results.run import Run, slug
from alprsim.results.sides import Side

_WIDE, _GRIDS = 64, 3
"""Letters of a row's name in text; grids that text prints, the others are on the page."""


@dataclass(frozen=True, repr=False)
class Comparison:
    """Two or more sides, the first of which is A: several runs, or policies and limits of one."""

    sides: Sequence[Side]

    @cached_property
    def table(self) -> pd.DataFrame:
        """Every answer of every side, and what it differs from A by, with its paired interval: see ``results.compare``."""
        if not self.sides[0].several:
            return sides.differences(self.sides)
        return results.compare([side.run for side in self.sides])

    @cached_property
    def found(self) -> compared.Compared:
        """What the page says."""
        return compared.of(self.sides, sides.differences(self.sides))

    @property
    def text(self) -> str:
        """The comparison as readable text."""
        said = "\n".join(page.sentences(self.found))
        if self.sides[0].several:
            return f"{said}\n\n{self.found.marks.note}\n\n{results.as_text(self.table)}"
        lines = [f"{side.letter}  {side.policy}, {side.when}" for side in self.sides]
        for grid in comparison_tables.grids(self.found)[:_GRIDS]:
            lines += ["", *_as_text(grid)]
        return "\n".join([said, "", self.found.marks.note, "", *lines])

    @property
    def json(self) -> str:
        """The table as JSON records."""
        return results.as_json(self.table, [side.letter for side in self.sides])

    def report(self, path: str | Path | None = None, tell: fitting.Tell | None = None) -> Path:
        """Write the page and return where it is: beside the first run, or for policies in the run, unless said.

        ``tell`` is told what takes the room of a page that was too large, and what it leaves out.
        """
        fitted = fitting.fitted(lambda without: page.render(self.found, without), report.MOST_BYTES)
        if fitted.warning and tell:
            tell(fitted.warning)
        file = self.page if path is None else Path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(file.name + ".partial")
        partial.write_text(fitted.html, "utf-8")
        os.replace(partial, file)
        return file

    @property
    def page(self) -> Path:
        """Where the page goes unless another place is named."""
        first = self.sides[0].run.folder
        if not self.sides[0].several:
            return first / "compare.html"
        names = "-".join(dict.fromkeys(slug(side.run.folder.name) for side in self.sides))
        return first.parent / f"compare-{names}.html"

    def __repr__(self) -> str:
        return f"Comparison({'; '.join(side.said for side in self.sides)})"

    def _repr_html_(self) -> str:
        return page.briefly(self.found)


def compare(
    *runs: str | Path | Run, policy: str | Sequence[str] = (), retention: str | Sequence[str] = ()
) -> Comparison:
    """Compare runs, or policies and limits of one run: see ``alprsim.compare``."""
    opened = [run if isinstance(run, Run) else results.load(run) for run in runs]
    return Comparison(sides.of(opened, policies=_several(policy), retentions=_several(retention)))


def _as_text(grid: Grid) -> Iterator[str]:
    """Yield a grid's caption, heads and rows, each column as wide as it must be; errors of the draw on lines of their own."""
    told = [[_told(one) for one in cells] for _, _, cells in grid.rows]
    wide = [2 + max(map(len, column)) for column in zip([head.title for head in grid.heads], *told, strict=True)]
    yield grid.caption
    yield " " * _WIDE + "".join(f"{head.title:>{width}}" for head, width in zip(grid.heads, wide, strict=True))
    for (name, remark, cells), row in zip(grid.rows, told, strict=True):
        values = "".join(f"{one:>{width}}" for one, width in zip(row, wide, strict=True))
        yield f"{f'{name}, {remark}':<{_WIDE}}{values}"
        yield from (
            f"    {head.title}: {one.band}"
            for head, one in zip(grid.heads, cells, strict=True)
            if one.band.startswith(DRAW)
        )


def _told(cell: Cell) -> str:
    """Say a cell's value, and what stands below it but for an error of the draw."""
    value = cell.value.replace(" points", " percentage points")
    return value if not cell.band or cell.band.startswith(DRAW) else f"{value} ({cell.band})"


def _several(names: str | Sequence[str]) -> Sequence[str]:
    return [names] if isinstance(names, str) else list(names)
