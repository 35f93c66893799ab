"""Who keeps which reads for how long and who may look: agencies, retention and sharing become Access.

All intervals are half-open, times whole seconds; in one second purges go before copies. The keys are those of
``scenario/_custody.py``; what they mean, for one read from its capture on (its *age* counts from there):

- **Clocks.** A store keeps a read until its due time, W after its capture (``clock: capture``, always so for the owner) or
  after it was received (``clock: receipt``). W depends on the read's class: plain; hit, never shorter; held, never shorter
  than a hit. W = 0 s keeps nothing. With ``purge`` what is due goes with the first batch at or after it.
- **What is kept at all.** Plain reads not with ``keep: hits``, and only those whose draw is below ``sample``: one draw a read,
  the same for all agencies. Cameras that are not ``admissible`` or that ``exclude`` bars keep nothing.
- **Copies.** A `mirror` sends what its giver received `delay` later, with ``sync`` at the first batch from then on, if the
  giver still holds it. A copy that would be due at once is not taken. Copies of copies go over an edge as far as ``onward``
  and ``hops`` let them: they count the edges a read passed. ``copies: reachable`` sends what the giver can search in bulk.
- **Once.** A store takes a read once, and remembers. A second copy is ignored; over an edge with ``on_duplicate: renew`` it
  restarts the clock of a read still held, which is then passed on again. A clock that counts from capture, or never runs
  out, cannot be restarted. Of copies that arrive first and together the longest stays; it counts as having passed the fewest
  edges of them, and tells what the finest of those does that passed so few. Copies that keep renewing each other never end:
  that is *unbounded*, and the cycle is named.
- **Looks.** A `query` copies nothing: the taker sees what the giver's store holds at that moment, and through its eyes what it
  can query itself, as far as ``onward`` and ``hops`` let it. A route is as good as its weakest link: in bulk where every edge
  is, else on request; its look-back cap the least, its warrant the strictest of its edges and of the store. An agency's own
  store is in bulk, and no route leads back to it. What needs a warrant is seen by process: asked now, looked at ``delay``
  later, so that it shows what arrives meanwhile.
- **Side doors.** A partner runs a search for somebody who may not: what the partner finds without a warrant, by a chance that
  is of the case and not of each partner.
- **Alerts** land in the archive of the agency whose list was matched, whether or not the reader's owner keeps the read; they
  are not passed on as copies.
- **Backups** and pseudonyms in escrow open by process only.
- **Resolution.** A record is as coarse as the coarsest store it passed.
- **Hosts** store for others and neither look nor share; a pool is an agency like another, which its departments feed only
  where an edge says so.

`Tracer` follows single reads by the same rules, and says of each that a viewer does not obtain which one rule explains it.

Rules are static here; ``ledger`` runs the same rules event by event, and alone what changes midway.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import networkx as nx

from alprsim.custody._compile import COURSES, Compiler
from alprsim.custody._course import Kind
from alprsim.custody._explain import Route as Route
from alprsim.custody._explain import routes as routes
from alprsim.custody._held import Captured as Captured
from alprsim.custody._held import obtainable as obtainable
from alprsim.custody._missing import Lying as Lying
from alprsim.custody._missing import Reason as Reason
from alprsim.custody._missing import Tracer as Tracer
from alprsim.custody._missing import Why as Why
from alprsim.custody._network import published_like as published_like
from alprsim.custody._rules import DEPARTMENTS as DEPARTMENTS
from alprsim.custody._rules import Rules, expanded
from alprsim.custody._rules import clock as clock
from alprsim.custody._rules import kept as kept
from alprsim.custody._told import told as told
from alprsim.scenario import models
from alprsim.tables import SEEN as SEEN
from alprsim.tables import UNLIMITED, Access, Agencies, AgencyKind, RecordClass
from alprsim.tables import Sight as Sight


class Effective(NamedTuple):
    """How long a viewer can obtain one owner's reads, over every route, at the most favourable times of capture."""

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
    """Return the sharing edges between single agencies: a group becomes each of its members, never with itself.

    Raises
    ------
    ValueError
        An edge names an agency that the scenario does not have, or goes from an agency to itself.
    """
    return [
        spec.sharing[row].model_copy(update={"giver": giver, "taker": taker}) for row, giver, taker in expanded(spec)
    ]


