"""KernelSolve on NumPy arrays."""

from __future__ import annotations

from .._kernel_solve import KernelSolve as _KernelSolve
from . import _arrays
from ._lazy_tensor import Genred


class KernelSolve(_KernelSolve):
    __doc__ = _KernelSolve.__doc__
    __module__ = "keops.numpy"
    _arrays = _arrays
    _genred_type = Genred

    def __init__(
        self,
        formula,
        aliases,
        varinvalias,
        axis=0,
        dtype=None,
        opt_arg=None,
        dtype_acc="auto",
        use_double_acc=False,
        sum_scheme="auto",
        enable_chunks=True,
        rec_multVar_highdim=None,
        cuda_type=None,
        use_fast_math=True,
        precision="default",
    ) -> None:
        options = {"dtype": dtype, "dtype_acc": dtype_acc, "use_double_acc": use_double_acc, "cuda_type": cuda_type}
        options |= {"sum_scheme": sum_scheme, "precision": precision}
        self._prepare(formula, aliases, varinvalias, axis, options)
