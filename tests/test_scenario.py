# ruff: noqa: E501 (a message stands whole on one line)

import json
import math
import pickle
import random
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.scenario import Loaded, ScenarioError, _yaml, load, loads, models, schema, units
from alprsim.tables import UNLIMITED, RoadKind

SAMPLE = """\
# yaml-language-server: $schema=scenario.schema.json
name: quickstart
title: A Wethersfield-like town, two weeks
question: What does keeping reads lay open?
start: 2026-03-02
length: 14 d
seeds: [1, 2]
roads:
  kind: builtin
  towns: [Wethersfield, Newington]
  neighbours: [Rocky Hill]
population:
  carpool: {value: 8.2 %, source: "ACS, of commutes"}
  through: 600 vehicles/d
cameras:
  count: 12  # OpenStreetMap, a lower bound
  siting: gateways
  rate: 1800 plates/min
  capture: 0.9
  groups:
    - agency: Wethersfield
    - agency: Newington PD
      count: 4
      siting: near_places
      near: school
custody:
  retention: 30 d
  agencies:
    Wethersfield: {}
    Newington PD: {town: Newington, retention: {value: 21 d, source: PA 26-14 as reported}}
    Vendor pool: {kind: pool, retention: unlimited}
    ICE: {kind: consumer}
viewers:
  Wethersfield police: {agency: Wethersfield}
  ICE: {agency: ICE, title: a federal consumer}
policies:
  today: {}
  peers mirror:
    custody:
      sharing:
        - {giver: departments, taker: departments, kind: mirror, delay: 1 h}
  federal query:
    custody:
      sharing:
        - {giver: departments, taker: ICE, kind: query}
  pool:
    custody:
      sharing:
        - {giver: departments, taker: Vendor pool, kind: mirror}
        - {giver: Vendor pool, taker: ICE, kind: query, sight: bulk}
    viewers:
      Vendor: {agency: Vendor pool}
ladder:
  retention: [3 min, {value: 21 d, source: as reported}, unlimited]
measures:
  horizon: 7 d
  moments: [10 d, 14 d]
"""


def changed(old: str, new: str) -> str:
    assert SAMPLE.count(old) == 1, old
    return SAMPLE.replace(old, new)


def said(text: str, **options: object) -> list[str]:
    """Return what is wrong, a line a problem, without the file's name and the caret."""
    with pytest.raises(ScenarioError) as caught:
        loads(text, **options)  # type: ignore[arg-type]
    return [str(problem).splitlines()[0].removeprefix("<text>:") for problem in caught.value.problems]


@pytest.fixture(scope="module")
def sample() -> Loaded:
    return loads(SAMPLE)


# --- what a right scenario comes to ---------------------------------------------------------------------------------------


def test_a_right_scenario_is_read_in_si_units(sample: Loaded) -> None:
    scenario = sample.scenario
    assert scenario.start == date(2026, 3, 2)
    assert (scenario.length, scenario.measures.horizon) == (14 * 86_400, 7 * 86_400)
    assert scenario.cameras.groups[1].agency == "Newington PD"
    assert scenario.cameras.rate == 1800
    assert scenario.population.carpool == 0.082
    assert scenario.ladder.retention == (180, 21 * 86_400, UNLIMITED)
    assert scenario.custody.agencies["Vendor pool"].retention == UNLIMITED
    assert scenario.custody.agencies["Wethersfield"].server_rate == math.inf


def test_policies_are_the_custody_and_viewers_after_their_patches(sample: Loaded) -> None:
    assert list(sample.policies) == ["today", "peers mirror", "federal query", "pool"]
    assert sample.policies["today"].custody == sample.scenario.custody
    assert [edge.kind for edge in sample.policies["pool"].custody.sharing] == ["mirror", "query"]
    assert sample.policies["peers mirror"].custody.sharing[0].delay == 3600
    assert list(sample.policies["pool"].viewers) == ["Wethersfield police", "ICE", "Vendor"]
    assert list(sample.policies["today"].viewers) == ["Wethersfield police", "ICE"]
    assert sample.policies["pool"].name == "pool"


def test_null_in_a_patch_deletes() -> None:
    patch = "  short:\n    custody: {agencies: {Newington PD: {retention: null}, Vendor pool: null}}\n"
    text = changed("  pool:\n", f"{patch}  pool:\n")
    short = loads(text).policies["short"]
    assert short.custody.agencies["Newington PD"].retention is None
    assert list(short.custody.agencies) == ["Wethersfield", "Newington PD", "ICE"]


def test_sources_are_kept_by_path(sample: Loaded) -> None:
    assert sample.sources == {
        "population.carpool": "ACS, of commutes",
        "custody.agencies.Newington PD.retention": "PA 26-14 as reported",
        "ladder.retention.1": "as reported",
    }


def test_what_was_loaded_can_be_sent_to_another_process(sample: Loaded) -> None:
    assert pickle.loads(pickle.dumps(sample)) == sample


def test_a_scenario_cannot_be_changed(sample: Loaded) -> None:
    with pytest.raises(ValueError, match="frozen"):
        sample.scenario.length = 3  # type: ignore[misc]


# --- the resolved text and the digest -------------------------------------------------------------------------------------


def assert_round_trip(loaded: Loaded) -> None:
    again = loads(loaded.text(), base="/")
    assert again.scenario == loaded.scenario
    assert again.policies == loaded.policies
    assert list(again.policies) == list(loaded.policies)
    assert again.sources == loaded.sources
    assert again.digest() == loaded.digest()
    assert again.text() == loaded.text()


def test_the_resolved_text_gives_the_same_scenario(sample: Loaded) -> None:
    assert_round_trip(sample)


def test_the_resolved_text_is_written_as_people_write(sample: Loaded) -> None:
    text = sample.text()
    assert "length: 14 d\n" in text
    assert "rate: 1800 plates/min\n" in text
    assert "carpool: {value: 0.082, source: 'ACS, of commutes'}" in text
    assert "- {giver: departments, taker: ICE, kind: query}" in text
    assert "jitter: 15 min" in text  # a default


awkward = st.sampled_from(
    ["17:30", "no", "1e3", "06820", "null", "~", "0o17", "a: b", "- x", "#x", " x ", "é 𝄞", "x\ny"]
)
titles = awkward | st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=80)
metres = st.floats(0.001, 1e6)


@pytest.mark.once
@settings(deadline=None, derandomize=True, max_examples=40)
@given(titles, titles, metres, st.floats(0, 1), st.integers(0, 2**31 - 2), st.floats(1e-3, 1e7))
def test_text_round_trips_whatever_the_values(
    title: str, source: str, near: float, share: float, around: int, rate: float
) -> None:
    data = yaml.load(SAMPLE, Loader=_yaml._Loader)
    data["title"], data["plates"] = title, {"out_of_state": share}
    data["population"]["gravity"] = {"value": f"{near!r} ft", "source": f"x{source}"}
    data["utility"] = {"around": f"{around} s"}
    data["cameras"]["rate"] = f"{rate!r} plates/h"
    data["viewers"] = {title: {"agency": "ICE"}}
    loaded = loads(json.dumps(data))  # JSON is YAML
    assert loaded.scenario.title == title
    assert loaded.scenario.utility.around == around
    assert_round_trip(loaded)


def test_the_digest_follows_what_decides_the_result(sample: Loaded) -> None:
    same = changed("A Wethersfield-like town, two weeks", "Another title")
    same = (
        same.replace("a federal consumer", "ICE itself")
        .replace("length: 14 d", "length: 2 w")
        .replace('source: "ACS, of commutes"', "source: someone")
    )
    assert loads(same).digest() == sample.digest()
    assert loads(changed("count: 12", "count: 13")).digest() != sample.digest()
    assert loads(changed("delay: 1 h", "delay: 2 h")).digest() != sample.digest()
    assert loads(SAMPLE.replace("  today: {}\n", "")).digest() != sample.digest()


