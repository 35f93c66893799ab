"""Keys of custody that would do nothing are refused where they are written, and laws that bind nobody are noted."""

import textwrap

import pytest

from alprsim.scenario import ScenarioError, loads
from alprsim.scenario.notes import notes

TEXT = textwrap.dedent(
    """
    name: idle
    title: Keys that would do nothing
    start: 2026-09-28
    length: 8 d
    roads: {kind: builtin, towns: [Wethersfield]}
    cameras: {groups: [{agency: Wethersfield, count: 3}]}
    custody:
      departments: {retention: 30 d}
      agencies:
        Wethersfield: {}
        Boston: {state: MA}
        Cloud: {kind: host}
        ICE: {kind: consumer, retention: 0 s}
      sharing:
        - {giver: departments, taker: ICE, kind: mirror, clock: receipt, on_duplicate: renew}
    viewers: {ICE: {agency: ICE}}
    policies: {today: {}}
    ladder: {retention: [24 h]}
    measures: {horizon: 1 d, moments: [2 d]}
    """
)
OF_A_HOST = "has no effect on kind: host"
REFUSED = [
    ("clock: receipt, ", "", "custody.sharing.0.on_duplicate: renew needs clock: receipt"),
    ("Wethersfield: {}", "Wethersfield: {identity: {kind: plain, rotate: 1 d}}",
     "custody.agencies.Wethersfield.identity.rotate: has no effect on kind: plain"),
    ("kind: host}", "kind: host, retention: 1 d}", f"custody.agencies.Cloud.retention: {OF_A_HOST}"),
    ("kind: host}", "kind: host, warrant: {beyond: 1 d}}", f"custody.agencies.Cloud.warrant: {OF_A_HOST}"),
    ("{state: MA}", "{state: MA, held_share: 0.1}", "Boston.held_share: has no effect: it is of reads by an agency's own"),
    ("{state: MA}", "{state: MA, exclude: {kinds: [school], within: 50 m}}", "Boston.exclude: has no effect"),
    ("{state: MA}", "{state: MA, admissible: [patrol]}", "'Boston' has none; agencies with cameras: Wethersfield"),
    ("retention: 30 d", "retention: 30 d, hit_retention: 7 d",
     "custody.departments.hit_retention: '7 d' has no effect: such reads are never kept shorter than others, here retention"),
    ("retention: 30 d", "retention: 30 d, hit_retention: 60 d, held_retention: 40 d", "here hit_retention (60 d)"),
    ("retention: 30 d", "keep: hits, sample: 0.5", "custody.departments.sample: has no effect with keep: hits"),
    ("Boston: {state: MA}", "Boston: {attests: true}", "custody.agencies.Boston.attests: has no effect: no agency is of another"),
    ("{state: MA}", "{state: TX, attests: true}", "Boston.attests: has no effect: 'Boston' is of TX"),
    ("today: {}", "today: {custody: {departments: {retention: 9 d, hit_retention: 8 d}}}",
     "policies.today.custody.departments.hit_retention: '8 d' has no effect"),
    ("today: {}", "today: {custody: {changes: [{at: 1 d, custody: {agencies: {Cloud: {sample: 0.5}}}}]}}",
     f"Cloud.sample: {OF_A_HOST}"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), REFUSED)
def test_a_key_without_effect_is_refused(old, new, expected):
    assert TEXT.count(old) == 1
    with pytest.raises(ScenarioError) as error:
        loads(TEXT.replace(old, new))
    assert expected in str(error.value)
    assert str(error.value).startswith("<text>:")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{state: MA}", "{state: MA, attests: true}"),
        ("retention: 30 d", "retention: 30 d, hit_retention: 30 d, held_retention: unlimited"),
        ("today: {}", "today: {custody: {preset: flock_default, departments: {hit_retention: 40 d}}}"),
        ("today: {}", "today: {custody: {preset: washington, agencies: {Boston: {preset: new_hampshire}}}}"),
        ("today: {}", "today: {custody: {departments: {identity: {kind: hashed, rotate: 1 d}}}}"),
    ],
)
def test_what_has_an_effect_is_not(old, new):
    assert TEXT.count(old) == 1
    assert loads(TEXT.replace(old, new)).policies.keys() == {"today"}


def noted(new):
    return notes(loads(TEXT.replace("departments: {retention: 30 d}", new)))


def test_a_law_that_binds_nobody_is_noted():
    own = TEXT.replace("departments: {retention: 30 d}", "preset: ct_state_police")
    own = own.replace("Wethersfield: {}", "Wethersfield: {retention: 9 d}").replace("{state: MA}", "{retention: 8 d}")
    assert notes(loads(own)) == [
        "preset ct_state_police: its retention binds nobody, for every department has its own: "
        "custody.agencies.Wethersfield.retention, custody.agencies.Boston.retention"
    ]


def test_a_clock_that_nothing_runs_on_is_noted():
    idle = "preset: ct_pa26_14"
    assert noted(idle) == [
        "preset ct_pa26_14: its held_retention acts on nothing, for no read is held as evidence: "
        "custody.departments.held_share is 0"
    ]
    assert noted(f"{idle}\n  departments: {{held_share: 0.01}}") == []
    one = TEXT.replace("today: {}", "today: {}, law: {custody: {preset: ct_pa26_14}}")
    assert [note.rpartition(" (")[2] for note in notes(loads(one))] == ["policies: law)"]
