"""keops on NumPy arrays."""

from .._generic import generic_argkmin, generic_argmin, generic_logsumexp, generic_sum
from .._genred import Genred
from ._kernel_solve import KernelSolve
from ._lazy_tensor import ComplexLazyTensor, LazyTensor, Pm, Var, Vi, Vj

__all__ = ["ComplexLazyTensor", "Genred", "KernelSolve", "LazyTensor", "Pm", "Var", "Vi", "Vj"]
__all__ += ["generic_argkmin", "generic_argmin", "generic_logsumexp", "generic_sum"]
