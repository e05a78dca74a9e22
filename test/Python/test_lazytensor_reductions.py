"""Reductions of LazyTensor against dense NumPy, calls made later, symbolic variables, transposition, products with
arrays, copies. Sizes include 0, 1, primes and more than a tile."""

import copy
import pickle

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, aslinearoperator, cg, eigsh

from keops.masks import band
from keops.numpy import LazyTensor, Pm, Var, Vi, Vj

SIZES = ((7, 5), (1, 1), (13, 1), (1, 11), (300, 131), (17, 1031))
EMPTY = ((0, 4), (4, 0), (0, 0))
DTYPES = ("float64", "float32")


def draw(m, n, dtype="float64", dim=3):
    rng = np.random.default_rng(m + 3 * n)
    return rng.standard_normal((m, dim)).astype(dtype), rng.standard_normal((n, dim)).astype(dtype)


def differences(x, y):
    return x.astype(np.float64)[:, None] - y.astype(np.float64)[None]


def soft(values, weights, axis):
    powers = np.exp(values - values.max(axis, keepdims=True))
    return (powers * weights).sum(axis) / powers.sum(axis)


def smallest(values, axis, count, sign=1):
    return np.sort(sign * values, axis, kind="stable").take(range(count), axis) * sign


def places(values, axis, count, sign=1):
    return np.argsort(sign * values, axis, kind="stable").take(range(count), axis)


# Name: what is called on (LazyTensor of differences, axis), and the same on the array (M, N, 3) of differences.
CASES = {
    "sum": (lambda d, axis: d.sum(axis=axis), lambda d, axis: d.sum(axis)),
    "sum(dim)": (lambda d, axis: d.sum(dim=axis), lambda d, axis: d.sum(axis)),
    "sum_reduction": (lambda d, axis: d.sum_reduction(axis), lambda d, axis: d.sum(axis)),
    "min": (lambda d, axis: d.min(axis=axis), lambda d, axis: d.min(axis)),
    "max": (lambda d, axis: d.max(axis=axis), lambda d, axis: d.max(axis)),
    "min_reduction": (lambda d, axis: d.min_reduction(dim=axis), lambda d, axis: d.min(axis)),
    "max_reduction": (lambda d, axis: d.max_reduction(dim=axis), lambda d, axis: d.max(axis)),
    "argmin": (lambda d, axis: d.argmin(axis=axis), lambda d, axis: d.argmin(axis)),
    "argmax": (lambda d, axis: d.argmax(axis=axis), lambda d, axis: d.argmax(axis)),
    "argmin_reduction": (lambda d, axis: d.argmin_reduction(axis), lambda d, axis: d.argmin(axis)),
    "argmax_reduction": (lambda d, axis: d.argmax_reduction(axis), lambda d, axis: d.argmax(axis)),
    "logsumexp": (lambda d, axis: d.logsumexp(axis), lambda d, axis: np.log(np.exp(d).sum(axis))),
    "logsumexp_reduction": (
        lambda d, axis: d[0].logsumexp_reduction(axis=axis, weight=d.exp()),
        lambda d, axis: np.log((np.exp(d[..., :1]) * np.exp(d)).sum(axis)),
    ),
    "logsumexp(other)": (
        lambda d, axis: d[0].logsumexp(axis, other=d[1].exp()),
        lambda d, axis: np.log((np.exp(d[..., :1]) * np.exp(d[..., 1:2])).sum(axis)),
    ),
    "sumsoftmaxweight": (
        lambda d, axis: d[0].sumsoftmaxweight(d, axis),
        lambda d, axis: soft(d[..., :1], d, axis),
    ),
    "sumsoftmaxweight_reduction": (
        lambda d, axis: d[0].sumsoftmaxweight_reduction(d[1], axis=axis),
        lambda d, axis: soft(d[..., :1], d[..., 1:2], axis),
    ),
    "prod": (lambda d, axis: d.sin().prod(axis), lambda d, axis: np.sin(d).prod(axis)),
    "mean": (lambda d, axis: d.mean(axis), lambda d, axis: d.mean(axis)),
    "var": (lambda d, axis: d.var(axis), lambda d, axis: d.var(axis)),
    "any": (lambda d, axis: (d > 1).any(axis), lambda d, axis: (d > 1).any(axis) * 1.0),
    "all": (lambda d, axis: (d < 2).all(axis), lambda d, axis: (d < 2).all(axis) * 1.0),
    "count": (lambda d, axis: (d > 0).count(axis), lambda d, axis: (d > 0).sum(axis)),
    "reduction": (lambda d, axis: d.reduction("Max", axis=axis), lambda d, axis: d.max(axis)),
}
INDICES = {"argmin", "argmax", "argmin_reduction", "argmax_reduction", "count"}


