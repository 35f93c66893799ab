"""The seventeen measures of a run in their order, and what is left for an investigation: what ``alprsim measures`` prints."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from alprsim.measures.glossary import BY_NAME
from alprsim.results import frontier, leads, words
from alprsim.results.answer_sentence import rests_on
from alprsim.results.draws import BY_CHOICE, error_of
from alprsim.results.run import Answer, Run, horizon
from alprsim.results.summary import KEYS, PLAIN
from alprsim.tables import AS_WRITTEN, DAY

STOCK, LAST, KEPT = "stock", "horizon", "window"
"""What a completeness measure looks back over: all that is held; the last T; what the policy keeps."""

EVERY = "all"
"""As the tidy table names what no case changes (hot lists), and all towns together."""


UTILITY = 18
"""The number of what follows the seventeen."""


class Shown(NamedTuple):
    """One figure of the suite; bulk is of everybody's reads, and so of bulk sight whatever sight is asked about."""

    number: int
    measure: str
    statistic: str
    said: str
    """What it is, beside the measure's title."""
    span: str = ""
    """STOCK, LAST or KEPT, of a completeness measure."""
    bulk: bool = False
    who: str = PLAIN["who"]
    viewer: str | None = None
    """In whose name the measure stands, where it is one for all viewers."""
    so_far: str = ""
    """The statistic that stands in where more is kept than was simulated; empty: the same name with its ending."""
    of_no_case: bool = False
    """Whether it is the same whatever policy, viewer and sight."""


def _thrice(
    measure: str, number: int, *, pooled: bool = True, stock: bool = True, by: str = "", said: str = ""
) -> Iterator[Shown]:
    """Yield a completeness measure as it is held, of the last T, and of what is kept."""
    ending, ratio = ("_pooled" + by, "pooled") if pooled else (by, "mean of own")
    if stock:
        yield Shown(number, measure, f"stock{by}", f"held{said}", STOCK, so_far=f"stock_so_far{by}")
    yield Shown(number, measure, f"share_of_horizon{ending}", f"of the last T, {ratio}{said}", LAST)
    yield Shown(number, measure, f"share_of_window{ending}", f"of what is kept, {ratio}{said}", KEPT)


BY_CAMERA = "homes by distance to a camera"
"""A grouping of ``measures.equity``, which results do not import: a test holds them together."""

