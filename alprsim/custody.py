"""Who keeps which reads for how long and who may look: agencies, retention and sharing become Access.

The rules, for one read from the moment of its capture (its *age* counts from there; all intervals are half-open):

- The camera's owner stores it at age 0 and purges it at age W, its retention. Retention 0 s keeps nothing.
- A `mirror` copies it `delay` after the giver received it, if the giver still holds it: a purge goes before a copy of
  the same second. Only reads of the giver's own cameras are copied, unless the edge is `onward`.
- The taker purges its copy at age W (`clock: capture`) or W after it received it (`clock: receipt`). A copy that it
  would purge at once is not taken.
- A store takes a read once, and remembers. A second copy is ignored; over an edge with `on_duplicate: renew` it restarts
  the clock of a read still held, and the read is then passed on again. A clock that counts from capture, or never runs
  out, cannot be restarted. Of copies that arrive first and together, the longest stays.
- Copies that keep renewing each other never end. That is *unbounded*, and the cycle is named.
- A `query` copies nothing: the taker sees what the giver's store holds of the giver's own reads, at that moment; over an
  `onward` edge also what the giver received or can itself query. A route is only as good as its weakest link: it is
  bulk where every edge of it is bulk, else on request. An agency's own store is bulk.

Rules are static, purges are continuous and no read is a hit or held. ``ledger.py`` runs the same rules event by event.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from alprsim.scenario import models, units
from alprsim.tables import UNLIMITED, Access, Agencies, AgencyKind, RecordClass, SightKind

DEPARTMENTS = "departments"
"""The name, in an edge or a ladder, of all agencies of that kind."""

Sight = Literal["bulk", "request"]


class Effective(NamedTuple):
    """How long a viewer can obtain one owner's reads, over every route."""

    supremum: int
    """s: no read of this age or older is obtainable; 0 none ever, UNLIMITED without end."""
    measure: int
    """s: how much of the ages below the supremum is obtainable."""
    gaps: tuple[tuple[int, int], ...]
    """s: the ages below the supremum that are not, half-open."""
    unbounded: bool
    """Whether there is no end, by unlimited retention or by copies that renew each other (`cycles` tells)."""


def agencies(spec: models.Custody) -> Agencies:
    """Return the agencies as a table, in the order of the scenario."""
    return Agencies.of(
        name=list(spec.agencies),
        kind=[AgencyKind[agency.kind.upper()] for agency in spec.agencies.values()],
        server_rate=[agency.server_rate for agency in spec.agencies.values()],
        server_room=[agency.server_buffer for agency in spec.agencies.values()],
    )


def with_retention(spec: models.Custody, names: str | Sequence[str], retention: int) -> models.Custody:
    """Return the same custody with another retention (s) of the named agencies or "departments": a ladder's step."""
    named = [names] if isinstance(names, str) else names
    chosen = [member for name in named for member in _members(spec, name)]
    changed = {name: spec.agencies[name].model_copy(update={"retention": retention}) for name in chosen}
    return spec.model_copy(update={"agencies": {**spec.agencies, **changed}})


def edges(spec: models.Custody) -> list[models.Edge]:
    """Return the sharing edges between single agencies: "departments" becomes each of them, never with itself.

    Raises
    ------
    ValueError
        An edge names an agency that the scenario does not have, or goes from an agency to itself.
    """
    expanded = []
    for edge in spec.sharing:
        if edge.giver == edge.taker != DEPARTMENTS:
            raise ValueError(f"custody.sharing: {edge.giver!r} gives to itself; giver and taker must differ")
        for giver in _members(spec, edge.giver):
            takers = (taker for taker in _members(spec, edge.taker) if taker != giver)
            expanded += [edge.model_copy(update={"giver": giver, "taker": taker}) for taker in takers]
    return expanded


def access(spec: models.Custody, agencies: Agencies, viewers: Sequence[int]) -> Access:
    """Compile the rules into Access for the given viewers (rows of `agencies`), ordered by viewer, owner, sight, age.

    `agencies` may have rows that this custody lacks, those of other policies: they keep nothing and share nothing.
    Rows of one viewer, owner and sight neither overlap nor touch. ``through`` is the store that holds the reads of a
    row, of several the one that holds them longest. Rows on request stand beside those in bulk, and may repeat them.
    """
    rules = _Rules.of(spec, agencies)
    stays = [_Course(rules, owner).stays for owner in range(len(agencies))]
    rows: list[tuple[int, ...]] = []
    for viewer in viewers:
        seen: dict[tuple[int, SightKind], list[_Span]] = defaultdict(list)
        for store, owner, sight in rules.view(viewer):
            if store in stays[owner]:
                stay = stays[owner][store]
                seen[owner, sight].append(_Span(stay.received, stay.until, store))
        rows += [(viewer, owner, sight, *span) for owner, sight in sorted(seen) for span in _union(seen[owner, sight])]
    viewer_, owner_, sight_, from_age, to_age, through = np.array(rows, np.int64).reshape(-1, 6).T
    plain, continuous = np.full(len(rows), RecordClass.PLAIN), np.zeros(len(rows), np.int64)
    return Access.of(
        viewer=viewer_, owner=owner_, sight=sight_, from_age=from_age, to_age=to_age, through=through,
        record=plain, purge_period=continuous, purge_phase=continuous,
    )  # fmt: skip


