"""Handing out plate numbers, what a wrongly read plate number says instead, and whose number that is."""

import numpy as np
from numpy.typing import NDArray

from alprsim.kernels._jit import Int8, Int32, Int64, UInt32Grid, UInt64, below, draw, kernel, uniform

ALPHABET = " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BASE, LONGEST = 37, 8
"""A packed plate is a number of eight digits to the base 37, each a place in ALPHABET; blanks fill it up on the right."""

FIRST_LETTER = 11

STATES = 128
"""A plate's name is its text and its state in one number: text × STATES + state."""

PREFIXES, PREFIX = BASE**4, BASE ** (LONGEST - 4) * STATES
"""How many first halves of a text there are, and how many names each has."""


@kernel
def claim(stream: np.uint64, key: UInt64, numbers: int) -> Int64:
    """Give each vehicle its own number below ``numbers``, at random: each tries the numbers its key draws until one is free.

    Whoever comes first keeps the number, so one more vehicle can take a number from a later one but never reshuffles the
    rest. Expected tries for all of them: at most n (1 + ln n), when every number is given out.

    Parameters
    ----------
    stream : uint64
        Of the seed.
    key : uint64[n], n ≤ numbers
        In the order of precedence.
    numbers : int, below 2³²

    Returns
    -------
    int64[n], all different, in [0, numbers)
    """
    claimed = np.empty(len(key), np.int64)
    taken = np.zeros(numbers, np.bool_)
    for i in range(len(key)):
        bits = draw(stream, key[i])
        attempt = 0
        number = below(draw(bits, np.uint64(0)), numbers)
        while taken[number]:
            attempt += 1
            number = below(draw(bits, np.uint64(attempt)), numbers)
        taken[number] = True
        claimed[i] = number
    return claimed


@kernel
def characters(text: Int64, point: UInt32Grid) -> NDArray[np.uint32]:
    """Return the characters of packed plates as NumPy keeps text: uint32[n, 8], code points, 0 behind the last.

    Parameters
    ----------
    text : int64[n], packed
    point : uint32[1, 37]
        The code point of each character.
    """
    spelled = np.empty((len(text), LONGEST), np.uint32)
    for i in range(len(text)):
        rest = np.uint64(text[i])  # dividing an unsigned number by a constant takes half of the time
        for place in range(LONGEST - 1, -1, -1):
            spelled[i, place] = point[0, np.int64(rest % np.uint64(BASE))]
            rest //= np.uint64(BASE)
    return spelled


@kernel
def packed(spelled: UInt32Grid, code: Int8) -> Int64:
    """Return plates packed, −1 for one that has another character than digits and capitals, or a gap.

    Parameters
    ----------
    spelled : uint32[n, 8]
        As `characters` returns it.
    code : int8[128]
        The character of each code point below 128, −1 none; 0 at 0.
    """
    text = np.empty(len(spelled), np.int64)
    for i in range(len(spelled)):
        number, ended = np.int64(0), False
        for place in range(LONGEST):
            point = spelled[i, place]
            value = np.int64(code[point]) if point < 128 else np.int64(-1)
            if value < 0 or (ended and value > 0):
                number = np.int64(-1)
                break
            ended = value == 0
            number = number * BASE + value
        text[i] = number
    return text


@kernel
def misread(text: Int64, bits: UInt64, first_alike: Int64, alike: Int8, documented: float) -> Int64:
    """Change one character of each plate and return the text that it is taken for.

    The character is any of the plate's, equally likely. With probability ``documented`` it becomes one of the characters
    it is known to be confused with, else (or if there is none) any other of its class, digit or letter.

    Parameters
    ----------
    text : int64[n], packed
        The true plates, at least one character each.
    bits : uint64[n]
        Drawn for this misreading.
    first_alike : int64[38]
        Character c is confused with ``alike[first_alike[c]:first_alike[c + 1]]``.
    alike : int8[n_pairs], characters
    documented : share
    """
    said = np.empty(len(text), np.int64)
    for i in range(len(text)):
        blanks = 0
        while text[i] % BASE ** (blanks + 1) == 0:
            blanks += 1
        place = BASE ** (blanks + below(draw(bits[i], np.uint64(0)), LONGEST - blanks))
        old = (text[i] // place) % BASE
        pairs = first_alike[old + 1] - first_alike[old]
        if pairs > 0 and uniform(draw(bits[i], np.uint64(1))) < documented:
            new = np.int64(alike[first_alike[old] + below(draw(bits[i], np.uint64(2)), pairs)])
        elif old < FIRST_LETTER:
            new = 1 + (old + below(draw(bits[i], np.uint64(2)), 9)) % 10
        else:
            new = FIRST_LETTER + (old - FIRST_LETTER + 1 + below(draw(bits[i], np.uint64(2)), 25)) % 26
        said[i] = text[i] + (new - old) * place
    return said


@kernel
def look_up(said: Int64, name: Int64, row: Int32, first: Int64) -> Int32:
    """Return the row of each plate that is said, −1 nobody's.

    A directory by the first four characters leaves about a thousand neighbours to search, which lie in the fastest cache:
    three times as fast as searching all three million.

    Parameters
    ----------
    said : int64[n], names
    name : int64[n_issued], rising
    row : int32[n_issued]
        The row of each issued plate.
    first : int64[37⁴ + 1]
        The plates whose names begin with prefix p are ``name[first[p]:first[p + 1]]``.
    """
    found = np.empty(len(said), np.int32)
    for i in range(len(said)):
        prefix = said[i] // PREFIX
        low, high = first[prefix], first[prefix + 1]
        end = high
        while low < high:
            middle = (low + high) // 2
            if name[middle] < said[i]:
                low = middle + 1
            else:
                high = middle
        found[i] = row[low] if low < end and name[low] == said[i] else -1
    return found
