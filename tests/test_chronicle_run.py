"""A finished run's reads in the ledger: of the class, the draws and the bars that its measures go by."""

import numpy as np
import pandas as pd
import pytest

from alprsim import chronicle
from alprsim.dossier import Opened
from alprsim.scenario import load
from alprsim.scenario.read import loads
from alprsim.store import Store
from alprsim.tables import DAY, CameraKind, RecordClass
from tests import dossier_run

EVERY = 10**9


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return dossier_run.build(tmp_path_factory.mktemp("chronicle"))


@pytest.fixture(scope="module")
def loaded(run):
    return load(run.folder / "scenario.yaml")


def test_a_read_is_a_hit_where_the_run_alerted(run, loaded):
    sample = chronicle.of_run(loaded, "Samples", run.folder, EVERY)
    alerts = pd.read_parquet(run.folder / "seed=1" / "alerts.parquet")
    names = list(loaded.scenario.custody.agencies)
    alerted = {(row.time, row.plate, names.index(row.owner)) for row in alerts.itertuples()}
    matched = {(read.time, read.plate, owner) for read in sample.reads for owner in read.hits}
    assert matched == alerted != set()
    assert {read.record for read in sample.reads if read.hits} <= {RecordClass.HIT, RecordClass.HELD}
    assert {read.record for read in sample.reads if not read.hits} <= {RecordClass.PLAIN, RecordClass.HELD}


def test_class_sample_and_bar_are_those_of_the_measures(run, loaded):
    sample = chronicle.of_run(loaded, "Samples", run.folder, EVERY)
    reads = Store(run.folder / "seed=1").reads()
    reads = reads.take(np.argsort(reads.time, kind="stable"))
    opened, policy = Opened.of(run, 1), loaded.policies["Samples"]
    told = opened.captured(reads, policy)
    assert [read.record for read in sample.reads] == told.record.tolist()
    assert [read.admitted for read in sample.reads] == (~told.barred).tolist()
    assert [read.draw < 0.5 for read in sample.reads] == (told.draw < 0.5).tolist()
    assert len({*told.record.tolist()}) == 3
    fixed = np.array([kind == CameraKind.FIXED.name.lower() for kind in opened.sites.kind])
    assert [read.admitted for read in sample.reads] == fixed[reads.site].tolist()


def test_from_a_change_on_its_rules_decide(run, loaded):
    """From the third day on all is evidence and fixed cameras keep nothing; the plates drawn are the same."""
    law = "{at: 2 d, custody: {departments: {admissible: [patrol], held_share: 1}}}"
    text = loaded.text().replace("\n  changes: []", f"\n  changes: [{law}]", 1)
    changed = loads(text, base=run.folder)
    before, after = (chronicle.of_run(one, "Federal query", run.folder, 3000).reads for one in (loaded, changed))
    assert [read[:2] for read in before] == [read[:2] for read in after]
    assert [read for read in before if read.time < 2 * DAY] == [read for read in after if read.time < 2 * DAY]
    assert {read.record for read in after if read.time >= 2 * DAY} == {RecordClass.HELD}
    assert not all(read.admitted for read in after if read.time >= 2 * DAY)
    assert chronicle.run(changed, "Federal query", chronicle.Sample(after[:50], "some")).ledger.copies


def test_a_run_of_other_agencies_is_refused(run, loaded):
    text = loaded.text().replace("West:", "Wast:").replace("agency: West", "agency: Wast")
    text = text.replace("West police", "Wast police")
    with pytest.raises(ValueError, match=r"its cameras are of agencies that the scenario does not have: West"):
        chronicle.of_run(loads(text, base=run.folder), "Federal query", run.folder, 10)