def check(result, expected, dtype, terms):
    assert result.shape == expected.shape
    if np.issubdtype(result.dtype, np.integer):
        assert result.dtype == np.int64 and np.array_equal(result, expected)
        return
    assert result.dtype == dtype
    bound = 300 * np.finfo(dtype).eps * (1 + np.abs(terms).max(initial=0)) * (1 + np.abs(expected).max(initial=0))
    assert np.abs(result - expected).max(initial=0) <= bound * np.sqrt(1 + terms.size)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("name", CASES)
def test_values(name, axis, dtype):
    lazy, dense = CASES[name]
    for m, n in SIZES:
        x, y = draw(m, n, dtype)
        d = differences(x, y)
        check(lazy(Vi(x) - Vj(y), axis), dense(d, axis), dtype, d)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", (0, 1))
def test_k_best(axis, dtype):
    for (m, n), count in zip(SIZES, (3, 1, 1, 1, 5, 4)):
        x, y = draw(m, n, dtype)
        d, lazy = differences(x, y), Vi(x) - Vj(y)
        for sign, values, indices, both in (
            (1, lazy.Kmin, lazy.argKmin, lazy.Kmin_argKmin),
            (-1, lazy.Kmax, lazy.argKmax, lazy.Kmax_argKmax),
        ):
            best, where = smallest(d, axis, count, sign), places(d, axis, count, sign)
            if axis == 0:
                best, where = best.swapaxes(0, 1), where.swapaxes(0, 1)
            check(values(count, axis=axis), best, dtype, d)
            check(indices(count, axis=axis), where, dtype, d)
            first, second = both(count, dim=axis)
            check(first, best, dtype, d)
            check(second, where, dtype, d)
        assert lazy.sqnorm2().Kmin_reduction(count, axis=axis).shape == ((n, m)[axis], count)
        assert lazy.sqnorm2().argKmin_reduction(count, axis=axis).shape == ((n, m)[axis], count)
        assert lazy.sqnorm2().Kmin_argKmin_reduction(count, axis=axis)[0].shape == ((n, m)[axis], count)


def test_pairs_of_values_and_indices():
    x, y = draw(31, 17)
    d, lazy = differences(x, y), Vi(x) - Vj(y)
    for method, value, index in (
        (lazy.min_argmin, d.min, d.argmin),
        (lazy.min_argmin_reduction, d.min, d.argmin),
        (lazy.max_argmax, d.max, d.argmax),
        (lazy.max_argmax_reduction, d.max, d.argmax),
    ):
        for axis in (0, 1):
            values, indices = method(axis=axis)
            assert np.allclose(values, value(axis), atol=1e-14) and np.array_equal(indices, index(axis))


@pytest.mark.parametrize("m,n", EMPTY)
def test_empty(m, n):
    x, y = draw(m, n)
    lazy = Vi(x) - Vj(y)
    fill = {"sum": 0, "min": np.inf, "max": -np.inf, "argmin": 0, "logsumexp": -np.inf, "prod": 1, "count": 0}
    for axis, size in ((0, n), (1, m)):
        for name, value in fill.items():
            result = getattr(lazy, name)(axis=axis)
            assert result.shape == (size, 3)
            # A size of the reduced axis that is not 0 can only stand beside an empty result.
            assert (result == value).all()


def test_axes_that_no_variable_has():
    x, _ = draw(6, 1)
    assert np.allclose(Vi(x).sum(axis=1), x) and np.allclose(Vi(x).sum(axis=0), x.sum(0)[None])
    assert np.allclose(Vj(x).sum(axis=0), x)
    assert np.allclose((Vi(x) * 0).sum(axis=1), np.zeros((6, 3)))


# ---- Calls made later ------------------------------------------------------------------------------------------------


def gauss(x, y, b, s):
    return (-(x - y).sqnorm2() / s).exp().sum() * b


def gauss_values(x, y, b, s):
    powers = np.exp(-(differences(x, y) ** 2).sum(-1)[..., None] / s)
    return powers.sum(-1) @ b


SCALES = np.array([0.5, 1.0, 2.0, 4.0])


def test_no_call():
    x, y = draw(50, 30)
    b = draw(30, 1)[0]
    later = gauss(Vi(x), Vj(y), Vj(b), SCALES).sum_reduction(axis=1, call=False)
    assert isinstance(later, LazyTensor) and later.axis == 1 and later.shape == (50, 30, 3)
    assert np.allclose(later(), gauss_values(x, y, b, SCALES), atol=1e-12)
    x *= 0.5
    assert np.allclose(later(), gauss_values(x, y, b, SCALES), atol=1e-12)


