"""Reductions over several axes, of which some may be those of a batch, against dense NumPy and PyTorch in float64.
``test_lazytensor_reductions`` and ``test_entries`` have those over one."""

import itertools
import pickle
import re

import numpy as np
import pytest

import keops
from keops.numpy import LazyTensor, Vi, Vj

SIZES = ((7, 5), (0, 4), (4, 0), (1, 1), (1, 13), (17, 131))
BATCHES = (((4,), (4,)), ((2, 1), (1, 3)), ((), (3,)), ((1,), (1,)), ((0,), (1,)), ((2, 3), (3,)), ((), ()))


def count_terms(d, axes):
    return np.prod([d.shape[axis] for axis in axes], dtype=float)


def take_mean(d, axes):
    return d.sum(axes) / count_terms(d, axes)


def take_variance(d, axes):
    mean = np.expand_dims(take_mean(d, axes), axes)
    return take_mean((d - mean) ** 2, axes)


# Name: what is called on (LazyTensor of differences, axes, keywords), and the same on the array (..., M, N, 3).
CASES = {
    "sum": (lambda d, a, **k: d.sum(axis=a, **k), lambda d, a: d.sum(a)),
    "sum_reduction": (lambda d, a, **k: d.sum_reduction(dim=a, **k), lambda d, a: d.sum(a)),
    "reduction": (lambda d, a, **k: d.reduction("Sum", axis=a, **k), lambda d, a: d.sum(a)),
    "prod": (lambda d, a, **k: d.sin().prod(a, **k), lambda d, a: np.sin(d).prod(a)),
    "min": (lambda d, a, **k: d.min(axis=a, **k), lambda d, a: d.min(a, initial=np.inf)),
    "max": (lambda d, a, **k: d.max(dim=a, **k), lambda d, a: d.max(a, initial=-np.inf)),
    "any": (lambda d, a, **k: (d > 2).any(a, **k), lambda d, a: (d > 2).any(a) * 1.0),
    "all": (lambda d, a, **k: (d < 2).all(a, **k), lambda d, a: (d < 2).all(a) * 1.0),
    "count": (lambda d, a, **k: (d > 0).count(a, **k), lambda d, a: (d > 0).sum(a)),
    "mean": (lambda d, a, **k: d.mean(a, **k), take_mean),
    "var": (lambda d, a, **k: d.var(a, **k), take_variance),
    "logsumexp": (lambda d, a, **k: d.logsumexp(a, **k), lambda d, a: np.log(np.exp(d).sum(a))),
    # Weights of both signs: sums of some items are negative.
    "logsumexp(weight)": (
        lambda d, a, **k: d[0].logsumexp(a, weight=d + 1, **k),
        lambda d, a: np.log((np.exp(d[..., :1]) * (d + 1)).sum(a)),
    ),
    "sumsoftmaxweight": (
        lambda d, a, **k: d[0].sumsoftmaxweight(d, a, **k),
        lambda d, a: (np.exp(d[..., :1]) * d).sum(a) / np.exp(d[..., :1]).sum(a),
    ),
}


def make(batches, m, n):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((*batches[0], m, 1, 3)), rng.standard_normal((*batches[1], 1, n, 3))
    lazy = LazyTensor(x) - LazyTensor(y)
    # Leading ones of what is a parameter here, with one row and one column, are no axes.
    return lazy, (x - y).reshape(lazy._shape)


def list_axes(count):
    """All axes of a batch that may be reduced, with i, j or both of them."""
    batches = itertools.chain.from_iterable(itertools.combinations(range(count), k) for k in range(count + 1))
    return [(*some, *rows) for some in batches for rows in ((count,), (count + 1,), (count, count + 1))]


