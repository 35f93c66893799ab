"""Plain twins of the hot list kernels: a walk through a plate's life, and every read held against every listing."""

import math

from alprsim.randomness import draw, uniform

LEVELS = [round(-math.log1p(-k / 512), 12) for k in range(257)]


def exponential(bits):
    """Return an exponential variable of mean 1: half-lives passed, as leading ones say, and a place within the next."""
    word = f"{int(bits):064b}"
    halves = len(word) - len(word.lstrip("1"))
    rest = (word[halves + 1 :] + "0" * 64)[:64]
    at = float(uniform(draw(int(rest, 2)))) * 256
    step = int(at)
    return halves * math.log(2) + LEVELS[step] + (at - step) * (LEVELS[step + 1] - LEVELS[step])


def spells(stream, keys, off, wanted, stale, length):
    """Return (row, listed, wanted until, removed) of every spell that begins before ``length``."""
    found = []
    for row, key in enumerate(keys):
        bits = draw(stream, key)

        def lasts(mean, number, bits=bits):
            return math.ceil(mean * exponential(draw(bits, number)))

        at = float(uniform(draw(bits, 0))) * (off + wanted + stale)
        state = "wanted" if at < wanted else "stale" if at < wanted + stale else "off"
        now, number = 0, 1
        if state == "off":
            now, state = lasts(off, 1), "wanted"
        while now < length:
            until = now + (lasts(wanted, number + 1) if state == "wanted" else 0)
            removed = until + lasts(stale, number + 2)
            found.append((row, now, until, removed))
            number += 3
            now, state = removed + lasts(off, number), "wanted"
    return found


def match(reads, listings, matched):
    """Return pairs of rows; reads are (time, site, plate), listings (plate, from, until, list)."""
    return [
        (row, number)
        for row, (time, site, plate) in enumerate(reads)
        for number, (listed, begin, end, hot_list) in enumerate(listings)
        if plate == listed and begin <= time < end and matched[site][hot_list]
    ]
