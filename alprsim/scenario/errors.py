"""What is wrong with a scenario, all at once: where it is written, which key, what was found and what is allowed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

_WIDEST = 160
"""Characters of a line that are shown; JSON may have a whole scenario in one."""


class Place(NamedTuple):
    """Where something is written. ``line`` and ``column`` count from 1; 0 is the whole file or an option."""

    file: str
    line: int = 0
    column: int = 0
    excerpt: str = ""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong; ``key`` is the path of the key it concerns, empty for the whole file."""

    file: str
    line: int
    column: int
    key: str
    message: str
    excerpt: str = ""

    @classmethod
    def at(cls, place: Place, key: str, message: str) -> Problem:
        """Make a problem from the place where it stands."""
        return cls(place.file, place.line, place.column, key, message, place.excerpt)

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        key = "" if where.endswith(f" {self.key}") else f"{self.key}: " if self.key else ""
        said = f"{where}: {key}{self.message}"
        if not self.excerpt.strip():
            return said
        start = max(0, self.column - _WIDEST // 2) if len(self.excerpt) > _WIDEST else 0
        line = self.excerpt[start : start + _WIDEST]
        under = re.sub(r"\S", " ", self.excerpt[start : self.column - 1])  # keeps tabs, so that the caret stands right
        return f"{said}\n{self.line:>6} | {line}\n       | {under}^"


class ScenarioError(Exception):
    """A scenario that cannot be used; ``problems`` names everything that was found wrong, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(dict.fromkeys(problems), key=lambda p: (p.file, p.line, p.column))
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))

    def as_dict(self) -> dict[str, Any]:
        """Return the problems as plain data, for ``--json``."""
        return {"problems": [asdict(problem) for problem in self.problems]}


def join(*path: str | int) -> str:
    """Write a path of keys the way errors and ``--set`` do: ``cameras.groups.0.count``."""
    return ".".join(map(str, path))


def suggest(word: str, allowed: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the allowed word nearest to ``word``, or nothing."""
    by_small = {w.casefold(): w for w in allowed}
    near = difflib.get_close_matches(word.casefold(), by_small, n=1)
    return f"; did you mean '{by_small[near[0]]}'?" if near else ""
