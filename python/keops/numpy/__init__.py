"""keops on NumPy arrays, and on arrays of CuPy, JAX, Numba and others that are on a GPU."""

from ._kernel_solve import KernelSolve
from ._lazy_tensor import ComplexLazyTensor, Genred, LazyTensor, Pm, Var, Vi, Vj
from ._lazy_tensor import generic_argkmin, generic_argmin, generic_logsumexp, generic_sum

__all__ = ["ComplexLazyTensor", "Genred", "KernelSolve", "LazyTensor", "Pm", "Var", "Vi", "Vj"]
__all__ += ["generic_argkmin", "generic_argmin", "generic_logsumexp", "generic_sum"]
