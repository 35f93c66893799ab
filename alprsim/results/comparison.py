"""Two or more runs side by side: each value, its difference to the first run's, and what else differs between them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from string import ascii_uppercase
from typing import Any

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from alprsim.measures.glossary import BY_NAME
from alprsim.results import draws, words
from alprsim.results.headline import REBUILT, TRIPS
from alprsim.results.run import ResultError, Run, horizon
from alprsim.results.summary import paired, plain
from alprsim.tables import AS_WRITTEN

DRAW = "standard error of the draw"
"""Ends the columns that say how far off a figure of one seed may be because its cars were drawn out of all."""
_WIDE = 60
"""Letters of a row's name in text."""

ROW = ["policy", "viewer", "sight", "retention", "measure", "statistic"]
"""What names an answer of a run."""

MAIN = (
    REBUILT,
    TRIPS,
    ("observed_days", "share_of_horizon"),
    ("effective_retention", "max"),
    ("home_found", "within_"),
    ("unicity", "p4"),
    ("lookback_plate", ""),
)
"""What a reader looks at first: a measure, and its statistic; one that ends in "_", or is empty, names all that start so."""


def compare(runs: Sequence[Run]) -> pd.DataFrame:
    """Put runs side by side.

    Returns
    -------
    DataFrame
        A row a (policy, viewer, sight, retention, measure, statistic) of any run, for residents' vehicles, all towns
        together and all reads: ``A``, ``B`` …
        are the runs' means; ``B − A`` the difference to the first run, with ``B − A low`` and ``B − A high`` its 95 %
        t-interval over seeds where both runs have the same seeds, at least two (paired seed by seed); else NaN. Runs of one
        seed also have ``A standard error of the draw`` …, NaN of what is not of drawn cars, and ``B − A standard error of the
        draw, at most``: the sum of both, since what each car adds is not kept. The attributes ``runs``, ``notes`` and
        ``horizon_s`` say which is which and what differs between them.
    """
    if not 2 <= len(runs) <= len(ascii_uppercase):
        raise ResultError(f"compare needs 2 to {len(ascii_uppercase)} results, not {len(runs)}")
    table = beside([by_seed(run, ROW) for run in runs])
    table.attrs["runs"] = {letter: f"{run.folder.name}: {run.info['title']}" for letter, run in _lettered(runs)}
    table.attrs["notes"] = [note for letter, run in _lettered(runs)[1:] for note in notes(letter, runs[0], run)]
    table.attrs["horizon_s"] = runs[0].info["horizon_s"]
    return table


def as_text(table: pd.DataFrame) -> str:
    """Return a comparison as readable text: policies as written by the measures of ``MAIN``, and trips detected by limit."""
    lines = [f"{letter}  {name}" for letter, name in table.attrs["runs"].items()]
    lines += [f"note: {note}" for note in table.attrs["notes"]]
    chosen = np.array([is_main(*row) for row in table[["measure", "statistic"]].to_numpy()], bool)
    main = table[table["retention"].eq(AS_WRITTEN) & chosen]
    order = main["measure"].map({name: row for row, (name, _) in enumerate(MAIN)})
    for (policy, viewer, sight), group in main.assign(order=order).groupby(["policy", "viewer", "sight"], sort=False):
        if sight == "bulk" and main["sight"][main["viewer"].eq(viewer)].eq("request").any():
            continue  # on-request sight includes it
        group = group.dropna(subset=list(table.attrs["runs"]), how="all").sort_values("order", kind="stable")
        lines += ["", f"{policy} · {viewer} · {words.SIGHTS[sight][0]} sight"]
        lines += [" " * (_WIDE + 2) + "".join(f"{letter:>15}" for letter in table.attrs["runs"])]
        lines += [_line(_name(row, table.attrs), row, table.attrs) for row in group.to_dict("records")]
        lines += _ladder(table, policy, viewer, sight)
    if main.empty:
        lines += ["", "The runs have no main measure in common with policies as written."]
    return "\n".join(lines)


