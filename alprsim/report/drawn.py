"""Single figures of a run for papers and notebooks: the ladder, the frontier, the map and the answer, each standing alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path

from alprsim.report import answer, browser, chart, figures, frontier, street_map, week
from alprsim.report._picture import standalone
from alprsim.results import asking, sensitivity, words
from alprsim.results.headline import Subject, opening
from alprsim.results.run import ResultError, Run
from alprsim.tables import AS_WRITTEN

FORMATS = ("svg", "png")
_WEEK = (
    "Dashed black: driven, the truth. Wide blue: drawn by the viewer, and right. Broken orange with crosses: drawn, and wrong. "
    "Discs: reads held here; ringed where others are not held; pale where none is, with their number."
)
_LEGEND = 22
"""Height of a row under the map."""


@dataclass(frozen=True, repr=False)
class Figure:
    """A figure that a notebook draws, with its text for those who cannot see it."""

    name: str
    """As its file is called."""
    title: str
    alt: str
    svg: str
    """Whole: its style is in its elements, nothing is fetched."""

    def save(self, path: str | Path, *, program: str | None = None) -> Path:
        """Write it as SVG or PNG, as the path ends, and return the path.

        Parameters
        ----------
        path
            Ends in .svg or .png.
        program
            The browser that draws a PNG (default: the first found, see ``browser.NAMES``).

        Raises
        ------
        ResultError
            The path ends otherwise.
        BrowserError
            A PNG needs a browser and none was found, or it failed.
        """
        file = Path(path)
        if file.suffix.lstrip(".") not in FORMATS:
            raise ResultError(f"{file}: a figure is written as {' or '.join('.' + one for one in FORMATS)}")
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".png":
            return browser.png(self.svg, file, program)
        file.write_text(self.svg, "utf-8")
        return file

    def __repr__(self) -> str:
        return f"Figure({self.name}: {self.title})"

    def _repr_svg_(self) -> str:
        return self.svg


def ladder(run: Run, *, measure: str | None = None, viewer: str | None = None, sight: str | None = None) -> Figure:
    """Return the ladder of a measure through a viewer's eyes; what is not named is the headline's.

    Raises
    ------
    ResultError
        The run has no such measure, viewer or sight, or measured nothing of it.
    """
    about = asking.asked(run, measure, viewer, sight)
    case = (about.viewer, about.sight, about.measure, about.statistic)
    if not asking.measured(run, about):
        raise ResultError(f"{about.measure}.{about.statistic} was not measured of {about.viewer}, {about.sight} sight")
    found = figures.ladder(run, *case[:2], case[2:], sensitivity.bands(run))
    svg = str(found.svg)
    title = f"{found.title}; {found.subject}"
    whole = standalone(svg, title=title, above=[_rests_on(run)], below=found.notes, width=chart.WIDTH)
    return Figure("-".join(["ladder", *map(_slug, case)]), title, _alt(svg), whole)


def frontier_of(run: Run) -> Figure:
    """Return what limits lay open against what they leave an investigation."""
    found = frontier.shown(run)
    if found is None:
        raise ResultError(f"{run.folder} asked no look-backs, so it has no frontier")
    title = f"What limits lay open, and what they leave an investigation: {run.info['title']}"
    return Figure("frontier", title, _alt(str(found.svg)), frontier.whole(run, found))


def map_of(run: Run) -> Figure:
    """Return roads and cameras by owner, the owners named under it."""
    found = street_map.draw(run)
    width, height = map(int, re.findall(r'viewBox="0 0 (\d+) (\d+)"', found.svg)[0])
    rows = "".join(
        f'<g class="s{owner.mark}{"" if owner.fill else " hollow"}"><use href="#m{owner.mark}" x="18" y="{y}"/></g>'
        f'<text x="34" y="{y + 4}">{escape(f"{owner.name}: {owner.cameras}")}</text>'
        for y, owner in zip(range(height + 20, 10**6, _LEGEND), found.owners, strict=False)
    )
    taller = f'viewBox="0 0 {width} {height + 12 + _LEGEND * len(found.owners)}"'
    ground = f'<rect width="{width}" height="{height}" fill="var(--tint)"/>'
    svg = found.svg.replace(f'viewBox="0 0 {width} {height}"', taller, 1).replace(">", f">{ground}", 1)
    svg = svg.removesuffix("</svg>") + rows + "</svg>"
    title = f"Where the cameras stand: {run.info['title']}"
    said = ["The tail of a mark points the way the traffic goes that the camera reads.", found.dropped]
    whole = standalone(
        svg, title=title, above=[_rests_on(run)], below=[line for line in said if line], width=max(width, chart.WIDTH)
    )
    return Figure("map", title, _alt(svg), whole)


def week_of(
    run: Run, *, policy: str | None = None, viewer: str | None = None, sight: str | None = None,
    retention: str | None = None, car: int = 0,
) -> Figure:  # fmt: skip
    """Return one synthetic car's week on the map, as a state shows it; what is not named is the headline's, as practised.

    Raises
    ------
    ResultError
        The run kept no week, the state was not asked, or there is no such car.
    """
    first, _ = opening(run)
    about = asking.asked(run, None, viewer, sight if sight or viewer else first.sight)
    step = asking.limit(run, retention)
    state = (asking.policy(run, policy), about.viewer, about.sight)
    found = week.shown(run, Subject(*state, None), step)
    if found is None:
        raise ResultError(f"{run.folder} kept no car's week")
    if not 0 <= car < len(found.cars):
        raise ResultError(f"car: found {car}; the run kept the weeks of {len(found.cars)}, counted from 0")
    mine = found.cars[car]
    svg = re.sub(r' (?:tabindex|data-\w+)="[^"]*"', "", str(mine.svg))
    size = re.findall(r'viewBox="0 0 (\d+) (\d+)"', svg)[0]
    inner = svg.replace('class="map week"', 'class="week map" width="{}" height="{}"'.format(*size), 1)
    inner = inner.replace(">", '><rect width="100%" height="100%" fill="var(--tint)"/>', 1)
    title = f"One synthetic week: {mine.title[0].lower()}{mine.title[1:]}, {found.span}"
    whole = standalone(
        '<svg class="map" viewBox="0 0 {} {}">{}</svg>'.format(
            *size, inner
        ),  # a picture in a picture ends at its edges
        title=title,
        above=["This car does not exist.", mine.sentence, _rests_on(run)],
        below=[_WEEK],
        width=max(float(size[0]), chart.WIDTH),
    )
    kept = "as practised" if step == AS_WRITTEN else words.duration(step)
    return Figure("-".join(["week", *map(_slug, (*state, kept)), mine.chosen]), title, _alt(svg), whole)


def answer_of(run: Run) -> Figure:
    """Return the one figure that answers the scenario's question."""
    found = answer.shown(run)
    if found is None:
        raise ResultError(f"{run.folder}: its scenario has no key `answer`, so there is no figure of it")
    title = run.info["question"] or run.info["title"]
    return Figure("answer", title, _alt(str(found.svg)), answer.whole(run, found))