def test_symbolic():
    later = gauss(Vi(0, 3), Vj(1, 3), Vj(2, 3), Pm(3, 4)).sum_reduction(axis=1)
    assert later.symbolic_variables == ((0, 3, 0), (1, 3, 1), (3, 4, 2), (2, 3, 1)) and later.shape == (1, 1, 3)
    for dtype in DTYPES:
        for m, n in ((50, 30), (3, 300)):
            x, y = draw(m, n, dtype)
            b, s = draw(n, 1, dtype)[0], SCALES.astype(dtype)
            result = later(x, y, b, s)
            assert result.dtype == dtype
            assert np.allclose(result, gauss_values(x, y, b, s), rtol=1e-4 if dtype == "float32" else 1e-12)


def test_symbolic_beside_arrays():
    x, y = draw(11, 7)
    b = draw(7, 1)[0]
    later = gauss(Vi(x), Var(0, 3, 1), Vj(b), SCALES).sum_reduction(axis=1)
    assert str(later).splitlines() == [
        "KeOps LazyTensor",
        "    formula: (Sum(Exp((Minus(SqNorm2((Var(1,3,0) - Var(0,3,1)))) / Var(2,4,2)))) * Var(3,3,1))",
        "    symbolic variables: Var(0, 3, 1)",
        "    shape: (11, 7, 3)",
        "    reduction: Sum (axis=1)",
    ]
    assert np.allclose(later(y), gauss_values(x, y, b, SCALES), atol=1e-12)
    out = np.empty((11, 3))
    assert later(y, out=out) is out and np.allclose(out, gauss_values(x, y, b, SCALES), atol=1e-12)


def test_printed_options():
    x, y = draw(3, 2)
    lines = str((Vi(x) | Vj(y)).logsumexp(axis=0, weight=Vj(y), call=False)).splitlines()
    assert lines[-2:] == ["    reduction: LogSumExp (axis=0)", "        formula2: Var(1,3,1)"]
    lines = str((Vi(x) | Vj(y)).Kmin(2, axis=1, call=False)).splitlines()
    assert lines[-2:] == ["    reduction: KMin (axis=1)", "        opt_arg: 2"]
    assert str(Vi(x)) == repr(Vi(x)) == "KeOps LazyTensor\n    formula: Var(0,3,0)\n    shape: (3, 1, 3)"


def test_numbers_alone_wait_for_a_call():
    later = (Pm(2.0) * LazyTensor([1.0, 3.0])).sum(axis=1)
    assert later.dtype is None and np.array_equal(later(), [[2.0, 6.0]])


def test_options():
    x, y = draw(9, 8, "float32")
    lazy = Vi(x) - Vj(y)
    expected = lazy.sum(axis=1)
    for options in (
        {"backend": "CPU", "device_id": -1, "ranges": None},
        {"sum_scheme": "kahan_scheme"},
        {"dtype_acc": "float64"},
        {"use_double_acc": True, "enable_chunks": False, "use_fast_math": False},
        {"precision": "high"},
    ):
        assert np.allclose(lazy.sum(axis=1, **options), expected, atol=1e-5)
    out = np.empty((9, 3), np.float32)
    assert lazy.sum(axis=1, out=out) is out and np.array_equal(out, expected)
    lazy.backend = "CPU"
    assert (lazy * 2).backend == "CPU" and np.array_equal(lazy.sum(axis=1), expected)
    lazy.backend = "TPU"
    with pytest.raises(ValueError, match="backend: expected one of"):
        lazy.sum(axis=1)


def test_options_of_a_reduction_that_is_made():
    x, y = draw(9, 8, "float32")
    later = (Vi(x) - Vj(y)).sum(axis=1, call=False)
    later.ranges = band(9, 8)
    # Every row has the column of its number; the last one has none.
    assert np.allclose(later()[:8], x[:8] - y) and np.array_equal(later()[8:], np.zeros((1, 3)))
    later.ranges = None
    assert np.allclose(later(), 8 * x - y.sum(0), atol=1e-5)
    with pytest.raises(ValueError, match="backend: expected one of"):
        later.backend = "TPU"


# ---- Linear maps -----------------------------------------------------------------------------------------------------


def test_products():
    for dtype in DTYPES:
        for m, n in (*SIZES, *EMPTY):
            x, y = draw(m, n, dtype)
            lazy, dense = Vi(x) | Vj(y), x.astype(np.float64) @ y.astype(np.float64).T
            tolerance = {"rtol": 1e-5, "atol": 1e-3} if dtype == "float32" else {"atol": 1e-10}
            assert np.allclose(lazy @ y, dense @ y, **tolerance)
            assert np.allclose(lazy @ y[:, 0], dense @ y[:, 0], **tolerance)
            assert (lazy @ y[:, 0]).shape == (m,) and (lazy @ y).dtype == dtype
            assert np.allclose(lazy.T @ x, dense.T @ x, **tolerance)
            assert np.allclose(lazy.matvec(y[:, 1]), dense @ y[:, 1], **tolerance)
            assert np.allclose(lazy.rmatvec(x[:, 1]), dense.T @ x[:, 1], **tolerance)
            assert lazy.__matmul__(y, backend="CPU", sum_scheme="direct_sum").shape == (m, 3)


