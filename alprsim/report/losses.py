"""What became of the plates that passed the readers, by whose they are and by their kind: every loss by its cause."""

from __future__ import annotations

from typing import NamedTuple

from alprsim.report.tables import Cell, Grid, Head
from alprsim.results import words
from alprsim.results.run import Run
from alprsim.tables import DAY, CameraKind


class _Part(NamedTuple):
    """A column of shares: the counts it adds up, what they are a share of, and whether it is shown where all are 0."""

    title: str
    counts: str
    of: str
    meaning: str
    always: bool = False


_PARTS = (
    _Part("Down", "down", "stood", "The camera was broken or being serviced."),
    _Part("Missed", "missed", "stood", "Not captured, though the camera worked and had time.", True),
    _Part("Dropped: reader", "dropped_reader", "stood", "The reader was busy and its buffer full."),
    _Part("Dropped: store", "dropped_store", "stood", "The camera's store was full before its next upload."),
    _Part("Dropped: server", "dropped_server", "stood", "The agency's shared server was busy and its queue full."),
    _Part("Recorded", "reads", "stood", "Reads, unreadable and wrong ones included.", True),
    _Part("Unreadable", "unreadable", "reads", "Reads without a text.", True),
    _Part("Misread", "misread", "reads", "Reads whose text is wrong.", True),
    _Part("Wrong state", "wrong_state", "reads", "Reads whose state is wrong, whatever the text."),
    _Part("Signs", "spurious", "stood", "Signs and decals taken for a plate."),
    _Part(
        "Ghosts",
        "ghosts",
        "reads",
        "Reads under a plate that another car bears: that car seems to have been there.",
        True,
    ),
)


_KINDS = {
    CameraKind.FIXED: ("fixed camera", "fixed cameras"), CameraKind.PATROL: ("patrol car", "patrol cars"),
    CameraKind.GANTRY: ("gantry", "gantries"), CameraKind.PORTABLE: ("trailer", "trailers"),
    CameraKind.SPOTTER: ("spotter car", "spotter cars"),
}  # fmt: skip


def losses(run: Run) -> Grid | None:
    """Return a row an agency and kind of reader, of all seeds together; None where the run knows of no camera."""
    if "tally" not in run.tables:
        return None
    tally = run.table("tally")
    if "agency" not in tally or tally.empty:
        return None
    tally["stood"] = tally["passages"] + tally["spurious"]
    groups = tally.groupby(["agency", "kind"], sort=False)
    sums, cameras = groups.sum(numeric_only=True), groups["camera"].nunique()
    shown = [part for part in _PARTS if part.always or sums[part.counts].any()]
    down = bool(sums["down_s"].any())
    heads = [Head("Passages", "a camera and day", "Plates that passed, seen or not.")]
    heads += [Head(part.title, "of reads" if part.of == "reads" else "of what passed", part.meaning) for part in shown]
    heads += [Head("Hours down", "a camera and day", "Broken or being serviced.")] if down else []
    rows = []
    for (agency, kind), of in sums.iterrows():
        cells = [Cell(f"{of['passages'] / of['days']:,.0f}")]
        cells += [Cell(f"{words.percent(of[p.counts] / of[p.of])} %" if of[p.of] else "–") for p in shown]
        cells += [Cell(f"{of['down_s'] / of['days'] / DAY * 24:.1f}")] if down else []
        many = int(cameras[agency, kind])
        rows.append((str(agency), f"{many} {_KINDS[CameraKind(kind)][many != 1]}", cells))
    return Grid("By whose readers and their kind, all seeds together", heads, rows)
