"""Everybody's reads through each lens of bulk sight at each moment: what families that need the crowd are given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from alprsim.inquiry._asked import Asked, Lenses, middles
from alprsim.measures import question
from alprsim.measures.question import Question
from alprsim.tables import Int16, Reads, UInt64


class Glance(NamedTuple):
    """All reads through one lens at one moment."""

    moment: int
    """Which of the query moments."""
    lens: int
    """Which of the lenses."""
    put: Question
    seen: Reads
    """The same reads with times and places as the lens's sights know them, row for row."""
    masks: UInt64
    """[n_reads]: the sights that hold each."""


def glances(
    asked: Asked, bulk: Lenses, questions: list[list[Question]], reads: Reads, stream: Int16
) -> Iterator[Glance]:
    """Yield every look at everybody, lens by lens."""
    for n, lens in enumerate(bulk.lenses):
        squares = middles(asked, lens)
        seen = question.coarse(reads, stream, lens.seen, squares)
        for m, row in enumerate(questions):
            if lens.routes is not None:
                seen = question.coarse(reads, lens.known(stream, reads.time, row[n].moment), lens.seen, squares)
            yield Glance(m, n, row[n], seen, question.held(row[n], reads, stream))
