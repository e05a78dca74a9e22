"""Entries of a LazyTensor as arrays: rows, columns, the diagonal, all of them.

An index that is fixed turns its variables into parameters; on the diagonal, variables of j become variables of i. What
is left has one pair for each row, so that a sum over pairs gives the entry. Axes of a batch stay in front."""

from __future__ import annotations

from math import prod

from .._typing import Any
from .construct import find_key
from .nodes import move_variables
from .programs import read_integer
from .reporting import BYTES


# What a variable of i, of j and of neither becomes where i or j is fixed, or both are equal.
_FIXED = ((2, 1, 2), (0, 2, 2))
_EQUAL = (0, 0, 2)
# Entries that are computed by one sum: fewer have its cost for themselves, more are selected one by one.
_COMPONENTS = 8


class Entries:
    """Entries as arrays, with the axes of a batch in front, and an axis of D behind where D is not 1. All need arrays
    for all variables and no ranges, ValueError otherwise."""

    __slots__ = ()

    def row(self, i) -> Any:
        """The entries ``[..., i, :]``: (..., N). Negative ``i`` counts from the end.

        TypeError where ``i`` is no integer, ValueError where there is no such row."""
        return self._drop_components(self._fix("row", 0, i))

    def column(self, j) -> Any:
        """The entries ``[..., :, j]``: (..., M). Negative ``j`` counts from the end.

        TypeError where ``j`` is no integer, ValueError where there is no such column."""
        return self._drop_components(self._fix("column", 1, j))

    def diagonal(self) -> Any:
        """The entries ``[..., i, i]``: (..., min(M, N))."""
        self._check_entries("diagonal")
        size = min(self._shape[-3:-1])
        data = [x if category == 2 else x[..., :size, :] for x, category in self._list_data()]
        return self._drop_components(self._move(_EQUAL, data, size, None).sum_reduction(-2))

    def dense(self, max_bytes=1 << 30) -> Any:
        """All entries: (..., M, N), computed by rows or columns.

        ValueError where the array would take more than ``max_bytes`` bytes."""
        self._check_entries("dense")
        limit = read_integer("dense: max_bytes", max_bytes)
        size = prod(self._shape) * BYTES[self.dtype]
        if size > limit:
            raise ValueError(
                f"LazyTensor: dense: an array of shape {self.shape} takes {size} bytes, more than max_bytes={limit}"
            )
        rows, columns = self._shape[-3:-1]
        if rows == columns == 0:
            return self._drop_components(self.sum_reduction(-2)[..., None, :][..., :0, :])
        # Few long strips; where there are no rows, or columns, as many empty ones as there are of the others.
        axis = int(rows == 0 or 0 < columns < rows)
        size, place = (rows, columns)[axis], self.nbatchdims + axis
        return self._drop_components(self._arrays.concatenate(self._list_strips(axis, size), size, place))

    def _list_strips(self, axis, size):
        """Yields all entries by ``width`` of the ``size`` rows (axis 0) or columns (axis 1) at a time.

        A strip is one sum over its short axis, into one component for each of its rows: row k adds to component k."""
        dim = self._node.dim
        width = min(size, max(1, _COMPONENTS // dim))
        mask = self._arrays.make_mask(width, dim, self._domain._dtype, self._data)
        strip = self._spread(width, mask, axis)
        reduction = strip._cast(type(self)).sum_reduction(axis - 3, call=False)
        for start in range(0, size, width):
            stop = min(start + width, size)
            data = tuple(
                x if category != axis else x[: stop - start] if x is mask else x[..., start:stop, :]
                for x, category in strip._list_data()
            )
            sums = reduction._reduced.program.compiled.compute(data)
            entries = sums.reshape((*sums.shape[:-1], width, self.ndim))[..., : stop - start, :]
            yield entries.swapaxes(-3, -2) if axis == 0 else entries

    def _spread(self, width, mask, axis):
        """The components of this formula ``width`` times, where ``mask``, a variable of the axis, is not 0."""
        sizes = {"ni": width} if axis == 0 else {"nj": width}
        domain = self._domain.replace(**sizes, ranges=None)
        entries = self._real_type._build(self._node, self._keys, self._data, domain)
        if entries.ndim > 1:
            entries = self._real_type(1)._apply("SumT", (), (width,))._binary("TensorProd", entries)
        return self._real_type._from_variable(mask, None, axis).where(entries, 0)

    def _fix(self, method, axis, index):
        self._check_entries(method)
        size, k = self._shape[axis - 3], read_integer(f"{method}: {'ij'[axis]}", index)
        if not -size <= k < size:
            raise ValueError(f"LazyTensor: {method}: expected an index from {-size} to {size - 1}, got {k}")
        data = self._pick(axis, k % size)
        entries = self._move(_FIXED[axis], data, *self._keep_size(axis)).sum_reduction(axis - 3)
        # Leading ones of a parameter would be no axes.
        return entries.reshape((*(self.batchdims or ()), *entries.shape[-2:]))

    def _pick(self, axis, k):
        return [x[..., k, :] if category == axis else x for x, category in self._list_data()]

    def _keep_size(self, axis):
        return (None, self._domain.nj) if axis == 0 else (self._domain.ni, None)

    def _list_data(self):
        return zip(self._data, (category for category, _, _ in self._node.variables))

    def _move(self, categories, data, ni, nj):
        """This formula with variables of other categories and their data."""
        node = move_variables(self._node, categories)
        keys = tuple(find_key(x, category) for x, (category, _, _) in zip(data, node.variables))
        return self._build(node, keys, tuple(data), self._domain.replace(ni=ni, nj=nj, ranges=None))

    def _check_entries(self, method):
        self._check_not_reduced()
        if self._domain.ranges is not None:
            raise ValueError(f"LazyTensor: {method}: ranges are not supported; expected a LazyTensor without")
        if self._node.is_symbolic or self._domain._dtype is None:
            raise ValueError(f"LazyTensor: {method}: expected arrays for all variables of {self.formula}")
        for x in filter(self._arrays.is_array, self._data):
            self._arrays.check_memory(f"LazyTensor: {method}", x)

    def _drop_components(self, result):
        return result[..., 0] if self.ndim == 1 else result
