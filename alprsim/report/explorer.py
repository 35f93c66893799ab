"""The policy explorer: what can be chosen, what it shows before anything was chosen, and the cube that it moves through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from alprsim.report import under
from alprsim.report.cube import Cell, Seeds, cube, listed
from alprsim.report.figures import Bands, Figure, Pair, key
from alprsim.report.opening import dots
from alprsim.results import words
from alprsim.results.headline import Subject
from alprsim.results.run import Run


class Choice(NamedTuple):
    """An entry of one of the lists; entries of a group stand together."""

    value: str
    text: str
    group: str = ""


class Town(NamedTuple):
    """A bar of the figure by home town."""

    name: str
    width: float
    """Of 100."""
    said: str


class Explored(NamedTuple):
    """The explorer as it stands before it is moved: the baseline as practised."""

    key: str
    """Of the ladder it begins with: viewer, sight and measure."""
    policy: int
    cube: dict[str, Any]
    cell: Cell | None
    where: str
    title: str
    share: bool
    left: dict[str, Any] | None
    towns: list[Town]
    scale: str
    """What a town's full bar stands for."""
    looks: list[under.Panel]
    """Panels of look-backs, the one it begins with first."""
    choices: dict[str, list[Choice]]
    style: str

    @property
    def small(self) -> bool:
        """Whether of ten cars none would be seen."""
        return self.share and self.cell is not None and words.many([self.cell.value or 0.0]) > 10

    @property
    def dots(self) -> int:
        """How many of a thousand dots it is."""
        return dots(self.cell.value) if self.share and self.cell else 0

    @property
    def change(self) -> str:
        """The difference as the page says it."""
        if self.cell is None:
            return "not measured"
        known = f" ({self.cell.change_interval})" if self.cell.change_interval else ""
        return self.cell.change + known


def explored(
    run: Run, about: Subject, pair: Pair, figures: Sequence[Figure], seeds: Seeds, bands: Bands, *, towns: bool = True
) -> Explored:  # fmt: skip
    """Return the explorer of a run, at the baseline as practised through the eyes that the first sentence is about."""
    whole = cube(run, seeds, bands, towns=towns)
    begin = figures[0].key if figures else key(run, about.viewer, about.sight, pair)
    viewer, sight, measure = begin.split("~")
    policy = list(run.info["policies"]).index(about.policy)
    group: list[list[Cell | None]] = whole["cells"].get(begin, [])
    cell = group[policy][0] if group else None
    left = whole["looks"].get(f"{viewer}~{sight}")
    told = whole["measures"].get(measure, {"title": "", "share": False})
    looks = sorted(under.panels(run, bands), key=lambda panel: panel.key != f"{viewer}~{sight}")
    return Explored(
        begin, policy, whole, cell,
        f"“{about.policy}” as practised, {whole['viewers'][int(viewer)]['title']}, {words.SIGHTS[sight][0]} sight",
        told["title"], told["share"], left[policy][0] if left else None, *_towns(run, cell, group), looks,
        choices(whole), stops(whole),
    )  # fmt: skip


def stops(whole: dict[str, Any]) -> str:
    """Return the style that gives each stop of the slider its place."""
    return f":root {{ --stops: {len(whole['stops'])}; }}\n"


def _towns(run: Run, cell: Cell | None, group: Sequence[Sequence[Cell | None]]) -> tuple[list[Town], str]:
    """Return the bars by home town, on the scale of the largest that this ladder has anywhere, and what that is."""
    every = [(town[0], town[1]) for mine in group for one in mine if one for town in one.towns if town and town[0]]
    largest, said = max(every, key=lambda one: one[0] or 0.0, default=(0.0, ""))
    scale = f"full bar: {said}" if said else ""
    names = [run.place(town) for town in listed(run)]
    if cell is None or not cell.towns:
        return [Town(name, 0.0, "not measured") for name in names], scale
    return [
        Town(
            name,
            100 * (town[0] or 0.0) / largest if town and largest else 0.0,
            f"{town[1]} ({town[2]})" if town and town[2] else town[1] if town else "not measured",
        )
        for name, town in zip(names, cell.towns, strict=True)
    ], scale


def choices(whole: dict[str, Any]) -> dict[str, list[Choice]]:
    """Return what was computed for at least one ladder."""
    parts = [name.split("~") for name in whole["cells"]]
    return {
        "viewer": [
            Choice(str(row), one["title"])
            for row, one in enumerate(whole["viewers"])
            if any(part[0] == str(row) for part in parts)
        ],
        "sight": [Choice(name, said) for name, said in whole["sights"].items() if any(p[1] == name for p in parts)],
        "measure": [
            Choice(name, one["title"], one["group"])
            for name, one in whole["measures"].items()
            if any(part[2] == name for part in parts)
        ],
        "town": [],
    }
