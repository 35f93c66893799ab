"""What people may ask of a run, by the names that scenario and command line use; a wrong one is said with those there are."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple

from alprsim.measures.glossary import BY_NAME
from alprsim.results import words
from alprsim.results.headline import TRIPS, subject
from alprsim.results.run import ResultError, Run
from alprsim.scenario import units
from alprsim.tables import AS_WRITTEN


class Asked(NamedTuple):
    """A measure through a viewer's eyes."""

    viewer: str
    sight: str
    measure: str
    statistic: str


def asked(run: Run, measure: str | None = None, viewer: str | None = None, sight: str | None = None) -> Asked:
    """Return what is asked, the headline's where nothing is said; ``measure`` is a name, or "name.statistic".

    Raises
    ------
    ResultError
        The run has none of that name; or it did not ask the measure of this viewer and sight.
    """
    about = subject(run)
    viewer = about.viewer if viewer is None else known("viewer", viewer, run.info["viewers"])
    sights = list(dict.fromkeys(key[2] for key in run.answers if key[1] == viewer and key[2] in words.SIGHTS))
    usual = about.sight if about.sight in sights or not sights else sights[0]
    sight = usual if sight is None else known("sight", sight, sights)
    name, statistic = TRIPS if measure is None else _measure(run, measure)
    return Asked(viewer, sight, name, statistic)


def measured(run: Run, about: Asked) -> bool:
    """Tell whether under any policy and limit anything of it was measured."""
    cases = ((policy, step) for policy in run.info["policies"] for step in run.steps)
    case = (about.measure, about.statistic)
    return any(run.answer(policy, about.viewer, about.sight, step, *case).measured for policy, step in cases)


def policy(run: Run, name: str | None) -> str:
    """Return the policy of that name; the baseline where none is named."""
    return str(run.info["baseline"]) if name is None else known("policy", name, run.info["policies"])


def limit(run: Run, text: str | None) -> int:
    """Return a step of the run's ladder as it is written ("21 d", "no limit"); nothing said: as the policy says itself."""
    if text is None:
        return AS_WRITTEN
    said = {words.duration(step): step for step in run.steps}
    if text in said:
        return said[text]
    try:
        step = units.seconds("unlimited" if text == "no limit" else text, unlimited=True)
    except ValueError as error:
        raise ResultError(f"retention: {error}; the run's ladder has {', '.join(said)}") from error
    if step not in run.steps:
        raise ResultError(f"retention: found {text!r}; the run's ladder has {', '.join(_nearest_first(text, said))}")
    return step


def known(what: str, name: str, names: Iterable[str]) -> str:
    """Return the name if there is such a one; else say what was found and what there is, the nearest first."""
    names = list(names)
    if name not in names:
        raise ResultError(f"{what}: found {name!r}; the run has {', '.join(_nearest_first(name, names)) or 'none'}")
    return name


def _measure(run: Run, text: str) -> tuple[str, str]:
    """Return a measure and its statistic; of a measure's name alone the one that the page shows first."""
    name, _, statistic = text.partition(".")
    there = {measure: names for measure, names in run.statistics.items() if measure in BY_NAME}
    known("measure", name, there)
    plain = [one for one in there[name] if words.is_plain(one)] or there[name]
    if statistic:
        return name, known(f"measure {name}", statistic, there[name])
    first = ("share_of_horizon_pooled", "share_of_horizon", "max", "p4")
    return name, next((one for one in first if one in plain), plain[0])


def _nearest_first(name: str, names: Iterable[str]) -> list[str]:
    """Order names by how alike they are to the one that was meant."""

    def unlike(one: str) -> float:
        return -difflib.SequenceMatcher(None, name.casefold(), one.casefold()).ratio()

    return sorted(names, key=unlike)
