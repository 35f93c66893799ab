"""Which of many places a person goes to: by its jobs, its nearness, or a published table of who commutes where."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alprsim.population._figures import ATTEMPTS, CELL, CHOICE, FARTHEST, JOBS_BEYOND, NEAR, Ask
from alprsim.randomness import draw, uniform
from alprsim.scenario import models
from alprsim.tables import Float64, Int32, Int64, Network, PlaceKind, UInt64

Mask = NDArray[np.bool_]


class PopulationError(ValueError):
    """A population that cannot be settled: which key or town, the rule, and what was found."""


class Lottery(NamedTuple):
    """Choices of several groups; within group g the edges rise from g to g + 1, in proportion to the weights."""

    edges: Float64
    last: Int64

    @classmethod
    def of(cls, weights: Float64, group: Int64, groups: int) -> Lottery:
        """Make one from weights that are ordered by group."""
        size = np.bincount(group, minlength=groups)
        last = np.cumsum(size)
        cumulative = np.concatenate([[0.0], np.cumsum(weights)])
        before, after = cumulative[last - size], cumulative[last]
        total = np.where(after > before, after - before, 1.0)
        return cls((cumulative[1:] - before[group]) / total[group] + group, last - 1)

    def pick(self, group: Int64, bits: UInt64) -> Int64:
        """Return a choice of each row's group."""
        chosen = np.searchsorted(self.edges, group + uniform(bits), side="right")
        return np.minimum(chosen, self.last[group]).astype(np.int64)


class Zones(NamedTuple):
    """Cells of towns, between which commuting is reckoned; a BEYOND place is a zone of its own."""

    of_place: Int64
    town: Int64
    x: Float64
    y: Float64


def zones_of(network: Network) -> Zones:
    places, (x, y) = network.places, coordinates(network)
    beyond = places.kind == PlaceKind.BEYOND
    cell = np.stack([places.town, np.floor(x / CELL), np.floor(y / CELL), np.where(beyond, np.arange(len(places)), -1)])
    cells, of_place = np.unique(cell.astype(np.int64), axis=1, return_inverse=True)
    zone = of_place.reshape(-1).astype(np.int64)
    size = np.bincount(zone)
    return Zones(zone, cells[0], np.bincount(zone, x) / size, np.bincount(zone, y) / size)


def coordinates(network: Network) -> tuple[Float64, Float64]:
    junction = network.places.junction
    return network.junctions.x[junction], network.junctions.y[junction]


def workplaces(
    network: Network, zones: Zones, spec: models.Population, table: Float64 | None, home: Int32, key: UInt64
) -> Int32:
    """Draw a work place: a zone first, by table and gravity, then a place there by its jobs; −1 where there is no job."""
    jobs = _jobs(network)
    rows = np.flatnonzero(jobs > 0)
    rows = rows[np.argsort(zones.of_place[rows], kind="stable")]
    if not len(rows) or not len(home):
        return np.full(len(home), -1, np.int32)
    columns, column = np.unique(zones.of_place[rows], return_inverse=True)
    origins, origin = np.unique(zones.of_place[home], return_inverse=True)
    squared = (zones.x[origins][:, None] - zones.x[columns]) ** 2 + (zones.y[origins][:, None] - zones.y[columns]) ** 2
    pull = np.bincount(column, jobs[rows]) / (1 + squared / spec.gravity**2)
    if table is not None:
        beyond = network.places.kind[rows][np.searchsorted(column, np.arange(len(columns)))] == PlaceKind.BEYOND
        town = np.append(town_rows(network), -1)
        pull = _by_table(pull, table[town[zones.town[origins]]], town[zones.town[columns]], beyond)
    group = np.repeat(np.arange(len(origins)), len(columns))
    zone = Lottery.of(pull.reshape(-1), group, len(origins)).pick(origin, draw(key, Ask.WORK_ZONE)) % len(columns)
    place = Lottery.of(jobs[rows], column, len(columns)).pick(zone, draw(key, Ask.WORK_PLACE))
    return rows[place].astype(np.int32)


def _jobs(network: Network) -> Float64:
    """Return the jobs at each place; those beyond by assumption where no source counts them (all have weight 1)."""
    places = network.places
    weight = places.weight.astype(np.float64)
    inside, beyond = places.kind == PlaceKind.WORK, places.kind == PlaceKind.BEYOND
    if np.any(weight[beyond] != 1):
        return np.where(inside | beyond, weight, 0.0)
    jobs = np.where(inside, weight, 0.0)
    total = float(np.sum(jobs)) or 1.0
    return np.where(beyond, weight * (JOBS_BEYOND * total / (float(np.sum(weight[beyond])) or 1.0)), jobs)


