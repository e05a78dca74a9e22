"""LazyTensors with batch axes and with ranges, against tables of pairs."""

import pickle

import numpy as np
import pytest

from keops.numpy import LazyTensor, Pm, Vi, Vj

RNG = np.random.default_rng(0)
M, N = 13, 17


def draw(*shape):
    return RNG.standard_normal(shape)


BATCHES = [((4,), (4,)), ((2, 1), (1, 3)), ((), (3,)), ((5,), ()), ((1,), (1,)), ((0,), (1,)), ((2, 3), (3,))]


@pytest.mark.parametrize("batches", BATCHES, ids=str)
def test_shapes_and_reductions(batches):
    x, y = draw(*batches[0], M, 1, 3), draw(*batches[1], 1, N, 3)
    batch = np.broadcast_shapes(*batches)
    squares = ((LazyTensor(x) - LazyTensor(y)) ** 2).sum(-1)
    dense = ((x - y) ** 2).sum(-1)
    assert squares.shape == (*batch, M, N) == dense.shape and squares._shape == (*batch, M, N, 1)
    assert squares.batchdims == (batch or None) and squares.nbatchdims == len(batch)
    assert (squares.ni, squares.nj, squares.ndim, squares.dim()) == (M, N, 1, len(batch) + 3)
    first, second = len(batch), len(batch) + 1
    assert np.allclose((-squares).exp().sum(axis=second)[..., 0], np.exp(-dense).sum(second))
    assert np.allclose((-squares).exp().sum(dim=first)[..., 0], np.exp(-dense).sum(first))
    if 0 not in batch:
        assert np.array_equal(squares.argmin(axis=second)[..., 0], dense.argmin(second))
        assert np.array_equal(squares.argKmin(3, dim=first), dense.argsort(first).swapaxes(-1, -2)[..., :3])
    weights = draw(*batches[1], 1, N, 2)
    expected = np.log((np.exp(-dense)[..., None] * weights**2).sum(second))
    assert np.allclose((-squares).logsumexp(second, weight=LazyTensor(weights**2)), expected)


@pytest.mark.parametrize("batches", BATCHES, ids=str)
def test_products_with_arrays(batches):
    x, y = draw(M, 1, 3), draw(*batches[0], 1, N, 3)
    kernel = (LazyTensor(x) | LazyTensor(y)) + 1
    dense = (x * y).sum(-1) + 1
    v = draw(*batches[1], N, 2)
    assert np.allclose(kernel @ v, dense @ v)
    assert (kernel @ v).shape == (*np.broadcast_shapes(*batches), M, 2)
    with pytest.raises(ValueError, match="Incompatible values for attribute nj: 17 and 1."):
        kernel @ draw(3, 1, 2)
    u = draw(N)
    assert np.allclose(kernel @ u, dense @ u) and (kernel @ u).shape == (*batches[0], M)
    w = draw(*batches[1], M, 4)
    assert np.allclose(kernel.t() @ w, dense.swapaxes(-1, -2) @ w)


def test_components_are_counted_behind_the_batch():
    x = draw(2, M, 1, 3)
    lazy = LazyTensor(x)
    assert np.allclose(lazy.sum(3).sum(axis=1), lazy.sum(-1).sum(axis=1))
    assert np.allclose((lazy * LazyTensor(draw(1, N, 3))).max(axis=3).shape, (2, M, N))


def test_kept_axes_stand_behind_the_batch():
    x, y = draw(2, 1, M, 1, 3), draw(3, 1, N, 3)
    product, dense = LazyTensor(x) * LazyTensor(y), x * y
    for axis in (2, 3):
        assert np.allclose(product.sum(axis=axis, keepdim=True), dense.sum(axis, keepdims=True))
        assert np.allclose(product.sum(axis=axis - 5, keepdim=True), dense.sum(axis, keepdims=True))
    assert product.Kmin(4, axis=3, keepdim=True).shape == (2, 3, M, 1, 4, 3)
    assert product.sum(-1).Kmin(4, axis=2, keepdim=True).shape == (2, 3, 1, N, 4)


def test_complex_batches():
    x, y = draw(2, M, 1, 3) + 1j * draw(2, M, 1, 3), draw(3, 1, 1, N, 3) + 1j
    product = LazyTensor(x) * LazyTensor(y)
    assert product.shape == (3, 2, M, N, 3) and np.allclose(product.sum(axis=3), (x * y).sum(3))
    v = draw(3, 1, N, 2) + 2j
    assert np.allclose(product.sum(-1) @ v, (x * y).sum(-1) @ v)