def effective(access: Access, *, viewer: int, owner: int, sight: Sight) -> Effective:
    """Return the effective retention of `owner`'s reads for `viewer` (rows of Agencies); "request" includes bulk."""
    rows = (access.viewer == viewer) & (access.owner == owner) & (access.sight <= SightKind[sight.upper()])
    spans = _union(_Span(int(a), int(b), 0) for a, b in zip(access.from_age[rows], access.to_age[rows], strict=True))
    if not spans:
        return Effective(0, 0, (), False)
    ends = [0, *(span.to_age for span in spans)]
    gaps = tuple((end, span.from_age) for end, span in zip(ends, spans, strict=False) if end < span.from_age)
    unbounded = ends[-1] == UNLIMITED
    measure = UNLIMITED if unbounded else sum(span.to_age - span.from_age for span in spans)
    return Effective(ends[-1], measure, gaps, unbounded)


def cycles(spec: models.Custody) -> list[tuple[str, ...]]:
    """Return the cycles of copies that renew each other without end, in the direction of copying; none: all copies end.

    Every store of unbounded copies that renews them is named or fed by one that is; where several rounds join the same
    stores, the one that renewed last is named.
    """
    table = agencies(spec)
    rules = _Rules.of(spec, table)
    found = {cycle for owner in range(len(table)) for cycle in _Course(rules, owner).cycles}
    return sorted(tuple(str(table.name[store]) for store in cycle) for cycle in found)


def explain(spec: models.Custody, viewer: str, owner: str) -> list[str]:
    """Say in a line for each store what `viewer` can obtain of `owner`'s reads, and how they came there."""
    table = agencies(spec)
    names = [str(name) for name in table.name]
    rules = _Rules.of(spec, table)
    owner_row = names.index(owner)
    course = _Course(rules, owner_row)
    lines = []
    for store, read_by, sight in rules.view(names.index(viewer)):
        if read_by == owner_row and store in course.stays:
            stay = course.stays[store]
            how = "holds" if names[store] == viewer else "finds in bulk" if sight == SightKind.BULK else "may ask for"
            end = "no end" if stay.until == UNLIMITED else units.say_duration(stay.until)
            ages = f"from age {units.say_duration(stay.received)} to {end}"
            route = " → ".join(names[row] for row in course.route(store))
            lines.append(f"{viewer} {how} {owner}'s reads {ages}, in the store of {names[store]} ({route})")
    return lines


class _Span(NamedTuple):
    from_age: int
    to_age: int
    store: int


class _Edge(NamedTuple):
    giver: int
    taker: int
    onward: bool
    sight: SightKind
    delay: int
    from_receipt: bool
    renews: bool


class _Rules(NamedTuple):
    """The scenario's custody by agency row."""

    retention: list[int]
    mirrors: list[_Edge]
    queries: list[_Edge]

    @classmethod
    def of(cls, spec: models.Custody, agencies: Agencies) -> _Rules:
        row = {str(name): i for i, name in enumerate(agencies.name)}
        shared: dict[str, list[_Edge]] = {"mirror": [], "query": []}
        for edge in edges(spec):
            sight = SightKind.BULK if edge.sight == "bulk" else SightKind.REQUEST
            renews = edge.clock == "receipt" and edge.on_duplicate == "renew"
            ends = row[edge.giver], row[edge.taker]
            shared[edge.kind].append(_Edge(*ends, edge.onward, sight, edge.delay, edge.clock == "receipt", renews))
        return cls([_retention(spec, name) for name in row], shared["mirror"], shared["query"])

    def view(self, viewer: int) -> list[tuple[int, int, SightKind]]:
        """Return the (store, owner of reads, sight) that `viewer` can look into, each once at its best sight."""
        eyes = self._eyes(viewer)
        seen = {(agency, owner): sight for agency, sight in eyes.items() for owner in range(len(self.retention))}
        for edge in self.queries:
            if edge.taker in eyes:
                own = edge.giver, edge.giver
                seen[own] = min(seen.get(own, SightKind.PROCESS), max(eyes[edge.taker], edge.sight))
        return sorted((store, owner, sight) for (store, owner), sight in seen.items())

    def _eyes(self, viewer: int) -> dict[int, SightKind]:
        """Return the agencies through whose eyes `viewer` sees all they see, itself first, and at what sight."""
        eyes = {viewer: SightKind.BULK}
        waiting = [viewer]
        while waiting:
            taker = waiting.pop()
            for edge in self.queries:
                sight = max(eyes[taker], edge.sight)
                if edge.onward and edge.taker == taker and sight < eyes.get(edge.giver, SightKind.PROCESS):
                    eyes[edge.giver] = sight
                    waiting.append(edge.giver)
        return eyes


