"""Where a car probably was at each moment, given when cameras read it and when they could have and did not."""

import numpy as np

from alprsim.kernels._jit import (
    Bool,
    Float64,
    Float64CubeOut,
    Float64Grid,
    Float64GridOut,
    Float64Out,
    Int32,
    kernel,
    part_of_kernel,
)

LEAVE_HOME, LEAVE_SHORT, LEAVE_LONG, LONG_FROM_HOME, LONG_FROM_AWAY, BACK = range(6)
"""Columns of `hours`: chance in one step that a car parked at home, away for short, or away for long leaves; the share of
departures from home, and of those from elsewhere to elsewhere, that are for a long stay; the share of departures from elsewhere
that go home."""

OFTEN = 16
"""Steps after which chances are made to add up to 1 again, so that none becomes too small."""

HOME = 0
"""The state of being at home; 1 + z is a short stay in zone z, 1 + zones + z a long one."""


@part_of_kernel
def _leave(hour: Float64, pair: Float64Grid, read: bool, old: Float64, gone: Float64Out, inflow: Float64Out) -> None:
    """Say how many leave each zone that is not home, and how many of them, going on, would be seen as the car was, by goal."""
    zones, out = len(gone), 0.0
    for zone in range(zones):
        gone[zone] = old[1 + zone] * hour[LEAVE_SHORT] + old[1 + zones + zone] * hour[LEAVE_LONG]
    for zone in range(zones):
        out += gone[zone]
    inflow[:] = 0.0 if read else out
    if read:
        for zone in range(zones):
            for end in range(zones):
                inflow[end] += gone[zone] * pair[zone, end]


@part_of_kernel
def _advance(
    home: int,
    hour: Float64,
    to: Float64,
    pair: Float64Grid,
    still: Float64,
    old: Float64,
    new: Float64Out,
    gone: Float64,
    inflow: Float64,
) -> None:
    """Go one step on."""
    zones, come = len(gone), 0.0
    for zone in range(zones):
        come += gone[zone] * pair[zone, home]
    new[HOME] = old[HOME] * (1.0 - hour[LEAVE_HOME]) * still[home] + hour[BACK] * come
    for layer in range(2):
        long_home, long_away = hour[LONG_FROM_HOME], hour[LONG_FROM_AWAY]
        from_home = old[HOME] * hour[LEAVE_HOME] * (long_home if layer else 1.0 - long_home)
        from_away = (1.0 - hour[BACK]) * (long_away if layer else 1.0 - long_away)
        stays = 1.0 - hour[LEAVE_SHORT + layer]
        for zone in range(zones):
            state = 1 + layer * zones + zone
            new[state] = old[state] * stays * still[zone] + to[state - 1] * (
                from_home * pair[home, zone] + from_away * inflow[zone]
            )


@part_of_kernel
def _normalise(states: Float64Out) -> float:
    """Divide by the sum, and return it."""
    total = 0.0
    for state in range(len(states)):
        total += states[state]
    for state in range(len(states)):
        states[state] /= total
    return total


@part_of_kernel
def _retreat(
    home: int,
    hour: Float64,
    to: Float64,
    pair: Float64Grid,
    still: Float64,
    read: bool,
    chance: float,
    later: Float64,
    earlier: Float64Out,
    worth: Float64Out,
    onward: Float64Out,
) -> None:
    """Go one step back: how likely is what was seen from here on, from each state, over how likely it was altogether."""
    zones = len(worth)
    total, from_home = 0.0, 0.0
    for zone in range(zones):
        short, long = to[zone] * later[1 + zone], to[zones + zone] * later[1 + zones + zone]
        worth[zone] = short + hour[LONG_FROM_AWAY] * (long - short)
        onward[zone] = pair[home, zone] * (short + hour[LONG_FROM_HOME] * (long - short))
    for zone in range(zones):
        total += worth[zone]
        from_home += onward[zone]
    onward[:] = 0.0 if read else total
    if read:
        for zone in range(zones):
            for end in range(zones):
                onward[zone] += pair[zone, end] * worth[end]
    kept = (1.0 - hour[LEAVE_HOME]) * still[home] * later[HOME]
    earlier[HOME] = (kept + hour[LEAVE_HOME] * from_home) / chance
    for layer in range(2):
        leaves = hour[LEAVE_SHORT + layer]
        for zone in range(zones):
            state = 1 + layer * zones + zone
            moved = hour[BACK] * pair[zone, home] * later[HOME] + (1.0 - hour[BACK]) * onward[zone]
            earlier[state] = ((1.0 - leaves) * still[zone] * later[state] + leaves * moved) / chance


