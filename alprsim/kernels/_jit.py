"""How Numba is invoked: every kernel is compiled here, for one signature, and cached by the kernels' own source.

A kernel's signature is read from its annotations, so a wrong dtype is an error and never a second compilation.
Numba's on-disk cache does not see edits in other files; ours lies in a folder named after the SHA-256 of every
file of this package, so an edit anywhere in ``kernels/`` starts a new cache.
"""

import functools
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar, get_args, get_origin, get_type_hints

import numba
import numba.extending
import numpy as np
from numba import types
from numba.core.cgutils import int32_t, ir, voidptr_t
from numpy.typing import NDArray

P = ParamSpec("P")
R = TypeVar("R")


class Shape:
    """How an array argument is handed to a kernel: its number of dimensions, and whether the kernel writes to it."""

    def __init__(self, ndim: int = 1, *, out: bool = False) -> None:
        self.ndim = ndim
        self.out = out


Bool = Annotated[NDArray[np.bool_], Shape()]
Int8 = Annotated[NDArray[np.int8], Shape()]
Int16 = Annotated[NDArray[np.int16], Shape()]
Int32 = Annotated[NDArray[np.int32], Shape()]
Int64 = Annotated[NDArray[np.int64], Shape()]
UInt64 = Annotated[NDArray[np.uint64], Shape()]
Float32 = Annotated[NDArray[np.float32], Shape()]
Float64 = Annotated[NDArray[np.float64], Shape()]
BoolOut = Annotated[NDArray[np.bool_], Shape(out=True)]
Int8Out = Annotated[NDArray[np.int8], Shape(out=True)]
UInt8Out = Annotated[NDArray[np.uint8], Shape(out=True)]
Int16Out = Annotated[NDArray[np.int16], Shape(out=True)]
Int32Out = Annotated[NDArray[np.int32], Shape(out=True)]
Int64Out = Annotated[NDArray[np.int64], Shape(out=True)]
UInt64Out = Annotated[NDArray[np.uint64], Shape(out=True)]
Float64Out = Annotated[NDArray[np.float64], Shape(out=True)]
BoolGrid = Annotated[NDArray[np.bool_], Shape(2)]
Int8Grid = Annotated[NDArray[np.int8], Shape(2)]
Int32Grid = Annotated[NDArray[np.int32], Shape(2)]
UInt8Grid = Annotated[NDArray[np.uint8], Shape(2)]
Float32Grid = Annotated[NDArray[np.float32], Shape(2)]
Int8Cube = Annotated[NDArray[np.int8], Shape(3)]
UInt32Grid = Annotated[NDArray[np.uint32], Shape(2)]
Int64Grid = Annotated[NDArray[np.int64], Shape(2)]
Float64Grid = Annotated[NDArray[np.float64], Shape(2)]
Int8GridOut = Annotated[NDArray[np.int8], Shape(2, out=True)]
UInt8GridOut = Annotated[NDArray[np.uint8], Shape(2, out=True)]
Int32CubeOut = Annotated[NDArray[np.int32], Shape(3, out=True)]
UInt64GridOut = Annotated[NDArray[np.uint64], Shape(2, out=True)]
Int32GridOut = Annotated[NDArray[np.int32], Shape(2, out=True)]
Int64GridOut = Annotated[NDArray[np.int64], Shape(2, out=True)]
Float64GridOut = Annotated[NDArray[np.float64], Shape(2, out=True)]
Float64CubeOut = Annotated[NDArray[np.float64], Shape(3, out=True)]

_SCALARS: dict[Any, Any] = {int: types.int64, float: types.float64, bool: types.boolean, np.uint64: types.uint64}


def _cache_folder() -> str:
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return str(home / "alprsim" / "kernels" / digest.hexdigest()[:16])


