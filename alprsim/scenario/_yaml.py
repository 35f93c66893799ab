"""YAML 1.2 read strictly, every key and value keeping the line and column where it is written."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import yaml

from alprsim.scenario.errors import Place, Problem, ScenarioError, join

MOST_VALUES = 100_000
"""Values a document may hold once its aliases are expanded: a few nested aliases can spell out billions."""

SOURCED = 'a figure with its source is {value: one figure, source: "who says so"}'

DEEPEST = 50
"""Levels of nesting; a scenario has about six."""

KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys and row numbers from the top."""

_TAG = "tag:yaml.org,2002:"
_SCALARS: Final[dict[str, Callable[[str], Any]]] = {
    f"{_TAG}str": str,
    f"{_TAG}null": lambda _: None,
    f"{_TAG}bool": lambda text: text.lower() == "true",
    f"{_TAG}int": lambda text: int(text, 0),
    f"{_TAG}float": float,
}

# The core schema of YAML 1.2 (§10.3.2), except that a number with a leading zero is text (06820 is a ZIP code), and so
# are .inf and .nan, which no figure may be.
CORE: Final[dict[str, tuple[re.Pattern[str], str]]] = {
    f"{_TAG}null": (re.compile(r"^(?:~|null|Null|NULL|)$"), "~nN\0"),
    f"{_TAG}bool": (re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), "tTfF"),
    f"{_TAG}int": (re.compile(r"^(?:[-+]?(?:0|[1-9][0-9]{0,999})|0o[0-7]+|0x[0-9a-fA-F]+)$"), "-+0123456789"),
    f"{_TAG}float": (
        re.compile(r"^[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"),
        "-+.0123456789",
    ),
}


class _Loader(yaml.SafeLoader):
    # libyaml's parser is 13 × faster (1.4 ms against 19 ms for 300 lines) but brackets nested 200,000 deep crash it.
    yaml_implicit_resolvers = {}  # noqa: RUF012 (PyYAML's own table, replaced)


for _tag, (_pattern, _first) in CORE.items():
    _Loader.add_implicit_resolver(_tag, _pattern, ["" if c == "\0" else c for c in _first])


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it is written: a scalar, a mapping by key or a list."""

    value: Any
    place: Place
    key: Place | None = None
    written: str = ""
    source: str | None = None

    @property
    def mapping(self) -> dict[str, Node]:
        """The nodes by key; nothing when this is no mapping."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        """The nodes of a list; nothing when this is no list."""
        return self.value if isinstance(self.value, list) else []

    @property
    def text(self) -> str | None:
        """The value when it is text."""
        return self.value if isinstance(self.value, str) else None

    def child(self, key: str | int) -> Node | None:
        """Return the node under a key or a row number, if there is one."""
        if isinstance(key, int):
            return self.items[key] if 0 <= key < len(self.items) else None
        return self.mapping.get(key)

    def at(self, *path: str | int) -> Node | None:
        """Return the node at a path, if there is one."""
        node: Node | None = self
        for key in path:
            node = node.child(key) if node else None
        return node

    def put(self, path: KeyPath, node: Node) -> Node:
        """Return this tree with the node at an existing path replaced."""
        if not path:
            return node
        children = dict(self.mapping) if self.mapping else list(self.items)
        children[path[0]] = children[path[0]].put(path[1:], node)  # type: ignore[index]
        return replace(self, value=children)

    def plain(self) -> Any:
        """Return the values alone, lists as tuples."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        return tuple(node.plain() for node in self.value) if isinstance(self.value, list) else self.value

    def walk(self, *path: str | int) -> Iterator[tuple[KeyPath, Node]]:
        """Yield every node with its path, this one first."""
        yield path, self
        children = self.mapping.items() if self.mapping else enumerate(self.items)
        for key, node in children:
            yield from node.walk(*path, key)

    @property
    def written_at(self) -> Place:
        """The key's place, or the value's own where it has no key."""
        return self.key or self.place


def matches(path: KeyPath, pattern: tuple[str, ...]) -> bool:
    """Say whether a path is one of a pattern's, in which * is any key or row."""
    return len(path) == len(pattern) and all(p in ("*", k) for k, p in zip(path, pattern, strict=True))


