"""Rows, columns, diagonals and dense arrays of LazyTensors; reductions that keep their axis, and axes counted from the
end. All against dense NumPy, over sizes that include 0, 1 and primes."""

import pickle
import re

import numpy as np
import pytest

from keops.numpy import LazyTensor, Pm, Vi, Vj

SIZES = ((7, 5), (0, 4), (4, 0), (0, 0), (1, 1), (1, 13), (13, 1), (8, 16), (17, 131), (131, 17))


def make(m, n, dtype="float64", seed=0):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((m, 3)).astype(dtype), rng.standard_normal((n, 3)).astype(dtype)
    lazy, dense = Vi(x) - Vj(y), x[:, None] - y[None]
    return lazy, dense


def formulas(m, n, dtype="float64"):
    """Pairs of a LazyTensor and its entries, with the unit axis of scalars dropped."""
    lazy, dense = make(m, n, dtype)
    yield lazy, dense
    yield lazy.sqnorm2(), (dense**2).sum(-1)
    if dtype != "float16":
        yield lazy * (1 + 2j), dense * (1 + 2j)
        yield (lazy * 1j).exp().sum(), np.exp(dense * 1j).sum(-1)


@pytest.mark.parametrize("dtype, tolerance", (("float64", 1e-12), ("float32", 1e-5), ("float16", 1e-2)))
@pytest.mark.parametrize("m, n", SIZES)
def test_entries(m, n, dtype, tolerance):
    for lazy, dense in formulas(m, n, dtype):
        kind = np.dtype(lazy.dtype)
        size = min(m, n)
        results = [(lazy.dense(), dense), (lazy.diagonal(), dense[range(size), range(size)])]
        results += [(lazy.row(i), dense[i]) for i in {0, m // 2, m - 1, -m} if m]
        results += [(lazy.column(j), dense[:, j]) for j in {0, n // 2, n - 1, -1} if n]
        for result, expected in results:
            assert result.dtype == kind and result.shape == expected.shape
            assert np.allclose(result, expected, rtol=tolerance, atol=tolerance)


BATCHES = [((4,), (4,)), ((2, 1), (1, 3)), ((), (3,)), ((1,), (1,)), ((0,), (1,)), ((2, 3), (3,)), ((1, 1), ())]


@pytest.mark.parametrize("batches", BATCHES, ids=str)
@pytest.mark.parametrize("m, n", ((7, 5), (0, 4), (4, 0), (0, 0), (1, 1), (1, 13), (31, 17)))
def test_entries_of_batches(m, n, batches):
    rng = np.random.default_rng(0)
    x, y, p = (rng.standard_normal(shape) for shape in ((*batches[0], m, 1, 3), (*batches[1], 1, n, 3), (2, 1, 1, 3)))
    formulas = [(LazyTensor(x) - LazyTensor(y), x - y), (LazyTensor(x + 1j * x) * LazyTensor(y), (x + 1j * x) * y)]
    if np.broadcast_shapes(*batches)[-1] in (1, 2):
        formulas.append((LazyTensor(x) * LazyTensor(p), x * p))
    for vectors, components in formulas:
        for lazy, dense in ((vectors, components), (vectors.sum(-1), components.sum(-1))):
            # Leading ones of what is a parameter here, with one row and one column, are no axes.
            dense = dense.reshape((*lazy._shape[:-1], *dense.shape[dense.ndim - (lazy.ndim > 1) :]))
            where = (slice(None),) * lazy.nbatchdims
            m, n = lazy._shape[-3:-1]
            size = range(min(m, n))
            results = [(lazy.dense(), dense), (lazy.diagonal(), dense[(*where, size, size)])]
            results += [(lazy.row(i), dense[(*where, i)]) for i in {0, m // 2, -1} if m]
            results += [(lazy.column(j), dense[(*where, slice(None), j)]) for j in {0, n // 2, -1} if n]
            for result, expected in results:
                assert result.shape == expected.shape and np.allclose(result, expected)


def test_the_memory_cap_counts_the_batch():
    lazy = LazyTensor(np.ones((10, 4, 1, 1))) * LazyTensor(np.ones((1, 5, 1)))
    assert lazy.dense(max_bytes=1600).shape == (10, 4, 5)
    with pytest.raises(ValueError, match="an array of shape .10, 4, 5. takes 1600 bytes, more than max_bytes=1599"):
        lazy.dense(max_bytes=1599)


def test_formulas_of_one_index_or_none():
    rng = np.random.default_rng(0)
    x, p = rng.random((5, 2)), rng.random(2)
    assert np.array_equal(Vi(x).dense(), x[:, None]) and np.array_equal(Vj(x).dense(), x[None])
    assert np.array_equal(Pm(p).dense(), p[None, None])
    assert np.array_equal(Vi(x).diagonal(), x[:1]) and np.array_equal(Vi(x).row(3), x[3:4])
    assert np.array_equal(Vi(x).column(0), x) and np.array_equal(Vj(x).column(-1), x[4:])


def test_entries_that_are_not_finite_stay_where_they_are():
    x = np.arange(6.0)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.log(np.abs(x - x.T)) / (x - 3)
        result = ((Vi(x) - Vj(x)).abs().log() / (Vi(x) - 3)).dense()
    assert np.allclose(result, expected, equal_nan=True)


def test_more_components_than_a_strip_has():
    rng = np.random.default_rng(0)
    x, y = rng.random((5, 11)), rng.random((7, 11))
    assert np.allclose((Vi(x) * Vj(y)).dense(), x[:, None] * y[None])


def test_the_memory_cap():
    lazy, dense = make(7, 5)
    assert np.allclose(lazy.dense(max_bytes=dense.nbytes), dense)
    message = "LazyTensor: dense: an array of shape (7, 5, 3) takes 840 bytes, more than max_bytes=839"
    with pytest.raises(ValueError, match=re.escape(message)):
        lazy.dense(max_bytes=839)
    big = np.zeros((100_000, 1))
    with pytest.raises(ValueError, match="takes 80000000000 bytes, more than max_bytes=1073741824"):
        (Vi(big) - Vj(big)).dense()


def test_ridge_through_the_diagonal():
    lazy, dense = make(9, 9)
    assert np.isclose(lazy.sqnorm2().diagonal().sum(), np.trace((dense**2).sum(-1)))


LAZY, DENSE = make(7, 5)
SPARSE = LAZY * 2
SPARSE.ranges = (np.array([[0, 3]]), np.array([1]), np.array([[1, 4]])) * 2
WRONG = [
    (lambda: SPARSE.dense(), ValueError, "LazyTensor: dense: ranges are not supported; expected a LazyTensor without"),
    (lambda: LAZY.row(7), ValueError, "LazyTensor: row: expected an index from -7 to 6, got 7"),
    (lambda: LAZY.column(-6), ValueError, "LazyTensor: column: expected an index from -5 to 4, got -6"),
    (lambda: make(0, 4)[0].row(0), ValueError, "LazyTensor: row: expected an index from 0 to -1, got 0"),
    (lambda: LAZY.row(1.0), TypeError, "LazyTensor: row: i: expected an integer, got float"),
    (lambda: LAZY.dense("all"), TypeError, "LazyTensor: dense: max_bytes: expected an integer, got str"),
    (lambda: (LAZY - Vj(0, 3)).dense(), ValueError, "LazyTensor: dense: expected arrays for all variables of"),
    (lambda: LazyTensor(2.0).diagonal(), ValueError, "LazyTensor: diagonal: expected arrays for all variables of"),
    (lambda: LAZY.sum(axis=1, call=False).row(0), ValueError, "One of the inputs is a 'reduced' LazyTensor"),
]


@pytest.mark.parametrize("case", range(len(WRONG)), ids=[message[:60] for _, _, message in WRONG])
def test_wrong(case):
    call, error, message = WRONG[case]
    with pytest.raises(error, match=re.escape(message)):
        call()


# ---- Axes of reductions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("m, n", SIZES)
@pytest.mark.parametrize("axis", (0, 1))
def test_axes_that_are_kept(m, n, axis):
    for lazy, dense in list(formulas(m, n))[::2]:
        expected = dense.sum(axis, keepdims=True)
        for result in (lazy.sum(axis=axis, keepdim=True), lazy.sum_reduction(dim=axis - 3, keepdim=True)):
            assert result.shape == expected.shape and np.allclose(result, expected)
        assert lazy.sum(axis=axis, keepdim=False).shape == dense.sum(axis).shape
    lazy, dense = make(m, n)
    assert lazy.argKmin(2, axis=axis, keepdim=True).shape == ((1, n, 2, 3), (m, 1, 2, 3))[axis]
    assert lazy.sqnorm2().Kmin(2, axis=axis, keepdim=True).shape == ((1, n, 2), (m, 1, 2))[axis]
    if m and n:
        values, places = lazy.min_argmin(axis=axis, keepdim=True)
        assert np.array_equal(values, dense.min(axis, keepdims=True))
        assert np.array_equal(places, dense.argmin(axis, keepdims=True))
        weighted = lazy.sqnorm2().logsumexp(axis=axis, weight=lazy.exp(), keepdim=True)
        exact = np.log((np.exp((dense**2).sum(-1, keepdims=True)) * np.exp(dense)).sum(axis, keepdims=True))
        assert np.allclose(weighted, exact)


def test_axes_counted_from_the_end():
    assert np.allclose(LAZY.sum(axis=-2), DENSE.sum(1)) and np.allclose(LAZY.sum(dim=-3), DENSE.sum(0))
    assert np.array_equal(LAZY.argmin(axis=-2), DENSE.argmin(1)) and np.allclose(LAZY.max(axis=-3), DENSE.max(0))
    assert np.allclose(LAZY.mean(axis=-2), DENSE.mean(1)) and LAZY.sum(axis=-1).shape == (7, 5)


def test_later_calls_keep_the_axis():
    later = LAZY.sum(axis=1, keepdim=True, call=False)
    assert str(later).splitlines()[2:] == ["    shape: (7, 5, 3)", "    reduction: Sum (axis=1)"]
    for other in (later, pickle.loads(pickle.dumps(later))):
        assert np.allclose(other(), DENSE.sum(1, keepdims=True))
    assert np.allclose(later.t()(), np.swapaxes(DENSE, 0, 1).sum(0, keepdims=True))
    out = np.empty((7, 3))
    assert np.shares_memory(later(out=out), out) and np.allclose(out, DENSE.sum(1))
    symbolic = (Vi(0, 3) - Vj(1, 3)).sum(axis=-3, keepdim=True)
    assert np.allclose(symbolic(LAZY.variables[0], LAZY.variables[1]), DENSE.sum(0, keepdims=True))