def test_parameters_may_differ_by_item():
    x, y, p = draw(4, M, 1, 3), draw(1, N, 3), draw(4, 3)
    expected = (x * y * p[:, None, None]).sum(2)
    for parameter in (Pm(p), LazyTensor(p, axis=2), LazyTensor(p[:, None, None]), p[:, None, None]):
        assert np.allclose((LazyTensor(x) * LazyTensor(y) * parameter).sum(axis=2), expected)
    alone = Vi(x[0, :, 0]) * Vj(y[0]) * Pm(p)
    assert alone.batchdims == (4,) and alone.shape == (4, M, N, 3)
    assert np.allclose(alone.sum(axis=2), (x[0] * y * p[:, None, None]).sum(2))
    # Leading ones of a parameter say nothing.
    assert Pm(p[:1]).batchdims is None
    assert (Vi(x[0, :, 0]) * Pm(p[:1])).sum(axis=1).shape == (M, 3)


def test_what_is_bound_twice_is_one_variable():
    x = draw(4, M, 1, 3)
    lazy = LazyTensor(x)
    assert len((lazy * LazyTensor(x) + lazy).variables) == 1
    assert len((lazy * lazy.t()).variables) == 2


def test_symbolic_and_later_calls():
    x, y = draw(4, M, 3), draw(N, 3)
    reduced = (Vi(0, 3) * Vj(1, 3)).sum(axis=1)
    assert np.allclose(reduced(x, y), (x[:, :, None] * y).sum(2))
    later = (LazyTensor(x[:, :, None]) * Vj(y)).sum(axis=2, call=False)
    assert np.allclose(later(), (x[:, :, None] * y).sum(2))
    assert np.allclose(pickle.loads(pickle.dumps(later))(), later())
    assert np.allclose(later.t()(), later())
    out = np.empty((4, M, 3))
    assert later(out=out) is out and np.allclose(out, later())


# ---- Ranges ----------------------------------------------------------------------------------------------------------

RANGES = ([[0, 5], [5, M]], [1, 3], [[2, 9], [0, 1], [10, N]], [[0, 4]], [1], [[3, 8]])


def masks():
    rows, columns = np.zeros((M, N), bool), np.zeros((M, N), bool)
    rows[:5, 2:9] = rows[5:, :1] = rows[5:, 10:] = True
    columns[3:8, :4] = True
    return rows, columns


def test_ranges_are_used_and_handed_on():
    x, y = draw(M, 3), draw(N, 3)
    dense, (rows, columns) = x @ y.T, masks()
    for lazy in (Vi(x) | Vj(y), (Vi(x) | Vj(y)) * 1):
        lazy.ranges = RANGES
        assert lazy.ranges is RANGES and (lazy * 2).ranges is RANGES
        assert np.allclose((lazy * 2).sum(axis=1)[:, 0], (2 * dense * rows).sum(1))
        assert np.allclose(lazy.sum(axis=0)[:, 0], (dense * columns).sum(0))
        assert np.allclose(lazy @ np.ones(N), (dense * rows).sum(1))
        assert np.allclose(lazy.sum(axis=1, call=False)()[:, 0], (dense * rows).sum(1))
    assert np.allclose((Vi(x) | Vj(y)).sum(axis=1, ranges=RANGES)[:, 0], (dense * rows).sum(1))
    symbolic = (Vi(0, 3) | Vj(1, 3)).sum(axis=1)
    assert np.allclose(symbolic(x, y, ranges=RANGES)[:, 0], (dense * rows).sum(1))


def test_transposition_swaps_ranges():
    x, y = draw(M, 3), draw(N, 3)
    dense, (rows, columns) = x @ y.T, masks()
    lazy = Vi(x) | Vj(y)
    lazy.ranges = RANGES
    assert np.allclose(lazy.t().sum(axis=0)[:, 0], (dense * rows).sum(1))
    assert np.allclose(lazy.T.sum(axis=1)[:, 0], (dense * columns).sum(0))
    assert np.allclose(lazy.sum(axis=1, call=False).t()()[:, 0], (dense * rows).sum(1))


def test_ranges_with_batches():
    x, y = draw(3, M, 1, 2), draw(1, N, 2)
    lazy = LazyTensor(x) | LazyTensor(y)
    lazy.ranges = RANGES
    assert np.allclose(lazy.sum(axis=2)[..., 0], ((x * y).sum(-1) * masks()[0]).sum(2))