def test_the_digest_follows_a_files_contents_and_not_its_name(tmp_path: Path) -> None:
    def digest(folder: str, contents: str) -> str:
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "jobs.csv").write_text(contents)
        text = changed("  through: 600 vehicles/d", "  commuting: jobs.csv")
        return loads(text, base=tmp_path / folder).digest()

    assert digest("a", "home,work") == digest("b", "home,work") != digest("b", "home,work,jobs")


# --- YAML's traps ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("17:30", "17:30"), ("1:20:00", "1:20:00"), ("no", "no"), ("yes", "yes"), ("on", "on"), ("1e3", 1000.0), ("06820", "06820"),
        ("007", "007"), ("-03", "-03"), ("0", 0), ("-7", -7), ("+3", 3), ("0x1F", 31), ("0o17", 15), (".5", 0.5),
        ("3_000", "3_000"), ("2026-03-02", "2026-03-02"), ("true", True), ("False", False), ("~", None), ("", None), ("null", None),
        ('"5"', "5"), ("!!str 5", "5"), ("[1, a]", (1, "a")), ("{a: 1}", {"a": 1}), ("<<", "<<"), ("=", "="), (".nan", ".nan"),
        ("0.0", 0.0), ("1.", 1.0), ("9" * 200, int("9" * 200)), ("00.5", "00.5"),
    ],
)  # fmt: skip
def test_values_are_read_as_yaml_1_2(written: str, value: object) -> None:
    problems: list[object] = []
    node = _yaml.read(f"key: {written}\n", "x", problems)  # type: ignore[arg-type]
    assert node is not None
    assert problems == []
    assert node.plain() == {"key": value}
    assert type(node.plain()["key"]) is type(value)


def test_keys_and_values_know_where_they_stand() -> None:
    node = _yaml.read("a:\n  b: [1,\n      22]\n", "x.yaml", [])
    assert node is not None
    second = node.at("a", "b", 1)
    assert second is not None
    assert second.place == ("x.yaml", 3, 7, "      22]")
    below = node.at("a", "b")
    assert below is not None
    assert below.key == ("x.yaml", 2, 3, "  b: [1,")


def test_a_key_given_twice_is_refused() -> None:
    text = changed("  count: 12", "  count: 3\n  count: 12")
    assert said(text) == ["17:3: cameras.count: is given twice; the first is in line 16"]


@pytest.mark.once
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1: found nothing; a scenario is a mapping of keys to values"),
        ("# only a comment\n", "1:1: found nothing; a scenario is a mapping of keys to values"),
        ("- a\n", "1:1: found a list; a scenario is a mapping of keys to values"),
        ("quickstart\n", "1:1: found 'quickstart'; a scenario is a mapping of keys to values"),
        ("a:\n\tb: 1\n", "2:1: not YAML: a tab stands here; write spaces"),
        ("a: b: c\n", "1:5: not YAML: a colon stands where none can: check the indentation, or put the text in quotes"),
        ("a: 1\n---\nb: 2\n", "2:1: not YAML: a second document begins here; a scenario is one"),
        ("a: x\x00\n", "1:5: not YAML: the character U+0000 is not allowed"),
        ("a: *b\n", "1:4: not YAML: found undefined alias 'b'"),
        ("a: [1, 2\nb: 3\n", "2:2: not YAML: while parsing a flow sequence expected ',' or ']', but got ':'"),
        ("a: " + "[" * 60 + "]" * 60, "1:54: nested more than 50 levels deep"),
        ("a: " + "[" * 5000, "1:1: nested more than 50 levels deep"),
        ("a: &x [*x]\n", "1:4: nested more than 50 levels deep"),
    ],
)
def test_what_is_no_scenario_is_said(text: str, message: str) -> None:
    assert said(text) == [message]


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    (message,) = said("\n".join(lines))
    assert message.endswith("more than 100,000 values once aliases are expanded")


def test_an_anchor_may_be_used_again() -> None:
    text = changed("moments: [10 d, 14 d]", "moments: [*T]").replace("horizon: 7 d", "horizon: &T 7 d")
    assert loads(text).scenario.measures.moments == (7 * 86_400,)


def test_odd_tags_keys_and_characters_are_said_together() -> None:
    text = changed("  count: 12", '  count: !secret 12\n  ? [a]\n  : 1\n  capture: 1e999\n  "\\ud800": 1').replace(
        "  capture: 0.9\n", ""
    )
    assert [line.split(": ", 1)[1] for line in said(text)] == [
        "cameras.count: the tag !secret cannot be used here",
        "cameras: a list or mapping cannot be a key",
        'cameras.capture: 1e999 is not a finite number; where no limit is allowed, write "unlimited"',
        "cameras: half of a surrogate pair is not text",
    ]


# --- files ----------------------------------------------------------------------------------------------------------------


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path / "none.yaml")
    assert str(caught.value) == f"{tmp_path}/none.yaml: there is no such file"


def test_a_folder_is_no_scenario(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"cannot be read \(Is a directory\)"):
        load(tmp_path)


def test_a_file_that_is_not_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes("name: x\ntitle: café\n".encode("latin-1"))
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path / "x.yaml")
    assert str(caught.value) == f"{tmp_path}/x.yaml:2:11: not UTF-8: the byte 0xE9 begins no character"


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path, sample: Loaded) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xef\xbb\xbf" + SAMPLE.replace("\n", "\r\n").encode())
    loaded = load(tmp_path / "x.yaml")
    assert loaded.scenario == sample.scenario
    assert (loaded.file, loaded.base) == (tmp_path / "x.yaml", tmp_path)


def test_files_that_a_scenario_names_must_exist(tmp_path: Path) -> None:
    text = changed("  through: 600 vehicles/d", "  commuting: jobs.csv")
    assert said(text, base=tmp_path) == [f"14:14: population.commuting: there is no file {tmp_path}/jobs.csv"]
    text = changed("      near: school", "").replace("siting: near_places", "siting: file\n      file: ../c.csv")
    assert said(text, base=tmp_path) == [f"25:13: cameras.groups.1.file: there is no file {tmp_path.parent}/c.csv"]


GRAPHML = "roads: {kind: graphml, file: danbury.graphml.gz, place: 'Danbury, Connecticut', population: 86000}\n"
ROADS = "roads:\n  kind: builtin\n  towns: [Wethersfield, Newington]\n  neighbours: [Rocky Hill]\n"


def test_a_road_file_may_be_missing_when_a_graph_is_given(tmp_path: Path) -> None:
    text = changed(ROADS, GRAPHML)
    assert said(text, base=tmp_path) == [f"8:30: roads.file: there is no file {tmp_path}/danbury.graphml.gz"]
    loaded = loads(text, base=tmp_path, graph=True)
    assert loaded.scenario.roads.kind == "graphml"
    assert loaded.scenario.roads.file == f"{tmp_path}/danbury.graphml.gz"


def test_the_resolved_text_finds_its_files_from_anywhere(tmp_path: Path) -> None:
    (tmp_path / "danbury.graphml.gz").touch()
    (tmp_path / "x.yaml").write_text(changed(ROADS, GRAPHML))
    assert_round_trip(load(tmp_path / "x.yaml"))


# --- extends --------------------------------------------------------------------------------------------------------------


def extended(folder: Path, child: str, base: str = SAMPLE) -> Loaded:
    (folder / "base").mkdir(exist_ok=True)
    (folder / "base" / "base.yaml").write_text(base)
    (folder / "child.yaml").write_text("extends: base/base.yaml\n" + child)
    return load(folder / "child.yaml")


def wrong(folder: Path, child: str, base: str = SAMPLE) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        extended(folder, child, base)
    return [str(p).splitlines()[0].removeprefix(f"{folder}/") for p in caught.value.problems]


