"""KernelSolve on NumPy arrays."""

from .._kernel_solve import KernelSolve as _KernelSolve
from . import _arrays
from ._lazy_tensor import Genred


class KernelSolve(_KernelSolve):
    """The solution a of ``alpha a + sum(formula(a)) = b``, where ``formula`` is linear in one of its arguments.

    Parameters
    ----------
    formula : str
        For example ``"Exp(-SqDist(x,y)*g)*a"``.
    aliases : list of str
        One for each argument, as ``Genred`` has them.
    varinvalias : str
        The unknown: an alias, such as ``"a"``, or ``"Var(3,1,1)"``. Calls take the right-hand side in its place.
    axis : int
        1 reduces over j, 0 (the default) over i.

    ``dtype_acc``, ``use_double_acc`` and ``sum_scheme`` are those of ``Genred``; ``dtype``, ``opt_arg``,
    ``enable_chunks``, ``rec_multVar_highdim``, ``cuda_type`` and ``use_fast_math`` are accepted for the sake of
    existing programs. TypeError for other types, ValueError for an unknown alias or axis.
    """

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
    ):
        options = {"dtype": dtype, "dtype_acc": dtype_acc, "use_double_acc": use_double_acc, "cuda_type": cuda_type}
        options |= {"sum_scheme": sum_scheme, "precision": precision}
        self._prepare(formula, aliases, varinvalias, axis, options)
