"""Functions that make a LazyTensor of one variable, for the LazyTensor of each library."""

from __future__ import annotations

from numbers import Integral
from typing import Protocol, TypeVar

from .._generic import adopt
from .._typing import Any

T = TypeVar("T", covariant=True)


class AnyVariable(Protocol[T]):
    """``Var`` for type checkers."""

    def __call__(self, x_or_ind: Any, dim: int | None = None, cat: int | None = None) -> T:
        """A variable: ``Var(x, cat=cat)`` of an array, ``Var(ind, dim, cat)`` symbolic; cat: 0 is i, 1 is j, 2 none."""
        ...


class Variable(Protocol[T]):
    """``Vi``, ``Vj`` and ``Pm`` for type checkers."""

    def __call__(self, x_or_ind: Any, dim: int | None = None) -> T:
        """A variable of an array or number ``x``, or number ``ind`` of dimension ``dim`` of the later call."""
        ...


def make_variables(lazy_tensor: type[T]) -> tuple[AnyVariable[T], Variable[T], Variable[T], Variable[T]]:
    """Var, Vi, Vj, Pm."""
    make = lazy_tensor._from_variable

    def Var(x_or_ind, dim=None, cat=None):
        """A variable: ``Var(x, cat=cat)`` of an array, ``Var(ind, dim, cat)`` symbolic; cat: 0 is i, 1 is j, 2 none.

        TypeError where ``cat`` is missing."""
        if not isinstance(cat, Integral) or cat not in (0, 1, 2):
            raise TypeError(f"Var: cat: expected 0, 1 or 2, got {cat!r}")
        return make(x_or_ind, dim, cat)

    def Vi(x_or_ind, dim=None):
        """``Vi(x)``: an array (M, D), one row for each i. ``Vi(ind, dim)``: argument ``ind`` of the later call.

        ValueError for arrays of other shapes, TypeError for other dtypes."""
        return make(x_or_ind, dim, 0)

    def Vj(x_or_ind, dim=None):
        """``Vj(x)``: an array (N, D), one row for each j. ``Vj(ind, dim)``: argument ``ind`` of the later call.

        ValueError for arrays of other shapes, TypeError for other dtypes."""
        return make(x_or_ind, dim, 1)

    def Pm(x_or_ind, dim=None):
        """``Pm(x)``: a number, a list or an array (D,) of parameters. ``Pm(ind, dim)``: argument ``ind`` of a later call.

        ValueError for arrays of other shapes, TypeError for other dtypes."""
        return make(x_or_ind, dim, 2)

    return adopt(lazy_tensor.__module__, Var, Vi, Vj, Pm)
