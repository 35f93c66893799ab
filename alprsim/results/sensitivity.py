"""How far each headline moves with the assumptions: a band over runs that assume otherwise, beside the interval over seeds.

The interval over seeds is noise of the simulation; the band is what is not known. A policy *differs* from the baseline where the
sign of the difference is the same in every run and in the run as the scenario stands it exceeds one percentage point, or of
what is no share one percent of the baseline's figure.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alprsim.results import words
from alprsim.results.frontier import CAVEAT, RESTS_ON
from alprsim.results.headline import TRIPS
from alprsim.results.leading import LOOKBACKS, Leading, exceeds, leading
from alprsim.results.run import ResultError, Run
from alprsim.results.summary import PLAIN, labels, paired
from alprsim.tables import AS_WRITTEN

FILE = "sensitivity.csv"
BASE = "as the scenario stands"
ANY_AGE = "over the assumed query ages"
"""The statistic of look-backs: every shape of query age is one more assumption."""
_CASE = ["policy", "viewer", "sight", "retention", "town", "measure"]
_ALL = "all"
"""All towns together."""

Case = tuple[str, str, str, int, str, str, str]
"""Policy, viewer, sight, retention, home town, measure, and whose lives."""

_Values = dict[Case, dict[str, NDArray[np.float64]]]
"""A case's statistics, each a value a seed."""


class Row(NamedTuple):
    """A headline of a policy at a limit."""

    policy: str
    viewer: str
    sight: str
    retention: int
    town: str
    """all; where a measure is told of home towns, each of them."""
    measure: str
    who: str
    """vehicles, people, some of either by what hot lists say of them; of equity the groups of homes compared."""
    statistic: str
    unit: str
    mean: float
    """In the run as the scenario stands; of look-backs under the middle shape of query age."""
    low: float
    """95 % t-interval of that mean over seeds."""
    high: float
    n_seeds: int
    band_low: float
    """The least mean of any run (and shape), and in which."""
    band_high: float
    least_in: str
    most_in: str
    runs: int
    difference: float
    """To the baseline as the policy itself says, paired by seed, in the run as the scenario stands."""
    difference_low: float
    """The least and the most difference of any run (and shape)."""
    difference_high: float
    differs: str
    """yes or no; empty where it is the baseline, or not measured in every run."""


class Band(NamedTuple):
    """What other assumptions make of a headline: the least and the most mean, and in which run."""

    band_low: float
    band_high: float
    least_in: str
    most_in: str


def table(runs: Mapping[str, Run]) -> pd.DataFrame:
    """Return the bands as a data frame, the fields of `Row`.

    Parameters
    ----------
    runs
        By what each assumes, `BASE` among them; all of the same policies, viewers and limits.
    """
    if BASE not in runs:
        raise ResultError(f"a sensitivity table needs the run {BASE!r}; it has {', '.join(runs) or 'none'}")
    base = runs[BASE]
    asked = leading(base)
    leads = {
        name: [one for one in asked if one.measure == name] for name in dict.fromkeys(one.measure for one in asked)
    }
    found = {name: _values(run, asked) for name, run in runs.items()}
    units = _units(base)
    rows = [
        _row(case, statistic, units[*case[-2:], told], found, base.info["baseline"])
        for case, values in found[BASE].items()
        for statistic, told in _told(case, values, leads[case[-2]], found)
    ]
    return pd.DataFrame(rows, columns=Row._fields)


def write(rows: pd.DataFrame, run: Run, folder: Path) -> Path:
    """Write ``sensitivity.csv``: retention in words, and on every row what the figures rest on; return its path."""
    said = {step: "as the policy says" if step < 0 else words.duration(step) for step in rows["retention"].unique()}
    note = np.where(rows["measure"].isin(LOOKBACKS), f"{CAVEAT}; {RESTS_ON}", "")
    wide = rows.assign(note=note, **labels(run.info))
    wide.insert(rows.columns.get_loc("retention") + 1, "retention_text", rows["retention"].map(said))
    wide.to_csv(folder / FILE, index=False, float_format="%.6g", lineterminator="\n")
    return folder / FILE


