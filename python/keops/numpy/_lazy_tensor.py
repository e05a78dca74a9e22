"""LazyTensor over NumPy arrays, and the functions that make one of a variable."""

from .._lazy.complex import ComplexTensor
from .._lazy.tensor import LazyTensor as _LazyTensor
from . import _arrays


class LazyTensor(_LazyTensor):
    __doc__ = _LazyTensor.__doc__
    __slots__ = ()
    __module__ = "keops.numpy"
    _arrays = _arrays
    _array_type = _arrays.np.ndarray

    def aslinearoperator(self):
        """This matrix as a ``scipy.sparse.linalg.LinearOperator`` with ``matvec``, ``matmat`` and their adjoints.

        ValueError where it has several components, or no arrays."""
        if self.ndim != 1 or self.dtype is None:
            raise ValueError(
                "LazyTensor: aslinearoperator: expected a matrix, of dimension 1 and with arrays; "
                f"got shape {self.shape} and dtype {self.dtype}"
            )
        from ._linear_operator import KernelOperator

        return KernelOperator(self)


class ComplexLazyTensor(ComplexTensor, LazyTensor):
    __doc__ = ComplexTensor.__doc__
    __slots__ = ()
    __module__ = "keops.numpy"


LazyTensor._real_type = LazyTensor
LazyTensor._complex_type = ComplexLazyTensor

_make_variable = LazyTensor._from_variable


def Var(x_or_ind, dim=None, cat=None):
    """A variable: ``Var(x, cat=cat)`` of an array, ``Var(ind, dim, cat)`` symbolic; cat: 0 for i, 1 for j, 2 for none.

    TypeError where ``cat`` is missing."""
    if cat not in (0, 1, 2):
        raise TypeError(f"Var: cat: expected 0, 1 or 2, got {cat!r}")
    return _make_variable(x_or_ind, dim, cat)


def Vi(x_or_ind, dim=None):
    """``Vi(x)``: an array (M, D), one row for each i. ``Vi(ind, dim)``: argument ``ind`` of the later call.

    ValueError for arrays of other shapes, TypeError for other dtypes."""
    return _make_variable(x_or_ind, dim, 0)


def Vj(x_or_ind, dim=None):
    """``Vj(x)``: an array (N, D), one row for each j. ``Vj(ind, dim)``: argument ``ind`` of the later call.

    ValueError for arrays of other shapes, TypeError for other dtypes."""
    return _make_variable(x_or_ind, dim, 1)


def Pm(x_or_ind, dim=None):
    """``Pm(x)``: a number, a list or an array (D,) of parameters. ``Pm(ind, dim)``: argument ``ind`` of the later call.

    ValueError for arrays of other shapes, TypeError for other dtypes."""
    return _make_variable(x_or_ind, dim, 2)
