"""keops on PyTorch tensors (torch 2.4 or newer), differentiable to any order.

Importing it needs PyTorch; ``keops.numpy`` does not."""

from ._kernel_solve import KernelSolve
from ._lazy_tensor import ComplexLazyTensor, Genred, LazyTensor, Pm, Var, Vi, Vj
from ._lazy_tensor import generic_argkmin, generic_argmin, generic_logsumexp, generic_sum

__all__ = ["ComplexLazyTensor", "Genred", "KernelSolve", "LazyTensor", "Pm", "Var", "Vi", "Vj"]
__all__ += ["generic_argkmin", "generic_argmin", "generic_logsumexp", "generic_sum"]