@part_of_kernel
def _count_arrivals(
    home: int,
    hour: Float64,
    to: Float64,
    pair: Float64Grid,
    weight: float,
    at_home: float,
    inflow: Float64,
    later: Float64,
    arrivals: Float64GridOut,
) -> None:
    """Add the expected arrivals of one step, `weight` times."""
    zones = len(inflow)
    for layer in range(2):
        long_home, long_away = hour[LONG_FROM_HOME], hour[LONG_FROM_AWAY]
        from_home = at_home * hour[LEAVE_HOME] * (long_home if layer else 1.0 - long_home)
        from_away = (1.0 - hour[BACK]) * (long_away if layer else 1.0 - long_away)
        for zone in range(zones):
            place = layer * zones + zone
            came = from_home * pair[home, zone] + from_away * inflow[zone]
            arrivals[layer, zone] += weight * to[place] * came * later[1 + place]


@kernel
def forward(
    home: int, hours: Float64Grid, hour: Int32, to: Float64Grid, begin: Float64, pairs: Float64Grid, pair: Int32,
    still: Float64Grid, read: Bool, alpha: Float64GridOut, chance: Float64Out,
) -> float:  # fmt: skip
    """Follow a car that lives in one zone through the steps; return the log chance of all that was seen.

    At the start of each step a car is at home or on a short or long stay in some zone. In the step it may leave, as often as
    cars do at that hour, for home or for another zone: which one depends on where it lives. Being seen depends on the pair of
    zones it goes between, or, where it stays, on the zone.

    Parameters
    ----------
    home : int, a zone
    hours : float64[hours, 6]
        How cars behave at each hour: the columns named above.
    hour : int32[steps], row of hours
    to : float64[zones, 2 zones]
        Where those who live in a zone go: to each zone for short, each for long; each half adds up to 1.
    begin : float64[3]
        The shares at home, on a short stay and on a long one at the start.
    pairs : float64[n zones, zones]
        Chances of what was seen in a step, for each pair of zones gone between: matrix m is rows ``m zones:(m + 1) zones``.
    pair : int32[steps], a matrix of `pairs`
    still : float64[matrices, zones]
        The same for who stays in a zone.
    read : bool[matrices]
        Whether some camera saw the car. If not, what is not seen of ways from elsewhere to elsewhere is left out (their
        pairs count as 1): a quarter of trips, and nearly all the time that a step takes.
    alpha : float64[steps + 1, 1 + 2 zones], overwritten
        Chance of each state at the start of each step and of what was seen before, over the product of `chance` so far.
    chance : float64[steps], overwritten
        What the states were divided by at the end of each step so that they add up to 1; 1 where they were left as they were.
    """
    zones = to.shape[1] // 2
    gone, inflow = np.empty(zones), np.empty(zones)
    alpha[0, HOME] = begin[0]
    for zone in range(zones):
        alpha[0, 1 + zone] = begin[1] * to[home, zone]
        alpha[0, 1 + zones + zone] = begin[2] * to[home, zones + zone]
    logs = 0.0
    for step in range(len(hour)):
        seen, now, new = pair[step], hours[hour[step]], alpha[step + 1]
        matrix = pairs[seen * zones : (seen + 1) * zones]  # any: 1
        _leave(now, matrix, read[seen], alpha[step], gone, inflow)
        _advance(home, now, to[home], matrix, still[seen], alpha[step], new, gone, inflow)
        chance[step] = 1.0
        if read[seen] or step % OFTEN == 0 or step == len(hour) - 1:  # any: 0
            chance[step] = _normalise(new)
            logs += np.log(chance[step])
    return logs


