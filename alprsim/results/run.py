"""A run's folder opened: what was asked, how it was made, its tables as data frames, and single answers."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from alprsim.results import words
from alprsim.results.summary import KEYS, PLAIN, plain
from alprsim.tables import AgencyKind

if TYPE_CHECKING:
    from alprsim.report.drawn import Figure

SCHEMA = 1
"""Of a run's folder."""

PARTIAL = ".partial"

VARIANTS = "variants"
"""The folder of a run that holds a whole result for each variant of its world."""


def slug(name: str) -> str:
    """Return a name as a folder can have it: "Twice the cameras" → "twice-the-cameras"."""
    return "-".join(re.findall(r"[^\W_]+", name.lower())) or "variant"


class ResultError(ValueError):
    """A folder is not a finished result: what was looked for and what was found."""


class Answer(NamedTuple):
    """One answer over all seeds; NaN: not measured, or (low and high) no interval."""

    mean: float
    low: float
    high: float
    n_seeds: int
    unit: str
    n: int

    @property
    def measured(self) -> bool:
        """Whether anything was."""
        return not np.isnan(self.mean)


NOTHING = Answer(np.nan, np.nan, np.nan, 0, "", 0)
"""The answer to what was not asked or not measured."""


@dataclass(frozen=True, repr=False)
class Run:
    """A finished run.

    ``info`` is its run.json; ``measures`` (every seed) and ``summary`` (means with intervals) are the answers; any other
    table comes from ``table`` by name.
    """

    folder: Path
    info: dict[str, Any]

    @property
    def page(self) -> Path:
        """The page that policymakers read, whether or not it was written yet."""
        return self.folder / "report.html"

    @property
    def provenance(self) -> dict[str, Any]:
        """What made it: versions, commit, seeds, machine, time, memory."""
        made: dict[str, Any] = self.info["provenance"]
        return made

    @cached_property
    def scenario_text(self) -> str:
        """The resolved scenario, which runs again as it is."""
        return (self.folder / "scenario.yaml").read_text("utf-8")

    @cached_property
    def tables(self) -> list[str]:
        """Names that ``table`` knows; those of a seed's folder once for all seeds."""
        own = {file.stem for file in self.folder.glob("*.parquet")}
        of_seeds = {path.stem for path in self.folder.glob("seed=*/*.parquet")}
        folders = {path.name for path in self.folder.glob("seed=*/*") if any(path.rglob("*.parquet"))}
        return sorted(own | of_seeds | folders)

    def table(self, name: str, seed: int | None = None) -> pd.DataFrame:
        """Return a table as a data frame; one that every seed has of its own gets a column ``seed``.

        ``reads`` and ``truth`` come whole: at 16 bytes a read, mind the size of large runs.
        """
        if name not in self.tables:
            raise ResultError(f"{self.folder} has no table {name!r}; it has {', '.join(self.tables)}")
        if (file := self.folder / f"{name}.parquet").exists():
            return pd.read_parquet(file)
        seeds = self.provenance["seeds"] if seed is None else [seed]
        if seed is not None and seed not in self.provenance["seeds"]:
            raise ResultError(
                f"{self.folder} has no seed {seed}; it has {', '.join(map(str, self.provenance['seeds']))}"
            )
        parts = [self._of_seed(name, number).assign(seed=number) for number in seeds]
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def variants(self) -> dict[str, Run]:
        """The results of the same questions in the variants of its world, by name."""
        return {name: load(self.folder / VARIANTS / slug(name)) for name in self.info.get("variants", ())}

    @cached_property
    def measures(self) -> pd.DataFrame:
        """Every answer of every seed, tidy: ``tables.Measured``."""
        return self.table("measures")

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Every answer as mean, low and high over seeds."""
        return self.table("summary")

    @property
    def cameras(self) -> pd.DataFrame:
        """Cameras of every seed, a row a site."""
        return self.table("cameras")

    @property
    def towns(self) -> pd.DataFrame:
        """The study's towns."""
        return self.table("towns")

    @property
    def people(self) -> pd.DataFrame:
        """Everyone simulated, of every seed."""
        return self.table("people")

    @property
    def vehicles(self) -> pd.DataFrame:
        """Every vehicle simulated, of every seed."""
        return self.table("vehicles")

    @property
    def roads(self) -> pd.DataFrame:
        """The roads that all seeds share."""
        return self.table("roads")

    def answer(
        self, policy: str, viewer: str, sight: str, retention: int, measure: str, statistic: str, town: str = "all", *,
        who: str = PLAIN["who"], reads: str = PLAIN["reads"],
    ) -> Answer:  # fmt: skip
        """Return one answer; NaN where it was not asked or not measured."""
        return self.answers.get((policy, viewer, sight, retention, measure, who, reads, town, statistic), NOTHING)

    @cached_property
    def answers(self) -> dict[tuple[Any, ...], Answer]:
        """The summary by ``KEYS``: (policy, viewer, sight, retention, measure, who, reads, town, statistic)."""
        columns = [self.summary[name].tolist() for name in [*KEYS, *Answer._fields]]
        return {row[: len(KEYS)]: Answer(*row[len(KEYS) :]) for row in zip(*columns, strict=True)}

    @cached_property
    def statistics(self) -> dict[str, list[str]]:
        """The statistics of each measure for all towns together, as first listed."""
        pairs = (
            plain(self.summary)[["measure", "statistic"]].drop_duplicates().groupby("measure", sort=False)["statistic"]
        )
        return {str(measure): list(names) for measure, names in pairs}

    @cached_property
    def steps(self) -> list[int]:
        """The ladder's retention limits, s, rising; the last may be UNLIMITED."""
        steps: list[int] = sorted(int(step) for step in self.summary["retention"].unique() if step >= 0)
        return steps

    @cached_property
    def onlooker(self) -> str:
        """The viewer the headline is about: the last listed whose agency only looks (a federal consumer), else the first."""
        agencies = self.table("agencies").set_index("name")["kind"]
        viewers: dict[str, dict[str, Any]] = self.info["viewers"]
        lookers = [name for name, viewer in viewers.items() if agencies.get(viewer["agency"]) == AgencyKind.CONSUMER]
        return lookers[-1] if lookers else next(iter(viewers))

    def titled(self, viewer: str) -> str:
        """Return a viewer's name with its title, if it has one: "ICE (federal consumer)"."""
        title = self.info["viewers"][viewer].get("title")
        return f"{viewer} ({title})" if title and title != viewer else viewer

    def place(self, town: str) -> str:
        """Return a town's name as it may be shown: generated streets are "Westport-like", not Westport."""
        return f"{town}-like" if self.info["labels"]["streets"] == "generated" else town

    def distribution(
        self, *, policy: str | None = None, viewer: str | None = None, sight: str | None = None,
        retention: str | None = None, town: str | None = None, statistic: str | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Return how unevenly cars are laid open: a row a case, home town ("all": together) and statistic, with quantiles.

        What is not named is not narrowed down, but for ``retention``: a limit of the ladder, such as ``"21 d"`` (default: as
        practised). The columns are those of ``results.distribution.over_cars``; each seed's own are in
        ``table("viewers_distribution")``.

        Raises
        ------
        ResultError
            The run did not ask it (``measures.families`` without ``distribution``), or has nothing of that name.
        """
        from alprsim.results import asking, distribution

        wanted = {"policy": policy, "viewer": viewer, "sight": sight, "town": town, "statistic": statistic}
        table = distribution.over_cars(self, retention=asking.limit(self, retention))
        for key, name in wanted.items():
            if name is not None:
                table = table[table[key].eq(asking.known(key, name, table[key].unique()))]
        return table.reset_index(drop=True)

    def headline(self) -> list[dict[str, Any]]:
        """Return the five numbers that matter, each with a plain sentence: see ``results.headline``."""
        from alprsim.results.headline import headline  # it needs Run itself

        return headline(self)

    def report(self) -> Path:
        """Return the page, written now if it is not there."""
        from alprsim import report  # templates are loaded only where a page is wanted

        return self.page if self.page.exists() else report.write(self)

    def ladder(self, *, measure: str | None = None, viewer: str | None = None, sight: str | None = None) -> Figure:
        """Draw a measure under every limit, a line a policy; what is not named is the headline's.

        Parameters
        ----------
        measure
            A name, such as ``"trips_detected"``; or with its statistic, ``"home_found.within_250m"``.
        viewer, sight
            As the scenario and the command line name them.
        """
        from alprsim.report import drawn

        return drawn.ladder(self, measure=measure, viewer=viewer, sight=sight)

    def frontier(self) -> Figure:
        """Draw what limits lay open against what they leave an investigation."""
        from alprsim.report import drawn

        return drawn.frontier_of(self)

    def map(self) -> Figure:
        """Draw roads and cameras."""
        from alprsim.report import drawn

        return drawn.map_of(self)

    def week(
        self, *, policy: str | None = None, viewer: str | None = None, sight: str | None = None,
        retention: str | None = None, car: int = 0,
    ) -> Figure:  # fmt: skip
        """Draw one synthetic car's week, and what a viewer holds and draws of it; what is not named is the headline's.

        Parameters
        ----------
        policy, viewer, sight
            As the scenario and the command line name them.
        retention
            A limit of the ladder, such as ``"21 d"`` (default: as practised).
        car
            Which of the cars whose week the run kept: 0 the typical one, 1 the one read most.
        """
        from alprsim.report import drawn

        return drawn.week_of(self, policy=policy, viewer=viewer, sight=sight, retention=retention, car=car)

    def __repr__(self) -> str:
        seeds = self.provenance["seeds"]
        return f"Run({str(self.folder)!r}: {self.info['title']}, {len(seeds)} seed{'s' if len(seeds) > 1 else ''})"

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{html.escape(row['text'])}</li>" for row in self.headline())
        labels = ", ".join(f"{value} {key}" for key, value in self.info["labels"].items() if key != "calibration")
        title = html.escape(f"{self.info['title']} ({labels}, {self.info['labels']['calibration']})")
        return f"<b>{title}</b><ul>{items}</ul><small>{html.escape(str(self.page))}</small>"

    def _of_seed(self, name: str, seed: int) -> pd.DataFrame:
        folder = self.folder / f"seed={seed}"
        files = [folder / f"{name}.parquet"]
        if not files[0].exists():
            files = sorted((folder / name).rglob("*.parquet"))
        return pd.concat([pd.read_parquet(file, partitioning=None) for file in files], ignore_index=True)


def load(folder: str | Path) -> Run:
    """Open a result's folder.

    Raises
    ------
    ResultError
        It is no result, the run was interrupted, or a newer alprsim made it.
    """
    folder = Path(folder)
    left = [folder.with_name(f"{dot}{folder.name}{PARTIAL}") for dot in ("", ".")]
    if folder.name.endswith(PARTIAL) or (not folder.exists() and any(place.exists() for place in left)):
        raise ResultError(f"{folder}: the run was interrupted; run the same command again and it goes on from there")
    if not folder.is_dir():
        raise ResultError(f"{folder} is not a folder; a result is the folder that `alprsim run` names at its end")
    file = folder / "run.json"
    if not file.exists():
        raise ResultError(f"{folder} is not a result: it has no run.json")
    try:
        info = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise ResultError(f"{file} is not JSON ({error}); run the scenario again") from error
    return Run(folder, _checked(info, file))


def _checked(info: Any, file: Path) -> dict[str, Any]:
    schema = info.get("schema") if isinstance(info, dict) else None
    if not isinstance(schema, int):
        raise ResultError(f"{file} is not a result's: it has no schema number")
    if schema > SCHEMA:
        raise ResultError(f"{file} has schema {schema}, newer than this alprsim reads ({SCHEMA}); update alprsim")
    if info.get("status") != "done":
        raise ResultError(f"{file}: the run ended as {info.get('status')!r}, not 'done'; run the same command again")
    checked: dict[str, Any] = info
    return checked


def horizon(run: Run) -> str:
    """Say T, the time the run's shares look back over."""
    return words.duration(run.info["horizon_s"])
