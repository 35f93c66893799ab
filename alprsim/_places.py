"""Where people live, work and go, for streets whose source does not say: placed by stated rules, the same every time.

Homes stand on the small streets, jobs and shops along the main streets and near the town's centre. Every draw belongs
to a junction's own number, so another town, another kind or another count moves no place that was there before.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from alprsim import randomness
from alprsim.tables import Float64, Int16, Int32, Int64, Junctions, PlaceKind, Places, RoadKind, Streets, Towns

_HOME_STREETS = (RoadKind.TERTIARY, RoadKind.UNCLASSIFIED, RoadKind.RESIDENTIAL)
_MAIN_STREETS = (RoadKind.TRUNK, RoadKind.PRIMARY, RoadKind.SECONDARY)
_OPEN_STREETS = (RoadKind.PRIMARY, RoadKind.SECONDARY, *_HOME_STREETS)  # a driveway may open onto them

PER_10_000: dict[PlaceKind, float] = {
    PlaceKind.SCHOOL: 3.5,  # assumption: about 1,000 public and 300 private schools for Connecticut's 3.6 M (remembered)
    PlaceKind.WORSHIP: 10.0,  # assumption: about 350,000 US congregations for 330 M people (remembered)
    PlaceKind.CLINIC: 10.0,  # assumption
    PlaceKind.SUPPORT_GROUP: 3.0,  # assumption: about 60,000 US groups of the largest fellowship alone (remembered)
    PlaceKind.BAR: 4.0,  # assumption: bars, and restaurants that serve as one
    PlaceKind.COURT: 0.15,  # assumption: about 50 court and probate houses for Connecticut (remembered)
    PlaceKind.SHOP: 30.0,  # assumption: about 12,000 retail establishments in Connecticut (remembered)
}
"""Places of a kind for 10,000 residents."""

JOBS_A_PLACE = 40
"""Jobs at a work place, mean: a junction stands for all the employers around it. Assumption."""

_CENTRE = 1500.0
"""Distance from the town's centre, in metres, at which its pull has halved. Assumption."""

_LARGEST = 0.99
"""The largest work place has 1/(1 − 0.99) = 100 times the jobs of the smallest; between them sizes follow Zipf's law,
as those of US firms do (Axtell, Science 293, 2001: exponent 1.06)."""


class _Site(NamedTuple):
    """What decides who settles at a junction; all of them have one value a junction."""

    key: Int64
    town: Int16
    homes: Float64
    commerce: Float64
    any_street: Float64


def scatter(
    junctions: Junctions,
    streets: Streets,
    towns: Towns,
    *,
    jobs: Int64,
    known: Places | None,
    seed: int,
    gateways: Int32 | None = None,
    gateway_town: Int16 | None = None,
    gateway_jobs: Float64 | None = None,
) -> Places:
    """Place homes, work, schools and the rest in every town that has residents.

    Parameters
    ----------
    jobs : int64[n_towns]
        Jobs in each town: what the weights of its work places sum to.
    known : Places or None
        Places a real source names. A kind that occurs in it is taken from it alone and not generated.
    seed : int
        Of the streets, not of a replicate: the same streets keep their places.
    gateways : int32[n_gateways], rows of junctions
        Where the road goes on to somewhere outside: each becomes a BEYOND place.
    gateway_town : int16[n_gateways], rows of towns
        The town each stands for.
    gateway_jobs : float64[n_gateways]
        The jobs one reaches through it, where known: the BEYOND place's weight, else 1.

    Returns
    -------
    Places
        Ordered by kind, then junction. The weights of a town's homes sum to its population (people), those of its
        work places to its jobs; every other place has weight 1, unless the jobs beyond a gateway are known.

    Raises
    ------
    ValueError
        A town has residents or jobs but no junction, or `jobs` has not one value a town.

    """
    _check(junctions, towns, jobs)
    site = _describe(junctions, streets, towns)
    given = set() if known is None else set(np.unique(known.kind).tolist())
    parts = [] if known is None else [known]
    if PlaceKind.HOME not in given:
        parts.append(_homes(site, towns))
    if PlaceKind.WORK not in given:
        parts.append(_work(site, jobs, seed))
    parts += [_others(site, towns, kind, seed) for kind in PER_10_000 if kind not in given]
    if gateways is not None and gateway_town is not None and PlaceKind.BEYOND not in given:
        weight = np.ones(len(gateways)) if gateway_jobs is None else gateway_jobs
        parts.append(_places(gateways, PlaceKind.BEYOND, weight, gateway_town))
    return _join(parts)


def _check(junctions: Junctions, towns: Towns, jobs: Int64) -> None:
    if len(jobs) != len(towns):
        raise ValueError(f"jobs must have one value a town ({len(towns)}), not {len(jobs)}")
    present = np.bincount(junctions.town[junctions.town >= 0], minlength=len(towns))
    for town in np.flatnonzero(((towns.population > 0) | (jobs > 0)) & (present == 0)):
        raise ValueError(
            f"{towns.name[town]} has {towns.population[town]:,} residents and {jobs[town]:,} jobs but no junction"
        )


