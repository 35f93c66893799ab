"""The sides of a comparison: several runs, or several policies and limits of one run, the first of them always as practised."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase
from typing import NamedTuple

import pandas as pd

from alprsim.results import asking, words
from alprsim.results.comparison import beside, by_seed
from alprsim.results.run import ResultError, Run
from alprsim.tables import AS_WRITTEN

ROW = ["viewer", "sight", "measure", "statistic"]
"""What names an answer of a side."""


class Side(NamedTuple):
    """One side: a policy of a run, as it says itself or with a limit tried."""

    letter: str
    run: Run
    policy: str
    retention: int
    of: str = ""
    """What tells its run from the others; empty where all sides are of one run."""

    @property
    def several(self) -> bool:
        """Whether the sides are of several runs."""
        return bool(self.of)

    @property
    def name(self) -> str:
        """What tells it from the others: its run, or its policy."""
        return self.of or self.policy

    @property
    def when(self) -> str:
        """How long is kept: as practised, or with which limit."""
        kept = "as practised" if self.retention == AS_WRITTEN else f"with {words.limit(self.retention)}"
        return f"“{self.policy}” {kept}" if self.several else kept

    @property
    def said(self) -> str:
        """Name it in a sentence."""
        return f"{self.letter}, {self.name}, {self.when}"


def of(runs: Sequence[Run], *, policies: Sequence[str] = (), retentions: Sequence[str] = ()) -> list[Side]:
    """Return the sides to compare.

    Parameters
    ----------
    runs
        Several: each run is a side, by its baseline or by one policy and with one limit, where they are named. One: its
        policies are, the first named (or the baseline) as practised before all others, each also with every limit named.

    Raises
    ------
    ResultError
        A name is wrong, or less than two sides are left.
    """
    if len(runs) > 1:
        return _of_runs(runs, policies, retentions)
    (run,) = runs
    named = [asking.policy(run, name) for name in policies] or [asking.policy(run, None)]
    steps = [AS_WRITTEN, *(asking.limit(run, text) for text in retentions)]
    pairs = list(dict.fromkeys((policy, step) for policy in named for step in steps))
    if not 2 <= len(pairs) <= len(ascii_uppercase):
        raise ResultError(
            f"compare needs two results, or of one result 2 to {len(ascii_uppercase)} policies and limits, not {len(pairs)}"
        )
    return [Side(letter, run, *pair) for letter, pair in zip(ascii_uppercase, pairs, strict=False)]


def _of_runs(runs: Sequence[Run], policies: Sequence[str], retentions: Sequence[str]) -> list[Side]:
    if len(runs) > len(ascii_uppercase):
        raise ResultError(f"compare needs 2 to {len(ascii_uppercase)} results, not {len(runs)}")
    if len(policies) > 1 or len(retentions) > 1:
        raise ResultError("several results are compared by one policy and with one limit: name one of each at the most")
    name, text = (next(iter(said), None) for said in (policies, retentions))
    titles = [str(run.info["title"]) for run in runs]
    told = [title if titles.count(title) == 1 else run.folder.name for title, run in zip(titles, runs, strict=True)]
    return [
        Side(letter, run, asking.policy(run, name), asking.limit(run, text), of)
        for letter, run, of in zip(ascii_uppercase, runs, told, strict=False)
    ]


def differences(sides: Sequence[Side]) -> pd.DataFrame:
    """Return the sides' answers and what the others differ from the first by, paired by seed.

    Returns
    -------
    DataFrame
        A row a (viewer, sight, measure, statistic, unit) of any side, for residents' vehicles, all towns together and all
        reads; then as ``comparison.compare``: ``A`` …, ``B − A``, ``B − A low``, ``B − A high`` ….
    """
    return beside([by_seed(side.run, ROW, policy=side.policy, retention=side.retention) for side in sides])
