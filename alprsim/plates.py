"""Plate numbers in circulation, and whose plate a wrong reading names instead: often another real car's.

Connecticut issues plates in sequence, so a wrong digit nearly always makes a plate that somebody bears. That is why every
plate of the state is issued here, not only those of the simulated vehicles.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim import randomness
from alprsim.kernels import plates as kernels
from alprsim.scenario import models
from alprsim.tables import Int8, Int32, Int64, Plates, UInt64, VehicleKind, Vehicles

ALPHABET = " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LONGEST = kernels.LONGEST

CONFUSED = ("0ODQ", "1I", "2Z7", "37", "5S", "6G", "8B", "MW", "GC")
"""Characters that readers were seen to take for one another: 7 read as 2 (Kansas 2014) and 3 as 7 (San Francisco 2009) in
stops of the wrong car; the rest from reports on plate design and from vendors (facts 3.1, confusion.pairs)."""

DOCUMENTED = 0.5
"""Share of misreadings of a confusable character that follow CONFUSED; the rest name any other digit, or letter.
Assumption: no confusion matrix of plate readers was found published."""

_WEIGHTS = kernels.BASE ** np.arange(LONGEST - 1, -1, -1, dtype=np.int64)


class Format(NamedTuple):
    """A series of plates: L a letter, D a digit; the places in the order they count, fastest first."""

    pattern: str
    counting: tuple[int, ...]
    share: float


CONNECTICUT = (
    Format("LLDDDDD", (6, 5, 4, 3, 2, 1, 0), 0.60),
    Format("DDDLLL", (2, 1, 0, 5, 4, 3), 0.30),
    Format("DLLLLD", (5, 0, 4, 3, 2, 1), 0.10),
)
"""AB·12345 since August 2015 (AA to AU by spring 2019, as 60 % of 3 million plates reach AS), 123·ABC from 1980 to 2013,
1ABCD2 from 2013 to 2015 (facts 3.2). The shares, the order in which the older two count, and that each series is used
without gaps from its start are assumptions (plate.mix: 60/30/10)."""

ELSEWHERE = Format("LLLDDDD", (6, 5, 4, 3, 2, 1, 0), 1.0)
"""ABC·1234, as in New York: no Connecticut plate looks like it."""

ELSEWHERE_ISSUED = 10_000_000
"""Plates of other states that a through vehicle may bear; about New York's number of vehicles. Assumption."""


class Index(NamedTuple):
    """Issued plates in the order of their text, to be looked up by bisection."""

    text: Int64
    row: Int32


def issue(vehicles: Vehicles, spec: models.PlateStock, *, seed: int) -> Plates:
    """Issue ``spec.issued`` Connecticut plates and give each vehicle one of them, or one from elsewhere.

    Row v < len(vehicles) is vehicle v's own plate; the rest of the state's follow. A vehicle's plate belongs to its key:
    another vehicle can displace it in a rare collision, renumbering cannot.

    Raises
    ------
    ValueError
        More Connecticut vehicles than plates issued.
    """
    elsewhere = _from_elsewhere(vehicles, spec, seed)
    if np.count_nonzero(~elsewhere) > spec.issued:
        raise ValueError(
            f"plates.issued must be at least the {np.count_nonzero(~elsewhere):,} Connecticut vehicles simulated, "
            f"not {spec.issued:,}"
        )
    if np.count_nonzero(elsewhere) > ELSEWHERE_ISSUED:
        raise ValueError(f"at most {ELSEWHERE_ISSUED:,} vehicles may bear plates from elsewhere")
    stock = _stock(spec.issued)
    number = _claim(seed, "which Connecticut plate", vehicles.key[~elsewhere], spec.issued)
    own = np.empty(len(vehicles), np.int64)
    own[~elsewhere] = stock[number]
    foreign = _claim(seed, "which plate from elsewhere", vehicles.key[elsewhere], ELSEWHERE_ISSUED)
    own[elsewhere] = _texts(ELSEWHERE, foreign)
    other = np.ones(spec.issued, np.bool_)
    other[number] = False
    text = np.concatenate((own, stock[other]))
    state = np.zeros(len(text), np.int8)
    state[: len(vehicles)] = elsewhere
    return Plates(text=text, state=state)


