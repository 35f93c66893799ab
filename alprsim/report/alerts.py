"""The page's table of the hot lists: alerts beside published ones, false alerts by cause, and wrongful stops."""

from __future__ import annotations

from alprsim.report.tables import Cell, Grid, Head, cell
from alprsim.results import words
from alprsim.results.published import HITS
from alprsim.results.run import Answer, Run
from alprsim.tables import AS_WRITTEN

_EVERY = "all"  # equal to hotlists.EVERY, which reports may not import: a test holds them together
_LIST = "list: "
_RARE = ("share_wrong_state", "share_sign")  # shown where they occur

_COLUMNS = (
    ("hot_list", "plates", "Plates listed", "mean over time", "Of all plates issued, whether or not they are driven here."),
    ("hot_list", "share_stale", "Stale entries", "of the list", "Plates still listed although no longer wanted."),
    (
        "alerts", "per_1000_reads", "Alerts", "for 1,000 reads",
        "Reads whose recorded plate was in the readers’ copy of the list, of the reads of cameras matched against it.",
    ),
    ("alerts", "per_day", "Alerts", "a day", "A day of 04:00 to 04:00."),
    (
        "hot_list_value", "true_hits", "True hits", "a day",
        "Alerts on the listed vehicle, rightly listed at that moment: what lists are worth, whatever is kept afterwards.",
    ),
    ("hot_list_value", "true_for_each_false", "True hits", "for each false alert", "False: whatever the cause."),
    ("alerts", "share_true", "True", "of alerts", "The listed vehicle, rightly listed at that moment."),
    (
        "alerts", "share_stale", "Stale", "of alerts",
        "The listed vehicle, no longer wanted: not yet off the list, or off it but still in the readers’ copy.",
    ),
    ("alerts", "share_misread", "Misread", "of alerts", "Another vehicle, whose plate was read as the listed one."),
    (
        "alerts", "share_wrong_state", "Wrong state", "of alerts",
        "Another vehicle, with the same characters on another state’s plate.",
    ),
    ("alerts", "share_sign", "Signs", "of alerts", "No vehicle: a sign or decal that was read as the listed plate."),
    (
        "wrongful_stops", "per_day", "Wrongful stops", "a day",
        "Stops of vehicles that were rightly on none of the lists that alerted, after what officers recognise before they "
        "stop; each once, however many lists it is for.",
    ),
)  # fmt: skip


def table(run: Run) -> Grid | None:
    """Return a row for all lists together, and for each; None where the scenario has no list."""
    who = dict.fromkeys(key[5] for key in run.answers if key[4] == "alerts")
    if not who:
        return None
    shown = [column for column in _COLUMNS if column[1] not in _RARE or _answer(run, _EVERY, *column[:2]).mean]
    rows = [
        (
            name.removeprefix(_LIST) if name != _EVERY else "All lists",
            _remark(run, name),
            [_cell(run, name, *c[:2]) for c in shown],
        )
        for name in who
    ]
    heads = [Head(title, about, definition) for _, _, title, about, definition in shown]
    return Grid(
        "What the hot lists did, at all cameras that are matched against them; the same under every policy", heads, rows
    )


def published(run: Run) -> Grid:
    """Return what agencies published of hits, beside this run's: a row each."""
    columns = (("alerts", "per_1000_reads"), ("alerts", "share_stale"), ("alerts", "share_misread"))
    heads = [
        Head(title, about, definition) for *column, title, about, definition in _COLUMNS if tuple(column) in columns
    ]
    here = [("This run", "all lists", [_cell(run, _EVERY, *column) for column in columns])]
    others = [(hits.who, hits.source, [Cell(*hits.per_1000), Cell(*hits.stale), Cell(*hits.misread)]) for hits in HITS]
    return Grid("Beside what agencies published of their hits", heads, here + others)


def remarks(run: Run) -> list[str]:
    """Say who was alerted on falsely, and whose lists the alerts came from."""
    ever, residents = (_answer(run, _EVERY, "falsely_alerted", what) for what in ("vehicles", "share_of_residents"))
    others = _answer(run, _EVERY, "alerts", "share_of_others_custom_lists")
    said = [
        f"Over {words.duration(run.info['length_s'])}, {ever.mean:,.0f} vehicles had at least one false alert"
        + (f"; of residents’ vehicles, {words.percent(residents.mean)} %." if residents.measured else ".")
    ]
    if others.measured and others.mean:
        said.append(
            f"{words.percent(others.mean)} % of the alerts came from other agencies’ custom lists (one sheriff: 79 % of 2,092; "
            "arkansas-surveillance.org)."
        )
    return said


def _cell(run: Run, who: str, measure: str, statistic: str) -> Cell:
    answer = _answer(run, who, measure, statistic)
    if who == _EVERY and measure == "hot_list":
        return Cell("")
    unit = answer.unit if answer.unit == "share" else ""  # the column's head says it
    return cell(answer._replace(unit=unit, low=max(answer.low, 0.0)), measure)  # counts: an interval ends at 0


def _answer(run: Run, who: str, measure: str, statistic: str) -> Answer:
    return run.answer(_EVERY, _EVERY, _EVERY, AS_WRITTEN, measure, statistic, _EVERY, who=who, reads=_EVERY)


def _remark(run: Run, who: str) -> str:
    return run.info.get("hot_lists", {}).get(who.removeprefix(_LIST), "") if who != _EVERY else ""
