"""How exactly a read is seen to which several routes lead: by the finest of those that still hold it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

Rule = tuple[int, ...]
"""period, from_phase, to_phase, begin, begin_clock, end, end_clock, delay."""
Blur = tuple[int, float, int]
"""time_step, place_step and rotation."""
Known = Blur | frozenset[tuple[Rule, Blur]]
"""How exactly a stream's reads are seen: alike at every age, or by routes of which another is the finest at other ages."""


def finest(blurs: Iterable[Blur]) -> Blur:
    """Return how exactly a read is seen that is held in some ways at once: each of the three as its finest has it.

    The plate is finer than a pseudonym, and one that lasts finer than one that changes sooner.
    """
    time, place, rotation = zip(*blurs, strict=True)
    return min(time), min(place), max(rotation) if all(rotation) else 0


def known(routes: Mapping[Blur, frozenset[Rule]]) -> Known:
    """Return how exactly reads are seen to which rules lead, those that show them alike together.

    A route is left out where a finer one holds all that it holds, so that most streams are seen alike at every age.
    """
    together: dict[frozenset[Rule], list[Blur]] = defaultdict(list)
    for blur, rules in routes.items():
        together[rules].append(blur)
    ways = [(finest(blurs), rules) for rules, blurs in together.items()]
    kept = [
        (blur, rules) for blur, rules in ways
        if not any(_covers(theirs, rules) and finest([other, blur]) == other for other, theirs in ways if theirs is not rules)
    ]  # fmt: skip
    blurs = {blur for blur, _ in kept}
    if len(blurs) < 2:
        return next(iter(blurs), (0, 0.0, 0))
    return frozenset((rule, blur) for blur, rules in kept for rule in rules)


def joined(rows: Iterable[list[int]]) -> frozenset[Rule]:
    """Join spans of age that overlap or touch, where the time of capture does not matter, so that equal sights look equal."""
    spans: dict[int, list[tuple[int, int]]] = defaultdict(list)
    others: set[Rule] = set()
    for period, from_phase, to_phase, begin, begin_clock, end, end_clock, delay in rows:
        if period:
            others.add((period, from_phase, to_phase, begin, begin_clock, end, end_clock, delay))
        else:
            spans[delay].append((begin, end))
    for delay, found in spans.items():
        parts: list[tuple[int, int]] = []
        for begin, end in sorted(found):
            if parts and begin <= parts[-1][1]:
                parts[-1] = parts[-1][0], max(parts[-1][1], end)
            else:
                parts.append((begin, end))
        others |= {(0, 0, 0, begin, 0, end, 0, delay) for begin, end in parts}
    return frozenset(others)


def as_bits(routes: frozenset[tuple[Rule, Blur]], blurs: Sequence[Blur]) -> dict[Rule, int]:
    """Return the rules of some routes, each with the bits of how exactly it shows a read, by row of `blurs`."""
    of: dict[Rule, int] = defaultdict(int)
    for rule, blur in routes:
        of[rule] |= 1 << blurs.index(blur)
    return of


def _covers(wide: Collection[Rule], rules: Collection[Rule]) -> bool:
    """Tell whether each rule lies within one of others, whenever a read was made and whoever had it held."""
    return all(any(rule == one or _within(rule, one) for one in wide) for rule in rules)


def _within(rule: Rule, wide: Rule) -> bool:
    """Tell whether one rule holds no read that the other does not, where the time of capture does not matter to either."""
    (period, *_, begin, _, end, _, delay), (other, *_, since, _, until, _, later) = rule, wide
    return not period and not other and delay == later and since <= begin and end <= until