def misread(plates: Plates, row: Int32, bits: UInt64) -> Int32:
    """Return the row of `plates` that each plate in ``row`` is taken for when one character is read wrong, −1 nobody's.

    Parameters
    ----------
    row : int32[n], row of plates
        What was really there.
    bits : uint64[n]
        Drawn for each misreading.
    """
    known = index(plates)
    first, alike = _lookalikes()
    return kernels.misread(plates.text[row], bits, known.text, known.row, first, alike, DOCUMENTED)


@lru_cache(maxsize=2)  # sorting three million plates takes 0.2 s, and every day of a run asks again
def index(plates: Plates) -> Index:
    """Return the plates in order of their text."""
    order = np.argsort(plates.text, kind="stable")
    return Index(plates.text[order], order.astype(np.int32))


def pack(spelled: Sequence[str]) -> Int64:
    """Pack plates of digits and capital letters, at most 8, into numbers that sort as the plates do."""
    longest = max(map(len, spelled), default=0)
    if longest > LONGEST:
        raise ValueError(f"a plate has at most {LONGEST} characters, not {longest}")
    points = np.array(spelled, f"U{LONGEST}").reshape(-1).view(np.uint32).reshape(-1, LONGEST)
    codes = np.full(128, -1, np.int8)
    codes[[ord(c) for c in ALPHABET]] = np.arange(len(ALPHABET))
    codes[0] = 0  # NumPy fills text up with NUL
    wrong = (points >= 128) | (codes[np.minimum(points, 127)] < 0) | (points == ord(" "))
    if wrong.any():
        raise ValueError(f"a plate has digits and capital letters only: {spelled[int(np.argmax(wrong.any(axis=1)))]!r}")
    packed: Int64 = codes[points] @ _WEIGHTS
    return packed


def unpack(text: Int64) -> Int8:
    """Return the characters, places in ALPHABET, as int8[n, 8]."""
    characters = np.empty((len(text), LONGEST), np.int8)
    rest = text
    for place in range(LONGEST - 1, -1, -1):
        rest, characters[:, place] = np.divmod(rest, kernels.BASE)
    return characters


def spell(text: Int64) -> list[str]:
    """Write packed plates as people do, without the dot."""
    letters = np.frombuffer(ALPHABET.replace(" ", "\0").encode(), np.uint8)
    spelled: list[str] = letters[unpack(text)].view(f"S{LONGEST}").reshape(-1).astype(f"U{LONGEST}").tolist()
    return spelled


def _from_elsewhere(vehicles: Vehicles, spec: models.PlateStock, seed: int) -> NDArray[np.bool_]:
    drawn = randomness.uniform(randomness.draw(randomness.stream(seed, "is the plate from elsewhere"), vehicles.key))
    return np.asarray((vehicles.kind == VehicleKind.THROUGH) & (drawn < spec.out_of_state))


def _claim(seed: int, question: str, key: UInt64, numbers: int) -> Int64:
    order = np.argsort(key, kind="stable")
    claimed = np.empty(len(key), np.int64)
    claimed[order] = kernels.claim(randomness.stream(seed, question), key[order], numbers)
    return claimed


def _stock(issued: int) -> Int64:
    """Return the Connecticut plates in circulation, series by series."""
    ends = np.rint(np.cumsum([0.0, *(f.share for f in CONNECTICUT)]) * issued).astype(np.int64)
    return np.concatenate([_texts(f, np.arange(n)) for f, n in zip(CONNECTICUT, np.diff(ends), strict=True)])


def _texts(series: Format, number: Int64) -> Int64:
    """Return the plates of a series by their place in the sequence, from 0."""
    packed = np.zeros(len(number), np.int64)
    for place in series.counting:
        first, many = (kernels.FIRST_LETTER, 26) if series.pattern[place] == "L" else (1, 10)
        number, character = np.divmod(number, many)
        packed += (first + character) * _WEIGHTS[place]
    return packed


@lru_cache(maxsize=1)
def _lookalikes() -> tuple[Int64, Int8]:
    """Return CONFUSED as compressed rows: each character's, by its place in ALPHABET."""
    alike = [sorted({b for group in CONFUSED if a in group for b in group} - {a}) for a in ALPHABET]
    first = np.cumsum([0, *map(len, alike)], dtype=np.int64)
    return first, np.array([ALPHABET.index(b) for row in alike for b in row], np.int8)
