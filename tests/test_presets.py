"""Presets against the figures that they were written from, and how laws compose with what a scenario says."""
# ruff: noqa: E501 (a message stands whole on one line)

import os
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from alprsim.report import statutes
from alprsim.scenario import Loaded, ScenarioError, load, loads, models, presets, schema
from alprsim.tables import UNLIMITED

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
WORLD = SCENARIOS / "eight_departments.yaml"
MINUTE, HOUR, DAY = 60, 3600, 86_400

# Preset → seconds that reads which matched nothing may be kept (None: no number), first year, authority.
EXPECTED = {
    "ct_2019": (UNLIMITED, None, "HB 6965"),
    "ct_2019_5y": (1826 * DAY, None, "HB 6965"),
    "ct_state_police": (90 * DAY, None, "server"),
    "ct_hb5391_2012": (14 * DAY, None, "sHB 5391 (2012)"),
    "ct_committee_2014": (15 * DAY, None, "committee"),
    "ct_hb5716_2025": (72 * HOUR, None, "HB 5716 (2025)"),
    "ct_hb5449_2026": (7 * DAY, None, "HB 5449 (2026) as raised"),
    "ct_hb5449_2026_committee": (30 * DAY, None, "HB 5449 (2026) as reported out"),
    "ct_pa26_14": (21 * DAY, 2026, "PA 26-14 §13"),
    "flock_default": (30 * DAY, None, "Flock"),
    "commercial_pool": (1826 * DAY, None, "look-back of federal queries"),
    "nypd": (1826 * DAY, None, "New York City police"),
    "virginia_state_police": (24 * HOUR, None, "before Va. Code §2.2-5517"),
    "hanover": (7 * DAY, None, "before Va. Code §2.2-5517"),
    "richmond": (30 * DAY, None, "before Va. Code §2.2-5517"),
    "henrico": (90 * DAY, None, "before Va. Code §2.2-5517"),
    "anchorage": (14 * DAY, None, "policy of Anchorage"),
    "peel": (24 * HOUR, None, "Peel"),
    "toronto": (7 * DAY, None, "Toronto"),
    "british_columbia": (0, None, "British Columbia"),
    "bavaria": (0, 2018, "1 BvR 142/15"),
    "united_kingdom": (365 * DAY, None, "National ANPR Service"),
    "new_hampshire": (3 * MINUTE, None, "RSA 261:75-b"),
    "maine": (21 * DAY, None, "2117-A"),
    "virginia": (21 * DAY, 2025, "2.2-5517"),
    "washington": (21 * DAY, 2026, "ESSB 6002"),
    "oregon": (30 * DAY, 2026, "SB 1516"),
    "iowa": (30 * DAY, None, "321P.4"),
    "minnesota": (60 * DAY, None, "13.824"),
    "california_chp": (60 * DAY, None, "Veh. Code 2413"),
    "tennessee": (90 * DAY, None, "55-10-302"),
    "north_carolina": (90 * DAY, None, "20-183.32"),
    "montana": (90 * DAY, None, "46-5-118"),
    "kentucky": (90 * DAY, 2026, "189.632"),
    "arkansas": (150 * DAY, 2025, "12-12-1804"),
    "arkansas_private": (60 * DAY, 2025, "12-12-1804"),
    "nebraska": (180 * DAY, None, "60-3204"),
    "utah": (274 * DAY, None, "41-6a-2001"),
    "vermont": (548 * DAY, None, "1607–1608"),
    "georgia": (912 * DAY, None, "35-1-22"),
    "colorado": (1095 * DAY, None, "24-72-113"),
    "new_jersey": (1095 * DAY, 2022, "Directive 2022-12"),
    "alabama": (1826 * DAY, None, "265-X-6"),
    "florida": (None, None, "316.0777"),
    "illinois": (None, None, "5/2-130"),
    "maryland": (None, None, "3-509"),
    "new_mexico": (None, 2026, "SB 40"),
    "idaho": (None, None, "49-1432"),
    "oklahoma": (None, None, "7-606.1"),
    "dc_police": (90 * DAY, None, "GO-OPS-303.09"),
    "colorado_sb26_070": (4 * DAY, None, "SB26-070 (2026) as filed"),
    "colorado_sb26_070_amended": (30 * DAY, None, "SB26-070 (2026) as amended"),
    "massachusetts_h3755": (14 * DAY, None, "H.3755"),
    "michigan_14d": (14 * DAY, None, "Michigan"),
    "rhode_island_21d": (21 * DAY, None, "Rhode Island"),
    "south_carolina_90d": (90 * DAY, None, "South Carolina"),
    "south_carolina_21d": (21 * DAY, None, "South Carolina"),
    "wyoming_7d": (7 * DAY, None, "Wyoming"),
    "minnesota_48h": (48 * HOUR, None, "Minnesota"),
    "washington_filed": (72 * HOUR, None, "ESSB 6002 (2026) as introduced"),
    "virginia_filed": (30 * DAY, None, "HB 2724 (2025) as introduced"),
}

