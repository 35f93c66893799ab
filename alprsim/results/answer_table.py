"""The one table that answers a scenario's question: what its figure shows, as numbers with their unit, n and interval.

A row says what it is by its ``quantity``: a ``value``, a ``change`` (the paired difference against the baseline, or against no
limit, seed by seed), or what follows from all subsets of departments that opt out (`coalitions`).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alprsim.results import coalitions, words
from alprsim.results.run import Run
from alprsim.results.summary import PLAIN, labels, paired, plain
from alprsim.tables import AS_WRITTEN

FILE = "answer.csv"
VALUE, CHANGE = "value", "change"
LOOKBACK, AUDIENCE = "lookback_plate", "audience"
EVERY = "all"
"""In place of a policy, viewer or sight: of any of them alike."""
EVERYBODY = "everybody"
"""The viewer of an audience."""
NOBODY = "nobody"
"""The subset of none."""
ORDERS = ("best order", "greedy order", "worst order")
TIPPING = (0.1, 0.5)
"""Shares of the whole fall that the tipping points are of."""
SIGHTS = ("bulk", "request", "process", "side_door")


class Row(NamedTuple):
    """A number of the figure."""

    quantity: str
    policy: str
    viewer: str
    sight: str
    retention: int
    town: str
    measure: str
    statistic: str
    k: int
    """Departments that opted out; −1 where none are asked."""
    mean: float
    low: float
    high: float
    n_seeds: int
    unit: str
    n: int
    variant: str = ""
    """Of the world, where the answer is over variants."""
    column: str = ""
    """The title of the column, where several measures stand side by side."""
    who: str = PLAIN["who"]
    reference: float = float("nan")
    """A published figure that the column is held against."""


class Key(NamedTuple):
    """What names a value."""

    policy: str
    viewer: str
    sight: str
    retention: int
    measure: str
    statistic: str
    town: str = "all"


class Found(NamedTuple):
    """A value, a seed each."""

    values: NDArray[np.float64]
    unit: str
    n: int


def table(run: Run) -> pd.DataFrame | None:
    """Return the answer as a data frame, the fields of `Row`; None where the scenario asks for none."""
    asked = run.info.get("answer")
    if not asked:
        return None
    rows = {
        "retention": _retention, "policies": _policies, "towns": _towns, "subsets": _subsets, "measures": _several,
    }[asked["over"]]  # fmt: skip
    return pd.DataFrame(list(rows(run, asked)), columns=Row._fields)


def write(run: Run) -> None:
    """Write ``answer.csv`` into the run's folder, retention in words and what the figures rest on in every row."""
    rows = table(run)
    if rows is None:
        return
    said = {step: "as the policy says" if step < 0 else words.duration(step) for step in rows["retention"].unique()}
    wide = rows.assign(**labels(run.info))
    wide.insert(wide.columns.get_loc("retention") + 1, "retention_text", rows["retention"].map(said))
    wide.to_csv(run.folder / FILE, index=False, float_format="%.6g", lineterminator="\n")


def load(folder: Path) -> pd.DataFrame | None:
    """Return ``answer.csv`` as it was written; None where there is none."""
    file = folder / FILE
    return pd.read_csv(file, keep_default_na=True, na_filter=True) if file.exists() else None


def subset_names(asked: dict[str, Any]) -> list[str]:
    """Return what each subset is called: who opts out."""
    names = asked["opt_out"]
    return [
        " + ".join(name for row, name in enumerate(names) if subset >> row & 1) or NOBODY
        for subset in range(1 << len(names))
    ]


# --- values -------------------------------------------------------------------------------------------------------------


def _values(run: Run, frame: pd.DataFrame) -> dict[Key, Found]:
    """Return every value of a tidy table by its key, in the order of the run's seeds."""
    order = {seed: row for row, seed in enumerate(run.provenance["seeds"])}
    found: dict[Key, Found] = {}
    columns = [frame[name].tolist() for name in (*Key._fields, "seed", "value", "unit", "n")]
    for *key, seed, value, unit, n in zip(*columns, strict=True):
        name = Key(*key)
        if name not in found:
            found[name] = Found(np.full(len(order), np.nan), unit, 0)
        found[name].values[order[seed]] = value
        found[name] = found[name]._replace(n=found[name].n + n)
    return found


def _measured(run: Run, asked: dict[str, Any]) -> dict[Key, Found]:
    """Return the values of the policies that an answer is about."""
    rows = plain(run.measures, town=None)
    return _values(run, rows[rows["measure"].isin([asked["measure"], LOOKBACK])])


