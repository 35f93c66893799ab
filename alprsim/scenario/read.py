"""From a YAML file to a scenario that is known to be right, or to a list of everything that is wrong with it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from alprsim.scenario import _yaml, units
from alprsim.scenario._check_answer import check_answer
from alprsim.scenario._check_changes import check_change, check_midway
from alprsim.scenario._check_custody import check_custody, check_said
from alprsim.scenario._checks import check_patch, check_world, names_a_file
from alprsim.scenario._compose import composed, in_full
from alprsim.scenario._explain import explain
from alprsim.scenario._merge import merge, overridden
from alprsim.scenario._yaml import KeyPath, Node
from alprsim.scenario.errors import Place, Problem, ScenarioError, join
from alprsim.scenario.models import MIDWAY, Custody, Model, Policy, Scenario

M = TypeVar("M", bound=Model)

_ASKED = {
    "variants",
    "name",
    "title",
    "question",
    "custody",
    "viewers",
    "policies",
    "ladder",
    "measures",
    "utility",
    "searches",
    "answer",
}
"""Keys of what is asked of a world's reads."""
_OF_THE_WORLD = {"kind", "town", "server_rate", "server_buffer"}
"""Keys of an agency that decide which reads are made."""


@dataclass(frozen=True)
class Loaded:
    """A scenario that is right, what each of its policies comes to, and who says so.

    ``scenario`` has its custody and viewers before any policy; ``policies`` are in the order written, the baseline
    first; ``sources`` maps a key's path to its source, ``places`` to the file and line that write it; ``base`` is the folder
    that relative file names are read from.
    """

    scenario: Scenario
    policies: Mapping[str, Policy]
    sources: Mapping[str, str]
    file: Path
    base: Path
    places: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def text(self) -> str:
        """Return the resolved scenario as YAML: every default and source written out, files as absolute paths.

        Loading this text gives an equal scenario, with the same policies and sources, wherever it is kept.
        """
        data = self.scenario.model_dump(mode="json", exclude_none=True)
        sourced = _each(data, lambda path, value: self._with_source(join(*path), value))
        return yaml.dump(
            sourced, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120
        )

    def digest(self) -> str:
        """Return the sha256 of all that decides the result: not titles, searches, sources or spelling, but files' contents."""
        unasked = {"answer"} if self.scenario.answer is None else set()
        unasked |= set() if self.scenario.variants else {"variants"}
        world = self.scenario.model_dump(mode="json", exclude={"title", "question", "policies", "searches", *unasked})
        policies = {name: policy.model_dump(mode="json") for name, policy in self.policies.items()}
        return _sha256({**world, "policies": policies})

    def world_digest(self) -> str:
        """Return the sha256 of all that decides the reads: scenarios alike in it can be asked of the same ones.

        Of custody these are the agencies, in their order, and where they and their servers stand.
        """
        world = self.scenario.model_dump(mode="json", exclude=_ASKED)
        agencies = {
            name: agency for policy in self.policies.values() for name, agency in policy.custody.agencies.items()
        }
        agencies = {**self.scenario.custody.agencies, **agencies, **self.scenario.custody.agencies}
        told = [(name, agency.model_dump(mode="json", include=_OF_THE_WORLD)) for name, agency in agencies.items()]
        return _sha256({**world, "agencies": told})

    def volumes_digest(self) -> str:
        """Return the sha256 of all that decides who drives where and of the counts: what `traffic.fitted` seals."""
        data = self.scenario.model_dump(mode="json", include={"roads", "population", "traffic"})
        return _sha256({**data, "traffic": {**data["traffic"], "fitted": None}})

    def variants(self) -> dict[str, Loaded]:
        """Return the scenario once for each of its variants, by name, without an answer of its own.

        Raises
        ------
        ScenarioError
            A variant puts something where it cannot be; every problem names the variant.
        """
        return {name: self._variant(name, changed) for name, changed in self.scenario.variants.items()}

    def _variant(self, name: str, changed: Mapping[str, object]) -> Loaded:
        bare = replace(self, scenario=self.scenario.model_copy(update={"answer": None, "variants": {}}))
        said = [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in changed.items()]
        try:
            made = loads(
                bare.text(),
                base=self.base,
                overrides=[*said, f"title={json.dumps(name, ensure_ascii=False)}"],
                graph=True,
            )
        except ScenarioError as error:
            at = self.places.get(f"variants.{name}", "")
            file, _, line = at.rpartition(":")
            place = Place(file, int(line)) if line.isdigit() else Place(at or str(self.file))
            raise ScenarioError(
                [
                    Problem.at(place, join("variants", name), f"{problem.key}: {problem.message}")
                    for problem in error.problems
                ]
            ) from None
        return replace(made, file=self.file)

    @property
    def fitted(self) -> bool:
        """Whether its volumes are still those that were fitted to its counts."""
        return self.scenario.traffic.fitted == self.volumes_digest()

    def _with_source(self, path: str, value: object) -> object:
        return {"value": value, "source": self.sources[path]} if path in self.sources else value


