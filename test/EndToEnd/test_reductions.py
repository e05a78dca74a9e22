"""Every reduction on both axes and in both types against NumPy, over sizes around the lanes, blocks and tiles of the
generated code; special values; rows split over j; the same bits at any number of threads."""

import numpy as np
import pytest
from pairs import DTYPES, EXTREMA, REDUCTIONS, as_tuple, eps_of, gaussian, grid, reduce_terms, run, wide

import keops
from keops.numpy import Genred

SIZES = (0, 1, 2, 15, 16, 17, 1000, 4099)
# Every size meets every smaller one and an equal one, in both orders, as far as the table of pairs stays small.
PAIRS = [(m, n) for m in SIZES for n in SIZES if m * n <= 1000 * 17 or (m, n) in ((16, 4099), (4099, 16))]
DIMS = (1, 2, 3, 5, 17, 33)
BESTS = (1, 3, 10, 20)


def extra_options(name, dim, weights_dim):
    """Formula, aliases and options of one case: products of coordinates, or their sum where F must be a scalar."""
    aliases = [f"x=Vi({dim})", f"y=Vj({dim})"]
    if name in ("LogSumExp", "SumSoftMaxWeight"):
        return "(x|y)", [*aliases, f"g=Vj({weights_dim})"], {"formula2": "g"}
    return "x*y", aliases, {}


def terms_of(name, x, y, axis):
    products = wide(x)[:, None, :] * wide(y)[None, :, :]
    if name in ("LogSumExp", "SumSoftMaxWeight"):
        products = products.sum(2, keepdims=True)
    return products if axis == 1 else products.swapaxes(0, 1)


def tolerance(name, terms, expected, weights, dtype):
    """The bounds that design and records promise, for exact terms."""
    eps = eps_of(dtype)
    if name == "Sum":  # blocks of blocks with compensation: 3e-7 sum|t| in float32, the same multiple of eps in float64
        return 2.6 * eps * np.abs(terms).sum(1)
    # Each exponential is within 2.5 ULP for an argument whose scaling by log2(e) adds 2 eps |argument|; sums add 3 eps.
    distance = np.nan_to_num(np.abs(terms - terms.max(1, initial=-np.inf, keepdims=True)), nan=0, posinf=0)
    size = np.exp(terms - terms.max(1, initial=-np.inf, keepdims=True))
    error = eps * (size * np.abs(1 if weights is None else weights) * (8 + 2 * distance)).sum(1)
    if name == "LogSumExp":
        return error / np.exp(expected - terms.max(1, initial=-np.inf)) + eps * np.abs(expected) + 2 * eps
    return error / size.sum(1) + np.abs(expected) * eps * (size * (8 + 2 * distance)).sum(1) / size.sum(1)


def check(name, result, terms, best, weights, dtype):
    expected = reduce_terms(name, terms, best, weights)
    assert len(result) == len(expected)
    for got, want in zip(result, expected, strict=True):
        assert got.shape == want.shape
        assert got.dtype == (np.int64 if want.dtype == np.int64 else dtype)
        if name in ("Sum", "LogSumExp", "SumSoftMaxWeight"):
            special = ~np.isfinite(want)
            assert np.array_equal(got[special], want[special], equal_nan=True)
            with np.errstate(invalid="ignore"):
                excess = np.abs(wide(got) - want) - tolerance(name, terms, want, weights, dtype)
            assert (excess[~special] <= 0).all()
        else:
            assert np.array_equal(got, want)


def case(name, dim, axis, dtype, best, weights_dim):
    formula, aliases, options = extra_options(name, dim, weights_dim)
    if name in EXTREMA and "K" in name:
        options["opt_arg"] = best
    weight_aliases = [a.replace("Vj", "Vi") if axis == 0 and a.startswith("g=") else a for a in aliases]
    return Genred(formula, weight_aliases, reduction_op=name, axis=axis, **options)


