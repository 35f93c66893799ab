"""How many reads, days and trips a store would show under each of a list of retention limits: all of them in one pass."""

from alprsim.kernels._jit import Int32, Int32GridOut, Int64, kernel_in_place

DAY = 86_400
"""Seconds in a day (as tables.DAY); kernels import nothing of the package."""

NOBODY, GHOST = -1, -2
"""Instead of a trip: none yet; instead of a read's: it was another vehicle (as ladder.GHOST)."""

READS, DAYS, ONCE, TWICE = range(4)
"""What is counted: reads held; days with a held read made on a trip; trips with one held read, with two."""
QUANTITIES = 4


@kernel_in_place
def nested(
    rows: Int64, first_read: Int64, time: Int32, trip: Int32, windows: Int32, now: int, counts: Int32GridOut
) -> None:
    """Count for each vehicle what every window shows: the STOCK of `ladder.tally` where one owner keeps so long.

    Limits are nested: what the shorter holds the longer holds too. So reads are taken from the newest back, and what was
    counted on the way to a limit is what it shows: O(reads + windows) a vehicle. A day is shown by the newest read on it;
    a trip is detected by its newest read and linked by the one before.

    Parameters
    ----------
    rows : int64[n]
        Which vehicles of the bucket.
    first_read : int64[n_vehicles + 1]
        Vehicle v owns reads ``first_read[v]:first_read[v + 1]``, in order of time.
    time, trip : int32[n_reads], seconds; the answer of `ladder.trips_of_reads`
    windows : int32[n_windows], seconds, rising
        A read is held while its age is in [0, window).
    now : int, seconds
        The moment of the query: reads after it are held by nobody.
    counts : int32[n × 4, n_windows], overwritten
        Row = vehicle × 4 + quantity.
    """
    last_window = len(windows)
    for place in range(len(rows)):
        begin, read = first_read[rows[place]], first_read[rows[place] + 1]
        while read > begin and time[read - 1] > now:
            read -= 1
        reads = days = once = twice = 0
        current, day, lone = NOBODY, NOBODY, False
        for window in range(last_window):
            since = now - windows[window]
            while read > begin and time[read - 1] > since:
                read -= 1
                of, on = trip[read], time[read] // DAY
                under_way, same = of >= 0, of >= 0 and of == current
                reads += of != GHOST
                days += under_way and on != day
                once += under_way and not same
                twice += same and lone
                lone = not same if under_way else lone
                current, day = (of, on) if under_way else (current, day)
            counts[place * QUANTITIES + READS, window] = reads
            counts[place * QUANTITIES + DAYS, window] = days
            counts[place * QUANTITIES + ONCE, window] = once
            counts[place * QUANTITIES + TWICE, window] = twice