def load(path: str | Path, *, overrides: Sequence[str] = (), graph: bool = False) -> Loaded:
    """Read a scenario file.

    Parameters
    ----------
    path : the YAML file; file names inside it are relative to its folder
    overrides : "cameras.count=40" each, put over the file in order
    graph : whether the roads come from elsewhere, so that a missing ``roads.file`` is no error

    Raises
    ------
    ScenarioError
        With every problem found, each at its line and column.
    """
    path = Path(path)
    problems: list[Problem] = []
    return _loaded(_file(path, problems), path, path.parent, overrides, graph, problems)


def loads(text: str, *, base: str | Path = ".", overrides: Sequence[str] = (), graph: bool = False) -> Loaded:
    """Read a scenario from text as :func:`load` does from a file; file names are relative to ``base``."""
    problems: list[Problem] = []
    tree = _document(text, "<text>", Path(base), problems, ())
    return _loaded(tree, Path("<text>"), Path(base), overrides, graph, problems)


def _loaded(
    tree: Node, file: Path, base: Path, overrides: Sequence[str], graph: bool, problems: list[Problem]
) -> Loaded:
    for override in overrides:
        tree = overridden(tree, override, problems)
    tree = _anchored(tree, base)
    unread = list(problems)
    tree = composed(in_full(tree, problems), problems)
    scenario = _validated(Scenario, tree, (), problems)
    problems += [*check_world(tree, graph=graph), *check_custody(tree), *check_midway(tree)]
    problems += check_said(tree.child("custody") or Node({}, tree.place), ("custody",))
    _changes(tree, (), problems)
    problems += check_answer(tree, scenario) if scenario else ()
    policies = {name: _policy(name, patch, tree, problems) for name, patch in _patches(tree).items()}
    if problems or scenario is None:
        raise ScenarioError(_once(problems, unread))
    sources = {join(*path): node.source for path, node in tree.walk() if node.source}
    made = {name: policy for name, policy in policies.items() if policy}
    places = {join(*path): _said(node.written_at) for path, node in tree.walk() if path}
    loaded = Loaded(scenario, made, sources, file, Path(os.path.abspath(base)), places)
    loaded.variants()
    return loaded


def _said(place: Place) -> str:
    return f"{place.file}:{place.line}" if place.line else place.file


# --- files ----------------------------------------------------------------------------------------------------------------


def _file(path: Path, problems: list[Problem], chain: tuple[Path, ...] = (), asked: Place | None = None) -> Node:
    """Read a file and what it extends; ``chain`` are the files that extend it, ``asked`` where its name is written."""
    place, key = (asked, "extends") if asked else (Place(str(path)), "")
    try:
        here = Path(os.path.realpath(path))
        if here in chain:
            circle = " → ".join(p.name for p in (*chain[chain.index(here) :], here))
            raise ScenarioError([*problems, Problem.at(place, key, f"goes in a circle: {circle}")])
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        message = f"not UTF-8: the byte 0x{error.object[error.start]:02X} begins no character"
        raise ScenarioError([*problems, Problem(str(path), line, column, "", message)]) from None
    except (OSError, ValueError) as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else "cannot be read"
        detail = f"{reason}: {path}" if asked else reason
        more = f" ({error.strerror})" if isinstance(error, OSError) and reason == "cannot be read" else ""
        raise ScenarioError([*problems, Problem.at(place, key, detail + more)]) from None
    return _document(text, str(path), path.parent, problems, (*chain, here))


def _document(text: str, file: str, folder: Path, problems: list[Problem], chain: tuple[Path, ...]) -> Node:
    tree = _yaml.read(text, file, problems)
    if tree is None or not tree.mapping:
        place = tree.place if tree else Place(file, 1, 1)
        found = units.shown(tree.value) if tree and tree.value not in (None, {}) else "nothing"
        raise ScenarioError(
            [*problems, Problem.at(place, "", f"found {found}; a scenario is a mapping of keys to values")]
        )
    tree = _anchored(tree, folder)
    if "extends" not in tree.mapping:
        return in_full(tree, problems)
    child = replace(tree, value={key: node for key, node in tree.mapping.items() if key != "extends"})
    extends = tree.mapping["extends"]
    if not extends.text:
        message = f"found {units.shown(extends.value)}; it is the name of one scenario file"
        raise ScenarioError([*problems, Problem.at(extends.place, "extends", message)])
    extended = _file(folder / extends.text, problems, chain, extends.place)
    return merge(extended, in_full(child, problems, extended))


