"""Numbers as people say them: durations, shares, and the names of sights and statistics."""

import math
import re
from collections.abc import Sequence

from alprsim.tables import AS_WRITTEN, UNLIMITED

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400

SIGHTS = {
    "bulk": ("bulk", "what the viewer holds, or can search or export whole"),
    "request": ("on-request", "bulk, and what it can ask others for plate by plate or by area query"),
    "process": (
        "by process",
        "on request, and with a warrant for one target and one range: the expected value, granted or not",
    ),
    "side_door": (
        "side-door",
        "on request, and what a partner's search finds for it: the expected value, whether one is run or not",
    ),
}
"""Each sight's name and what it means."""

_EXTRAS = {
    "sharing": ", plates that share them",
    "fitted_alpha": ": α fitted",
    "fitted_beta": ": β fitted",
    "fitted_residual": ": what the fitted law misses",
    "published_beta": ": β as published of telephones",
    "certain": ", singled out for certain",
    "bounded": ", searches cut short",
    "below_5": ", shared by fewer than 5",
    "below_5_defined_only": ", shared by fewer than 5, of the cars with a set",
    "defined": ", cars with a set",
    "median": ", plates that share it, median",
}
"""What a statistic of sightings known, or of top cameras, is; said after them."""

_OF_EVERYBODY = re.compile(r"(p|top)([0-9]+)(?:_([0-9]+)s_([0-9.e+]+)m)?(?:_([a-z0-9_]+))?")
"""Statistics of what is asked of everybody: points or top cameras, the cell if it varies, and what of them."""

STATISTICS = {
    "stock": "held at the moment of the question",
    "share_of_horizon": "of the last {horizon}, mean over vehicles",
    "share_of_horizon_pooled": "of the last {horizon}, all vehicles together",
    "share_of_window": "within what is kept, mean over vehicles",
    "share_of_window_pooled": "within what is kept, all vehicles together",
    "supremum": "longest",
    "covered": "days of age that can be had",
    "gaps": "stretches of age below the longest that cannot be had",
    "uncovered": "days of age below the longest that cannot be had",
    "window": "longest of any camera, a pool’s private ones included",
    "max": "longest of any department",
    "mean": "mean of departments",
    "right_town": "in the right town",
    "median_error": "median error",
    "ties": "pairs taken for company",
    "recall_of_travelled": "of households’ pairs that drove together, found",
    "markov": "by the car’s own ways and hours, then everybody’s",
    "own_most_frequent": "baseline: the car’s most frequent camera",
    "most_frequent_next": "baseline: everybody’s most frequent next camera",
    "along_the_road": "baseline: the next camera along the road",
    "read_next": "cars with a read to guess",
    "real_shortest_unseen": "in their order (Lempel–Ziv, shortest unseen)",
    "uncorrelated": "of how often each reads, in no order",
    "random": "were its cameras equally likely",
    "predictability_shortest_unseen": "most that can be foreseen (Fano; Lempel–Ziv, shortest unseen)",
    "looked_at": "reads looked at, a car",
    "at_least_20_reads": "cars with at least 20 reads",
    "tracker": "by the Bayesian tracker",
    "nearest": "by the nearest read in time",
    "prior": "without any read",
    "tracker_minus_nearest": "the tracker’s less the nearest read’s",
    "of_nearest": "the tracker’s, as a share of the nearest read’s",
    "of_prior": "the tracker’s, as a share of that without any read",
    "coverage": "holds the truth",
    "zones": "its size",
    "prior_coverage": "without any read, holds the truth",
    "prior_zones": "without any read, its size",
    "days_until_found": "days of reads until it first shows, median of those found",
    "median_of_horizon": "of the last {horizon}, median over vehicles",
    "max_of_horizon": "of the last {horizon}, longest of any vehicle",
    "at_least_24h_of_horizon": "of the last {horizon}, vehicles with one of at least 24 h",
    "at_least_72h_of_horizon": "of the last {horizon}, vehicles with one of at least 72 h",
    "at_least_7d_of_horizon": "of the last {horizon}, vehicles with one of at least 7 d",
    "median_of_window": "within what is kept, median over vehicles",
    "max_of_window": "within what is kept, longest of any vehicle",
    "at_least_24h_of_window": "within what is kept, vehicles with one of at least 24 h",
    "at_least_72h_of_window": "within what is kept, vehicles with one of at least 72 h",
    "at_least_7d_of_window": "within what is kept, vehicles with one of at least 7 d",
    "days_until_half": "days of reads until half were once found",
    "recall": "of what there was, what shows",
    "precision": "of what is inferred, what is right",
    "base_rate": "what a guess without any read would have right",
    "by_chance": "what a guess at random would have right",
    "at_decoys": "inferred at decoys, places that do not exist, for each at a place that does",
    "claimed": "inferred, rightly or not",
}


