"""Dense kernels in plain NumPy, with which programs compare reductions. They store the whole table of pairs.

``kernel`` is "gaussian" exp(-r²/s²), "laplacian" exp(-r/s), "cauchy" 1/(1+r²/s²) or "inverse_multiquadric"
(1+r²/s²)^(-1/2), of the distance r of two points."""

import numpy as np

from ..common import utils as _common

# Of q = r²/s²: the logarithm of the kernel, and its derivative.
_LOGARITHMS = {
    "gaussian": (np.negative, lambda q: -np.ones_like(q)),
    "laplacian": (lambda q: -np.sqrt(q), lambda q: -0.5 * _invert_root(q)),
    "cauchy": (lambda q: -np.log1p(q), lambda q: -1 / (1 + q)),
    "inverse_multiquadric": (lambda q: -0.5 * np.log1p(q), lambda q: -0.5 / (1 + q)),
}
# Of the cosine of the angle between two unit vectors and the scale s.
_SPHERE = {
    "linear": lambda cosine, s: cosine,
    "binet": lambda cosine, s: cosine**2,
    "gaussian_oriented": lambda cosine, s: np.exp(2 * (cosine - 1) / s**2),
    "gaussian_unoriented": lambda cosine, s: np.exp(2 * (cosine**2 - 1) / s**2),
}


def _invert_root(q):
    """q^(-1/2), and 0 at 0, as in formulas."""
    return np.divide(1, np.sqrt(q), out=np.zeros_like(q), where=q > 0)


def _find(function, kernels, kernel):
    if kernel not in kernels:
        raise ValueError(f"{function}: kernel: expected one of {', '.join(kernels)}; got {kernel!r}")
    return kernels[kernel]


def squared_distances(x, y):
    """The (M, N) squared distances of points x (M, D) and y (N, D)."""
    return ((x[:, None, :] - y[None, :, :]) ** 2).sum(2)


def differences(x, y):
    """The differences of points x (M, D) and y (N, D), component by component: (D, M, N)."""
    return x.T[:, :, None] - y.T[:, None, :]


def np_kernel(x, y, s, kernel):
    """The (M, N) kernel matrix. ValueError for an unknown name."""
    logarithm, _ = _find("np_kernel", _LOGARITHMS, kernel)
    return np.exp(logarithm(squared_distances(x, y) / s**2))


def log_np_kernel(x, y, s, kernel):
    """The logarithm of ``np_kernel``."""
    logarithm, _ = _find("log_np_kernel", _LOGARITHMS, kernel)
    return logarithm(squared_distances(x, y) / s**2)


def grad_np_kernel(x, y, s, kernel):
    """The derivative of ``np_kernel`` by the squared distance, so that 2 * grad_np_kernel * differences is its gradient
    by x."""
    logarithm, derivative = _find("grad_np_kernel", _LOGARITHMS, kernel)
    q = squared_distances(x, y) / s**2
    return np.exp(logarithm(q)) * derivative(q) / s**2


def np_kernel_sphere(nalpha, nbeta, s, kernel):
    """The (M, N) matrix of a kernel of unit vectors, by their scalar product c: "linear" c, "binet" c²,
    "gaussian_oriented" exp(2(c-1)/s²), "gaussian_unoriented" exp(2(c²-1)/s²)."""
    return _find("np_kernel_sphere", _SPHERE, kernel)(nalpha @ nbeta.T, s)


def log_sum_exp(mat, axis=0):
    """log(sum(exp(mat))) along an axis, without overflow."""
    return np.logaddexp.reduce(mat, axis=axis)


def WarmUpGpu():
    """A small reduction, with which timing scripts begin."""
    _common.WarmUpGpu("numpy")
