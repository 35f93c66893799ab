"""Retention limits that laws, bills and agencies have named, to mark on the ladder; dashed where the text itself was not read."""

from functools import cache
from typing import NamedTuple

from alprsim.scenario import presets

_SAME = 0.005  # five years are 1,825 or 1,826 days


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


@cache
def known() -> tuple[Statute, ...]:
    """Return every preset's limit, those that have a short mark of their own first."""
    marked = sorted(presets.known().values(), key=lambda preset: preset.mark is None)
    return tuple(_statute(preset) for preset in marked if preset.window)


def at(step: int) -> tuple[Statute, ...]:
    """Return all that name this step of a ladder; the first is the one to write beside it."""
    return tuple(statute for statute in known() if abs(step - statute.seconds) <= _SAME * statute.seconds)


def states(step: int) -> str:
    """Return the states whose laws name a step, Connecticut's first; without any, whose bills do, or whose practice it is."""
    told, said = _told(step)
    return ", ".join(dict.fromkeys(str(one.state) for one in told)) + said


def read(step: int) -> bool:
    """Say whether the text of everything that `states` names was read."""
    told, _ = _told(step)
    return all(one.read for one in told)


def _told(step: int) -> tuple[list[Statute], str]:
    named = at(step)
    for kind, said in (("law", ""), ("bill", " bill"), ("practice", " practice")):
        if found := [one for one in named if one.kind == kind and one.state]:
            return found, said
    return [], ""


def _statute(preset: presets.Preset) -> Statute:
    label = (preset.mark or preset.title) + ("" if preset.verified else ", as reported")
    told = (preset.status,) if preset.kind == "bill" else dict.fromkeys((preset.authority, preset.status))
    kind = preset.kind if preset.kind in ("law", "bill") else "practice"
    return Statute(preset.window or 0, label, "; ".join(told), preset.verified, preset.state or "", kind)