SUITE = (
    *_thrice("exposure_rate", 1, pooled=False),
    *_thrice("exposure_rate_driving", 1, pooled=False, stock=False),
    Shown(2, "effective_retention", "max", "longest of any department"),
    Shown(2, "effective_retention", "mean", "mean of departments"),
    Shown(2, "effective_retention", "covered", "days of age that can be had, most of any department"),
    Shown(2, "effective_retention", "gaps", "gaps of age below the longest, most of any"),
    Shown(2, "effective_retention", "uncovered", "days of age in such gaps, most of any"),
    *_thrice("observed_days", 3, pooled=False),
    *_thrice("trips_detected", 4),
    *_thrice("trips_linked", 4),
    *_thrice("path_recall", 5, said=", quickest ways"),
    *_thrice("path_recall", 5, by=BY_CHOICE, said=", drivers’ ways"),
    *_thrice("path_precision", 5, stock=False, said=", quickest ways"),
    *_thrice("path_precision", 5, stock=False, by=BY_CHOICE, said=", drivers’ ways"),
    *_thrice("trips_rebuilt", 5, said=", quickest ways"),
    *_thrice("trips_rebuilt", 5, by=BY_CHOICE, said=", drivers’ ways"),
    Shown(6, "longest_gap", "median_of_horizon", "of the last T, median", LAST),
    Shown(6, "longest_gap", "max_of_horizon", "of the last T, most", LAST),
    Shown(6, "longest_gap", "median_of_window", "of what is kept, median", KEPT, so_far="median_so_far"),
    Shown(6, "longest_gap", "max_of_window", "of what is kept, most", KEPT, so_far="max_so_far"),
    Shown(7, "position_error", "tracker", "Bayesian tracker", LAST),
    Shown(7, "position_error", "tracker_moving", "Bayesian tracker, under way", LAST),
    Shown(7, "position_error", "tracker_parked", "Bayesian tracker, parked", LAST),
    Shown(7, "position_error", "nearest", "nearest read in time", LAST),
    Shown(7, "position_error", "nearest_moving", "nearest read in time, under way", LAST),
    Shown(7, "position_error", "nearest_parked", "nearest read in time, parked", LAST),
    Shown(7, "position_error", "prior", "no read: streets, places, hours"),
    Shown(7, "position_error", "prior_moving", "no read, under way"),
    Shown(7, "position_error", "prior_parked", "no read, parked"),
    Shown(7, "position_error", "of_nearest", "the tracker’s as a share of the nearest read’s", LAST),
    Shown(7, "position_error", "of_nearest_moving", "the same, under way", LAST),
    Shown(7, "position_expected", "tracker", "of all that the tracker holds likely", LAST),
    Shown(7, "position_expected", "prior", "of all that is likely without a read"),
    Shown(7, "position_within", "tracker", "Bayesian tracker", LAST),
    Shown(7, "position_within", "nearest", "nearest read in time", LAST),
    Shown(7, "position_within", "tracker_minus_nearest", "the one less the other", LAST),
    Shown(7, "position_region", "coverage", "holds the truth", LAST),
    Shown(7, "position_region", "coverage_moving", "holds the truth, under way", LAST),
    Shown(7, "position_region", "zones", "how large it is", LAST),
    Shown(7, "position_region", "of_prior", "of that without a read", LAST),
    Shown(7, "journey_ends", "tracker", "both ends, Bayesian tracker", LAST),
    Shown(7, "journey_ends", "nearest", "both ends, nearest read in time", LAST),
    Shown(7, "journey_ends", "tracker_minus_nearest", "the one less the other", LAST),
    Shown(7, "journey_ends", "tracker_either", "one end at least, Bayesian tracker", LAST),
    Shown(7, "journey_ends", "nearest_either", "one end at least, nearest read in time", LAST),
    Shown(8, "home_found", "within_250m", "within 250 m, for who lacks the register"),
    Shown(8, "home_found", "within_500m", "within 500 m, likewise"),
    Shown(8, "home_found", "right_town", "in the right town"),
    Shown(8, "home_found", "days_until_half", "days of reads until half were once found"),
    Shown(8, "home_found", "days_until_found", "of those found, days of reads until then, median"),
    Shown(8, "work_found", "within_250m", "within 250 m"),
    Shown(8, "work_found", "within_500m", "within 500 m"),
    Shown(8, "work_found", "days_until_half", "days of reads until half were once found"),
    Shown(8, "work_found", "days_until_found", "of those found, days of reads until then, median"),
    Shown(8, "nights_away", "recall", "recall, of the last T", LAST),
    Shown(8, "nights_away", "precision", "precision, of the last T", LAST),
    Shown(9, "sensitive_visits", "recall", "recall, of the last T", LAST),
    Shown(9, "sensitive_visits", "precision", "precision, of the last T", LAST),
    Shown(9, "sensitive_visits", "by_chance", "precision of a guess at random", LAST),
    Shown(9, "sensitive_visits", "at_decoys", "inferred at places that do not exist", LAST),
    Shown(9, "sensitive_places", "recall", "recall"),
    Shown(9, "sensitive_places", "precision", "precision"),
    Shown(9, "sensitive_places", "days_until_found", "of those found, days of reads until then, median"),
    Shown(9, "sensitive_habits", "recall", "recall"),
    Shown(9, "sensitive_habits", "precision", "precision"),
    Shown(9, "sensitive_habits", "days_until_found", "of those found, days of reads until then, median"),
    Shown(10, "top_anonymity_set", "top2_defined", "cars with a top 2", bulk=True),
    Shown(10, "top_anonymity_set", "top2_median", "top 2, median", bulk=True),
    Shown(10, "top_anonymity_set", "top2_below_5", "top 2 shared by fewer than 5", bulk=True),
    *(
        Shown(11, "unicity", f"p{p}{ending}", f"{p} sighting{'s' * (p > 1)}, {said}", bulk=True)
        for p in range(1, 7) for ending, said in (("", "of all cars"), ("_eligible", "cars with as many"))
    ),
    Shown(11, "unicity", "p4_eligible_only", "4 sightings, of the cars with as many", bulk=True),
    *(
        Shown(11, "unicity_scaling", f"p4_{name}", f"4 sightings, {said}", bulk=True)
        for name, said in (
            ("fitted_alpha", "α of the law that fits best"), ("fitted_beta", "β of the law that fits best"),
            ("fitted_residual", "what it misses, poor above 0.05"),
            ("published_beta", "β as published of telephones"),
        )
    ),
    *(Shown(12, "worst_case_risk", f"p{p}", f"{p} sighting{'s' * (p > 1)}", bulk=True) for p in (1, 2, 3)),
    Shown(13, "linkability", "first_1d", "named first", bulk=True),
    Shown(14, "company", "ties", "pairs taken to travel together", bulk=True),
    Shown(14, "company", "ties_by_chance", "the same by chance", bulk=True),
    Shown(14, "company", "precision", "of one household", bulk=True),
    Shown(14, "company", "base_rate", "any pair, of one household", bulk=True),
    Shown(15, "prediction", "markov", "Markov chain", bulk=True),
    Shown(15, "prediction", "own_most_frequent", "its most frequent camera", bulk=True),
    *(
        Shown(15, "prediction_entropy", name, said, bulk=True)
        for name, said in (
            ("real_shortest_unseen", "bits, in order (shortest unseen run)"), ("uncorrelated", "bits, by how often alone"),
            ("random", "bits, each alike"), ("predictability_shortest_unseen", "bound on any guess by the first"),
        )
    ),
    Shown(16, "audience", "agencies", "that can reach a read, most of any department", viewer="everybody"),
    Shown(16, "audience", "users", "people who may sign in there, of those that say", viewer="everybody"),
    *(
        Shown(17, "equity", f"most_to_least_{measure}", f"{said}, quarters by distance to a camera", who=BY_CAMERA)
        for measure, said in (
            ("reads_per_1000_km", "reads a kilometre"), ("retention_of_reads", "how long own reads live"),
            ("observed_days", "days observed"), ("trips_detected", "trips detected"), ("trips_linked", "trips linked"),
            ("path_recall", "kilometres recovered"), ("longest_gap", "longest gap"), ("position_error", "distance error"),
            ("home_found", "homes found"), ("sensitive_visits", "visits found"),
        )
    ),
)  # fmt: skip
"""In the order of the list; of each measure what a reader asks first. Everything else is in summary.csv."""


