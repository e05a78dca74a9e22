"""Reductions of formulas over point clouds, compiled to native code.

``keops.numpy`` and its siblings hold the functions for arrays; this module holds what concerns the process, and what is
the same for all arrays.
"""

from __future__ import annotations

import operator

from . import _keops
from ._typing import Any


__version__ = _keops.version()

__all__ = [
    "cache_clear",
    "cache_info",
    "compiler_info",
    "get_num_threads",
    "gpus",
    "reduce",
    "set_num_threads",
    "settings",
]


def set_num_threads(count) -> None:
    """Use at most ``count`` threads for large work; 0 restores the default, which is KEOPS_NUM_THREADS, OMP_NUM_THREADS
    or the number of processors.

    What threadpoolctl or others ask of OpenMP in the calling thread limits it further. TypeError for what is no integer,
    ValueError for negative and for very large ones."""
    try:
        number = operator.index(count)
    except TypeError:
        raise TypeError(f"set_num_threads: count: expected an integer, got {type(count).__name__}") from None
    # The native function knows the limit, and takes 32 bits.
    _keops.set_num_threads(max(-1, min(number, 2**31 - 1)))


def get_num_threads() -> int:
    """The number of threads used for large work in the calling thread."""
    return _keops.get_num_threads()


def cache_info() -> dict[str, Any]:
    """Counts of cache hits and compilations in this process, and the size of the cache folder."""
    return _keops.cache_info()


def cache_clear(memory=True, disk=True) -> None:
    """Forget compiled programs, in this process, on disk, or both. TypeError for what is neither True nor False."""
    for name, value in (("memory", memory), ("disk", disk)):
        if not isinstance(value, bool):
            raise TypeError(f"cache_clear: {name}: expected True or False, got {type(value).__name__}")
    _keops.cache_clear(memory, disk)


def compiler_info() -> dict[str, Any]:
    """Where the compiler library is, its LLVM version, and the processor it compiles for."""
    return _keops.compiler_info()


def gpus() -> list[dict[str, Any]]:
    """The GPUs that programs run on: their names, compute capabilities, multiprocessors, bytes of memory, and the newest
    version of CUDA that the driver supports. RuntimeError, which says why, where there are none."""
    return _keops.gpus()


def settings() -> dict[str, Any]:
    """Every environment variable that keops reads: ``{name: (default, meaning)}``."""
    return _keops.settings()


def reduce(*expressions, axis=None, **reductions) -> Any:
    """Several reductions by one program, which computes what they share once.

    ``reduce(K.sum(axis=1, call=False), D.argKmin(5, axis=1, call=False))`` takes reductions made with ``call=False``,
    of any LazyTensors of one library over either index, and returns a tuple of their results. ``reduce(D, axis=1,
    sum=True, argKmin=5, logsumexp=weight)`` takes reductions of one LazyTensor by their names, with True, K or a
    weight, and returns a dict. Values with indices (``min_argmin``) are a tuple within.

    TypeError for what is no reduction, ValueError for missing arrays, ``out``, sizes that disagree, and reductions with
    different options.
    """
    from ._lazy import fusing

    return fusing.reduce(expressions, axis, reductions)
