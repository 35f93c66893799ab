"""The week of one synthetic car side by side: what each side's viewer holds of it; or each world's own car, and that it is so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from jinja2 import Environment
from markupsafe import Markup

from alprsim.report import week
from alprsim.report.compared import Compared
from alprsim.report.page import zipped
from alprsim.results.run import Run
from alprsim.results.sides import Side

_TRUTH = ("cars", "trips", "drives")
"""Tables of what happened, whoever looks; the reads depend on the cameras too."""


class Pane(NamedTuple):
    """A side's week as the page begins."""

    letter: str
    row: int
    """Of its colour and shape."""
    name: str
    week: week.Week | None
    kept: int
    """Which of the weeks that the page carries is its run's."""
    state: str
    """As the script names it: policy, viewer, sight and limit."""


class About(NamedTuple):
    """What is said of all of them."""

    worlds: int
    said: list[str]
    cars: list[week.Car]


def section(found: Compared, templates: Environment, *, others: bool = True) -> Markup:
    """Return the page's section on the week, of the first cars alone unless ``others``; nothing where no run kept one."""
    runs = list({id(side.run): side.run for side in found.sides}.values())
    panes = [_pane(found, side, [id(run) for run in runs].index(id(side.run))) for side in found.sides]
    if not others:
        panes = [pane._replace(week=pane.week and week.alone(pane.week)) for pane in panes]
    first = next((pane.week for pane in panes if pane.week), None)
    if first is None:
        return Markup("")
    macros: Any = templates.get_template("week.html.j2").module
    weeks = [next((pane.week for pane in panes if pane.kept == row), None) for row in range(len(runs))]
    data = [week.carried(one, _besides(macros), zipped) if one else "" for one in weeks]
    return Markup(macros.beside(panes, data, first, _about(found, panes, first), runs[0].provenance["seeds"]))


def _besides(macros: Any) -> Any:
    """Return what draws a car as it stands beside others: its signs are told once, under all."""
    return lambda car, of: macros.block(car, of, alone=False)


def _pane(found: Compared, side: Side, kept: int) -> Pane:
    about = found.about._replace(policy=side.policy)
    mine = (
        week.shown(side.run, about, side.retention, strict=False) if about.viewer in side.run.info["viewers"] else None
    )
    state = "~".join(mine.data["start"]) if mine else ""
    return Pane(side.letter, found.row(side), f"{side.name}, {side.when}", mine, kept, state)


def _about(found: Compared, panes: Sequence[Pane], first: week.Week) -> About:
    """Say whether it is one car on all sides, and which sides have another world or other cameras."""
    a = found.sides[0].run
    others = {side.letter: alike(a, side.run) for side in found.others if panes[found.row(side)].week and panes[0].week}
    other, cameras = ([letter for letter, how in others.items() if how == of] for of in ("world", "cameras"))
    said = []
    if other:
        said.append(
            f"The worlds differ: {_named(other)} A’s people and trips, so each run’s own car is shown, chosen by the same rule. "
            "Do not compare them drive by drive."
        )
    if cameras:
        said.append(
            f"The same car and the same drives as A’s, read by other cameras or other readers: {', '.join(cameras)}."
        )
    if not other and not cameras:
        said.append(
            "The same car, the same drives and the same reads on every side: what differs is who comes to hold them."
        )
    return About(1 + len(other), said, first.cars)


def _named(letters: Sequence[str]) -> str:
    return f"{', '.join(letters)} {'have' if len(letters) > 1 else 'has'} not"


def alike(first: Run, other: Run) -> str:
    """Tell whether two runs' first seeds have the same week: "same", other "cameras" (or readers), or another "world"."""
    if first is other:
        return "same"

    def equal(name: str) -> bool:
        a, b = (
            run.table(f"week_{name}", seed=run.provenance["seeds"][0]).drop(columns="seed") for run in (first, other)
        )
        return bool(a.equals(b))

    if not all(equal(name) for name in _TRUTH):
        return "world"
    return "same" if equal("reads") else "cameras"