def run_case(reduction, name, m, n, dim, axis, dtype, best, weights_dim, draw):
    rng = np.random.default_rng([m, n, dim, axis])
    x, y = draw(rng, (m, dim), dtype), draw(rng, (n, dim), dtype)
    arguments, weights = [x, y], None
    if name in ("LogSumExp", "SumSoftMaxWeight"):
        g = draw(rng, (n if axis == 1 else m, weights_dim), dtype)
        if name == "LogSumExp":
            g = np.abs(g) + dtype(0.125)  # the logarithm of a cancelling sum has no relative accuracy
        arguments.append(g)
        weights = wide(g)[None]
    return check(name, as_tuple(reduction(*arguments)), terms_of(name, x, y, axis), best, weights, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("name", REDUCTIONS)
def test_sizes(name, axis, dtype):
    """Dimensions, K and weights take turns over the cases; each case runs over all pairs of sizes."""
    turn = REDUCTIONS.index(name) + 2 * axis + 3 * (dtype == np.float64)
    for k in range(3):
        dim, best, weights_dim = DIMS[(turn + 2 * k) % 6], BESTS[(turn + k) % 4], (1, 3, 20)[(turn + k) % 3]
        reduction = case(name, dim, axis, dtype, best, weights_dim)
        for m, n in PAIRS:
            if m * n * max(dim, weights_dim) <= 120_000:
                run_case(reduction, name, m, n, dim, axis, dtype, best, weights_dim, grid)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ("Sum", "Min", "ArgMax", "KMin_ArgKMin", "LogSumExp", "SumSoftMaxWeight"))
@pytest.mark.parametrize("m", (1, 3))
def test_few_rows_are_split_over_j(name, dtype, m):
    for axis in (0, 1):
        sizes = (m, 100_003) if axis == 1 else (100_003, m)
        run_case(case(name, 2, axis, dtype, 3, 3), name, *sizes, 2, axis, dtype, 3, 3, grid)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dim", DIMS)
def test_sum_of_random_terms(dim, dtype):
    """Rounded terms: each product adds half an eps of itself."""
    rng = np.random.default_rng(dim)
    x, y = gaussian(rng, (67, dim), dtype), gaussian(rng, (1234, dim), dtype)
    (result,) = run("Sum", "x*y", [f"x=Vi({dim})", f"y=Vj({dim})"], (x, y))
    terms = wide(x)[:, None] * wide(y)[None]
    assert (np.abs(wide(result) - terms.sum(1)) <= (2.6 + 0.5) * eps_of(dtype) * np.abs(terms).sum(1)).all()


@pytest.mark.parametrize("pattern", ("equal", "random", "sorted", "alternating"))
def test_a_million_terms(pattern):
    """The bound of the design: 3e-7 times the sum of magnitudes for 10^6 terms in float32."""
    count = 1_000_000
    y = {
        "equal": np.full(count, 0.1),
        "random": np.random.default_rng(0).random(count),
        "sorted": np.sort(np.random.default_rng(1).exponential(1, count)),
        "alternating": np.where(np.arange(count) % 2, -1.1, 1.0),
    }[pattern].astype(np.float32)[:, None]
    (result,) = run("Sum", "y", ["y=Vj(1)"], (y,))
    assert abs(float(result[0, 0]) - y.sum(dtype=np.float64)) <= 3e-7 * np.abs(y).sum(dtype=np.float64)


# ---- special values ----------------------------------------------------------------------------------------------

SCALAR = ["x=Vi(1)", "y=Vj(1)"]
SPECIAL = np.array([3, np.nan, 1, 1, -np.inf, np.inf, 2, np.nan])


def special_rows(dtype):
    """y holds the special values at the head, in the middle, and at the tail of 40 rows; x leaves them alone."""
    for place in (0, 13, 40 - len(SPECIAL)):
        y = np.full(40, 5.0)
        y[place : place + len(SPECIAL)] = SPECIAL
        yield y.astype(dtype)[:, None]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", EXTREMA)
