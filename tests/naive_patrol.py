"""Plain twins of the patrol kernels: two cars' places on a street, in exact fractions; who stands where, by asking each."""

from fractions import Fraction
from math import floor


def meetings(crossings, passages, reverse, length):
    """crossings: (road, enter, leave, reach); passages: (road, enter, leave); return (crossing, passage): moment.

    Each car is at a place along the street: an oncoming one starts at the far end.
    """
    met = {}
    for i, (road, enter, leave, reach) in enumerate(crossings):
        for j, (other, t, leaves) in enumerate(passages):
            begins, ends = max(enter, t), min(leave, leaves)
            if begins >= ends or other not in (road, reverse[road]):
                continue
            metres = Fraction(length[road])

            def gap(s, other=other, road=road, enter=enter, leave=leave, t=t, leaves=leaves, metres=metres):
                mine, theirs = Fraction(s - enter, leave - enter), Fraction(s - t, leaves - t)
                return (mine - (theirs if other == road else 1 - theirs)) * metres

            if other != road:
                level = [s for s in range(begins, ends) if gap(s) <= 0 <= gap(s + 1) and gap(s + 1) > 0]
                met[i, j] = level[0]
                continue
            before, after = gap(begins), gap(ends)
            if abs(before) <= reach:
                met[i, j] = begins
            elif abs(after) <= reach or before * after < 0:
                share = (abs(before) - Fraction(reach)) / abs(before - after)
                met[i, j] = min(begins + floor(share * (ends - begins)), ends - 1)
    return met


def parked(visits, stays):
    """visits: (group, enter, leave); stays: (group, since, until), grouped; return (visit, stay, moment)."""
    passed = []
    for i, (group, enter, leave) in enumerate(visits):
        there = [j for j, (g, since, until) in enumerate(stays) if g == group and since <= enter and leave <= until]
        for k, j in enumerate(there):
            passed.append((i, j, enter + floor(Fraction(2 * k + 1, 2 * len(there)) * (leave - enter))))
    return passed
