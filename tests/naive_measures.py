"""Plain twins of the measures' kernels: loops over reads and trips, one sight at a time."""

import itertools
from collections import Counter
from fractions import Fraction

import numpy as np

from alprsim.randomness import draw

DAY = 86_400
HOUR = 3600


def held(reads, obtains, owner_of_site, now):
    """Return whether each read (time, site, …) can be obtained at ``now``; obtains(owner, age) is the rule."""
    return [time <= now and obtains(owner_of_site[site], now - time) for time, site, *_ in reads]


def trip_of(trips, time):
    """Return the trip under way: the last departed by then, unless it has arrived."""
    gone = [trip for trip in sorted(trips) if trip[1] <= time]
    return gone[-1] if gone and time < gone[-1][2] else None


def tally(world, vehicle, obtains, window, now, horizon, step_of=lambda owner: 1):
    """Count, for one vehicle and sight, {time: {quantity: n}} of stock, horizon and window.

    ``step_of(owner)`` s: to which step times are known; a read that may be of two days shows none.
    """
    trips = sorted(trip for trip in world.trips if trip[0] == vehicle)
    mine = sorted(read for read in world.reads if read[2] == vehicle)
    seen = [read for read, yes in zip(mine, held(mine, obtains, world.owner_of_site, now), strict=True) if yes]
    right = [time for time, _, _, truth in seen if truth == vehicle]
    told = {
        time for time, site, _, truth in seen
        if truth == vehicle and len({second // DAY for second in cell(time, step_of(world.owner_of_site[site]))}) == 1
    }  # fmt: skip
    ghosts = [time for time, _, _, truth in seen if truth != vehicle]
    answer = {}
    for name, since in (("stock", -1), ("horizon", now - horizon), ("window", now - window)):
        made = [trip for trip in trips if since < trip[1] <= now]
        on_trip = [(time, trip_of(trips, time)) for time in right]
        on_trip = [(time, trip) for time, trip in on_trip if trip in made]
        reads_on = Counter(trip for _, trip in on_trip)
        days = [range(d // DAY, max(d, min(a - 1, now)) // DAY + 1) for _, d, a in made]
        answer[name] = {
            "reads": len([t for t in right if name != "horizon" or t > since]),
            "ghosts": len([t for t in ghosts if name != "horizon" or t > since]),
            "days": len({time // DAY for time, _ in on_trip if time in told}),
            "once": len(reads_on),
            "twice": len([trip for trip in reads_on if reads_on[trip] > 1]),
            "driven": len({day for span in days for day in span}),
            "trips": len(made),
        }
    return answer


def cell(time, step):
    """Return the first and the last second in which a read may have been made whose time is known to a step."""
    return time - time % step, time - time % step + step - 1


def mean_share(counts, part, whole):
    """Return the mean over vehicles of part / whole, those without a whole left out, and how many have one."""
    shares = [Fraction(c[part], c[whole]) for c in counts if c[whole]]
    return (sum(shares) / len(shares) if shares else None), len(shares)


def home_and_work(reads, first_weekday):
    """Guess (home site, work site) from one vehicle's held reads (time, site); None where nothing speaks."""
    days = {}
    for time, site in reads:  # in order of time; equal times in the order given
        days.setdefault(time // DAY, []).append((time, site))
    home, work = Counter(), Counter()
    for day, seen in days.items():
        home.update([seen[0][1], seen[-1][1]])
        stays = [
            (after[0] - before[0], -place, before[1], after[1])
            for place, (before, after) in enumerate(itertools.pairwise(seen))
            if HOUR <= before[0] % DAY < 8 * HOUR and after[0] - before[0] >= 3 * HOUR
        ]
        if stays and (first_weekday + day) % 7 < 5:
            work.update(max(stays)[2:])
    return elected(home), elected(work)


def days_until(reads, first_weekday, now, near, kind):
    """Return how many days back from ``now`` reads must be held until home (0) or work (1) is guessed near; None never."""
    days = sorted({time // DAY for time, _ in reads}, reverse=True)
    for day in days:
        guess = home_and_work([read for read in reads if read[0] >= day * DAY], first_weekday)[kind]
        if guess is not None and near[guess]:
            return -(-(now - day * DAY) // DAY)
    return None


def by_driver(world):
    """Return {driver: (their trips, the times of true reads on each)}; reads of parked cars are nobody's."""
    lives = {}
    for trip in sorted(world.trips):
        vehicle, depart, _ = trip
        mine = [t for t, _, plate, truth in world.reads if plate == truth == vehicle]
        on_it = sorted(t for t in mine if trip_of([x for x in world.trips if x[0] == vehicle], t) == trip)
        lives.setdefault(world.driver(vehicle, depart), []).append((trip, on_it))
    return lives


def elected(votes):
    return min(votes, key=lambda site: (-votes[site], site)) if votes else None


def index(reads, masks, bin_length, n_bins):
    """Return {cell: {plate: sights that hold a read of it there}}."""
    cells = {}
    for (time, site, plate, _), mask in zip(reads, masks, strict=True):
        if plate >= 0 and mask:
            members = cells.setdefault(site * n_bins + time // bin_length, {})
            members[plate] = members.get(plate, 0) | mask
    return cells


def unicity(reads, target, base, site_key, bin_length, n_bins, subsets, points):
    """Count, of one sight's held reads, the target's p-subsets with one member: [points]."""
    members = {}
    for time, site, plate, _ in reads:
        if plate >= 0:
            members.setdefault((site, time // bin_length), set()).add(plate)
    mine = [cell for cell in members if target in members[cell]]
    alone = [0] * points
    for subset in range(subsets):
        order = sorted(mine, key=lambda c, s=subset: int(draw(draw(base, s), draw(site_key[c[0]], c[1]))))
        for p in range(1, points + 1):
            if p <= len(order):
                alone[p - 1] += set.intersection(*(members[cell] for cell in order[:p])) == {target}
    return np.array(alone), len(mine)
