"""The answers of all seeds as one table: the mean, and the 95 % t-interval of that mean over seeds."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import stdtrit

from alprsim import parquet
from alprsim.results import words
from alprsim.tables import DAY

KEYS = ["policy", "viewer", "sight", "retention", "measure", "who", "reads", "town", "statistic"]
"""What names an answer; two sights are two answers."""

PLAIN = {"who": "vehicles", "reads": "all"}
"""Whose lives, and whose reads, an answer is about where nothing else is said: as ``tables.Measured`` has them."""

LEVEL = 0.95

_FORMATS = {
    ".parquet": "application/vnd.apache.parquet",
    ".csv": "text/csv",
    ".yaml": "application/yaml",
    ".html": "text/html",
    ".svg": "image/svg+xml",
}
"""Of the files that a crate names, besides run.json."""

_MEANINGS = {
    "retention": ("s", "the ladder's step; 2147483647 no limit; -1 as the policy itself says"),
    "mean": ("see unit", "over the seeds that measured it; NaN: not measured; infinite: without end"),
    "low": (
        "see unit",
        "95 % t-interval of the mean over seeds; NaN: one seed, no interval; a share's is cut at 0 and 1",
    ),
    "high": ("see unit", "see low"),
    "n_seeds": ("seeds", "that measured it"),
    "n": ("", "vehicles (or incidents, or targets) over all query moments and seeds"),
}


def summarise(measured: pd.DataFrame) -> pd.DataFrame:
    """Return mean and 95 % t-interval over seeds for every answer, in the order they first appear.

    Parameters
    ----------
    measured : DataFrame, the columns of ``tables.Measured``
        One row a (policy, viewer, sight, retention, measure, who, reads, town, statistic, seed); NaN: not measured.

    Returns
    -------
    DataFrame
        The keys, then mean, low, high, n_seeds, unit, n. One seed has no interval: low and high are NaN.
    """
    groups = measured.groupby(KEYS, sort=False, observed=True)
    value = groups["value"]
    rows = value.agg(["mean", "std", "min", "max", "count"]).rename(columns={"count": "n_seeds"})
    rows = rows.assign(unit=groups["unit"].first(), n=groups["n"].sum()).reset_index()
    same = rows["min"].eq(rows["max"])
    half = _half_width(rows["std"].where(~same, 0.0).to_numpy(), rows["n_seeds"].to_numpy())
    mean = rows["mean"].where(~same, rows["min"])
    rows = rows.assign(mean=mean, low=mean - half, high=mean + half)
    share = rows["unit"].eq("share")
    for bound in ("low", "high"):
        rows[bound] = rows[bound].where(~share, rows[bound].clip(0, 1))
    return rows[[*KEYS, "mean", "low", "high", "n_seeds", "unit", "n"]]


def plain(rows: pd.DataFrame, *, town: str | None = "all") -> pd.DataFrame:
    """Return the rows about residents' vehicles and all reads; of all towns together, or of every one if ``town`` is None."""
    mask = rows["who"].eq(PLAIN["who"]) & rows["reads"].eq(PLAIN["reads"])
    return rows[mask if town is None else mask & rows["town"].eq(town)]


