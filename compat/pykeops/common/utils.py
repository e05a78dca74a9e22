"""Axes of reductions, and the first call of timing scripts."""

from .._bindings import compute

_LIBRARIES = {"numpy": "numpy", "torch": "torch", "pytorch": "torch"}


def axis2cat(axis):
    """The index that a result keeps, 0 for i and 1 for j, where ``axis`` (0 for i, 1 for j) is reduced."""
    if axis not in (0, 1):
        raise ValueError(f"axis2cat: axis: expected 0 or 1, got {axis!r}")
    return 1 - axis


def WarmUpGpu(lang):
    """A small reduction, so that later ones find the compiler loaded; ``lang`` is "numpy", "torch" or "pytorch"."""
    if lang not in _LIBRARIES:
        raise ValueError(f"WarmUpGpu: lang: expected one of {', '.join(_LIBRARIES)}; got {lang!r}")
    compute(_LIBRARIES[lang])
