"""The tables of a comparison: a column a side and a column a difference, for the main measures and for home towns."""

from __future__ import annotations

import math
from typing import Any

from alprsim.measures.glossary import BY_NAME
from alprsim.report import cube, tables
from alprsim.report.compared import Compared
from alprsim.report.comparison_cube import Values
from alprsim.report.figures import Pair
from alprsim.results import draws, words
from alprsim.results.headline import TRIPS
from alprsim.results.sides import Side


def grids(found: Compared) -> list[tables.Grid]:
    """Return the numbers of the main measures: a grid a viewer and sight that sees anything, the subject's first."""
    return [grid for case in found.cases if case not in found.blind and (grid := _grid(found, *case))]


def towns(found: Compared) -> tables.Grid | None:
    """Return the sentence's measure by home town, trips detected where that is not told by town.

    There is a column a side, and a column a difference, paired by seed; the explorer puts what is chosen in their place.
    """
    return next((grid for pair in dict.fromkeys((found.pair, TRIPS)) if (grid := _towns(found, pair))), None)


def _towns(found: Compared, pair: Pair) -> tables.Grid | None:
    first, values, lines, known = found.sides[0].run, Values(), [], False
    asked = [(side.policy, *found.first, side.retention, *pair) for side in found.sides]
    for town in (town for town in first.info["towns"] if town["listed"]):
        answers = [side.run.answer(*one, town["name"]) for side, one in zip(found.sides, asked, strict=True)]
        known = known or any(answer.measured for answer in answers)
        cells = [tables.cell(answer, pair[0]) for answer in answers]
        for side, one in zip(found.others, asked[1:], strict=True):
            apart = values.apart(first, asked[0], side.run, one, town["name"])
            told = cube.apart(*apart, "share", than="A")
            off = values.drawn_off(first, asked[0], town["name"]), values.drawn_off(side.run, one, town["name"])
            band = told[1] or (draws.most(*off, "share") if apart[0] else "")
            cells.append(tables.Cell(told[0].replace("percentage ", ""), band))
        lines.append((first.place(town["name"]), f"{town['population']:,} residents", cells))
    caption = f"{found.titled(*pair)}, by home town: {found.who(*found.first)}"
    return tables.Grid(caption, _heads(found), lines) if known else None


def _grid(found: Compared, viewer: str, sight: str) -> tables.Grid | None:
    rows = found.main(viewer, sight)
    if not rows:
        return None
    lines = []
    for row in rows:
        cells = _answers(found, viewer, sight, row)
        cells += [_apart(found, side, row) for side in found.others]
        said = words.statistic(row["statistic"], found.sides[0].run.info["horizon_s"])
        lines.append((BY_NAME[row["measure"]].title, said, cells))
    return tables.Grid(found.who(viewer, sight), _heads(found), lines, (viewer, sight) == found.first)


def _heads(found: Compared) -> list[tables.Head]:
    heads = [tables.Head(side.letter, f"{side.name}, {side.when}", "", found.row(side)) for side in found.sides]
    return heads + [tables.Head(f"{side.letter} − A", _pairing(found, side), "") for side in found.others]


def _pairing(found: Compared, side: Side) -> str:
    known = found.table[f"{side.letter} − A low"].notna().any()
    return "paired by seed" if known else "no interval"


def _answers(found: Compared, viewer: str, sight: str, row: dict[str, Any]) -> list[tables.Cell]:
    """Return a cell a side; shares as fine as their differences."""
    pair = (row["measure"], row["statistic"])
    answers = [side.run.answer(side.policy, viewer, sight, side.retention, *pair) for side in found.sides]
    cells = [tables.cell(answer, row["measure"]) for answer in answers]
    off = (draws.own(found.drawn_off(side, viewer, sight, *pair), row["unit"]) for side in found.sides)
    cells = [cell._replace(band=cell.band or error) for cell, error in zip(cells, off, strict=True)]
    if row["unit"] != "share":
        return cells
    said = words.percents([answer.mean for answer in answers])
    known = zip(cells, said, answers, strict=True)
    return [cell._replace(value=f"{one} %") if answer.measured else cell for cell, one, answer in known]


def _apart(found: Compared, side: Side, row: dict[str, Any]) -> tables.Cell:
    """Say a difference with its interval and mark, in points of shares, else in the measure's own unit."""
    if row["unit"] == "share":
        dot = found.dot(side, row["viewer"], row["sight"], row["measure"], row["statistic"])
        if math.isnan(dot.mean):
            return tables.Cell("not measured")
        mark = {True: "◆ ", False: "◇ ", None: ""}[dot.marked]
        if math.isnan(dot.low):
            case = (row["viewer"], row["sight"], row["measure"], row["statistic"])
            first, other = (found.drawn_off(one, *case) for one in (found.sides[0], side))
            band = draws.most(first, other, "share") if dot.mean else ""
        else:
            band = f"{words.points(dot.low)} to {words.points(dot.high)}"
        return tables.Cell(f"{mark}{words.points(dot.mean)} points", band)
    value, low, high = (row[f"{side.letter} − A{end}"] for end in ("", " low", " high"))
    if math.isnan(value):
        return tables.Cell("not measured")
    if math.isinf(value):
        return tables.Cell("no longer without end" if value < 0 else "now without end")
    band = "" if math.isnan(low) or low == high else f"{_signed(low)} to {_signed(high)}"
    return tables.Cell(f"{_signed(value)} {row['unit']}", band)


def _signed(value: float) -> str:
    return "0" if value == 0 else ("+" if value > 0 else "−") + words.number(abs(value))
