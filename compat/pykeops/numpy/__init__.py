"""KeOps 2.3's names for NumPy arrays: the objects of ``keops.numpy``."""

from keops.numpy import ComplexLazyTensor, Genred, KernelSolve, LazyTensor, Pm, Var, Vi, Vj
from keops.numpy import generic_argkmin, generic_argmin, generic_logsumexp, generic_sum

from .._paths import add_paths

__all__ = ["Genred", "KernelSolve", "LazyTensor", "Pm", "Var", "Vi", "Vj"]
__all__ += ["generic_argkmin", "generic_argmin", "generic_logsumexp", "generic_sum"]

add_paths(__name__)
