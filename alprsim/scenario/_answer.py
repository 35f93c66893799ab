"""The keys of a scenario's answer: which one table and one figure answer its question."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from alprsim.scenario._custody import Ends
from alprsim.scenario._fields import Model, Name

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


Answer = Annotated[OverRetention | OverPolicies | OverTowns | OverSubsets, Field(discriminator="over", description="The one table (answer.csv) and figure (answer.svg) that answer `question`; none: neither is made.")]