@kernel
def backward(
    home: int, weight: float, hours: Float64Grid, hour: Int32, to: Float64Grid, pairs: Float64Grid, pair: Int32,
    still: Float64Grid, read: Bool, alpha: Float64Grid, chance: Float64, asked: Int32,
    later: Float64GridOut, posterior: Float64GridOut, arrivals: Float64GridOut,
) -> None:  # fmt: skip
    """Look back from the end: add to each asked moment's posterior, `weight` times, where the car was given all that was seen.

    Parameters
    ----------
    home, hours, hour, to, pairs, pair, still, read
        As for `forward`.
    weight : float
        How likely it is that the car lives in this zone.
    alpha, chance
        What `forward` wrote.
    asked : int32[n], ascending, 0 to steps
        Moments: the starts of steps, and the end of the last.
    later : float64[steps + 1, 1 + 2 zones], overwritten
        How likely is what was seen from each moment on, from each state, over how likely it was altogether.
    posterior : float64[n, zones], added to
    arrivals : float64[2, zones], added to
        Expected arrivals for short and for long stays in each zone, home apart.
    """
    steps, zones = len(hour), to.shape[1] // 2
    gone, inflow = np.empty(zones), np.empty(zones)
    later[steps] = 1.0
    ask = len(asked) - 1
    for step in range(steps, -1, -1):  # any
        while ask >= 0 and asked[ask] == step:
            posterior[ask, home] += weight * alpha[step, HOME] * later[step, HOME]
            for zone in range(zones):
                short, long = 1 + zone, 1 + zones + zone
                posterior[ask, zone] += weight * (
                    alpha[step, short] * later[step, short] + alpha[step, long] * later[step, long]
                )
            ask -= 1
        if step > 0:
            now, seen = hours[hour[step - 1]], pair[step - 1]
            matrix, old = pairs[seen * zones : (seen + 1) * zones], alpha[step - 1]  # any: 1
            _leave(now, matrix, read[seen], old, gone, inflow)
            share = weight / chance[step - 1]
            _count_arrivals(home, now, to[home], matrix, share, old[HOME], inflow, later[step], arrivals)
            _retreat(
                home, now, to[home], matrix, still[seen], read[seen], chance[step - 1], later[step], later[step - 1],
                gone, inflow,
            )  # fmt: skip


@kernel
def flows(
    home: int, weight: float, hours: Float64Grid, hour: Int32, to: Float64Grid, pairs: Float64Grid, pair: Int32, read: Bool,
    alpha: Float64Grid, chance: Float64, later: Float64Grid, asked: Int32, moved: Float64CubeOut,
) -> None:  # fmt: skip
    """Add, `weight` times, how likely the car went from each zone to each in the steps asked about, given all that was seen.

    Parameters
    ----------
    home, weight, hours, hour, to, pairs, pair, read, alpha, chance, later
        As for `backward`, which wrote the last.
    asked : int32[n], 0 to before steps
    moved : float64[n, zones, zones], added to
    """
    zones = to.shape[1] // 2
    worth, of_home = np.empty(zones), np.empty(zones)
    for row in range(len(asked)):
        step = asked[row]
        now, seen, old, after = hours[hour[step]], pair[step], alpha[step], later[step + 1]
        matrix = pairs[seen * zones : (seen + 1) * zones]  # any: 1
        share = weight / chance[step]
        for zone in range(zones):
            short, long = to[home, zone] * after[1 + zone], to[home, zones + zone] * after[1 + zones + zone]
            worth[zone] = share * (1.0 - now[BACK]) * (short + now[LONG_FROM_AWAY] * (long - short))
            of_home[zone] = share * now[LEAVE_HOME] * (short + now[LONG_FROM_HOME] * (long - short))
        for zone in range(zones):
            gone = old[1 + zone] * now[LEAVE_SHORT] + old[1 + zones + zone] * now[LEAVE_LONG]
            for end in range(zones):
                moved[row, zone, end] += gone * worth[end] * (matrix[zone, end] if read[seen] else 1.0)
            moved[row, zone, home] += share * gone * now[BACK] * matrix[zone, home] * after[HOME]
            moved[row, home, zone] += old[HOME] * of_home[zone] * matrix[home, zone]