SO_FAR = "_so_far"
"""Ends a statistic that counts what the simulated time holds, even where more is kept: it would still grow.

Equal to ``inquiry.SO_FAR``, which results may not import: a test holds them together."""

WITH_HOLDS = "_with_holds"
"""Ends a share of look-backs that counts holds. Equal to ``inquiry.WITH_HOLDS``: a test holds them together."""

WITH_LEADS = "_with_leads"
"""Ends a share of look-backs that counts records too coarse to place a car. Equal to ``inquiry.WITH_LEADS``, as a test holds."""

AFTER = "stock_after_"
"""Starts a statistic of what was held at one moment, so long after the start of the simulation."""

_VARIANTS = {
    SO_FAR: ", of what was simulated so far",
    "_of_no_limit": ", as a share of no limit",
    WITH_HOLDS: ", with the holds that are filed",
    WITH_LEADS: ", with records too coarse to say it was there (an upper bound)",
    "_parked": ", parked",
    "_moving": ", under way",
    "_either": ", one end at least",
    "_coverage": ", had all been kept and shared",
    "_eligible": ", cars with as many",
    "_eligible_only": ", of the cars with as many",
    "_error": ", standard error of the draw",
    "_by_choice": ", ways as drivers choose them",
    "_of_present": ", of cars read in both epochs",
    "_by_chance": ", by chance alone",
    "_by_constant_guess": ", were one camera named for everybody",
    "_ceiling": ", the most there is to find: near any camera watched",
    "_of_guessed": ", of those of whom there is a guess",
    "_any_car": ", were it known which of their cars shows it (an upper bound)",
    "_of_hits": ", of what matched a hot list",
    "_of_alerts": ", of the archives of alerts",
}
"""Endings of statistics that are another view of a plain one."""

_LINKED = {
    "first": "named first",
    "top5": "among the first five",
    "present": "cars read in both epochs",
    "candidates": "among so many pseudonyms",
}
_OF_AN_EPOCH = re.compile(r"(first|top5|present|candidates)_(policy|[0-9]+(?:s|min|h|d))")
"""Statistics of pseudonyms, and how long one lasts."""
PLACES = ("clinic", "worship", "bar", "support_group", "court", "school", "shop")
"""Kinds of place that may end a statistic's name: it is then of those alone."""


def duration(seconds: float) -> str:
    """Say a length of time: "3 min", "72 h", "21 d"; up to three days in hours, as laws do."""
    if seconds >= UNLIMITED:
        return "no limit"
    if seconds > 3 * _DAY:
        return f"{_trim(seconds / _DAY)} d"
    if seconds >= _HOUR:
        return f"{_trim(seconds / _HOUR)} h"
    return f"{_trim(seconds / _MINUTE)} min" if seconds >= _MINUTE else f"{_trim(seconds)} s"