def read(text: str, file: str, problems: list[Problem]) -> Node | None:
    """Read one document; None when it is empty.

    What leaves the rest readable (a key given twice, a value of no use) is added to ``problems``;
    a ScenarioError is raised where nothing more can be read.
    """
    lines = text.splitlines()

    def place(mark: Any) -> Place:
        excerpt = lines[mark.line] if mark.line < len(lines) else ""
        return Place(file, mark.line + 1, mark.column + 1, excerpt)

    try:
        root = yaml.compose(text, Loader=_Loader)
    except RecursionError:
        raise ScenarioError([Problem(file, 1, 1, "", f"nested more than {DEEPEST} levels deep")]) from None
    except yaml.reader.ReaderError as error:
        raise ScenarioError([_unreadable(text, file, error)]) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ScenarioError([Problem.at(place(mark), "", f"not YAML: {_in_words(error)}")]) from None
    return None if root is None else _Builder(place, problems).build(root, ())


def _unreadable(text: str, file: str, error: yaml.reader.ReaderError) -> Problem:
    before = text[: error.position].splitlines() or [""]
    message = f"not YAML: the character U+{error.character:04X} is not allowed"
    return Problem(file, len(before), len(before[-1]) + 1, "", message)


def _in_words(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or ""
    if "'\\t'" in problem:
        return "a tab stands here; write spaces"
    if "mapping values are not allowed" in problem:
        return "a colon stands where none can: check the indentation, or put the text in quotes"
    if "expected a single document" in (error.context or ""):
        return "a second document begins here; a scenario is one"
    if "found duplicate anchor" in problem:
        return problem.split(";")[0]
    return " ".join(filter(None, (error.context, problem)))


class _Builder:
    """Turns PyYAML's nodes into ours, counting what it visits."""

    def __init__(self, place: Callable[[Any], Place], problems: list[Problem]) -> None:
        self._place = place
        self._problems = problems
        self._visited = 0

    def build(self, node: yaml.Node, path: KeyPath, key: Place | None = None) -> Node:
        place = self._place(node.start_mark)
        self._visited += 1
        if self._visited > MOST_VALUES:
            message = f"more than {MOST_VALUES:,} values once aliases are expanded"
            raise ScenarioError([Problem.at(place, join(*path), message)])
        if len(path) > DEEPEST:
            raise ScenarioError([Problem.at(place, "", f"nested more than {DEEPEST} levels deep")])
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._sourced(Node(self._mapping(node, path), place, key), path)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return Node([self.build(item, (*path, i)) for i, item in enumerate(node.value)], place, key)
        return Node(self._scalar(node, place, path), place, key, written=str(node.value))

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Node]:
        built: dict[str, Node] = {}
        for key_node, value_node in node.value:
            place = self._place(key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                self._problems.append(Problem.at(place, join(*path), "a list or mapping cannot be a key"))
                continue
            key = self._whole(str(key_node.value), place, path)
            child = self.build(value_node, (*path, key), place)
            if key in built:
                first = built[key].key
                message = f"is given twice; the first is in line {first.line if first else 0}"
                self._problems.append(Problem.at(place, join(*path, key), message))
            built.setdefault(key, child)
        return built

    def _scalar(self, node: yaml.Node, place: Place, path: KeyPath) -> Any:
        written = self._whole(str(node.value), place, path)
        try:
            value = _SCALARS[node.tag](written)
        except (KeyError, ValueError):
            tag = node.tag.replace(_TAG, "!!")
            self._problems.append(Problem.at(place, join(*path), f"the tag {tag} cannot be used here"))
            return None
        if isinstance(value, float) and not math.isfinite(value):
            message = f'{written[:60]} is not a finite number; where no limit is allowed, write "unlimited"'
            self._problems.append(Problem.at(place, join(*path), message))
        return value

    def _whole(self, text: str, place: Place, path: KeyPath) -> str:
        """Return text that can be written; a pair of surrogates, as JSON writes it, is one character."""
        in_pairs = text.encode("utf-16-le", "surrogatepass")
        try:
            return in_pairs.decode("utf-16-le")
        except UnicodeDecodeError:
            self._problems.append(Problem.at(place, join(*path), "half of a surrogate pair is not text"))
            return in_pairs.decode("utf-16-le", "replace")

    def _sourced(self, node: Node, path: KeyPath) -> Node:
        """Unwrap ``{value: 30 d, source: "who says so"}``."""
        if set(node.mapping) != {"value", "source"}:
            return node
        value, source = node.mapping["value"], node.mapping["source"]
        if isinstance(value.value, dict | list) or not (source.text or "").strip():
            self._problems.append(Problem.at(value.place, join(*path), SOURCED))
        return replace(value, key=node.key, source=source.text)
