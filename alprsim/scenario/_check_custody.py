"""What no key of custody can say alone: agencies that exist, and keys that would do nothing where they are written."""

from __future__ import annotations

from collections.abc import Iterator

from alprsim.scenario import models, units
from alprsim.scenario._tree import agencies_of, departments_of, items_at, known, mapping_at, text_of
from alprsim.scenario._yaml import KeyPath, Node
from alprsim.scenario.errors import Problem, join

_OF_CAMERAS = ("admissible", "exclude", "held_share")
"""Keys of what an agency's own cameras read."""
_CLOCKS = ("retention", "hit_retention", "held_retention")
"""Each no shorter than the one before."""


def check_custody(tree: Node, prefix: KeyPath = ()) -> Iterator[Problem]:
    """Check that sharing, viewers and the ladder name agencies of ``custody.agencies``; of one policy or of the base."""
    agencies = agencies_of(tree)
    if not agencies:
        return
    for name in (name for name in models.GROUPS if name in agencies):
        message = f"means several agencies in an edge ({', '.join(models.GROUPS)}); an agency needs another name"
        yield Problem.at(agencies[name].written_at, join(*prefix, "custody", "agencies", name), message)
    for row, edge in enumerate(items_at(tree, "custody", "sharing")):
        path = (*prefix, "custody", "sharing", row)
        for end in ("giver", "taker"):
            yield from _known_all(edge.child(end), (*path, end), agencies)
        yield from _edge(edge, path)
    yield from _idle(tree, agencies, (*prefix, "custody", "agencies"))
    for row, out in enumerate(items_at(tree, "custody", "opt_out")):
        for end in ("agency", "to"):
            yield from _known_all(out.child(end), (*prefix, "custody", "opt_out", row, end), agencies)
    for name, viewer in mapping_at(tree, "viewers").items():
        yield from known(viewer.child("agency"), (*prefix, "viewers", name, "agency"), agencies)
    for row, node in enumerate(items_at(tree, "ladder", "agencies")):
        yield from known(node, (*prefix, "ladder", "agencies", row), agencies)


def check_said(custody: Node, path: KeyPath) -> Iterator[Problem]:
    """Check keys that are written together: of one custody before others are put over or under it."""
    said: list[tuple[KeyPath, Node | None]] = [(("departments",), custody.child("departments"))]
    said += [(("agencies", name), node) for name, node in mapping_at(custody, "agencies").items()]
    for at, node in said:
        if node is not None:
            yield from _clocks(node, (*path, *at))
            yield from _together(node, (*path, *at))


def _known_all(node: Node | None, path: KeyPath, agencies: dict[str, Node]) -> Iterator[Problem]:
    """Check one end of an edge: an agency, a group, or a list of them; no group that has nobody in it, no host."""
    groups = [name for name in models.GROUPS if name != "departments" or departments_of(agencies)]
    for row, one in enumerate(node.items) if node and node.items else [(None, node)]:
        at = path if row is None else (*path, row)
        yield from known(one, at, agencies, tuple(groups))
        if one and one.text in agencies and text_of(agencies[one.text], "kind") == "host":
            message = f"'{one.text}' is a host: it stores for others and shares nothing; a searchable store is a pool"
            yield Problem.at(one.place, join(*at), message)


def _edge(edge: Node, path: KeyPath) -> Iterator[Problem]:
    taker, kind = edge.child("taker"), text_of(edge, "kind")
    if taker and taker.text and taker.text == text_of(edge, "giver") and taker.text not in models.GROUPS:
        yield Problem.at(taker.place, join(*path, "taker"), f"'{taker.text}' shares with itself")
    if kind not in models.EDGE_KEYS:
        return
    for key, node in edge.mapping.items():
        if key in models.foreign_keys(kind):
            owners = " or ".join(other for other, keys in models.EDGE_KEYS.items() if key in keys)
            yield Problem.at(node.written_at, join(*path, key), f"belongs to kind: {owners}; this edge is kind: {kind}")
    renews = edge.child("on_duplicate")
    if kind == "mirror" and renews and renews.text == "renew" and (text_of(edge, "clock") or "capture") == "capture":
        message = "renew needs clock: receipt; a clock that counts from capture cannot be restarted"
        yield Problem.at(renews.place, join(*path, "on_duplicate"), message)
    copies, sync = edge.child("copies"), edge.child("sync")
    if copies and copies.text == "reachable" and not sync:
        message = (
            'reachable needs `sync`: what can be searched is copied in batches, e.g. sync: {every: 24 h, at: "02:00"}'
        )
        yield Problem.at(copies.place, join(*path, "copies"), message)