def test_mappings_merge_lists_replace_and_null_deletes(tmp_path: Path, sample: Loaded) -> None:
    child = "cameras: {count: 40}\nseeds: [9]\nquestion: null\npolicies: {pool: null}\nmeasures: {horizon: 3 d}\n"
    scenario = extended(tmp_path, child).scenario
    assert scenario.cameras.count == 40
    assert scenario.cameras.groups == sample.scenario.cameras.groups
    assert scenario.seeds == (9,)
    assert scenario.question == ""
    assert list(scenario.policies) == ["today", "peers mirror", "federal query"]
    assert scenario.measures.horizon == 3 * 86_400
    assert scenario.measures.moments == sample.scenario.measures.moments


def test_null_inside_a_patch_stays_a_deletion_in_the_patch(tmp_path: Path) -> None:
    child = "policies: {pool: {custody: {agencies: {Newington PD: {retention: null}}}}}\n"
    loaded = extended(tmp_path, child)
    assert loaded.policies["pool"].custody.agencies["Newington PD"].retention is None
    assert len(loaded.policies["pool"].custody.sharing) == 2
    assert_round_trip(loaded)


def test_a_changed_kind_replaces_its_mapping(tmp_path: Path) -> None:
    child = "roads: {kind: place, place: Danbury, population: 3}\nutility: {query_ages: {fast: {kind: exponential, mean: 3 d}}}\n"
    base = SAMPLE + "utility: {query_ages: {fast: {kind: lognormal, median: 1 d, p95: 9 d}}}\n"
    scenario = extended(tmp_path, child, base).scenario
    assert scenario.roads.model_dump() == {
        "kind": "place",
        "place": "Danbury",
        "population": 3,
        "consolidate": "0 m",
        "speeds": {},
    }
    assert scenario.utility.query_ages["fast"].mean == 3 * 86_400
    kept = extended(tmp_path, "roads: {kind: builtin, streets_seed: 5}\n").scenario.roads
    assert kept.kind == "builtin"
    assert (kept.streets_seed, kept.towns) == (5, ("Wethersfield", "Newington"))


def test_a_camera_kind_changes_without_replacing_the_cameras(tmp_path: Path) -> None:
    assert len(extended(tmp_path, "cameras: {kind: gantry}\n").scenario.cameras.groups) == 2


def test_a_replaced_figure_loses_its_source(tmp_path: Path) -> None:
    assert "population.carpool" not in extended(tmp_path, "population: {carpool: 0.1}\n").sources


def test_problems_are_placed_in_the_file_that_wrote_them(tmp_path: Path) -> None:
    base = SAMPLE.replace("count: 12", "count: many").replace("length: 14 d", "length: 14")
    assert wrong(tmp_path, "cameras:\n  rate: fast\nlength: 15 d\n", base) == [
        "base/base.yaml:16:10: cameras.count: 'many' is not a whole number",
        'child.yaml:3:9: cameras.rate: \'fast\' is not a rate; write a rate like "2500 plates/min" or "unlimited"',
    ]


def test_a_files_names_are_relative_to_the_file_that_writes_them(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "jobs.csv").touch()
    base = changed("  through: 600 vehicles/d", "  commuting: jobs.csv")
    loaded = extended(tmp_path, "length: 20 d\n", base)
    assert loaded.scenario.population.commuting == str(tmp_path / "base" / "jobs.csv")


def test_a_circle_of_extensions_is_named(tmp_path: Path) -> None:
    assert wrong(tmp_path, "", "extends: ../child.yaml\n") == [
        "base/base.yaml:1:10: extends: goes in a circle: child.yaml → base.yaml → child.yaml"
    ]


def test_a_folder_that_holds_itself_is_a_circle_too(tmp_path: Path) -> None:
    (tmp_path / "here").symlink_to(tmp_path)
    (tmp_path / "x.yaml").write_text("extends: here/x.yaml\n")
    with pytest.raises(ScenarioError, match=r"goes in a circle: x.yaml → x.yaml"):
        load(tmp_path / "x.yaml")


def test_what_cannot_be_extended_is_said_where_it_is_asked(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("name: x\nextends: gone.yaml\n")
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path / "x.yaml")
    assert str(caught.value).splitlines() == [
        f"{tmp_path}/x.yaml:2:10: extends: there is no such file: {tmp_path}/gone.yaml",
        "     2 | extends: gone.yaml",
        "       |          ^",
    ]
    assert said('extends: "\\0"\n') == ["1:10: extends: cannot be read: \x00"]
    assert said("extends: [a, b]\n") == ["1:10: extends: found a list; it is the name of one scenario file"]


# --- overrides ------------------------------------------------------------------------------------------------------------


def test_overrides_are_put_over_the_file() -> None:
    overrides = [
        "cameras.count=40",
        "cameras.groups.1.count=7",
        "seeds=[5]",
        "custody.agencies.Newington PD.retention=3 min",
        "policies.peers mirror.custody.sharing.0.delay=2 h",
        "plates.out_of_state={value: 20 %, source: a guess}",
    ]
    loaded = loads(SAMPLE, overrides=overrides)
    assert loaded.scenario.cameras.count == 40
    assert loaded.scenario.cameras.groups[1].count == 7
    assert loaded.scenario.seeds == (5,)
    assert loaded.scenario.custody.agencies["Newington PD"].retention == 180
    assert loaded.policies["peers mirror"].custody.sharing[0].delay == 7200
    assert loaded.scenario.plates.out_of_state == 0.2
    assert loaded.sources["plates.out_of_state"] == "a guess"
    assert "custody.agencies.Newington PD.retention" not in loaded.sources
    assert_round_trip(loaded)


def test_an_override_may_name_a_key_with_dots_and_delete_with_null() -> None:
    text = SAMPLE.replace("Newington PD", "St. Mary's")
    loaded = loads(text, overrides=["custody.agencies.St. Mary's.retention=null"])
    assert loaded.scenario.custody.agencies["St. Mary's"].retention is None


def test_an_override_may_change_the_kind_of_roads() -> None:
    overrides = ["roads.kind=place", "roads.place=Danbury", "roads.population=86000"]
    assert loads(SAMPLE, overrides=overrides).scenario.roads.kind == "place"


@pytest.mark.once
@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("cameras.count=many", "--set cameras.count: 'many' is not a whole number"),
        ("cameras.cuont=4", "--set cameras.cuont: is not a key here; allowed: count, kind, siting, both_directions, spacing, geometry, "
                            "range, angle, avoid, tolerance, rate, buffer, capture, readable, correct, state, quality, night, foul, weather, blur, faults, upload, spurious, timezone, groups; did you mean 'count'?"),
        ("cameras.groups.2.count=4", "--set cameras.groups.2.count: there is no row 2; rows: 0, 1"),
        ("cameras.groups.first.count=4", "--set cameras.groups.first.count: there is no row first; rows: 0, 1"),
        ("cameras.count.x=4", "--set cameras.count.x: there is 12 and no key under it"),
        ("cameras.count", "--set cameras.count: write it as key.path=value"),
        ("cameras.count=", "--set cameras.count: write it as key.path=value"),
        ("=4", "--set: write it as key.path=value"),
        ("seeds=[1", "--set seeds: not YAML: while parsing a flow sequence expected ',' or ']', but got '<stream end>'"),
        ("length=30", '--set length: 30 has no unit; write a duration like "30 d"'),
        ("length=3 d", "57:13: measures.moments.0: '10 d' is after the end (length: 3 d)"),
        (".".join("a" * 80) + "=1", f"--set {'.'.join('a' * 80)}: nested more than 50 levels deep"),
        ("traffic.routes.periods=[6, 6]", "--set traffic.routes.periods: must ascend from hour to hour; 6 follows 6"),
        ("traffic.stuck=0 s", "--set traffic.stuck: '0 s' is not allowed; must be more than 0"),
        ("traffic.routes.alternatives=0", "--set traffic.routes.alternatives: 0 is not allowed; must be at least 1"),
        ("policies.today.traffic.engine=simpy",
         "--set policies.today.traffic.engine: policies.today.traffic: would change the world: a policy may touch only custody and viewers"),
    ],
)  # fmt: skip
def test_a_wrong_override_is_named(override: str, message: str) -> None:
    assert said(SAMPLE, overrides=[override])[0] == message


