"""What is right in a scenario and yet does nothing: laws that bind nobody, and clocks that nothing ever runs on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alprsim.scenario import models
from alprsim.scenario.read import Loaded


def notes(loaded: Loaded) -> list[str]:
    """Return a line for each thing that a reader may believe to have an effect and that has none, with its policies."""
    found: dict[str, list[str]] = {}
    for name, policy in loaded.policies.items():
        for note in _of_policy(loaded, name, policy.custody):
            found.setdefault(note, []).append(name)
    whole = len(loaded.policies)
    return [note if len(of) == whole else f"{note} (policies: {', '.join(of)})" for note, of in found.items()]


def _of_policy(loaded: Loaded, policy: str, spec: models.Custody) -> Iterator[str]:
    departments = [name for name, agency in spec.agencies.items() if agency.kind == "department"]
    for key in models.Keeping.model_fields:
        preset = _preset(loaded, policy, key) if getattr(spec.departments, key) is not None else ""
        own = [name for name in departments if getattr(spec.agencies[name], key) is not None]
        if preset and departments and own == departments:
            paths = ", ".join(f"custody.agencies.{name}.{key}" for name in own[:3])
            others = f" and {len(own) - 3} more" if len(own) > 3 else ""
            yield f"preset {preset}: its {key} binds nobody, for every department has its own: {paths}{others}"
        elif preset and key == "held_retention" and not any(_said(spec, name, "held_share") for name in departments):
            yield (
                f"preset {preset}: its held_retention acts on nothing, for no read is held as evidence: "
                "custody.departments.held_share is 0"
            )


def _preset(loaded: Loaded, policy: str, key: str) -> str:
    """Return the name of the preset that says what departments do under a key; nothing where the scenario itself says so."""
    path = f"custody.departments.{key}"
    said = [source for where, source in loaded.sources.items() if _is_of(where, f"policies.{policy}.{path}")]
    said = said or [source for where, source in loaded.sources.items() if _is_of(where, path)]
    return said[0].removeprefix("preset ").partition(":")[0] if said and said[0].startswith("preset ") else ""


def _is_of(where: str, path: str) -> bool:
    return where == path or where.startswith(f"{path}.")


def _said(spec: models.Custody, name: str, key: str) -> Any:
    own = getattr(spec.agencies[name], key)
    return getattr(spec.departments, key) if own is None else own
