"""Who can look: how many other agencies, and how many people who work there, can reach a read of an owner's cameras.

From the rules alone, for reads that matched no hot list, and apart from them for those that did: an agency counts if by
some route, at some time of capture, it obtains a read of that age. A longer limit, or one more partner, can only add to them.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim.measures.question import Answer, tidy
from alprsim.tables import DAY, SEEN, UNLIMITED, Access, Agencies, Measured, RecordClass

EVERYBODY = "everybody"
"""The viewer of an audience."""

AGES = {"at_once": 0, "24h": DAY, "30d": 30 * DAY, "365d": 365 * DAY}
"""s: ages of reads that are asked about, beside ever."""


CLASSES = (RecordClass.PLAIN, RecordClass.HIT, RecordClass.ALERT)
"""What matched no list; what did, as the owner keeps it; and in the archives of whose list it was, if those have one."""


class Policy(NamedTuple):
    """One policy's rules for every agency's eyes."""

    name: str
    access: Access
    users: Mapping[str, int | None]
    """By agency; None: not said."""


class _Case(NamedTuple):
    policy: str
    viewer: str
    sight: str
    reads: str
    retention: int


def rows(
    policies: Sequence[Policy],
    agencies: Agencies,
    *,
    with_cameras: Sequence[int],
    reads: str,
    retention: int,
    seed: int,
    records: Sequence[RecordClass] = CLASSES[:1],
) -> Measured:
    """Return the audience of each owner with cameras (the town column) under each policy, by each sight, as tidy rows.

    Statistics: ``agencies``, other than the owner, that can ever reach a read, and ``agencies_24h`` and so on, one of that
    age; ``users`` and ``users_24h``, the people of those that say how many may sign in: a lower bound unless
    ``agencies_unsaid``, those that do not say, is 0; NaN, not measured, where none of them says. n counts agencies. Of what
    matched a list ``agencies_of_hits``, those that can ever reach it, archives of alerts included, if ``records`` has more.

    Parameters
    ----------
    with_cameras : rows of Agencies
    reads, retention
        What the tidy table says of such rows.
    """
    cases = [_Case(one.name, EVERYBODY, sight, reads, retention) for one in policies for sight in SEEN]
    found = [[reached(one, agencies, owner, sight) for one in policies for sight in SEEN] for owner in with_cameras]
    reach = np.array(found, np.bool_).reshape(len(with_cameras), len(cases), len(AGES) + 1, len(agencies))
    said = [[one.users.get(str(name)) for name in agencies.name] for one in policies for _ in SEEN]
    known = np.array([[users is not None for users in row] for row in said])
    users = np.array([[users or 0 for users in row] for row in said], np.float64)
    n = np.full(reach.shape[:2], len(agencies) - 1)
    answers = []
    for row, age in enumerate(("", *(f"_{name}" for name in AGES))):
        able = reach[:, :, row]
        answers.append(Answer("audience", f"agencies{age}", "agencies", able.sum(axis=2).astype(np.float64), n))
        told = able & known
        people = np.where(told.any(axis=2) | ~able.any(axis=2), (told * users).sum(axis=2), np.nan)
        answers.append(Answer("audience", f"users{age}", "users", people, told.sum(axis=2)))
    unsaid = (reach[:, :, 0] & ~known).sum(axis=2).astype(np.float64)
    answers.append(Answer("audience", "agencies_unsaid", "agencies", unsaid, n))
    if len(records) > 1:
        hits = [
            [reached(one, agencies, owner, sight, records[1:])[0].sum() for one in policies for sight in SEEN]
            for owner in with_cameras
        ]
        answers.append(
            Answer("audience", "agencies_of_hits", "agencies", np.array(hits, np.float64).reshape(n.shape), n)
        )
    return tidy(answers, cases, [str(agencies.name[owner]) for owner in with_cameras], seed=seed)


def reached(
    policy: Policy, agencies: Agencies, owner: int, sight: str, records: Sequence[RecordClass] = CLASSES[:1]
) -> NDArray[np.bool_]:  # fmt: skip
    """Return whether each agency can reach the owner's reads: ever, then at each of `AGES`; never the owner itself."""
    access = policy.access
    mine = (access.owner == owner) & (access.viewer != owner) & np.isin(access.record, records)
    rows = access.take(mine & np.isin(access.sight, SEEN[sight]))
    begin, end = spans(rows)
    able = np.zeros((len(AGES) + 1, len(agencies)), np.bool_)
    able[0, rows.viewer[begin < end]] = True
    for row, age in enumerate(AGES.values(), 1):
        able[row, rows.viewer[(begin <= age) & (age < end)]] = True
    return able


def spans(access: Access) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the ages [begin, end), as of asking, at which each row lets some read be obtained: as `custody.ages`."""
    begin = access.from_age.astype(np.int64) - np.where(access.from_clock == 1, access.to_phase - 1, 0)
    end = access.to_age.astype(np.int64) - access.delay - np.where(access.to_clock == 1, access.from_phase, 0)
    return np.maximum(begin - access.delay, 0), np.where(access.to_age == UNLIMITED, UNLIMITED, end)