# --- one wrong thing at a time: exactly what is said ----------------------------------------------------------------------

QUERY = "{giver: departments, taker: ICE, kind: query}"
MIRROR = "{giver: departments, taker: Vendor pool, kind: mirror}"
AGENCIES = "Wethersfield, Newington PD, Vendor pool, ICE"
TOP = (
    "name, title, question, start, length, seeds, roads, population, traffic, cameras, plates, hot_lists, custody, viewers, "
    "policies, ladder, measures, utility, searches, answer, variants"
)
GROUP = (
    "agency, count, kind, siting, town, near, sites, file, place, poles, kinds, bandwidth, maximise, campus, radius, plan, "
    "both_directions, lanes, spacing, geometry, range, angle, avoid, patrol, spotter, portable"
)

WRONG = [
    # keys
    ("seeds: [1, 2]", "sedes: [1, 2]", f"7:1: sedes: is not a key here; allowed: {TOP}; did you mean 'seeds'?"),
    ("      near: school", "      neer: school",
     ["22:7: cameras.groups.1.near: is missing; siting: near_places needs it",
      f"25:7: cameras.groups.1.neer: is not a key here; allowed: {GROUP}; did you mean 'near'?"]),
    ("  neighbours:", "  place:", "11:3: roads.place: is not a key here; allowed: kind, towns, neighbours, streets_seed, speeds"),
    ("  towns: [Wethersfield, Newington]\n", "", [
        "8:1: roads.towns: is missing",
        "20:15: cameras.groups.0.agency: 'Wethersfield' is not a town whose streets are built: Rocky Hill; "
        "cameras stand in the town of their agency's name unless it says `town`",
        "29:26: custody.agencies.Newington PD.town: 'Newington' is not a town whose streets are built: Rocky Hill"]),
    ("length: 14 d\n", "", "2:1: length: is missing"),
    ("  horizon: 7 d\n", "", "55:1: measures.horizon: is missing"),
    ("    - agency: Wethersfield\n", "    - count: 3\n", "21:7: cameras.groups.0.agency: is missing"),
    ("  horizon: 7 d\n", "  horizon:\n", "56:11: measures.horizon: has no value"),
    ("  today: {}\n", "  today:\n", "37:9: policies.today: has no value; for an empty mapping write {}"),
    ("    Wethersfield: {}\n", "    Wethersfield:\n",
     "29:18: custody.agencies.Wethersfield: has no value; for an empty mapping write {}"),
    # kinds and choices
    ("kind: builtin", "kind: bultin", "9:9: roads.kind: found 'bultin'; allowed: builtin, place, graphml, osm; did you mean 'builtin'?"),
    ("  kind: builtin\n", "", "8:1: roads.kind: is missing; allowed: builtin, place, graphml, osm"),
    ("kind: pool", "kind: vendor", "31:25: custody.agencies.Vendor pool.kind: found 'vendor'; allowed: department, pool, consumer, host"),
    (QUERY, QUERY.replace("query", "quary"),
     "45:50: policies.federal query.custody.sharing.0.kind: found 'quary'; allowed: query, mirror, alert, side_door; did you mean 'query'?"),
    ("siting: gateways", "siting: gateway",
     "17:11: cameras.siting: found 'gateway'; allowed: busiest, gateways, random, near_places, listed, file, osm, betweenness, flow_capture, hot_spots, campus_gates, motorways; did you mean 'gateways'?"),
    # units
    ("length: 14 d", "length: 14", '6:9: length: 14 has no unit; write a duration like "30 d"'),
    ("length: 14 d", "length: '14'", "6:9: length: '14' has no unit; write a duration like \"30 d\""),
    ("length: 14 d", "length: 14 days", "6:9: length: '14 days': 'days' is not a unit of duration; allowed: s, min, h, d, w"),
    ("length: 14 d", "length: 1 month", "6:9: length: '1 month': a month has no fixed length; write days (365 d)"),
    ("length: 14 d", "length: 2 y", "6:9: length: '2 y': a year has no fixed length; write days (365 d)"),
    ("length: 14 d", "length: unlimited", "6:9: length: 'unlimited' is not allowed here; write a duration like \"30 d\""),
    ("length: 14 d", "length: Unlimited", "6:9: length: 'Unlimited' is not a duration; write a duration like \"30 d\""),
    ("length: 14 d", "length: 340 h", "6:9: length: '340 h' is not a whole number of days, at least 1 d"),
    ("length: 14 d", "length: 0 d", [
        "6:9: length: '0 s' is not a whole number of days, at least 1 d",
        "57:13: measures.moments.0: '10 d' is after the end (length: 0 s)",
        "57:19: measures.moments.1: '14 d' is after the end (length: 0 s)"]),
    ("length: 14 d", "length: 26000 d", "6:9: length: '26000 d' is longer than 68 years, the most a scenario can hold"),
    ("  retention: 30 d", "  retention: -1 d", "27:14: custody.retention: '-1 d' is negative; a duration must not be"),
    ("  retention: 30 d", "  retention: -1", '27:14: custody.retention: -1 has no unit; write a duration like "30 d" or "unlimited"'),
    ("  retention: 30 d", "  retention: 26000 d",
     "27:14: custody.retention: '26000 d' is longer than 68 years, the most a scenario can hold; write \"unlimited\" for no limit"),
    ("  retention: 30 d", "  retention: [30 d]", '27:14: custody.retention: a list has no unit; write a duration like "30 d" or "unlimited"'),
    ("  retention: 30 d", "  retention: {value: 30 d}",
     '27:14: custody.retention: a mapping has no unit; write a duration like "30 d" or "unlimited"; '
     'a figure with its source is {value: one figure, source: "who says so"}'),
    ("  retention: 30 d", "  retention: {value: [30 d], source: x}",
     '27:22: custody.retention: a figure with its source is {value: one figure, source: "who says so"}'),
    ("  retention: 30 d", "  retention: {value: 30 d, source: ''}",
     '27:22: custody.retention: a figure with its source is {value: one figure, source: "who says so"}'),
    ("delay: 1 h", "delay: 0.5 s", "41:73: policies.peers mirror.custody.sharing.0.delay: '0.5 s' is not a whole number of seconds"),
    ("rate: 1800 plates/min", "rate: 35 mph", "18:9: cameras.rate: '35 mph': 'mph' is not a unit of rate; allowed: plates/s, plates/min, plates/h"),
    ("rate: 1800 plates/min", "rate: 0 plates/min", "18:9: cameras.rate: '0 plates/min' is not allowed; must be more than 0"),
    ("through: 600 vehicles/d", "through: 600", '14:12: population.through: 600 has no unit; write a flow like "60000 vehicles/d"'),
    # numbers, text, dates
    ("count: 12", "count: 1e1", "16:10: cameras.count: 1e1 is not a whole number; write 10"),
    ("count: 12", "count: 3_000", "16:10: cameras.count: '3_000' is not a whole number; write 3000"),
    ("count: 12", "count: 1.5", "16:10: cameras.count: 1.5 is not a whole number"),
    ("count: 12", "count: -3", "16:10: cameras.count: -3 is not allowed; must be at least 0"),
    ("count: 12", "count: true", "16:10: cameras.count: true is not a whole number"),
    ("capture: 0.9", "capture: 140 %", "19:12: cameras.capture: '140 %' is not allowed; must be at most 1"),
    ("capture: 0.9", "capture: -1 %", "19:12: cameras.capture: '-1 %' is not allowed; must be at least 0"),
    ("capture: 0.9", "capture: most", "19:12: cameras.capture: 'most' is not a share; write a number from 0 to 1, or a percentage like \"97 %\""),
    ("title: A Wethersfield-like town, two weeks", "title: 06", None),
    ("title: A Wethersfield-like town, two weeks", "title: 6", '3:8: title: 6 is not text; write "6"'),
    ("title: A Wethersfield-like town, two weeks", 'title: ""', "3:8: title: must not be empty"),
    ("name: quickstart", "name: Quick start", "2:7: name: found 'Quick start'; allowed: small letters, digits and underscores, a letter first"),
    ("start: 2026-03-02", "start: 2026-02-30", "5:8: start: '2026-02-30' is not a date; write it like 2026-03-02 (year-month-day)"),
    ("start: 2026-03-02", "start: 20260302", "5:8: start: 20260302 is not a date; write it like 2026-03-02 (year-month-day)"),
    (QUERY, QUERY.replace("}", ", onward: yes}"),
     "45:65: policies.federal query.custody.sharing.0.onward: 'yes' is neither true, false nor a number of hops from 0 to 99"),
    # shares that belong together
    ("population:\n", "population:\n  commuters: 0.8\n",
     "13:3: population: commuters, students and retirees are shares of adults: together at most 1, not 1.08"),
    ("population:\n", "population:\n  commuters: 0.72\n", None),
    # lists
    ("seeds: [1, 2]", "seeds: 1", "7:8: seeds: 1 is not a list; write [one, another]"),
    ("seeds: [1, 2]", "seeds: []", "7:8: seeds: must have at least 1 entry; found none"),
    ("seeds: [1, 2]", "seeds: [1, 1]", "7:12: seeds.1: 1 is listed twice"),
    ("seeds: [1, 2]", "seeds: [1, -2]", "7:12: seeds.1: -2 is not allowed; must be at least 0"),
    ("neighbours: [Rocky Hill]", "neighbours: [Newington]", "11:16: roads.neighbours.0: 'Newington' is listed twice"),
    ("towns: [Wethersfield, Newington]", "towns: [Wethersfield, Newington, Wethersfield]",
     "10:36: roads.towns.2: 'Wethersfield' is listed twice"),
    # built-in towns: what follows from a wrong name is not said as well
    ("towns: [Wethersfield, Newington]", "towns: [Wethersfeld, Newington]",
     "10:11: roads.towns.0: 'Wethersfeld' is not a built-in town; did you mean 'Wethersfield'?"),
    ("neighbours: [Rocky Hill]", "neighbours: [rocky hill, Springfield MA]", [
        "11:16: roads.neighbours.0: 'rocky hill' is not a built-in town; did you mean 'Rocky Hill'?",
        "11:28: roads.neighbours.1: 'Springfield MA' is not a built-in town; did you mean 'Ridgefield'?"]),
    ("neighbours: [Rocky Hill]", "neighbours: [Zzyzx]",
     "11:16: roads.neighbours.0: 'Zzyzx' is not a built-in town; `alprsim towns` lists all 169"),
    # speeds by road class
    ("  kind: builtin\n", "  kind: builtin\n  speeds: {residental: 25 mph}\n",
     "10:12: roads.speeds.residental: found 'residental'; allowed: motorway, trunk, primary, secondary, tertiary, unclassified, "
     "residential, ramp; did you mean 'residential'?"),
    ("  kind: builtin\n", "  kind: builtin\n  speeds: {residential: 25}\n",
     '10:25: roads.speeds.residential: 25 has no unit; write a speed like "35 mph"'),
    ("  kind: builtin\n", "  kind: builtin\n  speeds: {residential: 0 mph}\n",
     "10:25: roads.speeds.residential: '0 mph' is not allowed; must be more than 0"),
    ("population:\n", "population: 5\nplates:\n", ["12:13: population: 5 is not a mapping of keys to values",
                                                   "14:3: plates.carpool: is not a key here; allowed: issued, out_of_state, lookalikes, formats",
                                                   "15:3: plates.through: is not a key here; allowed: issued, out_of_state, lookalikes, formats"]),
    # the ladder
    ("retention: [3 min, {value: 21 d, source: as reported}, unlimited]", "retention: [7 d, 168 h]",
     "54:14: ladder.retention: must rise from step to step; '7 d' follows '7 d'"),
    ("retention: [3 min, {value: 21 d, source: as reported}, unlimited]", f"retention: [{', '.join(f'{i} d' for i in range(1, 66))}]",
     "54:14: ladder.retention: may have at most 64 entries; found 65"),
    ("ladder:\n", "ladder:\n  agencies: Wethersfield\n", "54:13: ladder.agencies: 'Wethersfield' is neither \"departments\" nor a list of agencies"),
    ("ladder:\n", "ladder:\n  agencies: [Wethersfeld]\n",
     f"54:14: ladder.agencies.0: found 'Wethersfeld'; it must be one of custody.agencies: {AGENCIES}; did you mean 'Wethersfield'?"),
    # agencies by name
    ("    - agency: Wethersfield\n", "    - agency: wethersfield\n",
     f"21:15: cameras.groups.0.agency: found 'wethersfield'; it must be one of custody.agencies: {AGENCIES}; did you mean 'Wethersfield'?"),
    ("  ICE: {agency: ICE,", "  ICE: {agency: departments,",
     f"35:17: viewers.ICE.agency: found 'departments'; it must be one of custody.agencies: {AGENCIES}"),
    (QUERY, QUERY.replace("departments", "departmnts"),
     f"45:19: policies.federal query.custody.sharing.0.giver: found 'departmnts'; it must be one of custody.agencies: {AGENCIES}, departments, "
     "in-state, compact, everyone; did you mean 'departments'?"),
    ("    Wethersfield: {}\n", "    Wethersfield: {}\n    departments: {}\n",
     "30:5: custody.agencies.departments: means several agencies in an edge (departments, in-state, compact, everyone); an agency needs another name"),
    # edges
    (QUERY, "{giver: ICE, taker: ICE, kind: query}", "45:31: policies.federal query.custody.sharing.0.taker: 'ICE' shares with itself"),
    (QUERY, QUERY.replace("}", ", delay: 1 d}"),
     "45:57: policies.federal query.custody.sharing.0.delay: belongs to kind: mirror or alert; this edge is kind: query"),
    (QUERY, QUERY.replace("}", ", clock: receipt}"),
     "45:57: policies.federal query.custody.sharing.0.clock: belongs to kind: mirror or alert; this edge is kind: query"),
    (MIRROR, MIRROR.replace("}", ", sight: bulk}"),
     "49:66: policies.pool.custody.sharing.0.sight: belongs to kind: query; this edge is kind: mirror"),
    # moments
    ("moments: [10 d, 14 d]", "moments: [6 d, 15 d, 336 h, 14 d]", [
        "57:13: measures.moments.0: '6 d' is before the first horizon has passed (7 d)",
        "57:18: measures.moments.1: '15 d' is after the end (length: 14 d)",
        "57:31: measures.moments.3: '14 d' is listed twice"]),
    ("horizon: 7 d", "horizon: 0 d", "56:12: measures.horizon: '0 d' is not allowed; must be more than 0"),
    # cameras
    ("      near: school\n", "", "22:7: cameras.groups.1.near: is missing; siting: near_places needs it"),
    ("siting: near_places\n      near: school", "siting: listed", "22:7: cameras.groups.1.sites: is missing; siting: listed needs it"),
    ("siting: near_places\n      near: school", "siting: file", "22:7: cameras.groups.1.file: is missing; siting: file needs it"),
    ("siting: near_places\n", "siting: random\n", "25:7: cameras.groups.1.near: belongs to siting: near_places; this group's siting is random"),
    ("siting: near_places\n      near: school", "siting: osm", "22:7: cameras.groups.1.place: is missing; siting: osm needs it"),
    ("siting: near_places\n      near: school", "siting: hot_spots", "22:7: cameras.groups.1.kinds: is missing; siting: hot_spots needs it"),
    ("siting: near_places\n      near: school", "siting: random\n      maximise: trips",
     "25:7: cameras.groups.1.maximise: belongs to siting: flow_capture; this group's siting is random"),
    ("siting: near_places\n      near: school", "siting: busiest\n      campus: [41.7, -72.7]\n      radius: 300 m",
     ["25:7: cameras.groups.1.campus: belongs to siting: campus_gates; this group's siting is busiest",
      "26:7: cameras.groups.1.radius: belongs to siting: campus_gates; this group's siting is busiest"]),
    ("siting: near_places\n      near: school", "siting: campus_gates", None),
    ("siting: near_places\n      near: school", "siting: motorways\n      plan: ct_2019", None),
    ("siting: near_places\n      near: school", "siting: listed\n      poles: [{at: [41.7, -72.7], headings: [90, 270], lanes: 2}]", None),
    ("siting: near_places\n      near: school", "siting: flow_capture\n      geometry: wedge\n      range: 45 m\n      angle: 70", None),
    ("siting: near_places\n      near: school", "siting: random\n      range: 60 m",
     "25:7: cameras.groups.1.range: belongs to geometry: wedge or disc; this group's geometry is road"),
    ("siting: near_places\n      near: school", "siting: random\n      geometry: disc\n      angle: 45",
     "26:7: cameras.groups.1.angle: belongs to geometry: wedge; this group's geometry is disc"),
    ("siting: near_places\n      near: school", "siting: random\n      spacing: measured", None),
    ("siting: near_places\n      near: school", "siting: random\n      spacing: wide",
     '25:16: cameras.groups.1.spacing: \'wide\' is not a length; write a length like "250 m"'),
    ("siting: near_places\n      near: school", "siting: random\n      geometry: disc\n      lanes: 2",
     "26:7: cameras.groups.1.lanes: belongs to geometry: road; this group's geometry is disc"),
    ("siting: near_places\n      near: school", "siting: listed\n      geometry: wedge\n      poles: [{at: [41.7, -72.7], lanes: 2}]",
     "26:35: cameras.groups.1.poles.0.lanes: belongs to geometry: road; this group's geometry is wedge"),
    ("siting: near_places\n      near: school", "kind: patrol\n      town: Newington\n      lanes: 2\n      spacing: 90 m\n      sites: []\n      both_directions: 1",
     ["26:7: cameras.groups.1.lanes: has no effect on kind: patrol",
      "27:7: cameras.groups.1.spacing: has no effect on kind: patrol",
      "29:7: cameras.groups.1.both_directions: has no effect on kind: patrol"]),
    ("siting: near_places\n      near: school", "kind: portable\n      siting: random\n      lanes: 2",
     "26:7: cameras.groups.1.lanes: has no effect on kind: portable"),
    ("count: 4\n      siting: near_places\n      near: school",
     "count: 1\n      kind: portable\n      siting: listed\n      poles: [{at: [41.7, -72.7], lanes: 2}]",
     "26:35: cameras.groups.1.poles.0.lanes: has no effect on kind: portable"),
    ("count: 4\n      siting: near_places\n      near: school", "count: 1\n      kind: portable\n      siting: motorways\n      plan: ct_2019",
     "26:7: cameras.groups.1.plan: has no effect on kind: portable"),
    ("count: 4\n      siting: near_places\n", "count: 3\n      kind: portable\n      portable: {stops: 3}\n      spacing: 90 m\n      siting: near_places\n", None),
    ("count: 4\n      siting: near_places\n", "count: 9\n      kind: portable\n      portable: {stops: 3}\n      siting: near_places\n",
     "23:14: cameras.groups.1.count: 9 trailers need as many stops; there are 3"),
    ("count: 4\n      siting: near_places\n      near: school", "kind: portable\n      siting: random",
     "22:7: cameras.groups.1.count: 12 trailers need as many stops; there are 6"),
    ("count: 4\n      siting: near_places\n      near: school", "count: 3\n      kind: portable\n      siting: listed\n      sites: [[41.7, -72.7], [41.6, -72.7]]",
     "23:14: cameras.groups.1.count: 3 trailers need as many stops; there are 2"),
    ("siting: near_places\n      near: school", "kind: spotter",
     "22:15: cameras.groups.1.agency: kind: spotter feeds an agency of kind: pool; 'Newington PD' is a department"),
    ("  capture: 0.9\n", "  upload: {size: 4}\n", "19:11: cameras.upload: size has no effect without every: each read is uploaded at once"),
    ("  capture: 0.9\n", "  upload: {size: 4, every: 1 min}\n", None),
    ("  capture: 0.9\n", "  avoid: [{places: [clinic], within: 100 m}, {polygon: [[41, -72], [41, -73], [42, -73]]}]\n", None),
    ("  capture: 0.9\n", "  avoid: [{places: [clinic]}]\n", "19:11: cameras.avoid.0: places needs within, more than 0 m"),
    ("  capture: 0.9\n", "  avoid: [{within: 100 m}]\n",
     "19:11: cameras.avoid.0: must say one of places, centre, polygon, file; found none"),
    ("  capture: 0.9\n", "  avoid: [{polygon: [[41, -72], [41, -73]]}]\n",
     "19:11: cameras.avoid.0: polygon needs at least 3 corners; found 2"),
    ("  capture: 0.9\n", "  avoid: [{file: /nowhere.geojson}]\n", "19:18: cameras.avoid.0.file: there is no file /nowhere.geojson"),
    ("siting: near_places\n      near: school", "siting: listed\n      sites: [[-72.7, 141]]",
     None),  # a place on Earth; that it is far from every road is found when it is put there
    ("siting: near_places\n      near: school", "siting: listed\n      sites: [[141, -72.7], [1, 2, 3]]",
     ["25:15: cameras.groups.1.sites.0: [141, -72.7] is not [latitude, longitude] in degrees",
      "25:29: cameras.groups.1.sites.1: a list is not [latitude, longitude] in degrees"]),
    ("town: Newington,", "town: Newingtn,",
     "30:26: custody.agencies.Newington PD.town: 'Newingtn' is not a town whose streets are built: Wethersfield, Newington, Rocky Hill; "
     "did you mean 'Newington'?"),
    ("    - agency: Wethersfield\n", "    - agency: ICE\n",
     "21:15: cameras.groups.0.agency: 'ICE' is not a town whose streets are built: Wethersfield, Newington, Rocky Hill; "
     "cameras stand in the town of their agency's name unless it says `town`"),
    ("    - agency: Wethersfield\n", "    - {agency: Wethersfield, town: Hartford}\n",
     "21:36: cameras.groups.0.town: 'Hartford' is not a town whose streets are built: Wethersfield, Newington, Rocky Hill"),
    # query ages
    ("measures:\n", "utility: {query_ages: {odd: {kind: lognormal, median: 3 d}}}\nmeasures:\n",
     "55:29: utility.query_ages.odd: kind: lognormal takes median, p95; found median"),
    ("measures:\n", "utility: {query_ages: {odd: {kind: exponential, mean: 3 d, p95: 4 d}}}\nmeasures:\n",
     "55:29: utility.query_ages.odd: kind: exponential takes mean; found mean, p95"),
    ("measures:\n", "utility: {query_ages: {odd: {kind: mixture}}}\nmeasures:\n",
     "55:29: utility.query_ages.odd: kind: mixture takes median, beyond, beyond_share; found none of them"),
    ("measures:\n", "utility: {query_ages: {odd: {kind: lognormal, median: 3 d, p95: 2 d}}}\nmeasures:\n",
     "55:29: utility.query_ages.odd: p95 must be longer than median"),
    ("measures:\n", "utility: {query_ages: {odd: {kind: exponential, mean: 0 d}}}\nmeasures:\n",
     "55:29: utility.query_ages.odd: mean must be more than 0"),
    ("measures:\n", "utility: {query_ages: {odd: {kind: mixture, median: 5 d, beyond: 180 d, beyond_share: 60 %}}}\nmeasures:\n",
     "55:87: utility.query_ages.odd.beyond_share: beyond_share must be below 0.5, since half are below median; not 0.6"),
    ("measures:\n", "utility: {query_ages: {odd: {kind: mixture, median: 5 d, beyond: 180 d, beyond_share: 0.5}}}\nmeasures:\n",
     "55:87: utility.query_ages.odd.beyond_share: beyond_share must be below 0.5, since half are below median; not 0.5"),
    ("measures:\n", "utility: {query_ages: {odd: {kind: mixture, median: 5 d, beyond: 180 d, beyond_share: 49 %}}}\nmeasures:\n", None),
    ("measures:\n", "utility: {query_ages: {odd: {kind: mixture, median: 5 d, beyond: 5 d, beyond_share: 10 %}}}\nmeasures:\n",
     "55:29: utility.query_ages.odd: beyond must be longer than median"),
    ("measures:\n", "utility: {query_ages: {odd: {kind: mixture, median: 5 d, beyond: 180 d, beyond_share: 0}}}\nmeasures:\n",
     "55:29: utility.query_ages.odd: median and beyond and beyond_share must be more than 0"),
    ("measures:\n", "utility: {query_ages: {}}\nmeasures:\n", "55:23: utility.query_ages: must have at least 1 entry; found none"),
    # policies
    ("  today: {}\n", "  today: {cameras: {count: 3}}\n",
     "37:11: policies.today.cameras: would change the world: a policy may touch only custody and viewers"),
    ("  today: {}\n", "  today: {custdy: {}}\n",
     "37:11: policies.today.custdy: is not a key here: a policy may touch only custody and viewers; did you mean 'custody'?"),
    ("  today: {}\n", "  today: 5\n", "37:10: policies.today: 5 is not a mapping of keys to values"),
    ("  today: {}\n", "  today: {custody: {retention: 3}}\n",
     '37:32: policies.today.custody.retention: 3 has no unit; write a duration like "30 d" or "unlimited"'),
    ("  today: {}\n", "  today: {custody: {retension: 3 d}}\n",
     "37:21: policies.today.custody.retension: is not a key here; allowed: preset, retention, departments, agencies, sharing, opt_out, hops, changes, outages, breaches, holds; did you mean 'retention'?"),
    ("  today: {}\n", "  today: {custody: {agencies: {Wethersfield: {server_rate: 5 plates/s}}}}\n",
     "37:47: policies.today.custody.agencies.Wethersfield.server_rate: would change the world: it decides which reads this agency's cameras make"),
    ("  today: {}\n", "  today: {custody: {agencies: {Wethersfield: null}}, viewers: {Wethersfield police: null}}\n",
     "37:32: policies.today.custody.agencies.Wethersfield: would change the world: this agency owns cameras"),
    ("  today: {}\n", "  today: {custody: {agencies: {Nobody: null}}}\n",
     "37:40: policies.today.custody.agencies.Nobody: has no value; for an empty mapping write {}"),
    ("  today: {}\n", "  today: {custody: {agencies: {ICE: null}}}\n",
     "35:17: policies.today.viewers.ICE.agency: found 'ICE'; it must be one of custody.agencies: Wethersfield, Newington PD, Vendor pool"),
    ("  today: {}\n", "  today: {viewers: {X: {agency: Vendr pool}}}\n",
     f"37:33: policies.today.viewers.X.agency: found 'Vendr pool'; it must be one of custody.agencies: {AGENCIES}; did you mean 'Vendor pool'?"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), WRONG)
