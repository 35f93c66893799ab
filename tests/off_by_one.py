"""Plant off-by-ones in a module, one at a time, and see whether its tests notice: ``python -m tests.off_by_one FILE TEST…``.

Planted are: every < for <= and > for >= and back, and every whole number in a function's body one more. Kernels run as plain
Python. Each plant that nobody noticed is told as line and change. A line that ends in ``# any`` is left out: what it does
changes no answer, as the room of an array that only need be large enough; of one that ends in ``# any: 1; a < b`` only these.
``--marked`` plants what is left out instead, ``--every 3`` every third, ``--first 2`` starts with the third; all else goes to
pytest (``-k``, ``-m``). Tests are collected once; each plant runs them in a process of its own, the quickest first. A test
that takes much longer than without a plant has noticed: most such never end.
"""

from __future__ import annotations

import argparse
import ast
import copy
import gc
import os
import signal
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType

SWAPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
PATIENCE, LONGER = 3, 10
"""Seconds of computing that a test may take with a plant, and how many times as long as without, if that is more."""

MISSED, FAILED = range(2)
"""How a process ends whose tests all passed, and one with a test that failed."""


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


def left_out(line: str, node: ast.AST) -> bool:
    """Tell whether a line's mark says that a node may be anything."""
    _, mark, named = line.partition("  # any")
    return bool(mark) and (not named or ast.unparse(node) in named.removeprefix(": ").split("; "))


def codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of everything defined in some code."""
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield part
            yield from codes(part)


def functions_of(file: Path) -> list[FunctionType]:
    """Return all functions loaded from a file, under whatever names."""
    loaded = (one for one in gc.get_objects() if isinstance(one, FunctionType))
    return [one for one in loaded if one.__code__.co_filename == str(file)]


def put(tree: ast.Module, functions: list[FunctionType]) -> None:
    """Give functions their code in ``tree``: whoever has imported one calls what is planted."""
    new = {(code.co_qualname, code.co_firstlineno): code for code in codes(compile(tree, "planted", "exec"))}
    for function in functions:
        function.__code__ = new[function.__code__.co_qualname, function.__code__.co_firstlineno]


def seconds(session, place: int, patience: float = 0) -> float:
    """Run one test of a session, for so many seconds of computing at most (0: any); return how many it took."""
    begin = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, patience)
    session.config.hook.pytest_runtest_protocol(item=session.items[place], nextitem=None)
    signal.setitimer(signal.ITIMER_PROF, 0)
    return time.process_time() - begin


def quiet() -> None:
    """Let a process say nothing more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)


def without_plant(session) -> list[float]:
    """Return how many seconds of computing each test takes; stop where one fails."""
    ours, theirs = os.pipe()
    if (child := os.fork()) == 0:
        quiet()
        took = [seconds(session, place) for place in range(len(session.items))]
        os.write(theirs, struct.pack(f"{len(took)}d", *took))
        os._exit(FAILED if session.testsfailed else MISSED)
    if os.waitpid(child, 0)[1]:
        raise SystemExit("the tests fail without any plant")
    return list(struct.unpack(f"{len(session.items)}d", os.read(ours, 8 * len(session.items))))


def noticed(session, tree: ast.Module, functions: list[FunctionType], took: list[float]) -> bool:
    """Run the tests, the quickest first, with changed functions in a process of its own; tell whether one failed."""
    if (child := os.fork()) == 0:
        quiet()
        put(tree, functions)
        for place in sorted(range(len(took)), key=took.__getitem__):
            seconds(session, place, max(PATIENCE, LONGER * took[place]))
            if session.testsfailed:
                os._exit(FAILED)
        os._exit(MISSED)
    return os.waitpid(child, 0)[1] != MISSED


def tell(line: str) -> None:
    """Say something at once."""
    sys.__stdout__.write(f"{line}\n")
    sys.__stdout__.flush()


class Planter:
    """What pytest does instead of running its tests once: run them for every plant."""

    def __init__(self, name: str, every: int, first: int, marked: bool) -> None:
        self.name, self.every, self.first, self.marked, self.missed = name, every, first, marked, 0

    def pytest_configure(self) -> None:
        """Let hypothesis look for no simpler example once one fails."""
        from hypothesis import Phase, settings

        settings.register_profile("planted", phases=[Phase.explicit, Phase.generate], database=None)
        settings.load_profile("planted")

    def pytest_runtestloop(self, session) -> bool:
        """Plant, and tell what was not noticed."""
        import alprsim.experiment  # noqa: F401  (what every test sets up is loaded before the processes part)

        file = Path(self.name).resolve()
        tree, lines = ast.parse(file.read_text()), file.read_text().splitlines()
        kept = [n for n, (node, _) in enumerate(places(tree)) if left_out(lines[node.lineno - 1], node) == self.marked]
        chosen, took, functions = kept[self.first :: self.every], without_plant(session), functions_of(file)
        for number in chosen:
            changed = copy.deepcopy(tree)
            node, row = list(places(changed))[number]
            said = f"{self.name}:{node.lineno}  {plant(node, row)}"
            if not noticed(session, changed, functions, took):
                self.missed += 1
                tell(f"not noticed  {said}")
        tell(f"{self.name}: {len(chosen) - self.missed} of {len(chosen)} noticed (of {len(kept)})")
        return True


def main(arguments: list[str]) -> int:
    """Plant everything in a file, print what was noticed, return how many were not."""
    import pytest

    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--marked", action="store_true")
    asked, others = parser.parse_known_args(arguments)
    planter = Planter(asked.file, asked.every, asked.first, asked.marked)
    plain = ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:faulthandler", "-m", "not whole"]
    ended = pytest.main([*plain, *others], plugins=[planter])
    return planter.missed if ended == pytest.ExitCode.OK else int(ended)


if __name__ == "__main__":
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    sys.exit(main(sys.argv[1:]) > 0)
