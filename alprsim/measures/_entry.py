"""What the glossary says of one measure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One measure, as the page and ``measures.parquet`` name it."""

    name: str
    """As in Measured.measure."""
    title: str
    unit: str
    """Of its shares; a stock is in the unit of what it counts."""
    definition: str
    question: str
    source: str
    trap: str
    """What a reader must know before believing a figure."""
    headline: str
    """A sentence for ``str.format``: {viewer}; {value}, written with its unit; {horizon}, in words."""

    @property
    def told(self) -> str:
        """The definition with its source, as a page says it beside a figure."""
        return f"{self.definition} Source: {self.source}."