def paired(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the mean of second − first, seed by seed, and its 95 % t-interval; NaN bounds below two seeds."""
    with np.errstate(invalid="ignore"):  # without end − without end
        difference = np.where(first == second, 0.0, second - first)
    difference = difference[~np.isnan(difference)]
    if not len(difference):
        return np.nan, np.nan, np.nan
    mean = float(difference.mean())
    spread = float(difference.std(ddof=1)) if len(difference) > 1 and np.isfinite(difference).all() else np.nan
    half = float(_half_width(np.array([spread]), np.array([len(difference)]))[0])
    return mean, mean - half, mean + half


def write_summary(folder: Path) -> None:
    """Write ``summary.parquet`` and ``summary.csv`` beside a run's measures and run.json."""
    summary = summarise(pd.read_parquet(folder / "measures.parquet"))
    info = json.loads((folder / "run.json").read_text("utf-8"))
    content = pa.Table.from_pandas(summary, preserve_index=False)
    fields = [
        field.with_metadata(dict(zip(("unit", "meaning"), _MEANINGS[field.name], strict=True)))
        if field.name in _MEANINGS
        else field
        for field in content.schema
    ]
    metadata = {"alprsim.table": "Summary", "alprsim.schema": str(parquet.SCHEMA_VERSION), **labels(info)}
    parquet.write(content.cast(pa.schema(fields, metadata=metadata)), folder / "summary.parquet")
    (folder / "summary.csv").write_text(as_csv(summary, info), "utf-8")


def write_crate(folder: Path) -> None:
    """Write ``ro-crate-metadata.json``, which names the run's own files and what made them, for archives."""
    info = json.loads((folder / "run.json").read_text("utf-8"))
    crate = json.dumps(_crate(folder, info), indent=1, ensure_ascii=False)
    (folder / "ro-crate-metadata.json").write_text(crate, "utf-8")


def labels(info: Mapping[str, Any]) -> dict[str, str]:
    """Return what a run's figures rest on, with the attribution that its map data asks for."""
    credit = {"attribution": info["attribution"]} if info.get("attribution") else {}
    return {**info["labels"], **credit}


def as_csv(summary: pd.DataFrame, info: Mapping[str, Any]) -> str:
    """Return the summary for spreadsheets: on every row retention in words, what the run was made of, and ``keeps_more``.

    That is whether the viewer can reach back further than the last T: a share of the last T then looks no further.
    """
    steps = {step: "as the policy says" if step < 0 else words.duration(step) for step in summary["retention"].unique()}
    wide = summary.assign(keeps_more=_keeps_more(summary, info["horizon_s"]), **labels(info))
    wide.insert(summary.columns.get_loc("retention") + 1, "retention_text", summary["retention"].map(steps))
    text: str = wide.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    return text


def _keeps_more(summary: pd.DataFrame, horizon_s: int) -> NDArray[np.bool_]:
    case = ["policy", "viewer", "sight", "retention"]
    window = summary[summary["measure"].eq("effective_retention") & summary["statistic"].eq("window")]
    longer = window.set_index(case)["mean"] * DAY > horizon_s
    told: NDArray[np.bool_] = longer.reindex(pd.MultiIndex.from_frame(summary[case]), fill_value=False).to_numpy(bool)
    return told


def _half_width(spread: NDArray[np.float64], n: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return half the t-interval of a mean of n values with that standard deviation; NaN below two values."""
    several = np.where(n > 1, n, 2)
    half: NDArray[np.float64] = stdtrit(several - 1, 0.5 + LEVEL / 2) * spread / np.sqrt(several)
    return np.where(n > 1, half, np.nan)


def _crate(folder: Path, info: Mapping[str, Any]) -> dict[str, Any]:
    """Describe the folder as an RO-Crate 1.1 (https://w3id.org/ro/crate/1.1)."""
    names = sorted(path.name for path in folder.iterdir() if path.suffix in _FORMATS or path.name == "run.json")
    credit = {"creditText": info["attribution"]} if info.get("attribution") else {}
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": info["title"],
        "description": info["question"] or info["title"],
        "datePublished": info["provenance"]["ended"],
        **credit,
        "hasPart": [{"@id": name} for name in names],
        "mentions": {"@id": "#run"},
    }
    action = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"alprsim run, seeds {', '.join(map(str, info['provenance']['seeds']))}",
        "endTime": info["provenance"]["ended"],
        "instrument": {"@id": "#alprsim"},
        "object": {"@id": "scenario.yaml"},
        "result": {"@id": "./"},
    }
    program = {
        "@id": "#alprsim",
        "@type": "SoftwareApplication",
        "name": "alprsim",
        "softwareVersion": info["provenance"]["alprsim"],
    }
    descriptor = {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
    }
    files = [
        {"@id": name, "@type": "File", "encodingFormat": _FORMATS.get(Path(name).suffix, "application/json")}
        for name in names
    ]
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": [descriptor, root, action, program, *files]}
