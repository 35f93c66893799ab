"""The calendar beside a week's map: the hours in which a car was read, and which of them the viewer still holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from alprsim.tables import DAY, DAY_STARTS

_CELL, _LEFT, _TOP, _ROW = 13, 74, 18, 17
"""Of the calendar: width of an hour, room for days' names and hours' numbers, height of a day."""


def calendar(start: date, span: tuple[int, int], cells: Sequence[Sequence[int]], n_reads: int, held: int) -> str:
    """Draw days as rows and hours as columns, from 04:00: filled where a read is held, a ring where none is.

    Parameters
    ----------
    start
        The day on which the simulation starts.
    span : s since then
        From when to when the week is.
    cells
        Day (from the week's first), hour of the day from 04:00, and rows of reads, of every hour with reads.
    held
        Bit k is read k.
    """
    first, last = span[0] // DAY, max(span[1] - 1, 0) // DAY
    days = last - first + 1
    parts = []
    for column in range(0, 25, 4):
        x, clock = _LEFT + column * _CELL, (column + DAY_STARTS // 3600) % 24
        parts.append(f'<path class="grid" d="M{x} {_TOP}v{days * _ROW}"/>')
        parts.append(f'<text class="tick" x="{x}" y="{_TOP - 5}" text-anchor="middle">{clock:02}</text>')
    for day in range(days):
        at = start + timedelta(days=first + day)
        y = _TOP + day * _ROW + _ROW / 2 + 4
        parts.append(f'<text class="tick" x="{_LEFT - 6}" y="{y:g}" text-anchor="end">{at:%a} {at.day} {at:%b}</text>')
    for day, hour, *reads in cells:
        x, y = _LEFT + hour * _CELL + 1, _TOP + day * _ROW + 1
        look, title = _cell(reads, held)
        late, clock = divmod(hour + DAY_STARTS // 3600, 24)
        name = f"{start + timedelta(days=first + day + late):%a} {clock:02}"
        parts.append(
            f'<rect class="{look}" x="{x}" y="{y}" width="{_CELL - 2}" height="{_ROW - 2}" rx="2" '
            f'data-name="{name}"><title>{name}: {title}</title></rect>'
        )
    n = sum(held >> number & 1 for number in range(n_reads))
    return (
        f'<svg class="hours" viewBox="0 0 {_LEFT + 24 * _CELL + 12} {_TOP + days * _ROW + 4}" role="img" '
        f'aria-label="Calendar of the week: {n} of {n_reads} reads held, by day and hour">{"".join(parts)}</svg>'
    )


def _cell(reads: list[int], held: int) -> tuple[str, str]:
    """Return the look of some reads' cell, and what it says."""
    n = sum(held >> number & 1 for number in reads)
    return f"h{min(n, 4)}", f"{n} of {len(reads)} held"