def _more(run: Run, measure: str) -> dict[Key, Found]:
    """Return what only the answer asked."""
    rows = run.table("answer", seed=None) if (run.folder / "answer.parquet").exists() else pd.DataFrame()
    return _values(run, rows[rows["measure"].eq(measure)]) if len(rows) else {}


def _row(quantity: str, key: Key, found: Found, values: NDArray[np.float64], k: int = -1) -> Row:
    mean, low, high = paired(np.zeros(len(values)), values)
    if quantity != CHANGE and found.unit == "share":
        low, high = max(low, 0.0) if low == low else low, min(high, 1.0) if high == high else high
    where = (key.policy, key.viewer, key.sight, key.retention, key.town, key.measure, key.statistic)
    return Row(quantity, *where, k, mean, low, high, int((~np.isnan(values)).sum()), found.unit, found.n)


def _both(found: dict[Key, Found], key: Key, against: Key) -> Iterator[Row]:
    """Yield a value and its change against another, where it was measured."""
    if key not in found:
        return
    yield _row(VALUE, key, found[key], found[key].values)
    if against != key and against in found:
        yield _row(CHANGE, key, found[key], found[key].values - found[against].values)


# --- the forms ----------------------------------------------------------------------------------------------------------


def _retention(run: Run, asked: dict[str, Any]) -> Iterator[Row]:
    found = _measured(run, asked)
    longest = run.steps[-1]
    for policy in run.info["policies"]:
        for measure, statistic in _asked(asked):
            for step in run.steps:
                key = Key(policy, asked["viewer"], asked["sight"], step, measure, statistic)
                yield from _both(found, key, key._replace(retention=longest))


def _policies(run: Run, asked: dict[str, Any]) -> Iterator[Row]:
    found, baseline = _measured(run, asked), run.info["baseline"]
    for viewer in asked["viewers"]:
        for policy in run.info["policies"]:
            for measure, statistic in _asked(asked):
                for sight in SIGHTS:
                    key = Key(policy, viewer, sight, AS_WRITTEN, measure, statistic)
                    yield from _both(found, key, key._replace(policy=baseline))
    if asked.get("audience"):
        counted = _more(run, AUDIENCE)
        for policy in run.info["policies"]:
            for sight in SIGHTS:
                key = Key(policy, EVERYBODY, sight, AS_WRITTEN, AUDIENCE, "count", asked["audience"])
                yield from _both(counted, key, key._replace(policy=baseline))


def _towns(run: Run, asked: dict[str, Any]) -> Iterator[Row]:
    found, baseline = _measured(run, asked), run.info["baseline"]
    towns = [town["name"] for town in run.info["towns"] if town["listed"]]
    for policy in run.info["policies"]:
        for town in [*towns, "all"]:
            key = Key(policy, asked["viewer"], asked["sight"], AS_WRITTEN, asked["measure"], asked["statistic"], town)
            yield from _both(found, key, key._replace(policy=baseline))


def _subsets(run: Run, asked: dict[str, Any]) -> Iterator[Row]:
    names = subset_names(asked)
    for measure, statistic in _asked(asked):
        found = _more(run, measure)
        keys = [
            Key(_code(subset, len(asked["opt_out"])), asked["viewer"], asked["sight"], AS_WRITTEN, measure, statistic)
            for subset in range(len(names))
        ]
        of = Found(np.empty(0), found[keys[0]].unit, found[keys[0]].n)
        values = np.array([found[key].values for key in keys])
        say = functools.partial(_said, keys[0], of)
        for subset, name in enumerate(names):
            yield say(VALUE, name, values[subset], subset.bit_count())
        if measure != LOOKBACK:
            yield from _of_all(asked, names, values, keys[0], of)


def _said(
    key: Key, of: Found, quantity: str, who: str, values: NDArray[np.float64], k: int, unit: str | None = None
) -> Row:
    return _row(quantity, key._replace(policy=who), of._replace(unit=unit or of.unit), values, k)


