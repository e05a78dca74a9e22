"""Dense kernels in plain PyTorch, with which programs compare reductions and their gradients. They store the whole table
of pairs; the kernels are those of ``pykeops.numpy.utils``."""

import torch

from ..common import utils as _common

# Of q = r²/s².
_KERNELS = {
    "gaussian": lambda q: (-q).exp(),
    "laplacian": lambda q: (-_root(q)).exp(),
    "cauchy": lambda q: 1 / (1 + q),
    "inverse_multiquadric": lambda q: (1 + q).rsqrt(),
}


def _root(q):
    """The square root with gradient 0 at 0, as in formulas."""
    is_positive = q > 0
    return torch.where(is_positive, torch.where(is_positive, q, 1).sqrt(), 0)


def squared_distances(x, y):
    """The (M, N) squared distances of points x (M, D) and y (N, D)."""
    return ((x[:, None, :] - y[None, :, :]) ** 2).sum(2)


def differences(x, y):
    """The differences of points x (M, D) and y (N, D), component by component: (D, M, N)."""
    return x.T[:, :, None] - y.T[:, None, :]


def torch_kernel(x, y, s, kernel):
    """The (M, N) kernel matrix. ValueError for an unknown name."""
    if kernel not in _KERNELS:
        raise ValueError(f"torch_kernel: kernel: expected one of {', '.join(_KERNELS)}; got {kernel!r}")
    return _KERNELS[kernel](squared_distances(x, y) / s**2)


def log_sum_exp(mat, axis=0):
    """log(sum(exp(mat))) along an axis, without overflow."""
    return torch.logsumexp(mat, axis)


def WarmUpGpu():
    """A small reduction, with which timing scripts begin."""
    _common.WarmUpGpu("torch")
