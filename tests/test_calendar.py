"""Holidays, school terms, and the types of days they make."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

import alprsim
from alprsim import days, experiment, population
from alprsim.population import DayType
from alprsim.scenario import ScenarioError, load, loads, models
from alprsim.tables import PersonKind, PlaceKind, Purpose, Settlement, Trips
from tests.conftest import HAMLET
from tests.test_population import HERE, PLAIN, START, varied

TERM = {"first": "2025-09-02", "last": "2025-09-12"}


def on(day: int, calendar: models.Calendar, **changes: object) -> Trips:
    spec = varied(calendar=calendar, **changes)
    settled = population.settle(PLAIN, spec, seed=3, base=HERE)
    return population.trips(settled, PLAIN, spec, seed=3, day=day, start=START)


@pytest.fixture(scope="module")
def settled() -> Settlement:
    return population.settle(PLAIN, varied(), seed=3, base=HERE)


def rows(trips: Trips) -> list[tuple[int, ...]]:
    return list(zip(*(column.tolist() for column in trips.data().values()), strict=True))


def test_every_date_has_its_type() -> None:
    spec = varied(calendar=models.Calendar(holidays=("2025-09-01", "2025-09-14"), terms=(TERM,)))
    types = [population.day_type(spec, START, day) for day in range(15)]
    week = [*[DayType.WEEKDAY] * 5, DayType.SATURDAY, DayType.SUNDAY]
    assert types == [DayType.HOLIDAY, *week[1:], *week[:6], DayType.HOLIDAY, DayType.NO_SCHOOL]
    assert [population.day_type(varied(), START, day) for day in range(7)] == week


@pytest.mark.whole
def test_a_holiday_changes_its_own_day_alone() -> None:
    calendar = models.Calendar(holidays=("2025-09-03",))
    for day in range(7):
        same = rows(on(day, calendar)) == rows(on(day, models.Calendar()))
        assert same == (day != 2), day


@pytest.mark.whole
def test_on_a_holiday_few_work_and_schools_courts_and_clinics_are_closed(settled: Settlement) -> None:
    habits = models.Habits(court=models.Habit(share=0.9, weekly=2.0), clinic=models.Habit(share=0.9, weekly=2.0))
    closed = [Purpose.SCHOOL, Purpose.COURT, Purpose.CLINIC, Purpose.SUPPORT_GROUP]
    holiday = on(2, models.Calendar(holidays=("2025-09-03",)), habits=habits)
    usual = on(2, models.Calendar(), habits=habits)
    assert not np.isin(holiday.purpose, closed).any()
    assert all(np.any(usual.purpose == purpose) for purpose in closed)
    # Without appointments the same people are due to work, and 40 % of them go.
    due, goes = (
        np.sum(on(2, c).purpose == Purpose.WORK) for c in (models.Calendar(), models.Calendar(holidays=("2025-09-03",)))
    )
    assert goes / due == pytest.approx(0.4, abs=0.03)


def test_nobody_works_on_a_holiday_where_nobody_should() -> None:
    trips = on(2, models.Calendar(holidays=("2025-09-03",), holiday_work=0.0))
    assert not np.any(trips.purpose == Purpose.WORK)
    assert np.sum(trips.purpose == Purpose.SHOP) > 1000  # as on a Sunday


def test_errands_of_a_holiday_are_those_of_a_sunday() -> None:
    always = models.Calendar(holidays=("2025-09-03", "2025-09-07"), holiday_work=0.0)
    wednesday, sunday = (
        on(day, always, habits=models.Habits(worship=models.Habit(share=0.0, weekly=1.0))) for day in (2, 6)
    )
    assert len(wednesday) == pytest.approx(len(sunday), rel=0.06)


@pytest.mark.once
def test_out_of_term_students_stay_at_home_and_others_do_as_ever(settled: Settlement) -> None:
    calendar = models.Calendar(terms=(TERM,))
    in_term, out = on(11, calendar), on(14, calendar)
    assert np.sum(in_term.purpose == Purpose.SCHOOL) > 50
    assert not np.any(out.purpose == Purpose.SCHOOL)
    always = on(14, models.Calendar())
    people = settled.people
    students = np.unique(people.household[people.kind == PersonKind.STUDENT])
    for with_school, without in zip(
        *(rows(of_others(trips, people, students)) for trips in (always, out)), strict=True
    ):
        assert with_school == without


def of_others(trips: Trips, people: object, students: np.ndarray) -> Trips:
    driven = trips.take(trips.driver >= 0)
    return driven.take(~np.isin(people.household[driven.driver], students))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"holidays": ("2026-09-07", "2026-01-01")}, "2026-01-01 follows 2026-09-07; write the dates in order"),
        ({"holidays": ("2026-09-07", "2026-09-07")}, "2026-09-07 is listed twice"),
        ({"holidays": ("2026-02-30",)}, "'2026-02-30' is not a date"),
        ({"terms": ({"first": "2026-09-07", "last": "2026-09-06"},)}, "last, 2026-09-06, is before first, 2026-09-07"),
        (
            {"terms": ({"first": "2026-09-01", "last": "2026-12-20"}, {"first": "2026-12-20", "last": "2027-01-20"})},
            "the term 2026-12-20 to 2027-01-20 overlaps the one listed before it, 2026-09-01 to 2026-12-20",
        ),
        (
            {"terms": ({"first": "2026-09-01", "last": "2026-12-20"}, {"first": "2026-01-05", "last": "2026-06-20"})},
            "the term 2026-01-05 to 2026-06-20 comes before the one listed before it",
        ),
        ({"holiday_work": -0.1}, "greater than or equal to 0"),
    ],
)
def test_a_wrong_calendar_is_refused(said: dict[str, object], wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        models.Calendar(**said)


def test_a_wrong_date_is_named_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "hamlet.graphml").write_text("")
    text = HAMLET.replace("visitors: 0 %}", "visitors: 0 %, calendar: {holidays: [2026-10-06, 2026-10-05]}}")
    with pytest.raises(ScenarioError) as caught:
        loads(text, base=tmp_path)
    assert "population.calendar.holidays" in str(caught.value)
    assert "2026-10-05 follows 2026-10-06" in str(caught.value)


def test_the_school_year_has_the_days_the_law_asks_for() -> None:
    study = load(Path(__file__).parents[1] / "scenarios" / "school_year.yaml").scenario
    first = date(2026, 8, 31)
    types = [population.day_type(study.population, first, day) for day in range(365)]
    assert types.count(DayType.WEEKDAY) >= 180
    assert study.start + timedelta(days=364) in study.population.calendar.holidays
    assert sum(kind == DayType.HOLIDAY for kind in types) == 13  # Labor Day of one of the two years, and twelve others


def test_each_type_of_day_has_its_own_sample(hamlet: Path, tmp_path: Path) -> None:
    """The first day is a holiday and the third out of term: the weekday between them comes first all the same."""
    calendar = (
        'population.calendar={"holidays": ["2026-10-05"], "terms": [{"first": "2026-10-05", "last": "2026-10-06"}]}'
    )
    study = alprsim.study(hamlet, overrides=[calendar])
    world = experiment.prepare(study, scratch=tmp_path, jobs=1, tell=lambda *_: None)
    settled = population.settle(world.network, study.scenario.population, seed=1, base=study.base)
    flows = days.sample(study, world.network, world.routes, settled, seed=1).flows
    assert list(flows) == [DayType.WEEKDAY, DayType.NO_SCHOOL, DayType.HOLIDAY]
    volumes = [int(flow.vehicles.sum()) for flow in flows.values()]
    assert volumes[2] < volumes[0]
    assert volumes[1] != volumes[0]


def test_routes_are_planned_for_an_ordinary_weekday(hamlet: Path, tmp_path: Path) -> None:
    """Even where every day of the study is a holiday."""
    planned = []
    for row, said in enumerate(([], ["population.calendar.holidays=[2026-10-05, 2026-10-06, 2026-10-07]"])):
        (scratch := tmp_path / str(row)).mkdir()
        study = alprsim.study(hamlet, overrides=[*said, "traffic.fidelity=table"])
        world = experiment.prepare(study, scratch=scratch, jobs=1, tell=lambda *_: None)
        planned.append([np.load(trees) for trees in world.routes.sets])
    assert len(planned[0]) == len(planned[1]) > 0
    assert all(np.array_equal(a, b) for a, b in zip(*planned, strict=True))


def test_a_place_at_home_is_no_way_to_school(settled: Settlement) -> None:
    """Children are driven by nobody yet: their school trips are only those they ride along on."""
    school = on(1, models.Calendar())
    school = school.take(school.purpose == Purpose.SCHOOL)
    assert np.all(PLAIN.places.kind[school.destination] == PlaceKind.SCHOOL)
    assert np.all(settled.people.kind[school.driver] == PersonKind.STUDENT)