def _by_table(pull: Float64, table: Float64, town: Int64, beyond: Mask) -> Float64:
    """Scale the pull of each town's work zones (of its BEYOND places if it has none) to the table's jobs there.

    `table` has a row for each origin zone and a column for each town, then one for all towns that are not built; a
    row none of whose towns can be reached keeps its pull.
    """
    scaled = np.zeros_like(pull)
    outside = table[:, -1].copy()
    for work in range(table.shape[1] - 1):
        here = np.equal(town, work)
        columns = here & (~beyond if np.any(here & ~beyond) else beyond)
        if columns.any():
            scaled[:, columns] += pull[:, columns] * (table[:, work] / pull[:, columns].sum(1))[:, None]
        else:
            outside += table[:, work]
    if beyond.any():
        scaled[:, beyond] += pull[:, beyond] * (outside / pull[:, beyond].sum(1))[:, None]
    reached = np.any(scaled > 0, axis=1, keepdims=True)
    return np.where(reached, scaled, pull)


def _known_as(town: str) -> str:
    """Return a town's name as tables have it: "Danbury, Connecticut, USA" is danbury, "beyond I-95 (Darien)" darien."""
    return town.split("(")[-1].split(",")[0].strip(" )").casefold()


def town_rows(network: Network) -> Int64:
    """Return for each town the first one known by its name: the row and column of it in a commuting table."""
    first: dict[str, int] = {}
    return np.array(
        [first.setdefault(_known_as(str(name)), row) for row, name in enumerate(network.towns.name)], np.int64
    )


def commuting_table(network: Network, spec: models.Population, base: Path) -> Float64 | None:
    """Read jobs from town to town (last column: to towns not in the study); None without a table.

    A row whose home is in no town of the study is left out, and one whose work place is in none goes to the last column:
    both are counted (`towns_left_out`). A listed town without any row is an error, so a misspelt one is noticed.

    Towns of one name share the row and the column of the first of them. The study's state is the one where homes in towns
    of its names hold most jobs.
    """
    if spec.commuting is None:
        return None
    jobs = _commuters(network, spec, base)
    towns, same = network.towns, town_rows(network)
    table = np.zeros((len(towns), len(towns) + 1))
    here = jobs.home >= 0
    np.add.at(table, (jobs.home[here], jobs.work[here]), jobs.number[here])
    for town in np.flatnonzero((towns.listed == 1) & ~table[same].any(axis=1)):
        raise PopulationError(
            f"population.commuting: {spec.commuting} has no job of a resident of {towns.name[town]}, "
            "a listed town; its column `home` must name each of them"
        )
    return table


def towns_left_out(network: Network, spec: models.Population, base: Path) -> str:
    """Say what a commuting table tells of towns that are not in the study; nothing without a table, or of none."""
    return _unknown(spec, _commuters(network, spec, base), len(network.towns)) if spec.commuting else ""


class _Commuters(NamedTuple):
    """The rows of a commuting table, by towns of the study."""

    home: Int64
    """-1: of no town of the study."""
    work: Int64
    """The number of towns: in none of the study."""
    number: Float64


def _commuters(network: Network, spec: models.Population, base: Path) -> _Commuters:
    flows = _read_commuting(base / str(spec.commuting))
    towns, same = network.towns, town_rows(network)
    names = {_known_as(str(towns.name[row])): row for row in same}
    home, work = (flows[end].str.strip().str.casefold().map(names) for end in ("home", "work"))
    by_state = flows.jobs[home.notna()].groupby(flows.home_state).sum()
    state = by_state.idxmax() if len(by_state) else ""
    return _Commuters(
        home.where(flows.home_state == state).fillna(-1).to_numpy(np.int64),
        work.where(flows.work_state == state).fillna(len(towns)).to_numpy(np.int64),
        flows.jobs.to_numpy(np.float64),
    )


def _unknown(spec: models.Population, jobs: _Commuters, n_towns: int) -> str:
    others = jobs.number[jobs.home < 0].sum()
    beyond = jobs.number[(jobs.home >= 0) & (jobs.work == n_towns)].sum()
    if not others and not beyond:
        return ""
    return (
        f"population.commuting: {Path(str(spec.commuting)).name}: {others:,.0f} jobs of residents of other towns left out; "
        f"{beyond:,.0f} jobs of the study's residents lie in towns not in it and are taken to be beyond"
    )


