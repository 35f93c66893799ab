"""Subject access, "give me my own file": what one agency must hand over about one synthetic vehicle.

It is what lies in the agency's own store at that moment: its cameras' reads and copies it received, with where they came
from and when they will be gone; whom it sent copies to; and the searches in the simulated audit log that returned them.
What a reader may infer from where the cameras stand is the simulation's truth, and marked as such.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from alprsim import custody
from alprsim.custody import Captured, Lying, Tracer
from alprsim.dossier._collect import near, where
from alprsim.dossier._opened import Opened, Subject, nearest
from alprsim.dossier._text import NOBODY
from alprsim.results import words
from alprsim.results.run import Run
from alprsim.scenario import models
from alprsim.tables import UNLIMITED, Access, Float64, Int64, RecordClass

AUDIT = "audit.parquet"
"""The simulated audit log in a run's folder; see ``audit``."""


class Entry(NamedTuple):
    """One read in the agency's store."""

    said: str
    place: str
    owner: str
    came_from: str
    """The store that sent it; "" from the agency's own camera."""
    gone: str
    """When it will be purged."""
    near: tuple[str, ...]


class Search(NamedTuple):
    """One entry of the audit log that returned something of the vehicle that lay in the store."""

    said: str
    agency: str
    user: int
    kind: str
    reason: str
    case_number: str
    reads: int


class OwnFile(NamedTuple):
    """What the agency hands over."""

    run: str
    seed: int
    vehicle: int
    town: str
    agency: str
    policy: str
    asked: str
    entries: tuple[Entry, ...]
    pseudonymous: int
    """Reads in the store under a pseudonym: the agency cannot find them by plate, and hands over none."""
    shared_with: tuple[tuple[str, int], ...]
    """Who was sent copies of what lies here now, and how many reads."""
    may_search: tuple[str, ...]
    """Who may search the store."""
    searches: tuple[Search, ...] | None
    """None: the run has no audit log of this policy and seed."""
    trips: int
    keeps: str
    """What the agency keeps, and the key that says so: the reason of a file that is empty."""


def own_file(
    run: Run, vehicle: str, agency: str, at: str, *, hour: int = 12, seed: int | None = None, policy: str | None = None
) -> OwnFile:
    """Return the file; arguments as of `dossier`, `policy` the run's baseline unless said otherwise."""
    opened = Opened.of(run, seed)
    moment = opened.moment(at, hour)
    rules = opened.policy(policy or next(iter(opened.loaded.policies)))
    name = nearest(agency, rules.custody.agencies, "agency")
    subject = opened.subject(vehicle, moment)
    captured = opened.captured(subject.reads, rules)
    tracer, store = Tracer(rules.custody, opened.agencies), opened.row_of[name]
    stays = [tracer.lying(captured, row, moment) for row in range(len(captured.time))]
    held = np.array([store in lying for lying in stays], np.bool_)
    hidden = held & (tracer.rotations(captured, store) > 0)
    rows = np.flatnonzero(held & ~hidden)
    close = near(opened, subject)
    entries = [_entry(opened, subject, int(row), stays[row][store], close[row]) for row in rows]
    return OwnFile(
        run.info["title"], opened.seed, subject.vehicle, subject.town, name, rules.name, opened.said(moment),
        tuple(entries), int(hidden.sum()), _sent(tracer, captured, rows, store, moment),
        _may_search(rules.custody, name), _searches(opened, subject, rules, captured, rows, moment), len(subject.truth),
        _keeps(rules.custody, name),
    )  # fmt: skip


def _entry(opened: Opened, subject: Subject, row: int, lying: Lying, close: tuple[str, ...]) -> Entry:
    site = int(subject.reads.site[row])
    names = opened.agencies.name
    return Entry(
        opened.said(int(subject.reads.time[row])), where(opened, site, 0), str(names[opened.owner_of_site[site]]),
        "" if lying.giver < 0 else str(names[lying.giver]),
        "never" if lying.purged == UNLIMITED else opened.said(lying.purged), close,
    )  # fmt: skip


def _keeps(spec: models.Custody, name: str) -> str:
    """Say how long an agency keeps reads and alerts, or why it keeps none."""
    if spec.agencies[name].kind == "host":
        return f"{name} keeps nothing of its own: it stores for others (custody.agencies.{name}.kind: host)"
    clocks = {record: custody.clock(spec, name, record) for record in RecordClass}
    length, key = clocks[RecordClass.PLAIN]
    if not any(length for length, _ in clocks.values()):
        return f"{name} keeps nothing: 0 s ({key})"
    if not length:
        length, other = clocks[RecordClass.HIT]
        return f"{name} keeps no plain reads ({key}); hits: {words.duration(length)} ({other})"
    return (
        f"{name} keeps reads for {words.duration(length)} ({key})"
        if length < UNLIMITED
        else f"{name} purges nothing ({key})"
    )