def every(
    run: Run, *, measure: str | None = None, viewer: str | None = None, sight: str | None = None,
    policy: str | None = None, retention: str | None = None,
) -> list[Figure]:  # fmt: skip
    """Return the figures that the run has, ladder and week as asked."""
    asking.policy(run, policy)
    asking.limit(run, retention)
    found = [ladder(run, measure=measure, viewer=viewer, sight=sight)]

    def seen(run: Run) -> Figure:
        return week_of(run, policy=policy, viewer=viewer, sight=sight, retention=retention)

    others: list[Callable[[Run], Figure]] = [frontier_of, map_of, seen, answer_of]
    for draw in others:
        try:
            found.append(draw(run))
        except ResultError:  # that figure is not asked of this run
            continue
    return found


def _rests_on(run: Run) -> str:
    """Say what every figure of a run rests on."""
    of, seeds = run.info["labels"], len(run.provenance["seeds"])
    many = f"{seeds} seeds" if seeds > 1 else "one seed, no interval"
    return f"Synthetic vehicles; {of['streets']} streets, {of['cameras']} cameras, {of['calibration']}, {many}."


def _alt(svg: str) -> str:
    found = re.search(r'aria-label="([^"]*)"', svg)
    return unescape(found[1]) if found else ""


def _slug(name: str) -> str:
    return "_".join(re.findall(r"\w+", words.SIGHTS[name][0] if name in words.SIGHTS else name)).lower()
