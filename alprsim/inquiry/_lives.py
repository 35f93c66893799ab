"""What is laid open of days and trips: of vehicles, of people over the cars they drive, of those from elsewhere or listed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from alprsim import parquet, sight
from alprsim.inquiry._apart import strata
from alprsim.inquiry._asked import Asked, Lenses, Look
from alprsim.inquiry._cases import Named
from alprsim.measures import apart, completeness, equity, question
from alprsim.scenario.read import Loaded
from alprsim.sight import Case
from alprsim.tables import AS_WRITTEN, AgencyKind, Int16, Measured


class Lives:
    """Completeness of every case, by whose reads they are; and what the baseline's viewer sees of each vehicle."""

    def __init__(self, asked: Asked, every: Lenses) -> None:
        self._asked, self._every = asked, every
        towns, moments = len(asked.people.towns), len(asked.moments)
        self.vehicles = [completeness.empty(towns + len(question.APART), moments) for _ in every.lenses]
        self.people = [completeness.empty(towns, moments) for _ in every.lenses]
        self._strata = strata(asked)
        self.strata = [completeness.empty(len(question.STRATA) + 1, moments) for _ in every.lenses if self._strata]
        self._exposed: list[completeness.Exposure] = []
        whole = every.only(sight.ALL)
        self._shown = divmod(int(whole.place[_shown(asked.loaded, whole.cases)]), 64)

    @property
    def residents(self) -> list[completeness.Sums]:
        """What was counted of residents' vehicles, a lens each."""
        return [sums.of(slice(len(self._asked.people.towns))) for sums in self.vehicles]

    def add(self, look: Look) -> None:
        """Count one bucket through one lens at one moment."""
        people, driven = self._asked.people, look.driven
        group = question.groups_of_vehicles(people, look.opened.bucket.vehicle)
        of_driver = question.groups_of_drivers(people, driven.opened.bucket.vehicle)
        completeness.add(
            self.vehicles[look.lens], look.opened, look.masks, look.put, group, moment=look.moment,
            also=self._unlisted(look),
        )  # fmt: skip
        self._add_listed(look)
        completeness.add(
            self.people[look.lens], driven.opened, look.masks[driven.read], look.put, of_driver, moment=look.moment
        )
        lens, bit = self._shown
        if look.moment == len(self._asked.moments) - 1 and look.lens == lens:
            self._exposed.append(completeness.exposure(look.opened, look.masks, look.put, people, bit=bit))

    def _unlisted(self, look: Look) -> list[tuple[completeness.Sums, Int16]]:
        """Return where vehicles that no list names are counted; all others come last."""
        if not self._strata:
            return []
        group = self._group(look, self._strata[0])
        return [(self.strata[look.lens], np.where(group == 0, 0, len(question.STRATA)).astype(np.int16))]

    def _add_listed(self, look: Look) -> None:
        """Count the listed ones, whose reads are kept for other times."""
        if self._strata:
            group = self._group(look, self._strata[1])
            group = np.where((group >= 0) & (group < len(question.STRATA) - 1), group + 1, -1).astype(np.int16)
            completeness.add(
                self.strata[look.lens], look.opened, look.masks, look.of_listed, group, moment=look.moment
            )  # fmt: skip

    def _group(self, look: Look, grouping: equity.Grouping) -> Int16:
        """Return the group of each vehicle of the bucket; −1 none."""
        vehicle = look.opened.bucket.vehicle
        group = np.full(len(vehicle), -1, np.int16)
        inside = question.home_towns(self._asked.people, vehicle) >= 0
        group[inside] = grouping.group[vehicle[inside]]
        return group

    def rows(self) -> list[Measured]:
        """Return the rows: by town for all reads, and for all towns together by whose lives and whose reads they are."""
        towns, every, whole = self._asked.people.towns, self._every, self._every.only(sight.ALL)

        def told(sums: list[completeness.Sums], part: Lenses, names: Sequence[str], who: str) -> Measured:
            named: list[Named] = part.named()
            moments, seed = self._asked.moments, self._asked.seed
            return completeness.rows(sums, part.place, named, names, moments=moments, seed=seed, who=who)

        answers = [
            told(self.residents, whole, towns, question.VEHICLES),
            told(self.people, whole, towns, question.PEOPLE),
        ]
        for group, who in enumerate(question.APART, len(towns)):
            answers.append(told([sums.of(slice(group, group + 1)) for sums in self.vehicles], whole, (), who))
        parts = [
            (grouping, group) for grouping in self._strata for group in range(len(grouping.groups) - 1)
        ]  # the rest comes last
        for row, (grouping, group) in enumerate(parts):
            mine = told([sums.of(slice(row, row + 1)) for sums in self.strata], whole, (), question.STRATA[row])
            answers.append(apart.enough(mine, grouping, group))
        return answers + [told(self.residents, every.only(source), (), question.VEHICLES) for source in sight.SOURCES]

    def save(self) -> None:
        """Write what the baseline's viewer sees of each vehicle to ``exposure.parquet``."""
        names = completeness.Exposure._fields
        columns = {name: np.concatenate([getattr(part, name) for part in self._exposed]) for name in names}
        order = np.argsort(columns["vehicle"])
        network, vehicles = self._asked.world.network, self._asked.done.settlement.vehicles
        town = network.towns.name[vehicles.town[columns["vehicle"][order]]]
        of = {"vehicle": columns.pop("vehicle")[order], "town": town, **{k: v[order] for k, v in columns.items()}}
        parquet.write(pa.table(of), self._asked.folder / "exposure.parquet")


def _shown(loaded: Loaded, found: Sequence[Case]) -> int:
    """Return the case whose distribution over vehicles is kept: the baseline as written, its consumer on request."""
    baseline = next(iter(loaded.policies.values()))
    kinds = {name: baseline.custody.agencies[viewer.agency].kind for name, viewer in baseline.viewers.items()}
    viewer = next((name for name, kind in kinds.items() if kind == AgencyKind.CONSUMER.name.lower()), next(iter(kinds)))
    names = [(case.policy, case.viewer, case.sight, case.retention) for case in found]
    return names.index((baseline.name, viewer, "request", AS_WRITTEN))
