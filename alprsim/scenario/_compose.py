"""Laws put in force by name: a preset's rules lie under what the scenario writes, a policy's or a change's under its own."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from alprsim.scenario import models, presets, units
from alprsim.scenario._merge import merge, placed
from alprsim.scenario._yaml import KeyPath, Node
from alprsim.scenario.errors import Problem, join, suggest

KEYS = ("preset", *models.Custody.model_fields)
"""The keys of custody as people write it."""

_ENDS = (("custody", "sharing", "giver"), ("custody", "sharing", "taker"), ("cameras", "groups", "agency"))


def in_full(tree: Node, problems: list[Problem], base: Node | None = None) -> Node:
    """Put agencies that are written directly under ``custody`` under ``custody.agencies``, in the base and in policies.

    Only a name that the scenario, or the ``base`` that it extends, has as an agency elsewhere is taken for one, so that
    a misspelt key is never an agency.
    """
    names = _agencies(tree) | (_agencies(base) if base else set())
    for path, custody in _custodies(tree):
        tree = tree.put(path, _moved(custody, names, path, problems))
    return tree


def composed(tree: Node, problems: list[Problem]) -> Node:
    """Put presets' rules in place of their names.

    The order is: the scenario's preset, what the scenario writes, a policy's preset, what the policy writes; then the same of
    each change. Changes by name that a policy does not write itself are laid over its own rules. An agency's
    own preset lies under what that agency writes, and gives it what departments keep. A policy's law also binds the
    departments that the scenario itself lets keep longer.
    """
    names, written = _agencies(tree), tree.at("custody", "changes")
    for path, custody in _custodies(tree):
        rest = _without_unknown(custody, names, path, problems)
        base = tree.at("custody") if path[0] == "policies" else None
        own = _composed(rest, base or Node({}, rest.place), path, problems)
        if written and base and "changes" not in own.mapping and _by_name(written):
            own = replace(
                own, value={**own.mapping, "changes": written}
            )  # laws, to be laid over this policy's own rules
        tree = tree.put(path, _with_changes(own, merge(base, own) if base else own, names, path, problems))
    return tree


def _with_changes(custody: Node, rules: Node, names: set[str], path: KeyPath, problems: list[Problem]) -> Node:
    """Put presets' rules in place of their names in what changes midway, each over what holds until then."""
    changes = custody.child("changes")
    rows = []
    for row, change in enumerate(changes.items if changes else []):
        at = (*path, "changes", row, "custody")
        patch = change.child("custody")
        if patch is None or not isinstance(patch.value, dict):
            rows.append(change)
            continue
        patch = _moved(patch, names, at, problems)
        full = _composed(_without_unknown(patch, names, at, problems), rules, at, problems)
        rules = merge(rules, full)
        title = None if "title" in change.mapping else _titles(patch)
        rows.append(replace(change, value={**change.mapping, "custody": full, **({"title": title} if title else {})}))
    return custody.put(("changes",), replace(changes, value=rows)) if changes and rows else custody


def _by_name(changes: Node) -> bool:
    """Tell whether some change names a preset."""
    return any(change.at("custody", "preset") for change in changes.items)


def _titles(patch: Node) -> Node | None:
    """Return what the presets that a change names are called."""
    said = patch.child("preset")
    named = [name.text or "" for name in said.items or [said]] if said else []
    titles = [presets.find(name).title for name in named if name in presets.known()]
    return Node(", ".join(titles)[:80], said.place) if said and titles else None


def _custodies(tree: Node) -> list[tuple[KeyPath, Node]]:
    """Return custody and every policy's patch of it, where they are mappings."""
    policies = tree.child("policies")
    named = policies.mapping if policies else {}
    paths: list[KeyPath] = [("custody",), *(("policies", name, "custody") for name in named)]
    found = [(path, tree.at(*path)) for path in paths]
    return [(path, node) for path, node in found if node and isinstance(node.value, dict)]


# --- agencies written directly under custody ------------------------------------------------------------------------------


def _agencies(tree: Node) -> set[str]:
    """Return whatever stands for an agency somewhere in a scenario."""
    agencies, viewers = tree.at("custody", "agencies"), tree.child("viewers")
    names = set(agencies.mapping) if agencies else set()
    ends = [viewer.child("agency") for viewer in viewers.mapping.values()] if viewers else []
    for *path, key in _ENDS:
        rows = tree.at(*path)
        ends += [row.child(key) for row in (rows.items if rows else [])]
    named = {one.text for end in ends if end for one in (end, *end.items)}
    return names | {name for name in named if name} - {*models.GROUPS, *KEYS}


def _moved(custody: Node, names: set[str], path: KeyPath, problems: list[Problem]) -> Node:
    short = {key: node for key, node in custody.mapping.items() if key in names and key not in KEYS}
    agencies = custody.child("agencies") or Node({}, custody.place, custody.key)
    if not short or not isinstance(agencies.value, dict):
        return custody
    for key, node in short.items():
        other = agencies.mapping.get(key)
        if other and other.written_at.file == node.written_at.file:
            message = f"is given twice; also under agencies in line {other.written_at.line}"
            problems.append(Problem.at(node.written_at, join(*path, key), message))
    full = merge(agencies, replace(agencies, value=short), (*path, "agencies"))
    rest = {key: node for key, node in custody.mapping.items() if key not in short}
    return replace(custody, value={**rest, "agencies": full})


