"""How a foreign file is refused: by file and line, what was found and what is allowed."""

import difflib
import math
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

_SHOWN = 60  # characters of what was found: enough to find it by, short enough to read


class InteropError(ValueError):
    """A foreign file that cannot be used: file and line, what was found, what is allowed."""


class Line(NamedTuple):
    """A place in a foreign file; line 0 is the file as a whole."""

    file: Path
    number: int

    def refuse(self, rule: str, found: object = None) -> InteropError:
        """Return the error to raise: `rule` says what is allowed."""
        place = f"{self.file}:{self.number}" if self.number else str(self.file)
        shown = str(found)
        shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
        return InteropError(f"{place}: {rule}" + (f", not {shown!r}" if found is not None else ""))

    def number_of(self, what: str, text: str, *, above: float | None = None) -> float:
        """Return a finite number that is 0 or more, or above `above`."""
        try:
            value = float(text)
        except ValueError:
            raise self.refuse(f"{what} must be a number", text) from None
        if not math.isfinite(value) or value < 0 or (above is not None and value <= above):
            raise self.refuse(f"{what} must be {'0 or more' if above is None else f'above {above:g}'}", text)
        return value

    def row_of(self, what: str, text: str, count: int) -> int:
        """Return the row of something numbered from 1 to `count`."""
        try:
            value = int(text)
        except ValueError:
            raise self.refuse(f"{what} must be a whole number", text) from None
        if not 1 <= value <= count:
            raise self.refuse(f"{what} must be 1 to {count}", text)
        return value - 1

    def unknown(self, what: str, text: str, known: Collection[str]) -> InteropError:
        """Return the error of a name that is not among the known ones, with the nearest right one."""
        near = difflib.get_close_matches(text, list(known), n=1)
        return self.refuse(f"{what} is unknown" + (f" (nearest: {near[0]!r})" if near else ""), text)


def text(file: Path) -> str:
    """Return a file's text, or say why it cannot be read."""
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InteropError(f"{file} cannot be read as text ({error})") from error