def find(run: Run) -> Path | None:
    """Return the folder of a run's sensitivity study: its own, one in it or around it, or where the study writes by itself."""
    name = f"{run.info['name']}-sensitivity-{run.provenance['scenario_sha256'][:8]}"
    places = (run.folder, run.folder / "sensitivity", run.folder.parent, run.folder.parent / name)
    found = [place for place in places if (place / FILE).exists() and _is_of(run, place)]
    return max(found, key=lambda place: len(variants(place)), default=None)


def variants(folder: Path) -> dict[str, Path]:
    """Return the results of a study's runs that are still there, by their folders' names."""
    return {file.parent.name: file.parent for file in sorted(folder.glob("*/run.json"))}


def read(folder: Path) -> pd.DataFrame:
    """Return the table that `write` wrote into a study's folder."""
    return pd.read_csv(folder / FILE, keep_default_na=False, na_values=[""])


def bands(run: Run) -> dict[tuple[str, str, str, int, str, str], Band]:
    """Return the bands of a run's study, by policy, viewer, sight, retention, measure and statistic; none where none was run."""
    folder = find(run)
    if folder is None:
        return {}
    rows = read(folder)
    rows = rows[rows["town"].eq(_ALL) & rows["who"].eq(PLAIN["who"])]
    keys = zip(*(rows[name].tolist() for name in [*_CASE, "statistic"] if name != "town"), strict=True)
    told = zip(*(rows[name].tolist() for name in Band._fields), strict=True)
    return {key: Band(*band) for key, band in zip(keys, told, strict=True) if not math.isnan(band[0])}


def _is_of(run: Run, folder: Path) -> bool:
    """Tell whether a study is of this run's scenario: its own folder's is; elsewhere its base says which."""
    base = folder / "base" / "run.json"
    if not base.exists():
        return folder in (run.folder, run.folder / "sensitivity")
    made = json.loads(base.read_text("utf-8"))["provenance"]
    return bool(made["scenario_sha256"] == run.provenance["scenario_sha256"])


def as_text(rows: pd.DataFrame, run: Run) -> str:
    """Return the trips and look-backs of the run's onlooker as readable text, policies as they say and at each limit."""
    mine = rows[rows["viewer"].eq(run.onlooker) & rows["sight"].eq("request")]
    mine = mine[mine["town"].eq(_ALL) & mine["who"].eq(PLAIN["who"])]
    mine = mine[mine["measure"].isin([TRIPS[0], LOOKBACKS[0]]) & mine["statistic"].isin([TRIPS[1], ANY_AGE])]
    lines = [f"{run.titled(run.onlooker)}, {words.SIGHTS['request'][0]} sight"]
    for measure, of_measure in mine.groupby("measure", sort=False):
        about = f"mean, interval over seeds, band over {of_measure['runs'].max()} runs, whether it differs from the baseline"
        lines += ["", f"{measure}  ({about})"]
        for row in of_measure.itertuples():
            step = "as it says" if row.retention == AS_WRITTEN else words.duration(row.retention)
            interval = words.interval(row.low, row.high, row.unit)
            band = words.interval(row.band_low, row.band_high, row.unit)
            value = words.quantity(row.mean, row.unit)
            lines.append(f"  {row.policy:<28}{step:>10}{value:>14}{interval:>18}{band:>18}{row.differs:>6}")
    return "\n".join(lines)


