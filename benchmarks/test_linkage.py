"""How fast targets are looked for among everybody's profiles of the epoch before."""

import numpy as np

from alprsim.kernels import linkage
from alprsim.measures import linkability
from alprsim.randomness import below, draw, stream

READS, PLATES, CELLS, HABITS, TARGETS = 1_000_000, 50_000, 2_400, 10, 1_000


def _epoch(number):
    """Return a tenth of a car's reads at random cells, the others at one of its ten habitual cells."""
    rows = np.arange(READS)
    plate = (rows * PLATES // READS).astype(np.int32)
    habit = below(draw(stream(1, "which habit"), rows, number), HABITS)
    usual = below(draw(stream(1, "where"), plate, habit), CELLS)
    other = below(draw(stream(1, "elsewhere"), rows, number), CELLS)
    return plate, np.where(below(draw(stream(1, "strays"), rows, number), 10) == 0, other, usual)


def test_link(benchmark, monkeypatch):
    earlier, later = (linkability.profiles(*_epoch(number)) for number in (0, 1))
    targets = linkability._of(later, np.arange(0, PLATES, PLATES // TARGETS, dtype=np.int32))
    calls = []
    monkeypatch.setattr(linkage, "link", lambda *arguments: calls.append(arguments))
    linkability.ranks(earlier, targets, CELLS)
    monkeypatch.undo()
    benchmark(linkage.link, *calls[0])
    benchmark.extra_info["reads"] = 2 * READS
    benchmark.extra_info["targets"] = TARGETS
    share = linkability.chance(*calls[0][-2:], 1)
    assert len(share) == TARGETS
    assert share.mean() > 0.95  # eighteen reads of twenty at ten cells of 2,400 name a car among 50,000