def as_json(table: pd.DataFrame, letters: Sequence[str] = ()) -> str:
    """Return a comparison as JSON records; JSON has no infinity: ``A_unbounded`` … say where a null is without end."""
    letters = letters or list(table.attrs["runs"])
    values = [*letters, *(f"{letter} − A" for letter in letters[1:])]
    text: str = table.assign(**{f"{name}_unbounded": np.isinf(table[name]) for name in values}).to_json(
        orient="records", indent=2, force_ascii=False
    )
    return text


def by_seed(run: Run, row: Sequence[str], **of: Any) -> pd.DataFrame:
    """Return a column a seed, a row an answer for all towns; ``of`` keeps those of a policy, a retention …."""
    rows = plain(run.measures)
    for name, wanted in of.items():
        rows = rows[rows[name].eq(wanted)]
    return rows.set_index([*row, "unit", "seed"])["value"].unstack("seed", sort=False)


def beside(sides: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the answers of several sides, as ``by_seed`` has them, in one table: means, differences and intervals."""
    rows = pd.concat([values.index.to_frame(index=False) for values in sides]).drop_duplicates(ignore_index=True)
    index = pd.MultiIndex.from_frame(rows)
    sides = [values.reindex(index) for values in sides]
    table = rows.copy()
    for letter, values in zip(ascii_uppercase, sides, strict=False):
        table[letter] = values.mean(axis=1).to_numpy()
        table[f"{letter} {DRAW}"] = _drawn_off(values)
    for letter, values in zip(ascii_uppercase[1:], sides[1:], strict=False):
        _add_difference(table, letter, sides[0], values)
        table[f"{letter} − A {DRAW}, at most"] = table[f"A {DRAW}"] + table[f"{letter} {DRAW}"]
    return table


def _drawn_off(values: pd.DataFrame) -> NDArray[np.float64]:
    """Return the standard error of the draw of each answer of one seed; NaN of several, or of what is not of drawn cars."""
    if values.shape[1] != 1 or values.empty:
        return np.full(len(values), np.nan)
    names = values.index.to_frame(index=False)
    errors = pd.MultiIndex.from_frame(names.assign(statistic=names["statistic"].map(draws.error_of)))
    found: NDArray[np.float64] = values.reindex(errors).iloc[:, 0].to_numpy(float)
    return found


def _add_difference(table: pd.DataFrame, letter: str, first: pd.DataFrame, second: pd.DataFrame) -> None:
    name = f"{letter} − A"
    a, b = table["A"].to_numpy(), table[letter].to_numpy()
    with np.errstate(invalid="ignore"):  # without end − without end
        table[name] = np.where(a == b, 0.0, b - a)
    table[f"{name} low"], table[f"{name} high"] = np.nan, np.nan
    if list(first.columns) == list(second.columns) and first.shape[1] > 1:
        pairs = [paired(x, y) for x, y in zip(first.to_numpy(float), second.to_numpy(float), strict=True)]
        table[[name, f"{name} low", f"{name} high"]] = np.array(pairs).reshape(-1, 3)


def notes(letter: str, first: Run, other: Run) -> Iterator[str]:
    """Yield what a reader must know of two runs before comparing them: seeds, what differs, horizons."""
    if first.provenance["seeds"] != other.provenance["seeds"]:
        yield f"A and {letter} have other seeds: differences are not paired and have no interval"
    elif len(first.provenance["seeds"]) < 2:
        yield f"A and {letter} have one seed: differences have no interval"
    if first.provenance["scenario_sha256"] == other.provenance["scenario_sha256"]:
        yield f"A and {letter} ran the same scenario"
        return
    between = changes(yaml.safe_load(first.scenario_text), yaml.safe_load(other.scenario_text))
    differ = [f"{key}: {brief(a)} → {brief(b)}" for key, a, b in between]
    shown = "; ".join(differ[:8]) + (f"; and {len(differ) - 8} more" if len(differ) > 8 else "")
    yield f"A and {letter} ran different scenarios: {shown or 'the files they read differ'}"
    if first.info["horizon_s"] != other.info["horizon_s"]:
        yield f"A and {letter} look back over different times ({horizon(first)}, {horizon(other)}): shares do not compare"


def changes(a: Any, b: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield the keys in which two scenarios differ, titles apart, and what each says; None: nothing."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in {**a, **b}:
            if path or key not in ("title", "question"):
                yield from changes(a.get(key), b.get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(a, list) and isinstance(b, list) and any(isinstance(item, dict) for item in [*a, *b]):
        for row, (x, y) in enumerate(zip_longest(a, b)):
            yield from changes(x, y, f"{path}[{row}]")
    elif a != b:
        yield path, a, b


def brief(value: Any) -> str:
    """Say what a key says, on one line."""
    if value is None:
        return "nothing"
    text = yaml.safe_dump(value, default_flow_style=True, width=1000, allow_unicode=True).removesuffix("...\n").strip()
    return text if len(text) <= 60 else text[:59] + "…"


def is_main(measure: str, statistic: str) -> bool:
    """Tell whether a statistic is one that a reader looks at first."""
    return words.is_plain(statistic) and any(measure == name and words.starts(statistic, start) for name, start in MAIN)


def _ladder(table: pd.DataFrame, policy: str, viewer: str, sight: str) -> list[str]:
    """Return the trips detected at every limit tried, a line each; nothing where none was measured."""
    rows = table[table[["policy", "viewer", "sight"]].eq([policy, viewer, sight]).all(axis=1)]
    rows = rows[rows[["measure", "statistic"]].eq(list(TRIPS)).all(axis=1) & rows["retention"].ge(0)]
    rows = rows.dropna(subset=list(table.attrs["runs"]), how="all").sort_values("retention")
    steps = [_line(f"  {words.duration(row['retention'])}", row, table.attrs) for row in rows.to_dict("records")]
    said = _name(dict(zip(("measure", "statistic"), TRIPS, strict=True)), table.attrs)
    return [f"  {said}, by limit", *steps] if steps else []


def _name(row: dict[str, Any], attrs: dict[str, Any]) -> str:
    return f"{BY_NAME[row['measure']].title}, {words.statistic(row['statistic'], attrs['horizon_s'])}"


def _line(name: str, row: dict[str, Any], attrs: dict[str, Any]) -> str:
    said = [words.quantity(row[x], row["unit"], measure=row["measure"]) for x in attrs["runs"]]
    if row["unit"] == "share":
        fine = words.percents([row[x] for x in attrs["runs"]])
        said = [
            f"{one} %" if math.isfinite(row[x]) else old for x, one, old in zip(attrs["runs"], fine, said, strict=True)
        ]
    values = "".join(f"{one:>15}" for one in said)
    changes = "".join(f"   {_difference(row, letter)}" for letter in list(attrs["runs"])[1:])
    return f"  {name:<{_WIDE}}{values}{changes}"


def _difference(row: dict[str, Any], letter: str) -> str:
    name = f"{letter} − A"
    value, low, high = (row[key] for key in (name, f"{name} low", f"{name} high"))
    if not np.isfinite(value):
        return f"{name}: –"
    off = draws.said(row[f"A {DRAW}"], row[f"{letter} {DRAW}"], row["unit"]) if value else ""
    share = row["unit"] == "share"
    said = [words.points(v) if share else f"{v:+.3g}" for v in (value, low, high) if not math.isnan(v)]
    spread = f"{said[1]} to {said[2]}" if len(said) == 3 else "; ".join(filter(None, ("no interval", off)))
    return f"{name}: {said[0]} {'percentage points' if share else row['unit']} ({spread})"


def _lettered(runs: Sequence[Run]) -> list[tuple[str, Run]]:
    return list(zip(ascii_uppercase, runs, strict=False))