def sharing_graph(spec: models.Custody) -> nx.MultiDiGraph[str]:
    """Return who shares with whom: agencies by name, an edge from giver to taker for each way, keyed (kind, row of sharing)."""
    table = agencies(spec)
    names = {row: str(name) for row, name in enumerate(table.name)}
    named: nx.MultiDiGraph[str] = nx.relabel_nodes(Rules(spec, table).graph(), names)
    return named


def access(
    spec: models.Custody, agencies: Agencies, viewers: Sequence[int], *, records: Sequence[RecordClass] = COURSES
) -> Access:
    """Compile the rules into Access for the given viewers (rows of `agencies`) and classes of reads.

    `agencies` may have rows that this custody lacks, those of other policies: they keep nothing and share nothing.
    Rows are ordered by viewer, owner, record and sight; those alike but for their times neither overlap nor touch.
    ``through`` is the store that holds the reads of a row, of several the one that holds them longest. Rows on request
    stand beside those in bulk, and may repeat them; so do those by process and by a side door.
    """
    return Compiler(Rules(spec, agencies)).access(viewers, records)


def effective(access: Access, *, viewer: int, owner: int, sight: Sight) -> Effective:
    """Return the effective retention of `owner`'s plain reads for `viewer` (rows of Agencies), as of the moment of asking.

    A sight includes what needs less (`SEEN`). An age counts as obtainable if some read of that age is, whatever its time of
    capture and its draw.
    """
    rows = (access.viewer == viewer) & (access.owner == owner) & (access.record == RecordClass.PLAIN)
    spans = [ages(access, int(row)) for row in rows.nonzero()[0] if access.sight[row] in SEEN[sight]]
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((begin, end))
    if not joined:
        return Effective(0, 0, (), False)
    ends = [0, *(end for _, end in joined)]
    gaps = tuple((end, begin) for end, (begin, _) in zip(ends, joined, strict=False) if end < begin)
    unbounded = ends[-1] == UNLIMITED
    measure = UNLIMITED if unbounded else sum(end - begin for begin, end in joined)
    return Effective(ends[-1], measure, gaps, unbounded)


def ages(access: Access, row: int) -> tuple[int, int]:
    """Return the ages (s, half-open), as of asking, at which a row lets some read be obtained."""
    begin, end, delay = (int(column[row]) for column in (access.from_age, access.to_age, access.delay))
    begin -= int(access.to_phase[row]) - 1 if access.from_clock[row] else 0
    if end != UNLIMITED:
        end -= delay + (int(access.from_phase[row]) if access.to_clock[row] else 0)
    return max(begin - delay, 0), end


def cycles(spec: models.Custody) -> list[tuple[str, ...]]:
    """Return the cycles of copies that renew each other without end, in the direction of copying; none: all copies end.

    Every store of unbounded copies that renews them is named or fed by one that is; where several rounds join the same
    stores, the one that renewed last is named.
    """
    table = agencies(spec)
    compiler = Compiler(Rules(spec, table))
    found = {
        cycle
        for owner in range(len(table)) for record in COURSES
        for course in compiler.phases(Kind(owner, record, 0.0))
        for cycle in course.cycles
    }  # fmt: skip
    return sorted(tuple(str(table.name[store]) for store in cycle) for cycle in found)


def explain(spec: models.Custody, viewer: str, owner: str) -> list[str]:
    """Say in a line for each route what `viewer` can obtain of `owner`'s plain reads, and how they came there."""
    return [route.line() for route in routes(spec, viewer, owner)]


def _members(spec: models.Custody, name: str) -> list[str]:
    if name == DEPARTMENTS:
        return [agency for agency, about in spec.agencies.items() if about.kind == "department"]
    if name not in spec.agencies:
        raise ValueError(f"{name!r} is not one of custody.agencies; they are {', '.join(spec.agencies)}")
    return [name]
