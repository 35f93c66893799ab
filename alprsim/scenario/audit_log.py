"""How old an incident was when somebody searched for it, as a log of searches tells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from alprsim.scenario import units
from alprsim.tables import UNLIMITED

_TIMES = ("searched", "incident")
COLUMNS = "age, or look_back, or searched and incident"


class AuditLogError(ValueError):
    """A log that cannot be used: which file and line, the rule, and what was found."""


def query_ages(file: str | Path) -> list[int]:
    """Return the age (s) of each search of a log, in its order.

    Parameters
    ----------
    file
        CSV with a header. Either ``age`` (a duration: "3 d"), or ``look_back`` (s, as in the log that ``alprsim audit`` writes),
        or ``searched`` and ``incident`` (ISO 8601 dates, with or without a time of day; if either is a day alone, both are
        taken as days). A row must have all that its columns ask for; empty lines are passed over.

    Raises
    ------
    AuditLogError
        A file that cannot be read, has no such columns or no row, or a row that tells no age, or one below 0.
    """
    file = Path(file)
    lines = list(_rows(file))
    if not lines:
        raise AuditLogError(f"{file}: has no search: a header and a row a search are needed")
    return [_age(f"{file}:{number}", row) for number, row in lines]


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise AuditLogError(f"{file}: cannot be read as UTF-8 text ({error})") from None
    reader = csv.DictReader(io.StringIO(text), restval="")
    header = [name.strip() for name in reader.fieldnames or ()]
    if not {"age", "look_back"} & set(header) and not set(_TIMES) <= set(header):
        raise AuditLogError(f"{file}:1: has the columns {', '.join(header) or 'none'}; needed are {COLUMNS}")
    for row in reader:
        said = {(name or "").strip(): value.strip() for name, value in row.items() if isinstance(value, str)}
        if any(said.values()):
            yield reader.line_num, said


def _age(where: str, row: dict[str, str]) -> int:
    if "age" in row:
        try:
            return units.seconds(row["age"])
        except ValueError as error:
            raise AuditLogError(f"{where}: age: {error}") from None
    age = _number(where, row["look_back"]) if "look_back" in row else _between(where, row)
    if not 0 <= age < UNLIMITED:
        what = (
            "look_back"
            if "look_back" in row
            else f"the incident, {row['incident']}, is after the search, {row['searched']}:"
        )
        raise AuditLogError(f"{where}: {what} must be from 0 s to 68 years before it; found {age} s")
    return age


def _number(where: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise AuditLogError(f"{where}: look_back must be a whole number of seconds, not {text!r}") from None


def _between(where: str, row: dict[str, str]) -> int:
    searched, incident = (_moment(where, name, row[name]) for name in _TIMES)
    if type(searched) is datetime and type(incident) is datetime:
        if (searched.tzinfo is None) != (incident.tzinfo is None):
            raise AuditLogError(f"{where}: searched and incident must both say their time zone, or neither")
        return int((searched - incident).total_seconds())
    days = [moment.date() if isinstance(moment, datetime) else moment for moment in (searched, incident)]
    return (days[0] - days[1]).days * units.DAY


def _moment(where: str, name: str, text: str) -> date:
    try:
        return date.fromisoformat(text) if len(text) <= len("2026-03-02") else datetime.fromisoformat(text)
    except ValueError:
        raise AuditLogError(
            f"{where}: {name} must be a date like 2026-03-02, or with a time like 2026-03-02 14:30; not {text!r}"
        ) from None
