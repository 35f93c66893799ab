"""Speed of issuing three million plates, spelling them, and looking misreadings up among them."""

from time import process_time

import numpy as np
import pytest

from alprsim import cameras, plates
from alprsim.kernels import plates as kernels
from alprsim.randomness import below, draw, stream
from alprsim.scenario.models import PlateStock
from alprsim.tables import Plates, Vehicles

ISSUED, VEHICLES, MISREAD = 3_023_124, 400_000, 100_000


@pytest.fixture(scope="module")
def fleet():
    n = np.arange(VEHICLES)
    zero = np.zeros(VEHICLES)
    return Vehicles.of(household=n, garage=zero, town=zero, kind=zero, key=draw(stream(1, "vehicles"), n))


@pytest.fixture(scope="module")
def stock(fleet):
    return plates.issue(fleet, PlateStock(issued=ISSUED), seed=1)


def test_issue(benchmark, fleet):
    took = []

    def issue():
        begun = process_time()
        issued = plates.issue(fleet, PlateStock(issued=ISSUED), seed=1)
        took.append(process_time() - begun)
        return issued

    issued = benchmark(issue)
    assert min(took) < 0.5  # s: well under a second
    assert len(np.unique(issued.text)) == len(issued) == ISSUED


def test_claim(benchmark, fleet):
    claimed = benchmark(kernels.claim, stream(1, "claims"), fleet.key, ISSUED)
    assert len(np.unique(claimed)) == VEHICLES


def test_index(benchmark, stock):
    name = benchmark(lambda: cameras.index(Plates(text=stock.text, state=stock.state))).name
    assert (np.diff(name) > 0).all()


def test_look_up(benchmark, stock):
    """Every plate of the state, in no order."""
    known = cameras.index(stock)
    order = np.argsort(draw(stream(1, "in no order"), np.arange(ISSUED)))
    names = stock.text[order] * kernels.STATES
    found = benchmark(kernels.look_up, names, *known)
    assert np.array_equal(found, order)


def test_misread(benchmark, stock):
    bits = draw(stream(1, "misreadings"), np.arange(MISREAD))
    row = below(bits, VEHICLES).astype(np.int32)
    found = benchmark(cameras.misread, stock, row, bits)
    assert 0.55 < np.mean(found >= 0) < 0.65
    assert (found != row).all()


def test_spell(benchmark, stock):
    spelled = benchmark(plates.spell, stock.text)
    assert spelled[:3].tolist() == [naive(text) for text in stock.text[:3].tolist()]
    assert len(np.unique(spelled)) == ISSUED


def test_pack(benchmark, stock):
    assert np.array_equal(benchmark(plates.pack, plates.spell(stock.text)), stock.text)


def naive(text):
    """Spell one plate, character by character."""
    spelled = ""
    while text:
        text, character = divmod(text, kernels.BASE)
        spelled = kernels.ALPHABET[character] + spelled
    return spelled.strip()
