"""What is laid open of days and trips: of vehicles, of people over the cars they drive, of those from elsewhere or listed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from alprsim import parquet, sight
from alprsim.inquiry._apart import strata
from alprsim.inquiry._asked import Asked, Lenses, Look
from alprsim.inquiry._cases import Named
from alprsim.measures import apart, completeness, equity, question, wheel
from alprsim.measures.question import Opened
from alprsim.scenario.read import Loaded
from alprsim.sight import Case
from alprsim.tables import AS_WRITTEN, AgencyKind, Int16, Int32, Measured, UInt64


class Lives:
    """Completeness of every case, by whose reads they are; and what the baseline's viewer sees of each vehicle."""

    def __init__(self, asked: Asked, every: Lenses) -> None:
        self._asked, self._every = asked, every
        towns, moments = len(asked.people.towns), len(asked.moments)
        self.vehicles = [completeness.empty(towns + len(question.APART), moments) for _ in every.lenses]
        self.people = [completeness.empty(towns, moments) for _ in every.lenses]
        self._strata = strata(asked)
        self.strata, self._people_of_strata = (
            [completeness.empty(len(question.STRATA) + 1, moments) for _ in every.lenses if self._strata]
            for _ in (question.VEHICLES, question.PEOPLE)
        )
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
            also=self._unlisted(self.strata, look, look.opened.bucket.vehicle), dated=look.dated,
        )  # fmt: skip
        main = people.car[np.searchsorted(people.drivers, driven.opened.bucket.vehicle)]
        held = look.masks[driven.read]
        completeness.add(
            self.people[look.lens], driven.opened, held, look.put, of_driver, moment=look.moment,
            also=self._unlisted(self._people_of_strata, look, main), dated=look.dated_by_driver,
        )  # fmt: skip
        self._add_listed(self.strata, look, (look.opened, look.masks, look.dated), look.opened.bucket.vehicle)
        self._add_listed(self._people_of_strata, look, (driven.opened, held, look.dated_by_driver), main)
        lens, bit = self._shown
        if look.moment == len(self._asked.moments) - 1 and look.lens == lens:
            self._exposed.append(
                completeness.exposure(look.opened, look.masks, look.put, people, bit=bit, dated=look.dated)
            )

    def _unlisted(
        self, strata: Sequence[completeness.Sums], look: Look, car: Int32
    ) -> list[tuple[completeness.Sums, Int16]]:
        """Return where those are counted whose ``car`` no list names; all others come last."""
        if not self._strata:
            return []
        group = equity.of_vehicles(self._strata[0], car)
        return [(strata[look.lens], np.where(group == 0, 0, len(question.STRATA)).astype(np.int16))]

    def _add_listed(
        self, strata: Sequence[completeness.Sums], look: Look, of: tuple[Opened, UInt64, UInt64 | None], car: Int32
    ) -> None:
        """Count the listed ones, whose reads are kept for other times: of the bucket, its masks, and which show a day."""
        opened, masks, dated = of
        if self._strata:
            group = equity.of_vehicles(self._strata[1], car)
            group = np.where((group >= 0) & (group < len(question.STRATA) - 1), group + 1, -1).astype(np.int16)
            completeness.add(strata[look.lens], opened, masks, look.of_listed, group, moment=look.moment, dated=dated)

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
        for who, counted, row, size in self._different():
            mine = told([sums.of(slice(row, row + 1)) for sums in counted], whole, (), who)
            answers.append(apart.enough(mine, size))
        return answers + [told(self.residents, every.only(source), (), question.VEHICLES) for source in sight.SOURCES]

    def _different(self) -> Iterator[tuple[str, list[completeness.Sums], int, int]]:
        """Yield the strata of vehicles, then of people: whose, where they were counted, and how many there are of each."""
        everybody = apart.everybody("", self._asked.people)
        sizes = [apart.sizes(apart.by(self._asked.people, one), everybody) for one in self._strata]
        for who, counted in ((question.VEHICLES, self.strata), (question.PEOPLE, self._people_of_strata)):
            many = [size for of in sizes for size in of[who][:-1].tolist()]  # the rest comes last
            for row, size in enumerate(many):
                name = question.STRATA[row]
                yield name if who == question.VEHICLES else wheel.people_of(name), counted, row, size

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
