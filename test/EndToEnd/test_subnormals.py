"""Subnormal results, which cost a hundred times what others do: zero on a CPU in float32 at default precision, and exact
at high."""

import numpy as np
import pytest
from pairs import DTYPES
from scipy.special import logsumexp

from keops.numpy import Genred


def products(dtype):
    """Numbers whose products with 1/2 are the least normal one, below it, the least one of all, and zero."""
    info = np.finfo(dtype)
    return np.array([2 * info.tiny, info.tiny, 2 * info.smallest_subnormal, 0, 1, -info.tiny], dtype)[:, None]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("precision", ("fast", "default", "high"))
def test_results_are_exact_or_zero(precision, dtype):
    numbers, half = products(dtype), np.full((1, 1), 0.5, dtype)
    result = Genred("x*y", ["x=Vi(1)", "y=Vj(1)"], axis=1, precision=precision)(numbers, half)
    exact = numbers / 2
    subnormal = (exact != 0) & (np.abs(exact) < np.finfo(dtype).tiny)
    may_flush = dtype == np.float32 and precision != "high"
    allowed = (result == exact) | (subnormal & (result == 0) & may_flush)
    assert allowed.all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_mode_of_the_caller_comes_back(dtype):
    numbers = products(dtype)
    Genred("x*y", ["x=Vi(1)", "y=Vj(1)"], axis=1)(numbers, np.full((1, 1), 0.5, dtype))
    assert (numbers[:3] / 2 != 0).all()
    assert float(np.finfo(np.float64).tiny) / 2 != 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_subnormal_arguments_are_numbers(dtype):
    """Only results become zero: comparisons and quotients see what the caller gave."""
    least = np.finfo(dtype).smallest_subnormal
    rows = np.array([[3 * least], [least], [2 * least]], dtype)
    one = np.ones((1, 1), dtype)
    assert Genred("y", ["y=Vj(1)"], "ArgMin", axis=1)(rows)[0, 0] == 1
    assert Genred("x*Step(y)", ["x=Vi(1)", "y=Vj(1)"], axis=1)(one, rows)[0, 0] == 3


@pytest.mark.parametrize("dtype", DTYPES)
def test_kernels_of_far_points(dtype):
    """A Gaussian that underflows for most pairs, and its logarithm that does not."""
    rng = np.random.default_rng(0)
    x, y = rng.random((50, 3)).astype(dtype), rng.random((70, 3)).astype(dtype)
    squares = ((x[:, None].astype(np.longdouble) - y[None]) ** 2).sum(2) * 5000
    aliases = ["x=Vi(3)", "y=Vj(3)", "g=Pm(1)"]
    g = np.array([5000], dtype)
    sums = Genred("Exp(-SqDist(x,y)*g)", aliases, axis=1)(x, y, g)
    logs = Genred("-SqDist(x,y)*g", aliases, "LogSumExp", axis=1)(x, y, g)
    eps, tiny = np.finfo(dtype).eps, np.finfo(dtype).tiny
    wanted = np.exp(-squares).sum(1)[:, None]
    bound = (np.exp(-squares) * (10 + 4 * squares)).sum(1)[:, None] * eps + 70 * tiny
    assert (np.abs(sums - wanted) <= bound).all()
    wanted = logsumexp(-squares.astype(np.float64), axis=1)[:, None]
    assert np.allclose(logs, wanted, rtol=20 * eps, atol=20 * eps)