def _row(
    case: Case, statistic: str, unit: str, found: Mapping[str, _Values], baseline: str
) -> Row:  # fmt: skip
    against: Case = (baseline, case[1], case[2], AS_WRITTEN, *case[4:])
    asked = list(_asked(case, against, statistic, found))
    here = [one for one in asked if one.run == BASE]
    middle = sorted(here, key=lambda one: math.inf if math.isnan(one.mean) else one.mean)[(len(here) - 1) // 2]
    mean, low, high = paired(np.zeros(len(middle.values)), middle.values)
    if unit == "share":
        low, high = max(low, 0.0) if low == low else low, min(high, 1.0) if high == high else high
    known = [one for one in asked if not math.isnan(one.mean)]
    least, most = (pick(known, key=lambda one: one.mean) if known else middle for pick in (min, max))
    differences = [one.difference for one in asked if not math.isnan(one.difference)]
    ends = (min(differences), max(differences)) if differences else (math.nan, math.nan)
    whole = case != against and len(differences) == len(asked) == len(known)
    return Row(
        *case, statistic, unit, mean, low, high, int((~np.isnan(middle.values)).sum()), least.mean, most.mean, least.name,
        most.name, len({one.run for one in known}), middle.difference, *ends,
        _differs(middle.difference, *ends, unit, middle.mean - middle.difference) if whole else "",
    )  # fmt: skip


class _Asked(NamedTuple):
    """A headline in one run, under one shape of query age where there are several."""

    run: str
    name: str
    values: NDArray[np.float64]
    mean: float
    difference: float


def _asked(
    case: Case, against: Case, statistic: str, found: Mapping[str, _Values]
) -> Iterator[_Asked]:  # fmt: skip
    for run, values in found.items():
        mine, other = values.get(case, {}), values.get(against, {})
        for shape in mine if statistic == ANY_AGE else [statistic]:
            here = mine.get(shape, np.full(1, np.nan))
            difference = _mean(_apart(other[shape], here)) if shape in other else math.nan
            name = f"{run}, {shape} questions" if statistic == ANY_AGE else run
            yield _Asked(run, name, here, _mean(here), difference)


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan


def _apart(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return second − first, seed by seed; none where both are without end."""
    if len(first) != len(second):
        return np.full(1, np.nan)
    with np.errstate(invalid="ignore"):
        return np.where(first == second, 0.0, second - first)


def _differs(difference: float, least: float, most: float, unit: str = "share", base: float = 0.0) -> str:
    """Tell whether the sign holds in every run and the difference to the baseline's figure is large enough to count."""
    return "yes" if exceeds(difference, unit, base) and (least > 0 or most < 0) else "no"


def _told(
    case: Case, values: Mapping[str, NDArray[np.float64]], asked: Sequence[Leading], found: Mapping[str, _Values]
) -> Iterator[tuple[str, str]]:
    """Yield what is told of a case, and of which of its statistics: those that are known in any run, else what stands in.

    ``asked``: what leads of its measure; of whose lives nothing else leads, what leads of vehicles.
    """
    if case[-2] in LOOKBACKS:
        yield ANY_AGE, next(iter(values))
        return
    whose = case[-1] if any(one.who == case[-1] for one in asked) else PLAIN["who"]
    for one in asked:
        if one.who == whose:
            names = (one.statistic, one.so_far)
            known = (
                name for name in names if name in values and any(_known(run, case, name) for run in found.values())
            )
            yield from ((name, name) for name in itertools.islice(known, 1))


def _known(run: _Values, case: Case, statistic: str) -> bool:
    return not np.isnan(run.get(case, {}).get(statistic, np.full(1, np.nan))).all()


def _values(run: Run, asked: Sequence[Leading]) -> _Values:
    """Return the values of what leads, a seed each, by case and statistic: of all reads, of whatever lives they are told."""
    rows = run.measures
    rows = rows[rows["reads"].eq(PLAIN["reads"])]
    wanted = {(one.measure, name) for one in asked for name in (one.statistic, one.so_far)}
    named = pd.MultiIndex.from_frame(rows[["measure", "statistic"]])
    wide = rows[named.isin(wanted)].set_index([*_CASE, "who", "statistic", "seed"])["value"].unstack("seed", sort=False)
    found: _Values = {}
    values = wide.reindex(columns=run.provenance["seeds"]).to_numpy(float)
    for (policy, viewer, sight, retention, town, measure, who, statistic), mine in zip(wide.index, values, strict=True):
        found.setdefault((policy, viewer, sight, int(retention), town, measure, who), {})[statistic] = mine
    return found


def _units(run: Run) -> dict[tuple[str, str, str], str]:
    names = ["measure", "who", "statistic"]
    rows = run.summary.drop_duplicates(names)[[*names, "unit"]]
    return {(measure, who, name): unit for measure, who, name, unit in rows.itertuples(index=False, name=None)}
