"""One rule of a module rewritten in its source, to see whether some test notices."""

from __future__ import annotations

import inspect
import sys
import textwrap
from types import FunctionType, ModuleType
from typing import Any

import pytest


def plant(monkeypatch: pytest.MonkeyPatch, module: ModuleType, where: str, old: str, new: str) -> None:
    """Put a function in place of one of `module` ("name" or "Class.name") whose text has `new` where there was `old` once."""
    owner: Any = module
    *classes, name = where.split(".")
    for one in classes:
        owner = getattr(owner, one)
    original = inspect.getattr_static(owner, name)
    function = original.fget if isinstance(original, property) else original
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{where} has {source.count(old)} times {old!r}"
    names: dict[str, Any] = {}
    exec(compile(source.replace(old, new), f"<{where}>", "exec"), vars(module), names)
    if classes:
        monkeypatch.setattr(owner, name, names[name])
        return
    package = module.__name__.rpartition(".")[0]
    for other in [found for key, found in sys.modules.items() if key.startswith(package)]:
        if vars(other).get(name) is original:
            monkeypatch.setattr(other, name, names[name])
    assert isinstance(names[name], FunctionType)
