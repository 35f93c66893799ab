"""The keys of a scenario's answer: which one table and one figure answer its question."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from alprsim.scenario._custody import Ends
from alprsim.scenario._fields import Model, Name, Retention

MOST_OPTING_OUT = 10
"""Departments whose every subset is asked: 1,024 of them."""

# A key, its unit, its default and its source stand on one line.
# fmt: off


class _Asked(Model):
    """What is measured, in every form of an answer."""

    measure: Annotated[Literal["trips_detected", "trips_linked", "observed_days"], Field(description="As the glossary defines it: shares of a life that reads lay open.")] = "trips_detected"
    statistic: Annotated[Literal["share_of_horizon_pooled", "share_of_horizon"], Field(description="Of the last T: all vehicles together, or the mean of each one's own share.")] = "share_of_horizon_pooled"
    beside: Annotated[tuple[Name, ...], Field(description="Shapes of utility.query_ages whose share of look-backs by plate still answered stands beside it.")] = ()


class OverRetention(_Asked):
    """A line a policy over the steps of the ladder."""

    over: Literal["retention"]
    viewer: Annotated[Name, Field(description="One of `viewers`.")]
    sight: Literal["bulk", "request"] = "request"


class OverPolicies(_Asked):
    """A bar a policy as it is written, through each viewer's eyes; by process and through a side door as expected values."""

    over: Literal["policies"]
    viewers: Annotated[tuple[Name, ...], Field(min_length=1, max_length=4, description="Of `viewers`, in the order shown.")]
    audience: Annotated[Name | None, Field(description="A department: how many agencies of the scenario can look at its reads under each policy. None: not counted.")] = None


class OverTowns(_Asked):
    """What each policy, as it is written, changes for the residents of each town."""

    over: Literal["towns"]
    viewer: Annotated[Name, Field(description="One of `viewers`.")]
    sight: Literal["bulk", "request"] = "request"
    town: Annotated[Name, Field(description="Whose residents the sentence is about.")]
    policy: Annotated[Name, Field(description="The policy that the sentence sets beside the baseline.")]
    most: Annotated[Name, Field(description="The policy that takes away most: what `policy` does is told as a share of it.")]


class OverSubsets(_Asked):
    """Every subset of some departments opts out of the baseline: who matters, in which order, and where it tips."""

    over: Literal["subsets"]
    viewer: Annotated[Name, Field(description="One of `viewers`.")]
    sight: Literal["bulk", "request"] = "request"
    opt_out: Annotated[tuple[Name, ...], Field(min_length=2, max_length=MOST_OPTING_OUT, description="The departments; 2 to the power of their number are asked.")]
    to: Annotated[Ends, Field(description="Who gets nothing from those that opt out; as custody.opt_out.to.")] = "everyone"


class Reference(Model):
    """A published figure that a column is held against."""

    value: Annotated[float, Field(description="In the unit of the column.")]
    label: Name
    source: Annotated[Name, Field(description="Who published it.")]


class Column(Model):
    """One statistic of one measure: what stands in a column, a number a row."""

    title: Name
    measure: Annotated[Name, Field(description="As the glossary or the hot lists name it.")]
    statistic: Annotated[Name, Field(description="As measures.parquet names it.")]
    viewer: Annotated[Name | None, Field(description="One of `viewers`; none: the answer's.")] = None
    sight: Annotated[Literal["bulk", "request", "process", "side_door"] | None, Field(description="None: the answer's.")] = None
    policy: Annotated[Name | None, Field(description="One of `policies`, where rows are not policies; none: the baseline.")] = None
    retention: Annotated[Retention | None, Field(description="A step of the ladder, where rows are no limits; none: as the policy itself says.")] = None
    who: Annotated[Name, Field(description="Whose lives: vehicles, people, or a group apart; of hot lists, a list.")] = "vehicles"
    town: Annotated[Name, Field(description="Whose residents, or a group that the measure tells apart; not where rows are towns.")] = "all"
    reference: tuple[Reference, ...] = ()


class OverMeasures(Model):
    """Several measures side by side: a row a policy, limit, variant of the world or town, a column a measure."""

    over: Literal["measures"]
    rows: Literal["policies", "retention", "variants", "towns"]
    viewer: Annotated[Name, Field(description="One of `viewers`.")]
    sight: Literal["bulk", "request"] = "request"
    written: Annotated[Name, Field(description="What the world is called, as the scenario itself writes it, among its variants.")] = "as written"
    columns: Annotated[tuple[Column, ...], Field(min_length=1, max_length=9)]


Answer = Annotated[OverRetention | OverPolicies | OverTowns | OverSubsets | OverMeasures, Field(discriminator="over", description="The one table (answer.csv) and figure (answer.svg) that answer `question`; none: neither is made.")]
