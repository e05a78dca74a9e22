"""Reductions of formulas over point clouds, compiled to native code.

``keops.numpy`` and its siblings hold the functions for arrays; this module holds what concerns the process.
"""

from . import _keops

__version__ = _keops.version()

__all__ = [
    "cache_clear",
    "cache_info",
    "compiler_info",
    "get_num_threads",
    "set_num_threads",
    "settings",
]


def set_num_threads(count):
    """Use at most ``count`` threads for large work; 0 restores the default."""
    _keops.set_num_threads(count)


def get_num_threads():
    """The number of threads used for large work."""
    return _keops.get_num_threads()


def cache_info():
    """Counts of cache hits and compilations in this process, and the size of the cache folder."""
    return _keops.cache_info()


def cache_clear(memory=True, disk=True):
    """Forget compiled programs, in this process, on disk, or both."""
    _keops.cache_clear(memory, disk)


def compiler_info():
    """Where the compiler library is, its LLVM version, and the processor it compiles for."""
    return _keops.compiler_info()


def settings():
    """Every environment variable that keops reads: ``{name: (default, meaning)}``."""
    return _keops.settings()
