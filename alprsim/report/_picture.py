"""A figure as a file of its own: with its title, what is said above and below it, and the page's style in it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from alprsim.report import chart
from alprsim.report._dressed import dressed
from alprsim.report._measures import wrapped

_LETTERS, _TITLE_LETTERS = 128, 92
"""That fit a line."""


def standalone(
    svg: str, *, title: str, above: Sequence[str], below: Sequence[str], width: float, head: str = ""
) -> str:
    """Return a picture of the page as an SVG that can be shown anywhere; ``head`` is written in bold right above it."""
    lines, notes = (wrapped(" ".join(texts), _LETTERS) if texts else [] for texts in (above, below))
    titles = wrapped(title, _TITLE_LETTERS)
    first = 26 + 21 * (len(titles) - 1)
    top = 54 + first + 17 * len(lines)
    height = float(svg.split('viewBox="0 0 ')[1].split('"')[0].split(" ")[1])
    whole = top + height + 20 + 17 * len(notes)
    said: list[tuple[float, str]] = [(24 + first + 17 * k, line) for k, line in enumerate(lines)]
    said += [(top + height + 18 + 17 * k, line) for k, line in enumerate(notes)]
    text = "".join(f'<text class="note" x="12" y="{y:.0f}">{escape(line)}</text>' for y, line in said)
    text += f'<text class="base" x="12" y="{top - 14}">{escape(head)}</text>' if head else ""
    heading = "".join(
        f'<text class="base title" x="12" y="{26 + 21 * k}">{escape(line)}</text>' for k, line in enumerate(titles)
    )
    return dressed(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{whole:.0f}" '
        f'viewBox="0 0 {width} {whole:.0f}">'
        f'<defs>{chart.SHAPES}</defs><rect width="100%" height="100%" fill="var(--paper)"/>'
        f"{heading}{text}{placed(svg, 0, top, width, height)}</svg>\n"
    )


def placed(svg: str, x: float, y: float, width: float, height: float) -> str:
    """Return a picture to stand inside another, a ladder without the class that sizes it on a page."""
    where = f'overflow="visible" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" '
    for dress in ("ladder", "map", "map week", "hours"):
        kept = "" if dress == "ladder" else f'class="{dress}" '
        svg = svg.replace(f'<svg class="{dress}" ', f"<svg {kept}{where}", 1)
    return svg
