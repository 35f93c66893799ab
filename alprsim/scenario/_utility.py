"""The keys of what a policy leaves for an investigation: which reads are useful, how late the question comes, who files holds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from alprsim.scenario import units
from alprsim.scenario._fields import Duration, FileName, Length, Model, Name, Share


def _tail(share: float) -> float:
    if share >= 0.5:
        raise ValueError(f"beyond_share must be below 0.5, since half are below median; not {share:g}")
    return share


# A key, its unit, its default and its source stand on one line.
# fmt: off


class QueryAge(Model):
    """How old an incident is when the question is asked: an assumption, with no default truth, or what a log of searches shows."""

    kind: Literal["exponential", "lognormal", "mixture", "audit_log"]
    mean: Duration | None = None
    median: Duration | None = None
    p95: Duration | None = None
    beyond: Annotated[Duration | None, Field(description="mixture: the age beyond which `beyond_share` of queries reach.")] = None
    beyond_share: Annotated[Annotated[Share, AfterValidator(_tail)] | None, Field(description="mixture: below 0.5, since half are younger than median.")] = None
    file: Annotated[FileName | None, Field(description='audit_log: CSV, a row a search, relative to the scenario file. Either `age` (a duration: "3 d"), or `look_back` (s, as `alprsim audit` writes it), or `searched` and `incident` (2026-03-02 or 2026-03-02 14:30; where either is a day alone, both are taken as days). Every row counts as often as every other. Other columns are not read.')] = None

    @model_validator(mode="after")
    def _complete(self) -> QueryAge:
        needed = AGE_KEYS[self.kind]
        given = tuple(key for key in type(self).model_fields if key != "kind" and getattr(self, key) is not None)
        if given != needed:
            raise ValueError(f"kind: {self.kind} takes {', '.join(needed)}; found {', '.join(given) or 'none of them'}")
        if any(getattr(self, key) <= 0 for key in needed if key != "file"):
            raise ValueError(f"{' and '.join(needed)} must be more than 0")
        if self.median and self.median >= (self.p95 or self.beyond or 0):
            raise ValueError(f"{needed[1]} must be longer than median")
        return self


AGE_KEYS = {
    "exponential": ("mean",), "lognormal": ("median", "p95"), "mixture": ("median", "beyond", "beyond_share"), "audit_log": ("file",),
}
"""The keys of each kind of query age."""

_SHAPES = {
    "fast": QueryAge.model_construct(kind="exponential", mean=2 * units.DAY),
    "mixed": QueryAge.model_construct(kind="lognormal", median=5 * units.DAY, p95=45 * units.DAY),
    "cold": QueryAge.model_construct(kind="mixture", median=5 * units.DAY, beyond=180 * units.DAY, beyond_share=0.10),
}


class Holding(Model):
    """Requests to preserve what is there about an incident until the question is asked: a hold defeats the cut-off."""

    chance: Annotated[Share, Field(description="Incidents for which a hold is filed. 0: none, and look-backs with holds are not counted. Assumption.")] = 0.0
    within: Annotated[Duration, Field(gt=0, description="W: it is filed so long after the incident at most, at any moment alike; one that would come after the question is of no use. Assumption.")] = 3 * units.DAY
    of: Annotated[Literal["area", "plate"], Field(description="What it names: where and when, so that every useful read is held; or the suspect's plate, which must then be known so early, and which keeps no other car's read. Assumption.")] = "area"


class Utility(Model):
    """What the same policy leaves for an investigation."""

    incidents: Annotated[int, Field(ge=1, description="Synthetic incidents a query moment. Assumption.")] = 2000
    within: Annotated[Length, Field(description="A read this near is useful. Assumption.")] = 1000.0
    around: Annotated[Duration, Field(description="A read this close in time is useful. Assumption.")] = 1800
    query_ages: Annotated[dict[Name, QueryAge], Field(min_length=1, description="Named assumptions on query age: no distribution was found published.")] = _SHAPES
    hold: Holding = Holding()
