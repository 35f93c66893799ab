"""The same study under other assumptions, one at a time: more cameras, better or worse capture, more or less traffic.

Mapped cameras are a lower bound, published capture rates range, and volumes are known to some percent; seeds know nothing of
that. Each variant is a scenario of its own and is kept when it is finished; shapes of query age are asked in every run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import pandas as pd

from alprsim import experiment, report, results, sweep
from alprsim.results import sensitivity as bands
from alprsim.scenario import models
from alprsim.scenario.read import Loaded
from alprsim.siting import SitingError

ASSUMPTIONS = ("cameras", "capture", "volumes")
TIMES = (2, 4)
"""Camera counts, as the study's measures are defined: mapped cameras are a lower bound."""
CAPTURE = (0.80, 0.98)
"""Published: 80 of 100 in a vendor's own example (Genetec), and the British design minimum, remembered."""
VOLUMES = (0.85, 1.15)
"""Of traffic: the range that the study's measures are defined with. Assumption."""
_LISTS = ("listed", "file", "osm")
_FINISHED = "finished.json"


class Variant(NamedTuple):
    """One assumption changed."""

    name: str
    folder: str
    overrides: tuple[str, ...]


class Found(NamedTuple):
    """What a sensitivity study comes to."""

    table: pd.DataFrame
    """The fields of ``results.sensitivity.Row``."""
    file: Path
    page: Path
    """The page of the run as the scenario stands, with the bands on it."""
    runs: dict[str, results.Run]
    notes: list[str]

    def text(self) -> str:
        """Return the headlines as readable text."""
        return bands.as_text(self.table, self.runs[bands.BASE])


def variants(study: models.Scenario, assumptions: Sequence[str] = ASSUMPTIONS) -> tuple[list[Variant], list[str]]:
    """Return the scenario as it stands and its variants, and what could not be varied."""
    found, notes = [Variant(bands.BASE, "base", ())], []
    for assumption in ASSUMPTIONS:
        if assumption in assumptions:
            more, why = {"cameras": _cameras, "capture": _capture, "volumes": _volumes}[assumption](study)
            found += more
            notes += why
    return found, notes


def run(
    study: Callable[[tuple[str, ...]], Loaded], *, out: Path | None = None, assumptions: Sequence[str] = ASSUMPTIONS,
    jobs: int = 1, stream: IO[str] | None = None,
) -> Found:  # fmt: skip
    """Run every variant that is not yet finished, and write ``sensitivity.csv`` and, with its bands, the page.

    Parameters
    ----------
    study
        Reads the scenario with some keys set over all others, "cameras.count=20" each.
    out
        Folder of the table, and of a result a variant; by default ``results/runs/NAME-sensitivity-DIGEST``.
    stream
        Where progress is shown.

    A variant whose cameras find no room on the streets is left out, and said.

    Raises
    ------
    ScenarioError, OSError
        A variant is no right scenario, or its folder cannot be written; what was finished before is kept.
    """
    base = study(())
    folder = out or experiment.RUNS / f"{base.scenario.name}-sensitivity-{base.digest()[:8]}"
    asked, notes = variants(base.scenario, assumptions)
    loaded = {variant: study(variant.overrides) for variant in asked}
    folder.mkdir(parents=True, exist_ok=True)
    done, code = _finished(folder), sweep.code_digest()
    missing = {
        variant: one for variant, one in loaded.items() if done.get(variant.folder) != [one.digest(), code]
        or not (folder / variant.folder / "run.json").exists()
    }  # fmt: skip
    with sweep.Progress(stream) as progress:
        for variant in asked:
            if variant not in missing:
                progress.note(f"{variant.name}: finished before, kept")
    for alike in _by_world(missing):
        with sweep.Progress(stream) as progress:
            progress.note(f"variant: {'; '.join(variant.name for variant in alike)}")
            outs = [folder / variant.folder for variant in alike]
            try:
                sweep.run_all(list(alike.values()), outs=outs, jobs=jobs, tell=progress)
            except SitingError as error:
                if any(variant.name == bands.BASE for variant in alike):
                    raise
                notes += [
                    f"Not in the bands: {variant.name}, which the streets have no room for ({error})."
                    for variant in alike
                ]
                continue
        done |= {variant.folder: [one.digest(), code] for variant, one in alike.items()}
        (folder / _FINISHED).write_text(json.dumps(done, indent=1), "utf-8")
    runs = {
        variant.name: results.load(folder / variant.folder) for variant, one in loaded.items()
        if done.get(variant.folder) == [one.digest(), code]
    }  # fmt: skip
    rows, stands = bands.table(runs), runs[bands.BASE]
    bands.write(rows, stands, stands.folder)  # where its page finds them
    page = report.write(stands, notes.append)
    return Found(rows, bands.write(rows, stands, folder), page, runs, notes)


