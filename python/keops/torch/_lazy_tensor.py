"""LazyTensor and Genred over PyTorch tensors, and the functions that follow from them."""

from __future__ import annotations

import torch

from .._generic import make_generics
from .._genred import Genred as _Genred
from .._lazy import tracing
from .._lazy.complex import ComplexTensor
from .._lazy.tensor import LazyTensor as _LazyTensor
from .._lazy.variables import make_variables
from .._typing import TYPE_CHECKING
from . import _arrays
from ._operators import TensorOperators
from ._program import SHORT_DTYPES

tracing.is_tracing = torch.compiler.is_compiling


def _widen(x):
    """Short numbers that autocast makes are summed in float32, as PyTorch's own sums of them are."""
    if isinstance(x, torch.Tensor) and x.is_nested:
        raise TypeError("LazyTensor: x: expected a tensor with a shape, got a nested tensor")
    if _is_short(x) and torch.is_autocast_enabled("cpu"):
        return x.float()
    return x


def _is_short(x):
    return isinstance(x, torch.Tensor) and x.dtype in SHORT_DTYPES


class LazyTensor(TensorOperators, _LazyTensor):
    __doc__ = _LazyTensor.__doc__
    __slots__ = ()
    __module__ = "keops.torch"
    _arrays = _arrays
    _array_type = torch.Tensor

    def __init__(self, x=None, axis=None, is_complex=False) -> None:
        super().__init__(_widen(x), axis, is_complex)

    @classmethod
    def _from_new(cls, x, category):
        # No leaf of a short type is remembered, since what autocast says of it may change.
        is_plain = not isinstance(x, torch.Tensor) or not (x.is_nested or _is_short(x))
        return super()._from_new(x, category) if is_plain else cls(x, category)

    def _lift_new(self, other):
        return super()._lift_new(_widen(other))

    if TYPE_CHECKING:

        def real2complex(self) -> ComplexLazyTensor: ...
        def imag2complex(self) -> ComplexLazyTensor: ...
        def exp1j(self) -> ComplexLazyTensor: ...


class ComplexLazyTensor(ComplexTensor, LazyTensor):
    __doc__ = ComplexTensor.__doc__
    __slots__ = ()
    __module__ = "keops.torch"

    if TYPE_CHECKING:

        @property
        def real(self) -> LazyTensor: ...
        @property
        def imag(self) -> LazyTensor: ...
        def abs(self) -> LazyTensor: ...
        def angle(self) -> LazyTensor: ...


LazyTensor._real_type = LazyTensor
LazyTensor._complex_type = ComplexLazyTensor


class Genred(_Genred):
    __doc__ = _Genred.__doc__
    __module__ = "keops.torch"
    _arrays = _arrays


Var, Vi, Vj, Pm = make_variables(LazyTensor)
generic_sum, generic_logsumexp, generic_argmin, generic_argkmin = make_generics(Genred)
