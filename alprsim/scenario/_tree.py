"""Reading a scenario's tree while it may still be wrong in other ways."""

from __future__ import annotations

from collections.abc import Iterator

from alprsim.scenario import units
from alprsim.scenario._yaml import KeyPath, Node
from alprsim.scenario.errors import Problem, join, suggest


def mapping_at(tree: Node, *path: str | int) -> dict[str, Node]:
    """Return the nodes by key at a path; nothing where there is no mapping."""
    node = tree.at(*path)
    return node.mapping if node else {}


def items_at(tree: Node, *path: str | int) -> list[Node]:
    """Return the rows of a list at a path; nothing where there is none."""
    node = tree.at(*path)
    return node.items if node else []


def text_of(node: Node | None, key: str | int) -> str | None:
    """Return the text under a key, if it is text."""
    child = node.child(key) if node else None
    return child.text if child else None


def seconds_of(node: Node | None) -> int | None:
    """Return a duration in s; nothing where it is written wrongly, which is said elsewhere."""
    try:
        return units.seconds(node.value) if node else None
    except ValueError:
        return None


def agencies_of(tree: Node) -> dict[str, Node]:
    """Return the agencies of a scenario."""
    return mapping_at(tree, "custody", "agencies")


def departments_of(agencies: dict[str, Node]) -> list[str]:
    """Return the names of those that are departments."""
    return [name for name, node in agencies.items() if (text_of(node, "kind") or "department") == "department"]


def known(node: Node | None, path: KeyPath, agencies: dict[str, Node], also: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Check that a node names an agency."""
    name = node.text if node else None
    if node and name and name not in agencies and name not in also:
        allowed = [*agencies, *also]
        message = f"found '{name}'; it must be one of custody.agencies: {', '.join(allowed)}{suggest(name, allowed)}"
        yield Problem.at(node.place, join(*path), message)
