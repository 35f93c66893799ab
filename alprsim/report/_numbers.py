"""The numbers of an answer's figure as a table for the page: limits, policies, towns or numbers of departments by row."""

from __future__ import annotations

from typing import Any

import pandas as pd

from alprsim.measures.glossary import BY_NAME
from alprsim.report._measures import row_name
from alprsim.report.tables import Cell, Grid, Head
from alprsim.results import answer_table as table
from alprsim.results import words
from alprsim.results.answer_sentence import values
from alprsim.results.run import Run

_BY_NUMBER = ("least", "mean", "most", "best order", "greedy order", "worst order")
_FORMS = {"retention": "retention", "policies": "policy", "towns": "town", "subsets": "k"}
"""What stands in the rows of each form's table."""


def numbers(run: Run, rows: pd.DataFrame) -> Grid:
    """Return the figure's numbers; whatever else the answer holds is in answer.csv."""
    asked = run.info["answer"]
    if asked["over"] == "measures":
        return _several(run, asked, values(rows))
    by, kept = _FORMS[asked["over"]], _kept(asked, rows)
    columns = kept.groupby(_told_by(asked), sort=False, dropna=False)
    heads = [_head(run, asked, part.iloc[0]) for _, part in columns]
    cells = [{row[by]: _cell(asked, row) for _, row in part.iterrows()} for _, part in columns]
    names = list(dict.fromkeys(kept[by]))
    lines = [(_row_name(run, asked, name), "", [cell.get(name, Cell("–")) for cell in cells]) for name in names]
    return Grid("The numbers of this figure", heads, lines)


def _several(run: Run, asked: dict[str, Any], rows: pd.DataFrame) -> Grid:
    key = {"policies": "policy", "retention": "retention", "variants": "variant", "towns": "town"}[asked["rows"]]
    titles = [column["title"] for column in asked["columns"]]
    known = {column["title"]: BY_NAME.get(column["measure"]) for column in asked["columns"]}
    heads = [Head(title, "", entry.told if (entry := known[title]) else "") for title in titles]
    lines = []
    for name in table.row_names(run, asked):
        cells = [rows[rows[key].eq(name) & rows["column"].eq(title)] for title in titles]
        told = [_cell(asked, cell.iloc[0]) if len(cell) else Cell("–") for cell in cells]
        lines.append((row_name(run, asked, name), "", told))
    return Grid("The numbers of this figure", heads, lines)


def _kept(asked: dict[str, Any], rows: pd.DataFrame) -> pd.DataFrame:
    if asked["over"] == "subsets":
        return rows[rows["quantity"].isin(_BY_NUMBER)]
    kept = values(rows)
    return kept[kept["sight"].ne("bulk")] if asked["over"] == "policies" else kept


def _told_by(asked: dict[str, Any]) -> list[str]:
    """Return the columns of the tidy table that tell the grid's columns apart."""
    return {
        "retention": ["policy", "measure", "statistic"],
        "policies": ["viewer", "measure", "statistic", "sight"],
        "towns": ["policy"],
        "subsets": ["quantity"],
    }[asked["over"]]


def _head(run: Run, asked: dict[str, Any], row: pd.Series[Any]) -> Head:
    if asked["over"] == "subsets":
        return Head(row["quantity"], "", "")
    title = row["viewer"] if asked["over"] == "policies" else row["policy"]
    about = []
    if row["measure"] == table.LOOKBACK:
        about.append(f"look-backs, {row['statistic']}")
    elif row["measure"] == table.AUDIENCE:
        title, about = f"Agencies, {words.SIGHTS[row['sight']][0]}", [f"can look at {row['town']}’s reads"]
    else:
        about.append(BY_NAME[row["measure"]].title.lower())
    if asked["over"] == "policies" and row["measure"] != table.AUDIENCE:
        about.append(words.SIGHTS[row["sight"]][0])
    known = BY_NAME.get(row["measure"])
    return Head(str(title), "; ".join(about), known.told if known else "")


def _cell(asked: dict[str, Any], row: pd.Series[Any]) -> Cell:
    if row["measure"] == table.AUDIENCE:
        return Cell(f"{row['mean']:.0f}")
    said = words.interval(row["low"], row["high"], row["unit"]) if row["n_seeds"] > 1 else ""
    if asked["over"] == "subsets" and not str(row["policy"]).startswith("any "):
        who = _briefly(asked["opt_out"], row["policy"])
        said = f"{who}; {said}" if said else who
    return Cell(words.quantity(row["mean"], row["unit"]), said)


def _briefly(names: list[str], subset: str) -> str:
    """Say most of all as "all but the others"."""
    inside = subset.split(" + ")
    others = [name for name in names if name not in inside]
    if len(inside) <= len(names) / 2 or len(names) == len(others):
        return subset
    return f"all but {' + '.join(others)}" if others else "all"


def _row_name(run: Run, asked: dict[str, Any], name: Any) -> str:
    if asked["over"] == "retention":
        return words.duration(name)
    if asked["over"] == "towns":
        return "all together" if name == "all" else run.place(name)
    return f"{name} opt out" if asked["over"] == "subsets" else str(name)
