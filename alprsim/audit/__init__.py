"""Who searched, for whom, why and how far: a simulated audit log of a finished run, and what it adds up to.

Searches are drawn from the scenario's `searches`, and are the same under every policy; a policy decides what each reaches and
returns. *Reach* counts the agencies and cameras whose reads of the ages asked for the searcher may look into, whether or not
anything was there. A log tells the reason that was typed in; whether it is true stands in a column that no agency has.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from alprsim import custody, parquet
from alprsim.audit._answered import Answered, Index, answer, wanted
from alprsim.audit._drawn import Searches, log_until, searches, span, targets
from alprsim.dossier import AUDIT, Opened
from alprsim.report import audit as page
from alprsim.results.run import Run
from alprsim.results.summary import write_crate
from alprsim.scenario import models
from alprsim.tables import DAY, Int64

SUMMARY, PAGE = "audit.csv", "audit.html"

_MEANINGS = {
    "time": ("s", "when, since the scenario's start"),
    "vehicle": ("row", "the plate looked for; -1: by place"),
    "x": ("m", "the place looked at, as junctions"),
    "within": ("m", "around that place; NaN: by plate"),
    "look_back": ("s", "back to reads of this age; by place: age of what is asked about"),
    "since": ("s", "captured from here on"),
    "until": ("s", "captured up to here"),
    "true": ("", "whether the reason is: nobody in the model knows"),
    "case_draw": ("share", "decides whether a warrant is granted"),
    "agencies": ("agencies", "whose cameras were searched"),
    "cameras": ("cameras", "that were searched"),
    "returned": ("reads", "that the search returned"),
    "others": ("reads", "of these, by other agencies' cameras"),
    "log_until": ("s", "when the entry leaves the log"),
}


class Audited(NamedTuple):
    """An audit log and what it adds up to."""

    log: pd.DataFrame
    rows: list[dict[str, Any]]
    """A row a policy and agency."""
    files: tuple[Path, ...]

    def table(self) -> str:
        """Return the summary as text."""
        return str(pd.DataFrame(self.rows).to_string(index=False))


class _Asked(NamedTuple):
    """One agency's searches and the reads that each is for."""

    name: str
    searches: Searches
    wanted: list[Int64]


def simulate(run: Run, *, policies: Sequence[str] = (), seed: int | None = None) -> Audited:
    """Draw the searches of a run's seed, answer them under some policies (none named: its baseline), and write them down.

    ``audit.parquet`` keeps what other policies and seeds left there; the summary and the picture are of all of it.
    """
    opened = Opened.of(run, seed)
    names = [opened.policy(name).name for name in policies] or [next(iter(opened.loaded.policies))]
    index, of = Index(opened), targets(opened)
    asked = []
    for name in opened.row_of:
        drawn = searches(opened, name, of)
        if len(drawn.time):
            asked.append(_Asked(name, drawn, wanted(opened, index, drawn)))
    parts = [_log(opened, index, opened.loaded.policies[name], asked) for name in dict.fromkeys(names)]
    log = _with_others(run, opened, pd.concat(parts, ignore_index=True), names)
    rows = _summary(log, opened.loaded.scenario.length)
    return Audited(log, rows, _write(run, log, rows))


