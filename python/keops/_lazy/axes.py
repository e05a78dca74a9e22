"""Axes of reductions: their numbers, counted from either end of (..., M, N, D), and what a reduction over several is.

A program reduces i or j. Batch axes, and the other index, are axes of its result, which ``merging`` reduces then."""

from numbers import Integral

_WRONG = (
    "Reductions must be called with 'axis' (or 'dim') equal to the number of batch dimensions + 0 or 1. "
    "Batch axes are reduced together with one of these, as in axis=(0, 2): without it a matrix would be left, which is "
    "never stored."
)


def read_axis(axis):
    """The number of an axis as an int; TypeError for what is no integer."""
    if isinstance(axis, bool) or not isinstance(axis, Integral):
        raise TypeError(f"LazyTensor: a reduction needs axis (or dim) 0 or 1, got {axis!r}")
    return int(axis)


def skip_batch(axis, count):
    """An axis counted behind ``count`` batch axes; one of those becomes -1, which no reduction takes."""
    if axis < 0:
        return axis
    return axis - count if axis >= count else -1


def check_axis(axis):
    """0 or 1, of an axis of (M, N, D) counted from either end; ValueError for others."""
    if axis in (-3, -2):
        return axis + 3
    if axis not in (0, 1):
        raise ValueError(_WRONG)
    return axis


def split_axes(axes, count):
    """The axis for the program, 0 or 1, of several axes behind and among ``count`` batch axes; and those of its result
    (..., M or N, D) that are left, counted from the end."""
    places = sorted(_count_from_end(axis, count) for axis in axes)
    if len(set(places)) != len(places):
        raise ValueError(f"LazyTensor: a reduction needs different axes, got {tuple(axes)}")
    if -1 in places:
        raise ValueError(
            f"LazyTensor: components and other axes are reduced one after the other, as in K.sum(-1).sum(1); got {axes}"
        )
    if not places or places[-1] < -3:
        raise ValueError(_WRONG)
    *others, reduced = places
    return reduced + 3, tuple(place + 1 for place in others)


def _count_from_end(axis, count):
    axis = read_axis(axis)
    if not -count - 3 <= axis < count + 3:
        raise ValueError(f"LazyTensor: expected an axis from {-count - 3} to {count + 2}, got {axis}")
    return axis - count - 3 if axis >= 0 else axis


def name_axes(axis, merged):
    """How the printed form of a reduction names what ``split_axes`` gave."""
    places = sorted([axis - 3] + [-2 - axis if place == -2 else place - 1 for place in merged])
    return f"({', '.join(map(str, places))})" if merged else axis