@dataclass
class _Stay:
    """One read in one store: ages at which it came, is purged and was last renewed; the stores that sent it (−1 none)."""

    received: int
    until: int
    giver: int
    renewed: int = -1
    renewed_by: int = -1


class _Course:
    """The course of one owner's reads from store to store, followed in order of age until nothing happens or all repeats."""

    def __init__(self, rules: _Rules, owner: int) -> None:
        self.retention = rules.retention
        self.mirrors = [edge for edge in rules.mirrors if edge.onward or edge.giver == owner]
        self.renewable = sorted({edge.taker for edge in self.mirrors if edge.renews})
        self.leaving: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, edge in enumerate(self.mirrors):
            self.leaving[edge.giver].append((edge.delay, number))
        self.due: list[tuple[int, int]] = []
        self.stays: dict[int, _Stay] = {}
        self.cycles: set[tuple[int, ...]] = set()
        if self.retention[owner] > 0:
            self.stays[owner] = _Stay(0, self.retention[owner], -1)
            self._pass_on(owner, 0)
            self._run()

    def route(self, store: int) -> list[int]:
        """Return the stores that the first copy passed through, the owner's first."""
        giver = self.stays[store].giver
        return [*self.route(giver), store] if giver >= 0 else [store]

    def _run(self) -> None:
        remembered: tuple[object, int] = None, 0
        seconds = 0
        while self.due and self.due[0][0] < UNLIMITED:
            age = self.due[0][0]
            self._arrivals(age)
            state = self._state(age)
            if self.due and state == remembered[0]:
                return self._never_ends(remembered[1])
            seconds += 1
            if seconds & (seconds - 1) == 0:  # compared with the last power of two, any period is found (Brent 1980)
                remembered = state, age
        return None

    def _arrivals(self, age: int) -> None:
        while self.due and self.due[0][0] == age:
            edge = self.mirrors[heapq.heappop(self.due)[1]]
            if self._taken(edge, age):
                self._pass_on(edge.taker, age)

    def _taken(self, edge: _Edge, age: int) -> bool:
        """Let a copy arrive; tell whether it was taken, and so is to be passed on."""
        until = min(self.retention[edge.taker] + age * edge.from_receipt, UNLIMITED)
        if self.stays[edge.giver].until <= age or until <= age:
            return False
        stay = self.stays.get(edge.taker)
        if stay is None:
            self.stays[edge.taker] = _Stay(age, until, edge.giver)
            return True
        if age == stay.received:
            stay.until = max(stay.until, until)
        elif edge.renews and age < stay.until < until:
            stay.until, stay.renewed, stay.renewed_by = until, age, edge.giver
            return True
        return False

    def _pass_on(self, giver: int, age: int) -> None:
        for delay, number in self.leaving[giver]:
            heapq.heappush(self.due, (age + delay, number))

    def _state(self, age: int) -> object:
        """Return all that decides what happens after `age`, counted from it: equal states have equal futures.

        A store that is never renewed matters only through copies already due. One that refused every copy of a period,
        because its clock counts from capture, refuses the later ones too.
        """
        if not self.renewable:
            return age  # each store takes once: nothing repeats
        untils = [self.stays[store].until if store in self.stays else None for store in self.renewable]
        clocks = [until if until in (None, UNLIMITED) else max(until - age, 0) for until in untils]
        return len(self.stays), clocks, sorted((at - age, number) for at, number in self.due)

    def _never_ends(self, since: int) -> None:
        """Mark the stores renewed after age `since`, in a course that repeats itself from there, as unbounded."""
        givers = {store: stay.renewed_by for store, stay in self.stays.items() if stay.renewed > since}
        for store in givers:
            self.stays[store].until = UNLIMITED
            self.cycles.add(_loop(givers, store))


def _retention(spec: models.Custody, name: str) -> int:
    if name not in spec.agencies:
        return 0
    own = spec.agencies[name].retention
    return spec.retention if own is None else own


def _members(spec: models.Custody, name: str) -> list[str]:
    if name == DEPARTMENTS:
        return [agency for agency, about in spec.agencies.items() if about.kind == "department"]
    if name not in spec.agencies:
        raise ValueError(f"{name!r} is not one of custody.agencies; they are {', '.join(spec.agencies)}")
    return [name]


def _loop(givers: dict[int, int], store: int) -> tuple[int, ...]:
    """Walk from taker to giver until a store repeats; return the loop in the direction of copying, lowest row first."""
    walked = [store]
    while givers[walked[-1]] not in walked:
        walked.append(givers[walked[-1]])
    loop = walked[walked.index(givers[walked[-1]]) :][::-1]
    start = loop.index(min(loop))
    return tuple(loop[start:] + loop[:start])


def _union(spans: Iterable[_Span]) -> list[_Span]:
    """Merge spans that overlap or touch; the store of a merged span is the one that holds longest."""
    merged: list[_Span] = []
    for span in sorted(spans):
        if merged and span.from_age <= merged[-1].to_age:
            last = merged[-1]
            store = span.store if span.to_age > last.to_age else last.store
            merged[-1] = _Span(last.from_age, max(last.to_age, span.to_age), store)
        else:
            merged.append(span)
    return merged