def _without_unknown(custody: Node, names: set[str], path: KeyPath, problems: list[Problem]) -> Node:
    """Refuse what is neither a key nor an agency, naming the nearest of both."""
    unknown = {key: node for key, node in custody.mapping.items() if key not in KEYS}
    for key, node in unknown.items():
        message = f"is not a key here; allowed: {', '.join(KEYS)}{suggest(key, KEYS)}"
        if isinstance(node.value, dict | None):
            near = f"{', '.join(sorted(names))}{suggest(key, sorted(names))}"
            message += f"{'' if message.endswith('?') else ';'} nor an agency of this scenario: {near}"
        problems.append(Problem.at(node.written_at, join(*path, key), message))
    return replace(custody, value={key: node for key, node in custody.mapping.items() if key not in unknown})


# --- presets --------------------------------------------------------------------------------------------------------------


def _composed(custody: Node, base: Node, path: KeyPath, problems: list[Problem]) -> Node:
    rest = _without_preset(custody)
    for name, agency in _mapping(rest, "agencies").items():
        if said := agency.child("preset"):
            kept = _law(said, (*path, "agencies", name, "preset"), problems, one=True).child("departments")
            own = _without_preset(agency)
            rest = rest.put(("agencies", name), merge(kept, own, (*path, "agencies", name)) if kept else own)
    said = custody.child("preset")
    if not said:
        return rest
    law = _law(said, (*path, "preset"), problems)
    full = merge(law, rest, path)
    bound = _capped(full, base, rest)
    if bound.mapping:
        full = replace(full, value={**full.mapping, "agencies": bound})
    if given := law.child("sharing"):
        kinds = _mapping(merge(base, rest), "agencies")
        written = rest.child("sharing")
        lower, upper = (given, written) if written else (base.child("sharing"), given)
        full = replace(full, value={**full.mapping, "sharing": _shared(lower, upper, kinds)})
    return full


def _capped(full: Node, base: Node, patch: Node) -> Node:
    """Return a policy's agencies with those departments bound to its limit that the scenario lets keep longer."""
    limit = full.at("departments", "retention")
    agencies = patch.child("agencies") or Node({}, full.place)
    if not limit or not isinstance(agencies.value, dict):
        return agencies
    bound = {**agencies.mapping}
    for name, agency in _mapping(base, "agencies").items():
        patched = bound.get(name, Node({}, full.place))
        longer = (_seconds(agency.child("retention")) or 0) > (_seconds(limit) or 0)
        if longer and _is_department(name, {name: agency}) and isinstance(patched.value, dict):
            bound[name] = replace(patched, value={"retention": limit, **patched.mapping})
    return replace(agencies, value=bound)


def _seconds(node: Node | None) -> int | None:
    try:
        return units.seconds(node.value, unlimited=True) if node else None
    except ValueError:
        return None  # already said, as a wrong duration


def _law(said: Node, path: KeyPath, problems: list[Problem], *, one: bool = False) -> Node:
    """Return the rules of the presets that are named, a later one over an earlier, placed where they are named."""
    laws = []
    for name in said.items or [said]:
        try:
            laws.append(placed(_named(name, one=one), name.place))
        except ValueError as error:
            problems.append(Problem.at(name.place, join(*path), str(error)))
    return reduce(merge, laws, Node({}, said.place))


def _named(name: Node, *, one: bool) -> Node:
    if name.value is None:
        raise ValueError("has no value; it is the name of a preset: `alprsim presets` lists them")
    if not name.text:
        raise ValueError(
            f"found {units.shown(name.value)}; it is the name of a preset, or a list of names: `alprsim presets`"
        )
    preset = presets.find(name.text)
    if preset.covers == "one agency" and not one:
        raise ValueError(f"{name.text} is of one agency, not of departments; write it as agencies.NAME.preset")
    return presets.rules(name.text)


def _shared(lower: Node | None, upper: Node, agencies: dict[str, Node]) -> Node:
    """Put edges over edges: what departments give is replaced by what departments give, the others' by the others'.

    A law says what departments give, and a pool's edges are the pool's; an empty list still means that nothing is shared.
    """
    rows = upper.items
    parts = {_of_departments(edge, agencies) for edge in rows}
    kept = [e for e in (lower.items if lower else []) if rows and _of_departments(e, agencies) not in parts]
    return replace(upper, value=[*kept, *rows]) if isinstance(upper.value, list) else upper


def _of_departments(edge: Node, agencies: dict[str, Node]) -> bool:
    giver = edge.child("giver")
    return any(_is_department(name.text, agencies) for name in ((giver.items or [giver]) if giver else []))


def _is_department(name: str | None, agencies: dict[str, Node]) -> bool:
    kind = agencies[name].child("kind") if name in agencies else None
    return name in models.GROUPS or (name in agencies and (kind is None or kind.text == "department"))


def _mapping(node: Node, key: str) -> dict[str, Node]:
    child = node.child(key)
    return child.mapping if child else {}


def _without_preset(node: Node) -> Node:
    return replace(node, value={key: child for key, child in node.mapping.items() if key != "preset"})
