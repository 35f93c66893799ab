"""A page that still goes by e-mail: what takes its room, and what it leaves out, and says so, where it would be too large."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

Tell = Callable[[str], None]

LEFT_OUT = {
    "cube": "home towns in the explorer",
    "charts": "charts of all but the main measures",
    "csv": "the table to download",
    "week": "the week of all but the first car",
}
"""Parts of a page that can be thinned, and what goes with each."""
_PARTS = {
    "cube": "the explorer’s values",
    "charts": "charts",
    "csv": "the table to download",
    "week": "the week",
    "rest": "the rest",
}
_WHERE = {
    "csv": r'<a class="download"[^>]*>',
    "week": r'<template id="week-data[^"]*">[^<]*</template>',
    "cube": r'<template id="cube">[^<]*</template>',
    "charts": r'<template id="charts">[^<]*</template>',
}


class Fitted(NamedTuple):
    """A page, what it leaves out, and what is said of it on the command's output where anything is."""

    html: str
    without: frozenset[str]
    warning: str


def fitted(draw: Callable[[frozenset[str]], str], most: int) -> Fitted:
    """Draw a page, and while it is larger than ``most`` bytes again without what is largest of what can be left out.

    Parameters
    ----------
    draw
        Returns the page without some of the parts ``LEFT_OUT`` names.
    """
    without: frozenset[str] = frozenset()
    html = draw(without)
    whole, takes = _bytes(html), sizes(html)
    size = whole
    while size > most and (
        left := {part: n for part, n in sizes(html).items() if n and part in LEFT_OUT.keys() - without}
    ):
        without |= {max(left, key=lambda part: left[part])}
        html = draw(without)
        size = _bytes(html)
    if whole <= most:
        return Fitted(html, without, "")
    room = ", ".join(
        f"{_PARTS[part]} {_mb(n)}" for part, n in sorted(takes.items(), key=lambda one: -one[1]) if n > 10_000
    )
    end = f"now {_mb(size)}" if size <= most else f"still {_mb(size)}, too large for many mailboxes"
    said = f"page: {_mb(whole)}, above {_mb(most)} ({room}); left out: {said_of(without) or 'nothing'}; {end}"
    return Fitted(html, without, said)


def sizes(html: str) -> dict[str, int]:
    """Return the bytes that each part of a page takes, and the rest."""
    found = {part: sum(map(_bytes, re.findall(where, html))) for part, where in _WHERE.items()}
    return {**found, "rest": _bytes(html) - sum(found.values())}


def said_of(without: frozenset[str]) -> str:
    """Say what is left out."""
    return ", ".join(said for part, said in LEFT_OUT.items() if part in without)


def note(without: frozenset[str], where: str) -> str:
    """Say it on the page; nothing where all is there."""
    if not without:
        return ""
    return f"So that it still goes by e-mail, this page leaves out: {said_of(without)}. {where}"


def _bytes(text: str) -> int:
    return len(text.encode())


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
