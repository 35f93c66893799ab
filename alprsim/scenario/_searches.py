"""The keys of a scenario that say how often agencies search, for whom and why: what the simulated audit log is drawn from."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from alprsim.scenario import units
from alprsim.scenario._fields import Model, Name, Retention, Share

# A key, its unit, its default and its source stand on one line.
# fmt: off


class Searching(Model):
    """How much one agency searches."""

    monthly: Annotated[float, Field(ge=0, le=1_000_000, description="Searches in 30 d, as a Poisson stream.")] = 0.0
    users: Annotated[int, Field(ge=1, le=100_000, description="People who search, all as often. Assumption.")] = 10
    plate: Annotated[Share, Field(description="Searches by plate; the others are by place and time. Assumption.")] = 0.8


class Searches(Model):
    """Who searches how often, for whom and why. It changes no read and no measure: `alprsim audit` draws it on a finished run."""

    departments: Annotated[Searching, Field(description="Of departments: 101 in 30 d is the median of agencies' own searches, a tenth make 640 or more; Connecticut's portals have 19 to 679, median 128 (transparency portals, April 2026).")] = Searching(monthly=101, users=20)
    consumers: Annotated[Searching, Field(description="Of consumers: ICE made over 30,000 a month by 9,200 users in 2018, 3.3 a user (contract documents); 1 % of both are taken to ask here, about Connecticut's share of the country's residents (3.6 of 331 million, 2020 census). Assumption.")] = Searching(monthly=300, users=92)
    pools: Annotated[Searching, Field(description="Of pools: a vendor's own staff. Assumption: none.")] = Searching(monthly=0)
    agencies: Annotated[dict[Name, Searching], Field(description="Of single agencies, in place of their kind's.")] = {}
    listed: Annotated[Share, Field(description="Searches by plate for a plate that is on a hot list at the time, where the scenario has hot lists. Assumption.")] = 0.3
    watched: Annotated[Share, Field(description="Searches by plate, by one user of each agency, for the one person whom that user watches; the reason given is false. A Kansas chief searched for a former partner 164 times; about 50 cases of officers stalking were known by 2026 (press). The share is an assumption.")] = 0.005
    reasons: Annotated[dict[Name, Annotated[float, Field(gt=0)]], Field(min_length=1, description="What is written as the reason, and its weight. Free text in practice, \"investigation\" the commonest in published logs. Weights are assumptions.")] = {"investigation": 6, "stolen vehicle": 2, "wanted person": 1, "missing person": 1, "welfare check": 0.5}
    false_reason: Annotated[Share, Field(description="Of other searches, those whose reason is false; nothing in the log tells. Word filters are easily evaded (press). Assumption.")] = 0.02
    case_number: Annotated[Share, Field(description="Searches that state a case number where no edge needs one; where one does, all do. Assumption.")] = 0.3
    warrant: Annotated[Share, Field(description="Searches for which a warrant is asked, of those that reach back to what needs one. Assumption.")] = 0.2
    look_back: Annotated[Name, Field(description="The shape of `utility.query_ages` from which the age of what is looked for is drawn.")] = "mixed"
    retention: Annotated[Retention, Field(gt=0, description="How long an entry stays in the audit log. Assumption.")] = 365 * units.DAY

    @model_validator(mode="after")
    def _users_suffice(self) -> Searches:
        for name, one in {"departments": self.departments, "consumers": self.consumers, "pools": self.pools, **self.agencies}.items():
            if one.monthly > 10_000 * one.users:
                raise ValueError(f"{name}: {one.monthly:,.0f} searches in 30 d by {one.users} users are more than 10,000 each")
        return self

    def of(self, name: str, kind: str) -> Searching:
        """Return how much an agency of a kind (department, pool, consumer, host) searches."""
        by_kind = {"department": self.departments, "consumer": self.consumers, "pool": self.pools}
        return self.agencies.get(name, by_kind.get(kind, Searching()))
