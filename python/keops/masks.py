"""Block-sparse ranges by rules: causal and triangular masks, bands, neighbourhoods of clustered points.

What is returned goes into ``ranges=`` of reductions and of ``K.ranges``. Rows and columns may differ in number. Ranges
are made of blocks, and rows of one block are computed side by side: with ``block=1`` a mask is exact, with a larger one
it keeps every square of ``block`` rows and columns that has an allowed pair, and is faster."""

from __future__ import annotations

import operator

import numpy as np

from ._cluster import _keep_blocks
from ._options import read_array, read_flag
from ._typing import Any


__all__ = ["band", "causal", "neighbours", "triangular"]

# More than there are addresses; sums and products of a few still fit into 64 bits.
_MOST = 1 << 48


def causal(m, n=None, offset=0, block=1) -> tuple[Any, ...]:
    """Pairs with j <= i + offset, for M = ``m`` and N = ``n`` (the same if not given)."""
    return triangular(m, n, offset=offset, block=block)


def triangular(m, n=None, upper=False, offset=0, block=1) -> tuple[Any, ...]:
    """Pairs with j <= i + offset, or j >= i + offset if ``upper``."""
    m, n = _read_sizes("triangular", m, n)
    offset = _read_integer("triangular", "offset", offset, None)
    everywhere = m + n + abs(offset)
    is_upper = read_flag("triangular", "upper", upper)
    low, high = (offset, everywhere) if is_upper else (-everywhere, offset)
    return _make_band(m, n, low, high, _read_integer("triangular", "block", block, 1))


def band(m, n=None, below=0, above=0, block=1) -> tuple[Any, ...]:
    """Pairs with i - below <= j <= i + above."""
    m, n = _read_sizes("band", m, n)
    below, above = (_read_integer("band", name, value, 0) for name, value in (("below", below), ("above", above)))
    return _make_band(m, n, -below, above, _read_integer("band", "block", block, 1))


def neighbours(x, ranges_i, y, ranges_j, radius) -> tuple[Any, ...]:
    """Pairs of clusters that may hold points at a distance of at most ``radius``: their bounding boxes are that near.

    ``x`` (M, D) and ``y`` (N, D) are sorted by cluster, ``ranges_i`` and ``ranges_j`` say where clusters begin and end;
    see ``keops.numpy.cluster``. A cluster without points has no neighbours."""
    points, others = (_read_numbers(name, value, "iuf", np.float64) for name, value in (("x", x), ("y", y)))
    radius = float(_read_numbers("radius", radius, "iuf", np.float64, rank=0))
    if points.ndim != 2 or points.shape[1:] != others.shape[1:]:
        raise ValueError(f"neighbours: expected points (M, D) and (N, D), got {points.shape} and {others.shape}")
    rows, columns = (
        _read_numbers(name, value, "iu", np.int64) for name, value in (("ranges_i", ranges_i), ("ranges_j", ranges_j))
    )
    low, high = _find_boxes("ranges_i", points, rows)
    keep = np.zeros((len(rows), len(columns)), bool)
    other_low, other_high = _find_boxes("ranges_j", others, columns)
    for k in range(len(rows)):
        # An axis on which boxes overlap has a negative gap.
        gaps = np.maximum(np.maximum(other_low - high[k], low[k] - other_high), 0)
        keep[k] = (gaps**2).sum(1) <= radius * radius
    return (*_keep_blocks(rows, columns, keep), *_keep_blocks(columns, rows, keep.T))


def _read_numbers(name, value, kinds, dtype, rank=2):
    numbers = read_array("neighbours", name, value)
    if numbers.dtype.kind not in kinds and numbers.size:
        expected = "real numbers" if "f" in kinds else "integers"
        raise TypeError(f"neighbours: {name}: expected {expected}, got {numbers.dtype}")
    if numbers.ndim != rank:
        raise ValueError(f"neighbours: {name}: expected {rank} axes, got shape {numbers.shape}")
    return numbers.astype(dtype)


def _find_boxes(name, points, ranges):
    """The lowest and highest coordinates of each cluster; an empty one is nowhere."""
    if ranges.ndim != 2 or ranges.shape[1] != 2:
        raise ValueError(f"neighbours: {name}: expected shape (C, 2), got {ranges.shape}")
    if len(ranges) and (ranges.min() < 0 or ranges.max() > len(points)):
        raise ValueError(f"neighbours: {name}: expected numbers from 0 to {len(points)}, the number of points")
    parts = [points[begin:end] for begin, end in ranges]
    boxes = (
        np.array([extreme(part, 0, initial=nowhere) for part in parts]).reshape(len(ranges), points.shape[1])
        for extreme, nowhere in ((np.min, np.inf), (np.max, -np.inf))
    )
    return tuple(boxes)


def _read_sizes(function, m, n):
    m = _read_integer(function, "m", m, 0)
    return m, m if n is None else _read_integer(function, "n", n, 0)


def _read_integer(function, name, value, least):
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{function}: {name}: expected an integer, got {type(value).__name__}") from None
    if least is not None and number < least:
        raise ValueError(f"{function}: {name}: expected at least {least}, got {number}")
    if abs(number) > _MOST:
        raise ValueError(f"{function}: {name}: expected at most {_MOST} in size, got {number}")
    return number


def _make_band(m, n, low, high, block):
    """Squares of the grid of blocks that hold a pair with low <= j - i <= high."""
    most, least = (high + block - 1) // block, -((block - 1 - low) // block)
    return (*_cut_band(m, n, least, most, block), *_cut_band(n, m, -most, -least, block))


def _cut_band(kept, reduced, least, most, block):
    """One interval for each block of rows, which may be empty."""
    blocks = np.arange(-(-kept // block), dtype=np.int64)
    rows = np.stack([blocks * block, np.minimum((blocks + 1) * block, kept)], 1)
    begins = np.clip((blocks + least) * block, 0, reduced)
    ends = np.clip((blocks + most + 1) * block, begins, reduced)
    return rows, blocks + 1, np.stack([begins, ends], 1)