# A row of the design's tables → the presets that it became.
LAWS = {
    "New Hampshire": ["new_hampshire"], "Maine": ["maine"], "Virginia": ["virginia"], "Washington": ["washington"],
    "Connecticut": ["ct_pa26_14"], "Oregon": ["oregon"], "Iowa": ["iowa"], "Minnesota": ["minnesota"],
    "California CHP": ["california_chp"], "Tennessee": ["tennessee"], "North Carolina": ["north_carolina"],
    "Montana": ["montana"], "Kentucky": ["kentucky"], "Arkansas": ["arkansas", "arkansas_private"],
    "Nebraska": ["nebraska"], "Utah": ["utah"], "Vermont": ["vermont"], "Georgia": ["georgia"],
    "Colorado": ["colorado"], "New Jersey": ["new_jersey"], "Alabama": ["alabama"], "Florida": ["florida"],
    "Illinois, Maryland, New Mexico, Idaho, Oklahoma": ["illinois", "maryland", "new_mexico", "idaho", "oklahoma"],
    "DC MPD": ["dc_police"],
}  # fmt: skip
CONNECTICUT = {
    "2012": ["ct_hb5391_2012"], "~2013–14": ["ct_committee_2014", "ct_2019_5y"], "2025": ["ct_hb5716_2025"],
    "Mar 2026": ["ct_hb5449_2026", "ct_hb5449_2026_committee"], "May 2026": ["ct_pa26_14"],
}  # fmt: skip
SPANS = {"minute": (1, MINUTE), "hour": (1, HOUR), "day": (1, DAY), "month": (365 / 12, DAY), "year": (365, DAY)}


# --- the table ------------------------------------------------------------------------------------------------------------


def test_presets_are_those_of_the_design() -> None:
    assert set(presets.known()) == set(EXPECTED)
    assert next(iter(presets.known())).startswith("ct_")


@pytest.mark.parametrize("name", EXPECTED)
def test_a_preset_says_what_the_design_says(name: str) -> None:
    window, year, authority = EXPECTED[name]
    preset = presets.find(name)
    assert preset.window == window
    assert (int(preset.effective[:4]) if preset.effective else None) == year
    assert authority in preset.authority
    assert preset.sources
    assert "[S" not in preset.cited


def test_only_a_text_that_was_read_in_full_is_verified() -> None:
    assert [name for name, preset in presets.known().items() if preset.verified] == ["ct_hb5716_2025"]
    assert "as reported, Act not read" in presets.find("ct_pa26_14").status


