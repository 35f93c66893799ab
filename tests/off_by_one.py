"""Plant off-by-ones in a module, one at a time, and see whether its tests notice: ``python -m tests.off_by_one FILE TEST…``.

Planted are: every < for <= and > for >= and back, and every whole number in a function's body one more. Kernels run as plain
Python. Each plant is told as line and change; those that nobody noticed are listed at the end. A line that ends in
``# any`` is left out: what it does changes no answer, as the room of an array that only need be large enough.
"""

from __future__ import annotations

import ast
import copy
import importlib.abc
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

SWAPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
PATIENCE = 40
"""Seconds for the tests of one plant: one that never ends has been noticed."""


class _Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, module: str, file: Path, tree: ast.Module) -> None:
        self.module, self.file, self.tree = module, file, tree

    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_loader(name, self, origin=str(self.file)) if name == self.module else None

    def create_module(self, spec):
        return None

    def exec_module(self, module) -> None:
        module.__file__ = str(self.file)
        exec(compile(self.tree, str(self.file), "exec"), module.__dict__)


def places(tree: ast.Module) -> Iterator[tuple[ast.AST, int]]:
    """Yield the nodes where something can be planted, and which of a comparison's signs."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for statement in function.body:
                for node in ast.walk(statement):
                    if isinstance(node, ast.Compare):
                        yield from ((node, row) for row, sign in enumerate(node.ops) if type(sign) in SWAPPED)
                    elif isinstance(node, ast.Constant) and type(node.value) is int:
                        yield node, 0


def plant(node: ast.AST, row: int) -> str:
    """Change one node; return what was done."""
    before = ast.unparse(node)
    if isinstance(node, ast.Compare):
        node.ops[row] = SWAPPED[type(node.ops[row])]()
    elif isinstance(node, ast.Constant):
        node.value += 1
    return f"{before}  →  {ast.unparse(node)}"


def noticed(module: str, file: Path, tree: ast.Module, tests: list[str]) -> bool:
    """Run the tests with a changed module in a process of its own; tell whether one failed."""
    child = os.fork()
    if child == 0:
        import signal

        import pytest

        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        signal.alarm(PATIENCE)
        sys.meta_path.insert(0, _Planted(module, file, tree))
        os._exit(
            int(
                pytest.main(
                    ["-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning", *tests]
                )
            )
        )
    return os.waitpid(child, 0)[1] != 0


def tell(line: str) -> None:
    """Say something at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(name: str, *tests: str) -> int:
    """Plant everything in a file, print what was noticed, return how many were not."""
    import hypothesis  # noqa: F401  (what tests need is imported once, before the processes part)
    import numba  # noqa: F401
    import pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import pytest  # noqa: F401
    import scipy.sparse  # noqa: F401

    file = Path(name).resolve()
    module = ".".join(file.relative_to(Path.cwd()).with_suffix("").parts)
    source = file.read_text()
    lines = source.splitlines()
    tree = ast.parse(source)
    if noticed(module, file, tree, list(tests)):
        raise SystemExit("the tests fail without any plant")
    missed, count = [], 0
    for number in range(len(list(places(tree)))):
        changed = copy.deepcopy(tree)
        node, row = list(places(changed))[number]
        line = node.lineno
        if lines[line - 1].rstrip().endswith("# any"):
            continue
        said = f"{name}:{line}  {plant(node, row)}"
        count += 1
        if not noticed(module, file, changed, list(tests)):
            missed.append(said)
            tell(f"not noticed  {said}")
    tell(f"{name}: {count - len(missed)} of {count} noticed")
    return len(missed)


if __name__ == "__main__":
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    sys.exit(main(*sys.argv[1:]) > 0)
