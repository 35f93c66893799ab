"""What a plate read wrong is taken for: usually another real car's, since plates are issued in sequence."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from alprsim import randomness
from alprsim.kernels import plates as kernels
from alprsim.kernels import station
from alprsim.tables import Int8, Int32, Int64, Plates, UInt64

CONFUSED = ("0ODQ", "1I", "2Z7", "37", "5S", "6G", "8B", "MW", "GC")
"""Characters that readers were seen to take for one another: 7 read as 2 (Kansas 2014) and 3 as 7 (San Francisco 2009) in
stops of the wrong car (techdirt, 2014; EFF); the rest from reports on plate design (Hartford Courant, 18 September 2015)
and from vendors (Dynamsoft's documentation)."""

DOCUMENTED = 0.5
"""Share of misreadings of a confusable character that follow CONFUSED; the rest name any other digit, or letter.
Assumption: no confusion matrix of plate readers was found published."""


class Index(NamedTuple):
    """Issued plates in the order of their names (text, then state), to be looked up by bisection."""

    name: Int64
    row: Int32
    first: Int64
    """Plates whose text begins with the p-th four characters: ``first[p]:first[p + 1]``."""


def misread(plates: Plates, row: Int32, bits: UInt64) -> Int32:
    """Return the row of `plates` that each plate in ``row`` is taken for when one character is read wrong, −1 nobody's.

    Parameters
    ----------
    row : int32[n], row of plates
        What was really there.
    bits : uint64[n]
        Drawn for each misreading.
    """
    return taken_for(plates, row, np.full(len(row), station.MISREAD, np.int8), bits)


def taken_for(plates: Plates, row: Int32, fate: Int8, bits: UInt64) -> Int32:
    """Return the row of `plates` that each plate is recorded as, −1 nobody's.

    A wrong text has one character wrong (`misread`). A wrong state is any of the other states in `plates`, each as
    likely (of Connecticut and elsewhere: the other). A plate is its text *and* its state: a wrong state names the
    plate of that text issued there, mostly nobody's, even where the text is right.

    Parameters
    ----------
    row : int32[n], row of plates
        What was really there.
    fate : int8[n]
        MISREAD, RIGHT, WRONG_BOTH or WRONG_STATE.
    bits : uint64[n]
        Drawn for each misreading.
    """
    known = index(plates)
    text, state = plates.text[row], plates.state[row].astype(np.int64)
    wrong = np.flatnonzero((fate == station.MISREAD) | (fate == station.WRONG_BOTH))
    text[wrong] = kernels.misread(text[wrong], bits[wrong], *_lookalikes(), DOCUMENTED)
    wrong = np.flatnonzero((fate == station.WRONG_BOTH) | (fate == station.WRONG_STATE))
    states = max(2, int(plates.state.max(initial=0)) + 1)
    state[wrong] = (state[wrong] + 1 + randomness.below(randomness.draw(bits[wrong], 3), states - 1)) % states
    return kernels.look_up(text * kernels.STATES + state, *known)


@lru_cache(maxsize=2)  # sorting three million plates takes 0.07 s, and every day of a run asks again
def index(plates: Plates) -> Index:
    """Return the plates in order of their names."""
    name = plates.text * kernels.STATES + plates.state
    order = np.argsort(name, kind="stable")
    name = name[order]
    starting = np.bincount(name // kernels.PREFIX, minlength=kernels.PREFIXES)
    return Index(name, order.astype(np.int32), np.concatenate(([0], np.cumsum(starting))))


@lru_cache(maxsize=1)
def _lookalikes() -> tuple[Int64, Int8]:
    """Return CONFUSED as compressed rows: each character's, in the order of the packing alphabet."""
    alike = [sorted({b for group in CONFUSED if a in group for b in group} - {a}) for a in kernels.ALPHABET]
    first = np.cumsum([0, *map(len, alike)], dtype=np.int64)
    return first, np.array([kernels.ALPHABET.index(b) for row in alike for b in row], np.int8)
