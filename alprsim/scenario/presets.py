"""Laws, bills and practices that a scenario puts in force by name, each with its source, its date and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from textwrap import indent
from types import MappingProxyType
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field

from alprsim.scenario import _yaml, units
from alprsim.scenario._fields import Model, Name
from alprsim.scenario._yaml import Node
from alprsim.scenario.errors import Problem, ScenarioError, suggest

_FILES = ("connecticut", "practice", "states", "bills")

CONFIDENCE = {
    "read": "read in the named source",
    "compiled": "read in a secondary compilation",
    "measured": "measured from public data",
    "derived": "derived",
    "remembered": "remembered, to be checked before it is cited",
}
"""How sure a preset is, in words."""

Texts = tuple[Annotated[str, Field(min_length=1)], ...]


class Preset(Model):
    """What a text of law, or a practice, says about custody, and where that is known from."""

    title: Name
    mark: Annotated[Name | None, Field(description="What a page's ladder is marked with at this limit.")] = None
    jurisdiction: Name
    state: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$")] = None
    kind: Literal["law", "bill", "policy", "vendor", "commercial pool", "practice"]
    covers: Annotated[
        Literal["departments", "one agency"],
        Field(description="one agency: of a private holder, so it stands under agencies.NAME only."),
    ] = "departments"
    status: Annotated[str, Field(min_length=1, description="In force, not passed, lost, pending …")]
    effective: Annotated[str | None, Field(pattern=r"^\d{4}(-\d{2}-\d{2})?$", description="Day or year.")] = None
    as_of: Annotated[str, Field(pattern=r"^\d{4}(-\d{2}){0,2}$", description="When this was true.")]
    authority: Annotated[str, Field(min_length=1)]
    sources: Annotated[Texts, Field(min_length=1)]
    confidence: Annotated[
        tuple[Literal["read", "compiled", "measured", "derived", "remembered"], ...], Field(min_length=1)
    ]
    verified: Annotated[bool, Field(description="Whether the operative text itself was read in full.")]
    quoted: Texts = ()
    exceptions: Texts
    assumptions: Texts = ()
    not_modelled: Texts
    custody: dict[str, object]

    @property
    def window(self) -> int | None:
        """Seconds that reads which matched nothing may be kept; None where no number is named."""
        return None if self.limit is None else units.seconds(self.limit, unlimited=True)

    @property
    def limit(self) -> str | None:
        """The window as it is written: 72 h."""
        kept = self.custody.get("departments", {})
        return kept.get("retention") if isinstance(kept, dict) else None

    @property
    def cited(self) -> str:
        """The authority, and where it is known from."""
        return f"{self.authority}{'' if self.verified else '; as reported'} ({'; '.join(self.sources)})"

    def in_words(self) -> dict[str, object]:
        """Return all of it as plain data, its confidence in words."""
        said = self.model_dump(mode="json")
        return {
            **said,
            "retention": self.limit,
            "confidence": [CONFIDENCE[word] for word in self.confidence],
            "cited": self.cited,
        }


@cache
def known() -> Mapping[str, Preset]:
    """Return every preset by name, Connecticut's first."""
    return MappingProxyType({name: Preset.model_validate(node.plain()) for name, node in _written().items()})


def find(name: str) -> Preset:
    """Return one preset; a ValueError names the nearest where there is none of this name."""
    if name not in known():
        near = suggest(name, known()) or ";"
        raise ValueError(f"there is no preset {units.shown(name)}{near} `alprsim presets` lists them")
    return known()[name]


@cache
def rules(name: str) -> Node:
    """Return what a preset says of custody, every figure with its source.

    Of an edge only the taker carries it: who may look is what the law rules.
    """
    preset, tree = find(name), _written()[name].mapping["custody"]
    source = f"preset {name}: {preset.cited}"
    for path, node in list(tree.walk()):
        scalar = path and not isinstance(node.value, dict | list)
        if scalar and not node.source and (path[0] != "sharing" or path[2:] == ("taker",)):
            tree = tree.put(path, replace(node, source=source))
    return tree


def as_table() -> str:
    """Return all presets as text, a line each."""
    rows = [("name", "jurisdiction", "retention", "effective", "verified")]
    rows += [
        (name, p.jurisdiction, p.limit or "no number", p.effective or "–", _verified(p)) for name, p in known().items()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def in_full(name: str) -> str:
    """Return one preset as text, its rules as a scenario would write them."""
    preset = find(name)
    said = {
        "jurisdiction": preset.jurisdiction,
        "kind": f"{preset.kind}, of {preset.covers}",
        "status": preset.status,
        "effective": preset.effective or "",
        "as of": preset.as_of,
        "authority": preset.authority,
        "verified": _verified(preset),
        "confidence": "; ".join(CONFIDENCE[word] for word in preset.confidence),
    }
    lines = [f"{name}: {preset.title}", *(f"  {key:<14}{value}" for key, value in said.items() if value)]
    for key in ("sources", "quoted", "exceptions", "assumptions", "not_modelled"):
        lines += [f"  {key.replace('_', ' '):<14}{text}" for text in getattr(preset, key)]
    rules = yaml.safe_dump(_lists(preset.custody), sort_keys=False, allow_unicode=True, default_flow_style=None)
    return "\n".join([*lines, "", "custody:", indent(rules.rstrip(), "  ")])


def _verified(preset: Preset) -> str:
    return "text read in full" if preset.verified else "as reported"


def _lists(value: Any) -> Any:
    """Return plain data with lists in place of tuples, which YAML would tag."""
    if isinstance(value, dict):
        return {key: _lists(child) for key, child in value.items()}
    return [_lists(child) for child in value] if isinstance(value, tuple) else value


@cache
def _written() -> Mapping[str, Node]:
    presets: dict[str, Node] = {}
    problems: list[Problem] = []
    for name in _FILES:
        file = files("alprsim") / "data" / "presets" / f"{name}.yaml"
        tree = _yaml.read(file.read_text("utf-8"), f"presets/{name}.yaml", problems)
        presets |= tree.mapping if tree else {}
    if problems:
        raise ScenarioError(problems)
    return presets
