"""Plain twins of what is asked of everybody's reads: links of pseudonyms, company, the next camera."""

import math
from collections import Counter, defaultdict
from fractions import Fraction
from itertools import combinations, pairwise

HOUR = 3600


def profiles(reads):
    """Return {plate: {(site, hour): reads}} of reads (time, site, plate)."""
    found = defaultdict(Counter)
    for time, site, plate in reads:
        found[plate][site, time // HOUR % 24] += 1
    return dict(found)


def ranks(earlier, later):
    """Return {plate: (candidates that fit better than its own, those that fit as well)} for the plates in both."""
    spread = Counter(cell for profile in earlier.values() for cell in profile)
    rarity = {cell: round(16 * math.log2((len(earlier) + 1) / n)) for cell, n in spread.items()}

    def weights(profile):
        return {cell: n.bit_length() * rarity.get(cell, 0) for cell, n in profile.items()}

    def fit(one, other):
        dot, length = sum(one[cell] * other.get(cell, 0) for cell in one), sum(w * w for w in other.values())
        return Fraction(dot * dot, length) if length else Fraction(0)

    vectors = {plate: weights(profile) for plate, profile in earlier.items()}
    answer = {}
    for plate, profile in later.items():
        fits = {other: fit(weights(profile), vector) for other, vector in vectors.items()}
        own = fits.get(plate, 0)
        answer[plate] = (sum(f > own for f in fits.values()), sum(f == own for f in fits.values())) if own else (0, 0)
    return answer


def chance(better, tied, among):
    """Return the chance to be among the first so many, by counting the places that the tied ones may take."""
    return Fraction(sum(place < among for place in range(better, better + tied)), tied) if tied else Fraction(0)


def linked(reads, held, begin, middle, end, targets, among):
    """Return for each target whether it is truly there in both epochs, and the chance that it is linked right."""
    seen = [read for read, yes in zip(reads, held, strict=True) if yes and read[2] >= 0]
    before = [r for r in seen if begin <= r[0] < middle]
    after = [r for r in seen if middle <= r[0] < end]
    found = ranks(profiles(r[:3] for r in before), profiles(r[:3] for r in after))
    true = [{r[2] for r in part if r[2] == r[3]} for part in (before, after)]
    there = [target in true[0] & true[1] for target in targets]
    return [(yes, chance(*found[t], among) if yes else Fraction(0)) for t, yes in zip(targets, there, strict=True)]


def ties(reads, rule, camera):
    """Return the pairs of plates with enough co-reads at enough cameras, of one sight's reads (time, site, plate)."""
    met, places = Counter(), defaultdict(set)
    for one, other in combinations([r for r in reads if r[2] >= 0], 2):
        if one[1] == other[1] and one[2] != other[2] and abs(one[0] - other[0]) <= rule.window:
            pair = tuple(sorted((one[2], other[2])))
            met[pair] += 1
            places[pair].add(camera[one[1]])
    return {pair for pair, n in met.items() if n >= rule.reads and len(places[pair]) >= rule.cameras}


def of_some(household, together, tied, cars):
    """Return how much company of some residents' cars there is: `company.Sums` of one sight at one moment, without chance.

    household: {resident's car: household}; together, tied: sets of pairs; also all pairs of residents' cars.
    """
    every = [pair for pair in combinations(sorted(household), 2) if set(pair) & cars]
    homes = {pair for pair in every if household[pair[0]] == household[pair[1]]}
    ties = {pair for pair in tied if set(pair) & cars}
    travelled = {pair for pair in together if set(pair) & cars}
    return len(ties), len(ties & homes), len(ties & travelled), len(homes), len(travelled), len(every)


def steps(reads, camera):
    """Return {plate: [(camera, hour, next camera)]} of reads (time, site, plate)."""
    found = defaultdict(list)
    by_plate = defaultdict(list)
    for time, site, plate in sorted(reads):
        by_plate[plate].append((time, site))
    for plate, mine in by_plate.items():
        for (time, site), (_, next_) in pairwise(mine):
            found[plate].append((camera[site], time // HOUR % 24, camera[next_]))
    return found


def predicted(own, everybody, here, hour):
    """Return the likeliest next camera, −1 if nobody ever went on from there."""
    ways = sorted({to for come, _, to in everybody if come == here})

    def backed_off(made, to, behind):
        return (sum(step[2] == to for step in made) + 5.0 * behind) / (len(made) + 5.0)

    def likely(to):
        of_all = [step for step in everybody if step[0] == here]
        of_own = [step for step in own if step[0] == here]
        share = (sum(step[2] == to for step in of_all) + 1.0) / (len(of_all) + len(ways))
        share = backed_off([step for step in of_all if step[1] == hour], to, share)
        share = backed_off(of_own, to, share)
        return backed_off([step for step in of_own if step[1] == hour], to, share)

    return max(ways, key=lambda to: (likely(to), -to), default=-1)


def most_frequent(cameras):
    """Return the camera that comes most often, of equals the lowest; −1 of none."""
    counts = Counter(cameras)
    return min(counts, key=lambda camera: (-counts[camera], camera), default=-1)


def guesses(past, following, target, camera, ahead):
    """Return for each true read of the target in `following` its camera and what each predictor says.

    `past` and `following` are one sight's readable reads (time, site, plate, true vehicle), before and after the moment.
    """
    learned = steps([r[:3] for r in past], camera)
    everybody = [step for made in learned.values() for step in made]
    mine = sorted((*r[:2], r[3]) for r in past if r[2] == target)
    usual = most_frequent(camera[site] for _, site, _ in mine)
    most = most_frequent(camera[site] for _, site, _, _ in past)
    usual = most if usual < 0 else usual
    answer = []
    stream = sorted([(*r[:2], r[3], 0) for r in past if r[2] == target]) + sorted(
        (*r[:2], r[3], 1) for r in following if r[2] == target
    )
    for row, (_, site, true, asked) in enumerate(stream):
        if not asked or true != target:
            continue
        here = camera[stream[row - 1][1]] if row else -1
        hour = stream[row - 1][0] // HOUR % 24 if row else 0
        markov = predicted(learned[target], everybody, here, hour) if row else -1
        following_ = most_frequent(to for come, _, to in everybody if come == here)
        answer.append((
            camera[site],
            (usual if markov < 0 else markov, usual, most if following_ < 0 else following_, ahead[here] if row else -1),
        ))  # fmt: skip
    return answer