def test_transposition():
    x, y = draw(5, 9)
    lazy = (Vi(x) - Vj(y)).exp() * Pm([1.0, 2.0, 3.0])
    assert lazy.t().shape == (9, 5, 3) and (lazy.ni, lazy.nj) == (5, 9)
    assert np.array_equal(lazy.t().sum(axis=0), lazy.sum(axis=1))
    assert str(lazy.T.T) == str(lazy)
    assert np.array_equal(lazy.sum(axis=1, call=False).t()(), lazy.sum(axis=1))
    assert (Vi(0, 3) - Vj(1, 3)).t().symbolic_variables == ((0, 3, 1), (1, 3, 0))
    cloud = LazyTensor(x[:, None, :])
    assert np.array_equal((cloud.t() * Vi(x)).sum(axis=1), (Vj(x) * Vi(x)).sum(axis=1))


def test_scipy():
    x, _ = draw(40, 1)
    kernel = (-Vi(x).sqdist(Vj(x))).exp()
    dense = np.exp(-(differences(x, x) ** 2).sum(-1))
    operator = aslinearoperator(kernel)
    assert isinstance(operator, LinearOperator) and operator.shape == (40, 40) and operator.dtype == np.float64
    assert np.allclose(eigsh(operator, k=3)[0], np.linalg.eigvalsh(dense)[-3:])
    b = x[:, 0]
    solution, status = cg(operator + 0.1 * aslinearoperator(np.eye(40)), b, rtol=1e-10)
    assert status == 0 and np.allclose(solution, np.linalg.solve(dense + 0.1 * np.eye(40), b), atol=1e-7)


# ---- Identity of variables, copies -----------------------------------------------------------------------------------


def test_one_array_is_one_variable():
    x, y = draw(4, 3)
    assert (Vi(x) + Vi(x)).variables == (x,)
    assert len((Vi(x) + Vj(x)).variables) == 2
    x3 = x[:, None, :]
    assert str(LazyTensor(x3) + LazyTensor(x3)).count("Var(0,3,0)") == 2
    # Numbers are variables of their own, whatever object Python makes of them.
    assert (Vi(x) * 0.5 + 0.5).formula == "((Var(0,3,0) * Var(1,1,2)) + Var(2,1,2))"


def test_equal_expressions_are_one_node():
    def make():
        x, y = draw(4, 3)
        return ((Vi(x) - Vj(y)) ** 2).sum().exp() * [1.0, 2.0]

    assert make()._node is make()._node


def test_the_table_of_nodes_may_be_emptied(monkeypatch):
    from keops._lazy import domain, nodes

    monkeypatch.setattr(nodes, "MOST_NODES", 5)
    monkeypatch.setattr(domain, "MOST_DOMAINS", 2)
    for size in range(1, 20):
        x, y = draw(size, size + 1)
        assert np.allclose((Vi(x) * size - Vj(y)).sum(axis=1), (size * x[:, None] - y).sum(1))


def test_deep_expressions():
    x, y = draw(4, 3)
    total = Vi(x)
    for _ in range(150):
        total = total + Vj(y)
    assert np.allclose(total.sum(axis=1), 3 * x + 150 * y.sum(0))
    for _ in range(3000):
        total = total + Vj(y)
    assert len(pickle.loads(pickle.dumps(total)).formula) == len(total.formula)
    for _ in range(20):
        total = total * total
    with pytest.raises(ValueError, match="the formula has more than 65536 characters"):
        total.sum(axis=1)


@pytest.mark.parametrize("duplicate", (copy.copy, copy.deepcopy, lambda z: pickle.loads(pickle.dumps(z))))
def test_copies(duplicate):
    x, y = draw(4, 3)
    lazy = LazyTensor(x[:, None, :]) * 2.5 - Vj(y) + [1.0, 2.0, 3.0]
    expected = lazy.sum(axis=1)
    assert np.array_equal(duplicate(lazy).sum(axis=1), expected)
    assert np.array_equal(duplicate(lazy.sum(axis=1, call=False))(), expected)
    later = (Vi(0, 3) - Vj(y)).Kmin(2, axis=1)
    assert np.array_equal(duplicate(later)(x), later(x)) and str(duplicate(later)) == str(later)