OF_CELLS = ("unicity", "worst_case_risk")
"""Measures of one size of cell, a camera and a stretch of time."""

OF_STORES = (2, 16)
"""Measures of stores and routes: the same whoever's lives are asked about."""


class Told(NamedTuple):
    """One figure for one viewer."""

    answer: Answer
    so_far: bool = False
    """Whether more is kept than was simulated, so that this is of what the simulated time holds."""
    beyond: bool = False
    """Whether it is of the last T alone although the viewer can reach further back."""
    error: float = math.nan
    """Standard error from having drawn targets; NaN: none were drawn, or it is not told."""


class Line(NamedTuple):
    """A figure of the suite under one policy, an answer a viewer."""

    shown: Shown
    title: str
    told: list[Told]

    @property
    def answers(self) -> list[Answer]:
        """The figures alone."""
        return [one.answer for one in self.told]


_VIEWS = {
    "": "", "_of_no_limit": ", as a share of no limit", "_coverage": ", had all been kept and shared",
    words.WITH_HOLDS: ", with the holds filed", words.WITH_LEADS: ", with records too coarse to say it was there",
}  # fmt: skip
"""Endings of a look-back's statistic, and what is said of them."""

NOTHING = Told(Answer(math.nan, math.nan, math.nan, 0, "", 0))

_CELL = re.compile("p4_[0-9]+s_[0-9.e+]+m")
"""Of unicity by size of cell: 4 sightings, of all cars, in cells of one size."""

_EPOCH = re.compile("first_(policy|[0-9]+[a-z]+)")
"""Of linkability: the chance that the right pseudonym is named, and how long one lasts."""

_Rows = dict[tuple[str, ...], list[tuple[str, Answer]]]
"""(policy, viewer, sight, measure, who, reads, statistic) → (town, answer)."""


def lines(run: Run) -> tuple[Shown, ...]:
    """Return every line of a run's suite: the seventeen measures, then what is left for an investigation."""
    utility = [
        Shown(UTILITY, f"lookback_{kind}", shape + ending, f"query ages: {shape.replace('_', ' ')}{said}")
        for kind in frontier.QUERIES for shape in frontier.shapes(run) for ending, said in _VIEWS.items()
        if shape + ending in run.statistics.get(f"lookback_{kind}", ())
    ]  # fmt: skip
    utility += [
        Shown(UTILITY + 1, "days_per_answer", shape, f"query ages: {shape.replace('_', ' ')}", who="people")
        for shape in frontier.shapes(run)
    ]
    if frontier.hot_lists(run):
        utility += [
            Shown(UTILITY + 2, "hot_list_value", statistic, said, who=EVERY, of_no_case=True)
            for statistic, said in (("true_hits", "true hits"), ("false_alerts", "false alerts"))
        ]
    return (*_as_asked(run), *utility)