def _describe(junctions: Junctions, streets: Streets, towns: Towns) -> _Site:
    """Weigh each junction for homes (metres of small street around it), for commerce, and for places found anywhere."""
    n = len(junctions)
    small = np.isin(streets.kind, _HOME_STREETS)
    homes = sum(np.bincount(end[small], streets.length[small], n) for end in (streets.tail, streets.head))
    street = np.full(n, 0.02)  # a shop or an office in a side street is the exception: assumption
    street[_touching(streets, n, (RoadKind.TERTIARY,))] = 0.3
    street[_touching(streets, n, _MAIN_STREETS)] = 1.0
    street[~_touching(streets, n, _OPEN_STREETS)] = 0.0
    town = junctions.town
    squared = (junctions.x - towns.x[town]) ** 2 + (junctions.y - towns.y[town]) ** 2
    centre = 0.1 + 1 / (1 + squared / _CENTRE**2)
    return _Site(
        key=junctions.osm_id,
        town=town,
        homes=np.asarray(homes, np.float64),
        commerce=street * centre,
        any_street=(street > 0).astype(np.float64),
    )


def _touching(streets: Streets, n: int, kinds: tuple[RoadKind, ...]) -> Any:
    mask = np.zeros(n, np.bool_)
    chosen = np.isin(streets.kind, kinds)
    mask[streets.tail[chosen]] = True
    mask[streets.head[chosen]] = True
    return mask


def _homes(site: _Site, towns: Towns) -> Places:
    parts = []
    for town in np.flatnonzero(towns.population > 0):
        rows, weight = _candidates(site, int(town), site.homes)
        parts.append(_places(rows, PlaceKind.HOME, weight / weight.sum() * towns.population[town], town))
    return _join(parts)


def _work(site: _Site, jobs: Int64, seed: int) -> Places:
    parts = []
    for town in np.flatnonzero(jobs > 0):
        rows, weight = _candidates(site, int(town), site.commerce)
        rows = _sample(site, rows, weight, int(jobs[town]) // JOBS_A_PLACE, PlaceKind.WORK, seed)
        u = randomness.uniform(randomness.draw(randomness.stream(seed, "jobs at a work place"), site.key[rows]))
        size = 1 / (1 - _LARGEST * u)
        parts.append(_places(rows, PlaceKind.WORK, size / size.sum() * jobs[town], town))
    return _join(parts)


def _others(site: _Site, towns: Towns, kind: PlaceKind, seed: int) -> Places:
    """Place one kind, by its rate: at least one a town, and of courts one in the study (in its largest town)."""
    wanted = np.rint(towns.population * (PER_10_000[kind] / 10_000)).astype(np.int64)
    if kind is not PlaceKind.COURT:
        wanted = np.where(towns.population > 0, np.maximum(wanted, 1), 0)
    elif towns.population.any():
        wanted[np.argmax(towns.population)] = max(1, wanted.max())
    choice = site.any_street if kind in (PlaceKind.SCHOOL, PlaceKind.WORSHIP) else site.commerce
    parts = []
    for town in np.flatnonzero(wanted):
        rows = _sample(site, *_candidates(site, int(town), choice), int(wanted[town]), kind, seed)
        parts.append(_places(rows, kind, np.ones(len(rows)), town))
    return _join(parts)


def _candidates(site: _Site, town: int, weight: Float64) -> tuple[Int32, Float64]:
    """Return the town's junctions with a positive weight; where it has none, all of them alike."""
    rows = np.flatnonzero(site.town == town).astype(np.int32)
    fit = weight[rows] > 0
    return (rows[fit], weight[rows[fit]]) if fit.any() else (rows, np.ones(len(rows)))


def _sample(site: _Site, rows: Int32, weight: Float64, n: int, kind: PlaceKind, seed: int) -> Int32:
    """Choose `n` of the rows (one at least, all at most), likelier in proportion to weight.

    Sequential Poisson sampling (Ohlsson, J. Official Statistics 14, 1998): the n smallest u / weight. A larger n adds
    places and moves none.
    """
    bits = randomness.draw(randomness.stream(seed, f"where {kind.name} is"), site.key[rows])
    order = np.lexsort((site.key[rows], randomness.uniform(bits) / weight))
    return np.sort(rows[order[: max(1, n)]])


def _places(junction: Int32, kind: PlaceKind, weight: Float64, town: Any) -> Places:
    n = len(junction)
    return Places.of(junction=junction, kind=np.full(n, kind), weight=weight, town=np.broadcast_to(town, n))


def _join(parts: list[Places]) -> Places:
    """Put places together, ordered by kind, then junction."""
    if not parts:
        return Places.empty()
    columns = {name: np.concatenate([p.data()[name] for p in parts]) for name in Places.empty().data()}
    return Places(**columns).take(np.lexsort((columns["junction"], columns["kind"])))