def test_each_wrong_thing_is_said_exactly(old: str, new: str, expected: str | list[str] | None) -> None:
    if expected is None:
        loads(changed(old, new))
    else:
        assert said(changed(old, new)) == ([expected] if isinstance(expected, str) else expected)


def test_what_is_set_without_effect_is_refused() -> None:
    """Every group of eight_departments says its own count; in the sample one group does not."""
    folder = Path(__file__).parents[1] / "scenarios"
    file = folder / "eight_departments.yaml"
    with pytest.raises(ScenarioError) as refused:
        load(file, overrides=["cameras.count=40"])
    assert "cameras.count: has no effect: every group says its own count; set cameras.groups.0.count" in str(
        refused.value
    )
    assert load(file, overrides=["cameras.groups.0.count=40"]).scenario.cameras.groups[0].count == 40
    assert load(folder / "danbury.yaml", overrides=["cameras.count=40"], graph=True).scenario.cameras.count == 40


# --- everything at once, and how it looks ---------------------------------------------------------------------------------


def test_everything_is_said_at_once_in_the_order_of_the_file() -> None:
    text = SAMPLE
    for old, new in (
        ("length: 14 d", "length: 14"),
        ("count: 12", "cuont: 12"),
        ("kind: pool", "kind: pol"),
        (QUERY, "{giver: Nobody, taker: ICE}"),
        ("  today: {}", "  today: {traffic: {}}"),
        ("[10 d, 14 d]", "[1 d, 14 d]"),
    ):
        text = text.replace(old, new)
    assert [line.split(": ")[1] for line in said(text)] == [
        "length",
        "cameras.cuont",
        "custody.agencies.Vendor pool.kind",
        "policies.today.traffic",
        "policies.federal query.custody.sharing.0.kind",
        "policies.federal query.custody.sharing.0.giver",
        "measures.moments.0",
    ]


