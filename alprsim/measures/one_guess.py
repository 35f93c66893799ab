"""What naming one camera for everybody would find of homes and work, and what no guess of a camera can exceed.

A share found says little alone: where few cameras stand where many live, one of them named for everybody finds some, and
where nobody lives near any, the best adversary that names cameras finds none.
"""

from collections.abc import Sequence

import numpy as np

from alprsim.measures.places import Known, Spots
from alprsim.measures.question import BITS, Answer, Case, Question, ratio, tidy
from alprsim.tables import Bool, Float64, Int16, Int32, Int64, Measured

CONSTANT, CEILING = "by_constant_guess", "ceiling"
_SPOTS = 2048
"""Places whose distances to all sites are found at a time."""


def can_be_named(question: Question, middles: Sequence[Int32]) -> Bool:
    """Return of which sites, as far as it knows places, each sight may obtain a read of some age: [sites, 64].

    Parameters
    ----------
    middles : int32[n_sites] of each stream
        The site that it takes each site for: sites of owner o have the streams o × k to o × k + k − 1, of k kinds of read.
    """
    grid = question.grid.reshape(len(question.steps), -1)  # any: 1
    obtained = (np.bitwise_or.reduce(grid, axis=0)[:, None] >> BITS & np.uint64(1)).astype(np.bool_)
    owner, named = question.owner_of_site, np.zeros((len(question.owner_of_site), len(BITS)), np.bool_)
    kinds = len(obtained) // (int(owner.max(initial=0)) + 1)
    for kind in range(kinds):
        stream = owner.astype(np.int64) * kinds + kind
        for one in np.unique(stream).tolist():
            mine = np.flatnonzero(stream == one)
            named[np.unique(middles[one][mine])] |= obtained[one]
    return named


def near(spot: Float64, sites: Spots, within: Sequence[float]) -> Bool:
    """Return which sites each place, [places, 2], lies near, by distance: [distances, places, sites]."""
    metres = np.hypot(sites.x - spot[:, :1], sites.y - spot[:, 1:])
    return np.stack([metres <= one for one in within])


def found(
    truth: Spots, town: Int16, towns: int, sites: Spots, named: Bool, within: Sequence[float]
) -> tuple[Int64, Int64]:
    """Count who has such a place, [towns + 1], and of them who would be found, [2, distances, towns + 1, kinds of sight].

    By the site that finds most of all of them, of equals the first, and by any. The last town is all.

    Parameters
    ----------
    truth, town
        Of each life; −1 of no town.
    named : bool[sites, kinds of sight]
        Which sites each can name.
    """
    has = ~np.isnan(truth.x) & (town >= 0)
    spot, of = np.unique(np.stack([truth.x[has], truth.y[has]], axis=1), axis=0, return_inverse=True)
    lives = np.zeros((towns, len(spot)))  # of a place many cars, and of one to work at many people
    np.add.at(lives, (town[has], of.ravel()), 1)
    once, any_ = np.zeros((len(within), towns, len(sites.x))), np.zeros((len(within), towns, named.shape[1]))
    for start in range(0, len(spot), _SPOTS):
        some = slice(start, start + _SPOTS)
        close = near(spot[some], sites, within)
        once += lives[:, some] @ close
        any_ += lives[:, some] @ (close.astype(np.float32) @ named.astype(np.float32) > 0)
    best = np.where(named.T, once.sum(axis=1)[:, None], -1)  # any: 1
    constant = np.zeros_like(any_)
    for distance, sums in enumerate(best if len(sites.x) else ()):
        constant[distance] = np.where(named.any(axis=0), once[distance][:, sums.argmax(axis=1)], 0)
    both = np.stack([constant, any_])
    whole = np.concatenate([both, both.sum(axis=2, keepdims=True)], axis=2)
    asked = lives.sum(axis=1)
    return np.append(asked, asked.sum()).astype(np.int64), whole.astype(np.int64)


def rows(
    truths: Known, town: Int16, towns: Sequence[str], sites: Spots, named: Bool, within: Sequence[float],
    cases: Sequence[Case], *, seed: int, who: str,
) -> Measured:  # fmt: skip
    """Write ``within_250m_by_constant_guess`` and ``within_250m_ceiling`` (and each other distance) of home_found and work_found.

    Whatever is held when: n counts lives. ``named`` is bool[sites, cases].
    """
    kinds, of_case = np.unique(named, axis=1, return_inverse=True)
    answers = []
    for measure, truth in zip(("home_found", "work_found"), truths, strict=True):
        asked, right = found(truth, town, len(towns), sites, kinds, within)
        n = np.broadcast_to(asked[:, None], (len(asked), len(cases)))
        answers += [
            Answer(measure, f"within_{metres:g}m_{said}", "share", ratio(right[which, row][:, of_case.ravel()], n), n)
            for which, said in enumerate((CONSTANT, CEILING))
            for row, metres in enumerate(within)
        ]
    return tidy(answers, cases, [*towns, "all"], seed=seed, who=who)
