"""Retention limits that laws, bills and agencies have named, to mark on the ladder; dashed where no text of them was read."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from alprsim.scenario import presets

_SAME = 0.005  # five years are 1,825 or 1,826 days
_SAID = {"law": "", "bill": " bill", "practice": " practice"}
"""What is said after the states, by the kind of what names a limit: laws before bills before practices."""


class Statute(NamedTuple):
    """A limit somebody named."""

    seconds: int
    label: str
    source: str
    read: bool
    """Whether the text of the law or bill itself was read in full; else it is as reported."""
    state: str = ""
    """Whose: CT; empty where it is no state's."""
    kind: str = ""
    """A law, a bill, or else a practice."""
    name: str = ""
    """Its label without what is said of how it is known."""
    marked: bool = False
    """Whether it has a short name of its own."""
    holder: str = ""
    """A vendor or a commercial pool, where it is what such a one does."""


class Mark(NamedTuple):
    """What a limit is marked with, the same on the slider, on the ladder and in the list under it.

    Named are the states whose laws name the limit; where none does, whose bills do, or whose practice it is; and beside them
    what vendors do.
    """

    read: str
    """Those of them whose text was read in full, as the slider says it: "CT bill"."""
    reported: str
    """The others: "WA bill"."""
    label: str
    """All of them by their own short names, as the ladder says it: "CT bill HB 5716 (2025); WA, as reported"."""
    said: str
    """Everything that names the limit, a line each, with its source."""

    @property
    def states(self) -> str:
        """Both as one text."""
        return ", ".join(part for part in (self.read, self.reported) if part)

    @property
    def style(self) -> str:
        """The class of its line and its badge: solid where any text was read in full, else dashed."""
        return "law" if self.read else "law reported"


@cache
def known() -> tuple[Statute, ...]:
    """Return every preset's limit, those that have a short mark of their own first."""
    marked = sorted(presets.known().values(), key=lambda preset: preset.mark is None)
    return tuple(_statute(preset) for preset in marked if preset.window)


def at(step: int) -> tuple[Statute, ...]:
    """Return all that name this step of a ladder; the first is the one to write beside it."""
    return tuple(statute for statute in known() if abs(step - statute.seconds) <= _SAME * statute.seconds)


@cache
def mark(step: int) -> Mark | None:
    """Return what a step is marked with; None where nothing names it."""
    named = at(step)
    if not named:
        return None
    told = _told(named)
    read, reported = ([one for one in told if one.read is known] for known in (True, False))
    labels = [_labelled(read, told), f"{_labelled(reported, told)}, as reported" if reported else ""]
    return Mark(
        _states(read), _states(reported), "; ".join(label for label in labels if label),
        "\n".join(f"{one.label}; {one.source}" for one in named),
    )  # fmt: skip


def _told(named: Sequence[Statute]) -> list[Statute]:
    """Return those that a step is marked with: of states the laws, else the bills, else practices; then vendors'."""
    found = next((mine for kind in _SAID if (mine := [one for one in named if one.kind == kind and one.state])), [])
    return [*found, *(one for one in named if one.holder)] or [named[0]]


def _states(of: Sequence[Statute]) -> str:
    """Say them as the slider does: states by their letters, what is no state's by its name."""
    states = list(dict.fromkeys(one.state for one in of if one.state))
    kind = next((_SAID[one.kind] for one in of if one.state), "")
    said = ", ".join(states) + kind + "s" * (bool(kind) and len(states) > 1)
    return ", ".join(name for name in (said, *(one.holder or one.name for one in of if not one.state)) if name)


def _labelled(of: Sequence[Statute], told: Sequence[Statute]) -> str:
    """Say them as the ladder does: one alone, or one that begins with its state's letters, by its own name."""
    own = [one for one in of if one.marked and one.state and (len(told) == 1 or one.name.startswith(f"{one.state} "))]
    if not own and not any(one.holder for one in of):
        return _states(of)
    others = (one.state or one.name for one in of if one not in own)
    return ", ".join(dict.fromkeys([*(one.name for one in own), *others]))


def _statute(preset: presets.Preset) -> Statute:
    name = preset.mark or preset.title
    label = name + ("" if preset.verified else ", as reported")
    told = (preset.status,) if preset.kind == "bill" else dict.fromkeys((preset.authority, preset.status))
    kind = preset.kind if preset.kind in ("law", "bill") else "practice"
    return Statute(
        preset.window or 0, label, "; ".join(told), preset.verified, preset.state or "", kind, name, preset.mark is not None,
        preset.kind if preset.kind in ("vendor", "commercial pool") else "",
    )  # fmt: skip