def limit(seconds: int) -> str:
    """Say a retention as a noun: "a 21-day limit", "no limit"; −1 is what the policy itself says."""
    if seconds == AS_WRITTEN:
        return "the retention it says itself"
    if seconds >= UNLIMITED:
        return "no limit"
    number, unit = duration(seconds).split(" ")
    article = "an" if number.startswith("8") or number in ("11", "18") else "a"
    return f"{article} {number}-{ {'s': 'second', 'min': 'minute', 'h': 'hour', 'd': 'day'}[unit] } limit"


def quantity(value: float, unit: str, *, measure: str = "") -> str:
    """Say a value of the tidy table with its unit; NaN is "not measured", infinity "without end"."""
    if math.isnan(value):
        return "not measured"
    if math.isinf(value):
        return "without end"
    if unit == "share":
        return f"{percent(value)} %"
    if measure == "effective_retention" and unit == "d":
        return duration(round(value * _DAY)) if value > 0 else "none"
    return f"{number(value)} {unit}".strip()


def interval(low: float, high: float, unit: str, *, measure: str = "") -> str:
    """Say an interval over seeds, in the unit of its value; "no interval" where there is none."""
    if math.isnan(low) or math.isnan(high):
        return "no interval"
    if measure == "effective_retention":
        return f"{quantity(low, unit, measure=measure)} to {quantity(high, unit, measure=measure)}"
    said, ends = (percent, " %") if unit == "share" else (number, "")
    return f"{said(low)}{ends}" if said(low) == said(high) else f"{said(low)} to {said(high)}{ends}"


def percent(share: float) -> str:
    """Say a share in percent, without the sign: a decimal below 10, and never a 0 or 100 that is only rounded."""
    value = 100 * share
    if value in (0, 100):
        return f"{value:.0f}"
    if not 0.05 <= value < 99.95:
        return "under 0.1" if value < 50 else "over 99.9"
    return f"{value:.1f}" if value < 9.95 or value >= 99.5 else f"{value:.0f}"


_FINEST = 3
"""Decimals of a percentage beyond which nothing is told apart."""


def percents(shares: Sequence[float]) -> list[str]:
    """Say shares beside what they differ from the first by, without the sign: what differs is not said alike.

    Where whole percentages are alike, they get the decimals with which the difference is the one that `points` says.
    """
    said = ["" if math.isnan(share) else percent(share) for share in shares]
    for decimals in range(1, _FINEST + 1):
        if all(_told_apart(said, shares, row) for row in range(1, len(shares))):
            break
        said = [percent(share) if share in (0, 1) else f"{100 * share:.{decimals}f}" for share in shares]
    return said


def _told_apart(said: Sequence[str], shares: Sequence[float], row: int) -> bool:
    """Tell whether a share differs from the first as said as it does."""
    if math.isnan(shares[row]) or math.isnan(shares[0]):
        return True
    difference = points(shares[row] - shares[0])
    if said[row] == said[0] or "." not in said[row] + said[0] or " " in said[row] + said[0]:
        return said[row] != said[0] or difference == "0"
    return points((float(said[row]) - float(said[0])) / 100) == difference


_NO_POINTS = 1e-10
"""Percentage points below which a difference is what adding in another order leaves: one trip of any number is far more."""


def points(difference: float) -> str:
    """Say a difference of shares in percentage points, without the word: "+1.2", "−0.3", "+0.004"; "0" is none at all."""
    value = 100 * difference
    if abs(value) < _NO_POINTS:
        return "0"
    decimals = 1 if abs(value) >= 0.05 else -math.floor(math.log10(abs(value)))
    return f"{value:+.{decimals}f}".replace("-", "−")


def of_ten(share: float) -> str:
    """Say a share as so many of ten: "6.2"; small ones as "fewer than 0.1"."""
    if math.isnan(share):
        return "not measured"
    return "fewer than 0.1" if 0 < share < 0.005 else f"{10 * share:.1f}" if share else "0"


def of_ten_range(low: float, high: float) -> str:
    """Say a range of shares as so many of ten: "0.2 to 0.4"; "0.2" where both are said alike."""
    return of_ten(low) if of_ten(low) == of_ten(high) else f"{of_ten(low)} to {of_ten(high)}"


