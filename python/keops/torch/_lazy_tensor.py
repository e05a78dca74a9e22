"""LazyTensor and Genred over PyTorch tensors, and the functions that follow from them."""

import torch

from .._generic import make_generics
from .._genred import Genred as _Genred
from .._lazy.tensor import LazyTensor as _LazyTensor
from .._lazy import tracing
from .._lazy.variables import make_variables
from . import _arrays

tracing.is_tracing = torch.compiler.is_compiling

class LazyTensor(_LazyTensor):
    __doc__ = _LazyTensor.__doc__
    __slots__ = ()
    __module__ = "keops.torch"
    _arrays = _arrays
    _array_type = torch.Tensor


class Genred(_Genred):
    __doc__ = _Genred.__doc__
    __module__ = "keops.torch"
    _arrays = _arrays


Var, Vi, Vj, Pm = make_variables(LazyTensor)
generic_sum, generic_logsumexp, generic_argmin, generic_argkmin = make_generics(Genred)
