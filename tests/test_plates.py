"""Plate numbers: formats, the issued stock, and whose plate a misreading names."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim import cameras, plates
from alprsim.kernels import plates as kernels
from alprsim.kernels import station
from alprsim.randomness import draw, stream
from alprsim.scenario.models import PlateStock
from alprsim.tables import VehicleKind, Vehicles
from tests import naive_cameras as naive

texts = st.text(kernels.ALPHABET[1:], min_size=1, max_size=8)


def fleet(n, kind=VehicleKind.RESIDENT, first=0):
    key = draw(stream(7, "test vehicles"), np.arange(first, first + n))
    return Vehicles.of(
        household=np.arange(n), garage=np.zeros(n), town=np.zeros(n), kind=np.full(n, kind), key=key
    )  # fmt: skip


@given(st.lists(texts, max_size=20))
@settings(deadline=None, derandomize=True)
def test_packing_keeps_every_plate_and_their_order(spelled):
    packed = plates.pack(spelled)
    assert packed.tolist() == [naive.pack(plate) for plate in spelled]
    assert plates.spell(packed).tolist() == spelled
    assert np.argsort(packed, kind="stable").tolist() == sorted(range(len(spelled)), key=spelled.__getitem__)


@pytest.mark.parametrize("wrong", ["ab12345", "AB-12345", "AB 123", " AB123", "ÄB123", "AB·123", "AB\0123"])
def test_only_digits_and_capitals_can_be_packed(wrong):
    with pytest.raises(ValueError, match=re.escape(repr(wrong))):
        plates.pack(["AB12345", wrong])


def test_a_plate_longer_than_eight_characters_is_refused():
    with pytest.raises(ValueError, match="at most 8 characters, not 9"):
        plates.pack(["ABC123456"])


def test_the_stock_is_the_states_and_every_plate_is_issued_once():
    vehicles = fleet(500)
    issued = plates.issue(vehicles, PlateStock(issued=20_000), seed=1)
    spelled = plates.spell(issued.text).tolist()
    assert len(issued) == len(set(spelled)) == 20_000
    shares = [
        sum(bool(re.fullmatch(p, s)) for s in spelled)
        for p in (r"[A-Z]{2}\d{5}", r"[1-9]\d\d[A-Z]{3}", r"\d[A-Z]{4}\d")
    ]
    assert shares == [12_000, 6_000, 2_000]
    assert {"AA00000", "AA11999", "100AAA", "999AAF", "0AAAA0", "9AAAT9"} <= set(spelled)
    assert not issued.state.any()


def test_three_million_plates_end_where_connecticuts_did():
    """AB·12345 had reached AU by spring 2019; 60 % of the stock must end nearby."""
    stock = plates.issue(fleet(0), PlateStock(), seed=1)
    assert len(stock) == 3_023_124
    newest = round(0.6 * 3_023_124)
    assert (np.diff(stock.text[:newest]) > 0).all()
    assert plates.spell(stock.text[newest - 1 : newest]).tolist() == ["AS13873"]


def test_the_series_have_the_scenarios_shares():
    spec = PlateStock(issued=1000, formats={"1ABCD2": 0.25, "AB12345": 0.75})
    spelled = plates.spell(plates.issue(fleet(10), spec, seed=1).text).tolist()
    assert [sum(len(p) == n for p in spelled) for n in (6, 7)] == [250, 750]
    assert set(plates.CONNECTICUT) == set(PlateStock().formats)


def test_shares_that_are_no_whole_are_refused():
    with pytest.raises(ValueError, match=r"shares must add up to 1, not 0\.9"):
        PlateStock(formats={"1ABCD2": 0.3, "AB12345": 0.6})


def test_vehicles_get_plates_of_every_series_at_random():
    own = plates.spell(plates.issue(fleet(3000), PlateStock(issued=100_000), seed=1).text[:3000]).tolist()
    assert 0.55 < np.mean([len(p) == 7 for p in own]) < 0.65
    assert own != sorted(own)


def test_the_seed_redraws_the_plates():
    one, other = (plates.issue(fleet(50), PlateStock(issued=5000), seed=s).text[:50] for s in (1, 2))
    assert (one != other).mean() > 0.9


def test_renumbering_vehicles_permutes_their_plates():
    vehicles = fleet(400)
    order = np.argsort(draw(stream(1, "another order"), np.arange(400)))
    spec = PlateStock(issued=450)
    assert np.array_equal(
        plates.issue(vehicles.take(order), spec, seed=3).text[:400],
        plates.issue(vehicles, spec, seed=3).text[:400][order],
    )


def test_one_more_vehicle_leaves_nearly_every_plate_alone():
    spec = PlateStock(issued=10_000)
    fewer, more = (plates.issue(fleet(n), spec, seed=3).text for n in (1000, 1001))
    assert (fewer[:1000] != more[:1000]).sum() <= 2


def test_through_traffic_bears_other_states_plates_outside_the_block():
    vehicles = fleet(2000, VehicleKind.THROUGH)
    issued = plates.issue(vehicles, PlateStock(issued=50_000, out_of_state=0.3, lookalikes=0), seed=1)
    elsewhere = issued.state[:2000] == 1
    assert 0.26 < elsewhere.mean() < 0.34
    assert len(issued) == 50_000 + elsewhere.sum()
    assert all(re.fullmatch(r"[A-Z]{3}\d{4}", p) for p in plates.spell(issued.text[:2000][elsewhere]))
    assert len(np.unique(issued.text)) == len(issued)
    assert not plates.issue(fleet(200), PlateStock(issued=500), seed=1).state.any()


def test_lookalikes_spell_a_plate_of_the_state_and_a_wrong_state_names_its_car():
    vehicles = fleet(2000, VehicleKind.THROUGH)
    spec = PlateStock(issued=50_000, out_of_state=1.0, lookalikes=0.2)
    issued, none = (plates.issue(vehicles, s, seed=1) for s in (spec, spec.model_copy(update={"lookalikes": 0.0})))
    changed = issued.text[:2000] != none.text[:2000]
    assert 0.16 < changed.mean() < 0.24
    assert np.array_equal(issued.state, none.state)
    assert np.array_equal(issued.text[2000:], none.text[2000:])
    assert set(issued.text[:2000][changed].tolist()) <= set(issued.text[issued.state == 0].tolist())
    names = issued.text * kernels.STATES + issued.state
    assert len(np.unique(names)) == len(issued)
    row = np.flatnonzero(changed).astype(np.int32)
    bits = draw(stream(1, "wrong states"), row)
    named = cameras.taken_for(issued, row, np.full(len(row), station.WRONG_STATE, np.int8), bits)
    assert (issued.state[named] == 0).all()
    assert np.array_equal(issued.text[named], issued.text[row])
    others = np.flatnonzero(~changed).astype(np.int32)
    fate = np.full(len(others), station.WRONG_STATE, np.int8)
    assert (cameras.taken_for(issued, others, fate, draw(stream(1, "wrong states"), others)) == -1).all()
    with pytest.raises(ValueError, match="at least the 9 lookalikes, not 3"):
        plates.issue(fleet(9, VehicleKind.THROUGH), PlateStock(issued=3, out_of_state=1.0, lookalikes=1.0), seed=1)


def test_fewer_plates_than_vehicles_is_an_error():
    with pytest.raises(
        ValueError, match=r"plates.issued must be at least the 30 Connecticut vehicles simulated, not 29"
    ):
        plates.issue(fleet(30), PlateStock(issued=29), seed=1)
    assert len(plates.issue(fleet(30), PlateStock(issued=30), seed=1)) == 30


@given(st.lists(st.integers(0, 2**64 - 1), unique=True, max_size=9), st.integers(0, 3))
@settings(deadline=None, derandomize=True)
def test_claims_are_those_of_the_naive_twin(keys, spare):
    base = stream(5, "claims")
    claimed = kernels.claim(base, np.array(keys, np.uint64), len(keys) + spare)
    assert claimed.tolist() == naive.claim(base, keys, len(keys) + spare)


def test_more_vehicles_from_elsewhere_than_its_plates_is_an_error(monkeypatch):
    monkeypatch.setattr(plates, "ELSEWHERE_ISSUED", 3)
    with pytest.raises(ValueError, match="at most 3 vehicles may bear plates from elsewhere, not 5"):
        plates.issue(fleet(5, VehicleKind.THROUGH), PlateStock(issued=10, out_of_state=1.0), seed=1)
