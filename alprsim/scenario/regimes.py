"""What a custody becomes: each change's patch merged over what held until then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alprsim.scenario._changes import moment as moment
from alprsim.scenario._merge import merge
from alprsim.scenario._yaml import Node
from alprsim.scenario.errors import Place
from alprsim.scenario.models import MIDWAY, Change, Custody


def regimes(custody: Custody) -> Iterator[tuple[Change, Custody]]:
    """Yield every change with the custody that holds from then on, which itself changes no more.

    Raises
    ------
    ValidationError
        When a patch makes no custody; those of a scenario that was loaded do.
    """
    rules = _node(custody.model_dump(mode="json", exclude_none=True, exclude=set(MIDWAY)))
    for change in custody.changes:
        rules = merge(rules, _node(change.custody))
        yield change, Custody.model_validate(rules.plain())


def _node(value: Any) -> Node:
    place = Place("")
    if isinstance(value, dict):
        return Node({key: _node(one) for key, one in value.items()}, place)
    return Node([_node(one) for one in value] if isinstance(value, list | tuple) else value, place)