def design(page: str) -> str:
    """Return a page of the design, beside the shared data."""
    data = Path(os.environ.get("ALPRSIM_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
    file = data.parent / "design" / page
    if not file.is_file():
        pytest.skip(f"needs the design's page {page}, beside the shared data (ALPRSIM_DATA)")
    return file.read_text("utf-8")


def rows(section: str) -> dict[str, str]:
    """Return first cell → window of the table in a section of the design's facts."""
    text = design("facts.md").split(f"### {section} ")[1].split("###")[0]
    cells = [[cell.strip(" *") for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]
    column = next(k for k, cell in enumerate(cells[0]) if "window" in cell)
    return {row[0]: " ".join(row[1 : column + 1]) if section == "1.2" else row[column] for row in cells[2:]}


def spans(text: str) -> list[int]:
    """Return every "21 days" of a cell, in seconds; what a bracket says of other times is left out."""
    found = re.findall(r"(\d+)\**\s+(minute|hour|day|month|year)s?", re.sub(r"\([^)]*\)|\+\d+ d", "", text))
    made = [(round(int(number) * SPANS[unit][0]) * SPANS[unit][1], unit) for number, unit in found]
    return [1826 * DAY if (seconds, unit) == (1825 * DAY, "year") else int(seconds) for seconds, unit in made]


def test_windows_are_those_of_the_design_s_table_of_laws() -> None:
    table = rows("1.1")
    assert set(LAWS) == {row for row in table if not row.startswith("no rule")}
    for row, names in LAWS.items():
        windows = [presets.find(name).window for name in names]
        written = spans(table[row]) if "no number" not in table[row] else []
        assert [w for w in windows if w is not None] == written, row


def test_windows_are_those_of_connecticut_s_own_path() -> None:
    table = rows("1.2")
    for row, names in CONNECTICUT.items():
        assert [presets.find(name).window for name in names] == spans(table[row]), row


def test_every_value_of_the_retention_lever_has_a_preset() -> None:
    text = design("custody.md").split("| retention of non-hits |")[1].split("\n")[0]
    short = {"min": "minute", "h": "hour", "d": "day", "mo": "month", "y": "year"}
    found = re.findall(r"\b(\d+) (min|mo|h|d|y)\b", text)
    levers = [spans(f"{number} {short[unit]}s")[0] for number, unit in found]
    assert len(levers) == 18
    assert {*levers, UNLIMITED} <= {preset.window for preset in presets.known().values()}


# --- in a scenario --------------------------------------------------------------------------------------------------------


def under(*overrides: str, file: Path = WORLD) -> Loaded:
    return load(file, overrides=overrides)


def said(*overrides: str) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        under(*overrides)
    return [f"{problem.key}: {problem.message}" for problem in error.value.problems]


@pytest.mark.parametrize("name", EXPECTED)
def test_every_preset_composes_with_the_eight_departments(name: str) -> None:
    if presets.find(name).covers == "departments":
        loaded = under(f"custody.preset={name}")
        kept = loaded.scenario.custody.departments.retention
        policy = under(f"policies.law.custody.preset={name}").policies["law"]
        assert policy.custody.departments == loaded.scenario.custody.departments
        assert set(policy.custody.sharing) == set(loaded.scenario.custody.sharing)
    else:
        loaded = under(f"custody.agencies.Other pool={{kind: pool, preset: {name}}}")
        kept = loaded.scenario.custody.agencies["Other pool"].retention
    assert kept == EXPECTED[name][0]
    again = loads(loaded.text())
    assert again.scenario == loaded.scenario
    assert again.policies == loaded.policies
    assert again.sources == loaded.sources
    assert again.digest() == loaded.digest()


def test_an_agency_s_own_figure_stands_over_the_law_in_the_long_and_the_short_form() -> None:
    long = under("custody.preset=ct_pa26_14", "custody.agencies.Westport.retention=7 d")
    short = under("custody.preset=ct_pa26_14", "custody.Westport={retention: 7 d}")
    assert short.scenario == long.scenario
    assert short.digest() == long.digest() != under("custody.preset=ct_pa26_14").digest()
    assert long.scenario.custody.agencies["Westport"].retention == 7 * DAY
    assert long.scenario.custody.departments.retention == 21 * DAY


def test_a_preset_is_the_same_as_its_rules_written_out() -> None:
    written = under("custody.departments={retention: 72 h, hit_retention: unlimited, held_retention: unlimited}")
    assert written.digest() == under("custody.preset=ct_hb5716_2025").digest()


def test_what_a_scenario_writes_lies_over_the_preset_and_a_later_preset_over_an_earlier() -> None:
    own = under("custody.preset=ct_pa26_14", "custody.departments.retention=5 d").scenario.custody
    assert (own.departments.retention, own.departments.held_retention) == (5 * DAY, UNLIMITED)
    both = under("custody.preset=[ct_2019, ct_hb5716_2025]").scenario.custody
    assert both.departments.retention == 3 * DAY
    assert any((edge.giver, edge.taker) == ("departments", "everyone") for edge in both.sharing)


def test_a_policy_s_law_lies_over_the_scenario_s_and_under_its_own_patch() -> None:
    loaded = under(
        "custody.preset=washington",
        "policies.law.custody={preset: ct_hb5716_2025}",
        "policies.patched.custody={preset: ct_hb5716_2025, departments: {retention: 1 d}, Westport: {preset: toronto}}",
    )
    law, patched = loaded.policies["law"].custody, loaded.policies["patched"].custody
    assert law.departments.retention == 3 * DAY
    assert law.departments.exclude == loaded.scenario.custody.departments.exclude is not None
    assert patched.departments.retention == DAY
    assert patched.agencies["Westport"].hit_retention == 365 * DAY
    assert loaded.scenario.custody.agencies["Westport"].hit_retention is None


def test_a_law_replaces_what_departments_give_and_leaves_the_pool_s_edges() -> None:
    base = under().scenario.custody.sharing
    assert [edge.giver for edge in base] == ["Vendor pool"]
    law = under("custody.preset=virginia").scenario.custody.sharing
    assert {(edge.giver, edge.taker) for edge in law} == {("departments", "in-state"), ("Vendor pool", "ICE")}
    policy = under("policies.Federal query.custody.preset=virginia").policies["Federal query"].custody.sharing
    assert {(edge.giver, edge.taker) for edge in policy} == {("departments", "ICE"), ("Vendor pool", "ICE")}
    listed = "custody.sharing=[{giver: [Westport, Vendor pool], taker: ICE, kind: query}]"
    assert [edge.taker for edge in under("custody.preset=virginia", listed).scenario.custody.sharing] == ["ICE"]
    assert under("custody.preset=virginia", "custody.sharing=[]").scenario.custody.sharing == ()


def test_an_agency_of_another_state_takes_that_state_s_keeping_alone() -> None:
    custody = under(
        "custody.preset=ct_pa26_14", "custody.agencies.Springfield={state: MA, preset: [massachusetts_h3755, vermont]}"
    ).scenario.custody
    assert custody.agencies["Springfield"].retention == 548 * DAY
    assert custody.agencies["Springfield"].warrant == models.Warrant(beyond="182 d")
    assert custody.sharing == under("custody.preset=ct_pa26_14").scenario.custody.sharing


def test_figures_of_a_preset_carry_its_statute() -> None:
    loaded = under("custody.preset=washington", "policies.law.custody.preset=ct_pa26_14")
    assert loaded.sources["custody.departments.retention"].startswith(
        "preset washington: ESSB 6002 (2026), ch. 10.130 RCW; as reported (kiro7.com"
    )
    assert loaded.sources["custody.departments.exclude.within"].startswith("assumption: ")
    assert "PA 26-14" in loaded.sources["policies.law.custody.departments.retention"]
    assert "PA 26-14" in loaded.sources["policies.law.custody.sharing.2.taker"]
    assert "preset washington: ESSB 6002" in loaded.text()


def test_the_short_form_works_across_files(tmp_path: Path) -> None:
    (tmp_path / "child.yaml").write_text(
        f"extends: {WORLD}\ncustody:\n  preset: ct_pa26_14\n  Westport: {{retention: 7 d}}\n", encoding="utf-8"
    )
    (tmp_path / "grandchild.yaml").write_text(
        "extends: child.yaml\ncustody:\n  preset: maine\n  agencies: {Westport: {retention: 8 d}}\n", encoding="utf-8"
    )
    assert load(tmp_path / "child.yaml").scenario.custody.agencies["Westport"].retention == 7 * DAY
    custody = load(tmp_path / "grandchild.yaml").scenario.custody
    assert custody.agencies["Westport"].retention == 8 * DAY
    assert not any(edge.taker == "compact" for edge in custody.sharing)


def test_the_readme_s_example_is_right(tmp_path: Path) -> None:
    text = (SCENARIOS.parent / "README.md").read_text("utf-8")
    example = text.split("## Custody: laws as presets")[1].split("```yaml\n")[1].split("```")[0]
    assert f"the {len(presets.known())} that are shipped" in text
    (tmp_path / "example.yaml").write_text(f"extends: {WORLD}\n{example}", encoding="utf-8")
    loaded = load(tmp_path / "example.yaml")
    custody, bill = loaded.scenario.custody, loaded.policies["The bill of 2025"].custody
    assert custody.agencies["Nashua"].admissible == ("patrol",)
    assert (custody.agencies["Westport"].retention, bill.agencies["Westport"].retention) == (7 * DAY, 3 * DAY)
    assert (custody.departments.retention, bill.departments.retention) == (21 * DAY, 3 * DAY)


KEYS = "preset, retention, departments, agencies, sharing, opt_out, hops, changes, outages, breaches, holds"
NAMES = "Enfield, Fairfield, ICE, Norwalk, SCSU, Stratford, Trumbull, Vendor pool, Westport, Wethersfield"  # as sorted


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("custody.preset=ct_pa2614", "custody.preset: there is no preset 'ct_pa2614'; did you mean 'ct_pa26_14'? `alprsim presets` lists them"),
        ("custody.preset=zzz", "custody.preset: there is no preset 'zzz'; `alprsim presets` lists them"),
        ("custody.preset=[maine, 3]", "custody.preset: found 3; it is the name of a preset, or a list of names: `alprsim presets`"),
        ("custody.preset=null", "custody.preset: has no value; it is the name of a preset: `alprsim presets` lists them"),
        ("custody.preset=commercial_pool", "custody.preset: commercial_pool is of one agency, not of departments; write it as agencies.NAME.preset"),
        ("custody.agencies.SCSU.preset=main", "custody.agencies.SCSU.preset: there is no preset 'main'; did you mean 'maine'? `alprsim presets` lists them"),
        ("policies.x.custody.preset=main", "policies.x.custody.preset: there is no preset 'main'; did you mean 'maine'? `alprsim presets` lists them"),
        ("custody.retension=7 d", f"custody.retension: is not a key here; allowed: {KEYS}; did you mean 'retention'?"),
        ("custody.Wesport.retention=7 d", f"custody.Wesport: is not a key here; allowed: {KEYS}; nor an agency of this scenario: {NAMES}; did you mean 'Westport'?"),
        ("policies.x.custody.departmens.retention=7 d",
         f"policies.x.custody.departmens: is not a key here; allowed: {KEYS}; did you mean 'departments'? nor an agency of this scenario: {NAMES}"),
        ("custody.Westport.retention=7", 'custody.agencies.Westport.retention: 7 has no unit; write a duration like "30 d" or "unlimited"'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_the_nearest_right_name(override: str, message: str) -> None:
    assert said(override) == [message]


def test_a_policy_s_law_binds_a_town_that_kept_longer_and_leaves_one_that_kept_shorter() -> None:
    towns = ("custody.agencies.SCSU.retention=90 d", "custody.agencies.Westport.retention=7 d")
    law = "policies.x.custody.preset=maine"
    loaded = under(*towns, law)
    agencies = loaded.policies["x"].custody.agencies
    assert (agencies["SCSU"].retention, agencies["Westport"].retention) == (21 * DAY, 7 * DAY)
    assert agencies["SCSU"].town == "New Haven"
    assert agencies["Vendor pool"].retention == 1826 * DAY
    assert "2117-A" in loaded.sources["policies.x.custody.agencies.SCSU.retention"]
    assert loaded.scenario.custody.agencies["SCSU"].retention == 90 * DAY
    own = under(*towns, law, "policies.x.custody.SCSU.retention=60 d").policies["x"].custody.agencies
    assert own["SCSU"].retention == 60 * DAY
    eased = under(*towns, law, "policies.x.custody.departments.retention=45 d").policies["x"].custody.agencies
    assert eased["SCSU"].retention == 45 * DAY


ODD = ("null", "3", "x", "[]", "{}", "[null]", "[[maine]]", "{value: maine, source: x}", "{a: b}", "[{a: b}]", "[maine, vermont]", "unlimited")  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "key",
    ["preset", "agencies", "sharing", "departments", "opt_out", "Westport", "agencies.Westport", "agencies.Westport.preset",
     "agencies.Westport.kind", "agencies.Vendor pool.kind", "sharing.0.giver", "departments.retention", "agencies.SCSU.retention"],
)  # fmt: skip
def test_whatever_is_written_the_answer_is_a_scenario_or_a_list_of_problems(key: str, odd: str) -> None:
    for named, written in (
        ("custody", "custody"),
        ("policies.x.custody", "custody"),
        ("policies.x.custody", "policies.x.custody"),
    ):
        assert outcome(f"{named}.preset=virginia", f"{written}.{key}={odd}")


def outcome(*overrides: str) -> str:
    try:
        return under(*overrides).digest()
    except ScenarioError as error:
        return str(error)


def test_an_agency_given_twice_in_one_file_is_refused() -> None:
    text = WORLD.read_text("utf-8").replace("custody:\n  retention", "custody:\n  Westport: {}\n  retention", 1)
    with pytest.raises(ScenarioError, match=r"custody\.Westport: is given twice; also under agencies in line \d+"):
        loads(text, base=SCENARIOS)


def test_problems_of_a_preset_are_placed_where_it_is_named() -> None:
    text = WORLD.read_text("utf-8").replace("custody:\n  retention", "custody:\n  preset: virgina\n  retention", 1)
    with pytest.raises(ScenarioError) as error:
        loads(text, base=SCENARIOS)
    (problem,) = error.value.problems
    assert "preset: virgina" in problem.excerpt
    assert "did you mean 'virginia'?" in problem.message


# --- editor and page ------------------------------------------------------------------------------------------------------


def test_the_editor_knows_presets_and_the_short_form() -> None:
    names = {
        option["const"]: option["description"] for option in schema()["$defs"]["preset"]["anyOf"] if "const" in option
    }
    assert set(names) == set(EXPECTED)
    assert names["ct_pa26_14"] == "Connecticut Public Act 26-14: law; as reported, Act not read; as reported"
    editor = jsonschema.Draft7Validator(schema())

    def accepts(custody: str) -> bool:
        return editor.is_valid({"extends": "base.yaml", "custody": yaml.safe_load(custody)})

    assert accepts("{preset: maine, Westport: {retention: 7 d}}")
    assert accepts("{preset: [maine, vermont], agencies: {Westport: {preset: {value: toronto, source: x}}}}")
    assert not accepts("{preset: main}")
    assert not accepts("{retension: 7 d}")
    assert not accepts("{Westport: {retension: 7 d}}")


def test_statutes_are_the_presets_that_name_a_number() -> None:
    assert len(statutes.known()) == sum(bool(window) for window, *_ in EXPECTED.values())
    assert {statute.label for statute in statutes.known() if statute.read} == {"CT bill HB 5716 (2025)"}
    assert all("as reported" in statute.label for statute in statutes.known() if not statute.read)
    assert statutes.at(21 * DAY)[0].label == "CT PA 26-14, as reported"
    assert statutes.at(1825 * DAY) == statutes.at(1826 * DAY) != ()
    assert statutes.at(5 * DAY) == ()


def test_a_law_over_a_pool_whose_retention_alone_is_patched_leaves_the_pools_edges() -> None:
    law = "{custody: {preset: ct_pa26_14, agencies: {Vendor pool: {retention: 21 d}}}}"
    text = WORLD.read_text("utf-8").replace("No sharing: {}", f"No sharing: {law}")
    sharing = loads(text, base=SCENARIOS).policies["No sharing"].custody.sharing
    assert [edge.giver for edge in sharing] == ["Vendor pool", "departments", "departments"]