def _log(opened: Opened, index: Index, policy: models.Policy, asked: list[_Asked]) -> pd.DataFrame:
    every = np.unique(np.concatenate([np.empty(0, np.int64), *(rows for one in asked for rows in one.wanted)]))
    captured = opened.captured(index.reads.take(every), policy)
    parts = []
    for one in asked:
        if one.name in policy.custody.agencies:
            found = answer(opened, policy, one.name, one.searches, one.wanted, every, captured)
            parts.append(_entries(opened, policy, one.name, one.searches, found))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _entries(opened: Opened, policy: models.Policy, name: str, asked: Searches, found: Answered) -> pd.DataFrame:
    study = opened.loaded.scenario
    begin, end = span(asked, study.utility.around)
    must = any(edge.taker == name and edge.needs == "case number" for edge in custody.edges(policy.custody))
    owners = [";".join(opened.agencies.name[row].tolist()) for row in found.reached]
    return pd.DataFrame({
        "policy": policy.name, "seed": opened.seed, "time": asked.time, "agency": name, "user": asked.user,
        "kind": np.where(asked.plate, "plate", "area"), "vehicle": asked.vehicle, "x": asked.x, "y": asked.y,
        "within": np.where(asked.plate, np.nan, study.utility.within), "look_back": asked.look_back,
        "since": begin, "until": end, "reason": asked.reason, "true": asked.true,
        "case_number": asked.any_case_number if must else asked.case_number, "case_draw": asked.case_draw,
        "sight": found.sight, "warrant": found.warrant, "agencies": found.agencies, "cameras": found.cameras,
        "owners": owners, "returned": found.returned, "others": found.others,
        "log_until": log_until(asked.time, study.searches.retention),
    })  # fmt: skip


def _with_others(run: Run, opened: Opened, log: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return the log with the entries of other policies and seeds that the folder has."""
    file = run.folder / AUDIT
    if file.exists():
        old = pd.read_parquet(file)
        log = pd.concat([old[~(old["policy"].isin(names) & old["seed"].eq(opened.seed))], log], ignore_index=True)
    order = {name: row for row, name in enumerate(opened.loaded.policies)}
    log = log[log["policy"].isin(order)]
    keys = [log["time"], log["seed"], log["policy"].map(order)]
    return log.iloc[np.lexsort([key.to_numpy() for key in keys])].reset_index(drop=True)


def _summary(log: pd.DataFrame, length: int) -> list[dict[str, Any]]:
    rows = []
    for (policy, agency), own in log.groupby(["policy", "agency"], sort=False):
        seeds = own["seed"].nunique()
        returned = int(own["returned"].sum())
        inbound = log[log["policy"].eq(policy) & log["agency"].ne(agency)]["owners"]
        rows.append({
            "policy": policy, "agency": agency, "searches_30d": round(len(own) / seeds * 30 * DAY / length, 1),
            "by_plate": round(float(own["kind"].eq("plate").mean()), 3),
            "agencies_reached": float(own["agencies"].median()), "cameras_reached": float(own["cameras"].median()),
            "answered": round(float(own["returned"].gt(0).mean()), 3), "reads_returned": returned,
            "of_others_cameras": round(int(own["others"].sum()) / returned, 3) if returned else None,
            "mostly_others": round(float(own["others"].gt(own["returned"] / 2).mean()), 3),
            "case_number": round(float(own["case_number"].ne("").mean()), 3),
            "false_reason": round(float((~own["true"]).mean()), 3),
            "warrants": int(own["warrant"].isin(["refused", "granted"]).sum()),
            "granted": int(own["warrant"].eq("granted").sum()),
            "searched_by_others_a_day": round(
                sum(agency in owners.split(";") for owners in inbound) / seeds * DAY / length, 2
            ),
        })  # fmt: skip
    return rows


def _write(run: Run, log: pd.DataFrame, rows: list[dict[str, Any]]) -> tuple[Path, ...]:
    table = pa.Table.from_pandas(log, preserve_index=False)
    said = {name: {"unit": unit, "meaning": meaning} for name, (unit, meaning) in _MEANINGS.items()}
    fields = [field.with_metadata(said.get(field.name, {})) for field in table.schema]
    files = tuple(run.folder / name for name in (AUDIT, SUMMARY, PAGE))
    parquet.write(pa.table(table.columns, schema=pa.schema(fields)), files[0])
    pd.DataFrame(rows).to_csv(files[1], index=False, lineterminator="\n")
    files[2].write_text(page.render(run, rows), "utf-8")
    write_crate(run.folder)
    return files
