"""The plate numbers in circulation: the simulated vehicles' own, and all the others of the state.

Connecticut issues plates in sequence, so a plate with a digit read wrong is nearly always another real car's. That is why
every plate of the state is issued here, not only those of the simulated vehicles.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alprsim import randomness
from alprsim.kernels import plates as kernels
from alprsim.kernels.plates import ALPHABET, LONGEST
from alprsim.scenario import models
from alprsim.tables import Int64, Plates, Text, UInt64, VehicleKind, Vehicles

_POINT = 4
"""Bytes that NumPy takes for a character of text."""

_POINTS = np.array([[0, *map(ord, ALPHABET[1:])]], np.uint32)
_CODES = np.full(128, -1, np.int8)
_CODES[_POINTS[0]] = np.arange(len(ALPHABET))

_WEIGHTS = kernels.BASE ** np.arange(LONGEST - 1, -1, -1, dtype=np.int64)


class Format(NamedTuple):
    """A series of plates: L a letter, D a digit, N a digit but 0; the places in the order they count, fastest first."""

    pattern: str
    counting: tuple[int, ...]


CONNECTICUT = {
    "AB12345": Format("LLDDDDD", (6, 5, 4, 3, 2, 1, 0)),
    "123ABC": Format("NDDLLL", (2, 1, 0, 5, 4, 3)),
    "1ABCD2": Format("DLLLLD", (5, 0, 4, 3, 2, 1)),
}
"""AB·12345 since August 2015 (AA to AU by spring 2019, as 60 % of 3 million plates reach AS), 123·ABC from 1980 to 2013,
1ABCD2 from 2013 to 2015; 0 is allowed in front since 2013 (Hartford Courant, 18 September 2015; ctbythenumbers.news, 1 May
2019). The order in which the older two count, and that each series is used without gaps from its start, are assumptions; no
share of personal or specialty plates was found published, and there are none here."""

ELSEWHERE = Format("LLLDDDD", (6, 5, 4, 3, 2, 1, 0))
"""ABC·1234, as in New York: no Connecticut plate looks like it. Some from elsewhere spell a Connecticut plate instead."""

_FIRST_AND_MANY = {"L": (kernels.FIRST_LETTER, 26), "D": (1, 10), "N": (2, 9)}

ELSEWHERE_ISSUED = 10_000_000
"""Plates of other states that a through vehicle may bear; about New York's number of vehicles. Assumption."""


def issue(vehicles: Vehicles, spec: models.PlateStock, *, seed: int) -> Plates:
    """Issue ``spec.issued`` Connecticut plates and give each vehicle one of them, or one from elsewhere.

    Row v < len(vehicles) is vehicle v's own plate; the rest of the state's follow. A vehicle's plate belongs to its key:
    another vehicle can displace it in a rare collision, renumbering cannot.

    Raises
    ------
    ValueError
        More vehicles than plates, of Connecticut or from elsewhere.
    """
    elsewhere = _from_elsewhere(vehicles, spec, seed)
    if np.count_nonzero(~elsewhere) > spec.issued:
        raise ValueError(
            f"plates.issued must be at least the {np.count_nonzero(~elsewhere):,} Connecticut vehicles simulated, "
            f"not {spec.issued:,}"
        )
    if np.count_nonzero(elsewhere) > ELSEWHERE_ISSUED:
        raise ValueError(
            f"at most {ELSEWHERE_ISSUED:,} vehicles may bear plates from elsewhere, not {np.count_nonzero(elsewhere):,}"
        )
    stock = _stock(spec)
    number = _claim(seed, "which Connecticut plate", vehicles.key[~elsewhere], spec.issued)
    own = np.empty(len(vehicles), np.int64)
    own[~elsewhere] = stock[number]
    foreign = _claim(seed, "which plate from elsewhere", vehicles.key[elsewhere], ELSEWHERE_ISSUED)
    own[elsewhere] = _texts(ELSEWHERE, foreign)
    alike = elsewhere & _drawn(
        "does the plate from elsewhere spell one of the state's", vehicles, spec.lookalikes, seed
    )
    if np.count_nonzero(alike) > spec.issued:
        raise ValueError(
            f"plates.issued must be at least the {np.count_nonzero(alike):,} lookalikes, not {spec.issued:,}"
        )
    own[alike] = stock[_claim(seed, "which of the state's it spells", vehicles.key[alike], spec.issued)]
    other = np.ones(spec.issued, np.bool_)
    other[number] = False
    text = np.concatenate((own, stock[other]))
    state = np.zeros(len(text), np.int8)
    state[: len(vehicles)] = elsewhere
    return Plates(text=text, state=state)


def pack(spelled: Sequence[str] | Text) -> Int64:
    """Pack plates of digits and capital letters, at most 8, into numbers that sort as the plates do.

    Raises
    ------
    ValueError
        A plate with other characters, or longer: it is named.
    """
    as_text = np.asarray(spelled, np.str_)
    if as_text.itemsize > LONGEST * _POINT:
        longest = int(np.char.str_len(as_text).max())
        if longest > LONGEST:
            raise ValueError(f"a plate has at most {LONGEST} characters, not {longest}")
    points = np.ascontiguousarray(as_text, f"U{LONGEST}").reshape(-1).view(np.uint32).reshape(-1, LONGEST)
    text = kernels.packed(points, _CODES)
    if len(text) and text.min() < 0:
        raise ValueError(f"a plate has digits and capital letters only: {str(as_text[int(np.argmin(text))])!r}")
    return text


def spell(text: Int64) -> Text:
    """Write packed plates as people do, without the dot."""
    return kernels.characters(text, _POINTS).reshape(-1).view(f"U{LONGEST}")


def _from_elsewhere(vehicles: Vehicles, spec: models.PlateStock, seed: int) -> NDArray[np.bool_]:
    passing: NDArray[np.bool_] = vehicles.kind == VehicleKind.THROUGH
    return passing & _drawn("is the plate from elsewhere", vehicles, spec.out_of_state, seed)


def _drawn(question: str, vehicles: Vehicles, share: float, seed: int) -> NDArray[np.bool_]:
    return np.asarray(randomness.uniform(randomness.draw(randomness.stream(seed, question), vehicles.key)) < share)


def _claim(seed: int, question: str, key: UInt64, numbers: int) -> Int64:
    order = np.argsort(key, kind="stable")
    claimed = np.empty(len(key), np.int64)
    claimed[order] = kernels.claim(randomness.stream(seed, question), key[order], numbers)
    return claimed


def _stock(spec: models.PlateStock) -> Int64:
    """Return the Connecticut plates in circulation, series by series."""
    ends = np.rint(np.cumsum([0.0, *spec.formats.values()]) * spec.issued).astype(np.int64)
    parts = zip(spec.formats, np.diff(ends), strict=True)
    return np.concatenate([_texts(CONNECTICUT[name], np.arange(n)) for name, n in parts])


def _texts(series: Format, number: Int64) -> Int64:
    """Return the plates of a series by their place in the sequence, from 0."""
    packed = np.zeros(len(number), np.int64)
    for place in series.counting:
        first, many = _FIRST_AND_MANY[series.pattern[place]]
        number, character = np.divmod(number, many)
        packed += (first + character) * _WEIGHTS[place]
    return packed