def _numba_type(hint: Any) -> Any:
    if get_origin(hint) is Annotated:
        array, shape = get_args(hint)
        dtype = np.dtype(get_args(get_args(array)[1])[0])
        return types.Array(numba.from_dtype(dtype), shape.ndim, "C", readonly=not shape.out)
    if hasattr(hint, "_fields"):
        parts = get_type_hints(hint, include_extras=True).values()
        return types.NamedTuple([_numba_type(part) for part in parts], hint)
    return _SCALARS[hint]


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` for the one signature its annotations name; the compiled code releases the GIL.

    Input arrays are accepted read-only or writable; outputs are annotated ``…Out`` or returned.
    """
    return _compile(function)


def kernel_in_place(function: Callable[P, R]) -> Callable[P, R]:
    """Compile like ``kernel`` a function that makes no array, without counting references to those it is given.

    Numba counts an array up and down, by an atomic addition, for every call of a part that takes it: two thirds of the
    time of a kernel that calls parts for every event (the queue's: 3.3 million moves a second, and 10.8 without).
    """
    return _compile(function, _nrt=False)


def _compile(function: Callable[P, R], **options: bool) -> Callable[P, R]:
    if numba.config.DISABLE_JIT:
        return _plain(function)
    hints = get_type_hints(function, include_extras=True)
    signature = tuple(_numba_type(hint) for name, hint in hints.items() if name != "return")
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = _cache_folder()
    try:
        compiled: Callable[P, R] = numba.njit(signature, nogil=True, cache=True, error_model="numpy", **options)(
            function
        )
    except RuntimeError:  # no folder to cache in (a read-only home): compile for this process alone
        compiled = numba.njit(signature, nogil=True, error_model="numpy", **options)(function)
    finally:
        numba.config.CACHE_DIR = before
    return compiled


def _plain(function: Callable[P, R]) -> Callable[P, R]:
    """Run the kernel as Python, for coverage: unsigned words wrap silently there too."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with np.errstate(over="ignore"):
            return function(*args, **kwargs)

    return run


def part_of_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that only kernels call: inlined by LLVM, typed where it is used."""
    compiled: Callable[P, R] = numba.njit(nogil=True, error_model="numpy")(function)
    return compiled


def part_in_place(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a part of a ``kernel_in_place``: inlined, and no more an array maker than that."""
    compiled: Callable[P, R] = numba.njit(nogil=True, error_model="numpy", forceinline=True, _nrt=False)(function)
    return compiled


def _no_prefetch(array: NDArray[Any], place: int) -> None:
    """Ask for nothing: Python has no such order to give."""


def _prefetch(_typing: Any, array: Any, place: Any) -> Any:
    """Ask the memory for ``array.ravel()[place]``, to be at hand some hundred instructions later; any place may be asked for.

    A read that waits holds up all that comes after it, once a few hundred instructions stand in line; this one never waits.
    """

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        asked = builder.bitcast(builder.gep(data, [values[1]]), voidptr_t)
        declared = ir.FunctionType(ir.VoidType(), [voidptr_t, int32_t, int32_t, int32_t])
        order = builder.module.declare_intrinsic("llvm.prefetch", [voidptr_t], declared)
        builder.call(order, [asked, int32_t(0), int32_t(3), int32_t(1)])  # to read, into the nearest cache, data
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


prefetch: Callable[[NDArray[Any], int], None] = (
    _no_prefetch if numba.config.DISABLE_JIT else numba.extending.intrinsic(_prefetch)
)


def _lowest_bit(word: np.uint64) -> int:
    """Return the place of the lowest bit that is set; of 0, anything."""
    return (int(word) & -int(word)).bit_length() - 1


def _trailing_zeros(_typing: Any, word: Any) -> Any:
    """Return the place of the lowest bit that is set, by the machine's own order."""

    def generate(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        return builder.cttz(values[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), generate


lowest_bit: Callable[[np.uint64], int] = (
    _lowest_bit if numba.config.DISABLE_JIT else numba.extending.intrinsic(_trailing_zeros)
)


@part_of_kernel
def mix(word: np.uint64) -> np.uint64:
    """Return the splitmix64 finaliser of ``word`` (Steele, Lea & Flood 2014): every input bit moves every output bit."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@part_of_kernel
def draw(stream: np.uint64, key: np.uint64) -> np.uint64:
    """Draw 64 bits that belong to (stream, key); chain calls for several keys. ``randomness.draw`` gives the same bits."""
    return mix(stream + (key + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15))


@part_of_kernel
def uniform(bits: np.uint64) -> float:
    """Turn 64 drawn bits into a float64 in [0, 1): the top 53 bits, exactly."""
    return np.float64(bits >> np.uint64(11)) * 2.0**-53


@part_of_kernel
def below(bits: np.uint64, n: int) -> int:
    """Turn 64 drawn bits into an integer in [0, n), n < 2³²."""
    return int(((bits >> np.uint64(32)) * np.uint64(n)) >> np.uint64(32))
