"""The comparison's explorer as it stands before it is moved: each side as its letter says, their values and differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from alprsim.report.compared import Compared
from alprsim.report.comparison_cube import offered
from alprsim.report.cube import Cell
from alprsim.report.explorer import Choice
from alprsim.report.figures import Figure
from alprsim.tables import AS_WRITTEN


class Row(NamedTuple):
    """A side in the explorer's table."""

    letter: str
    name: str
    when: str
    said: str
    interval: str
    width: float
    """Of its bar, of 100."""
    change: str
    changed: str


class Begun(NamedTuple):
    """The explorer where the page begins."""

    key: str
    """Viewer, sight and measure."""
    cube: dict[str, Any]
    choices: dict[str, list[Choice]]
    title: str
    definition: str
    where: str
    scale: str
    """What a full bar stands for."""
    paired: str
    moved: str
    """What the slider moves, where that is not every side."""
    sides: list[Row]


def begun(found: Compared, whole: dict[str, Any], drawn: Sequence[Figure]) -> Begun:
    """Return the explorer at the first ladder, through the eyes that the sentence is about."""
    viewers = list(found.sides[0].run.info["viewers"])
    begin = f"{viewers.index(found.about.viewer)}~{found.about.sight}~{'.'.join(found.pair)}"
    if begin not in whole["cells"] and whole["cells"]:
        begin = drawn[0].key.split("~", 1)[1] if drawn else next(iter(whole["cells"]))
    viewer, sight, measure = begin.split("~")
    group: list[list[list[Cell | None] | None]] = whole["cells"].get(begin, [[None]])
    every = [cell for of_choice in group for cells in of_choice for cell in cells or [] if cell]
    most = max(every, key=lambda cell: cell.value or 0.0, default=None)
    told = whole["measures"].get(measure, {"title": "", "definition": ""})
    first = group[0][0] or [None] * len(found.sides)
    known = found.table["B − A low"].notna().any()
    return Begun(
        begin, whole, offered(whole), told["title"], told["definition"], found.who(viewers[int(viewer)], sight),
        f"full bar: {most.said}" if most and most.value else "",
        "paired by seed, with 95 % t-interval" if known else "no interval", _moved(found),
        [_row(found, row, cell, most.value if most and most.value else 0.0) for row, cell in enumerate(first)],
    )  # fmt: skip


def _row(found: Compared, row: int, cell: Cell | None, largest: float) -> Row:
    side = found.sides[row]
    if cell is None:
        return Row(side.letter, side.name, side.when, "not measured", "", 0.0, "not measured" if row else "–", "")
    band = f"{cell.band} over assumptions" if cell.band else ""
    value = largest if cell.value is None else cell.value
    return Row(
        side.letter, side.name, side.when, cell.said + (" so far" if cell.so_far else ""),
        "; ".join(filter(None, (cell.interval, band))), round(100 * value / largest, 1) if largest else 0.0,
        cell.change if row else "–", cell.change_interval,
    )  # fmt: skip


def _moved(found: Compared) -> str:
    stay = [side.letter for side in found.sides if found.step(side, 0) == side.retention == AS_WRITTEN]
    if not stay:
        return ""
    return (
        f"The limit is that of the sides that have one; {' and '.join(stay)} stay{'s' * (len(stay) == 1)} as practised."
    )