def test_what_is_wrong_in_the_base_is_not_said_again_for_every_policy() -> None:
    assert len(said(changed("retention: 30 d", "retention: 30"))) == 1
    assert len(said(changed("    Wethersfield: {}\n", "    Wethersfield: {knd: pool}\n"))) == 1


def test_the_caret_stands_under_what_is_wrong() -> None:
    with pytest.raises(ScenarioError) as caught:
        loads(changed("near: school", "near: scool"))
    assert str(caught.value).splitlines()[1:] == [
        "    25 |       near: scool",
        "       |             ^",
    ]


def test_the_caret_stands_right_after_tabs_and_in_long_lines() -> None:
    with pytest.raises(ScenarioError) as caught:
        loads(changed("  ICE: {agency: ICE,", '  "I\tCE": {agency: ICF,'))
    assert str(caught.value).splitlines()[2] == "       |     \t              ^"
    with pytest.raises(ScenarioError) as caught:
        loads(json.dumps(yaml.load(changed("near: school", "near: scool"), Loader=_yaml._Loader)))
    _, line, caret = str(caught.value).splitlines()
    assert len(line) < 180
    assert line[caret.index("^") :].startswith('"scool"')


def test_problems_are_plain_data() -> None:
    with pytest.raises(ScenarioError) as caught:
        loads(changed("count: 12", "count: many"))
    (problem,) = caught.value.as_dict()["problems"]
    assert json.loads(json.dumps(problem)) == {
        "file": "<text>",
        "line": 16,
        "column": 10,
        "key": "cameras.count",
        "message": "'many' is not a whole number",
        "excerpt": "  count: many  # OpenStreetMap, a lower bound",
    }


