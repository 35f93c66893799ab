"""Rings round the points of a ladder that are chosen, above every line: as the page's script draws them, for who has none."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from markupsafe import Markup

_NEAR, _ROOM = 3.0, 15.0
"""Points nearer than this have one ring; a letter this near to a ring or another letter hides it."""
_BESIDE = ((0, -16), (0, 25), (19, 5), (-19, 5), (15, -15), (15, 24), (-15, -15), (-15, 24))
"""Where a letter may stand, seen from its ring, the best first: as in explorer.js."""


class Chosen(NamedTuple):
    """A point to ring: its line, its limit (s; −1 as practised), and a comparison's letter."""

    line: str
    at: int
    letter: str = ""


class _Ring(NamedTuple):
    x: float
    y: float
    dress: str
    mark: str
    letters: list[str]


def ringed(svg: str, chosen: Sequence[Chosen]) -> Markup:
    """Return a ladder with rings as its last layer; of a point that stands alone its mark is drawn again, above all others."""
    rings: list[_Ring] = []
    for one in chosen:
        if found := _point(svg, one):
            same = next((ring for ring in rings if math.hypot(ring.x - found.x, ring.y - found.y) < _NEAR), None)
            if same:
                same.letters.append(one.letter)
            else:
                rings.append(found)
    if not rings:
        return Markup(svg)
    layer = f'<g class="rings">{"".join(_drawn(ring) for ring in rings)}{_letters(rings)}</g>'
    picture, end, below = svg.rpartition("</svg>")
    return Markup(f"{picture}{layer}{end}{below}")


def _point(svg: str, of: Chosen) -> _Ring | None:
    """Return a point of the picture, and the class of its line."""
    named = re.escape(f'data-policy="{escape(of.line)}" data-at="{of.at}"')
    found = re.search(
        rf'<g((?: class="hollow")?) {named}>(<title>[^<]*</title><use href="#m\d" x="(\S+)" y="(\S+)"/>)', svg
    )
    if not found:
        return None
    dress = re.findall(r'<g class="(s\d)">', svg[: found.start()])[-1]
    return _Ring(float(found[3]), float(found[4]), dress, f"<g{found[1]}>{found[2]}</g>", [of.letter])


def _drawn(ring: _Ring) -> str:
    mark = f'<g class="{ring.dress}">{ring.mark}</g>' if len(ring.letters) == 1 else ""
    return f'{mark}<circle class="here" cx="{ring.x:g}" cy="{ring.y:g}" r="11"/>'


def _letters(rings: Sequence[_Ring]) -> str:
    """Write letters beside their rings, where they hide neither a ring nor each other."""
    taken, parts = [(ring.x, ring.y) for ring in rings], []
    for ring in rings:
        said = ", ".join(letter for letter in ring.letters if letter)
        if not said:
            continue
        free = (
            (across, down) for across, down in _BESIDE
            if all(math.hypot(x - ring.x - across, y - ring.y - down + 4) >= _ROOM for x, y in taken)
        )  # fmt: skip
        across, down = next(free, _BESIDE[0])
        taken.append((ring.x + across, ring.y + down - 4))
        parts.append(
            f'<text class="here letter" x="{ring.x + across:g}" y="{ring.y + down:g}" text-anchor="middle">{said}</text>'
        )
    return "".join(parts)