def _read_commuting(file: Path) -> Any:
    """Read the columns home, home_state, work, work_state (text) and jobs (a number, not negative)."""
    texts = ("home", "home_state", "work", "work_state")
    try:
        flows = pd.read_csv(file, dtype=dict.fromkeys(texts, str), keep_default_na=False, na_values={"jobs": [""]})
    except (OSError, EOFError, ValueError) as error:
        raise PopulationError(f"population.commuting: cannot read {file}: {error}") from error
    missing = [name for name in (*texts, "jobs") if name not in flows]
    if missing:
        raise PopulationError(
            f"population.commuting: {file} lacks the column {' and '.join(missing)}; it has {', '.join(flows.columns)}"
        )
    if len(flows) and not isinstance(flows.index, pd.RangeIndex):  # pandas takes a row's first field for its name
        raise PopulationError(
            f"population.commuting: {file}: rows must have {len(flows.columns)} fields, as the header; "
            f"found {len(flows.columns) + flows.index.nlevels}"
        )
    for end in texts:
        blank = flows[end].str.strip().eq("").to_numpy()  # as is what a truncated row lacks
        if blank.any():
            row = int(np.argmax(blank))
            what = "state" if end.endswith("_state") else "town"
            raise PopulationError(
                f"population.commuting: {file}, row {row + 1}: {end} must name a {what}, not {flows[end][row]!r}"
            )
    jobs = pd.to_numeric(flows.jobs, errors="coerce")
    wrong = ~((jobs >= 0) & (jobs < np.inf)).to_numpy()
    if wrong.any():
        row = int(np.argmax(wrong))
        raise PopulationError(f"population.commuting: {file}, row {row + 1}: jobs must be ≥ 0, not {flows.jobs[row]}")
    return flows.assign(jobs=jobs)


def nearby(network: Network, zones: Zones, kind: PlaceKind, home: Int32, bits: UInt64, count: int) -> Int32:
    """Draw different places of a kind for each home, among the nearest of its zone by weight and nearness; −1 none."""
    places, (x, y) = network.places, coordinates(network)
    options = np.flatnonzero(places.kind == kind)
    chosen = np.full((len(home), count), -1, np.int32)
    if not len(options) or not len(home):
        return chosen
    homes, which = np.unique(home, return_inverse=True)
    origins, origin = np.unique(zones.of_place[homes], return_inverse=True)
    from_zone = (zones.x[origins][:, None] - x[options]) ** 2 + (zones.y[origins][:, None] - y[options]) ** 2
    near = options[np.argsort(from_zone, axis=1, kind="stable")[:, :CHOICE]][origin]
    from_home = (x[homes][:, None] - x[near]) ** 2 + (y[homes][:, None] - y[near]) ** 2
    weight = (places.weight[near] / (1 + from_home / NEAR**2))[which]
    rows = np.arange(len(home))
    for i in range(min(count, near.shape[1])):
        edges = np.cumsum(weight, axis=1)
        aim = uniform(draw(bits, Ask.WHERE, i)) * edges[:, -1]
        pick = np.minimum((edges <= aim[:, None]).sum(axis=1), near.shape[1] - 1)
        chosen[:, i] = np.where(edges[:, -1] > 0, near[which, pick], -1)
        weight[rows, pick] = 0.0
    return chosen


def anywhere(
    network: Network, zones: Zones, kind: PlaceKind, home: Int32, bits: UInt64, count: int, *, reach: float
) -> Int32:
    """Draw different places of a kind for each home, in any town, by weight at 1 / (1 + (d / reach)²); −1 none.

    Distances are from the home's zone: within `CELL` of home all places are about as likely. None lies beyond `FARTHEST`.
    """
    places, (x, y) = network.places, coordinates(network)
    options = np.flatnonzero((places.kind == kind) & (places.weight > 0))
    chosen = np.full((len(home), count), -1, np.int32)
    if not len(options) or not len(home):
        return chosen
    origins, origin = np.unique(zones.of_place[home], return_inverse=True)
    squared = (zones.x[origins][:, None] - x[options]) ** 2 + (zones.y[origins][:, None] - y[options]) ** 2
    pull = np.where(squared <= FARTHEST**2, places.weight[options] / (1 + squared / reach**2), 0.0)
    lottery = Lottery.of(pull.reshape(-1), np.repeat(np.arange(len(origins)), len(options)), len(origins))
    some = np.asarray(pull.any(axis=1))[origin]
    for i in range(count):
        rows = np.flatnonzero(some)
        for attempt in range(ATTEMPTS):
            pick = lottery.pick(origin[rows], draw(bits[rows], Ask.WHERE, i, attempt))
            found = options[pick % len(options)].astype(np.int32)
            fresh = np.all(chosen[rows, :i] != found[:, None], axis=1)
            chosen[rows[fresh], i] = found[fresh]
            rows = rows[~fresh]
    return chosen


def ordinal(count: Int64) -> Int64:
    """Count the members of consecutive groups of the given sizes, from 0 in each."""
    first = np.cumsum(count) - count
    return np.arange(int(np.sum(count))) - np.repeat(first, count)