def test_extrema_ignore_nan(name, dtype):
    options = {"opt_arg": 6} if "K" in name else {}
    x = np.zeros((19, 1), dtype)
    for y in special_rows(dtype):
        finite = np.where(np.isinf(y), y.dtype.type(7), y)
        for values in (y, finite):
            result = run(name, "x+y", SCALAR, (x, values), **options)
            terms = np.broadcast_to(wide(values)[None], (19, 40, 1))
            check(name, result, terms, 6, None, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", EXTREMA)
def test_rows_of_nan_count_as_empty(name, dtype):
    options = {"opt_arg": 3} if "K" in name else {}
    x, y = np.zeros((5, 1), dtype), np.full((33, 1), np.nan, dtype)
    result = run(name, "x+y", SCALAR, (x, y), **options)
    check(name, result, np.empty((5, 0, 1)), 3, None, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_sums_propagate_nan_and_infinity(dtype):
    x = np.ones((3, 1), dtype)
    for n in (1, 7, 40, 500):
        for special in (np.nan, np.inf, -np.inf):
            y = np.ones((n, 1), dtype)
            y[n // 2] = special
            for name, formula, options in (
                ("Sum", "x*y", {}),
                ("LogSumExp", "x*y", {}),
                ("LogSumExp", "x*x", {"formula2": "y"}),
            ):
                (result,) = run(name, formula, SCALAR, (x, y), **options)
                want = reduce_terms("Sum", np.broadcast_to(wide(y)[None], (3, n, 1)))[0]
                if name == "LogSumExp" and special == -np.inf:
                    rest = 1 + np.log(n - 1) if n > 1 else -np.inf
                    want = np.full((3, 1), np.nan if options else rest)
                assert np.allclose(result, want, rtol=1e-5, equal_nan=True), (name, n, special, result, want)


@pytest.mark.parametrize("dtype", DTYPES)
def test_log_sum_exp_of_infinities(dtype):
    x = np.zeros((4, 1), dtype)
    for n in (0, 1, 5, 16, 100):
        (result,) = run("LogSumExp", "x+y", SCALAR, (x, np.full((n, 1), -np.inf, dtype)))
        assert (result == -np.inf).all(), n
        (result,) = run("SumSoftMaxWeight", "x+y", SCALAR, (x, np.full((n, 1), -np.inf, dtype)), formula2="IntCst(1)+x")
        assert np.isnan(result).all(), n
    y = np.full((50, 1), -np.inf, dtype)
    y[20] = 2
    (result,) = run("LogSumExp", "x+y", SCALAR, (x, y))
    assert np.allclose(result, 2)
    y[30] = np.inf
    assert (run("LogSumExp", "x+y", SCALAR, (x, y))[0] == np.inf).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_log_sum_exp_of_large_arguments(dtype):
    """Neither overflow nor underflow: arguments of either sign far beyond the range of exp, in any order."""
    x = np.zeros((20, 1), dtype)
    for y in (np.linspace(-3000, 3000, 777), np.linspace(3000, -3000, 777), np.full(100, -5000.0), np.full(100, 5000.0)):
        y = y.astype(dtype)[:, None]
        (result,) = run("LogSumExp", "x+y", SCALAR, (x, y))
        terms = np.broadcast_to(wide(y)[None], (20, len(y), 1))
        check("LogSumExp", (result,), terms, None, None, dtype)


def test_a_negative_weight_has_no_logarithm():
    x, y = np.zeros((2, 1), np.float32), np.ones((9, 1), np.float32)
    assert np.isnan(run("LogSumExp", "x*y", SCALAR, (x, y), formula2="-y")[0]).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_minus_zero_and_zero_are_equal(dtype):
    x = np.ones((1, 1), dtype)
    y = np.array([0.0, -0.0, 0.0], dtype)[:, None]
    assert run("ArgMin", "x*y", SCALAR, (x, y))[0][0, 0] == 0
    assert run("ArgMax", "x*y", SCALAR, (x, y[1:]))[0][0, 0] == 0


# ---- threads -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ("Sum", "ArgMin", "KMin", "LogSumExp", "SumSoftMaxWeight"))
def test_threads_do_not_change_a_bit(name):
    rng = np.random.default_rng(3)
    options = {"opt_arg": 4} if name == "KMin" else {}
    if name in ("LogSumExp", "SumSoftMaxWeight"):
        options["formula2"] = "b"
    reduction = Genred("SqDist(x,y)", ["x=Vi(3)", "y=Vj(3)", "b=Vj(1)"], reduction_op=name, axis=1, **options)
    before = keops.get_num_threads()
    try:
        for m, n in ((5000, 700), (3, 200_000), (777, 5003)):
            arguments = [gaussian(rng, shape, np.float32) for shape in ((m, 3), (n, 3), (n, 1))]
            results = []
            for threads in (1, 2, 3, 7):
                keops.set_num_threads(threads)
                results.append(reduction(*arguments).tobytes())
            assert len(set(results)) == 1
    finally:
        keops.set_num_threads(before)
