"""keops on NumPy arrays."""

from ._lazy_tensor import Genred, LazyTensor, Pm, Var, Vi, Vj
from ._lazy_tensor import generic_argkmin, generic_argmin, generic_logsumexp, generic_sum

__all__ = ["Genred", "LazyTensor", "Pm", "Var", "Vi", "Vj"]
__all__ += ["generic_argkmin", "generic_argmin", "generic_logsumexp", "generic_sum"]
