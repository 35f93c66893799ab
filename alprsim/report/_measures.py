"""Several measures side by side: a row a policy, limit, variant or town, a bar and a number a measure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from html import escape
from typing import Any

import pandas as pd

from alprsim.results import answer_table as table
from alprsim.results import words
from alprsim.results.answer_sentence import values, who
from alprsim.results.run import Run

_LEFT, _RIGHT, _ROW = 236, 915, 30
_LINE = 15
"""Height of a line of a heading."""
_NUMBER = 54
"""Room for a cell's number, right of its bar."""
_NAME_LETTERS = 31
_ABREAST = 5
"""Measures beside each other, at most; more stand below, so that bars can be told apart."""


def measures(run: Run, asked: dict[str, Any], rows: pd.DataFrame) -> tuple[str, float]:
    """Draw the bars; return them with their height."""
    columns = [column["title"] for column in asked["columns"]]
    blocks = -(-len(columns) // _ABREAST)
    abreast = -(-len(columns) // blocks)
    parts = [f'<text class="name base" x="4" y="14">{escape(who(run, asked["viewer"], asked["sight"]))}</text>']
    bottom = 10.0
    for first in range(0, len(columns), abreast):
        drawn, bottom = _block(run, asked, values(rows), columns[first : first + abreast], abreast, bottom)
        parts += drawn
    return "".join(parts), bottom


def _block(
    run: Run, asked: dict[str, Any], found: pd.DataFrame, columns: list[str], abreast: int, down: float
) -> tuple[list[str], float]:  # fmt: skip
    """Draw some of the measures side by side, so far down; return them, and how far down what follows may begin."""
    width = (_RIGHT - _LEFT) / abreast
    heads = [wrapped(title, int(width / 7.2)) for title in columns]
    top = down + 20 + _LINE * max(map(len, heads))
    parts, names = [], table.row_names(run, asked)
    for column, lines in enumerate(heads):
        x = _LEFT + width * column
        parts += [
            f'<text class="tick" x="{x:.0f}" y="{top - 12 - _LINE * (len(lines) - 1 - row):.0f}">{escape(line)}</text>'
            for row, line in enumerate(lines)
        ]
    for row, name in enumerate(names):
        middle = top + _ROW * (row + 0.5) + 4
        own = "base" if row == 0 and asked["rows"] != "retention" else "name"
        parts.append(
            f'<text class="{own}" x="4" y="{middle:.0f}">{escape(_shortened(row_name(run, asked, name)))}</text>'
        )
    for column, title in enumerate(columns):
        mine = found[found["column"].eq(title)]
        same = found[found["measure"].isin(mine["measure"]) & found["unit"].isin(mine["unit"])]
        scale = _largest(same)
        parts += _bars(mine, asked, names, (_LEFT + width * column, top, width - _NUMBER - 8), scale, title)
    return parts, top + _ROW * len(names) + 8


def row_name(run: Run, asked: dict[str, Any], name: Any) -> str:
    """Say what a row is about."""
    if asked["rows"] == "retention":
        return words.duration(name)
    if asked["rows"] == "towns":
        return "all together" if name == "all" else run.place(name) if _is_town(run, name) else str(name)
    return str(name)


def wrapped(text: str, letters: int) -> list[str]:
    """Break a text into lines of so many letters, words whole; a number stays with its unit."""
    lines = [""]
    for word in re.findall(r"[\d.,]+ (?:m|km|s|min|h|d|%)(?!\S)|\S+", text):
        if lines[-1] and len(lines[-1]) + len(word) + 1 > letters:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _is_town(run: Run, name: str) -> bool:
    return any(town["name"] == name for town in run.info["towns"])


def _shortened(name: str) -> str:
    return name if len(name) <= _NAME_LETTERS else name[: _NAME_LETTERS - 1] + "…"


def _largest(rows: pd.DataFrame) -> float:
    """Return what the longest bar stands for: of all columns of one measure alike."""
    numbers = rows[["mean", "high", "reference"]].to_numpy(float)
    finite = numbers[pd.notna(numbers) & (abs(numbers) != math.inf)]
    return float(max(finite.max(initial=0.0), 1e-12))


def _bars(
    mine: pd.DataFrame, asked: dict[str, Any], names: list[Any], where: tuple[float, float, float], scale: float, title: str
) -> Iterator[str]:  # fmt: skip
    left, top, longest = where
    key = {"policies": "policy", "retention": "retention", "variants": "variant", "towns": "town"}[asked["rows"]]
    bottom = top + _ROW * len(names)
    yield f'<path class="axisline" d="M{left:.1f} {top:.0f}V{bottom:.0f}"/>'
    for row, name in enumerate(names):
        cell = mine[mine[key].eq(name)]
        y = top + _ROW * row
        if cell.empty or math.isnan(cell["mean"].iloc[0]):
            yield (
                f'<text class="tick" x="{left + 5:.1f}" y="{y + _ROW / 2 + 4:.0f}"><title>{escape(f"{title}, {name}")}: not '
                "measured</title>–</text>"
            )
            continue
        one = cell.iloc[0]
        said = words.quantity(one["mean"], one["unit"])
        if one["unit"] != "share" and math.isfinite(one["mean"]):
            said = said.split(" ")[0]  # the table beside has its unit; here it has no room
        length = longest * min(max(one["mean"], 0.0) / scale, 1.0)
        colour = "s0" if row == 0 and asked["rows"] != "retention" else "s5"
        spoken = escape(f"{title}, {name}: {said}")
        yield (
            f'<g class="{colour}"><title>{spoken}</title><rect x="{left:.1f}" y="{y + 7:.0f}" width="{length:.1f}" '
            f'height="16" fill="currentColor"/></g>'
        )
        end = length
        if one["n_seeds"] > 1 and math.isfinite(one["high"]):
            low, end = (longest * min(max(one[side], 0.0) / scale, 1.0) for side in ("low", "high"))
            yield f'<path class="axisline" d="M{left + low:.1f} {y + 15:.0f}H{left + end:.1f}"/>'
        yield f'<text x="{left + max(end, length) + 5:.1f}" y="{y + _ROW / 2 + 4:.0f}">{escape(said)}</text>'
    if pd.notna(published := mine["reference"].iloc[0] if len(mine) else math.nan):
        x = left + longest * published / scale
        yield f'<path class="axisline" stroke-dasharray="4 3" d="M{x:.1f} {top - 4:.0f}V{bottom:.0f}"/>'


def notes(asked: dict[str, Any]) -> list[str]:
    """Say what the dashed lines are, and the dashes."""
    return ["–: not measured, or not a question under that rule."] + [
        f"Dashed, {column['title'].lower()}: {one['label']}, {one['value']:g} ({one['source']})."
        for column in asked["columns"]
        for one in column["reference"][:1]
    ]