_MANY = (10, 1_000, 100_000)


def many(shares: Sequence[float]) -> int:
    """Return of how many to tell shares, so that the largest is no fraction: of 10, of 1,000, of 100,000."""
    largest = max((share for share in shares if not math.isnan(share)), default=0.0)
    return next((number for number in _MANY if number * largest >= 0.5), _MANY[-1 if largest else 0])


def of_many(share: float, number: int) -> str:
    """Say a share as so many of a number that ``many`` found: "6.2" of 10, "4" of 1,000."""
    if number == _MANY[0] or math.isnan(share):
        return of_ten(share)
    said = f"{share * number:,.{0 if share * number >= 9.95 else 1}f}".removesuffix(".0")
    return "fewer than 0.1" if said == "0" and share > 0 else said


def of_many_range(low: float, high: float, number: int) -> str:
    """Say a range of shares as so many of a number: "53 to 110" of 1,000; once where both are said alike."""
    first, last = (of_many(share, number) for share in (low, high))
    return first if first == last else f"{first} to {last}"


def number(value: float) -> str:
    """Say a number with three digits, thousands grouped."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def elapsed(moments: Sequence[int]) -> str:
    """Say how long had been simulated at the moments of the question: "38 h", "9.2 d to 13.6 d"."""
    first, last = duration(min(moments)), duration(max(moments))
    return first if first == last else f"{first} to {last}"


def statistic(name: str, horizon_s: int) -> str:
    """Say a statistic's name in words; those nobody declared here (query-age shapes) as they are."""
    if name in STATISTICS:
        return STATISTICS[name].format(horizon=duration(horizon_s))
    for ending, said in _VARIANTS.items():
        if name.endswith(ending):
            return statistic(name.removesuffix(ending), horizon_s) + said
    for place in PLACES:
        if name.removesuffix(f"_{place}") in STATISTICS and name.endswith(place):
            return f"{statistic(name.removesuffix(f'_{place}'), horizon_s)}: {place.replace('_', ' ')}"
    if name.startswith(AFTER):
        return f"held after {duration(round(float(name.removeprefix(AFTER).removesuffix('d')) * _DAY))} of simulation"
    if known := _OF_AN_EPOCH.fullmatch(name):
        epoch = "as the policy rotates" if known[2] == "policy" else f"pseudonyms that last {known[2]}"
        return f"{_LINKED[known[1]]}, {epoch}"
    if name.startswith("within_"):
        return f"within {name.removeprefix('within_').removesuffix('m')} m"
    if (of := _OF_EVERYBODY.fullmatch(name)) and (of[5] is None or of[5] in _EXTRAS):
        return _of_everybody(of)
    return name.replace("_", " ")


def _of_everybody(of: re.Match[str]) -> str:
    """Say a statistic of so many sightings, or of the top cameras."""
    many = "" if of[2] == "1" else f"{of[2]} "
    said = (
        f"{of[2]} sighting{'' if of[2] == '1' else 's'}"
        if of[1] == "p"
        else f"the {many}camera{'s' if many else ''} that read it most"
    )
    if of[3]:
        square = "each site" if float(of[4]) == 0 else f"squares of {float(of[4]):g} m"
        said += f", {square} × {duration(int(of[3]))}"
    return said + _EXTRAS.get(of[5] or "", "")


def is_plain(name: str) -> bool:
    """Tell a statistic from another view of one (eligible, its error, so far …)."""
    return name in STATISTICS or not (name.endswith(tuple(_VARIANTS)) or name.startswith(AFTER))


def starts(name: str, start: str) -> bool:
    """Tell whether a statistic is the one named; what ends in "_", or is empty, names all that start so."""
    return name == start or (start[-1:] in ("", "_") and name.startswith(start))


def bins(seconds: int | None) -> str:
    """Say what a unicity cell is: "camera site × 1 h"; empty where the run does not say."""
    return f"camera site × {duration(seconds)}" if seconds else ""


def _trim(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")