# --- keys without effect ----------------------------------------------------------------------------------------------------


def _clocks(node: Node, path: KeyPath) -> Iterator[Problem]:
    """Refuse a class of reads that would be kept shorter than those it is never kept shorter than."""
    longest: tuple[int, str] | None = None
    for key in _CLOCKS:
        said = node.child(key)
        if said is None or _by_preset(said):
            continue
        kept = _kept(said)
        if kept is not None and longest and kept < longest[0]:
            message = f"{units.shown(said.value)} has no effect: such reads are never kept shorter than others, here {longest[1]}"
            yield Problem.at(said.place, join(*path, key), f"{message} ({units.say_duration(longest[0])})")
        if kept is not None and (longest is None or kept > longest[0]):
            longest = kept, key


def _together(node: Node, path: KeyPath) -> Iterator[Problem]:
    """Refuse what another key that is written beside it leaves nothing to do."""
    sample, rotate = node.child("sample"), node.at("identity", "rotate")
    if text_of(node, "keep") == "hits" and sample and sample.value is not None:
        message = "has no effect with keep: hits, which keeps no read that is sampled; leave one of the two out"
        yield Problem.at(sample.written_at, join(*path, "sample"), message)
    if text_of(node.child("identity"), "kind") == "plain" and rotate and rotate.value is not None:
        message = "has no effect on kind: plain, the plate itself; it belongs to kind: hashed or escrow"
        yield Problem.at(rotate.written_at, join(*path, "identity", "rotate"), message)


def _idle(tree: Node, agencies: dict[str, Node], path: KeyPath) -> Iterator[Problem]:
    """Refuse keys that do nothing for this kind of agency, for one without cameras or for one that gets reads anyway."""
    owners = list(
        dict.fromkeys(name for group in items_at(tree, "cameras", "groups") if (name := text_of(group, "agency")))
    )
    for name, node in agencies.items():
        host = text_of(node, "kind") == "host"
        for key, said in node.mapping.items():
            at = join(*path, name, key)
            if said.value is None or _by_preset(said):
                continue
            if host and key in models.Keeping.model_fields:
                yield Problem.at(
                    said.written_at, at, "has no effect on kind: host, which keeps only what others store there"
                )
            elif key in _OF_CAMERAS and owners and name not in owners:
                message = f"has no effect: it is of reads by an agency's own cameras, and '{name}' has none"
                yield Problem.at(said.written_at, at, f"{message}; agencies with cameras: {', '.join(owners)}")
        yield from _attests(tree, name, node, join(*path, name, "attests"))


def _attests(tree: Node, name: str, node: Node, path: str) -> Iterator[Problem]:
    """Refuse to attest where every agency of the scenario is of one's own state, or one's state is not of the compact."""
    said = node.child("attests")
    if said is None or said.value is not True:
        return
    own = text_of(node, "state") or models.Agency.model_fields["state"].default
    if own not in models.COMPACT:
        message = f"has no effect: '{name}' is of {own}; states of the compact are {', '.join(models.COMPACT)}"
        yield Problem.at(said.written_at, path, message)
    elif not _states(tree) & set(models.COMPACT) - {own}:
        message = (
            f"has no effect: no agency is of another state of the compact than {own}, and those of {own} receive anyway"
        )
        yield Problem.at(said.written_at, path, message)


def _states(tree: Node) -> set[str]:
    """Return the states of all agencies, those of policies and changes among them."""
    default = str(models.Agency.model_fields["state"].default)
    return {
        text_of(node, "state") or default
        for path, node in tree.walk() if path[-2:-1] == ("agencies",) and text_of(node, "kind") != "host"
    }  # fmt: skip


def _by_preset(node: Node) -> bool:
    """Tell whether a law says so, whose text is what it is."""
    return any((one.source or "").startswith("preset ") for _, one in node.walk())


def _kept(node: Node) -> int | None:
    try:
        return units.seconds(node.value, unlimited=True)
    except ValueError:
        return None  # already said, as a wrong duration