def _finished(folder: Path) -> dict[str, list[str]]:
    """Return which variants were finished: of which scenario, by which code."""
    try:
        said: dict[str, list[str]] = json.loads((folder / _FINISHED).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return said


def _by_world(missing: Mapping[Variant, Loaded]) -> Iterator[dict[Variant, Loaded]]:
    """Yield the variants that can be asked of the same reads together."""
    worlds: dict[str, dict[Variant, Loaded]] = {}
    for variant, loaded in missing.items():
        worlds.setdefault(loaded.world_digest(), {})[variant] = loaded
    yield from worlds.values()


# --- what is assumed otherwise ------------------------------------------------------------------------------------------


def _cameras(study: models.Scenario) -> tuple[list[Variant], list[str]]:
    """Multiply the cameras of every group whose number is an assumption."""
    fixed = [row for row, group in enumerate(study.cameras.groups) if _count(study, group) is None]
    notes = []
    if fixed:
        whose = ", ".join(dict.fromkeys(study.cameras.groups[row].agency for row in fixed))
        notes.append(f"Camera counts: those of {whose} that a list, a plan or the streets decide were not multiplied.")
    if len(fixed) == len(study.cameras.groups):
        return [], notes
    found = []
    for times in TIMES:
        overrides = []
        for row, group in enumerate(study.cameras.groups):
            if count := _count(study, group):
                overrides.append(f"cameras.groups.{row}.count={count * times}")
            if count and group.kind == "portable":
                stops = (group.portable or models.Portable()).stops
                overrides.append(f"cameras.groups.{row}.portable.stops={stops * times}")
        found.append(Variant(f"cameras × {times}", f"cameras-x{times}", tuple(overrides)))
    return found, notes


def _count(study: models.Scenario, group: models.CameraGroup) -> int | None:
    """Return how many cameras a group has, where the scenario is free to say so."""
    siting = None if group.kind in models.ROVING else group.siting or study.cameras.siting
    decided = siting in _LISTS or (siting in ("motorways", "campus_gates") and group.count is None)
    return None if decided else study.cameras.count if group.count is None else group.count


def _capture(study: models.Scenario) -> tuple[list[Variant], list[str]]:
    own = [kind for kind, quality in study.cameras.quality.items() if quality.capture is not None]
    notes = (
        [f"Capture: that of {', '.join(own)} readers, which the scenario sets apart, was not varied."] if own else []
    )
    return [
        Variant(f"capture {100 * rate:.0f} %", f"capture-{100 * rate:.0f}", (f"cameras.capture={rate}",))
        for rate in CAPTURE
    ], notes


def _volumes(study: models.Scenario) -> tuple[list[Variant], list[str]]:
    """Scale residents' trips, visitors, working vehicles and through traffic together."""
    people = study.population
    found = []
    for times in VOLUMES:
        flows = [("through", people.through)] if people.through else []
        flows += [(f"through_pairs.{row}.daily", pair.daily) for row, pair in enumerate(people.through_pairs)]
        shares = {
            "visitors": people.visitors,
            "delivery.share": people.delivery.share,
            "taxis.share": people.taxis.share,
        }
        overrides = [f"population.trips_per_driver={round(people.trips_per_driver * times, 6)}"]
        overrides += [f"population.{key}={min(round(share * times, 9), 1)}" for key, share in shares.items() if share]
        overrides += [f"population.{key}={round(flow * times, 3)} vehicles/d" for key, flow in flows]
        percent = round(100 * (times - 1))
        said = f"{'+' if percent > 0 else '−'}{abs(percent)}"
        found.append(
            Variant(f"volumes {said} %", f"volumes{'+' if percent > 0 else '-'}{abs(percent)}", tuple(overrides))
        )
    return found, []