# --- units ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30 d", 2_592_000), ("3min", 180), ("1 h 30 min", 5400), ("1h30min", 5400), ("1.5 h", 5400), ("1.1 h", 3960), ("2 w", 1_209_600),
     ("0 s", 0), ("1e3 s", 1000), ("1_000 s", 1000), (" 7 d ", 604_800), ("+1 d", 86_400)],
)  # fmt: skip
def test_durations(text: str, seconds: int) -> None:
    assert units.seconds(text) == seconds


@pytest.mark.parametrize(
    "text", ["", " ", "d", "d 30", "30 d,", "30,5 d", "1.2.3 d", "٣ d", "3 d x", "−1 d", "1e999 d", "nan d", "inf s"]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not|too large|write"):
        units.seconds(text)
    with pytest.raises(ValueError, match=r"is not|too large|write"):
        units.seconds(text, unlimited=True)


def test_other_quantities() -> None:
    assert units.SPEED.parse("35 mph") == pytest.approx(15.6464)
    assert units.LENGTH.parse("1 mi") == 1609.344
    assert units.RATE.parse("1 plates/s") == 60
    assert units.FLOW.parse("10 vehicles/h") == 240
    assert units.LENGTH.say(1609.344) == "1609.344 m"
    assert units.LENGTH.say(1234567.0) == "1234567.0 m"
    assert units.RATE.say(math.inf) == "unlimited"


@given(st.integers(0, UNLIMITED - 1))
@settings(deadline=None, derandomize=True)
def test_durations_are_written_so_that_they_are_read_back(seconds: int) -> None:
    assert units.seconds(units.say_duration(seconds)) == seconds


@given(st.floats(0, 1e300))
@settings(deadline=None, derandomize=True)
def test_lengths_are_written_so_that_they_are_read_back(metres: float) -> None:
    assert units.LENGTH.parse(units.LENGTH.say(metres)) == metres


# --- roads ----------------------------------------------------------------------------------------------------------------


def test_speeds_are_given_by_road_class_and_written_back() -> None:
    loaded = loads(
        changed(
            "  kind: builtin\n",
            "  kind: builtin\n  speeds: {residential: 25 mph, motorway: {value: 65 mph, source: a sign}}\n",
        )
    )
    assert loaded.scenario.roads.speeds == {"residential": pytest.approx(11.176), "motorway": pytest.approx(29.0576)}
    assert loaded.sources == {**loads(SAMPLE).sources, "roads.speeds.motorway": "a sign"}
    assert_round_trip(loaded)
    assert loads(SAMPLE).scenario.roads.speeds == {}


def test_speeds_may_be_given_for_every_class_of_the_tables() -> None:
    assert [kind.name.lower() for kind in RoadKind] == list(get_args(models.RoadClassName))


# --- the editor's schema --------------------------------------------------------------------------------------------------

SHIPPED = sorted((Path(__file__).parents[1] / "scenarios").glob("*.yaml"))


@pytest.fixture(scope="module")
def editor() -> jsonschema.Draft7Validator:
    jsonschema.Draft7Validator.check_schema(schema())
    return jsonschema.Draft7Validator(schema())


def accepts(editor: jsonschema.Draft7Validator, text: str) -> bool:
    return bool(editor.is_valid(yaml.load(text, Loader=_yaml._Loader)))


def test_the_committed_schema_is_the_models() -> None:
    committed = Path(__file__).parents[1] / "scenarios" / "scenario.schema.json"
    assert json.loads(committed.read_text(encoding="utf-8")) == schema(), (
        "run: alprsim schema > scenarios/scenario.schema.json"
    )


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_scenarios_are_right_in_the_reader_and_in_an_editor(
    path: Path, editor: jsonschema.Draft7Validator
) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=scenario.schema.json\n")
    assert accepts(editor, text)
    loaded = load(path)
    assert loaded.scenario.name == path.stem
    assert_round_trip(loaded)
    assert accepts(editor, loaded.text())


def test_the_editor_accepts_what_the_reader_accepts(editor: jsonschema.Draft7Validator, sample: Loaded) -> None:
    assert accepts(editor, SAMPLE)
    assert accepts(editor, sample.text())
    assert accepts(editor, "extends: base.yaml\ncameras: {count: {value: 4, source: x}, rate: null}\n")
    assert accepts(
        editor,
        "extends: base.yaml\nroads: {streets_seed: 4}\npolicies: {pool: null, x: {custody: {agencies: {A: null}}}}\n",
    )


SURELY_WRONG_IN_AN_EDITOR = [
    ("seeds: [1, 2]", "sedes: [1, 2]"), ("      near: school", "      neer: school"), ("kind: builtin", "kind: bultin"),
    ("length: 14 d", "length: 14"), ("length: 14 d", "length: 14 days"), ("length: 14 d", "length: unlimited"),
    ("length: 14 d\n", ""), ("  kind: builtin\n", "  kind: builtin\n  speeds: {residental: 25 mph}\n"),
    ("  kind: builtin\n", "  kind: builtin\n  speeds: {residential: 25}\n"), ("  retention: 30 d", "  retention: -1 d"), ("  retention: 30 d", "  retention: {value: 30 d}"),
    ("  retention: 30 d", "  retention: {value: 30, source: x}"), (QUERY, QUERY.replace("query", "quary")), ("count: 12", "count: -3"),
    ("capture: 0.9", "capture: 140"), ("capture: 0.9", "capture: -1 %"), ("  today: {}\n", "  today: {cameras: {count: 3}}\n"),
    ("  today: {}\n", "  today: {custody: {retension: 3 d}}\n"), ("  today: {}\n", "  today: {custody: {retention: 3}}\n"),
    (QUERY, "{giver: departments, taker: ICE}"), ("name: quickstart", "name: Quick start"), ("start: 2026-03-02", "start: soon"),
    ("name: quickstart", "name: quickstart\nextends: 5"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), SURELY_WRONG_IN_AN_EDITOR)
def test_the_editor_refuses_typing_errors(editor: jsonschema.Draft7Validator, old: str, new: str) -> None:
    assert not accepts(editor, changed(old, new))
    with pytest.raises(ScenarioError):
        loads(changed(old, new))


def test_the_editor_shows_defaults_as_people_write_them() -> None:
    defs = schema()["$defs"]
    assert defs["Population"]["properties"]["jitter"]["default"] == "15 min"
    assert defs["Agency"]["properties"]["server_rate"]["default"] == "unlimited"
    assert defs["Measures"]["properties"]["near_home"]["default"] == ["250 m", "500 m"]


# --- whatever is written, the answer is a scenario or a list of problems --------------------------------------------------

ODD = (
    "", "null", "{}", "[]", "[[]]", "-1", "1e999", ".nan", "true", "'", '"', "*a", "&a x", "!x y", "{value: 1, source: 2}", "unlimited", "x: y",
    "30 d", "[1, {a: b}]", "departments", "- x", "\t", "\x00", "é", "𝄞", "? [a]", "extends: x", "<text>", "{value: [1], source: x}", "1" * 5000,
    "{kind: query}", "{kind: graphml, file: x}", "kind", "agency", '"\\0"', '"\\ud800"', "0x", "...", "---", "%YAML 1.1", "#",
)  # fmt: skip


def mutated(dice: random.Random) -> str:
    lines = SAMPLE.splitlines()
    for _ in range(dice.randint(1, 4)):
        row = dice.randrange(len(lines))
        line, odd = lines[row], dice.choice(ODD)
        at = dice.randrange(len(line) + 1)
        lines[row] = dice.choice(
            [
                line.split(":")[0] + ": " + odd,
                line[:at] + odd + line[at:],
                line[:at] + line[at + dice.randint(1, 5) :],
                " " * dice.randint(0, 8) + line.strip(),
                f"{line}\n{dice.choice(lines)}",
                "",
            ]
        )
    return "\n".join(lines)


def outcome(text: str, overrides: list[str]) -> str:
    try:
        loaded = loads(text, overrides=overrides)
    except ScenarioError as error:
        return "refused" if str(error).startswith(("<text>", "--set")) else f"refused without a place: {error}"
    assert_round_trip(loaded)
    return "right"


@pytest.mark.parametrize("seed", range(8))
def test_random_changes_never_give_anything_but_a_scenario_error(seed: int) -> None:
    dice = random.Random(seed)
    outcomes = [outcome(mutated(dice), []) for _ in range(40)]
    assert outcomes.count("refused") > 20


@pytest.mark.once
def test_random_overrides_never_give_anything_but_a_scenario_error() -> None:
    dice = random.Random(0)
    paths = [".".join(map(str, path)) for path, _ in _yaml.read(SAMPLE, "x", []).walk() if path]  # type: ignore[union-attr]
    for _ in range(100):
        override = f"{dice.choice(paths)}{dice.choice(['', '.0', '.x', '.kind', '..'])}={dice.choice(ODD)}"
        assert outcome(SAMPLE, [override]) in ("right", "refused")


# --- light to import ------------------------------------------------------------------------------------------------------


def test_reading_a_scenario_needs_no_heavy_module() -> None:
    heavy = ["numba", "pandas", "osmnx", "scipy", "pyarrow", "networkx", "simpy", "dask", "matplotlib"]
    code = f"import sys, alprsim.scenario; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
