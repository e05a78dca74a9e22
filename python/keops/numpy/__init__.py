"""keops on NumPy arrays."""

import numpy as _numpy  # noqa: F401  (loaded here, so that the first call does not have to)

from .._generic import generic_argkmin, generic_argmin, generic_logsumexp, generic_sum
from .._genred import Genred
from ._lazy_tensor import LazyTensor, Pm, Var, Vi, Vj

__all__ = ["Genred", "LazyTensor", "Pm", "Var", "Vi", "Vj"]
__all__ += ["generic_argkmin", "generic_argmin", "generic_logsumexp", "generic_sum"]