def _as_asked(run: Run) -> Iterator[Shown]:
    """Yield the seventeen: of unicity the sightings and sizes of cell, of linkability the epochs, that the run was asked of."""
    known = run.statistics
    cells = [name for name in known.get("unicity_scaling", []) if _CELL.fullmatch(name)]
    epochs = [name for name in known.get("linkability", []) if _EPOCH.fullmatch(name)]
    for shown in SUITE:
        if shown.measure == "linkability" and epochs:
            yield from (shown._replace(statistic=name, said=words.statistic(name, 0)) for name in epochs)
        elif shown.measure != "unicity" or _told(shown, known):
            sizes = cells if shown.statistic == "p4_fitted_alpha" else ()
            yield from (shown._replace(statistic=name, said=words.statistic(name, 0)) for name in sizes)
            yield shown


def _told(shown: Shown, known: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether a run tells a statistic of a measure that it was asked about."""
    names = known.get(shown.measure)
    return names is None or shown.statistic in names or shown.statistic + words.SO_FAR in names


def suite(
    run: Run, policy: str, *, sight: str = "request", retention: int = AS_WRITTEN, who: str = PLAIN["who"]
) -> Iterator[Line]:
    """Yield the suite under one policy, viewers in the order of the run; ``who``: vehicles, or people."""
    shown = [_of(one, who) for one in lines(run)]
    rows = _rows(run, policy, retention, {one.measure for one in shown})
    reach = {viewer: _reach(rows, policy, viewer, sight) for viewer in run.info["viewers"]}
    for one in shown:
        told = []
        for viewer in run.info["viewers"]:
            found = _one(rows, one, policy, viewer, sight)
            beyond = one.span == LAST and reach[viewer] * DAY > run.info["horizon_s"]
            told.append(found._replace(beyond=beyond and found.answer.measured))
        cell = words.bins(run.info.get("unicity_bin_s")) if one.measure in OF_CELLS else ""
        title = BY_NAME[one.measure].title
        yield Line(one, f"{title}, {cell}" if cell else title, told)


def _rows(run: Run, policy: str, retention: int, measures: set[str]) -> _Rows:
    """Return what the suite may ask of one policy and limit, and of what no case changes, by name."""
    table = run.summary
    table = table[table["measure"].isin(measures) & table["mean"].notna()]
    mine = table["policy"].eq(policy) & table["retention"].eq(retention)
    table = table[mine | table["policy"].eq(EVERY)]
    found: _Rows = {}
    names = [key for key in KEYS if key not in ("retention", "town")]
    for *case, town, mean, low, high, seeds, unit, n in table[
        [*names, "town", "mean", "low", "high", "n_seeds", "unit", "n"]
    ].itertuples(index=False, name=None):
        found.setdefault(tuple(case), []).append((town, Answer(mean, low, high, int(seeds), unit, int(n))))
    return found


def _one(rows: _Rows, shown: Shown, policy: str, viewer: str, sight: str) -> Told:
    """Return one figure; nothing where it is of a sight that the viewer has not."""
    if shown.bulk and not _reach(rows, policy, viewer, "bulk"):
        return NOTHING
    case = (policy, shown.viewer or viewer, "bulk" if shown.bulk else sight)
    case, reads = ((EVERY,) * 3, EVERY) if shown.of_no_case else (case, PLAIN["reads"])
    for statistic in (shown.statistic, shown.so_far or shown.statistic + words.SO_FAR):
        key = dict(zip(("policy", "viewer", "sight"), case, strict=True))
        key |= {"measure": shown.measure, "who": shown.who, "reads": reads}
        if found := _found(rows, key, statistic):
            error = _found(rows, key, error_of(statistic))
            return Told(found, statistic != shown.statistic, error=error.mean if error else math.nan)
    return NOTHING


def _found(rows: _Rows, key: dict[str, str], statistic: str) -> Answer | None:
    """Return a statistic of all towns together or, where it is of none, the most of any."""
    named = {**key, "statistic": statistic}
    mine = rows.get(tuple(named[name] for name in KEYS if name in named), [])
    whole = [answer for town, answer in mine if town == EVERY] or [answer for _, answer in mine]
    return max(whole, key=lambda answer: answer.mean, default=None)


def _reach(rows: _Rows, policy: str, viewer: str, sight: str) -> float:
    """Return how far back a viewer can reach any camera's reads, d; 0: not at all."""
    key = {"policy": policy, "viewer": viewer, "sight": sight, "measure": "effective_retention", "statistic": "window"}
    key |= PLAIN
    return max(
        (answer.mean for _, answer in rows.get(tuple(key[name] for name in KEYS if name in key), [])), default=0.0
    )


def as_rows(
    run: Run, policy: str, *, sight: str = "request", retention: int = AS_WRITTEN, who: str = PLAIN["who"]
) -> Iterator[dict[str, Any]]:
    """Yield every figure of the suite under one policy as plain data; what was not measured is None."""
    for line in suite(run, policy, sight=sight, retention=retention, who=who):
        shown = line.shown
        of = {"number": shown.number, "measure": shown.measure, "title": line.title, "statistic": shown.statistic}
        of |= {"said": shown.said, "span": shown.span, "who": shown.who, "sight": "bulk" if shown.bulk else sight}
        for viewer, told in zip(run.info["viewers"], line.told, strict=True):
            answer = {
                key: None if isinstance(value, float) and math.isnan(value) else value
                for key, value in told.answer._asdict().items()
            }
            marks: dict[str, Any] = {"so_far": told.so_far, "window_beyond_horizon": told.beyond}
            marks["standard_error"] = None if math.isnan(told.error) else told.error
            yield {"policy": policy, "viewer": viewer, "retention": retention, **of, **answer, **marks}


def as_text(
    run: Run, policies: Sequence[str], *, sight: str = "request", retention: int = AS_WRITTEN, who: str = PLAIN["who"],
    n: bool = False,
) -> str:  # fmt: skip
    """Return the suite as text: what it rests on, then a block a policy, a column a viewer; on demand with each figure's n."""
    viewers = list(run.info["viewers"])
    blocks = [
        f"{run.info['title']} {rests_on(run)}\n"
        f"T: the last {horizon(run)} before each moment. What is kept: as far back as the viewer can reach, W. T<W: W is "
        "longer than T, of which\nalone this is. Bulk: of everybody's reads, for who holds or can search them whole, "
        "whatever sight is asked about.\n*: more is kept than was simulated; of what the simulated time holds. –: not asked, "
        "not measured (nothing to measure, or W longer\nthan what was simulated), or a sight that the viewer has not. "
        "±: standard error of having drawn targets, of one seed. Pooled: sum\nover sum, so that who drives more counts more; "
        "mean of own: each one's own share, then their mean.\n" + " ".join(frontier.basis(run))
    ]
    for policy in policies:
        found = leads.told(suite(run, policy, sight=sight, retention=retention, who=who))
        cells = [[_said(one, n) for one in line.told] for line in found]
        width = max(len(text) for row in [viewers, *cells] for text in row) + 2
        text = [f"{policy}; {words.SIGHTS[sight][0]} sight, {words.limit(retention)}"]
        text[0] += "" if who == PLAIN["who"] else f"; of {who}, over the cars they drive"
        text.append(f"{'':54}" + "".join(f"{name:>{width}}" for name in viewers))
        before: tuple[int, str] = 0, ""
        for line, row in zip(found, cells, strict=True):
            text += _heading(line, before)
            before = line.shown.number, line.title
            text.append(f"      {line.shown.said:48}" + "".join(f"{cell:>{width}}" for cell in row))
        blocks.append("\n".join(text))
    return "\n\n".join(blocks)


def _heading(line: Line, before: tuple[int, str]) -> Iterator[str]:
    """Yield what stands above a line: that what follows is utility, and its measure's title, once."""
    number, title = line.shown.number, line.title
    if before[0] < UTILITY <= number:
        yield f"Utility: {frontier.RESTS_ON}; {frontier.CAVEAT}"
    if (number, title) != before:
        yield f"{number if number != before[0] else '':>2}  {title}" + (" (bulk)" if line.shown.bulk else "")


def _of(shown: Shown, who: str) -> Shown:
    """Ask a figure of other lives: where it is told of none of them, nothing is found."""
    same = shown.number in OF_STORES or shown.number >= UTILITY
    if who == PLAIN["who"] or same:
        return shown
    return shown._replace(who=f"{who}, {BY_CAMERA}" if shown.who == BY_CAMERA else who)


def _said(told: Told, n: bool) -> str:
    answer = told.answer
    if not answer.measured:
        return "–"
    said = words.quantity(answer.mean, answer.unit) + ("*" if told.so_far else "") + (" T<W" if told.beyond else "")
    if answer.n_seeds > 1 and not math.isnan(answer.low):
        said += f" ({words.interval(answer.low, answer.high, answer.unit)})"
    elif not math.isnan(told.error):
        said += f" ± {words.quantity(told.error, answer.unit)}"
    return said + (f" [n {answer.n:,}]" if n else "")