@pytest.mark.parametrize("batches", BATCHES, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_values(name, batches):
    reduce, expect = CASES[name]
    for m, n in SIZES:
        lazy, dense = make(batches, m, n)
        for axes in list_axes(lazy.nbatchdims):
            with np.errstate(all="ignore"):
                expected = expect(dense, axes)
            from_end = tuple(axis - dense.ndim for axis in reversed(axes))
            for found in (reduce(lazy, axes), reduce(lazy, from_end), reduce(lazy, list(axes), keepdim=True)):
                kept = np.expand_dims(expected, axes) if found.ndim == dense.ndim else expected
                assert found.shape == kept.shape and found.dtype == expected.dtype
                assert np.allclose(found, kept, rtol=1e-9, atol=1e-9, equal_nan=True)


@pytest.mark.parametrize("dtype, tolerance", (("float32", 1e-6), ("float16", 1e-2)))
def test_element_types(dtype, tolerance):
    rng = np.random.default_rng(0)
    x, y = rng.random((5, 31, 1, 2)).astype(dtype), rng.random((1, 7, 2)).astype(dtype)
    lazy, dense = LazyTensor(x) * LazyTensor(y), x.astype(float) * y
    for axes in ((0, 2), (0, 1, 2)):
        exact = np.log(np.exp(dense).sum(axes))
        for found, expected in ((lazy.mean(axes), dense.mean(axes)), (lazy.logsumexp(axes), exact)):
            assert found.dtype == dtype and np.allclose(found, expected, rtol=tolerance)
        assert lazy.count(axes).dtype == np.int64


def test_complex_numbers():
    x, y = make(((4,), (4,)), 7, 5)[1][:, :, :1], np.arange(15.0).reshape(5, 3)
    lazy, dense = LazyTensor(x + 2j * x) * Vj(y), (x + 2j * x) * y
    for axes in list_axes(1):
        assert np.allclose(lazy.sum(axis=axes), dense.sum(axes)) and np.allclose(lazy.mean(axes), dense.mean(axes))


# Rows 0 to 2 see columns 1 to 3, rows 4 to 6 columns 0 and 2 to 4; row 3 sees none.
RANGES = (np.array([[0, 3], [4, 7]]), np.array([1, 3]), np.array([[1, 4], [0, 1], [2, 5]]))
RANGES += (np.array([[0, 5]]), np.array([1]), np.array([[0, 7]]))


@pytest.mark.parametrize("name", ("sum", "min", "max", "mean", "var", "logsumexp", "count", "all"))
def test_ranges_of_rows_with_different_lengths(name):
    lazy, dense = make(((4,), (4,)), 7, 5)
    mask = np.zeros((7, 5), bool)
    mask[:3, 1:4] = mask[4:, :1] = mask[4:, 2:] = True
    reduce, expect = CASES[name]
    lazy.ranges = RANGES
    terms = dense[:, mask]
    assert np.allclose(reduce(lazy, (0, 1, 2)), expect(terms, (0, 1)))
    assert np.allclose(reduce(lazy, (1, 2)), expect(terms, (1,)))
    rows = reduce(lazy, (0, 2))
    for i in range(7):
        with np.errstate(all="ignore"):
            assert np.allclose(rows[i], expect(dense[:, i][:, mask[i]], (0, 1)), equal_nan=True)


def test_later_calls_copies_and_symbols():
    lazy, dense = make(((2, 1), (1, 3)), 7, 5)
    later = lazy.mean(axis=(0, 3), call=False)
    for one in (later, later.t(), pickle.loads(pickle.dumps(later))):
        assert np.allclose(one(), dense.mean((0, 3)))
    assert str(later).endswith("    reduction: Mean (axis=(-5, -2))")
    assert str(later.t()).endswith("    reduction: Mean (axis=(-5, -3))")
    whole = lazy.max(axis=(-3, -2), call=False)
    assert np.allclose(whole.t()(), dense.max((2, 3))) and str(whole.t()).endswith("Max (axis=(-3, -2))")
    symbolic = (Vi(0, 3) - Vj(1, 3)).var(axis=(0, 1))
    x, y = np.random.default_rng(0).random((2, 6, 3))
    assert np.allclose(symbolic(x, y), (x[:, None] - y).var((0, 1)))
    # The options of the program are those of every reduction.
    assert np.allclose(lazy.mean(axis=(0, 3), sum_scheme="kahan_scheme"), dense.mean((0, 3)))


def test_one_axis_in_a_tuple():
    lazy, dense = make(((4,), (4,)), 7, 5)
    assert np.allclose(lazy.sum(axis=(2,)), dense.sum(2)) and np.array_equal(lazy.argmin(axis=[1]), dense.argmin(1))


LAZY = make(((4,), (4,)), 7, 5)[0]
LATER = LAZY.sum(axis=(0, 2), call=False)
ALONE = "Reductions must be called with 'axis' (or 'dim') equal to the number of batch dimensions + 0 or 1. Batch axes"
WRONG = [
    (lambda: LAZY.sum(axis=0), ValueError, ALONE),
    (lambda: LAZY.sum(axis=-4), ValueError, ALONE),
    (lambda: LAZY.sum(axis=(0,)), ValueError, ALONE),
    (lambda: LAZY.sum(axis=()), ValueError, ALONE),
    (lambda: LAZY.sum(axis=(0, 3)), ValueError, "components and other axes are reduced one after the other, as in"),
    (lambda: LAZY.sum(axis=(0, 4)), ValueError, "LazyTensor: expected an axis from -4 to 3, got 4"),
    (lambda: LAZY.sum(axis=(2, -2)), ValueError, "LazyTensor: a reduction needs different axes, got (2, -2)"),
    (lambda: LAZY.sum(axis=(0, 2.0)), TypeError, "LazyTensor: a reduction needs axis (or dim) 0 or 1, got 2.0"),
    (lambda: LAZY.argmin(axis=(0, 2)), ValueError, "LazyTensor: ArgMin: expected one axis; several are for Sum, Prod"),
    (lambda: LAZY.Kmin(2, axis=(0, 2)), ValueError, "LazyTensor: KMin: expected one axis; several are for Sum, Prod"),
    (lambda: LAZY.sum(axis=(0, 2), out=np.empty((7, 3))), ValueError, "LazyTensor: out: expected None for a reduction"),
    (lambda: LATER + 1, ValueError, "One of the inputs is a 'reduced' LazyTensor"),
    (lambda: LATER.sum(axis=(0, 2)), ValueError, "One of the inputs is a 'reduced' LazyTensor"),
    (lambda: keops.reduce(LATER), ValueError, "keops.reduce: expected reductions over one axis each"),
    (lambda: keops.reduce(LAZY, axis=(0, 2), sum=True), ValueError, "keops.reduce: axis: expected 1 or 2, got (0, 2)"),
]


@pytest.mark.parametrize("case", range(len(WRONG)), ids=[message[:60] for _, _, message in WRONG])
def test_wrong(case):
    call, error, message = WRONG[case]
    with pytest.raises(error, match=re.escape(message)):
        call()
