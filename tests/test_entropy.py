"""Entropy of sequences of cameras: the kernel against plain loops, and figures by hand."""

import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alprsim.kernels import entropy as kernels
from alprsim.measures import entropy, mobility
from alprsim.measures.glossary import BY_NAME
from alprsim.randomness import below, draw, stream
from tests import naive_entropy as naive

few = settings(deadline=None, derandomize=True, max_examples=60)


def joined(lives):
    first = np.append(0, np.cumsum([len(life) for life in lives])).astype(np.int64)
    return first, np.array([camera for life in lives for camera in life], np.int32)


def totals(*lives):
    answer = np.empty(len(lives), np.int64)
    kernels.unseen(*joined(lives), answer)
    return answer.tolist()


def plain(life):
    """Return the sum of the shortest unseen runs, found as strings are."""
    total = 0
    for at in range(len(life)):
        total += next(
            (n for n in range(1, len(life) - at + 1)
             if not any(life[s : s + n] == life[at : at + n] for s in range(at - n + 1))),
            len(life) - at + 1,
        )  # fmt: skip
    return total


@few
@given(st.lists(st.lists(st.integers(0, 2), max_size=14), max_size=4))
def test_runs_are_those_of_plain_loops(lives):
    assert totals(*lives) == [plain(life) for life in lives]


def test_runs_by_hand():
    """Of 0 1 0 1 2: 0 and 1 are new (1, 1); 0 1 2 is (3), though 0 1 was; then 1 2 (2) and 2 (1)."""
    assert totals([0, 1, 0, 1, 2]) == [1 + 1 + 3 + 2 + 1]
    assert totals([0, 0, 0, 0]) == [1 + 2 + 3 + 2]  # 0 0 twice over; at the end the end is new
    assert totals([], [4], [5, 5]) == [0, 1, 1 + 2]


def test_each_convention_by_hand():
    """Of 0 0 0 0 they count 1 + 2 + 3 + 2, 1 + 2 + 0 + 0, 1 + 2 + 3 + 2, and with runs that overlap 1 + 3 + 2 + 1."""
    said = {"shortest unseen": 8, "zero at end": 3, "scikit-mobility": 8, "fastmob": 7}
    for convention, total in said.items():
        assert mobility.entropy_in_order("0000", convention) == pytest.approx(4 * 2 / total), convention
        assert math.isnan(mobility.entropy_in_order("00", convention))
    assert mobility.entropy_in_order("012") == pytest.approx(math.log2(3))  # of the least that is told, each is new
    assert mobility.entropy_in_order("01012") == pytest.approx(naive.real("01012"))


@few
@given(st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=24), min_size=1, max_size=4))
def test_bounds_are_those_of_plain_loops(lives):
    found = entropy.bounds(*joined(lives))
    assert found.real == pytest.approx([naive.real(life) for life in lives])
    assert found.uncorrelated == pytest.approx([naive.uncorrelated(life) for life in lives], abs=1e-12)
    assert found.random == pytest.approx([naive.random(life) for life in lives])
    for share, bits, life in zip(found.predictability, found.real, lives, strict=True):
        n = len(set(life))
        assert 1 / n - 1e-12 <= share <= 1
        if bits < math.log2(n):
            assert fano(share, n) == pytest.approx(bits, abs=1e-6)


def fano(share, n):
    """Return the entropy at which a share of n cameras is the most that can be foreseen."""
    parts = [share, *([(1 - share) / (n - 1)] * (n - 1))]  # all the others equally likely
    return sum(-part * math.log2(part) for part in parts if part > 0)


def test_fano_by_hand():
    """A half of two cameras for a bit, of three (½, ¼, ¼) for 1.5; one camera is always right, and too many bits are chance."""
    bits, cameras = np.array([1.0, 1.5, 0.0, 0.9, 9.0, fano(0.8, 5)]), np.array([2, 3, 4, 1, 4, 5])
    assert entropy.predictability(bits, cameras) == pytest.approx([0.5, 0.5, 1, 1, 0.25, 0.8], abs=1e-6)


def test_only_the_latest_of_those_with_enough_are_looked_at():
    counts = [entropy.LEAST, entropy.LEAST - 1, 0, entropy.MOST + 3, entropy.MOST]
    target = np.repeat(np.arange(5), counts)
    first, camera = entropy.latest(target, np.arange(len(target), dtype=np.int32), 6)
    assert first.tolist() == [0, 20, 520, 1020]
    begin = sum(counts[:3]) + 3
    assert camera.tolist() == [*range(20), *range(begin, begin + 1000)]
    none = entropy.latest(target[:0], np.empty(0, np.int32), 2)
    assert none[0].tolist() == [0]
    assert np.stack(entropy.bounds(*none)).shape == (4, 0)


def test_few_reads_look_more_regular_than_they_are():
    """What the glossary says: a source of 3 bits looks like one of 2.5 at 20 reads."""
    camera = below(draw(stream(1, "source"), np.arange(400 * 20)), 8).astype(np.int32)
    assert entropy.bounds(np.arange(401) * 20, camera).real.mean() == pytest.approx(2.48, abs=0.04)
    assert "2.48" in BY_NAME["prediction_entropy"].trap


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="plain Python has no signatures")
def test_a_kernel_is_compiled_once():
    assert len(kernels.unseen.signatures) == 1
