"""keops.reduce: several reductions by one program, against the same one by one and dense NumPy."""

import re

import numpy as np
import pytest

import keops
from keops.numpy import LazyTensor, Vi, Vj

SIZES = ((7, 5), (0, 4), (4, 0), (1, 1), (1, 13), (131, 17))


def make(m, n, dtype="float64"):
    rng = np.random.default_rng(m + n)
    x, y = rng.standard_normal((m, 3)).astype(dtype), rng.standard_normal((n, 3)).astype(dtype)
    return Vi(x) - Vj(y), x[:, None] - y[None]


def same(result, expected):
    if isinstance(expected, tuple):
        return isinstance(result, tuple) and all(map(same, result, expected))
    # One loop may add up in another order than two.
    return result.dtype == expected.dtype and result.shape == expected.shape and np.allclose(result, expected, rtol=1e-5)


@pytest.mark.parametrize("dtype", ("float64", "float32"))
@pytest.mark.parametrize("m, n", SIZES)
def test_by_names(m, n, dtype):
    difference = make(m, n, dtype)[0]
    squares = difference.sqnorm2()
    for axis in (0, 1):
        asked = {"sum": True, "max": True, "argKmin": 2, "min_argmin": True, "mean": True, "Kmax_argKmax": 3}
        asked |= {"logsumexp": True, "sumsoftmaxweight": difference}
        found = keops.reduce(squares, axis=axis, **asked)
        values = {"argKmin": (2,), "Kmax_argKmax": (3,), "sumsoftmaxweight": (difference,)}
        assert list(found) == list(asked)
        for name, result in found.items():
            expected = getattr(squares, name)(*values.get(name, ()), axis=axis)
            assert type(result) is type(expected) and np.allclose(
                result[0] if isinstance(result, tuple) else result,
                expected[0] if isinstance(expected, tuple) else expected,
                rtol=1e-4,
                equal_nan=True,
            )


def test_reductions_of_several_expressions():
    difference, dense = make(7, 5)
    other, weights = Vj(difference.variables[1]) * 2, Vi(difference.variables[0])
    later = [
        difference.sum(axis=1, call=False),
        difference.sqnorm2().min_argmin(axis=0, call=False),
        (difference | other).Kmin(2, axis=1, call=False),
        difference.sqnorm2().logsumexp(axis=0, weight=weights.exp(), call=False),
        difference.max(axis=1, keepdim=True, call=False),
    ]
    found = keops.reduce(*later)
    assert len(found) == 5 and all(map(same, found, (one() for one in later)))
    assert np.allclose(found[0], dense.sum(1)) and np.allclose(found[4], dense.max(1, keepdims=True))
    (single,) = keops.reduce(later[0])
    assert np.allclose(single, dense.sum(1))
    assert all(map(same, keops.reduce(later[0], later[0]), (dense.sum(1), dense.sum(1))))


def test_it_is_one_program():
    difference = make(11, 3)[0]
    before = keops.cache_info()["compilations"] + keops.cache_info()["disk_hits"]
    for _ in range(3):
        keops.reduce(difference.abs().sqrt(), axis=1, sum=True, max=True, argmin=True)
    assert keops.cache_info()["compilations"] + keops.cache_info()["disk_hits"] == before + 1


def test_ranges():
    difference, dense = make(7, 5)
    difference.ranges = (np.array([[0, 3]]), np.array([1]), np.array([[1, 4]])) * 2
    total, largest = keops.reduce(difference.sum(axis=1, call=False), difference.max(axis=1, call=False))
    assert np.allclose(total[:3], dense[:3, 1:4].sum(1)) and not total[3:].any()
    assert np.allclose(largest[:3], dense[:3, 1:4].max(1))
    with pytest.raises(ValueError, match="keops.reduce: expected reductions of the same ranges"):
        keops.reduce(difference.sum(axis=1, call=False), make(7, 5)[0].sum(axis=1, call=False))


def test_batches():
    rng = np.random.default_rng(0)
    x, y = rng.random((2, 7, 1, 3)), rng.random((1, 5, 3))
    for axis in (1, 2, -3, -2):
        found = keops.reduce(LazyTensor(x) - LazyTensor(y), axis=axis, sum=True, argmin=True)
        place = axis if axis > 0 else axis + 4
        assert np.allclose(found["sum"], (x - y).sum(place)) and np.array_equal(found["argmin"], (x - y).argmin(place))
    with pytest.raises(ValueError, match="keops.reduce: axis: expected 1 or 2, got 0"):
        keops.reduce(LazyTensor(x) - LazyTensor(y), axis=0, sum=True)


def test_complex_numbers():
    difference, dense = make(7, 5)
    product = difference * 1j
    found = keops.reduce(product.sum(axis=1, call=False), product.mean(axis=0, call=False))
    assert same(found[0], 1j * dense.sum(1)) and same(found[1], 1j * dense.mean(0))


LAZY = make(7, 5)[0]
SUM = LAZY.sum(axis=1, call=False)
WRONG = [
    (lambda: keops.reduce(), TypeError, "keops.reduce: expected at least one reduction"),
    (lambda: keops.reduce(LAZY), TypeError, "keops.reduce: expected reductions made with call=False"),
    (lambda: keops.reduce(np.ones(3)), TypeError, "keops.reduce: expected reductions made with call=False"),
    (lambda: keops.reduce(LAZY[0].solve(np.ones((5, 1)), call=False)), ValueError, "as many rows as columns"),
    (lambda: keops.reduce(LAZY, LAZY, axis=1, sum=True), TypeError, "keops.reduce: expected one LazyTensor beside"),
    (lambda: keops.reduce(LAZY, axis=1, median=True), TypeError, "keops.reduce: 'median' is no reduction; expected some"),
    (lambda: keops.reduce(LAZY, axis=1, sum=3), TypeError, "keops.reduce: sum: expected True, got int"),
    (lambda: keops.reduce(LAZY, axis=1, Kmin="x"), TypeError, "LazyTensor: K: expected an integer, got str"),
    (lambda: keops.reduce(LAZY, sum=True), ValueError, "keops.reduce: axis: expected 0 or 1, got None"),
    (lambda: keops.reduce(LAZY, axis=2, sum=True), ValueError, "keops.reduce: axis: expected 0 or 1, got 2"),
    (lambda: keops.reduce(SUM, make(6, 5)[0].sum(axis=1, call=False)), ValueError, "attribute ni: 7 and 6."),
    (lambda: keops.reduce(SUM, LAZY.sum(axis=1, call=False, precision="high")), ValueError, "reductions of the same options"),
    (lambda: keops.reduce(SUM, (LAZY * 1j).sum(axis=1, call=False)), ValueError, "of the same kinds of numbers"),
    (lambda: keops.reduce(LAZY.sum(axis=1, call=False, out=np.empty((7, 3)))), ValueError, "keops.reduce: out is not supported"),
    (lambda: keops.reduce((LAZY - Vj(0, 3)).sum(axis=1)), ValueError, "keops.reduce: expected arrays for all variables"),
]


@pytest.mark.parametrize("case", range(len(WRONG)), ids=[message[:60] for _, _, message in WRONG])
def test_wrong(case):
    call, error, message = WRONG[case]
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_wide_products():
    rng = np.random.default_rng(0)
    x, v = rng.random((17, 2)), rng.random((17, 301))
    kernel = LazyTensor.exp(-Vi(x).sqdist(Vj(x)))
    assert np.allclose(kernel @ v, np.exp(-((x[:, None] - x) ** 2).sum(-1)) @ v)
