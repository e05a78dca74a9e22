"""A LazyTensor as a linear operator of SciPy, which is imported when the first one is made."""

import numpy as np
from scipy.sparse.linalg import LinearOperator


class KernelOperator(LinearOperator):
    """Products with a matrix K given by a formula, and with its adjoint, for vectors (N,) and matrices (N, E).

    Vectors of other types are converted to that of K; complex ones are multiplied part by part where K is real."""

    def __init__(self, kernel):
        super().__init__(kernel.dtype, kernel.shape)
        self.kernel = kernel

    def _matmat(self, x):
        return _multiply(self.kernel, x)

    def _rmatmat(self, x):
        return self._adjoint()._matmat(x)

    def _matvec(self, x):
        return self._matmat(x.reshape(-1, 1))

    def _rmatvec(self, x):
        return self._rmatmat(x.reshape(-1, 1))

    def _adjoint(self):
        return KernelOperator(self.kernel.T if self.dtype.kind == "f" else self.kernel.T.conj())

    def _transpose(self):
        return KernelOperator(self.kernel.T)


def _multiply(kernel, x):
    dtype = np.dtype(kernel.dtype)
    if np.iscomplexobj(x) and dtype.kind == "f":
        return _multiply(kernel, x.real) + 1j * _multiply(kernel, x.imag)
    return kernel @ np.asarray(x, dtype)
