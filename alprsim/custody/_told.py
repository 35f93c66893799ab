"""A policy explained with its papers: every rule beside the key that says it, where that is written, and its source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alprsim.custody._blocked import in_the_way
from alprsim.custody._explain import Step, names, routes
from alprsim.scenario.read import Loaded
from alprsim.tables import UNLIMITED, RecordClass

_REPLACED_WHOLE = ("sharing", "opt_out")
"""Lists of rules: a policy that writes one leaves nothing of the scenario's own."""


def told(
    loaded: Loaded, policy: str, viewer: str, owner: str, *, age: int | None = None,
    record: RecordClass = RecordClass.PLAIN,
) -> dict[str, Any]:  # fmt: skip
    """Explain one policy: every route with its rules, keys and sources, those that reach a read of an age (s) told apart.

    A key is named where it is written: of the policy (``policies.NAME.custody…``) or of the scenario. Without a route it is
    told which rules stand in the way.
    """
    spec = loaded.policies[policy].custody
    names(spec, viewer, owner)
    cameras = kinds(loaded, owner)
    found = routes(spec, viewer, owner, record=record, cameras=cameras) if cameras else []
    said = [
        {
            "sight": route.sight.name.lower(), "store": route.store, "passed": list(route.passed),
            "from_age": route.from_age, "to_age": None if route.to_age == UNLIMITED else route.to_age,
            "delay": route.delay, "chance": route.chance, "line": route.line(),
            "reaches": None if age is None else route.reaches(age),
            "rules": _sourced(route.steps, policy, loaded),
        }
        for route in found
    ]  # fmt: skip
    closed = [] if found else in_the_way(spec, viewer, owner, record, cameras)
    return {
        "policy": policy, "viewer": viewer, "owner": owner, "record": record.name.lower(), "age": age, "routes": said,
        "in_the_way": _sourced(closed, policy, loaded),
    }  # fmt: skip


def kinds(loaded: Loaded, owner: str) -> tuple[str, ...]:
    """Return the kinds of cameras that an agency has in the scenario."""
    spec = loaded.scenario.cameras
    mine = (group.kind or spec.kind for group in spec.groups if group.agency == owner)
    return tuple(dict.fromkeys(mine))


def _sourced(steps: Iterable[Step], policy: str, loaded: Loaded) -> list[dict[str, str]]:
    """Put each rule beside the key that says it, its place, and the sources of that key and of those under it."""
    said = []
    for step in steps:
        key = _where(step.key, policy, loaded)
        sources = {text: None for name, text in loaded.sources.items() if f"{name}.".startswith(f"{key}.")}
        place = loaded.places.get(key, "a default" if key.startswith("custody") else "")
        said.append({"said": step.said, "key": key, "place": place, "source": "; ".join(sources) if key else ""})
    return said


def _where(key: str, policy: str, loaded: Loaded) -> str:
    """Return the path under which a key of custody is written: the policy's if it writes it, else the scenario's."""
    parts = key.split(".")
    whole = ".".join(parts[:2]) if parts[1:2] and parts[1] in _REPLACED_WHOLE else key
    own = f"policies.{policy}.{whole}" in loaded.places
    return f"policies.{policy}.{key}" if own else key