def _of_all(
    asked: dict[str, Any], names: Sequence[str], values: NDArray[np.float64], key: Key, of: Found
) -> Iterator[Row]:
    """Yield what follows from all subsets; which subset or order it is, the mean over seeds decides."""
    mean, say = values.mean(axis=1), functools.partial(_said, key, of)
    count = coalitions.by_number(mean)
    n, seeds = len(asked["opt_out"]), range(values.shape[1])
    for k in range(n + 1):
        yield say("least", names[count.lowest[k]], values[count.lowest[k]], k)
        yield say("mean", f"any {k}", np.array([coalitions.by_number(values[:, s]).mean[k] for s in seeds]), k)
        yield say("most", names[count.highest[k]], values[count.highest[k]], k)
    for name, order in zip(
        ORDERS, (coalitions.best_order(mean), coalitions.greedy_order(mean), coalitions.worst_order(mean)), strict=True
    ):
        here = 0
        for k, member in enumerate(order.members, 1):
            here |= 1 << member
            yield say(name, asked["opt_out"][member], values[here], k)
    whole = mean[0] - mean[-1]
    for share in TIPPING:
        for name, line in (("best", count.least), ("mean", count.mean), ("worst", count.most)):
            reached = coalitions.tipping(mean[0] - line, whole, share)
            said = np.array([np.nan if reached is None else reached], np.float64)
            yield say(f"tipping point of {100 * share:.0f} %, {name}", "", said, -1, "departments")
    for quantity, rule in (
        ("Shapley value", coalitions.shapley), ("alone", coalitions.first_movers), ("last", coalitions.last_movers)
    ):  # fmt: skip
        of_seeds = np.array([rule(values[:, s]) for s in seeds])
        for member, name in enumerate(asked["opt_out"]):
            yield say(quantity, name, of_seeds[:, member], -1)


# --- several measures side by side ------------------------------------------------------------------------------------------


def row_names(run: Run, asked: dict[str, Any]) -> list[Any]:
    """Return what stands in the rows of several measures: policies, limits, variants or towns."""
    if asked["rows"] == "variants":
        return [asked["written"], *run.variants]
    if asked["rows"] == "towns":
        found = [run.measures.loc[mask, "town"].unique() for mask in (_of_column(run, c) for c in asked["columns"])]
        return [*dict.fromkeys(name for names in found for name in names if name != "all"), "all"]
    return list(run.steps if asked["rows"] == "retention" else run.info["policies"])


def _several(run: Run, asked: dict[str, Any]) -> Iterator[Row]:
    """Yield a number a column and row, and its change against the first row (of limits: the last)."""
    names = row_names(run, asked)
    against = names[-1] if asked["rows"] == "retention" else names[0]
    for column in asked["columns"]:
        found = {name: _one(run, asked, column, name) for name in names}
        base = found[against]
        for name in names:
            told = found[name]
            if told is None:
                continue
            key, of = told
            published = column["reference"][0]["value"] if column["reference"] else float("nan")
            more = {
                "variant": name if asked["rows"] == "variants" else "", "column": column["title"], "who": column["who"],
                "reference": published,
            }  # fmt: skip
            yield _row(VALUE, key, of, of.values)._replace(**more)
            if name != against and base is not None and len(base[1].values) == len(of.values):
                yield _row(CHANGE, key, of, of.values - base[1].values)._replace(**more)


def _one(run: Run, asked: dict[str, Any], column: dict[str, Any], name: Any) -> tuple[Key, Found] | None:
    """Return the number of one cell by its key; None where nothing of the kind was measured."""
    at = asked["rows"]
    of = run.variants[name] if at == "variants" and name in run.variants else run
    policy = name if at == "policies" else column["policy"] or of.info["baseline"]
    step = column["retention"] if column["retention"] is not None else AS_WRITTEN
    key = Key(
        policy, column["viewer"] or asked["viewer"], column["sight"] or asked["sight"],
        name if at == "retention" else step, column["measure"], column["statistic"],
        name if at == "towns" else column["town"],
    )  # fmt: skip
    rows = of.measures[_of_column(of, column)]
    rows = rows[rows["town"].eq(key.town)]
    for level in (
        "policy",
        "viewer",
        "sight",
        "retention",
    ):  # what no case changes, as alerts, has a row for all of them
        mine = rows[rows[level].eq(getattr(key, level))]
        rows = mine if len(mine) else rows[rows[level].isin([EVERY, AS_WRITTEN])]
    if rows.empty:
        return None
    found = _values(of, rows)
    if len(found) != 1:
        raise ValueError(f"answer.columns: {column['title']!r} names {len(found)} values at {name!r}, not one")
    return key, next(iter(found.values()))


def _of_column(run: Run, column: dict[str, Any]) -> pd.Series[bool]:
    rows, mask = run.measures, True
    for level in ("measure", "statistic", "who"):
        mask = rows[level].eq(column[level]) & mask
    return rows["reads"].eq(PLAIN["reads"]) & mask


def _asked(asked: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the measures of an answer with their statistics: its own, and look-backs by shape of query age."""
    return [(asked["measure"], asked["statistic"]), *((LOOKBACK, shape) for shape in asked["beside"])]


def _code(subset: int, n: int) -> str:
    """Name a subset as ``inquiry.subset_name`` does, which results may not import: a test holds them together."""
    return "opt_out:" + "".join("1" if subset >> row & 1 else "0" for row in range(n))
