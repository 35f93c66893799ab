"""Imports run one way, as the architecture says: a stage imports no other stage, only tables and what lies below."""

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

PACKAGE = Path(__file__).resolve().parents[1] / "alprsim"

GROUND = {"tables", "randomness", "provenance", "kernels", "parquet", "data"}
STAGES = {
    "roads", "towns", "population", "routing", "traffic", "siting", "cameras", "plates", "custody", "ledger", "sight",
    "measures", "utility", "assignment", "counts", "hotlists", "patrols",
}  # fmt: skip
ALLOWED = {
    **dict.fromkeys(GROUND, GROUND),
    "scenario": GROUND | {"scenario"},
    **dict.fromkeys(STAGES, GROUND | {"scenario"}),
    "store": GROUND,
    "interop": GROUND | {"roads", "assignment"},
    "days": GROUND | {"scenario"} | STAGES,
    "readers": GROUND | {"scenario"} | STAGES,
    "records": GROUND | {"scenario"} | STAGES,
    "experiment": GROUND | {"scenario", "store", "days", "readers"} | STAGES,
    "calibration": GROUND | {"scenario", "days", "experiment"} | STAGES,
    "inquiry": GROUND | {"scenario", "store"} | STAGES | {"days", "experiment", "records"},
    "results": GROUND | {"scenario", "store", "measures", "counts"},
    "report": GROUND | {"scenario", "measures", "results"},
    "survey": GROUND | {"scenario", "days", "experiment", "report"} | STAGES,
    "chronicle": GROUND | {"scenario", "store", "custody", "ledger", "results", "report", "dossier"},
    "dossier": GROUND | {"scenario", "store", "custody", "records", "results", "report"},
    "audit": GROUND | {"scenario", "store", "custody", "utility", "results", "report", "dossier"},
    "sensitivity": GROUND | {"scenario", "siting", "experiment", "sweep", "results", "report"},
    "sweep": GROUND | {"scenario", "store", "days", "readers", "experiment", "inquiry", "results", "report"} | STAGES,
}
# A stage's private half (an underscored file) belongs to the stage that it serves.
SERVES = {
    "_places": {"roads", "towns"},
    "_openstreetmap": {"roads", "siting"},
    "_region": {"towns"},
    "_streets": {"towns"},
    "_islands": {"towns"},
    "_highways": {"towns"},
    "_blurs": {"sight"},
    "_spans": {"sight"},
}
EXCEPTIONS = {
    ("roads", "towns"),  # the built-in town is one of the sources that roads reads
    ("results", "report"),  # Run.report() writes the page of a run that has none: see the test of it below
}


def _module(file: Path) -> str:
    return file.relative_to(PACKAGE).with_suffix("").parts[0]


def _imports(file: Path) -> set[str]:
    """Return the modules of the package that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "alprsim":
            parts = (node.module or "").split(".")
            found |= {parts[1]} if len(parts) > 1 else {name.name for name in node.names}
        elif isinstance(node, ast.Import):
            found |= {n.name.split(".")[1] for n in node.names if n.name.startswith("alprsim.")}
    return found


FILES = sorted(f for f in PACKAGE.rglob("*.py") if _module(f) not in {"__init__", "cli"})


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_imports_run_one_way(file: Path):
    module = _module(file)
    for imported in _imports(file) - {module}:
        if imported in SERVES or module in SERVES:
            owners = SERVES.get(module, {module})
            assert imported in GROUND | {"scenario"} or owners & SERVES.get(imported, set())
        elif (module, imported) not in EXCEPTIONS:
            assert imported in ALLOWED[module], f"{module} must not import {imported}"


def test_only_an_opened_run_asks_for_its_page():
    users = {f.name for f in FILES if _module(f) == "results" and "report" in _imports(f)}
    assert users == {"run.py"}
    top = ast.parse((PACKAGE / "results" / "run.py").read_text()).body
    names = {n.name for node in top if isinstance(node, ast.ImportFrom) for n in node.names}
    assert "report" not in names  # only within the method, where a page is wanted


def test_every_module_has_its_place():
    assert {_module(f) for f in FILES} <= set(ALLOWED) | set(SERVES)


@pytest.mark.parametrize("file", [f for f in FILES if _module(f) == "kernels"], ids=lambda f: f.name)
def test_kernels_know_nothing_of_the_rest(file: Path):
    allowed = {"numpy", "numba", "functools", "hashlib", "os", "collections", "pathlib", "typing", "__future__"}
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert (
                node.module in {"alprsim.kernels._jit", "numpy.typing"} | allowed
                or node.module.split(".")[0] in allowed
            )
        elif isinstance(node, ast.Import):
            assert {n.name.split(".")[0] for n in node.names} <= allowed


@pytest.mark.parametrize(
    ("library", "homes"),
    [
        ("simpy", {"traffic", "ledger", "cameras", "patrols"}),
        ("astral", {"cameras"}),
        ("osmnx", {"roads", "_openstreetmap"}),
        ("matplotlib", {"report"}),
    ],
)
def test_a_library_has_its_home(library: str, homes: set[str]):
    users = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [n.name for n in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == library for name in names):
                users.add(_module(file))
    assert users == homes
