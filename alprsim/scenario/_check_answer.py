"""What the answer of a scenario may name: its viewers, policies, departments and shapes of query age."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from alprsim.scenario import models, units
from alprsim.scenario._yaml import KeyPath, Node
from alprsim.scenario.errors import Problem, join, suggest


def check_answer(tree: Node, study: models.Scenario) -> Iterator[Problem]:
    """Check every name in ``answer`` against what the scenario, whose keys are right, has."""
    asked = study.answer
    if asked is None:
        return
    departments = [name for name, agency in study.custody.agencies.items() if agency.kind == "department"]
    known: dict[str, tuple[str, Iterable[str]]] = {
        "viewer": ("viewers", study.viewers), "viewers": ("viewers", study.viewers),
        "beside": ("utility.query_ages", study.utility.query_ages),
        "policy": ("policies", study.policies), "most": ("policies", study.policies),
        "opt_out": ("departments", departments), "audience": ("departments", departments),
        "to": ("agencies and groups", [*study.custody.agencies, *models.GROUPS]),
    }  # fmt: skip
    for key, (what, names) in known.items():
        if hasattr(asked, key):
            yield from _known(tree, ("answer", key), what, list(names))
    if isinstance(asked, models.OverMeasures):
        yield from _columns(tree, asked, study)


def _columns(tree: Node, asked: models.OverMeasures, study: models.Scenario) -> Iterator[Problem]:
    """Check what the columns name, and that the rows they stand in are there."""
    steps = study.ladder.retention
    for row, column in enumerate(asked.columns):
        at: KeyPath = ("answer", "columns", row)
        for key, what in (("viewer", "viewers"), ("policy", "policies")):
            if getattr(column, key) is not None:
                yield from _known(tree, (*at, key), what, list(getattr(study, what)))
        node = tree.at(*at, "retention")
        if column.retention is not None and column.retention not in steps and node:
            said = ", ".join(units.say_duration(step) for step in steps)
            yield Problem.at(
                node.place, join(*at, "retention"), f"found {units.shown(node.value)}; the ladder has {said}"
            )
    if asked.rows == "variants" and not study.variants and (node := tree.at("answer", "rows")):
        yield Problem.at(
            node.place, "answer.rows", "found 'variants'; the scenario has none: name them under `variants`"
        )


def _known(tree: Node, path: KeyPath, what: str, names: list[str]) -> Iterator[Problem]:
    node = tree.at(*path)
    rows = [((*path, row), one) for row, one in enumerate(node.items)] if node and node.items else [(path, node)]
    seen: set[str] = set()
    for at, one in rows:
        if one and one.text and one.text not in names:
            message = f"found '{one.text}'; it must be one of {what}: {', '.join(names)}{suggest(one.text, names)}"
            yield Problem.at(one.place, join(*at), message)
        elif one and one.text and one.text in seen:
            yield Problem.at(one.place, join(*at), f"'{one.text}' is listed twice")
        seen.add((one.text if one else None) or "")
