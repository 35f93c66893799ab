"""The ways on which agencies see into stores and copies leave them, under one custody."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from math import inf
from typing import NamedTuple

from alprsim.ledger._rules import Keeper, Link, Relation, keepers, links, seconds
from alprsim.scenario import models
from alprsim.tables import Agencies


class Way(NamedTuple):
    """A viewer's way into a store, never back through the viewer; ages and delays in seconds, infinite where nothing is said."""

    store: int
    edges: tuple[Link, ...] = ()
    """The one into the viewer first; none: its own store."""
    slack: float = inf
    """Most edges that a copy may have passed before."""
    bulk: bool = True
    cap: float = inf
    """Age from which nothing is shown."""
    beyond: float = inf
    """Age from which a warrant is needed."""
    delay: int = 0
    granted: float = 1.0
    warranted: bool = False

    @property
    def relations(self) -> tuple[Relation, ...]:
        """Its edges."""
        return tuple(edge.relation for edge in self.edges)

    @property
    def agencies(self) -> set[int]:
        """Whose servers answer, the viewer's own aside."""
        return {edge.giver for edge in self.edges}

    def over(self, link: Link) -> Way:
        """Return this way made longer by an edge into the store where it ends."""
        longer = self._replace(
            store=link.giver,
            edges=(*self.edges, link),
            slack=min(self.slack - 1, link.limit),
            bulk=self.bulk and link.rule.sight == "bulk",
            cap=min(self.cap, seconds(link.rule.look_back, inf)),
        )
        return longer.under(link.rule.warrant)

    def under(self, warrant: models.Warrant | None) -> Way:
        """Return this way with what a store or an edge asks of a look."""
        if warrant is None:
            return self
        return self._replace(
            beyond=min(self.beyond, seconds(warrant.beyond, inf)),
            delay=max(self.delay, warrant.delay),
            granted=min(self.granted, warrant.granted),
            warranted=True,
        )

    def shows_all_of(self, other: Way) -> bool:
        """Tell whether the other way into the same store shows nothing more, now or made longer."""
        first, second = (way.edges[0].rule if way.edges else None for way in (self, other))
        return (
            (self.beyond, self.delay, self.granted, self.warranted)
            == (other.beyond, other.delay, other.granted, other.warranted)
            and (first and (first.saved, first.needs)) == (second and (second.saved, second.needs))
            and len(self.edges) <= len(other.edges)
            and self.slack >= other.slack
            and self.bulk >= other.bulk
            and self.cap >= other.cap
            and self.agencies <= other.agencies
        )


class Sending(NamedTuple):
    """A mirror from a store: the giver's own, or one that it can search in bulk."""

    source: int
    link: Link
    most: float
    """Edges that a copy at the source may have passed."""
    adds: int
    """Edges from the source to the taker."""
    younger: float
    """Age at which it is sent no more."""
    over: tuple[Relation, ...]

    @property
    def ends(self) -> tuple[int, int, int]:
        """Source, giver and taker."""
        return self.source, self.link.giver, self.link.taker


class Rules:
    """One custody, compiled no further than into who keeps what and who is joined to whom."""

    def __init__(self, spec: models.Custody, agencies: Agencies) -> None:
        self.spec = spec
        self.keepers: list[Keeper] = keepers(spec, agencies)
        self.links = list(links(spec, agencies))
        self.relations = {link.relation for link in self.links}
        self.hops = inf if spec.hops is None else spec.hops
        self._ways: dict[int, list[Way]] = {}

    def of(self, kind: str) -> list[Link]:
        """Return the edges of a kind."""
        return [link for link in self.links if link.rule.kind == kind]

    @cached_property
    def queries(self) -> dict[int, list[Link]]:
        """The query edges into each agency."""
        into: dict[int, list[Link]] = defaultdict(list)
        for link in self.of("query"):
            into[link.taker].append(link)
        return into

    @cached_property
    def alerts(self) -> dict[int, list[Link]]:
        """The alert edges from each agency."""
        out: dict[int, list[Link]] = defaultdict(list)
        for link in self.of("alert"):
            out[link.giver].append(link)
        return out

    @cached_property
    def sendings(self) -> dict[int, list[Sending]]:
        """What leaves each store."""
        out: dict[int, list[Sending]] = defaultdict(list)
        for link in self.of("mirror"):
            reachable = link.rule.copies == "reachable"
            ways = [way for way in self.ways(link.giver) if way.bulk] if reachable else [Way(link.giver)]
            for way in ways:
                sending = _sending(way, link)
                if sending.most >= 0 and way.store != link.taker:
                    out[way.store].append(sending)
        return out

    @cached_property
    def routes(self) -> set[tuple[int, int, int]]:
        """From where, through whom and to whom copies go."""
        return {sending.ends for sendings in self.sendings.values() for sending in sendings}

    def ways(self, viewer: int) -> list[Way]:
        """Return a viewer's ways into stores, its own first; of two of which one shows all that the other does, that one."""
        if viewer not in self._ways:
            self._ways[viewer] = [way.under(self.keepers[way.store].warrant) for way in self._search(viewer)]
        return self._ways[viewer]

    def _search(self, viewer: int) -> list[Way]:
        found = [Way(viewer)]
        for way in found:  # which grows
            for link in self.queries[way.store]:
                longer = way.over(link)
                if link.giver != viewer and longer.slack >= 0 and not _known(longer, found):
                    found.append(longer)
        return found


def _known(way: Way, found: list[Way]) -> bool:
    return any(other.store == way.store and other.shows_all_of(way) for other in found)


def _sending(way: Way, link: Link) -> Sending:
    most = min(way.slack, link.limit - len(way.edges))
    return Sending(way.store, link, most, len(way.edges) + 1, min(way.cap, way.beyond), (*way.relations, link.relation))
