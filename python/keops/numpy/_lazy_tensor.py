"""LazyTensor and Genred over NumPy arrays, and the functions that follow from them."""

from __future__ import annotations

from .._generic import make_generics
from .._genred import Genred as _Genred
from .._lazy.complex import ComplexTensor
from .._lazy.tensor import LazyTensor as _LazyTensor
from .._lazy.variables import make_variables
from .._typing import TYPE_CHECKING, Any
from . import _arrays


class LazyTensor(_LazyTensor):
    __doc__ = _LazyTensor.__doc__
    __slots__ = ()
    __module__ = "keops.numpy"
    _arrays = _arrays
    _array_type = _arrays.np.ndarray

    def aslinearoperator(self) -> Any:
        """This matrix as a ``scipy.sparse.linalg.LinearOperator`` with ``matvec``, ``matmat`` and their adjoints.

        ValueError where it has several components or a batch, which SciPy's operators have not, or no arrays."""
        if self.ndim != 1 or self.nbatchdims or self.dtype is None:
            raise ValueError(
                "LazyTensor: aslinearoperator: expected a matrix, of dimension 1, without batch axes and with arrays; "
                f"got shape {self.shape} and dtype {self.dtype}"
            )
        from ._linear_operator import KernelOperator

        return KernelOperator(self)

    if TYPE_CHECKING:

        def real2complex(self) -> ComplexLazyTensor: ...
        def imag2complex(self) -> ComplexLazyTensor: ...
        def exp1j(self) -> ComplexLazyTensor: ...


class ComplexLazyTensor(ComplexTensor, LazyTensor):
    __doc__ = ComplexTensor.__doc__
    __slots__ = ()
    __module__ = "keops.numpy"

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
    __module__ = "keops.numpy"
    _arrays = _arrays


Var, Vi, Vj, Pm = make_variables(LazyTensor)
generic_sum, generic_logsumexp, generic_argmin, generic_argkmin = make_generics(Genred)
