"""Ages of questions from a log of searches: what each column tells, and what is refused, by file and line."""

import pytest

from alprsim.scenario import ScenarioError, load
from alprsim.scenario.audit_log import AuditLogError, query_ages

DAY, HOUR = 86_400, 3600


def ages(tmp_path, text):
    (tmp_path / "searches.csv").write_text(text, "utf-8")
    return query_ages(tmp_path / "searches.csv")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age\n3 d\n 36 h\n0 s\n", [3 * DAY, 36 * HOUR, 0]),
        ("\ufeffuser,look_back,reason\n7,86400,theft\n\n8,0,\n", [DAY, 0]),
        ("searched,incident\n2026-03-05,2026-03-02\n2026-03-05,2026-03-05\n", [3 * DAY, 0]),
        ("incident, searched\n2026-03-02 14:30, 2026-03-02 16:00:30\n", [90 * 60 + 30]),
        ("searched,incident\n2026-03-02 09:00,2026-03-02\n2026-03-03,2026-03-02 23:00\n", [0, DAY]),
        ("searched,incident\n2026-03-02T12:00:00+01:00,2026-03-02T10:00:00+00:00\n", [HOUR]),
    ],
)
def test_a_log_tells_the_age_of_each_search(tmp_path, text, expected):
    assert ages(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "searches.csv:1: has the columns none; needed are age, or look_back, or searched and incident"),
        ("searched,plate\n2026-03-02,AB\n", "searches.csv:1: has the columns searched, plate; needed are age"),
        ("age\n", "searches.csv: has no search"),
        ("age\n3 d\n3\n", "searches.csv:3: age: '3' has no unit"),
        ("age\n3 d\n\n-1 d\n", "searches.csv:4: age: '-1 d'"),
        ("look_back\n1.5\n", "searches.csv:2: look_back must be a whole number of seconds, not '1.5'"),
        ("look_back\n-1\n", "searches.csv:2: look_back must be from 0 s to 68 years before it; found -1 s"),
        ("look_back\n2147483647\n", "found 2147483647 s"),
        (
            "searched,incident\n2026-03-02,2026-03-03\n",
            "csv:2: the incident, 2026-03-03, is after the search, 2026-03-02",
        ),
        ("searched,incident\n2026-03-02,\n", "searches.csv:2: incident must be a date like 2026-03-02"),
        ("searched,incident\n3/2/2026,2026-03-02\n", "searches.csv:2: searched must be a date like 2026-03-02"),
        ("searched,incident\n2026-03-02 10:00,2026-03-02T09:00:00+00:00\n", "both say their time zone, or neither"),
    ],
)
def test_what_is_wrong_is_named_by_its_line(tmp_path, text, said):
    with pytest.raises(AuditLogError) as error:
        ages(tmp_path, text)
    assert said in str(error.value)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "searches.csv").write_bytes(b"age\n\xff\n")
    with pytest.raises(AuditLogError, match=r"searches\.csv: cannot be read as UTF-8 text"):
        query_ages(tmp_path / "searches.csv")


def study(outpost, tmp_path, log, shape="{kind: audit_log, file: searches.csv}"):
    (tmp_path / "searches.csv").write_text(log)
    file = tmp_path / "logged.yaml"
    file.write_text(f"extends: {outpost}\nname: logged\nutility: {{query_ages: {{ours: {shape}}}}}\n")
    return load(file)


def test_a_scenario_takes_its_ages_from_a_log_beside_it(outpost, tmp_path):
    loaded = study(outpost, tmp_path, "age\n3 d\n")
    assert loaded.scenario.utility.query_ages["ours"].file == str(tmp_path / "searches.csv")
    before, world = loaded.digest(), loaded.world_digest()
    other = study(outpost, tmp_path, "age\n4 d\n")
    assert other.digest() != before
    assert other.world_digest() == world


@pytest.mark.parametrize(
    ("log", "shape", "said"),
    [
        ("age\n3\n", "{kind: audit_log, file: searches.csv}", ["logged.yaml:3:", "query_ages.ours.file", "searches.csv:2: age"]),
        ("age\n3 d\n", "{kind: audit_log, file: none.csv}", ["utility.query_ages.ours.file: there is no file", "none.csv"]),
        ("age\n3 d\n", "{kind: audit_log}", ["kind: audit_log takes file; found none of them"]),
        ("age\n3 d\n", "{kind: exponential, mean: 2 d, file: searches.csv}", ["kind: exponential takes mean; found mean, file"]),
    ],
)  # fmt: skip
def test_a_wrong_log_is_said_with_its_key(outpost, tmp_path, log, shape, said):
    with pytest.raises(ScenarioError) as error:
        study(outpost, tmp_path, log, shape)
    for text in said:
        assert text in str(error.value)