def _sent(tracer: Tracer, captured: Captured, rows: Int64, store: int, moment: int) -> tuple[tuple[str, int], ...]:
    """Return who received copies straight from the store of what lies there now, kept since or not."""
    names = tracer.rules.names
    sent = Counter(names[taker] for row in rows for taker in tracer.sent(captured, int(row), store, moment))
    return tuple(sent.most_common())


def _may_search(spec: models.Custody, name: str) -> tuple[str, ...]:
    takers = (edge.taker for edge in custody.edges(spec) if edge.kind == "query" and edge.giver == name)
    return tuple(dict.fromkeys(str(taker) for taker in takers))


def _searches(
    opened: Opened, subject: Subject, policy: models.Policy, captured: Captured, rows: Int64, moment: int
) -> tuple[Search, ...] | None:
    """Return the entries of the audit log, as far as it is kept, whose searches returned reads that lie in the store now."""
    file = opened.run.folder / AUDIT
    log = pd.read_parquet(file) if file.exists() else None
    if log is not None:
        log = log[log["policy"].eq(policy.name) & log["seed"].eq(opened.seed)]
    if log is None or log.empty:
        return None
    log = log[(log["time"] <= moment) & (log["log_until"] > moment)]
    log = log[log["kind"].eq("area") | log["vehicle"].eq(subject.vehicle)]
    mine, spots = captured.take(rows), opened.spots(subject.reads.site[rows])
    asking = [opened.row_of[name] for name in log["agency"].unique()]
    access = custody.access(policy.custody, opened.agencies, asking)
    found = []
    for entry in log.itertuples(index=False):
        n = _returned(access, opened.row_of[entry.agency], mine, spots, entry)
        if n:
            said = opened.said(int(entry.time))
            user, case = int(entry.user), str(entry.case_number)
            found.append(Search(said, entry.agency, user, entry.kind, entry.reason, case, n))
    return tuple(found)


def _returned(access: Access, viewer: int, mine: Captured, spots: Float64, entry: Any) -> int:
    """Return how many of some reads of the vehicle an entry's search returned."""
    inside = (mine.time >= entry.since) & (mine.time <= entry.until)
    if entry.kind == "area":
        inside &= np.hypot(*(spots - [entry.x, entry.y]).T) <= entry.within
    if not inside.any():
        return 0
    moment, sights = int(entry.time), custody.SEEN[entry.sight]
    row = custody.obtainable(access, viewer, mine, moment, sights, case_draw=entry.case_draw)
    found = inside & (row >= 0)
    if entry.kind == "plate" and len(access):  # under a pseudonym it would be found by no plate
        found &= access.rotation[row] == 0
    return int(np.count_nonzero(found))


def own_file_as_text(file: OwnFile) -> str:
    """Return the file as text for a terminal."""
    f = file
    lines = [
        NOBODY,
        f"{f.run}, seed {f.seed}, policy “{f.policy}”",
        f"The file of {f.agency} on vehicle {f.vehicle} ({f.town}), as of {f.asked}: {len(f.entries)} reads.",
    ]
    if f.pseudonymous:
        lines.append(f"Under a pseudonym in its store, so that it finds none of them by plate: {f.pseudonymous}.")
    if not f.entries and not f.pseudonymous:
        lines.append(f"Nothing of this vehicle lies in its store: {f.keeps}.")
    for date, entries in groupby(f.entries, key=lambda entry: entry.said.split(",")[0]):
        lines += ["", date, *(_line(entry) for entry in entries)]
    sent = ", ".join(f"{name} ({n})" for name, n in f.shared_with) or "nobody"
    lines += [
        "",
        f"Copies of these were sent to: {sent}",
        f"May search its store: {', '.join(f.may_search) or 'nobody'}",
    ]
    if f.searches is None:
        lines.append("Searches that returned them: no audit log of this policy and seed; `alprsim audit` makes one")
    else:
        lines.append(f"Searches that returned them: {len(f.searches)}")
        lines += [f"  {_said(search)}" for search in f.searches]
    inferred = Counter(kind for entry in f.entries for kind in entry.near)
    if inferred:
        lines += [
            "",
            "What a reader could infer (the simulation's truth: places it went to within 250 m of the cameras):",
        ]
        lines += [f"  {kind}: {n} reads" for kind, n in inferred.most_common()]
    return "\n".join(lines)


def _line(entry: Entry) -> str:
    came = f"copied from {entry.came_from}" if entry.came_from else "its own camera"
    if entry.came_from and entry.came_from != entry.owner:
        came += f", camera of {entry.owner}"
    close = f"   [{', '.join(entry.near)}]" if entry.near else ""
    return f"  {entry.said.split(', ')[1]}  {entry.place}; {came}; purged {entry.gone}{close}"


def _said(search: Search) -> str:
    case = f", case {search.case_number}" if search.case_number else ""
    return f"{search.said}  {search.agency}, user {search.user}: {search.kind}, “{search.reason}”{case}; {search.reads} reads"
