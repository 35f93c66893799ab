"""Whose stores an agency may search, directly or through partners that search for it, and what each search needs."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import NamedTuple

from alprsim.custody._rules import NO_LIMIT, NO_WARRANT, Door, Mirror, Query, Rules, Warrant
from alprsim.tables import UNLIMITED, SightKind


class Look(NamedTuple):
    """One way in which a viewer may search one store."""

    store: int
    sight: SightKind
    limit: int
    """How many times a read may have been handed on before it came to the store, to be found this way."""
    cap: int
    """s: only reads younger than this are found."""
    warrant: Warrant
    chance: float
    edges: tuple[Query | Door, ...]
    """The sharing edges of this way, the viewer's own first."""

    def covers(self, sight: SightKind, limit: int, cap: int, warrant: Warrant, chance: float) -> bool:
        """Tell whether this finds all that a search with these terms would find, on terms that are no worse."""
        return (
            self.sight <= sight and self.limit >= limit and self.cap >= cap and self.chance >= chance
            and (self.warrant is warrant or self.warrant.no_stricter(warrant))
        )  # fmt: skip


def looks(rules: Rules, viewer: int) -> dict[int, list[Look]]:
    """Return the ways in which a viewer may search, by store, its own first; a way that another makes needless is left out."""
    own = Look(viewer, SightKind.BULK, NO_LIMIT, UNLIMITED, NO_WARRANT, 1.0, ())
    found = _followed(rules, viewer, [own])
    behind = rules.hops - 1 if rules.hops < NO_LIMIT else NO_LIMIT
    doors = [
        Look(door.giver, SightKind.SIDE_DOOR, behind, door.cap, NO_WARRANT, door.chance, (door,))
        for door in rules.doors[viewer] if door.chance > 0
    ]  # fmt: skip
    for store, routes in _followed(rules, viewer, doors).items():
        found[store] += [route for route in routes if not any(other.covers(*route[1:6]) for other in found[store])]
    return found


def _followed(rules: Rules, viewer: int, begin: list[Look]) -> defaultdict[int, list[Look]]:
    """Return the given ways and those that they lead on to: whom a viewer may search may let it search others in turn.

    None leads back to the viewer: its own store is its own to search, and needs nobody's warrant but its own.
    """
    found: defaultdict[int, list[Look]] = defaultdict(list)
    waiting: deque[Look] = deque()
    for look in begin:
        if not any(known.covers(*look[1:6]) for known in found[look.store]):
            _keep(found, waiting, look)
    while waiting:
        look = waiting.popleft()  # nearest first: what is far is seldom better
        if look not in found[look.store]:
            continue  # a better one came meanwhile
        most = look.limit - 1
        for query in rules.into[look.store] if most >= 0 else ():
            limit = query.limit if query.limit < most else most
            if limit < 0 or query.giver == viewer:
                continue
            sight = SightKind.SIDE_DOOR if look.sight == SightKind.SIDE_DOOR else max(look.sight, query.sight)
            cap = query.cap if query.cap < look.cap else look.cap
            warrant = look.warrant if query.warrant is NO_WARRANT else look.warrant.and_(query.warrant)
            for known in found[query.giver]:  # of many edges of one agency few are better than what is known
                if known.covers(sight, limit, cap, warrant, look.chance):
                    break
            else:
                edges = (*look.edges, query)
                _keep(found, waiting, Look(query.giver, sight, limit, cap, warrant, look.chance, edges))
    return found


def _keep(found: defaultdict[int, list[Look]], waiting: deque[Look], look: Look) -> None:
    """Add a way that no other makes needless, and drop those that it makes needless."""
    routes = found[look.store]
    routes[:] = [route for route in routes if not look.covers(*route[1:6])]
    routes.append(look)
    waiting.append(look)


def reachable(rules: Rules, mirror: Mirror) -> list[Mirror]:
    """Return what an edge with `copies: reachable` stands for: copies from each store that its giver can search whole."""
    ways = []
    for store, routes in looks(rules, mirror.giver).items():
        for look in routes:
            if look.sight == SightKind.BULK:
                edges = len(look.edges)
                cap = min(look.cap, look.warrant.and_(rules.stores[store].warrant).beyond)
                limit = min(look.limit, mirror.limit - edges)
                if limit >= 0 and store != mirror.taker:
                    ways.append(mirror._replace(giver=store, limit=limit, edges=edges + 1, cap=cap))
    return ways