def _anchored(tree: Node, folder: Path) -> Node:
    """Make the names of files absolute, from the folder of the file that writes them."""
    for path, node in list(tree.walk()):
        if node.text and names_a_file(path):
            tree = tree.put(path, replace(node, value=os.path.abspath(folder / node.text)))
    return tree


# --- models ---------------------------------------------------------------------------------------------------------------


def _validated(model: type[M], tree: Node, prefix: KeyPath, problems: list[Problem]) -> M | None:
    try:
        return model.model_validate(tree.plain())
    except ValidationError as error:
        problems += explain(error, model, tree, prefix)
        return None


def _patches(tree: Node) -> dict[str, Node]:
    policies = tree.mapping.get("policies")
    return {name: node for name, node in policies.mapping.items() if isinstance(node.value, dict)} if policies else {}


def _policy(name: str, patch: Node, tree: Node, problems: list[Problem]) -> Policy | None:
    """Apply a patch and check what comes out, each problem where the patch or the base writes it."""
    problems += check_patch(patch, tree, name)
    problems += check_said(patch.child("custody") or Node({}, patch.place), ("policies", name, "custody"))
    rules = {key: tree.mapping[key] for key in ("custody", "viewers") if key in tree.mapping}
    touched = {key: node for key, node in patch.mapping.items() if key in ("custody", "viewers")}
    patched = merge(Node(rules, tree.place), Node(touched, tree.place))
    whole = replace(tree, value={**tree.mapping, **patched.mapping})
    problems += [*check_custody(whole, ("policies", name)), *check_midway(whole, ("policies", name))]
    _changes(whole, ("policies", name), problems)
    named = {"name": Node(name, patch.written_at), **patched.mapping}
    return _validated(Policy, replace(patched, value=named), ("policies", name), problems)


def _changes(tree: Node, prefix: KeyPath, problems: list[Problem]) -> None:
    """Check what each change makes of the custody that holds until then."""
    before = tree.child("custody") or Node({}, tree.place)
    rules = replace(before, value={key: node for key, node in before.mapping.items() if key not in MIDWAY})
    changes = before.child("changes")
    for row, change in enumerate(changes.items if changes else []):
        patch, path = change.child("custody"), (*prefix, "custody", "changes", row)
        if patch is not None and isinstance(patch.value, dict):
            problems += check_change(patch, tree, (*path, "custody"))
            problems += check_said(patch, (*path, "custody"))
            allowed = {key: node for key, node in patch.mapping.items() if key not in MIDWAY}
            rules = merge(rules, replace(patch, value=allowed))
            problems += check_custody(replace(tree, value={**tree.mapping, "custody": rules}), path)
            _validated(Custody, rules, (*path, "custody"), problems)


def _once(problems: list[Problem], unread: list[Problem]) -> list[Problem]:
    """Drop what follows from a value that could not be read, and what a policy only inherits from the base."""
    lost = {(p.file, p.line, p.column) for p in unread}
    said = {(p.file, p.line, p.column, p.message): p for p in reversed(problems)}
    followers = [p for p in said.values() if (p.file, p.line, p.column) not in lost or not p.line]
    return [*unread, *followers]


# --- writing --------------------------------------------------------------------------------------------------------------


class _Dumper(yaml.SafeDumper):
    """Puts text in quotes that a YAML 1.1 or 1.2 reader would take for something else."""

    def ignore_aliases(self, _: object) -> bool:
        return True


for _tag, (_pattern, _first) in _yaml.CORE.items():
    _Dumper.add_implicit_resolver(_tag, _pattern, list(_first))


def _each(data: Any, change: Callable[[KeyPath, Any], Any], *path: str | int) -> Any:
    """Return plain data with every scalar changed."""
    if isinstance(data, dict):
        return {key: _each(value, change, *path, key) for key, value in data.items()}
    if isinstance(data, list):
        return [_each(value, change, *path, row) for row, value in enumerate(data)]
    return change(path, data)


def _sha256(data: dict[str, Any]) -> str:
    decides = _each(data, _what_decides)
    return hashlib.sha256(json.dumps(decides, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _what_decides(path: KeyPath, value: Any) -> Any:
    """Stand a file's contents in for its name, and nothing for a viewer's or a change's title."""
    if path[-3::2] in (("viewers", "title"), ("changes", "title")):
        return None
    if isinstance(value, str) and names_a_file(path) and os.path.isfile(value):
        with open(value, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return value
